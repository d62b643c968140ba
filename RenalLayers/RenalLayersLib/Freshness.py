"""Whether the results in the scene still belong to what is chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import vtk
from slicer.i18n import tr as _
from slicer.util import arrayFromVTKMatrix

from renal_segmentation.errors import RenalError
from RenalLayersLib.Inputs import missingInput, segmentId
from RenalLayersLib.Parameters import settingsOf
from RenalLayersLib.Results import storedSettings

_SEGMENTS = ("leftSegment", "rightSegment", "cortexSegment", "medullaSegment", "pelvisSegment")


def inputState(parameters: Any) -> tuple[Any, ...]:
    """Return what the results depend on, settings aside: equal for as long as nothing of it was touched.

    Voxels count by the time of their last change, so that this takes no time itself.
    """
    node = parameters.segmentation
    chosen = [segmentId(node, getattr(parameters, name)) for name in _SEGMENTS]
    rows = zip(parameters.mapVolumes, parameters.mapNames, parameters.mapUnits, strict=False)
    maps = [(*_volumeState(volume), name, unit) for volume, name, unit in rows if volume is not None]
    return _placeOf(node), tuple((identifier, _changedAt(node, identifier)) for identifier in chosen), tuple(maps)


def reminderOf(logic: Any) -> str:
    """Return what a person must know whose results are not those of the chosen inputs and settings; else nothing.

    Of results that were loaded with the scene the settings alone are known.
    """
    parameters = logic.getParameterNode()
    study = logic.study(parameters)
    stored = storedSettings(study) if study is not None else None
    if stored is None:
        return ""
    try:
        wanted = settingsOf(parameters)
    except RenalError as error:
        return str(error)
    isOwn = logic.job is not None and logic.job.name == parameters.study
    if not isOwn or logic.job.state == inputState(parameters):
        if stored == wanted:
            return ""
        if replace(stored, gradient_range=wanted.gradient_range, gradient_unit=wanted.gradient_unit) == wanted:
            return _("The gradient range has changed: press Apply to fit the new one.")
    return missingInput(parameters) or _("Inputs or settings have changed: press Apply.")


def _placeOf(node: Any) -> tuple[Any, ...]:
    transform = node.GetParentTransformNode() if node is not None else None
    return (
        node.GetID() if node is not None else None,
        (transform.GetID(), transform.GetTransformToWorldMTime()) if transform is not None else None,
    )


def _changedAt(node: Any, identifier: str) -> int | None:
    if not identifier:
        return None
    source = node.GetSegmentation().GetSourceRepresentationName()
    drawn = node.GetSegmentation().GetSegment(identifier).GetRepresentation(source)
    return int(drawn.GetMTime()) if drawn is not None else None


def _volumeState(volume: Any) -> tuple[Any, ...]:
    image, matrix = volume.GetImageData(), vtk.vtkMatrix4x4()
    values = image.GetPointData().GetScalars() if image is not None else None
    volume.GetIJKToRASMatrix(matrix)
    grid = tuple(arrayFromVTKMatrix(matrix).ravel().tolist())
    return *_placeOf(volume), grid, values.GetMTime() if values is not None else None
