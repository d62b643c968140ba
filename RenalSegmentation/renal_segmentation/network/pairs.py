"""Training cases from scans and their masks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from renal_segmentation.labels import Side
from renal_segmentation.network.augmentation import changed
from renal_segmentation.network.cases import (
    REFINER_BOX,
    ByteArray,
    Case,
    case_of,
    covered,
    network_image,
    placed,
    torch_noise,
)
from renal_segmentation.network.guesses import first_look, is_first_look, rough_guess
from renal_segmentation.network.localising import LOCALISER_FILLS, LOCALISER_MM, localiser_input
from renal_segmentation.network.preparation import voxels_in
from renal_segmentation.network.refining import AROUND_MM, REFINER_FILLS, REFINER_MM, refiner_input
from renal_segmentation.network.scans import Pair
from renal_segmentation.resampling import nearest
from renal_segmentation.sampling import box_grid, enclosing_grid
from renal_segmentation.volume import Volume

ORGAN = {Side.LEFT: (1, 5, 11, 13), Side.RIGHT: (2, 6, 12, 14)}
"""Labels of `structures` that the localiser looks for: parenchyma and sinus."""
CLASSES = {
    Side.LEFT: {1: 1, 11: 1, 13: 1, 5: 2, 3: 3, 7: 3},
    Side.RIGHT: {2: 1, 12: 1, 14: 1, 6: 2, 4: 3, 7: 3},
}
"""Refiner class of each label, by side."""


def localiser_pair_case(pairs: Sequence[Pair], rng: np.random.Generator) -> Case:
    """Return a random scan on the coarse grid, at times mirrored with its sides swapped."""
    noise = torch_noise(rng)
    pair, image, labels, mirrored = _drawn(pairs, rng, noise)
    grid = placed(pair.image.grid, rng, 5.0)
    target = enclosing_grid(grid, LOCALISER_MM)
    seen = network_image(image, grid, target)
    organs = np.zeros(labels.shape, np.uint8)
    for side, values in ORGAN.items():
        organs[np.isin(labels, values)] = side if not mirrored else 3 - side
    truth = nearest(Volume(organs, grid.affine), target)
    guess = None if is_first_look(rng) else first_look(truth, rng, noise)
    channels = localiser_input(seen, target, guess)
    return case_of(channels, LOCALISER_FILLS, truth, "scans")


def refiner_pair_case(pairs: Sequence[Pair], rng: np.random.Generator) -> Case:
    """Return the box of a random kidney, right ones mirrored."""
    noise = torch_noise(rng)
    pair, image, labels, mirrored = _drawn(pairs, rng, noise)
    sides = [side for side in Side if np.isin(labels, ORGAN[side]).any()] or list(Side)
    side = sides[int(rng.integers(len(sides)))]
    if mirrored != (side is Side.RIGHT):
        image, labels = image.flip(0), labels[::-1]
    table = np.zeros(256, np.uint8)
    for value, wanted in CLASSES[side].items():
        table[value] = wanted
    classes = np.ascontiguousarray(table[labels])
    grid = placed(pair.image.grid, rng, 8.0)
    found = np.argwhere(classes > 0)
    middle = (found.min(0) + found.max(0)) / 2 if len(found) else np.array(classes.shape) / 2
    box = np.array(REFINER_BOX) * REFINER_MM
    centre = grid.to_ras([middle])[0] + rng.normal(0, 5, 3)
    low, high = centre - box / 2, centre + box / 2
    target = box_grid(low, high, REFINER_MM)
    near = Volume(image.numpy(), grid.affine)
    near = near.crop(voxels_in(grid, low - AROUND_MM, high + AROUND_MM) or tuple(slice(0, n) for n in grid.shape))
    seen = network_image(torch.from_numpy(np.ascontiguousarray(near.array)), near.grid, target)
    truth = nearest(Volume(classes, grid.affine), target)
    truth[~covered(grid, target)] = 0
    guess = rough_guess((truth == 1) | (truth == 2), rng, noise)
    return case_of(refiner_input(seen, guess), REFINER_FILLS, truth, "scans")


def _drawn(
    pairs: Sequence[Pair], rng: np.random.Generator, noise: torch.Generator
) -> tuple[Pair, torch.Tensor, ByteArray, bool]:
    """Return a random pair, its image changed, its labels, and whether both were mirrored."""
    pair = pairs[int(rng.integers(len(pairs)))]
    others = [other.histogram for other in pairs if other is not pair]
    image = changed(torch.from_numpy(pair.image.array), rng, noise, pair.histogram, others)
    mirrored = bool(rng.random() < 0.3)
    labels = pair.labels
    if mirrored:
        image, labels = image.flip(0), labels[::-1]
    return pair, image, labels, mirrored
