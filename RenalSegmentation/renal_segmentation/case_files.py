"""Which files of a folder belong to which case: by name, without what names of masks end with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from renal_segmentation.errors import Notice

SUFFIXES = (".nii.gz", ".nii", ".mgz", ".mgh")
MOST_NAMES = 5
_WORD = re.compile(r"[_-](masks?|labels?|seg|segmentation|pred|prediction|ref|reference|kidneys?)$", re.IGNORECASE)
"""What names of masks end with, which does not tell cases apart."""


def case_files(folder: Path, masks: bool = True) -> dict[str, Path]:
    """Return the images of a folder by case.

    Parameters
    ----------
    folder : Path
        Looked into, not below.
    masks : bool
        Whether ``case1_mask`` is meant, or the image ``case1`` beside it.
    """
    found: dict[str, Path] = {}
    for path in sorted(image_files(folder), key=lambda path: (_WORD.search(stem_of(path)) is None) == masks):
        found.setdefault(_WORD.sub("", stem_of(path)), path)
    return found


def image_files(folder: Path) -> list[Path]:
    """Return every image of a folder, by name."""
    return [path for path in sorted(folder.iterdir()) if path.name.endswith(SUFFIXES) and not path.name.startswith(".")]


def stem_of(path: Path) -> str:
    """Return the name of an image file without its ending."""
    suffix = next((suffix for suffix in SUFFIXES if path.name.endswith(suffix)), path.suffix)
    return path.name.removesuffix(suffix)


def without_partner(folder: Path, names: Sequence[str]) -> Notice:
    """Return what tells that files of a folder were left out."""
    listed = ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")
    return Notice("without-partner", f"Files of {folder} without a partner were left out: {listed}.")
