"""Step 6: quantitative maps and the side, depth, layer and tissue of each of their measurements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from renal_layers.layering import Layering
from renal_layers.places import Places, locate
from renal_layers.sampling import covered, sample_highest, sample_linear, sample_lowest
from renal_segmentation.errors import InputError, NoOverlapError, Notice
from renal_segmentation.labels import as_labels
from renal_segmentation.volume import Volume, as_volume

FloatArray = npt.NDArray[np.float64]

WELL_COVERED = 0.95
OVERSAMPLED = 1.5
ALL_TISSUES = "all"
"""What the profiles call the kidney as a whole."""
CONSTANT = 1e-12
"""Relative spread below which the values of a map differ by rounding only."""


@dataclass(frozen=True)
class QuantitativeMap:
    """A parametric image with its name and unit, such as ``QuantitativeMap("R2*", image, "Hz")``."""

    name: str
    image: Any
    unit: str = ""


@dataclass(frozen=True)
class Tissue:
    """Tissue labels on any grid, and the name of each label that counts."""

    image: Any
    names: Mapping[int, str]

    def __post_init__(self) -> None:
        """Refuse a name that stands for all tissues in the profiles.

        Raises
        ------
        InputError
            With the name.
        """
        check_tissue_names(self.names)

    def names_at(self, points: FloatArray) -> tuple[npt.NDArray[np.str_], list[Notice]]:
        """Return the name of the tissue at each RAS point (N, 3), empty where there is none or two meet, and notices.

        Raises
        ------
        InputError
            If the image holds no labels there.
        """
        name = "The tissue file"
        image = as_volume(self.image, name)
        lowest, notices = as_labels(sample_lowest(image, points), name)
        highest, _ = as_labels(sample_highest(image, points), name)
        label = np.where(lowest == highest, lowest, 0)
        names = np.full(len(points), "", dtype=f"U{max(map(len, self.names.values()))}")
        for value, tissue in self.names.items():
            names[label == value] = tissue
        return names, notices


def check_tissue_names(names: Mapping[int, str]) -> None:
    """Refuse a name that stands for all tissues in the profiles; see `Tissue`."""
    for label, name in names.items():
        if name.casefold() == ALL_TISSUES:
            raise InputError(f"The tissue '{label}={name}' has the name of all tissues together: give it another.")


@dataclass(frozen=True)
class MapSamples:
    """What one map measures in the kidneys, one entry per voxel.

    Attributes
    ----------
    name, unit : str
        Of the map; unit ``SD`` when normalised.
    side : ndarray of uint8, shape (N,)
        1 left, 2 right.
    depth : ndarray of float64, shape (N,)
        mm below the surface.
    layer : ndarray of float64, shape (N,)
        As in `Layering.layers`.
    tissue : ndarray of str, shape (N,)
        Name of the tissue, empty where there is none.
    value : ndarray of float64, shape (N,)
        In `unit`.
    left_out : int
        Kidney voxels of the mask in the field of view without a measurement (not finite, masked background, or outside
        the kidney's surface, see `renal_layers.places`).
    notices : tuple of Notice
        What the reader must know about these numbers.
    """

    name: str
    unit: str
    side: npt.NDArray[np.uint8]
    depth: FloatArray
    layer: FloatArray
    tissue: npt.NDArray[np.str_]
    value: FloatArray
    left_out: int
    notices: tuple[Notice, ...] = ()


def sample_map(
    layering: Layering, qmap: QuantitativeMap, tissue: Tissue | None = None, places: Places | None = None
) -> MapSamples:
    """Return the measurements of a map inside the kidneys, in the space that the layering's settings name.

    In space ``map`` every map voxel whose centre lies in a kidney is one measurement: its value is not touched
    and its depth is the exact distance of its centre to the surface. In space ``mask`` every mask voxel is
    one entry, with the map interpolated at its centre.

    Parameters
    ----------
    layering : Layering
        From `renal_layers.layering.make_layers`.
    qmap : QuantitativeMap
        Two- or three-dimensional, on any grid.
    tissue : Tissue, optional
        Sampled at the voxel that a point lies in; a point on the border of two tissues has none.
    places : Places, optional
        Where the map's voxels lie, for space ``map``, if that is known already.

    Raises
    ------
    NoOverlapError
        If no measurement lies in a kidney.
    InputError
        If the map holds no valid value there.
    """
    image = as_volume(qmap.image, f"The map '{qmap.name}'")
    valid = np.isfinite(image.array)
    if layering.settings.zero_is_background:
        valid &= image.array != 0
    kidney_points = layering.depth.grid.to_ras(np.argwhere(layering.depth.array))
    share = float(covered(image.grid, kidney_points).mean())
    if layering.settings.space == "map":
        places = places or locate(layering, image.grid)
        side, depth, layer, points = places.side, places.depth, places.layer, places.points
        value = np.where(valid[places.index], image.array[places.index].astype(float), np.nan)
        outside = places.outside
    else:
        outside = 0
        side, depth, layer, points, value = _at_mask_voxels(layering, image, valid, kidney_points)
    if not len(value):
        raise NoOverlapError(
            f"The map '{qmap.name}' and the mask do not overlap in space: check that both belong to one examination "
            "and carry their position."
        )
    measured = np.isfinite(value)
    if not measured.any():
        raise InputError(
            f"The map '{qmap.name}' has no valid value inside the kidneys (only zeros or not-a-number): "
            "give another map."
        )
    nameless = np.full(int(measured.sum()), "", dtype="U1")
    names, tissue_notices = tissue.names_at(points[measured]) if tissue else (nameless, [])
    samples = MapSamples(
        qmap.name,
        qmap.unit,
        side[measured],
        depth[measured],
        layer[measured],
        names,
        value[measured],
        int((~measured).sum()) + outside,
    )
    notices = (*tissue_notices, *_notices(samples, outside, share, image, layering))
    if layering.settings.normalise:
        samples = _normalised(samples)
    return replace(samples, notices=notices)


def _at_mask_voxels(
    layering: Layering, image: Volume, valid: npt.NDArray[np.bool_], points: FloatArray
) -> tuple[Any, ...]:
    """Return side, depth, layer, RAS points and values (NaN where invalid) of the mask voxels in the map."""
    seen = covered(image.grid, points)
    where = layering.depth.array > 0
    per_voxel = (volume.array[where][seen] for volume in (layering.side, layering.depth, layering.layers))
    side, depth, layer = per_voxel
    value = sample_linear(image, valid, points[seen])
    return side, depth.astype(float), layering.full_precision(layer), points[seen], value


def _normalised(samples: MapSamples) -> MapSamples:
    """Return z-scores.

    Raises
    ------
    InputError
        If all values are the same.
    """
    spread = samples.value.std(ddof=1) if len(samples.value) > 1 else 0.0
    if spread <= CONSTANT * np.abs(samples.value).max():
        raise InputError(
            f"The map '{samples.name}' has one value in all kidney voxels: it cannot be normalised, leave it as it is."
        )
    return replace(samples, unit="SD", value=(samples.value - samples.value.mean()) / spread)


def _notices(samples: MapSamples, outside: int, share: float, image: Volume, layering: Layering) -> tuple[Notice, ...]:
    notices = []
    invalid = samples.left_out - outside
    if invalid:
        notices.append(
            Notice(
                "left-out",
                f"Map '{samples.name}': {invalid} of {len(samples.value) + invalid} kidney voxels were left out "
                "(zero, not a number, or next to such voxels).",
            )
        )
    if share < WELL_COVERED:
        notices.append(
            Notice("partly-covered", f"Map '{samples.name}' covers {100 * share:.0f} % of the kidney volume.")
        )
    ratio = image.grid.voxel_ml / layering.grid.voxel_ml
    if layering.settings.space == "mask" and ratio > OVERSAMPLED:
        notices.append(
            Notice(
                "oversampled",
                f"Map '{samples.name}' was interpolated: each of its voxels counts as about {ratio:.1f} mask voxels, "
                f"so standard errors are too small by about a factor of {ratio**0.5:.1f}; use map space for those.",
            )
        )
    return tuple(notices)
