"""Slice views: ``qMRMLSliceWidget``, ``qMRMLSliceView`` and ``qMRMLSliceControllerWidget`` of Slicer."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6.QtCore import Property, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QSlider

from ..standins.declare import standin
from ..standins.mrmlWidget import Observations
from .bar import qMRMLAbstractViewWidget, qMRMLViewControllerBar
from .canvas import ctkVTKAbstractView
from .managers import managersFor

_STEPS = 10000


@standin(inDesigner=False)
class qMRMLSliceView(ctkVTKAbstractView):
    """The picture of a slice; follows ``qMRMLSliceView.h`` and ``ctkVTKSliceView.cpp``."""

    def __init__(self, logic: Any) -> None:
        super().__init__()
        self._logic = logic
        self._mapper, self._actor = vtk.vtkImageMapper(), vtk.vtkActor2D()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        self._actor.SetMapper(self._mapper)
        self._actor.GetProperty().SetDisplayLocationToBackground()
        self._actor.SetVisibility(0)
        self._renderer, self._overlay = vtk.vtkRenderer(), vtk.vtkRenderer()
        # The slice is drawn first, else the fills of segments would erase it.
        self._renderer.AddViewProp(self._actor)
        for layer, renderer in enumerate((self._renderer, self._overlay)):
            renderer.GetActiveCamera().ParallelProjectionOn()
            renderer.SetLayer(layer)
        self._window.SetNumberOfLayers(2)
        self._window.AddRenderer(self._renderer)
        self._window.AddRenderer(self._overlay)
        self._corner = vtk.vtkCornerAnnotation()
        self._corner.SetMaximumLineHeight(0.07)
        self._renderer.AddViewProp(self._corner)
        self._group = managersFor(slicer.vtkMRMLSliceViewDisplayableManagerFactory, self._renderer, self.scheduleRender)
        self._style = slicer.vtkMRMLSliceViewInteractorStyle()
        self._style.SetSliceLogic(logic)
        self._style.SetDisplayableManagers(self._group)
        self._interactor.SetInteractorStyle(vtk.vtkInteractorStyleUser())
        self._style.SetInteractor(self._interactor)
        self._observations = Observations(self)

    def _setNode(self, node: Any) -> None:
        self._group.SetMRMLDisplayableNode(node)
        self._observations.replace(
            (self._logic, "ModifiedEvent", self._follow), (node, "ModifiedEvent", self.scheduleRender)
        )
        self._follow()

    def _follow(self) -> None:
        connection = self._logic.GetImageDataConnection()
        self._mapper.SetInputConnection(connection)
        self._actor.SetVisibility(connection is not None)
        self.scheduleRender()

    def resizeEvent(self, event: Any) -> None:
        """Let the slice have the size of the view."""
        ctkVTKAbstractView.resizeEvent(self, event)
        self._logic.ResizeSliceNode(*self._size())

    def mrmlSliceNode(self) -> Any:
        """Return the slice node."""
        return self._logic.GetSliceNode()

    def interactorStyle(self) -> Any:
        """Return Slicer's own interactor style."""
        return self._style

    sliceViewInteractorStyle = interactorStyle

    def renderer(self) -> Any:
        """Return the renderer of the slice."""
        return self._renderer

    def overlayRenderer(self) -> Any:
        """Return the renderer above the slice."""
        return self._overlay

    def cornerAnnotation(self) -> Any:
        """Return the texts in the corners."""
        return self._corner

    def displayableManagerByClassName(self, className: str) -> Any:
        """Return one displayable manager, or None."""
        return self._group.GetDisplayableManagerByClassName(className)

    def getDisplayableManagers(self, collection: Any) -> None:
        """Put the displayable managers into a collection."""
        for index in range(self._group.GetDisplayableManagerCount()):
            collection.AddItem(self._group.GetNthDisplayableManager(index))

    def convertDeviceToXYZ(self, xy: Any) -> tuple[float, ...]:
        """Convert a position in the window (from below) to slice coordinates."""
        xyz = [0.0, 0.0, 0.0]
        slicer.vtkMRMLAbstractSliceViewDisplayableManager.ConvertDeviceToXYZ(
            self._interactor, self.mrmlSliceNode(), xy[0], xy[1], xyz
        )
        return tuple(xyz)

    def convertXYZToRAS(self, xyz: Any) -> tuple[float, ...]:
        """Convert slice coordinates to RAS."""
        return tuple(self.mrmlSliceNode().GetXYToRAS().MultiplyPoint((*xyz[:3], 1.0))[:3])

    def convertRASToXYZ(self, ras: Any) -> tuple[float, ...]:
        """Convert RAS to slice coordinates."""
        inverse = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(self.mrmlSliceNode().GetXYToRAS(), inverse)
        return tuple(inverse.MultiplyPoint((*ras[:3], 1.0))[:3])

    def _release(self) -> None:
        self._observations.clear()
        self._group.SetMRMLDisplayableNode(None)
        ctkVTKAbstractView._release(self)


@standin(slots=["fitSliceToBackground()", "setSliceOffsetValue(double)"], inDesigner=False)
class qMRMLSliceControllerWidget(qMRMLViewControllerBar):
    """The bar of a slice view, with the slider that moves the slice."""

    sliceOffsetChanged = Signal(float)

    def __init__(self, logic: Any) -> None:
        super().__init__()
        self._logic = logic
        self._slider, self._spin = QSlider(Qt.Orientation.Horizontal), QDoubleSpinBox()
        self._slider.setRange(0, _STEPS)
        self._spin.setRange(-1e6, 1e6)
        self._spin.setSuffix("mm")
        self._spin.setDecimals(2)
        self._spin.setKeyboardTracking(False)
        self._row.addWidget(self._slider, 1)
        self._row.addWidget(self._spin)
        self._slider.valueChanged.connect(lambda step: self.setSliceOffsetValue(self._offset(step)))
        self._spin.valueChanged.connect(self.setSliceOffsetValue)
        self._observations = Observations(self)

    def _setNode(self, node: Any) -> None:
        self._observations.replace((node, "ModifiedEvent", self._follow), (self._logic, "ModifiedEvent", self._follow))
        self._describe(node.GetLayoutLabel() or "", node.GetLayoutColor())
        self._follow()

    def _bounds(self) -> tuple[float, float]:
        bounds = [0.0] * 6
        self._logic.GetLowestVolumeSliceBounds(bounds)
        return (bounds[4], bounds[5]) if bounds[5] > bounds[4] else (-100.0, 100.0)

    def _offset(self, step: int) -> float:
        low, high = self._bounds()
        return low + (high - low) * step / _STEPS

    def _follow(self) -> None:
        low, high = self._bounds()
        offset = self._logic.GetSliceOffset()
        with QSignalBlocker(self._slider), QSignalBlocker(self._spin):
            self._slider.setValue(round(_STEPS * (offset - low) / (high - low)))
            self._spin.setValue(offset)

    def setSliceOffsetValue(self, offset: float) -> None:
        """Move the slice."""
        self._logic.StartSliceNodeInteraction(slicer.vtkMRMLSliceNode.SliceToRASFlag)
        self._logic.SetSliceOffset(offset)
        self._logic.EndSliceNodeInteraction()
        self.sliceOffsetChanged.emit(offset)

    def sliceOffsetSlider(self) -> Any:
        """Return the slider."""
        return self._slider

    def fitSliceToBackground(self) -> None:
        """Show all of the background volume."""
        self._logic.FitSliceToBackground()

    def mrmlSliceNode(self) -> Any:
        """Return the slice node."""
        return self._logic.GetSliceNode()

    def sliceLogic(self) -> Any:
        """Return the slice logic."""
        return self._logic


@standin(slots=["fitSliceToBackground()", "setSliceOrientation(QString)"])
class qMRMLSliceWidget(qMRMLAbstractViewWidget):
    """A slice view below its bar; follows ``qMRMLSliceWidget.h``."""

    def __init__(self, parent: Any = None) -> None:
        self.__dict__["_logic"] = slicer.vtkMRMLSliceLogic()
        super().__init__(parent, qMRMLSliceControllerWidget(self._logic), qMRMLSliceView(self._logic))

    def setMRMLScene(self, scene: Any) -> None:
        """Set the scene of the slice logic."""
        super().setMRMLScene(scene)
        self._logic.SetMRMLScene(scene)

    def setMRMLSliceNode(self, node: Any) -> None:
        """Show the slice of a node."""
        self._node = node
        self._logic.SetSliceNode(node)
        self._logic.SetDisplayableManagerGroup(self._view._group)
        self._bar._setNode(node)
        self._view._setNode(node)

    def mrmlSliceNode(self) -> Any:
        """Return the slice node."""
        return self._logic.GetSliceNode()

    def mrmlSliceCompositeNode(self) -> Any:
        """Return the node that says which volumes are shown."""
        return self._logic.GetSliceCompositeNode()

    def sliceLogic(self) -> Any:
        """Return the slice logic."""
        return self._logic

    logic = sliceLogic

    def sliceView(self) -> Any:
        """Return the view itself."""
        return self._view

    def sliceController(self) -> Any:
        """Return the bar."""
        return self._bar

    def interactorStyle(self) -> Any:
        """Return Slicer's own interactor style."""
        return self._view.interactorStyle()

    def fitSliceToBackground(self) -> None:
        """Show all of the background volume."""
        self._logic.FitSliceToBackground()

    def setSliceOrientation(self, orientation: str) -> None:
        """Set Axial, Sagittal or Coronal."""
        self._node.SetOrientation(orientation)

    sliceOrientation = Property(str, lambda self: self._node.GetOrientation(), setSliceOrientation)

    def _close(self) -> None:
        self._bar._observations.clear()
        super()._close()
        self._logic.SetMRMLScene(None)
