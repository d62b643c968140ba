"""The layout "Renal layers": slices on the left, the profile plot and the 3D view on the right."""

from __future__ import annotations

from typing import Any

import slicer

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


def showLayout() -> None:
    """Switch to the layout."""
    manager = slicer.app.layoutManager()
    node = manager.layoutLogic().GetLayoutNode()
    if not node.IsLayoutDescription(LAYOUT_ID):
        node.AddLayoutDescription(LAYOUT_ID, _DESCRIPTION)
    manager.setLayout(LAYOUT_ID)


def showChart(chart: Any) -> None:
    """Show a chart in the first plot view of the layout that is on, if there is one."""
    manager = slicer.app.layoutManager()
    if manager.plotViewCount:
        manager.plotWidget(0).mrmlPlotViewNode().SetPlotChartNodeID(chart.GetID() if chart is not None else None)
