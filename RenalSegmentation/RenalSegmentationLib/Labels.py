"""Between segments and side maps: arrays that hold 1 in the left kidney and 2 in the right one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from renal_segmentation.errors import EmptyMaskError, InputError
from renal_segmentation.labels import Side
from renal_segmentation.volume import Grid, Volume, bounding_box
from RenalLayersLib.Guesses import guessSegments
from RenalLayersLib.Inputs import Piece, segmentPiece, volumeOf
from RenalLayersLib.Segments import labelmapOf
from RenalSegmentationLib.Terminology import LEFT_KIDNEY, RIGHT_KIDNEY, SegmentKind

KIDNEY_OF = {Side.LEFT: LEFT_KIDNEY, Side.RIGHT: RIGHT_KIDNEY}


def segmentIds(node: Any) -> list[str]:
    """Return the IDs of the segments in their order."""
    segmentation = node.GetSegmentation()
    return [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]


def kidneySegments(node: Any) -> dict[Side, str]:
    """Return the IDs of the segments of the left and right kidney, empty where there is none."""
    if node is None:
        return {Side.LEFT: "", Side.RIGHT: ""}
    found = guessSegments(node)
    left, right = found["leftSegment"], found["rightSegment"]
    return {Side.LEFT: left, Side.RIGHT: "" if right == left else right}


def holdsBothKidneys(node: Any) -> bool:
    """Return whether one only segment stands for the kidneys, of whichever side."""
    found = guessSegments(node)
    return bool(found["leftSegment"]) and found["leftSegment"] == found["rightSegment"]


def otherSegments(node: Any) -> list[str]:
    """Return the IDs of the segments that are no whole kidney, cortex and medulla left out: they lie within one."""
    guesses = guessSegments(node)
    known = {*kidneySegments(node).values(), guesses["cortexSegment"], guesses["medullaSegment"]}
    segmentation = node.GetSegmentation()
    tissue = ("cortex", "medulla")
    return [
        identifier
        for identifier in segmentIds(node)
        if identifier not in known
        and not any(t in segmentation.GetSegment(identifier).GetName().lower() for t in tissue)
    ]


def referenceOf(node: Any) -> Any:
    """Return the volume whose geometry a segmentation has, or None."""
    return node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()) if node is not None else None


def gridOf(node: Any) -> Grid:
    """Return the grid of a segmentation's reference volume in world coordinates.

    Raises
    ------
    InputError
        If it has none.
    """
    reference = referenceOf(node)
    if reference is None:
        sentence = _("The segmentation '{name}' has no reference volume: choose the image it belongs to.")
        raise InputError(sentence.format(name=node.GetName()))
    return volumeOf(reference).grid


def labelsOf(node: Any, identifiers: Iterable[str], grid: Grid) -> Volume:
    """Return segments as labels 1, 2, ... on a grid in world coordinates; an empty ID gives an empty label.

    Raises
    ------
    InputError
        If a segment lies on another grid.
    """
    labels = np.zeros(grid.shape, np.uint8)
    for value, identifier in enumerate(identifiers, start=1):
        piece = _pieceOf(node, identifier)
        if piece is None:
            continue
        if not piece.grid.same_as(grid, tolerance_mm=0.01):
            sentence = _(
                "The segmentation '{name}' does not lie on the voxels of its reference volume: set its geometry to "
                "that of the image in the Segment Editor."
            )
            raise InputError(sentence.format(name=node.GetName()))
        start, array = piece.grid.start_of(piece.volume), piece.volume.array
        box = tuple(slice(s, s + n) for s, n in zip(start, array.shape, strict=True))
        labels[box][array > 0] = value
    return Volume(labels, grid.affine)


def segmentMl(node: Any, identifier: str) -> float:
    """Return the volume of a segment in ml."""
    piece = _pieceOf(node, identifier)
    return float((piece.volume.array > 0).sum() * piece.grid.voxel_ml) if piece is not None else 0.0


def _pieceOf(node: Any, identifier: str) -> Piece | None:
    """Return a segment on the box around it, None where it is empty."""
    try:
        return segmentPiece(node, [identifier]) if identifier else None
    except EmptyMaskError:
        return None


def sideMap(node: Any) -> Volume:
    """Return the kidneys of a segmentation on the grid of its reference volume, in world coordinates."""
    return labelsOf(node, kidneySegments(node).values(), gridOf(node))


def occupied(node: Any, grid: Grid) -> np.ndarray:
    """Return where segments lie that are no kidney, such as cysts."""
    return np.asarray(labelsOf(node, otherSegments(node), grid).array > 0)


def writeSides(node: Any, sides: np.ndarray) -> None:
    """Write a side map, on the grid of the reference volume, into the segments of the kidneys; made where missing."""
    found = kidneySegments(node)
    if found[Side.LEFT] and not found[Side.RIGHT] and (sides == Side.RIGHT).any():
        # The segment that held both kidneys, or the only one, is the left kidney from now on.
        segment = node.GetSegmentation().GetSegment(found[Side.LEFT])
        segment.SetName(LEFT_KIDNEY.name)
        segment.SetTerminology(LEFT_KIDNEY.terminology)
    for side, identifier in found.items():
        if identifier or (sides == side).any():
            writeSegment(node, identifier, sides == side, KIDNEY_OF[side])


def writeSegment(node: Any, identifier: str, inside: np.ndarray, structure: SegmentKind) -> str:
    """Write a mask on the grid of the reference volume into a segment and return its ID.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
        Has a reference volume; both stand below the same transform.
    identifier : str
        Of the segment; empty to add one.
    inside : ndarray of bool, shape (I, J, K)
        The mask.
    structure : SegmentKind
        Name, code and colour of a segment that is added.
    """
    labelmap = labelmapIn(referenceOf(node), inside)
    if identifier:
        slicer.vtkSlicerSegmentationsModuleLogic.SetBinaryLabelmapToSegment(labelmap, node, identifier)
        return identifier
    node.AddSegmentFromBinaryLabelmapRepresentation(labelmap, structure.name, structure.color, structure.segmentId)
    node.GetSegmentation().GetSegment(structure.segmentId).SetTerminology(structure.terminology)
    return structure.segmentId


def labelmapIn(reference: Any, inside: np.ndarray) -> Any:
    """Return a mask on the voxels of a volume node as a label map that holds only the box around it."""
    box = bounding_box(inside) if inside.any() else (slice(0, 1),) * 3
    labelmap = labelmapOf(Volume(inside[box], localAffine(reference)))
    labelmap.SetExtent(*(bound for part in box for bound in (part.start, part.stop - 1)))
    return labelmap


def localAffine(volume: Any) -> np.ndarray:
    """Return the affine of a volume node to the coordinates below its transform."""
    return slicer.util.arrayFromVTKMatrix(_matrix(volume))


def _matrix(volume: Any) -> Any:
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return matrix
