"""Mouse strokes in slice views for the active effect; follows ``qMRMLSegmentEditorWidget::setupViewObservations``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Before Slicer's interactor styles and displayable managers.
_PRIORITY = 10.0


class Strokes:
    """Collects the places of a drag with the left button and gives them to the effect when the button is released."""

    def __init__(self, effect: Callable[[], Any]) -> None:
        self._effect = effect
        self._tags: list[tuple[Any, int]] = []
        self._points: list[Any] | None = None

    def observe(self, layoutManager: Any) -> None:
        """Follow the mouse in every slice view."""
        self.release()
        for name in layoutManager.sliceViewNames():
            view = layoutManager.sliceWidget(name).sliceView()
            for event, method in (
                ("LeftButtonPressEvent", self._press),
                ("MouseMoveEvent", self._move),
                ("LeftButtonReleaseEvent", self._release),
            ):
                self._add(view, event, method)

    def release(self) -> None:
        """Follow the mouse no more."""
        for interactor, tag in self._tags:
            interactor.RemoveObserver(tag)
        self._tags.clear()
        self._points = None

    def _add(self, view: Any, event: str, method: Callable[[Any, Any], bool]) -> None:
        interactor = view.interactor()

        def call(caller: Any, name: str) -> None:
            effect = self._effect()
            if effect is not None and method(view, effect):
                interactor.GetCommand(tag).SetAbortFlag(1)

        tag = interactor.AddObserver(event, call, _PRIORITY)
        self._tags.append((interactor, tag))

    def _place(self, view: Any) -> tuple[float, ...]:
        return view.convertXYZToRAS(view.convertDeviceToXYZ(view.interactor().GetEventPosition()))

    def _press(self, view: Any, effect: Any) -> bool:
        self._points = [self._place(view)]
        return True

    def _move(self, view: Any, effect: Any) -> bool:
        if self._points is None:
            return False
        self._points.append(self._place(view))
        return True

    def _release(self, view: Any, effect: Any) -> bool:
        if self._points is None:
            return False
        points, self._points = self._points, None
        effect.strokeInSlice(points, view.mrmlSliceNode())
        return True
