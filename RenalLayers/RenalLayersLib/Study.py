"""The nodes of one study: found again by their role, so that running twice updates instead of adding."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import slicer

STUDY_ATTRIBUTE = "Renal.Study"
ROLE_ATTRIBUTE = "Renal.Role"


class Study:
    """One subject-hierarchy folder and the nodes in it.

    Parameters
    ----------
    scene : vtkMRMLScene
        Any scene, not only the application's.
    name : str
        Of the folder; the same name finds the same nodes.
    """

    def __init__(self, scene: Any, name: str) -> None:
        self.scene = scene
        self.name = name
        self._used: set[str] = set()
        self._hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        self._folders: dict[str, int] = {"": self._folder(self._hierarchy.GetSceneItemID(), name)}

    @property
    def folderItem(self) -> int:
        """Subject-hierarchy item of the folder."""
        return self._folders[""]

    def find(self, role: str) -> Any:
        """Return the node that plays `role`, or None."""
        for node in self._nodes():
            if node.GetAttribute(ROLE_ATTRIBUTE) == _encoded(role):
                return node
        return None

    def node(self, className: str, role: str, nodeName: str, subfolder: str | None = "") -> Any:
        """Return the node that plays `role`, made if it is not there.

        Parameters
        ----------
        className : str
            MRML class.
        role : str
            Stable and unique within the study.
        nodeName : str
            What a person reads.
        subfolder : str or None
            Where it is shown below the study's folder; None for nodes that are not data, such as colours.
        """
        found = self.find(role)
        if found is not None and not found.IsA(className):
            self.scene.RemoveNode(found)
            found = None
        if found is None:
            found = self.scene.CreateNodeByClass(className)
            found.UnRegister(None)
            found.SetName(nodeName)
            found.SetAttribute(STUDY_ATTRIBUTE, _encoded(self.name))
            found.SetAttribute(ROLE_ATTRIBUTE, _encoded(role))
            found = self.scene.AddNode(found)
        found.SetName(nodeName)
        self._used.add(_encoded(role))
        if subfolder is not None:
            self._place(found, subfolder)
        return found

    def removeUnused(self) -> None:
        """Remove the nodes of an earlier run that this run did not touch, such as those of a map left out."""
        for node in self._nodes():
            if node.GetAttribute(ROLE_ATTRIBUTE) not in self._used:
                self.scene.RemoveNode(node)

    def _nodes(self) -> list[Any]:
        nodes = (self.scene.GetNthNode(n) for n in range(self.scene.GetNumberOfNodes()))
        return [node for node in nodes if node.GetAttribute(STUDY_ATTRIBUTE) == _encoded(self.name)]

    def _folder(self, parent: int, name: str) -> int:
        found = self._hierarchy.GetItemChildWithName(parent, name)
        return int(found or self._hierarchy.CreateFolderItem(parent, name))

    def _place(self, node: Any, subfolder: str) -> None:
        if subfolder not in self._folders:
            self._folders[subfolder] = self._folder(self.folderItem, subfolder)
        parent = self._folders[subfolder]
        item = self._hierarchy.GetItemByDataNode(node)
        if not item:
            self._hierarchy.CreateItem(parent, node)
        elif self._hierarchy.GetItemParent(item) != parent:
            self._hierarchy.SetItemParent(item, parent)


def _encoded(text: str) -> str:
    """Return text that a scene file keeps as it is: colons and semicolons have a meaning there."""
    return quote(text, safe=" ")
