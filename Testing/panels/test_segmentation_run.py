"""From choosing an image to a finished segmentation, and everything that can go wrong on the way."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
import vtk
from PySide6.QtCore import Qt
from Testing.core.shapes import turned
from Testing.host import mouse
from Testing.panels.segmentation_panel import SMALL, isAlive

from renal_layers.phantom import PhantomSettings
from renal_segmentation.files import write_image


@pytest.fixture
def network(monkeypatch: Any) -> Any:
    """Give a function that says what the stand-in of the network does beside."""

    def behave(kind: str) -> None:
        monkeypatch.setenv("RENAL_FAKE", kind)

    return behave


def leftovers() -> list[str]:
    """Return the temporary folders of runs, and the segmentations in the scene."""
    folders = [path.name for path in Path(slicer.app.temporaryPath).glob("renal-*")]
    return folders + [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode")]


def start(segmentation: Any) -> int:
    """Choose the image, press Apply, wait until the network is at work, and return its process ID."""
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    mouse.click(segmentation.ui.applyButton)
    segmentation.host.waitUntil(lambda: "outlining" in segmentation.status, 30000)
    # Standard output and standard error are read side by side.
    segmentation.host.waitUntil(lambda: "fake network" in segmentation.ui.logText.plainText, 30000)
    return int(segmentation.panel.process.identifier)


def test_nothing_can_be_applied_before_an_image_is_chosen(host: Any) -> None:
    from Testing.panels.segmentation_panel import SegmentationPanel

    panel = SegmentationPanel(host)
    assert not panel.ui.applyButton.enabled
    assert panel.ui.applyButton.toolTip == "Choose the image that shows the kidneys."


def test_apply_gives_left_and_right_kidney_with_codes_colours_and_the_geometry_of_the_image(segmentation: Any) -> None:
    node = segmentation.outline()
    assert segmentation.status.startswith("Done in ")
    assert "made by a stand-in" in segmentation.ui.warningsLabel.text
    kidneys = {}
    for identifier, code in (("Left-kidney", "7771000"), ("Right-kidney", "24028007")):
        segment = node.GetSegmentation().GetSegment(identifier)
        assert f"SCT^64033007^Kidney~SCT^{code}^" in segment.GetTerminology()
        np.testing.assert_allclose(np.array(segment.GetColor()) * 255, (212, 126, 151), atol=0.5)
        kidneys[identifier] = segment.GetName()
    assert kidneys == {"Left-kidney": "Left kidney", "Right-kidney": "Right kidney"}
    assert node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()) is segmentation.image
    truth = segmentation.subject.mask.array
    for side in (1, 2):
        found = segmentation.sides() == side
        assert 2 * (found & (truth == side)).sum() / (found.sum() + (truth == side).sum()) > 0.9
    assert leftovers() == ["T2w kidneys", "T2w kidneys, as outlined by the network"]


def test_the_result_lies_beside_the_image_in_the_subject_hierarchy(segmentation: Any) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study 1")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(segmentation.image), study)
    node = segmentation.outline()
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study


def test_the_untouched_outline_of_the_network_is_kept_hidden_and_shown_as_a_contour(segmentation: Any) -> None:
    node = segmentation.outline()
    copy = node.GetNodeReference("Renal.AI")
    display = copy.GetDisplayNode()
    assert not display.GetVisibility()
    before = segmentation.sides().copy()
    segmentation.paint(lambda array: array.__setitem__(slice(None), 0))
    np.testing.assert_array_equal(segmentation.sides(copy), before)
    mouse.click(segmentation.ui.showAiCheck)
    assert (display.GetVisibility(), display.GetVisibility2DFill(), display.GetVisibility2DOutline()) == (1, 0, 1)
    mouse.click(segmentation.ui.showAiCheck)
    assert not display.GetVisibility()


def test_volumes_are_listed_in_ml_and_for_the_size_of_the_body(segmentation: Any) -> None:
    segmentation.outline()
    voxel = 3.0 * 3.0 * 5.5 / 1000
    left, right = (float((segmentation.sides() == side).sum() * voxel) for side in (1, 2))
    rows = segmentation.table(segmentation.ui.volumesTable)
    assert [row[:2] for row in rows] == [
        ["Total kidney volume", f"{left + right:.1f}"],
        ["Left kidney", f"{left:.1f}"],
        ["Right kidney", f"{right:.1f}"],
    ]
    assert segmentation.ui.volumesTable.isColumnHidden(2)
    mouse.enterNumber(segmentation.ui.heightSpin, 180)
    mouse.enterNumber(segmentation.ui.weightSpin, 80)
    assert segmentation.ui.bodyLabel.text == "Body surface 2.00 m² (Mosteller)"
    assert segmentation.table(segmentation.ui.volumesTable)[0][2] == f"{(left + right) * 1.73 / 2:.1f}"
    mouse.enterNumber(segmentation.ui.heightSpin, 1.8)
    assert "check height and weight" in segmentation.ui.bodyLabel.text


def test_every_structure_of_a_model_becomes_a_segment_and_the_kidneys_hold_their_parts(
    segmentation: Any, network: Any, tmp_path: Path
) -> None:
    from RenalSegmentationLib.Labels import kidneySegments

    subject = segmentation.subject
    kidney, tissue, sinus = (part.array for part in (subject.mask, subject.tissue, subject.sinus))
    labels = np.where(tissue == 1, 10 + kidney, np.where(tissue == 2, 12 + kidney, kidney)).astype(np.uint8)
    x = subject.mask.grid.to_ras(np.indices(kidney.shape).reshape(3, -1).T)[:, 0].reshape(kidney.shape)
    labels[(sinus > 0) & (kidney == 0)] = 0
    labels[(sinus > 0) & (kidney == 0) & (x < 0)] = 5
    labels[(sinus > 0) & (kidney == 0) & (x >= 0)] = 6
    labels[:3, :3, :3], labels[-3:, :3, :3] = 3, 4
    write_image(tmp_path / "mask.nii.gz", labels, subject.mask.grid, "kidneys")
    network(f"mask:{tmp_path / 'mask.nii.gz'}")
    node = segmentation.outline()
    found = node.GetSegmentation()
    names = [found.GetNthSegment(n).GetName() for n in range(found.GetNumberOfSegments())]
    assert names == ["Left kidney", "Right kidney", "Left cyst", "Right cyst", "Renal sinus", "Cortex", "Medulla"]
    assert list(kidneySegments(node).values()) == ["Left-kidney", "Right-kidney"]
    np.testing.assert_array_equal(segmentation.sides(), kidney)
    assert "SCT^367643001^Cyst" in found.GetSegment("Left-cyst").GetTerminology()
    from RenalSegmentationLib.CaseNodes import labelsToSave

    np.testing.assert_array_equal(labelsToSave(node), labels)


def test_the_keyboard_alone_is_enough(segmentation: Any) -> None:
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    segmentation.ui.applyButton.setFocus()
    mouse.press(segmentation.ui.applyButton, Qt.Key.Key_Space)
    segmentation.rest()
    assert segmentation.segmentation is not None


def test_a_run_tells_its_step_and_the_time_left_and_leaves_the_panel_alive(segmentation: Any, network: Any) -> None:
    network("hang")
    start(segmentation)
    assert segmentation.status == "outlining, 40%, about 12 s left"
    assert segmentation.ui.progressBar.visible
    assert segmentation.ui.progressBar.value == 40
    assert "fake network on auto, normal memory" in segmentation.ui.logText.plainText
    mouse.click(segmentation.ui.lowMemoryCheck)
    assert segmentation.parameters.lowMemory
    mouse.click(segmentation.ui.applyButton)
    segmentation.rest()


def test_cancel_ends_the_whole_process_tree_and_leaves_no_half_made_node(segmentation: Any, network: Any) -> None:
    network("children")
    program = start(segmentation)
    segmentation.host.waitUntil(lambda: "child" in segmentation.ui.logText.plainText, 30000)
    child = int(re.search(r"child (\d+)", segmentation.ui.logText.plainText)[1])
    assert isAlive(program)
    assert isAlive(child)
    assert segmentation.ui.applyButton.text == "Cancel"
    mouse.click(segmentation.ui.applyButton)
    segmentation.rest()
    assert not isAlive(program)
    assert not isAlive(child)
    assert segmentation.status == "Cancelled; nothing was changed."
    assert segmentation.ui.applyButton.text == "Apply"
    assert segmentation.ui.applyButton.enabled
    assert not segmentation.ui.progressBar.visible
    assert leftovers() == []


def test_cancel_keeps_the_result_of_the_run_before(segmentation: Any, network: Any) -> None:
    segmentation.outline()
    before = segmentation.sides().copy()
    network("hang")
    start(segmentation)
    mouse.click(segmentation.ui.applyButton)
    segmentation.rest()
    np.testing.assert_array_equal(segmentation.sides(), before)


def test_a_network_that_is_killed_from_outside_is_told_and_can_be_tried_with_less_memory(
    segmentation: Any, network: Any
) -> None:
    network("hang")
    os.kill(start(segmentation), signal.SIGKILL)
    segmentation.rest()
    assert segmentation.error.startswith("The network was ended from outside, as a computer does when its memory is")
    assert segmentation.ui.applyButton.text == "Apply"
    assert leftovers() == []
    network("")
    assert segmentation.ui.remedyButton.text == "Try again with less memory"
    mouse.click(segmentation.ui.remedyButton)
    segmentation.rest()
    assert segmentation.parameters.lowMemory
    assert "low memory" in segmentation.ui.logText.plainText
    assert segmentation.segmentation is not None
    assert not segmentation.ui.remedyButton.visible


@pytest.mark.parametrize(("text", "sentence", "remedy"), [
    ("torch.cuda.OutOfMemoryError: CUDA out of memory.", "The memory does not suffice", "Try again with less memory"),
    ("ModuleNotFoundError: No module named 'torch'", "A Python package of the network is missing",
     "Install what is missing"),
    ("renal-segmentation: The SHA-256 checksum of model.pt is wrong: import it again.",
     "The weights of the model cannot be used", "Import the model from a file"),
    ("urllib.error.URLError: <urlopen error [Errno -2] Name or service not known>",
     "The weights of the model cannot be used", "Import the model from a file"),
    ("renal-segmentation: image.nii.gz shows no abdomen: choose another.", "The network failed: image.nii.gz shows",
     None),
])  # fmt: skip
def test_a_failure_shows_its_last_lines_and_a_remedy(
    segmentation: Any, network: Any, text: str, sentence: str, remedy: str | None
) -> None:
    network(f"fail:{text}")
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    segmentation.apply()
    assert segmentation.error.startswith(sentence)
    assert text.removeprefix("renal-segmentation: ") in segmentation.error
    assert segmentation.ui.remedyButton.visible == (remedy is not None)
    assert remedy is None or segmentation.ui.remedyButton.text == remedy
    assert text in segmentation.ui.logText.plainText
    assert not segmentation.ui.logGroup.collapsed
    assert leftovers() == []


def test_an_image_without_kidneys_gives_a_sentence_with_the_notices_of_the_network_and_no_node(
    segmentation: Any, network: Any
) -> None:
    network("empty")
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    segmentation.apply()
    assert segmentation.error.startswith("The network found no kidney in 'T2w'")
    assert "made by a stand-in" in segmentation.ui.warningsLabel.text
    assert segmentation.ui.warningsLabel.visible
    assert leftovers() == []
    network("fail:renal-segmentation: no")
    segmentation.apply()
    assert not segmentation.ui.warningsLabel.visible


def test_a_program_that_cannot_be_started_is_named(segmentation: Any) -> None:
    segmentation.logic.predictor = ("/nowhere/PythonSlicer",)
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    segmentation.apply()
    assert "could not be started (/nowhere/PythonSlicer: No such file" in segmentation.error
    assert leftovers() == []


@pytest.mark.parametrize(("chosen", "policy"), [("", "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_of_the_network_sleep_beside_a_busy_slicer_unless_the_user_has_chosen_otherwise(
    segmentation: Any, monkeypatch: Any, chosen: str, policy: str
) -> None:
    if chosen:
        monkeypatch.setenv("OMP_WAIT_POLICY", chosen)
    else:
        monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    program = "import os, sys; sys.exit('threads wait: ' + os.environ['OMP_WAIT_POLICY'])"
    segmentation.logic.predictor = (sys.executable, "-c", program)
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    segmentation.apply()
    assert f"threads wait: {policy}" in segmentation.ui.logText.plainText


def test_a_transform_above_the_image_is_honoured(segmentation: Any) -> None:
    plain = segmentation.outline()
    expected = segmentation.sides(plain).copy()
    turn = vtk.vtkTransform()
    turn.RotateZ(180)
    turn.Translate(10, -20, 30)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Turned over")
    node.SetMatrixTransformToParent(turn.GetMatrix())
    image = segmentation.add(segmentation.subject.t2w, "Turned")
    image.SetAndObserveTransformNodeID(node.GetID())
    mouse.choose(segmentation.ui.inputSelector, "Turned")
    segmentation.apply()
    result = segmentation.segmentation
    assert result is not plain
    assert result.GetParentTransformNode() is node
    # Turned by 180 degrees, the kidney that was on the left is on the right.
    np.testing.assert_array_equal(segmentation.sides(result), np.array([0, 2, 1], np.uint8)[expected])


def test_a_transform_that_is_not_linear_is_named_with_the_remedy(segmentation: Any) -> None:
    grid = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode", "Warp")
    grid.SetAndObserveTransformFromParent(vtk.vtkThinPlateSplineTransform())
    segmentation.image.SetAndObserveTransformNodeID(grid.GetID())
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    segmentation.apply()
    assert "harden the transform" in segmentation.error
    assert leftovers() == []


OBLIQUE = np.linalg.qr(np.array([[0.9, 0.3, -0.2], [-0.2, 0.2, 0.95], [0.3, -0.9, 0.25]]))[0]


@pytest.mark.parametrize("axes", ["RAS", "LPS", "PIR", "oblique"])
def test_oblique_and_flipped_images_give_the_kidneys_on_the_right_sides(segmentation: Any, axes: str) -> None:
    settings = PhantomSettings(
        spacing=(3.0, 3.0, 3.0), margin_mm=SMALL.margin_mm, axes=OBLIQUE if axes == "oblique" else axes
    )
    segmentation.load(settings, "Other")
    segmentation.outline()
    truth = segmentation.subject.mask.array
    found = segmentation.sides()
    for side in (1, 2):
        assert (truth[found == side] == side).mean() > 0.8
        assert (found[truth == side] == side).mean() > 0.8


def test_a_left_handed_grid_gives_the_same_kidneys(segmentation: Any) -> None:
    plain = segmentation.sides(segmentation.outline())
    flipped = turned(segmentation.subject.t2w, (0, 1, 2), (True, False, False))
    segmentation.image = segmentation.add(flipped, "Flipped")
    np.testing.assert_array_equal(segmentation.sides(segmentation.outline()), plain[::-1])


def test_two_images_in_one_scene_keep_apart(segmentation: Any) -> None:
    first = segmentation.outline()
    mouse.enterNumber(segmentation.ui.heightSpin, 180)
    one = segmentation.sides().copy()
    other = PhantomSettings(spacing=(4.0, 4.0, 6.0), margin_mm=SMALL.margin_mm, axes="RAS")
    segmentation.load(other, "Follow-up")
    second = segmentation.outline()
    assert second is not first
    assert segmentation.ui.heightSpin.value == 0
    assert segmentation.sides(second).shape != one.shape
    segmentation.paint(lambda array: array.__setitem__(slice(None), 0), node=second)
    np.testing.assert_array_equal(segmentation.sides(first), one)
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    assert segmentation.segmentation is first
    assert segmentation.ui.heightSpin.value == 180
    mouse.choose(segmentation.ui.segmentationSelector, second.GetName())
    assert segmentation.parameters.inputVolume.GetName() == "Follow-up"


def test_the_device_is_remembered_on_this_computer_and_given_to_the_network(segmentation: Any) -> None:
    mouse.choose(segmentation.ui.deviceBox, "Processor (CPU)")
    segmentation.outline()
    assert "fake network on cpu" in segmentation.ui.logText.plainText
    segmentation.host.unload("RenalSegmentation")
    segmentation.open()
    assert segmentation.ui.deviceBox.currentText == "Processor (CPU)"
