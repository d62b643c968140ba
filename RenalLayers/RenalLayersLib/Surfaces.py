"""Models of the study: the kidneys' surface as glass, and inside it shells of equal depth in their colours.

On the surface itself the depth is 0 everywhere, so colouring it by depth would show one colour. What a reader wants
to see is what lies beneath: shells every 5 mm, each in the colour that this depth has in the slices.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from renal_layers.layering import Layering
from renal_segmentation.volume import Volume
from RenalLayersLib.Colors import depthColors
from RenalLayersLib.Volumes import toImageData

SHELL_STEP_MM = 5.0
DEPTH_ARRAY = "Depth (mm)"


def showSurface(study: Any, layering: Layering) -> Any:
    """Put the surface that depth is measured from into the scene, RAS mm, see-through."""
    node = study.node("vtkMRMLModelNode", "surface", f"{study.name} surface")
    node.SetAndObservePolyData(_withNormals(layering.surface.to_polydata()))
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
        display = node.GetDisplayNode()
        display.SetColor(212 / 255, 126 / 255, 151 / 255)
        display.SetOpacity(0.2)
        display.SetVisibility2D(True)
        display.SetSliceIntersectionThickness(2)
    return node


def showDepthShells(study: Any, layering: Layering) -> Any:
    """Put shells of equal depth into the scene, with their depth in mm at every vertex, or None if it is too thin."""
    deepest = float(layering.depth.array.max())
    depths = np.arange(SHELL_STEP_MM, deepest, SHELL_STEP_MM)
    shells = depthShells(layering.depth, depths if len(depths) else np.array([deepest / 2]))
    if shells.GetNumberOfPoints() == 0:
        return None
    node = study.node("vtkMRMLModelNode", "depth shells", f"{study.name} depth shells")
    node.SetAndObservePolyData(shells)
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetOpacity(0.55)
    display = node.GetDisplayNode()
    display.SetActiveScalar(DEPTH_ARRAY, vtk.vtkAssignAttribute.POINT_DATA)
    display.SetAndObserveColorNodeID(depthColors(study).GetID())
    display.SetScalarRangeFlag(display.UseManualScalarRange)
    display.SetScalarRange(0.0, float(np.ceil(deepest)))
    display.SetScalarVisibility(True)
    return node


def depthShells(depth: Volume, depths: np.ndarray) -> Any:
    """Return the surfaces on which the depth has the given values, as `vtkPolyData` in RAS mm.

    The point array `DEPTH_ARRAY` holds the depth in mm. Voxels left out near the pelvis count as depth 0.
    """
    padded = np.pad(depth.array.astype(np.float32), 1)
    contour = vtk.vtkFlyingEdges3D()
    contour.SetInputData(toImageData(padded))
    for number, value in enumerate(depths):
        contour.SetValue(number, float(value))
    contour.ComputeNormalsOff()
    contour.ComputeScalarsOn()
    contour.Update()
    shells = vtk.vtkPolyData()
    shells.DeepCopy(contour.GetOutput())
    if shells.GetNumberOfPoints() == 0:
        return shells
    index = vtk_to_numpy(shells.GetPoints().GetData()).astype(float) - 1
    shells.GetPoints().SetData(numpy_to_vtk(depth.grid.to_ras(index), deep=True))
    smooth = vtk.vtkWindowedSincPolyDataFilter()
    smooth.SetInputData(shells)
    smooth.SetNumberOfIterations(30)
    smooth.SetPassBand(0.05)
    smooth.NormalizeCoordinatesOn()
    smooth.Update()
    shells = _withNormals(smooth.GetOutput())
    values = vtk_to_numpy(shells.GetPointData().GetScalars())
    nearest = depths[np.argmin(np.abs(values[:, np.newaxis] - depths), axis=1)].astype(np.float32)
    scalars = numpy_to_vtk(nearest, deep=True)
    scalars.SetName(DEPTH_ARRAY)
    shells.GetPointData().SetScalars(scalars)
    return shells


def _withNormals(surface: Any) -> Any:
    """Return the surface with point normals, consistently outward."""
    normals = vtk.vtkPolyDataNormals()
    normals.SetInputData(surface)
    normals.SplittingOff()
    normals.ConsistencyOn()
    normals.AutoOrientNormalsOn()
    normals.Update()
    return normals.GetOutput()
