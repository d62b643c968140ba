"""Finding the kidneys on a coarse grid of the whole scan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import nn

from renal_segmentation.labels import Side
from renal_segmentation.network.evidence import evidence
from renal_segmentation.network.parts import largest_part
from renal_segmentation.network.preparation import shrunk
from renal_segmentation.network.running import Runner, classes_and_surroundings
from renal_segmentation.sampling import brightness, enclosing_grid, resample
from renal_segmentation.volume import FloatArray, Grid, Volume

LOCALISER_MM = 4.0
DARKEST = -0.5
LOCALISER_FILLS = (DARKEST, 0.0, 0.0)
"""Values of the localiser's channels beyond the image."""
SMALLEST_ML = 8.0
"""A smaller thing is not a kidney."""
SURE_ENOUGH = 0.65
"""Mean probability below which a thing is not a kidney."""
TWIN_SHARE = 0.35
"""Without a kidney on the other side, a second one at least this large is taken for it."""
TWIN_DISTANCE_MM = 50.0
RIVAL_SHARE = 0.15
"""A second thing of a side at least this large might be the kidney instead: the refiner's answer decides."""
FloatMap = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Found:
    """One kidney on the coarse grid.

    Attributes
    ----------
    side : Side
    probability : ndarray, shape of `grid`
        Of this kidney.
    fat : ndarray, same shape
        Probability of fat, of the whole scan.
    grid : Grid
    low, high : ndarray, shape (3,)
        Corners of its box in mm of the prepared scan.
    located : float
        Mean probability within it, 0 to 1.
    recognised : float
        How much of it the network also calls a part of a kidney when it tells the surroundings apart, 0 to 1.
    """

    side: Side
    probability: FloatMap
    fat: FloatMap
    grid: Grid
    low: FloatArray
    high: FloatArray
    located: float
    recognised: float


@dataclass(frozen=True)
class _Look:
    """Probabilities on the coarse grid: of the left and the right kidney, of fat, and of kidney by the surroundings."""

    left: FloatMap
    right: FloatMap
    fat: FloatMap
    kidney: FloatMap

    @cached_property
    def together(self) -> FloatMap:
        return self.left + self.right


@dataclass(frozen=True)
class _Blob:
    mask: npt.NDArray[np.bool_]
    weight: float
    x: float
    side: Side
    look: _Look


def coarse_image(image: Volume) -> tuple[torch.Tensor, Grid]:
    """Return the scan as the localiser sees it, and its grid."""
    small = shrunk(image, LOCALISER_MM)
    array = torch.from_numpy(small.array)
    low, high = brightness(array)
    scaled = ((array - low) / (high - low + 1e-6)).clamp(0, 1.6) + DARKEST
    grid = enclosing_grid(small.grid, LOCALISER_MM)
    return resample(scaled, small.grid, grid, DARKEST), grid


def localiser_input(seen: torch.Tensor, grid: Grid, guess: torch.Tensor | None = None) -> torch.Tensor:
    """Return the localiser's channels: image, place, and what the brightness says after a first look.

    The place is how far a voxel lies to the right of the middle in 100 mm: left and right kidney look alike, and
    without it the network takes long to tell them apart.
    """
    x = (torch.arange(grid.shape[0]) - (grid.shape[0] - 1) / 2) * (float(grid.spacing[0]) / 100)
    said = torch.zeros_like(seen) if guess is None else evidence(seen, guess, (LOCALISER_MM,) * 3)
    return torch.stack([seen, x[:, None, None].expand(grid.shape).to(seen.dtype), said])


def find_kidneys(network: nn.Module, image: Volume, runner: Runner) -> list[Found]:
    """Return what may be the kidneys of a prepared scan: per side the largest thing first, and at most one rival.

    The network looks twice: the second time it is told how bright the kidneys of the first look were. For a side that
    is empty then it looks once more, told only of what the first look saw there: beside a surface coil, or with one
    kidney ill, the two may differ so much in brightness that what is true of one speaks against the other.

    Parameters
    ----------
    network : Module
        Trained localiser.
    image : Volume
        From `preparation.prepare`.
    runner : Runner
    """
    seen, grid = coarse_image(image)
    first = runner.probabilities(network, localiser_input(seen, grid), LOCALISER_FILLS)
    guess = first[1] + first[2]
    if not (guess > 0.5).any():
        return []

    def blobs_told_of(guess: torch.Tensor) -> list[_Blob]:
        told = localiser_input(seen, grid, guess)
        answers = runner.probabilities(network, told, LOCALISER_FILLS, classes_and_surroundings)
        return _blobs(_Look(*answers[1:].numpy()), grid)

    chosen = _candidates(blobs_told_of(guess))
    for side in set(Side).difference(blob.side for blob in chosen):
        taken = _union(chosen, guess.shape)
        alone = first[side] * ~torch.from_numpy(taken)
        if (alone > 0.5).any():
            overlooked = [blob for blob in blobs_told_of(alone) if blob.side is side and not (blob.mask & taken).any()]
            chosen += overlooked[:1]
    return [_found(blob, chosen, grid) for blob in chosen]


def _found(blob: _Blob, chosen: list[_Blob], grid: Grid) -> Found:
    near = ndimage.binary_dilation(blob.mask, iterations=2)
    others = _union([other for other in chosen if other is not blob], near.shape)
    own = np.where(near & ~others, blob.look.together, 0).astype(np.float32)
    index = np.argwhere(blob.mask)
    low, high = grid.to_ras([index.min(0) - 0.5, index.max(0) + 0.5])
    inside = own > 0.5
    located, recognised = float(own[inside].mean()), float(blob.look.kidney[inside].mean())
    return Found(blob.side, own, blob.look.fat, grid, low, high, located, recognised)


def _union(blobs: list[_Blob], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    taken = np.zeros(shape, bool)
    for blob in blobs:
        taken |= blob.mask
    return taken


def _blobs(look: _Look, grid: Grid) -> list[_Blob]:
    """Return the connected things that look like kidneys, largest first."""
    left, right, together = look.left, look.right, look.together
    parts, _ = ndimage.label(together > 0.5)
    smallest = SMALLEST_ML / grid.voxel_ml
    blobs: list[_Blob] = []
    for label, box in enumerate(ndimage.find_objects(parts), 1):
        mask = np.zeros(parts.shape, bool)
        mask[box] = parts[box] == label
        if mask.sum() < smallest or together[mask].mean() < SURE_ENOUGH:
            continue
        is_left = mask & (left >= right)
        is_right = mask & (left < right)
        if min(is_left.sum(), is_right.sum()) > max(2 * smallest, 0.25 * mask.sum()):
            blobs += [_blob(largest_part(is_left), Side.LEFT, look, grid)]
            blobs += [_blob(largest_part(is_right), Side.RIGHT, look, grid)]
        else:
            side = Side.LEFT if left[mask].sum() >= right[mask].sum() else Side.RIGHT
            blobs.append(_blob(mask, side, look, grid))
    return sorted(blobs, key=lambda blob: -blob.weight)


def _blob(mask: npt.NDArray[np.bool_], side: Side, look: _Look, grid: Grid) -> _Blob:
    index = np.argwhere(mask)
    return _Blob(mask, float(look.together[mask].sum()), float(grid.to_ras([index.mean(0)])[0, 0]), side, look)


def _candidates(blobs: list[_Blob]) -> list[_Blob]:
    """Return the largest blob of each side and its rival; two distant ones of one side are told apart by place."""
    by_side = {side: [blob for blob in blobs if blob.side is side] for side in Side}
    left, right = by_side[Side.LEFT], by_side[Side.RIGHT]
    if left and right and left[0].x > right[0].x:
        return _told_apart(left[0], right[0])
    if not (left and right):
        for second in blobs[1:]:
            if second.weight > TWIN_SHARE * blobs[0].weight and abs(second.x - blobs[0].x) > TWIN_DISTANCE_MM:
                return _told_apart(blobs[0], second)
    return [blob for found in by_side.values() for blob in found[:2] if blob.weight >= RIVAL_SHARE * found[0].weight]


def _told_apart(first: _Blob, second: _Blob) -> list[_Blob]:
    left, right = sorted((first, second), key=lambda blob: blob.x)
    return [replace(left, side=Side.LEFT), replace(right, side=Side.RIGHT)]
