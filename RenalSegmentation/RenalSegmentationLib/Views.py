"""Showing the kidneys in the slice views."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

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


def _jump(place: np.ndarray) -> None:
    """Move every slice view through a point in RAS mm, without panning it."""
    manager = slicer.app.layoutManager()
    for name in manager.sliceViewNames() if manager is not None else ():
        node = manager.sliceWidget(name).mrmlSliceNode()
        node.JumpSliceByOffsetting(*(float(value) for value in place))
