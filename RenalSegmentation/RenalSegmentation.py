"""The Slicer module RenalSegmentation: what Slicer looks for by name; everything else is in RenalSegmentationLib."""

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

from renal_layers.phantom import PhantomSettings, reference_object
from RenalLayersLib.Volumes import fillVolume
from RenalSegmentationLib.Logic import RenalSegmentationLogic
from RenalSegmentationLib.Result import showResult
from RenalSegmentationLib.Tissue import splitSegmentation
from RenalSegmentationLib.VolumesPanel import volumesOf
from RenalSegmentationLib.Widget import RenalSegmentationPanel

__all__ = ["RenalSegmentation", "RenalSegmentationLogic", "RenalSegmentationTest", "RenalSegmentationWidget"]


class RenalSegmentation(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent):
        super().__init__(parent)
        parent.title = _("Renal Segmentation")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        # Its bridge between nodes and arrays, and the sample data.
        parent.dependencies = ["RenalLayers"]
        parent.contributors = ["The Renal developers"]
        parent.helpText = _(
            "Outlines the kidneys with a network, lets the outline be corrected and reviewed, and keeps a record of "
            "who changed what. Renal Layers takes its segmentation. The module is not a medical device."
        )
        parent.acknowledgementText = _(
            "Cortex and medulla are told apart as the authors of 3DQLayers do it (A. Daniel and S. Francis, Journal of "
            "Open Source Software 2025, doi:10.21105/joss.08121)."
        )


class RenalSegmentationWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel as Slicer opens, closes and reloads it."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = self.panel = self.uiWidget = None

    def setup(self):
        """Load the panel's widgets and connect them."""
        super().setup()
        self.uiWidget = slicer.util.loadUI(self.resourcePath("UI/RenalSegmentation.ui"))
        self.layout.addWidget(self.uiWidget)
        self.uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = RenalSegmentationLogic()
        self.panel = RenalSegmentationPanel(slicer.util.childWidgetVariables(self.uiWidget), self.logic)
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
            if name.partition(".")[0] in (
                "RenalSegmentationLib",
                "RenalLayersLib",
                "renal_layers",
                "renal_segmentation",
            ):
                del sys.modules[name]
        super().onReload()


class RenalSegmentationTest(ScriptedLoadableModuleTest):
    """What "Reload and Test" runs: the outline of the reference object from network to review."""

    def setUp(self):
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self):
        """Run every test."""
        self.setUp()
        self.test_cortexAndMedullaOfTheReferenceObject()

    def test_cortexAndMedullaOfTheReferenceObject(self):
        """Kidneys of known volume are shown, measured, and split into the cortex and medulla that are built in."""
        subject = reference_object(PhantomSettings())
        image = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "T1w")
        fillVolume(image, subject.t1w)
        node = showResult(image, subject.mask.array, "reference", {})
        volumes = dict(volumesOf(node))
        truth = {side: (subject.mask.array == side).sum() * subject.mask.grid.voxel_ml for side in (1, 2)}
        self.assertAlmostEqual(volumes["Left kidney"], truth[1], places=3)
        self.assertAlmostEqual(volumes["Right kidney"], truth[2], places=3)
        split = splitSegmentation(node, image, "auto")
        self.assertTrue(split.cortex_is_bright)
        found = dict(volumesOf(node))["Cortex"]
        self.assertAlmostEqual(
            found / ((subject.tissue.array == 1).sum() * subject.tissue.grid.voxel_ml), 1, delta=0.03
        )
        self.delayDisplay("Cortex and medulla of the reference object were found.")
