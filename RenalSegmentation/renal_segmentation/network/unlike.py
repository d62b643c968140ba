"""Thick parts of an outline that are unlike the rest of its parenchyma: pelvis, cyst, mass or neighbour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from renal_segmentation.network.masked import mean_within
from renal_segmentation.network.parts import CORNERS, numbered_parts
from renal_segmentation.volume import bounding_box

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]

SMOOTHED_MM = 3.0
"""Standard deviation by which brightness is averaged over parenchyma: noise and single pyramids matter little."""
DEEP_MM = 4.0
"""Parenchyma below this depth tells how bright it is, and how much that varies."""
LEAST_DEEP_ML = 8.0
UNLIKE = 3.0
"""How many robust standard deviations of the deep parenchyma a part must differ."""
LEAST_SPREAD = 0.05
"""Of the standard deviation of all that is looked at: an image without noise has no spread."""
THICK_MM = 4.0
"""Radius of the ball that must fit in: edges and columns are thinner."""
LEAST_ML = 1.0
PLAINEST = 0.9
"""Quantile of a part's steps that tells how bright it is; its edge lies half-way to that."""
ENCLOSED = 0.5
"""Share of its surroundings that must be kidney for a part to lie within it."""
NORMAL = 1.4826
"""Standard deviation of a normal distribution by its median absolute deviation."""


@dataclass(frozen=True, eq=False)
class Parenchyma:
    """The parenchyma of one kidney, in the box around its outline.

    Attributes
    ----------
    image : ndarray of float32, shape (I, J, K)
        The scan.
    mask : ndarray of bool, same shape
    deep : ndarray of bool, same shape
        Of it what lies far enough below the surface to be free of what lies around.
    smooth : ndarray of float32, same shape
        Its brightness, averaged over `SMOOTHED_MM`.
    spacing : sequence of float
        Sides of a voxel in mm.
    """

    image: FloatArray
    mask: BoolArray
    deep: BoolArray
    smooth: FloatArray
    spacing: Sequence[float]


def told_from_parenchyma(
    classes: FloatArray, clean: npt.NDArray[np.uint8], image: FloatArray, spacing: Sequence[float]
) -> FloatArray:
    """Return class probabilities in which thick parts that are unlike the parenchyma are none of it.

    Where cortex and medulla differ much, so does the deep parenchyma, and hardly anything is unlike it. A part within
    the kidney becomes sinus, or cyst or mass, whichever the network finds likelier; one at its surface is left out.

    Parameters
    ----------
    classes, clean, image, spacing
        See `edges.at_half_step`.

    Returns
    -------
    classes : ndarray of float32, shape (3, I, J, K)
    """
    return without_parts(classes, clean, image, spacing, _unlike)


def without_parts(
    classes: FloatArray,
    clean: npt.NDArray[np.uint8],
    image: FloatArray,
    spacing: Sequence[float],
    find: Callable[[Parenchyma], list[BoolArray]],
) -> FloatArray:
    """Return class probabilities in which none of the parts that are found in the parenchyma is parenchyma.

    Parameters
    ----------
    classes, clean, image, spacing
        See `edges.at_half_step`.
    find : callable
        Returns the masks of parts; not asked where there is too little deep parenchyma to compare them with.

    Returns
    -------
    classes : ndarray of float32, shape (3, I, J, K)
        A part within the kidney is sinus, or cyst or mass, whichever was likelier; one at its surface is nothing.
    """
    if not (clean == 1).any():
        return classes
    place = bounding_box(clean > 0, margin=2)
    organ, parenchyma = clean[place] > 0, clean[place] == 1
    deep: BoolArray = parenchyma & (ndimage.distance_transform_edt(organ, sampling=spacing) > DEEP_MM)
    if _ml(deep, spacing) < LEAST_DEEP_ML:
        return classes
    smooth = mean_within(image[place], parenchyma, SMOOTHED_MM, spacing)
    near = (slice(None), *place)
    result = classes.copy()
    for other in find(Parenchyma(image[place], parenchyma, deep, smooth, spacing)):
        said = classes[near][:, other]
        around = ndimage.binary_dilation(other) & ~other
        result[near][:, other] = 0
        if organ[around].mean() >= ENCLOSED:
            inner = 1 + int(said[1:].sum(1).argmax())
            result[near][inner, other] = said.sum(0)
    return result


def _unlike(seen: Parenchyma) -> list[BoolArray]:
    """Return each thick part of the parenchyma whose brightness is unlike that of the deep parenchyma."""
    values = seen.smooth[seen.deep]
    usual = float(np.median(values))
    spread = NORMAL * float(np.median(np.abs(values - usual)))
    least = UNLIKE * max(spread, LEAST_SPREAD * float(seen.image.std()))
    brighter = np.where(seen.mask, seen.smooth - usual, np.float32(0))
    return [part for step in (brighter, -brighter) for part in thick_parts(step, least, seen.spacing)]


def thick_parts(step: FloatArray, least: float, spacing: Sequence[float]) -> list[BoolArray]:
    """Return each thick part, of 1 ml or more, where the step is larger than the least, up to half of its own step."""
    parts, sizes = numbered_parts(_opened(step > least, spacing), CORNERS)
    found = []
    for number in np.flatnonzero(sizes):
        own = parts == number
        plainest = float(np.quantile(step[own], PLAINEST))
        found.append(ndimage.binary_dilation(own) & (step > plainest / 2))
    return [part for part in found if _ml(part, spacing) >= LEAST_ML]


def _opened(mask: BoolArray, spacing: Sequence[float]) -> BoolArray:
    """Return where a ball of `THICK_MM` fits in."""
    core: BoolArray = ndimage.distance_transform_edt(mask, sampling=spacing) > THICK_MM
    if not core.any():
        return core
    near: BoolArray = ndimage.distance_transform_edt(~core, sampling=spacing) <= THICK_MM
    return mask & near


def _ml(mask: BoolArray, spacing: Sequence[float]) -> float:
    return float(mask.sum() * np.prod(spacing)) / 1000
