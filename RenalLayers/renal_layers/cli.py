"""The command ``renal-layers``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from renal_layers.layers import LAYER_MODELS
from renal_layers.outputs import VoxelFormat
from renal_layers.segmenting import DEFAULT_MODEL
from renal_layers.settings import DepthFrom, GradientUnit, Settings, Space
from renal_layers.surface import SMOOTHINGS
from renal_segmentation.console import PROGRESS_STYLES, Parser, run_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 after one sentence on standard error."""
    return run_command(_parser(), arguments)


def _parser() -> Parser:
    parser = Parser("renal-layers", "Depth layers of the kidneys and how quantitative maps change with depth.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="run|demo")
    _add_run(commands)
    _add_demo(commands)
    return parser


def _add_run(commands: argparse._SubParsersAction[Parser]) -> None:
    default = Settings()
    run = commands.add_parser("run", help="analyse a kidney mask and maps")
    run.set_defaults(call=_run)
    inputs = run.add_argument_group("inputs")
    kidneys = inputs.add_mutually_exclusive_group(required=True)
    kidneys.add_argument("--mask", type=Path, help="kidney mask, binary or labelled (NIfTI)")
    kidneys.add_argument("--segment", type=Path, metavar="IMAGE", help="image whose kidneys a network outlines")
    _add_model(inputs)
    inputs.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where the network runs")
    inputs.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="NAME=FILE[:UNIT]",
        help="quantitative map; may be repeated",
    )
    inputs.add_argument("--labels", nargs="+", default=None, metavar="N=MEANING", help="e.g. 1=left 2=right 3=ignore")
    inputs.add_argument("--tissue", type=Path, help="tissue labels")
    inputs.add_argument("--tissue-label", nargs="+", default=[], metavar="N=NAME", help="e.g. 1=cortex 2=medulla")
    inputs.add_argument("--pelvis", type=Path, help="renal pelvis or sinus drawn by hand, instead of the hull")
    inputs.add_argument("--image", type=Path, help="image behind the pictures of the report (that of --segment)")
    layers = run.add_argument_group("layers")
    layers.add_argument("--layer-thickness", type=float, default=default.layer_thickness_mm, metavar="MM")
    layers.add_argument("--layer-model", choices=LAYER_MODELS, default=default.layer_model)
    layers.add_argument("--layers", type=int, default=default.layer_count, metavar="N", help="for relative models")
    layers.add_argument("--fill-cysts-below", type=float, default=default.fill_cysts_below_ml, metavar="ML")
    layers.add_argument("--exclude-pelvis", type=float, default=default.pelvis_distance_mm, metavar="MM")
    layers.add_argument(
        "--depth-from",
        choices=get_args(DepthFrom),
        default=default.depth_from,
        help="capsule: leave out the wall of the sinus where the pelvis is known (--pelvis, --exclude-pelvis); "
        "surface: all of the surface",
    )
    layers.add_argument("--smoothing", choices=SMOOTHINGS, default=default.smoothing)
    maps = run.add_argument_group("measurement")
    maps.add_argument("--space", choices=get_args(Space), default=default.space)
    maps.add_argument("--gradient-range", type=float, nargs=2, default=default.gradient_range, metavar=("LOW", "HIGH"))
    maps.add_argument("--gradient-unit", choices=get_args(GradientUnit), default=default.gradient_unit)
    maps.add_argument("--normalise", action="store_true", help="z-scores within the kidneys")
    maps.add_argument("--minimum-voxels", type=int, default=default.minimum_voxels, metavar="N")
    maps.add_argument("--keep-zeros", action="store_true", help="zeros of a map are measurements, not background")
    _add_output(run)
    run.add_argument("--voxels", choices=get_args(VoxelFormat), default="csv", help="format of the voxel table")
    run.add_argument("--report", action="store_true", help="write report.html")
    run.add_argument("--scene", action="store_true", help="write scene.mrb for 3D Slicer")


def _add_demo(commands: argparse._SubParsersAction[Parser]) -> None:
    demo = commands.add_parser("demo", help="analyse the digital reference object and report it")
    demo.set_defaults(call=_demo)
    _add_output(demo)
    demo.add_argument(
        "--segment", action="store_true", help="let a network outline the object's image, instead of its own mask"
    )
    _add_model(demo)


def _add_model(command: argparse._ActionsContainer) -> None:
    command.add_argument("--model", default=DEFAULT_MODEL, help="network for --segment (%(default)s)")
    command.add_argument("--trust", action="store_true", help="code that comes with the network may run")


def _add_output(command: Parser) -> None:
    output = command.add_argument_group("output")
    output.add_argument("--output", required=True, type=Path, metavar="DIR")
    output.add_argument("--overwrite", action="store_true", help="replace earlier results in DIR")
    output.add_argument("--progress", choices=PROGRESS_STYLES, default="text")


def _run(options: argparse.Namespace) -> None:
    from renal_layers.run import request_from, run

    run(request_from(options), options.progress)


def _demo(options: argparse.Namespace) -> None:
    from renal_layers.demo import demo

    network = options.model if options.segment else None
    demo(options.output, options.overwrite, options.progress, network, options.trust)
