"""Correcting the outline: Slicer's Segment Editor made ready for kidneys, and helpers of one click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from renal_segmentation import correction
from renal_segmentation.errors import EmptyMaskError, RenalError
from renal_segmentation.volume import Grid, Volume
from RenalLayersLib.Inputs import volumeOf
from RenalSegmentationLib.Labels import occupied, referenceOf, sideMap, writeSides
from RenalSegmentationLib.SidedPairs import SidedPair, sidedPairs
from RenalSegmentationLib.TissueKeeper import TissueKeeper

EDITOR_TAG = "RenalSegmentation"
_EFFECTS = ("Paint", "Erase", "Scissors", "Islands", "Smoothing", "Fill between slices")
_BRUSH = {"BrushSphere": "1", "BrushDiameterIsRelative": "0", "BrushAbsoluteDiameter": "8"}
"""A ball of 8 mm, the same at every zoom."""
_UNDO_STEPS = 10


@dataclass(frozen=True)
class _Corrected:
    """What a helper of one click makes of a segmentation.

    Attributes
    ----------
    sides : ndarray of uint8, shape (I, J, K)
        The new side map.
    sentence : str
        What was done.
    resided : callable or None
        Gives the side map of a pair of segments beside the kidneys, such as the cysts, its new sides.
    """

    sides: np.ndarray
    sentence: str
    resided: Callable[[Volume], np.ndarray] | None = None

    def pairs(self, node: Any, grid: Grid) -> list[tuple[SidedPair, np.ndarray, int]]:
        """Return which segments beside the kidneys change, their new side map, and by how many voxels."""
        if self.resided is None:
            return []
        maps = [(pair, pair.sideMap(node, grid)) for pair in sidedPairs(node)]
        new = [(pair, self.resided(side), side.array) for pair, side in maps]
        return [(pair, sides, int((sides != before).sum())) for pair, sides, before in new if (sides != before).any()]


class CorrectionPanel:
    """The helpers and the embedded editor.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    say : callable
        Shows a sentence, ``say(text, isError=False)``.
    """

    def __init__(self, ui: Any, say: Callable[..., None]) -> None:
        self._ui, self._say = ui, say
        self._parameters: Any = None
        self._editor = ui.segmentEditor
        self._editor.setEffectNameOrder(_EFFECTS)
        self._editor.unorderedEffectsVisible = False
        self._editor.segmentationNodeSelectorVisible = False
        self._editor.sourceVolumeNodeSelectorVisible = False
        self._editor.maximumNumberOfUndoStates = _UNDO_STEPS
        self._tissue = TissueKeeper(self._editor)
        helpers: dict[str, Callable[[Any, Volume], _Corrected]] = {
            "keepLargestButton": self._keepLargest,
            "removeSmallButton": self._removeSmall,
            "fillHolesButton": self._fillHoles,
            "smoothButton": self._smooth,
            "swapButton": self._swap,
            "splitButton": self._split,
        }
        self._buttons = [getattr(ui, name) for name in helpers]
        for name, helper in helpers.items():
            getattr(ui, name).connect("clicked()", self._slot(helper))

    def setParameters(self, parameters: Any) -> None:
        """Correct what these parameters name; None while there is no scene."""
        self._parameters = parameters
        if parameters is not None:
            self._editor.setMRMLSegmentEditorNode(_editorNode())
        self.refresh()

    def refresh(self) -> None:
        """Follow the chosen segmentation."""
        node = self._parameters.segmentation if self._parameters is not None else None
        if self._parameters is not None:
            self._editor.setSegmentationNode(node)
            self._editor.setSourceVolumeNode(referenceOf(node))
        self._tissue.watch(node)
        for widget in (*self._buttons, self._editor):
            widget.enabled = node is not None

    def keepForUndo(self, node: Any) -> None:
        """Let Undo bring a segmentation back as it is now."""
        # Undo is for the segmentation in the editor; another one may have been chosen while the network was at work.
        self._editor.setSegmentationNode(node)
        self._editor.saveStateForUndo()
        self._tissue.expectReplacement()

    def enter(self) -> None:
        """Let the editor have the mouse in the slice views."""
        self._editor.setupViewObservations()

    def exit(self) -> None:
        """Give the mouse back."""
        self._editor.setActiveEffect(None)
        self._editor.removeViewObservations()

    def sceneIsClosing(self) -> None:
        """Let go of the editor's node."""
        self.exit()
        self._tissue.leave()
        self._parameters = None
        self._editor.setSegmentationNode(None)
        self._editor.setMRMLSegmentEditorNode(None)

    def _slot(self, helper: Callable[[Any, Volume], _Corrected]) -> Callable[[], None]:
        def clicked() -> None:
            node = self._parameters.segmentation if self._parameters is not None else None
            if node is None:
                return
            try:
                side = sideMap(node)
                if not side.array.any():
                    raise EmptyMaskError(_("The kidneys are empty: outline them first."))
                corrected = helper(node, side)
                pairs = corrected.pairs(node, side.grid)
            except RenalError as error:
                self._say(str(error), isError=True)
                return
            changed = int((corrected.sides != side.array).sum()) + sum(count for _pair, _sides, count in pairs)
            if not changed:
                self._say(_("There was nothing to change."))
                return
            self._editor.saveStateForUndo()
            writeSides(node, corrected.sides)
            for pair, sides, _count in pairs:
                pair.write(node, sides)
            self._tissue.kidneysChanged()
            self._say(corrected.sentence + " " + _("{ml:.1f} ml changed.").format(ml=changed * side.grid.voxel_ml))

        return clicked

    def _keepLargest(self, node: Any, side: Volume) -> _Corrected:
        return _Corrected(correction.keep_largest(side), _("The largest part of each side was kept."))

    def _removeSmall(self, node: Any, side: Volume) -> _Corrected:
        limit = self._parameters.smallestIsland
        sentence = _("Parts below {ml:g} ml were removed.").format(ml=limit)
        return _Corrected(correction.remove_small(side, limit), sentence)

    def _fillHoles(self, node: Any, side: Volume) -> _Corrected:
        return _Corrected(correction.fill_holes(side, occupied(node, side.grid)), _("Holes were filled."))

    def _smooth(self, node: Any, side: Volume) -> _Corrected:
        smoothed = correction.smooth(side, self._parameters.smoothing, occupied(node, side.grid))
        return _Corrected(smoothed, _("The kidneys were smoothed and kept their volume."))

    def _swap(self, node: Any, side: Volume) -> _Corrected:
        return _Corrected(correction.swap_sides(side), _("Left and right were swapped."), correction.swap_sides)

    def _split(self, node: Any, side: Volume) -> _Corrected:
        sides, plane = correction.split_at_spine(side, volumeOf(referenceOf(node)))
        sentence = _("The mask was split at the spine (R = {x:.0f} mm).").format(x=plane)
        return _Corrected(sides, sentence, lambda other: correction.split_at(other, plane))


def _editorNode() -> Any:
    """Return the node that keeps the choices of the embedded editor, made ready where it is not."""
    scene = slicer.mrmlScene
    node = scene.GetSingletonNode(EDITOR_TAG, "vtkMRMLSegmentEditorNode")
    if node is None:
        node = scene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
        node.UnRegister(None)
        node.SetSingletonTag(EDITOR_TAG)
        node = scene.AddNode(node)
    # A singleton outlives the closing of the scene without its attributes.
    for name, value in _BRUSH.items():
        if node.GetAttribute(name) is None:
            node.SetAttribute(name, value)
    return node
