"""Signed distances in mm to simple shapes, negative inside; first-order, exact at the surface."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from renal_segmentation.synthesis.noise import FloatField

Matrix = npt.NDArray[np.float64]
Point = npt.NDArray[np.float64]
Fields = tuple[FloatField, FloatField, FloatField]
"""x, y and z of every voxel."""

TINY = np.float32(1e-6)


def rotation(x_degrees: float, y_degrees: float, z_degrees: float) -> Matrix:
    """Return the matrix that turns about x, then y, then z."""
    (cx, cy, cz), (sx, sy, sz) = (f(np.deg2rad([x_degrees, y_degrees, z_degrees])) for f in (np.cos, np.sin))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def local(fields: Fields, centre: Sequence[float] | Point, turned: Matrix | None = None) -> Fields:
    """Return coordinates in a frame at `centre` whose axes are the columns of `turned`."""
    x, y, z = (field - np.float32(c) for field, c in zip(fields, centre, strict=True))
    if turned is None:
        return x, y, z
    m = turned.astype(np.float32)
    u, v, w = (x * m[0, i] + y * m[1, i] + z * m[2, i] for i in range(3))
    return u, v, w


def ellipsoid(fields: Fields, radii: Sequence[float] | Point, squareness: float = 0.0) -> FloatField:
    """Return the distance to an ellipsoid at the origin, its sides flattened by `squareness` (0 to 1)."""
    s = [(field / np.float32(r)) ** 2 for field, r in zip(fields, radii, strict=True)]
    k0 = np.sqrt(s[0] + s[1] + s[2])
    k1 = np.sqrt(sum(a / np.float32(r * r) for a, r in zip(s, radii, strict=True)))
    level = k0
    if squareness:
        quartic = np.sqrt(np.sqrt(s[0] * s[0] + s[1] * s[1] + s[2] * s[2]))
        level = np.float32(1 - squareness) * k0 + np.float32(squareness) * quartic
    return np.asarray(k0 * (level - np.float32(1)) / (k1 + TINY))


def ellipse(
    x: FloatField, y: FloatField, a: float | FloatField, b: float | FloatField, squareness: float = 0.0
) -> FloatField:
    """Return the distance to an ellipse of half axes `a` and `b` at the origin."""
    half_x, half_y = np.asarray(a, np.float32), np.asarray(b, np.float32)
    s, t = (x / half_x) ** 2, (y / half_y) ** 2
    k0 = np.sqrt(s + t)
    k1 = np.sqrt(s / (half_x * half_x) + t / (half_y * half_y))
    level = k0
    if squareness:
        level = np.float32(1 - squareness) * k0 + np.float32(squareness) * np.sqrt(np.sqrt(s * s + t * t))
    return np.asarray(k0 * (level - np.float32(1)) / (k1 + TINY))


def capsule(fields: Fields, start: Point, end: Point, start_radius: float, end_radius: float) -> FloatField:
    """Return the distance to a rod from `start` to `end` with round ends."""
    x, y, z = local(fields, start)
    d = (end - start).astype(np.float32)
    length = np.float32(max(float(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]), 1e-6))
    t = np.clip((x * d[0] + y * d[1] + z * d[2]) / length, np.float32(0), np.float32(1))
    distance = np.sqrt((x - t * d[0]) ** 2 + (y - t * d[1]) ** 2 + (z - t * d[2]) ** 2)
    return np.asarray(distance - np.float32(start_radius) - t * np.float32(end_radius - start_radius))


def smooth_curve(points: npt.ArrayLike, step_mm: float) -> npt.NDArray[np.float64]:
    """Return points about `step_mm` apart on a Catmull-Rom curve through `points`, both of shape (N, D).

    The first three columns are x, y, z in mm; further columns (a radius) are interpolated alike.
    """
    given = np.asarray(points, float)
    padded = np.vstack([2 * given[0] - given[1], given, 2 * given[-1] - given[-2]])
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        t = np.arange(0, 1, min(step_mm / max(float(np.linalg.norm((c - b)[:3])), 1e-6), 1))[:, np.newaxis]
        pieces.append(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
    return np.vstack([*pieces, given[-1:]])
