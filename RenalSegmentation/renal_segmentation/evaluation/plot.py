"""One picture of an evaluation: overlap and distance per structure, and the agreement of total kidney volume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from renal_segmentation.errors import MissingPackageError
from renal_segmentation.evaluation.cases import TOTAL, VALUES_OF
from renal_segmentation.evaluation.cohort import Evaluation

COLOURS = {"left": "#0072B2", "right": "#D55E00", "": "#595959"}
"""Okabe and Ito 2008: told apart by colour-blind readers."""
FEWEST_FOR_BOX = 4
LIMITS_OF_AGREEMENT = 1.96


def write_plot(evaluation: Evaluation, path: Path) -> None:
    """Write the picture as PNG.

    Raises
    ------
    MissingPackageError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingPackageError("The plot needs the Python package matplotlib: pip install matplotlib.") from error
    figure = Figure(figsize=(13, 4.6), layout="constrained", facecolor="white")
    dice, distance, volume = figure.subplots(1, 3, width_ratios=(1, 1, 1.1))
    _strip(dice, evaluation, "dice", "Dice similarity coefficient")
    _strip(distance, evaluation, "hd95_mm", "HD95 (mm)")
    low = min((row.agreement.dice for row in evaluation.rows), default=0.0)
    dice.set_ylim(max(0.0, np.floor(10 * low - 0.5) / 10), 1.005)
    distance.set_ylim(bottom=0)
    _bland_altman(volume, evaluation)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.print_png(path)


def _strip(axes: Any, evaluation: Evaluation, metric: str, label: str) -> None:
    """Draw every case as a point, with a box where there are enough of them."""
    present = [key for key in VALUES_OF if any(row.structure == key for row in evaluation.rows)]
    for place, key in enumerate(present):
        values = np.array([getattr(row.agreement, metric) for row in evaluation.rows if row.structure == key])
        values = values[np.isfinite(values)]
        colour = COLOURS.get(key.partition("-")[0], COLOURS[""])
        if len(values) >= FEWEST_FOR_BOX:
            axes.boxplot(
                values,
                positions=[place],
                widths=0.6,
                showfliers=False,
                medianprops={"color": "black", "linewidth": 1.6},
            )
        spread = 0.45 * (np.arange(len(values)) / max(len(values) - 1, 1) - 0.5)
        axes.plot(place + spread, values, "o", color=colour, markersize=4, alpha=0.65, zorder=3)
    axes.set_xticks(range(len(present)), [key.replace("-", "\n") for key in present])
    axes.set_xlim(-0.6, max(len(present) - 0.4, 0.6))
    axes.set_ylabel(label)
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)


def _bland_altman(axes: Any, evaluation: Evaluation) -> None:
    """Draw the difference of total kidney volume against its mean, with bias and limits of agreement."""
    found = [row.agreement for row in evaluation.rows if row.structure == TOTAL]
    mean = np.array([(row.prediction_ml + row.reference_ml) / 2 for row in found])
    difference = np.array([row.difference_ml for row in found])
    axes.axhline(0, color="0.75", linewidth=1)
    axes.plot(mean, difference, "o", color=COLOURS[""], markersize=5, alpha=0.75)
    if len(found) > 1:
        bias, sd = difference.mean(), difference.std(ddof=1)
        levels = {
            "mean": bias,
            "+1.96 SD": bias + LIMITS_OF_AGREEMENT * sd,
            "-1.96 SD": bias - LIMITS_OF_AGREEMENT * sd,
        }
        for name, level in levels.items():
            axes.axhline(level, color="black", linewidth=1.2, linestyle="-" if name == "mean" else "--")
            text = f"{name} {level:+.1f} ml".replace("-", "\u2212")
            axes.annotate(
                text, (1, level), (-4, 3), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right"
            )
    axes.margins(x=0.15, y=0.18)
    axes.set_xlabel("Mean of prediction and reference (ml)")
    axes.set_ylabel("TKV, prediction \u2212 reference (ml)")
    axes.set_title("Bland-Altman, total kidney volume", fontsize="medium")
