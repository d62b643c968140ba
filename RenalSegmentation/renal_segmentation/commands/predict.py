"""``renal-segmentation predict``: the kidneys of one image."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from renal_segmentation.console import PROGRESS_STYLES, console_progress, print_notices
from renal_segmentation.errors import InputError, Notice, OutputError
from renal_segmentation.files import atomic_path, read_image, sha256, write_image
from renal_segmentation.models.registry import DEFAULT, find_segmenter
from renal_segmentation.network.model import DEVICES, MEMORY_MODES, RenalNetwork
from renal_segmentation.progress import part
from renal_segmentation.segmenter import Segmentation
from renal_segmentation.version import __version__
from renal_segmentation.volumes import structure_volumes

TERMINATED = 143
"""Exit code of a program that was asked to end (128 + SIGTERM)."""


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
    with ended_cleanly():
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
        if path.is_dir():
            raise OutputError(f"{path} is a folder: name a file.")
        if path.exists() and not options.overwrite:
            raise OutputError(f"{path} is there already: name another file, or add --overwrite.")
        if not path.parent.is_dir():
            raise OutputError(f"The folder {path.parent} is not there: make it first.")


@contextmanager
def ended_cleanly() -> Iterator[None]:
    """Leave with exit code 143 and nothing half-written when the program is asked to end."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(TERMINATED)

    try:
        previous = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not in the main thread, where signals are someone else's
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _result(
    options: argparse.Namespace, found: Segmentation, notices: tuple[Notice, ...], seconds: float
) -> dict[str, Any]:
    """Return everything that is told of a result."""
    volumes = structure_volumes(found.labels)
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
    """Write the extra files first, so that a mask is only there when all is."""
    if options.probabilities is not None:
        if found.probabilities is None:
            raise InputError(f"The model {found.model} gives no probabilities: leave out --probabilities.")
        values = found.probabilities.array.astype(np.float32)
        write_image(options.probabilities, values, found.labels.grid, "probability of kidney")
    if options.summary is not None:
        with atomic_path(options.summary) as temporary:
            temporary.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    write_image(options.output, found.labels.array, found.labels.grid, "kidney labels of Renal")
