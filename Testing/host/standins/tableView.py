"""``qMRMLTableView``: a table node as a spreadsheet; follows ``qMRMLTableView.h``."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSortFilterProxyModel, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QTableView

from ..pythonqt.namespace import qt
from .declare import standin, stored
from .mrmlWidget import Observations
from .tableModel import TableModel

_SLOTS = (
    "setMRMLScene(vtkMRMLScene*)",
    "setMRMLTableNode(vtkMRMLNode*)",
    "setMRMLTableNode(vtkMRMLTableNode*)",
    "copySelection()",
    "pasteSelection()",
    "insertRow()",
    "insertColumn()",
    "deleteRow()",
    "deleteColumn()",
)


@standin({"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged", "selectionChanged()": "_cellsChosen"}, _SLOTS)
class qMRMLTableView(qt.QTableView):
    """The cells of a table node, to be read, edited and copied."""

    mrmlSceneChanged = Signal(object)
    _cellsChosen = Signal()
    transposed = stored(bool, False, "_update")
    firstRowLocked = stored(bool, False, "_update")
    firstColumnLocked = stored(bool, False, "_update")

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._observations = Observations(self)
        self._cells = TableModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self._cells)
        QTableView.setModel(self, self._sorted)
        QTableView.selectionModel(self).selectionChanged.connect(lambda *_: self._cellsChosen.emit())
        QTableView.horizontalHeader(self).setStretchLastSection(False)

    def setMRMLScene(self, scene: Any) -> None:
        """Set the scene."""
        if scene is not self._scene:
            self._scene = scene
            if self._cells.node is not None and (scene is None or self._cells.node.GetScene() is not scene):
                self.setMRMLTableNode(None)
            self.mrmlSceneChanged.emit(scene)

    def mrmlScene(self) -> Any:
        """Return the scene."""
        return self._scene

    def setMRMLTableNode(self, node: Any) -> None:
        """Show a table node, or nothing."""
        if node is not None and not node.IsA("vtkMRMLTableNode"):
            node = None
        self._observations.replace((node, "ModifiedEvent", self._update))
        self._cells.beginResetModel()
        self._cells.node = node
        self._cells.endResetModel()
        QTableView.resizeColumnsToContents(self)
        self._cellsChosen.emit()

    def mrmlTableNode(self) -> Any:
        """Return the table node."""
        return self._cells.node

    def setMRMLTableViewNode(self, node: Any) -> None:
        """Show the table of a view node."""
        self.__dict__["_viewNode"] = node
        self.setMRMLTableNode(node.GetTableNode() if node is not None else None)

    def mrmlTableViewNode(self) -> Any:
        """Return the view node."""
        return self.__dict__.get("_viewNode")

    def tableModel(self) -> Any:
        """Return the model of the table."""
        return self._cells

    def sortFilterProxyModel(self) -> Any:
        """Return the model that sorts the table."""
        return self._sorted

    def _update(self) -> None:
        if "_cells" in self.__dict__:
            self._cells.beginResetModel()
            self._cells.endResetModel()
            QTableView.resizeColumnsToContents(self)

    def copySelection(self) -> None:
        """Copy the chosen cells, or all, as text with tabs."""
        chosen = QTableView.selectionModel(self).selectedIndexes()
        rows = sorted({index.row() for index in chosen}) or range(self._sorted.rowCount())
        columns = sorted({index.column() for index in chosen}) or range(self._sorted.columnCount())
        lines = ("\t".join(str(self._sorted.index(r, c).data()) for c in columns) for r in rows)
        QApplication.clipboard().setText("\n".join(lines))

    def pasteSelection(self) -> None:
        """Paste text with tabs at the current cell."""
        start = QTableView.currentIndex(self)
        for row, line in enumerate(QApplication.clipboard().text().splitlines()):
            for column, text in enumerate(line.split("\t")):
                index = self._sorted.index(start.row() + row, start.column() + column)
                if index.isValid():
                    self._sorted.setData(index, text)

    def insertRow(self) -> None:
        """Add a row."""
        self._cells.node.AddEmptyRow()

    def insertColumn(self) -> None:
        """Add a column."""
        self._cells.node.AddColumn()

    def deleteRow(self) -> None:
        """Remove the rows of the chosen cells."""
        rows = {row for row, _ in self._chosen() if row >= 0}
        for row in sorted(rows, reverse=True):
            self._cells.node.RemoveRow(row)

    def deleteColumn(self) -> None:
        """Remove the columns of the chosen cells."""
        columns = {column for _, column in self._chosen()}
        for column in sorted(columns, reverse=True):
            self._cells.node.RemoveColumn(column)

    def _chosen(self) -> list[tuple[int, int]]:
        chosen = QTableView.selectionModel(self).selectedIndexes()
        return [self._cells.place(self._sorted.mapToSource(index)) for index in chosen]

    def keyPressEvent(self, event: Any) -> None:
        """Copy and paste."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copySelection()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.pasteSelection()
        else:
            QTableView.keyPressEvent(self, event)
