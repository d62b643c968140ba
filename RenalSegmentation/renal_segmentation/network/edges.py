"""Where the edge of a kidney lies in the scan: at half the step of brightness between it and what it touches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from renal_segmentation.network.masked import mean_within
from renal_segmentation.volume import bounding_box

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]

REACH_MM = 2.5
"""How far an edge is moved at most."""
KIDNEY_MM = (1.5, 6.0)
"""Depth of the parenchyma that tells how bright the kidney is behind an edge."""
AROUND_MM = (2.5, 6.0)
"""Distance of what tells how bright it is before the edge."""
LOCAL_MM = 4.0
"""Standard deviation of the neighbourhood in which both are measured."""
CLEAR = 1.5
"""Steps smaller than this many standard deviations on either side are no edge to go by."""
BEYOND = 1.5
"""What differs by more than this many steps from what lies before the edge is neither of the two."""
SMOOTHED_MM = 1.0
"""Standard deviation by which shares are smoothed: noise leaves no ragged edges."""
LEAST_SHARE = 0.02
"""Of a neighbourhood that must be kidney, and around it, for a measurement."""
SMALLEST_STEP = 1e-3
"""Of brightness, in standard deviations of what is looked at: an image without contrast has no edges."""
SMALLEST_SPREAD = 1e-12


def at_half_step(
    classes: FloatArray, clean: npt.NDArray[np.uint8], image: FloatArray, spacing: Sequence[float]
) -> FloatArray:
    """Return class probabilities whose outline follows half the step of brightness where there is a clear one.

    A voxel half of which is kidney is half-way between the brightness of both sides. Networks that answer on a grid of
    their own place edges only roughly there, in most scans a little too far inside.

    Parameters
    ----------
    classes : ndarray of float32, shape (3, I, J, K)
        Probabilities of parenchyma, sinus, and cyst or mass.
    clean : ndarray of uint8, shape (I, J, K)
        The outline until now: 1 parenchyma, 2 sinus, 3 cyst or mass.
    image : ndarray of float32, shape (I, J, K)
        The scan.
    spacing : sequence of float
        Sides of a voxel in mm.

    Returns
    -------
    classes : ndarray of float32, shape (3, I, J, K)
        Where the outline moves, the share of kidney by brightness stands for the probability.
    """
    if not clean.any():
        return classes
    distance = ndimage.distance_transform_edt(clean == 0, sampling=spacing)
    place = bounding_box(distance <= AROUND_MM[1] + 2 * LOCAL_MM)
    part = (slice(None), *place)
    seen = image[place]
    seen = (seen - seen.mean()) / max(float(seen.std()), SMALLEST_SPREAD)
    result = classes.copy()
    result[part] = _moved(classes[part], clean[place], distance[place], seen, spacing)
    return result


def _moved(
    classes: FloatArray,
    clean: npt.NDArray[np.uint8],
    distance: npt.NDArray[np.float64],
    image: FloatArray,
    spacing: Sequence[float],
) -> FloatArray:
    organ = clean > 0
    depth = ndimage.distance_transform_edt(organ, sampling=spacing)
    own = (clean == 1) & (depth > KIDNEY_MM[0]) & (depth <= KIDNEY_MM[1])
    other = (distance > AROUND_MM[0]) & (distance <= AROUND_MM[1])
    raw, clear = _share_of_kidney(image, own, other, [LOCAL_MM / step for step in spacing])
    share = mean_within(np.clip(raw, 1 - BEYOND, BEYOND), clear, SMOOTHED_MM, spacing)
    clear &= np.maximum(depth, distance) <= REACH_MM
    gained = clear & ~organ & (share > 0.5) & (raw < BEYOND)
    lost = clear & (clean == 1) & (share < 0.5)
    result = classes.copy()
    result[:, gained | lost] = 0
    result[0, gained] = np.minimum(share[gained], 1)
    result[0, lost] = np.maximum(share[lost], 0)
    return result


def _share_of_kidney(
    image: FloatArray, own: BoolArray, other: BoolArray, sigma: Sequence[float]
) -> tuple[FloatArray, BoolArray]:
    """Return how much of each voxel is kidney by its brightness, and where the step is clear enough to tell."""
    inside, inner_spread, inner = _local(image, own, sigma)
    around, outer_spread, outer = _local(image, other, sigma)
    step = inside - around
    clear = (inner > LEAST_SHARE) & (outer > LEAST_SHARE) & (np.abs(step) > SMALLEST_STEP)
    clear &= np.abs(step) > CLEAR * np.maximum(inner_spread, outer_spread)
    share = (image - around) / np.where(clear, step, np.float32(1))
    return share.astype(np.float32), np.asarray(clear, bool)


def _local(image: FloatArray, mask: BoolArray, sigma: Sequence[float]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean and standard deviation of the masked voxels near each voxel, and their share of what is near."""
    share, total, squares = (
        ndimage.gaussian_filter(values, sigma) for values in (mask.astype(np.float32), image * mask, image**2 * mask)
    )
    known = np.maximum(share, 1e-6)
    mean = total / known
    return mean, np.sqrt(np.maximum(squares / known - mean**2, 0)), share
