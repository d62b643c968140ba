"""Scans and their masks from two folders: which belong together, and what the labels mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from renal_segmentation.case_files import case_files, image_files, without_partner
from renal_segmentation.errors import EmptyMaskError, InputError, Notice
from renal_segmentation.files import read_image, sha256
from renal_segmentation.kidneys import read_kidneys
from renal_segmentation.network.augmentation import FloatArray, histogram
from renal_segmentation.network.cases import ByteArray
from renal_segmentation.network.patients import patients_of
from renal_segmentation.network.preparation import prepare
from renal_segmentation.progress import Progress, silent
from renal_segmentation.relabelling import structure_side_doubts
from renal_segmentation.structures import BY_VALUE, PARENCHYMA
from renal_segmentation.volume import Volume, paste

BINARY = ({1}, {255})
"""Labels of a mask that tells no sides."""
KIDNEY_VALUES = [value for value, structure in BY_VALUE.items() if structure.tissue in PARENCHYMA]
CLEARLY_MM = 20.0
"""Left this far to the right of right is wrong; less may be a transplant beside a native kidney."""
REMEDY = "relabel it (1 left, 2 right kidney) or give a binary mask (0 and 1)"
CHANNEL = "_0000"
"""What names of images end with for nnU-Net: the first channel."""
OF_DEPTH = ("touches-border", "thin-kidney")
"""Notices that are of no concern to training."""


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
    name : str
        Of the scan's file.
    sha256 : tuple of str
        Of the files of scan and mask.
    """

    patient: str
    image: Volume
    labels: ByteArray
    histogram: FloatArray
    name: str
    sha256: tuple[str, str]


def read_pairs(images: Path, labels: Path, progress: Progress = silent) -> tuple[list[Pair], tuple[Notice, ...]]:
    """Return every scan of a folder that has a mask in the other folder, and what was assumed.

    Names are alike but for what names of masks end with (``_mask``, ``_labels``) and the kind of file. Masks hold the
    labels of `structures`, or are binary (0 and 1, or 0 and 255) and then split into sides.

    Raises
    ------
    InputError
        If there are none, a scan is blank, a mask does not lie on its grid, is no mask, or its labels cannot be sides.
    """
    files, alone = _files_together(images, labels)
    patients, unknown = patients_of([image.name for image, _ in files])
    notices = [*alone, *unknown]
    pairs = []
    for number, ((image, mask), patient) in enumerate(zip(files, patients, strict=True)):
        progress(f"Reading {image.name}", number / len(files))
        pair, doubts = _read_pair(image, mask, patient)
        pairs.append(pair)
        notices += doubts
    return pairs, tuple(notices)


def _files_together(images: Path, labels: Path) -> tuple[list[tuple[Path, Path]], list[Notice]]:
    """Return scans with their masks, and notices on the other files of both folders, which may be one."""
    scans, masks = case_files(images, masks=False), case_files(labels)
    named_alike = ((scan, masks.get(case), masks.get(case.removesuffix(CHANNEL))) for case, scan in scans.items())
    found = ((scan, next((mask for mask in alike if mask not in (None, scan)), None)) for scan, *alike in named_alike)
    files = sorted((scan, mask) for scan, mask in found if mask is not None)
    if not files:
        raise InputError(f"No image in {images} has a mask of the same name in {labels}: name them alike (.nii.gz).")
    used = {path for pair in files for path in pair}
    rest = {folder: [path.name for path in image_files(folder) if path not in used] for folder in (images, labels)}
    return files, [without_partner(folder, names) for folder, names in rest.items() if names]


def _read_pair(path: Path, mask_path: Path, patient: str) -> tuple[Pair, list[Notice]]:
    image, of_image = read_image(path)
    mask, of_mask = read_image(mask_path)
    if not image.grid.same_as(mask.grid, tolerance_mm=0.1):
        raise InputError(f"{mask_path} does not lie on the grid of {path}: resample the mask to its image.")
    array, doubts = _structures_of(mask, mask_path)
    prepared = prepare(image)
    if prepared.blank:
        raise InputError(f"{path} is blank, every voxel the same or none a number: leave it out, or export it again.")
    turned = prepare(Volume(array.astype(np.float32), image.affine)).image.array
    sums = (sha256(path), sha256(mask_path))
    pair = Pair(patient, prepared.image, turned.astype(np.uint8), histogram(prepared.image.array), path.name, sums)
    of_voxels = (Notice(found.code, f"{path.name}: {found.message}") for found in prepared.notices)
    of_labels = (Notice(doubt.code, f"{mask_path.name}: {doubt.message}") for doubt in doubts)
    return pair, [*of_image, *of_voxels, *of_mask, *of_labels]


def _structures_of(mask: Volume, path: Path) -> tuple[ByteArray, list[Notice]]:
    """Return a mask with the labels of the table of structures."""
    values = set(np.unique(mask.array[mask.array != 0]).tolist())
    if not values or values in BINARY:
        kidneys = read_kidneys(mask, name=str(path))
        return paste(kidneys.side, mask.grid), [doubt for doubt in kidneys.notices if doubt.code not in OF_DEPTH]
    foreign = [f"{value:g}" for value in sorted(values - set(BY_VALUE))]
    if foreign:
        raise InputError(f"{path} holds {', '.join(foreign[:5])}, which predict does not write: {REMEDY}.")
    if not values & set(KIDNEY_VALUES):
        raise EmptyMaskError(f"{path} has no voxel labelled as kidney: leave the scan out, or correct the mask.")
    for doubt in structure_side_doubts(mask, CLEARLY_MM):
        raise InputError(f"{path}: {doubt.message.rstrip('.')}, and {REMEDY}.")
    return mask.array.astype(np.uint8), list(structure_side_doubts(mask))


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
