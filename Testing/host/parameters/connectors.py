"""Which widget shows which type of parameter; follows ``guiConnectors.py`` in Slicer.

The pairs are those of Slicer and no more: a widget of a derived class (``qMRMLSliderWidget``) is refused there too.
"""

from __future__ import annotations

import enum
import logging
import pathlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import slicer

from ..pythonqt.namespace import qt
from ..pythonqt.uiloader import STANDINS
from .annotations import Choice, Decimals, Maximum, Minimum, RangeBounds, SingleStep, WithinRange
from .packs import FloatRange
from .types import findFirstAnnotation, getNodeTypes, isNodeOrUnionOfNodes, splitAnnotations, unannotatedType

_INTEGERS = 2**31
_REGISTERED: list[type[GuiConnector]] = []


class GuiConnector(ABC):
    """Carries a value between a widget and a parameter."""

    def __init__(self) -> None:
        self._callback: Callable[[], None] | None = None

    @staticmethod
    @abstractmethod
    def canRepresent(widget: Any, datatype: Any) -> bool:
        """Whether this connector fits a widget and a type."""

    @staticmethod
    @abstractmethod
    def create(widget: Any, datatype: Any) -> Any:
        """Make the connector."""

    @abstractmethod
    def _connect(self) -> None: ...

    @abstractmethod
    def _disconnect(self) -> None: ...

    @abstractmethod
    def widget(self) -> Any:
        """Return the widget."""

    @abstractmethod
    def read(self) -> Any:
        """Return the widget's value."""

    @abstractmethod
    def write(self, value: Any) -> None:
        """Show a value in the widget."""

    def onChanged(self, callback: Callable[[], None] | None) -> None:
        """Call back whenever the widget changes; None stops that."""
        self._callback = callback
        if callback is None:
            self._disconnect()
        else:
            self._connect()

    def changed(self, *_: Any) -> None:
        """Tell that the widget changed."""
        if self._callback is not None:
            self._callback()


def parameterNodeGuiConnector(cls: type[GuiConnector] | None = None) -> Any:
    """Register a connector class."""
    if cls is None:
        return parameterNodeGuiConnector
    if not issubclass(cls, GuiConnector):
        raise TypeError(f"{cls} is no GuiConnector")
    _REGISTERED.append(cls)
    return cls


def createGuiConnector(widget: Any, datatype: Any) -> GuiConnector:
    """Make the connector of a widget and a type.

    Raises
    ------
    RuntimeError
        If Slicer has none for the pair.
    """
    for cls in _REGISTERED:
        if cls.canRepresent(widget, datatype):
            return cls.create(widget, datatype)
    kind = _builtin(widget, datatype)
    if kind is None:
        raise RuntimeError(f"Slicer binds no {type(widget).__name__} to a parameter of type {datatype}")
    return kind(widget, datatype)


class _Property(GuiConnector):
    """A widget whose value is one property, told by one signal."""

    signal = "valueChanged"
    value = "value"

    def __init__(self, widget: Any, datatype: Any) -> None:
        super().__init__()
        self._widget = widget
        self._type, self._annotations = splitAnnotations(datatype)
        self._setUp()

    @staticmethod
    def canRepresent(widget: Any, datatype: Any) -> bool:
        return False  # chosen by _builtin

    @classmethod
    def create(cls, widget: Any, datatype: Any) -> Any:  # type: ignore[override]
        return cls(widget, datatype)

    def _setUp(self) -> None:
        """Prepare the widget for the type."""

    def _connect(self) -> None:
        getattr(self._widget, self.signal).connect(self.changed)

    def _disconnect(self) -> None:
        getattr(self._widget, self.signal).disconnect(self.changed)

    def _annotation(self, kind: type) -> Any:
        return findFirstAnnotation(self._annotations, kind)

    def widget(self) -> Any:
        return self._widget

    def read(self) -> Any:
        return getattr(self._widget, self.value)

    def write(self, value: Any) -> None:
        setattr(self._widget, self.value, value)


class _CheckBox(_Property):
    signal, value = "stateChanged", "checked"


class _Button(_Property):
    signal, value = "toggled", "checked"

    def _setUp(self) -> None:
        if not self._widget.checkable:
            logging.warning("A push button bound to a bool is made checkable: %s", self._widget.name)
            self._widget.checkable = True


class _Number(_Property):
    unbounded: tuple[float, float] = (float("-inf"), float("inf"))

    def _setUp(self) -> None:
        for kind, name in ((Decimals, "decimals"), (SingleStep, "singleStep")):
            if self._annotation(kind) is not None:
                setattr(self._widget, name, self._annotation(kind).value)
        within, least, most = (self._annotation(kind) for kind in (WithinRange, Minimum, Maximum))
        slider = isinstance(self._widget, (qt.QSlider, STANDINS["ctkSliderWidget"]))
        if slider and within is None and (least is None or most is None):
            raise RuntimeError("A slider shows only numbers with both limits")
        self._widget.minimum = within.minimum if within else least.minimum if least else self.unbounded[0]
        self._widget.maximum = within.maximum if within else most.maximum if most else self.unbounded[1]


class _Integer(_Number):
    unbounded = (-_INTEGERS, _INTEGERS - 1)


class _ComboBox(_Property):
    signal = "currentIndexChanged"

    def _setUp(self) -> None:
        self._values = self._choices()
        self._widget.clear()
        for value in self._values:
            self._widget.addItem(self._label(value))

    def _choices(self) -> list[Any]:
        choice = self._annotation(Choice)
        if choice is None:
            raise RuntimeError("A combo box shows texts and numbers only with a Choice annotation")
        return list(choice.choices)

    def _label(self, value: Any) -> str:
        return str(value)

    def read(self) -> Any:
        return self._values[self._widget.currentIndex]

    def write(self, value: Any) -> None:
        if value not in self._values:
            raise ValueError(f"{value!r} is not one of {self._values}")
        self._widget.currentIndex = self._values.index(value)


class _EnumComboBox(_ComboBox):
    def _choices(self) -> list[Any]:
        return list(self._type)

    def _label(self, value: Any) -> str:
        return getattr(self._type, "label", lambda member: member.name)(value)


class _LineEdit(_Property):
    signal, value = "textChanged", "text"


class _TextEdit(_Property):
    signal, value = "textChanged", "plainText"


class _Range(_Property):
    signal = "valuesChanged"

    def _setUp(self) -> None:
        for kind, name in ((Decimals, "decimals"), (SingleStep, "singleStep")):
            if self._annotation(kind) is not None:
                setattr(self._widget, name, self._annotation(kind).value)
        bounds = self._annotation(RangeBounds)
        if bounds is None:
            raise RuntimeError("A ctkRangeWidget shows a FloatRange only with a RangeBounds annotation")
        self._widget.setRange(bounds.minimum, bounds.maximum)

    def read(self) -> Any:
        return FloatRange(self._widget.minimumValue, self._widget.maximumValue)

    def write(self, value: Any) -> None:
        self._widget.setValues(value.minimum, value.maximum)


class _Path(_Property):
    signal, value = "currentPathChanged", "currentPath"

    def read(self) -> Any:
        return self._type(super().read())

    def write(self, value: Any) -> None:
        super().write(str(value))


class _Directory(_Path):
    signal, value = "directoryChanged", "directory"


class _Node(_Property):
    signal = "currentNodeChanged"

    def _setUp(self) -> None:
        self._widget.nodeTypes = getNodeTypes(self._type)

    def read(self) -> Any:
        return self._widget.currentNode()

    def write(self, value: Any) -> None:
        self._widget.setCurrentNode(value)


def _builtin(widget: Any, datatype: Any) -> type[_Property] | None:
    """Return the connector class that Slicer has for a pair; the widget's class must be the very one."""
    bare, kind = unannotatedType(datatype), type(widget)
    isEnum = isinstance(bare, type) and issubclass(bare, enum.Enum)
    isPath = isinstance(bare, type) and issubclass(bare, pathlib.PurePath)
    pairs = (
        (bare is bool, (qt.QCheckBox,), _CheckBox),
        (bare is bool, (qt.QPushButton,), _Button),
        (bare is int, (qt.QSlider, qt.QSpinBox), _Integer),
        (bare is float, (qt.QDoubleSpinBox, STANDINS["ctkSliderWidget"]), _Number),
        (bare in (int, float, str, bool), (qt.QComboBox,), _ComboBox),
        (isEnum, (qt.QComboBox,), _EnumComboBox),
        (bare is str, (qt.QLineEdit,), _LineEdit),
        (bare is str, (qt.QTextEdit,), _TextEdit),
        (bare is FloatRange, (STANDINS["ctkRangeWidget"],), _Range),
        (isPath, (STANDINS["ctkPathLineEdit"],), _Path),
        (isPath, (STANDINS["ctkDirectoryButton"],), _Directory),
        (isNodeOrUnionOfNodes(datatype), (slicer.qMRMLNodeComboBox,), _Node),
    )
    return next((connector for fits, widgets, connector in pairs if fits and kind in widgets), None)
