"""``@parameterNodeWrapper``; follows ``wrapper.py`` in Slicer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
import vtk

from ..pythonqt.namespace import qt
from .connectors import GuiConnector, createGuiConnector
from .packs import ParameterInfo, checkMember, membersOf
from .types import splitPossiblyDottedName, unannotatedType

SlicerParameterNamePropertyName = "SlicerParameterName"
LEFT_OVER: list[tuple[Any, int]] = []
"""Nodes and the tags of observers that ``disconnectGui`` left on them, which are no fault of a module."""


def parameterNodeWrapper(cls: type | None = None) -> Any:
    """Turn a class with annotations into typed access to a parameter node.

    Raises
    ------
    Exception
        If a member has a type that Slicer cannot serialize.
    ValueError
        If a member takes a name that the wrapper needs.
    """
    if cls is None:
        return parameterNodeWrapper
    members = membersOf(cls)
    for name, info in members.items():
        setattr(cls, name, _parameter(info))
    added = {"allParameters": members, "_is_parameter_node_wrapper": True} | {
        name: value for name, value in vars(_Wrapper).items() if not name.startswith("__")
    }
    for name, value in added.items():
        if hasattr(cls, name):
            raise ValueError(f"Cannot use reserved name '{name}' in a parameterNodeWrapper")
        setattr(cls, name, value)
    cls.__init__ = _initialise
    cls.dataType = staticmethod(lambda name: _dataType(cls, name))
    return cls


def isParameterNodeWrapper(candidate: Any) -> bool:
    """Whether a class or object is a parameter node wrapper."""
    return getattr(candidate, "_is_parameter_node_wrapper", False)


def findChildWidgetForParameter(widget: Any, parameter: str) -> Any:
    """Return the child widget that a .ui file binds to a parameter, or None."""
    found = (w for w in widget.findChildren(qt.QWidget) if w.property(SlicerParameterNamePropertyName) == parameter)
    return next(found, None)


def _parameter(info: ParameterInfo) -> property:
    def read(self: Any) -> Any:
        if not info.serializer.isIn(self.parameterNode, self._prefix + info.basename):
            info.serializer.write(self.parameterNode, self._prefix + info.basename, info.default)
        return info.serializer.read(self.parameterNode, self._prefix + info.basename)

    def write(self: Any, value: Any) -> None:
        info.serializer.write(self.parameterNode, self._prefix + info.basename, value)

    return property(read, write)


def _initialise(self: Any, parameterNode: Any, prefix: str | None = None) -> None:
    self.parameterNode = parameterNode
    self._prefix = prefix or ""
    self._guis: dict[int, tuple[dict[str, GuiConnector], int]] = {}
    self._nextGuiTag = 0
    self._updatingGui = False
    for info in self.allParameters.values():
        if not info.serializer.isIn(parameterNode, self._prefix + info.basename):
            info.serializer.write(parameterNode, self._prefix + info.basename, info.default)


def _check(owner: Any, name: str) -> None:
    top, rest = splitPossiblyDottedName(name)
    if top not in owner.allParameters:
        raise ValueError(f"Cannot find a param with the given name: {top}; there are {list(owner.allParameters)}")
    if rest is not None:
        checkMember(unannotatedType(owner.allParameters[top].unalteredType), rest)


def _dataType(cls: Any, name: str) -> Any:
    _check(cls, name)
    top, rest = splitPossiblyDottedName(name)
    annotated = cls.allParameters[top].unalteredType
    return annotated if rest is None else unannotatedType(annotated).dataType(rest)


class _Wrapper:
    """The methods that every wrapper class gets."""

    def default(self, name: str) -> Any:
        """Return the default of a parameter."""
        from .annotations import Default

        _check(self, name)
        return Default(self.allParameters[name].default)

    def isCached(self, name: str) -> bool:
        """Whether Slicer keeps the parameter in memory."""
        _check(self, name)
        return self.allParameters[name].serializer.supportsCaching()

    def getValue(self, name: str) -> Any:
        """Return a parameter by its possibly dotted name."""
        _check(self, name)
        top, rest = splitPossiblyDottedName(name)
        value = getattr(self, top)
        return value if rest is None else value.getValue(rest)

    def setValue(self, name: str, value: Any) -> None:
        """Set a parameter by its possibly dotted name."""
        _check(self, name)
        top, rest = splitPossiblyDottedName(name)
        if rest is None:
            setattr(self, top, value)
        else:
            getattr(self, top).setValue(rest, value)

    def connectGui(self, gui: Any) -> None:
        """Bind every widget that has the property ``SlicerParameterName``; as in Slicer no tag is returned."""
        isWidget = getattr(gui, "isWidgetType", lambda: False)()
        widgets = gui.findChildren(qt.QWidget) if isWidget else list(vars(gui).values())
        named = ((widget.property(SlicerParameterNamePropertyName), widget) for widget in widgets)
        self.connectParametersToGui({name: widget for name, widget in named if name})

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:
        """Bind widgets (or connectors) to parameters; return a tag for ``disconnectGui``."""
        for name in mapping:
            _check(self, name)
        connectors = {
            name: widget if isinstance(widget, GuiConnector) else createGuiConnector(widget, self.dataType(name))
            for name, widget in mapping.items()
        }
        for name, connector in connectors.items():
            connector.write(self.getValue(name))
            connector.onChanged(_writer(self, name, connector))
        observer = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: _updateGui(self))
        tag = self._nextGuiTag
        self._nextGuiTag += 1
        self._guis[tag] = (connectors, observer)
        return tag

    def disconnectGui(self, tag: int) -> None:
        """Undo ``connectParametersToGui``; as in Slicer the observer stays on the node."""
        connectors, observer = self._guis.pop(tag, ({}, None))
        for connector in connectors.values():
            connector.onChanged(None)
        if observer is not None:
            LEFT_OVER.append((self.parameterNode, observer))

    def StartModify(self) -> Any:
        """Hold back events of the node."""
        return self.parameterNode.StartModify()

    def EndModify(self, wasModifying: Any) -> None:
        """Let held back events go."""
        self.parameterNode.EndModify(wasModifying)

    def AddObserver(self, event: Any, callback: Callable[..., None], priority: float = 0.0) -> int:
        """Observe the node."""
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:
        """Stop observing the node."""
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:
        """Tell that the node was modified."""
        self.parameterNode.Modified()


def _writer(wrapper: Any, name: str, connector: GuiConnector) -> Callable[[], None]:
    def write() -> None:
        if not wrapper._updatingGui:
            with slicer.util.NodeModify(wrapper):
                wrapper.setValue(name, connector.read())

    return write


def _updateGui(wrapper: Any) -> None:
    if wrapper._updatingGui:
        return
    wrapper._updatingGui = True
    try:
        with slicer.util.NodeModify(wrapper):
            for connectors, _ in list(wrapper._guis.values()):
                for name, connector in connectors.items():
                    connector.write(wrapper.getValue(name))
    finally:
        wrapper._updatingGui = False
