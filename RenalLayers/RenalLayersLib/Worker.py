"""A long computation in another thread, watched from Slicer's window by a timer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import qt

from renal_segmentation.errors import CancelledError
from renal_segmentation.progress import Progress

_TICK_MS = 15
_YIELD_S = 0.01
"""How long each tick lets the other thread have the interpreter: Slicer's event loop does not give it away."""


class Worker:
    """Runs one computation at a time and reports in the window's own thread.

    Parameters
    ----------
    onProgress : callable
        Called with step and share (0 to 1).
    onDone : callable
        Called with the result.
    onFailed : callable
        Called with the exception; a `CancelledError` when `cancel` was asked for.
    """

    def __init__(
        self,
        onProgress: Callable[[str, float], None],
        onDone: Callable[[Any], None],
        onFailed: Callable[[BaseException], None],
    ) -> None:
        self._onProgress, self._onDone, self._onFailed = onProgress, onDone, onFailed
        self._thread: threading.Thread | None = None
        self._cancelled = threading.Event()
        self._progress = ("", 0.0)
        self._result: Any = None
        self._error: BaseException | None = None
        self._timer = qt.QTimer()
        self._timer.setInterval(_TICK_MS)
        self._timer.connect("timeout()", self._tick)

    @property
    def busy(self) -> bool:
        """Whether a computation is under way."""
        return self._thread is not None

    def start(self, compute: Callable[[Progress], Any]) -> None:
        """Begin `compute(progress)`; the progress raises `CancelledError` once `cancel` was called."""
        if self.busy:
            raise RuntimeError("The worker is busy.")
        self._cancelled.clear()
        self._result = self._error = None
        self._progress = ("", 0.0)
        self._thread = threading.Thread(target=self._work, args=(compute,), daemon=True)
        self._thread.start()
        self._timer.start()

    def cancel(self) -> None:
        """Ask the computation to stop; `onFailed` tells when it has."""
        self._cancelled.set()

    def abandon(self) -> None:
        """Stop the computation, wait until it has ended, and tell nobody."""
        self._timer.stop()
        if self._thread is not None:
            self._cancelled.set()
            self._thread.join()
            self._thread = None

    def _work(self, compute: Callable[[Progress], Any]) -> None:
        def progress(step: str, share: float) -> None:
            if self._cancelled.is_set():
                raise CancelledError("Cancelled.")
            self._progress = (step, share)

        try:
            self._result = compute(progress)
        except BaseException as error:
            self._error = error

    def _tick(self) -> None:
        thread = self._thread
        if thread is None:
            return
        thread.join(_YIELD_S)
        if thread.is_alive():
            self._onProgress(*self._progress)
            return
        self._timer.stop()
        self._thread = None
        if self._error is None and self._cancelled.is_set():
            self._error = CancelledError("Cancelled.")
        if self._error is not None:
            self._onFailed(self._error)
        else:
            self._onDone(self._result)
