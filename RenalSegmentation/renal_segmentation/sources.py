"""Where the images of a worklist lie: files in a folder and below it, or series of Slicer's DICOM database."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from renal_segmentation.case_files import stem_of
from renal_segmentation.errors import InputError

DICOM = "dicom:"
"""How the source of a series begins; the rest is its UID."""
_MASK = re.compile(r"(^|[._-])(mask|masks|seg|segmentation|label|labels|dseg|kidneys)$", re.IGNORECASE)


def find_images(folder: Path) -> list[Path]:
    """Return the NIfTI images in a folder and below it, masks and hidden files left out, in natural order.

    Raises
    ------
    InputError
        If there is none.
    """
    found = [
        path
        for path in Path(folder).rglob("*")
        if path.name.lower().endswith((".nii", ".nii.gz"))
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and not _MASK.search(stem_of(path))
        and not (path.parent / "network.json").exists()
        and path.name != "network.nii.gz"
    ]
    if not found:
        raise InputError(f"{folder} holds no NIfTI image (.nii, .nii.gz): choose another folder.")
    return sorted(found, key=lambda path: _natural(str(path.relative_to(folder))))


def dicom_source(series: str) -> str:
    """Return the source of a series in Slicer's DICOM database."""
    return DICOM + series


def source_below(source: str, root: Path) -> str:
    """Return a source as seen from a folder: an image below it as its path from there, anything else as it is.

    Parameters
    ----------
    source : str
        Path of an image, which may be that of another computer, or `dicom_source`.
    root : Path
        The folder, which may be known by several paths.
    """
    if _is_whole(source) and not Path(source).is_absolute():
        return source
    for seen in (os.path.abspath, os.path.realpath):
        path = Path(seen(source))
        if path.is_relative_to(seen(root)):
            return path.relative_to(seen(root)).as_posix()
    return source


def sources_now(sources: Sequence[str], root: Path, former: str) -> list[str]:
    """Return where the images of a list are now, in its order.

    Parameters
    ----------
    sources : sequence of str
        As from `source_below`, or whole paths, which may be those of another computer.
    root : Path
        Where the images are looked for.
    former : str
        What `root` was when the list was written, empty where that is not known: the list may have been moved alone.

    Returns
    -------
    sources : list of str
        Whole paths; an image that is nowhere is named where it would lie below `root`, or as it was.
    """
    placed = [source if _is_whole(source) else _placed(source, root, former) for source in sources]
    gone = [source for source in placed if not source.startswith(DICOM) and not Path(source).is_file()]
    moved = _moved([source for source in gone if source_below(source, root) == source], root)
    return [moved.get(source, source) for source in placed]


def _is_whole(source: str) -> bool:
    """Tell whether a source does not depend on a folder, on whatever system it was written."""
    return source.startswith(DICOM) or any(kind(source).is_absolute() for kind in (PurePosixPath, PureWindowsPath))


def _placed(source: str, root: Path, former: str) -> str:
    here, there = root / source, Path(former) / source
    return str(there if former and not here.is_file() and there.is_file() else here)


def _moved(sources: Sequence[str], root: Path) -> dict[str, str]:
    """Return which images of another folder lie in the same way below this one, by their sources."""
    parts = {source: _parts(source) for source in sources}
    folders = zip(*(part[:-1] for part in parts.values()), strict=False)
    shared = len(list(takewhile(lambda names: len(set(names)) == 1, folders)))
    found: dict[str, str] = {}
    # The longer the path that is the same, the surer it is that it is the same image.
    for start in range(1, shared + 1):
        here = {source: str(root.joinpath(*part[start:])) for source, part in parts.items()}
        found = max(found, {source: path for source, path in here.items() if Path(path).is_file()}, key=len)
    return found


def _parts(source: str) -> tuple[str, ...]:
    kind: type[PurePath] = PurePosixPath if source.startswith("/") else PureWindowsPath
    return kind(source).parts


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts ``case 2`` before ``case 10``."""
    parts = re.findall(r"\d+|\D+", text)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.lower()) for part in parts]
