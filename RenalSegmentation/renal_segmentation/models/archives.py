"""Unpacking a zip file of strangers."""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from renal_segmentation.errors import InputError, OutputError
from renal_segmentation.progress import Progress, silent

LARGEST_BYTES = 8 << 30
MOST_FILES = 20_000
LARGEST_RATIO = 200
"""Weights hardly shrink; a file that unpacks to more than this many times its size is no model."""
SMALL_BYTES = 16 << 20
_CHUNK = 1 << 20
_SKIPPED = {"__pycache__", ".git"}


def unpack(archive: Path, folder: Path, progress: Progress = silent) -> None:
    """Unpack a zip file into an empty folder.

    Parameters
    ----------
    archive : Path
        Zip file of any origin.
    folder : Path
        Where its files go; nothing is written beside it.
    progress : callable
        Told the share done.

    Raises
    ------
    InputError
        If it is no zip file, is damaged, has absolute paths, paths that leave the folder, links, encrypted files, two
        files of one name, or unpacks to far more than its size.
    OutputError
        If the files cannot be written.
    """
    damaged = f"{archive} is not a zip file, or is damaged: get it again."
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [info for info in opened.infolist() if not info.is_dir()]
            _check(archive, members)
            whole = sum(info.file_size for info in members) or 1
            done = 0
            for info in members:
                target = folder / PurePosixPath(info.filename)
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as sink:
                    _copy(_pieces(opened, info, damaged), sink, info, archive)
                done += info.file_size
                progress("Unpacking", done / whole)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise InputError(damaged) from error
    except OSError as error:
        raise OutputError(
            f"{archive} cannot be unpacked ({error.strerror or error}): free space on the disk, or get it again."
        ) from error


def only_folder(folder: Path) -> Path:
    """Return the folder itself, or the only folder in it, as archives often wrap one."""
    inside = [path for path in folder.iterdir() if not path.name.startswith(("__MACOSX", "."))]
    return only_folder(inside[0]) if len(inside) == 1 and inside[0].is_dir() else folder


def _check(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    """Refuse what could write elsewhere or fill the disk, before anything is written."""

    def refuse(why: str) -> InputError:
        return InputError(f"{archive} {why}: it was not unpacked; get the model from another place.")

    if len(members) > MOST_FILES:
        raise refuse(f"holds {len(members)} files")
    if sum(info.file_size for info in members) > LARGEST_BYTES:
        raise refuse(f"would take more than {LARGEST_BYTES >> 30} GB")
    seen = set()
    for info in members:
        parts = PurePosixPath(info.filename.replace("\\", "/")).parts
        if not parts or info.filename.startswith(("/", "\\")) or ".." in parts or ":" in info.filename:
            raise refuse(f"has the path {info.filename!r}, which leaves the model's folder")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise refuse(f"has a link or device, {info.filename!r}")
        if info.flag_bits & 1:
            raise refuse("is encrypted")
        if info.file_size > SMALL_BYTES and info.file_size > LARGEST_RATIO * max(info.compress_size, 1):
            raise refuse(f"has {info.filename!r}, which grows more than {LARGEST_RATIO} times")
        if (name := "/".join(parts).casefold()) in seen:
            raise refuse(f"has {info.filename!r} twice")
        seen.add(name)


def _pieces(opened: zipfile.ZipFile, info: zipfile.ZipInfo, damaged: str) -> Iterator[bytes]:
    """Give the content of one file, piece by piece."""
    try:
        with opened.open(info) as source:
            while chunk := source.read(_CHUNK):
                yield chunk
    except Exception as error:  # each way of compressing has errors of its own, bzip2 even OSError
        raise InputError(damaged) from error


def _copy(pieces: Iterator[bytes], sink: IO[bytes], info: zipfile.ZipInfo, archive: Path) -> None:
    """Copy one file, but not more of it than the archive's list promises."""
    written = 0
    for chunk in pieces:
        written += len(chunk)
        if written > info.file_size:
            raise InputError(f"{archive} lies about the size of {info.filename!r}: it was not unpacked.")
        sink.write(chunk)


def copy_folder(source: Path, target: Path, parts: Collection[str] | None = None) -> None:
    """Copy a model's folder; its permissions stay behind.

    Parameters
    ----------
    source, target : Path
        From where and to where.
    parts : collection of str, optional
        Names of what is copied of it; everything by default.

    Raises
    ------
    InputError
        If it holds links to elsewhere.
    OutputError
        If it cannot be copied.
    """
    found = [path for path in source.rglob("*") if parts is None or path.relative_to(source).parts[0] in parts]
    links = next((path for path in found if path.is_symlink()), None)
    if links is not None:
        raise InputError(f"{source} holds a link, {links.name}: give a folder of plain files.")
    try:
        for path in found:
            if path.is_file() and not _SKIPPED & set(path.parts):
                copy = target / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
    except OSError as error:
        raise OutputError(
            f"{source} cannot be copied ({error.strerror or error}): check its permissions, and free space on the disk."
        ) from error
