"""Showing the kidneys in the slice views."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import slicer
import vtk

from renal_segmentation.errors import RenalError
from renal_segmentation.labels import Side
from RenalSegmentationLib.Labels import referenceOf, sideMap


def showKidneys(node: Any, fit: bool = False) -> None:
    """Show the image of a segmentation in the slice views, through the middle of a kidney.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
        With a reference volume.
    fit : bool
        Whether to zoom so that all of the image is seen.
    """
    slicer.util.setSliceViewerLayers(background=referenceOf(node), fit=fit)
    try:
        side = sideMap(node)
    except RenalError:
        return
    for value in Side:
        places = np.argwhere(side.array == value)
        if len(places):
            _jump(side.grid.to_ras(places).mean(0))
            return


@contextmanager
def keptViews() -> Iterator[None]:
    """Have the slice views show afterwards what they showed before, at the same place and zoom."""
    selection = slicer.app.applicationLogic().GetSelectionNode()
    active = selection.GetActiveVolumeID()
    layers = [
        (node, node.GetBackgroundVolumeID(), node.GetForegroundVolumeID(), node.GetLabelVolumeID())
        for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    ]
    slices = [_placeOf(node) for node in slicer.util.getNodesByClass("vtkMRMLSliceNode")]
    try:
        yield
    finally:
        selection.SetActiveVolumeID(active)
        for node, background, foreground, label in layers:
            node.SetBackgroundVolumeID(background)
            node.SetForegroundVolumeID(foreground)
            node.SetLabelVolumeID(label)
        for node, matrix, field, origin in slices:
            node.GetSliceToRAS().DeepCopy(matrix)
            node.SetFieldOfView(*field)
            node.SetXYZOrigin(*origin)
            node.UpdateMatrices()


def _placeOf(node: Any) -> tuple[Any, Any, tuple[float, ...], tuple[float, ...]]:
    """Return a slice node with the place, the field of view in mm, and the origin that it has now."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(node.GetSliceToRAS())
    return node, matrix, tuple(node.GetFieldOfView()), tuple(node.GetXYZOrigin())


def _jump(place: np.ndarray) -> None:
    """Move every slice view through a point in RAS mm, without panning it."""
    manager = slicer.app.layoutManager()
    for name in manager.sliceViewNames() if manager is not None else ():
        node = manager.sliceWidget(name).mrmlSliceNode()
        node.JumpSliceByOffsetting(*(float(value) for value in place))
