"""The currency of both packages: an array with the affine that places it in the body."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from renal_segmentation.errors import GeometryError, InputError

FloatArray = npt.NDArray[np.float64]

AFFINE_STEP_MM = 2.0**-32


@dataclass(frozen=True)
class Grid:
    """Where the voxels of an image lie.

    Attributes
    ----------
    shape : tuple of int
        Number of voxels along the three axes (I, J, K).
    affine : ndarray, shape (4, 4)
        Maps a voxel index (i, j, k) to RAS millimetres.
    """

    shape: tuple[int, int, int]
    affine: FloatArray

    @property
    def spacing(self) -> FloatArray:
        """Distance between voxel centres along each axis in mm, shape (3,)."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(abs(np.linalg.det(self.affine[:3, :3])) / 1000.0)

    def to_ras(self, index: npt.ArrayLike) -> FloatArray:
        """Return RAS mm of voxel indices, both of shape (N, 3)."""
        return np.asarray(index, float) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def to_index(self, ras: npt.ArrayLike) -> FloatArray:
        """Return continuous voxel indices of RAS mm points, both of shape (N, 3)."""
        return (np.asarray(ras, float) - self.affine[:3, 3]) @ np.linalg.inv(self.affine[:3, :3]).T

    def start_of(self, cropped: Volume) -> npt.NDArray[np.intp]:
        """Return the index on this grid, shape (3,), of the first voxel of a volume that was cropped from it."""
        start: npt.NDArray[np.intp] = np.rint(self.to_index(cropped.affine[:3, 3][np.newaxis]))[0].astype(np.intp)
        return start

    def placed(self, array: npt.NDArray[Any], start: npt.ArrayLike) -> Volume:
        """Return a piece of this grid whose first voxel has index `start`.

        Its place is the same to the last bit however the piece was cut out.
        """
        affine = self.affine.copy()
        affine[:3, 3] = self.to_ras(np.asarray(start)[np.newaxis])[0]
        return Volume(array, affine)

    def moved(self, motion: npt.ArrayLike) -> Grid:
        """Return the grid after a motion of the body, shape (4, 4), in mm."""
        return Grid(self.shape, np.asarray(motion, float) @ self.affine)

    def body_axes(self) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
        """Return which voxel axis runs most along R, A and S, every one once, and whether it runs backwards."""
        direction = self.affine[:3, :3] / self.spacing
        best = max(permutations(range(3)), key=lambda p: round(sum(abs(direction[i, p[i]]) for i in range(3)), 9))
        flips = tuple(bool(direction[i, best[i]] < 0) for i in range(3))
        return (best[0], best[1], best[2]), (flips[0], flips[1], flips[2])

    def same_as(self, other: Grid, tolerance_mm: float = 1e-3) -> bool:
        """Tell whether every voxel centre of both grids agrees within `tolerance_mm`."""
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape])).reshape(3, -1).T
        return bool(np.abs(self.to_ras(corners) - other.to_ras(corners)).max() <= tolerance_mm)


@dataclass(frozen=True)
class Volume:
    """A three-dimensional image in the body.

    Attributes
    ----------
    array : ndarray, shape (I, J, K)
        Voxel values in index order (first axis fastest in files, as in nibabel).
    affine : ndarray, shape (4, 4)
        Maps a voxel index to RAS millimetres.
    """

    array: npt.NDArray[Any]
    affine: FloatArray

    @property
    def grid(self) -> Grid:
        """The voxel grid without the values."""
        i, j, k = self.array.shape
        return Grid((i, j, k), self.affine)

    def like(self, array: npt.NDArray[Any]) -> Volume:
        """Return `array` on this grid.

        Raises
        ------
        ValueError
            If the shape differs.
        """
        if array.shape != self.array.shape:
            raise ValueError(f"shape {array.shape} does not fit the grid {self.array.shape}")
        return Volume(array, self.affine)

    def crop(self, box: tuple[slice, ...]) -> Volume:
        """Return a view of the voxels in `box` (three slices with a start) at the same place in the body."""
        return self.grid.placed(self.array[box], [s.start for s in box])

    def widened(self, grid: Grid, margin: int) -> Volume:
        """Return this piece of `grid` with `margin` voxels of zeros around it, as far as the grid goes."""
        start = grid.start_of(self)
        low = np.maximum(start - margin, 0)
        high = np.minimum(start + self.array.shape + margin, grid.shape)
        array = np.zeros(high - low, self.array.dtype)
        array[tuple(slice(a, a + n) for a, n in zip(start - low, self.array.shape, strict=True))] = self.array
        return grid.placed(array, low)


def as_volume(image: Any, name: str = "image") -> Volume:
    """Return a checked three-dimensional `Volume` from whatever holds an array and an affine.

    Parameters
    ----------
    image : Volume, nibabel image, or object with ``array`` and ``affine``
        A two-dimensional array counts as one slice; trailing axes of length one are dropped.
    name : str
        What to call the image in messages.

    Raises
    ------
    InputError
        If the image has a time or channel axis, or no voxels.
    GeometryError
        If the affine is missing, not finite, or gives a voxel without volume.
    """
    array = np.asanyarray(image.array if hasattr(image, "array") else image.dataobj)
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.ndim != 3:
        raise InputError(
            f"{name} has {array.ndim} dimensions {array.shape}: "
            "give a three-dimensional image, for instance one volume of the series."
        )
    if array.size == 0:
        raise InputError(f"{name} holds no voxels (shape {array.shape}): export it again.")
    if array.dtype.kind not in "buif":
        raise InputError(f"{name} holds {array.dtype} values: give one real number per voxel.")
    return Volume(array, check_affine(image.affine, name))


def check_affine(affine: Any, name: str) -> FloatArray:
    """Return `affine` as a float array of shape (4, 4), or raise `GeometryError`.

    It is rounded to `AFFINE_STEP_MM`: programs that read the same file give affines that differ in the last bits.
    """
    if affine is None:
        raise GeometryError(f"{name} has no affine: save it with its position and voxel size.")
    matrix = np.asarray(affine, float)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        raise GeometryError(f"{name} has an affine that is not a finite 4 x 4 matrix: save it again.")
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    if spacing.min() <= 0 or abs(np.linalg.det(matrix[:3, :3])) < 1e-3 * spacing.prod():
        raise GeometryError(
            f"{name} has a voxel size of {' x '.join(f'{s:g}' for s in spacing)} mm "
            "and no volume per voxel: correct its header."
        )
    return np.asarray(np.rint(matrix / AFFINE_STEP_MM) * AFFINE_STEP_MM)


def bounding_box(inside: npt.NDArray[np.bool_], margin: int = 0) -> tuple[slice, slice, slice]:
    """Return the smallest box around the true voxels, widened by `margin` voxels within the array."""
    slices = []
    for axis in range(3):
        hit = np.flatnonzero(inside.any(axis=tuple(a for a in range(3) if a != axis)))
        slices.append(slice(max(hit[0] - margin, 0), min(hit[-1] + 1 + margin, inside.shape[axis])))
    return slices[0], slices[1], slices[2]


def paste(volume: Volume, grid: Grid) -> npt.NDArray[Any]:
    """Return the cropped `volume` on the full `grid`, zero elsewhere (the reverse of `Volume.crop`)."""
    start = grid.start_of(volume)
    full = np.zeros(grid.shape, volume.array.dtype)
    full[tuple(slice(s, s + n) for s, n in zip(start, volume.array.shape, strict=True))] = volume.array
    return full
