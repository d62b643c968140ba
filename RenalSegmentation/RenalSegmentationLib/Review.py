"""The review: automatic checks, what was changed, and the verdict with its record."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from renal_segmentation.agreement import Agreement, compare
from renal_segmentation.checks import Check, check_mask
from renal_segmentation.errors import RenalError
from renal_segmentation.review import Review, Verdict, append_review, now
from renal_segmentation.volume import Volume
from RenalLayersLib.ResultsPanel import ROW_HEIGHT
from RenalSegmentationLib.Changes import hideChanges, showChanges
from RenalSegmentationLib.Labels import occupied, referenceOf, sideMap
from RenalSegmentationLib.Lights import lightItem
from RenalSegmentationLib.Records import addRecord, isRecordCurrent, recordsOf
from RenalSegmentationLib.Result import MODEL_ATTRIBUTE, aiCopyOf, confidenceOf, isAiCopy, isCorrected

REVIEWER_SETTING, LOG_SETTING = "RenalSegmentation/Reviewer", "RenalSegmentation/ReviewLog"
_CHECKS = {
    "volume": lambda: _("Volume"),
    "difference": lambda: _("Left against right"),
    "islands": lambda: _("Parts"),
    "border": lambda: _("Border of the image"),
    "holes": lambda: _("Holes"),
    "side": lambda: _("Sides"),
    "confidence": lambda: _("Certainty"),
}
_SIDES = {"left": lambda: _("Left"), "right": lambda: _("Right"), "both": lambda: _("Both")}
_VERDICTS = {
    Verdict.ACCEPTED: lambda: _("Accepted"),
    Verdict.CORRECTED: lambda: _("Accepted after correction"),
    Verdict.REJECTED: lambda: _("Rejected"),
}


class ReviewPanel:
    """Shows checks and changes of one segmentation, and keeps the verdict.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    say : callable
        Shows a sentence, ``say(text, isError=False)``.
    keep : callable
        Called with the row of each review that was saved; returns whether it was logged there already.
    """

    def __init__(self, ui: Any, say: Callable[..., None], keep: Callable[[dict[str, str]], bool]) -> None:
        self._ui, self._say, self._keep = ui, say, keep
        self._node: Any = None
        # Whose comment and verdict the widgets hold: they outlast a look at another module.
        self._last: Any = None
        self._drafts: dict[Any, tuple[str, int]] = {}
        self._withChanges = self._waits = self._edited = self._changed = False
        self._prepareTable(ui.checksTable, ["", _("Check"), _("Reason")])
        ui.checksTable.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.ResizeToContents)
        ui.checksTable.horizontalHeader().setSectionResizeMode(1, qt.QHeaderView.ResizeToContents)
        titles = ["", _("Dice"), _("HD95 mm"), _("Before ml"), _("Now ml"), _("Change %")]
        self._prepareTable(ui.agreementTable, titles)
        # Of equal widths the longest titles were cut off.
        for column in range(len(titles)):
            mode = qt.QHeaderView.ResizeToContents if column else qt.QHeaderView.Stretch
            ui.agreementTable.horizontalHeader().setSectionResizeMode(column, mode)
        for verdict in Verdict:
            ui.verdictBox.addItem(_VERDICTS[verdict](), verdict.value)
        ui.reviewerEdit.text = slicer.app.userSettings().value(REVIEWER_SETTING, "")
        ui.reviewerEdit.connect("textChanged(QString)", self._reviewerChanged)
        ui.saveReviewButton.connect("clicked()", self.save)
        ui.logButton.connect("clicked()", self._chooseLog)
        self._showLog()

    def show(self, node: Any, withChanges: bool) -> None:
        """Show the review of a segmentation, None shows nothing; `withChanges` displays what was changed."""
        if node is not self._last:
            if self._last is not None and slicer.mrmlScene.IsNodePresent(self._last):
                hideChanges(self._last)
            self._changeDraft(node)
            # One that was corrected in an earlier session counts as corrected.
            self._edited = True
        self._node = self._last = node
        self._withChanges = withChanges
        self.refresh()

    def _changeDraft(self, node: Any) -> None:
        """Put aside what was written of a segmentation, and take up again what was written of the next one."""
        if self._last is not None:
            self._drafts[self._last] = (self._ui.commentEdit.plainText, self._ui.verdictBox.currentIndex)
        comment, verdict = self._drafts.pop(node, ("", 0))
        self._drafts = {kept: draft for kept, draft in self._drafts.items() if slicer.mrmlScene.IsNodePresent(kept)}
        self._ui.commentEdit.plainText = comment
        self._ui.verdictBox.setCurrentIndex(verdict)

    def leave(self) -> None:
        """Show nothing, and leave the display of changes in the scene and what was written of it as they are."""
        self._node = None
        self._fillChecks(())
        self._fillAgreement(())

    def sceneIsClosing(self) -> None:
        """Let go of the segmentation, and of what was written of it."""
        self.show(None, False)
        self._drafts = {}

    def refresh(self, evenFolded: bool = False) -> None:
        """Check and compare again; while the section is folded that waits, for it would slow the brush down."""
        self._waits = self._ui.reviewButton.collapsed and not self._withChanges and not evenFolded
        if self._waits:
            hideChanges(self._node)
            return
        checks, agreement, reason = self._findings()
        self._changed = not reason and isCorrected(self._node, evenSplit=False)
        if self._edited:
            self._proposeVerdict()
        self._fillChecks(checks)
        self._fillAgreement(agreement)
        self._ui.checksLabel.text, self._ui.checksLabel.visible = reason, bool(reason)
        self._ui.agreementTable.visible = bool(agreement)
        self._ui.showChangesCheck.enabled = bool(agreement)
        self._showRecord()
        self._ui.saveReviewButton.enabled = bool(checks) and not isAiCopy(self._node)
        try:
            if self._withChanges and agreement:
                showChanges(self._node)
            else:
                hideChanges(self._node)
        except RenalError as error:
            self._say(str(error), isError=True)

    def save(self) -> bool:
        """Save the review, and return whether that was possible."""
        # A correction made a moment ago may not have been looked at yet.
        self._edited = True
        self.refresh(evenFolded=True)
        reviewer = self._ui.reviewerEdit.text.strip()
        if self._node is None or not self._ui.saveReviewButton.enabled:
            return False
        if not reviewer:
            self._say(_("Write your name or initials into 'Reviewer': the record says who looked at the mask."), True)
            self._ui.reviewerEdit.setFocus()
            return False
        try:
            row = self.review(reviewer).row()
            # The files first: where they cannot be written, a second click is no second review.
            if not self._keep(row) and self._log() is not None:
                append_review(self._log(), row)
            addRecord(self._node, row)
        except RenalError as error:
            self._say(str(error), isError=True)
            return False
        self._showRecord()
        self._say(_("The review is in the scene and in the log.") if self._log() else _("The review is in the scene."))
        return True

    def review(self, reviewer: str) -> Review:
        """Return the review as the panel shows it.

        Raises
        ------
        RenalError
            If the mask cannot be read.
        """
        side = sideMap(self._node)
        copy, reference = aiCopyOf(self._node), referenceOf(self._node)
        agreement = compare(sideMap(copy), side) if copy is not None else ()
        return Review(
            time=now(),
            reviewer=reviewer,
            verdict=Verdict(self._ui.verdictBox.itemData(self._ui.verdictBox.currentIndex)),
            comment=self._ui.commentEdit.plainText.strip(),
            image=reference.GetName(),
            mask=self._node.GetName(),
            model=self._node.GetAttribute(MODEL_ATTRIBUTE) or "",
            agreement=agreement,
            checks=self._checks(side),
        )

    def edited(self) -> None:
        """Check and compare after a correction, and choose the verdict that fits what was done."""
        self._edited = True
        self.refresh()

    def _proposeVerdict(self) -> None:
        """Choose between accepted as it is and after correction; a rejection stays one."""
        self._edited = False
        box = self._ui.verdictBox
        accepted = (Verdict.ACCEPTED.value, Verdict.CORRECTED.value)
        if box.itemData(box.currentIndex) in accepted:
            box.setCurrentIndex(box.findData(accepted[self._changed]))

    def _findings(self) -> tuple[tuple[Check, ...], tuple[Agreement, ...], str]:
        """Return checks, agreement with the network's outline, and why there are none."""
        if self._node is None:
            return (), (), _("Outline the kidneys first.")
        try:
            side = sideMap(self._node)
            copy = aiCopyOf(self._node)
            agreement = compare(sideMap(copy), side) if copy is not None else ()
            checks = self._checks(side)
        except RenalError as error:
            return (), (), str(error)
        return checks, agreement, ""

    def _checks(self, side: Volume) -> tuple[Check, ...]:
        return check_mask(side, confidenceOf(self._node), occupied=occupied(self._node, side.grid))

    def _fillChecks(self, checks: tuple[Check, ...]) -> None:
        table = self._ui.checksTable
        table.setRowCount(len(checks))
        for row, check in enumerate(checks):
            reason = _item(check.reason)
            reason.setToolTip(check.reason)
            for column, item in enumerate((lightItem(check.light), _item(_CHECKS[check.code]()), reason)):
                table.setItem(row, column, item)
        table.resizeRowsToContents()

    def _fillAgreement(self, agreement: tuple[Agreement, ...]) -> None:
        table = self._ui.agreementTable
        table.setRowCount(len(agreement))
        for row, found in enumerate(agreement):
            numbers = (found.dice, found.hd95_mm, found.before_ml, found.after_ml, found.change_percent)
            forms = ("{:.3f}", "{:.1f}", "{:.1f}", "{:.1f}", "{:+.1f}")
            texts = [form.format(n) if math.isfinite(n) else "" for form, n in zip(forms, numbers, strict=True)]
            for column, text in enumerate((_SIDES[found.side](), *texts)):
                table.setItem(row, column, _item(text))

    def _showRecord(self) -> None:
        records = recordsOf(self._node)
        if not records:
            self._ui.recordLabel.text = _("Not reviewed yet.") if self._node is not None else ""
            return
        changed = "" if isRecordCurrent(self._node) else _(" The mask was changed since the review.")
        last = records[-1]
        verdict = _VERDICTS[Verdict(last["verdict"])]()
        told = _("{verdict} by {reviewer}, {time}; {count} in all.").format(
            verdict=verdict, reviewer=last["reviewer"], time=last["time"].replace("T", " "), count=len(records)
        )
        self._ui.recordLabel.text = told + changed

    def _reviewerChanged(self, text: str) -> None:
        slicer.app.userSettings().setValue(REVIEWER_SETTING, text)

    def _log(self) -> Path | None:
        path = slicer.app.userSettings().value(LOG_SETTING, "")
        return Path(path) if path else None

    def _chooseLog(self) -> None:
        before = slicer.app.userSettings().value(LOG_SETTING, "") or "reviews.csv"
        dialog = qt.QFileDialog(None, _("Review log"), before, _("Review log (*.csv *.jsonl)"))
        dialog.acceptMode = qt.QFileDialog.AcceptSave
        dialog.fileMode = qt.QFileDialog.AnyFile
        # Reviews are added to a log that is there; nothing is overwritten.
        dialog.setOption(qt.QFileDialog.DontConfirmOverwrite, True)
        if dialog.exec_() and dialog.selectedFiles():
            path = dialog.selectedFiles()[0]
            suffix = "" if Path(path).suffix else ".csv"
            slicer.app.userSettings().setValue(LOG_SETTING, path + suffix)
            self._showLog()

    def _showLog(self) -> None:
        path = self._log()
        self._ui.logLabel.text = path.name if path is not None else _("no log file")
        self._ui.logLabel.toolTip = str(path) if path is not None else ""

    def _prepareTable(self, table: Any, titles: list[str]) -> None:
        table.setColumnCount(len(titles))
        table.setHorizontalHeaderLabels(titles)
        table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)


def _item(text: str) -> Any:
    item = qt.QTableWidgetItem(text)
    item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
    return item
