"""Selectors of nodes, segments, colours and paths, and tables, take mouse and keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
import slicer.util
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QWidget
from Testing.host import mouse


@pytest.fixture
def volumes(host: Any) -> list[Any]:
    return [slicer.util.addVolumeFromArray(np.ones((2, 2, 2)), name=name) for name in ("T1", "T2")]


def selector(shown: Any, **properties: Any) -> Any:
    widget = slicer.qMRMLNodeComboBox()
    widget.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    for name, value in properties.items():
        setattr(widget, name, value)
    widget.setMRMLScene(slicer.mrmlScene)
    return shown(widget)


def test_a_node_is_chosen_by_mouse_and_by_keyboard(host: Any, shown: Any, volumes: list[Any]) -> None:
    widget = selector(shown, noneEnabled=True)
    told: list[Any] = []
    widget.connect("currentNodeChanged(vtkMRMLNode*)", told.append)
    assert widget.currentNode() is None
    mouse.choose(widget, "T2")
    assert widget.currentNode() is volumes[1]
    box = QWidget.findChild(widget, QComboBox)
    box.setFocus()
    mouse.type_(box, "T1")
    assert widget.currentNodeID == volumes[0].GetID()
    mouse.press(box, Qt.Key.Key_Down)
    assert told == [volumes[1], volumes[0], volumes[1]]


def test_a_selector_without_none_takes_the_first_node_and_another_when_that_goes(host: Any, shown: Any) -> None:
    widget = selector(shown)
    valid: list[bool] = []
    widget.connect("currentNodeChanged(bool)", valid.append)
    first = slicer.util.addVolumeFromArray(np.ones((2, 2, 2)), name="T1")
    second = slicer.util.addVolumeFromArray(np.ones((2, 2, 2)), name="T2")
    assert widget.currentNode() is first
    slicer.mrmlScene.RemoveNode(first)
    assert widget.currentNode() is second
    slicer.mrmlScene.Clear()
    assert widget.currentNode() is None
    assert valid == [True, True, False]


def test_a_selector_follows_names_attributes_and_hidden_nodes(host: Any, shown: Any, volumes: list[Any]) -> None:
    widget = selector(shown, noneEnabled=True)
    volumes[0].SetName("Renamed")
    box = QWidget.findChild(widget, QComboBox)
    assert QComboBox.findText(box, "Renamed") > 0
    volumes[1].SetAttribute("Map", "yes")
    widget.addAttribute("vtkMRMLScalarVolumeNode", "Map", "yes")
    assert widget.nodeCount() == 1
    assert widget.nodeFromIndex(0) is volumes[1]
    widget.removeAttribute("vtkMRMLScalarVolumeNode", "Map")
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "mask")
    assert widget.nodeCount() == 3
    widget.showChildNodeTypes = False
    assert widget.nodeCount() == 2
    labels.SetHideFromEditors(True)
    widget.showChildNodeTypes = True
    assert widget.nodeCount() == 2


def test_a_node_is_made_renamed_and_deleted_from_the_list(host: Any, shown: Any) -> None:
    widget = selector(
        shown, noneEnabled=True, addEnabled=True, removeEnabled=True, renameEnabled=True, baseName="Depth"
    )
    made: list[Any] = []
    widget.connect("nodeAddedByUserAction(vtkMRMLNode*)", made.append)
    mouse.choose(widget, "Create new Volume")
    assert made[0].GetName().startswith("Depth")
    assert widget.currentNode() is made[0]
    host.dialogs.answerWith("Depth of left kidney")
    mouse.choose(widget, "Rename current Volume")
    assert made[0].GetName() == "Depth of left kidney"
    mouse.choose(widget, "Delete current Volume")
    assert slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") == []


def test_a_node_asked_for_before_the_scene_is_set_is_chosen_with_it(host: Any, volumes: list[Any]) -> None:
    widget = slicer.qMRMLNodeComboBox()
    widget.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    widget.setCurrentNode(volumes[1])
    assert not widget.enabled
    widget.setMRMLScene(slicer.mrmlScene)
    assert widget.currentNode() is volumes[1]
    assert widget.enabled


def test_nodes_are_checked_by_mouse(shown: Any, volumes: list[Any]) -> None:
    widget = slicer.qMRMLCheckableNodeComboBox()
    widget.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    widget.setMRMLScene(slicer.mrmlScene)
    told: list[int] = []
    widget.connect("checkedNodesChanged()", lambda: told.append(len(widget.checkedNodes())))
    shown(widget)
    mouse.choose(widget, "T2")
    assert widget.checkedNodes() == (volumes[1],)
    assert widget.uncheckedNodes() == (volumes[0],)
    mouse.choose(widget, "T1")
    assert widget.allChecked()
    mouse.choose(widget, "T2")
    assert widget.checkedNodes() == (volumes[0],)
    slicer.mrmlScene.RemoveNode(volumes[0])
    assert widget.noneChecked()
    assert told == [1, 2, 1, 0]


def test_a_segment_is_chosen_and_changes_are_followed(shown: Any) -> None:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Kidneys")
    for name in ("left kidney", "right kidney"):
        node.GetSegmentation().AddEmptySegment(name.split()[0], name)
    widget = slicer.qMRMLSegmentSelectorWidget()
    widget.noneEnabled = True
    widget.setMRMLScene(slicer.mrmlScene)
    told: list[str] = []
    widget.connect("currentSegmentChanged(QString)", told.append)
    widget.setCurrentNode(node)
    shown(widget)
    assert widget.currentSegmentID() == "left"
    boxes = [box for box in QWidget.findChildren(widget, QComboBox) if box.isVisible()]
    mouse.choose(boxes[1], "right kidney")
    assert widget.currentSegmentID() == "right"
    mouse.choose(boxes[1], "None")
    assert told == ["left", "right", ""]
    node.GetSegmentation().RemoveSegment("left")
    assert widget.currentSegmentID() == "right"
    with pytest.raises(AttributeError):
        widget.nodeTypes = ["vtkMRMLSegmentationNode"]


def test_many_segments_can_be_chosen(shown: Any) -> None:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Kidneys")
    for name in ("left", "right", "cyst"):
        node.GetSegmentation().AddEmptySegment(name, name)
    widget = slicer.qMRMLSegmentSelectorWidget()
    widget.multiSelection = True
    widget.setMRMLScene(slicer.mrmlScene)
    widget.setCurrentNode(node)
    told: list[Any] = []
    widget.connect("segmentSelectionChanged(QStringList)", told.append)
    shown(widget)
    box = [b for b in QWidget.findChildren(widget, QComboBox) if b.isVisible()][1]
    mouse.choose(box, "left")
    mouse.choose(box, "cyst")
    assert widget.selectedSegmentIDs() == ("left", "cyst")
    assert list(told[-1]) == ["left", "cyst"]


def test_a_table_shows_names_and_cells_and_copies_them(shown: Any) -> None:
    import qt

    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "Profile")
    slicer.util.updateTableFromArray(table, [np.array([0.5, 1.5]), np.array([20.0, 22.0])], ["depth", "mean"])
    view = slicer.qMRMLTableView()
    view.setMRMLScene(slicer.mrmlScene)
    view.setMRMLTableNode(table)
    shown(view, 300, 200)
    assert view.model().index(0, 0).data() == "depth"
    table.SetUseColumnTitleAsColumnHeader(True)
    assert view.model().headerData(1, Qt.Orientation.Horizontal) == "mean"
    assert view.model().index(1, 1).data() == "22.0" or view.model().index(1, 1).data() == "22"
    told: list[int] = []
    view.connect("selectionChanged()", lambda: told.append(1))
    mouse.clickCell(view, 1, 0)
    assert told
    mouse.press(view, Qt.Key.Key_C, modifiers=Qt.KeyboardModifier.ControlModifier)
    assert qt.QApplication.clipboard().text() == "1.5"


def test_a_colour_table_is_chosen_with_a_strip_of_its_colours(shown: Any) -> None:
    widget = slicer.qMRMLColorTableComboBox()
    widget.setMRMLScene(slicer.mrmlScene)
    shown(widget)
    mouse.choose(widget, "Grey")
    assert widget.currentNode().GetName() == "Grey"
    with pytest.raises(LookupError):
        mouse.choose(widget, "Not a table")


def test_paths_folders_and_colours_are_asked_for(host: Any, shown: Any, tmp_path: Path) -> None:
    import ctk
    import qt

    file, folder, color = ctk.ctkPathLineEdit(), ctk.ctkDirectoryButton(), ctk.ctkColorPickerButton()
    file.filters = ctk.ctkPathLineEdit.Files
    target = tmp_path / "a.csv"
    target.write_text("x")
    told: list[str] = []
    file.connect("currentPathChanged(QString)", told.append)
    host.dialogs.answerWith(str(target), str(tmp_path), qt.QColor(212, 126, 151))
    file.browse()
    mouse.click(QWidget.findChild(shown(folder), QWidget))
    mouse.click(shown(color))
    assert told == [str(target)]
    assert folder.directory == str(tmp_path)
    assert (color.color.red(), color.colorName) == (212, "#d47e97")
