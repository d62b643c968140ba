"""Notices that the outline or a setting has changed, and says so once the hand has come to rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer

_REST_MS = 80


class AutoUpdate:
    """Watches one segmentation.

    Parameters
    ----------
    onChanged : callable
        Called when nothing has changed for a moment after a change.
    restMs : int
        How long that moment is; 0 for as soon as what makes the change is done.
    """

    def __init__(self, onChanged: Callable[[], None], restMs: int = _REST_MS) -> None:
        self._observed: list[tuple[Any, int]] = []
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(restMs)
        self._timer.connect("timeout()", onChanged)

    def watch(self, node: Any) -> None:
        """Watch a segmentation node in place of the one before; None watches nothing."""
        if node is not None and self.isWatching(node):
            return
        self.leave()
        if node is None:
            return
        segmentation = node.GetSegmentation()
        events = (
            segmentation.SourceRepresentationModified,
            # All that Undo and Redo of the Segment Editor tell.
            segmentation.SegmentModified,
            segmentation.SegmentAdded,
            segmentation.SegmentRemoved,
        )
        self._observed = [(segmentation, segmentation.AddObserver(event, self._changed)) for event in events]
        moved = slicer.vtkMRMLTransformableNode.TransformModifiedEvent
        self._observed.append((node, node.AddObserver(moved, self._changed)))

    def leave(self) -> None:
        """Stop watching."""
        self._timer.stop()
        for observed, tag in self._observed:
            observed.RemoveObserver(tag)
        self._observed = []

    def isWatching(self, node: Any) -> bool:
        """Whether the changes of a segmentation node are noticed."""
        return bool(self._observed) and self._observed[0][0] is node.GetSegmentation()

    @property
    def isWaiting(self) -> bool:
        """Whether a change waits for the hand to come to rest."""
        return bool(self._timer.active)

    def poke(self) -> None:
        """Take note of a change that was made elsewhere, such as of a setting."""
        self._timer.start()

    def _changed(self, caller: Any, event: str) -> None:
        self._timer.start()
