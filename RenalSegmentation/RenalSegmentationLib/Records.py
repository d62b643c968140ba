"""Reviews of a segmentation, kept in the scene with it."""

from __future__ import annotations

import json
from typing import Any

import slicer
from slicer.i18n import tr as _

from RenalSegmentationLib.Result import placeBeside

REVIEWS_ROLE = "Renal.Reviews"


def addRecord(segmentation: Any, row: dict[str, str]) -> None:
    """Add a review to those of a segmentation."""
    node = segmentation.GetNodeReference(REVIEWS_ROLE)
    if node is None:
        name = _("{name}, reviews").format(name=segmentation.GetName())
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", name)
        segmentation.SetNodeReferenceID(REVIEWS_ROLE, node.GetID())
        placeBeside(node, segmentation)
    # One JSON object in a line, all ASCII: it survives every way in which a scene is stored.
    node.SetText((node.GetText() or "") + json.dumps(row) + "\n")


def recordsOf(segmentation: Any) -> list[dict[str, str]]:
    """Return the reviews of a segmentation, oldest first."""
    node = segmentation.GetNodeReference(REVIEWS_ROLE) if segmentation is not None else None
    lines = (node.GetText() or "").splitlines() if node is not None else []
    return [json.loads(line) for line in lines if line.strip()]
