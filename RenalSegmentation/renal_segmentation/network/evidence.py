"""How much the brightness of each voxel speaks for kidney, learnt from the scan itself."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from renal_segmentation.sampling import smooth, thinned

NEAR_MM = 15.0
"""How far around a guess the surroundings are looked at."""
BINS = 48
WIDTH = 3.0
"""Standard deviation in bins by which the histograms are smoothed."""
FLOOR = 0.2 / BINS
"""Added to both histograms, so that brightness that is rarely seen says nothing."""
STRONGEST = 4.0


def evidence(image: Tensor, guess: Tensor, spacing: Sequence[float]) -> Tensor:
    """Return the logarithm of how much more often a brightness is seen in a kidney than around it.

    The histograms come from the scan and a guess of where its kidney is, whatever the contrast; so kidneys of all
    contrasts look alike in this channel (the appearance model of GrabCut, Rother et al., SIGGRAPH 2004).

    Parameters
    ----------
    image : Tensor, shape (I, J, K), float32
    guess : Tensor, same shape
        Probability of kidney.
    spacing : sequence of float
        Sides of a voxel in mm.

    Returns
    -------
    evidence : Tensor, same shape
        Within -`STRONGEST` to `STRONGEST`; 0 everywhere without a guess.
    """
    near = surroundings(guess, spacing)
    if not near.any():
        return torch.zeros_like(image)
    inside = guess.clamp(0, 1)
    own, other = log_likelihoods(image, torch.stack([inside, 1 - inside]), near)
    return (own - other).clamp(-STRONGEST, STRONGEST)


def log_likelihoods(image: Tensor, shares: Tensor, near: Tensor) -> Tensor:
    """Return how common the brightness of each voxel is in each of several things, as logarithms.

    Parameters
    ----------
    image : Tensor, shape (I, J, K)
    shares : Tensor, shape (N, I, J, K)
        How much of each voxel belongs to each thing, 0 to 1.
    near : Tensor of bool, shape (I, J, K)
        The voxels to learn from.

    Returns
    -------
    likelihoods : Tensor, shape (N, I, J, K)
    """
    seen = image[near]
    low, high = torch.quantile(thinned(seen, 100_000), torch.tensor([0.01, 0.99])).tolist()
    bins = ((image - low) * (BINS / (high - low + 1e-6))).clamp(0, BINS - 1).long()
    learnt = bins[near]
    return torch.stack([torch.log(_histogram(learnt, share[near]) + FLOOR)[bins] for share in shares])


def surroundings(guess: Tensor, spacing: Sequence[float]) -> Tensor:
    """Tell which voxels lie within `NEAR_MM` of the guess along every axis."""
    return within(guess > 0.5, NEAR_MM, spacing)


def within(mask: Tensor, reach_mm: float, spacing: Sequence[float]) -> Tensor:
    """Tell which voxels lie within a distance of a mask, shape (I, J, K), along every axis."""
    near = mask.float()[None]
    for axis, step in enumerate(spacing):
        reach = round(reach_mm / step)
        lines = near.movedim(1 + axis, -1)
        wide = functional.max_pool2d(lines, (1, 2 * reach + 1), 1, (0, reach))
        near = wide.movedim(-1, 1 + axis)
    return near[0] > 0


def _histogram(bins: Tensor, weight: Tensor) -> Tensor:
    counts = torch.bincount(bins, weight, BINS).float()
    smoothed = smooth(counts[:, None, None], (WIDTH, 0.0, 0.0))[:, 0, 0]
    return smoothed / smoothed.sum().clamp(min=1e-6)
