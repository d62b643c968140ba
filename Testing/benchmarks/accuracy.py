"""Depth error against closed form, for every surface method and for 3DQLayers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from Testing.benchmarks.peers import Peers
from Testing.benchmarks.phantoms import CASES, Case, Known, accuracy_phantoms
from Testing.benchmarks.table import Report

from renal_layers.layering import make_layers
from renal_layers.settings import Settings
from renal_layers.surface import SMOOTHINGS
from renal_segmentation.volume import paste

THEIRS = "3DQLayers 1.0.0"


@dataclass(frozen=True)
class Error:
    """Depth error in mm over one mask, or averaged over several (the maximum is the largest of all).

    Attributes
    ----------
    volume_percent : float
        Volume of the surface against that of the mask; NaN where the program shows no surface.
    """

    mean: float
    p95: float
    largest: float
    volume_percent: float = np.nan

    def __str__(self) -> str:
        """Return mean / p95 / max as the design's table has it."""
        return f"{self.mean:.3f} / {self.p95:.3f} / {self.largest:.3f}"


def accuracy(report: Report, peers: Peers, moves: int, cases: tuple[Case, ...] = CASES) -> None:
    """Add the tables: centred, averaged over `moves` shifts and rotations, volumes, ratios."""
    programs = [*SMOOTHINGS, THEIRS] if peers.comparator_python else list(SMOOTHINGS)
    centred: dict[str, list[Error]] = {name: [] for name in programs}
    moved: dict[str, list[Error]] = {name: [] for name in programs}
    for case in cases:
        middle, others = accuracy_phantoms(case, moves)
        for name in programs:
            centred[name].append(_error(name, middle, peers))
            moved[name].append(_average([_error(name, phantom, peers) for phantom in others]))

    report.text("## Depth error against closed form\n\nmm, mean absolute / 95th percentile / largest")
    names = [case.name for case in cases]
    report.text("Object at the centre of the grid:")
    report.table(["surface", *names], [[name, *map(str, centred[name])] for name in programs])
    report.text(f"Average of {moves} random sub-voxel shifts and rotations (largest of all):")
    report.table(["surface", *names], [[name, *map(str, moved[name])] for name in programs])
    report.text("Volume of the surface against that of the mask, %, centred / furthest off when moved:")
    report.table(
        ["surface", *names],
        [
            [
                name,
                *(f"{c.volume_percent:+.2f} / {m.volume_percent:+.2f}" for c, m in zip(*both, strict=True)),
            ]
            for name in SMOOTHINGS
            for both in [(centred[name], moved[name])]
        ],
    )
    if peers.comparator_python:
        report.text("Error of the default surface as a fraction of that of 3DQLayers:")
        rows = _ratios("centred", centred) + _ratios("moved", moved)
        report.table(["measure", *names, "average"], rows)


def _error(name: str, phantom: Known, peers: Peers) -> Error:
    mask = phantom.mask
    if name == THEIRS:
        run = peers.theirs_cached(mask)
        if run is None or run.depth is None:
            raise ValueError("no comparator")
        depth, volume = run.depth, np.nan
    else:
        layering = make_layers(mask, Settings(smoothing=next(s for s in SMOOTHINGS if s == name)))
        depth = paste(layering.depth, mask.grid)
        volume = 100 * (layering.surface.volume_ml / (mask.array.sum() * mask.grid.voxel_ml) - 1)
    off = np.abs(depth[mask.array] - phantom.depth)
    return Error(float(off.mean()), float(np.percentile(off, 95)), float(off.max()), volume)


def _average(errors: list[Error]) -> Error:
    volumes = [e.volume_percent for e in errors]
    return Error(
        float(np.mean([e.mean for e in errors])),
        float(np.mean([e.p95 for e in errors])),
        max(e.largest for e in errors),
        max(volumes, key=abs),
    )


def _ratios(what: str, errors: dict[str, list[Error]]) -> list[list[str]]:
    rows = []
    for label, measure in (("mean", "mean"), ("p95", "p95"), ("largest", "largest")):
        pairs = zip(errors["default"], errors[THEIRS], strict=True)
        values = [getattr(mine, measure) / getattr(other, measure) for mine, other in pairs]
        rows.append([f"{what}, {label}", *(f"{v:.2f}" for v in values), f"{np.mean(values):.2f}"])
    return rows
