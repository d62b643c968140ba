"""The RenalSegmentation panel as its tests use it: opened in the host, with a small reference object in the scene."""

from __future__ import annotations

import html
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from PySide6.QtWidgets import QPushButton, QWidget
from Testing.host import mouse
from Testing.panels.opened_panel import OpenedPanel

from renal_layers.phantom import PhantomSettings, reference_object

MODULE = Path(__file__).resolve().parents[2] / "RenalSegmentation" / "RenalSegmentation.py"
FAKE = (sys.executable, str(Path(__file__).with_name("fakeNetwork.py")), "predict")
SMALL = PhantomSettings(spacing=(3.0, 3.0, 5.5), margin_mm=(15.0, 12.0, 12.0))


class SegmentationPanel(OpenedPanel):
    """The opened module with what its tests do again and again; a stand-in takes the place of the network.

    Attributes
    ----------
    host : Host
        The Slicer-like host.
    subject : ReferenceObject
        What is in the scene.
    image : vtkMRMLScalarVolumeNode
        Its T2-weighted image.
    """

    module = MODULE

    def open(self) -> None:
        """Open the module, loaded anew if it was unloaded."""
        super().open()
        self.useFake()

    def useFake(self) -> None:
        """Have the stand-in outline the kidneys."""
        self.logic.predictor = FAKE

    def load(self, settings: PhantomSettings = SMALL, name: str = "T2w") -> Any:
        """Put the image of a reference object into the scene and return its node."""
        self.subject = reference_object(settings)
        self.image = self.add(self.subject.t2w, name)
        return self.image

    def add(self, volume: Any, name: str) -> Any:
        """Put an image into the scene and return its node."""
        from RenalLayersLib.Volumes import fillVolume

        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        fillVolume(node, volume)
        node.CreateDefaultDisplayNodes()
        return node

    def outline(self) -> Any:
        """Choose the image, press Apply, and return the segmentation."""
        mouse.choose(self.ui.inputSelector, self.image.GetName())
        self.apply()
        return self.segmentation

    def undo(self) -> None:
        """Click Undo of the embedded editor."""
        buttons = QWidget.findChildren(self.ui.segmentEditor, QPushButton)
        mouse.click(next(button for button in buttons if button.property("text") == "Undo"))
        self.rest()

    def openSection(self, name: str) -> None:
        """Unfold a section of the panel by mouse."""
        button = getattr(self.ui, name)
        if button.collapsed:
            mouse.click(button, (20, 8))
        self.host.wait(10)

    def sides(self, node: Any = None) -> np.ndarray:
        """Return the side map of a segmentation, (I, J, K)."""
        from RenalSegmentationLib.Labels import sideMap

        return sideMap(node or self.segmentation).array

    def paint(self, change: Any, side: str = "Left kidney", node: Any = None) -> None:
        """Change a kidney's label map as a brush does: `change` gets it as an array (I, J, K) and changes it."""
        node = node or self.segmentation
        volume = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
        identifier = node.GetSegmentation().GetSegmentIdBySegmentName(side)
        array = slicer.util.arrayFromSegmentBinaryLabelmap(node, identifier, volume)
        change(array.transpose(2, 1, 0))
        slicer.util.updateSegmentBinaryLabelmapFromArray(array, node, identifier, volume)

    @property
    def status(self) -> str:
        """What the panel says."""
        return self.ui.statusLabel.text

    @property
    def error(self) -> str:
        """What the panel says, if it is shown as an error."""
        assert self.status.startswith("<b style='color:"), self.status
        return html.unescape(self.status.partition(">")[2].removesuffix("</b>"))

    @property
    def segmentation(self) -> Any:
        """The chosen segmentation."""
        return self.parameters.segmentation


def isAlive(identifier: int) -> bool:
    """Return whether a process runs; one that has ended and waits for its parent does not."""
    try:
        os.kill(identifier, 0)
        status = Path(f"/proc/{identifier}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
