"""``renal-segmentation predict``: the kidneys of one image."""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from renal_segmentation.console import PROGRESS_STYLES, console_progress, print_notices
from renal_segmentation.errors import InputError, Notice, OutputError
from renal_segmentation.files import atomic_path, check_output, read_image, save_image, sha256
from renal_segmentation.models.registry import DEFAULT, find_segmenter
from renal_segmentation.network.model import DEVICES, MEMORY_MODES, RenalNetwork
from renal_segmentation.progress import part
from renal_segmentation.segmenter import Segmentation
from renal_segmentation.version import __version__
from renal_segmentation.volumes import structure_volumes


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("predict", help="outline the kidneys of an MRI or CT image")
    parser.set_defaults(call=_predict)
    parser.add_argument("image", type=Path, help="three-dimensional image (NIfTI)")
    parser.add_argument("--output", type=Path, required=True, metavar="MASK.nii.gz")
    parser.add_argument("--model", default=DEFAULT, metavar="NAME|PATH", help=f"see models list ({DEFAULT})")
    parser.add_argument("--trust", action="store_true", help="code that comes with the model may run")
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--memory", choices=MEMORY_MODES, default="normal", help="low: smaller pieces, slower")
    parser.add_argument(
        "--probabilities", type=Path, metavar="FILE.nii.gz", help="write how likely each voxel is kidney"
    )
    parser.add_argument("--summary", type=Path, metavar="FILE.json", help="write volumes, confidence and warnings")
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there")
    parser.add_argument("--progress", choices=PROGRESS_STYLES, default="text")


def _predict(options: argparse.Namespace) -> None:
    _check_outputs(options)
    started = time.monotonic()
    segmenter = find_segmenter(options.model, options.trust)
    if isinstance(segmenter, RenalNetwork):
        segmenter = replace(segmenter, memory=options.memory)
    with console_progress(options.progress) as progress:
        progress("Reading the image", 0.0)
        image, notices = read_image(options.image)
        found = segmenter.segment(image, device=options.device, progress=part(progress, 0.02, 0.97))
        progress("Writing", 0.97)
        result = _result(options, found, (*notices, *found.notices), time.monotonic() - started)
        result["model_sha256"] = segmenter.metadata.sha256 if isinstance(segmenter, RenalNetwork) else None
        _write(options, found, result)
    if options.progress == "json":
        done = {"step": "done", "share": 1, "seconds_left": 0}
        sys.stdout.write(json.dumps({**done, **_told(result)}) + "\n")
        sys.stdout.flush()
        return
    print_notices("renal-segmentation", [Notice(**notice) for notice in result["notices"]])
    if options.progress == "text":
        volumes = result["volumes"]
        sys.stdout.write(
            f"{options.output}: total {volumes['total_ml']:.1f} ml, left {volumes['left_ml']:.1f} ml, "
            f"right {volumes['right_ml']:.1f} ml\n"
        )


def _check_outputs(options: argparse.Namespace) -> None:
    """Refuse outputs that cannot or may not be written, before any work.

    Raises
    ------
    InputError, OutputError
        With the file and the remedy.
    """
    for path in (options.output, options.probabilities):
        if path is not None and not path.name.endswith((".nii", ".nii.gz")):
            raise InputError(f"{path} is no NIfTI name: end it with .nii.gz.")
    outputs = [path for path in (options.output, options.probabilities, options.summary) if path is not None]
    if len({path.resolve() for path in (*outputs, options.image)}) <= len(outputs):
        raise InputError("Two of the files named are the same one: give each output its own name.")
    for path in outputs:
        check_output(path)
        if path.exists() and not options.overwrite:
            raise OutputError(f"{path} is there already: name another file, or add --overwrite.")


def _result(
    options: argparse.Namespace, found: Segmentation, notices: tuple[Notice, ...], seconds: float
) -> dict[str, Any]:
    """Return everything that is told of a result."""
    volumes = structure_volumes(found.labels)
    if volumes.total_ml:
        notices = (*notices, *volumes.notices)
    return {
        "output": str(options.output),
        "image": str(options.image),
        "image_sha256": sha256(options.image),
        "model": found.model,
        "version": __version__,
        "seconds": round(seconds, 2),
        "volumes": {"total_ml": volumes.total_ml, "left_ml": volumes.left_ml, "right_ml": volumes.right_ml},
        "structures_ml": volumes.structures_ml,
        "confidence": dict(found.confidence),
        # Once each; those of both kidneys may share their code and differ in what they say.
        "notices": [asdict(notice) for notice in dict.fromkeys(notices)],
    }


def _told(result: dict[str, Any]) -> dict[str, Any]:
    return {key: result[key] for key in ("output", "volumes", "confidence", "notices")}


def _write(options: argparse.Namespace, found: Segmentation, result: dict[str, Any]) -> None:
    """Write all files, and only then put them in their places; the mask comes last."""
    if options.probabilities is not None and found.probabilities is None:
        raise InputError(f"The model {found.model} gives no probabilities: leave out --probabilities.")
    grid = found.labels.grid
    with ExitStack() as files:  # closed in reverse
        save_image(files.enter_context(atomic_path(options.output)), found.labels.array, grid, "kidney labels of Renal")
        if options.probabilities is not None and found.probabilities is not None:
            values = found.probabilities.array.astype(np.float32)
            save_image(files.enter_context(atomic_path(options.probabilities)), values, grid, "probability of kidney")
        if options.summary is not None:
            summary = files.enter_context(atomic_path(options.summary))
            summary.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
