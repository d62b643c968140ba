"""Where a localiser might say that a kidney is: what the networks are given to start from while they are trained."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from renal_segmentation.network.cases import BoolArray, ByteArray
from renal_segmentation.network.evidence import within
from renal_segmentation.network.localising import LOCALISER_MM
from renal_segmentation.network.refining import REFINER_MM
from renal_segmentation.sampling import sample, smooth
from renal_segmentation.synthesis.artefacts import smooth_noise
from renal_segmentation.synthesis.tissues import Tissue

T = Tissue
POOR_SHARE = 0.4
"""How often the refiner gets a poor guess: off its place, with large pieces missing or added.

The others are about as good as those of the trained localiser on people it had never seen: half have Dice 0.87 to 0.94.
"""
FIRST_LOOK_SHARE = 0.5
"""How often the localiser sees a scan without what a first look would have told it."""
FORGOTTEN_SHARE = 0.2
"""How often a kidney is missing in a first look."""
OTHER = 3
"""Beside the classes of the localiser: what else a first look took for a kidney."""
UNLIKE_KIDNEY = (T.AIR, T.GAS, T.LUNG, T.CORTICAL_BONE, T.FASCIA, T.PERIRENAL_FAT, T.VISCERAL_FAT)
"""Tissues of which `leaking` takes nothing along: none is taken for kidney, but for fat, which `with_fat` adds."""
DECOYS = (
    T.SPLEEN,
    T.LIVER,
    T.BOWEL_CONTENT_1,
    T.BOWEL_CONTENT_3,
    T.STOMACH_CONTENT,
    T.PSOAS,
    T.GALLBLADDER,
    T.VERTEBRA,
)


def rough_guess(organ: BoolArray, rng: np.random.Generator, noise: torch.Generator) -> Tensor:
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


def with_fat(organ: BoolArray, fat: BoolArray, spacing_mm: float, rng: np.random.Generator) -> BoolArray:
    """Return an organ and the fat within a random distance of it, all around or on one side.

    Between kidney and liver or fascia such fat looks like a rim of the kidney, and networks took it along.
    """
    found = np.argwhere(organ)
    if not len(found):
        return organ
    near = within(torch.from_numpy(organ), max(float(rng.uniform(3, 15)), spacing_mm), (spacing_mm,) * 3).numpy()
    direction = rng.normal(size=3)
    from_middle = np.moveaxis(np.indices(organ.shape), 0, -1) - found.mean(0)
    towards = from_middle @ (direction / np.linalg.norm(direction))
    cut = -np.inf if rng.random() < 0.5 else float(rng.uniform(-20, 15)) / spacing_mm
    return np.asarray(organ | (fat & near & (towards > cut)))


def is_first_look(rng: np.random.Generator) -> bool:
    """Draw whether the localiser is to look at a scan without having been told anything of it."""
    return bool(rng.random() < FIRST_LOOK_SHARE)


def first_look(taken: ByteArray, rng: np.random.Generator, noise: torch.Generator) -> Tensor:
    """Return what the localiser might have seen at its first look.

    Parameters
    ----------
    taken : ndarray of uint8
        Classes of the localiser, each of which is forgotten at times, and `OTHER`.
    rng, noise : Generator
    """
    organ = np.isin(taken, [side for side in (1, 2) if rng.random() > FORGOTTEN_SHARE] + [OTHER])
    return _blemished(torch.from_numpy(organ.astype(np.float32)), bool(rng.random() < POOR_SHARE), rng, noise)


def _blemished(soft: Tensor, poor: bool, rng: np.random.Generator, noise: torch.Generator) -> Tensor:
    """Return a mask at the localiser's resolution as a network might answer it: blurred, too large here, open there."""
    width = float(rng.uniform(0.3, 0.9))
    low = smooth(soft, (width, width, width))
    shape = (low.shape[0], low.shape[1], low.shape[2])
    wrong = smooth_noise(noise, shape, float(rng.uniform(3, 7))) * float(rng.uniform(0, 1.6 if poor else 0.75))
    near = smooth(low, (3.0, 3.0, 3.0)).clamp(0, 0.15) / 0.15
    return torch.sigmoid((low - 0.5 + wrong * near) * float(rng.uniform(5, 14)))


def decoy(tissues: ByteArray, rng: np.random.Generator, reach: int = 14) -> BoolArray:
    """Return a piece of another organ that a localiser might take for a kidney."""
    coarse = tissues[::4, ::4, ::4]
    tissue = int(rng.choice(DECOYS))
    places = np.argwhere(coarse == tissue) * 4
    piece = np.zeros(tissues.shape, bool)
    if len(places):
        place = places[int(rng.integers(len(places)))]
        near = tuple(slice(max(int(p) - reach, 0), int(p) + reach) for p in place)
        piece[near] = tissues[near] == tissue
    return piece


def leaking(organ: BoolArray, tissues: ByteArray, rng: np.random.Generator) -> BoolArray:
    """Return the organ and all of one neighbouring tissue within a random distance of a place where they touch."""
    inside = np.argwhere(organ[::3, ::3, ::3]) * 3
    if not len(inside):
        return organ
    place = inside[int(rng.integers(len(inside)))]
    reach = int(rng.integers(6, 16))
    near = tuple(slice(max(int(p) - reach, 0), int(p) + reach) for p in place)
    offsets = np.ogrid[near]
    ball = sum((offset - p) ** 2 for offset, p in zip(offsets, place, strict=True)) <= reach**2
    around = tissues[near][ball & ~organ[near]]
    around = around[~np.isin(around, UNLIKE_KIDNEY)]
    if not len(around):
        return organ
    wider = organ.copy()
    wider[near] |= ball & (tissues[near] == around[int(rng.integers(len(around)))])
    return wider
