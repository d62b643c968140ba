"""Steps 1 to 5 together: from a kidney mask to depth and layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from renal_layers.cysts import fill_cysts
from renal_layers.layers import equivolume_layers, layers_mm, proportional_layers, relative_depth, upper_edge
from renal_layers.parts import MeasuredPart, measure_parts
from renal_layers.settings import Settings
from renal_layers.sinus import locate_pelvis
from renal_layers.surface import Surface, joined
from renal_segmentation.errors import EmptyMaskError, Notice
from renal_segmentation.kidneys import read_kidneys
from renal_segmentation.progress import Progress, part, silent
from renal_segmentation.volume import Grid, Volume

FloatArray = npt.NDArray[np.float64]

LEAST_SHARE_KEPT = 0.5


@dataclass(frozen=True)
class Layering:
    """Depth and layers of the kidneys, on the mask's grid cropped to them.

    Attributes
    ----------
    depth : Volume
        float32, mm below the surface; 0 outside and where excluded.
    layers : Volume
        float32 upper edge in mm for the model ``mm``, else the index from 1 (capsule); 0 as in depth.
    side : Volume
        uint8, 1 left, 2 right, 0 outside; excluded voxels keep their side.
    pelvis : Volume
        uint8, 1 inside the renal pelvis that was found or given.
    parts : tuple of MeasuredPart
        Each connected part of the kidneys with its surface.
    grid : Grid
        The mask's full grid; `renal_segmentation.volume.paste` puts cropped volumes back on it.
    volume_ml : dict
        Volume in ml of "left", "right" and "total" (TKV), as drawn.
    excluded_voxels : int
        Kidney voxels without depth because they lie near the pelvis.
    settings : Settings
        What was asked for.
    notices : tuple of Notice
        Warnings.
    pelvis_by_side : mapping
        What `make_layers` needs to take an unchanged pelvis over.
    """

    depth: Volume
    layers: Volume
    side: Volume
    pelvis: Volume
    parts: tuple[MeasuredPart, ...]
    grid: Grid
    volume_ml: dict[str, float]
    excluded_voxels: int
    settings: Settings
    notices: tuple[Notice, ...] = field(default=())
    pelvis_by_side: Mapping[bytes, npt.NDArray[np.bool_]] = field(default_factory=dict, repr=False)

    @property
    def surface(self) -> Surface:
        """The kidneys' surface, cysts filled, RAS mm."""
        return joined([part.surface for part in self.parts])

    @property
    def depth_surface(self) -> Surface:
        """What depth is measured from: all of the surface, or what does not face the pelvis (the capsule), RAS mm."""
        return joined([part.depth_surface for part in self.parts])

    @property
    def layer_edges(self) -> FloatArray:
        """Every layer value that occurs, rising, shape (L,)."""
        return self.full_precision(np.unique(self.layers.array[self.layers.array > 0]))

    def full_precision(self, layers: npt.NDArray[np.float32]) -> FloatArray:
        """Return values of `layers` as they were before they were stored, shape (N,)."""
        values = layers.astype(float)
        if self.settings.layer_model != "mm":
            return values
        thickness = self.settings.layer_thickness_mm
        return upper_edge(np.rint(values / thickness), thickness)


def make_layers(
    mask: Any,
    settings: Settings | None = None,
    *,
    labels: Mapping[int, str] | None = None,
    pelvis: Any = None,
    grid: Grid | None = None,
    earlier: Layering | None = None,
    progress: Progress = silent,
) -> Layering:
    """Turn a kidney mask into depth and layers.

    Parameters
    ----------
    mask : Volume, nibabel image, or object with ``array`` and ``affine``
        Binary, or labelled with `labels`; shape (I, J, K), RAS affine.
    settings : Settings, optional
        Defaults of the command line.
    labels : mapping of int to str, optional
        Meaning of each label: left, right, kidney (side found from RAS), cyst, pelvis, ignore.
    pelvis : Volume or nibabel image, optional
        Renal pelvis or sinus drawn by hand or by the network, on any grid; takes the place of the hull.
    grid : Grid, optional
        The scan's grid, where `mask` is only a piece cut out of it; beyond the piece there is background.
    earlier : Layering, optional
        Of the mask before it was corrected: parts of the kidneys that have not changed are taken from it, which
        saves their time and changes no number.
    progress : Progress
        Called with step and share; it may raise `CancelledError`.

    Raises
    ------
    InputError
        If the mask is not a mask, or a setting is impossible.
    EmptyMaskError
        If there is no kidney voxel.
    """
    settings = settings or Settings()
    progress("reading", 0.0)
    kidneys = read_kidneys(mask, labels, settings.pelvis_distance_mm, grid)
    side = kidneys.side
    filled = fill_cysts(side.array > 0, side.grid.voxel_ml, settings.fill_cysts_below_ml) | kidneys.cyst
    progress("pelvis", 0.05)
    found = locate_pelvis(kidneys, filled, pelvis, settings, earlier.pelvis_by_side if earlier else None)
    progress("surface", 0.1)
    known = {measured.key: measured for measured in earlier.parts} if earlier else {}
    parts = measure_parts(side, kidneys.grid, filled, found.side, settings, known, part(progress, 0.1, 0.95))
    progress("layers", 0.95)
    voxels = np.concatenate([measured.voxels for measured in parts]) - kidneys.grid.start_of(side)
    depth, to_capsule, to_pelvis = (
        np.concatenate([getattr(measured, name) for measured in parts]) for name in ("depth", "to_capsule", "to_pelvis")
    )
    keep = to_pelvis >= settings.pelvis_distance_mm
    if not keep.any():
        raise EmptyMaskError(
            f"Every kidney voxel lies within {settings.pelvis_distance_mm:g} mm of the renal pelvis: "
            "leave out less (--exclude-pelvis)."
        )
    if settings.layer_model == "mm":
        layers = layers_mm(depth[keep], settings.layer_thickness_mm)
    else:
        sides = side.array[tuple(voxels.T)]
        # A part that joins both kidneys knows the pelvis of either.
        to_own_pelvis = np.where(np.isin(sides, found.sides), to_pelvis, np.inf)
        layers = _relative_layers(to_capsule, to_own_pelvis, np.where(keep, sides, 0), settings)[keep]
    progress("layers", 1.0)
    return Layering(
        depth=_on_grid(side, voxels[keep], depth[keep]),
        layers=_on_grid(side, voxels[keep], layers),
        side=side,
        pelvis=side.like(found.inside.astype(np.uint8)),
        parts=parts,
        grid=kidneys.grid,
        volume_ml=kidneys.volume_ml,
        excluded_voxels=int((~keep).sum()),
        settings=settings,
        pelvis_by_side=found.by_side,
        notices=(
            *kidneys.notices,
            *found.notices,
            *_exclusion_notice(float(keep.mean()), settings),
            *_thickness_notice(depth[keep], settings),
        ),
    )


def _relative_layers(
    to_capsule: FloatArray, to_pelvis: FloatArray, sides: npt.NDArray[np.uint8], settings: Settings
) -> FloatArray:
    """Return layer indices between capsule and pelvis; each kidney is divided by itself, side 0 is skipped.

    Where there is no pelvis the layers run to the greatest depth.
    """
    layers = np.zeros(len(sides))
    for value in np.unique(sides[sides > 0]):
        of_side = sides == value
        outer, inner = to_capsule[of_side], to_pelvis[of_side]
        none = np.isinf(inner)
        inner[none] = outer[none].max(initial=0) - outer[none]
        relative = relative_depth(outer, inner)
        divide = proportional_layers if settings.layer_model == "proportional" else equivolume_layers
        layers[of_side] = divide(relative, settings.layer_count)
    return layers


def _exclusion_notice(kept: float, settings: Settings) -> tuple[Notice, ...]:
    """State when so much was excluded that what was taken for the pelvis may be something else."""
    if kept >= LEAST_SHARE_KEPT:
        return ()
    return (
        Notice(
            "much-excluded",
            f"{100 * (1 - kept):.0f} % of the kidney voxels lie within {settings.pelvis_distance_mm:g} mm of what was "
            "taken for the renal pelvis and were excluded: look at the pelvis, or draw it.",
        ),
    )


def _thickness_notice(depth: FloatArray, settings: Settings) -> tuple[Notice, ...]:
    """State when all voxels fall into one layer."""
    if settings.layer_model != "mm" or settings.layer_thickness_mm < depth.max():
        return ()
    return (
        Notice(
            "one-layer",
            f"The layer thickness of {settings.layer_thickness_mm:g} mm is larger than the greatest depth of "
            f"{depth.max():.1f} mm: there is one layer only.",
        ),
    )


def _on_grid(side: Volume, voxels: npt.NDArray[np.intp], values: npt.NDArray[Any]) -> Volume:
    """Return the values at their voxels, float32, 0 elsewhere."""
    array = np.zeros(side.array.shape, np.float32)
    array[tuple(voxels.T)] = values
    return side.like(array)
