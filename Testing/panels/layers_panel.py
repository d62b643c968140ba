"""The RenalLayers panel as its tests use it: opened in the host, with a small reference object in the scene."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from PySide6.QtCore import Qt
from Testing.host import mouse
from Testing.panels.opened_panel import OpenedPanel

from renal_layers.phantom import PhantomSettings

MODULE = Path(__file__).resolve().parents[2] / "RenalLayers" / "RenalLayers.py"
SMALL = PhantomSettings(
    spacing=(3.0, 3.0, 5.5), map_spacing=(4.0, 4.0, 6.0), margin_mm=(15.0, 12.0, 12.0), with_cyst=True
)


def endless(job: Any, progress: Any) -> Any:
    """Compute until the progress says that somebody has cancelled."""
    while True:
        progress("depth", 0.5)
        time.sleep(0.002)


class LayersPanel(OpenedPanel):
    """The opened module with what its tests do again and again.

    Attributes
    ----------
    host : Host
        The Slicer-like host.
    segmentation : vtkMRMLSegmentationNode
        Left and right kidney, sinus, cortex and medulla of the reference object.
    image, r2star, t1 : vtkMRMLScalarVolumeNode
        Its image and maps.
    """

    module = MODULE

    def load(self, settings: PhantomSettings = SMALL) -> None:
        """Put a reference object into the scene."""
        from RenalLayersLib.ReferenceObject import loadReferenceObject

        self.segmentation, self.image, self.r2star, self.t1 = loadReferenceObject(settings)

    def choose(self, *maps: Any) -> None:
        """Choose the segmentation and add maps, by mouse."""
        mouse.choose(self.ui.segmentationSelector, self.segmentation.GetName())
        for node in maps:
            mouse.choose(self.ui.mapSelector, node.GetName())
            mouse.click(self.ui.addMapButton)

    def applyAndFollow(self, *maps: Any) -> None:
        """Choose maps and apply, and let the results follow what changes from now on."""
        self.choose(*maps)
        self.apply()
        mouse.click(self.ui.autoUpdateCheck)
        self.rest()

    def edit(self, name: str, change: Any) -> None:
        """Change a segment's label map as a brush does: `change` gets it as an array (K, J, I) and changes it."""
        identifier = self.segmentation.GetSegmentation().GetSegmentIdBySegmentName(name)
        array = slicer.util.arrayFromSegmentBinaryLabelmap(self.segmentation, identifier, self.image)
        change(array)
        slicer.util.updateSegmentBinaryLabelmapFromArray(array, self.segmentation, identifier, self.image)

    def bite(self, name: str = "Left kidney") -> None:
        """Take the upper third of a kidney away."""

        def away(array: np.ndarray) -> None:
            rows = np.flatnonzero(array.any(axis=(0, 2)))
            array[:, rows[: len(rows) // 3], :] = 0

        self.edit(name, away)

    def hover(self, point: np.ndarray) -> None:
        """Move the mouse with Shift over a point in the coronal slice, RAS mm."""
        widget = self.host.layoutManager.sliceWidget("Green")
        widget.sliceLogic().GetSliceNode().JumpSliceByCentering(*point)
        self.host.wait(20)
        mouse.move(widget.sliceView(), mouse.slicePosition(widget, point), Qt.KeyboardModifier.ShiftModifier)
        self.host.waitUntil(lambda: not self.panel.isResting or not self.panel.cursorIsMoving)

    @property
    def study(self) -> Any:
        """The study with the results, or None."""
        return self.logic.study(self.parameters)
