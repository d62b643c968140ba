"""Displayable managers of slice and 3D views; follows the registrations of Slicer's modules and core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer

# qMRMLSliceViewPrivate::initDisplayableManagers and the modules Volumes, Models, Segmentations, Markups, ...
SLICE_MANAGERS = (
    "vtkMRMLVolumeGlyphSliceDisplayableManager",
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLTransformsDisplayableManager2D",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
)
# qMRMLThreeDViewPrivate::initDisplayableManagers and the same modules.
THREED_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLThreeDReformatDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager3D",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLTransformsDisplayableManager3D",
    "vtkMRMLVolumeRenderingDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
)


def registerManagers(application: Any) -> None:
    """Register the displayable managers that every slice and 3D view gets."""
    factories = (
        (slicer.vtkMRMLSliceViewDisplayableManagerFactory, SLICE_MANAGERS),
        (slicer.vtkMRMLThreeDViewDisplayableManagerFactory, THREED_MANAGERS),
    )
    for cls, names in factories:
        factory = cls.GetInstance()
        factory.SetMRMLApplicationLogic(application)
        for name in names:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)


def managersFor(factoryClass: Any, renderer: Any, requestRender: Callable[[], None]) -> Any:
    """Make the group of displayable managers of one view; it asks for a new picture by calling back."""
    group = slicer.vtkMRMLDisplayableManagerGroup()
    group.SetRenderer(renderer)
    group.Initialize(factoryClass.GetInstance(), renderer)
    group.AddObserver("UpdateEvent", lambda *_: requestRender())
    return group
