"""Images of several patients in one scene: what belongs to one is never taken for another's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import slicer
from Testing.host import mouse


@pytest.fixture
def patients(segmentation: Any) -> Any:
    """Outline the kidneys of a first patient, and have the image of a second one in the scene."""
    segmentation.host.mainWindow.resize(1500, 2600)
    segmentation.outline()
    segmentation.openSection("reviewButton")
    segmentation.second = segmentation.add(segmentation.subject.t2w, "Patient B")
    return segmentation


def test_the_image_for_cortex_and_medulla_goes_with_the_image_of_the_kidneys(patients: Any, tmp_path: Path) -> None:
    own = patients.add(patients.subject.t1w, "T1w")
    patients.openSection("tissueButton")
    mouse.choose(patients.ui.tissueSelector, "T1w")
    mouse.choose(patients.ui.inputSelector, "Patient B")
    assert patients.parameters.tissueVolume is None
    mouse.choose(patients.ui.tissueSelector, "Patient B")
    patients.apply()
    assert patients.parameters.tissueVolume is patients.second
    mouse.choose(patients.ui.inputSelector, "T2w")
    assert patients.parameters.tissueVolume is own
    assert patients.ui.splitTissueButton.enabled
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    patients.rest()
    assert patients.parameters.tissueVolume.GetName() == "T1w"
    mouse.choose(patients.ui.inputSelector, "Patient B")
    assert patients.parameters.tissueVolume.GetName() == "Patient B"


def reviewing(patients: Any, image: str) -> Any:
    """Choose an image, write a comment on its mask, reject it, and return the segmentation."""
    mouse.choose(patients.ui.inputSelector, image)
    patients.ui.commentEdit.plainText = f"{image}: scar at the upper pole"
    mouse.choose(patients.ui.verdictBox, "Rejected")
    return patients.segmentation


def written(patients: Any) -> tuple[str, str]:
    """Return comment and verdict as they stand in the panel."""
    return patients.ui.commentEdit.plainText, patients.ui.verdictBox.currentText


def test_the_end_of_a_run_leaves_the_review_of_another_patient_alone(patients: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("RENAL_FAKE", "slow:0.5")
    mouse.choose(patients.ui.inputSelector, "Patient B")
    mouse.click(patients.ui.applyButton)
    first = reviewing(patients, "T2w")
    background = slicer.app.layoutManager().sliceWidget("Red").sliceLogic().GetSliceCompositeNode()
    shown, edited = background.GetBackgroundVolumeID(), patients.ui.segmentEditor.segmentationNode()
    patients.rest()
    assert patients.segmentation is first
    assert patients.status.endswith(": Patient B kidneys. Choose &#x27;Patient B&#x27; to see it.")
    assert written(patients) == ("T2w: scar at the upper pole", "Rejected")
    assert background.GetBackgroundVolumeID() == shown
    assert patients.ui.segmentEditor.segmentationNode() is edited
    mouse.choose(patients.ui.inputSelector, "Patient B")
    assert patients.segmentation.GetName() == "Patient B kidneys"


def test_an_outline_is_replaced_while_another_patient_is_looked_at(patients: Any, monkeypatch: Any) -> None:
    first = patients.segmentation
    patients.paint(lambda array: array.__setitem__(slice(None), 0), node=first.GetNodeReference("Renal.AI"))
    patients.paint(lambda array: array.__setitem__(slice(None), 0))
    monkeypatch.setenv("RENAL_FAKE", "slow:0.5")
    mouse.click(patients.ui.applyButton)
    mouse.choose(patients.ui.inputSelector, "Patient B")
    patients.rest()
    assert patients.segmentation is None
    assert patients.ui.segmentEditor.segmentationNode() is None
    assert set(patients.sides(first).ravel()) == {0, 1, 2}


def test_what_was_written_of_a_mask_comes_back_with_it(patients: Any) -> None:
    reviewing(patients, "T2w")
    mouse.choose(patients.ui.inputSelector, "Patient B")
    assert written(patients) == ("", "Accepted")
    patients.apply()
    second = reviewing(patients, "Patient B")
    mouse.choose(patients.ui.inputSelector, "T2w")
    assert written(patients) == ("T2w: scar at the upper pole", "Rejected")
    mouse.choose(patients.ui.segmentationSelector, second.GetName())
    assert written(patients) == ("Patient B: scar at the upper pole", "Rejected")


def contourIsSeen(node: Any) -> bool:
    """Return whether the network's own outline of a segmentation is shown."""
    return bool(node.GetNodeReference("Renal.AI").GetDisplayNode().GetVisibility())


def test_the_contour_of_the_network_is_shown_for_the_chosen_image_only(patients: Any) -> None:
    first = patients.segmentation
    mouse.click(patients.ui.showAiCheck)
    assert contourIsSeen(first)
    mouse.choose(patients.ui.inputSelector, "Patient B")
    assert not contourIsSeen(first)
    patients.apply()
    second = patients.segmentation
    assert contourIsSeen(second)
    mouse.choose(patients.ui.inputSelector, "T2w")
    assert (contourIsSeen(first), contourIsSeen(second)) == (True, False)


def test_no_contour_of_the_network_outlasts_the_mask_that_it_belongs_to(patients: Any) -> None:
    mouse.click(patients.ui.showAiCheck)
    copy = patients.segmentation.GetNodeReference("Renal.AI")
    slicer.mrmlScene.RemoveNode(patients.segmentation)
    patients.rest()
    assert not copy.GetDisplayNode().GetVisibility()


@pytest.fixture
def foreign(patients: Any) -> Any:
    """Choose a mask that another program made of the T2w image: it names no image."""
    from RenalLayersLib.Segments import addSegment

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "mask")
    node.CreateDefaultDisplayNodes()
    mask = patients.subject.mask
    for value, name in enumerate(("Left kidney", "Right kidney"), start=1):
        addSegment(node, name, mask.like(mask.array == value), (1, 0, 0), "")
    patients.openSection("correctButton")
    mouse.choose(patients.ui.segmentationSelector, "mask")
    return node


def chooseAnd(patients: Any, image: str, agrees: bool) -> None:
    """Choose an image, and answer whether the mask is its."""
    import qt

    patients.host.dialogs.answerWith(qt.QMessageBox.Yes if agrees else qt.QMessageBox.No)
    mouse.choose(patients.ui.inputSelector, image)
    patients.rest()


def test_a_mask_that_names_no_image_can_be_reviewed_and_corrected_once_its_image_is_chosen(
    patients: Any, foreign: Any
) -> None:
    assert patients.error == "'mask' belongs to no image yet: choose the image it was drawn on."
    assert patients.parameters.inputVolume is None
    chooseAnd(patients, "T2w", True)
    assert patients.host.dialogs.texts("question") == ["'mask' belongs to no image yet. Is it the mask of 'T2w'?"]
    assert patients.segmentation is foreign
    assert patients.status == "&#x27;mask&#x27; is the mask of &#x27;T2w&#x27; from now on."
    assert patients.ui.segmentEditor.sourceVolumeNode() is patients.image
    assert len(patients.table(patients.ui.checksTable)) > 1
    patients.paint(lambda array: array.__setitem__(slice(None), 0), node=foreign)
    mouse.click(patients.ui.fillHolesButton)
    patients.rest()
    assert set(patients.sides(foreign).ravel()) == {0, 2}


def test_a_mask_that_names_no_image_is_not_taken_for_that_of_another_patient(patients: Any, foreign: Any) -> None:
    chooseAnd(patients, "Patient B", False)
    assert patients.segmentation is None
    assert patients.error.startswith("'mask' was not taken for the mask of 'Patient B'")
    mouse.choose(patients.ui.segmentationSelector, "mask")
    chooseAnd(patients, "T2w", True)
    assert patients.segmentation is foreign


@pytest.mark.parametrize("isMoved", [True, False])
def test_a_mask_does_not_become_that_of_an_image_on_whose_voxels_it_does_not_lie(
    patients: Any, foreign: Any, isMoved: bool
) -> None:
    if isMoved:
        x, y, z = patients.second.GetOrigin()
        patients.second.SetOrigin(x + 1.5, y, z)
    else:
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        patients.second.SetAndObserveTransformNodeID(transform.GetID())
    mouse.choose(patients.ui.inputSelector, "Patient B")
    reason = "does not lie on the voxels of" if isMoved else "do not stand below the same transform"
    assert reason in patients.error
    assert patients.segmentation is None
    assert patients.host.dialogs.texts("question") == []
