"""Training cases of the localiser as they come in use: its second look told of what its own first look saw."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from renal_segmentation.network.cases import ByteArray, Case, torch_noise
from renal_segmentation.network.generated import CoarseScan, coarse_scan, made_up_look, told_case
from renal_segmentation.network.guesses import is_first_look
from renal_segmentation.network.localising import LOCALISER_FILLS, localiser_input
from renal_segmentation.network.running import Runner

MADE_UP_SHARE = 0.15
"""How often it is told of a first look that was made up, against its own."""
ONE_SIDE_SHARE = 0.2
"""How often it is told of one kidney of its own first look only, as where a side stays empty."""
EASY = 0.9
EASY_SHARE = 0.4
"""How often a scan is learnt from in which a first look outlines every kidney better than `EASY`, against any other."""
MOST_DRAWS = 5
KIDNEYS = (1, 2)
"""Classes of the left and the right kidney."""


def looking_again(localiser: nn.Module, runner: Runner) -> Callable[[ByteArray, np.random.Generator], Case]:
    """Return a maker of the localiser's cases that are told of what a trained localiser saw at its first look.

    A first look that misses a kidney or takes bowel for one is wrong in another way than any made up (`guesses`), and
    scans that are hard for a first look come more often.

    Parameters
    ----------
    localiser : Module
        Trained, or in training: what it cannot see yet is made up.
    runner : Runner
        Runs the localiser.
    """

    def make(tissues: ByteArray, rng: np.random.Generator) -> Case:
        noise = torch_noise(rng)
        for _ in range(MOST_DRAWS):
            shown = coarse_scan(tissues, rng, noise)
            first = runner.probabilities(localiser, localiser_input(shown.seen, shown.grid), LOCALISER_FILLS)
            if worst_overlap(first, shown.truth) <= EASY or rng.random() < EASY_SHARE:
                break
        return told_case(shown, _told(shown, first, rng, noise), rng)

    return make


def _told(
    shown: CoarseScan, first: torch.Tensor, rng: np.random.Generator, noise: torch.Generator
) -> torch.Tensor | None:
    """Draw what the localiser is told: nothing, its own first look, one side of it, or, without any, one made up."""
    if is_first_look(rng):
        return None
    if rng.random() < MADE_UP_SHARE:
        return made_up_look(shown, rng, noise)
    own = first[int(rng.choice(KIDNEYS))] if rng.random() < ONE_SIDE_SHARE else first[1] + first[2]
    return own if (own > 0.5).any() else made_up_look(shown, rng, noise)


def worst_overlap(probabilities: torch.Tensor, truth: npt.NDArray[np.uint8]) -> float:
    """Return the Dice of the kidney outlined worst, 0 if one is outlined that is not there, 1 without any.

    Parameters
    ----------
    probabilities : Tensor, shape (3, I, J, K)
        Of the localiser's classes.
    truth : ndarray of uint8, shape (I, J, K)
    """
    answer = probabilities.argmax(0).numpy()
    overlaps = []
    for side in KIDNEYS:
        own, true = answer == side, truth == side
        if own.any() or true.any():
            overlaps.append(2 * (own & true).sum() / (own.sum() + true.sum()))
    return float(min(overlaps, default=1.0))
