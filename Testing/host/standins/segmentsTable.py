"""``qMRMLSegmentsTableView``: the segments of a segmentation; follows its header and .cxx in Slicer."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6.QtCore import Property, QItemSelection, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QVBoxLayout

from .declare import standin, stored
from .mrmlWidget import Observations, qMRMLWidget

_VISIBLE, _COLOR, _OPACITY, _NAME = range(4)
_ID = Qt.ItemDataRole.UserRole
_OPTIONS = {
    "visibilityColumnVisible": _VISIBLE,
    "colorColumnVisible": _COLOR,
    "opacityColumnVisible": _OPACITY,
}


@standin(
    {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"},
    ["setMRMLScene(vtkMRMLScene*)", "setSegmentationNode(vtkMRMLNode*)"],
)
class qMRMLSegmentsTableView(qMRMLWidget):
    """Visibility, colour, opacity and name of each segment."""

    NoFilter = 0
    selectionChanged = Signal(QItemSelection, QItemSelection)
    segmentAboutToBeModified = Signal(str)
    visibilityColumnVisible = stored(bool, True, "_applyOptions")
    colorColumnVisible = stored(bool, True, "_applyOptions")
    opacityColumnVisible = stored(bool, True, "_applyOptions")
    statusColumnVisible = stored(bool, False)
    layerColumnVisible = stored(bool, False)
    filterBarVisible = stored(bool, False)
    headerVisible = stored(bool, True, "_applyOptions")
    readOnly = stored(bool, False, "_populate")
    textFilter = stored(str, "", "_populate")
    jumpToSelectedSegmentEnabled = stored(bool, False)
    useTerminologySelector = stored(bool, True)
    useTerminologySelectorSettingsKey = stored(str, "Segmentations/UseTerminologySelector")
    terminologySelectorOptionVisible = stored(bool, True)
    terminologySelectorAutoDisable = stored(bool, True)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._node: Any = None
        self._hiddenIDs: tuple[str, ...] = ()
        self._table = QTableWidget(0, 4)
        self._table.setHorizontalHeaderLabels(["Visible", "Colour", "Opacity", "Name"])
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.verticalHeader().hide()
        for column in (_VISIBLE, _COLOR, _OPACITY):
            self._table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self._table.horizontalHeader().setStretchLastSection(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._table)
        self._observations = Observations(self)
        self._table.itemChanged.connect(self._edit)
        self._table.selectionModel().selectionChanged.connect(self.selectionChanged)

    def setSegmentationNode(self, node: Any) -> None:
        """List the segments of a segmentation."""
        self._node = node
        segmentation = node.GetSegmentation() if node is not None else None
        names = ("SegmentAdded", "SegmentRemoved", "SegmentModified", "SegmentsOrderModified")
        display = node.GetDisplayNode() if node is not None else None
        self._observations.replace(
            *((segmentation, getattr(slicer.vtkSegmentation, name), self._populate) for name in names),
            (display, "ModifiedEvent", self._populate),
        )
        self._populate()

    def segmentationNode(self) -> Any:
        """Return the segmentation."""
        return self._node

    def _applyOptions(self) -> None:
        for name, column in _OPTIONS.items():
            self._table.setColumnHidden(column, not getattr(self, name))
        self._table.horizontalHeader().setVisible(self.headerVisible)

    def _ids(self) -> list[str]:
        if self._node is None:
            return []
        segmentation = self._node.GetSegmentation()
        ids = (segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments()))
        text = self.textFilter.lower()
        return [i for i in ids if i not in self._hiddenIDs and text in _nameOf(segmentation.GetSegment(i)).lower()]

    def _populate(self) -> None:
        if "_table" not in self.__dict__:
            return
        chosen, ids = self.selectedSegmentIDs(), self._ids()
        with QSignalBlocker(self._table), QSignalBlocker(self._table.selectionModel()):
            self._table.setRowCount(len(ids))
            for row, id_ in enumerate(ids):
                self._fillRow(row, id_)
        self.setSelectedSegmentIDs(chosen)

    def _fillRow(self, row: int, id_: str) -> None:
        segment = self._node.GetSegmentation().GetSegment(id_)
        display = self._node.GetDisplayNode()
        items = [QTableWidgetItem() for _ in range(4)]
        items[_VISIBLE].setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
        seen = display is None or display.GetSegmentVisibility(id_)
        items[_VISIBLE].setCheckState(Qt.CheckState.Checked if seen else Qt.CheckState.Unchecked)
        items[_COLOR].setBackground(QColor.fromRgbF(*segment.GetColor()))
        items[_COLOR].setFlags(Qt.ItemFlag.ItemIsEnabled)
        opacity = display.GetSegmentOpacity3D(id_) if display is not None else 1.0
        items[_OPACITY].setText(f"{opacity:.2f}")
        items[_NAME].setText(_nameOf(segment))
        if self.readOnly:
            for item in items:
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        for column, item in enumerate(items):
            item.setData(_ID, id_)
            self._table.setItem(row, column, item)

    def _edit(self, item: QTableWidgetItem) -> None:
        id_, display = item.data(_ID), self._node.GetDisplayNode()
        self.segmentAboutToBeModified.emit(id_)
        if item.column() == _VISIBLE and display is not None:
            display.SetSegmentVisibility(id_, item.checkState() == Qt.CheckState.Checked)
        elif item.column() == _OPACITY and display is not None:
            display.SetSegmentOpacity3D(id_, float(item.text()))
        elif item.column() == _NAME:
            self._node.GetSegmentation().GetSegment(id_).SetName(item.text())

    def selectedSegmentIDs(self) -> tuple[str, ...]:
        """Return the IDs of the selected segments."""
        rows = sorted({index.row() for index in self._table.selectionModel().selectedRows(_NAME)})
        return tuple(self._table.item(row, _NAME).data(_ID) for row in rows)

    def setSelectedSegmentIDs(self, segmentIDs: Any) -> None:
        """Select segments."""
        if tuple(segmentIDs) == self.selectedSegmentIDs():
            return
        self._table.clearSelection()
        for row in range(self._table.rowCount()):
            if self._table.item(row, _NAME).data(_ID) in tuple(segmentIDs):
                self._table.selectRow(row)

    def clearSelection(self) -> None:
        """Select no segment."""
        self._table.clearSelection()

    def displayedSegmentIDs(self) -> tuple[str, ...]:
        """Return the IDs of the segments in the list."""
        return tuple(self._ids())

    def setHideSegments(self, segmentIDs: Any) -> None:
        """Leave segments out of the list."""
        self._hiddenIDs = tuple(segmentIDs)
        self._populate()

    def hideSegments(self) -> tuple[str, ...]:
        """Return the segments that are left out."""
        return self._hiddenIDs

    def rowForSegmentID(self, segmentID: str) -> int:
        """Return the row of a segment, -1 if it is not in the list."""
        return self._ids().index(segmentID) if segmentID in self._ids() else -1

    def segmentIDForRow(self, row: int) -> str:
        """Return the segment of a row."""
        return self._ids()[row]

    def tableWidget(self) -> Any:
        """Return the table inside."""
        return self._table

    def setSelectionMode(self, mode: Any) -> None:
        """Say how many segments may be selected."""
        self._table.setSelectionMode(QAbstractItemView.SelectionMode(getattr(mode, "value", mode)))

    def showOnlySelectedSegments(self) -> None:
        """Hide the others."""
        chosen = self.selectedSegmentIDs()
        for id_ in self._ids() if chosen else ():
            self._node.GetDisplayNode().SetSegmentVisibility(id_, id_ in chosen)

    selectionMode = Property(int, lambda self: self._table.selectionMode().value, setSelectionMode)
    segmentCount = Property(int, lambda self: self._table.rowCount())


def _nameOf(segment: Any) -> str:
    """Return a segment's name, empty as Qt takes it while Undo is about to bring the segment back."""
    return segment.GetName() or ""
