"""From a click on the plot to the layer that was meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer

_SIGNAL = "dataSelected(vtkStringArray*,vtkCollection*)"


class PlotLink:
    """Listens to the first plot view while the module is open.

    Parameters
    ----------
    onPoint : callable
        Called with the ID of a plot series and the number of the point on it that was clicked.
    """

    def __init__(self, onPoint: Callable[[str, int], None]) -> None:
        self._onPoint = onPoint
        self._view: Any = None

    def watch(self) -> None:
        """Listen to the plot view of the layout that is on, if there is one."""
        manager = slicer.app.layoutManager()
        view = manager.plotWidget(0).plotView() if manager.plotViewCount else None
        if view is self._view:
            return
        self.leave()
        if view is not None:
            view.connect(_SIGNAL, self._selected)
            self._view = view

    def leave(self) -> None:
        """Stop listening."""
        if self._view is not None:
            self._view.disconnect(_SIGNAL, self._selected)
            self._view = None

    def _selected(self, seriesIds: Any, selections: Any) -> None:
        for n in range(min(seriesIds.GetNumberOfValues(), selections.GetNumberOfItems())):
            points = selections.GetItemAsObject(n)
            if points.GetNumberOfValues():
                self._onPoint(seriesIds.GetValue(n), points.GetValue(points.GetNumberOfValues() - 1))
                return
