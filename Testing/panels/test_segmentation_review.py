"""Correcting the outline and reviewing it, by mouse and keyboard."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
from PySide6.QtWidgets import QToolButton, QWidget
from scipy import ndimage
from Testing.host import mouse

from renal_segmentation.files import write_image
from renal_segmentation.labels import Side
from renal_segmentation.review import read_reviews
from renal_segmentation.structures import structure_of

VOXEL_ML = 3.0 * 3.0 * 5.5 / 1000


@pytest.fixture
def reviewed(segmentation: Any) -> Any:
    """Outline the kidneys and unfold the sections for correction and review."""
    segmentation.host.mainWindow.resize(1500, 2600)
    segmentation.outline()
    for name in ("correctButton", "reviewButton"):
        segmentation.openSection(name)
    return segmentation


def stroke(array: np.ndarray) -> int:
    """Take all of a kidney beyond its middle along the first axis away, as an eraser does; return how many voxels."""
    rows = np.flatnonzero(array.any(axis=(1, 2)))
    half = slice(rows[len(rows) // 2], None)
    count = int(array[half].sum())
    array[half] = 0
    return count


def chooseLog(segmentation: Any, path: Path) -> None:
    """Click the button for the log, and choose a file in the dialog."""

    def choose(dialog: Any) -> bool:
        dialog.setOption(dialog.Option.DontUseNativeDialog, True)
        dialog.setDirectory(str(path.parent))
        dialog.selectFile(path.name)
        return True

    segmentation.host.dialogs.answerWith(choose)
    mouse.click(segmentation.ui.logButton)


def agreement(segmentation: Any) -> dict[str, list[str]]:
    """Return the table of agreement by side."""
    return {row[0]: row[1:] for row in segmentation.table(segmentation.ui.agreementTable)}


def checks(segmentation: Any) -> dict[str, tuple[str, str]]:
    """Return sign and reason of each check."""
    return {row[1]: (row[0], row[2]) for row in segmentation.table(segmentation.ui.checksTable)}


def test_a_stroke_gives_the_dice_and_the_volume_change_of_the_closed_form(reviewed: Any) -> None:
    assert agreement(reviewed)["Left"][:2] == ["1.000", "0.0"]
    before = int((reviewed.sides() == 1).sum())
    removed = []
    reviewed.paint(lambda array: removed.append(stroke(array)))
    reviewed.rest()
    after = before - removed[0]
    dice, _hd95, was, now, change = agreement(reviewed)["Left"]
    assert dice == f"{2 * after / (before + after):.3f}"
    assert (was, now) == (f"{before * VOXEL_ML:.1f}", f"{after * VOXEL_ML:.1f}")
    assert change == f"{-100 * removed[0] / before:+.1f}"
    assert agreement(reviewed)["Right"][0] == "1.000"
    assert reviewed.table(reviewed.ui.volumesTable)[1][1] == f"{after * VOXEL_ML:.1f}"


def test_a_brush_stroke_by_mouse_paints_a_ball_and_changes_the_volume(reviewed: Any) -> None:
    before = int((reviewed.sides() == 1).sum())
    editor = reviewed.ui.segmentEditor
    editor.setCurrentSegmentID("Left-kidney")
    mouse.click(QWidget.findChild(editor, QToolButton, "Paint"))
    assert editor.mrmlSegmentEditorNode().GetAttribute("BrushSphere") == "1"
    places = np.argwhere(reviewed.sides() == 1)
    from RenalLayersLib.Inputs import volumeOf

    centre = volumeOf(reviewed.image).grid.to_ras(places[[len(places) // 2]])[0]
    red = slicer.app.layoutManager().sliceWidget("Red")
    red.sliceLogic().GetSliceNode().JumpSliceByOffsetting(*centre)
    reviewed.host.wait(30)
    edge = centre + np.array([-35.0, 0.0, 0.0])
    start, end = (mouse.slicePosition(red, point) for point in (edge, edge + np.array([-6.0, 0.0, 0.0])))
    mouse.drag(red.sliceView(), start, end, steps=4)
    reviewed.rest()
    painted = int((reviewed.sides() == 1).sum()) - before
    assert painted > 0
    assert agreement(reviewed)["Left"][4] == f"{100 * painted / before:+.1f}"
    reviewed.undo()
    assert int((reviewed.sides() == 1).sum()) == before


def test_the_verdict_follows_a_correction(reviewed: Any) -> None:
    assert reviewed.ui.verdictBox.currentText == "Accepted"
    reviewed.paint(stroke)
    reviewed.rest()
    assert reviewed.ui.verdictBox.currentText == "Accepted after correction"
    mouse.choose(reviewed.ui.verdictBox, "Rejected")
    reviewed.paint(stroke)
    reviewed.rest()
    assert reviewed.ui.verdictBox.currentText == "Rejected"


def test_the_verdict_follows_a_correction_of_anything_that_the_network_outlined(
    segmentation: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    labels = segmentation.subject.mask.array.astype(np.uint8).copy()
    places = np.argwhere(labels == 1)
    labels[tuple(places[len(places) // 2 :][:40].T)] = structure_of("cyst", Side.LEFT).value
    write_image(tmp_path / "mask.nii.gz", labels, segmentation.subject.mask.grid, "kidneys with a cyst")
    monkeypatch.setenv("RENAL_FAKE", f"mask:{tmp_path / 'mask.nii.gz'}")
    segmentation.openSection("reviewButton")
    segmentation.outline()
    assert segmentation.ui.verdictBox.currentText == "Accepted"
    segmentation.paint(speck, "Left cyst")
    segmentation.rest()
    assert [row[0] for row in agreement(segmentation).values()] == ["1.000"] * 3
    assert segmentation.ui.verdictBox.currentText == "Accepted after correction"
    segmentation.ui.reviewerEdit.text = "Ada"
    mouse.click(segmentation.ui.saveReviewButton)
    assert segmentation.ui.recordLabel.text.startswith("Accepted after correction by Ada")


def speck(array: np.ndarray) -> None:
    array[-3:, -3:, -3:] = 1


def hole(array: np.ndarray) -> None:
    deepest = ndimage.distance_transform_edt(array).argmax()
    array[np.unravel_index(deepest, array.shape)] = 0


def test_lights_turn_with_the_mask_and_say_why(reviewed: Any) -> None:
    assert checks(reviewed)["Sides"][0] == "✓"
    assert checks(reviewed)["Certainty"] == ("✓", "The network is certain (expected Dice: left 0.93 and right 0.91).")
    reviewed.paint(speck)
    reviewed.rest()
    assert checks(reviewed)["Parts"][0] == "!"
    assert "has 2 parts, the second of" in checks(reviewed)["Parts"][1]
    assert checks(reviewed)["Border of the image"][0] == "!"
    reviewed.paint(stroke)
    reviewed.rest()
    assert checks(reviewed)["Left against right"][0] in "!✗"


@pytest.mark.parametrize("button", ["keepLargestButton", "removeSmallButton"])
def test_a_speck_goes_at_one_click_and_comes_back_with_undo(reviewed: Any, button: str) -> None:
    clean = reviewed.sides().copy()
    reviewed.paint(speck)
    mouse.enterNumber(reviewed.ui.smallestIslandSpin, 2)
    specked = reviewed.sides().copy()
    mouse.click(getattr(reviewed.ui, button))
    reviewed.rest()
    np.testing.assert_array_equal(reviewed.sides(), clean)
    reviewed.undo()
    np.testing.assert_array_equal(reviewed.sides(), specked)


def test_sides_are_swapped_and_the_review_sees_it(reviewed: Any) -> None:
    before = reviewed.sides().copy()
    mouse.click(reviewed.ui.swapButton)
    reviewed.rest()
    np.testing.assert_array_equal(reviewed.sides(), np.array([0, 2, 1], np.uint8)[before])
    assert checks(reviewed)["Sides"][0] == "✗"
    assert agreement(reviewed)["Both"][0] == "1.000"
    mouse.click(reviewed.ui.splitButton)
    reviewed.rest()
    assert "split at the spine" in reviewed.status
    np.testing.assert_array_equal(reviewed.sides(), before)
    reviewed.undo()
    reviewed.undo()
    np.testing.assert_array_equal(reviewed.sides(), before)


def block(panel: Any, places: np.ndarray) -> np.ndarray:
    """Return a small block in the middle of some voxels."""
    inside = np.zeros(panel.sides().shape, bool)
    i, j, k = np.argwhere(places).mean(0).astype(int)
    inside[i - 2 : i + 2, j - 2 : j + 2, k - 1 : k + 1] = True
    return inside


def segment(panel: Any, name: str) -> np.ndarray:
    """Return the voxels of a segment, (I, J, K); none where it is not there."""
    segmentation = panel.segmentation.GetSegmentation()
    identifier = segmentation.GetSegmentIdBySegmentName(name)
    if not identifier:
        return np.zeros(panel.sides().shape, bool)
    return (
        slicer.util.arrayFromSegmentBinaryLabelmap(panel.segmentation, identifier, panel.image).transpose(2, 1, 0) > 0
    )


@pytest.mark.parametrize("button", ["swapButton", "splitButton"])
def test_cysts_go_with_their_kidney_to_the_other_side_and_come_back_with_undo(reviewed: Any, button: str) -> None:
    right = reviewed.sides() == 2
    mouse.click(reviewed.ui.swapButton)
    reviewed.rest()
    node, cyst = reviewed.segmentation, block(reviewed, right)
    code = node.GetSegmentation().GetSegment("Left-kidney").GetTerminology().split("~")[3]
    identifier = node.GetSegmentation().AddEmptySegment("", "Left cyst")
    node.GetSegmentation().GetSegment(identifier).SetTerminology(f"a~b~c~^^~d~kidney~{code}")
    reviewed.paint(lambda array: array.__setitem__(cyst, 1), "Left cyst")
    reviewed.paint(lambda array: array.__setitem__(cyst, 0), "Left kidney")
    mouse.click(getattr(reviewed.ui, button))
    reviewed.rest()
    np.testing.assert_array_equal(reviewed.sides() == 2, right & ~cyst)
    np.testing.assert_array_equal(segment(reviewed, "Right cyst"), cyst)
    assert not segment(reviewed, "Left cyst").any()
    terminology = node.GetSegmentation().GetSegment("Right-cyst").GetTerminology()
    assert terminology == "a~b~c~^^~d~kidney~SCT^24028007^Right"
    reviewed.undo()
    np.testing.assert_array_equal(segment(reviewed, "Left cyst"), cyst)
    assert not segment(reviewed, "Right cyst").any()


def test_the_split_puts_right_what_lies_beside_kidneys_that_are_right_already(reviewed: Any) -> None:
    sides = reviewed.sides().copy()
    left, right = (block(reviewed, sides == side) for side in (1, 2))
    for name, place, kidney in (("Left sinus", right, "Right kidney"), ("Right sinus", left, "Left kidney")):
        reviewed.segmentation.GetSegmentation().AddEmptySegment("", name)
        reviewed.paint(lambda array, place=place: array.__setitem__(place, 1), name)
        reviewed.paint(lambda array, place=place: array.__setitem__(place, 0), kidney)
    mouse.click(reviewed.ui.splitButton)
    reviewed.rest()
    np.testing.assert_array_equal(segment(reviewed, "Left sinus"), left)
    np.testing.assert_array_equal(segment(reviewed, "Right sinus"), right)
    np.testing.assert_array_equal(reviewed.sides(), np.where(left | right, 0, sides))


def test_a_hole_is_filled_and_smoothing_keeps_the_volume(reviewed: Any) -> None:
    mouse.click(reviewed.ui.fillHolesButton)
    reviewed.rest()
    before = reviewed.sides().copy()
    reviewed.paint(hole)
    assert (reviewed.sides() != before).any()
    mouse.click(reviewed.ui.fillHolesButton)
    reviewed.rest()
    np.testing.assert_array_equal(reviewed.sides(), before)
    mouse.click(reviewed.ui.smoothButton)
    reviewed.rest()
    smoothed = reviewed.sides()
    assert (smoothed != before).any()
    for side in (1, 2):
        assert (smoothed == side).sum() == pytest.approx((before == side).sum(), rel=0.02)
    reviewed.undo()
    np.testing.assert_array_equal(reviewed.sides(), before)


def test_a_segment_that_holds_both_kidneys_is_split_at_the_spine(reviewed: Any) -> None:
    before = reviewed.sides().copy()
    node = reviewed.segmentation
    reviewed.paint(lambda array: array.__setitem__(slice(None), before > 0))
    node.GetSegmentation().RemoveSegment("Right-kidney")
    segment = node.GetSegmentation().GetSegment("Left-kidney")
    segment.SetName("kidneys")
    segment.SetTerminology("")
    mouse.click(reviewed.ui.splitButton)
    reviewed.rest()
    found = reviewed.sides()
    np.testing.assert_array_equal(found, before)


def test_an_empty_mask_says_what_to_do(reviewed: Any) -> None:
    for name in ("Left kidney", "Right kidney"):
        reviewed.paint(lambda array: array.__setitem__(slice(None), 0), name)
    reviewed.rest()
    mouse.click(reviewed.ui.keepLargestButton)
    assert reviewed.error == "The kidneys are empty: outline them first."
    assert checks(reviewed)["Volume"] == ("✗", "The mask holds no kidney.")


def test_what_was_changed_is_shown_and_hidden(reviewed: Any) -> None:
    removed = []
    reviewed.paint(lambda array: removed.append(stroke(array)))
    reviewed.paint(speck, "Right kidney")
    reviewed.rest()
    mouse.click(reviewed.ui.showChangesCheck)
    node = reviewed.segmentation.GetNodeReference("Renal.Changes")
    counts = {
        name: int(slicer.util.arrayFromSegmentBinaryLabelmap(node, name, reviewed.image).sum())
        for name in ("added", "removed")
    }
    assert counts == {"added": 27, "removed": removed[0]}
    assert node.GetSegmentation().GetSegment("removed").GetName() == "Removed"
    mouse.click(reviewed.ui.showChangesCheck)
    assert reviewed.segmentation.GetNodeReference("Renal.Changes") is None


def test_a_review_needs_a_name(reviewed: Any) -> None:
    mouse.click(reviewed.ui.saveReviewButton)
    assert "Write your name or initials" in reviewed.error
    assert reviewed.ui.recordLabel.text == "Not reviewed yet."


@pytest.mark.parametrize("name", ["reviews.csv", "reviews.jsonl"])
def test_a_review_is_kept_in_the_scene_and_appended_to_the_log(reviewed: Any, tmp_path: Path, name: str) -> None:
    chooseLog(reviewed, tmp_path / name)
    assert reviewed.ui.logLabel.text == name
    mouse.type_(reviewed.ui.reviewerEdit, "Ada")
    mouse.type_(reviewed.ui.commentEdit, "fine; 'upper' pole, left")
    mouse.click(reviewed.ui.saveReviewButton)
    reviewed.paint(stroke)
    reviewed.rest()
    mouse.choose(reviewed.ui.verdictBox, "Rejected")
    mouse.click(reviewed.ui.saveReviewButton)
    text = (tmp_path / name).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines())) if name.endswith("csv") else [*map(json.loads, text.splitlines())]
    assert [row["verdict"] for row in rows] == ["accepted", "rejected"]
    assert rows[0]["comment"] == "fine; 'upper' pole, left"
    assert (rows[0]["reviewer"], rows[0]["image"], rows[0]["dice_left"]) == ("Ada", "T2w", "1")
    assert float(rows[1]["dice_left"]) < 1
    from RenalSegmentationLib.Records import recordsOf

    assert recordsOf(reviewed.segmentation) == rows
    assert reviewed.ui.recordLabel.text.startswith("Rejected by Ada, ")


def test_a_review_says_when_the_mask_is_no_longer_the_one_that_was_reviewed(reviewed: Any, tmp_path: Path) -> None:
    mouse.type_(reviewed.ui.reviewerEdit, "Ada")
    mouse.click(reviewed.ui.saveReviewButton)
    assert reviewed.ui.recordLabel.text.endswith("1 in all.")
    reviewed.paint(stroke)
    reviewed.rest()
    assert reviewed.ui.recordLabel.text.endswith("1 in all. The mask was changed since the review.")
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    reviewed.rest()
    assert reviewed.ui.recordLabel.text.endswith("1 in all. The mask was changed since the review.")
    mouse.click(reviewed.ui.saveReviewButton)
    assert reviewed.ui.recordLabel.text.endswith("2 in all.")


def test_a_review_whose_log_cannot_be_written_is_kept_once_when_it_can(reviewed: Any, tmp_path: Path) -> None:
    from RenalSegmentationLib.Records import recordsOf

    (tmp_path / "folder").write_text("no folder")
    mouse.type_(reviewed.ui.reviewerEdit, "Ada")
    slicer.app.userSettings().setValue("RenalSegmentation/ReviewLog", str(tmp_path / "folder" / "reviews.csv"))
    mouse.click(reviewed.ui.saveReviewButton)
    assert "folder cannot be written" in reviewed.error
    chooseLog(reviewed, tmp_path / "reviews.csv")
    (tmp_path / "reviews.csv").mkdir()
    mouse.click(reviewed.ui.saveReviewButton)
    assert "reviews.csv is not a review log" in reviewed.error
    assert recordsOf(reviewed.segmentation) == []
    (tmp_path / "reviews.csv").rmdir()
    mouse.click(reviewed.ui.saveReviewButton)
    assert recordsOf(reviewed.segmentation) == read_reviews(tmp_path / "reviews.csv")
    assert len(recordsOf(reviewed.segmentation)) == 1


def test_comment_and_verdict_outlast_a_look_at_another_module_and_go_with_their_segmentation(reviewed: Any) -> None:
    mouse.type_(reviewed.ui.commentEdit, "upper pole, left")
    mouse.choose(reviewed.ui.verdictBox, "Rejected")
    slicer.util.selectModule("Data")
    slicer.util.selectModule("RenalSegmentation")
    reviewed.rest()
    assert (reviewed.ui.commentEdit.plainText, reviewed.ui.verdictBox.currentText) == ("upper pole, left", "Rejected")
    reviewed.add(reviewed.subject.t1w, "Other")
    mouse.choose(reviewed.ui.inputSelector, "Other")
    assert (reviewed.ui.commentEdit.plainText, reviewed.ui.verdictBox.currentText) == ("", "Accepted")


def test_a_comment_goes_with_the_scene(reviewed: Any) -> None:
    mouse.type_(reviewed.ui.commentEdit, "upper pole, left")
    slicer.mrmlScene.Clear(0)
    reviewed.rest()
    assert reviewed.ui.commentEdit.plainText == ""
