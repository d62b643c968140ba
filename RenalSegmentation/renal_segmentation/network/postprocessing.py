"""From class probabilities in boxes to one clean mask on the scan's grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage

from renal_segmentation.errors import Notice
from renal_segmentation.labels import SIDE_NAMES, Side
from renal_segmentation.network.preparation import voxels_in
from renal_segmentation.network.refining import Refined
from renal_segmentation.sampling import index_map, sample
from renal_segmentation.structures import structure_of
from renal_segmentation.volume import Grid

SMALLEST_ML = 6.0
"""Less parenchyma than this is not a kidney."""
FRAGMENT_SHARE = 0.1
"""Parts of a kidney that lie apart are kept from this share of the largest part on, if they are near."""
FRAGMENT_MM = 8.0
DOUBTFUL = 0.8
"""Confidence below which a kidney is pointed out: of generated ones, 1 in 7 good and most of the poor outlines."""
NO_KIDNEY = 0.1
"""Confidence below which nothing is outlined."""
NOT_ONE_KIDNEY = 0.955
"""Without one kidney in a scan that the localiser is at least this sure of, nothing is outlined.

Of 60 generated people without kidneys, 2 have something above it; of 36 people, 1 with kidneys has none above it.
"""

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Assembled:
    """What is left after cleaning.

    Attributes
    ----------
    labels : ndarray of uint8, shape of the grid
        Values of `structures.STRUCTURES`.
    probability : ndarray of float32, same shape
        Of kidney parenchyma.
    confidence : dict of str to float
        By side.
    notices : tuple of Notice
    """

    labels: npt.NDArray[np.uint8]
    probability: npt.NDArray[np.float32]
    confidence: dict[str, float]
    notices: tuple[Notice, ...]


def assemble(refined: list[Refined], grid: Grid) -> Assembled:
    """Return the mask of both kidneys on a grid.

    Parameters
    ----------
    refined : list of Refined
        At most one per side.
    grid : Grid
        Of the prepared scan.
    """
    labels = np.zeros(grid.shape, np.uint8)
    best = np.zeros(grid.shape, np.float32)
    probability = np.zeros(grid.shape, np.float32)
    confidence: dict[str, float] = {}
    notices: list[Notice] = []
    surest = max((kidney.located for kidney in refined), default=0.0)
    for kidney in refined:
        if kidney.confidence < NO_KIDNEY or surest < NOT_ONE_KIDNEY:
            notices.append(_left_out(kidney))
            continue
        corners = kidney.grid.to_ras(np.stack([np.full(3, -0.5), np.array(kidney.grid.shape) - 0.5]))
        place = voxels_in(grid, corners[0], corners[1])
        if place is None:
            continue
        shape = tuple(s.stop - s.start for s in place)
        part = grid.placed(np.zeros(shape, bool), [s.start for s in place]).grid
        shares = torch.from_numpy(kidney.probabilities[1:])
        classes = sample(shares, index_map(part, kidney.grid), part.shape).numpy()
        organ = classes.sum(0)
        clean = _cleaned(classes, organ, part)
        if (clean == 1).sum() * grid.voxel_ml < SMALLEST_ML:
            continue
        wins = (clean > 0) & (organ > best[place])
        best[place] = np.where(wins, organ, best[place])
        labels[place][wins] = _values(kidney.side)[clean[wins]]
        probability[place] = np.maximum(probability[place], classes[0])
        name = SIDE_NAMES[kidney.side]
        confidence[name] = round(kidney.confidence, 3)
        if kidney.confidence < DOUBTFUL:
            message = f"The outline of the {name} kidney is doubtful (confidence {kidney.confidence:.2f}): check it."
            notices.append(Notice("doubtful-outline", message))
    return Assembled(labels, probability, confidence, tuple(notices))


def _left_out(kidney: Refined) -> Notice:
    name = SIDE_NAMES[kidney.side]
    message = f"Something where the {name} kidney would lie was too unlike a kidney and was left out: check the image."
    return Notice(f"{name}-left-out", message)


def _values(side: Side) -> npt.NDArray[np.uint8]:
    """Return the label in the mask of each refiner class."""
    tissues = ("kidney", "sinus", "cyst")
    return np.array([0, *(structure_of(tissue, side).value for tissue in tissues)], np.uint8)  # type: ignore[arg-type]


def _cleaned(classes: npt.NDArray[np.float32], organ: npt.NDArray[np.float32], grid: Grid) -> npt.NDArray[np.uint8]:
    """Return refiner classes without stray parts and holes."""
    best = (classes.argmax(0) + 1).astype(np.uint8)
    inside = organ > 0.5
    core = _main_part(inside & (best < 3), grid)
    if not core.any():
        return np.zeros(inside.shape, np.uint8)
    filled = _filled(core)
    parts, count = ndimage.label(inside & (best == 3) & ~filled, np.ones((3, 3, 3)))
    touching = np.unique(parts[ndimage.binary_dilation(filled, np.ones((3, 3, 3))) & (parts > 0)])
    keep = filled | (np.isin(parts, touching) & (parts > 0) if count else False)
    result = np.where(keep, best, 0).astype(np.uint8)
    result[filled & ~inside] = 1
    return result


def _main_part(inside: BoolArray, grid: Grid) -> BoolArray:
    """Return the largest connected part and the large fragments near it."""
    parts, count = ndimage.label(inside, np.ones((3, 3, 3)))
    if count < 2:
        return inside
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    main = parts == sizes.argmax()
    distance = ndimage.distance_transform_edt(~main, sampling=tuple(grid.spacing))
    nearest = np.asarray(ndimage.minimum(distance, parts, np.arange(count + 1)))
    large = (sizes >= FRAGMENT_SHARE * sizes.max()) & (nearest <= FRAGMENT_MM + float(grid.spacing.max()))
    large[0] = False
    return np.asarray(large[parts] | main)


def _filled(inside: BoolArray) -> BoolArray:
    """Return the shape without closed holes, also those closed within one slice of any axis being thick."""
    return np.asarray(ndimage.binary_fill_holes(inside))
