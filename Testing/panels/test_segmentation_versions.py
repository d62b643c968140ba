"""No mask of a case takes the place of another one unasked, and the one that is replaced stays beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
from Testing.host import mouse
from Testing.panels.segmentation_panel import SMALL
from Testing.panels.worklist_folder import (
    bite,
    caseFolder,
    changeElsewhere,
    draw,
    names,
    open_,
    outlineAll,
    states,
    thereAndBack,
)

from renal_layers.phantom import reference_object
from renal_segmentation.files import read_image


def maskOf(folder: Path) -> np.ndarray:
    """Return the labels that the files have of the first case."""
    return read_image(caseFolder(folder) / "kidneys.nii.gz")[0].array


def keptAside(folder: Path) -> list[np.ndarray]:
    """Return the masks that are kept beside that of the first case."""
    return [read_image(path)[0].array for path in sorted(caseFolder(folder).glob("*_kidneys.nii.gz"))]


def test_a_mask_that_somebody_else_has_changed_is_replaced_if_the_user_agrees(cases: Any, folder: Path) -> None:
    import qt

    outlineAll(cases)
    theirs = changeElsewhere(folder)
    cases.host.dialogs.answerWith(qt.QMessageBox.Yes)
    cases.paint(bite)
    cases.rest()
    mine = cases.sides().copy()
    np.testing.assert_array_equal(maskOf(folder), mine)
    np.testing.assert_array_equal(keptAside(folder), [theirs])
    cases.paint(bite, "Right kidney")
    cases.rest()
    np.testing.assert_array_equal(keptAside(folder), [theirs])


def test_a_mask_that_somebody_else_has_changed_stays_if_the_user_wants_it(cases: Any, folder: Path) -> None:
    import qt

    outlineAll(cases)
    theirs = changeElsewhere(folder)
    cases.host.dialogs.answerWith(qt.QMessageBox.No)
    for segment in ("Left kidney", "Right kidney"):
        # The second stroke asks no more.
        cases.paint(bite, segment)
        cases.rest()
    assert cases.error.startswith("Your mask of 'case 1' is kept as ")
    np.testing.assert_array_equal(maskOf(folder), theirs)
    np.testing.assert_array_equal(keptAside(folder), [cases.sides()])
    mouse.type_(cases.ui.reviewerEdit, "Ada")
    mouse.click(cases.ui.saveReviewButton)
    assert cases.status == "The review is in the scene."
    thereAndBack(cases)
    np.testing.assert_array_equal(cases.sides(), theirs)
    assert cases.ui.recordLabel.text == "Not reviewed yet."
    cases.paint(bite)
    cases.rest()
    np.testing.assert_array_equal(maskOf(folder), cases.sides())
    assert len(keptAside(folder)) == 1


def test_a_scene_that_is_closed_keeps_its_mask_beside_that_of_somebody_else(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    theirs = changeElsewhere(folder)
    cases.paint(bite)
    mine = cases.sides().copy()
    slicer.mrmlScene.Clear(0)
    np.testing.assert_array_equal(maskOf(folder), theirs)
    np.testing.assert_array_equal(keptAside(folder), [mine])
    open_(cases, folder)
    assert cases.table(cases.ui.worklistTable)[-1][0] == "case 10"


def test_further_segments_that_somebody_else_has_drawn_are_not_lost(cases: Any, folder: Path) -> None:
    import qt

    outlineAll(cases)
    cases.segmentation.GetSegmentation().AddEmptySegment("Spleen", "Spleen")
    cases.paint(lambda array: array.__setitem__(np.s_[1:4, 1:4, 1:3], 1), "Spleen")
    cases.rest()
    theirs = b"theirs"
    (caseFolder(folder) / "further.seg.nrrd").write_bytes(theirs)
    cases.host.dialogs.answerWith(qt.QMessageBox.Yes)
    cases.paint(lambda array: array.__setitem__(np.s_[1:4, 1:4, 1:4], 1), "Spleen")
    cases.rest()
    (kept,) = caseFolder(folder).glob("*_further.seg.nrrd")
    assert kept.read_bytes() == theirs
    thereAndBack(cases)
    assert "Spleen" in [row[0] for row in cases.table(cases.ui.volumesTable)]


def test_corrections_that_apply_replaces_stay_beside_the_outline(cases: Any, folder: Path) -> None:
    import qt

    outlineAll(cases)
    cases.paint(bite)
    cases.rest()
    corrected = maskOf(folder)
    cases.host.dialogs.answerWith(qt.QMessageBox.Yes)
    cases.apply()
    assert not (caseFolder(folder) / "kidneys.nii.gz").exists()
    np.testing.assert_array_equal(keptAside(folder), [corrected])


def test_a_scene_with_the_mask_of_the_files_says_nothing_of_it(cases: Any, tmp_path: Path) -> None:
    outlineAll(cases)
    cases.paint(bite)
    cases.rest()
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    cases.rest()
    assert "in this scene" not in cases.status


def test_a_scene_with_another_mask_than_the_files_says_so_and_asks_before_it_replaces_it(
    cases: Any, folder: Path, tmp_path: Path
) -> None:
    import qt

    outlineAll(cases)
    slicer.util.saveScene(str(tmp_path / "older.mrb"))
    cases.paint(bite)
    cases.rest()
    newer = maskOf(folder)
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "older.mrb"))
    cases.rest()
    assert cases.error.startswith("The mask of 'case 1' in this scene is not the one in the worklist's files")
    cases.host.dialogs.answerWith(qt.QMessageBox.No)
    cases.paint(bite, "Right kidney")
    cases.rest()
    np.testing.assert_array_equal(maskOf(folder), newer)
    assert len(keptAside(folder)) == 1


def drawOne(panel: Any, name: str) -> Any:
    """Draw one segment, a small box, into a new segmentation of the same name, and return that."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(panel.parameters.inputVolume)
    node.GetSegmentation().AddEmptySegment(name, name)
    panel.paint(lambda array: array.__setitem__(np.s_[5:9, 5:9, 2:6], 1), name, node)
    return node


def test_another_segmentation_takes_the_place_of_the_mask_only_if_the_user_agrees(cases: Any, folder: Path) -> None:
    import qt

    outlineAll(cases)
    cases.paint(bite)
    cases.rest()
    corrected = maskOf(folder)
    mine = draw(cases, cases.parameters.inputVolume, "mine")
    drawn = cases.sides(mine).copy()
    cases.host.dialogs.answerWith(qt.QMessageBox.No)
    mouse.choose(cases.ui.segmentationSelector, "mine")
    cases.rest()
    cases.panel.exit()
    cases.panel.enter()
    cases.rest()
    np.testing.assert_array_equal(maskOf(folder), corrected)
    mouse.choose(cases.ui.segmentationSelector, "case 1 kidneys")
    cases.rest()
    cases.host.dialogs.answerWith(qt.QMessageBox.Yes)
    mouse.choose(cases.ui.segmentationSelector, "mine")
    cases.rest()
    np.testing.assert_array_equal(maskOf(folder), drawn)
    np.testing.assert_array_equal(keptAside(folder), [corrected])
    thereAndBack(cases)
    np.testing.assert_array_equal(cases.sides(), drawn)


def test_an_empty_segmentation_that_the_user_goes_on_with_replaces_no_mask_without_a_copy(
    cases: Any, folder: Path
) -> None:
    import qt

    from RenalSegmentationLib.Labels import writeSides

    outlineAll(cases)
    cases.paint(bite)
    cases.rest()
    corrected = maskOf(folder)
    anew = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "anew")
    anew.CreateDefaultDisplayNodes()
    anew.SetReferenceImageGeometryParameterFromVolumeNode(cases.parameters.inputVolume)
    cases.host.dialogs.answerWith(qt.QMessageBox.Yes)
    mouse.choose(cases.ui.segmentationSelector, "anew")
    cases.rest()
    np.testing.assert_array_equal(maskOf(folder), corrected)
    writeSides(anew, reference_object(SMALL).mask.array)
    cases.rest()
    np.testing.assert_array_equal(maskOf(folder), cases.sides(anew))
    np.testing.assert_array_equal(keptAside(folder), [corrected])


def test_a_segment_that_is_named_otherwise_than_kidneys_becomes_no_mask_unasked(cases: Any, folder: Path) -> None:
    import qt

    drawOne(cases, "Spine")
    thereAndBack(cases)
    assert states(cases)[0] == "waiting"
    assert "Spine" in names()
    drawOne(cases, "patient 7")
    cases.host.dialogs.answerWith(qt.QMessageBox.No)
    mouse.choose(cases.ui.segmentationSelector, "patient 7")
    cases.rest()
    assert states(cases)[0] == "waiting"
    thereAndBack(cases)
    node = drawOne(cases, "patient 8")
    drawn = cases.sides(node) > 0
    cases.host.dialogs.answerWith(qt.QMessageBox.Yes)
    mouse.choose(cases.ui.segmentationSelector, "patient 8")
    cases.rest()
    assert states(cases)[0] == "corrected"
    thereAndBack(cases)
    np.testing.assert_array_equal(cases.sides() > 0, drawn)


@pytest.mark.parametrize("name", ["Segment_1", "Kidneys", "Nieren", "Linke Niere", "肾"])
def test_what_is_drawn_by_hand_for_a_case_that_waits_is_kept_by_names_like_these(cases: Any, name: str) -> None:
    drawOne(cases, name)
    thereAndBack(cases)
    assert states(cases)[0] == "corrected"


def test_segments_of_something_else_are_no_mask_when_they_are_chosen(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    cases.paint(bite)
    cases.rest()
    corrected = maskOf(folder)
    node = drawOne(cases, "Spine")
    node.GetSegmentation().AddEmptySegment("Liver", "Liver")
    mouse.choose(cases.ui.segmentationSelector, "Spine")
    cases.rest()
    np.testing.assert_array_equal(maskOf(folder), corrected)
    thereAndBack(cases)
    np.testing.assert_array_equal(maskOf(folder), corrected)
    assert "Spine" in names()


def test_a_mask_that_is_deleted_and_drawn_anew_is_kept(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    cases.paint(bite)
    cases.rest()
    corrected = maskOf(folder)
    slicer.mrmlScene.RemoveNode(cases.segmentation)
    cases.rest()
    drawOne(cases, "Left cyst")
    drawn = cases.sides(draw(cases, cases.parameters.inputVolume)).copy()
    thereAndBack(cases)
    np.testing.assert_array_equal(cases.sides(), drawn)
    np.testing.assert_array_equal(keptAside(folder), [corrected])


def test_a_mask_that_is_deleted_and_outlined_anew_stays_beside_the_outline(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    cases.paint(bite)
    cases.rest()
    corrected = maskOf(folder)
    slicer.mrmlScene.RemoveNode(cases.segmentation)
    cases.apply()
    assert states(cases)[0] == "outlined"
    np.testing.assert_array_equal(keptAside(folder), [corrected])
