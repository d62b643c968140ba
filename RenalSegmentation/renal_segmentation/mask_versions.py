"""Which version of a mask a file holds, and copies of those that are about to be replaced."""

from __future__ import annotations

import shutil
from datetime import datetime
from itertools import count
from pathlib import Path

from renal_segmentation.files import atomic_path, sha256

_UNREADABLE = "unreadable"


def version_of(mask: Path) -> str:
    """Return the SHA-256 of a mask file, empty where there is none, a word where it cannot be read."""
    try:
        return sha256(mask) if mask.is_file() else ""
    except OSError:
        return _UNREADABLE


def aside(mask: Path) -> Path:
    """Return a place beside a mask, named by the time, where nothing lies yet and nothing is replaced later."""
    # What ends like a mask is not taken for an image when the folder is opened.
    begin = f"{datetime.now().astimezone():%Y-%m-%dT%H%M%S}"
    names = (f"{begin}{f'-{n}' if n > 1 else ''}_{mask.name}" for n in count(1))
    return next(path for path in map(mask.with_name, names) if not path.exists())


def keep_aside(mask: Path) -> None:
    """Copy a mask, if there is one, to a place beside it.

    Raises
    ------
    OutputError
        If it cannot be copied.
    """
    if not mask.is_file():
        return
    with atomic_path(aside(mask)) as temporary:
        shutil.copyfile(mask, temporary)
