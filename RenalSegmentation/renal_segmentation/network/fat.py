"""Fat that was taken for the rim of a kidney, told by how bright fat is elsewhere in the scan.

Between kidney and liver or fascia a layer of fat looks like a bright or dark cortex. Which of the two it is, only the
brightness of fat that is known for sure can tell.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import Tensor

from renal_segmentation.network.evidence import log_likelihoods, within
from renal_segmentation.network.parts import largest_part
from renal_segmentation.sampling import smooth, thinned

CORE_MM = 6.0
"""Deeper in a guess than this there is kidney and no rim of fat."""
SMALLEST_CORE_ML = 6.0
SMALLEST_FAT_ML = 5.0
"""With less to learn from, the guess stays as it is."""
TRUST = 0.5
"""Of where the localiser sees fat, against the brightness; 0 to 1 give about the same."""
SHARPNESS = 2.0
SMOOTHED_MM = 1.0
CLOSED_MM = 6.0
"""Gaps up to twice as wide are closed again: sinus fat and bright vessels."""
KEPT = 0.9
"""Share of its probability that what is closed keeps."""
ROUNDS = 3
"""How often kidney and fat are learnt anew from what is left; chosen on generated people, where 5 take too much off."""
APART = 1.5
"""How many times their interquartile range kidney and fat must differ in brightness for more than one round."""
MOST_VALUES = 50_000
"""Of each that their range is taken from."""


def without_fat(image: Tensor, guess: Tensor, fat: Tensor, spacing_mm: float) -> Tensor:
    """Return a guess of where a kidney is without what is as bright as fat and unlike the kidney's core.

    A core that holds fat itself makes the two look alike; what is left after one round tells them apart better.

    Parameters
    ----------
    image : Tensor, shape (I, J, K)
    guess : Tensor, same shape
        Probability of kidney.
    fat : Tensor, same shape
        Probability of fat.
    spacing_mm : float
        Side of a voxel.

    Returns
    -------
    guess : Tensor, same shape
    """
    for number in range(ROUNDS):
        learnt = _learnt(guess, fat, spacing_mm)
        if learnt is None or (number and not _told_apart(image, *learnt)):
            break
        guess = _trimmed(image, guess, fat, *learnt, spacing_mm)
    return guess


def _learnt(guess: Tensor, fat: Tensor, spacing_mm: float) -> tuple[Tensor, Tensor] | None:
    """Return how surely each voxel is the core of the kidney, and fat, unless there is too little of either."""
    core = guess * ~within(guess <= 0.5, CORE_MM, (spacing_mm,) * 3)
    sure_fat = fat * (1 - guess) * (fat > 0.5)
    voxel_ml = spacing_mm**3 / 1000
    enough = core.sum() * voxel_ml >= SMALLEST_CORE_ML and sure_fat.sum() * voxel_ml >= SMALLEST_FAT_ML
    return (core, sure_fat) if enough else None


def _told_apart(image: Tensor, core: Tensor, fat: Tensor) -> bool:
    """Tell whether the brightness of core and fat lies `APART` times as far apart as either of them spreads."""
    seen = [thinned(image[part > 0.5], MOST_VALUES) for part in (core, fat)]
    if not all(len(values) for values in seen):
        return False
    one, other = (torch.quantile(values, torch.tensor([0.25, 0.5, 0.75])) for values in seen)
    return bool((one[1] - other[1]).abs() >= APART * torch.maximum(one[2] - one[0], other[2] - other[0]))


def _trimmed(image: Tensor, guess: Tensor, fat: Tensor, core: Tensor, sure_fat: Tensor, spacing_mm: float) -> Tensor:
    everywhere = torch.ones_like(guess, dtype=torch.bool)
    as_core, as_fat = log_likelihoods(image, torch.stack([core, sure_fat]), everywhere)
    width = SMOOTHED_MM / spacing_mm
    against = smooth(as_fat - as_core + TRUST * torch.logit(fat.clamp(0.02, 0.98)), (width, width, width))
    trimmed = guess * torch.sigmoid(-SHARPNESS * against)
    whole = torch.from_numpy(_closed((trimmed > 0.5).numpy(), round(CLOSED_MM / spacing_mm)))
    return torch.where(whole, torch.maximum(trimmed, KEPT * guess), trimmed)


def _closed(mask: npt.NDArray[np.bool_], steps: int) -> npt.NDArray[np.bool_]:
    """Return the largest part of a mask without holes and narrow gaps."""
    filled = largest_part(ndimage.binary_fill_holes(mask))
    room = steps + 2
    closed = ndimage.binary_closing(np.pad(filled, room), iterations=steps)
    return np.ascontiguousarray(closed[room:-room, room:-room, room:-room])
