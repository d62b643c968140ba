"""Segments beside the kidneys that are told by their side, such as left and right cyst."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from renal_segmentation.labels import SIDE_NAMES, Side
from renal_segmentation.structures import SIDE_CODES
from renal_segmentation.volume import Grid, Volume
from RenalSegmentationLib.Labels import labelsOf, otherSegments, writeSegment
from RenalSegmentationLib.Terminology import SegmentKind

_SIDE = re.compile(r"\b(left|right)\b", re.IGNORECASE)


@dataclass(frozen=True)
class SidedPair:
    """The same structure on both sides.

    Attributes
    ----------
    segments : dict of Side to str
        ID of the segment of each side; a side may have none.
    """

    segments: dict[Side, str]

    def sideMap(self, node: Any, grid: Grid) -> Volume:
        """Return the structure as 1 on the left and 2 on the right, in world coordinates."""
        return labelsOf(node, [self.segments.get(side, "") for side in Side], grid)

    def write(self, node: Any, sides: np.ndarray) -> None:
        """Write such a map into the segments; one that is missing is made after the one of the other side."""
        for side in Side:
            identifier = self.segments.get(side, "")
            if identifier or (sides == side).any():
                kind = _kindOn(node, next(iter(self.segments.values())), side)
                writeSegment(node, identifier, sides == side, kind)


def sidedPairs(node: Any) -> list[SidedPair]:
    """Return the segments that are no kidney and have a side in their name, those that differ in it alone together."""
    pairs: dict[str, dict[Side, str]] = {}
    for identifier in otherSegments(node):
        name = node.GetSegmentation().GetSegment(identifier).GetName()
        found = _SIDE.search(name)
        if found is not None:
            structure = " ".join(_SIDE.sub("", name).lower().split())
            side = next(side for side in Side if SIDE_NAMES[side] == found[1].lower())
            pairs.setdefault(structure, {}).setdefault(side, identifier)
    return [SidedPair(segments) for segments in pairs.values()]


def _kindOn(node: Any, identifier: str, side: Side) -> SegmentKind:
    """Return what the structure of a segment is called, coded and coloured on a side."""
    segment, word = node.GetSegmentation().GetSegment(identifier), SIDE_NAMES[side]
    name = _SIDE.sub(lambda found: word.capitalize() if found[1][0].isupper() else word, segment.GetName())
    terminology = segment.GetTerminology() or ""
    for code in SIDE_CODES.values():
        terminology = terminology.replace(str(code), str(SIDE_CODES[side]))
    return SegmentKind((), name, terminology, segment.GetColor())
