"""What the networks learn from: an image on a network's grid and its classes, and the steps that all sources share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from renal_segmentation.network.architecture import padded
from renal_segmentation.network.localising import DARKEST, LOCALISER_MM
from renal_segmentation.network.refining import REFINER_MM
from renal_segmentation.resampling import nearest
from renal_segmentation.sampling import brightness, resample, sample, smooth
from renal_segmentation.synthesis.acquisition import rotation
from renal_segmentation.synthesis.artefacts import smooth_noise
from renal_segmentation.volume import Grid, Volume

ByteArray = npt.NDArray[np.uint8]

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
    """

    image: Tensor
    truth: Tensor
    family: str


POOR_SHARE = 0.5
"""How often the refiner gets a poor guess: far off, with large pieces missing or added."""

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


def rough_guess(organ: npt.NDArray[np.bool_], rng: np.random.Generator, noise: torch.Generator) -> Tensor:
    """Return what a localiser might say of a kidney: blurred, shifted, with pieces missing and pieces added."""
    shape = organ.shape
    poor = rng.random() < POOR_SHARE
    soft = torch.from_numpy(organ.astype(np.float32))[None]
    coarse = LOCALISER_MM / REFINER_MM
    small = (int(shape[0] / coarse), int(shape[1] / coarse), int(shape[2] / coarse))
    matrix = np.diag([coarse, coarse, coarse, 1.0])
    matrix[:3, 3] = (coarse - 1) / 2
    shifted = matrix.copy()
    shifted[:3, 3] += rng.normal(0, 3.5 if poor else 2.2, 3)
    width = float(rng.uniform(0.3, 0.9))
    low = smooth(sample(soft, shifted, small)[0], (width, width, width))
    wrong = smooth_noise(noise, small, float(rng.uniform(3, 7))) * float(rng.uniform(0, 1.6 if poor else 0.7))
    near = smooth(low, (3.0, 3.0, 3.0)).clamp(0, 0.15) / 0.15
    low = torch.sigmoid((low - 0.5 + wrong * near) * float(rng.uniform(5, 14)))
    return sample(low[None], np.linalg.inv(matrix), (shape[0], shape[1], shape[2]))[0]


def case_of(channels: Tensor, fills: tuple[float, ...], truth: ByteArray, family: str) -> Case:
    """Return a case padded to what the networks take; `fills` are the channels' values beyond the image."""
    image, place = padded(channels, fills)
    full = torch.zeros(image.shape[1:], dtype=torch.int64)
    full[place] = torch.from_numpy(truth.astype(np.int64))
    return Case(image, full, family)
