"""Which segments were chosen for a segmentation, kept with it: another one may have been chosen in between."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, unquote

SEGMENT_PARAMETERS = ("leftSegment", "rightSegment", "cortexSegment", "medullaSegment", "pelvisSegment")
_ATTRIBUTE = "Renal.Segments"


def rememberChoice(parameters: Any) -> None:
    """Keep with the segmentation which of its segments are chosen, and among which."""
    node = parameters.segmentation
    chosen = {name: getattr(parameters, name) for name in SEGMENT_PARAMETERS}
    node.SetAttribute(_ATTRIBUTE, quote(json.dumps([chosen, list(segmentNames(node))])))
    if parameters.guessedFor is not node:
        parameters.guessedFor = node


def rememberedChoice(node: Any) -> tuple[dict[str, str], list[str]]:
    """Return which segments were chosen by parameter name, and the IDs of those that there were then."""
    stored = node.GetAttribute(_ATTRIBUTE)
    chosen, known = json.loads(unquote(stored)) if stored else ({}, [])
    return chosen, known


def segmentNames(node: Any) -> dict[str, str]:
    """Return the names of a segmentation's segments by ID, none where there is no segmentation."""
    segmentation = node.GetSegmentation() if node is not None else None
    count = segmentation.GetNumberOfSegments() if segmentation is not None else 0
    identifiers = [segmentation.GetNthSegmentID(n) for n in range(count)]
    return {identifier: segmentation.GetSegment(identifier).GetName() for identifier in identifiers}
