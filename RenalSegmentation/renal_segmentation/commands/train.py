"""``renal-segmentation train``: a new model, from generated cases or from scans with masks, or a fine-tuned one."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from renal_segmentation.console import PROGRESS_STYLES, console_progress, print_notices
from renal_segmentation.errors import CancelledError, ConsentError, InputError, MissingPackageError, Notice
from renal_segmentation.models.registry import DEFAULT, find_segmenter
from renal_segmentation.network.model import RenalNetwork

NEW, TUNED = {"iterations": 8000, "rate": 1e-3}, {"iterations": 600, "rate": 3e-4}


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("train", help="train or fine-tune a model; started again it goes on")
    parser.set_defaults(call=_train)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="checkpoints, curve, and the model")
    parser.add_argument("--images", type=Path, metavar="DIR", help="scans (NIfTI); without them cases are generated")
    parser.add_argument(
        "--labels", type=Path, metavar="DIR", help="their masks, of the same names or with _mask at the end"
    )
    parser.add_argument("--people", type=int, default=1000, metavar="N", help="how many to generate (1000)")
    parser.add_argument("--maps", type=Path, metavar="DIR", help="generated people of an earlier training")
    parser.add_argument(
        "--fine-tune", metavar="NAME|PATH", nargs="?", const=DEFAULT, help=f"start from a model ({DEFAULT})"
    )
    parser.add_argument("--iterations", type=int, metavar="N", help="cases to learn from in each stage")
    parser.add_argument("--minutes", type=float, metavar="M", help="time limit of each stage")
    parser.add_argument("--rate", type=float, metavar="R", help="highest learning rate")
    parser.add_argument(
        "--patience", type=int, default=12, metavar="N", help="checks without progress that end a stage"
    )
    parser.add_argument("--check-every", type=int, default=250, metavar="N", help="iterations between checks")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", help="of the model; by default that of the folder")
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads")
    parser.add_argument("--progress", choices=PROGRESS_STYLES, default="text")


def _train(options: argparse.Namespace) -> None:
    _check(options)
    try:
        import torch
    except ImportError as error:
        raise MissingPackageError("Training needs the Python package torch: pip install torch.") from error
    from renal_segmentation.network.recipe import Recipe, run_recipe
    from renal_segmentation.network.stages import SHAPES

    if options.threads is not None:
        torch.set_num_threads(options.threads)
    usual = TUNED if options.fine_tune else NEW
    iterations = int(usual["iterations"]) if options.iterations is None else options.iterations
    recipe = Recipe(
        str(options.images) if options.images else None,
        str(options.labels) if options.labels else None,
        str(options.maps) if options.maps else None,
        options.people,
        _base(options.fine_tune) if options.fine_tune else None,
        dict.fromkeys(SHAPES, iterations),
        dict.fromkeys(SHAPES, options.minutes),
        usual["rate"] if options.rate is None else options.rate,
        options.patience,
        options.seed,
        SHAPES,
        options.check_every,
    )
    name = options.name or options.output.resolve().name
    with _going_on(options.output), console_progress(options.progress) as progress:
        metadata = run_recipe(recipe, options.output, name, progress, _warn, _tell)
    if options.progress != "json":
        reached = metadata.recipe["reached"]
        scores = ", ".join(f"{stage} {found['validation_dice']:.3f}" for stage, found in reached.items())
        if "scans" in metadata.recipe:
            scores += f" ({metadata.recipe['scans']})"
        sys.stdout.write(f"{options.output}: validation Dice {scores}; use it with predict --model {options.output}\n")


def _warn(notices: Iterable[Notice]) -> None:
    """Print warnings while a progress bar may stand on the line."""
    from tqdm import tqdm

    with tqdm.external_write_mode(sys.stderr):
        print_notices("renal-segmentation", notices)


def _tell(line: str) -> None:
    """Print a line that is no warning beside them; standard output may be for another program."""
    from tqdm import tqdm

    with tqdm.external_write_mode(sys.stderr):
        sys.stderr.write(f"renal-segmentation: {line}\n")


@contextmanager
def _going_on(folder: Path) -> Iterator[None]:
    """Say of a training that is stopped at the keyboard how it goes on."""
    try:
        yield
    except KeyboardInterrupt as error:
        if any(folder.glob("*.pt")):
            raise CancelledError(f"Stopped; the same command goes on from the last checkpoint in {folder}.") from error
        raise CancelledError("Stopped before the first checkpoint; the same command starts anew.") from error


def _check(options: argparse.Namespace) -> None:
    """Refuse settings that contradict each other.

    Raises
    ------
    InputError
        With the remedy.
    """
    if (options.images is None) != (options.labels is None):
        raise InputError("Scans and masks go together: give both --images and --labels, or neither.")
    for folder in (options.images, options.labels, options.maps):
        if folder is not None and not folder.is_dir():
            raise InputError(f"{folder} is not a folder: check the path.")
    least = {"people": 1, "iterations": 1, "check_every": 1, "patience": 1, "threads": 1, "seed": 0}
    for name, smallest in least.items():
        number = getattr(options, name)
        if number is not None and number < smallest:
            raise InputError(f"--{name.replace('_', '-')} must be {smallest} or more, not {number}.")
    for name in ("minutes", "rate"):
        number = getattr(options, name)
        if number is not None and not 0 < number < math.inf:
            raise InputError(f"--{name} must be a number above zero, not {number:g}.")


def _base(name: str) -> str:
    """Return the folder of the model to start from.

    Raises
    ------
    InputError
        If it is not one that Renal trained.
    """
    foreign = InputError(f"{name} was not trained by Renal: fine-tune {DEFAULT} or a result of train.")
    try:
        model = find_segmenter(name)
    except ConsentError as error:  # only models of others need consent, and trusting them would not help
        raise foreign from error
    if not isinstance(model, RenalNetwork):
        raise foreign
    return str(model.metadata.folder)
