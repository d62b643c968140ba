"""Stretching the dark end of a scan's brightness, where dark kidneys lie in bright fat."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from renal_segmentation.network.localising import DARKEST

SURE_KIDNEY = 0.7
SURE_FAT = 0.5
FEWEST_VOXELS = 500
"""With fewer to learn from, brightness stays as it is."""
MIDDLE = 0.5
"""Of the stretched scale: where kidney and fat meet."""
STRONGEST = 0.5
"""Least exponent."""
LEAST_BRIGHTNESS = 1e-4


def stretched(seen: Tensor, exponent: float) -> Tensor:
    """Return brightness from `DARKEST` on raised to a power: below 1 it sets dark tissues apart.

    Parameters
    ----------
    seen : Tensor
        Scaled so that `DARKEST` is dark and `DARKEST` + 1 bright.
    exponent : float
    """
    return seen if exponent == 1 else (seen - DARKEST).clamp(min=0) ** exponent + DARKEST


def tone_between(seen: Tensor, kidney: Tensor, fat: Tensor) -> float:
    """Return the exponent that brings kidney and brighter fat to both sides of the middle, `STRONGEST` to 1.

    In a large person's bright fat all other tissues share the dark end of the scale, and the network, which learnt
    from the whole of it, sees little of a kidney's inside. Where fat is darker, or not to be seen, it is 1.

    Parameters
    ----------
    seen : Tensor, shape (I, J, K)
    kidney, fat : Tensor, same shape
        Probabilities.
    """
    own, other = seen[kidney > SURE_KIDNEY], seen[fat > SURE_FAT]
    if min(len(own), len(other)) <= FEWEST_VOXELS:
        return 1.0
    dark, bright = (max(float(torch.median(part)) - DARKEST, 0.0) for part in (own, other))
    if bright <= dark:
        return 1.0
    between = math.sqrt(max(dark * bright, LEAST_BRIGHTNESS))
    return min(max(math.log(MIDDLE) / math.log(between), STRONGEST), 1.0) if between < MIDDLE else 1.0
