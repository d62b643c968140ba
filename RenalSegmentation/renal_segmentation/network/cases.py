"""What the networks learn from: an image on a network's grid and its classes, and the steps that all sources share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from renal_segmentation.network.architecture import padded
from renal_segmentation.network.context import UNKNOWN
from renal_segmentation.network.localising import DARKEST
from renal_segmentation.resampling import nearest
from renal_segmentation.sampling import brightness, resample
from renal_segmentation.synthesis.acquisition import rotation
from renal_segmentation.volume import Grid, Volume

ByteArray = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]

REFINER_BOX = (80, 80, 96)
"""Voxels of a training box of the refiner: 120 x 120 x 144 mm."""


@dataclass(frozen=True)
class Case:
    """What a network sees and should answer.

    Attributes
    ----------
    image : Tensor, shape (C, I, J, K), float32
        Sides are what `architecture.padded` gives.
    truth : Tensor, shape (I, J, K), int64
        Classes.
    family : str
        Family of contrast, or where the image comes from.
    context : Tensor or None, shape (I / 2, J / 2, K / 2), int64
        `context.GROUPS` of every other voxel, `context.UNKNOWN` beyond the scan; None where only kidneys are labelled.
    """

    image: Tensor
    truth: Tensor
    family: str
    context: Tensor | None = None


CaseMaker = Callable[[np.random.Generator], Case]
"""Draws a case; the same generator state gives the same case."""


def placed(grid: Grid, rng: np.random.Generator, tilt: float) -> Grid:
    """Return the grid turned and stretched at random, so that one anatomy gives many."""
    turn = np.eye(4)
    stretch = np.diag(rng.uniform(0.86, 1.14) * rng.uniform(0.94, 1.06, 3))
    turn[:3, :3] = rotation(rng.normal(0, tilt, 3)) @ stretch
    return Grid(grid.shape, turn @ grid.affine)


def torch_noise(rng: np.random.Generator) -> torch.Generator:
    """Return a generator of noise whose seed is drawn."""
    return torch.Generator().manual_seed(int(rng.integers(2**62)))


def network_image(image: Tensor, source: Grid, target: Grid) -> Tensor:
    """Return a scan on a network's grid, scaled by its own brightness, `DARKEST` outside."""
    low, high = brightness(image)
    scaled = ((image - low) / (high - low + 1e-6)).clamp(0, 1.6) + DARKEST
    return resample(scaled, source, target, DARKEST)


def covered(source: Grid, target: Grid) -> npt.NDArray[np.bool_]:
    """Tell which voxels of `target` lie within `source`."""
    return nearest(Volume(np.ones(source.shape, bool), source.affine), target)


def case_of(
    channels: Tensor,
    fills: tuple[float, ...],
    truth: ByteArray,
    family: str,
    context: npt.NDArray[np.int8] | None = None,
) -> Case:
    """Return a case padded to what the networks take; `fills` are the channels' values beyond the image.

    Of `context`, `context.GROUPS` on the grid of the truth, every other voxel is kept.
    """
    image, place = padded(channels, fills)
    full = torch.zeros(image.shape[1:], dtype=torch.int64)
    full[place] = torch.from_numpy(truth.astype(np.int64))
    if context is None:
        return Case(image, full, family)
    around = torch.full(image.shape[1:], UNKNOWN)
    around[place] = torch.from_numpy(context.astype(np.int64))
    return Case(image, full, family, around[::2, ::2, ::2].contiguous())
