"""``slicer.app``; follows ``qSlicerCoreApplication.h`` and ``qSlicerApplication.h``."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import slicer
from PySide6.QtCore import Property, QSettings, Signal

from .pythonqt.namespace import qt
from .standins.declare import standin

MAJOR, MINOR = 5, 12


class CommandOptions:
    """What Slicer was started with; follows ``qSlicerCommandOptions.h``."""

    __slots__ = ("noMainWindow", "noSplash", "pythonCode", "pythonScript", "runPythonAndExit", "testingEnabled")

    def __init__(self) -> None:
        self.noMainWindow = self.noSplash = self.runPythonAndExit = self.testingEnabled = False
        self.pythonCode = self.pythonScript = ""


@standin({"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}, inDesigner=False)
class qSlicerApplication(qt.QApplication):
    """The application: managers, settings, folders, version."""

    startupCompleted = Signal()
    mrmlSceneChanged = Signal(object)
    pauseRenderRequested = Signal()
    resumeRenderRequested = Signal()

    def __init__(self, arguments: list[str], folder: Path) -> None:
        super().__init__(arguments)
        self._folder = folder
        self._parts: dict[str, Any] = {"layoutManager": None}
        self._options = CommandOptions()
        self._settings: Any = None
        self._pauses = 0
        self.setApplicationName("Slicer")
        self.setOrganizationName("slicer.org")
        self.setApplicationVersion(f"{MAJOR}.{MINOR}.0")
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "settings"))

    def applicationLogic(self) -> Any:
        """Return the application logic."""
        return self._parts["applicationLogic"]

    def moduleLogic(self, moduleName: str) -> Any:
        """Return a module's logic."""
        return self.applicationLogic().GetModuleLogic(moduleName)

    def mrmlScene(self) -> Any:
        """Return the scene."""
        return slicer.mrmlScene

    def moduleManager(self) -> Any:
        """Return the module manager."""
        return self._parts["moduleManager"]

    def coreIOManager(self) -> Any:
        """Return what loads and saves files."""
        return self._parts["ioManager"]

    def ioManager(self) -> Any:
        """Return what loads and saves files."""
        return self._parts["ioManager"]

    def layoutManager(self) -> Any:
        """Return the layout manager."""
        return self._parts["layoutManager"]

    def commandOptions(self) -> CommandOptions:
        """Return what Slicer was started with."""
        return self._options

    def mainWindow(self) -> Any:
        """Return the main window, or None."""
        return slicer.util.mainWindow()

    def testingEnabled(self) -> bool:
        """Whether Slicer runs with ``--testing``: dialogs are then skipped."""
        return self._options.testingEnabled

    def userSettings(self) -> Any:
        """Return the user's settings, which lie in a temporary folder."""
        if self._settings is None:
            self._settings = qt.QSettings()
        return self._settings

    settings = revisionUserSettings = defaultSettings = userSettings

    def translate(self, context: str, text: str, *_: Any) -> str:
        """Return the text itself: the host speaks English."""
        return text

    def moduleDocumentationUrl(self, moduleName: str) -> str:
        """Return where a module is documented."""
        return f"{self.documentationBaseUrl}user_guide/modules/{moduleName.lower()}.html"

    def setRenderPaused(self, pause: bool) -> None:
        """Pause or resume rendering; pauses are counted."""
        self._pauses = max(self._pauses + (1 if pause else -1), 0)
        (self.pauseRenderRequested if pause else self.resumeRenderRequested).emit()
        if self.layoutManager() is not None:
            self.layoutManager().setRenderPaused(self._pauses > 0)

    def pauseRender(self) -> None:
        """Pause rendering."""
        self.setRenderPaused(True)

    def resumeRender(self) -> None:
        """Resume rendering."""
        self.setRenderPaused(False)

    def restart(self) -> None:
        """Refuse: the host cannot start again."""
        raise RuntimeError("slicer.app.restart() was called")

    def launchDesigner(self, arguments: Any = None) -> bool:
        """Say that Qt Designer is not there."""
        return False

    def _folderOf(self, name: str) -> str:
        return str(self._folder / name)

    slicerHome = Property(str, lambda self: self._folderOf("home"))
    temporaryPath = Property(str, lambda self: self._folderOf("temp"))
    cachePath = Property(str, lambda self: self._folderOf("cache"))
    extensionsInstallPath = Property(str, lambda self: self._folderOf("extensions"))
    defaultScenePath = Property(str, lambda self: self._folderOf("temp"))
    slicerSharePath = Property(str, lambda self: f"share/Slicer-{MAJOR}.{MINOR}")
    slicerUserSettingsFilePath = Property(str, lambda self: self.userSettings().fileName())
    startupWorkingPath = Property(str, lambda self: str(Path.cwd()))
    majorVersion = Property(int, lambda self: MAJOR)
    minorVersion = Property(int, lambda self: MINOR)
    mainApplicationName = Property(str, lambda self: "Slicer")
    mainApplicationMajorVersion = Property(int, lambda self: MAJOR)
    mainApplicationMinorVersion = Property(int, lambda self: MINOR)
    mainApplicationPatchVersion = Property(int, lambda self: 0)
    revision = repositoryRevision = mainApplicationRevision = Property(str, lambda self: "host")
    releaseType = Property(str, lambda self: "Experimental")
    isInstalled = Property(bool, lambda self: False)
    isCustomMainApplication = Property(bool, lambda self: False)
    os = Property(str, lambda self: {"Darwin": "macosx", "Windows": "win"}.get(platform.system(), "linux"))
    arch = Property(str, lambda self: {"x86_64": "amd64", "AMD64": "amd64"}.get(platform.machine(), platform.machine()))
    platform = Property(str, lambda self: f"{self.os}-{self.arch}")
    documentationVersion = Property(str, lambda self: f"{MAJOR}.{MINOR}")
    documentationLanguage = Property(str, lambda self: "en")
    documentationBaseUrl = Property(str, lambda self: f"https://slicer.readthedocs.io/en/{MAJOR}.{MINOR}/")
