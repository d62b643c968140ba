"""Masks with known geometry for the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from renal_layers.ellipsoid import Ellipsoid
from renal_segmentation.volume import FloatArray, Grid, Volume

FIELD_MM = np.array([120.0, 120.0, 160.0])
BODY_MM = np.array([360.0, 260.0, 300.0])


@dataclass(frozen=True)
class Case:
    """One column of the accuracy table."""

    name: str
    half_axes: tuple[float, float, float]
    spacing: tuple[float, float, float]


THIN = (1.0, 1.0, 1.0)
THICK = (1.5, 1.5, 5.5)
CASES = (
    Case("sphere 1 mm", (30.0, 30.0, 30.0), THIN),
    Case("ellipsoid 1 mm", (22.0, 28.0, 50.0), THIN),
    Case("sphere 1.5 x 1.5 x 5.5", (30.0, 30.0, 30.0), THICK),
    Case("ellipsoid 1.5 x 1.5 x 5.5", (22.0, 28.0, 50.0), THICK),
)


@dataclass(frozen=True)
class Known:
    """A mask with the depth of every one of its voxels in closed form.

    Attributes
    ----------
    mask : Volume
        Boolean.
    depth : ndarray, shape (N,)
        True depth in mm of the voxels of ``mask.array``, in index order.
    """

    mask: Volume
    depth: FloatArray


def grid_of(spacing: tuple[float, float, float], field_mm: FloatArray) -> Grid:
    """Return a grid of ceil(field / spacing) voxels, centred on the origin."""
    size = np.asarray(spacing)
    shape = np.ceil(field_mm / size).astype(int)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -(shape - 1) / 2 * size
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def body_of(case: Case, rng: np.random.Generator | None = None) -> Ellipsoid:
    """Return the case's object, centred on the grid, or at a random sub-voxel shift and rotation."""
    if rng is None:
        return Ellipsoid(np.zeros(3), np.eye(3), np.array(case.half_axes))
    shift = rng.uniform(-0.5, 0.5, 3) * case.spacing
    return Ellipsoid(shift, Rotation.random(None, rng).as_matrix(), np.array(case.half_axes))


def known(body: Ellipsoid, grid: Grid) -> Known:
    """Return the mask of `body` on `grid` (a voxel is inside when its centre is) with its true depth."""
    inside = _fill([body], grid)
    return Known(Volume(inside, grid.affine), body.distance(grid.to_ras(np.argwhere(inside))))


def accuracy_phantoms(case: Case, moves: int) -> tuple[Known, list[Known]]:
    """Return the centred object, and `moves` copies at random sub-voxel shifts and rotations."""
    grid = grid_of(case.spacing, FIELD_MM)
    rng = np.random.default_rng(2026)
    return known(body_of(case), grid), [known(body_of(case, rng), grid) for _ in range(moves)]


def two_kidneys(spacing: tuple[float, float, float], voxels: int, shape: tuple[int, int, int] | None = None) -> Volume:
    """Return a mask of two tilted kidneys, each with a sinus, of about `voxels` kidney voxels.

    Parameters
    ----------
    spacing : tuple of float
        Voxel size in mm.
    voxels : int
        The kidneys are scaled until they hold this number within 1 %.
    shape : tuple of int, optional
        Grid size; a field of 360 x 260 x 300 mm otherwise.
    """
    grid = grid_of(spacing, BODY_MM if shape is None else np.array(shape) * spacing)
    scale = (voxels * grid.voxel_ml / 395.0) ** (1 / 3)
    for _ in range(5):
        inside = _fill(_kidneys(scale), grid) & ~_fill(_sinuses(scale), grid)
        count = np.count_nonzero(inside)
        if abs(count / voxels - 1) < 0.01:
            break
        scale *= (voxels / count) ** (1 / 3)
    return Volume(inside, grid.affine)


def _kidneys(scale: float) -> list[Ellipsoid]:
    half = np.array([32.0, 27.0, 57.0]) * scale
    return [Ellipsoid(np.array([side * 65.0, 0.0, 4.0 * side]), _tilt(side), half) for side in (-1, 1)]


def _sinuses(scale: float) -> list[Ellipsoid]:
    half = np.array([20.0, 8.0, 17.0]) * scale
    return [
        Ellipsoid(k.to_ras(np.array([[-side * 28.0 * scale, 0.0, 0.0]]))[0], k.axes, half)
        for side, k in zip((-1, 1), _kidneys(scale), strict=True)
    ]


def _tilt(side: int) -> FloatArray:
    return np.asarray(Rotation.from_euler("yz", [side * 15.0, side * 20.0], degrees=True).as_matrix())


def _fill(bodies: list[Ellipsoid], grid: Grid) -> np.ndarray:
    inside = np.zeros(grid.shape, bool)
    for body in bodies:
        box = body.box_on(grid)
        inside[box] |= body.inside_on(grid, box)
    return inside
