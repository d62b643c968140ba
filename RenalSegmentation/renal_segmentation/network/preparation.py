"""From a scan as it is stored to one that does not depend on how it was stored: in its own frame, finite, windowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from renal_segmentation.errors import Notice
from renal_segmentation.network.own_frame import own_frame
from renal_segmentation.volume import FloatArray, Grid, Volume

HOUNSFIELD_BELOW = -100.0
"""Values below this are taken for Hounsfield units, of fat or air: signals of MRI are seldom negative."""
CT_BELOW = -400.0
"""Of air: the scan was not cut to a window yet."""
CT_WINDOW = (-250.0, 400.0)
LOW_SHARE = 0.001
"""Of the voxels, at least, have to be that low: single ones mark places without signal in MRI, too."""
DENSE_SHARE = 0.25
"""Of the voxels, at most, are above the window in CT (bone, metal; 0.06 is much); a shifted MRI has more."""
FAINT_RANGE = 2.0**-10
"""Values that span less are enlarged, such as diffusivities in m^2/s: the network's steps have absolute limits."""
LARGEST_VOXELS = 40_000_000
"""Larger scans are averaged in blocks before the coarse look."""


@dataclass(frozen=True)
class Prepared:
    """A scan in the order of the body's axes.

    Attributes
    ----------
    image : Volume
        float32, first axis towards the patient's right, second anterior, third superior, as nearly as its slices allow;
        its millimetres are those of the scan's own frame, in which these axes run along x, y and z.
    axes : tuple of int
        Which stored axis became each of these.
    flips : tuple of bool
        Whether it was reversed.
    blank : bool
        Whether every voxel has the same value.
    hounsfield : bool
        Whether the values are Hounsfield units.
    notices : tuple of Notice
        What was assumed.
    repeats : tuple of int
        How many voxels of the image stand for each one of the scan, along each of the image's axes.
    """

    image: Volume
    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]
    blank: bool
    hounsfield: bool
    notices: tuple[Notice, ...]
    repeats: tuple[int, int, int] = (1, 1, 1)

    def restored(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return an array of the prepared shape in the order of the stored scan; of repeated voxels the middle one."""
        array = array[tuple(slice(times // 2, None, times) for times in self.repeats)]
        backwards = tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)
        return np.ascontiguousarray(array[backwards].transpose(np.argsort(self.axes)))


def prepare(image: Volume) -> Prepared:
    """Return the scan along the body's axes; stored in any other order or turned, it is the same."""
    axes, flips = image.grid.body_axes()
    turned = image.array.transpose(axes)[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    affine = np.linalg.inv(own_frame(image.grid)) @ image.affine
    affine[:3, :3] = affine[:3, list(axes)] * np.where(flips, -1, 1)
    affine[:3, 3] = affine[:3, :3] @ (np.array(turned.shape) - 1) / -2
    affine = np.rint(affine * 2**20) / 2**20
    with np.errstate(over="ignore"):  # what is too large for float32 is dealt with as infinite
        array, notices = _finite(np.array(turned, np.float32, order="C"))
    low, high = float(array.min()), float(array.max())
    blank = bool(high - low <= 1e-6 * max(abs(high), 1e-30))
    hounsfield = _reaches(array, HOUNSFIELD_BELOW) and bool(np.mean(array > CT_WINDOW[1]) <= DENSE_SHARE)
    if hounsfield and _reaches(array, CT_BELOW):
        np.clip(array, *CT_WINDOW, out=array)
    elif not blank and high - low < FAINT_RANGE:
        array *= np.float32(2.0 ** -round(np.log2(high - low)))
    return Prepared(Volume(array, affine), axes, flips, blank, hounsfield, notices)


def _reaches(array: npt.NDArray[np.float32], below: float) -> bool:
    """Return whether enough values are that low."""
    return bool(np.mean(array < below) >= LOW_SHARE)


def _finite(array: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], tuple[Notice, ...]]:
    """Return the array with voxels that are not numbers set to the darkest value."""
    finite = np.isfinite(array)
    if finite.all():
        return array, ()
    array[~finite] = array[finite].min() if finite.any() else 0
    message = f"The image has {int((~finite).sum())} voxels that are not numbers; they count as its darkest value."
    return array, (Notice("image-not-finite", message),)


def shrunk(image: Volume, spacing_mm: float) -> Volume:
    """Return a large scan averaged over blocks of at most half the spacing that is wanted; a small one as it is."""
    factor = [max(int(spacing_mm / step / 2), 1) for step in image.grid.spacing]
    if image.array.size <= LARGEST_VOXELS or max(factor) == 1:
        return image
    array = image.array
    for axis, n in enumerate(factor):
        whole = array.shape[axis] // n * n
        array = np.moveaxis(array, axis, 0)[:whole]
        array = np.moveaxis(array.reshape(-1, n, *array.shape[1:]).mean(1, dtype=np.float32), 0, axis)
    affine = image.affine @ np.diag([*factor, 1.0])
    affine[:3, 3] = image.grid.to_ras([[(n - 1) / 2 for n in factor]])[0]
    return Volume(np.ascontiguousarray(array), affine)


def voxels_in(grid: Grid, low: FloatArray, high: FloatArray) -> tuple[slice, slice, slice] | None:
    """Return the voxels of a grid that the box between two corners in mm touches, or None."""
    corners = np.array(np.meshgrid(*zip(low, high, strict=True))).reshape(3, -1).T
    index = grid.to_index(corners)
    first = np.maximum(np.floor(index.min(0)).astype(int), 0)
    last = np.minimum(np.ceil(index.max(0)).astype(int) + 1, grid.shape)
    if (first >= last).any():
        return None
    i, j, k = (slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
    return i, j, k
