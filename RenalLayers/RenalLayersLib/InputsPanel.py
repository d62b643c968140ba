"""The part of the panel that says what is analysed: segments and maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from RenalLayersLib.AutoUpdate import AutoUpdate
from RenalLayersLib.Guesses import guessSegments, guessUnit
from RenalLayersLib.ResultsPanel import ROW_HEIGHT
from RenalLayersLib.SegmentChoice import SEGMENT_PARAMETERS, rememberChoice, rememberedChoice, segmentNames

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
        self._changes = AutoUpdate(self._segmentsChanged)
        self._boxes = {name: getattr(ui, f"{name}Box") for name in SEGMENT_PARAMETERS}
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
        if parameters is None:
            self._changes.leave()
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
        """Choose the segments of a segmentation that has just been selected: as the last time, else the likely ones.

        What was chosen for the same segmentation stays; only segments that have come since are considered. Maps that
        are known to be of another patient are taken off the list.
        """
        parameters = self._parameters
        node = parameters.segmentation if parameters else None
        self._changes.watch(node)
        if node is None:
            return
        before, known = rememberedChoice(node)
        isNew = parameters.guessedFor is not node
        guesses = guessSegments(node)
        with slicer.util.NodeModify(parameters):
            for name, guess in guesses.items():
                chosen = before.get(name, "") if isNew else getattr(parameters, name)
                setattr(parameters, name, chosen or ("" if guess in known else guess))
            if isNew:
                self._storeMapRows([row for row in self._mapRows() if not _ofAnotherPatient(row[0], node)])
            rememberChoice(parameters)

    def _segmentsChanged(self) -> None:
        """Follow segments that were added, removed or renamed."""
        box, names = self._ui.leftSegmentBox, segmentNames(self._parameters.segmentation)
        shown = {box.itemData(n): box.itemText(n) for n in range(1, box.count)}
        if shown != names:
            self.refresh()
            self._onChanged()

    def _fillSegments(self) -> None:
        node = self._parameters.segmentation if self._parameters else None
        names = segmentNames(node)
        for name, box in self._boxes.items():
            box.clear()
            box.addItem(_("None"), "")
            for identifier, segmentName in names.items():
                box.addItem(segmentName, identifier)
            chosen = getattr(self._parameters, name) if self._parameters else ""
            if chosen and node is not None and chosen not in names:
                box.addItem(_("{segment} (gone)").format(segment=chosen), chosen)
            box.setCurrentIndex(max(box.findData(chosen), 0))
            box.enabled = node is not None

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
        self._storeMapRows(rows)
        self.refresh()
        self._onChanged()

    def _storeMapRows(self, rows: list[tuple[Any, str, str]]) -> None:
        with slicer.util.NodeModify(self._parameters):
            self._parameters.mapVolumes = [volume for volume, _name, _unit in rows]
            self._parameters.mapNames = [name for _volume, name, _unit in rows]
            self._parameters.mapUnits = [unit for _volume, _name, unit in rows]

    def _segmentSlot(self, name: str) -> Callable[[int], None]:
        def chosen(index: int) -> None:
            if self._filling or self._parameters is None or index < 0:
                return
            setattr(self._parameters, name, self._boxes[name].itemData(index) or "")
            rememberChoice(self._parameters)
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
            name = text or (volume.GetName() if volume else name)
        elif item.column() == _UNIT:
            unit = text
        rows[item.row()] = (volume, name, unit)
        self._setMapRows(rows)


def _ofAnotherPatient(node: Any, segmentation: Any) -> bool:
    """Return whether a volume, or None, and a segmentation are of different patients in the subject hierarchy."""
    patient, other = _patientOf(segmentation), _patientOf(node) if node is not None else 0
    return bool(patient and other and patient != other)


def _patientOf(node: Any) -> int:
    """Return the subject-hierarchy item of the patient that a node belongs to, 0 where that is not known."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    item, level = hierarchy.GetItemByDataNode(node), slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMLevelPatient()
    return int(hierarchy.GetItemAncestorAtLevel(item, level)) if item else 0
