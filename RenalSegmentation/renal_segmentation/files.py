"""Reading images with one clear sentence when they are bad, and writing files atomically."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from renal_segmentation.errors import GeometryError, InputError, MissingPackageError, Notice, OutputError
from renal_segmentation.volume import Grid, Volume, as_volume, check_affine

SCANNER = 1
"""NIfTI transform code: coordinates of the scanner."""
UNITS_MM = {"meter": 1e3, "micron": 1e-3}
"""Units of NIfTI other than mm."""
LONGEST_MM = (1.0, 3000.0)
"""The longest side of an image, from a mouse's kidney to a whole body."""

PARTIAL = ".renal-partial-"
"""How the name of a file or folder that is not whole yet begins: it is nobody else's, and may be removed."""


def read_image(path: Path) -> tuple[Volume, tuple[Notice, ...]]:
    """Return an image file as a `Volume`, and notices on its header.

    Parameters
    ----------
    path : Path
        NIfTI (.nii, .nii.gz), MGH or another format that nibabel reads; two or three dimensions.

    Raises
    ------
    InputError
        If the file is missing, a folder, truncated, corrupt, not an image, or has a time axis.
    GeometryError
        If its affine or voxel size is impossible.
    MissingPackageError
        If nibabel is not installed.
    """
    try:
        import nibabel
    except ImportError as error:
        raise MissingPackageError("Reading files needs the Python package nibabel: pip install nibabel.") from error
    if path.is_dir():
        raise InputError(f"{path} is a folder: name an image file (save a DICOM series as NIfTI first).")
    if not path.is_file():
        raise InputError(f"{path} is not there: check the path.")
    damaged = f"{path} cannot be read as an image (truncated, corrupt or another format): export it again as NIfTI."
    try:
        if path.suffix.lower() == ".gz":
            _check_gzip(path)
        image: Any = nibabel.load(path)
        notices = _check_nifti_header(image, path) if isinstance(image, nibabel.Nifti1Pair) else ()
        affine = _affine_in_mm(image, path)
        array = _in_memory(image)
    except PermissionError as error:
        raise InputError(f"{path} may not be read: ask for permission or copy it.") from error
    except (nibabel.filebasedimages.ImageFileError, nibabel.spatialimages.HeaderDataError) as error:
        raise InputError(damaged) from error
    except (OSError, EOFError, ValueError, zlib.error, OverflowError) as error:
        raise InputError(damaged) from error
    return as_volume(Volume(array, affine), str(path)), notices


def _affine_in_mm(image: Any, path: Path) -> npt.NDArray[np.float64]:
    """Return the affine in mm, whichever unit of length the file is in.

    Raises
    ------
    InputError
        If the file holds a surface or a list of values.
    GeometryError
        If no body has the size that the file states.
    """
    if getattr(image, "affine", None) is None or not hasattr(image.header, "get_zooms"):
        raise InputError(f"{path} holds no voxels in space (a surface?): give an image.")
    matrix = check_affine(image.affine, str(path)).copy()
    unit = image.header.get_xyzt_units()[0] if hasattr(image.header, "get_xyzt_units") else "mm"
    matrix[:3] *= UNITS_MM.get(unit, 1.0)
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    longest = max(step * n for step, n in zip(spacing, image.shape, strict=False))
    if not LONGEST_MM[0] <= longest <= LONGEST_MM[1]:
        raise GeometryError(
            f"{path} has a voxel size of {' x '.join(f'{s:.4g}' for s in spacing)} mm, which makes it "
            f"{longest:.6g} mm long: correct the voxel size or the unit of length in its header."
        )
    return matrix


def _in_memory(image: Any) -> npt.NDArray[Any]:
    """Return the voxels in the file's own type, or float32 where the file scales real numbers."""
    proxy = image.dataobj
    if (getattr(proxy, "slope", 1.0), getattr(proxy, "inter", 0.0)) == (1.0, 0.0):
        return np.asanyarray(proxy)
    if image.get_data_dtype().kind not in "biuf":  # to be refused as what it is; scaled, it would be cast to real
        return np.asanyarray(proxy.get_unscaled())
    return np.asarray(image.get_fdata(dtype=np.float32, caching="unchanged"))


def _check_gzip(path: Path) -> None:
    """Read a compressed file to its end, where its checksum is compared: nibabel stops at the last voxel."""
    with gzip.open(path) as stream:
        while stream.read(1 << 20):
            pass


def _check_nifti_header(image: Any, path: Path) -> tuple[Notice, ...]:
    """Refuse voxel sizes that nibabel would silently replace, and state a missing position.

    Raises
    ------
    GeometryError
        If a voxel size that matters is zero, negative or not a number.
    """
    import nibabel

    with nibabel.openers.ImageOpener(image.file_map.get("header", image.file_map["image"]).filename) as stream:
        raw = type(image.header).from_fileobj(stream, check=False)
    size = raw["pixdim"][1:4]
    placed = bool(raw["sform_code"] > 0)
    if not placed and not (np.isfinite(size) & (size > 0)).all():
        raise GeometryError(f"{path} has a voxel size of {' x '.join(f'{s:g}' for s in size)} mm: correct its header.")
    if not placed and raw["qform_code"] == 0:
        return (
            Notice(
                "no-position",
                f"{path.name} carries no orientation or position (no sform, no qform): left, right and the place "
                "of maps are guesses.",
            ),
        )
    return ()


def write_image(path: Path, array: npt.NDArray[Any], grid: Grid, description: str) -> None:
    """Write an array as NIfTI, atomically.

    Parameters
    ----------
    path : Path
        Ends in .nii or .nii.gz.
    array : ndarray, shape of the grid
        Values.
    grid : Grid
        Place in the body, RAS mm.
    description : str
        At most 79 characters: what the numbers mean.
    """
    with atomic_path(path) as temporary:
        save_image(temporary, array, grid, description)


def save_image(path: Path, array: npt.NDArray[Any], grid: Grid, description: str) -> None:
    """Write an array as NIfTI into a path from `atomic_path`; see `write_image`."""
    import nibabel

    image = nibabel.Nifti1Image(array, grid.affine)
    image.set_sform(grid.affine, SCANNER)
    image.set_qform(grid.affine, SCANNER)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = description
    nibabel.save(image, path)


def check_output(path: Path) -> None:
    """Refuse a file that could not be written, before any work.

    Raises
    ------
    OutputError
        If it is a folder or a device, or its folder is missing or may not be written.
    """
    _check_plain(path)
    if not path.parent.is_dir():
        raise OutputError(f"The folder {path.parent} is not there: make it first.")
    _check_writable(path.parent)


def _check_plain(path: Path) -> None:
    """Refuse to put a file in the place of a folder, pipe or device."""
    if path.is_dir():
        raise OutputError(f"{path} is a folder: name a file.")
    # What /dev/stdout leads to may be a plain file; the link itself must stay.
    if (path.exists() and not path.is_file()) or path.absolute().parent == Path(os.devnull).parent:
        raise OutputError(f"{path} is no plain file but a pipe or device: name a file.")


def _check_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"The folder {folder} may not be written: choose another place, or ask for permission.")


def make_folder(path: Path) -> None:
    """Make a folder and those above it where they are not there yet.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(_why_not_written(path, error)) from error


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` and move it there when the block ends well.

    Raises
    ------
    OutputError
        If the file cannot be written (permission, full disk), or is a folder, pipe or device.
    """
    path = Path(path)
    suffix = "".join(path.suffixes[-2:])
    temporary = None
    try:
        _check_plain(path)
        handle, name = tempfile.mkstemp(suffix, PARTIAL, path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise OutputError(_why_not_written(path, error)) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def check_folder(path: Path, overwrite: bool) -> None:
    """Refuse a folder of results that may not be used.

    Raises
    ------
    OutputError
        If it is a file, or not empty and may not be overwritten, or may not be looked into or written.
    """
    try:
        found = path.exists()
        if found and not path.is_dir():
            raise OutputError(f"{path} is a file: give another --output folder.")
        if found and not overwrite and any(not file.name.startswith(PARTIAL) for file in path.iterdir()):
            raise OutputError(f"{path} is not empty: give another --output folder, or add --overwrite.")
        if found:
            _check_writable(path)
    except OSError as error:
        raise OutputError(_why_not_written(path, error)) from error


@contextmanager
def new_folder(path: Path) -> Iterator[None]:
    """Make a folder and those above it, and remove again those that were not there before if the block fails.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        make_folder(path)
        yield
    except BaseException:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
        raise


@contextmanager
def atomic_folder(path: Path, overwrite: bool, stale: Collection[str] = ()) -> Iterator[Path]:
    """Give an empty folder and put its files into `path` when the block ends well.

    A folder that is already there keeps the files of others; each of ours is replaced in one step, and those
    of an earlier run that this one did not write again are removed.

    Parameters
    ----------
    path : Path
        The folder; made when missing.
    overwrite : bool
        Whether files may already lie there.
    stale : collection of str
        Names of files there that an earlier run wrote: they are removed unless they are written again.

    Raises
    ------
    OutputError
        If the folder is there, not empty, and may not be overwritten, or cannot be written.
    """
    path = Path(path)
    check_folder(path, overwrite)
    with new_folder(path):
        temporary = None
        written: set[str] = set()
        try:
            # Inside, not beside it: the folder may be a disk of its own, or the only one that may be written.
            temporary = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=path))
            yield temporary
            for file in sorted(temporary.iterdir()):
                file.replace(path / file.name)
                written.add(file.name)
            for name in set(stale) - written:
                (path / name).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(_why_not_written(path, error)) from error
        finally:
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _why_not_written(path: Path, error: OSError) -> str:
    return f"{path} cannot be written ({error.strerror or error}): choose another place, or free space there."


def _umask() -> int:
    """Return the process's file mode mask."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
