"""Step 3: exact distance from points to the nearest point of a triangle surface."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkDoubleArray
from vtkmodules.vtkFiltersCore import vtkImplicitPolyDataDistance

from renal_layers.surface import Surface
from renal_segmentation.progress import Progress, silent

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

TOLERANCE_MM = 0.008
FIRST_NEIGHBOURS = 7
FIRST_NEIGHBOURS_OF_UNEVEN_MESH = 12
EVEN_MESH = 2.0
"""Largest to median squared covering radius up to which a mesh is even: then fewer neighbours settle the matter."""
MORE_NEIGHBOURS = 3
"""How many times as many are tried, again and again, for the points that are not settled yet."""
TINY, FLAT = 1e-30, 1e-12
"""Edges and triangles of no size: nothing lies over them, and nothing is divided by zero."""
LARGEST_CHUNK, SMALLEST_CHUNK = 16384, 1024
"""Points handled together: few enough for the processor's cache, and for all cores to have some."""


class DistanceTo:
    """The distance of points to a surface, made ready once and asked as often as needed.

    Parameters
    ----------
    surface : Surface
        Triangle surface in RAS mm; closed, or open with the triangles at its rim both ways round.

    Notes
    -----
    The foot of the perpendicular on the true nearest triangle lies within that triangle's covering
    radius r of one of its vertices w, and perpendicular to the line to the point q, so
    |q - w|^2 <= d^2 + r^2. Every vertex that meets this bound for the best d found so far is tried with
    all its triangles; as long as the neighbours tried cannot rule out a further vertex, more are fetched.
    """

    def __init__(self, surface: Surface) -> None:
        self._stars = _VertexStars(surface)

    def __call__(self, points: npt.ArrayLike, progress: Progress = silent) -> FloatArray:
        """Return the unsigned distance in mm of RAS mm points, shape (N, 3), inside or outside, shape (N,).

        `progress` is called now and then; it may raise `CancelledError`.
        """
        queries = np.ascontiguousarray(points, float)
        cores = os.cpu_count() or 1
        size = min(max(len(queries) // (2 * cores) + 1, SMALLEST_CHUNK), LARGEST_CHUNK)
        chunks = [slice(s, s + size) for s in range(0, len(queries), size)]
        distance = np.empty(len(queries))

        def measure(chunk: slice) -> slice:
            distance[chunk] = self._stars.distance(queries[chunk])
            return chunk

        with ThreadPoolExecutor(cores) as pool:
            done = pool.map(measure, chunks)
            for chunk in _cancellable(done, pool):
                progress("depth", min(chunk.stop / len(queries), 1.0))
        return distance


class SignedDistanceTo:
    """The distance of points to a closed surface, negative inside; far slower than `DistanceTo`.

    Made ready when it is first asked, for points of which the side is in doubt.
    """

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._function: Any = None

    def __call__(self, points: npt.ArrayLike) -> FloatArray:
        """Return the signed distance in mm of RAS mm points, shape (N, 3), shape (N,)."""
        queries, distance = np.ascontiguousarray(points, float), vtkDoubleArray()
        if not len(queries):
            return np.empty(0)
        if self._function is None:
            self._function = vtkImplicitPolyDataDistance()
            self._function.SetInput(self._surface.to_polydata())
        self._function.FunctionValue(numpy_to_vtk(queries), distance)
        return np.array(vtk_to_numpy(distance))


def _cancellable(done: Iterator[slice], pool: ThreadPoolExecutor) -> Iterator[slice]:
    """Yield finished chunks; when the consumer raises, drop those not yet begun."""
    try:
        yield from done
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class _VertexStars:
    """The triangles around each vertex of a closed surface, ready to be searched.

    Each triangle stands in the star of each of its three corners, written from that corner: with edges
    b and c to the other two, the search needs only the inside of the triangle and the edge b, because in a
    closed surface every edge from the corner is the b of exactly one triangle of its star. Single precision
    suffices for points seen from the corner: the distance is off by some 1e-6 mm.
    """

    def __init__(self, surface: Surface) -> None:
        corners, self._points = _used_only(surface)
        self._tree = cKDTree(self._points, leafsize=64, balanced_tree=False, compact_nodes=False)
        by_vertex = np.argsort(corners.ravel(), kind="stable")
        self._count = np.bincount(corners.ravel())
        self._first = np.cumsum(self._count) - self._count
        start = self._points[corners.ravel()[by_vertex]]
        b = self._points[np.roll(corners, -1, 1).ravel()[by_vertex]] - start
        c = self._points[np.roll(corners, -2, 1).ravel()[by_vertex]] - start
        bb, bc, cc = (np.einsum("ij,ij->i", *pair) for pair in ((b, b), (b, c), (c, c)))
        bb, det = np.maximum(bb, TINY), bb * cc - bc**2
        det = np.where(det > FLAT * bb * cc, det, np.inf)
        frame = (np.cross(b, c) / det[:, None] ** 0.5, *_dual_edges(b, c, bb, bc, cc, det), b / bb[:, None])
        self._frame = np.concatenate(frame, axis=1).astype(np.float32)
        self._edge2 = bb.astype(np.float32)
        radius2 = _covering_radius2(bb, bc, cc)
        self._radius2 = np.maximum.reduceat(radius2, self._first)
        self._largest_radius2 = float(radius2.max())
        even = self._largest_radius2 <= EVEN_MESH * float(np.median(self._radius2))
        self._first_neighbours = FIRST_NEIGHBOURS if even else FIRST_NEIGHBOURS_OF_UNEVEN_MESH

    def distance(self, queries: FloatArray) -> FloatArray:
        """Return distances in mm, shape (N,), within `TOLERANCE_MM`."""
        neighbours = self._first_neighbours
        best2, open_ = self._search(queries, neighbours)
        while len(open_):
            neighbours *= MORE_NEIGHBOURS
            more2, still_open = self._search(queries[open_], neighbours)
            best2[open_] = np.minimum(best2[open_], more2)
            open_ = open_[still_open]
        return np.sqrt(np.maximum(best2, 0))

    def _search(self, queries: FloatArray, neighbours: int) -> tuple[FloatArray, IntArray]:
        """Return squared distances, and the queries that further vertices could still improve."""
        k = min(neighbours, self._tree.n)
        near, vertex = self._tree.query(queries, k=list(range(1, k + 1)))
        near2 = near**2
        best2 = self._to_star(queries, vertex[:, 0], near2[:, 0])
        for n in range(1, k):
            limit2 = _improvement_limit2(best2)
            hopeful = np.flatnonzero(near2[:, n] < limit2 + self._radius2[vertex[:, n]])
            found2 = self._to_star(queries[hopeful], vertex[hopeful, n], near2[hopeful, n])
            best2[hopeful] = np.minimum(best2[hopeful], found2)
        if k == self._tree.n:
            return best2, np.empty(0, np.intp)
        return best2, np.flatnonzero(near2[:, -1] < _improvement_limit2(best2) + self._largest_radius2)

    def _to_star(self, queries: FloatArray, vertex: IntArray, vertex2: FloatArray) -> FloatArray:
        """Return the squared distance of each query to the star of one vertex, given that to the vertex."""
        best2 = vertex2.copy()
        p = (queries - self._points[vertex]).astype(np.float32)
        count, first = self._count[vertex], self._first[vertex]
        for n in range(count.max(initial=0)):
            rows = np.flatnonzero(count > n) if n >= count.min() else slice(None)
            best2[rows] = np.minimum(best2[rows], self._to_corner(p[rows], vertex2[rows], first[rows] + n))
        return best2

    def _to_corner(self, p: Float32Array, pp: FloatArray, corner: IntArray) -> FloatArray:
        """Return squared distances to triangles; p is the query seen from the corner, pp its square."""
        x, y, z = p.T
        frame = self._frame[corner]
        height, u, v, t = (frame[:, n] * x + frame[:, n + 1] * y + frame[:, n + 2] * z for n in (0, 3, 6, 9))
        along = np.clip(t, 0, 1)
        over = (u > 0) & (v > 0) & (u + v < 1)
        return np.asarray(np.where(over, height**2, pp - self._edge2[corner] * along * (2 * t - along)), float)


def _used_only(surface: Surface) -> tuple[IntArray, FloatArray]:
    """Return triangles and vertices without the vertices that no triangle has."""
    used = np.zeros(len(surface.points), bool)
    used[surface.triangles] = True
    return (np.cumsum(used) - 1)[surface.triangles], surface.points[used]


def _dual_edges(
    b: FloatArray, c: FloatArray, bb: FloatArray, bc: FloatArray, cc: FloatArray, det: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the vectors in the triangle's plane whose inner products with p are its coordinates along b and c."""
    along_b = (cc[:, None] * b - bc[:, None] * c) / det[:, None]
    along_c = (bb[:, None] * c - bc[:, None] * b) / det[:, None]
    return along_b, along_c


def _covering_radius2(bb: FloatArray, bc: FloatArray, cc: FloatArray) -> FloatArray:
    """Return how far a point of each triangle can be from its nearest corner, squared.

    Given are the squared lengths of two edges and their inner product; the answer is the circumradius of
    an acute triangle and half the longest edge of any other.
    """
    shortest, middle, longest = np.sort([bb, cc, bb - 2 * bc + cc], axis=0)
    acute = shortest + middle > longest
    circumradius2 = shortest * middle * longest / np.where(acute, 4 * (bb * cc - bc**2), 1)
    return np.asarray(np.where(acute, circumradius2, longest / 4))


def _improvement_limit2(best2: FloatArray) -> FloatArray:
    """Return the squared distance below which a find would matter."""
    return np.maximum(np.sqrt(np.maximum(best2, 0)) - TOLERANCE_MM, 0) ** 2
