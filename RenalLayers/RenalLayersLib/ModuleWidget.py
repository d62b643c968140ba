"""The panel of a module as Slicer opens, closes and reloads it: the same for both modules."""

from __future__ import annotations

import sys

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin


class ModuleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Loads the module's ``.ui``, makes logic and panel, and hands Slicer's calls on.

    Attributes
    ----------
    logicClass, panelClass : type
        What a subclass is made of: the panel is called with the widgets by name and the logic.
    packages : tuple of str
        What a reload reads anew, the module's file itself aside.
    """

    logicClass: type
    panelClass: type
    packages: tuple[str, ...]

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = self.panel = self.uiWidget = None

    def setup(self):
        """Load the panel's widgets and connect them."""
        super().setup()
        self.uiWidget = slicer.util.loadUI(self.resourcePath(f"UI/{self.moduleName}.ui"))
        self.layout.addWidget(self.uiWidget)
        self.uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = self.logicClass()
        self.panel = self.panelClass(slicer.util.childWidgetVariables(self.uiWidget), self.logic)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onSceneEndClose)
        # After a reload the module is open already, and Slicer calls no enter().
        if getattr(self.parent, "isEntered", False):
            self.panel.enter()

    def enter(self):
        """Follow the scene while the module is open."""
        self.panel.enter()

    def exit(self):
        """Leave the scene to others."""
        self.panel.exit()

    def cleanup(self):
        """Leave nothing behind when the module is unloaded or reloaded."""
        self.removeObservers()
        if self.panel is not None:
            self.panel.cleanup()
            # Slicer hides the old widgets at a reload and keeps them: they must not go on watching the scene.
            self.uiWidget.setMRMLScene(None)

    def onSceneStartClose(self, caller, event):
        """Let go of the scene's nodes before they go."""
        self.panel.sceneIsClosing()

    def onSceneEndClose(self, caller, event):
        """Follow the new scene at once when the module is open."""
        if self.parent.isEntered:
            self.panel.enter()

    def onReload(self):
        """Reload the module with its library and the science below it."""
        for name in list(sys.modules):
            if name.partition(".")[0] in self.packages:
                del sys.modules[name]
        super().onReload()
