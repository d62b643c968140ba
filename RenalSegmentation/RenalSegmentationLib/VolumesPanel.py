"""The table of volumes, in ml and for the size of the body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from renal_segmentation.body_size import body_surface_m2, for_reference_surface
from renal_segmentation.errors import RenalError
from RenalLayersLib.ResultsPanel import ROW_HEIGHT
from RenalSegmentationLib.BodySize import HEIGHT_ATTRIBUTE, WEIGHT_ATTRIBUTE
from RenalSegmentationLib.Labels import kidneySegments, segmentMl

_BODY = {"heightSpin": HEIGHT_ATTRIBUTE, "weightSpin": WEIGHT_ATTRIBUTE}
"""Spin boxes, and the attribute of the segmentation that keeps each: it belongs to the patient, not to the module."""


_ROWS = (3, 9)
"""The table grows with what there is to list, between so many rows."""


class VolumesPanel:
    """Shows the volumes of one segmentation.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    say : callable
        Shows a sentence, ``say(text, isError=False)``.
    keepBody : callable
        Called with the segmentation whose patient's height or weight was changed.
    """

    def __init__(self, ui: Any, say: Callable[..., None], keepBody: Callable[[Any], None]) -> None:
        self._ui, self._say, self._keepBody = ui, say, keepBody
        self._node: Any = None
        self._filling = False
        ui.volumesTable.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        ui.volumesTable.setColumnCount(3)
        ui.volumesTable.setHorizontalHeaderLabels([_("Structure"), _("ml"), _("ml per 1.73 m²")])
        ui.volumesTable.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.ResizeToContents)
        for name in _BODY:
            getattr(ui, name).connect("valueChanged(double)", self._bodyChanged)
        ui.copyVolumesButton.connect("clicked()", self._copy)

    def show(self, node: Any) -> None:
        """Show a segmentation, None shows nothing."""
        self._node = node
        self._filling = True
        for name, attribute in _BODY.items():
            getattr(self._ui, name).value = float(node.GetAttribute(attribute) or 0.0) if node is not None else 0.0
            getattr(self._ui, name).enabled = node is not None
        self._filling = False
        self.refresh()

    def refresh(self) -> None:
        """Measure again."""
        surface = self._surface()
        self._fill(volumesOf(self._node) if self._node is not None else [], surface)
        words = _("Body surface {area:.2f} m² (Mosteller)").format(area=surface) if surface else ""
        self._tell(words)
        self._ui.copyVolumesButton.enabled = self._ui.volumesTable.rowCount > 0

    def _surface(self) -> float | None:
        height, weight = self._ui.heightSpin.value, self._ui.weightSpin.value
        if self._node is None or not (height and weight):
            return None
        try:
            return body_surface_m2(height, weight)
        except RenalError:
            return None

    def _fill(self, rows: list[tuple[str, float]], surface: float | None) -> None:
        table = self._ui.volumesTable
        table.setRowCount(len(rows))
        shown = min(max(len(rows), _ROWS[0]), _ROWS[1])
        table.setFixedHeight((shown + 1) * ROW_HEIGHT + 2 * table.frameWidth)
        for row, (name, ml) in enumerate(rows):
            indexed = f"{for_reference_surface(ml, surface):.1f}" if surface else ""
            for column, text in enumerate((name, f"{ml:.1f}", indexed)):
                item = qt.QTableWidgetItem(text)
                item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
                if column:
                    item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
                table.setItem(row, column, item)
        table.setColumnHidden(2, not surface)

    def _bodyChanged(self, value: float) -> None:
        if self._filling or self._node is None:
            return
        for name, attribute in _BODY.items():
            self._node.SetAttribute(attribute, f"{getattr(self._ui, name).value:g}")
        self._keepBody(self._node)
        height, weight = self._ui.heightSpin.value, self._ui.weightSpin.value
        self.refresh()
        if height and weight and self._surface() is None:
            self._tell(_("Not the size of a person: check height and weight."))

    def _tell(self, words: str) -> None:
        self._ui.bodyLabel.text, self._ui.bodyLabel.visible = words, bool(words)

    def _copy(self) -> None:
        table = self._ui.volumesTable
        columns = [column for column in range(3) if not table.isColumnHidden(column)]
        lines = [[table.horizontalHeaderItem(column).text() for column in columns]]
        lines += [[table.item(row, column).text() for column in columns] for row in range(table.rowCount)]
        qt.QApplication.clipboard().setText("\n".join("\t".join(line) for line in lines))
        self._say(_("The volumes are on the clipboard."))


def volumesOf(node: Any) -> list[tuple[str, float]]:
    """Return what a person calls each structure of a segmentation, and its volume in ml, total kidney volume first."""
    segmentation = node.GetSegmentation()
    identifiers = [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
    try:
        volumes = {identifier: segmentMl(node, identifier) for identifier in identifiers}
    except RenalError:
        return []
    kidneys = [identifier for identifier in kidneySegments(node).values() if identifier]
    rows = [(segmentation.GetSegment(i).GetName(), volumes[i]) for i in identifiers]
    if not kidneys:
        return rows
    return [(_("Total kidney volume"), sum(volumes[i] for i in kidneys)), *rows]
