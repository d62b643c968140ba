"""From choosing inputs to results in the scene, by mouse and keyboard."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import slicer
from PySide6.QtCore import Qt
from Testing.host import mouse
from Testing.panels.layers_panel import LayersPanel, endless


def test_nothing_can_be_applied_before_a_segmentation_is_chosen(host: Any) -> None:
    panel = LayersPanel(host)
    assert not panel.ui.applyButton.enabled
    assert "Choose a segmentation" in panel.ui.applyButton.toolTip
    mouse.click(panel.ui.applyButton)
    assert panel.study is None


def test_segments_are_recognised_when_the_segmentation_is_chosen(layers: Any) -> None:
    layers.choose()
    chosen = [box.currentText for box in (layers.ui.leftSegmentBox, layers.ui.rightSegmentBox)]
    assert chosen == ["Left kidney", "Right kidney"]
    assert layers.parameters.pelvisSegment == "Renal-sinus"
    assert (layers.parameters.cortexSegment, layers.parameters.medullaSegment) == ("Cortex", "Medulla")
    assert layers.ui.applyButton.enabled


def test_maps_are_added_with_the_unit_that_they_carry_and_can_be_renamed(layers: Any) -> None:
    layers.choose(layers.r2star, layers.t1)
    assert layers.table(layers.ui.mapsTable) == [["R2*", "R2*", "Hz"], ["T1", "T1", "ms"]]
    layers.ui.mapsTable.item(1, 1).setText("T1 (MOLLI)")
    layers.ui.mapsTable.item(1, 2).setText("s")
    assert list(layers.parameters.mapNames) == ["R2*", "T1 (MOLLI)"]
    assert list(layers.parameters.mapUnits) == ["Hz", "s"]
    layers.ui.mapsTable.selectRow(0)
    mouse.click(layers.ui.removeMapButton)
    assert list(layers.parameters.mapNames) == ["T1 (MOLLI)"]


def test_apply_gives_depth_layers_models_tables_and_a_chart_per_map_in_one_folder(layers: Any) -> None:
    layers.choose(layers.r2star, layers.t1)
    layers.apply()
    assert layers.ui.statusLabel.text.startswith("Done")
    study = layers.study
    roles = ("depth", "layers", "surface", "depth shells", "profile:R2*", "gradient:T1", "chart:R2*", "chart:T1")
    assert [role for role in roles if study.find(role) is None] == []
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    assert hierarchy.GetItemName(study.folderItem) == "Reference object kidneys: renal layers"
    folders = [hierarchy.GetItemParent(hierarchy.GetItemByDataNode(study.find(role))) for role in roles]
    assert set(folders) == {study.folderItem}
    assert study.find("depth").GetVoxelValueUnits().GetCodeValue() == "mm"
    assert study.find("gradient:R2*").GetColumnUnitLabel("slope") == "Hz/mm"


def test_the_first_results_fill_the_3d_view_seen_from_in_front(layers: Any) -> None:
    layers.choose()
    layers.apply()
    view = slicer.app.layoutManager().threeDWidget(0).threeDView()
    bounds = np.array(layers.study.find("surface").GetPolyData().GetBounds()).reshape(3, 2)
    camera = view.cameraNode()
    np.testing.assert_allclose(camera.GetFocalPoint(), bounds.mean(1), atol=1)
    away = np.array(camera.GetPosition()) - camera.GetFocalPoint()
    assert away[1] > 0.99 * np.linalg.norm(away)
    assert np.linalg.norm(away) < 5 * np.linalg.norm(bounds[:, 1] - bounds[:, 0])
    assert view.mrmlViewNode().GetBoxVisible()


def test_apply_shows_slices_and_plot_side_by_side_with_the_layers_over_the_image(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    manager = layers.host.layoutManager
    composite = manager.sliceWidget("Green").sliceLogic().GetSliceCompositeNode()
    assert composite.GetLabelVolumeID() == layers.study.find("layers").GetID()
    assert composite.GetBackgroundVolumeID() == layers.image.GetID()
    assert manager.plotWidget(0).mrmlPlotViewNode().GetPlotChartNodeID() == layers.study.find("chart:R2*").GetID()


def test_apply_again_updates_every_node_and_adds_none(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    before = {slicer.mrmlScene.GetNthNode(n).GetID() for n in range(slicer.mrmlScene.GetNumberOfNodes())}
    rows = len(layers.table(layers.ui.profileTable))
    mouse.enterNumber(layers.ui.layerThicknessSlider, 2)
    layers.apply()
    after = {slicer.mrmlScene.GetNthNode(n).GetID() for n in range(slicer.mrmlScene.GetNumberOfNodes())}
    assert after == before
    assert len(layers.table(layers.ui.profileTable)) == (rows + 1) // 2
    assert layers.table(layers.ui.profileTable)[0][0] == "0-2"


def test_one_segment_that_holds_both_kidneys_is_split_by_its_position(layers: Any) -> None:
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    segmentation = layers.segmentation.GetSegmentation()
    both = slicer.vtkOrientedImageData()
    layers.segmentation.GetBinaryLabelmapRepresentation("Left-kidney", both)
    logic.SetBinaryLabelmapToSegment(both, layers.segmentation, "Right-kidney", logic.MODE_MERGE_MAX)
    for identifier in ("Left-kidney", "Cortex", "Medulla", "Renal-sinus"):
        segmentation.RemoveSegment(identifier)
    segmentation.GetSegment("Right-kidney").SetName("kidneys")
    segmentation.GetSegment("Right-kidney").SetTerminology("")
    layers.choose(layers.r2star)
    assert layers.ui.leftSegmentBox.currentText == layers.ui.rightSegmentBox.currentText == "kidneys"
    layers.apply()
    assert {row[0] for row in layers.table(layers.ui.gradientTable)} == {"Left", "Right", "Both"}


def test_the_keyboard_alone_is_enough(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.ui.applyButton.setFocus()
    mouse.press(layers.ui.applyButton, Qt.Key.Key_Space)
    layers.rest()
    assert layers.study is not None


def test_cancel_leaves_the_results_of_the_run_before(layers: Any, monkeypatch: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    depth = slicer.util.arrayFromVolume(layers.study.find("depth")).copy()
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    layers.bite()
    monkeypatch.setattr(layers.logic, "compute", endless)
    mouse.click(layers.ui.applyButton)
    assert layers.ui.applyButton.text == "Cancel"
    mouse.click(layers.ui.applyButton)
    layers.rest()
    assert layers.ui.statusLabel.text == "Cancelled; the results are those of the run before."
    assert layers.ui.applyButton.text == "Apply"
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(layers.study.find("depth")), depth)


def test_a_long_run_tells_its_step_and_the_time_left_and_leaves_the_panel_alive(layers: Any, monkeypatch: Any) -> None:
    seen = threading.Event()

    def slow(job: Any, progress: Any) -> Any:
        for n in range(1, 200):
            progress("depth", n / 200)
            time.sleep(0.01)
            if seen.is_set():
                break
        return layers.logic.__class__.compute(layers.logic, job, progress)

    layers.choose(layers.r2star)
    monkeypatch.setattr(layers.logic, "compute", slow)
    mouse.click(layers.ui.applyButton)
    layers.host.waitUntil(lambda: layers.ui.progressBar.visible, 10000)
    assert layers.ui.statusLabel.text.startswith("Measuring depth, ")
    assert layers.ui.statusLabel.text.endswith(" s left")
    assert 0 < layers.ui.progressBar.value < 100
    mouse.click(layers.ui.showBothCheck)
    assert layers.parameters.showBoth
    seen.set()
    layers.rest()
    assert not layers.ui.progressBar.visible


def test_undo_display_gives_back_how_the_views_looked(layers: Any) -> None:
    manager = layers.host.layoutManager
    before = manager.layout
    layers.choose(layers.r2star)
    layers.apply()
    assert manager.layout != before
    assert not layers.segmentation.GetDisplayNode().GetVisibility2DFill()
    mouse.click(layers.ui.undoDisplayButton)
    assert manager.layout == before
    assert layers.segmentation.GetDisplayNode().GetVisibility2DFill()
    assert manager.sliceWidget("Red").sliceLogic().GetSliceCompositeNode().GetLabelVolumeID() is None
    assert not layers.ui.undoDisplayButton.enabled


def test_warnings_of_the_analysis_stand_below_the_button(layers: Any) -> None:
    def cut(array: np.ndarray) -> None:
        slices = np.flatnonzero(array.any(axis=(1, 2)))
        array[: slices[0] + 1] = array[slices[0] + 1]

    layers.edit("Left kidney", cut)
    layers.choose(layers.r2star)
    layers.apply()
    assert "touches the border of the image" in layers.ui.warningsLabel.text
