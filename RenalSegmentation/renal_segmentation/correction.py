"""One-click corrections of a kidney mask: each takes a side map and returns a new one.

A side map holds 1 in the left kidney, 2 in the right one and 0 outside (`renal_segmentation.labels.Side`). Nothing here
looks at an index to tell left from right: the affine does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from renal_segmentation.errors import EmptyMaskError
from renal_segmentation.labels import Side
from renal_segmentation.volume import Volume, bounding_box

SideArray = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]

TOUCHING = np.ones((3, 3, 3), bool)
"""Voxels that share a corner belong to one part."""
_REACH = 4.0
"""The Gaussian of `smooth` is cut off at this many standard deviations."""


def keep_largest(side: Volume) -> SideArray:
    """Keep the largest connected part of each side.

    Parameters
    ----------
    side : Volume
        Side map, shape (I, J, K).
    """
    kept = np.zeros(side.array.shape, np.uint8)
    for value, box, parts, sizes in _parts(side):
        kept[box][parts == 1 + np.argmax(sizes)] = value
    return kept


def remove_small(side: Volume, below_ml: float = 1.0) -> SideArray:
    """Remove every part of a side that is smaller than `below_ml`; the largest part of each side stays.

    Parameters
    ----------
    side : Volume
        Side map, shape (I, J, K).
    below_ml : float
        Parts below this many millilitres go.
    """
    kept = np.zeros(side.array.shape, np.uint8)
    for value, box, parts, sizes in _parts(side):
        stays = np.concatenate([[False], sizes * side.grid.voxel_ml >= below_ml])
        stays[1 + np.argmax(sizes)] = True
        kept[box][stays[parts]] = value
    return kept


def swap_sides(side: Volume) -> SideArray:
    """Call the left kidney right and the right one left."""
    swapped = np.array([0, Side.RIGHT, Side.LEFT], np.uint8)
    return np.asarray(swapped[side.array])


def fill_holes(side: Volume, occupied: BoolArray | None = None) -> SideArray:
    """Fill what one kidney encloses on all sides.

    Parameters
    ----------
    side : Volume
        Side map, shape (I, J, K).
    occupied : ndarray of bool, shape (I, J, K), optional
        Voxels that belong to something else, such as a cyst: they are not filled.
    """
    filled = side.array.astype(np.uint8)
    for value in Side:
        holes = holes_of(side.array == value) & (side.array == 0)
        filled[holes if occupied is None else holes & ~occupied] = value
    return filled


def holes_of(inside: BoolArray) -> BoolArray:
    """Return the background that a mask encloses on all sides (voxels that share a face are connected)."""
    holes = np.zeros(inside.shape, bool)
    if inside.any():
        box = bounding_box(inside)
        parts, _count = ndimage.label(np.pad(~inside[box], 1, constant_values=True))
        holes[box] = (parts[1:-1, 1:-1, 1:-1] != parts[0, 0, 0]) & ~inside[box]
    return holes


def smooth(side: Volume, sigma_mm: float = 2.0, occupied: BoolArray | None = None) -> SideArray:
    """Round each kidney by a Gaussian and keep its volume.

    Of each kidney as many voxels are kept as it had, those with the highest value after the filter; so a sphere stays
    as large as it was, where a plain threshold of 0.5 would shrink it.

    Parameters
    ----------
    side : Volume
        Side map, shape (I, J, K).
    sigma_mm : float
        Standard deviation of the Gaussian along every axis of the body.
    occupied : ndarray of bool, shape (I, J, K), optional
        Voxels that belong to something else: no kidney grows into them.
    """
    smoothed = np.zeros(side.array.shape, np.uint8)
    sigma = sigma_mm / side.grid.spacing
    margin = int(np.ceil(_REACH * sigma).max())
    for value in Side:
        inside = side.array == value
        if not inside.any():
            continue
        box = bounding_box(inside, margin)
        taken = smoothed[box] > 0
        taken |= (side.array[box] != 0) & ~inside[box]
        if occupied is not None:
            taken |= occupied[box] & ~inside[box]
        density = ndimage.gaussian_filter(inside[box].astype(np.float32), sigma, mode="nearest", truncate=_REACH)
        density[taken] = -1.0
        count = min(int(inside.sum()), int((~taken).sum()))
        least = np.partition(density.ravel(), density.size - count)[density.size - count]
        smoothed[box][(density >= least) & (density > 0)] = value
    return smoothed


def split_at_spine(side: Volume, image: Volume | None = None) -> tuple[SideArray, float]:
    """Give every kidney voxel the side of the spine's mid-sagittal plane on which it lies.

    Parameters
    ----------
    side : Volume
        Side map, or a mask of both kidneys in one piece; shape (I, J, K).
    image : Volume, optional
        Image of the same body on any grid: the plane is then where its left and right half mirror each other best
        (`mirror_plane`). Without it, the middle of the mask.

    Returns
    -------
    side : ndarray of uint8, shape (I, J, K)
        The new side map.
    plane_x : float
        RAS x of the plane in mm; patient left has the smaller x.

    Raises
    ------
    EmptyMaskError
        If there is nothing to split.
    """
    index = np.argwhere(side.array)
    if not len(index):
        raise EmptyMaskError("There is no kidney to split: outline the kidneys first.")
    ras = side.grid.to_ras(index)
    middle = float((ras[:, 0].min() + ras[:, 0].max()) / 2)
    plane = middle if image is None else mirror_plane(image, middle, ras.min(0), ras.max(0))
    return split_at(side, plane), plane


def split_at(side: Volume, plane_x: float) -> SideArray:
    """Give every voxel of a side map the side of a sagittal plane on which it lies.

    Parameters
    ----------
    side : Volume
        Side map, of the kidneys or of what lies beside them; shape (I, J, K).
    plane_x : float
        RAS x of the plane in mm; patient left has the smaller x.
    """
    index = np.argwhere(side.array)
    found = np.zeros(side.array.shape, np.uint8)
    found[tuple(index.T)] = np.where(side.grid.to_ras(index)[:, 0] < plane_x, Side.LEFT, Side.RIGHT)
    return found


def mirror_plane(
    image: Volume, near_x: float, low: npt.ArrayLike, high: npt.ArrayLike, reach_mm: float = 40.0, step_mm: float = 2.5
) -> float:
    """Return the RAS x about which an image is most like its mirror image.

    The normalised correlation of the image with its mirror image is taken about each candidate plane, at the level
    of the kidneys and over twice `reach_mm` to each side; a parabola through the best three refines the place.

    Parameters
    ----------
    image : Volume
        Any grid and orientation.
    near_x : float
        Where to look: `reach_mm` to both sides of this x, in mm.
    low, high : array_like, shape (3,)
        RAS corners of the kidneys in mm.
    reach_mm, step_mm : float
        How far to look, and how finely the image is sampled.
    """
    low, high = np.asarray(low, float), np.asarray(high, float)
    half = 2 * reach_mm
    x = near_x + np.arange(-half - reach_mm, half + reach_mm + step_mm / 2, step_mm)
    y, z = (np.arange(low[axis], high[axis] + 2 * step_mm, 2 * step_mm) for axis in (1, 2))
    points = np.stack(np.meshgrid(x, y, z, indexing="ij"), -1).reshape(-1, 3)
    values = ndimage.map_coordinates(
        np.asarray(image.array, np.float32), image.grid.to_index(points).T, order=1, mode="constant"
    ).reshape(len(x), -1)
    reach, span = round(reach_mm / step_mm), round(half / step_mm)
    centres = np.arange(len(x) // 2 - reach, len(x) // 2 + reach + 1)
    likeness = np.array([_likeness(values, int(centre), span) for centre in centres])
    best = int(np.argmax(likeness))
    shift = 0.0
    if 0 < best < len(centres) - 1:
        before, at, after = likeness[best - 1 : best + 2]
        bend = before - 2 * at + after
        shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(x[centres[best]] + shift * step_mm)


def _likeness(values: npt.NDArray[np.float32], centre: int, span: int) -> float:
    """Return the correlation of what lies before a row with the mirror image of what lies behind it."""
    span = min(span, centre, len(values) - 1 - centre)
    before, behind = values[centre - span : centre][::-1].ravel(), values[centre + 1 : centre + 1 + span].ravel()
    before, behind = before - before.mean(), behind - behind.mean()
    scale = float(np.linalg.norm(before) * np.linalg.norm(behind))
    return float(before @ behind) / scale if scale > 0 else -1.0


def _parts(side: Volume) -> list[tuple[Side, tuple[slice, slice, slice], npt.NDArray[Any], npt.NDArray[np.intp]]]:
    """Return for each side that is there its box, the number of the part of each voxel in it, and the parts' sizes."""
    found = []
    for value in Side:
        inside = side.array == value
        if inside.any():
            box = bounding_box(inside)
            parts, _count = ndimage.label(inside[box], TOUCHING)
            found.append((value, box, parts, np.bincount(parts.ravel())[1:]))
    return found
