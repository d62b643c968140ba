"""Processes that would write the same file, one after the other."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from renal_segmentation.errors import OutputError
from renal_segmentation.progress import Progress, silent

_PAUSE_S = 0.3


@contextmanager
def taking_turns(path: Path, progress: Progress = silent) -> Iterator[None]:
    """Wait while another process is in a block for the same path.

    Parameters
    ----------
    path : Path
        What is written. An empty file beside it (``.lock``) stays; the system frees it when its process ends, however.
    progress : callable
        Told of the waiting; raises `CancelledError` to stop.

    Raises
    ------
    OutputError
        If the empty file cannot be written.
    """
    lock = path.with_name(path.name + ".lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        stream = lock.open("ab")
    except OSError as error:
        raise OutputError(f"{lock} cannot be written ({error.strerror or error}): free space there.") from error
    with stream:  # closing it lets the next one in
        while not _taken(stream):
            progress("Waiting for another call", 0.0)
            time.sleep(_PAUSE_S)
        yield


def _taken(stream: IO[bytes]) -> bool:
    """Lock an open file; return whether nobody else has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks, where there is only to hope
        return True
    return True
