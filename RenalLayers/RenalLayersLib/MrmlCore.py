"""Slicer's MRML core without its window: a scene and the module logics that it takes to fill and save one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer
import vtk

MODULE_LOGICS = {
    "Colors": "vtkSlicerColorLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Models": "vtkSlicerModelsLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Plots": "vtkSlicerPlotsLogic",
}


@dataclass
class Core:
    """A running MRML core: the scene, and what must stay alive beside it.

    Attributes
    ----------
    scene, application : object
        ``vtkMRMLScene`` and ``vtkSlicerApplicationLogic``.
    logics : dict of str to object
        The module logics by the name of their module.
    """

    scene: Any
    application: Any
    logics: dict[str, Any]
    _files: tuple[Any, Any]

    def stop(self) -> None:
        """Clear the scene and let the logics go."""
        with quiet():
            self.scene.Clear(1)
            for logic in [*self.logics.values(), *self._files]:
                logic.SetMRMLScene(None)
            self.application.SetMRMLScene(None)


def startCore(
    folder: Path, logics: Mapping[str, str] = MODULE_LOGICS, colorFiles: Mapping[str, str] | None = None
) -> Core:
    """Start a scene with its logics.

    Parameters
    ----------
    folder : Path
        An empty folder for temporary files and for the settings that Slicer would have.
    logics : mapping of str to str
        Module names, and the class of each module's logic.
    colorFiles : mapping of str to str, optional
        Names and contents of the colour tables that Slicer has as files and the wheel lacks.
    """
    for part in ("home", "share", "temp", "cache"):
        (folder / part).mkdir()
    (folder / "home" / "share" / "ColorFiles").mkdir(parents=True)
    for name, text in (colorFiles or {}).items():
        (folder / "home" / "share" / "ColorFiles" / name).write_text(text, encoding="utf-8")
    scene = slicer.vtkMRMLScene()
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
    application = slicer.vtkSlicerApplicationLogic()
    application.SetHomeDirectory(str(folder / "home"))
    application.SetShareDirectory("share")
    application.SetTemporaryPath(str(folder / "temp"))
    application.SetMRMLScene(scene)
    application.SetSliceLogics(vtk.vtkCollection())
    application.SetViewLogics(vtk.vtkCollection())
    started = {}
    for name, className in logics.items():
        logic = getattr(slicer, className)()
        logic.SetMRMLApplicationLogic(application)
        logic.SetMRMLScene(scene)
        application.SetModuleLogic(name, logic)
        started[name] = logic
    return Core(scene, application, started, _fileAccess(scene, application, folder / "cache"))


@contextmanager
def mrmlScene(folder: Path) -> Iterator[Any]:
    """Give an empty scene with its logics, and clear it at the end; ``folder`` as for ``startCore``."""
    core = startCore(folder)
    try:
        yield core.scene
    finally:
        core.stop()


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
