"""Kidney volumes of a mask: total (TKV), left and right, and of each structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from renal_segmentation.cut_off import cut_off_notices
from renal_segmentation.errors import InputError, Notice
from renal_segmentation.kidneys import read_kidneys
from renal_segmentation.labels import Side
from renal_segmentation.relabelling import sides_of, structure_side_doubts
from renal_segmentation.structures import BY_VALUE, PARENCHYMA, STRUCTURES
from renal_segmentation.volume import as_volume, bounding_box


@dataclass(frozen=True)
class KidneyVolumes:
    """Volumes in ml; a side without a kidney has 0."""

    total_ml: float
    left_ml: float
    right_ml: float
    notices: tuple[Notice, ...]


def kidney_volumes(mask: Any, labels: Mapping[int, str] | None = None) -> KidneyVolumes:
    """Return the volumes of a mask as drawn.

    Parameters
    ----------
    mask : Volume, nibabel image, or object with ``array`` and ``affine``
        Binary (split into sides from RAS), or labelled with `labels`; shape (I, J, K).
    labels : mapping of int to str, optional
        Meaning of each label.

    Raises
    ------
    InputError, EmptyMaskError
        If the mask is not a mask, or holds no kidney.
    """
    kidneys = read_kidneys(mask, labels)
    volume = kidneys.volume_ml
    return KidneyVolumes(volume["total"], volume.get("left", 0.0), volume.get("right", 0.0), kidneys.notices)


@dataclass(frozen=True)
class StructureVolumes:
    """Volumes of a mask whose labels are those of `renal_segmentation.structures`.

    Attributes
    ----------
    total_ml, left_ml, right_ml : float
        Parenchyma: kidney, cortex and medulla, without sinus, cysts and tumours.
    structures_ml : dict of str to float
        By structure key, e.g. ``left-cortex``; only those that are there.
    tissues_ml : dict of str to float
        By tissue, both sides together; only those that are there.
    notices : tuple of Notice
        What is doubtful.
    """

    total_ml: float
    left_ml: float
    right_ml: float
    structures_ml: dict[str, float]
    tissues_ml: dict[str, float]
    notices: tuple[Notice, ...]


def structure_volumes(mask: Any, name: str = "The mask") -> StructureVolumes:
    """Return the volume of every structure of a mask; an empty mask has none, with a notice.

    Parameters
    ----------
    mask : Volume, nibabel image, or object with ``array`` and ``affine``
        Labels of `renal_segmentation.structures.STRUCTURES`, shape (I, J, K).
    name : str
        What to call the mask in messages.

    Raises
    ------
    InputError
        If a label is not in the table.
    """
    volume = as_volume(mask, name)
    painted = volume.array != 0
    near = volume.crop(bounding_box(painted)) if painted.any() else volume
    values, counts = np.unique(near.array, return_counts=True)
    foreign = [f"{value:g}" for value in values if value and value not in BY_VALUE]
    if foreign:
        raise InputError(
            f"{name} holds the label {', '.join(foreign[:8])}, which is not in the table of structures: "
            "say what its labels are with --labels."
        )
    ml = {int(value): float(count * volume.grid.voxel_ml) for value, count in zip(values, counts, strict=True)}
    found = [(structure, ml[structure.value]) for structure in STRUCTURES if structure.value in ml]
    sides = {side: float(sum(v for s, v in found if s.tissue in PARENCHYMA and s.side is side)) for side in Side}
    tissues: dict[str, float] = {}
    for structure, value in found:
        tissues[structure.tissue] = tissues.get(structure.tissue, 0.0) + value
    total = sum(sides.values())
    notices: tuple[Notice, ...] = (Notice("no-kidney", f"{name} holds no kidney."),)
    if total:
        notices = (*structure_side_doubts(near), *cut_off_notices(sides_of(near, PARENCHYMA), volume.grid))
    return StructureVolumes(total, sides[Side.LEFT], sides[Side.RIGHT], {s.key: v for s, v in found}, tissues, notices)
