"""The cells of a table node for Qt; follows ``qMRMLTableModel.cxx`` of Slicer."""

from __future__ import annotations

from typing import Any

import vtk
from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QFont

_SMALL = (vtk.VTK_CHAR, vtk.VTK_SIGNED_CHAR, vtk.VTK_UNSIGNED_CHAR)
_ROLE = Qt.ItemDataRole


def letters(index: int) -> str:
    """Return the name of a column as spreadsheets have it: A, B, ... Z, AA ..."""
    name = ""
    while index >= 0:
        name, index = chr(ord("A") + index % 26) + name, index // 26 - 1
    return name


class TableModel(QAbstractTableModel):
    """Shows a ``vtkMRMLTableNode``.

    Unless the node has ``UseColumnTitleAsColumnHeader`` set, the columns are called A, B, C and their names stand in a
    first row of their own; with ``UseFirstColumnAsRowHeader`` the first column labels the rows.
    """

    def __init__(self, view: Any) -> None:
        super().__init__(view)
        self._view, self.node = view, None

    def _table(self) -> Any:
        table = self.node.GetTable() if self.node is not None else None
        return table if table is not None and table.GetNumberOfColumns() else None

    def _nameRows(self) -> int:
        return 0 if self.node.GetUseColumnTitleAsColumnHeader() else 1

    def _labelColumns(self) -> int:
        return 1 if self.node.GetUseFirstColumnAsRowHeader() else 0

    def _count(self, rows: bool) -> int:
        table = self._table()
        if table is None:
            return 0
        if rows != bool(self._view.transposed):
            return table.GetNumberOfRows() + self._nameRows()
        return table.GetNumberOfColumns() - self._labelColumns()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of rows shown."""
        return self._count(True)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of columns shown."""
        return self._count(False)

    def place(self, index: QModelIndex) -> tuple[int, int]:
        """Return row and column in the table; row -1 is that of the names."""
        row, column = (index.column(), index.row()) if self._view.transposed else (index.row(), index.column())
        return row - self._nameRows(), column + self._labelColumns()

    def data(self, index: QModelIndex, role: int = _ROLE.DisplayRole) -> Any:
        """Return what is shown of a cell."""
        row, column = self.place(index)
        isBit = self._table().GetColumn(column).GetDataType() == vtk.VTK_BIT
        if role in (_ROLE.DisplayRole, _ROLE.EditRole):
            return "" if isBit and row >= 0 else self._text(row, column)
        if role == _ROLE.CheckStateRole and isBit and row >= 0:
            return Qt.CheckState.Checked if self._table().GetValue(row, column).ToInt() else Qt.CheckState.Unchecked
        if role == _ROLE.FontRole and row < 0:
            font = QFont()
            font.setBold(True)
            return font
        return self._toolTip(column) if role == _ROLE.ToolTipRole else None

    def _text(self, row: int, column: int) -> str:
        if row < 0:
            return self._table().GetColumn(column).GetName() or ""
        value = self._table().GetValue(row, column)
        # A variant would give a small integer as a letter.
        return str(value.ToInt()) if self._table().GetColumn(column).GetDataType() in _SMALL else value.ToString()

    def _toolTip(self, column: int) -> str:
        name = self._table().GetColumn(column).GetName() or ""
        title, unit = self.node.GetColumnTitle(name), self.node.GetColumnUnitLabel(name)
        parts = (
            f"<b>{title}</b>" if title else "",
            f"Unit: {unit}" if unit else "",
            self.node.GetColumnDescription(name),
        )
        return "<p>".join(part for part in parts if part)

    def setData(self, index: QModelIndex, value: Any, role: int = _ROLE.EditRole) -> bool:
        """Write a cell, or the name of a column."""
        row, column = self.place(index)
        if row < 0:
            self._table().GetColumn(column).SetName(str(value))
        else:
            self._table().SetValue(
                row, column, vtk.vtkVariant(str(value) if role == _ROLE.EditRole else int(bool(value)))
            )
        self._table().Modified()
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        """Return the label of a column or row."""
        if role != _ROLE.DisplayRole or self._table() is None:
            return None
        if (orientation == Qt.Orientation.Horizontal) != bool(self._view.transposed):
            return self._columnLabel(section + self._labelColumns()) if not self._nameRows() else letters(section)
        row = section - self._nameRows()
        return self._text(row, 0) if self._labelColumns() else str(section + 1)

    def _columnLabel(self, column: int) -> str:
        name = self._table().GetColumn(column).GetName() or ""
        return self.node.GetColumnTitle(name) or name

    def flags(self, index: QModelIndex) -> Any:
        """Return what may be done with a cell."""
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        if self.node.GetLocked():
            return flags
        row, column = self.place(index)
        isBit = row >= 0 and self._table().GetColumn(column).GetDataType() == vtk.VTK_BIT
        return flags | (Qt.ItemFlag.ItemIsUserCheckable if isBit else Qt.ItemFlag.ItemIsEditable)
