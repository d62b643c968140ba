"""The worklist is outlined in the background, whatever happens meanwhile."""

from __future__ import annotations

from typing import Any

from Testing.host import mouse
from Testing.panels.worklist_folder import outlineAll, states

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
