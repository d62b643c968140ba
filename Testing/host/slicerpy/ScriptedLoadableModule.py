"""Stand-in of ``slicer.ScriptedLoadableModule``: the base classes of scripted modules.

Written from the behaviour of ``Base/Python/slicer/ScriptedLoadableModule.py`` of Slicer.
"""

from __future__ import annotations

import importlib
import logging
import unittest
from pathlib import Path
from typing import Any

import slicer

from ..pythonqt.namespace import qt
from ..pythonqt.uiloader import STANDINS

__all__ = [
    "ScriptedLoadableModule",
    "ScriptedLoadableModuleLogic",
    "ScriptedLoadableModuleTest",
    "ScriptedLoadableModuleWidget",
]


class ScriptedLoadableModule:
    """The description of a module."""

    def __init__(self, parent: Any) -> None:
        super().__init__()
        self.parent = parent
        self.moduleName = type(self).__name__
        parent.title = ""
        parent.categories = []
        parent.dependencies = []
        parent.contributors = []
        parent.helpText = ""
        parent.acknowledgementText = ""
        icons = Path(parent.path).parent / "Resources" / "Icons"
        icon = next(
            (p for p in (icons / f"{self.moduleName}.svg", icons / f"{self.moduleName}.png") if p.is_file()), None
        )
        if icon is not None:
            parent.icon = qt.QIcon(str(icon))
        if not hasattr(slicer, "selfTests"):
            slicer.selfTests = {}
        slicer.selfTests[self.moduleName] = self.runTest

    def resourcePath(self, filename: str) -> str:
        """Return the path of a file in the module's ``Resources``."""
        return str(Path(self.parent.path).parent / "Resources" / filename)

    def getDefaultModuleDocumentationLink(self, docPage: str | None = None) -> str:
        """Return a paragraph with a link to the documentation."""
        url = (
            slicer.app.documentationBaseUrl + docPage if docPage else slicer.app.moduleDocumentationUrl(self.moduleName)
        )
        return f'<p>For more information see the <a href="{url}">online documentation</a>.</p>'

    def runTest(self, msec: int = 100, **keywords: Any) -> None:
        """Run the module's test class."""
        module = importlib.import_module(type(self).__module__)
        testClass = getattr(module, f"{self.moduleName}Test", None)
        if testClass is None:
            raise AssertionError(f"Test case class not found: {type(self).__module__}.{self.moduleName}Test")
        test = testClass()
        test.messageDelay = msec
        test.runTest(**keywords)


class ScriptedLoadableModuleWidget:
    """The panel of a module."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.developerMode = slicer.util.settingsValue("Developer/DeveloperMode", False, converter=slicer.util.toBool)
        self.parent = parent
        if parent is None:
            self.parent = slicer.qMRMLWidget()
            self.parent.setLayout(qt.QVBoxLayout())
            self.parent.setMRMLScene(slicer.mrmlScene)
        self.layout = self.parent.layout()
        if parent is None:
            self.setup()
            self.parent.show()
        slicer.app.moduleManager().connect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)

    def resourcePath(self, filename: str) -> str:
        """Return the path of a file in the module's ``Resources``."""
        return str(Path(slicer.util.modulePath(self.moduleName)).parent / "Resources" / filename)

    def setup(self) -> None:
        """Make the section with Reload and Test, in developer mode."""
        self.setupDeveloperSection()

    def cleanup(self) -> None:
        """Do what the module must do before it is unloaded."""

    def _onModuleAboutToBeUnloaded(self, moduleName: str) -> None:
        if moduleName == self.moduleName:
            self.cleanup()
            slicer.app.moduleManager().disconnect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)

    def setupDeveloperSection(self) -> None:
        """Add the buttons Reload, and Reload and Test."""
        if not self.developerMode:
            return
        self.reloadCollapsibleButton = STANDINS["ctkCollapsibleButton"]()
        self.reloadCollapsibleButton.text = "Reload && Test"
        self.layout.addWidget(self.reloadCollapsibleButton)
        row = qt.QHBoxLayout(self.reloadCollapsibleButton)
        self.reloadButton = qt.QPushButton("Reload")
        self.reloadTestMenuButton = qt.QPushButton("Reload and Test")
        for button, slot in ((self.reloadButton, self.onReload), (self.reloadTestMenuButton, self.onReloadAndTest)):
            row.addWidget(button)
            button.connect("clicked()", slot)

    def onReload(self) -> None:
        """Load the module's file anew."""
        slicer.util.reloadScriptedModule(self.moduleName)

    def onTest(self, **keywords: Any) -> None:
        """Run the module's test."""
        with slicer.util.tryWithErrorDisplay("Test failed."):
            slicer.selfTests[self.moduleName](msec=0, **keywords)

    def onReloadAndTest(self, **keywords: Any) -> None:
        """Load the module's file anew and run its test."""
        with slicer.util.tryWithErrorDisplay("Reload and Test failed."):
            self.onReload()
            slicer.selfTests[self.moduleName](msec=0, **keywords)


class ScriptedLoadableModuleLogic:
    """The computation of a module, and its parameter nodes."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Logic")
        self.isSingletonParameterNode = True

    def getAllParameterNodes(self) -> list[Any]:
        """Return the module's parameter nodes."""
        nodes = slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode")
        return [node for node in nodes if node.GetAttribute("ModuleName") == self.moduleName]

    def getParameterNode(self) -> Any:
        """Return the module's parameter node; make one if there is none."""
        if self.isSingletonParameterNode:
            node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
            if node is not None and node.GetAttribute("ModuleName") != self.moduleName:
                node.SetAttribute("ModuleName", self.moduleName)  # closing the scene takes the attribute away
        else:
            node = next(iter(self.getAllParameterNodes()), None)
        return slicer.mrmlScene.AddNode(self.createParameterNode()) if node is None else node

    def createParameterNode(self) -> Any:
        """Make a parameter node, outside of the scene."""
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)
        if self.isSingletonParameterNode:
            node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """The self test of a module."""

    messageDelay = 0

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*(arguments or ("runTest",)), **keywords)
        self.enableScreenshots = False
        self.screenshotScaleFactor = 1.0

    def delayDisplay(self, message: str, requestedDelay: int | None = None, msec: int | None = None) -> None:
        """Log a message and let events pass."""
        slicer.util.delayDisplay(message, self.messageDelay)

    def takeScreenshot(self, name: str, description: str, type: int = -1) -> None:  # noqa: A002
        """Log a message; the host keeps no screenshots in the scene."""
        self.delayDisplay(description)

    def runTest(self) -> None:
        """Do nothing but say so."""
        logging.warning("No test is defined in %s", type(self).__name__)
