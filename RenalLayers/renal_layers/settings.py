"""What a user can choose, with the defaults of the command line and of the panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from renal_layers.layers import LAYER_MODELS, LayerModel
from renal_layers.surface import SMOOTHINGS, Smoothing
from renal_segmentation.errors import InputError

Space = Literal["map", "mask"]
DepthFrom = Literal["capsule", "surface"]
GradientUnit = Literal["mm", "percent", "proportion"]

THICKNESS_LIMITS_MM = (0.01, 1000.0)
MOST_LAYERS = 1000
GREATEST_DISTANCE_MM = 1000.0
LARGEST_CYST_ML = 1e6
"""Beyond these numbers nothing changes in a body, and some no longer fit the arithmetic."""


@dataclass(frozen=True)
class Settings:
    """Parameters of one analysis.

    Attributes
    ----------
    layer_thickness_mm : float
        Thickness of a layer for the model ``mm``.
    layer_model : {"mm", "proportional", "equivolume"}
        Layers of fixed thickness, or `layer_count` layers between capsule and pelvis of equal thickness or volume.
    layer_count : int
        Number of layers of the two relative models (TLCO uses twelve).
    fill_cysts_below_ml : float
        Holes below this volume are cysts: their wall is not the surface.
    pelvis_distance_mm : float
        Voxels nearer than this to the renal pelvis are excluded; 0 switches it off.
    depth_from : {"capsule", "surface"}
        ``surface``: the nearest point of the whole surface, the wall of the sinus included, as in 3DQLayers;
        ``capsule``: leave out the wall that faces the pelvis, where a pelvis is drawn, or looked for because
        `pelvis_distance_mm` or the layer model asks for it; elsewhere it is ``surface``, and a notice says so.
    smoothing : {"default", "diffusion", "windowed-sinc", "none"}
        How the surface is made.
    space : {"map", "mask"}
        Measure at the map's voxels (the map is untouched) or at the mask's (the map is interpolated).
    gradient_range : tuple of float
        Central range of depth that the gradient is fitted to.
    gradient_unit : {"mm", "percent", "proportion"}
        Unit of that range; the last two refer to the greatest depth.
    normalise : bool
        Turn each map into z-scores within the measured kidney voxels.
    minimum_voxels : int
        Layers with fewer voxels are marked in the profiles.
    zero_is_background : bool
        Zeros of a map are masked background, not measurements.
    """

    layer_thickness_mm: float = 1.0
    layer_model: LayerModel = "mm"
    layer_count: int = 12
    fill_cysts_below_ml: float = 10.0
    pelvis_distance_mm: float = 0.0
    depth_from: DepthFrom = "capsule"
    smoothing: Smoothing = "default"
    space: Space = "map"
    gradient_range: tuple[float, float] = (5.0, 15.0)
    gradient_unit: GradientUnit = "mm"
    normalise: bool = False
    minimum_voxels: int = 10
    zero_is_background: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be computed.

        Raises
        ------
        InputError
            With the setting and what it may be.
        """
        low, high = self.gradient_range
        thinnest, thickest = THICKNESS_LIMITS_MM
        top = {"mm": GREATEST_DISTANCE_MM, "percent": 100.0, "proportion": 1.0}.get(self.gradient_unit, 0.0)
        rules = {
            f"Layer thickness {self.layer_thickness_mm:g} mm: give {thinnest:g} to {thickest:g}.": thinnest
            <= self.layer_thickness_mm
            <= thickest,
            f"{self.layer_count} layers: give 1 to {MOST_LAYERS}.": 1 <= self.layer_count <= MOST_LAYERS,
            f"Cyst limit {self.fill_cysts_below_ml:g} ml: give 0 to {LARGEST_CYST_ML:.0f}.": 0
            <= self.fill_cysts_below_ml
            <= LARGEST_CYST_ML,
            f"Pelvis distance {self.pelvis_distance_mm:g} mm: give 0 to {GREATEST_DISTANCE_MM:g}.": 0
            <= self.pelvis_distance_mm
            <= GREATEST_DISTANCE_MM,
            f"Gradient range {low:g} to {high:g} {self.gradient_unit}: give two rising numbers from 0 "
            f"to {top:g} in mm, percent or proportion.": 0 <= low < high <= top,
            f"Minimum of {self.minimum_voxels} voxels: give at least 1.": self.minimum_voxels >= 1,
            f"'{self.layer_model}' is no layer model: choose {', '.join(LAYER_MODELS)}.": self.layer_model
            in LAYER_MODELS,
            f"'{self.smoothing}' is no surface smoothing: choose {', '.join(SMOOTHINGS)}.": self.smoothing
            in SMOOTHINGS,
            f"'{self.depth_from}' is no start of depth: choose capsule or surface.": self.depth_from
            in get_args(DepthFrom),
            f"'{self.space}' is no space: choose map or mask.": self.space in get_args(Space),
        }
        for sentence, holds in rules.items():
            if not holds:
                raise InputError(sentence)

    @property
    def layer_unit(self) -> str:
        """Unit of the layer values, empty for indices."""
        return "mm" if self.layer_model == "mm" else ""
