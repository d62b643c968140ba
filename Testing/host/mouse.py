"""Mouse and keyboard as a person uses them, for tests; all of it goes through ``QTest``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QWidget

_LEFT = Qt.MouseButton.LeftButton
_NONE = Qt.KeyboardModifier.NoModifier


def _point(widget: QWidget, position: Any) -> QPoint:
    if position is None:
        return QWidget.rect(widget).center()
    return QPoint(round(position[0]), round(position[1]))


def click(widget: Any, position: Any = None, button: Any = _LEFT, modifiers: Any = _NONE) -> None:
    """Click on a widget: in its middle, or at (x, y) from its upper left corner."""
    QTest.mouseClick(widget, button, modifiers, _point(widget, position))


def doubleClick(widget: Any, position: Any = None) -> None:
    """Click twice."""
    QTest.mouseDClick(widget, _LEFT, _NONE, _point(widget, position))


def move(widget: Any, position: Any, modifiers: Any = _NONE) -> None:
    """Move the mouse, with keys held (``Qt.KeyboardModifier.ShiftModifier``)."""
    none = Qt.MouseButton.NoButton
    _send(widget, "MouseMove", _point(widget, position), none, none, modifiers)


def drag(widget: Any, start: Any, end: Any, button: Any = _LEFT, modifiers: Any = _NONE, steps: int = 5) -> None:
    """Press at one place, move to another, release."""
    first, last = _point(widget, start), _point(widget, end)
    _send(widget, "MouseButtonPress", first, button, button, modifiers)
    for step in range(1, steps + 1):
        between = first + (last - first) * (step / steps)
        _send(widget, "MouseMove", between, Qt.MouseButton.NoButton, button, modifiers)
    _send(widget, "MouseButtonRelease", last, button, Qt.MouseButton.NoButton, modifiers)


def _send(widget: Any, kind: str, point: QPoint, button: Any, buttons: Any, modifiers: Any) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    place = QPointF(point)
    event = QMouseEvent(
        getattr(QEvent.Type, kind), place, QPointF(QWidget.mapToGlobal(widget, point)), button, buttons, modifiers
    )
    QApplication.sendEvent(widget, event)


def wheel(widget: Any, steps: int, position: Any = None) -> None:
    """Turn the wheel; positive is away from the person."""
    point = _point(widget, position)
    place, nowhere = QPointF(point), QPoint(0, 0)
    for _ in range(abs(steps)):
        turned = QPoint(0, 120 if steps > 0 else -120)
        event = QWheelEvent(
            place, QPointF(QWidget.mapToGlobal(widget, point)), nowhere, turned, Qt.MouseButton.NoButton, _NONE,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)


def type_(widget: Any, text: str) -> None:
    """Type a text into a widget, or into the part of it that takes the keyboard."""
    QTest.keyClicks(_keyboard(widget), text)


def press(widget: Any, *keys: Any, modifiers: Any = _NONE) -> None:
    """Press keys (``Qt.Key.Key_Return``)."""
    for key in keys:
        QTest.keyClick(_keyboard(widget), key, modifiers)


def enterNumber(widget: Any, number: float) -> None:
    """Type a number over what a spin box (or the spin box of a slider) holds, and press Return."""
    spin = _keyboard(widget)
    spin.setFocus()
    spin.selectAll()
    QTest.keyClicks(spin, f"{number:g}")
    QTest.keyClick(spin, Qt.Key.Key_Return)


def choose(combo: Any, text: str) -> None:
    """Open a combo box (or the one inside of a node selector) and click the entry with a text.

    Raises
    ------
    LookupError
        If there is no such entry.
    """
    box = combo if isinstance(combo, QComboBox) else QWidget.findChild(combo, QComboBox)
    row = QComboBox.findText(box, text)
    if row < 0:
        entries = [QComboBox.itemText(box, n) for n in range(QComboBox.count(box))]
        raise LookupError(f"No entry {text!r} in {entries}")
    QComboBox.showPopup(box)
    view = QComboBox.view(box)
    clickItem(view, QComboBox.model(box).index(row, QComboBox.modelColumn(box)))
    QApplication.processEvents()
    QComboBox.hidePopup(box)


def clickItem(view: QAbstractItemView, index: Any, modifiers: Any = _NONE) -> None:
    """Click an entry of a list, table or tree."""
    view.scrollTo(index)
    QTest.mouseClick(view.viewport(), _LEFT, modifiers, view.visualRect(index).center())


def clickCell(table: Any, row: int, column: int, modifiers: Any = _NONE) -> None:
    """Click a cell of a ``qMRMLTableView`` or ``QTableView``, counted as shown."""
    clickItem(table, QAbstractItemView.model(table).index(row, column), modifiers)


def dragRangeHandle(widget: Any, which: str, value: float) -> None:
    """Drag the ``minimum`` or ``maximum`` handle of a ctkRangeWidget or ctkDoubleRangeSlider to a value."""
    slider = getattr(widget, "_slider", widget)
    index = ("minimum", "maximum").index(which)
    start = slider._handle(index).center()
    low, high = slider.minimum, slider.maximum
    share = (value - low) / (high - low)
    width = QWidget.width(slider) - slider._handle(index).width()
    end = (share * width + slider._handle(index).width() / 2, start.y())
    drag(slider, (start.x(), start.y()), end)


def dragSlider(widget: Any, value: float) -> None:
    """Drag the handle of a ctkSliderWidget or ctkDoubleSlider to a value."""
    from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider

    slider = QWidget.findChild(widget, QSlider)
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    part = QStyle.SubControl.SC_SliderHandle
    handle = slider.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, slider)
    share = (value - widget.minimum) / (widget.maximum - widget.minimum)
    end = handle.width() / 2 + share * (slider.width() - handle.width())
    drag(slider, (handle.center().x(), handle.center().y()), (end, handle.center().y()))


def chartPosition(plotView: Any, x: float, y: float) -> tuple[int, int]:
    """Return where in a plot view the point (x, y) of the chart's axes lies, from the upper left corner."""
    import vtk

    chart = plotView.chart()
    place = []
    for number, value, axis in ((vtk.vtkAxis.BOTTOM, x, 0), (vtk.vtkAxis.LEFT, y, 1)):
        found = chart.GetAxis(number)
        first, last = found.GetPoint1()[axis], found.GetPoint2()[axis]
        low, high = found.GetMinimum(), found.GetMaximum()
        place.append(first + (last - first) * (value - low) / (high - low))
    return round(place[0]), round(QWidget.height(plotView) - place[1])


def slicePosition(sliceWidget: Any, ras: Sequence[float]) -> tuple[int, int]:
    """Return where in the view of a slice widget a point in RAS lies, from the upper left corner."""
    view = sliceWidget.sliceView()
    x, y, _ = view.convertRASToXYZ(ras)
    return round(x), round(QWidget.height(view) - 1 - y)


def _keyboard(widget: Any) -> Any:
    proxy = widget
    while QWidget.focusProxy(proxy) is not None:
        proxy = QWidget.focusProxy(proxy)
    return proxy
