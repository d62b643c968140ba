"""Profile plots: each map against depth, left against right, with its uncertainty."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from renal_layers.analysis import Analysis
from renal_layers.gradients import GradientRow
from renal_layers.profiles import ProfileRow
from renal_layers.report.drawing import new_figure, svg
from renal_layers.report.text import estimate, plain, slope_unit, with_unit
from renal_layers.settings import Settings

Statistic = Literal["median", "mean"]

SIDE_COLOURS = {"left": "#0072B2", "right": "#D55E00", "both": "#8c8c8c"}
TISSUE_COLOURS = ("#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Okabe and Ito 2008: told apart by colour-blind readers."""
_MARKERS = {"left": "o", "right": "s", "both": ""}
_TISSUE_MARKERS = ("^", "D", "v", "P", "X")


def profile_plot(analysis: Analysis, name: str, statistic: Statistic = "median") -> str:
    """Return the plot of one map as an SVG element.

    Parameters
    ----------
    analysis : Analysis
        Profiles and gradients.
    name : str
        Of the map.
    statistic : {"median", "mean"}
        What is drawn per layer, with its 95 % confidence interval.

    Raises
    ------
    MissingPackageError
        If matplotlib is not installed.
    """
    rows = [row for row in analysis.profiles if row.map == name]
    gradients = [row for row in analysis.gradients if row.map == name]
    settings = analysis.layering.settings
    tissues = sorted({row.tissue for row in rows} - {"all"})
    figure = new_figure(figsize=(11.4, 4.9), layout="constrained")
    grid = figure.add_gridspec(2, 2 if tissues else 1, height_ratios=(4, 1), width_ratios=(3, 2) if tissues else None)
    value = figure.add_subplot(grid[0, 0])
    _sides(value, rows, settings, statistic)
    _gradient(value, gradients, rows, settings)
    count = figure.add_subplot(grid[1, 0], sharex=value)
    sides = [(side, SIDE_COLOURS[side], _of(rows, side)) for side in ("left", "right")]
    _counts(count, sides, settings)
    _axes(value, count, rows[0], settings, f"{statistic} {plain(with_unit(name, rows[0].unit))}")
    _grow_for_legend(value)
    value.legend(loc="best", fontsize=8.5, framealpha=0.85)
    if tissues:
        _tissue_column(figure, grid, value, rows, tissues, settings, statistic)
    return svg(figure, salt=name)


def _sides(axis: Any, rows: Sequence[ProfileRow], settings: Settings, statistic: Statistic) -> None:
    """Draw left and right with bands, both in thin grey."""
    present = {row.side for row in rows}
    for side in ("both", "left", "right"):
        if side not in present or (side == "both" and len(present) < 3):
            continue
        style = {"color": SIDE_COLOURS[side], "marker": _MARKERS[side], "label": side}
        _curve(axis, _of(rows, side), settings, statistic, band=side != "both", **style)


def _curve(
    axis: Any, rows: Sequence[ProfileRow], settings: Settings, statistic: Statistic, *, band: bool, **style: Any
) -> None:
    """Draw one profile; layers with few voxels are hollow."""
    x = _positions(rows, settings)
    y = np.array([getattr(row, statistic) for row in rows])
    few = np.array([row.few_voxels for row in rows], bool)
    colour, marker = style["color"], style.pop("marker")
    if band:
        low, high = (np.array([getattr(row, f"{statistic}_ci_{end}") for row in rows]) for end in ("low", "high"))
        axis.fill_between(x, low, high, where=np.isfinite(low), color=colour, alpha=0.18, linewidth=0)
    axis.plot(x, y, linewidth=1.6 if band else 0.9, marker=marker, markersize=4.5, zorder=3 if band else 2, **style)
    if band and few.any():
        axis.plot(
            x[few], y[few], linestyle="none", marker=marker, markersize=4.8, markerfacecolor="white",
            markeredgecolor=colour, zorder=4,
        )  # fmt: skip


def _gradient(axis: Any, gradients: Sequence[GradientRow], rows: Sequence[ProfileRow], settings: Settings) -> None:
    """Shade the fitted range and draw the regression lines; layers by index have no millimetres to draw them on."""
    fitted = [row for row in gradients if np.isfinite(row.slope)]
    if settings.layer_model != "mm" or not fitted:
        return
    widest = next((row for row in fitted if row.side == "both"), fitted[0])
    axis.axvspan(
        widest.low_mm, min(widest.high_mm, _deepest(rows, "both")), color="#000000", alpha=0.055, linewidth=0, zorder=0
    )
    for row in fitted:
        if row.side == "both":
            continue
        depth = np.array([row.low_mm, min(row.high_mm, _deepest(rows, row.side))])
        slope = estimate(row.slope, row.slope_ci_low, row.slope_ci_high)
        axis.plot(
            depth, row.intercept + row.slope * depth, color=SIDE_COLOURS[row.side], linewidth=1.4, linestyle="--",
            zorder=5, label=f"{row.side} gradient {slope} {plain(slope_unit(row.unit))}",
        )  # fmt: skip


def _counts(axis: Any, groups: Iterable[tuple[str, str, Sequence[ProfileRow]]], settings: Settings) -> None:
    """Draw the number of voxels per layer."""
    for name, colour, rows in groups:
        if rows:
            axis.step(
                _positions(rows, settings), [row.n for row in rows], where="mid", color=colour, linewidth=1.3,
                label=name,
            )  # fmt: skip
    axis.set_ylim(bottom=0)
    axis.locator_params(axis="y", nbins=3)


def _axes(value: Any, count: Any, row: ProfileRow, settings: Settings, label: str) -> None:
    """Label both panels and lay out the shared depth axis."""
    value.set_ylabel(label[0].upper() + label[1:])
    count.set_ylabel("Voxels")
    mm = settings.layer_model == "mm"
    count.set_xlabel("Depth below the surface (mm), middle of the layer" if mm else "Layer (1 = outermost)")
    count.xaxis.get_major_locator().set_params(integer=True)
    value.tick_params(labelbottom=False)
    if mm:
        value.set_xlim(left=0)
    for axis in (value, count):
        axis.grid(color="#e4e4e4", linewidth=0.6)
        axis.set_axisbelow(True)
        for border in ("top", "right"):
            axis.spines[border].set_visible(False)


def _tissue_column(
    figure: Any, grid: Any, value: Any, rows: Sequence[ProfileRow], tissues: list[str], settings: Settings,
    statistic: Statistic,
) -> None:  # fmt: skip
    """Draw the profile of each tissue, both kidneys together, beside the sides."""
    axis = figure.add_subplot(grid[0, 1], sharex=value, sharey=value)
    groups = []
    for number, tissue in enumerate(tissues):
        colour = TISSUE_COLOURS[number % len(TISSUE_COLOURS)]
        of_tissue = _of(rows, "both", tissue)
        groups.append((tissue, colour, of_tissue))
        marker = _TISSUE_MARKERS[number % len(_TISSUE_MARKERS)]
        _curve(axis, of_tissue, settings, statistic, band=True, color=colour, marker=marker, label=plain(tissue))
    count = figure.add_subplot(grid[1, 1], sharex=value)
    _counts(count, groups, settings)
    _axes(axis, count, rows[0], settings, statistic)
    axis.set_ylabel("")
    count.set_ylabel("")
    axis.set_title("by tissue, both kidneys", fontsize=10)
    axis.legend(loc="best", fontsize=8.5, framealpha=0.85)


def _grow_for_legend(axis: Any) -> None:
    """Leave room above the curves, so that the legend hides none of them."""
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + 0.12 * (high - low))


def _positions(rows: Sequence[ProfileRow], settings: Settings) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the middle of the layers in mm, or their index."""
    back = settings.layer_thickness_mm / 2 if settings.layer_model == "mm" else 0.0
    return np.array([row.layer for row in rows], float) - back


def _deepest(rows: Sequence[ProfileRow], side: str) -> float:
    """Return the lower border of the deepest layer in mm."""
    return max(row.layer for row in rows if row.side == side)


def _of(rows: Sequence[ProfileRow], side: str, tissue: str = "all") -> list[ProfileRow]:
    return [row for row in rows if row.side == side and row.tissue == tissue]
