"""Reviews of a segmentation, kept in the scene with it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from renal_segmentation.errors import EmptyMaskError, RenalError
from renal_segmentation.volume import bounding_box
from RenalLayersLib.Inputs import segmentPiece
from RenalSegmentationLib.Result import placeBeside

REVIEWS_ROLE = "Renal.Reviews"
_MASK_ATTRIBUTE, _CHANGED = "Renal.ReviewedMask", "changed"


def addRecord(segmentation: Any, row: dict[str, str], isCurrent: bool = True) -> None:
    """Add a review to those of a segmentation; `isCurrent` tells whether it is of the segments as they are now."""
    node = segmentation.GetNodeReference(REVIEWS_ROLE)
    if node is None:
        name = _("{name}, reviews").format(name=segmentation.GetName())
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", name)
        segmentation.SetNodeReferenceID(REVIEWS_ROLE, node.GetID())
        placeBeside(node, segmentation)
    # One JSON object in a line, all ASCII: it survives every way in which a scene is stored.
    node.SetText((node.GetText() or "") + json.dumps(row) + "\n")
    node.SetAttribute(_MASK_ATTRIBUTE, _digestOf(segmentation) if isCurrent else _CHANGED)


def recordsOf(segmentation: Any) -> list[dict[str, str]]:
    """Return the reviews of a segmentation, oldest first."""
    node = segmentation.GetNodeReference(REVIEWS_ROLE) if segmentation is not None else None
    lines = (node.GetText() or "").splitlines() if node is not None else []
    return [json.loads(line) for line in lines if line.strip()]


def isRecordCurrent(segmentation: Any) -> bool:
    """Return whether a segmentation is as it was at its last review; that of an earlier version does not tell."""
    reviewed = segmentation.GetNodeReference(REVIEWS_ROLE).GetAttribute(_MASK_ATTRIBUTE)
    return not reviewed or reviewed == _digestOf(segmentation)


def _digestOf(segmentation: Any) -> str:
    """Return what differs after every change of a voxel, a name or a place, empty where that cannot be told."""
    digest = hashlib.sha256()
    segments = segmentation.GetSegmentation()
    named = [
        (segments.GetNthSegment(n).GetName(), segments.GetNthSegmentID(n))
        for n in range(segments.GetNumberOfSegments())
    ]
    for name, identifier in sorted(named):
        try:
            piece = segmentPiece(segmentation, [identifier])
        except EmptyMaskError:
            continue
        except RenalError:
            return ""
        inside = piece.volume.array > 0
        box = bounding_box(inside)
        start = piece.grid.start_of(piece.volume) + [part.start for part in box]
        digest.update(repr((name, start.tolist(), inside[box].shape)).encode())
        digest.update(np.packbits(inside[box]))
    return digest.hexdigest()
