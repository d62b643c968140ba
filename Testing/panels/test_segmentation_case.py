"""Whatever outlines or corrects the case that is looked at, its files have all of it when the case is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
from Testing.host import mouse
from Testing.panels.segmentation_panel import SMALL
from Testing.panels.worklist_folder import bite, draw, open_, outlineAll, states, thereAndBack

from renal_layers.phantom import reference_object
from renal_segmentation.files import read_image
from renal_segmentation.review import read_reviews


def test_what_apply_finds_is_kept_with_the_case(cases: Any) -> None:
    cases.apply()
    found = cases.sides().copy()
    assert states(cases) == ["outlined", "waiting", "waiting"]
    thereAndBack(cases)
    np.testing.assert_array_equal(cases.sides(), found)
    assert [row[1] for row in cases.table(cases.ui.agreementTable)] == ["1.000"] * 3


def test_height_and_weight_are_kept_with_the_case(cases: Any) -> None:
    outlineAll(cases)
    mouse.enterNumber(cases.ui.heightSpin, 180)
    mouse.enterNumber(cases.ui.weightSpin, 80)
    told = cases.ui.bodyLabel.text
    assert told == "Body surface 2.00 m² (Mosteller)"
    mouse.click(cases.ui.nextButton)
    assert (cases.ui.heightSpin.value, cases.ui.weightSpin.value) == (0, 0)
    mouse.click(cases.ui.previousButton)
    assert (cases.ui.heightSpin.value, cases.ui.weightSpin.value, cases.ui.bodyLabel.text) == (180, 80, told)
    assert states(cases)[0] == "outlined"


def test_height_and_weight_of_a_case_are_those_of_what_is_drawn_for_it(cases: Any) -> None:
    worklist = cases.panel.worklist.worklist
    worklist.write_body(worklist.cases[0], {"height_cm": 180.0, "weight_kg": 80.0})
    draw(cases, cases.parameters.inputVolume)
    mouse.choose(cases.ui.segmentationSelector, "Segmentation")
    assert (cases.ui.heightSpin.value, cases.ui.weightSpin.value) == (180, 80)


def test_corrections_and_reviews_after_apply_are_kept(cases: Any, folder: Path) -> None:
    cases.apply()
    cases.paint(bite)
    cases.rest()
    assert states(cases)[0] == "corrected"
    mouse.type_(cases.ui.reviewerEdit, "Ada")
    mouse.click(cases.ui.saveReviewButton)
    corrected = cases.sides().copy()
    thereAndBack(cases)
    np.testing.assert_array_equal(cases.sides(), corrected)
    assert states(cases) == ["reviewed", "waiting", "waiting"]
    assert cases.ui.recordLabel.text.startswith("Accepted after correction by Ada")
    rows = read_reviews(folder / "renal-review" / "reviews.csv")
    assert [(row["image"], row["verdict"]) for row in rows] == [("case 1", "accepted after correction")]


def test_apply_on_a_case_that_was_outlined_takes_the_place_of_its_outline(cases: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("RENAL_FAKE", "empty")
    outlineAll(cases)
    monkeypatch.delenv("RENAL_FAKE")
    cases.apply()
    found = cases.sides().copy()
    thereAndBack(cases)
    np.testing.assert_array_equal(cases.sides(), found)


def test_apply_instead_of_corrections_leaves_a_case_outlined_until_undo_brings_them_back(cases: Any) -> None:
    import qt

    cases.host.mainWindow.resize(1500, 2600)

    cases.apply()
    cases.openSection("correctButton")
    cases.paint(bite)
    cases.rest()
    corrected = cases.sides().copy()
    assert states(cases)[0] == "corrected"
    cases.host.dialogs.answerWith(qt.QMessageBox.Yes)
    cases.apply()
    cases.rest()
    assert states(cases)[0] == "outlined"
    cases.undo()
    assert states(cases)[0] == "corrected"
    thereAndBack(cases)
    np.testing.assert_array_equal(cases.sides(), corrected)


def test_the_background_leaves_alone_what_the_user_has_outlined(cases: Any) -> None:
    cases.apply()
    cases.paint(bite)
    corrected = cases.sides().copy()
    outlineAll(cases)
    np.testing.assert_array_equal(cases.sides(), corrected)
    assert states(cases) == ["corrected", "outlined", "outlined"]
    assert cases.status == "2 cases were outlined, 0 failed."


def test_a_case_drawn_while_the_background_outlines_it_stays_as_drawn(cases: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("RENAL_FAKE", "slow:0.5")
    mouse.click(cases.ui.runAllButton)
    node = draw(cases, cases.parameters.inputVolume)
    drawn = cases.sides(node).copy()
    cases.rest()
    np.testing.assert_array_equal(cases.sides(), drawn)
    assert states(cases) == ["corrected", "outlined", "outlined"]


def test_corrections_made_in_another_module_are_kept(cases: Any) -> None:
    outlineAll(cases)
    cases.panel.exit()
    cases.paint(bite)
    corrected = cases.sides().copy()
    cases.panel.enter()
    thereAndBack(cases)
    np.testing.assert_array_equal(cases.sides(), corrected)
    assert states(cases) == ["corrected", "outlined", "outlined"]


def test_corrections_made_in_another_module_are_kept_when_the_scene_is_closed_there(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    cases.panel.exit()
    cases.paint(bite)
    corrected = cases.sides().copy()
    slicer.mrmlScene.Clear(0)
    cases.panel.enter()
    open_(cases, folder)
    np.testing.assert_array_equal(cases.sides(), corrected)


def test_kidneys_drawn_by_hand_become_the_mask_of_a_case_that_waits(cases: Any) -> None:
    for chosen in (False, True):
        node = draw(cases, cases.parameters.inputVolume)
        drawn = cases.sides(node).copy()
        if chosen:
            cases.parameters.segmentation = node
            cases.rest()
        thereAndBack(cases)
        np.testing.assert_array_equal(cases.sides(), drawn)
        mouse.click(cases.ui.nextButton)
    assert states(cases) == ["corrected", "corrected", "waiting"]


def test_what_is_no_mask_of_the_case_stays_in_the_scene_but_out_of_sight(cases: Any) -> None:
    outlineAll(cases)
    draw(cases, cases.parameters.inputVolume, "tumour")
    mouse.click(cases.ui.nextButton)
    tumour = slicer.util.getNode("tumour")
    assert not tumour.GetDisplayVisibility()
    assert cases.segmentation.GetDisplayVisibility()


def test_a_case_that_cannot_be_saved_is_not_left(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    blocked = folder / "renal-review" / "case 1" / "kidneys.nii.gz"
    blocked.mkdir()
    cases.paint(bite)
    mouse.click(cases.ui.nextButton)
    assert "kidneys.nii.gz is a folder" in cases.error
    assert cases.segmentation.GetName() == "case 1 kidneys"
    corrected = cases.sides().copy()
    blocked.rmdir()
    thereAndBack(cases)
    np.testing.assert_array_equal(cases.sides(), corrected)


def test_the_outline_of_a_case_that_was_left_meanwhile_is_not_that_of_the_next_one(
    cases: Any, folder: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("RENAL_FAKE", "slow:0.5")
    mouse.click(cases.ui.applyButton)
    mouse.click(cases.ui.nextButton)
    cases.rest()
    assert "was removed while the network was at work" in cases.error
    assert states(cases) == ["waiting"] * 3
    assert not (folder / "renal-review" / "case 2" / "network.nii.gz").exists()


def test_cortex_and_medulla_are_not_taken_from_the_image_of_the_case_before(cases: Any) -> None:
    outlineAll(cases)
    cases.parameters.tissueVolume = cases.add(reference_object(SMALL).t1w, "T1w of case 1")
    mouse.click(cases.ui.nextButton)
    assert cases.parameters.tissueVolume is None
    assert not cases.ui.splitTissueButton.enabled


def test_the_review_of_another_image_is_not_kept_with_the_case(cases: Any) -> None:
    outlineAll(cases)
    cases.load(name="other")
    cases.outline()
    mouse.type_(cases.ui.reviewerEdit, "Ada")
    mouse.click(cases.ui.saveReviewButton)
    assert cases.status == "The review is in the scene."
    assert states(cases) == ["outlined"] * 3


def test_a_case_in_which_the_network_finds_no_kidney_can_be_seen_and_drawn(cases: Any, monkeypatch: Any) -> None:
    from RenalSegmentationLib.Labels import writeSides

    monkeypatch.setenv("RENAL_FAKE", "empty")
    outlineAll(cases)
    mouse.click(cases.ui.nextButton)
    assert cases.error == (
        "The network found no kidney in 'case 2': check that the image shows the kidneys, or draw them."
    )
    assert cases.parameters.inputVolume.GetName() == "case 2"
    assert [row[2] for row in cases.table(cases.ui.worklistTable)] == ["✗"] * 3
    assert cases.table(cases.ui.checksTable)[0][2] == "The mask holds no kidney."
    drawn = reference_object(SMALL).mask.array
    writeSides(cases.segmentation, drawn)
    cases.rest()
    thereAndBack(cases)
    np.testing.assert_array_equal(cases.sides() > 0, drawn > 0)
    assert states(cases) == ["outlined", "corrected", "outlined"]


def test_a_case_without_a_kidney_can_be_reviewed(cases: Any, monkeypatch: Any, capfd: Any) -> None:
    monkeypatch.setenv("RENAL_FAKE", "empty")
    outlineAll(cases)
    mouse.type_(cases.ui.reviewerEdit, "Ada")
    mouse.click(cases.ui.saveReviewButton)
    assert states(cases) == ["reviewed", "outlined", "outlined"]
    thereAndBack(cases)
    assert cases.ui.recordLabel.text.startswith("Accepted by Ada")
    # Nor does Slicer complain in its log.
    assert "ERR" not in capfd.readouterr().err


def test_what_the_network_remarked_of_a_case_is_shown_with_it(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    assert "This mask was made by a stand-in." in cases.ui.warningsLabel.text
    path = folder / "renal-review" / "case 2" / "network.json"
    path.write_text(path.read_text().replace("This mask was made by a stand-in.", "The image is noisy."))
    mouse.click(cases.ui.nextButton)
    assert "The image is noisy." in cases.ui.warningsLabel.text
    assert "stand-in" not in cases.ui.warningsLabel.text
    assert cases.status == "case 2, 2 of 3."


def test_remarks_go_with_the_case_they_are_of_and_come_back_with_it(cases: Any) -> None:
    cases.apply()
    mouse.click(cases.ui.nextButton)
    assert cases.ui.warningsLabel.text == ""
    mouse.click(cases.ui.previousButton)
    assert "This mask was made by a stand-in." in cases.ui.warningsLabel.text


def addSegment(panel: Any, name: str, box: tuple[slice, ...]) -> str:
    """Add a segment as the embedded editor does, name it, fill a box of voxels, and return its ID."""
    segmentation = panel.segmentation.GetSegmentation()
    identifier = segmentation.AddEmptySegment("", "new")
    panel.paint(lambda array: array.__setitem__(box, 1), "new")
    segmentation.GetSegment(identifier).SetName(name)
    panel.rest()
    return str(identifier)


def voxels(panel: Any, name: str) -> np.ndarray:
    """Return where a segment of the chosen segmentation is, found by its name."""
    from RenalSegmentationLib.Labels import gridOf, labelsOf

    node = panel.segmentation
    return labelsOf(node, [node.GetSegmentation().GetSegmentIdBySegmentName(name)], gridOf(node)).array > 0


def test_a_cyst_that_the_user_added_goes_into_the_mask_by_its_name(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    addSegment(cases, "Left cyst", np.s_[1:4, 1:4, 1:3])
    drawn = voxels(cases, "Left cyst")
    assert states(cases)[0] == "corrected"
    mask = read_image(folder / "renal-review" / "case 1" / "kidneys.nii.gz")[0]
    assert (mask.array == 3).sum() == drawn.sum() == 18
    thereAndBack(cases)
    np.testing.assert_array_equal(voxels(cases, "Left cyst"), drawn)
    assert not (folder / "renal-review" / "case 1" / "further.seg.nrrd").exists()


def test_segments_that_the_mask_has_no_label_for_come_back_with_their_case(cases: Any) -> None:
    from RenalSegmentationLib.Labels import segmentIds

    outlineAll(cases)
    kidneys = cases.sides().copy()
    identifier = addSegment(cases, "Spleen", np.s_[1:4, 1:4, 1:3])
    addSegment(cases, "Left cyst", np.s_[5:7, 1:4, 1:3])
    cases.segmentation.GetSegmentation().GetSegment(identifier).SetColor(0.1, 0.2, 0.3)
    addSegment(cases, "Left cyst", np.s_[:, :, 4:6])
    before = {
        one: cases.segmentation.GetSegmentation().GetSegment(one).GetName() for one in segmentIds(cases.segmentation)
    }
    table = cases.table(cases.ui.volumesTable)
    thereAndBack(cases)
    node = cases.segmentation
    assert {one: node.GetSegmentation().GetSegment(one).GetName() for one in segmentIds(node)} == before
    np.testing.assert_allclose(node.GetSegmentation().GetSegment(identifier).GetColor(), (0.1, 0.2, 0.3), atol=1e-6)
    assert sorted(map(tuple, cases.table(cases.ui.volumesTable))) == sorted(map(tuple, table))
    np.testing.assert_array_equal(cases.sides(), kidneys)
    for one in [one for one, name in before.items() if "kidney" not in name]:
        node.GetSegmentation().RemoveSegment(one)
    cases.rest()
    thereAndBack(cases)
    assert [row[0] for row in cases.table(cases.ui.volumesTable)] == [
        "Total kidney volume",
        "Left kidney",
        "Right kidney",
    ]


def test_a_transform_above_image_and_mask_changes_nothing_of_what_is_saved(cases: Any, folder: Path) -> None:
    import vtk

    outlineAll(cases)
    outline = read_image(folder / "renal-review" / "case 1" / "network.nii.gz")[0]
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    turn = vtk.vtkTransform()
    turn.RotateZ(180)
    turn.Translate(20, 0, 0)
    transform.SetMatrixTransformToParent(turn.GetMatrix())
    image, node = cases.parameters.inputVolume, cases.segmentation
    for one in (image, node, node.GetNodeReference("Renal.AI")):
        one.SetAndObserveTransformNodeID(transform.GetID())
    cases.rest()
    assert states(cases)[0] == "outlined"
    addSegment(cases, "Renal sinus", np.s_[1:4, 1:4, 1:3])
    cases.paint(bite)
    cases.rest()
    corrected = cases.sides().copy()
    thereAndBack(cases)
    np.testing.assert_array_equal(cases.sides(), corrected)
    mask = read_image(folder / "renal-review" / "case 1" / "kidneys.nii.gz")[0]
    assert mask.grid.same_as(outline.grid)
    assert set(np.unique(mask.array)) == {0, 1, 2, 6}


def test_a_mask_whose_image_was_moved_for_good_is_not_saved_to_another_place(cases: Any) -> None:
    import vtk

    outlineAll(cases)
    turn = vtk.vtkTransform()
    turn.Translate(20, 0, 0)
    for node in (cases.parameters.inputVolume, cases.segmentation):
        node.ApplyTransform(turn)
    cases.paint(bite)
    cases.rest()
    assert cases.error.startswith("The image 'case 1' does not lie where it was outlined any more")
    assert states(cases)[0] == "outlined"


@pytest.mark.parametrize("name", ["Segment_1", "Kidneys"])
def test_kidneys_drawn_in_one_segment_come_back_as_left_and_right(cases: Any, folder: Path, name: str) -> None:
    truth = reference_object(SMALL).mask.array
    node = draw(cases, cases.parameters.inputVolume)
    for kidney in ("Left-kidney", "Right-kidney"):
        node.GetSegmentation().RemoveSegment(kidney)
    node.GetSegmentation().AddEmptySegment(name, name)
    cases.paint(lambda array: array.__setitem__(truth > 0, 1), name, node)
    thereAndBack(cases)
    np.testing.assert_array_equal(cases.sides(), truth)
    np.testing.assert_array_equal(read_image(folder / "renal-review" / "case 1" / "kidneys.nii.gz")[0].array, truth)
    assert [row[0] for row in cases.table(cases.ui.volumesTable)] == [
        "Total kidney volume",
        "Left kidney",
        "Right kidney",
    ]


@pytest.mark.parametrize("side", [1, 2])
def test_one_kidney_drawn_in_a_segment_without_a_side_gets_that_of_its_place(cases: Any, side: int) -> None:
    truth = reference_object(SMALL).mask.array
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Segmentation")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(cases.parameters.inputVolume)
    node.GetSegmentation().AddEmptySegment("Segment_1", "Segment_1")
    cases.paint(lambda array: array.__setitem__(truth == side, 1), "Segment_1", node)
    thereAndBack(cases)
    np.testing.assert_array_equal(cases.sides(), np.where(truth == side, side, 0))
