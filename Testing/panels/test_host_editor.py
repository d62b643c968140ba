"""Segments are edited in the host by mouse, through Slicer's own segment editor logic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import slicer
import slicer.util
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QTableWidget, QToolButton, QWidget
from Testing.host import mouse
from Testing.host.observers import countObservers


@pytest.fixture
def segmentation(host: Any) -> Any:
    """Make two segments: a cube with a speck beside it, and an empty one."""
    host.mainWindow.resize(1100, 800)
    host.mainWindow.show()
    host.wait(20)
    volume = slicer.util.addVolumeFromArray(np.zeros((20, 30, 30), np.float32), np.diag([-2.0, -2.0, 2.0, 1.0]), "T2w")
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Kidneys")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    mask = np.zeros((20, 30, 30), np.uint8)
    mask[5:15, 8:18, 8:18] = 1
    mask[2, 25, 25] = 1
    for name in ("left", "right"):
        node.GetSegmentation().AddEmptySegment(name, f"{name} kidney")
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, "left", volume)
    return node


@pytest.fixture
def editor(host: Any, segmentation: Any, shown: Any) -> Any:
    widget = slicer.qMRMLSegmentEditorWidget()
    widget.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    widget.setMRMLScene(slicer.mrmlScene)
    widget.maximumNumberOfUndoStates = 10
    widget.setSegmentationNode(segmentation)
    widget.setSourceVolumeNode(slicer.util.getNode("T2w"))
    widget.setupViewObservations()
    yield shown(widget, 420, 600)
    widget.setMRMLScene(None)


def voxels(node: Any, segment: str = "left") -> int:
    return int(slicer.util.arrayFromSegmentBinaryLabelmap(node, segment, slicer.util.getNode("T2w")).sum())


def button(editor: Any, text: str) -> Any:
    return next(found for found in QWidget.findChildren(editor, QPushButton) if found.property("text") == text)


def stroke(*places: tuple[float, float]) -> None:
    """Drag in the red slice, along places given in millimetres."""
    widget = slicer.app.layoutManager().sliceWidget("Red")
    offset = widget.sliceLogic().GetSliceOffset()
    points = [mouse.slicePosition(widget, (x, y, offset)) for x, y in places]
    mouse.drag(widget.sliceView(), points[0], points[-1], steps=12)


def test_the_editor_shows_its_nodes_and_selects_the_first_segment(editor: Any, segmentation: Any) -> None:
    assert editor.segmentationNode() is segmentation
    assert editor.sourceVolumeNode().GetName() == "T2w"
    assert editor.currentSegmentID() == "left"
    assert editor.activeEffect() is None
    assert set(editor.availableEffectNames()) == {"Paint", "Erase", "Scissors", "Islands", "Smoothing"}
    with pytest.raises(NotImplementedError, match="Threshold"):
        editor.setActiveEffectByName("Threshold")


def test_painting_and_erasing_by_mouse_change_voxels_and_can_be_undone(editor: Any, segmentation: Any) -> None:
    before = voxels(segmentation)
    mouse.click(QWidget.findChild(editor, QToolButton, "Paint"))
    assert editor.activeEffect().name == "Paint"
    editor.activeEffect().setCommonParameter("BrushAbsoluteDiameter", 8)
    stroke((-44, -44), (-50, -50))
    painted = voxels(segmentation)
    assert painted > before
    editor.setActiveEffectByName("Erase")
    editor.activeEffect().setCommonParameter("BrushSphere", 1)
    stroke((-24, -24), (-28, -28))
    assert voxels(segmentation) < painted
    mouse.click(button(editor, "Undo"))
    assert voxels(segmentation) == painted
    mouse.click(button(editor, "Undo"))
    assert voxels(segmentation) == before
    editor.redo()
    assert voxels(segmentation) == painted


def test_the_mouse_is_slicers_again_without_an_effect(editor: Any, segmentation: Any) -> None:
    before = voxels(segmentation)
    stroke((-44, -44), (-50, -50))
    editor.setActiveEffectByName("Paint")
    editor.removeViewObservations()
    stroke((-44, -44), (-50, -50))
    assert voxels(segmentation) == before


def test_scissors_cut_through_all_slices(editor: Any, segmentation: Any) -> None:
    editor.setActiveEffectByName("Scissors")
    editor.activeEffect().setParameter("Operation", "EraseInside")
    slice_ = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    corners = [(-15, -15, 0), (-15, -26, 0), (-40, -26, 0), (-40, -15, 0)]
    editor.activeEffect().strokeInSlice(corners, slice_)
    left = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, "left", slicer.util.getNode("T2w"))
    assert left[5:15, 8:13, 8:18].sum() == 0
    assert left[5:15, 14:18, 8:18].all()


def test_the_largest_island_is_kept(editor: Any, segmentation: Any) -> None:
    editor.setActiveEffectByName("Islands")
    editor.activeEffect().setParameter("Operation", "KEEP_LARGEST_ISLAND")
    mouse.click(button(editor, "Apply"))
    assert voxels(segmentation) == 1000


def test_smoothing_removes_a_speck(editor: Any, segmentation: Any) -> None:
    effect = editor.effectByName("Smoothing")
    effect.setParameter("SmoothingMethod", "MEDIAN")
    effect.setParameter("KernelSizeMm", 6)
    effect.self().onApply()
    assert 800 < voxels(segmentation) < 1001


def test_segments_are_added_chosen_and_removed(editor: Any, segmentation: Any) -> None:
    table = QWidget.findChild(editor, QTableWidget)
    mouse.clickCell(table, 1, 3)
    assert editor.currentSegmentID() == "right"
    mouse.click(button(editor, "Add"))
    assert segmentation.GetSegmentation().GetNumberOfSegments() == 3
    assert editor.currentSegmentID() not in ("left", "right")
    mouse.click(button(editor, "Remove"))
    assert segmentation.GetSegmentation().GetNumberOfSegments() == 2


def test_an_editor_that_is_let_go_leaves_no_observer(host: Any, segmentation: Any) -> None:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode")
    views = [slicer.app.layoutManager().sliceWidget(n).sliceView().interactor() for n in ("Red", "Green")]
    before = countObservers(slicer.mrmlScene, *views)
    widget = slicer.qMRMLSegmentEditorWidget()
    widget.setMRMLScene(slicer.mrmlScene)
    widget.setMRMLSegmentEditorNode(node)
    widget.setSegmentationNode(segmentation)
    widget.setupViewObservations()
    assert countObservers(slicer.mrmlScene, *views) != before
    widget.setMRMLScene(None)
    assert countObservers(slicer.mrmlScene, *views) == before


def test_the_table_renames_hides_and_selects_segments(host: Any, segmentation: Any, shown: Any) -> None:
    view = slicer.qMRMLSegmentsTableView()
    view.setMRMLScene(slicer.mrmlScene)
    view.setSegmentationNode(segmentation)
    told: list[Any] = []
    view.connect("selectionChanged(QItemSelection,QItemSelection)", lambda *_: told.append(view.selectedSegmentIDs()))
    shown(view, 400, 200)
    table = view.tableWidget()
    mouse.clickCell(table, 1, 3)
    assert told[-1] == ("right",)
    table.item(0, 3).setText("linke Niere")
    assert segmentation.GetSegmentation().GetSegment("left").GetName() == "linke Niere"
    table.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    assert not segmentation.GetDisplayNode().GetSegmentVisibility("left")
    view.textFilter = "right"
    assert view.displayedSegmentIDs() == ("right",)
    assert view.segmentCount == 1


def test_the_surface_is_made_and_removed_by_its_button(host: Any, segmentation: Any, shown: Any) -> None:
    button = slicer.qMRMLSegmentationShow3DButton()
    button.setSegmentationNode(segmentation)
    mouse.click(shown(button))
    assert segmentation.GetSegmentation().ContainsRepresentation("Closed surface")
    mouse.click(button)
    assert not segmentation.GetSegmentation().ContainsRepresentation("Closed surface")
