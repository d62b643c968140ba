"""Which files of a folder belong to which case: by name, without what names of masks and images end with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from renal_segmentation.errors import InputError, Notice

SUFFIXES = (".nii.gz", ".nii", ".mgz", ".mgh")
MOST_NAMES = 5
_MASK = re.compile(r"[_-](masks?|labels?|seg|segmentation|pred|prediction|ref|reference|kidneys?)$", re.IGNORECASE)
"""What names of masks end with, which does not tell cases apart."""
_IMAGE = re.compile(r"[_-](images?|img)$", re.IGNORECASE)
"""What names of images end with."""


def case_files(folder: Path, masks: bool = True) -> dict[str, Path]:
    """Return the images of a folder by case.

    Parameters
    ----------
    folder : Path
        Looked into, not below.
    masks : bool
        Whether ``case1_mask`` is meant, or the image ``case1`` or ``case1_image`` beside it.

    Raises
    ------
    InputError
        If two files are equally meant for one case.
    """
    meant, other = (_MASK, _IMAGE) if masks else (_IMAGE, _MASK)

    def rank(path: Path) -> int:
        return 0 if meant.search(stem_of(path)) else 2 if other.search(stem_of(path)) else 1

    found: dict[str, Path] = {}
    for path in sorted(image_files(folder), key=rank):
        case = _IMAGE.sub("", _MASK.sub("", stem_of(path)))
        first = found.setdefault(case, path)
        if first != path and rank(first) == rank(path):
            raise InputError(f"{first} and {path.name} are both of case {case}: leave one of them in the folder.")
    return found


def image_files(folder: Path) -> list[Path]:
    """Return every image of a folder, by name."""
    return [path for path in sorted(folder.iterdir()) if _suffix(path) and not path.name.startswith(".")]


def stem_of(path: Path) -> str:
    """Return the name of an image file without its ending."""
    return path.name.removesuffix(_suffix(path) or path.suffix)


def _suffix(path: Path) -> str:
    """Return the ending of an image file as it is written, empty for other files."""
    length = next((len(suffix) for suffix in SUFFIXES if path.name.lower().endswith(suffix)), 0)
    return path.name[len(path.name) - length :]


def without_partner(folder: Path, names: Sequence[str]) -> Notice:
    """Return what tells that files of a folder were left out."""
    listed = ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")
    return Notice("without-partner", f"Files of {folder} without a partner were left out: {listed}.")
