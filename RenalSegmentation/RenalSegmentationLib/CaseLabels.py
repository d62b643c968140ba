"""The segments of a case as the labels of its mask file, and which of them that file cannot hold as they are."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from renal_segmentation.labels import Side
from renal_segmentation.sides import split_sides
from renal_segmentation.volume import Grid, Volume, bounding_box
from RenalLayersLib.Guesses import guessSegments
from RenalSegmentationLib.Labels import (
    gridOf,
    holdsBothKidneys,
    kidneySegments,
    labelsOf,
    localAffine,
    referenceOf,
    segmentIds,
    sideMap,
)
from RenalSegmentationLib.Terminology import CORTEX, LEFT_KIDNEY, MEDULLA, RIGHT_KIDNEY, SEGMENT_KINDS, SegmentKind

_OTHER_KINDS = [kind for kind in SEGMENT_KINDS if kind not in (LEFT_KIDNEY, RIGHT_KIDNEY)]
_CODED_PARTS = (2, 3, 5, 6)
"""Of a terminology entry: type and its modifier, region and its modifier."""


def labelsToSave(node: Any) -> np.ndarray:
    """Return the segments as labels of the network's kind, shape (I, J, K), uint8.

    Raises
    ------
    RenalError
        If the segments lie on other voxels than the image.
    """
    world = gridOf(node)
    # A transform above image and segmentation moves both, and does not change what is left.
    grid = Grid(world.shape, localAffine(referenceOf(node)))
    side = _sidesToSave(node, grid)
    labels = np.where(side == Side.LEFT, 1, np.where(side == Side.RIGHT, 2, 0)).astype(np.uint8)
    kinds = kindsOf(node)
    for kind in _OTHER_KINDS:
        inside = np.zeros(side.shape, bool)
        for identifier in (one for one in kinds if kinds[one] is kind):
            inside |= labelsOf(node, [identifier], world).array > 0
        left, right = kind.values[0], kind.values[-1]
        if kind in (CORTEX, MEDULLA):
            labels[inside & (side == Side.LEFT)] = left
            labels[inside & (side == Side.RIGHT)] = right
        elif left == right:
            labels[inside & (side == 0)] = left
        else:
            places = np.argwhere(inside & (side == 0))
            labels[tuple(places.T)] = np.where(_isLeft(grid.to_ras(places)[:, 0], grid, side), left, right)
    return labels


def kindsOf(node: Any) -> dict[str, SegmentKind]:
    """Return which structure of the mask file each segment is, by ID; whole kidneys and what it has none for left out.

    What a segment is called counts most, then its code, then its ID. Cortex and medulla are those that the split into
    tissue writes to.
    """
    kidneys = set(kidneySegments(node).values())
    found = {one: _kindOf(one, node.GetSegmentation().GetSegment(one)) for one in segmentIds(node)}
    guesses = guessSegments(node)
    found |= {guesses["cortexSegment"]: CORTEX, guesses["medullaSegment"]: MEDULLA}
    return {one: kind for one, kind in found.items() if one and kind is not None and one not in kidneys}


def furtherSegments(node: Any, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Return the segments, kidneys left out, that would not come back from the mask file as they are, by ID.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
        The mask of a case.
    labels : ndarray of uint8, shape (I, J, K)
        What `labelsToSave` makes of it.

    Returns
    -------
    further : dict of str to ndarray of bool, shape (I, J, K)
        Those without a label, called otherwise, overlapping a kidney, or several of one kind.
    """
    kinds, kidneys, world = kindsOf(node), set(kidneySegments(node).values()), gridOf(node)
    further = {}
    for identifier in (one for one in segmentIds(node) if one not in kidneys):
        inside = labelsOf(node, [identifier], world).array > 0
        kind = kinds.get(identifier)
        if (
            kind is None
            or node.GetSegmentation().GetSegment(identifier).GetName() != kind.name
            or not np.array_equal(inside, np.isin(labels, kind.values))
        ):
            further[identifier] = inside
    return further


def _kindOf(identifier: str, segment: Any) -> SegmentKind | None:
    name, codes = _words(segment.GetName()), _codesOf(segment.GetTerminology() or "")
    for alike in (
        lambda kind: _words(kind.name) == name,
        lambda kind: _codesOf(kind.terminology) == codes,
        lambda kind: kind.segmentId == identifier,
    ):
        kind = next((kind for kind in _OTHER_KINDS if alike(kind)), None)
        if kind is not None:
            return kind
    return None


def _words(name: str) -> list[str]:
    return re.split(r"[\s_-]+", name.strip().lower())


def _codesOf(terminology: str) -> list[str]:
    """Return scheme and value of each code of a terminology entry; its lists and meanings differ between versions."""
    parts = terminology.split("~")
    return ["^".join(parts[n].split("^")[:2]) if n < len(parts) else "" for n in _CODED_PARTS]


def _sidesToSave(node: Any, grid: Grid) -> np.ndarray:
    """Return the side map; one segment that holds both kidneys is split into sides, for the file tells them apart."""
    side = sideMap(node).array
    if not holdsBothKidneys(node) or not side.any():
        return side
    box = bounding_box(side > 0)
    middle = float(grid.to_ras([(np.array(grid.shape) - 1) / 2])[0, 0])
    side[box] = split_sides(Volume(side, grid.affine).crop(box), middle)[0]
    return side


def _isLeft(x: np.ndarray, grid: Grid, side: np.ndarray) -> np.ndarray:
    """Return whether places, given by their RAS x in mm, belong to the left kidney, which may be the only one."""
    centres = {s: grid.to_ras(np.argwhere(side == s))[:, 0].mean() for s in Side if (side == s).any()}
    if len(centres) == 2:
        return x < (centres[Side.LEFT] + centres[Side.RIGHT]) / 2
    return np.full(x.shape, Side.RIGHT not in centres)
