"""A display of what was changed since the network's outline: added, removed, given the other side."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from renal_segmentation.agreement import ADDED, REMOVED, RENAMED, changes
from RenalSegmentationLib.Labels import labelmapIn, referenceOf, sideMap
from RenalSegmentationLib.Result import aiCopyOf, placeBeside

CHANGES_ROLE = "Renal.Changes"
# Told apart by people who see no red or green, too.
_KINDS = (
    (ADDED, "added", lambda: _("Added"), (0.0, 0.75, 1.0)),
    (REMOVED, "removed", lambda: _("Removed"), (1.0, 0.55, 0.0)),
    (RENAMED, "renamed", lambda: _("Side changed"), (0.8, 0.45, 1.0)),
)


def showChanges(segmentation: Any) -> Any:
    """Show what was changed, brought up to date where it is shown already; return the node, or None without an outline.

    Raises
    ------
    RenalError
        If the segmentation lies on other voxels than the network's outline.
    """
    copy = aiCopyOf(segmentation)
    if copy is None:
        return None
    changed = changes(sideMap(copy), sideMap(segmentation))
    node = segmentation.GetNodeReference(CHANGES_ROLE)
    if node is None:
        node = _newNode(segmentation)
    for value, identifier, name, color in _KINDS:
        labelmap = labelmapIn(referenceOf(segmentation), changed == value)
        if node.GetSegmentation().GetSegment(identifier) is None:
            node.AddSegmentFromBinaryLabelmapRepresentation(labelmap, name(), color, identifier)
        else:
            slicer.vtkSlicerSegmentationsModuleLogic.SetBinaryLabelmapToSegment(labelmap, node, identifier)
    return node


def hideChanges(segmentation: Any) -> None:
    """Take the display away."""
    node = segmentation.GetNodeReference(CHANGES_ROLE) if segmentation is not None else None
    if node is not None:
        slicer.mrmlScene.RemoveNode(node)


def _newNode(segmentation: Any) -> Any:
    name = _("{name}, changes").format(name=segmentation.GetName())
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetVisibility3D(False)
    node.SetAndObserveTransformNodeID(segmentation.GetTransformNodeID())
    node.SetReferenceImageGeometryParameterFromVolumeNode(referenceOf(segmentation))
    placeBeside(node, segmentation)
    segmentation.SetNodeReferenceID(CHANGES_ROLE, node.GetID())
    return node
