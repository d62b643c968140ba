"""Labels from one grid to another, by the nearest voxel in the body."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from renal_segmentation.volume import Grid, Volume, bounding_box


def nearest(labels: Volume, grid: Grid) -> npt.NDArray[Any]:
    """Return the label of the voxel nearest in RAS to each voxel centre of `grid`, 0 beyond the image.

    Parameters
    ----------
    labels : Volume
        Integer or boolean labels.
    grid : Grid
        Where they are wanted; any orientation, obliqueness and handedness.

    Returns
    -------
    ndarray, shape of `grid`
        In the type of `labels`.
    """
    array = labels.array.view(np.uint8) if labels.array.dtype == bool else labels.array
    full = np.zeros(grid.shape, array.dtype)
    painted = array != 0
    if painted.any():
        near = Volume(array, labels.affine).crop(bounding_box(painted))
        box = _box_of(near.grid, grid)
        if all(s.start < s.stop for s in box):
            place = full[box]
            there = grid.placed(place, [s.start for s in box]).affine
            matrix = np.linalg.inv(near.affine) @ there
            ndimage.affine_transform(
                near.array, matrix[:3, :3], matrix[:3, 3], output=place, order=0, mode="grid-constant", cval=0
            )
    return full.view(bool) if labels.array.dtype == bool else full


def _box_of(near: Grid, grid: Grid) -> tuple[slice, slice, slice]:
    """Return the part of `grid` in which the voxels of `near` lie; a slice is empty where there is none."""
    corners = np.array(np.meshgrid(*[(-1, n) for n in near.shape])).reshape(3, -1).T
    index = grid.to_index(near.to_ras(corners))
    low = np.maximum(np.floor(index.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(index.max(0)).astype(int) + 1, grid.shape)
    i, j, k = (slice(int(a), int(max(a, b))) for a, b in zip(low, high, strict=True))
    return i, j, k


def share_inside(grid: Grid, other: Grid, inside: npt.NDArray[np.bool_] | None = None) -> float:
    """Return the share of voxel centres of `grid` (of those `inside`) that lie in the field of view of `other`.

    Parameters
    ----------
    grid, other : Grid
        Two fields of view.
    inside : ndarray of bool, shape of `grid`, optional
        Which voxels count; without it a lattice of some thousand points over the whole grid.
    """
    if inside is None:
        axes = [np.unique(np.linspace(0, n - 1, 21).astype(int)) for n in grid.shape]
        index = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    else:
        index = np.argwhere(inside)
    if not len(index):
        return 1.0
    found = other.to_index(grid.to_ras(index))
    return float(((found > -0.5) & (found < np.array(other.shape) - 0.5)).all(1).mean())
