"""``ctkComboBox``, ``ctkCheckableComboBox`` and ``ctkDynamicSpacer``."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QWidget

from ..pythonqt.namespace import qt
from .declare import standin, stored


def paintComboBox(combo: Any, text: str | None = None, elide: Any = Qt.TextElideMode.ElideMiddle) -> None:
    """Paint a combo box that shows ``text`` (default: its current text), shortened to fit."""
    painter = QPainter(combo)
    option = QStyleOptionComboBox()
    QComboBox.initStyleOption(combo, option)
    style = QWidget.style(combo)
    field = QStyle.SubControl.SC_ComboBoxEditField
    width = style.subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, combo).width()
    if text is not None:
        option.currentText = text
    option.currentText = option.fontMetrics.elidedText(option.currentText, elide, width - 8)
    style.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option, painter, combo)
    style.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option, painter, combo)
    painter.end()


@standin()
class ctkComboBox(qt.QComboBox):
    """A combo box with a text for nothing chosen; follows ``ctkComboBox.h`` of CTK."""

    NeverScroll, AlwaysScroll, ScrollWithFocus, ScrollWithNoVScrollBar = 0, 1, 2, 3
    returnRelease = Signal()
    defaultTextChanged = Signal(str)
    currentUserDataAsStringChanged = Signal(str)
    defaultText = stored(str, "", "_newDefault")
    defaultIcon = stored(QIcon, QIcon(), "update")
    forceDefault = stored(bool, False, "update")
    elideMode = stored(int, Qt.TextElideMode.ElideNone.value, "update")
    scrollWheelEffect = stored(int, AlwaysScroll)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.currentIndexChanged.connect(
            lambda _: self.currentUserDataAsStringChanged.emit(self.currentUserDataAsString)
        )

    def _newDefault(self) -> None:
        self.update()
        self.defaultTextChanged.emit(self.defaultText)

    def setCurrentUserDataAsString(self, data: str) -> None:
        """Choose the item with this user data."""
        QComboBox.setCurrentIndex(self, QComboBox.findData(self, data))

    currentUserDataAsString = Property(
        str, lambda self: str(QComboBox.currentData(self) or ""), setCurrentUserDataAsString
    )

    def wheelEvent(self, event: Any) -> None:
        """Scroll only where ``scrollWheelEffect`` allows it."""
        unfocused = self.scrollWheelEffect == self.ScrollWithFocus and not QWidget.hasFocus(self)
        if self.scrollWheelEffect == self.NeverScroll or unfocused:
            event.ignore()
        else:
            QComboBox.wheelEvent(self, event)

    def paintEvent(self, event: Any) -> None:
        """Paint the default text where nothing is chosen."""
        unset = QComboBox.currentIndex(self) < 0 or self.forceDefault
        paintComboBox(self, self.defaultText if unset and self.defaultText else None)


@standin()
class ctkCheckableComboBox(qt.QComboBox):
    """A combo box whose items can be checked; follows ``ctkCheckableComboBox.h`` and ``.cpp`` of CTK."""

    checkedIndexesChanged = Signal()

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._model = _CheckableModel(self)
        QComboBox.setModel(self, self._model)
        self._model.itemChanged.connect(lambda _: self._tell())
        QComboBox.view(self).viewport().installEventFilter(self)

    def _tell(self) -> None:
        self.update()
        self.checkedIndexesChanged.emit()

    def checkableModel(self) -> Any:
        """Return the model."""
        return self._model

    def checkedIndexes(self) -> tuple[QModelIndex, ...]:
        """Return the indexes of the checked items."""
        items = (self._model.item(row) for row in range(self._model.rowCount()))
        return tuple(item.index() for item in items if item.checkState() == Qt.CheckState.Checked)

    def allChecked(self) -> bool:
        """Whether all items are checked."""
        return len(self.checkedIndexes()) == self._model.rowCount()

    def noneChecked(self) -> bool:
        """Whether no item is checked."""
        return not self.checkedIndexes()

    def checkState(self, index: QModelIndex) -> Qt.CheckState:
        """Return whether an item is checked."""
        return self._model.itemFromIndex(index).checkState()

    def setCheckState(self, index: QModelIndex, state: Qt.CheckState) -> None:
        """Check an item."""
        self._model.itemFromIndex(index).setCheckState(state)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Check the item that is clicked and keep the list open."""
        if event.type() == QEvent.Type.MouseButtonRelease and QComboBox.view(self).isVisible():
            index = QComboBox.view(self).indexAt(event.position().toPoint())
            if index.isValid():
                checked = self.checkState(index) == Qt.CheckState.Checked
                self.setCheckState(index, Qt.CheckState.Unchecked if checked else Qt.CheckState.Checked)
                return True
        return QComboBox.eventFilter(self, watched, event)

    def paintEvent(self, event: Any) -> None:
        """Paint the texts of the checked items."""
        paintComboBox(self, ", ".join(index.data() for index in self.checkedIndexes()) or "None")


class _CheckableModel(QStandardItemModel):
    """Makes each item that ``addItem`` adds a checkable one."""

    def insertRows(self, row: int, count: int, parent: QModelIndex | None = None) -> bool:
        for _ in range(count):
            item = QStandardItem()
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Unchecked)
            self.insertRow(row, item)
        return True


@standin()
class ctkDynamicSpacer(qt.QWidget):
    """A spacer that changes its size policy; follows ``ctkDynamicSpacer.h`` of CTK."""

    activeSizePolicy = stored(QSizePolicy, QSizePolicy(), "_apply")
    inactiveSizePolicy = stored(QSizePolicy, QSizePolicy(), "_apply")

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._active = False

    def setActive(self, active: bool) -> None:
        """Switch between the two policies."""
        self._active = active
        self._apply()

    active = Property(bool, lambda self: self._active, setActive)

    def _apply(self) -> None:
        self.setSizePolicy(self.activeSizePolicy if self._active else self.inactiveSizePolicy)
