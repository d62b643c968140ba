"""The bare surface between inside and outside voxel centres."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D


def isosurface(inside: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return the 0.5 isosurface of a mask.

    Parameters
    ----------
    inside : ndarray of bool, shape (I, J, K)
        Nowhere true at the border, so that the surface is closed.

    Returns
    -------
    points : ndarray of float64, shape (V, 3)
        Vertices in voxel indices, each in the middle of a grid edge.
    triangles : ndarray of int64, shape (T, 3)
        Vertex indices, counter-clockwise seen from outside.
    """
    image = vtkImageData()
    image.SetDimensions(inside.shape)
    values = inside.ravel(order="F").astype(np.uint8)
    image.GetPointData().SetScalars(numpy_to_vtk(values))
    contour = vtkFlyingEdges3D()
    contour.SetInputData(image)
    contour.SetValue(0, 0.5)
    contour.ComputeNormalsOff()
    contour.ComputeScalarsOff()
    contour.Update()
    surface = contour.GetOutput()
    triangles = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    points = vtk_to_numpy(surface.GetPoints().GetData())
    return points.astype(np.float64), triangles.astype(np.int64)
