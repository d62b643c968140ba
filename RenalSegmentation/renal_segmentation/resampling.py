"""Labels from one grid to another, by the nearest voxel in the body."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from renal_segmentation.volume import Grid, Volume


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
    matrix = np.linalg.inv(labels.affine) @ grid.affine
    array = labels.array.view(np.uint8) if labels.array.dtype == bool else labels.array
    found = ndimage.affine_transform(
        array, matrix[:3, :3], matrix[:3, 3], grid.shape, order=0, mode="grid-constant", cval=0
    )
    return np.asarray(found.view(bool) if labels.array.dtype == bool else found)


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
