"""The buttons of CTK: ``ctkPushButton``, ``ctkCheckablePushButton``, ``ctkMenuButton``, ``ctkCheckBox`` ..."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Property, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QWidget,
)

from ..pythonqt.dialogs import DIALOGS
from ..pythonqt.namespace import qt
from .declare import standin, stored

_CENTRE = (Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter).value
_LEFT = (Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter).value


@standin()
class ctkPushButton(qt.QPushButton):
    """A push button with aligned text; follows ``ctkPushButton.h`` of CTK."""

    buttonTextAlignment = stored(int, _CENTRE, "update")
    iconAlignment = stored(int, _LEFT, "update")
    elideMode = stored(int, Qt.TextElideMode.ElideNone.value, "update")


@standin()
class ctkCheckBox(qt.QCheckBox):
    """A check box whose box may be an icon; follows ``ctkCheckBox.h`` of CTK."""

    indicatorIcon = stored(QIcon, QIcon(), "update")
    indicatorIconSize = stored(QSize, QSize(), "update")


@standin()
class ctkMenuButton(ctkPushButton):
    """A push button with a menu that its arrow opens; follows ``ctkMenuButton.h`` of CTK."""

    _ARROW = 20

    def mousePressEvent(self, event: Any) -> None:
        """Open the menu from the arrow, press the button elsewhere."""
        menu = QPushButton.menu(self)
        if menu is not None and event.position().x() > QWidget.width(self) - self._ARROW:
            menu.popup(QWidget.mapToGlobal(self, QWidget.rect(self).bottomLeft()))
            return
        QPushButton.mousePressEvent(self, event)


@standin()
class ctkCheckablePushButton(ctkPushButton):
    """A push button with a check box that makes it checkable; follows ``ctkCheckablePushButton.h`` of CTK."""

    checkBoxToggled = Signal(bool)
    indicatorAlignment = stored(int, _LEFT, "update")
    checkState = stored(int, Qt.CheckState.Unchecked.value, "update")
    checkBoxUserCheckable = stored(bool, True)
    checkBoxControlsButton = stored(bool, True)
    checkBoxControlsButtonToggleState = stored(bool, True)

    def setChecked(self, checked: bool) -> None:
        """Check the button."""
        QPushButton.setChecked(self, checked)

    def mousePressEvent(self, event: Any) -> None:
        """Toggle the check box, or press the button."""
        if self.checkBoxUserCheckable and self._indicator().contains(event.position().toPoint()):
            ticked = self.checkState != Qt.CheckState.Checked.value
            self.checkState = Qt.CheckState.Checked.value if ticked else Qt.CheckState.Unchecked.value
            if self.checkBoxControlsButton:
                QPushButton.setCheckable(self, ticked)
                if self.checkBoxControlsButtonToggleState:
                    QPushButton.setChecked(self, ticked)
            self.checkBoxToggled.emit(ticked)
            return
        QPushButton.mousePressEvent(self, event)

    def _indicator(self) -> Any:
        option = QStyleOptionButton()
        option.initFrom(self)
        option.rect = QWidget.rect(self).adjusted(6, 0, 0, 0)
        return QWidget.style(self).subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)

    def paintEvent(self, event: Any) -> None:
        """Paint the button with a check box in it."""
        QPushButton.paintEvent(self, event)
        option = QStyleOptionButton()
        option.initFrom(self)
        option.rect = self._indicator()
        ticked = self.checkState == Qt.CheckState.Checked.value
        option.state |= QStyle.StateFlag.State_On if ticked else QStyle.StateFlag.State_Off
        painter = QPainter(self)
        QWidget.style(self).drawPrimitive(QStyle.PrimitiveElement.PE_IndicatorCheckBox, option, painter, self)
        painter.end()


@standin()
class ctkColorPickerButton(qt.QPushButton):
    """A button that shows a colour and asks for another; follows ``ctkColorPickerButton.h`` of CTK."""

    UseCTKColorDialog = 0x8
    colorChanged = Signal(QColor)
    colorNameChanged = Signal(str)
    dialogOptions = stored(int, 0)

    def __init__(self, *arguments: Any) -> None:
        texts = [a for a in arguments if isinstance(a, str)]
        super().__init__(texts[0] if texts else "", next((a for a in arguments if isinstance(a, QWidget)), None))
        self._color = next((a for a in arguments if isinstance(a, QColor)), QColor(Qt.GlobalColor.black))
        self._colorName, self._showsName = "", True
        self.clicked.connect(lambda: self.changeColor())
        self._show()

    def setColor(self, color: QColor) -> None:
        """Set the colour."""
        if color != self._color:
            self._color = QColor(color)
            self._show()
            self.colorChanged.emit(self._color)

    def setColorName(self, name: str) -> None:
        """Name the colour."""
        if name != self._colorName:
            self._colorName = name
            self._show()
            self.colorNameChanged.emit(name)

    def setDisplayColorName(self, shown: bool) -> None:
        """Show the name of the colour, or the text of the button."""
        self._showsName = shown
        self._show()

    def changeColor(self) -> None:
        """Ask for a colour."""
        chosen = DIALOGS.ask("input", "Select a color", lambda: qt.QColorDialog.getColor(self._color, self))
        if chosen.isValid():
            self.setColor(chosen)

    def _show(self) -> None:
        square = QPixmap(14, 14)
        square.fill(self._color)
        QPushButton.setIcon(self, QIcon(square))
        if self._showsName:
            QPushButton.setText(self, self._colorName or self._color.name())

    color = Property(QColor, lambda self: self._color, setColor)
    colorName = Property(str, lambda self: self._colorName or self._color.name(), setColorName)
    displayColorName = Property(bool, lambda self: self._showsName, setDisplayColorName)


@standin()
class ctkDirectoryButton(qt.QWidget):
    """A button that shows a folder and asks for another; follows ``ctkDirectoryButton.h`` of CTK."""

    ShowDirsOnly, DontResolveSymlinks, DontUseNativeDialog, ReadOnly = 0x1, 0x2, 0x10, 0x20
    directoryChanged = Signal(str)
    directorySelected = Signal(str)
    acceptMode = stored(int, QFileDialog.AcceptMode.AcceptOpen.value)
    caption = stored(str, "")
    elideMode = stored(int, Qt.TextElideMode.ElideMiddle.value, "_show")
    options = stored(int, ShowDirsOnly)
    text = stored(str, "", "_show")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(next((a for a in arguments if isinstance(a, QWidget)), None))
        self._directory = str(Path(next((a for a in arguments if isinstance(a, str)), ".")).absolute())
        self._button = QPushButton(QWidget.style(self).standardIcon(QStyle.StandardPixmap.SP_DirIcon), "")
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._button)
        self._button.clicked.connect(lambda: self.browse())
        self._show()

    def _show(self) -> None:
        text = self.text or self._directory
        self._button.setText(text if len(text) < 44 else f"{text[:16]}…{text[-26:]}")

    def _writeDirectory(self, path: str) -> None:
        absolute = str(Path(path or ".").absolute())
        changed, self._directory = absolute != self._directory, absolute
        self._show()
        self.directorySelected.emit(absolute)
        if changed:
            self.directoryChanged.emit(absolute)

    directory = Property(str, lambda self: self._directory, _writeDirectory)
    icon = Property(QIcon, lambda self: self._button.icon(), lambda self, v: self._button.setIcon(v))

    def browse(self) -> str:
        """Ask for a folder."""
        chosen = qt.QFileDialog.getExistingDirectory(self, self.caption or "Select a directory...", self._directory)
        if chosen:
            self.directory = chosen
        return chosen
