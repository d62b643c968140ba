"""``ctkDoubleSpinBox`` and ``qMRMLSpinBox``: one number in a box."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout

from ..pythonqt.namespace import qt
from .declare import standin, stored
from .units import UnitAware


@standin({"valueChanged(QString)": "_valueTextChanged"})
class ctkDoubleSpinBox(qt.QWidget):
    """A spin box that wraps a ``QDoubleSpinBox``; follows ``ctkDoubleSpinBox.h`` of CTK."""

    SetAlways, SetIfDifferent = 0, 1
    FixedDecimals, DecimalsByShortcuts, DecimalsByKey, DecimalsByValue = 0x000, 0x001, 0x002, 0x004
    InsertDecimals, ReplaceDecimals, DecimalsAsMax, DecimalsAsMin = 0x008, 0x010, 0x020, 0x040
    DecimalPointAlwaysVisible = 0x080
    SizeHintByMinMax, SizeHintByValue = 0, 1

    valueChanged = Signal(float)
    _valueTextChanged = Signal(str)
    editingFinished = Signal()
    decimalsChanged = Signal(int)
    setMode = stored(int, SetIfDifferent)
    decimalsOption = stored(int, DecimalsByShortcuts | InsertDecimals)
    invertedControls = stored(bool, False)
    sizeHintPolicy = stored(int, SizeHintByMinMax)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(arguments[-1] if arguments and not isinstance(arguments[-1], int) else None)
        self._spin = QDoubleSpinBox()
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._spin)
        self.setFocusProxy(self._spin)
        self._spin.valueChanged.connect(self.valueChanged)
        self._spin.textChanged.connect(self._valueTextChanged)
        self._spin.editingFinished.connect(self.editingFinished)

    def setValue(self, value: float) -> None:
        """Set the value."""
        self._spin.setValue(value)

    setValueIfDifferent = setValueAlways = setValue

    def stepUp(self) -> None:
        """Increase the value by one step."""
        self._spin.stepUp()

    def stepDown(self) -> None:
        """Decrease the value by one step."""
        self._spin.stepDown()

    def setDecimals(self, decimals: int) -> None:
        """Set the number of decimals."""
        self._spin.setDecimals(decimals)
        self.decimalsChanged.emit(decimals)

    def setReadOnly(self, readOnly: bool) -> None:
        """Let the value be read only."""
        self._spin.setReadOnly(readOnly)

    value = Property(float, lambda self: self._spin.value(), setValue)
    decimals = Property(int, lambda self: self._spin.decimals(), setDecimals)
    readOnly = Property(bool, lambda self: self._spin.isReadOnly(), setReadOnly)
    minimum = Property(float, lambda self: self._spin.minimum(), lambda self, v: self._spin.setMinimum(v))
    maximum = Property(float, lambda self: self._spin.maximum(), lambda self, v: self._spin.setMaximum(v))
    singleStep = Property(float, lambda self: self._spin.singleStep(), lambda self, v: self._spin.setSingleStep(v))
    prefix = Property(str, lambda self: self._spin.prefix(), lambda self, v: self._spin.setPrefix(v))
    suffix = Property(str, lambda self: self._spin.suffix(), lambda self, v: self._spin.setSuffix(v))
    frame = Property(bool, lambda self: self._spin.hasFrame(), lambda self, v: self._spin.setFrame(v))
    cleanText = Property(str, lambda self: self._spin.cleanText())
    alignment = Property(
        int,
        lambda self: self._spin.alignment().value,
        lambda self, v: self._spin.setAlignment(Qt.AlignmentFlag(getattr(v, "value", v))),
    )


@standin(slots=["setMRMLScene(vtkMRMLScene*)"])
class qMRMLSpinBox(UnitAware, ctkDoubleSpinBox):
    """A spin box that shows the unit of a quantity; follows ``qMRMLSpinBox.h`` of Slicer."""
