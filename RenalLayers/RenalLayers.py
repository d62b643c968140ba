"""The Slicer module RenalLayers: what Slicer looks for by name; everything else is in RenalLayersLib."""

import sys

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

from RenalLayersLib.Logic import RenalLayersLogic
from RenalLayersLib.ReferenceObject import loadReferenceObject, registerSampleData
from RenalLayersLib.Widget import RenalLayersPanel

__all__ = ["RenalLayers", "RenalLayersLogic", "RenalLayersTest", "RenalLayersWidget"]


class RenalLayers(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent):
        super().__init__(parent)
        parent.title = _("Renal Layers")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        parent.dependencies = []
        parent.contributors = ["The Renal developers"]
        parent.helpText = _(
            "Turns kidney segments into layers of known depth below the kidney's surface and shows how quantitative "
            "maps (T1, R2*, ADC, perfusion, stiffness) change from cortex to medulla."
        )
        parent.acknowledgementText = _(
            "Starts from the method of 3DQLayers (A. Daniel and S. Francis, Journal of Open Source Software 2025, "
            "doi:10.21105/joss.08121)."
        )
        slicer.app.connect("startupCompleted()", self._registerSampleData)

    def _registerSampleData(self):
        registerSampleData(self.resourcePath("Icons/RenalLayers.png"))


class RenalLayersWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel as Slicer opens, closes and reloads it."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = self.panel = self.uiWidget = None

    def setup(self):
        """Load the panel's widgets and connect them."""
        super().setup()
        self.uiWidget = slicer.util.loadUI(self.resourcePath("UI/RenalLayers.ui"))
        self.layout.addWidget(self.uiWidget)
        self.uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = RenalLayersLogic()
        self.panel = RenalLayersPanel(slicer.util.childWidgetVariables(self.uiWidget), self.logic)
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
            if name.partition(".")[0] in ("RenalLayersLib", "renal_layers", "renal_segmentation"):
                del sys.modules[name]
        super().onReload()


class RenalLayersTest(ScriptedLoadableModuleTest):
    """What "Reload and Test" runs: the reference object from outline to gradient."""

    def setUp(self):
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self):
        """Run every test."""
        self.setUp()
        self.test_gradientOfTheReferenceObject()

    def test_gradientOfTheReferenceObject(self):
        """The gradient of R2* that is built into the reference object is found again."""
        segmentation, _image, r2star, _t1 = loadReferenceObject()
        logic = RenalLayersLogic()
        parameters = logic.getParameterNode()
        parameters.segmentation = segmentation
        parameters.leftSegment, parameters.rightSegment = "Left-kidney", "Right-kidney"
        parameters.pelvisSegment = "Renal-sinus"
        parameters.pelvisDistance = 10.0
        parameters.mapVolumes, parameters.mapNames, parameters.mapUnits = [r2star], ["R2*"], ["Hz"]
        study = logic.run(parameters)
        both = next(row for row in logic.analysis.gradients if row.side == "both")
        self.assertAlmostEqual(both.slope, 0.8, delta=0.03)
        self.assertIsNotNone(study.find("chart:R2*"))
        self.delayDisplay("The gradient of the reference object was found.")
