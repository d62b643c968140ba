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


POOR_SHARE = 0.4
"""How often the refiner gets a poor guess: off its place, with large pieces missing or added.

The others are about as good as those of the trained localiser on people it had never seen: half have Dice 0.87 to 0.94.
"""
FIRST_LOOK_SHARE = 0.5
"""How often the localiser sees a scan without what a first look would have told it."""
FORGOTTEN_SHARE = 0.2
"""How often a kidney is missing in a first look."""

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
    shifted[:3, 3] += rng.normal(0, 1.8 if poor else 0.6, 3)
    low = _blemished(sample(soft, shifted, small)[0], poor, rng, noise)
    return sample(low[None], np.linalg.inv(matrix), (shape[0], shape[1], shape[2]))[0]


def first_look(truth: ByteArray, decoy: ByteArray, rng: np.random.Generator, noise: torch.Generator) -> Tensor | None:
    """Return what the localiser might have seen at its first look, or None: the case is to be a first look.

    Parameters
    ----------
    truth : ndarray of uint8
        Classes of the localiser; each side is forgotten at times.
    decoy : ndarray of uint8, same shape
        What else it may have taken for a kidney.
    rng, noise : Generator
    """
    if rng.random() < FIRST_LOOK_SHARE:
        return None
    seen = [side for side in (1, 2) if rng.random() > FORGOTTEN_SHARE]
    organ = np.isin(truth, seen) | ((decoy > 0) & (truth == 0))
    return _blemished(torch.from_numpy(organ.astype(np.float32)), bool(rng.random() < POOR_SHARE), rng, noise)


def _blemished(soft: Tensor, poor: bool, rng: np.random.Generator, noise: torch.Generator) -> Tensor:
    """Return a mask at the localiser's resolution as a network might answer it: blurred, too large here, open there."""
    width = float(rng.uniform(0.3, 0.9))
    low = smooth(soft, (width, width, width))
    shape = (low.shape[0], low.shape[1], low.shape[2])
    wrong = smooth_noise(noise, shape, float(rng.uniform(3, 7))) * float(rng.uniform(0, 1.6 if poor else 0.75))
    near = smooth(low, (3.0, 3.0, 3.0)).clamp(0, 0.15) / 0.15
    return torch.sigmoid((low - 0.5 + wrong * near) * float(rng.uniform(5, 14)))


def case_of(channels: Tensor, fills: tuple[float, ...], truth: ByteArray, family: str) -> Case:
    """Return a case padded to what the networks take; `fills` are the channels' values beyond the image."""
    image, place = padded(channels, fills)
    full = torch.zeros(image.shape[1:], dtype=torch.int64)
    full[place] = torch.from_numpy(truth.astype(np.int64))
    return Case(image, full, family)
