"""The methods paragraph: what was done, in plain words, with its sources."""

from __future__ import annotations

from renal_layers.settings import Settings

SOURCES = (
    "A. Daniel, S. Francis: 3DQLayers, volumetric layer based analysis of the kidneys. Journal of Open Source "
    "Software (2025), doi 10.21105/joss.08121",
    "B. Milani et al.: reduction of cortical oxygenation in chronic kidney disease, evidence obtained with a new "
    "analysis method of blood oxygenation level-dependent MRI (twelve-layer concentric objects). Nephrology Dialysis "
    "Transplantation 32 (2017), 2097-2105",
)

_SURFACES = {
    "default": "a smoothed surface by shape-based interpolation between the slices",
    "diffusion": "the half-level surface, smoothed by mutable diffusion (50 iterations)",
    "windowed-sinc": "the half-level surface, smoothed with a windowed sinc filter (pass band 0.02, 100 iterations) "
    "whose loss of volume was restored",
    "none": "the half-level surface without smoothing",
}
_MODELS = {
    "mm": "Voxels were grouped into layers of {thickness:g} mm below the surface.",
    "proportional": "Voxels were grouped into {count} layers of equal share of the way from the surface to the renal "
    "pelvis.",
    "equivolume": "Voxels were grouped into {count} layers of equal volume between the surface and the renal pelvis.",
}
_SPACES = {
    "map": "Maps were measured at their own voxels, untouched; the depth is that of each voxel's centre.",
    "mask": "Maps were interpolated at the voxels of the mask.",
}


def methods(settings: Settings, has_maps: bool, has_thickness: bool) -> list[str]:
    """Return the sentences on this run's methods.

    Parameters
    ----------
    settings : Settings
        Of the run.
    has_maps, has_thickness : bool
        Whether maps were analysed and cortical thickness was measured.
    """
    sentences = [
        "The kidneys' outline was turned into " + _SURFACES[settings.smoothing] + ".",
        f"Holes of the mask below {settings.fill_cysts_below_ml:g} ml counted as cysts, whose walls are not the "
        "kidney's surface.",
        "The depth of a voxel is the distance in millimetres from its centre to the nearest point of the surface, "
        "following Daniel and Francis [1].",
        "Where a renal pelvis was drawn or found, the wall that faces it does not count: depth starts at the capsule. "
        "Elsewhere it starts at all of the surface, the wall of a sinus included."
        if settings.depth_from == "capsule"
        else "",
        _MODELS[settings.layer_model].format(thickness=settings.layer_thickness_mm, count=settings.layer_count),
    ]
    if settings.layer_model != "mm":
        sentences.append("Relative layers follow Milani et al. [2], in three dimensions.")
    if settings.pelvis_distance_mm > 0:
        sentences.append(f"Voxels nearer than {settings.pelvis_distance_mm:g} mm to the renal pelvis were left out.")
    if has_maps:
        low, high = settings.gradient_range
        unit = {"mm": "mm", "percent": "% of the greatest depth", "proportion": "of the greatest depth"}
        sentences += [
            _SPACES[settings.space],
            "Zeros of a map counted as masked background." if settings.zero_is_background else "",
            "Values were turned into z-scores within the kidneys." if settings.normalise else "",
            f"The gradient is the slope of a least-squares line of value on depth between {low:g} and {high:g} "
            f"{unit[settings.gradient_unit]}; the robust gradient is the median slope between pairs of voxels "
            "(Theil-Sen). For both kidneys together each keeps an intercept of its own, and pairs are those of one "
            "kidney. Outer and inner medians lie above and below that range.",
            "Intervals of the mean and of the slope are Student's, those of the median come from order statistics; "
            "they treat voxels as independent and are too narrow where neighbouring voxels are not.",
        ]
    if has_thickness:
        sentences.append(
            "Cortical thickness is the depth at which the rind of cortex gives way to medulla, from a logistic and a "
            "Gaussian curve fitted to the share of each tissue at every depth; its interval comes from resampling "
            "blocks of tissue."
        )
    return [sentence for sentence in sentences if sentence]
