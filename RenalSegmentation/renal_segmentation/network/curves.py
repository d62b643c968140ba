"""Learning curves as a picture."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from renal_segmentation.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rows = list[dict[str, float]]
FEWEST_SHARE = 0.1
"""Of the usual cases between two looks: the mean loss of fewer, as at the end of a training, says nothing."""


def draw_curves(tables: Mapping[str, Sequence[Path]], path: Path) -> None:
    """Write `curves_figure` as PNG."""
    with atomic_path(path) as temporary:
        curves_figure(tables).savefig(temporary, dpi=100, format="png")


def curves_figure(tables: Mapping[str, Sequence[Path]]) -> Figure:
    """Return loss (upper row) and validation Dice (lower row) over iterations, one column per stage.

    Parameters
    ----------
    tables : mapping of str to sequence of Path
        CSV files of `training.save_checkpoint` by stage; several are parts that followed each other, whose iterations
        add up. A dotted line stands where one ends.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6 * len(tables), 6), layout="constrained")
    axes = figure.subplots(2, len(tables), squeeze=False, sharex="col")
    for column, (stage, parts) in enumerate(tables.items()):
        rows, ends = _joined(parts)
        iterations = [row["iteration"] for row in rows]
        upper, lower = axes[0][column], axes[1][column]
        spans = [after - before for before, after in pairwise([0.0, *iterations])]
        told = [row for row, span in zip(rows, spans, strict=True) if span > FEWEST_SHARE * max(spans)]
        upper.plot([row["iteration"] for row in told], [row["loss"] for row in told], color="0.3")
        upper.set(title=stage, ylabel="training loss", ylim=(0, None))
        for name in [name for name in rows[0] if name.startswith("dice")]:
            values = [row.get(name, float("nan")) for row in rows]
            label = name.removeprefix("dice_") if name != "dice" else "mean"
            lower.plot(iterations, values, label=label, linewidth=2.5 if name == "dice" else 1)
        lower.set(xlabel="iteration", ylabel="validation Dice", ylim=(0, 1))
        lower.legend(loc="lower right", fontsize="small")
        for axis in (upper, lower):
            for end in ends[:-1]:
                axis.axvline(end, color="0.6", linestyle=":", linewidth=1)
    return figure


def _joined(parts: Sequence[Path]) -> tuple[Rows, list[float]]:
    """Return the rows of all parts with iterations that go on from part to part, and where each part ends."""
    rows: Rows = []
    ends = [0.0]
    for part in parts:
        with part.open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                rows.append({name: float(value) if value else float("nan") for name, value in row.items()})
                rows[-1]["iteration"] += ends[-1]
        ends.append(rows[-1]["iteration"])
    return rows, ends[1:]
