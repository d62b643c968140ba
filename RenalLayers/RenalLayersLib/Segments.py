"""Segmentation of the study: left and right kidney as measured, and the renal pelvis, with their codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from renal_layers.layering import Layering
from renal_segmentation.labels import SIDE_NAMES, Side
from renal_segmentation.volume import Volume
from RenalLayersLib.Volumes import ijkToRas, toImageData

KIDNEY_COLOR = (212 / 255, 126 / 255, 151 / 255)
PELVIS_COLOR = (240 / 255, 206 / 255, 90 / 255)
_ANATOMY = "SCT^123037004^Anatomical Structure"
_GENERAL = "Segmentation category and type - 3D Slicer General Anatomy list"
_DICOM = "Segmentation category and type - DICOM master list"
_REGION = "Anatomic codes - DICOM master list~^^~^^"
KIDNEYS = {
    Side.LEFT: f"{_GENERAL}~{_ANATOMY}~SCT^64033007^Kidney~SCT^7771000^Left~{_REGION}",
    Side.RIGHT: f"{_GENERAL}~{_ANATOMY}~SCT^64033007^Kidney~SCT^24028007^Right~{_REGION}",
}
RENAL_PELVIS = f"{_DICOM}~{_ANATOMY}~SCT^25990002^Renal pelvis~^^~{_REGION}"


def showSegments(study: Any, layering: Layering, reference: Any = None) -> Any:
    """Put the kidneys as they were measured into the scene.

    Parameters
    ----------
    study : Study
        Where.
    layering : Layering
        Sides and pelvis.
    reference : vtkMRMLScalarVolumeNode, optional
        Image whose geometry an export takes; without it the mask's own grid is used.
    """
    node = study.node("vtkMRMLSegmentationNode", "segmentation", f"{study.name} kidneys")
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetVisibility2DFill(False)
    if reference is not None:
        node.SetReferenceImageGeometryParameterFromVolumeNode(reference)
    else:
        _setReferenceGeometry(node, layering)
    wanted = {
        f"{SIDE_NAMES[side]} kidney": (layering.side.like(layering.side.array == side), KIDNEY_COLOR, KIDNEYS[side])
        for side in Side
    }
    wanted["renal pelvis"] = (layering.pelvis, PELVIS_COLOR, RENAL_PELVIS)
    for name, (inside, color, terminology) in wanted.items():
        _setSegment(node, name, inside, color, terminology)
    return node


def _setReferenceGeometry(node: Any, layering: Layering) -> None:
    """Make the mask's full grid the geometry of the segmentation."""
    image = slicer.vtkOrientedImageData()
    image.SetExtent(*(bound for size in layering.grid.shape for bound in (0, size - 1)))
    image.SetImageToWorldMatrix(ijkToRas(layering.grid.affine))
    converter = slicer.vtkSegmentationConverter
    node.GetSegmentation().SetConversionParameter(
        converter.GetReferenceImageGeometryParameterName(), converter.SerializeImageGeometry(image)
    )


def _setSegment(node: Any, name: str, inside: Volume, color: tuple[float, ...], terminology: str) -> None:
    """Add, replace or remove one segment."""
    segmentation = node.GetSegmentation()
    segmentId = name.replace(" ", "-")
    exists = segmentation.GetSegment(segmentId) is not None
    if not inside.array.any():
        if exists:
            segmentation.RemoveSegment(segmentId)
    elif exists:
        slicer.vtkSlicerSegmentationsModuleLogic.SetBinaryLabelmapToSegment(labelmapOf(inside), node, segmentId)
    else:
        addSegment(node, name, inside, color, terminology)


def addSegment(node: Any, name: str, inside: Volume, color: tuple[float, ...], terminology: str) -> str:
    """Add a segment to a segmentation node and return its ID, the name with hyphens."""
    segmentId = name.replace(" ", "-")
    node.AddSegmentFromBinaryLabelmapRepresentation(labelmapOf(inside), name, color, segmentId)
    if terminology:
        node.GetSegmentation().GetSegment(segmentId).SetTerminology(terminology)
    return segmentId


def labelmapOf(inside: Volume) -> Any:
    """Return a mask as `vtkOrientedImageData`, copied."""
    labelmap = slicer.vtkOrientedImageData()
    labelmap.DeepCopy(toImageData(inside.array.astype(np.uint8)))
    labelmap.SetImageToWorldMatrix(ijkToRas(inside.affine))
    return labelmap
