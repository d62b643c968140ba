"""A folder of cases: outlined in the background, stepped through, saved as one goes, resumed after any end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import slicer
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from Testing.host import mouse
from Testing.panels.segmentation_panel import SMALL, isAlive
from Testing.panels.worklist_folder import NAMES, bite, names, open_, outlineAll, states

from renal_layers.phantom import reference_object
from renal_segmentation.files import write_image
from renal_segmentation.resampling import nearest
from renal_segmentation.review import read_reviews
from renal_segmentation.volume import Volume


def test_a_folder_is_listed_in_natural_order_and_its_first_case_is_opened(cases: Any) -> None:
    assert cases.table(cases.ui.worklistTable) == [[name, "waiting", ""] for name in NAMES]
    assert cases.parameters.inputVolume.GetName() == "case 1"
    assert cases.status == "case 1 is not outlined yet."


def test_all_cases_are_outlined_in_the_background_while_the_panel_lives(cases: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("RENAL_FAKE", "slow:0.2")
    mouse.click(cases.ui.runAllButton)
    cases.host.waitUntil(lambda: "2 more wait" in cases.ui.worklistLabel.text, 30000)
    assert cases.ui.runAllButton.text == "Stop outlining"
    assert not cases.ui.applyButton.enabled
    assert "worklist is being outlined" in cases.ui.applyButton.toolTip
    mouse.click(cases.ui.nextButton)
    assert cases.parameters.inputVolume.GetName() == "case 2"
    cases.rest()
    assert states(cases) == ["outlined"] * 3
    assert cases.status == "3 cases were outlined, 0 failed."
    assert cases.ui.worklistLabel.text == "3 cases: 3 outlined (0 reviewed), 0 failed."
    assert cases.ui.applyButton.enabled
    lights = {row[0] for row in cases.table(cases.ui.checksTable)}
    light = next(sign for sign in "✗!✓" if sign in lights)
    assert [row[2] for row in cases.table(cases.ui.worklistTable)] == [light] * 3
    # The case that was looked at shows its outline as soon as there is one.
    assert cases.segmentation.GetName() == "case 2 kidneys"


def test_stopping_ends_the_network_and_keeps_what_is_done(cases: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("RENAL_FAKE", "hang")
    mouse.click(cases.ui.runAllButton)
    cases.host.waitUntil(lambda: "outlining" in cases.ui.worklistLabel.text, 30000)
    program = cases.panel.worklist.background.identifier
    mouse.click(cases.ui.runAllButton)
    cases.rest()
    assert not isAlive(program)
    assert states(cases) == ["waiting"] * 3
    assert cases.ui.runAllButton.text == "Outline all that wait"


def test_a_case_that_fails_says_why_and_does_not_stop_the_others(cases: Any, folder: Path) -> None:
    (folder / "case 2.nii.gz").write_bytes(b"no image")
    outlineAll(cases)
    assert states(cases) == ["outlined", "failed", "outlined"]
    assert "2 cases were outlined, 1 failed" in cases.error
    assert "case 2.nii.gz cannot be read as an image" in cases.ui.worklistTable.item(1, 1).toolTip()
    mouse.click(cases.ui.nextButton)
    assert "case 2.nii.gz" in cases.error
    assert cases.segmentation is None
    mouse.click(cases.ui.nextButton)
    assert cases.segmentation.GetName() == "case 10 kidneys"


def test_a_case_that_cannot_be_loaded_is_still_the_one_looked_at_when_the_module_is_entered_again(
    cases: Any, folder: Path
) -> None:
    outlineAll(cases)
    (folder / "case 2.nii.gz").rename(folder / "away")
    mouse.click(cases.ui.nextButton)
    for _time in range(2):
        assert "case 2.nii.gz is not there" in cases.error
        assert cases.panel.worklist.case.name == cases.parameters.case == "case 2"
        cases.panel.exit()
        cases.panel.enter()
        cases.rest()
    (folder / "away").rename(folder / "case 2.nii.gz")
    cases.panel.exit()
    cases.panel.enter()
    cases.rest()
    assert cases.segmentation.GetName() == "case 2 kidneys"


def test_stepping_keeps_one_case_in_the_scene_and_saves_corrections(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    cases.paint(bite)
    corrected = cases.sides().copy()
    mouse.click(cases.ui.nextButton)
    cases.rest()
    assert states(cases) == ["corrected", "outlined", "outlined"]
    assert [name for name in names() if "case 1" in name] == []
    assert sorted(names()) == ["case 2", "case 2 kidneys", "case 2 kidneys, as outlined by the network"]
    saved = np.asarray(nibabel.load(folder / "renal-review" / "case 1" / "kidneys.nii.gz").dataobj)
    np.testing.assert_array_equal(saved, corrected)
    mouse.click(cases.ui.previousButton)
    cases.rest()
    np.testing.assert_array_equal(cases.sides(), corrected)
    assert float(cases.table(cases.ui.agreementTable)[0][1]) < 1
    assert states(cases) == ["corrected", "outlined", "outlined"]


@pytest.mark.parametrize("mirrored", [False, True])
def test_kidneys_lie_where_they_are_in_images_of_either_handedness(cases: Any, tmp_path: Path, mirrored: bool) -> None:
    """Slicer turns the slices of a left-handed image around when it reads the file."""
    subject = reference_object(SMALL)
    flip = np.diag([-1.0 if mirrored else 1.0, 1, 1, 1])
    flip[0, 3] = subject.t2w.array.shape[0] - 1 if mirrored else 0
    image = Volume(subject.t2w.array[:: -1 if mirrored else 1].astype(np.float32), subject.t2w.affine @ flip)
    folder = tmp_path / "one"
    folder.mkdir()
    write_image(folder / "case.nii.gz", image.array, image.grid, "T2w")
    open_(cases, folder)
    outlineAll(cases)
    inside = nearest(subject.mask, gridOf(cases)) > 0
    found = cases.sides() > 0
    assert 2 * (inside & found).sum() / (inside.sum() + found.sum()) > 0.8
    cases.paint(bite)
    cases.rest()
    corrected = cases.sides().copy()
    saved = nibabel.load(folder / "renal-review" / "case" / "kidneys.nii.gz")
    np.testing.assert_allclose(saved.affine, image.affine, atol=1e-3)
    mouse.click(cases.ui.nextButton)
    open_(cases, folder)
    cases.rest()
    np.testing.assert_array_equal(cases.sides(), corrected)


def gridOf(panel: Any) -> Any:
    """Return the grid of the chosen image."""
    from RenalLayersLib.Inputs import volumeOf

    return volumeOf(panel.parameters.inputVolume).grid


def test_a_correction_is_saved_as_soon_as_the_hand_rests(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    path = folder / "renal-review" / "case 1" / "kidneys.nii.gz"
    assert not path.exists()
    cases.paint(bite)
    cases.rest()
    np.testing.assert_array_equal(np.asarray(nibabel.load(path).dataobj), cases.sides())


def activate(host: Any) -> None:
    """Make the main window the one that takes the keys.

    Without a display Qt takes a window that was hidden for the active one still, until another one is.
    """
    other = QWidget()
    for window in (other, host.mainWindow):
        window.show()
        window.activateWindow()
        host.wait(20)
    other.close()
    assert host.mainWindow.isActiveWindow


def test_keys_step_and_accept(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    mouse.type_(cases.ui.reviewerEdit, "Ada")
    window = cases.host.mainWindow
    activate(cases.host)
    mouse.press(window, Qt.Key.Key_PageDown, modifiers=Qt.KeyboardModifier.ControlModifier)
    assert cases.segmentation.GetName() == "case 2 kidneys"
    mouse.press(window, Qt.Key.Key_PageUp, modifiers=Qt.KeyboardModifier.ControlModifier)
    assert cases.segmentation.GetName() == "case 1 kidneys"
    mouse.press(window, Qt.Key.Key_Return, modifiers=Qt.KeyboardModifier.ControlModifier)
    assert states(cases) == ["reviewed", "outlined", "outlined"]
    assert cases.segmentation.GetName() == "case 2 kidneys"
    mouse.press(window, Qt.Key.Key_PageDown, modifiers=Qt.KeyboardModifier.ControlModifier)
    mouse.press(window, Qt.Key.Key_PageDown, modifiers=Qt.KeyboardModifier.ControlModifier)
    assert cases.status == "This is the last case."


def test_reviews_go_to_the_log_of_the_worklist(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    mouse.type_(cases.ui.reviewerEdit, "Ada")
    mouse.click(cases.ui.saveReviewButton)
    mouse.click(cases.ui.nextButton)
    cases.paint(bite)
    cases.rest()
    mouse.click(cases.ui.saveReviewButton)
    rows = read_reviews(folder / "renal-review" / "reviews.csv")
    assert [(row["image"], row["verdict"]) for row in rows] == [
        ("case 1", "accepted"),
        ("case 2", "accepted after correction"),
    ]
    mouse.click(cases.ui.previousButton)
    assert cases.ui.recordLabel.text.startswith("Accepted by Ada")


def test_the_light_of_a_corrected_case_is_that_of_its_review(cases: Any) -> None:
    def lights() -> list[str]:
        return [row[2] for row in cases.table(cases.ui.worklistTable)]

    outlineAll(cases)
    network = lights()[0]
    assert network in tuple("!✓")
    for side in ("Left kidney", "Right kidney"):
        cases.paint(lambda array: array.fill(0), side)
    cases.rest()
    assert lights() == ["", network, network]
    mouse.type_(cases.ui.reviewerEdit, "Ada")
    mouse.click(cases.ui.saveReviewButton)
    assert lights() == ["✗", network, network]


@pytest.mark.parametrize("anew", [False, True])
def test_a_case_that_was_changed_since_its_review_says_so_and_is_open_again(
    cases: Any, folder: Path, monkeypatch: Any, anew: bool
) -> None:
    outlineAll(cases)
    mouse.type_(cases.ui.reviewerEdit, "Ada")
    mouse.click(cases.ui.saveReviewButton)
    assert states(cases)[0] == "reviewed"
    if anew:
        subject = reference_object(SMALL)
        write_image(folder / "other_mask.nii.gz", subject.mask.array, subject.mask.grid, "another outline")
        monkeypatch.setenv("RENAL_FAKE", f"mask:{folder / 'other_mask.nii.gz'}")
        cases.apply()
    else:
        cases.paint(bite)
        cases.rest()
    for _time in range(2):
        assert states(cases) == ["changed since its review", "outlined", "outlined"]
        assert cases.ui.recordLabel.text.startswith("Accepted by Ada, ")
        assert cases.ui.recordLabel.text.endswith("The mask was changed since the review.")
        slicer.mrmlScene.Clear(0)
        open_(cases, folder)
        assert cases.parameters.case == "case 1"
    mouse.click(cases.ui.saveReviewButton)
    assert states(cases)[0] == "reviewed"
    assert cases.ui.recordLabel.text.endswith("2 in all.")


def test_work_resumes_where_it_stopped(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    mouse.type_(cases.ui.reviewerEdit, "Ada")
    mouse.click(cases.ui.saveReviewButton)
    mouse.click(cases.ui.nextButton)
    cases.paint(bite)
    corrected = cases.sides().copy()
    slicer.mrmlScene.Clear(0)
    cases.host.wait(20)
    assert cases.ui.worklistTable.rowCount == 0
    open_(cases, folder)
    assert states(cases) == ["reviewed", "corrected", "outlined"]
    assert cases.segmentation.GetName() == "case 2 kidneys"
    np.testing.assert_array_equal(cases.sides(), corrected)


def test_a_folder_that_was_moved_keeps_its_cases_and_masks(cases: Any, folder: Path, tmp_path_factory: Any) -> None:
    outlineAll(cases)
    cases.paint(bite)
    cases.rest()
    corrected = cases.sides().copy()
    slicer.mrmlScene.Clear(0)
    moved = tmp_path_factory.mktemp("other") / "place"
    folder.rename(moved)
    open_(cases, moved)
    cases.rest()
    assert states(cases) == ["corrected", "outlined", "outlined"]
    np.testing.assert_array_equal(cases.sides(), corrected)


def test_an_older_scene_does_not_overwrite_a_newer_mask(cases: Any, folder: Path, tmp_path: Path) -> None:
    outlineAll(cases)
    slicer.util.saveScene(str(tmp_path / "older.mrb"))
    cases.paint(bite)
    cases.rest()
    path = folder / "renal-review" / "case 1" / "kidneys.nii.gz"
    newer = path.read_bytes()
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "older.mrb"))
    cases.rest()
    assert cases.parameters.case == "case 1"
    mouse.click(cases.ui.nextButton)
    cases.rest()
    assert path.read_bytes() == newer
    assert states(cases) == ["corrected", "outlined", "outlined"]


@pytest.mark.parametrize("opened", [False, True])
def test_a_list_out_of_reach_is_named_and_what_is_corrected_meanwhile_is_saved_later(
    cases: Any, folder: Path, tmp_path: Path, opened: bool
) -> None:
    outlineAll(cases)
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    (folder / "renal-review").rename(folder / "away")
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    cases.rest()
    for told in (cases.error, cases.ui.worklistLabel.text):
        assert "worklist.json is not there: put the folder back" in told
        assert told.endswith("Until then corrections of 'case 1' are not saved to its files.")
    cases.paint(bite)
    cases.rest()
    corrected = cases.sides().copy()
    cases.panel.exit()
    cases.panel.enter()
    assert "worklist.json is not there" in cases.error
    (folder / "away").rename(folder / "renal-review")
    if opened:
        open_(cases, folder)
    else:
        cases.panel.exit()
        cases.panel.enter()
    cases.rest()
    assert states(cases) == ["corrected", "outlined", "outlined"]
    saved = np.asarray(nibabel.load(folder / "renal-review" / "case 1" / "kidneys.nii.gz").dataobj)
    np.testing.assert_array_equal(saved, corrected)


@pytest.mark.parametrize("asScene", [False, True])
def test_masks_are_saved_although_another_program_has_changed_the_log(
    cases: Any, folder: Path, tmp_path: Path, asScene: bool
) -> None:
    outlineAll(cases)
    log = folder / "renal-review" / "reviews.csv"
    mouse.type_(cases.ui.reviewerEdit, "Ada")
    mouse.click(cases.ui.saveReviewButton)
    log.write_text(log.read_text().replace(",", ";"))
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    if asScene:
        slicer.util.loadScene(str(tmp_path / "scene.mrb"))
        cases.rest()
    else:
        open_(cases, folder)
    assert "reviews.csv is not a review log" in cases.error
    cases.paint(bite)
    cases.rest()
    assert (folder / "renal-review" / f"{cases.parameters.case}" / "kidneys.nii.gz").is_file()


def test_a_double_click_opens_a_case(cases: Any) -> None:
    outlineAll(cases)
    table = cases.ui.worklistTable
    mouse.clickCell(table, 2, 0)
    from PySide6.QtTest import QTest

    place = table.visualItemRect(table.item(2, 0)).center()
    QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert cases.segmentation.GetName() == "case 10 kidneys"


def test_a_worklist_without_what_reads_images_asks_for_it(host: Any, folder: Path) -> None:
    import slicer.packaging
    from Testing.panels.segmentation_panel import SegmentationPanel

    slicer.packaging.pretended["nibabel"] = False
    panel = SegmentationPanel(host)
    panel.openSection("worklistButton")
    open_(panel, folder)
    assert panel.error == "The Python packages nibabel are needed: try again and agree to install them."
    assert not (folder / "renal-review").exists()


def test_a_folder_without_images_says_so(cases: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    open_(cases, tmp_path / "empty")
    assert "holds no NIfTI image" in cases.error
    assert len(cases.table(cases.ui.worklistTable)) == 3
