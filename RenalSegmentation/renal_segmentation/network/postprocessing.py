"""From class probabilities in boxes to one clean mask on the scan's grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage

from renal_segmentation.checks import Limits
from renal_segmentation.errors import Notice
from renal_segmentation.labels import SIDE_NAMES, Side
from renal_segmentation.network.parts import CORNERS, numbered_parts
from renal_segmentation.network.preparation import voxels_in
from renal_segmentation.network.refining import Refined
from renal_segmentation.network.settling import settled
from renal_segmentation.sampling import extent, index_map, sample
from renal_segmentation.structures import structure_of
from renal_segmentation.volume import Grid, Volume

SMALLEST_ML = 6.0
"""Less parenchyma than this is not a kidney."""
FRAGMENT_SHARE = 0.1
"""Parts of a kidney that lie apart are kept from this share of the largest part on, if they are near."""
FRAGMENT_MM = 8.0
DOUBTFUL = Limits.confidence
"""Confidence below which a kidney is pointed out: of generated ones, 1 in 7 good and most of the poor outlines."""
NO_KIDNEY = 0.1
"""Confidence below which nothing is outlined."""
CONVINCING = 2.5
"""Without one kidney in a scan that reaches this (see `_conviction`), nothing is outlined.

Of 20 generated people without kidneys, 2 have something that does. Of 131 with a kidney in view all are given one but
two, who have a single one of 16 and 22 ml.
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


def assemble(refined: list[Refined], image: Volume) -> Assembled:
    """Return the mask of both kidneys on the grid of the scan.

    Parameters
    ----------
    refined : list of Refined
        At most one per side.
    image : Volume
        The prepared scan.
    """
    grid = image.grid
    placed = [_on_scan(kidney, image) for kidney in refined]
    conviction = max((_conviction(one) for one in placed), default=0.0)
    labels = np.zeros(grid.shape, np.uint8)
    best = np.zeros(grid.shape, np.float32)
    probability = np.zeros(grid.shape, np.float32)
    confidence: dict[str, float] = {}
    notices: list[Notice] = []
    for one in placed:
        kidney, place = one.kidney, one.place
        if kidney.confidence < NO_KIDNEY or conviction < CONVINCING:
            notices.append(_left_out(kidney))
            continue
        classes = one.classes
        organ = classes.sum(0)
        clean = _cleaned(classes, organ, one.grid)
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


@dataclass(frozen=True)
class _Placed:
    """One kidney on the scan's own voxels: classes of shape (3, I, J, K) and how well both networks agree (Dice)."""

    kidney: Refined
    place: tuple[slice, slice, slice]
    grid: Grid
    classes: npt.NDArray[np.float32]
    agreement: float


def _on_scan(kidney: Refined, image: Volume) -> _Placed:
    place = voxels_in(image.grid, *extent(kidney.grid))
    if place is None:
        raise ValueError("the box lies outside the image")
    part = image.crop(place)
    matrix, shape = index_map(part.grid, kidney.grid), part.grid.shape
    answers = torch.from_numpy(np.concatenate([kidney.probabilities[1:], kidney.guess[np.newaxis]]))
    answers = sample(answers, matrix, shape)
    seen = torch.from_numpy(np.ascontiguousarray(part.array, np.float32))
    classes = settled(answers[:3], seen, answers[3], part.grid.spacing.tolist())
    organ, guess = classes.sum(0) > 0.5, answers[3] > 0.5
    agreement = float(2 * (organ & guess).sum() / (organ.sum() + guess.sum()).clamp(min=1))
    return _Placed(kidney, place, part.grid, classes.numpy(), agreement)


def _conviction(one: _Placed) -> float:
    """Return how much speaks for a kidney, 0 to 3: the networks agree on it, are sure, and recognise it."""
    return one.agreement + one.kidney.sureness / 2 + one.kidney.recognised


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
    parts, count = ndimage.label(inside & (best == 3) & ~filled, CORNERS)
    touching = np.unique(parts[ndimage.binary_dilation(filled, CORNERS) & (parts > 0)])
    keep = filled | (np.isin(parts, touching) & (parts > 0) if count else False)
    result = np.where(keep, best, 0).astype(np.uint8)
    result[filled & ~inside] = 1
    return result


def _main_part(inside: BoolArray, grid: Grid) -> BoolArray:
    """Return the largest connected part and the large fragments near it."""
    parts, sizes = numbered_parts(inside, CORNERS)
    if len(sizes) < 3:
        return inside
    main = parts == sizes.argmax()
    distance = ndimage.distance_transform_edt(~main, sampling=tuple(grid.spacing))
    nearest = np.asarray(ndimage.minimum(distance, parts, np.arange(len(sizes))))
    large = (sizes >= FRAGMENT_SHARE * sizes.max()) & (nearest <= FRAGMENT_MM + float(grid.spacing.max()))
    large[0] = False
    return np.asarray(large[parts] | main)


def _filled(inside: BoolArray) -> BoolArray:
    """Return the shape without closed holes, also those closed within one slice of any axis being thick."""
    return np.asarray(ndimage.binary_fill_holes(inside))
