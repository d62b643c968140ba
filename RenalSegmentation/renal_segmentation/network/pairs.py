"""Training cases from a folder of scans and their masks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from renal_segmentation.errors import InputError
from renal_segmentation.files import read_image
from renal_segmentation.kidneys import read_kidneys
from renal_segmentation.labels import Side
from renal_segmentation.network.augmentation import FloatArray, changed, histogram
from renal_segmentation.network.cases import (
    REFINER_BOX,
    ByteArray,
    Case,
    case_of,
    covered,
    network_image,
    placed,
    torch_noise,
)
from renal_segmentation.network.guesses import first_look, is_first_look, rough_guess
from renal_segmentation.network.localising import LOCALISER_FILLS, LOCALISER_MM, localiser_input
from renal_segmentation.network.preparation import prepare, voxels_in
from renal_segmentation.network.refining import AROUND_MM, REFINER_FILLS, REFINER_MM, refiner_input
from renal_segmentation.progress import Progress, silent
from renal_segmentation.resampling import nearest
from renal_segmentation.sampling import box_grid, enclosing_grid
from renal_segmentation.volume import Volume, paste

SUFFIXES = (".nii.gz", ".nii")
ORGAN = {Side.LEFT: (1, 5, 11, 13), Side.RIGHT: (2, 6, 12, 14)}
"""Labels of `structures` that the localiser looks for: parenchyma and sinus."""
CLASSES = {
    Side.LEFT: {1: 1, 11: 1, 13: 1, 5: 2, 3: 3, 7: 3},
    Side.RIGHT: {2: 1, 12: 1, 14: 1, 6: 2, 4: 3, 7: 3},
}
"""Refiner class of each label, by side."""


@dataclass(frozen=True)
class Pair:
    """A scan and its mask along the body's axes.

    Attributes
    ----------
    patient : str
        Scans of one patient never lie on both sides of the split.
    image : Volume
        float32.
    labels : ndarray of uint8, same shape
        Values of `structures.STRUCTURES`.
    histogram : ndarray
        See `augmentation.histogram`.
    """

    patient: str
    image: Volume
    labels: ByteArray
    histogram: FloatArray


def read_pairs(images: Path, labels: Path, progress: Progress = silent) -> list[Pair]:
    """Return every scan of a folder that has a mask of the same name in the other folder.

    Masks hold the labels of `structures`, or are binary and then split into sides.

    Raises
    ------
    InputError
        If there are none, a mask does not lie on its scan's grid, or is no mask.
    """
    found = sorted(path for path in images.glob("*") if path.name.endswith(SUFFIXES) and (labels / path.name).is_file())
    if not found:
        raise InputError(f"No image in {images} has a mask of the same name in {labels}: name them alike (.nii.gz).")
    pairs = []
    for number, path in enumerate(found):
        progress(f"Reading {path.name}", number / len(found))
        pairs.append(_read_pair(path, labels / path.name))
    return pairs


def _read_pair(path: Path, mask_path: Path) -> Pair:
    image, _ = read_image(path)
    mask, _ = read_image(mask_path)
    if not image.grid.same_as(mask.grid, tolerance_mm=0.1):
        raise InputError(f"{mask_path} does not lie on the grid of {path}: resample the mask to its image.")
    values = np.unique(mask.array)
    if len(values) <= 2:
        kidneys = read_kidneys(mask)
        array = paste(kidneys.side, mask.grid)
    elif np.isin(values, [0, *CLASSES[Side.LEFT], *CLASSES[Side.RIGHT]]).all():
        array = mask.array
    else:
        raise InputError(f"{mask_path} has labels that predict does not write: relabel it (1 left, 2 right kidney).")
    prepared = prepare(image)
    turned = prepare(Volume(array.astype(np.float32), image.affine)).image.array
    return Pair(patient_of(path.name), prepared.image, turned.astype(np.uint8), histogram(prepared.image.array))


def patient_of(name: str) -> str:
    """Return the patient in a file name: everything up to the first piece with a digit.

    ``sub-01_ses-2_T1w.nii.gz`` is of ``sub-01``, ``case_0007_ct.nii.gz`` of ``case_0007``.
    """
    stem = name.removesuffix(".gz").removesuffix(".nii")
    pieces = re.split(r"(?=[_.])", stem)
    for number, piece in enumerate(pieces):
        if any(character.isdigit() for character in piece):
            return "".join(pieces[: number + 1])
    return stem


def split_by_patient(pairs: Sequence[Pair], share: float, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Return training and validation pairs; with a single patient both are the same.

    Parameters
    ----------
    pairs : sequence of Pair
    share : float
        Of the patients that validate, at least one.
    seed : int
    """
    patients = sorted({pair.patient for pair in pairs})
    if len(patients) == 1:
        return list(pairs), list(pairs)
    order = np.random.default_rng([21, seed]).permutation(len(patients))
    held = {patients[i] for i in order[: max(1, round(share * len(patients)))]}
    return [pair for pair in pairs if pair.patient not in held], [pair for pair in pairs if pair.patient in held]


def localiser_pair_case(pairs: Sequence[Pair], rng: np.random.Generator) -> Case:
    """Return a random scan on the coarse grid, at times mirrored with its sides swapped."""
    noise = torch_noise(rng)
    pair, image, labels, mirrored = _drawn(pairs, rng, noise)
    grid = placed(pair.image.grid, rng, 5.0)
    target = enclosing_grid(grid, LOCALISER_MM)
    seen = network_image(image, grid, target)
    organs = np.zeros(labels.shape, np.uint8)
    for side, values in ORGAN.items():
        organs[np.isin(labels, values)] = side if not mirrored else 3 - side
    truth = nearest(Volume(organs, grid.affine), target)
    guess = None if is_first_look(rng) else first_look(truth, rng, noise)
    channels = localiser_input(seen, target, guess)
    return case_of(channels, LOCALISER_FILLS, truth, "scans")


def refiner_pair_case(pairs: Sequence[Pair], rng: np.random.Generator) -> Case:
    """Return the box of a random kidney, right ones mirrored."""
    noise = torch_noise(rng)
    pair, image, labels, mirrored = _drawn(pairs, rng, noise)
    sides = [side for side in Side if np.isin(labels, ORGAN[side]).any()] or list(Side)
    side = sides[int(rng.integers(len(sides)))]
    if mirrored != (side is Side.RIGHT):
        image, labels = image.flip(0), labels[::-1]
    table = np.zeros(256, np.uint8)
    for value, wanted in CLASSES[side].items():
        table[value] = wanted
    classes = np.ascontiguousarray(table[labels])
    grid = placed(pair.image.grid, rng, 8.0)
    found = np.argwhere(classes > 0)
    middle = (found.min(0) + found.max(0)) / 2 if len(found) else np.array(classes.shape) / 2
    box = np.array(REFINER_BOX) * REFINER_MM
    centre = grid.to_ras([middle])[0] + rng.normal(0, 5, 3)
    low, high = centre - box / 2, centre + box / 2
    target = box_grid(low, high, REFINER_MM)
    near = Volume(image.numpy(), grid.affine)
    near = near.crop(voxels_in(grid, low - AROUND_MM, high + AROUND_MM) or tuple(slice(0, n) for n in grid.shape))
    seen = network_image(torch.from_numpy(np.ascontiguousarray(near.array)), near.grid, target)
    truth = nearest(Volume(classes, grid.affine), target)
    truth[~covered(grid, target)] = 0
    guess = rough_guess((truth == 1) | (truth == 2), rng, noise)
    return case_of(refiner_input(seen, guess), REFINER_FILLS, truth, "scans")


def _drawn(
    pairs: Sequence[Pair], rng: np.random.Generator, noise: torch.Generator
) -> tuple[Pair, torch.Tensor, ByteArray, bool]:
    """Return a random pair, its image changed, its labels, and whether both were mirrored."""
    pair = pairs[int(rng.integers(len(pairs)))]
    others = [other.histogram for other in pairs if other is not pair]
    image = changed(torch.from_numpy(pair.image.array), rng, noise, pair.histogram, others)
    mirrored = bool(rng.random() < 0.3)
    labels = pair.labels
    if mirrored:
        image, labels = image.flip(0), labels[::-1]
    return pair, image, labels, mirrored
