"""Views draw MRML through Slicer's displayable managers and take the mouse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
import slicer.util
import vtk
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from Testing.host import mouse

SHIFT = Qt.KeyboardModifier.ShiftModifier
LAYOUT = slicer.vtkMRMLLayoutNode


def pixels(widget: Any) -> np.ndarray:
    """Return what a widget shows, as (row, column, RGB)."""
    image = QWidget.grab(widget).toImage().convertToFormat(QImage.Format.Format_RGB888)
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return data[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def colours(widget: Any) -> int:
    """Return how many different colours a widget shows."""
    return len(np.unique(pixels(widget).reshape(-1, 3), axis=0))


@pytest.fixture
def manager(host: Any) -> Any:
    host.mainWindow.resize(1000, 700)
    host.mainWindow.show()
    host.wait(20)
    return slicer.app.layoutManager()


@pytest.fixture
def volume(manager: Any) -> Any:
    z, y, x = np.mgrid[:20, :30, :30]
    values = 100 * np.exp(-((x - 15) ** 2 + (y - 15) ** 2 + (z - 10) ** 2) / 60)
    node = slicer.util.addVolumeFromArray(values.astype(np.float32), name="T2w")
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node


@pytest.mark.parametrize("name", ["Red", "Yellow", "Green"])
def test_slice_views_show_a_volume_and_the_fill_of_a_segment(host: Any, manager: Any, volume: Any, name: str) -> None:
    view = manager.sliceWidget(name).sliceView()
    assert colours(view) > 20
    grey = pixels(view)
    assert np.array_equal(grey[..., 0], grey[..., 2])
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segment = node.GetSegmentation().AddEmptySegment("left", "left", [1.0, 0.0, 0.0])
    mask = (slicer.util.arrayFromVolume(volume) > 50).astype(np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, segment, volume)
    host.wait(50)
    coloured = pixels(view)
    assert (coloured[..., 0] > coloured[..., 2] + 20).sum() > 100
    assert colours(view) > 20


def test_the_slice_moves_with_the_slider_and_the_wheel(host: Any, manager: Any, volume: Any) -> None:
    widget = manager.sliceWidget("Red")
    before = widget.sliceLogic().GetSliceOffset()
    mouse.wheel(widget.sliceView(), 3)
    assert widget.sliceLogic().GetSliceOffset() != before
    widget.sliceController().setSliceOffsetValue(before)
    assert widget.sliceLogic().GetSliceOffset() == pytest.approx(before)


def test_moving_the_mouse_with_shift_moves_the_crosshair_to_that_place(host: Any, manager: Any, volume: Any) -> None:
    crosshair = slicer.util.getNode("Crosshair")
    told: list[Any] = []
    tag = crosshair.AddObserver(slicer.vtkMRMLCrosshairNode.CursorPositionModifiedEvent, lambda *_: told.append(1))
    widget = manager.sliceWidget("Red")
    wanted = [-12.0, 17.0, widget.sliceLogic().GetSliceOffset()]
    place = mouse.slicePosition(widget, wanted)
    mouse.move(widget.sliceView(), place)
    position = [0.0, 0.0, 0.0]
    assert crosshair.GetCursorPositionRAS(position)
    assert position == pytest.approx(wanted, abs=0.3)
    mouse.move(widget.sliceView(), place, SHIFT)
    assert list(crosshair.GetCrosshairRAS()) == pytest.approx(wanted, abs=0.3)
    green = manager.sliceWidget("Green").sliceLogic().GetSliceOffset()
    assert green == pytest.approx(17, abs=1)
    assert told
    crosshair.RemoveObserver(tag)


def test_dragging_with_the_right_button_zooms_a_slice(host: Any, manager: Any, volume: Any) -> None:
    widget = manager.sliceWidget("Red")
    before = widget.mrmlSliceNode().GetFieldOfView()[0]
    mouse.drag(widget.sliceView(), (80, 80), (80, 140), Qt.MouseButton.RightButton)
    assert widget.mrmlSliceNode().GetFieldOfView()[0] != pytest.approx(before)


def test_a_click_places_a_point_in_a_slice(host: Any, manager: Any, volume: Any) -> None:
    points = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    points.CreateDefaultDisplayNodes()
    slicer.modules.markups.logic().StartPlaceMode(False)
    slicer.app.applicationLogic().GetSelectionNode().SetActivePlaceNodeID(points.GetID())
    slicer.app.applicationLogic().GetInteractionNode().SetCurrentInteractionMode(slicer.vtkMRMLInteractionNode.Place)
    widget = manager.sliceWidget("Red")
    wanted = [-12.0, 17.0, widget.sliceLogic().GetSliceOffset()]
    place = mouse.slicePosition(widget, wanted)
    mouse.move(widget.sliceView(), place)
    mouse.click(widget.sliceView(), place)
    assert points.GetNumberOfDefinedControlPoints() == 1
    position = [0.0, 0.0, 0.0]
    points.GetNthControlPointPositionWorld(0, position)
    assert position == pytest.approx(wanted, abs=1)


@pytest.fixture
def model(manager: Any) -> Any:
    sphere = vtk.vtkSphereSource()
    sphere.SetRadius(40)
    node = slicer.modules.models.logic().AddModel(sphere.GetOutputPort())
    node.GetDisplayNode().SetColor(1, 0, 0)
    return node


def test_the_3d_view_shows_a_model_and_turns_with_the_mouse(host: Any, manager: Any, model: Any) -> None:
    view = manager.threeDWidget(0).threeDView()
    manager.resetThreeDViews()
    view.resetCamera()
    red = pixels(view)
    assert ((red[..., 0] > 100) & (red[..., 2] < 60)).sum() > 500
    before = view.cameraNode().GetPosition()
    mouse.drag(view, (60, 60), (160, 90))
    assert view.cameraNode().GetPosition() != before
    view.rotateToViewAxis(3)
    assert view.cameraNode().GetPosition()[1] > abs(view.cameraNode().GetPosition()[0])


@pytest.fixture
def chart(manager: Any) -> Any:
    manager.setLayout(LAYOUT.SlicerLayoutPlotView if hasattr(LAYOUT, "SlicerLayoutPlotView") else 36)
    values = np.array([[1.0, 20, 15], [2, 24, 16], [3, 22, 19], [4, 28, 17]])
    return slicer.util.plot(values, 0, ["depth", "left", "right"], title="R2*")


def plotView(manager: Any, host: Any) -> Any:
    host.wait(50)
    view = manager.plotWidget(0).plotView()
    pixels(view)
    return view


def test_a_chart_shows_its_series_with_their_looks(host: Any, manager: Any, chart: Any) -> None:
    series = chart.GetNthPlotSeriesNode(0)
    series.SetColor(1, 0, 0)
    series.SetLineStyle(series.LineStyleDash)
    series.SetMarkerStyle(series.MarkerStyleSquare)
    chart.SetXAxisTitle("Depth (mm)")
    chart.SetYAxisRangeAuto(False)
    chart.SetYAxisRange(0, 40)
    view = plotView(manager, host)
    drawn = view.chart()
    assert type(drawn).__name__ == "vtkChartXY"
    assert drawn.GetNumberOfPlots() == 2
    assert drawn.GetPlot(0).GetPen().GetLineType() == vtk.vtkPen.DASH_LINE
    assert drawn.GetPlot(0).GetMarkerStyle() == vtk.vtkPlotPoints.SQUARE
    assert drawn.GetAxis(vtk.vtkAxis.BOTTOM).GetTitle() == "Depth (mm)"
    assert drawn.GetAxis(vtk.vtkAxis.LEFT).GetMaximum() == 40
    assert drawn.GetTitle() == "R2*"
    assert drawn.GetShowLegend()
    seen = pixels(view)
    assert ((seen[..., 0] > 200) & (seen[..., 1] < 90) & (seen[..., 2] < 90)).sum() > 20
    chart.RemovePlotSeriesNodeID(series.GetID())
    assert drawn.GetNumberOfPlots() == 1


def test_a_series_without_its_columns_is_left_out_until_they_come(host: Any, manager: Any, chart: Any) -> None:
    series = chart.GetNthPlotSeriesNode(0)
    view = plotView(manager, host)
    series.SetYColumnName("nothing")
    assert view.chart().GetNumberOfPlots() == 1
    series.SetYColumnName("left")
    assert view.chart().GetNumberOfPlots() == 2


def test_points_are_selected_by_dragging_in_the_chart(host: Any, manager: Any, chart: Any) -> None:
    view = plotView(manager, host)
    manager.plotWidget(0).mrmlPlotViewNode().SetInteractionMode(slicer.vtkMRMLPlotViewNode.InteractionModeSelectPoints)
    told: list[tuple[list[str], list[list[int]]]] = []

    def selected(ids: Any, selections: Any) -> None:
        rows = [selections.GetItemAsObject(n) for n in range(selections.GetNumberOfItems())]
        told.append(
            (
                [ids.GetValue(n) for n in range(ids.GetNumberOfValues())],
                [[row.GetValue(n) for n in range(row.GetNumberOfValues())] for row in rows],
            )
        )

    view.connect("dataSelected(vtkStringArray*,vtkCollection*)", selected)
    mouse.drag(view, mouse.chartPosition(view, 1.5, 22), mouse.chartPosition(view, 2.5, 26))
    assert told[-1] == ([chart.GetNthPlotSeriesNode(0).GetID()], [[1]])


def test_dragging_pans_the_chart_and_the_node_keeps_the_range(host: Any, manager: Any, chart: Any) -> None:
    chart.SetXAxisRangeAuto(False)
    chart.SetXAxisRange(0, 10)
    view = plotView(manager, host)
    x, y = mouse.chartPosition(view, 5, 20)
    mouse.drag(view, (x, y), (x + 60, y))
    assert chart.GetXAxisRange()[0] < -0.1


def test_the_place_of_a_click_in_the_chart_is_told_to_vtk(host: Any, manager: Any, chart: Any) -> None:
    view = plotView(manager, host)
    places: list[Any] = []
    interactor = view.scene().GetRenderer().GetRenderWindow().GetInteractor()
    interactor.AddObserver("LeftButtonPressEvent", lambda *_: places.append(interactor.GetEventPosition()))
    x, y = mouse.chartPosition(view, 3, 22)
    mouse.click(view, (x, y))
    assert places == [(x, view.height - 1 - y)]
    with pytest.raises(AttributeError):
        view.interactor()  # not offered by ctkVTKChartView


CUSTOM = """
<layout type="vertical" split="true">
 <item splitSize="600"><layout type="horizontal">
  <item><view class="vtkMRMLSliceNode" singletontag="Red">
   <property name="orientation" action="default">Axial</property>
   <property name="viewlabel" action="default">R</property>
   <property name="viewcolor" action="default">#F34A33</property></view></item>
  <item><view class="vtkMRMLPlotViewNode" singletontag="PlotView1">
   <property name="viewlabel" action="default">P</property></view></item>
 </layout></item>
 <item splitSize="200"><layout type="tab">
  <item name="Table"><view class="vtkMRMLTableViewNode" singletontag="TableView1">
   <property name="viewlabel" action="default">T</property></view></item>
  <item name="3D"><view class="vtkMRMLViewNode" singletontag="1">
   <property name="viewlabel" action="default">1</property></view></item>
 </layout></item>
</layout>
"""


def test_a_layout_of_ones_own_is_built_from_its_description(host: Any, manager: Any, volume: Any) -> None:
    node = manager.layoutLogic().GetLayoutNode()
    node.AddLayoutDescription(987, CUSTOM)
    changed: list[int] = []
    manager.connect("layoutChanged(int)", changed.append)
    node.SetViewArrangement(987)
    host.wait(50)
    assert manager.layout == 987
    assert changed == [987]
    red, plot = manager.sliceWidget("Red"), manager.plotWidget(0)
    assert QWidget.isVisible(red)
    assert QWidget.isVisible(plot)
    assert not QWidget.isVisible(manager.sliceWidget("Green"))
    assert red.mapTo(host.mainWindow, red.rect.topLeft()).x() < plot.mapTo(host.mainWindow, plot.rect.topLeft()).x()
    assert (manager.plotViewCount, manager.tableViewCount, manager.threeDViewCount) == (1, 1, 1)
    assert colours(red.sliceView()) > 20
    manager.setLayout(LAYOUT.SlicerLayoutFourUpView)
    host.wait(20)
    assert QWidget.isVisible(manager.sliceWidget("Green"))
    assert not QWidget.isVisible(plot)


@pytest.mark.parametrize("layout", [2, 3, 4, 6, 7, 35, 36, 37], ids=str)
def test_slicers_own_layouts_can_be_shown(host: Any, manager: Any, layout: int) -> None:
    manager.setLayout(layout)
    host.wait(20)
    assert manager.layout == layout
    assert colours(manager.viewport()) > 3


def test_a_table_view_shows_a_table(host: Any, manager: Any) -> None:
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "Profile")
    slicer.util.updateTableFromArray(table, [np.array([0.5, 1.5])], ["depth"])
    manager.setLayout(LAYOUT.SlicerLayoutFourUpTableView)
    slicer.app.applicationLogic().GetSelectionNode().SetActiveTableID(table.GetID())
    slicer.app.applicationLogic().PropagateTableSelection()
    host.wait(20)
    view = manager.tableWidget(0).tableView()
    assert view.mrmlTableNode() is table
    assert view.model().index(1, 0).data() == "0.5"


def test_views_stay_as_they_are_while_rendering_is_paused(host: Any, manager: Any, volume: Any) -> None:
    view = manager.sliceWidget("Red").sliceView()
    before = pixels(view)
    with slicer.util.RenderBlocker():
        slicer.util.setSliceViewerLayers(background=None)
        host.wait(30)
        assert np.array_equal(pixels(view), before)
    host.wait(50)
    assert not np.array_equal(pixels(view), before)


def test_views_are_reset_to_the_volume(host: Any, manager: Any, volume: Any) -> None:
    node = manager.sliceWidget("Red").mrmlSliceNode()
    node.SetFieldOfView(1000, 1000, 1)
    slicer.util.resetSliceViews()
    assert node.GetFieldOfView()[0] < 100


def test_a_picture_of_the_window_shows_panel_and_views(host: Any, example: Any, volume: Any, tmp_path: Path) -> None:
    path = host.screenshot(tmp_path / "window.png")
    image = QImage(str(path))
    assert image.width() == host.mainWindow.width
    assert colours(host.mainWindow) > 100


def test_closing_the_scene_keeps_the_views(host: Any, manager: Any, volume: Any) -> None:
    slicer.mrmlScene.Clear()
    host.wait(30)
    assert manager.sliceViewNames() == ("Red", "Green", "Yellow")
    assert colours(manager.sliceWidget("Red").sliceView()) < 20
