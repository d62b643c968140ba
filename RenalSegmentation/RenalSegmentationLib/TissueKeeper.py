"""Keeps cortex and medulla within the kidneys while a person paints the one or the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import slicer
import vtk

from renal_segmentation import parenchyma
from renal_segmentation.errors import RenalError
from renal_segmentation.labels import Side
from renal_segmentation.volume import Volume
from RenalLayersLib.AutoUpdate import AutoUpdate
from RenalLayersLib.Guesses import guessSegments
from RenalSegmentationLib.Labels import (
    gridOf,
    kidneySegments,
    labelmapIn,
    labelsOf,
    otherSegments,
    referenceOf,
    writeSegment,
)
from RenalSegmentationLib.Terminology import CORTEX, LEFT_KIDNEY, MEDULLA, RIGHT_KIDNEY

_KINDS = {
    parenchyma.LEFT: LEFT_KIDNEY,
    parenchyma.RIGHT: RIGHT_KIDNEY,
    parenchyma.CORTEX: CORTEX,
    parenchyma.MEDULLA: MEDULLA,
}
_MODE_ATTRIBUTE = "Renal.OverwriteMode"
"""Of the editor's node: the mode that the user had chosen, while another one is in its place."""
_FILLING = "Fill between slices"
"""The effect that paints all segments, each voxel in one of them."""


@dataclass(frozen=True)
class _Parts:
    """Kidneys and tissue as they are at one moment.

    Attributes
    ----------
    segments : dict of uint8 to str
        ID of the segment of each part.
    volume : Volume
        Sum of its parts for every voxel, in world coordinates.
    """

    segments: dict[np.uint8, str]
    volume: Volume

    def isComparable(self, other: _Parts) -> bool:
        """Return whether another moment differs in voxels alone: to rename or remove a segment is not to paint."""
        return self.segments == other.segments and self.volume.grid.same_as(other.volume.grid)


class TissueKeeper:
    """Watches one segmentation that may have cortex and medulla.

    A brush of the Segment Editor takes what it paints away from all other segments, so that cortex would be cut out of
    the kidney. While a kidney or a tissue of it is selected, segments are therefore let overlap, and what must not
    overlap is settled when the stroke is done, before anything else looks at it.

    Parameters
    ----------
    editor : qMRMLSegmentEditorWidget
        With which the segments are painted.
    """

    def __init__(self, editor: Any) -> None:
        self._editor = editor
        self._node: Any = None
        self._before: _Parts | None = None
        self._isReplaced = False
        self._strokes = AutoUpdate(self._painted, restMs=0)
        self._observed: tuple[Any, int] | None = None

    def watch(self, node: Any) -> None:
        """Watch a segmentation in place of the one before; None watches nothing."""
        self.leave()
        editorNode = self._editor.mrmlSegmentEditorNode()
        if node is None or editorNode is None:
            return
        self._node = node
        self._strokes.watch(node)
        self._observed = (editorNode, editorNode.AddObserver(vtk.vtkCommand.ModifiedEvent, self._editorChanged))
        self._before = _partsOf(node)
        self._chooseMode()

    def leave(self) -> None:
        """Stop watching, and give the user's overwrite mode back."""
        self._strokes.leave()
        self._node = self._before = None
        if self._observed is not None:
            editorNode, tag = self._observed
            self._observed = None
            editorNode.RemoveObserver(tag)
            _giveModeBack(editorNode)

    def expectReplacement(self) -> None:
        """Take what is written next as it is meant to be, whatever effect is active: it is no stroke."""
        self._isReplaced = True

    def kidneysChanged(self) -> None:
        """Take the tissue away where something else than a brush took the kidney away."""
        self._settle(tissueLeads=False)

    # -- strokes

    def _painted(self) -> None:
        effect, isReplaced = self._editor.activeEffect(), self._isReplaced
        self._isReplaced = False
        if effect is None or isReplaced:
            # What is not painted, such as the outline of a network, is as it is meant to be.
            self._before = _partsOf(self._node)
        else:
            self._overwrite(self._settle(effect.name == _FILLING or self._isTissueSelected()))
        self._chooseMode()

    def _isTissueSelected(self) -> bool:
        selected, segments = self._editor.currentSegmentID(), _segmentsOf(self._node)
        return bool(selected) and selected in [segments.get(part) for part in (parenchyma.CORTEX, parenchyma.MEDULLA)]

    def _settle(self, tissueLeads: bool) -> np.ndarray | None:
        """Bring kidneys and tissue into agreement; return where kidney is new, None without anything to compare."""
        before, parts = self._before, _partsOf(self._node)
        self._before = parts
        if before is None or parts is None or not parts.isComparable(before):
            return None
        found = parts.volume.array
        settled = parenchyma.settle(parts.volume, before.volume.array, tissueLeads)
        for part, kind in _KINDS.items():
            if ((settled ^ found) & part).any():
                writeSegment(self._node, parts.segments[part], (settled & part) != 0, kind)
        self._before = replace(parts, volume=parts.volume.like(settled))
        return (settled & parenchyma.KIDNEY != 0) & (before.volume.array & parenchyma.KIDNEY == 0)

    def _overwrite(self, grown: np.ndarray | None) -> None:
        """Take what was painted as kidney away from other segments, as far as the user lets them be overwritten."""
        if grown is None or not grown.any():
            return
        node = self._node
        for identifier in self._overwritten():
            inside = labelsOf(node, [identifier], gridOf(node)).array > 0
            if (inside & grown).any():
                labelmap = labelmapIn(referenceOf(node), inside & ~grown)
                slicer.vtkSlicerSegmentationsModuleLogic.SetBinaryLabelmapToSegment(labelmap, node, identifier)

    def _overwritten(self) -> list[str]:
        """Return the segments besides those kept here that a brush overwrites in the mode that the user had chosen."""
        node, editorNode = self._node, self._editor.mrmlSegmentEditorNode()
        mode, others = editorNode.GetAttribute(_MODE_ATTRIBUTE), otherSegments(node)
        if mode == _nameOf(editorNode.OverwriteVisibleSegments):
            display = node.GetDisplayNode()
            return [one for one in others if display is not None and display.GetSegmentVisibility(one)]
        return others if mode == _nameOf(editorNode.OverwriteAllSegments) else []

    # -- overwrite mode

    def _editorChanged(self, caller: Any, event: str) -> None:
        self._chooseMode()

    def _chooseMode(self) -> None:
        """Let segments overlap while a part of a kidney with tissue is selected; another choice meanwhile stays."""
        editorNode = self._editor.mrmlSegmentEditorNode()
        selected = self._editor.currentSegmentID()
        if not (selected and selected in _segmentsOf(self._node).values()):
            _giveModeBack(editorNode)
        elif editorNode.GetAttribute(_MODE_ATTRIBUTE) is None:
            editorNode.SetAttribute(_MODE_ATTRIBUTE, _nameOf(editorNode.GetOverwriteMode()))
            editorNode.SetOverwriteMode(editorNode.OverwriteNone)


def _giveModeBack(editorNode: Any) -> None:
    mode = editorNode.GetAttribute(_MODE_ATTRIBUTE)
    if mode is not None:
        editorNode.RemoveAttribute(_MODE_ATTRIBUTE)
        if editorNode.GetOverwriteMode() == editorNode.OverwriteNone:
            editorNode.SetOverwriteMode(editorNode.ConvertOverwriteModeFromString(mode))


def _nameOf(mode: int) -> str:
    return str(slicer.vtkMRMLSegmentEditorNode.ConvertOverwriteModeToString(mode))


def _segmentsOf(node: Any) -> dict[np.uint8, str]:
    """Return the IDs of the kidneys and of cortex and medulla; none of them without a kidney, or without a tissue."""
    if node is None:
        return {}
    kidneys, guesses = kidneySegments(node), guessSegments(node)
    tissues = {parenchyma.CORTEX: guesses["cortexSegment"], parenchyma.MEDULLA: guesses["medullaSegment"]}
    if not (any(kidneys.values()) and any(tissues.values())):
        return {}
    return {parenchyma.LEFT: kidneys[Side.LEFT], parenchyma.RIGHT: kidneys[Side.RIGHT], **tissues}


def _partsOf(node: Any) -> _Parts | None:
    """Return the parts of a segmentation as they are now; None where there is nothing to keep."""
    segments = _segmentsOf(node)
    if not segments:
        return None
    try:
        grid = gridOf(node)
        parts = np.zeros(grid.shape, np.uint8)
        for part, identifier in segments.items():
            parts |= labelsOf(node, [identifier], grid).array * part
    except RenalError:
        # Why it cannot be read is said where it is measured.
        return None
    return _Parts(segments, Volume(parts, grid.affine))
