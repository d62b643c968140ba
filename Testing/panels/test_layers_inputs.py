"""What is analysed is what a person chose: segments of the right segmentation, none come back, none go silently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import slicer
from Testing.host import mouse

from RenalLayersLib.Tables import columnsOfTable


def with_segments(layers: Any, name: str, *segments: str) -> Any:
    """Add a segmentation whose segments, called Segment_1, Segment_2 ..., hold those of the reference object."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(layers.image)
    for number, segment in enumerate(segments, start=1):
        identifier = node.GetSegmentation().AddEmptySegment(f"Segment_{number}", segment)
        array = slicer.util.arrayFromSegmentBinaryLabelmap(layers.segmentation, segment.replace(" ", "-"), layers.image)
        slicer.util.updateSegmentBinaryLabelmapFromArray(array, node, identifier, layers.image)
    return node


def chosen(layers: Any) -> list[str]:
    """Return what the boxes of left kidney, right kidney and pelvis show."""
    boxes = (layers.ui.leftSegmentBox, layers.ui.rightSegmentBox, layers.ui.pelvisSegmentBox)
    return [box.currentText for box in boxes]


def names(box: Any) -> list[str]:
    return [box.itemText(n) for n in range(box.count)]


def test_sides_are_chosen_anew_for_another_segmentation_whose_segments_have_the_same_ids(layers: Any) -> None:
    with_segments(layers, "A", "Left kidney", "Right kidney")
    with_segments(layers, "B", "Right kidney", "Left kidney")
    mouse.choose(layers.ui.segmentationSelector, "A")
    assert chosen(layers)[:2] == ["Left kidney", "Right kidney"]
    mouse.choose(layers.ui.segmentationSelector, "B")
    assert chosen(layers)[:2] == ["Left kidney", "Right kidney"]


def test_segments_of_an_empty_segmentation_are_not_those_of_the_one_before(layers: Any) -> None:
    with_segments(layers, "A", "Left kidney")
    empty = with_segments(layers, "B")
    mouse.choose(layers.ui.segmentationSelector, "A")
    mouse.choose(layers.ui.segmentationSelector, "B")
    empty.GetSegmentation().AddEmptySegment("Segment_1", "Right kidney")
    layers.host.wait(150)
    assert chosen(layers) == ["None", "None", "None"]
    layers.widget.exit()
    layers.widget.enter()
    assert chosen(layers) == ["None", "Right kidney", "None"]


def test_a_segment_that_was_set_to_none_does_not_come_back(layers: Any, tmp_path: Path) -> None:
    layers.choose(layers.r2star)
    mouse.choose(layers.ui.rightSegmentBox, "None")
    layers.parameters.pelvisSegment = ""
    wanted = ["Left kidney", "None", "None"]
    layers.widget.exit()
    layers.widget.enter()
    assert chosen(layers) == wanted
    assert slicer.util.saveScene(str(tmp_path / "study.mrb"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "study.mrb"))
    layers.host.wait(50)
    assert chosen(layers) == wanted
    layers.apply()
    assert columnsOfTable(layers.study.find("volumes"))["side"] == ["left", "total"]


def test_going_back_to_a_segmentation_gives_back_what_was_chosen_for_it(layers: Any) -> None:
    with_segments(layers, "B", "Right kidney", "Left kidney")
    layers.choose()
    mouse.choose(layers.ui.rightSegmentBox, "None")
    mouse.choose(layers.ui.segmentationSelector, "B")
    mouse.choose(layers.ui.segmentationSelector, layers.segmentation.GetName())
    assert chosen(layers) == ["Left kidney", "None", "Renal sinus"]


def test_what_a_script_chose_and_measured_stays_chosen_when_the_module_is_entered(layers: Any) -> None:
    layers.widget.exit()
    parameters = layers.parameters
    parameters.segmentation, parameters.rightSegment = layers.segmentation, "Right-kidney"
    layers.logic.run(parameters)
    layers.widget.enter()
    assert chosen(layers) == ["None", "Right kidney", "None"]


def test_segments_that_come_later_are_recognised_when_the_module_is_entered_again(layers: Any) -> None:
    with_segments(layers, "B", "Left kidney")
    mouse.choose(layers.ui.segmentationSelector, "B")
    layers.widget.exit()
    slicer.util.getNode("B").GetSegmentation().AddEmptySegment("Segment_2", "Right kidney")
    layers.widget.enter()
    assert chosen(layers) == ["Left kidney", "Right kidney", "None"]


def test_the_boxes_follow_segments_that_are_added_renamed_and_removed(layers: Any) -> None:
    layers.choose()
    segmentation = layers.segmentation.GetSegmentation()
    segmentation.AddEmptySegment("new", "Brand new")
    segmentation.GetSegment("Left-kidney").SetName("Kidney of the left")
    layers.host.wait(150)
    assert "Brand new" in names(layers.ui.cortexSegmentBox)
    assert layers.ui.leftSegmentBox.currentText == "Kidney of the left"
    segmentation.RemoveSegment("new")
    layers.host.wait(150)
    assert "Brand new" not in names(layers.ui.cortexSegmentBox)


@pytest.mark.parametrize(
    ("segment", "box", "part"),
    [("Left-kidney", "leftSegmentBox", "the left kidney"), ("Renal-sinus", "pelvisSegmentBox", "the renal pelvis")],
)
def test_a_chosen_segment_that_is_gone_is_refused_by_name(layers: Any, segment: str, box: str, part: str) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    before = layers.ui.volumesLabel.text
    layers.segmentation.GetSegmentation().RemoveSegment(segment)
    layers.host.wait(150)
    assert getattr(layers.ui, box).currentText == f"{segment} (gone)"
    assert not layers.ui.applyButton.enabled
    assert f"The segment '{segment}', chosen for {part}, is no longer there" in layers.ui.applyButton.toolTip
    layers.parameters.autoUpdate = True
    layers.rest()
    assert "is no longer there" in layers.ui.statusLabel.text
    assert layers.ui.volumesLabel.text == before
    mouse.choose(getattr(layers.ui, box), "None")
    layers.rest()
    assert layers.ui.applyButton.enabled


def test_the_layers_that_follow_corrections_say_that_a_segment_is_gone(layers: Any) -> None:
    from RenalSegmentationLib.LiveLayers import LiveLayers

    layers.choose(layers.r2star)
    layers.apply()
    before = columnsOfTable(layers.study.find("volumes"))
    layers.widget.exit()
    said: list[str] = []
    live = LiveLayers(lambda text, isError=False: said.append(text))
    live.follow(layers.segmentation)
    layers.segmentation.GetSegmentation().RemoveSegment("Left-kidney")
    layers.host.wait(150)
    layers.host.waitUntil(lambda: live.isResting, 20000)
    live.leave()
    assert "'Left-kidney'" in said[0]
    assert columnsOfTable(layers.study.find("volumes")) == before


def test_a_map_whose_volume_is_gone_is_refused_by_name_and_keeps_its_results(layers: Any) -> None:
    layers.choose(layers.r2star, layers.t1)
    layers.apply()
    layers.widget.exit()
    slicer.mrmlScene.RemoveNode(layers.t1)
    layers.widget.enter()
    assert layers.table(layers.ui.mapsTable)[1][0] == "(gone)"
    assert "The volume of the map 'T1' is gone" in layers.ui.applyButton.toolTip
    assert not layers.ui.applyButton.enabled
    assert layers.study.roles("profile:") == ["R2*", "T1"]
    layers.ui.mapsTable.item(1, 1).setText("")
    layers.host.wait(20)
    assert layers.table(layers.ui.mapsTable)[1][1] == "T1"
    layers.ui.mapsTable.setCurrentCell(1, 0)
    mouse.click(layers.ui.removeMapButton)
    layers.apply()
    assert layers.study.roles("profile:") == ["R2*"]


def test_maps_known_to_be_of_another_patient_leave_the_list_with_the_segmentation(layers: Any) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    other = with_segments(layers, "B", "Left kidney")
    layers.choose(layers.r2star, layers.t1)
    for name, nodes in (("Patient 1", (layers.r2star,)), ("Patient 2", (other,))):
        patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), name)
        for node in nodes:
            hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), patient)
    mouse.choose(layers.ui.segmentationSelector, "B")
    assert [row[1] for row in layers.table(layers.ui.mapsTable)] == ["T1"]
