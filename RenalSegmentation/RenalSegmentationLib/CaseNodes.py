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
from RenalSegmentationLib.Changes import CHANGES_ROLE
from RenalSegmentationLib.Job import writeVolume
from RenalSegmentationLib.Labels import gridOf, labelsOf, referenceOf, sideMap, writeSegment
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
from RenalSegmentationLib.Terminology import CORTEX, LEFT_KIDNEY, MEDULLA, RIGHT_KIDNEY, SEGMENT_KINDS, SINUS
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
    except Exception:
        slicer.mrmlScene.RemoveNode(volume)
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


def saveCase(worklist: Worklist, case: Case, node: Any) -> bool:
    """Write the mask of a case unless the files have it already; return whether anything was written.

    Raises
    ------
    RenalError
        If the segments lie on other voxels than the image, or the mask cannot be written.
    """
    mask = Volume(labelsToSave(node), gridOf(node).affine)
    written = _writtenMask(worklist, case)
    if written is not None:
        # The file keeps the voxel order of the image's file, which Slicer may have turned.
        mask = Volume(nearest(mask, written.grid), written.affine)
        if np.array_equal(*map(_keptLabels, (written.array, mask.array))):
            return False
    worklist.make_folder(case)
    write_image(worklist.mask(case), mask.array, mask.grid, "kidneys, corrected")
    return True


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
    write_image(path, labelsToSave(copy), gridOf(copy), "kidneys")
    told = {"model": node.GetAttribute(MODEL_ATTRIBUTE) or "", **answer, "confidence": confidenceOf(node)}
    worklist.write_summary(case, summaryOf(told, lightOf(path, told["confidence"])))


def labelsToSave(node: Any) -> np.ndarray:
    """Return the segments as labels of the network's kind, shape (I, J, K), uint8."""
    grid, side = gridOf(node), sideMap(node).array
    labels = np.where(side == Side.LEFT, 1, np.where(side == Side.RIGHT, 2, 0)).astype(np.uint8)
    for structure in SEGMENT_KINDS:
        if structure in (LEFT_KIDNEY, RIGHT_KIDNEY):
            continue
        if node.GetSegmentation().GetSegment(structure.segmentId) is None:
            continue
        inside = labelsOf(node, [structure.segmentId], grid).array > 0
        left, right = structure.values[0], structure.values[-1]
        if structure in (CORTEX, MEDULLA):
            labels[inside & (side == Side.LEFT)] = left
            labels[inside & (side == Side.RIGHT)] = right
        elif left == right:
            labels[inside & (side == 0)] = left
        else:
            places = np.argwhere(inside & (side == 0))
            labels[tuple(places.T)] = np.where(_isLeft(grid.to_ras(places)[:, 0], grid, side), left, right)
    return labels


def _isLeft(x: np.ndarray, grid: Grid, side: np.ndarray) -> np.ndarray:
    """Return whether places, given by their RAS x in mm, belong to the left kidney, which may be the only one."""
    centres = {s: grid.to_ras(np.argwhere(side == s))[:, 0].mean() for s in Side if (side == s).any()}
    if len(centres) == 2:
        return x < (centres[Side.LEFT] + centres[Side.RIGHT]) / 2
    return np.full(x.shape, Side.RIGHT not in centres)


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
    """Take the image of a case, its mask and what belongs to that out of the scene; what else was drawn stays."""
    for volume in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        if volume.GetAttribute(CASE_ATTRIBUTE) != case.name:
            continue
        for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
            ours = node is mask or isAiCopy(node) or aiCopyOf(node) is not None
            if ours and referenceOf(node) is volume and slicer.mrmlScene.IsNodePresent(node):
                _removeWithRecords(node)
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
