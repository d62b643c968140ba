"""The segments of a case that its mask file cannot hold, in a file of Slicer's own beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from renal_segmentation.errors import InputError, OutputError
from renal_segmentation.files import atomic_path
from renal_segmentation.worklist import FURTHER_FILE
from RenalSegmentationLib.CaseLabels import kindsOf
from RenalSegmentationLib.Labels import gridOf, labelmapIn, labelsOf, referenceOf, segmentIds, writeSegment


def furtherFile(mask: Path) -> Path:
    """Return where further segments lie, beside a mask."""
    return mask.with_name(mask.name.replace("kidneys.nii.gz", FURTHER_FILE))


def writeFurther(node: Any, further: Mapping[str, np.ndarray], path: Path) -> None:
    """Write segments with their names, codes and colours; without any the file is removed.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
        Which has them.
    further : mapping of str to ndarray of bool, shape (I, J, K)
        Their voxels by ID, on the grid of the reference volume; the file goes where there is none.
    path : Path
        The file.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    if not further:
        _remove(path)
        return
    written, storage, _scene = _privateNode()
    for identifier, inside in further.items():
        segment = slicer.vtkSegment()
        segment.DeepCopyMetadata(node.GetSegmentation().GetSegment(identifier))
        segment.AddRepresentation(_labelmapKind(), labelmapIn(referenceOf(node), inside))
        written.GetSegmentation().AddSegment(segment, identifier)
    with atomic_path(path) as temporary:
        storage.SetFileName(str(temporary))
        if not storage.WriteData(written):
            raise OutputError(_("{path} cannot be written: free space there.").format(path=path))


def readFurther(node: Any, path: Path) -> None:
    """Add the segments of a file, if it is there; what the mask file has of them is taken out of its own segments.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    if not path.is_file():
        return
    read, _scene = _read(node, path)
    _takeOut(node, read)
    for identifier in segmentIds(read):
        own = node.GetSegmentation().GenerateUniqueSegmentID(identifier)
        node.GetSegmentation().AddSegment(read.GetSegmentation().GetSegment(identifier), own)


def hasFurther(node: Any, further: Mapping[str, np.ndarray], path: Path) -> bool:
    """Return whether a file has just these segments, with their names, codes and colours."""
    if not path.is_file():
        return not further
    try:
        read, _scene = _read(node, path)
    except InputError:
        return False
    filed = segmentIds(read)
    return len(filed) == len(further) and all(
        _described(node, own) == _described(read, other)
        and np.array_equal(inside, labelsOf(read, [other], gridOf(node)).array > 0)
        for (own, inside), other in zip(further.items(), filed, strict=True)
    )


def _described(node: Any, identifier: str) -> tuple[str, str, list[float]]:
    segment = node.GetSegmentation().GetSegment(identifier)
    return segment.GetName(), segment.GetTerminology() or "", [round(part, 3) for part in segment.GetColor()]


def _read(node: Any, path: Path) -> tuple[Any, Any]:
    """Return the segmentation of a file on the voxels of another one, and the scene that it lives in.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    read, storage, scene = _privateNode()
    storage.SetFileName(str(path))
    if not storage.ReadData(read, True):
        raise InputError(
            _("{path} cannot be read: put it back from a copy, or remove it and go on without its segments.").format(
                path=path
            )
        )
    geometry = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    read.GetSegmentation().SetConversionParameter(geometry, node.GetSegmentation().GetConversionParameter(geometry))
    return read, scene


def _takeOut(node: Any, read: Any) -> None:
    """Take what further segments hold out of the segments that the mask file gave; those that are empty then go."""
    grid = gridOf(node)
    for identifier, kind in kindsOf(read).items():
        if node.GetSegmentation().GetSegment(kind.segmentId) is None:
            continue
        rest = labelsOf(node, [kind.segmentId], grid).array > labelsOf(read, [identifier], grid).array
        if rest.any():
            writeSegment(node, kind.segmentId, rest, kind)
        else:
            node.GetSegmentation().RemoveSegment(kind.segmentId)


def _privateNode() -> tuple[Any, Any, Any]:
    """Return an empty segmentation, its storage node, and their own scene, in which nobody sees them come and go."""
    scene = slicer.vtkMRMLScene()
    nodes = (
        scene.AddNode(node) for node in (slicer.vtkMRMLSegmentationNode(), slicer.vtkMRMLSegmentationStorageNode())
    )
    return (*nodes, scene)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            _("{path} cannot be removed ({reason}): check the folder's permissions.").format(
                path=path, reason=error.strerror
            )
        ) from error


def _labelmapKind() -> str:
    return str(slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName())
