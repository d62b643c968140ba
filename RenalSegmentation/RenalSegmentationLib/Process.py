"""A program in a process of its own that prints its progress as JSON lines, watched from Slicer's window by a timer."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import qt

from renal_segmentation.errors import CancelledError

_TICK_MS = 50
_GRACE_S = 3.0
"""How long a program has to end by itself after it was told to, before it is killed."""
_KEPT_LINES = 200
_ENDING_S = 5.0


class ProcessError(Exception):
    """A program ended without success.

    Attributes
    ----------
    exitCode : int
        Of the program; negative for the signal that ended it, None where it could not be started.
    lines : tuple of str
        The last lines that it wrote to standard error.
    """

    def __init__(self, exitCode: int | None, lines: Sequence[str]) -> None:
        super().__init__(lines[-1] if lines else f"exit code {exitCode}")
        self.exitCode, self.lines = exitCode, tuple(lines)


class Process:
    """Runs one program at a time and reports in the window's own thread.

    Parameters
    ----------
    onProgress : callable
        Called with step, share (0 to 1), and the seconds left or None.
    onLine : callable
        Called with every line for the log.
    onDone : callable
        Called with the last JSON object that the program printed, after exit code 0.
    onFailed : callable
        Called with a `ProcessError`, or a `CancelledError` when `cancel` was asked for.
    """

    def __init__(
        self,
        onProgress: Callable[[str, float, float | None], None],
        onLine: Callable[[str], None],
        onDone: Callable[[dict[str, Any]], None],
        onFailed: Callable[[Exception], None],
    ) -> None:
        self._onProgress, self._onLine, self._onDone, self._onFailed = onProgress, onLine, onDone, onFailed
        self._program: subprocess.Popen[str] | None = None
        self._readers: list[threading.Thread] = []
        self._lines: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._errors: deque[str] = deque(maxlen=_KEPT_LINES)
        self._last: dict[str, Any] = {}
        self._killAt: float | None = None
        self._timer = qt.QTimer()
        self._timer.setInterval(_TICK_MS)
        self._timer.connect("timeout()", self._tick)

    @property
    def busy(self) -> bool:
        """Whether a program is under way."""
        return self._program is not None

    @property
    def identifier(self) -> int | None:
        """Process ID of the program, None where none runs."""
        return self._program.pid if self._program is not None else None

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a program.

        Raises
        ------
        ProcessError
            If it cannot be started.
        """
        if self.busy:
            raise RuntimeError("A program runs already.")
        self._lines, self._last, self._killAt = queue.SimpleQueue(), {}, None
        self._errors.clear()
        try:
            self._program = subprocess.Popen(
                list(command),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                **_ownGroup(),
            )
        except OSError as error:
            raise ProcessError(None, [f"{command[0]}: {error.strerror or error}"]) from error
        streams = (("out", self._program.stdout), ("error", self._program.stderr))
        self._readers = [threading.Thread(target=self._read, args=stream, daemon=True) for stream in streams]
        for reader in self._readers:
            reader.start()
        self._timer.start()

    def cancel(self) -> None:
        """Ask the program and all that it started to stop; `onFailed` tells when they have."""
        if self._program is not None and self._killAt is None:
            self._killAt = time.monotonic() + _GRACE_S
            _signalTree(self._program, forced=False)

    def abandon(self) -> None:
        """End the program and all that it started, wait until they have ended, and tell nobody."""
        self._timer.stop()
        if self._program is not None:
            _signalTree(self._program, forced=True)
            self._program.wait()
            self._close()

    def _read(self, name: str, stream: Any) -> None:
        for line in stream:
            self._lines.put((name, line.rstrip("\n")))

    def _tick(self) -> None:
        program = self._program
        if program is None:
            return
        ended = program.poll() is not None
        if ended:
            # A child that outlives the program would hold the pipes open.
            _signalTree(program, forced=True)
            for reader in self._readers:
                reader.join(_ENDING_S)
        self._deliver()
        if not ended:
            if self._killAt is not None and time.monotonic() > self._killAt:
                _signalTree(program, forced=True)
            return
        self._timer.stop()
        cancelled, code = self._killAt is not None, program.returncode
        self._close()
        if cancelled:
            self._onFailed(CancelledError("Cancelled."))
        elif code != 0:
            self._onFailed(ProcessError(code, tuple(self._errors)))
        else:
            self._onDone(self._last)

    def _deliver(self) -> None:
        """Hand on what has been read; of several steps only the last is shown."""
        newest = None
        while not self._lines.empty():
            name, line = self._lines.get()
            message = _asMessage(line) if name == "out" else None
            if message is None:
                if name == "error":
                    self._errors.append(line)
                self._onLine(line)
            else:
                if message.get("step") != self._last.get("step"):
                    self._onLine(str(message.get("step", "")))
                newest = self._last = message
        if newest is not None and self._killAt is None:
            left = newest.get("seconds_left")
            self._onProgress(str(newest.get("step", "")), float(newest.get("share") or 0.0), left)

    def _close(self) -> None:
        for stream in (self._program.stdout, self._program.stderr) if self._program is not None else ():
            if stream is not None:
                stream.close()
        self._program, self._readers = None, []


def _asMessage(line: str) -> dict[str, Any] | None:
    """Return a line of progress, None where it is something else."""
    if not line.startswith("{"):
        return None
    try:
        message = json.loads(line)
    except json.JSONDecodeError:
        return None
    return message if isinstance(message, dict) and "step" in message else None


def _ownGroup() -> dict[str, Any]:
    """Return how to start a program so that it can be ended with all that it starts."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _signalTree(program: subprocess.Popen[str], forced: bool) -> None:
    """Tell a program and all that it started to end; `forced` leaves them no choice."""
    if sys.platform == "win32":
        # Windows has no gentle way for a program without a window.
        command = ["taskkill", "/PID", str(program.pid), "/T", "/F"]
        subprocess.run(command, capture_output=True, check=False, creationflags=subprocess.CREATE_NO_WINDOW)
        return
    try:
        os.killpg(program.pid, signal.SIGKILL if forced else signal.SIGTERM)
    except ProcessLookupError:
        pass
    except PermissionError:
        # macOS says so of a group whose last member has ended.
        pass
