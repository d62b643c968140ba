"""Plots of the study: one chart per map with left, right, both, the confidence band and the regression lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from renal_layers.analysis import Analysis
from renal_layers.gradients import GradientRow
from renal_layers.profiles import ProfileRow
from renal_layers.report.plots import SIDE_COLOURS
from renal_layers.settings import Settings
from RenalLayersLib.Tables import fillTable

SIDE_COLORS = {side: tuple(int(code[n : n + 2], 16) / 255 for n in (1, 3, 5)) for side, code in SIDE_COLOURS.items()}
"""The colours of the report as red, green and blue from 0 to 1."""
_SUBFOLDER = "Plot data"
_NOT_A_NUMBER = float("nan")


def showPlots(study: Any, analysis: Analysis, statistic: str = "median") -> list[Any]:
    """Put a chart per map into the scene and return the chart nodes.

    Parameters
    ----------
    study : Study
        Where.
    analysis : Analysis
        Profiles and gradients.
    statistic : str
        ``median`` or ``mean``, drawn with its 95 % confidence interval.
    """
    settings = analysis.layering.settings
    charts = []
    for name in dict.fromkeys(row.map for row in analysis.profiles):
        rows = [row for row in analysis.profiles if row.map == name and row.tissue == "all"]
        gradients = [row for row in analysis.gradients if row.map == name]
        series = _profileSeries(study, name, rows, settings, statistic)
        if settings.layer_model == "mm":
            series += _gradientSeries(study, name, gradients, max(row.layer for row in rows))
        charts.append(_chart(study, name, rows[0].unit, series, settings, statistic))
    return charts


def _profileSeries(study: Any, name: str, rows: Sequence[ProfileRow], settings: Settings, statistic: str) -> list[Any]:
    """Return the series of the sides, the thin ones first so that they are drawn beneath."""
    columns, unit = plotColumns(rows, settings, statistic), rows[0].unit
    table = study.node("vtkMRMLTableNode", f"plot table:{name}", f"{name} by layer", _SUBFOLDER)
    fillTable(table, columns, {key: "mm" if key == "depth" else unit for key in columns if key != "layer"})
    x = next(iter(columns))
    series = []
    for side in ("both", "left", "right"):
        if side not in columns:
            continue
        if side != "both":
            for end in ("low", "high"):
                band = _series(study, f"{name} {side} 95 % {end}", table, x, f"{side} {end}", SIDE_COLORS[side])
                band.SetLineStyle(band.LineStyleDot)
                band.SetLineWidth(1)
                band.SetMarkerStyle(band.MarkerStyleNone)
                band.SetOpacity(0.6)
                series.append(band)
        line = _series(study, f"{name} {side}", table, x, side, SIDE_COLORS[side])
        line.SetLineStyle(line.LineStyleSolid)
        line.SetLineWidth(1 if side == "both" else 3)
        markers = {"left": line.MarkerStyleCircle, "right": line.MarkerStyleSquare, "both": line.MarkerStyleNone}
        line.SetMarkerStyle(markers[side])
        series.append(line)
    return series


def plotColumns(rows: Sequence[ProfileRow], settings: Settings, statistic: str) -> dict[str, np.ndarray]:
    """Return the columns of a map's plot table: where the layer lies, then each side with its interval.

    The first column is ``depth``, the middle of the layer in mm, or ``layer``, its index; NaN where a side has none.
    """
    layers = np.unique([row.layer for row in rows])
    inMm = settings.layer_model == "mm"
    columns = {"depth" if inMm else "layer": layers - settings.layer_thickness_mm / 2 if inMm else layers}
    for side in dict.fromkeys(row.side for row in rows):
        for suffix, key in (("", ""), (" low", "_ci_low"), (" high", "_ci_high")):
            found = {row.layer: getattr(row, statistic + key) for row in rows if row.side == side}
            columns[side + suffix] = np.array([found.get(layer, _NOT_A_NUMBER) for layer in layers])
    return columns


def _gradientSeries(study: Any, name: str, gradients: Sequence[GradientRow], deepest: float) -> list[Any]:
    """Return the regression lines of left and right over the range that was fitted."""
    series = []
    for row in gradients:
        if row.side == "both" or not np.isfinite(row.slope):
            continue
        depth = np.array([row.low_mm, min(row.high_mm, deepest)])
        columns = {"depth": depth, "line": row.intercept + row.slope * depth}
        role = f"gradient line:{name}:{row.side}"
        table = study.node("vtkMRMLTableNode", role, f"{name} {row.side} gradient line", _SUBFOLDER)
        fillTable(table, columns, {"depth": "mm", "line": row.unit})
        line = _series(study, f"{name} {row.side} gradient", table, "depth", "line", SIDE_COLORS[row.side])
        line.SetLineStyle(line.LineStyleDash)
        line.SetLineWidth(2)
        line.SetMarkerStyle(line.MarkerStyleNone)
        series.append(line)
    return series


def _series(study: Any, name: str, table: Any, x: str, y: str, color: tuple[float, ...]) -> Any:
    """Return the series that draws one column over another."""
    node = study.node("vtkMRMLPlotSeriesNode", f"series:{name}", name, _SUBFOLDER)
    node.SetPlotType(node.PlotTypeScatter)
    node.SetAndObserveTableNodeID(table.GetID())
    node.SetXColumnName(x)
    node.SetYColumnName(y)
    node.SetColor(*color)
    return node


def _chart(study: Any, name: str, unit: str, series: Sequence[Any], settings: Settings, statistic: str) -> Any:
    node = study.node("vtkMRMLPlotChartNode", f"chart:{name}", f"{name} layer profile")
    node.SetTitle(f"{name} by depth")
    node.SetXAxisTitle("Depth below the surface (mm)" if settings.layer_model == "mm" else "Layer (1 = outermost)")
    node.SetYAxisTitle(f"{statistic.capitalize()} {name} ({unit})" if unit else f"{statistic.capitalize()} {name}")
    wanted = [line.GetID() for line in series]
    if [node.GetNthPlotSeriesNodeID(n) for n in range(node.GetNumberOfPlotSeriesNodes())] != wanted:
        node.RemoveAllPlotSeriesNodeIDs()
        for identifier in wanted:
            node.AddAndObservePlotSeriesNodeID(identifier)
    return node
