"""The part of the panel that says what is analysed: segments and maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from RenalLayersLib.Guesses import guessSegments, guessUnit
from RenalLayersLib.Inputs import segmentId
from RenalLayersLib.ResultsPanel import ROW_HEIGHT

_VOLUME, _NAME, _UNIT = range(3)


class InputsPanel:
    """Binds the segment boxes and the list of maps to the parameters.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    onChanged : callable
        Called after the user has changed an input here.
    """

    def __init__(self, ui: Any, onChanged: Callable[[], None]) -> None:
        self._ui, self._onChanged = ui, onChanged
        self._parameters: Any = None
        self._filling = False
        self._boxes = {
            "leftSegment": ui.leftSegmentBox,
            "rightSegment": ui.rightSegmentBox,
            "cortexSegment": ui.cortexSegmentBox,
            "medullaSegment": ui.medullaSegmentBox,
            "pelvisSegment": ui.pelvisSegmentBox,
        }
        for name, box in self._boxes.items():
            box.connect("currentIndexChanged(int)", self._segmentSlot(name))
        ui.mapsTable.setColumnCount(3)
        ui.mapsTable.setHorizontalHeaderLabels([_("Volume"), _("Name"), _("Unit")])
        ui.mapsTable.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        ui.mapsTable.connect("itemChanged(QTableWidgetItem*)", self._mapEdited)
        ui.addMapButton.connect("clicked()", self._addMap)
        ui.removeMapButton.connect("clicked()", self._removeMap)

    def setParameters(self, parameters: Any) -> None:
        """Show and change these parameters; None while there is no scene."""
        self._parameters = parameters
        self.refresh()

    def refresh(self) -> None:
        """Show what the parameters say now."""
        self._filling = True
        try:
            self._fillSegments()
            self._fillMaps()
        finally:
            self._filling = False

    def chooseSegments(self) -> None:
        """Choose the likely segments of a segmentation that has just been selected."""
        node = self._parameters.segmentation if self._parameters else None
        if node is None:
            return
        guesses = guessSegments(node)
        with slicer.util.NodeModify(self._parameters):
            for name, guess in guesses.items():
                if not segmentId(node, getattr(self._parameters, name)):
                    setattr(self._parameters, name, guess)

    def _fillSegments(self) -> None:
        node = self._parameters.segmentation if self._parameters else None
        segmentation = node.GetSegmentation() if node is not None else None
        for name, box in self._boxes.items():
            box.clear()
            box.addItem(_("None"), "")
            for n in range(segmentation.GetNumberOfSegments() if segmentation else 0):
                identifier = segmentation.GetNthSegmentID(n)
                box.addItem(segmentation.GetSegment(identifier).GetName(), identifier)
            chosen = getattr(self._parameters, name) if self._parameters else ""
            box.setCurrentIndex(max(box.findData(chosen), 0))
            box.enabled = segmentation is not None

    def _fillMaps(self) -> None:
        table, maps = self._ui.mapsTable, self._mapRows()
        table.setRowCount(len(maps))
        for row, (volume, name, unit) in enumerate(maps):
            for column, text in ((_VOLUME, volume.GetName() if volume else _("(gone)")), (_NAME, name), (_UNIT, unit)):
                item = qt.QTableWidgetItem(text)
                if column == _VOLUME:
                    item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
                table.setItem(row, column, item)
        self._ui.removeMapButton.enabled = bool(maps)

    def _mapRows(self) -> list[tuple[Any, str, str]]:
        if self._parameters is None:
            return []
        columns = (self._parameters.mapVolumes, self._parameters.mapNames, self._parameters.mapUnits)
        return list(zip(*columns, strict=False))

    def _setMapRows(self, rows: list[tuple[Any, str, str]]) -> None:
        with slicer.util.NodeModify(self._parameters):
            self._parameters.mapVolumes = [volume for volume, _name, _unit in rows]
            self._parameters.mapNames = [name for _volume, name, _unit in rows]
            self._parameters.mapUnits = [unit for _volume, _name, unit in rows]
        self.refresh()
        self._onChanged()

    def _segmentSlot(self, name: str) -> Callable[[int], None]:
        def chosen(index: int) -> None:
            if self._filling or self._parameters is None or index < 0:
                return
            setattr(self._parameters, name, self._boxes[name].itemData(index) or "")
            self._onChanged()

        return chosen

    def _addMap(self) -> None:
        volume = self._ui.mapSelector.currentNode()
        rows = self._mapRows()
        if volume is None or any(volume is listed for listed, _name, _unit in rows):
            return
        names = [name for _volume, name, _unit in rows]
        name = volume.GetName()
        if name in names:
            name = next(f"{name} ({n})" for n in range(2, len(names) + 3) if f"{name} ({n})" not in names)
        self._setMapRows([*rows, (volume, name, guessUnit(volume))])

    def _removeMap(self) -> None:
        rows = self._mapRows()
        chosen = self._ui.mapsTable.currentRow()
        if rows:
            del rows[chosen if 0 <= chosen < len(rows) else -1]
            self._setMapRows(rows)

    def _mapEdited(self, item: Any) -> None:
        if self._filling or self._parameters is None:
            return
        rows = self._mapRows()
        volume, name, unit = rows[item.row()]
        text = item.text().strip()
        if item.column() == _NAME:
            name = text or volume.GetName()
        elif item.column() == _UNIT:
            unit = text
        rows[item.row()] = (volume, name, unit)
        self._setMapRows(rows)
