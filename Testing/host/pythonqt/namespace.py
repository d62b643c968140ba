"""The module ``qt``: PythonQt's flat namespace of QtCore, QtGui, QtWidgets, QtNetwork and QtUiTools."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from PySide6 import QtCore, QtGui, QtNetwork, QtUiTools, QtWidgets

from .objects import wrapped
from .statics import QDesktopServices, extrasOf

_PARTS = (QtCore, QtGui, QtWidgets, QtNetwork, QtUiTools)
# PySide6's own inventions, which PythonQt does not have.
_FOREIGN = {"Signal", "SignalInstance", "Slot", "Property", "ClassInfo", "QEnum", "QFlag", "Shiboken"}


class QtNamespace(ModuleType):
    """Wrap each Qt class when it is first asked for, since there are some four hundred."""

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name not in _FOREIGN:
            for part in _PARTS:
                if hasattr(part, name):
                    value = _shown(getattr(part, name))
                    setattr(self, name, value)
                    return value
        raise AttributeError(f"module 'qt' has no attribute '{name}'")

    def __dir__(self) -> list[str]:
        return sorted({name for part in _PARTS for name in dir(part) if name[0] != "_"} - _FOREIGN)


def _shown(value: Any) -> Any:
    if isinstance(value, type) and issubclass(value, QtCore.QObject):
        return wrapped(value, **extrasOf(value))
    return value


qt = QtNamespace("qt", __doc__)


def install() -> None:
    """Make ``import qt`` find this module."""
    from .uiloader import QUiLoader

    qt.QUiLoader = QUiLoader
    qt.QDesktopServices = QDesktopServices
    sys.modules["qt"] = qt
