"""The table of the worklist's cases: how far each has come, and the light of its checks."""

from __future__ import annotations

from typing import Any

import qt
from slicer.i18n import tr as _

from renal_segmentation.worklist import Case, Status, Worklist
from RenalLayersLib.ResultsPanel import ROW_HEIGHT
from RenalSegmentationLib.Lights import lightItem

_STATUS = {
    Status.WAITING: lambda: _("waiting"),
    Status.FAILED: lambda: _("failed"),
    Status.OUTLINED: lambda: _("outlined"),
    Status.CORRECTED: lambda: _("corrected"),
    Status.CHANGED: lambda: _("changed since its review"),
    Status.REVIEWED: lambda: _("reviewed"),
}


class WorklistTable:
    """Shows a worklist, one case in a row.

    Parameters
    ----------
    table : QTableWidget
        Shows it.
    """

    def __init__(self, table: Any) -> None:
        self._table = table
        table.setColumnCount(3)
        table.setHorizontalHeaderLabels([_("Case"), _("State"), _("Checks")])
        table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        table.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.Stretch)

    def show(self, worklist: Worklist | None, chosen: Case | None) -> None:
        """Show all cases, none without a worklist, and select the one that is looked at."""
        cases = worklist.cases if worklist is not None else ()
        self._table.setRowCount(len(cases))
        for case in cases:
            self.update(worklist, case)
        if chosen in cases:
            self._table.selectRow(cases.index(chosen))

    def update(self, worklist: Worklist | None, case: Case) -> None:
        """Show how far a case has come."""
        if worklist is None or case not in worklist.cases:
            return
        row, status = worklist.cases.index(case), worklist.status(case)
        texts = (case.name, _STATUS[status]())
        for column, text in enumerate(texts):
            item = qt.QTableWidgetItem(text)
            item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
            item.setToolTip(worklist.failure(case) if status == Status.FAILED else case.source)
            self._table.setItem(row, column, item)
        self._table.setItem(row, len(texts), lightItem(worklist.light(case)))


def countsOf(worklist: Worklist) -> str:
    """Return how many cases have come how far, in words."""
    states = [worklist.status(case) for case in worklist.cases]
    return str(_("{count} cases: {outlined} outlined ({reviewed} reviewed), {failed} failed.")).format(
        count=len(states),
        outlined=sum(state not in (Status.WAITING, Status.FAILED) for state in states),
        reviewed=states.count(Status.REVIEWED),
        failed=states.count(Status.FAILED),
    )
