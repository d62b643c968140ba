"""Dialogs are recorded, and answered by the test."""

from __future__ import annotations

from typing import Any

import pytest
import slicer.util
from Testing.host.pythonqt.dialogs import UnansweredDialogError


def test_messages_are_recorded_and_closed(host: Any) -> None:
    slicer.util.errorDisplay("The volume is empty.", windowTitle="Renal layers", detailedText="trace")
    slicer.util.warningDisplay("Careful")
    slicer.util.infoDisplay("Done")
    shown = [(dialog.kind, dialog.text) for dialog in host.dialogs.shown]
    assert shown == [("error", "The volume is empty."), ("warning", "Careful"), ("information", "Done")]
    assert host.dialogs.shown[0].title == "Renal layers"
    assert host.dialogs.shown[0].details == "trace"
    assert host.dialogs.texts("warning") == ["Careful"]


def test_questions_get_the_answer_that_the_test_prepared(host: Any) -> None:
    import qt

    host.dialogs.answerWith(qt.QMessageBox.Ok, qt.QMessageBox.No)
    assert slicer.util.confirmOkCancelDisplay("Delete?") is True
    assert slicer.util.confirmYesNoDisplay("Sure?") is False
    assert host.dialogs.texts("question") == ["Delete?", "Sure?"]


def test_a_question_without_an_answer_raises(host: Any) -> None:
    with pytest.raises(UnansweredDialogError, match="Delete"):
        slicer.util.confirmOkCancelDisplay("Delete?")


def test_file_dialogs_return_the_path_alone(host: Any) -> None:
    import qt

    host.dialogs.answerWith("/tmp/a.csv", "/tmp", "name")
    assert qt.QFileDialog.getSaveFileName(None, "Save the table", "", "*.csv") == "/tmp/a.csv"
    assert qt.QFileDialog.getExistingDirectory(None, "Folder") == "/tmp"
    assert qt.QInputDialog.getText(None, "Rename", "New name:") == "name"
    assert [dialog.kind for dialog in host.dialogs.shown] == ["file", "folder", "input"]


def test_a_dialog_can_be_answered_by_a_function_that_clicks_in_it(host: Any) -> None:
    import qt

    dialog = qt.QDialog()
    box = qt.QVBoxLayout(dialog)
    check = qt.QCheckBox("Agree", dialog)
    box.addWidget(check)

    def agree(shown: Any) -> int:
        shown.findChild(qt.QCheckBox).click()
        return 1

    host.dialogs.answerWith(agree)
    assert dialog.exec_() == 1
    assert check.checked
    assert host.dialogs.shown[0].text == "Agree"


def test_an_error_in_a_protected_block_is_shown_with_its_trace(host: Any) -> None:
    with pytest.raises(ValueError, match="empty"), slicer.util.tryWithErrorDisplay("Cannot count.", waitCursor=True):
        raise ValueError("The volume is empty.")
    assert host.dialogs.texts("error") == ["Cannot count.\n\nThe volume is empty."]
    assert "ValueError" in host.dialogs.shown[0].details
    assert slicer.app.overrideCursor() is None


def test_a_progress_dialog_can_be_cancelled(host: Any) -> None:
    progress = slicer.util.createProgressDialog(labelText="Counting", maximum=10)
    progress.value = 3
    progress.cancel()
    assert progress.wasCanceled
    progress.close()


def test_in_testing_mode_no_dialog_is_shown(host: Any) -> None:
    slicer.app.commandOptions().testingEnabled = True
    slicer.util.errorDisplay("hidden")
    slicer.util.confirmOkCancelDisplay("hidden")
    assert host.dialogs.shown == []


def test_addresses_that_are_opened_are_recorded(host: Any) -> None:
    import qt

    assert qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile("/tmp/report.html"))
    assert host.dialogs.opened == ["file:///tmp/report.html"]
