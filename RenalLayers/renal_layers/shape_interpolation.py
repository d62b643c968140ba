"""The default surface: the smoothest shape that agrees with a binary mask on anisotropic voxels."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse

from renal_layers.isosurface import isosurface
from renal_layers.offset import face_vectors, offset_to_volume
from renal_segmentation.volume import bounding_box

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Lengths count in units of the smallest voxel size: the method has no length scale of its own.
CUTOFF_WAVELENGTH = 20.0
"""Undulations shorter than this are taken for the staircase of the voxels where nothing contradicts."""
LEAST_CROSSING_ERROR = 0.1
"""No crossing counts as known better than this, however flat the surface meets the grid line."""
VIOLATION_WEIGHT = 300.0
"""Weight that draws a surface back which has left a grid edge it must cross."""
CURVATURE_SMOOTHING = 25.0
"""Weight of the gradient of the curvature field against the curvature measured where there are crossings."""
TAUBIN_STEPS = 10 * (0.63, -0.67)
"""First smoothing, which does not shrink."""
NORMAL_AVERAGES = 4
FITS, FITS_OF_KNOWN = 3, 2
"""How often the surface is fitted; less where every vertex has a crossing and nothing must be continued."""
FEWEST_VOXELS_FITTED = 64
LARGEST_REFINEMENT = 16
REFINED_SPACING = 1.4
"""Distance between the slices put in between: finer ones cost time and gave no smaller error."""
SOLVER_TOLERANCE = 0.01
SOLVER_ITERATIONS = 300


@dataclass(frozen=True)
class _Crossings:
    """The edge between an inside and an outside voxel centre that the surface crosses at each vertex."""

    middle: FloatArray  # (V, 3) middle of the edge in smallest voxel sizes
    axis: IntArray  # (V,) its direction
    length: FloatArray  # (V,) its length in smallest voxel sizes
    doubled: IntArray  # (V, 3) twice the index of the vertex on the refined grid
    known: BoolArray  # (V,) False for vertices between the slices, of which the mask says nothing


class _Mesh:
    """Triangles with the linear operators on their vertices.

    With N the adjacency and D the degrees of the vertices, the Laplacian is L = 1 - N / D and its transpose
    x - N (x / D): N itself, which is symmetric, is all that is stored.
    """

    def __init__(self, triangles: IntArray, doubled: IntArray) -> None:
        size = len(doubled)
        start, end = triangles.ravel(), np.roll(triangles, -1, axis=1).ravel()
        faces = np.repeat(np.arange(len(triangles)), 3)
        self.corners = np.ascontiguousarray(triangles.T)
        self.faces_of = sparse.csr_matrix((np.ones(len(start)), (start, faces)), (size, len(triangles)))
        # Only edges on the faces of grid cells: how the inside of a cell is cut into triangles depends on the
        # order of the axes. The surface is closed, so that each edge is met once in either direction.
        same = doubled[start] == doubled[end]
        same &= doubled[start] % 2 == 0
        on_face = same[:, 0] | same[:, 1] | same[:, 2]
        start, end = start[on_face], end[on_face]
        self.neighbours = sparse.csr_matrix((np.ones(len(start)), (start, end)), (size, size))
        self.degree = np.asarray(self.neighbours.sum(axis=1)).ravel()

    def laplacian(self, values: FloatArray) -> FloatArray:
        """Return how far each vertex's value, shape (V,) or (V, n), is above the mean of its neighbours'."""
        degree = self.degree if values.ndim == 1 else self.degree[:, None]
        return np.asarray(values - (self.neighbours @ values) / degree)

    def adjoint(self, values: FloatArray) -> FloatArray:
        """Return the transpose of the Laplacian times values of shape (V,)."""
        return np.asarray(values - self.neighbours @ (values / self.degree))

    def squared_adjoint(self, values: FloatArray) -> FloatArray:
        """Return the transpose of the Laplacian, each entry squared, times values of shape (V,)."""
        return np.asarray(values + self.neighbours @ (values / self.degree**2))

    def normals(self, points: FloatArray) -> FloatArray:
        """Return the outward unit normals of the vertices, averaged over their surroundings, shape (V, 3)."""
        normals: FloatArray = self.faces_of @ face_vectors(points, self.corners)
        for _ in range(NORMAL_AVERAGES):
            normals = normals - 0.5 * self.laplacian(normals)
        normals /= np.sqrt((normals**2).sum(axis=1, keepdims=True)).clip(min=1e-12)
        return normals

    def relaxed(self, points: FloatArray) -> FloatArray:
        """Return the points moved within the surface towards the mean of their neighbours."""
        normals = self.normals(points)
        step = self.laplacian(points)
        relaxed: FloatArray = points - 0.5 * (step - normals * (step * normals).sum(axis=1, keepdims=True))
        return relaxed

    def mean_squared_edge(self, points: FloatArray) -> FloatArray:
        """Return the mean squared length of the edges at each vertex, shape (V,)."""
        square = (points**2).sum(axis=1)
        mean: FloatArray = 2 * (points * self.laplacian(points)).sum(axis=1) - self.laplacian(square)
        return mean.clip(min=0.25 * mean.mean())


def interpolated_surface(inside: BoolArray, spacing: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return a smooth closed surface that agrees with a mask on voxels of any shape and encloses its volume.

    A mask says only which grid edges, those from an inside to an outside voxel centre, the surface crosses.
    Each vertex on such an edge is an observation of the surface whose error along the surface normal is the
    length of the edge times the cosine between edge and normal: a thick slice tells little of a surface
    parallel to it, and much of one that stands upright. The vertices are moved along their normals to the
    minimum of squared error-weighted distance plus squared deviation of the mean curvature from a curvature
    field that is itself smooth, so that caps beyond the first and last slice continue the curvature of their
    surroundings instead of being flattened, and round objects do not shrink. Surfaces that leave a grid
    edge they must cross are drawn back. At last an even offset gives each part and cavity its voxels' volume.

    Parameters
    ----------
    inside : ndarray of bool, shape (I, J, K)
        The mask; it may touch the border. Every part (face-connected) and every cavity gets its own surface.
    spacing : ndarray of float, shape (3,)
        Voxel size along I, J and K in mm.

    Returns
    -------
    points : ndarray of float64, shape (V, 3)
        Vertices in mm, index times spacing: the centre of voxel (0, 0, 0) is the origin.
    triangles : ndarray of int64, shape (T, 3)
        Vertex indices, counter-clockwise seen from outside.

    Notes
    -----
    Slices in between come from shape-based interpolation (Raya and Udupa 1990, doi:10.1109/42.52980). The
    idea of the smoothest surface within the limits a binary volume sets is that of Gibson 1998
    (doi:10.1007/BFb0056277) and Whitaker 2000 (IEEE Symposium on Volume Visualization, pp. 23-32);
    curvature that varies as little as possible is that of Moreton and Sequin 1992
    (doi:10.1145/133994.134035); the first smoothing is that of Taubin 1995 (doi:10.1145/218380.218473).
    """
    spacing = np.asarray(spacing, dtype=np.float64)
    unit = spacing.min()
    if not inside.any():
        return np.empty((0, 3)), np.empty((0, 3), dtype=np.int64)
    all_points, all_triangles, used = [], [], 0
    parts = list(_parts(inside))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        surfaces = pool.map(lambda part: _part_surface(part[0], spacing / unit), parts)
    for (_, corner, outward), (points, triangles) in zip(parts, surfaces, strict=True):
        all_points.append(points * unit + corner * spacing)
        all_triangles.append((triangles if outward else triangles[:, ::-1]) + used)
        used += len(points)
    return np.concatenate(all_points), np.concatenate(all_triangles)


def _parts(inside: BoolArray) -> Iterator[tuple[BoolArray, IntArray, bool]]:
    """Yield each part with its cavities filled, and each cavity, with its corner and whether it is a part."""
    outer = bounding_box(inside)
    labels, _ = ndimage.label(inside[outer])
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        corner = _corner(outer) + _corner(box) - 1
        outside, _ = ndimage.label(np.pad(labels[box] != number, 1, constant_values=True), np.ones((3, 3, 3)))
        yield outside != 1, corner, True
        for hole, hole_box in enumerate(ndimage.find_objects(outside)[1:], start=2):
            yield outside[hole_box] == hole, corner + _corner(hole_box), False


def _corner(box: tuple[slice, ...]) -> IntArray:
    return np.array([side.start for side in box])


def _part_surface(inside: BoolArray, spacing: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the surface of one part in smallest voxel sizes, unfitted where it is too small for that."""
    voxels = np.count_nonzero(inside)
    volume = float(voxels * spacing.prod())
    points, triangles, crossings = _initial_surface(inside, spacing)
    mesh = _Mesh(triangles, crossings.doubled)
    if voxels >= FEWEST_VOXELS_FITTED:
        fitted = offset_to_volume(_fitted(points, mesh, crossings), mesh.corners, volume, mesh.normals)
        if fitted is not None:
            return fitted, triangles
    bare = offset_to_volume(points, mesh.corners, volume, mesh.normals)
    return points if bare is None else bare, triangles


def _initial_surface(inside: BoolArray, spacing: FloatArray) -> tuple[FloatArray, IntArray, _Crossings]:
    """Return an isosurface with near-isotropic mesh whose vertices lie in the middle of grid edges."""
    refinement = np.clip(np.rint(spacing / REFINED_SPACING), 1, LARGEST_REFINEMENT).astype(np.int64)
    fine = np.pad(inside, 1)
    if (refinement > 1).any():
        # Linear, because then the sign changes exactly once between an inside and an outside voxel centre.
        size = (np.array(fine.shape) - 1) * refinement + 1
        # Zero is frequent, half way between two samples, and must not be decided by rounding.
        fine = ndimage.zoom(_signed_distance(fine, spacing), size / fine.shape, order=1) > 1e-4
    points, triangles = isosurface(fine)
    # Twice the index is odd in the one direction in which a vertex lies between two samples.
    doubled = np.rint(2 * points).astype(np.int64)
    axis = np.argmax(doubled % 2, axis=1)
    along = np.arange(3) == axis[:, None]
    below = doubled // 2
    middle = np.where(along, below // refinement + 0.5, below / refinement)
    known = (along | (below % refinement == 0)).all(axis=1)
    crossings = _Crossings((middle - 1) * spacing, axis, spacing[axis], doubled, known)
    return (points / refinement - 1) * spacing, triangles, crossings


def _signed_distance(inside: BoolArray, spacing: FloatArray) -> npt.NDArray[np.float32]:
    """Return the distance to the surface, positive inside; it lies half a smallest voxel before a centre."""
    distance = ndimage.distance_transform_edt(inside, sampling=spacing)
    distance -= ndimage.distance_transform_edt(~inside, sampling=spacing)
    shifted: npt.NDArray[np.float32] = (distance - 0.5 * np.sign(distance)).astype(np.float32)
    return shifted


def _fitted(points: FloatArray, mesh: _Mesh, crossings: _Crossings) -> FloatArray:
    """Return the points moved to where the surface best meets its crossings with an even curvature."""
    stiffness = (CUTOFF_WAVELENGTH / np.pi) ** 4
    for step in TAUBIN_STEPS:
        points = points - step * mesh.laplacian(points)
    points = mesh.relaxed(points)
    for _ in range(FITS_OF_KNOWN if crossings.known.all() else FITS):
        normals = mesh.normals(points)
        cosine = np.abs(np.take_along_axis(normals, crossings.axis[:, None], axis=1)[:, 0])
        reach = 0.5 * crossings.length * cosine
        gap = ((crossings.middle - points) * normals).sum(axis=1)
        weight = np.where(crossings.known, 1 / ((2 * reach) ** 2 + LEAST_CROSSING_ERROR**2), 0)
        beyond = (1 - reach / np.abs(gap).clip(min=1e-9)).clip(min=0)
        missed = np.where(crossings.known, VIOLATION_WEIGHT * beyond, 0)
        squared_edge = mesh.mean_squared_edge(points)
        scale = squared_edge.mean() / squared_edge
        curvature = scale * (normals * mesh.laplacian(points)).sum(axis=1)
        excess = curvature - _smooth_field(curvature, weight, mesh)
        pull = weight * gap + missed * (gap - np.clip(gap, -reach, reach))
        move = _solve(
            _bending(weight + missed, stiffness * scale**2, mesh),
            pull - stiffness * mesh.adjoint(scale * excess),
            weight + missed + stiffness * mesh.squared_adjoint(scale**2),
        )
        points = mesh.relaxed(points + move[:, None] * normals)
    return points


def _bending(weight: FloatArray, stiffness: FloatArray, mesh: _Mesh) -> Callable[[FloatArray], Any]:
    weight, stiffness = weight.astype(np.float32), stiffness.astype(np.float32)
    neighbours, share = mesh.neighbours.astype(np.float32), (1 / mesh.degree).astype(np.float32)

    def apply(move: FloatArray) -> Any:
        bent = stiffness * (move - share * (neighbours @ move))
        return weight * move + bent - neighbours @ (share * bent)

    return apply


def _smooth_field(values: FloatArray, weight: FloatArray, mesh: _Mesh) -> FloatArray:
    """Return the smooth field nearest to values that are known as well as their weights say."""
    diagonal = weight + CURVATURE_SMOOTHING * mesh.degree
    single, neighbours = diagonal.astype(np.float32), (CURVATURE_SMOOTHING * mesh.neighbours).astype(np.float32)
    return _solve(lambda field: single * field - neighbours @ field, weight * values, diagonal)


def _solve(apply: Callable[[FloatArray], Any], right: FloatArray, diagonal: FloatArray) -> FloatArray:
    """Solve a symmetric positive definite system by conjugate gradients with diagonal preconditioning.

    Single precision is enough for the tolerance, and twice as fast.
    """
    residual, diagonal = right.astype(np.float32), diagonal.astype(np.float32)
    solution = np.zeros_like(residual)
    direction = residual / diagonal
    # Not numpy's dot: its threads wait for one another for milliseconds when the cores are busy.
    size = first = float(np.einsum("i,i->", residual, direction))
    for _ in range(SOLVER_ITERATIONS):
        if size <= SOLVER_TOLERANCE**2 * first:
            break
        image = apply(direction)
        step = size / float(np.einsum("i,i->", direction, image))
        solution += np.float32(step) * direction
        residual -= np.float32(step) * image
        preconditioned = residual / diagonal
        previous, size = size, float(np.einsum("i,i->", residual, preconditioned))
        direction = preconditioned + np.float32(size / previous) * direction
    return solution.astype(float)
