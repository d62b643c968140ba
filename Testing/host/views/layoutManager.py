"""``slicer.app.layoutManager()``; follows ``qMRMLLayoutManager.h`` and ``.cxx`` of Slicer."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import slicer
from PySide6.QtCore import Property, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ..pythonqt.namespace import qt
from ..standins.declare import standin
from ..standins.mrmlWidget import Observations
from .canvas import VtkCanvas
from .layoutXml import build
from .plotView import qMRMLPlotWidget
from .sliceView import qMRMLSliceWidget
from .tableWidget import qMRMLTableWidget
from .threeDView import qMRMLThreeDWidget

_KINDS = {
    "vtkMRMLSliceNode": (qMRMLSliceWidget, "setMRMLSliceNode"),
    "vtkMRMLViewNode": (qMRMLThreeDWidget, "setMRMLViewNode"),
    "vtkMRMLPlotViewNode": (qMRMLPlotWidget, "setMRMLPlotViewNode"),
    "vtkMRMLTableViewNode": (qMRMLTableWidget, "setMRMLTableViewNode"),
}


@standin({"nodeAboutToBeEdited(vtkMRMLNode*)": "nodeAboutToBeEdited"}, ["setLayout(int)"], inDesigner=False)
class qMRMLLayoutManager(qt.QObject):
    """Makes the views of a layout, and keeps those of former layouts."""

    layoutChanged = Signal(int)
    nodeAboutToBeEdited = Signal(object)

    def __init__(self, viewport: QWidget, scene: Any, application: Any) -> None:
        super().__init__()
        self._viewport, self._scene, self._application = viewport, scene, application
        self._column = QVBoxLayout(viewport)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._widgets: dict[str, Any] = {}
        self._shown: Any = None
        self._description: str | None = None
        self._paused = False
        self._enabled = True
        self._links = (slicer.vtkMRMLSliceLinkLogic(), slicer.vtkMRMLViewLinkLogic())
        for link in self._links:
            link.SetMRMLApplicationLogic(application)
            link.SetMRMLScene(scene)
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLApplicationLogic(application)
        self._logic.SetMRMLScene(scene)
        self._observations, self._sceneObservations = Observations(self), Observations(self)
        self._sceneObservations.add(scene, scene.NodeRemovedEvent, self._onNodeRemoved, node=True)
        self._sceneObservations.add(scene, scene.EndBatchProcessEvent, self._follow)
        self._observe()

    # --- the layout ----------------------------------------------------------------------------------------------

    def _observe(self) -> None:
        node = self._logic.GetLayoutNode()
        self._observations.replace((node, "ModifiedEvent", self._follow))
        self._follow()

    def _follow(self) -> None:
        node = self._logic.GetLayoutNode()
        if node is None or not self._enabled or self._scene.IsBatchProcessing():
            return
        description = node.GetCurrentLayoutDescription()
        if not description or description == self._description:
            return
        self._description = description
        before, self._shown = self._shown, build(description, self._viewOf)
        self._column.addWidget(self._shown)
        for widget in self._widgets.values():
            if not QWidget.isAncestorOf(self._shown, widget) and widget is not self._shown:
                widget.setParent(self._viewport)
                widget.hide()
        if before is not None and before not in self._widgets.values():
            before.setParent(None)
            before.deleteLater()
        elif before is not None and before is not self._shown:
            before.hide()
        self.layoutChanged.emit(node.GetViewArrangement())

    def _viewOf(self, element: ET.Element) -> QWidget:
        kind, tag = element.get("class", ""), element.get("singletontag", "")
        if kind not in _KINDS:
            raise ValueError(f"The host has no views for {kind}")
        node = self._scene.GetSingletonNode(tag, kind)
        if node is None:
            raise ValueError(f"Layout names view '{tag}' of {kind}, which the layout logic has not made")
        widget = self._widgets.get(node.GetID())
        if widget is None:
            widget = self._widgets[node.GetID()] = self._make(node, kind)
        widget.show()
        return widget

    def _make(self, node: Any, kind: str) -> Any:
        cls, setNode = _KINDS[kind]
        widget = cls(self._viewport)
        widget.name = f"{cls.__name__}{node.GetLayoutName()}"
        logic = widget.logic() if hasattr(widget, "logic") else None
        if logic is not None:
            logic.SetMRMLApplicationLogic(self._application)
        widget.setMRMLScene(self._scene)
        getattr(widget, setNode)(node)
        if kind == "vtkMRMLSliceNode":
            self._application.GetSliceLogics().AddItem(logic)
        elif kind == "vtkMRMLViewNode":
            self._application.GetViewLogics().AddItem(logic)
        if self._paused and isinstance(widget.viewWidget(), VtkCanvas):
            widget.viewWidget()._setPaused(True)
        return widget

    def _onNodeRemoved(self, node: Any) -> None:
        widget = self._widgets.pop(node.GetID(), None) if node is not None else None
        if widget is not None:
            self._dispose(widget)

    def _dispose(self, widget: Any) -> None:
        logic = widget.logic() if hasattr(widget, "logic") else None
        for collection in (self._application.GetSliceLogics(), self._application.GetViewLogics()):
            if logic is not None and collection.IsItemPresent(logic):
                collection.RemoveItem(logic)
        widget._close()
        widget.setParent(None)
        widget.deleteLater()

    # --- what modules use ----------------------------------------------------------------------------------------

    def setLayout(self, layout: int) -> None:
        """Show a layout by its number."""
        self._logic.GetLayoutNode().SetViewArrangement(layout)

    layout = Property(int, lambda self: self._logic.GetLayoutNode().GetViewArrangement(), setLayout)

    def layoutLogic(self) -> Any:
        """Return the logic that holds the layout node."""
        return self._logic

    def viewport(self) -> Any:
        """Return the widget that holds the views."""
        return self._viewport

    def mrmlScene(self) -> Any:
        """Return the scene."""
        return self._scene

    def setEnabled(self, enabled: bool) -> None:
        """Follow the layout node, or not."""
        self._enabled = enabled
        self._follow()

    enabled = Property(bool, lambda self: self._enabled, setEnabled)

    def _of(self, kind: str) -> list[Any]:
        nodes = slicer.util.getNodesByClass(kind, self._scene)
        return [self._widgets[node.GetID()] for node in nodes if node.GetID() in self._widgets]

    def sliceViewNames(self) -> tuple[str, ...]:
        """Return the names of the slice views."""
        return tuple(widget.mrmlSliceNode().GetLayoutName() for widget in self._of("vtkMRMLSliceNode"))

    def sliceWidget(self, name: str) -> Any:
        """Return a slice widget, or None."""
        found = (w for w in self._of("vtkMRMLSliceNode") if w.mrmlSliceNode().GetLayoutName() == name)
        return next(found, None)

    def _nth(self, kind: str, index: int) -> Any:
        widgets = self._of(kind)
        return widgets[index] if 0 <= index < len(widgets) else None

    def threeDWidget(self, index: int) -> Any:
        """Return a 3D widget, or None."""
        return self._nth("vtkMRMLViewNode", index)

    def plotWidget(self, index: int) -> Any:
        """Return a plot widget, or None."""
        return self._nth("vtkMRMLPlotViewNode", index)

    def tableWidget(self, index: int) -> Any:
        """Return a table widget, or None."""
        return self._nth("vtkMRMLTableViewNode", index)

    threeDViewCount = Property(int, lambda self: len(self._of("vtkMRMLViewNode")))
    plotViewCount = Property(int, lambda self: len(self._of("vtkMRMLPlotViewNode")))
    tableViewCount = Property(int, lambda self: len(self._of("vtkMRMLTableViewNode")))

    def viewWidget(self, node: Any) -> Any:
        """Return the widget of a view node, or None."""
        return self._widgets.get(node.GetID())

    def mrmlSliceLogics(self) -> Any:
        """Return the logics of the slice views."""
        return self._application.GetSliceLogics()

    def activeMRMLThreeDViewNode(self) -> Any:
        """Return the node of the first 3D view."""
        widget = self.threeDWidget(0)
        return widget.mrmlViewNode() if widget is not None else None

    def activeMRMLPlotViewNode(self) -> Any:
        """Return the node of the first plot view."""
        widget = self.plotWidget(0)
        return widget.mrmlPlotViewNode() if widget is not None else None

    def activeMRMLTableViewNode(self) -> Any:
        """Return the node of the first table view."""
        widget = self.tableWidget(0)
        return widget.mrmlTableViewNode() if widget is not None else None

    def resetSliceViews(self) -> None:
        """Show all of the background volume in every slice view."""
        for widget in self._of("vtkMRMLSliceNode"):
            widget.fitSliceToBackground()

    def resetThreeDViews(self) -> None:
        """Look at the middle of what is shown in every 3D view."""
        for widget in self._of("vtkMRMLViewNode"):
            widget.threeDView().resetFocalPoint()

    def setRenderPaused(self, paused: bool) -> None:
        """Hold drawing back in every view, or draw again."""
        if paused != self._paused:
            self._paused = paused
            for widget in self._widgets.values():
                if isinstance(widget.viewWidget(), VtkCanvas):
                    widget.viewWidget()._setPaused(paused)

    def _close(self) -> None:
        self._observations.clear()
        self._sceneObservations.clear()
        for widget in self._widgets.values():
            self._dispose(widget)
        self._widgets.clear()
        self._logic.SetMRMLScene(None)
        for link in self._links:
            link.SetMRMLScene(None)
