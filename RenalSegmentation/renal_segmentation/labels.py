"""What the numbers in a mask mean."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from renal_segmentation.errors import EmptyMaskError, InputError, Notice
from renal_segmentation.volume import Grid, Volume, bounding_box

MEANINGS = ("left", "right", "kidney", "cyst", "pelvis", "ignore")
"""What a label of a mask can stand for; ``kidney`` is split into sides, ``cyst`` is filled but not measured."""
PREDICTED = {1: "left", 2: "right", 3: "cyst", 4: "cyst", 5: "pelvis", 6: "pelvis"}
"""Of the masks that ``predict`` writes, whose whole table is `renal_segmentation.structures`."""
LEAST_WALL_MM2 = 100.0
"""Of some 15 000 mm2 of a kidney's surface; less of a neighbour touches it by a few voxels of its outline."""


class Side(IntEnum):
    """The value of each kidney in a side map."""

    LEFT = 1
    RIGHT = 2


SIDE_NAMES = {Side.LEFT: "left", Side.RIGHT: "right"}


@dataclass(frozen=True)
class MaskParts:
    """The regions that a mask file names, on one grid cropped to them.

    Attributes
    ----------
    affine : ndarray, shape (4, 4)
        Maps indices of the cropped arrays to RAS mm.
    left, right, kidney, cyst, pelvis : ndarray of bool, shape (I, J, K)
        ``kidney`` holds kidney voxels whose side is still to be found.
    notices : tuple of Notice
        What was assumed.
    """

    affine: npt.NDArray[np.float64]
    left: npt.NDArray[np.bool_]
    right: npt.NDArray[np.bool_]
    kidney: npt.NDArray[np.bool_]
    cyst: npt.NDArray[np.bool_]
    pelvis: npt.NDArray[np.bool_]
    notices: tuple[Notice, ...]


def read_parts(
    mask: Volume, labels: Mapping[int, str] | None = None, margin_mm: float = 0.0, name: str = "The mask"
) -> MaskParts:
    """Return the regions of a binary or labelled mask.

    Parameters
    ----------
    mask : Volume
        Integer labels, or probabilities between 0 and 1 (cut at 0.5, with a notice).
    labels : mapping of int to str, optional
        Meaning of each label, one of `MEANINGS`. Without it the mask must be binary.
    margin_mm : float
        How much of the surroundings to keep around the kidneys, beside one voxel.
    name : str
        What to call the mask in messages.

    Raises
    ------
    InputError
        If values are not labels, or several labels come without meanings.
    EmptyMaskError
        If no kidney voxel is left.
    """
    painted = mask.array != 0
    if not painted.any():
        raise EmptyMaskError(f"{name} is empty: give a mask in which the kidneys are not zero.")
    margin = 1 + margin_voxels(mask.grid, margin_mm)
    near = mask.crop(bounding_box(painted, margin))
    array, notices = as_labels(near.array, name)
    found = [int(value) for value in np.unique(array) if value]
    if labels is None:
        if len(found) > 1:
            raise InputError(
                f"{name} holds the labels {_listed(found)}: say what they are, "
                f"for instance --labels 1=left 2=right, or 1=kidney 2=ignore{_hint(found)}."
            )
        labels = dict.fromkeys(found, "kidney")
    notices += _compare(labels, found, name)
    outlined = np.isin(array, [value for value, meaning in labels.items() if meaning not in ("pelvis", "ignore")])
    nothing = EmptyMaskError(f"{name} has no voxel labelled as kidney (it holds {_listed(found)}): correct --labels.")
    if not outlined.any():
        raise nothing
    cropped = near.like(array).crop(bounding_box(outlined, margin))

    def region(meaning: str) -> npt.NDArray[np.bool_]:
        return np.isin(cropped.array, [value for value, m in labels.items() if m == meaning])

    left, right, kidney, cyst, pelvis = (region(meaning) for meaning in MEANINGS[:5])
    parts = MaskParts(cropped.affine, left, right, kidney, cyst, pelvis, tuple(notices))
    if not (left.any() or right.any() or kidney.any()):
        raise nothing
    return replace(parts, notices=(*parts.notices, *_wall_notices(cropped, left | right | kidney | cyst, pelvis)))


def _wall_notices(labels: Volume, outlined: npt.NDArray[np.bool_], pelvis: npt.NDArray[np.bool_]) -> tuple[Notice, ...]:
    """Return a notice for each ignored label that covers a real part of the kidneys' surface."""
    ignored = np.where(outlined | pelvis, 0, labels.array)
    if not ignored.any():
        return ()
    face_mm2 = labels.grid.voxel_ml * 1000 / labels.grid.spacing
    touching: dict[int, float] = defaultdict(float)
    for axis in range(3):
        along, inside = np.moveaxis(ignored, axis, 0), np.moveaxis(outlined, axis, 0)
        for beside in (along[1:][inside[:-1]], along[:-1][inside[1:]]):
            for value, count in zip(*np.unique(beside[beside > 0], return_counts=True), strict=True):
                touching[int(value)] += int(count) * float(face_mm2[axis])
    return tuple(
        Notice(
            "ignored-beside",
            f"Label {value} is ignored and touches the kidney over about {area / 100:.0f} cm2, which count as capsule: "
            f"right for another organ; a lesion of the kidney itself is better called cyst ({value}=cyst).",
        )
        for value, area in sorted(touching.items())
        if area >= LEAST_WALL_MM2
    )


def _hint(found: Collection[int]) -> str:
    """Return the labels to give for a mask that may come from ``predict``."""
    if not set(found) <= set(PREDICTED):
        return ""
    return f"; for a mask from predict, --labels {' '.join(f'{value}={PREDICTED[value]}' for value in found)}"


def margin_voxels(grid: Grid, margin_mm: float) -> int:
    """Return how many voxels span a margin in every direction."""
    return math.ceil(margin_mm / float(grid.spacing.min()))


def parse_labels(items: Sequence[str], known: Collection[str] = MEANINGS, example: str = "1=left") -> dict[int, str]:
    """Return ``{1: "left"}`` from ``["1=left"]``.

    Parameters
    ----------
    items : sequence of str
        As NUMBER=NAME.
    known : collection of str
        Names to choose from; any name if empty.
    example : str
        For the sentence that tells what is wrong.

    Raises
    ------
    InputError
        If an item is not NUMBER=NAME with a known name, or two have the same number.
    """
    labels: dict[int, str] = {}
    for item in items:
        number, _, name = (part.strip() for part in item.partition("="))
        right = name in known if known else name != ""
        if not number.isdecimal() or int(number) == 0 or not right:
            choice = f" with one of {', '.join(known)}" if known else ""
            raise InputError(f"'{item}' is not a label: write NUMBER=NAME{choice}, for instance {example}.")
        if int(number) in labels:
            raise InputError(f"The label {int(number)} is named twice, in the end by '{item}': name each label once.")
        labels[int(number)] = name
    return labels


def as_labels(array: npt.NDArray[Any], name: str) -> tuple[npt.NDArray[np.integer], list[Notice]]:
    """Return values of any shape as integer labels, cutting probabilities at 0.5, and what was assumed.

    Raises
    ------
    InputError
        If they are not labels.
    """
    if array.dtype.kind in "bui":
        labels = array.view(np.uint8) if array.dtype == bool else array
        if labels.dtype.kind == "i" and labels.min() < 0:
            raise InputError(f"{name} holds the negative label {labels.min()}: use labels from 1 upwards.")
        return labels, []
    notices = []
    finite = np.isfinite(array)
    if not finite.all():
        array = np.where(finite, array, 0)
        notices.append(
            Notice(
                "mask-not-finite",
                f"{name} has {(~finite).sum()} voxels that are not numbers; they count as background.",
            )
        )
    low, high = float(array.min()), float(array.max())
    if (array == np.rint(array)).all() and low >= 0 and high <= np.iinfo(np.int32).max:
        return array.astype(np.int32), notices
    if low >= 0 and high <= 1:
        notices.append(Notice("probabilities", f"{name} holds probabilities; it was cut at 0.5."))
        return (array >= 0.5).view(np.uint8), notices
    raise InputError(
        f"{name} holds values from {low:g} to {high:g} that are not whole labels: "
        "give labels, resampled with nearest neighbour if they were resampled."
    )


def _compare(labels: Mapping[int, str], found: list[int], name: str) -> list[Notice]:
    """Return notices on labels that are missing or not explained."""
    notices = []
    missing = sorted(set(labels) - set(found))
    unknown = sorted(set(found) - set(labels))
    if missing:
        notices.append(Notice("label-missing", f"{name} has no voxel with label {_listed(missing)}."))
    if unknown:
        notices.append(
            Notice(
                "label-unknown",
                f"{name} has label {_listed(unknown)}, which --labels does not name; ignored.",
            )
        )
    return notices


def _listed(values: list[int], most: int = 8) -> str:
    """Return the first values as text."""
    return ", ".join(map(str, values[:most])) + (" ..." if len(values) > most else "")
