"""The RenalLayers panel as its tests use it: opened in the host, with a small reference object in the scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import slicer
from Testing.host import mouse

from renal_layers.phantom import PhantomSettings

MODULE = Path(__file__).resolve().parents[2] / "RenalLayers" / "RenalLayers.py"
SMALL = PhantomSettings(
    spacing=(3.0, 3.0, 5.5), map_spacing=(4.0, 4.0, 6.0), margin_mm=(15.0, 12.0, 12.0), with_cyst=True
)


class LayersPanel:
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

    def __init__(self, host: Any) -> None:
        self.host = host
        host.mainWindow.resize(1500, 1600)
        host.mainWindow.show()
        self.open()

    def open(self) -> None:
        """Open the module, loaded anew if it was unloaded."""
        self.widget = self.host.open(MODULE)

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

    def apply(self) -> None:
        """Click Apply and wait until the panel has come to rest."""
        mouse.click(self.ui.applyButton)
        self.rest()

    def rest(self) -> None:
        """Wait until nothing is under way and no change waits to be dealt with."""
        self.host.wait(20)
        self.host.waitUntil(lambda: self.panel.isResting, 30000)
        self.host.wait(20)

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

    @property
    def panel(self) -> Any:
        """The panel object."""
        return self.widget.panel

    @property
    def ui(self) -> Any:
        """The widgets by name."""
        return self.widget.panel.ui

    @property
    def logic(self) -> Any:
        """The logic."""
        return self.widget.logic

    @property
    def parameters(self) -> Any:
        """The parameters in the scene."""
        return self.widget.logic.getParameterNode()

    @property
    def study(self) -> Any:
        """The study with the results, or None."""
        return self.logic.study(self.parameters)

    def table(self, widget: Any) -> list[list[str]]:
        """Return the texts of a table widget."""
        return [
            [widget.item(row, column).text() for column in range(widget.columnCount)] for row in range(widget.rowCount)
        ]
