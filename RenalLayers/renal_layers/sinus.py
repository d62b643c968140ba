"""Where the renal pelvis lies, and which part of the surface is capsule and does not face it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
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
from renal_segmentation.labels import SIDE_NAMES, Side, as_labels
from renal_segmentation.sides import FRAGMENT_SHARE
from renal_segmentation.volume import Grid, Volume, as_volume, bounding_box

BoolArray = npt.NDArray[np.bool_]
SideArray = npt.NDArray[np.uint8]

REACH_MM = 20.0
"""Sinus fat lies between kidney and what is drawn as pelvis, but not more; beyond, it belongs to no kidney."""

MOST_LABELS = 8
"""A pelvis with more of them, calyces included, is an image."""


@dataclass(frozen=True)
class FoundPelvis:
    """The renal pelvis of all kidneys.

    Attributes
    ----------
    inside : ndarray of bool, shape (I, J, K)
        Empty where none was drawn, found or looked for.
    side : ndarray of uint8, shape (I, J, K)
        The side whose kidney each voxel of it belongs to, 0 outside and where it lies far from every kidney.
    notices : tuple of Notice
        Kidneys without one.
    by_side : mapping of bytes to ndarray of bool
        What was found in the box around the kidneys of one side, by what it was found from.
    """

    inside: BoolArray
    side: SideArray
    notices: tuple[Notice, ...] = ()
    by_side: Mapping[bytes, BoolArray] = field(default_factory=dict)

    @property
    def sides(self) -> list[Side]:
        """The sides whose kidney has a pelvis."""
        return [side for side in Side if (self.side == side).any()]


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
        inside, said = _drawn(as_volume(drawn, "The pelvis file"), kidneys.side.grid)
        return _given(inside, kidneys, settings, said)
    if kidneys.pelvis.any():
        return _given(kidneys.pelvis, kidneys, settings, [])
    belongs = np.zeros(filled.shape, np.uint8)
    if settings.pelvis_distance_mm == 0 and settings.layer_model == "mm":
        return FoundPelvis(belongs > 0, belongs)
    notices: list[Notice] = []
    by_side: dict[bytes, BoolArray] = {}
    for side in kidneys.sides:
        of_side = kidneys.side.array == side
        box = bounding_box(of_side)
        key = _key(of_side[box], filled[box])
        pelvis = (known or {}).get(key)
        by_side[key] = _found_from_hulls(of_side[box], filled[box], kidneys) if pelvis is None else pelvis
        belongs[box][by_side[key]] = side
        if not by_side[key].any():
            notices.append(
                Notice(
                    "no-pelvis",
                    f"No renal pelvis was found in the {SIDE_NAMES[side]} kidney; {_without_pelvis(settings)}: draw a "
                    "pelvis segment if it matters.",
                )
            )
    return FoundPelvis(belongs > 0, belongs, tuple(notices), by_side)


def pelvis_reach_mm(settings: Settings) -> float:
    """Return how far from a kidney its pelvis may lie."""
    return max(REACH_MM, settings.pelvis_distance_mm)


def _given(inside: BoolArray, kidneys: Kidneys, settings: Settings, notices: list[Notice]) -> FoundPelvis:
    """Return a pelvis as drawn or labelled, each voxel given to the nearest kidney within reach."""
    voxels = np.argwhere(inside)
    points = kidneys.side.grid.to_ras(voxels)
    nearest, belongs = np.full(len(voxels), pelvis_reach_mm(settings)), np.zeros(inside.shape, np.uint8)
    for side in kidneys.sides:
        kidney = kidneys.side.grid.to_ras(np.argwhere(kidneys.side.array == side))
        tree = cKDTree(kidney, balanced_tree=False, compact_nodes=False)
        distance = tree.query(points, distance_upper_bound=pelvis_reach_mm(settings), workers=-1)[0]
        nearer = distance < nearest
        belongs[tuple(voxels[nearer].T)] = side
        nearest[nearer] = distance[nearer]
    found = FoundPelvis(inside, belongs, tuple(notices))
    if not _matters(settings):
        return found
    without = [
        Notice(
            "no-pelvis",
            f"What is drawn as renal pelvis lies nowhere near the {SIDE_NAMES[side]} kidney; "
            f"{_without_pelvis(settings)}: draw it there too if it matters.",
        )
        for side in kidneys.sides
        if side not in found.sides
    ]
    return replace(found, notices=(*notices, *without))


def _matters(settings: Settings) -> bool:
    """Tell whether a number depends on where the pelvis is."""
    return settings.layer_model != "mm" or settings.pelvis_distance_mm > 0 or settings.depth_from == "capsule"


def _drawn(pelvis: Volume, grid: Grid) -> tuple[BoolArray, list[Notice]]:
    """Return where a drawn pelvis lies on a grid, and notices."""
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
    return (labels > 0).reshape(grid.shape), notices


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


def _without_pelvis(settings: Settings) -> str:
    """Return what becomes of a kidney that has no pelvis."""
    if settings.layer_model != "mm":
        return "its relative layers run to its greatest depth instead"
    if settings.pelvis_distance_mm > 0:
        return "nothing was excluded there"
    return "its depth is measured from all of its surface"


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
