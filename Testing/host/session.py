"""The host itself: start once in a process, load modules, bring everything back to the start, stop."""

from __future__ import annotations

import colorsys
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import slicer
import slicer.util
from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEvent, QEventLoop, QtMsgType, qInstallMessageHandler

from RenalLayersLib.MrmlCore import MODULE_LOGICS, Core, quiet, startCore

from .pythonqt import dialogs, namespace

WINDOW_SIZE = (1440, 900)
ROOT = Path(__file__).resolve().parents[2]

LOGICS = MODULE_LOGICS | {
    "Terminologies": "vtkSlicerTerminologiesModuleLogic",
    "Data": "vtkSlicerDataModuleLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Cameras": "vtkSlicerCamerasModuleLogic",
    "VolumeRendering": "vtkSlicerVolumeRenderingLogic",
    "CropVolume": "vtkSlicerCropVolumeLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "Sequences": "vtkSlicerSequencesLogic",
    "Units": "vtkSlicerUnitsLogic",
    "Texts": "vtkSlicerTextsLogic",
    "SegmentEditor": "vtkSlicerSegmentEditorLogic",
    "ViewControllers": "vtkSlicerViewControllersLogic",
}


def moduleFile(module: str | Path) -> Path:
    """Return the file of a scripted module, named as in this repository or given by its path.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    candidates = (Path(module), ROOT / str(module) / f"{module}.py")
    found = next((path for path in candidates if path.suffix == ".py" and path.is_file()), None)
    if found is None:
        raise FileNotFoundError(f"There is no module '{module}'")
    return found.resolve()


class UncaughtErrorsError(AssertionError):
    """A slot or an observer failed; Slicer would only print it."""


class Host:
    """A running stand-in of Slicer.

    Attributes
    ----------
    app : qSlicerApplication
        Also ``slicer.app``.
    mainWindow : qSlicerMainWindow
    dialogs : Dialogs
        What was shown, and the answers that wait.
    errors : list of Exception
        What slots and observers raised.
    """

    def __init__(self) -> None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        qInstallMessageHandler(_qtMessage)
        self._temporary = tempfile.TemporaryDirectory(prefix="slicer-host-")
        self.dialogs = dialogs.DIALOGS
        self.errors: list[BaseException] = []
        self._excepthook = sys.excepthook
        folder = Path(self._temporary.name)
        with quiet():
            self._core: Core = startCore(folder, LOGICS, {"GenericColors.txt": _genericColors()})
            slicer.mrmlScene = self._core.scene
            _removeLeakedNames()
            _installModules()
            self._addSingletons()
            self._startApplication(folder)
        sys.excepthook = self._keepError

    # --- start ---------------------------------------------------------------------------------------------------

    def _addSingletons(self) -> None:
        scene = self._core.scene
        crosshair = slicer.vtkMRMLCrosshairNode()
        crosshair.SetCrosshairName("default")
        scene.AddNode(crosshair)
        slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)

    def _startApplication(self, folder: Path) -> None:
        from .application import qSlicerApplication
        from .coreIO import qSlicerCoreIOManager
        from .hierarchy import HierarchyKeeper
        from .mainWindow import qSlicerMainWindow
        from .modules import qSlicerModuleManager
        from .style import applyStyle
        from .views.layoutManager import qMRMLLayoutManager
        from .views.managers import registerManagers

        self.app = slicer.app = qSlicerApplication(["Slicer"], folder)
        applyStyle(self.app)
        self._hierarchy = HierarchyKeeper(self._core.scene)
        registerManagers(self._core.application)
        self.modules = qSlicerModuleManager(self._core.logics)
        self.app._parts.update(
            applicationLogic=self._core.application,
            moduleManager=self.modules,
            ioManager=qSlicerCoreIOManager(self._core.logics),
        )
        self.mainWindow = qSlicerMainWindow(self.modules)
        self.mainWindow.resize(*WINDOW_SIZE)
        self.modules.moduleAboutToBeUnloaded.connect(self.mainWindow._panel._forget)
        viewport = self.mainWindow.centralWidget()
        self.layoutManager = qMRMLLayoutManager(viewport, self._core.scene, self._core.application)
        self.app._parts["layoutManager"] = self.layoutManager
        self.layoutManager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
        self.app.startupCompleted.emit()

    # --- modules -------------------------------------------------------------------------------------------------

    @property
    def scene(self) -> Any:
        """The MRML scene, also ``slicer.mrmlScene``."""
        return self._core.scene

    def load(self, module: str | Path) -> Any:
        """Load a scripted module of this repository by its name, or any by the path of its file; return the module."""
        return self.modules._load(moduleFile(module))

    def open(self, module: str | Path) -> Any:
        """Load a module unless that was done before, and show it; return its Python widget."""
        name = Path(module).stem
        if not self.modules.isLoaded(name):
            self.load(module)
        slicer.util.selectModule(name)
        return slicer.util.getModuleWidget(name)

    def reload(self, name: str) -> Any:
        """Do what the button Reload does; return the new Python widget."""
        slicer.util.reloadScriptedModule(name)
        return slicer.util.getModuleWidget(name)

    def unload(self, name: str) -> None:
        """Unload a module, as Slicer does when it quits."""
        self.modules._unload(name)
        # Slicer deletes the panel at once; here the deletion waits for the events.
        self.wait()

    # --- errors --------------------------------------------------------------------------------------------------

    def _keepError(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.errors.append(error)
        self._excepthook(kind, error, trace)

    @contextmanager
    def expectError(self, kind: type[BaseException]) -> Iterator[list[BaseException]]:
        """Expect that a slot or an observer raises, as a click on a button may make it.

        Raises
        ------
        AssertionError
            If nothing of the kind was raised.
        """
        before = len(self.errors)
        caught: list[BaseException] = []
        shown, self._excepthook = self._excepthook, lambda *_: None
        try:
            yield caught
        finally:
            self._excepthook = shown
        caught += [error for error in self.errors[before:] if isinstance(error, kind)]
        self.errors[before:] = [error for error in self.errors[before:] if not isinstance(error, kind)]
        if not caught:
            raise AssertionError(f"No {kind.__name__} was raised")

    def check(self) -> None:
        """Raise if a slot or an observer failed since the last check."""
        errors, self.errors = self.errors, []
        if errors:
            raise UncaughtErrorsError(f"{len(errors)} uncaught: {errors[0]!r}") from errors[0]

    # --- time ----------------------------------------------------------------------------------------------------

    def wait(self, milliseconds: int = 0) -> None:
        """Let events pass for a while, and objects go that wait for their deletion."""
        deadline = QDeadlineTimer(milliseconds)
        # Outside of an event loop Qt keeps what was told to delete itself later.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)
        while not deadline.hasExpired():
            self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)

    def waitUntil(self, condition: Any, milliseconds: int = 5000) -> None:
        """Let events pass until a condition holds.

        Raises
        ------
        TimeoutError
            If it does not hold in time.
        """
        deadline = QDeadlineTimer(milliseconds)
        while not condition():
            if deadline.hasExpired():
                raise TimeoutError("The condition did not come true")
            self.wait(5)

    def screenshot(self, path: str | Path, widget: Any = None) -> Path:
        """Paint the main window, or another widget, into a PNG file."""
        from PySide6.QtWidgets import QWidget

        target = self.mainWindow if widget is None else widget
        if not QWidget.isVisible(target):
            target.show()
        self.wait(50)
        if not QWidget.grab(target).save(str(path)):
            raise OSError(f"Cannot write {path}")
        return Path(path)

    # --- end -----------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Unload scripted modules, close the scene, forget dialogs and settings."""
        for name in [n for n, module in self.modules._modules.items() if module.path]:
            self.unload(name)
        self.mainWindow._panel._show(None)
        self.mainWindow.hide()
        self.mainWindow.resize(*WINDOW_SIZE)
        while self.app.overrideCursor() is not None:
            self.app.restoreOverrideCursor()
        with quiet():
            self.scene.Clear(0)
        self.layoutManager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
        self.app.userSettings().clear()
        self.app._options.testingEnabled = False
        self.dialogs.reset()
        sys.modules["slicer.packaging"].requests.clear()  # type: ignore[attr-defined]
        sys.modules["slicer.packaging"].pretended.clear()  # type: ignore[attr-defined]
        slicer.modules.sampleDataSources = {}
        self.wait()

    def stop(self) -> None:
        """Take everything down in an order that Qt and VTK survive."""
        self.reset()
        sys.excepthook = sys.__excepthook__
        self.layoutManager._close()
        self._hierarchy.stop()
        self.mainWindow.deleteLater()
        self.wait()
        for name, value in (("mrmlScene", None), ("app", None)):
            setattr(slicer, name, value)
        self._core.stop()
        self._temporary.cleanup()


def _qtMessage(kind: QtMsgType, context: Any, text: str) -> None:
    """Hand Qt's messages to logging; the platform without a display complains of what it cannot do."""
    if not text.startswith("This plugin does not support"):
        level = logging.INFO if kind in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) else logging.WARNING
        logging.getLogger("Qt").log(level, text)


def _genericColors() -> str:
    """Stand for Slicer's table of the same name, which is the default of label maps; the wheel has no such files."""
    rows = ["0 background 0 0 0 0"]
    for index in range(1, 256):
        rgb = colorsys.hsv_to_rgb(index * 0.381966 % 1, 0.35 + 0.4 * (index % 3) / 2, 0.95 - 0.3 * (index % 4) / 3)
        rows.append(f"{index} region_{index} {' '.join(str(round(255 * part)) for part in rgb)} 255")
    return "\n".join(rows) + "\n"


def _removeLeakedNames() -> None:
    """Take away what the wheel copies from ``slicer.util`` to ``slicer``, where Slicer does not have it."""
    for name, value in list(vars(slicer.util).items()):
        if vars(slicer).get(name, slicer) is value and not name.startswith("__"):
            delattr(slicer, name)


def _installModules() -> None:
    """Put ``qt``, ``ctk`` and the missing parts of ``slicer`` where ``import`` finds them."""
    namespace.install()
    from . import standinList
    from .slicerpy import i18n, packaging

    ctk = sys.modules["ctk"] = ModuleType("ctk")
    for name, cls in standinList.classes().items():
        setattr(ctk if name.startswith("ctk") else slicer, name, cls)
    slicer.modules = sys.modules["slicer.modules"] = ModuleType("slicer.modules")
    from . import parameters
    from .slicerpy import SampleData, ScriptedLoadableModule

    parts = {
        "i18n": i18n,
        "packaging": packaging,
        "parameterNodeWrapper": parameters,
        "ScriptedLoadableModule": ScriptedLoadableModule,
    }
    for name, module in parts.items():
        setattr(slicer, name, module)
        sys.modules[f"slicer.{name}"] = module
    sys.modules["SampleData"] = SampleData


_RUNNING: list[Host] = []


def start() -> Host:
    """Start the host, or return the one that runs in this process already."""
    if not _RUNNING:
        _RUNNING.append(Host())
    return _RUNNING[0]


def stop() -> None:
    """Stop the host, if one runs."""
    while _RUNNING:
        _RUNNING.pop().stop()
