"""Training cases of the refiner as they come in use: boxes of a whole scan, where a trained localiser sees kidneys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import nn

from renal_segmentation.labels import Side
from renal_segmentation.network.cases import ByteArray, Case, case_of, placed, torch_noise
from renal_segmentation.network.generated import (
    REFINED,
    SHARES,
    at_times_without_kidneys,
    map_grid,
    refiner_answers,
    refiner_case,
)
from renal_segmentation.network.localising import Found, find_kidneys
from renal_segmentation.network.own_frame import own_frame
from renal_segmentation.network.preparation import prepare, voxels_in
from renal_segmentation.network.refining import REFINER_FILLS, box_around, boxed
from renal_segmentation.network.running import Runner
from renal_segmentation.resampling import nearest
from renal_segmentation.sampling import extent
from renal_segmentation.synthesis.acquisition import draw_acquisition, draw_field, draw_plane
from renal_segmentation.synthesis.appearance import draw_appearance
from renal_segmentation.synthesis.imaging import kidney_centre, scan, tissue_signal
from renal_segmentation.volume import FloatArray, Grid, Volume

REHEARSED_SHARE = 0.7
"""Of the refiner's cases; the others have guesses that were made up (`guesses`)."""
EASY = 0.88
EASY_SHARE = 0.4
"""How often a case is learnt from whose kidney the localiser outlined better than `EASY`, against any other."""
NOBODY_SHARE = 0.04
"""Of people without kidneys, in whom all that is found must be given up; with 0.25 true kidneys were, too."""
TURNED_DEGREES = 6.0
PIXEL_MM = (1.2, 2.4)
AROUND_MM = 15.0
"""How far around a field of view or a box the body is kept: thick slices reach out of it."""
LARGEST_VOXELS = 1_100_000
"""A larger box, in which much else was taken along, takes too long to learn from."""
ELSEWHERE = 0.05
"""Overlap (Dice) with every kidney below which what was found is something else: the answer is nothing."""


@dataclass(frozen=True)
class Rehearsed:
    """One thing that the localiser found in a generated scan.

    Attributes
    ----------
    case : Case
        For the refiner.
    overlap : float
        Dice of the localiser's outline with the kidney, 0 where it found something else.
    """

    case: Case
    overlap: float


def rehearsing(localiser: nn.Module, runner: Runner) -> Callable[[ByteArray, np.random.Generator], Case]:
    """Return a maker of the refiner's cases of which `REHEARSED_SHARE` come from a trained localiser's answers."""

    def make(tissues: ByteArray, rng: np.random.Generator) -> Case:
        if rng.random() < REHEARSED_SHARE:
            rehearsed = rehearsed_cases(tissues, localiser, rng, runner)
            if rehearsed:
                weights = np.array([EASY_SHARE if each.overlap > EASY else 1.0 for each in rehearsed])
                return rehearsed[int(rng.choice(len(rehearsed), p=weights / weights.sum()))].case
        return refiner_case(tissues, rng)

    return make


def rehearsed_cases(
    tissues: ByteArray, localiser: nn.Module, rng: np.random.Generator, runner: Runner
) -> list[Rehearsed]:
    """Return a refiner's case for each thing that the localiser takes for a kidney in a scan of this person.

    What a localiser gets wrong in earnest (a neighbour taken along, half a kidney, another organ) is what the refiner
    has to put right, and made-up guesses (`guesses`) never look quite like it.

    Parameters
    ----------
    tissues : ndarray of uint8
        Label map (`Tissue`) at 2 mm along RAS.
    localiser : Module
        Trained.
    rng : Generator
    runner : Runner
        Runs the localiser.
    """
    noise = torch_noise(rng)
    appearance = draw_appearance(rng, shares=SHARES)
    tissues = at_times_without_kidneys(tissues, rng, NOBODY_SHARE)
    body = Volume(tissues, placed(map_grid(tissues.shape), rng, TURNED_DEGREES).affine)
    size = np.array(body.grid.shape) * body.grid.spacing
    plane = draw_plane(rng)
    centre, size = draw_field(rng, plane, np.zeros(3), size, kidney_centre(body))
    acquisition = draw_acquisition(rng, centre, size, PIXEL_MM, plane)
    body = _near(body, acquisition.grid)
    signal = tissue_signal(body.array, appearance, rng, noise)
    image = scan(signal, body.grid, acquisition, appearance, rng, noise)
    prepared = prepare(Volume(image.numpy(), acquisition.grid.affine)).image
    frame = own_frame(acquisition.grid)
    cases = []
    for found in find_kidneys(localiser, prepared, runner):
        low, high = box_around(found)
        channels, grid = boxed(prepared, found, low, high)
        if np.prod(grid.shape) > LARGEST_VOXELS:
            continue
        overlap, side = _overlap(found, frame, body)
        mirrored = found.side is Side.RIGHT
        target = grid.moved(frame)
        near = _near(body, target)
        classes = REFINED[side][near.array] if side is not None else np.zeros_like(near.array)
        truth, context = refiner_answers(near, classes, target, acquisition.grid, mirrored)
        if mirrored:
            channels, truth, context = channels.flip(1), truth[::-1], context[::-1]
        cases.append(Rehearsed(case_of(channels, REFINER_FILLS, truth, appearance.regime, context), overlap))
    return cases


def _near(body: Volume, grid: Grid) -> Volume:
    """Return the part of a label map within and around a grid."""
    low, high = extent(grid)
    place = voxels_in(body.grid, low - AROUND_MM, high + AROUND_MM)
    return body.crop(place) if place is not None else body


def _overlap(found: Found, frame: FloatArray, body: Volume) -> tuple[float, str | None]:
    """Return the Dice with the kidney that was found, and its side; None where it was something else."""
    seen = found.probability > 0.5
    grid = found.grid.moved(frame)
    best: tuple[float, str | None] = (0.0, None)
    for side, classes in REFINED.items():
        kidney = nearest(body.like(np.isin(classes[body.array], (1, 2))), grid)
        dice = 2 * (kidney & seen).sum() / max(kidney.sum() + seen.sum(), 1)
        if dice > max(best[0], ELSEWHERE):
            best = float(dice), side
    return best
