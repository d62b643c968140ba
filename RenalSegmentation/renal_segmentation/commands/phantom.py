"""``renal-segmentation phantom``: generated abdomens as files."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from renal_segmentation.console import PROGRESS_STYLES, console_progress
from renal_segmentation.errors import InputError
from renal_segmentation.synthesis.acquisition import PLANES
from renal_segmentation.synthesis.appearance import REGIMES
from renal_segmentation.synthesis.cases import write_cases
from renal_segmentation.synthesis.imaging import render
from renal_segmentation.synthesis.settings import AbdomenSettings

SPACING_LIMITS_MM = (0.8, 6.0)


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser("phantom", help="generated abdomens: images with their labels")
    parser.set_defaults(call=_phantom)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--cases", type=int, default=4, metavar="N", help="how many (4)")
    parser.add_argument("--seed", type=int, default=0, help="of the first case (0); the others count up")
    parser.add_argument("--spacing", type=float, default=1.5, metavar="MM", help="voxel size of the tissues (1.5)")
    parser.add_argument("--labels-only", action="store_true", help="draw no images; needs no torch")
    parser.add_argument("--contrast", choices=tuple(REGIMES), help="of the images; random without it")
    parser.add_argument("--plane", choices=(*PLANES, "volume"), help="of the slices; random without it")
    parser.add_argument("--no-kidneys", action="store_true", help="people without any kidney")
    parser.add_argument("--contact-sheet", type=Path, metavar="FILE.png", help="draw all cases into one picture")
    parser.add_argument("--overwrite", action="store_true", help="write into a folder that is not empty")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of what is printed")
    parser.add_argument("--progress", choices=PROGRESS_STYLES, default="text")


def _phantom(options: argparse.Namespace) -> None:
    settings = AbdomenSettings(missing_share=1.0) if options.no_kidneys else AbdomenSettings()
    seeds = _seeds(options.seed, options.cases)
    low, high = SPACING_LIMITS_MM
    if not low <= options.spacing <= high:
        raise InputError(f"--spacing {options.spacing:g} is out of range: give {low:g} to {high:g} mm.")
    renderer = None if options.labels_only else partial(render, regime=options.contrast, plane=options.plane)
    with console_progress(options.progress) as progress:
        rows = write_cases(
            options.output,
            seeds,
            options.spacing,
            settings,
            renderer,
            overwrite=options.overwrite,
            sheet=options.contact_sheet,
            progress=progress,
        )
    if options.format == "json":
        sys.stdout.write(json.dumps({"output": str(options.output), "cases": rows}) + "\n")
    elif options.progress != "json":
        sys.stdout.write(f"{len(rows)} cases in {options.output}\n")


def _seeds(first: int, count: int) -> range:
    """Return the seeds.

    Raises
    ------
    InputError
        If there would be no case, or a seed below zero.
    """
    if count < 1 or first < 0:
        raise InputError(f"--cases {count} --seed {first} is no case: give at least one case, and a seed of 0 or more.")
    return range(first, first + count)
