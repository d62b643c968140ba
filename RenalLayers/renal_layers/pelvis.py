"""Step 4: the renal pelvis, found as the opening of each kidney's convex hull."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

from renal_segmentation.volume import bounding_box

BoolArray = npt.NDArray[np.bool_]

NOISE_ML = 2.5
NOISE_STEP_ML = 0.5
FACETS_AT_ONCE = 32
HULL_TOLERANCE = 1e-6
"""In voxels: how far outside a facet a voxel centre may lie and still count as inside the hull."""


def find_pelvis(kidney: BoolArray, filled: BoolArray, voxel_ml: float, noise_ml: float = NOISE_ML) -> BoolArray:
    """Return the renal pelvis of one kidney.

    Parameters
    ----------
    kidney : ndarray of bool, shape (I, J, K)
        One kidney.
    filled : ndarray of bool, shape (I, J, K)
        What cannot be pelvis: all kidneys with their cysts filled.
    voxel_ml : float
        Volume of a voxel in ml.
    noise_ml : float
        Parts of the opened difference below this volume in ml are dropped; when none is left the limit
        is lowered by 0.5 ml down to 0.

    Returns
    -------
    pelvis : ndarray of bool, shape (I, J, K)
        Empty when the kidney is convex, or too thin to have a hull.

    Notes
    -----
    Convex hull of the voxel centres minus the filled mask, opened with the six face neighbours (Daniel and
    Francis, 3DQLayers, JOSS 2025).
    """
    pelvis = np.zeros_like(filled)
    box = bounding_box(kidney)
    gap = ndimage.binary_opening(_hull(kidney[box]) & ~filled[box])
    parts, count = ndimage.label(gap)
    if count:
        volume = np.bincount(parts.ravel()) * voxel_ml
        volume[0] = 0
        limits = np.append(np.arange(noise_ml, 0, -NOISE_STEP_ML), 0)
        limit = next(limit for limit in limits if (volume > 0)[volume >= limit].any())
        pelvis[box] = ((volume >= limit) & (volume > 0))[parts]
    return pelvis


def _hull(inside: BoolArray) -> BoolArray:
    """Return the voxels whose centres lie in the convex hull of the mask's voxel centres."""
    try:
        facets = ConvexHull(_line_ends(inside)).equations
    except QhullError:
        return inside
    normal, offset = facets[:, :3], facets[:, 3] - HULL_TOLERANCE
    low = np.full(inside.shape[:2], -np.inf)
    high = np.full(inside.shape[:2], np.inf)
    i, j = np.ogrid[: inside.shape[0], : inside.shape[1]]
    for start in range(0, len(facets), FACETS_AT_ONCE):
        ni, nj, nk = (axis[:, None, None] for axis in normal[start : start + FACETS_AT_ONCE].T)
        rest = ni * i + nj * j + offset[start : start + FACETS_AT_ONCE, None, None]
        upright = np.abs(nk) < 1e-12
        limit = -rest / np.where(upright, 1, nk)
        np.minimum(high, np.where(~upright & (nk > 0), limit, np.inf).min(0), out=high)
        np.maximum(low, np.where(~upright & (nk < 0), limit, -np.inf).max(0), out=low)
        high[(upright & (rest > 0)).any(0)] = -np.inf
    k = np.arange(inside.shape[2])
    return np.asarray((k >= low[..., None]) & (k <= high[..., None]))


def _line_ends(inside: BoolArray) -> npt.NDArray[np.intp]:
    """Return the first and last voxel of each line along the third axis: all that a hull can touch."""
    i, j = np.nonzero(inside.any(2))
    lines = inside[i, j]
    first, last = lines.argmax(1), inside.shape[2] - 1 - lines[:, ::-1].argmax(1)
    return np.concatenate([np.column_stack([i, j, first]), np.column_stack([i, j, last])])
