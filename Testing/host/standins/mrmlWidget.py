"""``slicer.qMRMLWidget`` and the scene observation that MRML widgets share.

Follows ``Libs/MRML/Widgets/qMRMLWidget.h`` and ``ctkVTKObject.h`` (``QVTK_OBJECT``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from weakref import WeakSet

import vtk
from PySide6.QtCore import Signal
from shiboken6 import isValid

from ..pythonqt.namespace import qt
from .declare import standin


class Observations:
    """The VTK observers of one widget, all removed together, at the latest when Qt deletes the widget."""

    _living: ClassVar[WeakSet[Observations]] = WeakSet()

    def __init__(self, owner: Any) -> None:
        self._owner = owner
        self._tags: list[tuple[Any, int]] = []
        self._living.add(self)
        owner.destroyed.connect(self.clear)

    @classmethod
    def tagsOn(cls, subject: Any) -> set[int]:
        """Return the tags of all observers that widgets have on an object."""
        return {tag for one in cls._living for observed, tag in one._tags if observed is subject}

    def replace(self, *observed: tuple[Any, Any, Callable[..., None]]) -> None:
        """Remove the former observers and add these: object (or None), event and method."""
        self.clear()
        for subject, event, method in observed:
            if subject is not None:
                self.add(subject, event, method)

    def add(self, subject: Any, event: Any, method: Callable[..., None], *, node: bool = False) -> None:
        """Add an observer; ``node`` says that its method takes the node which the event carries."""
        guarded = self._guarded(method)
        callback = withNode(guarded) if node else lambda caller, event: guarded()
        self._tags.append((subject, subject.AddObserver(event, callback)))

    def clear(self, *_: Any) -> None:
        """Remove all observers."""
        for subject, tag in self._tags:
            subject.RemoveObserver(tag)
        self._tags.clear()

    def _guarded(self, method: Callable[..., None]) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            # Qt may have deleted the widget while Python and VTK still hold it, as with any C++ object.
            if isValid(self._owner):
                method(*arguments)
            else:
                self.clear()

        return call


def withNode(method: Callable[[Any], None]) -> Callable[..., None]:
    """Make a VTK callback whose event carries a node."""

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def call(caller: Any, event: str, node: Any = None) -> None:
        method(node)

    return call


@standin({"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}, ["setMRMLScene(vtkMRMLScene*)"])
class qMRMLWidget(qt.QWidget):
    """A widget that knows the scene."""

    mrmlSceneChanged = Signal(object)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._scene: Any = None

    def setMRMLScene(self, scene: Any) -> None:
        """Set the scene and tell the widgets that are connected to ``mrmlSceneChanged``."""
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)

    def mrmlScene(self) -> Any:
        """Return the scene."""
        return self._scene
