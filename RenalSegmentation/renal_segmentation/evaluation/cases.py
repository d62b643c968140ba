"""One case: two masks on one grid, structure by structure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from renal_segmentation.errors import InputError, NoOverlapError, Notice
from renal_segmentation.evaluation.metrics import Agreement, agreement
from renal_segmentation.labels import SIDE_NAMES, Side
from renal_segmentation.relabelling import Target, structure_side_doubts, to_structures
from renal_segmentation.resampling import nearest, share_inside
from renal_segmentation.sides import far_apart
from renal_segmentation.structures import BY_VALUE, PARENCHYMA, STRUCTURES
from renal_segmentation.volume import Volume, bounding_box

TOTAL = "total-kidney"
OUTSIDE_SHARE = 0.01
"""A larger part of one mask outside the other one's field of view is stated."""
ON_A_SIDE = 0.1
"""A mask of one label is on a side if more than this share of it is kidney of that side in the other mask."""


@dataclass(frozen=True)
class Pair:
    """A prediction and its reference with the labels of the table of structures, on the reference's grid, cropped.

    Attributes
    ----------
    case : str
        Name.
    prediction, reference : Volume
        uint8 labels.
    notices : tuple of Notice
        What was assumed.
    """

    case: str
    prediction: Volume
    reference: Volume
    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class CaseRow:
    """The agreement of one structure of one case."""

    case: str
    structure: str
    agreement: Agreement


def make_pair(
    case: str,
    prediction: Volume,
    reference: Volume,
    prediction_labels: Mapping[int, Target | None] | None = None,
    reference_labels: Mapping[int, Target | None] | None = None,
) -> Pair:
    """Return two masks on the reference's grid with the labels of the table of structures.

    Parameters
    ----------
    case : str
        Name for messages.
    prediction, reference : Volume
        Masks; a prediction on another grid is resampled by the nearest voxel, with a notice.
    prediction_labels, reference_labels : mapping of int to Target or None, optional
        What their labels are, None for those to ignore; others are ignored with a notice. Without them a binary mask
        is split into sides by RAS, and other masks are read by the table of structures.

    Raises
    ------
    InputError
        If a mask holds no whole labels, or labels that nothing explains.
    NoOverlapError
        If the two images do not show the same region.
    """
    masks = {f"{case}: the prediction": prediction, f"{case}: the reference": reference}
    if share_inside(reference.grid, prediction.grid) == 0 and share_inside(prediction.grid, reference.grid) == 0:
        raise NoOverlapError(f"{case}: prediction and reference lie in different places: check which belong together.")
    found, notices = _read_masks(masks, (prediction_labels, reference_labels))
    notices += _outside_notices(case, *found)
    if not prediction.grid.same_as(reference.grid):
        found[0] = Volume(nearest(found[0], reference.grid), reference.affine)
        notices.append(
            Notice("resampled", f"{case}: the prediction was resampled to the grid of the reference (nearest voxel).")
        )
    painted = (found[0].array > 0) | (found[1].array > 0)
    box = bounding_box(painted, 1) if painted.any() else (slice(0, 1),) * 3
    return Pair(case, found[0].crop(box), found[1].crop(box), tuple(notices))


def _outside_notices(case: str, prediction: Volume, reference: Volume) -> list[Notice]:
    """Return what of each mask the other one's image does not show."""
    missed, uncounted = (
        1 - share_inside(mask.grid, other.grid, mask.array > 0)
        for mask, other in ((reference, prediction), (prediction, reference))
    )
    notices = []
    if missed > OUTSIDE_SHARE:
        told = f"{case}: {missed:.0%} of the reference lies outside the image of the prediction and counts as missed."
        notices.append(Notice("reference-outside", told))
    if uncounted > OUTSIDE_SHARE:
        ml = uncounted * np.count_nonzero(prediction.array) * prediction.grid.voxel_ml
        told = (
            f"{case}: {ml:.1f} ml ({uncounted:.0%}) of the prediction lie outside the image of the reference and are "
            "not counted: compare on the whole image."
        )
        notices.append(Notice("prediction-outside", told))
    return notices


def _read_masks(
    masks: Mapping[str, Volume], labels: Sequence[Mapping[int, Target | None] | None]
) -> tuple[list[Volume], list[Notice]]:
    """Return both masks, named, with the labels of the table of structures.

    A mask that holds nothing but 1 is of kidneys without sides, or the left kidney of the table: the other mask tells.
    """
    values = [_values(mask, name) for name, mask in masks.items()]
    only_one = [set(found) <= {1} for found in values]
    read = []
    for (name, mask), found, given in zip(masks.items(), values, labels, strict=True):
        targets = given if given is not None else _default_targets(found, name, all(only_one))
        structures, doubts = _read(mask, name, {label: target for label, target in targets.items() if target})
        read.append((structures, [*_unnamed(found, name, targets), *doubts]))
    for index, (name, mask) in enumerate(masks.items()):
        if labels[index] is not None or not only_one[index] or all(only_one):
            continue
        target = _more_than_left(mask, read[1 - index][0])
        if target is not None:
            what = "the right kidney" if target.side is Side.RIGHT else "kidneys whose sides follow from RAS"
            told = Notice("taken-for-binary", f"{name} holds nothing but the label 1 and was taken for {what}.")
            structures, doubts = _read(mask, name, {1: target})
            read[index] = structures, [told, *doubts]
    return [structures for structures, _ in read], [doubt for _, doubts in read for doubt in doubts]


def _read(mask: Volume, name: str, targets: Mapping[int, Target]) -> tuple[Volume, list[Notice]]:
    """Return a mask with the labels of the table, and what is doubtful about its sides."""
    structures, doubts = to_structures(mask, targets)
    if any(target.side is not None for target in targets.values()):
        doubts = (*doubts, *structure_side_doubts(structures))
    return structures, [Notice(doubt.code, f"{name}: {doubt.message}") for doubt in doubts]


def _more_than_left(mask: Volume, other: Volume) -> Target | None:
    """Return what a mask of 1 shows where that cannot be the left kidney alone, None where it can.

    Parameters
    ----------
    mask : Volume
        Not 0 in kidneys.
    other : Volume
        The other mask of the case, with the labels of the table.
    """
    inside = mask.array != 0
    if not inside.any():
        return None
    seen = nearest(other, mask.grid)[inside]
    on = {side: np.isin(seen, VALUES_OF[f"{name}-kidney"]).mean() > ON_A_SIDE for side, name in SIDE_NAMES.items()}
    if far_apart(mask) or all(on.values()):
        return Target("kidney")
    return Target("kidney", Side.RIGHT) if on[Side.RIGHT] else None


def evaluate_pair(pair: Pair, structures: Iterable[str]) -> list[CaseRow]:
    """Return the agreement of each named structure that is in the prediction or the reference.

    Parameters
    ----------
    pair : Pair
        The case.
    structures : iterable of str
        Keys of the table, or `TOTAL`. A kidney is all of its parenchyma: kidney, cortex and medulla.
    """
    rows = []
    for key in structures:
        values = VALUES_OF[key]
        prediction, reference = (np.isin(mask.array, values) for mask in (pair.prediction, pair.reference))
        if prediction.any() or reference.any():
            rows.append(CaseRow(pair.case, key, agreement(prediction, reference, pair.reference.grid)))
    return rows


def structures_in(mask: Volume) -> set[str]:
    """Return the keys of the structures that a mask shows."""
    values = set(np.flatnonzero(np.bincount(mask.array[mask.array > 0], minlength=1)).tolist())
    return {key for key, wanted in VALUES_OF.items() if values & set(wanted)}


def _values_of() -> dict[str, tuple[int, ...]]:
    parenchyma = [structure for structure in STRUCTURES if structure.tissue in PARENCHYMA]
    values = {TOTAL: tuple(structure.value for structure in parenchyma)}
    for side, name in SIDE_NAMES.items():
        values[f"{name}-kidney"] = tuple(structure.value for structure in parenchyma if structure.side is side)
    return values | {s.key: (s.value,) for s in STRUCTURES if s.tissue != "kidney"}


VALUES_OF = _values_of()
"""Labels that make up each structure, in the order of the tables."""


def _values(mask: Volume, name: str) -> list[int]:
    """Return the labels of a mask that are not 0."""
    painted = mask.array != 0
    if not painted.any():
        return []
    values = np.unique(mask.array[bounding_box(painted)])
    if not (np.isfinite(values).all() and (values == np.rint(values)).all() and values.min() >= 0):
        raise InputError(f"{name} holds values that are not whole labels from 0 upwards: give a mask.")
    return [int(value) for value in values if value > 0]


def _unnamed(values: Sequence[int], name: str, given: Collection[int]) -> list[Notice]:
    """Return a notice on the labels of a mask that nobody said what to do with."""
    unknown = _listed(value for value in values if value not in given)
    told = f"{name} has the label {unknown}, which is not among those named for it; ignored."
    return [Notice("label-unknown", told)] if unknown else []


def _listed(labels: Iterable[int]) -> str:
    return ", ".join(map(str, list(labels)[:8]))


def _default_targets(values: Sequence[int], name: str, binary: bool) -> dict[int, Target]:
    """Return what the labels are when nobody says: a binary mask of kidneys, or the table of structures."""
    if binary:
        return {1: Target("kidney")}
    foreign = _listed(value for value in values if value not in BY_VALUE)
    if foreign:
        raise InputError(
            f"{name} holds the label {foreign}, which is not in the table of structures: say what its "
            "labels are, for instance --labels 1=left 2=right 9=ignore."
        )
    return {value: Target(BY_VALUE[value].tissue, BY_VALUE[value].side) for value in values}
