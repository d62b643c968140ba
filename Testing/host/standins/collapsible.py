"""``ctkCollapsibleButton`` and ``ctkCollapsibleGroupBox``: sections of a panel that open and close."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPolygon
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QGroupBox,
    QStyle,
    QStyleOptionButton,
    QStyleOptionFrame,
    QStyleOptionGroupBox,
    QWidget,
)

from ..pythonqt.namespace import qt
from .declare import standin, stored


class _Contents:
    """Hides the direct children of a closed section and shows again those that it hid."""

    def __init__(self, section: QWidget) -> None:
        self._section = section
        self._hidden: list[QWidget] = []

    def hide(self) -> None:
        children = QObject.children(self._section)
        for child in (c for c in children if c.isWidgetType() and not QWidget.isHidden(c)):
            self._hidden.append(child)
            QWidget.setVisible(child, False)

    def show(self) -> None:
        for child in self._hidden:
            QWidget.setVisible(child, True)
        self._hidden.clear()


def paintArrow(painter: QPainter, area: QRect, opened: bool, color: Any) -> None:
    """Draw the triangle that tells an open section from a closed one."""
    down, right = ((-4, -2), (4, -2), (0, 3)), ((-2, -4), (3, 0), (-2, 4))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawPolygon(QPolygon([area.center() + QPoint(x, y) for x, y in (down if opened else right)]))


@standin()
class ctkCollapsibleButton(qt.QAbstractButton):
    """A section with a button for a header; follows ``ctkCollapsibleButton.h`` and ``.cpp`` of CTK."""

    contentsCollapsed = Signal(bool)
    collapsedHeight = stored(int, 10, "updateGeometry")
    contentsFrameShape = stored(int, QFrame.Shape.NoFrame.value, "update")
    contentsFrameShadow = stored(int, QFrame.Shadow.Plain.value, "update")
    contentsLineWidth = stored(int, 1, "update")
    contentsMidLineWidth = stored(int, 0, "update")
    buttonTextAlignment = stored(int, (Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter).value, "update")
    indicatorAlignment = stored(int, (Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter).value, "update")

    def __init__(self, *arguments: Any) -> None:
        text, parent = arguments if len(arguments) == 2 else _textOrParent(*arguments)
        super().__init__(parent)
        self._contents = _Contents(self)
        self._collapsed = False
        QAbstractButton.setText(self, text)
        QAbstractButton.setCheckable(self, True)
        QAbstractButton.setChecked(self, True)
        self.setSizePolicy(qt.QSizePolicy.Preferred, qt.QSizePolicy.Preferred)
        self.setContentsMargins(0, self._header().height(), 0, 0)
        self.toggled.connect(lambda opened: self._collapse(not opened))

    def _readCollapsed(self) -> bool:
        return self._collapsed

    def _writeCollapsed(self, collapsed: bool) -> None:
        QAbstractButton.setChecked(self, not collapsed)

    collapsed = Property(bool, _readCollapsed, _writeCollapsed)

    def _collapse(self, collapsed: bool) -> None:
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        (self._contents.hide if collapsed else self._contents.show)()
        limit = self._header().height() + (self.collapsedHeight if self.contentsFrameShape else 0)
        QWidget.setMaximumHeight(self, limit if collapsed else 16777215)
        self.updateGeometry()
        self.contentsCollapsed.emit(collapsed)

    def _header(self) -> QRect:
        return QRect(0, 0, QWidget.width(self), QWidget.fontMetrics(self).height() + 10)

    def childEvent(self, event: Any) -> None:
        """Hide what is added to a closed section."""
        if event.type() == QEvent.Type.ChildPolished and self.__dict__.get("_collapsed"):
            self._contents.hide()

    def showEvent(self, event: Any) -> None:
        """Hide what was added to a closed section before it was shown."""
        if self._collapsed:
            self._contents.hide()

    def hitButton(self, position: Any) -> bool:
        """Only the header is the button."""
        return self._header().contains(position)

    def sizeHint(self) -> QSize:
        """Return the header's size and, when open, that of the contents."""
        return self._size(QWidget.sizeHint(self))

    def minimumSizeHint(self) -> QSize:
        """Return the header's size and, when open, that of the contents."""
        return self._size(QWidget.minimumSizeHint(self))

    def _size(self, contents: QSize) -> QSize:
        width = QWidget.fontMetrics(self).horizontalAdvance(QAbstractButton.text(self)) + 40
        header = QSize(width, self._header().height())
        return header if self._collapsed or QWidget.layout(self) is None else header.expandedTo(contents)

    def paintEvent(self, event: Any) -> None:
        """Paint the header, and the frame around the contents."""
        painter = QPainter(self)
        header, palette = self._header(), QWidget.palette(self)
        option = QStyleOptionButton()
        option.initFrom(self)
        option.rect = header
        down = QAbstractButton.isDown(self)
        option.state |= QStyle.StateFlag.State_Sunken if down else QStyle.StateFlag.State_Raised
        style = QWidget.style(self)
        style.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option, painter, self)
        color = palette.buttonText().color()
        paintArrow(painter, QRect(4, 0, 16, header.height()), not self._collapsed, color)
        painter.setPen(color)
        painter.drawText(
            header.adjusted(24, 0, -6, 0), int(self.buttonTextAlignment), QAbstractButton.text(self).replace("&&", "&")
        )
        if self.contentsFrameShape and not self._collapsed:
            frame = QStyleOptionFrame()
            frame.initFrom(self)
            frame.rect = QWidget.rect(self).adjusted(0, header.height(), 0, 0)
            frame.frameShape, frame.lineWidth = QFrame.Shape(self.contentsFrameShape), self.contentsLineWidth
            style.drawControl(QStyle.ControlElement.CE_ShapedFrame, frame, painter, self)
        painter.end()


def _textOrParent(first: Any = None) -> tuple[str, Any]:
    return (first, None) if isinstance(first, str) else ("", first)


@standin()
class ctkCollapsibleGroupBox(qt.QGroupBox):
    """A group box that its title opens and closes; follows ``ctkCollapsibleGroupBox.h`` of CTK."""

    collapsedHeight = stored(int, 14, "updateGeometry")

    def __init__(self, *arguments: Any) -> None:
        title, parent = arguments if len(arguments) == 2 else _textOrParent(*arguments)
        super().__init__(title, parent)
        self._contents = _Contents(self)
        QGroupBox.setCheckable(self, True)
        QGroupBox.setChecked(self, True)
        self.toggled.connect(self._expand)

    def _expand(self, opened: bool) -> None:
        (self._contents.show if opened else self._contents.hide)()
        height = QWidget.fontMetrics(self).height() + 4 + self.collapsedHeight // 2
        QWidget.setMaximumHeight(self, 16777215 if opened else height)
        self.updateGeometry()

    def _readCollapsed(self) -> bool:
        return not QGroupBox.isChecked(self)

    def _writeCollapsed(self, collapsed: bool) -> None:
        QGroupBox.setChecked(self, not collapsed)

    collapsed = Property(bool, _readCollapsed, _writeCollapsed)

    def childEvent(self, event: Any) -> None:
        """Hide what is added to a closed box."""
        QGroupBox.childEvent(self, event)
        closed = "_contents" in self.__dict__ and not QGroupBox.isChecked(self)
        if event.type() == QEvent.Type.ChildPolished and closed:
            self._contents.hide()

    def showEvent(self, event: Any) -> None:
        """Hide what was added to a closed box before it was shown."""
        if not QGroupBox.isChecked(self):
            self._contents.hide()

    def paintEvent(self, event: Any) -> None:
        """Paint an arrow where a group box has its check box."""
        painter = QPainter(self)
        option = QStyleOptionGroupBox()
        self.initStyleOption(option)
        check = QStyle.SubControl.SC_GroupBoxCheckBox
        style = QWidget.style(self)
        area = style.subControlRect(QStyle.ComplexControl.CC_GroupBox, option, check, self)
        option.subControls &= ~check
        option.text = " " * 5 + option.text
        style.drawComplexControl(QStyle.ComplexControl.CC_GroupBox, option, painter, self)
        paintArrow(painter, area, QGroupBox.isChecked(self), QWidget.palette(self).windowText().color())
        painter.end()
