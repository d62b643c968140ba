"""The worklist is outlined in the background, whatever happens meanwhile."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from Testing.host import mouse
from Testing.panels.worklist_folder import open_, outlineAll, states

from renal_segmentation.errors import OutputError
from renal_segmentation.worklist import Worklist


def test_the_background_goes_on_while_the_module_is_left(cases: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("RENAL_FAKE", "slow:0.2")
    mouse.click(cases.ui.runAllButton)
    cases.panel.exit()
    cases.rest()
    assert cases.segmentation is None
    cases.panel.enter()
    cases.rest()
    assert states(cases) == ["outlined"] * 3
    assert cases.segmentation.GetName() == "case 1 kidneys"
    assert cases.ui.runAllButton.text == "Outline all that wait"
    assert cases.ui.applyButton.enabled


def test_a_disk_that_is_full_is_no_success(cases: Any, monkeypatch: Any) -> None:
    def full(self: Any, case: Any, summary: Any) -> None:
        raise OutputError("network.json cannot be written (No space left on device): free space there.")

    monkeypatch.setattr(Worklist, "write_summary", full)
    outlineAll(cases)
    assert cases.error == (
        "0 cases were outlined, 1 failed. network.json cannot be written (No space left on device): free space there."
    )
    assert cases.ui.runAllButton.enabled


def test_a_case_whose_folder_cannot_be_written_ends_the_background_with_the_reason(cases: Any, folder: Path) -> None:
    blocked = folder / "renal-review" / "case 1"
    blocked.write_text("no folder")
    outlineAll(cases)
    assert cases.error.startswith("0 cases were outlined, 1 failed.")
    assert "case 1 cannot be written" in cases.error
    blocked.unlink()
    outlineAll(cases)
    assert states(cases) == ["outlined"] * 3


def test_a_folder_in_which_no_worklist_can_be_made_is_named(cases: Any, folder: Path, tmp_path: Path) -> None:
    images = tmp_path / "more"
    images.mkdir()
    (folder / "case 1.nii.gz").rename(images / "case 1.nii.gz")
    (images / "renal-review").write_text("no folder")
    open_(cases, images)
    assert "renal-review cannot be written" in cases.error
    assert len(cases.table(cases.ui.worklistTable)) == 3


def test_apply_without_a_place_for_temporary_files_says_so(cases: Any, monkeypatch: Any) -> None:
    def full(*arguments: Any, **options: Any) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    cases.apply()
    assert "The folder for temporary files" in cases.error
    assert "No space left on device" in cases.error
