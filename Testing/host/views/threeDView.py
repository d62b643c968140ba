"""3D views: ``qMRMLThreeDWidget`` and ``qMRMLThreeDView`` of Slicer."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from ..standins.declare import standin
from ..standins.mrmlWidget import Observations
from .bar import qMRMLAbstractViewWidget, qMRMLViewControllerBar
from .canvas import ctkVTKAbstractView
from .managers import managersFor

# ctkAxesWidget::Axis by the index that rotateToViewAxis takes: -X, +X, -Y, +Y, -Z, +Z.
_DIRECTIONS = ("Left", "Right", "Posterior", "Anterior", "Inferior", "Superior")


@standin(slots=["resetFocalPoint()"], inDesigner=False)
class qMRMLThreeDView(ctkVTKAbstractView):
    """The picture of the scene; follows ``qMRMLThreeDView.h`` and ``ctkVTKRenderView.h``."""

    def __init__(self) -> None:
        super().__init__()
        self._node: Any = None
        self._renderer = vtk.vtkRenderer()
        self._window.AddRenderer(self._renderer)
        self._group = managersFor(
            slicer.vtkMRMLThreeDViewDisplayableManagerFactory, self._renderer, self.scheduleRender
        )
        self._style = slicer.vtkMRMLThreeDViewInteractorStyle()
        self._style.SetDisplayableManagers(self._group)
        self._style.SetInteractor(self._interactor)
        self._interactor.SetInteractorStyle(vtk.vtkInteractorStyle3D())
        self._observations = Observations(self)

    def _setNode(self, node: Any) -> None:
        self._node = node
        self._group.SetMRMLDisplayableNode(node)
        self._observations.replace((node, "ModifiedEvent", self.scheduleRender))

    def mrmlViewNode(self) -> Any:
        """Return the view node."""
        return self._node

    def interactorStyle(self) -> Any:
        """Return Slicer's own interactor style."""
        return self._style

    interactorObserver = interactorStyle

    def renderer(self) -> Any:
        """Return the renderer."""
        return self._renderer

    def cameraNode(self) -> Any:
        """Return the camera node."""
        return self.displayableManagerByClassName("vtkMRMLCameraDisplayableManager").GetCameraNode()

    def displayableManagerByClassName(self, className: str) -> Any:
        """Return one displayable manager, or None."""
        return self._group.GetDisplayableManagerByClassName(className)

    def getDisplayableManagers(self, collection: Any) -> None:
        """Put the displayable managers into a collection."""
        for index in range(self._group.GetDisplayableManagerCount()):
            collection.AddItem(self._group.GetNthDisplayableManager(index))

    def resetFocalPoint(self) -> None:
        """Look at the middle of what is shown, and draw the box around it."""
        node = self.mrmlViewNode()
        shown = node.GetBoxVisible(), node.GetAxisLabelsVisible()
        self._showBox(False, False)
        bounds = self._renderer.ComputeVisiblePropBounds()
        if bounds[0] <= bounds[1]:
            self.cameraNode().SetFocalPoint([(bounds[n] + bounds[n + 1]) / 2 for n in (0, 2, 4)])
        self._showBox(*shown)
        node.InvokeEvent(node.ResetFocalPointRequestedEvent)
        self.scheduleRender()

    def _showBox(self, box: bool, labels: bool) -> None:
        node = self.mrmlViewNode()
        before = node.StartModify()
        node.SetBoxVisible(box)
        node.SetAxisLabelsVisible(labels)
        node.EndModify(before)

    def resetCamera(
        self, resetRotation: bool = True, resetTranslation: bool = True, resetDistance: bool = True
    ) -> None:
        """Show everything."""
        self.cameraNode().Reset(resetRotation, resetTranslation, resetDistance, self._renderer)
        self.scheduleRender()

    def rotateToViewAxis(self, axis: Any) -> None:
        """Look along an axis, by index or by label."""
        node = self.mrmlViewNode()
        labels = [node.GetAxisLabel(n) for n in range(6)]
        index = labels.index(axis) if isinstance(axis, str) else int(axis)
        self.cameraNode().RotateTo(getattr(slicer.vtkMRMLCameraNode, _DIRECTIONS[index]))
        self.scheduleRender()

    def _release(self) -> None:
        self._observations.clear()
        self._group.SetMRMLDisplayableNode(None)
        ctkVTKAbstractView._release(self)


@standin()
class qMRMLThreeDWidget(qMRMLAbstractViewWidget):
    """A 3D view below its bar; follows ``qMRMLThreeDWidget.h``."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent, qMRMLViewControllerBar(), qMRMLThreeDView())
        self._logic = slicer.vtkMRMLViewLogic()

    def setMRMLScene(self, scene: Any) -> None:
        """Set the scene of the view logic."""
        super().setMRMLScene(scene)
        self._logic.SetMRMLScene(scene)

    def setMRMLViewNode(self, node: Any) -> None:
        """Show the view of a node."""
        self._node = node
        self._logic.AddViewNode(node.GetLayoutName())
        self._logic.SetDisplayableManagerGroup(self._view._group)
        self._bar._describe(node.GetLayoutLabel() or "1", node.GetLayoutColor())
        self._view._setNode(node)

    def mrmlViewNode(self) -> Any:
        """Return the view node."""
        return self._node

    def viewLogic(self) -> Any:
        """Return the view logic."""
        return self._logic

    logic = viewLogic

    def threeDView(self) -> Any:
        """Return the view itself."""
        return self._view

    def threeDController(self) -> Any:
        """Return the bar."""
        return self._bar

    def _close(self) -> None:
        super()._close()
        self._logic.SetMRMLScene(None)
