"""``ctkDoubleSlider``, ``ctkSliderWidget`` and ``qMRMLSliderWidget``: one number by slider and by keyboard."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QDoubleSpinBox, QHBoxLayout, QSlider

from ..pythonqt.namespace import qt
from .declare import standin, stored
from .units import UnitAware

_STEPS = 2**30  # a QSlider counts in 32-bit integers


@standin()
class ctkDoubleSlider(qt.QWidget):
    """A slider of real numbers; follows ``ctkDoubleSlider.h`` of CTK."""

    valueChanged = Signal(float)
    sliderMoved = Signal(float)
    sliderPressed = Signal()
    sliderReleased = Signal()
    rangeChanged = Signal(float, float)
    singleStep = stored(float, 1.0, "_rescale")
    pageStep = stored(float, 10.0, "_rescale")
    tickInterval = stored(float, 0.0)
    tickPosition = stored(int, 0)
    handleToolTip = stored(str, "")

    def __init__(self, *arguments: Any) -> None:
        orientation, parent = _orientationAndParent(arguments)
        super().__init__(parent)
        self._slider = QSlider(orientation)
        self._limits, self._value = (0.0, 99.0), 0.0
        box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._slider)
        self.setFocusProxy(self._slider)
        self._slider.valueChanged.connect(lambda steps: self._set(self._limits[0] + steps * self.singleStep))
        self._slider.sliderMoved.connect(
            lambda steps: self.sliderMoved.emit(self._bounded(self._limits[0] + steps * self.singleStep))
        )
        self._slider.sliderPressed.connect(self.sliderPressed)
        self._slider.sliderReleased.connect(self.sliderReleased)
        self._rescale()

    def _bounded(self, value: float) -> float:
        return min(max(value, self._limits[0]), self._limits[1])

    def _set(self, value: float) -> None:
        value = self._bounded(value)
        changed, self._value = value != self._value, value
        if self._steps(value) != self._slider.value():
            with QSignalBlocker(self._slider):
                self._slider.setValue(self._steps(value))
        if changed:
            self.valueChanged.emit(value)

    def _steps(self, value: float) -> int:
        return min(round((value - self._limits[0]) / (self.singleStep or 1)), _STEPS)

    def _rescale(self) -> None:
        with QSignalBlocker(self._slider):
            self._slider.setRange(0, max(self._steps(self._limits[1]), 0))
            self._slider.setPageStep(max(round(self.pageStep / (self.singleStep or 1)), 1))
        self._set(self._value)

    def _setRange(self, minimum: float, maximum: float) -> None:
        """Set both limits; the value is brought inside."""
        limits = (float(minimum), float(max(minimum, maximum)))
        if limits != self._limits:
            self._limits = limits
            self._rescale()
            self.rangeChanged.emit(*limits)

    def setValue(self, value: float) -> None:
        """Set the value."""
        self._set(float(value))

    minimum = Property(float, lambda self: self._limits[0], lambda self, v: self._setRange(v, max(v, self._limits[1])))
    maximum = Property(float, lambda self: self._limits[1], lambda self, v: self._setRange(min(v, self._limits[0]), v))
    value = Property(float, lambda self: self._value, setValue)
    sliderPosition = Property(float, lambda self: self._value, setValue)
    tracking = Property(bool, lambda self: self._slider.hasTracking(), lambda self, v: self._slider.setTracking(v))
    orientation = Property(
        int, lambda self: self._slider.orientation().value, lambda self, v: self.setOrientation(Qt.Orientation(v))
    )
    invertedAppearance = Property(
        bool, lambda self: self._slider.invertedAppearance(), lambda self, v: self._slider.setInvertedAppearance(v)
    )
    invertedControls = Property(
        bool, lambda self: self._slider.invertedControls(), lambda self, v: self._slider.setInvertedControls(v)
    )

    def setOrientation(self, orientation: Any) -> None:
        """Lay the slider or stand it up."""
        self._slider.setOrientation(orientation)


def _orientationAndParent(arguments: tuple[Any, ...]) -> tuple[Qt.Orientation, Any]:
    if arguments and isinstance(arguments[0], Qt.Orientation):
        return arguments[0], arguments[1] if len(arguments) > 1 else None
    return Qt.Orientation.Vertical, arguments[0] if arguments else None


@standin()
class ctkSliderWidget(qt.QWidget):
    """A slider with a spin box beside it; follows ``ctkSliderWidget.h`` of CTK."""

    valueChanged = Signal(float)
    valueIsChanging = Signal(float)
    tracking = stored(bool, True)
    tickPosition = stored(int, 0)
    tickInterval = stored(float, 0.0)
    autoSpinBoxWidth = stored(bool, True)
    synchronizeSiblings = stored(int, 1)
    popupSlider = stored(bool, False)
    invertedAppearance = stored(bool, False)
    invertedControls = stored(bool, False)
    spinBoxAlignment = stored(int, Qt.AlignmentFlag.AlignRight.value)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._slider, self._spin = ctkDoubleSlider(Qt.Orientation.Horizontal), QDoubleSpinBox()
        self._spin.setKeyboardTracking(False)
        self._dragging = False
        self._value = 0.0
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._slider, 1)
        box.addWidget(self._spin)
        self.setFocusProxy(self._spin)
        self._spin.valueChanged.connect(self._change)
        self._slider.valueChanged.connect(self._spin.setValue)
        self._slider.sliderPressed.connect(lambda: self._drag(True))
        self._slider.sliderReleased.connect(lambda: self._drag(False))
        self._spin.setRange(0, 99)
        self._slider.singleStep = self._spin.singleStep()

    def _drag(self, dragging: bool) -> None:
        self._dragging = dragging
        if not dragging:
            self._publish(self._spin.value())

    def _change(self, value: float) -> None:
        self._slider.setValue(value)
        if self._dragging and not self.tracking:
            self.valueIsChanging.emit(value)
        else:
            self._publish(value)

    def _publish(self, value: float) -> None:
        if value != self._value:
            self._value = value
            self.valueChanged.emit(value)

    def setValue(self, value: float) -> None:
        """Set the value; it is rounded to the decimals shown and brought inside the limits."""
        self._spin.setValue(value)

    def reset(self) -> None:
        """Set the value to zero."""
        self.setValue(0.0)

    def setSpinBoxVisible(self, visible: bool) -> None:
        """Show or hide the spin box."""
        self._spin.setVisible(visible)

    def _setRange(self, minimum: float, maximum: float) -> None:
        """Set both limits."""
        self._spin.setRange(minimum, maximum)
        self._slider._setRange(self._spin.minimum(), self._spin.maximum())

    def _setStep(self, step: float) -> None:
        self._spin.setSingleStep(step)
        self._slider.singleStep = step

    def _setDecimals(self, decimals: int) -> None:
        self._spin.setDecimals(decimals)

    value = Property(float, lambda self: self._spin.value(), setValue)
    minimum = Property(
        float, lambda self: self._spin.minimum(), lambda self, v: self._setRange(v, max(v, self._spin.maximum()))
    )
    maximum = Property(
        float, lambda self: self._spin.maximum(), lambda self, v: self._setRange(min(v, self._spin.minimum()), v)
    )
    decimals = Property(int, lambda self: self._spin.decimals(), _setDecimals)
    singleStep = Property(float, lambda self: self._spin.singleStep(), _setStep)
    pageStep = Property(float, lambda self: self._slider.pageStep, lambda self, v: setattr(self._slider, "pageStep", v))
    prefix = Property(str, lambda self: self._spin.prefix(), lambda self, v: self._spin.setPrefix(v))
    suffix = Property(str, lambda self: self._spin.suffix(), lambda self, v: self._spin.setSuffix(v))
    spinBoxVisible = Property(bool, lambda self: not self._spin.isHidden(), setSpinBoxVisible)


@standin(slots=["setMRMLScene(vtkMRMLScene*)"])
class qMRMLSliderWidget(UnitAware, ctkSliderWidget):
    """A slider that shows the unit of a quantity; follows ``qMRMLSliderWidget.h`` of Slicer."""
