"""What a user chooses in the panel, kept in the scene."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Decimals, SingleStep, WithinRange, parameterNodeWrapper

from renal_layers.settings import Settings

_DEFAULT = Settings()


class Choice(Enum):
    """A choice whose value is that of `renal_layers.settings.Settings` and whose label is for people."""

    @staticmethod
    def label(choice: Choice) -> str:
        """Return what the combo box shows."""
        return _LABELS[choice]()


class LayerModel(Choice):
    """How layers are cut."""

    FixedThickness = "mm"
    Proportional = "proportional"
    EqualVolume = "equivolume"


class Smoothing(Choice):
    """How the surface is made."""

    Default = "default"
    Diffusion = "diffusion"
    WindowedSinc = "windowed-sinc"
    Bare = "none"


class DepthFrom(Choice):
    """Where depth begins."""

    Capsule = "capsule"
    Surface = "surface"


class Space(Choice):
    """Whose voxels are measured."""

    Map = "map"
    Mask = "mask"


class GradientUnit(Choice):
    """Unit of the range in which the gradient is fitted."""

    Millimetres = "mm"
    Percent = "percent"


class Statistic(Choice):
    """What the chart draws per layer."""

    Median = "median"
    Mean = "mean"


class Overlay(Choice):
    """What lies over the slices."""

    Layers = "layers"
    Depth = "depth"
    Nothing = "nothing"


_LABELS = {
    LayerModel.FixedThickness: lambda: _("Fixed thickness (mm)"),
    LayerModel.Proportional: lambda: _("Equal share of the way to the pelvis"),
    LayerModel.EqualVolume: lambda: _("Equal volume"),
    Smoothing.Default: lambda: _("Smoothest that fits the mask (default)"),
    Smoothing.Diffusion: lambda: _("Diffusion, as in 3DQLayers"),
    Smoothing.WindowedSinc: lambda: _("Windowed sinc"),
    Smoothing.Bare: lambda: _("None"),
    DepthFrom.Capsule: lambda: _("Capsule (sinus wall left out)"),
    DepthFrom.Surface: lambda: _("All of the surface, as in 3DQLayers"),
    Space.Map: lambda: _("Voxels of the map (values untouched)"),
    Space.Mask: lambda: _("Voxels of the segmentation (map interpolated)"),
    GradientUnit.Millimetres: lambda: _("mm"),
    GradientUnit.Percent: lambda: _("% of the greatest depth"),
    Statistic.Median: lambda: _("Median"),
    Statistic.Mean: lambda: _("Mean"),
    Overlay.Layers: lambda: _("Layers"),
    Overlay.Depth: lambda: _("Depth"),
    Overlay.Nothing: lambda: _("Nothing"),
}
"""Functions, because the language is known only when the panel is shown."""


@parameterNodeWrapper
class RenalLayersParameterNode:
    """Parameters of the module.

    Segments are named by their ID in `segmentation`, empty where there is none; left and right may be the same
    segment, which is then split by its position in the patient. `guessedFor` is the segmentation whose segments they
    are, so that what a person chose is not guessed again. `mapVolumes`, `mapNames` and `mapUnits` are
    three columns of one list. `study` names the study shown, by which it is found when the segmentation is gone.
    """

    segmentation: slicer.vtkMRMLSegmentationNode
    leftSegment: str = ""
    rightSegment: str = ""
    cortexSegment: str = ""
    medullaSegment: str = ""
    pelvisSegment: str = ""
    guessedFor: slicer.vtkMRMLSegmentationNode
    mapVolumes: list[slicer.vtkMRMLScalarVolumeNode]
    mapNames: list[str]
    mapUnits: list[str]

    layerModel: LayerModel = LayerModel.FixedThickness
    layerThickness: Annotated[float, WithinRange(0.1, 20.0), Decimals(2), SingleStep(0.5)] = _DEFAULT.layer_thickness_mm
    layerCount: Annotated[int, WithinRange(1, 50)] = _DEFAULT.layer_count
    pelvisDistance: Annotated[float, WithinRange(0.0, 50.0), Decimals(1)] = _DEFAULT.pelvis_distance_mm
    cystLimit: Annotated[float, WithinRange(0.0, 1000.0), Decimals(1)] = _DEFAULT.fill_cysts_below_ml
    smoothing: Smoothing = Smoothing.Default
    depthFrom: DepthFrom = DepthFrom.Capsule
    space: Space = Space.Map
    minimumVoxels: Annotated[int, WithinRange(1, 100000)] = _DEFAULT.minimum_voxels
    normalise: bool = _DEFAULT.normalise
    keepZeros: bool = not _DEFAULT.zero_is_background

    gradientUnit: GradientUnit = GradientUnit.Millimetres
    gradientLow: float = _DEFAULT.gradient_range[0]
    gradientHigh: float = _DEFAULT.gradient_range[1]

    overlay: Overlay = Overlay.Layers
    overlayOpacity: Annotated[float, WithinRange(0.0, 1.0), Decimals(2), SingleStep(0.05)] = 0.6
    showSurface: bool = True

    shownMap: str = ""
    statistic: Statistic = Statistic.Median
    showLeft: bool = True
    showRight: bool = True
    showBoth: bool = False
    showBand: bool = True

    autoUpdate: bool = False
    study: str = ""


def settingsOf(parameters: RenalLayersParameterNode) -> Settings:
    """Return the settings of the analysis.

    Raises
    ------
    InputError
        If they are impossible together.
    """
    return Settings(
        layer_thickness_mm=parameters.layerThickness,
        layer_model=parameters.layerModel.value,
        layer_count=parameters.layerCount,
        fill_cysts_below_ml=parameters.cystLimit,
        pelvis_distance_mm=parameters.pelvisDistance,
        depth_from=parameters.depthFrom.value,
        smoothing=parameters.smoothing.value,
        space=parameters.space.value,
        gradient_range=(parameters.gradientLow, parameters.gradientHigh),
        gradient_unit=parameters.gradientUnit.value,
        normalise=parameters.normalise,
        minimum_voxels=parameters.minimumVoxels,
        zero_is_background=not parameters.keepZeros,
    )
