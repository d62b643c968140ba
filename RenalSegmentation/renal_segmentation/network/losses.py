"""What the networks minimise: cross-entropy and Dice per class, and from the start for all kidney together."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

SMOOTHING = 50.0
"""Voxels added to both sides of a Dice quotient, so that absent classes are not punished for a few voxels."""


def dice_of(probability: Tensor, truth: Tensor) -> Tensor:
    """Return the soft Dice over the last three axes."""
    axes = (-3, -2, -1)
    both = 2 * (probability * truth).sum(axes) + SMOOTHING
    return both / (probability.sum(axes) + truth.sum(axes) + SMOOTHING)


def segmentation_loss(scores: Tensor, truth: Tensor, class_weights: tuple[float, ...]) -> Tensor:
    """Return the loss of one case.

    Parameters
    ----------
    scores : Tensor, shape (1, C, I, J, K)
        Before the softmax.
    truth : Tensor of int64, shape (1, I, J, K)
        Classes; 0 is background.
    class_weights : tuple of float
        Weight of the Dice of each class but the background.
    """
    scores = scores.float()
    classes = scores.shape[1]
    probability = scores.softmax(1)[0, 1:]
    wanted = functional.one_hot(truth[0], classes).permute(3, 0, 1, 2)[1:].float()
    weights = torch.tensor(class_weights)
    per_class = ((1 - dice_of(probability, wanted)) * weights).sum() / weights.sum()
    together = probability.sum(0)
    any_class = (truth[0] > 0).float()
    entropy = functional.binary_cross_entropy(together.clamp(1e-5, 1 - 1e-5), any_class, weight=1 + 3 * any_class)
    return functional.cross_entropy(scores, truth) + per_class + 1 - dice_of(together, any_class) + entropy
