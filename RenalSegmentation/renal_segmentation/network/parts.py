"""Connected parts of masks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

BoolArray = npt.NDArray[np.bool_]
CORNERS = np.ones((3, 3, 3), bool)
"""Voxels that touch by a corner or an edge belong together, too."""


def numbered_parts(
    mask: BoolArray, touching: BoolArray | None = None
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return the connected parts of a mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (I, J, K)
    touching : ndarray of bool, shape (3, 3, 3), optional
        Neighbours that belong together, such as `CORNERS`; those that share a face by default.

    Returns
    -------
    parts : ndarray of int32, same shape
        Number of the part that a voxel belongs to, from 1; 0 beyond the mask.
    sizes : ndarray of int64, shape (parts + 1,)
        Voxels of each part; 0 for what lies beyond the mask.
    """
    parts, _ = ndimage.label(mask, touching)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return parts, sizes


def largest_part(mask: BoolArray) -> BoolArray:
    """Return the largest part of a mask, shape (I, J, K), whose voxels touch by their faces."""
    parts, sizes = numbered_parts(mask)
    return np.asarray(parts == sizes.argmax()) if len(sizes) > 2 else mask
