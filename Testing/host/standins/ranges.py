"""``ctkDoubleRangeSlider``, ``ctkRangeWidget`` and ``qMRMLRangeWidget``: two numbers that bound a range."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, QRect, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QStyle, QStyleOptionSlider, QWidget

from ..pythonqt.namespace import qt
from .declare import standin, stored
from .units import UnitAware

HANDLE = 13


@standin()
class ctkDoubleRangeSlider(qt.QWidget):
    """A slider with two handles; follows ``ctkDoubleRangeSlider.h`` and ``ctkRangeSlider.cpp`` of CTK."""

    minimumValueChanged = Signal(float)
    maximumValueChanged = Signal(float)
    valuesChanged = Signal(float, float)
    minimumPositionChanged = Signal(float)
    maximumPositionChanged = Signal(float)
    positionsChanged = Signal(float, float)
    sliderPressed = Signal()
    sliderReleased = Signal()
    rangeChanged = Signal(float, float)
    singleStep = stored(float, 1.0)
    tickInterval = stored(float, 0.0)
    tracking = stored(bool, True)
    symmetricMoves = stored(bool, False)
    orientation = stored(int, Qt.Orientation.Horizontal.value)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(arguments[-1] if arguments and isinstance(arguments[-1], QWidget) else None)
        self._limits, self._positions, self._values = (0.0, 99.0), (0.0, 99.0), (0.0, 99.0)
        self._grabbed: int | None = None
        self._active = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)

    def sizeHint(self) -> QSize:
        """Return a slider's usual size."""
        return QSize(84, 22)

    minimumSizeHint = sizeHint

    def _setRange(self, minimum: float, maximum: float) -> None:
        """Set the limits; the values are brought inside."""
        self._limits = (float(minimum), float(max(minimum, maximum)))
        self.rangeChanged.emit(*self._limits)
        self.setValues(*self._values)

    def setValues(self, minimumValue: float, maximumValue: float) -> None:
        """Set both values at once."""
        low, high = sorted(min(max(float(v), self._limits[0]), self._limits[1]) for v in (minimumValue, maximumValue))
        self._move((low, high))
        self._publish()

    def setMinimumValue(self, value: float) -> None:
        """Set the lower value; it stays below the upper one."""
        self.setValues(min(value, self._values[1]), self._values[1])

    def setMaximumValue(self, value: float) -> None:
        """Set the upper value; it stays above the lower one."""
        self.setValues(self._values[0], max(value, self._values[0]))

    def _setPositions(self, minimum: float, maximum: float) -> None:
        """Set the handles as the mouse would."""
        self._move((minimum, maximum))
        if self.tracking:
            self._publish()

    def _move(self, positions: tuple[float, float]) -> None:
        before, self._positions = self._positions, positions
        signals = (self.minimumPositionChanged, self.maximumPositionChanged)
        for signal, old, new in zip(signals, before, positions, strict=True):
            if old != new:
                signal.emit(new)
        if before != positions:
            self.positionsChanged.emit(*positions)
            self.update()

    def _publish(self) -> None:
        before, self._values = self._values, self._positions
        for signal, old, new in zip(
            (self.minimumValueChanged, self.maximumValueChanged), before, self._values, strict=True
        ):
            if old != new:
                signal.emit(new)
        if before != self._values:
            self.valuesChanged.emit(*self._values)

    minimum = Property(float, lambda self: self._limits[0], lambda self, v: self._setRange(v, max(v, self._limits[1])))
    maximum = Property(float, lambda self: self._limits[1], lambda self, v: self._setRange(min(v, self._limits[0]), v))
    minimumValue = Property(float, lambda self: self._values[0], setMinimumValue)
    maximumValue = Property(float, lambda self: self._values[1], setMaximumValue)
    minimumPosition = Property(
        float, lambda self: self._positions[0], lambda self, v: self._setPositions(v, self._positions[1])
    )
    maximumPosition = Property(
        float, lambda self: self._positions[1], lambda self, v: self._setPositions(self._positions[0], v)
    )

    def _handle(self, index: int) -> QRect:
        """Return where a handle (0 lower, 1 upper) is drawn."""
        span = self._limits[1] - self._limits[0]
        share = (self._positions[index] - self._limits[0]) / span if span else 0.0
        x = round(share * (QWidget.width(self) - HANDLE))
        return QRect(x, QWidget.height(self) // 2 - 7, HANDLE, 15)

    def _valueAt(self, x: float) -> float:
        share = (x - HANDLE / 2) / max(QWidget.width(self) - HANDLE, 1)
        value = self._limits[0] + share * (self._limits[1] - self._limits[0])
        steps = round((value - self._limits[0]) / self.singleStep) if self.singleStep else 0
        value = self._limits[0] + steps * self.singleStep if self.singleStep else value
        return min(max(value, self._limits[0]), self._limits[1])

    def _moveHandle(self, index: int, value: float) -> None:
        low, high = self._positions
        if self.symmetricMoves:
            shift = (value - low) if index == 0 else (high - value)
            low, high = low + shift, high - shift
            if low <= high:
                self._setPositions(max(low, self._limits[0]), min(high, self._limits[1]))
        else:
            self._setPositions(*((min(value, high), high) if index == 0 else (low, max(value, low))))

    def mousePressEvent(self, event: Any) -> None:
        """Take the handle under the mouse, or the nearest one."""
        if event.button() == Qt.MouseButton.LeftButton:
            x = event.position().x()
            distances = [abs(x - self._handle(index).center().x()) for index in (0, 1)]
            # Where both handles lie on one another, the side of the click says which one is meant.
            nearest = 0 if distances[0] < distances[1] or (distances[0] == distances[1] and x < self._middle()) else 1
            self._grabbed = self._active = nearest
            self.sliderPressed.emit()
            self.update()

    def _middle(self) -> float:
        return self._handle(0).center().x() + 0.5

    def mouseMoveEvent(self, event: Any) -> None:
        """Move the handle that is held."""
        if self._grabbed is not None:
            self._moveHandle(self._grabbed, self._valueAt(event.position().x()))

    def mouseReleaseEvent(self, event: Any) -> None:
        """Let the handle go."""
        if self._grabbed is not None:
            self._grabbed = None
            self._publish()
            self.sliderReleased.emit()
            self.update()

    def keyPressEvent(self, event: Any) -> None:
        """Move the handle used last by one step."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}.get(event.key())
        if steps is None:
            QWidget.keyPressEvent(self, event)
            return
        value = self._positions[self._active] + steps * self.singleStep
        self._moveHandle(self._active, min(max(value, self._limits[0]), self._limits[1]))
        self._publish()

    def paintEvent(self, event: Any) -> None:
        """Paint the groove, the part between the handles, and the handles."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = QWidget.palette(self)
        enabled = QWidget.isEnabled(self)
        y = QWidget.height(self) // 2
        painter.setPen(palette.mid().color())
        painter.setBrush(palette.base().color())
        painter.drawRoundedRect(QRect(HANDLE // 2, y - 2, QWidget.width(self) - HANDLE, 5), 2, 2)
        low, high = (self._handle(index) for index in (0, 1))
        painter.setBrush(palette.highlight().color() if enabled else palette.mid().color())
        painter.drawRoundedRect(QRect(low.center().x(), y - 2, high.center().x() - low.center().x(), 5), 2, 2)
        for index, handle in enumerate((low, high)):
            self._paintHandle(painter, handle, index == self._grabbed)
        painter.end()

    def _paintHandle(self, painter: QPainter, area: QRect, held: bool) -> None:
        option = QStyleOptionSlider()
        option.initFrom(self)
        option.orientation, option.minimum, option.maximum = Qt.Orientation.Horizontal, 0, 0
        option.rect = area
        option.subControls = QStyle.SubControl.SC_SliderHandle
        if held:
            option.activeSubControls = QStyle.SubControl.SC_SliderHandle
            option.state |= QStyle.StateFlag.State_Sunken
        style = QWidget.style(self)
        style.drawComplexControl(QStyle.ComplexControl.CC_Slider, option, painter, self)


@standin()
class ctkRangeWidget(qt.QWidget):
    """A range slider between two spin boxes; follows ``ctkRangeWidget.h`` of CTK."""

    minimumValueChanged = Signal(float)
    maximumValueChanged = Signal(float)
    minimumValueIsChanging = Signal(float)
    maximumValueIsChanging = Signal(float)
    valuesChanged = Signal(float, float)
    rangeChanged = Signal(float, float)
    tickInterval = stored(float, 0.0)
    autoSpinBoxWidth = stored(bool, True)
    spinBoxAlignment = stored(int, Qt.AlignmentFlag.AlignVCenter.value)
    spinBoxTextAlignment = stored(int, Qt.AlignmentFlag.AlignLeft.value)
    customSpinBoxesLimits = stored(bool, False)
    tracking = stored(bool, True)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._slider = ctkDoubleRangeSlider()
        self._spins = (QDoubleSpinBox(), QDoubleSpinBox())
        self._values = (0.0, 99.0)
        self._dragging = False
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        for part, stretch in ((self._spins[0], 0), (self._slider, 1), (self._spins[1], 0)):
            box.addWidget(part, stretch)
        for index, spin in enumerate(self._spins):
            spin.setKeyboardTracking(False)
            spin.setRange(0, 99)
            spin.setValue(self._values[index])
            spin.valueChanged.connect(self._fromSpins)
        self._slider.positionsChanged.connect(self._fromSlider)
        self._slider.sliderPressed.connect(lambda: self._drag(True))
        self._slider.sliderReleased.connect(lambda: self._drag(False))

    def _drag(self, dragging: bool) -> None:
        self._dragging = dragging
        if not dragging:
            self._publish()

    def _fromSlider(self, low: float, high: float) -> None:
        self._show(low, high)
        if self._dragging and not self.tracking:
            self.minimumValueIsChanging.emit(low)
            self.maximumValueIsChanging.emit(high)
        else:
            self._publish()

    def _fromSpins(self) -> None:
        low, high = (spin.value() for spin in self._spins)
        with QSignalBlocker(self._slider):
            self._slider.setValues(low, high)
        self._show(low, high)
        self._publish()

    def _show(self, low: float, high: float) -> None:
        for spin, value in zip(self._spins, (low, high), strict=True):
            with QSignalBlocker(spin):
                spin.setRange(*self._slider._limits)
                spin.setValue(value)
        # Neither spin box goes past the other.
        for spin, limits in zip(self._spins, ((self.minimum, high), (low, self.maximum)), strict=True):
            with QSignalBlocker(spin):
                spin.setRange(*limits)

    def _publish(self) -> None:
        before, self._values = self._values, tuple(spin.value() for spin in self._spins)
        for signal, old, new in zip(
            (self.minimumValueChanged, self.maximumValueChanged), before, self._values, strict=True
        ):
            if old != new:
                signal.emit(new)
        if before != self._values:
            self.valuesChanged.emit(*self._values)

    def setValues(self, minimumValue: float, maximumValue: float) -> None:
        """Set both values at once."""
        with QSignalBlocker(self._slider):
            self._slider.setValues(minimumValue, maximumValue)
        self._show(*self._slider._values)
        self._publish()

    def setMinimumValue(self, value: float) -> None:
        """Set the lower value."""
        self.setValues(min(value, self._values[1]), self._values[1])

    def setMaximumValue(self, value: float) -> None:
        """Set the upper value."""
        self.setValues(self._values[0], max(value, self._values[0]))

    def setRange(self, minimum: float, maximum: float) -> None:
        """Set the limits; the values are brought inside."""
        if (minimum, maximum) != self._slider._limits:
            with QSignalBlocker(self._slider):
                self._slider._setRange(minimum, maximum)
            self._show(*self._slider._values)
            self.rangeChanged.emit(*self._slider._limits)
            self._publish()

    def reset(self) -> None:
        """Widen the range to the limits."""
        self.setValues(*self._slider._limits)

    def _onSpins(self, method: str, value: Any) -> None:
        for spin in self._spins:
            with QSignalBlocker(spin):
                getattr(spin, method)(value)

    def _setStep(self, step: float) -> None:
        self._onSpins("setSingleStep", step)
        self._slider.singleStep = step

    minimum = Property(
        float, lambda self: self._slider.minimum, lambda self, v: self.setRange(v, max(v, self._slider.maximum))
    )
    maximum = Property(
        float, lambda self: self._slider.maximum, lambda self, v: self.setRange(min(v, self._slider.minimum), v)
    )
    minimumValue = Property(float, lambda self: self._values[0], setMinimumValue)
    maximumValue = Property(float, lambda self: self._values[1], setMaximumValue)
    singleStep = Property(float, lambda self: self._spins[0].singleStep(), _setStep)
    decimals = Property(int, lambda self: self._spins[0].decimals(), lambda self, v: self._onSpins("setDecimals", v))
    prefix = Property(str, lambda self: self._spins[0].prefix(), lambda self, v: self._onSpins("setPrefix", v))
    suffix = Property(str, lambda self: self._spins[0].suffix(), lambda self, v: self._onSpins("setSuffix", v))
    symmetricMoves = Property(
        bool,
        lambda self: self._slider.symmetricMoves,
        lambda self, v: setattr(self._slider, "symmetricMoves", v),
    )


@standin(slots=["setMRMLScene(vtkMRMLScene*)"])
class qMRMLRangeWidget(UnitAware, ctkRangeWidget):
    """A range that shows the unit of a quantity; follows ``qMRMLRangeWidget.h`` of Slicer."""
