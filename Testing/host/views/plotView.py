"""Plot views: ``qMRMLPlotWidget`` and ``qMRMLPlotView`` of Slicer, on ``ctkVTKChartView`` of CTK."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6.QtCore import Property, Qt, Signal
from PySide6.QtWidgets import QComboBox, QToolButton

from ..standins.declare import standin
from ..standins.mrmlWidget import Observations
from ..standins.nodeCombo import qMRMLNodeComboBox
from . import chart as look
from .bar import qMRMLAbstractViewWidget, qMRMLViewControllerBar
from .canvas import VtkCanvas
from .series import plotOf

_BLUE = (0.0, 0.4, 0.6)


@standin(
    {
        "dataSelected(vtkStringArray*,vtkCollection*)": "dataSelected",
        "mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged",
        "plotAdded(vtkPlot*)": "plotAdded",
    },
    ["setMRMLScene(vtkMRMLScene*)", "setMRMLPlotViewNode(vtkMRMLPlotViewNode*)", "fitToContent()"],
)
class qMRMLPlotView(VtkCanvas):
    """The chart of a plot view node."""

    dataSelected = Signal(object, object)
    mrmlSceneChanged = Signal(object)
    plotAdded = Signal(object)
    extentChanged = Signal()

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._context, self._chart = vtk.vtkContextView(), vtk.vtkChartXY()
        self._context.SetRenderWindow(self._window)
        self._context.SetInteractor(self._interactor)
        self._style = vtk.vtkContextInteractorStyle()
        self._style.SetScene(self._context.GetScene())
        self._interactor.SetInteractorStyle(self._style)
        self._context.GetScene().AddItem(self._chart)
        self._context.GetRenderer().SetUseFXAA(True)
        look.prepare(self._chart)
        self._scene: Any = None
        self._viewNode: Any = None
        self._chartNode: Any = None
        self._plots: dict[str, Any] = {}
        self._updating = False
        self._viewObservations, self._chartObservations = Observations(self), Observations(self)
        self._chart.AddObserver("SelectionChangedEvent", lambda *_: self._emitSelection())
        self._chart.AddObserver("InteractionEvent", lambda *_: self._keepRange())
        self._context.GetScene().AddObserver("ModifiedEvent", lambda *_: self._scheduleRender())

    def chart(self) -> Any:
        """Return the ``vtkChartXY``."""
        return self._chart

    def scene(self) -> Any:
        """Return the ``vtkContextScene``."""
        return self._context.GetScene()

    def setMRMLScene(self, scene: Any) -> None:
        """Set the scene."""
        if scene is not self._scene:
            self._scene = scene
            if self._viewNode is not None and self._viewNode.GetScene() is not scene:
                self.setMRMLPlotViewNode(None)
            self._follow()
            self.mrmlSceneChanged.emit(scene)

    def setMRMLPlotViewNode(self, node: Any) -> None:
        """Show the chart of a plot view node."""
        self._viewNode = node
        self._viewObservations.replace(
            (node, "ModifiedEvent", self._follow),
            (node, slicer.vtkMRMLPlotViewNode.PlotChartNodeChangedEvent, self._follow),
            (self._scene, "EndBatchProcessEvent", self._follow),
        )
        self._follow()

    def fitToContent(self) -> None:
        """Set the axes to show all of the data."""
        self._chart.RecalculateBounds()
        self._keepRange()
        self._scheduleRender()

    def RemovePlotSelections(self) -> None:
        """Select no point."""
        for plot in self._plots.values():
            plot.SetSelection(vtk.vtkIdTypeArray())
        self._scheduleRender()

    def saveAsSVG(self, path: str) -> None:
        """Write the chart to a file."""
        exporter = vtk.vtkSVGExporter()
        exporter.SetRenderWindow(self._window)
        exporter.SetFileName(path)
        exporter.Write()

    def addPlot(self, plot: Any) -> None:
        """Add a plot to the chart."""
        self._chart.AddPlot(plot)
        self.plotAdded.emit(plot)

    def removePlot(self, plot: Any) -> None:
        """Take a plot out of the chart."""
        if self._chart.GetPlotCorner(plot) == 0:
            # VTK does not draw a plot again that was removed from corner 0.
            self._chart.SetPlotCorner(plot, 1)
        self._chart.RemovePlotInstance(plot)

    def removeAllPlots(self) -> None:
        """Take all plots out of the chart."""
        for index in reversed(range(self._chart.GetNumberOfPlots())):
            self.removePlot(self._chart.GetPlot(index))

    title = Property(str, lambda self: self._chart.GetTitle() or "", lambda self, v: self._chart.SetTitle(v))

    def _follow(self) -> None:
        node = None
        if self._scene is not None and self._viewNode is not None and self._viewNode.GetPlotChartNodeID():
            node = self._scene.GetNodeByID(self._viewNode.GetPlotChartNodeID())
        if node is not self._chartNode:
            self._chartNode = node
            self._chartObservations.replace((node, "ModifiedEvent", self._update))
        self._update()

    def _update(self) -> None:
        if self._updating or self._viewNode is None:
            return
        self._updating = True
        try:
            look.setInteraction(self._chart, self._viewNode)
            self._updatePlots()
            if self._chartNode is not None:
                look.setTexts(self._chart, self._chartNode)
                look.setAxes(self._chart, self._chartNode)
        finally:
            self._updating = False
        self.scene().SetDirty(True)
        self._scheduleRender()

    def _updatePlots(self) -> None:
        series = []
        if self._chartNode is not None:
            count = self._chartNode.GetNumberOfPlotSeriesNodes()
            series = [self._chartNode.GetNthPlotSeriesNode(n) for n in range(count)]
        wanted = {node.GetID(): node for node in series if node is not None}
        for nodeID in [id_ for id_ in self._plots if id_ not in wanted]:
            self.removePlot(self._plots.pop(nodeID))
        for nodeID, node in wanted.items():
            before = self._plots.get(nodeID)
            plot = plotOf(node, before)
            if plot is not before:
                if before is not None:
                    self.removePlot(self._plots.pop(nodeID))
                if plot is not None:
                    self._plots[nodeID] = plot
                    self.addPlot(plot)

    def _keepRange(self) -> None:
        """Write the range that the mouse has set to the chart node."""
        if self._chartNode is None or self._updating:
            return
        with slicer.util.NodeModify(self._chartNode):
            for number, name in ((vtk.vtkAxis.BOTTOM, "X"), (vtk.vtkAxis.LEFT, "Y")):
                limits = [0.0, 1.0]
                self._chart.GetAxis(number).GetUnscaledRange(limits)
                getattr(self._chartNode, f"Set{name}AxisRange")(limits)

    def _emitSelection(self) -> None:
        ids, selections = vtk.vtkStringArray(), vtk.vtkCollection()
        for nodeID, plot in self._plots.items():
            selection = plot.GetSelection()
            if selection is not None and selection.GetNumberOfValues() > 0:
                ids.InsertNextValue(nodeID)
                selections.AddItem(selection)
        self.dataSelected.emit(ids, selections)

    def keyPressEvent(self, event: Any) -> None:
        """S changes what the mouse does, R shows all of the data."""
        VtkCanvas.keyPressEvent(self, event)
        if event.key() == Qt.Key.Key_S and self._viewNode is not None:
            mode = self._viewNode.GetInteractionMode() + 1
            self._viewNode.SetInteractionMode(mode % slicer.vtkMRMLPlotViewNode.InteractionMode_Last)
        if event.key() == Qt.Key.Key_R:
            self.fitToContent()

    def _release(self) -> None:
        self._viewObservations.clear()
        self._chartObservations.clear()
        VtkCanvas._release(self)


@standin(slots=["fitPlotToAxes()"], inDesigner=False)
class qMRMLPlotViewControllerWidget(qMRMLViewControllerBar):
    """The bar of a plot view: which chart, which meaning of the mouse."""

    def __init__(self, view: Any) -> None:
        super().__init__()
        self._view = view
        self._charts, self._modes, self._fit = qMRMLNodeComboBox(), QComboBox(), QToolButton()
        self._charts.nodeTypes = ["vtkMRMLPlotChartNode"]
        self._charts.noneEnabled = True
        self._charts.addEnabled = False
        self._charts.removeEnabled = False
        self._modes.addItems(["pan / zoom", "select", "freehand", "move"])
        self._fit.setText("Fit")
        for part, stretch in ((self._charts, 1), (self._modes, 0), (self._fit, 0)):
            self._row.addWidget(part, stretch)
        self._fit.clicked.connect(lambda: self.fitPlotToAxes())
        self._charts.currentNodeIDChanged.connect(self._show)
        self._modes.activated.connect(lambda mode: self._node().SetInteractionMode(mode))
        self._observations = Observations(self)

    def _node(self) -> Any:
        return self._view._viewNode

    def _setNode(self, node: Any) -> None:
        self._describe(node.GetLayoutLabel() or "P", _BLUE)
        self._observations.replace((node, "ModifiedEvent", self._follow))
        self._follow()

    def _follow(self) -> None:
        self._charts.setCurrentNodeID(self._node().GetPlotChartNodeID() or "")
        self._modes.setCurrentIndex(self._node().GetInteractionMode())

    def _show(self, chartID: str) -> None:
        if self._node() is not None and (self._node().GetPlotChartNodeID() or "") != chartID:
            self._node().SetPlotChartNodeID(chartID or None)

    def fitPlotToAxes(self) -> None:
        """Show all of the data."""
        self._view.fitToContent()


@standin()
class qMRMLPlotWidget(qMRMLAbstractViewWidget):
    """A plot view below its bar; follows ``qMRMLPlotWidget.h``."""

    def __init__(self, parent: Any = None) -> None:
        view = qMRMLPlotView()
        super().__init__(parent, qMRMLPlotViewControllerWidget(view), view)

    def setMRMLScene(self, scene: Any) -> None:
        """Set the scene."""
        super().setMRMLScene(scene)
        self._view.setMRMLScene(scene)
        self._bar._charts.setMRMLScene(scene)

    def setMRMLPlotViewNode(self, node: Any) -> None:
        """Show the chart of a plot view node."""
        self._node = node
        self._view.setMRMLPlotViewNode(node)
        self._bar._setNode(node)

    def mrmlPlotViewNode(self) -> Any:
        """Return the plot view node."""
        return self._node

    def plotView(self) -> Any:
        """Return the view itself."""
        return self._view

    def plotController(self) -> Any:
        """Return the bar."""
        return self._bar

    def _close(self) -> None:
        self._bar._observations.clear()
        self._bar._charts.setMRMLScene(None)
        super()._close()
