"""Slices, plot and table speak of the same place: cursor, highlight, gradient range, live update."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import slicer
from PySide6.QtCore import Qt
from Testing.host import mouse

from renal_layers.report.text import number
from RenalLayersLib.Tables import columnsOfTable


def deep_point(layers: Any, depth: float) -> np.ndarray:
    """Return the centre of a voxel of about that depth in the left kidney, RAS mm."""
    volume = layers.logic.analysis.layering.depth
    points = np.argwhere((volume.array > 0) & (layers.logic.analysis.layering.side.array == 1))
    values = volume.array[tuple(points.T)]
    return volume.grid.to_ras(points[[np.argmin(np.abs(values - depth))]])[0]


def line_of(layers: Any, role: str) -> list[float]:
    return columnsOfTable(layers.study.find(role))["line"]


def opacity(layers: Any, entry: int) -> float:
    color = [0.0] * 4
    layers.study.find("layers").GetDisplayNode().GetColorNode().GetColor(entry, color)
    return round(color[3], 2)


def test_the_mouse_over_a_kidney_tells_depth_layer_and_map_values_and_marks_the_depth_on_the_plot(layers: Any) -> None:
    layers.choose(layers.r2star, layers.t1)
    layers.apply()
    point = deep_point(layers, 6.0)
    layers.hover(point)
    text = layers.ui.cursorLabel.text
    assert text.startswith("Left kidney · ")
    assert " mm deep · " in text
    assert "R2* " in text
    assert text.endswith(" ms")
    marked = columnsOfTable(layers.study.find("cursor:R2*"))["depth"]
    assert abs(marked[0] - 6.0) < 1.0
    chart = layers.study.find("chart:R2*")
    assert chart.HasPlotSeriesNodeID(layers.study.find("series:R2* cursor").GetID())


def test_the_mark_goes_when_the_mouse_leaves_the_kidney_and_when_the_module_is_left(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    chart, point = layers.study.find("chart:R2*"), deep_point(layers, 6.0)
    layers.hover(point)
    mark = layers.study.find("series:R2* cursor").GetID()
    layers.hover(point + np.array([0, 0, 200]))
    assert layers.ui.cursorLabel.text == ""
    assert not chart.HasPlotSeriesNodeID(mark)
    layers.hover(point)
    assert chart.HasPlotSeriesNodeID(mark)
    layers.widget.exit()
    assert not chart.HasPlotSeriesNodeID(mark)


def test_a_click_on_a_layer_in_the_table_lets_it_stand_out_in_the_slices_and_a_second_click_ends_it(
    layers: Any,
) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    mouse.clickCell(layers.ui.profileTable, 3, 0)
    assert (opacity(layers, 4), opacity(layers, 3)) == (1.0, 0.15)
    display = layers.study.find("depth").GetDisplayNode()
    assert (display.GetLowerThreshold(), display.GetUpperThreshold()) == (3.0, 4.0)
    layers.host.wait(10)
    mouse.clickCell(layers.ui.profileTable, 3, 0)
    assert opacity(layers, 3) == 1.0
    assert display.GetLowerThreshold() < 0.01


def test_the_arrow_keys_walk_through_the_layers(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    mouse.clickCell(layers.ui.profileTable, 3, 0)
    mouse.press(layers.ui.profileTable, Qt.Key.Key_Down)
    assert (opacity(layers, 5), opacity(layers, 4)) == (1.0, 0.15)


def test_a_click_on_the_plot_highlights_the_layer_at_that_depth(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    view = layers.host.layoutManager.plotWidget(0).plotView()
    table = columnsOfTable(layers.study.find("plot table:R2*"))
    layers.host.wait(50)
    mouse.click(view, mouse.chartPosition(view, 6.4, table["left"][2]))
    layers.host.wait(50)
    assert opacity(layers, 7) == 1.0
    assert opacity(layers, 1) == 0.15
    assert layers.ui.profileTable.currentRow() == 6


def test_dragging_the_plot_highlights_nothing(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    view = layers.host.layoutManager.plotWidget(0).plotView()
    x, y = mouse.chartPosition(view, 6.4, 18.0)
    mouse.drag(view, (x, y), (x + 40, y))
    assert opacity(layers, 1) == 1.0


def test_dragging_the_range_changes_slope_line_and_table_at_once(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    slope, line = layers.table(layers.ui.gradientTable)[0][1], line_of(layers, "gradient line:R2*:left")
    depth = layers.study.find("depth").GetMTime()
    mouse.dragRangeHandle(layers.ui.gradientRange, "maximum", 9.0)
    assert 8.5 <= layers.parameters.gradientHigh <= 9.5
    high = columnsOfTable(layers.study.find("gradient:R2*"))["high_mm"][0]
    assert high == layers.parameters.gradientHigh
    assert layers.table(layers.ui.gradientTable)[0][1] != slope
    assert line_of(layers, "gradient line:R2*:left") != line
    assert layers.study.find("depth").GetImageData().GetMTime() < layers.study.find("gradient:R2*").GetMTime()
    assert depth > 0


def test_a_gradient_that_was_dragged_equals_one_computed_with_that_range(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    mouse.dragRangeHandle(layers.ui.gradientRange, "minimum", 3.0)
    dragged = columnsOfTable(layers.study.find("gradient:R2*"))
    layers.apply()
    assert columnsOfTable(layers.study.find("gradient:R2*")) == dragged


def test_statistic_sides_and_band_change_the_chart(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    chart = layers.study.find("chart:R2*")

    def series() -> list[str]:
        return [chart.GetNthPlotSeriesNode(n).GetName() for n in range(chart.GetNumberOfPlotSeriesNodes())]

    assert "R2* left 95 %" in series()
    mouse.click(layers.ui.showBandCheck)
    assert "R2* left 95 %" not in series()
    mouse.click(layers.ui.showRightCheck)
    assert "R2* right" not in series()
    mouse.choose(layers.ui.statisticBox, "Mean")
    assert chart.GetYAxisTitle() == "Mean R2* (Hz)"
    mean = columnsOfTable(layers.study.find("profile:R2*"))["mean"][0]
    assert layers.table(layers.ui.profileTable)[0][1] == number(mean, 4)
    assert [layers.ui.profileTable.horizontalHeaderItem(n).text() for n in range(3)] == ["Depth (mm)", "Left (Hz)", "n"]


def test_the_confidence_band_is_drawn_in_the_pale_colour_of_its_side(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    band, side = (layers.study.find(f"series:R2* left{end}") for end in (" 95 %", ""))
    assert band.GetLineStyle() == band.LineStyleSolid
    assert band.GetLineWidth() * band.GetOpacity() >= 2
    assert all(np.array(band.GetColor()) > side.GetColor())


def test_every_column_of_the_gradient_table_can_be_seen(layers: Any) -> None:
    layers.host.mainWindow.resize(1500, 1040)
    layers.choose(layers.r2star)
    layers.ui.inputsButton.collapsed = layers.ui.layersButton.collapsed = True
    layers.apply()
    layers.host.wait(50)
    layers.ui.inputsButton.collapsed = False
    layers.host.wait(50)
    table = layers.ui.gradientTable
    columns = sum(table.columnWidth(column) for column in range(table.columnCount))
    assert columns <= table.viewport().width()


def test_the_legend_names_the_sides_alone(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    layers.hover(deep_point(layers, 6.0))
    chart = layers.host.layoutManager.plotWidget(0).plotView().chart()
    plots = [chart.GetPlot(n) for n in range(chart.GetNumberOfPlots())]
    assert {plot.GetLabel() for plot in plots if plot.GetLegendVisibility()} == {"R2* left", "R2* right"}
    assert "R2* cursor" in {plot.GetLabel() for plot in plots}


@pytest.mark.parametrize(
    ("curve", "corner"),
    [([1, 2, 3, 4], (False, True)), ([4, 3, 2, 1], (True, True)), ([np.nan] * 4, (True, True))],
    ids=["rising", "falling", "nothing"],
)
def test_the_legend_keeps_off_the_curve(layers: Any, curve: list[float], corner: tuple[bool, bool]) -> None:
    from RenalLayersLib.Layout import emptiestCorner
    from RenalLayersLib.Tables import fillTable

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
    fillTable(node, {"depth": np.arange(4.0), "left": np.array(curve, float)}, {})
    assert emptiestCorner(node) == corner


def test_another_map_is_shown_when_it_is_chosen(layers: Any) -> None:
    layers.choose(layers.r2star, layers.t1)
    layers.apply()
    mouse.choose(layers.ui.shownMapBox, "T1")
    plot = layers.host.layoutManager.plotWidget(0).mrmlPlotViewNode()
    assert plot.GetPlotChartNodeID() == layers.study.find("chart:T1").GetID()
    assert layers.ui.gradientTable.horizontalHeaderItem(1).text() == "Slope, 95 % CI (ms/mm)"


def test_an_edit_of_the_mask_updates_everything_by_itself_when_auto_update_is_on(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    volume = layers.ui.volumesLabel.text
    profile = layers.table(layers.ui.profileTable)
    layers.bite()
    layers.rest()
    assert layers.ui.volumesLabel.text == volume
    mouse.click(layers.ui.autoUpdateCheck)
    layers.rest()
    assert layers.ui.volumesLabel.text != volume
    first = layers.ui.volumesLabel.text
    layers.bite("Right kidney")
    layers.rest()
    assert layers.ui.volumesLabel.text != first
    assert layers.table(layers.ui.profileTable) != profile


def test_auto_update_gives_the_numbers_of_a_fresh_run(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    mouse.click(layers.ui.autoUpdateCheck)
    layers.bite()
    layers.rest()
    live = columnsOfTable(layers.study.find("profile:R2*"))
    layers.logic.forget()
    mouse.click(layers.ui.autoUpdateCheck)
    layers.apply()
    np.testing.assert_equal(columnsOfTable(layers.study.find("profile:R2*")), live)


def test_several_strokes_in_a_row_end_in_one_result(layers: Any, monkeypatch: Any) -> None:
    layers.applyAndFollow(layers.r2star)
    shown = []
    show = layers.logic.show
    monkeypatch.setattr(layers.logic, "show", lambda *given: shown.append(1) or show(*given))
    for name in ("Left kidney", "Right kidney", "Left kidney"):
        layers.bite(name)
    layers.rest()
    assert len(shown) == 1


def test_overlay_opacity_and_models_follow_the_panel(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    composite = layers.host.layoutManager.sliceWidget("Red").sliceLogic().GetSliceCompositeNode()
    mouse.choose(layers.ui.overlayBox, "Depth")
    assert composite.GetForegroundVolumeID() == layers.study.find("depth").GetID()
    assert composite.GetLabelVolumeID() is None
    mouse.enterNumber(layers.ui.overlayOpacitySlider, 0.3)
    assert composite.GetForegroundOpacity() == 0.3
    mouse.choose(layers.ui.overlayBox, "Nothing")
    assert composite.GetForegroundVolumeID() is None
    mouse.click(layers.ui.showSurfaceCheck)
    assert not layers.study.find("surface").GetDisplayNode().GetVisibility()
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(layers.study.find("depth").GetDisplayNode())
    assert legend.GetLabelFormat() == "%.0f mm"
