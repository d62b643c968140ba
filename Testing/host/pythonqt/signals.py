"""Connections by C++ signature, as PythonQt has them.

Follows ``PythonQtStdDecorators::connect`` and ``PythonQtSignalTarget::call`` of PythonQt: the signature names one
overload, and the callable gets as many arguments as it takes. Where PythonQt prints a warning and returns False for a
signal that the object lacks, the host raises, since such a connection is always a mistake.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QMetaObject, QObject

ANY_NUMBER = 99


def normalized(signature: str) -> str:
    """Give a signature the spelling that Qt's meta-objects use."""
    return bytes(QMetaObject.normalizedSignature(signature).data()).decode()


def acceptedArguments(slot: Callable[..., Any]) -> int:
    """Say how many positional arguments a callable takes."""
    try:
        parameters = inspect.signature(slot).parameters.values()
    except (TypeError, ValueError):  # many functions written in C tell nothing about themselves
        return ANY_NUMBER
    if any(p.kind == p.VAR_POSITIONAL for p in parameters):
        return ANY_NUMBER
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def signalOf(sender: Any, signature: str) -> Any:
    """Return the bound signal that a C++ signature names.

    Parameters
    ----------
    sender : QObject
        A wrapped Qt object or a stand-in; a stand-in says in ``_cxxSignals`` under which Python name it emits a
        signal whose C++ arguments (``vtkMRMLNode*``) Qt does not know here.

    Raises
    ------
    ValueError
        If the sender has no such signal.
    """
    wanted = normalized(signature)
    for cls in type(sender).__mro__:
        declared = vars(cls).get("_cxxSignals", {})
        if wanted in declared:
            return getattr(sender, declared[wanted])
    if sender.metaObject().indexOfSignal(wanted) < 0:
        raise ValueError(f"QObject::connect() signal '{signature}' does not exist on {sender.className()}")
    name, _, arguments = wanted.partition("(")
    return getattr(sender, name)[arguments[:-1]]


def connect(self: Any, *arguments: Any) -> bool:
    """Connect by ``connect("signal(type)", callable)`` or ``connect("signal(type)", receiver, "slot(type)")``."""
    signature, slot = _signatureAndSlot(self, arguments)
    signal = signalOf(self, signature)
    count = min(_argumentCount(signature), acceptedArguments(slot))

    def passed(*values: Any) -> None:
        slot(*values[:count])

    signal.connect(passed)
    self.__dict__.setdefault("_connections", []).append((normalized(signature), slot, signal, passed))
    return True


def disconnect(self: Any, *arguments: Any) -> bool:
    """Undo one connection made with ``connect``; False if there was none."""
    signature, slot = _signatureAndSlot(self, arguments)
    connections = self.__dict__.get("_connections", [])
    for entry in connections:
        if entry[0] == normalized(signature) and entry[1] == slot:
            entry[2].disconnect(entry[3])
            connections.remove(entry)
            return True
    return False


def slotOf(receiver: Any, signature: str) -> Callable[..., Any]:
    """Return the method of a receiver that a C++ slot signature names.

    Raises
    ------
    ValueError
        If the receiver's class has no such slot.
    """
    wanted = normalized(signature)
    name = wanted.partition("(")[0]
    declared = any(wanted in vars(cls).get("_cxxSlots", ()) for cls in type(receiver).__mro__)
    meta = receiver.metaObject()
    if not declared and meta.indexOfSlot(wanted) < 0 and meta.indexOfSignal(wanted) < 0:
        raise ValueError(f"QObject::connect() slot '{signature}' does not exist on {receiver.className()}")
    method = getattr(receiver, name)
    return method.emit if hasattr(method, "emit") else method


def _argumentCount(signature: str) -> int:
    arguments = normalized(signature).partition("(")[2][:-1]
    return arguments.count(",") + 1 if arguments else 0


def _signatureAndSlot(sender: Any, arguments: tuple[Any, ...]) -> tuple[str, Callable[..., Any]]:
    if len(arguments) == 2 and isinstance(arguments[0], str) and callable(arguments[1]):
        return arguments
    if len(arguments) == 3 and isinstance(arguments[1], QObject):
        return arguments[0], slotOf(arguments[1], arguments[2])
    raise ValueError(f"{sender.className()}.connect() takes a signature and a callable, not {arguments}")
