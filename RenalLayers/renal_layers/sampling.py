"""Values of an image at points in the body."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from renal_segmentation.volume import Grid, Volume

FloatArray = npt.NDArray[np.float64]

LEAST_WEIGHT = 0.5
"""Share of the interpolation weight that must lie on valid voxels."""
ON_BORDER = 1e-5
"""In voxels: how near to the border between voxels a point counts as lying on it."""


def covered(grid: Grid, points: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell which RAS points (N, 3) lie in the field of view: up to half a voxel beyond the outer centres.

    A two-dimensional map, one slice, thus covers the thickness of its slice.
    """
    index = grid.to_index(points)
    return np.asarray(((index >= -0.5) & (index <= np.array(grid.shape) - 0.5)).all(1))


def sample_nearest(volume: Volume, points: FloatArray) -> npt.NDArray[Any]:
    """Return the value of the voxel that each RAS point (N, 3) lies in, 0 outside the field of view."""
    index = np.floor(volume.grid.to_index(points) + 0.5).astype(np.intp)
    inside = ((index >= 0) & (index < volume.array.shape)).all(1)
    values = np.zeros(len(points), volume.array.dtype)
    values[inside] = volume.array[tuple(index[inside].T)]
    return values


def sample_lowest(volume: Volume, points: FloatArray) -> npt.NDArray[Any]:
    """Return the value of the voxel that each RAS point (N, 3) lies in, 0 outside the field of view.

    A point on the border between voxels, frequent where one grid is a multiple of the other, gets the lowest of their
    values: rounding, and with it the orientation of the grids, must not decide.
    """
    return _sample_extreme(volume, points, np.minimum)


def sample_highest(volume: Volume, points: FloatArray) -> npt.NDArray[Any]:
    """Return the same as `sample_lowest`, but the highest value where a point lies on a border."""
    return _sample_extreme(volume, points, np.maximum)


def _sample_extreme(volume: Volume, points: FloatArray, choose: np.ufunc) -> npt.NDArray[Any]:
    values = sample_nearest(volume, points)
    index = volume.grid.to_index(points) + 0.5
    between = np.flatnonzero((np.abs(index - np.rint(index)) < ON_BORDER).any(1))
    for signs in product((-1, 1), repeat=3):
        beside = np.floor(index[between] + np.multiply(signs, ON_BORDER)).astype(np.intp)
        inside = ((beside >= 0) & (beside < volume.array.shape)).all(1)
        touched = np.zeros(len(between), volume.array.dtype)
        touched[inside] = volume.array[tuple(beside[inside].T)]
        values[between] = choose(values[between], touched)
    return values


def sample_linear(volume: Volume, valid: npt.NDArray[np.bool_], points: FloatArray) -> FloatArray:
    """Return trilinearly interpolated values at RAS points (N, 3).

    Parameters
    ----------
    volume : Volume
        The image.
    valid : ndarray of bool, shape (I, J, K)
        Voxels that are measurements; the others get no weight.
    points : ndarray, shape (N, 3)
        RAS mm.

    Returns
    -------
    values : ndarray of float64, shape (N,)
        NaN outside the field of view and where less than half of the weight lies on valid voxels.
    """
    if not len(points):
        return np.empty(0)
    index = np.clip(volume.grid.to_index(points), 0, np.array(volume.array.shape) - 1)
    first, last = np.floor(index.min(0)).astype(int), np.ceil(index.max(0)).astype(int)
    # Only what the points touch becomes float64.
    box = tuple(slice(a, b + 1) for a, b in zip(first, last, strict=True))
    counts, values = valid[box], np.where(valid[box], volume.array[box], 0)
    index = (index - first).T
    weight = ndimage.map_coordinates(counts.astype(float), index, order=1, mode="nearest")
    total = ndimage.map_coordinates(values.astype(float), index, order=1, mode="nearest")
    usable = (weight >= LEAST_WEIGHT) & covered(volume.grid, points)
    return np.where(usable, total / np.where(usable, weight, 1), np.nan)
