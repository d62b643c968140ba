"""The Slicer module RenalSegmentation: what Slicer looks for by name; everything else is in RenalSegmentationLib."""

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule, ScriptedLoadableModuleTest

from renal_layers.phantom import PhantomSettings, reference_object
from RenalLayersLib.ModuleWidget import ModuleWidget
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


class RenalSegmentationWidget(ModuleWidget):
    """The panel as Slicer opens, closes and reloads it."""

    logicClass = RenalSegmentationLogic
    panelClass = RenalSegmentationPanel
    packages = ("RenalSegmentationLib", "RenalLayersLib", "renal_layers", "renal_segmentation")


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
