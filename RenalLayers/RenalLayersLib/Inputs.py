"""From MRML nodes to what the science takes: arrays with their affine to RAS millimetres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _
from vtk.util.numpy_support import vtk_to_numpy

from renal_layers.maps import QuantitativeMap, Tissue
from renal_layers.settings import Settings
from renal_segmentation.errors import EmptyMaskError, GeometryError, InputError
from renal_segmentation.volume import Grid, Volume
from RenalLayersLib.Study import studyOf

_ALIGNED_VOXELS = 1e-3
"""How far, in voxels, the segments' grid may be off the reference grid and still be called the same."""
_TISSUE_NAMES = ("cortex", "medulla")
_PARTS = {
    "leftSegment": lambda: _("the left kidney"),
    "rightSegment": lambda: _("the right kidney"),
    "cortexSegment": lambda: _("the cortex"),
    "medullaSegment": lambda: _("the medulla"),
    "pelvisSegment": lambda: _("the renal pelvis"),
}


@dataclass(frozen=True)
class Piece:
    """Labels of some segments on the box around them, and the grid of the scan that the box was cut from."""

    volume: Volume
    grid: Grid


@dataclass(frozen=True)
class Job:
    """Everything that one analysis needs, read from MRML: it can be handed to another thread.

    Attributes
    ----------
    segmentation : vtkMRMLSegmentationNode
        That is measured; not its ID, which another node can get once it is removed. The analysis does not read it.
    name : str
        Of its study.
    mask : Volume
        Labels `labels` on a box cut from `grid`.
    grid : Grid
        The scan's grid.
    labels : mapping of int to str
        ``left`` and ``right``, or ``kidney`` where one segment holds both.
    maps : tuple of QuantitativeMap
        With their units.
    pelvis : Volume or None
        Drawn renal pelvis.
    tissue : Tissue or None
        Drawn cortex and medulla.
    settings : Settings
        What was asked for.
    state : InputState or None
        That of the nodes it was read from (`RenalLayersLib.Freshness`).
    """

    segmentation: Any
    name: str
    mask: Volume
    grid: Grid
    labels: Mapping[int, str]
    maps: tuple[QuantitativeMap, ...]
    pelvis: Volume | None
    tissue: Tissue | None
    settings: Settings
    state: Any = None


def missingInput(parameters: Any) -> str:
    """Return what has to be chosen before the analysis can run, empty when nothing is missing."""
    node = parameters.segmentation
    if node is None:
        return _("Choose a segmentation that holds the kidneys.")
    if node.GetSegmentation().GetNumberOfSegments() == 0:
        return _("The segmentation has no segment: outline the kidneys first.")
    for parameter, part in _PARTS.items():
        chosen = getattr(parameters, parameter)
        if chosen and not segmentId(node, chosen):
            return _(
                "The segment '{segment}', chosen for {part}, is no longer there: choose another one, or None."
            ).format(segment=chosen, part=part())
    if not (parameters.leftSegment or parameters.rightSegment):
        return _("Choose the segment of the left or the right kidney, or one segment for both.")
    for volume, name in zip(parameters.mapVolumes, parameters.mapNames, strict=False):
        if volume is None:
            return _("The volume of the map '{name}' is gone: load it again, or remove the map from the list.").format(
                name=name
            )
    return ""


def jobOf(parameters: Any, settings: Settings) -> Job:
    """Return the analysis that the parameters describe, its arrays copied or not shared with the scene's editor.

    Parameters
    ----------
    parameters : RenalLayersParameterNode
        What the user chose.
    settings : Settings
        From `RenalLayersLib.Parameters.settingsOf`.

    Raises
    ------
    InputError
        If an input is missing, empty, or stands below a transform that is not linear.
    """
    missing = missingInput(parameters)
    if missing:
        raise InputError(missing)
    node = parameters.segmentation
    pelvis, tissues = parameters.pelvisSegment, (parameters.cortexSegment, parameters.medullaSegment)
    kidneys, labels = _kidneyLabels(parameters.leftSegment, parameters.rightSegment)
    mask = segmentPiece(node, kidneys)
    for identifier, value in zip(kidneys, labels, strict=True):
        if not (mask.volume.array == value).any():
            raise EmptyMaskError(
                _("The segment '{name}' is empty: outline the kidney in it, or choose another segment.").format(
                    name=_segmentName(node, identifier)
                )
            )
    return Job(
        segmentation=node,
        name=_studyName(node),
        mask=mask.volume,
        grid=mask.grid,
        labels=labels,
        maps=mapsOf(parameters),
        pelvis=segmentPiece(node, [pelvis]).volume if pelvis else None,
        tissue=_tissue(node, dict(zip(_TISSUE_NAMES, tissues, strict=True))) if any(tissues) else None,
        settings=settings,
    )


def mapsOf(parameters: Any) -> tuple[QuantitativeMap, ...]:
    """Return the maps of the list whose volumes are in the scene."""
    rows = zip(parameters.mapVolumes, parameters.mapNames, parameters.mapUnits, strict=False)
    return tuple(
        QuantitativeMap(name or volume.GetName(), volumeOf(volume), unit) for volume, name, unit in rows if volume
    )


def segmentId(node: Any, chosen: str) -> str:
    """Return a segment's ID if the segmentation has it, else an empty text."""
    return chosen if node is not None and chosen and node.GetSegmentation().GetSegment(chosen) is not None else ""


def volumeOf(node: Any) -> Volume:
    """Return a scalar volume node in world coordinates; values are shared with the node.

    Raises
    ------
    InputError
        If it holds no image or several values per voxel.
    GeometryError
        If it stands below a transform that is not linear.
    """
    image = node.GetImageData()
    if image is None or image.GetPointData().GetScalars() is None:
        raise InputError(_("The volume '{name}' holds no image: load it again.").format(name=node.GetName()))
    if image.GetNumberOfScalarComponents() != 1:
        raise InputError(
            _("The volume '{name}' has {count} values per voxel: choose one with a single value.").format(
                name=node.GetName(), count=image.GetNumberOfScalarComponents()
            )
        )
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return Volume(_arrayOf(image), _toWorld(node) @ _asArray(matrix))


def segmentPiece(node: Any, segmentIds: Sequence[str]) -> Piece:
    """Return segments as labels 1, 2, ... on the box around them; where they overlap the later one counts.

    Raises
    ------
    EmptyMaskError
        If no voxel is painted.
    GeometryError
        If the segmentation stands below a transform that is not linear.
    """
    if not node.CreateBinaryLabelmapRepresentation():
        raise InputError(
            _("The segmentation '{name}' cannot be turned into voxels: give it a reference volume.").format(
                name=node.GetName()
            )
        )
    identifiers, values = vtk.vtkStringArray(), vtk.vtkIntArray()
    for value, identifier in enumerate(segmentIds, start=1):
        identifiers.InsertNextValue(identifier)
        values.InsertNextValue(value)
    image = slicer.vtkOrientedImageData()
    effective = slicer.vtkSegmentation.EXTENT_UNION_OF_EFFECTIVE_SEGMENTS
    # Where nothing is painted Slicer complains of it in its log.
    painted = any(_isPainted(node, identifier) for identifier in segmentIds)
    done = painted and node.GenerateMergedLabelmapForAllSegments(image, effective, None, identifiers, values)
    if not done or image.IsEmpty():
        names = ", ".join(_segmentName(node, identifier) for identifier in segmentIds)
        raise EmptyMaskError(
            _("The segment '{name}' is empty: outline the kidney in it, or choose another segment.").format(name=names)
        )
    extent, matrix = image.GetExtent(), vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    toWorld = _toWorld(node)
    grid, start = _gridOf(node, _asArray(matrix), np.array(extent).reshape(3, 2))
    grid = Grid(grid.shape, toWorld @ grid.affine)
    return Piece(grid.placed(np.ascontiguousarray(_arrayOf(image)), start), grid)


def _studyName(node: Any) -> str:
    """Return the name of a segmentation's study; a new one has a name that no node has."""
    study = studyOf(node)
    if study is not None:
        return study.name
    return str(slicer.mrmlScene.GenerateUniqueName(_("{name}: renal layers").format(name=node.GetName())))


def _isPainted(node: Any, identifier: str) -> bool:
    kind = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    segment = node.GetSegmentation().GetSegment(identifier)
    labelmap = segment.GetRepresentation(kind) if segment is not None else None
    return labelmap is not None and not labelmap.IsEmpty() and labelmap.GetScalarRange()[1] > 0


def _kidneyLabels(left: str, right: str) -> tuple[list[str], dict[int, str]]:
    """Return the segments to read and what each of their labels stands for."""
    if left and left == right:
        return [left], {1: "kidney"}
    named = [(identifier, side) for identifier, side in ((left, "left"), (right, "right")) if identifier]
    return [identifier for identifier, _side in named], {n: side for n, (_id, side) in enumerate(named, start=1)}


def _tissue(node: Any, segments: Mapping[str, str]) -> Tissue:
    named = {name: identifier for name, identifier in segments.items() if identifier}
    piece = segmentPiece(node, list(named.values()))
    return Tissue(piece.volume, dict(enumerate(named, start=1)))


def _gridOf(node: Any, affine: np.ndarray, extent: np.ndarray) -> tuple[Grid, np.ndarray]:
    """Return the scan's grid and where the extent begins on it; the extent itself where no scan is known."""
    start = extent[:, 0]
    text = node.GetSegmentation().GetConversionParameter(
        slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    )
    reference = slicer.vtkOrientedImageData()
    if text and slicer.vtkSegmentationConverter.DeserializeImageGeometry(text, reference, False):
        matrix = vtk.vtkMatrix4x4()
        reference.GetImageToWorldMatrix(matrix)
        bounds = np.array(reference.GetExtent()).reshape(3, 2)
        whole = _gridFrom(_asArray(matrix), bounds)
        first, last = (whole.to_index(_points(affine, corner))[0] for corner in (start, extent[:, 1]))
        begin = np.rint(first)
        aligned = np.abs([first - begin, last - first - np.ptp(extent, axis=1)]).max() < _ALIGNED_VOXELS
        if aligned and (begin >= 0).all() and (np.rint(last) < whole.shape).all():
            return whole, begin.astype(np.intp)
    return _gridFrom(affine, extent), np.zeros(3, np.intp)


def _gridFrom(affine: np.ndarray, extent: np.ndarray) -> Grid:
    """Return the grid of an extent whose first voxel need not have index 0."""
    placed = affine.copy()
    placed[:3, 3] = _points(affine, extent[:, 0])[0]
    i, j, k = (int(n) + 1 for n in np.ptp(extent, axis=1))
    return Grid((i, j, k), placed)


def _points(affine: np.ndarray, index: np.ndarray) -> np.ndarray:
    return (index @ affine[:3, :3].T + affine[:3, 3])[np.newaxis]


def _toWorld(node: Any) -> np.ndarray:
    """Return the matrix from a node's coordinates to the world's.

    Raises
    ------
    GeometryError
        If a transform above it is not linear.
    """
    parent = node.GetParentTransformNode()
    if parent is None:
        return np.eye(4)
    matrix = vtk.vtkMatrix4x4()
    if not parent.IsTransformToWorldLinear() or not parent.GetMatrixTransformToWorld(matrix):
        raise GeometryError(
            _(
                "'{name}' stands below the transform '{transform}', which is not linear: harden the transform in the "
                "Transforms module, or take the node out of it."
            ).format(name=node.GetName(), transform=parent.GetName())
        )
    return _asArray(matrix)


def _arrayOf(image: Any) -> np.ndarray:
    """Return an image's values with shape (I, J, K), shared with the image."""
    scalars = vtk_to_numpy(image.GetPointData().GetScalars())
    return scalars.reshape(image.GetDimensions()[::-1]).transpose(2, 1, 0)


def _asArray(matrix: Any) -> np.ndarray:
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def _segmentName(node: Any, identifier: str) -> str:
    return str(node.GetSegmentation().GetSegment(identifier).GetName())
