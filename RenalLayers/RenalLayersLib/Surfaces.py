"""Models of the study: the kidneys' surface as glass, and inside it shells of equal depth in their colours.

On the surface itself the depth is 0 everywhere, so colouring it by depth would show one colour. What a reader wants
to see is what lies beneath: shells every 5 mm, cut open in front like a preparation, each in the colour that this depth
has in the slices.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from scipy import ndimage
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy

from renal_layers.layering import Layering
from renal_layers.sampling import sample_nearest
from renal_segmentation.volume import Volume
from RenalLayersLib.Colors import depthColors, depthScale
from RenalLayersLib.Volumes import showLegend, toImageData

SHELL_STEP_MM = 5.0
DEPTH_ARRAY = "Depth (mm)"
_IN_FRONT = "in front"


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
    shells = depthShells(_continued(layering), depths if len(depths) else np.array([deepest / 2]))
    shells = _cutOpen(_measuredPart(shells, layering), layering)
    if shells.GetNumberOfPoints() == 0:
        return None
    node = study.node("vtkMRMLModelNode", "depth shells", f"{study.name} depth shells")
    node.SetAndObservePolyData(shells)
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetAmbient(0.25)
        node.GetDisplayNode().SetBackfaceCulling(False)
    display = node.GetDisplayNode()
    display.SetActiveScalar(DEPTH_ARRAY, vtk.vtkAssignAttribute.POINT_DATA)
    display.SetAndObserveColorNodeID(depthColors(study).GetID())
    display.SetScalarRangeFlag(display.UseManualScalarRange)
    display.SetScalarRange(0.0, depthScale(deepest)[0])
    display.SetScalarVisibility(True)
    showLegend(display, deepest)
    return node


def depthShells(depth: Volume, depths: np.ndarray) -> Any:
    """Return the surfaces on which the depth has the given values, as `vtkPolyData` in RAS mm.

    The point array `DEPTH_ARRAY` holds the depth in mm.
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


def _continued(layering: Layering) -> Volume:
    """Return the depth with that of tissue left out near the pelvis, continued by a voxel beyond what was measured.

    Where depth broke off to 0, all shells would run on top of one another.
    """
    depth = np.zeros(layering.side.array.shape)
    start = layering.grid.start_of(layering.side)
    for part in layering.parts:
        depth[tuple((part.voxels - start).T)] = np.nan_to_num(part.depth)
    hollow = ((layering.pelvis.array > 0) | (layering.side.array > 0)) & (depth == 0)
    depth[hollow] = ndimage.grey_dilation(depth, (3, 3, 3))[hollow]
    return layering.side.like(depth)


def _measuredPart(shells: Any, layering: Layering) -> Any:
    """Return the shells without the triangles that lie in tissue left out."""
    if shells.GetNumberOfPoints() == 0:
        return shells
    points = vtk_to_numpy(shells.GetPoints().GetData()).astype(float)
    triangles = vtk_to_numpy(shells.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    measured = sample_nearest(layering.depth, points[triangles].mean(1)) > 0
    cells = vtk.vtkCellArray()
    cells.SetData(3, numpy_to_vtkIdTypeArray(np.ascontiguousarray(triangles[measured], np.int64).ravel(), deep=True))
    shells.SetPolys(cells)
    return shells


def _cutOpen(shells: Any, layering: Layering) -> Any:
    """Return the shells without the front half of each kidney."""
    if shells.GetNumberOfPoints() == 0:
        return shells
    points = vtk_to_numpy(shells.GetPoints().GetData()).astype(float)
    side, inFront = sample_nearest(layering.side, points), np.zeros(len(points))
    for value in np.unique(layering.side.array[layering.side.array > 0]):
        middle = layering.side.grid.to_ras(np.argwhere(layering.side.array == value))[:, 1].mean()
        inFront[side == value] = points[side == value, 1] - middle
    place = numpy_to_vtk(inFront, deep=True)
    place.SetName(_IN_FRONT)
    shells.GetPointData().AddArray(place)
    shells.GetPointData().SetActiveScalars(_IN_FRONT)
    cut = vtk.vtkClipPolyData()
    cut.SetInputData(shells)
    cut.SetValue(0.0)
    cut.InsideOutOn()
    cut.Update()
    behind = cut.GetOutput()
    behind.GetPointData().RemoveArray(_IN_FRONT)
    behind.GetPointData().SetActiveScalars(DEPTH_ARRAY)
    return behind


def _withNormals(surface: Any) -> Any:
    """Return the surface with point normals, consistently outward."""
    normals = vtk.vtkPolyDataNormals()
    normals.SetInputData(surface)
    normals.SplittingOff()
    normals.ConsistencyOn()
    normals.AutoOrientNormalsOn()
    normals.Update()
    return normals.GetOutput()
