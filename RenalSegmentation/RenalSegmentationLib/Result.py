"""What the network has found, as nodes: a segmentation to work on, and an untouched copy of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from renal_segmentation.errors import EmptyMaskError, InputError
from RenalSegmentationLib.Labels import gridOf, labelsOf, referenceOf, writeSegment
from RenalSegmentationLib.Terminology import CORTEX, LEFT_KIDNEY, MEDULLA, RIGHT_KIDNEY, SEGMENT_KINDS, SegmentKind

AI_ROLE = "Renal.AI"
MODEL_ATTRIBUTE, CONFIDENCE_ATTRIBUTE = "Renal.Model", "Renal.Confidence"
_COPY_ATTRIBUTE = "Renal.IsAI"
_FILL = 0.3
"""The image must be seen through the mask."""
_COPY_COLOR = (1.0, 0.9, 0.2)
"""The contour of the network stands out from the corrected one."""


def showResult(
    volume: Any,
    labels: np.ndarray,
    model: str,
    confidence: Mapping[str, float],
    onReplace: Callable[[Any], None] | None = None,
    evenEmpty: bool = False,
) -> Any:
    """Put a mask of the network into the scene; what an earlier run found for the same image is replaced.

    Parameters
    ----------
    volume : vtkMRMLScalarVolumeNode
        The image that was outlined.
    labels : ndarray of int, shape (I, J, K)
        Labels as in `Terminology.SegmentKind.values`, on the voxels of the image.
    model : str
        Name of the network.
    confidence : mapping of str to float
        How certain it is, by ``left`` and ``right``.
    onReplace : callable, optional
        Called with the segmentation of an earlier run just before that is replaced; what it raises keeps that as it is.
    evenEmpty : bool
        Whether a mask without a kidney is shown, too, with empty segments to draw the kidneys into.

    Raises
    ------
    EmptyMaskError
        If the mask holds no kidney.
    """
    masks = _masksOf(labels)
    if LEFT_KIDNEY not in masks and RIGHT_KIDNEY not in masks:
        if not evenEmpty:
            raise EmptyMaskError(noKidney(volume))
        masks |= {kidney: np.zeros(labels.shape, bool) for kidney in (LEFT_KIDNEY, RIGHT_KIDNEY)}
    node = segmentationOf(volume)
    if node is not None and onReplace is not None:
        onReplace(node)
    node = node or _newSegmentation(volume, _("{name} kidneys").format(name=volume.GetName()))
    copy = aiCopyOf(node)
    if copy is None:
        copy = _newSegmentation(volume, _("{name} kidneys, as outlined by the network").format(name=volume.GetName()))
        copy.SetAttribute(_COPY_ATTRIBUTE, "1")
        copy.GetDisplayNode().SetVisibility(False)
        node.SetNodeReferenceID(AI_ROLE, copy.GetID())
    for target in (node, copy):
        _fill(target, masks)
    for n in range(copy.GetSegmentation().GetNumberOfSegments()):
        copy.GetSegmentation().GetNthSegment(n).SetColor(*_COPY_COLOR)
    node.SetAttribute(MODEL_ATTRIBUTE, model)
    node.SetAttribute(CONFIDENCE_ATTRIBUTE, json.dumps(dict(confidence)))
    return node


def noKidney(volume: Any) -> str:
    """Return what to say where the network found nothing."""
    sentence = _("The network found no kidney in '{name}': check that the image shows the kidneys, or draw them.")
    return str(sentence.format(name=volume.GetName()))


def segmentationOf(volume: Any) -> Any:
    """Return the segmentation to work on that belongs to an image, or None."""
    if volume is None:
        return None
    for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        if referenceOf(node) is volume and node.GetNodeReference(AI_ROLE) is not None:
            return node
    return None


def handDrawn(volume: Any) -> Any:
    """Return a new segmentation of an image for kidneys that no network has outlined."""
    return _newSegmentation(volume, _("{name} kidneys").format(name=volume.GetName()))


def aiCopyOf(node: Any) -> Any:
    """Return the untouched copy of what the network found, or None."""
    return node.GetNodeReference(AI_ROLE) if node is not None else None


def isAiCopy(node: Any) -> bool:
    """Return whether a segmentation is such a copy."""
    return node is not None and node.GetAttribute(_COPY_ATTRIBUTE) is not None


def isCorrected(node: Any, evenSplit: bool = True) -> bool:
    """Return whether a segmentation is no longer what the network found; segments that the user added do not count.

    Without `evenSplit` neither does cortex and medulla where the network gave none.
    """
    copy = aiCopyOf(node)
    if copy is None:
        return False
    tissue = () if evenSplit or any(_present(copy, kind) for kind in (CORTEX, MEDULLA)) else (CORTEX, MEDULLA)
    try:
        grid = gridOf(node)
        return any(
            not np.array_equal(*(labelsOf(one, [_present(one, structure)], grid).array for one in (node, copy)))
            for structure in SEGMENT_KINDS
            if structure not in tissue and (_present(node, structure) or _present(copy, structure))
        )
    except InputError:
        # On other voxels than the image it was put by hand.
        return True


def _present(node: Any, structure: SegmentKind) -> str:
    """Return the ID of a segment, empty where there is none."""
    return structure.segmentId if node.GetSegmentation().GetSegment(structure.segmentId) is not None else ""


def confidenceOf(node: Any) -> dict[str, float]:
    """Return how certain the network was of each kidney, empty where that is not known."""
    text = node.GetAttribute(CONFIDENCE_ATTRIBUTE)
    return {side: float(share) for side, share in json.loads(text).items()} if text else {}


def showCopy(node: Any, shown: bool) -> None:
    """Show the untouched copy as a contour, or hide it; that of another segmentation, of another image, is hidden."""
    copy = aiCopyOf(node)
    for other in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        if isAiCopy(other) and other is not copy and other is not node:
            other.GetDisplayNode().SetVisibility(False)
    if copy is None:
        return
    display = copy.GetDisplayNode()
    display.SetVisibility2DFill(False)
    display.SetVisibility2DOutline(True)
    display.SetVisibility3D(False)
    display.SetSliceIntersectionThickness(2)
    display.SetVisibility(shown)


def _masksOf(labels: np.ndarray) -> dict[SegmentKind, np.ndarray]:
    """Return the mask of every structure that is there."""
    masks = {structure: np.isin(labels, structure.values) for structure in SEGMENT_KINDS}
    return {structure: inside for structure, inside in masks.items() if inside.any()}


def _newSegmentation(volume: Any, name: str) -> Any:
    """Return an empty segmentation with the geometry of an image, beside it and below the same transform."""
    taken = slicer.mrmlScene.GetFirstNodeByName(name) is not None
    name = slicer.mrmlScene.GenerateUniqueName(name) if taken else name
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    # A name that was used before in this session got a number.
    node.SetName(name)
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetOpacity2DFill(_FILL)
    # The transform first: the geometry is taken over in the coordinates below it.
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    placeBeside(node, volume)
    return node


def placeBeside(node: Any, other: Any) -> None:
    """Give a node the same parent in the subject hierarchy as another has, such as the patient's study."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    parent = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(other))
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.SetItemParent(item, parent)
    else:
        hierarchy.CreateItem(parent, node)


def _fill(node: Any, masks: Mapping[SegmentKind, np.ndarray]) -> None:
    """Make the segments of a node what was found; those that the user added stay."""
    segmentation = node.GetSegmentation()
    for structure in SEGMENT_KINDS:
        present = segmentation.GetSegment(structure.segmentId) is not None
        if structure in masks:
            writeSegment(node, structure.segmentId if present else "", masks[structure], structure)
        elif present:
            segmentation.RemoveSegment(structure.segmentId)
