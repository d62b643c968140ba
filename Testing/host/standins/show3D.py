"""``qMRMLSegmentationShow3DButton``; follows its header and .cxx in Slicer."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QPushButton

from .buttons import ctkMenuButton
from .declare import standin, stored
from .mrmlWidget import Observations


@standin(slots=["setSegmentationNode(vtkMRMLSegmentationNode*)"])
class qMRMLSegmentationShow3DButton(ctkMenuButton):
    """Makes the surfaces of a segmentation and shows them, or removes them."""

    locked = stored(bool, False, "_follow")

    def __init__(self, parent: Any = None) -> None:
        super().__init__("Show 3D", parent)
        self._node: Any = None
        self._observations = Observations(self)
        QPushButton.setCheckable(self, True)
        self.toggled.connect(self._toggle)
        self._follow()

    def segmentationNode(self) -> Any:
        """Return the segmentation."""
        return self._node

    def setSegmentationNode(self, node: Any) -> None:
        """Set the segmentation."""
        self._node = node
        segmentation = node.GetSegmentation() if node is not None else None
        self._observations.replace(
            (segmentation, slicer.vtkSegmentation.ContainedRepresentationNamesModified, self._follow),
            (segmentation, slicer.vtkSegmentation.SegmentAdded, self._follow),
            (segmentation, slicer.vtkSegmentation.SegmentRemoved, self._follow),
        )
        self._follow()

    def _follow(self) -> None:
        if "_node" not in self.__dict__:
            return
        segmentation = self._node.GetSegmentation() if self._node is not None else None
        self.setEnabled(segmentation is not None and segmentation.GetNumberOfSegments() > 0 and not self.locked)
        name = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
        with QSignalBlocker(self):
            QPushButton.setChecked(self, segmentation is not None and bool(segmentation.ContainsRepresentation(name)))

    def _toggle(self, on: bool) -> None:
        if on:
            self._node.CreateClosedSurfaceRepresentation()
            self._node.CreateDefaultDisplayNodes()
            self._node.GetDisplayNode().SetVisibility3D(True)
        else:
            self._node.RemoveClosedSurfaceRepresentation()
