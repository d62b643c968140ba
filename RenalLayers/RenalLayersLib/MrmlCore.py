"""Slicer's MRML core without its window: a scene and the module logics that it takes to fill and save one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import slicer
import vtk

_MODULE_LOGICS = {
    "Colors": "vtkSlicerColorLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Models": "vtkSlicerModelsLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Plots": "vtkSlicerPlotsLogic",
}


@contextmanager
def mrmlScene(folder: Path) -> Iterator[Any]:
    """Give an empty scene with its logics, and clear it at the end.

    Parameters
    ----------
    folder : Path
        An empty folder for temporary files and for the settings that Slicer would have.
    """
    for part in ("home", "share", "temp", "cache"):
        (folder / part).mkdir()
    (folder / "home" / "share" / "ColorFiles").mkdir(parents=True)
    scene = slicer.vtkMRMLScene()
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
    application = slicer.vtkSlicerApplicationLogic()
    application.SetHomeDirectory(str(folder / "home"))
    application.SetShareDirectory("share")
    application.SetTemporaryPath(str(folder / "temp"))
    application.SetMRMLScene(scene)
    application.SetSliceLogics(vtk.vtkCollection())
    application.SetViewLogics(vtk.vtkCollection())
    logics = []
    for name, className in _MODULE_LOGICS.items():
        logic = getattr(slicer, className)()
        logic.SetMRMLApplicationLogic(application)
        logic.SetMRMLScene(scene)
        application.SetModuleLogic(name, logic)
        logics.append(logic)
    files = _fileAccess(scene, application, folder / "cache")
    try:
        yield scene
    finally:
        with quiet():
            scene.Clear(1)
            for logic in [*logics, *files]:
                logic.SetMRMLScene(None)
            application.SetMRMLScene(None)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep VTK's messages off standard error; failures are told by return values."""
    logged, shown = vtk.vtkLogger.GetCurrentVerbosityCutoff(), vtk.vtkObject.GetGlobalWarningDisplay()
    vtk.vtkLogger.SetStderrVerbosity(vtk.vtkLogger.VERBOSITY_OFF)
    vtk.vtkObject.SetGlobalWarningDisplay(0)
    try:
        yield
    finally:
        vtk.vtkObject.SetGlobalWarningDisplay(shown)
        vtk.vtkLogger.SetStderrVerbosity(logged)


def _fileAccess(scene: Any, application: Any, cache: Path) -> tuple[Any, Any]:
    """Give the scene what it needs to read bundles: without it reading an MRB fails."""
    remote = slicer.vtkMRMLRemoteIOLogic()
    remote.SetMRMLScene(scene)
    remote.SetMRMLApplicationLogic(application)
    remote.GetCacheManager().SetRemoteCacheDirectory(str(cache))
    data = slicer.vtkDataIOManagerLogic()
    data.SetMRMLScene(scene)
    data.SetMRMLApplicationLogic(application)
    data.SetAndObserveDataIOManager(remote.GetDataIOManager())
    remote.AddDataIOToScene()
    return remote, data
