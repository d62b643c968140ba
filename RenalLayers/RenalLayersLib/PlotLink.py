"""From a click on the plot to the depth that was meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
import vtkmodules.vtkChartsCore  # noqa: F401  # or else Slicer gives the chart as a class that knows no axes

_STILL_PX = 3
"""A mouse that moves farther between press and release drags the plot."""
_BOTTOM = 1
"""Number of the horizontal axis in `vtkAxis`."""


class PlotLink(qt.QObject):
    """Watches the first plot view while the module is open.

    Parameters
    ----------
    onClick : callable
        Called with the place on the horizontal axis that was clicked: depth in mm, or the number of a layer.
    """

    def __init__(self, onClick: Callable[[float], None]) -> None:
        super().__init__()
        self._onClick = onClick
        self._view: Any = None
        self._pressedAt: tuple[float, float] | None = None

    def watch(self) -> None:
        """Watch the plot view of the layout that is on, if there is one."""
        manager = slicer.app.layoutManager()
        view = manager.plotWidget(0).plotView() if manager.plotViewCount else None
        if view is self._view:
            return
        self.leave()
        if view is not None:
            view.installEventFilter(self)
            self._view = view

    def leave(self) -> None:
        """Stop watching."""
        if self._view is not None:
            self._view.removeEventFilter(self)
            self._view = None

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Take note of clicks and let every event pass."""
        kind = event.type()
        if kind == qt.QEvent.MouseButtonPress and event.button() == qt.Qt.LeftButton:
            self._pressedAt = _placeOf(event)
        elif kind == qt.QEvent.MouseButtonRelease and self._pressedAt is not None:
            (x, y), (pressedX, pressedY) = _placeOf(event), self._pressedAt
            self._pressedAt = None
            if max(abs(x - pressedX), abs(y - pressedY)) <= _STILL_PX:
                self._clicked(x)
        return False

    def _clicked(self, x: float) -> None:
        axis = self._view.chart().GetAxis(_BOTTOM)
        left, right = axis.GetPoint1()[0], axis.GetPoint2()[0]
        share = (x * self._view.devicePixelRatioF() - left) / (right - left) if right > left else -1.0
        if 0 <= share <= 1:
            self._onClick(axis.GetUnscaledMinimum() + share * (axis.GetUnscaledMaximum() - axis.GetUnscaledMinimum()))


def _placeOf(event: Any) -> tuple[float, float]:
    """Return where the mouse is, in Qt 6 and in Qt 5."""
    place = event.position() if hasattr(event, "position") else event.localPos()
    return place.x(), place.y()
