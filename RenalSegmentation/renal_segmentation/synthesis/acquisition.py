"""How a generated abdomen is scanned: field of view, plane, obliqueness, slice thickness, gap, in-plane resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from renal_segmentation.volume import FloatArray, Grid

PLANES = ("sagittal", "coronal", "axial")


@dataclass(frozen=True)
class Acquisition:
    """One scan.

    Attributes
    ----------
    grid : Grid
        Voxels of the scan, the slices along the third axis.
    thickness_mm : float
        Slice thickness; less than the distance of slices where there are gaps.
    plane : str
        One of `PLANES`, or ``volume`` for isotropic voxels.
    """

    grid: Grid
    thickness_mm: float
    plane: str


def rotation(degrees: FloatArray) -> FloatArray:
    """Return the rotation about x, then y, then z, shape (3, 3)."""
    x, y, z = np.deg2rad(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def draw_acquisition(
    rng: np.random.Generator,
    centre: FloatArray,
    extent: FloatArray,
    in_plane_mm: tuple[float, float],
    plane: str,
) -> Acquisition:
    """Return a random scan of a box.

    Parameters
    ----------
    rng : Generator
    centre, extent : ndarray, shape (3,)
        Middle and size of the field of view along RAS in mm.
    in_plane_mm : tuple of float
        Smallest and largest pixel size.
    plane : str
        One of `PLANES` or ``volume``.
    """
    pixel = float(rng.uniform(*in_plane_mm))
    if plane == "volume":
        axes, slices, thickness = [0, 1, 2], pixel, pixel
    else:
        normal = PLANES.index(plane)
        axes = [axis for axis in range(3) if axis != normal] + [normal]
        thickness = float(rng.uniform(1, 8) if rng.random() < 0.5 else rng.uniform(3, 6.5))
        slices = max(thickness * float(rng.choice([1, rng.uniform(1, 1.3), 0.7], p=[0.55, 0.3, 0.15])), 1.0)
    turn = np.eye(3)
    if rng.random() < 0.5:
        turn = rotation(rng.uniform(-1, 1, 3) * float(rng.choice([6, 15, 30], p=[0.5, 0.35, 0.15])))
    spacing = np.array([pixel, pixel, slices])
    shape = np.maximum(np.rint(extent[axes] / spacing), 1).astype(int)
    affine = np.eye(4)
    affine[:3, :3] = turn[:, axes] * spacing
    affine[:3, 3] = centre - affine[:3, :3] @ ((shape - 1) / 2)
    return Acquisition(Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine), thickness, plane)


def draw_plane(rng: np.random.Generator) -> str:
    """Return the orientation of the slices: one of `PLANES`, or ``volume``."""
    return str(rng.choice([*PLANES, "volume"], p=[0.04, 0.42, 0.41, 0.13]))


def draw_field(
    rng: np.random.Generator, plane: str, middle: FloatArray, extent: FloatArray, kidneys: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Return centre and size in mm of a random field of view: the whole body, a stack of slices, or a smaller box.

    Parameters
    ----------
    rng : Generator
    plane : str
        One of `PLANES` or ``volume``; stacks are short across their slices.
    middle, extent : ndarray, shape (3,)
        Centre and size of the label map in RAS mm.
    kidneys : ndarray, shape (3,), or None
        Middle of the kidneys, where most scans are centred.
    """
    size = extent.copy()
    whole = rng.random() < 0.3
    if plane == "axial" and not whole:
        size[2] = rng.uniform(45, 240)
    elif plane == "coronal" and not whole:
        size[1] = rng.uniform(50, 160)
    elif not whole:
        size = extent * rng.uniform(0.6, 0.95, 3)
    if rng.random() < 0.3:
        size[0] *= rng.uniform(0.75, 1)
    if rng.random() < 0.2:
        size[2] *= rng.uniform(0.7, 1)
    centre = middle.copy()
    if kidneys is not None and rng.random() < 0.93:
        centre[1:] = kidneys[1:] + rng.uniform(-0.3, 0.3, 2) * np.minimum(size[1:], [90, 160])
        centre[0] += rng.uniform(-15, 15)
    else:
        centre = middle + rng.uniform(-0.5, 0.5, 3) * (extent - size)
    return centre, size
