"""``qMRMLCheckableNodeComboBox`` and ``qMRMLColorTableComboBox``."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QComboBox

from .combos import ctkComboBox, paintComboBox
from .declare import standin
from .nodeCombo import _ID, qMRMLNodeComboBox


class _CheckedTexts(ctkComboBox):
    """Shows the names of the checked nodes, and checks what is clicked."""

    def __init__(self, owner: Any) -> None:
        super().__init__()
        self._owner = owner
        self.view().viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonRelease and self.view().isVisible():
            index = self.view().indexAt(event.position().toPoint())
            node = self._owner._nodeAt(index.row()) if index.isValid() else None
            if node is not None:
                checked = self._owner.checkState(node) == Qt.CheckState.Checked
                self._owner.setCheckState(node, Qt.CheckState.Unchecked if checked else Qt.CheckState.Checked)
                return True
        return QComboBox.eventFilter(self, watched, event)

    def paintEvent(self, event: Any) -> None:
        paintComboBox(self, ", ".join(node.GetName() for node in self._owner.checkedNodes()) or "None")


@standin(slots=["check(vtkMRMLNode*)", "uncheck(vtkMRMLNode*)", "setMRMLScene(vtkMRMLScene*)"])
class qMRMLCheckableNodeComboBox(qMRMLNodeComboBox):
    """Any number of nodes; follows ``qMRMLCheckableNodeComboBox.h`` of Slicer."""

    checkedNodesChanged = Signal()

    def __init__(self, parent: Any = None) -> None:
        self.__dict__["_checked"] = set()
        self.__dict__["_fixed"] = set()
        super().__init__(parent)
        self.addEnabled = False
        self.removeEnabled = False

    def _makeComboBox(self) -> Any:
        combo = super()._makeComboBox(_CheckedTexts(self))
        combo.currentIndexChanged.disconnect()
        return combo

    def _nodeAt(self, row: int) -> Any:
        nodeID = self._combo.itemData(row, _ID)
        return self._scene.GetNodeByID(nodeID) if nodeID and nodeID not in self._fixed else None

    def _refresh(self) -> None:
        super()._refresh()
        gone = self._checked - set(self._ids())
        self._checked -= gone
        self._showChecks()
        if gone:
            self.checkedNodesChanged.emit()

    def _showChecks(self) -> None:
        with QSignalBlocker(self._combo):
            for row in range(self._combo.count):
                nodeID = self._combo.itemData(row, _ID)
                if nodeID:
                    state = Qt.CheckState.Checked if nodeID in self._checked else Qt.CheckState.Unchecked
                    self._combo.setItemData(row, state, Qt.ItemDataRole.CheckStateRole)
        self._combo.update()

    def checkedNodes(self) -> tuple[Any, ...]:
        """Return the checked nodes."""
        return tuple(self._scene.GetNodeByID(i) for i in self._ids() if i in self._checked)

    def uncheckedNodes(self) -> tuple[Any, ...]:
        """Return the nodes that are not checked."""
        return tuple(self._scene.GetNodeByID(i) for i in self._ids() if i not in self._checked)

    def allChecked(self) -> bool:
        """Whether every node is checked."""
        return not self.uncheckedNodes()

    def noneChecked(self) -> bool:
        """Whether no node is checked."""
        return not self.checkedNodes()

    def checkState(self, node: Any) -> Qt.CheckState:
        """Return whether a node is checked."""
        checked = node is not None and node.GetID() in self._checked
        return Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked

    def setCheckState(self, node: Any, state: Qt.CheckState) -> None:
        """Check a node."""
        if node is None or node.GetID() not in self._ids() or state == self.checkState(node):
            return
        (self._checked.add if state == Qt.CheckState.Checked else self._checked.discard)(node.GetID())
        self._showChecks()
        self.checkedNodesChanged.emit()

    def setUserCheckable(self, node: Any, checkable: bool) -> None:
        """Say whether a person may check a node."""
        (self._fixed.discard if checkable else self._fixed.add)(node.GetID())

    def check(self, node: Any) -> None:
        """Check a node."""
        self.setCheckState(node, Qt.CheckState.Checked)

    def uncheck(self, node: Any) -> None:
        """Uncheck a node."""
        self.setCheckState(node, Qt.CheckState.Unchecked)


@standin(slots=["setMRMLScene(vtkMRMLScene*)"])
class qMRMLColorTableComboBox(qMRMLNodeComboBox):
    """Colour tables with a strip of their colours; follows ``qMRMLColorTableComboBox.h`` of Slicer."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.nodeTypes = ["vtkMRMLColorTableNode", "vtkMRMLProceduralColorNode"]
        self.showHidden = True
        self.addEnabled = False
        self.removeEnabled = False

    def _refresh(self) -> None:
        super()._refresh()
        for row in range(self._combo.count):
            nodeID = self._combo.itemData(row, _ID)
            if nodeID:
                self._combo.setItemIcon(row, QIcon(colorStrip(self._scene.GetNodeByID(nodeID))))


def colorStrip(node: Any, width: int = 40, height: int = 12) -> QPixmap:
    """Return a picture of the colours of a colour node, first to last."""
    strip = QPixmap(width, height)
    strip.fill(QColor("white"))
    painter = QPainter(strip)
    count, color = node.GetNumberOfColors(), [0.0] * 4
    for x in range(width if count else 0):
        node.GetColor(min(x * count // width, count - 1), color)
        painter.fillRect(x, 0, 1, height, QColor.fromRgbF(*color[:3]))
    painter.end()
    return strip
