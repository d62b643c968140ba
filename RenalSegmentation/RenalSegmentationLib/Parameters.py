"""What a user chooses in the panel, kept in the scene."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Decimals, SingleStep, WithinRange, parameterNodeWrapper


class Contrast(Enum):
    """Which of the two tissues in an image is cortex; the values are those of `tissue_split.CONTRASTS`."""

    Automatic = "auto"
    CortexBright = "cortex-bright"
    CortexDark = "cortex-dark"

    @staticmethod
    def label(contrast: Contrast) -> str:
        """Return what the combo box shows."""
        return _LABELS[contrast]()


_LABELS = {
    Contrast.Automatic: lambda: _("By its place (automatic)"),
    Contrast.CortexBright: lambda: _("Bright, as in T1-weighted images"),
    Contrast.CortexDark: lambda: _("Dark, as in T1 maps"),
}
"""Functions, because the language is known only when the panel is shown."""


@parameterNodeWrapper
class RenalSegmentationParameterNode:
    """Parameters of the module.

    `segmentation` is the one that is corrected and reviewed; what belongs to one patient (height, weight, reviews) is
    kept with it and not here. `tissueVolume` changes with `inputVolume`, which it is kept with. `model` is the name of
    a model, empty for the one that comes with the extension.
    """

    inputVolume: slicer.vtkMRMLScalarVolumeNode
    segmentation: slicer.vtkMRMLSegmentationNode
    model: str = ""
    lowMemory: bool = False

    showAi: bool = False
    showChanges: bool = False
    smallestIsland: Annotated[float, WithinRange(0.0, 100.0), Decimals(1), SingleStep(0.5)] = 1.0
    smoothing: Annotated[float, WithinRange(0.5, 10.0), Decimals(1), SingleStep(0.5)] = 2.0

    tissueVolume: slicer.vtkMRMLScalarVolumeNode
    contrast: Contrast = Contrast.Automatic

    worklist: str = ""
    case: str = ""
