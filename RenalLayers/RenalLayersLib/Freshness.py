"""Whether the results in the scene still belong to what is chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import vtk
from slicer.i18n import tr as _
from slicer.util import arrayFromVTKMatrix

from renal_segmentation.errors import RenalError
from renal_segmentation.volume import Volume, bounding_box
from RenalLayersLib.Inputs import Job, jobOf, missingInput, segmentId
from RenalLayersLib.Parameters import settingsOf
from RenalLayersLib.Results import storedSettings
from RenalLayersLib.SegmentChoice import SEGMENT_PARAMETERS


@dataclass(frozen=True)
class InputState:
    """What the results depend on, settings aside: equal for as long as nothing of it was touched.

    Voxels count by the time of their last change, so that this takes no time itself.
    """

    mask: tuple[Any, ...]
    maps: tuple[Any, ...]

    @staticmethod
    def now(parameters: Any) -> InputState:
        """Return the state of what is chosen now."""
        node = parameters.segmentation
        chosen = [segmentId(node, getattr(parameters, name)) for name in SEGMENT_PARAMETERS]
        rows = zip(parameters.mapVolumes, parameters.mapNames, parameters.mapUnits, strict=False)
        maps = tuple((*_volumeState(volume), name, unit) for volume, name, unit in rows if volume is not None)
        return InputState((_placeOf(node), *((segment, _changedAt(node, segment)) for segment in chosen)), maps)


class Freshness:
    """Compares the results with what is chosen.

    Parameters
    ----------
    logic : RenalLayersLogic
        With the parameters, and the last job if it was run in this session.
    """

    def __init__(self, logic: Any) -> None:
        self._logic = logic
        self._compared: tuple[Any, ...] | None = None
        self._same = False

    def reminder(self) -> str:
        """Return what a person must know whose results are not those of the chosen inputs and settings; else nothing.

        Of results that were loaded with the scene the settings alone are known.
        """
        parameters = self._logic.getParameterNode()
        study = self._logic.study(parameters)
        stored = storedSettings(study) if study is not None else None
        if stored is None:
            return ""
        try:
            wanted = settingsOf(parameters)
        except RenalError as error:
            return str(error)
        isOwn = self._logic.analysisOf(study) is not None
        if not isOwn or self._isSame(parameters):
            if stored == wanted:
                return ""
            if replace(stored, gradient_range=wanted.gradient_range, gradient_unit=wanted.gradient_unit) == wanted:
                return _("The gradient range has changed: press Apply to fit the new one.")
        return missingInput(parameters) or _("Inputs or settings have changed: press Apply.")

    def _isSame(self, parameters: Any) -> bool:
        """Return whether the inputs are those of the last job; segments that were touched are compared, once."""
        job, state = self._logic.job, InputState.now(parameters)
        if job.state is None or job.state == state:
            return True
        if self._compared != (job.state, state):
            self._compared = (job.state, state)
            self._same = job.state.maps == state.maps and _isSameMask(job, parameters)
        return self._same


def _isSameMask(job: Job, parameters: Any) -> bool:
    """Return whether the segments hold what they held: saving a scene touches them and changes nothing."""
    try:
        now = jobOf(parameters, job.settings)
    except RenalError:
        return False
    drawn = [(one.pelvis, one.tissue.image if one.tissue else None) for one in (job, now)]
    pairs = [(job.mask, now.mask), *zip(*drawn, strict=True)]
    return job.labels == now.labels and all(_isSameVolume(first, second) for first, second in pairs)


def _isSameVolume(first: Volume | None, second: Volume | None) -> bool:
    """Return whether two volumes show the same labels at the same place, however large the box they were read in."""
    if first is None or second is None:
        return first is second
    one, other = (volume.crop(bounding_box(volume.array > 0)) for volume in (first, second))
    return one.grid.same_as(other.grid) and np.array_equal(one.array, other.array)


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
