"""Learning curves as a picture."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from renal_segmentation.files import atomic_path


def draw_curves(tables: Mapping[str, Path], path: Path) -> None:
    """Draw loss and validation Dice over iterations as PNG, one column per stage.

    Parameters
    ----------
    tables : mapping of str to Path
        CSV files of `training.save_checkpoint` by stage.
    path : Path
        PNG to write.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5 * len(tables), 6), layout="constrained")
    axes = figure.subplots(2, len(tables), squeeze=False, sharex="col")
    for column, (stage, table) in enumerate(tables.items()):
        with table.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        iterations = [int(row["iteration"]) for row in rows]
        upper, lower = axes[0][column], axes[1][column]
        upper.plot(iterations, [float(row["loss"]) for row in rows], color="0.3")
        upper.set(title=stage, ylabel="training loss")
        for name in [name for name in rows[0] if name.startswith("dice")]:
            values = [float(row[name]) if row[name] else float("nan") for row in rows]
            label = name.removeprefix("dice_") if name != "dice" else "mean"
            lower.plot(iterations, values, label=label, linewidth=2.5 if name == "dice" else 1)
        lower.set(xlabel="iteration", ylabel="validation Dice", ylim=(0, 1))
        lower.legend(loc="lower right", fontsize="small")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=100, format="png")
