"""The Slicer module RenalLayers: what Slicer looks for by name; everything else is in RenalLayersLib."""

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule, ScriptedLoadableModuleTest

from RenalLayersLib.Layout import registerLayout
from RenalLayersLib.Logic import RenalLayersLogic
from RenalLayersLib.ModuleWidget import ModuleWidget
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
        slicer.app.connect("startupCompleted()", self._register)

    def _register(self):
        registerSampleData(self.resourcePath("Icons/RenalLayers.png"))
        # A scene file names the layout by its number alone.
        registerLayout()


class RenalLayersWidget(ModuleWidget):
    """The panel as Slicer opens, closes and reloads it."""

    logicClass = RenalLayersLogic
    panelClass = RenalLayersPanel
    packages = ("RenalLayersLib", "renal_layers", "renal_segmentation")


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
