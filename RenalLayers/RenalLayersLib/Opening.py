"""What Slicer shows when the scene is opened: slices through the kidneys with depth over the anatomy, and a plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import slicer

from renal_layers.analysis import Analysis
from renal_layers.maps import QuantitativeMap

# Layout name, orientation and colour of Slicer's three slice views.
_VIEWS = (
    ("Red", "Axial", (0.953, 0.290, 0.200)),
    ("Green", "Coronal", (0.431, 0.690, 0.294)),
    ("Yellow", "Sagittal", (0.929, 0.835, 0.298)),
)
_CAMERA_AWAY_MM = 550.0
_OVERLAY_OPACITY = 0.6
_ROOM = 1.5


def arrangeViews(study: Any, analysis: Analysis, maps: Sequence[QuantitativeMap] = ()) -> None:
    """Add the nodes of the slice views, the plot view and the layout to the study's scene.

    For a scene that is saved without Slicer's window; inside Slicer the views are the user's.
    """
    scene, side = study.scene, analysis.layering.side
    corners = side.grid.to_ras(np.argwhere(side.array))
    middle, size = (corners.min(0) + corners.max(0)) / 2, np.ptp(corners, axis=0).max() * _ROOM
    depth = study.find("depth")
    background = study.find("image") or (study.find(f"map:{maps[0].name}") if maps else None)
    for layout, orientation, color in _VIEWS:
        logic = slicer.vtkMRMLSliceLogic()
        logic.SetMRMLScene(scene)
        node = logic.AddSliceNode(layout)
        node.SetLayoutLabel(layout[0])
        node.SetLayoutColor(*color)
        node.SetOrientation(orientation)
        node.JumpSlice(*(float(value) for value in middle))
        node.SetFieldOfView(float(size), float(size), 1.0)
        composite = logic.GetSliceCompositeNode()
        composite.SetBackgroundVolumeID(background.GetID() if background else None)
        composite.SetForegroundVolumeID(depth.GetID())
        composite.SetForegroundOpacity(_OVERLAY_OPACITY)
        logic.SetMRMLScene(None)
    _lookFromInFront(scene, middle)
    charts = [study.find(f"chart:{samples.name}") for samples in analysis.samples]
    if charts:
        plot = _singleton(scene, "vtkMRMLPlotViewNode", "PlotView1")
        plot.SetLayoutName("PlotView1")
        plot.SetPlotChartNodeID(charts[0].GetID())
    layout = _singleton(scene, "vtkMRMLLayoutNode", "vtkMRMLLayoutNode")
    layout.SetViewArrangement(layout.SlicerLayoutFourUpPlotView if charts else layout.SlicerLayoutFourUpView)


def _lookFromInFront(scene: Any, middle: np.ndarray) -> None:
    """Point the camera of the 3D view at the kidneys, patient right on the left."""
    camera = scene.CreateNodeByClass("vtkMRMLCameraNode")
    camera.UnRegister(None)
    camera.SetLayoutName("1")
    camera.SetName("Camera")
    camera = scene.AddNode(camera)
    camera.SetFocalPoint(*(float(value) for value in middle))
    camera.SetPosition(float(middle[0]), float(middle[1]) + _CAMERA_AWAY_MM, float(middle[2]))
    camera.SetViewUp(0.0, 0.0, 1.0)


def _singleton(scene: Any, className: str, tag: str) -> Any:
    """Return a node that takes the place of Slicer's own when the scene is opened."""
    node = scene.CreateNodeByClass(className)
    node.UnRegister(None)
    node.SetSingletonTag(tag)
    return scene.AddNode(node)
