"""Plots of the study: one chart per map with left, right, both, the confidence band and the regression lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from renal_layers.gradients import GradientRow
from renal_layers.profiles import ProfileRow
from renal_layers.report.plots import SIDE_COLOURS
from renal_layers.settings import Settings
from RenalLayersLib.Tables import fillTable

SIDE_COLORS = {side: tuple(int(code[n : n + 2], 16) / 255 for n in (1, 3, 5)) for side, code in SIDE_COLOURS.items()}
"""The colours of the report as red, green and blue from 0 to 1."""
ACCESSORIES = (" 95 %", " gradient", " cursor")
"""How the names of those series end that go with a side's profile."""
_CURSOR_COLOR = (0.2, 0.2, 0.2)
_PALENESS = 0.5
"""Share of white in the colour of a side's confidence band."""
_SUBFOLDER = "Plot data"
_NOT_A_NUMBER = float("nan")


@dataclass(frozen=True)
class ProfileView:
    """What a chart shows: ``median`` or ``mean`` of some of the sides, with its 95 % confidence interval or without."""

    statistic: str = "median"
    sides: tuple[str, ...] = ("left", "right", "both")
    band: bool = True


def showPlots(
    study: Any,
    profiles: Sequence[ProfileRow],
    gradients: Sequence[GradientRow],
    settings: Settings,
    view: ProfileView | None = None,
) -> list[Any]:
    """Put a chart per map into the scene and return the chart nodes.

    Parameters
    ----------
    study : Study
        Where.
    profiles, gradients : sequence of ProfileRow, GradientRow
        Of all maps.
    settings : Settings
        Those of the analysis: how layers were cut.
    view : ProfileView, optional
        What to draw.
    """
    view = view or ProfileView()
    charts = []
    for name in dict.fromkeys(row.map for row in profiles):
        rows = [row for row in profiles if row.map == name and row.tissue == "all"]
        series = _profileSeries(study, name, rows, settings, view)
        if settings.layer_model == "mm":
            deepest = max(row.layer for row in rows)
            series += _gradientSeries(study, [row for row in gradients if row.map == name], deepest, view)
        charts.append(_chart(study, name, rows[0].unit, series, settings, view))
    return charts


def showCursor(study: Any, name: str, depth: float | None) -> None:
    """Mark a depth on a map's chart by an upright line; None takes the mark away.

    The mark is not saved with the scene.
    """
    chart, table = study.find(f"chart:{name}"), study.find(f"plot table:{name}")
    if chart is None or table is None:
        return
    marked = study.find(f"series:{name} cursor")
    if depth is None:
        if marked is not None and chart.HasPlotSeriesNodeID(marked.GetID()):
            chart.RemovePlotSeriesNodeID(marked.GetID())
        return
    role = f"cursor:{name}"
    line = study.node("vtkMRMLTableNode", role, f"{name} cursor", subfolder=None)
    low, high = _heights(table)
    fillTable(line, {"depth": np.full(2, depth), "cursor": np.array([low, high])}, {"depth": "mm"})
    series = _series(study, f"{name} cursor", line, "depth", "cursor", _CURSOR_COLOR, subfolder=None)
    series.SetLineStyle(series.LineStyleSolid)
    series.SetLineWidth(1)
    series.SetMarkerStyle(series.MarkerStyleNone)
    for node in (line, series):
        node.SetHideFromEditors(True)
        node.SaveWithSceneOff()
    if not chart.HasPlotSeriesNodeID(series.GetID()):
        chart.AddAndObservePlotSeriesNodeID(series.GetID())


def _heights(table: Any) -> tuple[float, float]:
    """Return the lowest and highest value that a map's plot table draws."""
    columns = (table.GetTable().GetColumn(n) for n in range(1, table.GetNumberOfColumns()))
    values = np.array([[column.GetValue(n) for n in range(column.GetNumberOfValues())] for column in columns])
    return float(np.nanmin(values)), float(np.nanmax(values))


def _profileSeries(
    study: Any, name: str, rows: Sequence[ProfileRow], settings: Settings, view: ProfileView
) -> list[Any]:
    """Return the series of the sides, the thin ones first so that they are drawn beneath."""
    columns, unit = plotColumns(rows, settings, view.statistic), rows[0].unit
    table = study.node("vtkMRMLTableNode", f"plot table:{name}", f"{name} by layer", _SUBFOLDER)
    fillTable(table, columns, {key: "mm" if key == "depth" else unit for key in columns if key != "layer"})
    x = next(iter(columns))
    series = []
    for side in ("both", "left", "right"):
        if side not in columns or side not in view.sides:
            continue
        if view.band and (side != "both" or view.sides == ("both",)):
            series.append(_bandSeries(study, name, side, columns, unit))
        line = _series(study, f"{name} {side}", table, x, side, SIDE_COLORS[side])
        line.SetLineStyle(line.LineStyleSolid)
        line.SetLineWidth(1 if side == "both" else 3)
        markers = {"left": line.MarkerStyleCircle, "right": line.MarkerStyleSquare, "both": line.MarkerStyleNone}
        line.SetMarkerStyle(markers[side])
        series.append(line)
    return series


def _bandSeries(study: Any, name: str, side: str, columns: dict[str, np.ndarray], unit: str) -> Any:
    """Return the outline of a side's confidence interval: along its upper end and back along its lower one."""
    x = next(iter(columns))
    known = np.isfinite(columns[f"{side} low"]) & np.isfinite(columns[f"{side} high"])
    there = {key: columns[key][known] for key in (x, f"{side} low", f"{side} high")}
    along = np.concatenate([there[x], there[x][::-1], there[x][:1]])
    ends = np.concatenate([there[f"{side} high"], there[f"{side} low"][::-1], there[f"{side} high"][:1]])
    role, title = f"band table:{name}:{side}", f"{name} {side} 95 %"
    table = study.node("vtkMRMLTableNode", role, f"{title} interval", _SUBFOLDER)
    fillTable(table, {x: along, "95 %": ends}, {"depth": "mm", "95 %": unit})
    color = tuple(part + (1 - part) * _PALENESS for part in SIDE_COLORS[side])
    band = _series(study, title, table, x, "95 %", color)
    band.SetLineStyle(band.LineStyleSolid)
    band.SetLineWidth(2)
    band.SetMarkerStyle(band.MarkerStyleNone)
    band.SetOpacity(1.0)
    return band


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


def _gradientSeries(study: Any, gradients: Sequence[GradientRow], deepest: float, view: ProfileView) -> list[Any]:
    """Return the regression lines of the sides over the range that was fitted; that of both only by itself."""
    series = []
    for row in gradients:
        shown = row.side in view.sides and (row.side != "both" or view.sides == ("both",))
        if not shown or not np.isfinite(row.slope):
            continue
        depth = np.array([row.low_mm, min(row.high_mm, deepest)])
        columns = {"depth": depth, "line": row.intercept + row.slope * depth}
        role = f"gradient line:{row.map}:{row.side}"
        table = study.node("vtkMRMLTableNode", role, f"{row.map} {row.side} gradient line", _SUBFOLDER)
        fillTable(table, columns, {"depth": "mm", "line": row.unit})
        line = _series(study, f"{row.map} {row.side} gradient", table, "depth", "line", SIDE_COLORS[row.side])
        line.SetLineStyle(line.LineStyleDash)
        line.SetLineWidth(2)
        line.SetMarkerStyle(line.MarkerStyleNone)
        series.append(line)
    return series


def _series(
    study: Any, name: str, table: Any, x: str, y: str, color: tuple[float, ...], subfolder: str | None = _SUBFOLDER
) -> Any:
    """Return the series that draws one column over another."""
    node = study.node("vtkMRMLPlotSeriesNode", f"series:{name}", name, subfolder)
    node.SetPlotType(node.PlotTypeScatter)
    node.SetAndObserveTableNodeID(table.GetID())
    node.SetXColumnName(x)
    node.SetYColumnName(y)
    node.SetColor(*color)
    return node


def _chart(study: Any, name: str, unit: str, series: Sequence[Any], settings: Settings, view: ProfileView) -> Any:
    node = study.node("vtkMRMLPlotChartNode", f"chart:{name}", f"{name} layer profile")
    node.SetTitle(f"{name} by depth")
    node.SetXAxisTitle("Depth below the surface (mm)" if settings.layer_model == "mm" else "Layer (1 = outermost)")
    statistic = view.statistic.capitalize()
    node.SetYAxisTitle(f"{statistic} {name} ({unit})" if unit else f"{statistic} {name}")
    wanted = [line.GetID() for line in series]
    if [node.GetNthPlotSeriesNodeID(n) for n in range(node.GetNumberOfPlotSeriesNodes())] != wanted:
        node.RemoveAllPlotSeriesNodeIDs()
        for identifier in wanted:
            node.AddAndObservePlotSeriesNodeID(identifier)
    return node
