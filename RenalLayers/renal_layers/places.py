"""Where the voxels of a map lie in the kidneys: exact depth of each centre, whatever the map's grid.

A centre of a mask voxel is kidney as it was drawn. Between the centres the voxels of the mask are too coarse: their
corners stick out of the surface, and what lies there is fat as often as kidney.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from renal_layers.layering import Layering
from renal_layers.layers import layers_mm
from renal_layers.parts import LEAST_DEPTH_MM, MeasuredPart
from renal_layers.sampling import sample_lowest
from renal_segmentation.volume import Grid

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

SAME_CENTRE = 0.01
"""In voxels of the mask: files round their positions."""


@dataclass(frozen=True)
class PartPlaces:
    """The voxels of one grid whose centres lie in one part of the kidneys.

    Attributes
    ----------
    number : ndarray of int, shape (N,)
        Voxel of the grid, counted with the last axis fastest.
    depth : ndarray, shape (N,)
        mm below the surface that depth is measured from.
    outside : int
        How many more lie in a voxel of the mask, but outside its surface.
    """

    number: IntArray
    depth: FloatArray
    outside: int = 0


PlacesByPart = Mapping[bytes, PartPlaces]
"""`PartPlaces` of one grid by the key of the part."""


@dataclass(frozen=True)
class Places:
    """The voxels of one grid whose centres lie in measured kidney tissue and not on its border, in rising order.

    Attributes
    ----------
    index : tuple of three ndarrays, shape (N,) each
        Voxel indices, ready to be used on an array of that grid.
    points : ndarray, shape (N, 3)
        Their centres, RAS mm.
    side : ndarray of uint8, shape (N,)
        1 left, 2 right.
    depth, layer : ndarray of float64, shape (N,)
        mm below the surface; layer as in `Layering.layers`.
    outside : int
        How many more lie in a kidney voxel of the mask, but outside the kidney's surface.
    by_part : mapping
        What each part found, to be given to `locate` again after the mask was corrected.
    """

    index: tuple[IntArray, ...]
    points: FloatArray
    side: npt.NDArray[np.uint8]
    depth: FloatArray
    layer: FloatArray
    outside: int
    by_part: PlacesByPart


def locate(layering: Layering, grid: Grid, known: PlacesByPart | None = None) -> Places:
    """Return the voxels of a grid that lie in the kidneys, with their exact depth.

    Parameters
    ----------
    layering : Layering
        From `renal_layers.layering.make_layers`.
    grid : Grid
        Of a map.
    known : mapping, optional
        `Places.by_part` of the same grid and an earlier mask: parts that have not changed are taken from it.
    """
    known = known or {}
    by_part = {part.key: known.get(part.key) or _in_part(part, layering.grid, grid) for part in layering.parts}
    number, order = np.unique(np.concatenate([places.number for places in by_part.values()]), return_index=True)
    depth = np.concatenate([places.depth for places in by_part.values()])[order]
    index = np.stack(np.unravel_index(number, grid.shape), axis=1)
    points = grid.to_ras(index)
    layer = sample_lowest(layering.layers, points).astype(float)
    kept = layer > 0
    index, points, depth, layer = index[kept], points[kept], depth[kept], layer[kept]
    if layering.settings.layer_model == "mm":
        layer = layers_mm(depth, layering.settings.layer_thickness_mm)
    i, j, k = np.ascontiguousarray(index.T)
    outside = sum(places.outside for places in by_part.values())
    return Places((i, j, k), points, sample_lowest(layering.side, points), depth, layer, outside, by_part)


def _in_part(part: MeasuredPart, mask_grid: Grid, grid: Grid) -> PartPlaces:
    """Return the voxels of `grid` whose nearest mask voxel belongs to the part and that lie within its surface."""
    if grid.shape == mask_grid.shape and np.array_equal(grid.affine, mask_grid.affine):
        return PartPlaces(np.ravel_multi_index(tuple(part.voxels.T), grid.shape), part.depth)
    low, high = part.voxels.min(0), part.voxels.max(0)
    box = _box_around(low, high, mask_grid, grid)
    if box is None:
        return PartPlaces(np.empty(0, np.intp), np.empty(0))
    inside = np.zeros(high - low + 1, bool)
    inside[tuple((part.voxels - low).T)] = True
    index = np.stack(np.meshgrid(*(np.arange(s.start, s.stop) for s in box), indexing="ij"), axis=-1).reshape(-1, 3)
    points = grid.to_ras(index)
    on_mask = mask_grid.to_index(points)
    nearest = np.floor(on_mask + 0.5).astype(np.intp) - low
    within = ((nearest >= 0) & (nearest < inside.shape)).all(1)
    hit = np.flatnonzero(within)[inside[tuple(nearest[within].T)]]
    rim = inside & ~ndimage.binary_erosion(inside)
    between = (np.abs(on_mask[hit] - low - nearest[hit]) > SAME_CENTRE).any(1)
    doubtful = hit[rim[tuple(nearest[hit].T)] & between]
    outside = doubtful[part.signed_distance(points[doubtful]) > LEAST_DEPTH_MM]
    hit = np.setdiff1d(hit, outside, assume_unique=True)
    number = np.ravel_multi_index(tuple(index[hit].T), grid.shape)
    return PartPlaces(number, np.maximum(part.distance(points[hit]), LEAST_DEPTH_MM), len(outside))


def _box_around(low: IntArray, high: IntArray, mask_grid: Grid, grid: Grid) -> tuple[slice, ...] | None:
    """Return the voxels of `grid` that mask voxels `low` to `high` can touch, or None."""
    ends = np.array([low - 0.5, high + 0.5])
    corners = np.array(np.meshgrid(*ends.T)).reshape(3, -1).T
    index = grid.to_index(mask_grid.to_ras(corners))
    first = np.maximum(np.floor(index.min(0)), 0).astype(int)
    last = np.minimum(np.ceil(index.max(0)) + 1, grid.shape).astype(int)
    if (first >= last).any():
        return None
    return tuple(slice(a, b) for a, b in zip(first, last, strict=True))
