"""Modules and their manager: ``slicer.modules``, ``slicer.app.moduleManager()``, and scripted modules' life.

Follows ``qSlicerAbstractCoreModule.h``, ``qSlicerScriptedLoadableModule.h``, ``qSlicerScriptedLoadableModuleWidget``
and ``qSlicerModuleManager.h``.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import slicer
from PySide6.QtCore import Property, Signal
from PySide6.QtGui import QIcon

from .pythonqt.namespace import qt
from .standins.declare import standin, stored
from .standins.mrmlWidget import qMRMLWidget


@standin(inDesigner=False)
class qSlicerAbstractCoreModule(qt.QObject):
    """A module: a name, a title, a logic and a panel."""

    title = stored(str, "")
    categories = stored("QStringList", ())
    dependencies = stored("QStringList", ())
    contributors = stored("QStringList", ())
    associatedNodeTypes = stored("QStringList", ())
    helpText = stored(str, "")
    acknowledgementText = stored(str, "")
    icon = stored(QIcon, QIcon())
    hidden = stored(bool, False)
    index = stored(int, -1)
    widgetRepresentationCreationEnabled = stored(bool, True)

    def __init__(self, name: str, path: str = "", logic: Any = None) -> None:
        super().__init__()
        self._moduleName, self._path, self._logic = name, path, logic
        self._representation: Any = None
        self.title = name

    name = Property(str, lambda self: self._moduleName)
    path = Property(str, lambda self: self._path)

    def logic(self) -> Any:
        """Return the C++ logic of the module."""
        return self._logic

    def widgetRepresentation(self) -> Any:
        """Return the panel; it is made when first asked for."""
        if self._representation is None:
            self._representation = self.createNewWidgetRepresentation()
        return self._representation

    def createNewWidgetRepresentation(self) -> Any:
        """Make another panel: an empty one, since the host has no C++ panels."""
        representation = qSlicerAbstractModuleWidget()
        representation.setMRMLScene(slicer.mrmlScene)
        return representation


@standin({"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}, ["setMRMLScene(vtkMRMLScene*)"])
class qSlicerWidget(qMRMLWidget):
    """A widget of Slicer's application layer; the root of most .ui files."""


@standin(inDesigner=False)
class qSlicerAbstractModuleWidget(qSlicerWidget):
    """The panel of a module; follows ``qSlicerAbstractModuleRepresentation.h``."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._entered = False
        self.setLayout(qt.QVBoxLayout())

    isEntered = Property(bool, lambda self: self._entered)

    def enter(self) -> None:
        """Tell the panel that it is now shown."""
        self._entered = True

    def exit(self) -> None:
        """Tell the panel that it is no longer shown."""
        self._entered = False


@standin(inDesigner=False)
class qSlicerScriptedLoadableModuleWidget(qSlicerAbstractModuleWidget):
    """The panel that holds a Python widget."""

    def __init__(self, moduleName: str) -> None:
        super().__init__()
        self._moduleName = moduleName
        self._python: Any = None

    moduleName = Property(str, lambda self: self._moduleName)

    def reload(self) -> bool:
        """Make the Python widget (anew) from the class that the module's file defines now."""
        name = f"{self._moduleName}Widget"
        self._python = getattr(sys.modules[self._moduleName], name)(self)
        setattr(slicer.modules, name, self._python)
        self._python.setup()
        return True

    def self(self) -> Any:
        """Return the Python widget."""
        return self._python

    def enter(self) -> None:
        """Call ``enter`` of the Python widget, if it has one."""
        super().enter()
        if hasattr(self._python, "enter"):
            self._python.enter()

    def exit(self) -> None:
        """Call ``exit`` of the Python widget, if it has one."""
        super().exit()
        if hasattr(self._python, "exit"):
            self._python.exit()

    def setEditedNode(self, node: Any, role: str = "", context: str = "") -> bool:
        """Ask the Python widget to edit a node."""
        return hasattr(self._python, "setEditedNode") and bool(self._python.setEditedNode(node, role, context))


@standin(inDesigner=False)
class qSlicerScriptedLoadableModule(qSlicerAbstractCoreModule):
    """A module written in Python."""

    def createNewWidgetRepresentation(self) -> Any:
        """Make another panel."""
        representation = qSlicerScriptedLoadableModuleWidget(self.name)
        representation.setMRMLScene(slicer.mrmlScene)
        representation.reload()
        return representation


class FactoryManager:
    """Knows which modules are there; follows ``qSlicerModuleFactoryManager.h``."""

    def __init__(self, modules: dict[str, Any]) -> None:
        self._modules = modules

    def loadedModuleNames(self) -> tuple[str, ...]:
        """Return the names of all modules."""
        return tuple(self._modules)

    registeredModuleNames = instantiatedModuleNames = loadedModuleNames

    def isLoaded(self, name: str) -> bool:
        """Whether a module is there."""
        return name in self._modules


@standin(inDesigner=False)
class qSlicerModuleManager(qt.QObject):
    """Holds the modules."""

    moduleLoaded = Signal(str)
    moduleAboutToBeUnloaded = Signal(str)
    moduleUnloaded = Signal(str)

    def __init__(self, logics: dict[str, Any]) -> None:
        super().__init__()
        self._modules: dict[str, Any] = {}
        for name, logic in logics.items():
            self._register(qSlicerAbstractCoreModule(name, logic=logic))

    def module(self, name: str) -> Any:
        """Return a module, or None."""
        return self._modules.get(name)

    def modulesNames(self) -> tuple[str, ...]:
        """Return the names of all modules."""
        return tuple(self._modules)

    def factoryManager(self) -> FactoryManager:
        """Return what knows which modules are there."""
        return FactoryManager(self._modules)

    def isLoaded(self, name: str) -> bool:
        """Whether a module is there."""
        return name in self._modules

    def _register(self, module: Any) -> None:
        self._modules[module.name] = module
        setattr(slicer.modules, module.name.lower(), module)
        self.moduleLoaded.emit(module.name)

    def _load(self, path: Path) -> Any:
        """Load a scripted module as Slicer's module factory does: run its file and make its description."""
        name, folder = path.stem, str(path.parent)
        if name in self._modules:
            raise ValueError(f"Module {name} is loaded already")
        if folder not in sys.path:
            sys.path.insert(0, folder)
        spec = importlib.util.spec_from_file_location(name, path)
        python = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
        sys.modules[name] = python
        spec.loader.exec_module(python)  # type: ignore[union-attr]
        logic = slicer.vtkSlicerScriptedLoadableModuleLogic()
        logic.SetMRMLApplicationLogic(slicer.app.applicationLogic())
        logic.SetMRMLScene(slicer.mrmlScene)
        module = qSlicerScriptedLoadableModule(name, str(path), logic)
        setattr(slicer.modules, f"{name}Instance", getattr(python, name)(module))
        self._register(module)
        return module

    def _unload(self, name: str) -> None:
        """Unload a scripted module: its panel cleans up and every trace of it goes."""
        module = self._modules[name]
        representation = module._representation
        if representation is not None and representation.isEntered:
            representation.exit()
        self.moduleAboutToBeUnloaded.emit(name)
        del self._modules[name]
        for attribute in (name.lower(), f"{name}Instance", f"{name}Widget"):
            if hasattr(slicer.modules, attribute):
                delattr(slicer.modules, attribute)
        getattr(slicer, "selfTests", {}).pop(name, None)
        # The module's library stays imported, as in Slicer: other code may hold its classes.
        del sys.modules[name]
        module.logic().SetMRMLScene(None)
        if representation is not None:
            representation.deleteLater()
        self.moduleUnloaded.emit(name)
