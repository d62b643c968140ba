"""Segments that the mask file of a case cannot hold, and reviews: they are of what was seen, and of nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
from Testing.host import mouse
from Testing.panels.worklist_folder import (
    bite,
    caseFolder,
    changeElsewhere,
    draw,
    names,
    outlineAll,
    states,
    thereAndBack,
)

from renal_segmentation.errors import OutputError


def paintSpleen(panel: Any, thickness: int = 2) -> None:
    """Draw a segment for which the mask file has no label."""
    if panel.segmentation.GetSegmentation().GetSegment("Spleen") is None:
        panel.segmentation.GetSegmentation().AddEmptySegment("Spleen", "Spleen")
    panel.paint(lambda array: array.__setitem__(np.s_[1:4, 1:4, 1 : 1 + thickness], 1), "Spleen")
    panel.rest()


def review(panel: Any) -> None:
    """Save a review by keyboard and mouse."""
    mouse.type_(panel.ui.reviewerEdit, "Ada")
    mouse.click(panel.ui.saveReviewButton)
    panel.rest()


def loadAgain(path: Path, panel: Any) -> None:
    """Load a scene in place of what is there."""
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(path))
    panel.rest()


def furtherOf(folder: Path) -> list[Path]:
    """Return the files of further segments of the first case, copies included."""
    return sorted(caseFolder(folder).glob("*further.seg.nrrd"))


def test_a_review_is_not_stamped_on_a_mask_that_somebody_else_has_put_there(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    changeElsewhere(folder)
    review(cases)
    assert cases.error.startswith("The worklist's files have another mask of 'case 1'")
    thereAndBack(cases)
    assert states(cases)[0] == "corrected"


def test_a_review_of_an_older_scene_is_not_one_of_the_newer_mask(cases: Any, tmp_path: Path) -> None:
    outlineAll(cases)
    slicer.util.saveScene(str(tmp_path / "older.mrb"))
    cases.paint(bite)
    cases.rest()
    loadAgain(tmp_path / "older.mrb", cases)
    review(cases)
    assert states(cases)[0] == "corrected"


def test_a_case_with_further_segments_can_be_reviewed_and_says_when_these_are_changed(cases: Any) -> None:
    outlineAll(cases)
    paintSpleen(cases)
    review(cases)
    assert states(cases)[0] == "reviewed"
    thereAndBack(cases)
    assert states(cases)[0] == "reviewed"
    paintSpleen(cases, thickness=4)
    thereAndBack(cases)
    assert states(cases)[0] == "changed since its review"
    assert "changed since the review" in cases.ui.recordLabel.text


def test_an_older_scene_does_not_take_further_segments_away_unasked(cases: Any, folder: Path, tmp_path: Path) -> None:
    import qt

    outlineAll(cases)
    slicer.util.saveScene(str(tmp_path / "older.mrb"))
    paintSpleen(cases)
    loadAgain(tmp_path / "older.mrb", cases)
    assert "is not the one in the worklist's files" in cases.error
    cases.host.dialogs.answerWith(qt.QMessageBox.Yes)
    cases.paint(bite)
    cases.rest()
    assert [path.name.endswith("_further.seg.nrrd") for path in furtherOf(folder)] == [True]


def test_further_segments_that_are_as_they_were_are_not_written_again(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    paintSpleen(cases)
    (path,) = furtherOf(folder)
    before = path.stat().st_mtime_ns
    cases.paint(bite)
    cases.rest()
    assert path.stat().st_mtime_ns == before
    assert states(cases)[0] == "corrected"


def test_a_case_whose_further_segments_cannot_be_read_leaves_nothing_in_the_scene(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    paintSpleen(cases)
    mouse.click(cases.ui.nextButton)
    cases.rest()
    furtherOf(folder)[0].write_bytes(b"broken")
    mouse.click(cases.ui.previousButton)
    cases.rest()
    assert "further.seg.nrrd cannot be read" in cases.error
    mouse.click(cases.ui.nextButton)
    cases.rest()
    assert not [name for name in names() if name.startswith("case 1")]


def test_a_save_that_failed_half_way_is_not_taken_for_a_change_by_somebody_else(
    cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from RenalSegmentationLib import CaseNodes

    def full(*_arguments: Any) -> None:
        raise OutputError("The disk is full.")

    outlineAll(cases)
    paintSpleen(cases)
    with monkeypatch.context() as patch:
        patch.setattr(CaseNodes, "write_image", full)
        cases.segmentation.GetSegmentation().GetSegment("Spleen").SetName("Milz")
        cases.paint(bite)
        cases.rest()
    assert cases.error == "The disk is full."
    cases.paint(bite, "Right kidney")
    cases.rest()
    assert states(cases)[0] == "corrected"


def test_what_was_corrected_while_the_list_was_away_outlasts_a_look_at_another_image(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    draw(cases, cases.load(name="Other"), "Other kidneys")
    path, away = folder / "scene.mrb", folder / "away"
    slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(0)
    (folder / "renal-review").rename(away)
    loadAgain(path, cases)
    cases.paint(bite)
    cases.rest()
    mine = cases.sides().copy()
    mouse.choose(cases.ui.segmentationSelector, "Other kidneys")
    for _isBack in (False, True):
        cases.panel.exit()
        cases.panel.enter()
        cases.rest()
        if away.exists():
            away.rename(folder / "renal-review")
    mouse.click(cases.ui.nextButton)
    cases.rest()
    mouse.click(cases.ui.previousButton)
    cases.rest()
    np.testing.assert_array_equal(cases.sides(), mine)
