"""Putting whole folders in their place, or taking them away, so that half of one is never found."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from renal_segmentation.errors import OutputError

_PREFIX = ".importing-"
_FORGOTTEN_S = 24 * 3600.0


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """Give a temporary folder on the target's file system, with an empty folder ``new`` in it.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _tidy(target.parent)
        with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=target.parent) as name:
            (Path(name) / "new").mkdir()
            yield Path(name)
    except OSError as error:
        raise OutputError(f"{target} cannot be written ({error.strerror or error}): free space there.") from error


def _tidy(folder: Path) -> None:
    """Delete what calls that were killed left behind; a younger folder may belong to a call that still runs."""
    for path in folder.glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):  # another call may just have ended
            if time.time() - path.stat().st_mtime > _FORGOTTEN_S:
                shutil.rmtree(path, ignore_errors=True)


def swap_in(found: Path, target: Path, old: Path) -> None:
    """Write everything to disk and put the new folder in the place of the old one.

    Parameters
    ----------
    found : Path
        The new folder.
    target : Path
        Its place.
    old : Path
        Where the folder goes that lies there now; on the same file system.
    """
    for path in found.rglob("*"):
        if path.is_file():
            with path.open("rb+") as stream:
                os.fsync(stream.fileno())
    if target.exists():
        old.parent.mkdir(parents=True, exist_ok=True)
        target.replace(old)
    try:
        found.replace(target)
    except OSError:
        if old.exists():
            old.replace(target)
        raise


def delete_folder(folder: Path) -> bool:
    """Delete a folder in two steps, so that half of it is never found; return whether there was one.

    Raises
    ------
    OutputError
        If it cannot be deleted.
    """
    if not folder.is_dir():
        return False
    with beside(folder) as temporary:
        folder.replace(temporary / "old")
    return True
