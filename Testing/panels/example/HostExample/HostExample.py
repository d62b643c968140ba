"""A small scripted module, written as any module of Slicer, that the tests of the host run."""

import enum
import logging
import pathlib
from typing import Annotated, Optional

import numpy as np
import slicer
import vtk
from HostExampleLib.Count import countAbove
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import (
    Choice,
    Default,
    FloatRange,
    Minimum,
    RangeBounds,
    WithinRange,
    parameterNodeWrapper,
    parameterPack,
)
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class HostExample(ScriptedLoadableModule):
    def __init__(self, parent):
        super().__init__(parent)
        self.parent.title = _("Host example")
        self.parent.categories = ["Examples"]
        self.parent.helpText = _("Counts voxels above a threshold.")


class Model(enum.Enum):
    MILLIMETRES = "mm"
    PROPORTIONAL = "proportional"

    def label(self):
        return {"mm": _("Millimetres"), "proportional": _("Proportional")}[self.value]


@parameterPack
class Place:
    x: float = 1.5
    name: str = "here"


@parameterNodeWrapper
class HostExampleParameters:
    inputVolume: slicer.vtkMRMLScalarVolumeNode
    outputTable: Optional[slicer.vtkMRMLTableNode]
    threshold: Annotated[float, WithinRange(0, 100)] = 10.0
    count: Annotated[int, Minimum(1), Default(12)]
    model: Model
    statistic: Annotated[str, Choice(["mean", "median"])] = "median"
    range: Annotated[FloatRange, RangeBounds(0, 30)] = FloatRange(5, 15)
    automatic: bool
    title: str = "kidney"
    folder: pathlib.Path
    names: list[str]
    place: Place


class HostExampleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameters = None
        self._guiTag = None

    def setup(self):
        super().setup()
        self.uiWidget = slicer.util.loadUI(self.resourcePath("UI/HostExample.ui"))
        self.layout.addWidget(self.uiWidget)
        self.ui = slicer.util.childWidgetVariables(self.uiWidget)
        self.uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = HostExampleLogic()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.ui.applyButton.connect("clicked(bool)", self.onApply)
        self.ui.deleteButton.connect("clicked()", self.onDelete)
        self.initializeParameterNode()

    def cleanup(self):
        self.setParameters(None)
        self.removeObservers()
        self.uiWidget.setMRMLScene(None)

    def enter(self):
        self.initializeParameterNode()

    def exit(self):
        self.setParameters(None)

    def onSceneStartClose(self, caller, event):
        self.setParameters(None)

    def onSceneEndClose(self, caller, event):
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self):
        self.setParameters(self.logic.getParameterNode())

    def setParameters(self, parameters):
        if self._parameters is not None:
            self._parameters.disconnectGui(self._guiTag)
            self.removeObserver(self._parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self.update)
        self._parameters = parameters
        if parameters is not None:
            # connectGui would bind the same widgets and return no tag.
            named = ((widget.property("SlicerParameterName"), widget) for widget in vars(self.ui).values())
            self._guiTag = parameters.connectParametersToGui({name: widget for name, widget in named if name})
            self.addObserver(parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self.update)
            self.update()

    def update(self, caller=None, event=None):
        self.ui.applyButton.enabled = self._parameters.inputVolume is not None
        self.ui.applyButton.toolTip = _("Count") if self.ui.applyButton.enabled else _("Choose a volume first")

    def onApply(self):
        with slicer.util.tryWithErrorDisplay(_("Cannot count."), waitCursor=True):
            self.ui.resultLabel.text = str(self.logic.process(self._parameters))

    def onDelete(self):
        if slicer.util.confirmOkCancelDisplay(_("Delete the result?")):
            self.ui.resultLabel.text = ""


class HostExampleLogic(ScriptedLoadableModuleLogic):
    def getParameterNode(self):
        return HostExampleParameters(super().getParameterNode())

    def process(self, parameters):
        voxels = slicer.util.arrayFromVolume(parameters.inputVolume)
        if not np.any(voxels):
            raise ValueError(_("The volume is empty."))
        found = countAbove(voxels, parameters.threshold)
        logging.info("Counted %d voxels", found)
        return found


class HostExampleTest(ScriptedLoadableModuleTest):
    def runTest(self):
        slicer.mrmlScene.Clear()
        parameters = HostExampleLogic().getParameterNode()
        parameters.inputVolume = slicer.util.addVolumeFromArray(np.full((2, 2, 2), 50.0))
        self.assertEqual(HostExampleLogic().process(parameters), 8)
        self.delayDisplay("Test passed")
