"""Qt Designer files: ``qt.QUiLoader`` that makes PythonQt widgets and stand-ins.

Follows ``qSlicerUtils``/``slicer.util.loadUI``, where Qt's own loader finds CTK's and Slicer's widgets as Designer
plug-ins. Here connections and the enumerations of stand-ins are taken from the file and applied in Python, because
Qt knows neither vtk types nor the stand-ins' enumerations. What a widget does not have raises.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from PySide6 import QtCore, QtUiTools, QtWidgets

from .namespace import qt
from .signals import connect, slotOf

# Class names a .ui file may use, beside those of Qt; stand-ins register themselves here.
STANDINS: dict[str, type] = {}


class UnknownInUiFileError(RuntimeError):
    """A .ui file names a widget class or a property that Slicer would not have."""


class QUiLoader(QtUiTools.QUiLoader):
    """Load a .ui file as ``slicer.util.loadUI`` does."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._unknown: list[str] = []

    def createWidget(self, className: str, parent: Any = None, name: str = "") -> Any:
        """Make one widget; called by Qt, which swallows exceptions, so failures are kept for ``load``."""
        cls = widgetClass(className)
        if cls is None:
            self._unknown.append(className)
            return None
        try:
            widget = cls(parent) if parent is not None else cls()
        except Exception as error:  # Qt would swallow it
            self._unknown.append(f"{className} ({error})")
            return None
        QtCore.QObject.setObjectName(widget, name)
        return widget

    def createLayout(self, className: str, parent: Any = None, name: str = "") -> Any:
        """Make one layout."""
        free = isinstance(parent, QtWidgets.QWidget) and QtWidgets.QWidget.layout(parent) is None
        layout = getattr(qt, className)(*([parent] if free else []))
        layout.setObjectName(name)
        return layout

    def load(self, file: Any, parent: Any = None) -> Any:
        """Return the widget that an open file describes.

        Raises
        ------
        UnknownInUiFileError
            For a class, property, signal or slot that does not exist.
        """
        root = ET.fromstring(bytes(file.readAll().data()))
        connections = _takeConnections(root)
        for element in root.iter("widget"):
            _checkProperties(element)
        buffer = QtCore.QBuffer()
        buffer.setData(ET.tostring(root))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        self._unknown.clear()
        widget = super().load(buffer, parent)
        if self._unknown or widget is None:
            raise UnknownInUiFileError(f"Cannot make {self._unknown or self.errorString()}")
        for sender, signal, receiver, slot in connections:
            connect(_named(widget, sender), signal, slotOf(_named(widget, receiver), slot))
        return widget


def widgetClass(name: str) -> type | None:
    """Return the class that a .ui file means by a name."""
    if name in STANDINS:
        return STANDINS[name]
    if name == "Line":  # Designer's name for a frame that is a line
        return qt.QFrame
    found = getattr(qt, name, None)
    return found if isinstance(found, type) and issubclass(found, QtWidgets.QWidget) else None


def _takeConnections(root: ET.Element) -> list[tuple[str, str, str, str]]:
    block = root.find("connections")
    if block is None:
        return []
    root.remove(block)
    parts = ("sender", "signal", "receiver", "slot")
    return [tuple(c.findtext(part, "") for part in parts) for c in block.findall("connection")]  # type: ignore[misc]


def _named(widget: Any, name: str) -> Any:
    own = QtCore.QObject.objectName(widget) == name
    found = widget if own else QtCore.QObject.findChild(widget, QtCore.QObject, name)
    if found is None:
        raise UnknownInUiFileError(f"A connection names '{name}', which is not in the file")
    return found


def _checkProperties(element: ET.Element) -> None:
    cls = widgetClass(element.get("class", ""))
    if cls is None or element.get("class") == "Line":
        return  # createWidget reports the one; Qt itself understands the properties of the other
    for entry in element.findall("property"):
        name = entry.get("name", "")
        if entry.get("stdset") != "0" and name not in cls._propertyNames:  # type: ignore[attr-defined]
            raise UnknownInUiFileError(f"{element.get('class')} has no property '{name}'")
        if any(name in vars(base) for base in cls.__mro__ if base.__name__ in STANDINS):
            _enumerationToNumber(entry, cls)


def _enumerationToNumber(entry: ET.Element, cls: type) -> None:
    for tag in ("enum", "set"):
        value = entry.find(tag)
        if value is not None:
            number = sum({_enumerator(part.strip(), cls) for part in (value.text or "").split("|")})
            entry.remove(value)
            ET.SubElement(entry, "number").text = str(number)


def _enumerator(name: str, cls: type) -> int:
    owner, _, member = name.rpartition("::")
    owner = owner.partition("::")[0]
    holder = cls if owner in ("", cls.__name__) else STANDINS.get(owner) or getattr(qt, owner)
    value = getattr(holder, member)
    return int(getattr(value, "value", value))
