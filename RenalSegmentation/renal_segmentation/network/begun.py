"""What the folder of a training was begun with: it goes on with the same settings and scans, and refuses others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from renal_segmentation.errors import InputError, OutputError
from renal_segmentation.files import atomic_path
from renal_segmentation.network.bundle import METADATA
from renal_segmentation.network.scans import Pair
from renal_segmentation.network.stages import STAGES

RECIPE = "recipe.json"
SCANS = "scans_sha256"
Split = tuple[Sequence[Pair], Sequence[Pair]]
"""The user's scans to learn from and to validate with."""


def check_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Refuse a folder that cannot take this training: of another one that has learnt something, or of other files.

    Raises
    ------
    InputError
        With the remedy.
    """
    try:
        if (folder / RECIPE).is_file():
            written = {key: value for key, value in _written(folder).items() if key != SCANS}
            if written != settings and _has_learnt(folder):
                raise InputError(f"{folder} holds a training with other settings: give another --output folder.")
        elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(f"{folder} is not an empty folder and holds no training: give another --output folder.")
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror}): give another --output folder.") from error


def begin(folder: Path, settings: Mapping[str, Any], split: Split | None) -> None:
    """Write down settings and scans, once everything that they name could be read.

    Raises
    ------
    InputError
        If the folder has learnt from other scans, other masks, or with other patients to validate.
    OutputError
        If it cannot be written.
    """
    scans = None if split is None else {"learn": _sums(split[0]), "validate": _sums(split[1])}
    if split is not None and _has_learnt(folder):
        _check_scans(folder, split, scans)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made ({error.strerror}): give another --output folder.") from error
    with atomic_path(folder / RECIPE) as temporary:
        temporary.write_text(json.dumps({**settings, SCANS: scans}, indent=2) + "\n", encoding="utf-8")


def _check_scans(folder: Path, split: Split, scans: Mapping[str, Any] | None) -> None:
    written = _written(folder).get(SCANS)
    if written == scans:
        return
    known = [] if not isinstance(written, dict) else [pair for part in written.values() for pair in part]
    new = sorted(pair.name for part in split for pair in part if list(pair.sha256) not in known)
    why = f"{new[0]} or its mask is new or was changed" if new else "some are gone or count for another patient"
    raise InputError(f"{folder} was begun with other scans ({why}): give another --output folder.")


def _sums(pairs: Sequence[Pair]) -> list[list[str]]:
    """Return the SHA-256 of scans and masks in an order that tells nothing; names would tell patients."""
    return sorted(list(pair.sha256) for pair in pairs)


def _has_learnt(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (METADATA, *(f"{stage}.pt" for stage in STAGES)))


def _written(folder: Path) -> dict[str, Any]:
    """Return the recipe that a folder was begun with."""
    path = folder / RECIPE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or not {"fine_tune", "version"} <= set(content):
            raise ValueError
    except (ValueError, TypeError) as error:
        raise InputError(f"{path} is no recipe of a training, or damaged: give another --output folder.") from error
    return content
