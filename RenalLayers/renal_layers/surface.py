"""Step 2: the kidney's surface, the 0.5 isosurface of the filled mask, smoothed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkWindowedSincPolyDataFilter

from renal_layers.isosurface import isosurface
from renal_layers.offset import face_vectors, offset_to_volume
from renal_layers.shape_interpolation import interpolated_surface
from renal_segmentation.errors import EmptyMaskError, InputError, MissingPackageError
from renal_segmentation.volume import Volume, bounding_box

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Smoothing = Literal["default", "diffusion", "windowed-sinc", "none"]
SMOOTHINGS: tuple[Smoothing, ...] = get_args(Smoothing)
DIFFUSION_ITERATIONS = 50
SINC_PASS_BAND = 0.02
SINC_ITERATIONS = 100
LEAST_VOLUME_KEPT = 0.5


@dataclass(frozen=True)
class Surface:
    """A closed triangle surface.

    Attributes
    ----------
    points : ndarray of float64, shape (V, 3)
        Vertices in RAS mm.
    triangles : ndarray of int64, shape (T, 3)
        Vertex indices, counter-clockwise seen from outside.
    """

    points: npt.NDArray[np.float64]
    triangles: npt.NDArray[np.int64]

    @property
    def volume_ml(self) -> float:
        """Enclosed volume in ml (divergence theorem)."""
        centred = self.points - self.points.mean(0)
        a, b, c = (centred[self.triangles[:, n]] for n in range(3))
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6000.0)

    def to_polydata(self) -> Any:
        """Return the surface as `vtkPolyData` in RAS mm."""
        points = vtkPoints()
        points.SetData(numpy_to_vtk(np.ascontiguousarray(self.points), deep=True))
        cells = vtkCellArray()
        cells.SetData(3, numpy_to_vtkIdTypeArray(self.triangles.astype(np.int64).ravel(), deep=True))
        polydata = vtkPolyData()
        polydata.SetPoints(points)
        polydata.SetPolys(cells)
        return polydata


def joined(surfaces: Sequence[Surface]) -> Surface:
    """Return several surfaces as one."""
    starts = np.cumsum([0, *(len(surface.points) for surface in surfaces)])
    return Surface(
        np.concatenate([surface.points for surface in surfaces]),
        np.concatenate([s.triangles + start for s, start in zip(surfaces, starts[:-1], strict=True)]),
    )


def kidney_surface(filled: Volume, smoothing: Smoothing = "default") -> Surface:
    """Return the smoothed surface of a mask.

    Parameters
    ----------
    filled : Volume
        True inside, cysts filled, shape (I, J, K); it may touch the border of the array.
    smoothing : {"default", "diffusion", "windowed-sinc", "none"}
        ``default`` is the shape-based interpolation of `renal_layers.shape_interpolation`;
        ``diffusion`` mutable-diffusion Laplacian smoothing of the isosurface (50 iterations, as in
        3DQLayers; needs trimesh); ``windowed-sinc`` VTK's filter (Taubin 1996; pass band 0.02, 100 iterations)
        with the mask's volume restored;
        ``none`` the bare isosurface.

    Raises
    ------
    EmptyMaskError
        If no voxel is inside.
    InputError
        If the smoothing is not known.
    MissingPackageError
        If ``diffusion`` is asked for and trimesh is not installed.
    """
    if smoothing not in SMOOTHINGS:
        raise InputError(f"'{smoothing}' is no surface smoothing: choose one of {', '.join(SMOOTHINGS)}.")
    inside = filled.array.astype(bool, copy=False)
    if not inside.any():
        raise EmptyMaskError("The mask is empty, so it has no surface: give a mask with kidney voxels.")
    box = bounding_box(inside)
    grid = filled.crop(box).grid
    inside = inside[box]
    if smoothing == "default":
        points, triangles = interpolated_surface(inside, grid.spacing)
    else:
        points, triangles = isosurface(np.pad(inside, 1))
        points = (points - 1) * grid.spacing
        if smoothing != "none":
            volume_ml = float(np.count_nonzero(inside) * grid.spacing.prod() / 1000)
            points = _smoothed(points, triangles, smoothing, volume_ml)
    if np.linalg.det(grid.affine[:3, :3]) < 0:
        triangles = triangles[:, ::-1]
    return Surface(grid.to_ras(points / grid.spacing), triangles)


def _smoothed(points: FloatArray, triangles: IntArray, smoothing: Smoothing, volume_ml: float) -> FloatArray:
    """Return the smoothed points, or the points as they are where smoothing would destroy a tiny object."""
    smooth = _diffuse(points, triangles) if smoothing == "diffusion" else _windowed_sinc(points, triangles)
    if not np.isfinite(smooth).all():
        return points
    if Surface(smooth, triangles).volume_ml < LEAST_VOLUME_KEPT * Surface(points, triangles).volume_ml:
        return points
    return smooth if smoothing == "diffusion" else _with_volume(smooth, triangles, volume_ml)


def _windowed_sinc(points: FloatArray, triangles: IntArray) -> FloatArray:
    smoother = vtkWindowedSincPolyDataFilter()
    smoother.SetInputData(Surface(points, triangles).to_polydata())
    smoother.SetPassBand(SINC_PASS_BAND)
    smoother.SetNumberOfIterations(SINC_ITERATIONS)
    smoother.NormalizeCoordinatesOn()
    smoother.BoundarySmoothingOff()
    smoother.FeatureEdgeSmoothingOff()
    smoother.NonManifoldSmoothingOn()
    smoother.Update()
    return np.asarray(vtk_to_numpy(smoother.GetOutput().GetPoints().GetData()), float)


def _with_volume(points: FloatArray, triangles: IntArray, volume_ml: float) -> FloatArray:
    """Return the points offset along their normals until they enclose the volume, as they are if they never do."""

    def normals(points: FloatArray) -> FloatArray:
        faces = np.repeat(face_vectors(points, corners), 3, axis=0)
        sums = np.stack([np.bincount(triangles.ravel(), axis, len(points)) for axis in faces.T], axis=1)
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True).clip(min=1e-12))

    corners = np.ascontiguousarray(triangles.T)
    offset = offset_to_volume(points, corners, 1000 * volume_ml, normals)
    return points if offset is None else offset


def _diffuse(points: FloatArray, triangles: IntArray) -> FloatArray:
    """Return the points after volume-keeping mutable-diffusion Laplacian smoothing."""
    try:
        import trimesh
    except ImportError as error:
        raise MissingPackageError(
            "The smoothing 'diffusion' needs the Python package trimesh: install it, or choose the default."
        ) from error
    mesh = trimesh.Trimesh(points, triangles, process=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        trimesh.smoothing.filter_mut_dif_laplacian(mesh, lamb=1, iterations=DIFFUSION_ITERATIONS)
    return np.asarray(mesh.vertices, float)
