"""Subject hierarchy items for nodes, which Qt plug-ins make in Slicer.

Follows ``qSlicerSubjectHierarchyPluginLogic.cxx``: ``onNodeAdded``, ``onNodeAboutToBeRemoved``, ``onSceneImportEnded``.
"""

from __future__ import annotations

from typing import Any

from .standins.mrmlWidget import withNode

# The data that the plug-ins of Slicer's own modules claim.
_CLAIMED = (
    "vtkMRMLVolumeNode",
    "vtkMRMLModelNode",
    "vtkMRMLSegmentationNode",
    "vtkMRMLMarkupsNode",
    "vtkMRMLTransformNode",
    "vtkMRMLTableNode",
    "vtkMRMLPlotSeriesNode",
    "vtkMRMLPlotChartNode",
    "vtkMRMLTextNode",
    "vtkMRMLSequenceNode",
)


class HierarchyKeeper:
    """Adds an item for each node that comes and removes it when the node goes."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._tags = [
            scene.AddObserver(scene.NodeAddedEvent, withNode(self._add)),
            scene.AddObserver(scene.NodeAboutToBeRemovedEvent, withNode(self._remove)),
            scene.AddObserver(scene.EndImportEvent, lambda *_: self._addAll()),
        ]

    def stop(self) -> None:
        """Stop following the scene."""
        for tag in self._tags:
            self._scene.RemoveObserver(tag)

    def _add(self, node: Any) -> None:
        # While a scene is read its own items come after its nodes.
        if node is None or self._scene.IsImporting() or node.GetHideFromEditors():
            return
        if not any(node.IsA(name) for name in _CLAIMED):
            return
        hierarchy = self._scene.GetSubjectHierarchyNode()
        if hierarchy is not None and not hierarchy.GetItemByDataNode(node):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)

    def _addAll(self) -> None:
        for index in range(self._scene.GetNumberOfNodes()):
            self._add(self._scene.GetNthNode(index))

    def _remove(self, node: Any) -> None:
        if node is None or self._scene.IsClosing():
            return
        hierarchy = self._scene.GetSubjectHierarchyNode()
        item = hierarchy.GetItemByDataNode(node) if hierarchy is not None else 0
        if item:
            hierarchy.RemoveItem(item, False, False)
