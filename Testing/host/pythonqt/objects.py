"""Qt classes as PythonQt shows them: properties are attributes, unknown attributes are refused.

PySide6 itself is left as it is. Each QObject class gets a flat subclass with the behaviour of
``PythonQtInstanceWrapper.cpp`` of PythonQt; ``isinstance`` looks through it, so objects that C++ made count as well.
"""

from __future__ import annotations

import enum
from typing import Any

from PySide6.QtCore import QObject, Signal

from .signals import connect, disconnect

# Virtual in C++: a Python attribute of that name would be taken for an override and call itself for ever.
_VIRTUAL = ("sizeHint", "minimumSizeHint")
# PythonQt converts numbers and text to the type of the property (PythonQtConv::PyObjToQVariant).
_NUMBERS = {"bool": bool, "double": float, "int": int}


class PythonQtMeta(type(QObject)):  # type: ignore[misc]
    """Let ``isinstance(x, qt.QWidget)`` mean the Qt class and not the flat subclass."""

    def __instancecheck__(cls, instance: Any) -> bool:
        raw = cls.__dict__.get("_rawQtClass")
        return isinstance(instance, raw) if raw is not None else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        raw = cls.__dict__.get("_rawQtClass")
        return issubclass(subclass, raw) if raw is not None else super().__subclasscheck__(subclass)


class QtProperty:
    """One Q_PROPERTY as an attribute that can be read and written."""

    def __init__(self, raw: type, meta: Any) -> None:
        self.name, self.typeName, self.writable = meta.name(), meta.typeName(), meta.isWritable()
        self.raw = raw
        self.setter = getattr(raw, f"set{self.name[0].upper()}{self.name[1:]}", None)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Return the value; on the class, what Qt has there (``QTimer.singleShot`` is also a static method)."""
        if instance is None:
            return getattr(self.raw, self.name, self)
        return toPython(QObject.property(instance, self.name))

    def __set__(self, instance: Any, value: Any) -> None:
        """Set the value the way ``setX`` would."""
        if not self.writable:
            raise AttributeError(f"Property '{self.name}' of type '{instance.className()}' is not writable")
        value = self._converted(value)
        if self.setter is not None:
            self.setter(instance, value)
        elif not QObject.setProperty(instance, self.name, value):
            raise ValueError(f"Property '{self.name}' of '{instance.className()}' does not accept {value!r}")

    def _converted(self, value: Any) -> Any:
        if isinstance(value, enum.Enum):
            return value
        if self.typeName in _NUMBERS:
            return _NUMBERS[self.typeName](value)
        if self.typeName == "QString" and isinstance(value, (int, float)):
            return str(value)
        return list(value) if isinstance(value, tuple) else value


def toPython(value: Any) -> Any:
    """Give lists as tuples, as ``PythonQtConv::QStringListToPyObject`` does."""
    return tuple(value) if isinstance(value, list) else value


def wrapped(raw: type, **extra: Any) -> type:
    """Make the PythonQt class of a Qt class.

    Parameters
    ----------
    raw : type
        A QObject class of PySide6.
    **extra
        Members that PythonQt has and PySide6 has not, or has differently.
    """
    namespace: dict[str, Any] = {
        "_rawQtClass": raw,
        "_refusesNewAttributes": True,
        "__module__": "qt",
        "__doc__": raw.__doc__,
        "__setattr__": _setAttribute,
        "__getattr__": _getAttribute,
        "__init_subclass__": classmethod(_keepConnect(raw)),
        "connect": connect,
        "disconnect": disconnect,
        "className": className,
        "findChild": _findChild,
        "findChildren": _findChildren,
        "name": property(_objectName, _setObjectName),
        "delete": lambda self: self.deleteLater(),
    }
    if hasattr(raw, "exec"):
        namespace["exec_"] = lambda self, *arguments: raw.exec(self, *arguments)
    meta = raw.staticMetaObject
    namespace["_propertyNames"] = propertyNames(meta)
    for index in range(meta.propertyCount()):
        found = meta.property(index)
        if found.name() not in _VIRTUAL and not isinstance(getattr(raw, found.name(), None), Signal):
            namespace[found.name()] = QtProperty(raw, found)
    return PythonQtMeta(raw.__name__, (raw,), namespace | extra)


def propertyNames(meta: Any) -> frozenset[str]:
    """Return the names of a meta-object's properties.

    Ask while the class is made: PySide6 ties the meta-object of a Python class to the first instance that was asked
    for its own, and invalidates it together with that instance.
    """
    return frozenset(meta.property(index).name() for index in range(meta.propertyCount()))


def rawClass(cls: type) -> type:
    """Return the PySide6 class behind a wrapped class."""
    return vars(cls).get("_rawQtClass", cls)


def className(self: Any) -> str:
    """Return the C++ class name; an author's Python subclass has the name of the Qt class it derives from."""
    return next(cls.__name__ for cls in type(self).__mro__ if vars(cls).get("_refusesNewAttributes"))


def _setAttribute(self: Any, name: str, value: Any) -> None:
    cls = type(self)
    if vars(cls).get("_refusesNewAttributes") and not name.startswith("_") and not hasattr(cls, name):
        if name in _dynamicProperties(self):
            QObject.setProperty(self, name, value)
            return
        raise AttributeError(
            f"'{name}' does not exist on {className(self)} and creating new attributes on C++ objects is not allowed"
        )
    _rawOf(cls).__setattr__(self, name, value)


def _getAttribute(self: Any, name: str) -> Any:
    if not name.startswith("_") and name in _dynamicProperties(self):
        return toPython(QObject.property(self, name))
    raise AttributeError(f"{className(self)} has no attribute named '{name}'")


def _rawOf(cls: type) -> Any:
    return next(vars(base)["_rawQtClass"] for base in cls.__mro__ if "_rawQtClass" in vars(base))


def _dynamicProperties(self: Any) -> list[str]:
    return [bytes(name.data()).decode() for name in QObject.dynamicPropertyNames(self)]


def _findChild(self: Any, cls: type = QObject, name: str | None = None) -> Any:
    return QObject.findChild(self, rawClass(cls), *([] if name is None else [name]))


def _findChildren(self: Any, cls: type = QObject, name: str | None = None) -> tuple[Any, ...]:
    return tuple(QObject.findChildren(self, rawClass(cls), *([] if name is None else [name])))


def _objectName(self: Any) -> str:
    return QObject.objectName(self)


def _setObjectName(self: Any, name: str) -> None:
    QObject.setObjectName(self, name)


def _keepConnect(raw: type) -> Any:
    def initSubclass(cls: type, **keywords: Any) -> None:
        super(raw, cls).__init_subclass__(**keywords)
        # PySide6 looks connect and disconnect up in the class's own dictionary only.
        for name, function in (("connect", connect), ("disconnect", disconnect)):
            if name not in vars(cls):
                setattr(cls, name, function)

    return initSubclass
