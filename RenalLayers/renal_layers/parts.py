"""Steps 2 to 4 for each connected part of the mask by itself.

A voxel's nearest surface point lies on the surface of its own part, so a part's numbers depend on nothing but that part
and the pelvis beside it. When a mask is corrected, every part that has stayed the same is taken over bit for bit.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from renal_layers.depth import DistanceTo, SignedDistanceTo
from renal_layers.sampling import sample_nearest
from renal_layers.settings import Settings
from renal_layers.sinus import capsule_part, pelvis_reach_mm
from renal_layers.surface import Surface, kidney_surface
from renal_segmentation.labels import Side
from renal_segmentation.progress import Progress, part, silent
from renal_segmentation.volume import Grid, Volume, bounding_box

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

LEAST_DEPTH_MM = 1e-3
"""A kidney voxel whose centre lies on the surface gets this depth: 0 means outside or excluded."""
TOUCHING = np.ones((3, 3, 3))
"""Voxels that share a corner belong together: the smooth surfaces of pieces that touch could cross."""


@dataclass(frozen=True)
class MeasuredPart:
    """One connected part of the kidneys with its distances.

    Attributes
    ----------
    key : bytes
        Digest of everything that the numbers depend on.
    voxels : ndarray of int, shape (N, 3)
        Its kidney voxels as indices of the mask's full grid.
    depth : ndarray, shape (N,)
        mm below the surface that depth is measured from; not a number where layers in mm need not know it because the
        voxel lies well within what is excluded.
    to_capsule, to_pelvis : ndarray, shape (N,)
        mm; to the pelvis 0 inside it and infinite where there is none, or where layers in mm need not know it because
        the voxel lies farther away than what is excluded.
    surface, depth_surface : Surface
        All of the surface, and what depth is measured from.
    distance : DistanceTo
        Measures further points against `depth_surface`.
    signed_distance : SignedDistanceTo
        Tells on which side of `surface` they lie.
    """

    key: bytes
    voxels: npt.NDArray[np.intp]
    depth: FloatArray
    to_capsule: FloatArray
    to_pelvis: FloatArray
    surface: Surface
    depth_surface: Surface
    distance: DistanceTo = field(repr=False)
    signed_distance: SignedDistanceTo = field(repr=False)


@dataclass(frozen=True)
class _Outline:
    """What is drawn of one part: filled and kidney on its own tight box, and the pelvis beside it."""

    filled: Volume
    kidney: BoolArray
    start: npt.NDArray[np.intp]
    pelvis: Volume | None


@dataclass(frozen=True)
class _Shape:
    """The surfaces of one part, ready to be measured against."""

    surface: Surface
    depth_surface: Surface
    distance: DistanceTo
    to_capsule: DistanceTo
    to_pelvis: DistanceTo | None


def measure_parts(
    side: Volume,
    grid: Grid,
    filled: BoolArray,
    pelvis: npt.NDArray[np.uint8],
    settings: Settings,
    known: Mapping[bytes, MeasuredPart],
    progress: Progress = silent,
) -> tuple[MeasuredPart, ...]:
    """Measure every connected part of the kidneys.

    Parameters
    ----------
    side : Volume
        Non-zero at kidney voxels, cropped to the kidneys.
    grid : Grid
        The mask's full grid.
    filled : ndarray of bool, shape of `side`
        Kidneys with cysts filled.
    pelvis : ndarray of uint8, shape of `side`
        The side to which the renal pelvis belongs, 0 outside.
    settings : Settings
        Smoothing, start of depth, and how far the pelvis reaches.
    known : mapping of bytes to MeasuredPart
        Parts of an earlier mask by key; those that have not changed are returned as they are.
    progress : Progress
        Called with step and share; it may raise `CancelledError`.
    """
    outlines = list(_outlines(side, grid, filled, pelvis, settings))
    keys = [_key(outline, grid, settings) for outline in outlines]
    new = [n for n, key in enumerate(keys) if key not in known]
    found = {key: known[key] for key in keys if key in known}
    total = sum(outlines[n].kidney.sum() for n in new)
    measured = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        shapes = list(pool.map(lambda n: _shape(outlines[n], settings), new))
    progress("surface", 0.3)
    for n, shape in zip(new, shapes, strict=True):
        share = outlines[n].kidney.sum() / total
        step = part(progress, 0.3 + 0.7 * measured, 0.3 + 0.7 * (measured + share))
        found[keys[n]] = _measured(keys[n], outlines[n], grid, shape, settings, step)
        measured += share
    return tuple(found[key] for key in keys)


def _outlines(
    side: Volume, grid: Grid, filled: BoolArray, pelvis: npt.NDArray[np.uint8], settings: Settings
) -> Iterator[_Outline]:
    """Yield each connected part of the filled mask that holds kidney voxels, with the pelvis that belongs to it."""
    origin = grid.start_of(side)
    labels, _ = ndimage.label(filled, TOUCHING)
    pelvises, _ = ndimage.label(pelvis, TOUCHING)
    pelvis_boxes = ndimage.find_objects(pelvises)
    margin = np.ceil(pelvis_reach_mm(settings) / side.grid.spacing).astype(np.intp) + 1
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        inside = labels[box] == number
        kidney = inside & (side.array[box] > 0)
        if not kidney.any():
            continue
        near = np.array([False, *(_meet(box, other, margin) for other in pelvis_boxes)])
        own = np.isin(np.arange(max(Side) + 1), side.array[box][kidney])
        beside = near[pelvises] & own[pelvis] if near.any() else near
        yield _Outline(
            grid.placed(inside, origin + _start(box)),
            kidney,
            origin + _start(box),
            _cropped(beside, grid, origin) if beside.any() else None,
        )


def _meet(box: tuple[slice, ...], other: tuple[slice, ...], margin: npt.NDArray[np.intp]) -> bool:
    return all(
        a.start - m < b.stop and b.start < a.stop + m for a, b, m in zip(box, other, margin.tolist(), strict=True)
    )


def _start(box: Sequence[slice]) -> npt.NDArray[np.intp]:
    return np.array([axis.start for axis in box], np.intp)


def _cropped(array: BoolArray, grid: Grid, origin: npt.NDArray[np.intp]) -> Volume:
    box = bounding_box(array)
    return grid.placed(array[box], origin + _start(box))


def _key(outline: _Outline, grid: Grid, settings: Settings) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    concerned = (settings.smoothing, settings.depth_from, settings.layer_model == "mm", settings.pelvis_distance_mm)
    digest.update(repr(concerned).encode())
    digest.update(grid.affine.tobytes() + outline.start.tobytes())
    for array in (outline.filled.array, outline.kidney):
        digest.update(repr(array.shape).encode() + np.packbits(array).tobytes())
    if outline.pelvis is not None:
        digest.update(repr(outline.pelvis.array.shape).encode() + outline.pelvis.affine.tobytes())
        digest.update(np.packbits(outline.pelvis.array).tobytes())
    return digest.digest()


def _shape(outline: _Outline, settings: Settings) -> _Shape:
    surface = kidney_surface(outline.filled, settings.smoothing)
    capsule = surface if outline.pelvis is None else capsule_part(surface, outline.pelvis)
    depth_surface = capsule if settings.depth_from == "capsule" else surface
    distance = DistanceTo(depth_surface)
    relative = settings.layer_model != "mm" and depth_surface is not capsule
    to_pelvis = None if outline.pelvis is None else DistanceTo(kidney_surface(outline.pelvis, settings.smoothing))
    return _Shape(surface, depth_surface, distance, DistanceTo(capsule) if relative else distance, to_pelvis)


def _measured(
    key: bytes, outline: _Outline, grid: Grid, shape: _Shape, settings: Settings, progress: Progress
) -> MeasuredPart:
    voxels = np.argwhere(outline.kidney) + outline.start
    points = grid.to_ras(voxels)
    to_pelvis = np.full(len(voxels), np.inf)
    if shape.to_pelvis is not None and outline.pelvis is not None:
        near = _near_pelvis(outline, points, settings)
        to_pelvis[near] = shape.to_pelvis(points[near])
        to_pelvis[near[sample_nearest(outline.pelvis, points[near]) > 0]] = 0
    wanted = _wanted(to_pelvis, grid, settings)
    depth = np.full(len(voxels), np.nan)
    depth[wanted] = np.maximum(shape.distance(points[wanted], part(progress, 0.2, 1.0)), LEAST_DEPTH_MM)
    to_capsule = depth if shape.to_capsule is shape.distance else shape.to_capsule(points)
    return MeasuredPart(
        key,
        voxels,
        depth,
        to_capsule,
        to_pelvis,
        shape.surface,
        shape.depth_surface,
        shape.distance,
        SignedDistanceTo(shape.surface),
    )


def _wanted(to_pelvis: FloatArray, grid: Grid, settings: Settings) -> BoolArray:
    """Return which kidney voxels need a depth: those kept and a rim beside them, whose depth shells pass through."""
    if settings.layer_model != "mm":
        return np.ones(len(to_pelvis), bool)
    return np.asarray(to_pelvis >= settings.pelvis_distance_mm - float(np.linalg.norm(grid.spacing)))


def _near_pelvis(outline: _Outline, points: FloatArray, settings: Settings) -> npt.NDArray[np.intp]:
    """Return which kidney voxels can be near enough to the pelvis to be excluded; all for relative layers."""
    if settings.layer_model != "mm" or outline.pelvis is None:
        return np.arange(len(points))
    pelvis = outline.pelvis.grid.to_ras(np.argwhere(outline.pelvis.array))
    # The pelvis's surface lies within a voxel diagonal of its voxels' centres.
    reach = settings.pelvis_distance_mm + float(np.linalg.norm(outline.pelvis.grid.spacing))
    return np.flatnonzero(np.isfinite(cKDTree(pelvis).query(points, distance_upper_bound=reach, workers=-1)[0]))
