"""One case of the worklist as nodes: loaded from its files, and saved to them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from renal_segmentation.checks import Light, check_mask, worst
from renal_segmentation.errors import InputError
from renal_segmentation.files import read_image, write_image
from renal_segmentation.labels import Side
from renal_segmentation.resampling import nearest
from renal_segmentation.volume import Grid, Volume
from renal_segmentation.worklist import Case, Status, Worklist
from RenalLayersLib.Inputs import volumeOf
from RenalSegmentationLib.CaseLabels import furtherSegments, labelsToSave
from RenalSegmentationLib.Changes import CHANGES_ROLE
from RenalSegmentationLib.FurtherSegments import furtherFile, hasFurther, readFurther, writeFurther
from RenalSegmentationLib.Job import writeVolume
from RenalSegmentationLib.Labels import localAffine, referenceOf, writeSegment
from RenalSegmentationLib.MaskVersions import MaskVersions
from RenalSegmentationLib.Records import REVIEWS_ROLE, addRecord
from RenalSegmentationLib.Result import (
    AI_ROLE,
    MODEL_ATTRIBUTE,
    aiCopyOf,
    confidenceOf,
    handDrawn,
    isAiCopy,
    showResult,
)
from RenalSegmentationLib.Terminology import LEFT_KIDNEY, RIGHT_KIDNEY, SEGMENT_KINDS, SINUS
from RenalSegmentationLib.Views import keptViews

CASE_ATTRIBUTE = "Renal.Case"
_SAME_PLACE = 0.1
"""In voxels: how far apart corners may lie that are the same."""


def loadCase(worklist: Worklist, case: Case) -> tuple[Any, Any]:
    """Put a case into the scene and return its image and its segmentation, None where it is not outlined yet.

    Raises
    ------
    InputError
        If the image or a mask cannot be read.
    """
    volume = loadVolume(case)
    volume.SetAttribute(CASE_ATTRIBUTE, case.name)
    volume.SetName(case.name)
    outlined, corrected = (path.is_file() for path in (worklist.network_mask(case), worklist.mask(case)))
    if not outlined and not corrected:
        return volume, None
    summary = worklist.read_summary(case)
    node = None
    try:
        outline = _labelsFor(volume, worklist.network_mask(case)) if outlined else None
        mask = _labelsFor(volume, worklist.mask(case)) if corrected else None
        model, confidence = str(summary.get("model") or ""), summary.get("confidence") or {}
        if outline is not None:
            node = showResult(volume, outline, model, confidence, evenEmpty=True)
        else:
            node = handDrawn(volume)
        if mask is not None:
            _fillFrom(node, mask)
        readFurther(node, furtherFile(worklist.mask(case)))
    except Exception:
        removeCase(case, node)
        raise
    review = worklist.review(case)
    if review is not None:
        addRecord(node, review, isCurrent=worklist.status(case) == Status.REVIEWED)
    return volume, node


def loadVolume(case: Case) -> Any:
    """Return the image of a case as a new volume node.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    if case.series:
        return _loadSeries(case)
    if not Path(case.source).is_file():
        raise InputError(
            _("{path} is not there: put the image back, or open its folder again.").format(path=case.source)
        )
    try:
        return slicer.util.loadVolume(case.source, {"name": case.name, "show": False})
    except RuntimeError as error:
        raise InputError(_("{path} cannot be read as an image: export it again.").format(path=case.source)) from error


def writeSeries(case: Case, path: Path) -> None:
    """Write the image of a DICOM case for the network; scene and views are as before."""
    before = set(slicer.util.getNodesByClass("vtkMRMLNode"))
    try:
        writeVolume(path, volumeOf(loadVolume(case)))
    finally:
        for node in slicer.util.getNodesByClass("vtkMRMLNode"):
            if node not in before and slicer.mrmlScene.IsNodePresent(node):
                slicer.mrmlScene.RemoveNode(node)


def saveCase(worklist: Worklist, case: Case, node: Any, versions: MaskVersions) -> bool:
    """Write the mask of a case unless the files have it already; return whether anything was written.

    Parameters
    ----------
    worklist, case
        Whose files.
    node : vtkMRMLSegmentationNode
        The mask.
    versions : MaskVersions
        Says where to write it, once it is known that the files have another one.

    Raises
    ------
    RenalError
        If the segments lie on other voxels than the image, or the mask cannot be written.
    """
    worklist.make_folder(case)
    labels = labelsToSave(node)
    mask = _changedMask(worklist, case, _whereFiled(labels, node))
    further = furtherSegments(node, labels)
    isOther = not hasFurther(node, further, furtherFile(worklist.mask(case)))
    if mask is None and not isOther:
        return False
    path = versions.place()
    try:
        if isOther or path != worklist.mask(case):
            writeFurther(node, further, furtherFile(path))
        if mask is not None:
            write_image(path, mask.array, mask.grid, "kidneys, corrected")
    finally:
        versions.written(path)
    return True


def isSaved(worklist: Worklist, case: Case, node: Any) -> bool:
    """Return whether the files have the mask of a case as it is.

    Raises
    ------
    RenalError
        If the segments lie on other voxels than the image.
    """
    labels = labelsToSave(node)
    if _changedMask(worklist, case, _whereFiled(labels, node)) is not None:
        return False
    return hasFurther(node, furtherSegments(node, labels), furtherFile(worklist.mask(case)))


def _changedMask(worklist: Worklist, case: Case, mask: Volume) -> Volume | None:
    """Return a mask as it is to be written, None where the files have it."""
    written = _writtenMask(worklist, case)
    if written is not None:
        if not _sameVoxels(mask.grid, written.grid):
            sentence = _(
                "The image '{name}' does not lie where it was outlined any more, so its mask is not saved: move image "
                "and mask back with the inverse of the transform that was hardened."
            )
            raise InputError(sentence.format(name=case.name))
        # The file keeps the voxel order of the image's file, which Slicer may have turned.
        mask = Volume(nearest(mask, written.grid), written.affine)
        if np.array_equal(*map(_keptLabels, (written.array, mask.array))):
            return None
    return mask


def _whereFiled(labels: np.ndarray, node: Any) -> Volume:
    """Return labels where the image's file has the image: a transform above both is for looking."""
    return Volume(labels, localAffine(referenceOf(node)))


def _writtenMask(worklist: Worklist, case: Case) -> Volume | None:
    """Return what the files have of the mask, None where that is nothing, or damaged."""
    path = worklist.mask(case) if worklist.mask(case).is_file() else worklist.network_mask(case)
    try:
        return read_image(path)[0] if path.is_file() else None
    except InputError:
        return None


def summaryOf(answer: Mapping[str, Any], light: Light) -> dict[str, Any]:
    """Return what of the network's answer is kept with a case."""
    kept = ("model", "volumes", "confidence", "notices")
    return {**{key: answer[key] for key in kept if key in answer}, "light": light.value}


def saveOutline(worklist: Worklist, case: Case, node: Any, answer: Mapping[str, Any]) -> None:
    """Write what the network found for a segmentation and says of it, as when it is outlined in the background.

    Raises
    ------
    RenalError
        If it cannot be written.
    """
    copy = aiCopyOf(node)
    path = worklist.make_folder(case) / worklist.network_mask(case).name
    mask = _whereFiled(labelsToSave(copy), copy)
    write_image(path, mask.array, mask.grid, "kidneys")
    told = {"model": node.GetAttribute(MODEL_ATTRIBUTE) or "", **answer, "confidence": confidenceOf(node)}
    worklist.write_summary(case, summaryOf(told, lightOf(path, told["confidence"])))


def lightOf(path: Path, confidence: Mapping[str, float]) -> Light:
    """Return the worst light of the checks of a mask that the network wrote.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    labels = read_image(path)[0]
    side = np.zeros(labels.array.shape, np.uint8)
    for value, kind in ((Side.LEFT, LEFT_KIDNEY), (Side.RIGHT, RIGHT_KIDNEY)):
        side[np.isin(labels.array, kind.values)] = value
    return worst(check_mask(labels.like(side), confidence, occupied=(labels.array > 0) & (side == 0)))


def removeCase(case: Case, mask: Any = None) -> None:
    """Take the image of a case, its mask and what belongs to that out of the scene; the rest is hidden."""
    for volume in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        if volume.GetAttribute(CASE_ATTRIBUTE) != case.name:
            continue
        for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
            if referenceOf(node) is not volume or not slicer.mrmlScene.IsNodePresent(node):
                continue
            if node is mask or isAiCopy(node) or (mask is None and aiCopyOf(node) is not None):
                _removeWithRecords(node)
            else:
                # Over the next image it would pass for an outline of that patient.
                node.SetDisplayVisibility(False)
        slicer.mrmlScene.RemoveNode(volume)


def _removeWithRecords(node: Any) -> None:
    for role in (AI_ROLE, REVIEWS_ROLE, CHANGES_ROLE):
        slicer.mrmlScene.RemoveNode(node.GetNodeReference(role))
    slicer.mrmlScene.RemoveNode(node)


def _keptLabels(labels: np.ndarray) -> np.ndarray:
    """Return labels without the side of the sinus, which is one segment and gets its side anew."""
    merged = labels.copy()
    merged[labels == SINUS.values[1]] = SINUS.values[0]
    return merged


def _labelsFor(volume: Any, path: Path) -> np.ndarray:
    """Return a mask from a file in the voxel order of the node: Slicer mirrors images of left-handed grids."""
    labels, grid = read_image(path)[0], volumeOf(volume).grid
    if not _sameVoxels(labels.grid, grid):
        raise InputError(
            _("{path} does not have the voxels of the image '{name}': remove it, and outline the case again.").format(
                path=path, name=volume.GetName()
            )
        )
    return nearest(labels, grid)


def _sameVoxels(one: Grid, other: Grid) -> bool:
    """Tell whether two grids have the same voxels, in whatever order."""
    corners = [grid.to_ras([c * (np.array(grid.shape) - 1) for c in np.ndindex(2, 2, 2)]) for grid in (one, other)]
    apart = np.linalg.norm(corners[0][:, np.newaxis] - corners[1], axis=2).min(axis=1)
    same = sorted(one.shape) == sorted(other.shape) and apart.max() < _SAME_PLACE * one.spacing.min()
    return bool(same)


def _fillFrom(node: Any, labels: np.ndarray) -> None:
    """Make the segments what a corrected mask says."""
    segmentation = node.GetSegmentation()
    for structure in SEGMENT_KINDS:
        inside = np.isin(labels, structure.values)
        present = segmentation.GetSegment(structure.segmentId) is not None
        if present or inside.any():
            writeSegment(node, structure.segmentId if present else "", inside, structure)


def _loadSeries(case: Case) -> Any:
    from DICOMLib import DICOMUtils

    before = set(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"))
    # Slicer shows in all views what it loads from DICOM.
    with keptViews():
        DICOMUtils.loadSeriesByUID([case.series])
    loaded = [node for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if node not in before]
    if not loaded:
        raise InputError(
            _("The series of '{name}' is not in Slicer's DICOM database any more: import it again.").format(
                name=case.name
            )
        )
    for further in loaded[1:]:
        slicer.mrmlScene.RemoveNode(further)
    return loaded[0]
