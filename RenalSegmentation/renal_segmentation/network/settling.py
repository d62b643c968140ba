"""The last word on an outline: both networks' answers and the scan's own brightness together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from renal_segmentation.network.evidence import log_likelihoods, surroundings
from renal_segmentation.sampling import smooth
from renal_segmentation.volume import bounding_box

ROUNDS = 3
STRENGTH = 1.5
"""Of the brightness against the networks; chosen on generated people, where 1 to 2 give about the same."""
SUREST = 0.999
"""Networks are not believed beyond this, so that brightness has a say."""
TINY = 1e-6
SMOOTHED_MM = 1.0
"""Standard deviation by which what the brightness says is smoothed: noise leaves no ragged edges."""


def settled(classes: Tensor, image: Tensor, guess: Tensor, spacing: Sequence[float]) -> Tensor:
    """Return class probabilities in which brightness decides where the networks are in doubt.

    The two networks count alike for what is kidney at all. The brightness of parenchyma, of what lies inside it
    (sinus, cysts) and of what lies around it is then learnt from this answer, tells for each voxel which of the three
    it is like, and is learnt again (expectation maximisation with the networks as prior).

    Parameters
    ----------
    classes : Tensor, shape (3, I, J, K)
        Probabilities of the refiner: parenchyma, sinus, cyst or mass.
    image : Tensor, shape (I, J, K)
        The scan itself, so that thick slices keep their edges.
    guess : Tensor, shape (I, J, K)
        Probability of the localiser.
    spacing : sequence of float
        Sides of a voxel in mm.

    Returns
    -------
    settled : Tensor, shape (3, I, J, K)
    """
    near = surroundings(torch.maximum(classes.sum(0), guess), spacing)
    if not near.any():
        return classes
    place = bounding_box(near.numpy())
    result = torch.zeros_like(classes)
    result[(slice(None), *place)] = _settled(classes[(slice(None), *place)], image[place], guess[place], spacing)
    return result


def _settled(classes: Tensor, image: Tensor, guess: Tensor, spacing: Sequence[float]) -> Tensor:
    organ = classes.sum(0)
    kidney = torch.sigmoid((_logit(organ) + _logit(guess)) / 2)
    inner = ((classes[1] + classes[2]) / organ.clamp(min=TINY)).clamp(1 - SUREST, SUREST)
    before = torch.stack([1 - kidney, kidney * (1 - inner), kidney * inner]).clamp(min=TINY)
    answer = before
    for _ in range(ROUNDS):
        near = surroundings(answer[1] + answer[2], spacing)
        if not near.any():
            break
        said = log_likelihoods(image, answer, near)
        against_around = [smooth(one - said[0], _voxels(spacing)) for one in said[1:]]
        answer = (before.log() + STRENGTH * torch.stack([torch.zeros_like(organ), *against_around])).softmax(0)
    within = classes[1:] / (classes[1] + classes[2]).clamp(min=TINY)
    return torch.cat([answer[1][None], answer[2] * within])


def _logit(probability: Tensor) -> Tensor:
    return torch.logit(probability.clamp(1 - SUREST, SUREST))


def _voxels(spacing: Sequence[float]) -> tuple[float, float, float]:
    i, j, k = (SMOOTHED_MM / step for step in spacing)
    return i, j, k
