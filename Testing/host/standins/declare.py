"""How a stand-in says what its real class offers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from PySide6.QtCore import Property

from ..pythonqt.objects import propertyNames
from ..pythonqt.signals import normalized
from ..pythonqt.uiloader import STANDINS

Widget = TypeVar("Widget", bound=type)
_NUMBERS = itertools.count()


def standin(
    signals: Mapping[str, str] | None = None, slots: Iterable[str] = (), *, inDesigner: bool = True
) -> Callable[[Widget], Widget]:
    """Declare a class as the stand-in of the C++ class of the same name.

    Parameters
    ----------
    signals : mapping of str to str, optional
        Signals with types that Qt does not know here, and the Python name each is emitted under.
    slots : iterable of str
        C++ signatures of the slots that a .ui file may connect to.
    inDesigner : bool
        Whether Qt Designer has the class as a plug-in.
    """

    def declare(cls: Widget) -> Widget:
        cls._refusesNewAttributes = True  # type: ignore[attr-defined]
        cls._cxxSignals = {normalized(s): name for s, name in (signals or {}).items()}  # type: ignore[attr-defined]
        cls._cxxSlots = tuple(normalized(s) for s in slots)  # type: ignore[attr-defined]
        cls._propertyNames = propertyNames(cls.staticMetaObject)  # type: ignore[attr-defined]
        if inDesigner:
            STANDINS[cls.__name__] = cls
        return cls

    return declare


def stored(kind: Any, default: Any, changed: str | None = None) -> Any:
    """Make a Q_PROPERTY that keeps its value.

    Parameters
    ----------
    kind : type or str
        The Qt type.
    default : object
        The value that the real class starts with.
    changed : str, optional
        The name of a method to call after the value was set.
    """
    key = f"_stored{next(_NUMBERS)}"

    def read(self: Any) -> Any:
        return self.__dict__.get(key, default)

    def write(self: Any, value: Any) -> None:
        self.__dict__[key] = tuple(value) if isinstance(value, list) else value
        if changed is not None:
            getattr(self, changed)()

    return Property(kind, read, write)
