"""A closed triangle surface moved along its normals until it encloses a given volume."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

TOLERANCE = 5e-4
ITERATIONS = 30


def face_vectors(points: FloatArray, corners: IntArray) -> FloatArray:
    """Return the outward normals of triangles, twice as long as their area, shape (T, 3).

    Parameters
    ----------
    points : ndarray, shape (V, 3)
        Vertices.
    corners : ndarray of int, shape (3, T)
        Vertex indices, counter-clockwise seen from outside.
    """
    a, b, c = (points.take(corner, axis=0) for corner in corners)
    (x, y, z), (u, v, w) = (b - a).T, (c - a).T
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u], axis=1)


def offset_to_volume(
    points: FloatArray, corners: IntArray, volume: float, normals: Callable[[FloatArray], FloatArray]
) -> FloatArray | None:
    """Return the points offset evenly until they enclose a volume within 0.05 %, None if they never do.

    Parameters
    ----------
    points : ndarray, shape (V, 3)
        Vertices.
    corners : ndarray of int, shape (3, T)
        Vertex indices, counter-clockwise seen from outside.
    volume : float
        In the cubed unit of the points.
    normals : callable
        Gives the outward unit normals of the vertices, shape (V, 3), for their present place.
    """
    points = points.copy()
    for _ in range(ITERATIONS):
        faces = face_vectors(points, corners)
        lack = volume - float(np.einsum("ij,ij->", points[corners[0]], faces)) / 6
        if abs(lack) <= TOLERANCE * volume:
            return points
        area = 0.5 * float(np.sqrt((faces**2).sum(axis=1)).sum())
        points += normals(points) * (lack / area)
    return None
