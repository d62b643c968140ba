"""The layout "Renal layers": slices on the left, the profile plot and the 3D view on the right."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtkmodules.vtkChartsCore  # noqa: F401  # or else Slicer gives the chart as a class that knows no legend

from RenalLayersLib.Plots import ACCESSORIES
from RenalLayersLib.Tables import columnsOfTable

LAYOUT_ID = 5187
"""Any number that no layout of Slicer or of another extension has."""
SLICES = ("Green", "Red")

_SLICE = """
<item><view class="vtkMRMLSliceNode" singletontag="{name}">
 <property name="orientation" action="default">{orientation}</property>
 <property name="viewlabel" action="default">{label}</property>
 <property name="viewcolor" action="default">{color}</property>
</view></item>"""
_VIEW = """
<item><view class="{className}" singletontag="{name}">
 <property name="viewlabel" action="default">{label}</property>
</view></item>"""
_DESCRIPTION = f"""
<layout type="horizontal" split="true">
 <item splitSize="500"><layout type="vertical" split="true">
 {_SLICE.format(name="Green", orientation="Coronal", label="G", color="#6EB04B")}
 {_SLICE.format(name="Red", orientation="Axial", label="R", color="#F34A33")}
 </layout></item>
 <item splitSize="500"><layout type="vertical" split="true">
 {_VIEW.format(className="vtkMRMLPlotViewNode", name="PlotView1", label="P")}
 {_VIEW.format(className="vtkMRMLViewNode", name="1", label="1")}
 </layout></item>
</layout>"""


def registerLayout() -> None:
    """Make the layout known to Slicer, and show it now if a scene was opened before that was saved with it."""
    manager = slicer.app.layoutManager()
    # Slicer without its window has none.
    node = manager.layoutLogic().GetLayoutNode() if manager is not None else None
    if node is None or node.IsLayoutDescription(LAYOUT_ID):
        return
    node.AddLayoutDescription(LAYOUT_ID, _DESCRIPTION)
    if node.GetViewArrangement() == LAYOUT_ID:
        node.SetViewArrangement(LAYOUT_ID)


def showLayout() -> None:
    """Switch to the layout."""
    registerLayout()
    slicer.app.layoutManager().setLayout(LAYOUT_ID)


def showChart(chart: Any, table: Any) -> None:
    """Show a chart in the first plot view of the layout that is on, if there is one, its legend off the curves.

    Parameters
    ----------
    chart : vtkMRMLPlotChartNode or None
        What to show.
    table : vtkMRMLTableNode or None
        With what the chart draws: depth in the first column.
    """
    manager = slicer.app.layoutManager()
    if not manager.plotViewCount:
        return
    widget = manager.plotWidget(0)
    widget.mrmlPlotViewNode().SetPlotChartNodeID(chart.GetID() if chart is not None else None)
    tidyLegend()
    if table is not None:
        legend = widget.plotView().chart().GetLegend()
        right, top = emptiestCorner(table)
        legend.SetHorizontalAlignment(legend.RIGHT if right else legend.LEFT)
        legend.SetVerticalAlignment(legend.TOP if top else legend.BOTTOM)


def tidyLegend() -> None:
    """Name the sides alone in the legend: bands, gradient lines and the cursor have their colours and styles."""
    chart = slicer.app.layoutManager().plotWidget(0).plotView().chart()
    for n in range(chart.GetNumberOfPlots()):
        plot = chart.GetPlot(n)
        plot.SetLegendVisibility(not str(plot.GetLabel()).endswith(ACCESSORIES))


def emptiestCorner(table: Any) -> tuple[bool, bool]:
    """Return whether the legend is least in the way on the right, and whether at the top."""
    columns = [np.array(values, float) for values in columnsOfTable(table).values()]
    x = np.concatenate([columns[0]] * (len(columns) - 1))
    y = np.concatenate(columns[1:])
    known = np.isfinite(y)
    x, y = x[known], y[known]
    if not len(x) or np.ptp(x) == 0 or np.ptp(y) == 0:
        return True, True
    x, y = (x - x.min()) / np.ptp(x), (y - y.min()) / np.ptp(y)
    corners = ((True, True), (False, True), (True, False), (False, False))

    def inTheWay(corner: tuple[bool, bool]) -> int:
        right, top = corner
        return int(np.count_nonzero(((x > 0.5) if right else (x < 0.5)) & ((y > 0.5) if top else (y < 0.5))))

    return min(corners, key=inTheWay)
