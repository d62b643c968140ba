"""Plot series nodes as VTK plots; follows ``updatePlotFromPlotSeriesNode`` in ``qMRMLPlotView.cxx``."""

from __future__ import annotations

from typing import Any

import vtk
from slicer import vtkMRMLPlotSeriesNode as Series

_LINES = {
    Series.LineStyleSolid: vtk.vtkPen.SOLID_LINE,
    Series.LineStyleDash: vtk.vtkPen.DASH_LINE,
    Series.LineStyleDot: vtk.vtkPen.DOT_LINE,
    Series.LineStyleDashDot: vtk.vtkPen.DASH_DOT_LINE,
    Series.LineStyleDashDotDot: vtk.vtkPen.DASH_DOT_DOT_LINE,
}
_MARKERS = {
    Series.MarkerStyleCross: vtk.vtkPlotPoints.CROSS,
    Series.MarkerStylePlus: vtk.vtkPlotPoints.PLUS,
    Series.MarkerStyleSquare: vtk.vtkPlotPoints.SQUARE,
    Series.MarkerStyleCircle: vtk.vtkPlotPoints.CIRCLE,
    Series.MarkerStyleDiamond: vtk.vtkPlotPoints.DIAMOND,
}
_UNPLOTTABLE = (vtk.VTK_STRING, vtk.VTK_BIT)


def plotOf(series: Any, existing: Any = None) -> Any:
    """Make or update the plot of a series node; None if its table has no such columns.

    Parameters
    ----------
    series : vtkMRMLPlotSeriesNode
    existing : vtkPlot, optional
        The plot that the series has so far; it is used again if it has the right kind.
    """
    table = series.GetTableNode().GetTable() if series.GetTableNode() is not None else None
    y, x = series.GetYColumnName(), series.GetXColumnName()
    wanted = [y, x] if series.IsXColumnRequired() else [y]
    if table is None or not all(_canPlot(table, name) for name in wanted):
        return None
    lines = series.GetPlotType() in (Series.PlotTypeLine, Series.PlotTypeScatter)
    kind = vtk.vtkPlotLine if lines else vtk.vtkPlotBar
    plot = existing if existing is not None and existing.IsA(kind.__name__) else kind()
    _style(plot, series, lines)
    labels = table.GetColumnByName(series.GetLabelColumnName()) if series.GetLabelColumnName() else None
    plot.SetIndexedLabels(labels if labels is not None and labels.IsA("vtkStringArray") else None)
    plot.SetUseIndexForXSeries(not series.IsXColumnRequired())
    plot.SetInputData(table, x if series.IsXColumnRequired() else y, y)
    plot.SetTooltipLabelFormat("%l = (%x, %y)" if series.IsXColumnRequired() else "%l = %y")
    plot.SetLabel(series.GetName() or y)
    return plot


def _canPlot(table: Any, name: str | None) -> bool:
    column = table.GetColumnByName(name) if name else None
    return column is not None and column.GetDataType() not in _UNPLOTTABLE


def _style(plot: Any, series: Any, lines: bool) -> None:
    plot.SetWidth(series.GetLineWidth())
    plot.SetColorF(*series.GetColor())
    plot.SetOpacity(series.GetOpacity())
    plot.GetPen().SetOpacityF(series.GetOpacity())
    plot.GetPen().SetLineType(_LINES.get(series.GetLineStyle(), vtk.vtkPen.NO_PEN) if lines else vtk.vtkPen.SOLID_LINE)
    if lines:
        plot.SetMarkerSize(series.GetMarkerSize())
        plot.SetMarkerStyle(_MARKERS.get(series.GetMarkerStyle(), vtk.vtkPlotPoints.NONE))
