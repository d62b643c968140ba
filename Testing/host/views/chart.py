"""How a plot chart node looks in a ``vtkChartXY``; follows ``qMRMLPlotViewPrivate`` in ``qMRMLPlotView.cxx``."""

from __future__ import annotations

from typing import Any

import vtk
from slicer import vtkMRMLPlotViewNode as ViewNode

_X, _Y = (vtk.vtkAxis.BOTTOM, vtk.vtkAxis.TOP), (vtk.vtkAxis.LEFT, vtk.vtkAxis.RIGHT)
_BUTTONS = vtk.vtkContextMouseEvent
_LEFT_BUTTON = {
    ViewNode.InteractionModePanView: vtk.vtkChart.PAN,
    ViewNode.InteractionModeSelectPoints: vtk.vtkChart.SELECT,
    ViewNode.InteractionModeFreehandSelectPoints: vtk.vtkChart.SELECT_POLYGON,
    ViewNode.InteractionModeMovePoints: vtk.vtkChart.CLICK_AND_DRAG,
}


def prepare(chart: Any) -> None:
    """Give a new chart the fonts and the background that Slicer's has."""
    chart.GetBackgroundBrush().SetColor(255, 253, 246, 255)
    chart.GetLegend().GetLabelProperties().SetFontFamilyToArial()
    for axis in (chart.GetAxis(n) for n in (*_X, *_Y)):
        for properties, size in ((axis.GetTitleProperties(), 16), (axis.GetLabelProperties(), 12)):
            properties.SetFontFamilyToArial()
            properties.SetFontSize(size)
            properties.SetBold(False)


def setInteraction(chart: Any, viewNode: Any) -> None:
    """Give the mouse buttons the meaning that the view node says."""
    mode = viewNode.GetInteractionMode()
    panning = mode == ViewNode.InteractionModePanView
    chart.SetActionToButton(_LEFT_BUTTON[mode], _BUTTONS.LEFT_BUTTON)
    chart.SetActionToButton(vtk.vtkChart.ZOOM if panning else vtk.vtkChart.PAN, _BUTTONS.MIDDLE_BUTTON)
    chart.SetActionToButton(vtk.vtkChart.ZOOM_AXIS, _BUTTONS.RIGHT_BUTTON)


def setTexts(chart: Any, node: Any) -> None:
    """Set title and legend."""
    properties = chart.GetTitleProperties()
    family = properties.GetFontFamilyFromString(node.GetFontType() or "Arial")
    chart.SetTitle((node.GetTitle() or "") if node.GetTitleVisibility() else "")
    properties.SetFontFamily(family)
    properties.SetFontSize(node.GetTitleFontSize())
    chart.SetShowLegend(node.GetLegendVisibility())
    chart.GetLegend().GetLabelProperties().SetFontFamily(family)


def setAxes(chart: Any, node: Any) -> None:
    """Set titles, ranges, grid and fonts of the axes."""
    for number in (*_X, *_Y):
        axis, name = chart.GetAxis(number), "X" if number in _X else "Y"

        def of(what: str, name: str = name) -> Any:
            return getattr(node, f"Get{name}Axis{what}")()

        axis.SetTitle((of("Title") or "") if of("TitleVisibility") else "")
        if hasattr(node, "GetXAxisLogScale"):
            axis.SetLogScale(bool(of("LogScale")))
        if of("RangeAuto"):
            axis.SetBehavior(vtk.vtkAxis.AUTO)
        else:
            axis.SetBehavior(vtk.vtkAxis.FIXED)
            axis.SetUnscaledRange(of("Range"))
        axis.SetGridVisible(node.GetGridVisibility())
        family = axis.GetTitleProperties().GetFontFamilyFromString(node.GetFontType() or "Arial")
        for properties, size in (
            (axis.GetTitleProperties(), node.GetAxisTitleFontSize()),
            (axis.GetLabelProperties(), node.GetAxisLabelFontSize()),
        ):
            properties.SetFontFamily(family)
            properties.SetFontSize(size)
