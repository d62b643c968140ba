"""The whole analysis: mask and maps in, layers, profiles, gradients and cortical thickness out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from renal_layers.gradients import GradientRow, map_gradients
from renal_layers.layering import Layering, make_layers
from renal_layers.maps import MapSamples, QuantitativeMap, Tissue, sample_map
from renal_layers.places import Places, locate
from renal_layers.profiles import ProfileRow, layer_profiles
from renal_layers.settings import Settings
from renal_layers.thickness import CorticalThickness, cortical_thickness
from renal_segmentation.errors import FitError, InputError, NoOverlapError, Notice
from renal_segmentation.labels import SIDE_NAMES, Side
from renal_segmentation.progress import Progress, part, silent
from renal_segmentation.volume import Grid, as_volume


@dataclass(frozen=True)
class Analysis:
    """Everything that one run found.

    Attributes
    ----------
    layering : Layering
        Depth, layers, surface, volumes.
    samples : tuple of MapSamples
        One per map.
    profiles : tuple of ProfileRow
        All maps, sides, tissues and layers.
    gradients : tuple of GradientRow
        All maps and sides.
    thickness : dict of str to CorticalThickness
        By side; a side is missing when its fit failed (a notice says why) or no tissue was given.
    notices : tuple of Notice
        All warnings, in the order in which they arose.
    places : dict of bytes to Places
        Where the voxels of each map grid lie in the kidneys (space ``map``), by grid.
    """

    layering: Layering
    samples: tuple[MapSamples, ...]
    profiles: tuple[ProfileRow, ...]
    gradients: tuple[GradientRow, ...]
    thickness: dict[str, CorticalThickness]
    notices: tuple[Notice, ...]
    places: dict[bytes, Places] = field(default_factory=dict, repr=False)


def analyse(
    mask: Any,
    maps: Sequence[QuantitativeMap] = (),
    settings: Settings | None = None,
    *,
    labels: Mapping[int, str] | None = None,
    pelvis: Any = None,
    tissue: Tissue | None = None,
    grid: Grid | None = None,
    earlier: Analysis | None = None,
    progress: Progress = silent,
) -> Analysis:
    """Run every step from a mask and maps to profiles and gradients.

    Parameters
    ----------
    mask, labels, pelvis, grid, progress
        As in `renal_layers.layering.make_layers`.
    maps : sequence of QuantitativeMap
        With different names.
    settings : Settings, optional
        Defaults of the command line.
    tissue : Tissue, optional
        Cortex and medulla; with them profiles are given by tissue and the cortical thickness is measured.
    earlier : Analysis, optional
        Of the mask before it was corrected: what has not changed is taken from it, which saves time and changes no
        number.

    Raises
    ------
    RenalError
        With one sentence that names the input and the remedy.
    """
    settings = settings or Settings()
    names = [qmap.name for qmap in maps]
    if len(set(names)) < len(names):
        raise InputError(f"Two maps have the same name ({', '.join(names)}): give each its own.")
    layering = make_layers(
        mask,
        settings,
        labels=labels,
        pelvis=pelvis,
        grid=grid,
        earlier=earlier.layering if earlier else None,
        progress=part(progress, 0.0, 0.6 if maps else 0.9),
    )
    places: dict[bytes, Places] = {}
    notices = list(layering.notices)
    samples: list[MapSamples] = []
    profiles: list[ProfileRow] = []
    gradients: list[GradientRow] = []
    for number, qmap in enumerate(maps):
        progress(f"map {qmap.name}", 0.6 + 0.3 * number / len(maps))
        measured = sample_map(layering, qmap, tissue, _places(layering, qmap, places, earlier))
        rows, doubts = map_gradients(measured, settings.gradient_range, settings.gradient_unit)
        samples.append(measured)
        profiles.extend(layer_profiles(measured, settings.minimum_voxels))
        gradients.extend(rows)
        notices += [*measured.notices, *doubts]
    progress("cortical thickness", 0.9)
    thickness, doubts = _thickness(layering, tissue) if tissue else ({}, ())
    progress("done", 1.0)
    once = tuple(dict.fromkeys((*notices, *doubts)))
    return Analysis(layering, tuple(samples), tuple(profiles), tuple(gradients), thickness, once, places)


def _places(
    layering: Layering, qmap: QuantitativeMap, found: dict[bytes, Places], earlier: Analysis | None
) -> Places | None:
    """Return where the voxels of a map lie, found once per grid and kept in `found`; None in space ``mask``."""
    if layering.settings.space != "map":
        return None
    grid = as_volume(qmap.image, f"The map '{qmap.name}'").grid
    key = repr(grid.shape).encode() + grid.affine.tobytes()
    if key not in found:
        known = earlier.places.get(key) if earlier else None
        found[key] = locate(layering, grid, known.by_part if known else None)
    return found[key]


def _thickness(layering: Layering, tissue: Tissue) -> tuple[dict[str, CorticalThickness], tuple[Notice, ...]]:
    """Return the cortical thickness by side, measured at the mask's voxels."""
    measured = layering.depth.array > 0
    points = layering.depth.grid.to_ras(np.argwhere(measured))
    name_at, notices = tissue.names_at(points)
    if not name_at.astype(bool).any():
        raise NoOverlapError(
            "The tissue labels and the kidneys do not overlap in space, or the tissues have other label values: "
            "check both."
        )
    is_tissue = {name: np.isin(name_at, _spelt(tissue, name)) for name in ("cortex", "medulla")}
    if missing := [name for name in is_tissue if not _spelt(tissue, name)]:
        return {}, (*notices, *_half_named(missing))
    side, depth = layering.side.array[measured], layering.depth.array[measured].astype(float)
    found = {}
    for value in Side:
        chosen = side == value
        if not chosen.any():
            continue
        name = SIDE_NAMES[value]
        try:
            found[name] = cortical_thickness(
                depth[chosen],
                is_tissue["cortex"][chosen],
                is_tissue["medulla"][chosen],
                positions=points[chosen],
            )
        except FitError as error:
            notices.append(Notice("no-thickness", f"Cortical thickness, {name}: {error}"))
    return found, tuple(notices)


def _spelt(tissue: Tissue, name: str) -> list[str]:
    """Return the ways in which the labels spell the name of a tissue."""
    return [spelt for spelt in tissue.names.values() if spelt.casefold() == name]


def _half_named(missing: Sequence[str]) -> tuple[Notice, ...]:
    """State why there is no cortical thickness, unless neither tissue was named."""
    if len(missing) > 1:
        return ()
    return (Notice("no-thickness", f"Cortical thickness was not measured, because no tissue is named {missing[0]}."),)
