"""Where the renal pelvis lies, and which part of the surface is capsule and does not face it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from renal_layers.pelvis import find_pelvis
from renal_layers.sampling import sample_nearest
from renal_layers.settings import Settings
from renal_layers.surface import Surface
from renal_segmentation.errors import InputError, NoOverlapError, Notice
from renal_segmentation.kidneys import Kidneys
from renal_segmentation.labels import SIDE_NAMES, as_labels
from renal_segmentation.sides import FRAGMENT_SHARE
from renal_segmentation.volume import Grid, Volume, as_volume, bounding_box

BoolArray = npt.NDArray[np.bool_]

MOST_LABELS = 8
"""A pelvis with more of them, calyces included, is an image."""


@dataclass(frozen=True)
class FoundPelvis:
    """The renal pelvis of all kidneys.

    Attributes
    ----------
    inside : ndarray of bool, shape (I, J, K)
        Empty where none was drawn, found or looked for.
    notices : tuple of Notice
        Kidneys without one.
    by_side : mapping of bytes to ndarray of bool
        What was found in the box around the kidneys of one side, by what it was found from.
    """

    inside: BoolArray
    notices: tuple[Notice, ...] = ()
    by_side: Mapping[bytes, BoolArray] = field(default_factory=dict)


def locate_pelvis(
    kidneys: Kidneys, filled: BoolArray, drawn: Any, settings: Settings, known: Mapping[bytes, BoolArray] | None = None
) -> FoundPelvis:
    """Return the renal pelvis of all kidneys.

    Parameters
    ----------
    kidneys : Kidneys
        With the pelvis that the mask itself names, if any.
    filled : ndarray of bool, shape (I, J, K)
        Kidneys with cysts filled.
    drawn : Volume, nibabel image or None
        A pelvis or sinus segment on any grid (labels or a probability), sampled at the nearest voxel.
    settings : Settings
        The pelvis is looked for only when something depends on it.
    known : mapping, optional
        `FoundPelvis.by_side` of an earlier mask: a side that has not changed is taken from it.

    Raises
    ------
    InputError
        If what was drawn is not a segment.
    NoOverlapError
        If the drawn pelvis lies nowhere near the kidneys.
    """
    if drawn is not None:
        return _drawn(as_volume(drawn, "The pelvis file"), kidneys.side.grid)
    if kidneys.pelvis.any():
        return FoundPelvis(kidneys.pelvis)
    found = np.zeros(filled.shape, bool)
    if settings.pelvis_distance_mm == 0 and settings.layer_model == "mm":
        return FoundPelvis(found)
    notices: list[Notice] = []
    by_side: dict[bytes, BoolArray] = {}
    for side in kidneys.sides:
        of_side = kidneys.side.array == side
        box = bounding_box(of_side)
        key = _key(of_side[box], filled[box])
        pelvis = (known or {}).get(key)
        by_side[key] = _found_from_hulls(of_side[box], filled[box], kidneys) if pelvis is None else pelvis
        found[box] |= by_side[key]
        if not by_side[key].any():
            notices.append(_no_pelvis(SIDE_NAMES[side], settings))
    return FoundPelvis(found, tuple(notices), by_side)


def _drawn(pelvis: Volume, grid: Grid) -> FoundPelvis:
    index = np.indices(grid.shape).reshape(3, -1).T
    labels, notices = as_labels(sample_nearest(pelvis, grid.to_ras(index)), "The pelvis file")
    values = np.unique(labels[labels > 0])
    if len(values) > MOST_LABELS:
        raise InputError(
            f"The pelvis file holds {len(values)} different values from {values[0]} to {values[-1]} near the kidneys: "
            "give a segment of the renal pelvis or sinus."
        )
    if not len(values):
        raise NoOverlapError(
            "The pelvis segment and the kidneys do not overlap in space: check that both belong to one scan."
        )
    return FoundPelvis((labels > 0).reshape(grid.shape), tuple(notices))


def _found_from_hulls(of_side: BoolArray, filled: BoolArray, kidneys: Kidneys) -> BoolArray:
    """Return the pelvis of the kidneys of one side, each from its own convex hull."""
    pelvis = np.zeros_like(of_side)
    for kidney in _separate(of_side):
        pelvis |= find_pelvis(kidney, filled, kidneys.grid.voxel_ml)
    return pelvis


def _key(of_side: BoolArray, filled: BoolArray) -> bytes:
    digest = hashlib.blake2b(repr(of_side.shape).encode(), digest_size=16)
    digest.update(np.packbits(of_side).tobytes())
    digest.update(np.packbits(filled).tobytes())
    return digest.digest()


def _no_pelvis(side: str, settings: Settings) -> Notice:
    what = (
        "nothing was excluded there"
        if settings.layer_model == "mm"
        else "its relative layers run to its greatest depth instead"
    )
    return Notice(
        "no-pelvis", f"No renal pelvis was found in the {side} kidney; {what}: draw a pelvis segment if it matters."
    )


def _separate(of_side: BoolArray) -> Iterator[BoolArray]:
    """Yield each kidney of one side (a transplant can be the second); fragments of a kidney are left out."""
    parts, _ = ndimage.label(of_side, np.ones((3, 3, 3)))
    voxels = np.bincount(parts.ravel())[1:]
    for label in np.flatnonzero(voxels >= FRAGMENT_SHARE * voxels.max()) + 1:
        yield parts == label


def capsule_part(surface: Surface, pelvis: Volume) -> Surface:
    """Return the part of the surface that does not face the pelvis; the surface itself where there is none.

    A triangle faces the pelvis when its middle lies within one voxel diagonal of a pelvis voxel. The part is open, so
    the triangles at its rim stand in it both ways round.
    """
    reach = float(np.linalg.norm(pelvis.grid.spacing))
    tree = cKDTree(pelvis.grid.to_ras(np.argwhere(pelvis.array)))
    middle = surface.points[surface.triangles].mean(1)
    faces = np.isfinite(tree.query(middle, distance_upper_bound=reach, workers=-1)[0])
    outer = surface.triangles[~faces]
    if not len(outer):
        return surface
    left_out = np.zeros(len(surface.points), bool)
    left_out[surface.triangles[faces]] = True
    rim = outer[left_out[outer].sum(1) >= 2]
    return Surface(surface.points, np.concatenate([outer, rim[:, ::-1]]))
