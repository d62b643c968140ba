"""Outlining one kidney in its box at full resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from renal_segmentation.labels import Side
from renal_segmentation.network.evidence import evidence
from renal_segmentation.network.fat import without_fat
from renal_segmentation.network.localising import DARKEST, Found
from renal_segmentation.network.preparation import voxels_in
from renal_segmentation.network.running import Runner
from renal_segmentation.network.tones import stretched, tone_between
from renal_segmentation.sampling import box_grid, brightness, index_map, resample, sample
from renal_segmentation.volume import FloatArray, Grid, Volume

REFINER_MM = 1.5
BOX_MM = np.array([120.0, 120.0, 144.0])
"""Smallest box, the one that the network was trained on."""
MARGIN_MM = 18.0
AROUND_MM = 12.0
"""How far beyond the box the brightness is measured, as in training."""
GROWN_MM = 24.0
EDGE_VOXELS = 2
REFINER_FILLS = (DARKEST, 0.0, 0.0)
"""Values of the refiner's channels beyond the image."""
EVEN_TONE = 0.5
"""Exponent by which brightness is stretched where fat is told: shading, which multiplies it, widens bright fat less."""
OVERRATED = 3.5
"""How many times farther from 1 the true Dice is than the one that the probabilities predict."""


@dataclass(frozen=True)
class Refined:
    """One kidney in its box.

    Attributes
    ----------
    side : Side
    probabilities : ndarray of float32, shape (4, I, J, K)
        `architecture.REFINER_CLASSES`.
    grid : Grid
        Of the box, in the frame of the prepared scan.
    guess : ndarray of float32, shape (I, J, K)
        Probability of the localiser on the same grid, without what is fat by its brightness.
    located, recognised : float
        See `localising.Found`.
    """

    side: Side
    probabilities: npt.NDArray[np.float32]
    grid: Grid
    guess: npt.NDArray[np.float32]
    located: float = 1.0
    recognised: float = 1.0

    @property
    def expected_dice(self) -> float:
        """The Dice that the probabilities themselves predict for the outline of the organ, 0 to 1."""
        organ = 1 - self.probabilities[0]
        inside = organ > 0.5
        return float(2 * organ[inside].sum() / (organ.sum() + inside.sum())) if inside.any() else 0.0

    @property
    def confidence(self) -> float:
        """The Dice with the truth that is to be expected of the outline, from its probabilities, 0 to 1."""
        return max(0.0, 1 - OVERRATED * (1 - self.expected_dice))

    @property
    def sureness(self) -> float:
        """Sum of localiser probability and expected Dice: how sure both networks are of themselves."""
        return self.located + self.expected_dice


def refiner_input(seen: torch.Tensor, guess: torch.Tensor) -> torch.Tensor:
    """Return the refiner's channels: the image, where the kidney may be, and what the brightness says of it."""
    return torch.stack([seen, guess, evidence(seen, guess, (REFINER_MM,) * 3)])


def refine(network: nn.Module, image: Volume, found: Found, runner: Runner) -> Refined:
    """Return the outline of a kidney that the localiser found.

    A kidney that reaches the border of its box is outlined again in a larger one.

    Parameters
    ----------
    network : Module
        Trained refiner.
    image : Volume
        From `preparation.prepare`.
    found : Found
    runner : Runner
    """
    low, high = box_around(found)
    refined = _in_box(network, image, found, low, high, runner)
    organ = refined.probabilities[0] < 0.5
    inner = np.zeros_like(organ)
    inner[(slice(EDGE_VOXELS, -EDGE_VOXELS),) * 3] = True
    if (organ & ~inner).any():
        refined = _in_box(network, image, found, low - GROWN_MM, high + GROWN_MM, runner)
    return refined


def box_around(found: Found) -> tuple[FloatArray, FloatArray]:
    """Return the corners, in mm of the prepared scan, of the box in which a kidney is outlined at first."""
    low, high = found.low - MARGIN_MM, found.high + MARGIN_MM
    short = np.maximum(BOX_MM - (high - low), 0) / 2
    return low - short, high + short


def boxed(image: Volume, found: Found, low: FloatArray, high: FloatArray) -> tuple[torch.Tensor, Grid]:
    """Return the refiner's channels in the box between two corners, a right kidney not mirrored yet, and its grid.

    Raises
    ------
    ValueError
        If the box lies outside the image.
    """
    grid = box_grid(low, high, REFINER_MM)
    place = voxels_in(image.grid, low - AROUND_MM, high + AROUND_MM)
    if place is None:
        raise ValueError("the box lies outside the image")
    near = image.crop(place)
    array = torch.from_numpy(np.ascontiguousarray(near.array))
    dark, bright = brightness(array)
    scaled = ((array - dark) / (bright - dark + 1e-6)).clamp(0, 1.6) + DARKEST
    seen = resample(scaled, near.grid, grid, DARKEST)
    answers = torch.from_numpy(np.stack([found.probability, found.fat]))
    guess, fat = sample(answers, index_map(grid, found.grid), grid.shape)
    likely = without_fat(stretched(seen, EVEN_TONE), guess, fat, REFINER_MM)
    return refiner_input(stretched(seen, tone_between(seen, likely, fat * (1 - guess))), likely), grid


def _in_box(
    network: nn.Module, image: Volume, found: Found, low: FloatArray, high: FloatArray, runner: Runner
) -> Refined:
    channels, grid = boxed(image, found, low, high)
    guess = channels[1].numpy()
    mirrored = found.side is Side.RIGHT
    if mirrored:
        channels = channels.flip(1)
    probabilities = runner.probabilities(network, channels, REFINER_FILLS)
    if mirrored:
        probabilities = probabilities.flip(1)
    return Refined(found.side, probabilities.numpy(), grid, guess, found.located, found.recognised)
