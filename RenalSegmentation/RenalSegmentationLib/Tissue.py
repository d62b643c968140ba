"""Cortex and medulla: a first draft from an image, as segments that RenalLayers takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from slicer.i18n import tr as _

from renal_segmentation.errors import InputError, RenalError
from renal_segmentation.tissue_split import CORTEX as CORTEX_LABEL
from renal_segmentation.tissue_split import MEDULLA as MEDULLA_LABEL
from renal_segmentation.tissue_split import TissueSplit, split_tissue
from RenalLayersLib.Guesses import guessSegments
from RenalLayersLib.Inputs import volumeOf
from RenalSegmentationLib.Labels import occupied, sideMap, writeSegment
from RenalSegmentationLib.Terminology import CORTEX, MEDULLA

TISSUE_ROLE = "Renal.TissueImage"


class TissuePanel:
    """Splits the kidneys at the press of a button.

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
        self._chosen: tuple[Any, Any] | None = None
        ui.splitTissueButton.connect("clicked()", self._split)

    def setParameters(self, parameters: Any) -> None:
        """Split what these parameters name; None while there is no scene."""
        self._parameters, self._chosen = parameters, None
        self.refresh()

    def refresh(self) -> None:
        """Choose the image that belongs to that of the kidneys, and say what is missing."""
        p = self._parameters
        if p is not None:
            self._keepTogether()
        missing = ""
        if p is None or p.segmentation is None:
            missing = _("Outline the kidneys first.")
        elif p.tissueVolume is None:
            missing = _("Choose a T1-weighted image or a T1 map.")
        self._ui.splitTissueButton.enabled = not missing
        self._ui.splitTissueButton.toolTip = missing or _("Split the kidneys into cortex and medulla.")

    def _keepTogether(self) -> None:
        """Keep a choice with the image of the kidneys, and take it back with that: patients are not mixed up."""
        p, before = self._parameters, self._chosen
        self._chosen = image, tissue = p.inputVolume, p.tissueVolume
        if before is not None and image is not before[0] and tissue is before[1]:
            p.tissueVolume = image.GetNodeReference(TISSUE_ROLE) if image is not None else None
        elif image is not None:
            image.SetNodeReferenceID(TISSUE_ROLE, tissue.GetID() if tissue is not None else None)

    def _split(self) -> None:
        p = self._parameters
        try:
            split = splitSegmentation(p.segmentation, p.tissueVolume, p.contrast.value, self._ui.segmentEditor)
        except RenalError as error:
            self._say(str(error), isError=True)
            return
        voxel = split.labels.grid.voxel_ml
        cortex, medulla = (float((split.labels.array == n).sum() * voxel) for n in (CORTEX_LABEL, MEDULLA_LABEL))
        sentence = _("Cortex {cortex:.0f} ml, medulla {medulla:.0f} ml: correct the border by hand.")
        notices = " ".join(notice.message for notice in split.notices)
        self._say(f"{sentence.format(cortex=cortex, medulla=medulla)} {notices}".strip())


def splitSegmentation(node: Any, image: Any, contrast: str, editor: Any = None) -> TissueSplit:
    """Write cortex and medulla of the kidneys of a segmentation into segments of their own, and return the split.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
        With the kidneys; cysts and the sinus are left out.
    image : vtkMRMLScalarVolumeNode
        T1-weighted image or T1 map, on any grid.
    contrast : str
        One of `tissue_split.CONTRASTS`.
    editor : qMRMLSegmentEditorWidget, optional
        Where the state before is kept for Undo.

    Raises
    ------
    RenalError
        With one sentence for a person.
    """
    if node is None or image is None:
        raise InputError(_("Choose a segmentation, and a T1-weighted image or a T1 map."))
    side = sideMap(node)
    tissue = side.like(np.where(occupied(node, side.grid), 0, side.array))
    split = split_tissue(volumeOf(image), tissue, contrast)
    if editor is not None:
        editor.saveStateForUndo()
    found = guessSegments(node)
    for label, parameter, structure in (
        (CORTEX_LABEL, "cortexSegment", CORTEX),
        (MEDULLA_LABEL, "medullaSegment", MEDULLA),
    ):
        writeSegment(node, found[parameter], split.labels.array == label, structure)
    return split
