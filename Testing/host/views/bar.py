"""The coloured bar above each view; follows ``qMRMLViewControllerBar``."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ..pythonqt.namespace import qt
from ..standins.declare import standin
from ..standins.mrmlWidget import qMRMLWidget


@standin(inDesigner=False)
class qMRMLViewControllerBar(qMRMLWidget):
    """The view's label on its colour, and its controls."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._label = QLabel()
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._label.setMinimumWidth(26)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(4, 1, 6, 1)
        self._row.addWidget(self._label)
        self.setAutoFillBackground(True)
        self.setFixedHeight(26)

    def _describe(self, label: str, color: Any) -> None:
        shade = QColor.fromRgbF(*color)
        palette = QPalette(QWidget.palette(self))
        palette.setColor(QPalette.ColorRole.Window, shade)
        palette.setColor(QPalette.ColorRole.WindowText, "black" if shade.lightnessF() > 0.45 else "white")
        QWidget.setPalette(self, palette)
        self._label.setText(label)
        font = self._label.font()
        font.setBold(True)
        self._label.setFont(font)


@standin(inDesigner=False)
class qMRMLAbstractViewWidget(qMRMLWidget):
    """A view below its bar; follows ``qMRMLAbstractViewWidget.h``."""

    def __init__(self, parent: Any, bar: Any, view: Any) -> None:
        super().__init__(parent)
        self._bar, self._view, self._node = bar, view, None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(view, 1)
        self.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Expanding)

    def mrmlAbstractViewNode(self) -> Any:
        """Return the view node."""
        return self._node

    def viewWidget(self) -> Any:
        """Return the view itself."""
        return self._view

    def controllerWidget(self) -> Any:
        """Return the bar."""
        return self._bar

    def _close(self) -> None:
        """Let go of scene and VTK objects."""
        self._view._release()
