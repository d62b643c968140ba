"""Averages over the near voxels of a mask only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]

LEAST_WEIGHT = 1e-3
"""Far from the mask, where less than this of what is near belongs to it, the average fades to 0."""


def mean_within(values: FloatArray, mask: BoolArray, width_mm: float, spacing: Sequence[float]) -> FloatArray:
    """Return the mean of the masked values near each voxel, weighted by a Gaussian.

    Parameters
    ----------
    values : ndarray of float32, shape (I, J, K)
    mask : ndarray of bool, same shape
    width_mm : float
        Standard deviation of the Gaussian.
    spacing : sequence of float
        Sides of a voxel in mm.

    Returns
    -------
    mean : ndarray of float32, same shape
    """
    sigma = [width_mm / step for step in spacing]
    weight = ndimage.gaussian_filter(mask.astype(np.float32), sigma)
    total = ndimage.gaussian_filter(np.where(mask, values, np.float32(0)), sigma)
    return np.asarray(total / np.maximum(weight, LEAST_WEIGHT), np.float32)
