"""Small masks with known geometry that several tests share."""

from __future__ import annotations

import numpy as np

from renal_segmentation.volume import Grid, Volume


def grid_around(half_size, spacing=(1.0, 1.0, 1.0), centre=(0.0, 0.0, 0.0), shift=0.0) -> Grid:
    """Return an axis-aligned RAS grid that holds a box of `half_size` mm around `centre`."""
    spacing = np.asarray(spacing, float)
    shape = 2 * np.ceil(np.asarray(half_size) / spacing).astype(int) + 5
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = np.asarray(centre) - (shape - 1) / 2 * spacing + shift * spacing
    return Grid(tuple(int(n) for n in shape), affine)


def coordinates(grid: Grid) -> np.ndarray:
    """Return the RAS position of every voxel, shape (I, J, K, 3)."""
    return grid.to_ras(np.indices(grid.shape).reshape(3, -1).T).reshape(*grid.shape, 3)


def ellipsoid(half_axes, spacing=(1.0, 1.0, 1.0), centre=(0.0, 0.0, 0.0), shift=0.0) -> Volume:
    """Return one ellipsoid; a voxel is inside when its centre is."""
    grid = grid_around(half_axes, spacing, centre, shift)
    inside = (((coordinates(grid) - centre) / half_axes) ** 2).sum(-1) < 1
    return Volume(inside.astype(np.uint8), grid.affine)


def two_kidneys(spacing=(2.0, 2.0, 2.0), with_hilum=False) -> Volume:
    """Return an ellipsoid on each side of x = 0; the right one (x > 0) is smaller."""
    grid = grid_around((75, 30, 50), spacing)
    ras = coordinates(grid)
    inside = np.zeros(grid.shape, bool)
    for centre, half_axes in (((-45, 0, 5), (22, 20, 40)), ((45, 0, -5), (20, 18, 36))):
        inside |= (((ras - centre) / half_axes) ** 2).sum(-1) < 1
        if with_hilum:
            hilum = np.array(centre) - [np.sign(centre[0]) * 18, 0, 0]
            inside &= (((ras - hilum) / (12, 9, 15)) ** 2).sum(-1) >= 1
    return Volume(inside.astype(np.uint8), grid.affine)


def turned(volume: Volume, order, flips) -> Volume:
    """Return the same image stored with its axes permuted and flipped; no voxel moves in the body."""
    array = volume.array.transpose(order)
    affine = volume.affine[:, [*order, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip:
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
            array = np.flip(array, axis)
    return Volume(np.ascontiguousarray(array), affine)


def moved(volume: Volume, matrix: np.ndarray) -> Volume:
    """Return the image with its body moved by a 4 x 4 RAS matrix."""
    return Volume(volume.array, matrix @ volume.affine)
