"""The effects of the segment editor that the host has: Paint, Erase, Scissors, Islands and Smoothing.

Parameters lie in the segment editor node as in ``qSlicerSegmentEditorAbstractEffect.cxx``. The edits go through
Slicer's own ``vtkSlicerSegmentEditorLogic``, so masks, overwriting and undo are Slicer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import slicer
import vtk
from scipy import ndimage
from vtk.util.numpy_support import vtk_to_numpy

_LOGIC = slicer.vtkSlicerSegmentEditorLogic


class SegmentEditorEffect:
    """What modules use of an effect.

    Attributes
    ----------
    name : str
    """

    name = ""
    defaults: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, logic: Any) -> None:
        self._logic = logic

    def self(self) -> SegmentEditorEffect:
        """Return the Python side, which here is the effect itself."""
        return self

    def parameterSetNode(self) -> Any:
        """Return the segment editor node."""
        return self._logic.GetSegmentEditorNode()

    def parameter(self, name: str) -> str:
        """Return a parameter as text."""
        value = self.parameterSetNode().GetAttribute(f"{self.name}.{name}")
        value = self.parameterSetNode().GetAttribute(name) if value is None else value
        return str(self.defaults.get(name, "")) if value is None else value

    def doubleParameter(self, name: str) -> float:
        """Return a parameter as a number."""
        return float(self.parameter(name) or 0)

    def integerParameter(self, name: str) -> int:
        """Return a parameter as a whole number."""
        return round(self.doubleParameter(name))

    def setParameter(self, name: str, value: Any) -> None:
        """Set a parameter of this effect."""
        self.parameterSetNode().SetAttribute(f"{self.name}.{name}", str(value))

    def setCommonParameter(self, name: str, value: Any) -> None:
        """Set a parameter that effects share."""
        self.parameterSetNode().SetAttribute(name, str(value))

    def saveStateForUndo(self) -> None:
        """Keep the segmentation for Undo."""
        self._logic.SaveStateForUndo()

    def onApply(self) -> None:
        """Do what the button Apply does; nothing for effects that work by mouse."""

    def strokeInSlice(self, points: list[Any], sliceNode: Any) -> None:
        """Do what a drag of the left button in a slice view does, given the places in RAS."""

    # --- voxels --------------------------------------------------------------------------------------------------

    def _blank(self) -> tuple[Any, Any, Any]:
        """Return an empty image of the segmentation's geometry, its voxels (k, j, i), and RAS to IJK."""
        self._logic.ResetModifierLabelmapToDefault()
        image = self._logic.GetModifierLabelmap()
        voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(tuple(reversed(image.GetDimensions())))
        matrix = vtk.vtkMatrix4x4()
        image.GetImageToWorldMatrix(matrix)
        return image, voxels, slicer.util.arrayFromVTKMatrix(matrix)

    def _places(self, image: Any, voxels: Any, toRAS: Any) -> Any:
        """Return the RAS places of all voxels, (k, j, i, 3)."""
        kji = np.moveaxis(np.indices(voxels.shape), 0, -1)
        extent = image.GetExtent()
        ijk = kji[..., ::-1] + [extent[0], extent[2], extent[4]]
        return ijk @ toRAS[:3, :3].T + toRAS[:3, 3]

    def _modify(self, image: Any, mode: Any) -> None:
        image.GetPointData().GetScalars().Modified()
        image.Modified()
        node = self._logic.GetSegmentationNode()
        self._logic.ModifySegmentByLabelmap(node, self._logic.GetCurrentSegmentID(), image, mode, False, False)

    def _selected(self) -> Any:
        """Return the voxels of the selected segment in the geometry of ``_blank``."""
        self._logic.UpdateSelectedSegmentLabelmap()
        whole, voxels, _ = self._blank()
        segment = slicer.vtkOrientedImageData()
        resample = slicer.vtkOrientedImageDataResample
        resample.ResampleOrientedImageToReferenceOrientedImage(
            self._logic.GetSelectedSegmentLabelmap(), whole, segment, False
        )
        return vtk_to_numpy(segment.GetPointData().GetScalars()).reshape(voxels.shape) > 0

    def _replace(self, wanted: Any) -> None:
        self.saveStateForUndo()
        image, voxels, _ = self._blank()
        voxels[...] = wanted
        self._modify(image, _LOGIC.ModificationModeSet)


class PaintEffect(SegmentEditorEffect):
    """Adds what lies under a round brush."""

    name = "Paint"
    defaults = MappingProxyType({"BrushAbsoluteDiameter": 10.0, "BrushSphere": 0})
    _mode = _LOGIC.ModificationModeAdd

    def strokeInSlice(self, points: list[Any], sliceNode: Any) -> None:
        """Paint along the stroke: in the slice alone, or a sphere if ``BrushSphere`` is set."""
        self.saveStateForUndo()
        image, voxels, toRAS = self._blank()
        places = self._places(image, voxels, toRAS)
        radius = self.doubleParameter("BrushAbsoluteDiameter") / 2
        normal = slicer.util.arrayFromVTKMatrix(sliceNode.GetSliceToRAS())[:3, 2]
        half = 0.5 * np.abs(toRAS[:3, :3].T @ normal).max()
        for point in points:
            offsets = places - np.asarray(point)
            inside = (offsets**2).sum(-1) <= radius**2
            if not self.integerParameter("BrushSphere"):
                inside &= np.abs(offsets @ normal) <= half + 1e-6
            voxels[inside] = 1
        self._modify(image, self._mode)


class EraseEffect(PaintEffect):
    """Removes what lies under a round brush."""

    name = "Erase"
    _mode = _LOGIC.ModificationModeRemove


class ScissorsEffect(SegmentEditorEffect):
    """Cuts what lies inside, or outside, of an outline drawn in a slice, through all slices."""

    name = "Scissors"
    defaults = MappingProxyType({"Operation": "EraseInside"})

    def strokeInSlice(self, points: list[Any], sliceNode: Any) -> None:
        """Cut along the outline."""
        operation = self.parameter("Operation")
        self.saveStateForUndo()
        image, voxels, toRAS = self._blank()
        axes = slicer.util.arrayFromVTKMatrix(sliceNode.GetSliceToRAS())[:3, :2]
        inside = _insideOutline(self._places(image, voxels, toRAS) @ axes, np.asarray(points) @ axes)
        voxels[...] = ~inside if operation.endswith("Outside") else inside
        erase = operation.startswith("Erase")
        self._modify(image, _LOGIC.ModificationModeRemove if erase else _LOGIC.ModificationModeAdd)


class IslandsEffect(SegmentEditorEffect):
    """Keeps or removes connected parts."""

    name = "Islands"
    defaults = MappingProxyType({"Operation": "KEEP_LARGEST_ISLAND", "MinimumSize": 1000})

    def onApply(self) -> None:
        """Carry out the operation."""
        operation = self.parameter("Operation")
        if operation not in ("KEEP_LARGEST_ISLAND", "REMOVE_SMALL_ISLANDS"):
            raise NotImplementedError(f"The host has no island operation {operation}")
        labels, count = ndimage.label(self._selected())
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        sizes[0] = 0
        least = sizes.max() if operation == "KEEP_LARGEST_ISLAND" else self.integerParameter("MinimumSize")
        self._replace((sizes >= max(least, 1))[labels])


class SmoothingEffect(SegmentEditorEffect):
    """Smooths by the median."""

    name = "Smoothing"
    defaults = MappingProxyType({"SmoothingMethod": "MEDIAN", "KernelSizeMm": 3.0})

    def onApply(self) -> None:
        """Smooth."""
        if self.parameter("SmoothingMethod") != "MEDIAN":
            raise NotImplementedError("The host smooths segments by MEDIAN only")
        _, _, toRAS = self._blank()
        spacing = np.linalg.norm(toRAS[:3, :3], axis=0)[::-1]
        size = np.maximum(np.round(self.doubleParameter("KernelSizeMm") / spacing).astype(int) // 2 * 2 + 1, 1)
        self._replace(ndimage.median_filter(self._selected().astype(np.uint8), size=tuple(size)))


EFFECTS = (PaintEffect, EraseEffect, ScissorsEffect, IslandsEffect, SmoothingEffect)
# What Slicer has besides.
MISSING = ("Draw", "Fill between slices", "Grow from seeds", "Hollow", "Level tracing", "Logical operators", "Margin",
           "Mask volume", "Threshold")  # fmt: skip


def _insideOutline(points: Any, outline: Any) -> Any:
    """Whether points (..., 2) lie inside of a polygon (n, 2), by counting crossings."""
    inside = np.zeros(points.shape[:-1], bool)
    x, y = points[..., 0], points[..., 1]
    for (x1, y1), (x2, y2) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        crosses = (y1 > y) != (y2 > y)
        if y1 != y2:
            inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside
