"""The command ``renal-segmentation``."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from renal_segmentation.commands import evaluate, models, phantom, predict, train
from renal_segmentation.console import Parser, print_notices, run_command
from renal_segmentation.errors import InputError
from renal_segmentation.files import read_image
from renal_segmentation.labels import parse_labels
from renal_segmentation.volumes import KidneyVolumes, StructureVolumes, kidney_volumes, structure_volumes

PROGRAM = "renal-segmentation"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 after one sentence on standard error."""
    parser = Parser(PROGRAM, "Kidney masks.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    evaluate.add_parser(commands)
    models.add_parser(commands)
    phantom.add_parser(commands)
    predict.add_parser(commands)
    train.add_parser(commands)
    volumes = commands.add_parser("volumes", help="total, left and right kidney volume of a mask")
    volumes.set_defaults(call=_volumes)
    volumes.add_argument("mask", type=Path, help="kidney mask, binary or labelled (NIfTI)")
    volumes.add_argument("--labels", nargs="+", metavar="N=MEANING", help="e.g. 1=left 2=right 3=ignore")
    volumes.add_argument(
        "--structures", action="store_true", help="the labels are those that predict writes; adds each structure"
    )
    volumes.add_argument("--format", choices=("json", "csv"), default="json")
    return run_command(parser, arguments)


def _volumes(options: argparse.Namespace) -> None:
    if options.structures and options.labels:
        raise InputError("--structures reads the labels that predict writes: leave out --labels, or --structures.")
    mask, header_notices = read_image(options.mask)
    found: KidneyVolumes | StructureVolumes
    if options.structures:
        found = structure_volumes(mask, str(options.mask))
    else:
        found = kidney_volumes(mask, parse_labels(options.labels) if options.labels else None)
    structures = found.structures_ml if isinstance(found, StructureVolumes) else None
    row = {"total_ml": found.total_ml, "left_ml": found.left_ml, "right_ml": found.right_ml}
    print_notices(PROGRAM, (*header_notices, *found.notices))
    if options.format == "json":
        extra = {} if structures is None else {"structures_ml": structures}
        sys.stdout.write(json.dumps({"mask": str(options.mask), **row, **extra}) + "\n")
    else:
        row.update({f"{key}_ml": value for key, value in (structures or {}).items()})
        table = csv.writer(sys.stdout)
        table.writerows([("mask", *row), (options.mask, *row.values())])
