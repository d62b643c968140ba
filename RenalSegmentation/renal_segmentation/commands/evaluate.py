"""``renal-segmentation evaluate``: predictions against references."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from renal_segmentation.console import PROGRESS_STYLES, console_progress, print_notices
from renal_segmentation.errors import OutputError
from renal_segmentation.evaluation.cohort import evaluate_files, pair_files
from renal_segmentation.evaluation.outputs import as_json, as_text, write_evaluation
from renal_segmentation.files import check_folder, new_folder
from renal_segmentation.labels import parse_labels
from renal_segmentation.relabelling import LABEL_KEYS, Target, from_keys


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("evaluate", help="Dice, volumes and surface distances of predictions")
    parser.set_defaults(call=_evaluate)
    parser.add_argument("--prediction", type=Path, required=True, metavar="FILE|DIR", help="mask, or folder of masks")
    parser.add_argument(
        "--reference", type=Path, required=True, metavar="FILE|DIR", help="mask, or folder with the same file names"
    )
    parser.add_argument(
        "--labels",
        nargs="+",
        metavar="N=NAME",
        help="of all masks, where they are neither binary nor those of predict: e.g. 1=left 2=right 3=left-cyst",
    )
    parser.add_argument("--reference-labels", nargs="+", metavar="N=NAME", help="of the references, where they differ")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write tables, JSON and a plot there")
    parser.add_argument("--overwrite", action="store_true", help="write into a folder that is not empty")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of what is printed")
    parser.add_argument("--progress", choices=PROGRESS_STYLES, default="text")


def _evaluate(options: argparse.Namespace) -> None:
    labels = _targets(options.labels) if options.labels else None
    reference_labels = _targets(options.reference_labels) if options.reference_labels else labels
    pairs, notices = pair_files(options.prediction, options.reference)
    with _output(options), console_progress(options.progress) as progress:
        evaluation = evaluate_files(pairs, labels, reference_labels, progress)
        if options.output is not None:
            inputs = {"prediction": str(options.prediction), "reference": str(options.reference)}
            write_evaluation(evaluation, options.output, options.overwrite, inputs)
    print_notices("renal-segmentation", (*notices, *evaluation.notices))
    if options.progress == "json":
        done = {"step": "done", "share": 1, "seconds_left": 0}
        sys.stdout.write(json.dumps({**done, **as_json(evaluation)}) + "\n")
    elif options.format == "json":
        sys.stdout.write(json.dumps(as_json(evaluation)) + "\n")
    else:
        sys.stdout.write(as_text(evaluation))


def _output(options: argparse.Namespace) -> AbstractContextManager[None]:
    """Return the folder of results for as long as the work lasts, made before any work.

    Raises
    ------
    OutputError
        If it cannot or may not be written, or holds the masks, beside which other tables may lie.
    """
    if options.output is None:
        return nullcontext()
    for given in (options.prediction, options.reference):
        folder = given if given.is_dir() else given.parent
        if options.output.is_dir() and options.output.samefile(folder):
            raise OutputError(f"{options.output} holds the masks: give an --output folder of its own.")
    check_folder(options.output, options.overwrite)
    return new_folder(options.output)


def _targets(items: Sequence[str]) -> dict[int, Target | None]:
    """Return what labels become, None for those to ignore."""
    keys = parse_labels(items, LABEL_KEYS)
    return {**dict.fromkeys(keys), **from_keys(keys)}
