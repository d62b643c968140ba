"""The nodes of one study: found again by their role, so that running twice updates instead of adding."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import quote, unquote

import slicer
import vtk

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
        self._byRole = {node.GetAttribute(ROLE_ATTRIBUTE): node for node in self._nodes()}
        self._hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        self._folders: dict[str, int] = {}

    @property
    def folderItem(self) -> int:
        """Subject-hierarchy item of the folder, made when it is first asked for."""
        if "" not in self._folders:
            self._folders[""] = self._folder(self._hierarchy.GetSceneItemID(), self.name)
        return self._folders[""]

    def find(self, role: str) -> Any:
        """Return the node that plays `role`, or None."""
        node = self._byRole.get(_encoded(role))
        return node if node is not None and self.scene.IsNodePresent(node) else None

    def roles(self, prefix: str) -> list[str]:
        """Return what follows the prefix in every role that begins with it and is played by a node."""
        found = (unquote(role) for role, node in self._byRole.items() if self.scene.IsNodePresent(node))
        return [role.removeprefix(prefix) for role in found if role.startswith(prefix)]

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
            found = self._byRole[_encoded(role)] = self.scene.AddNode(found)
        found.SetName(nodeName)
        self._used.add(_encoded(role))
        if subfolder is not None:
            self._place(found, subfolder)
        return found

    def removeUnused(self, keep: Collection[str] = ()) -> None:
        """Remove the nodes of an earlier run that this run did not touch, such as those of a map left out.

        Roles that begin with one of `keep` stay.
        """
        for role, node in list(self._byRole.items()):
            if role not in self._used and not unquote(role).startswith(tuple(keep)):
                self.scene.RemoveNode(node)
                del self._byRole[role]

    def _nodes(self) -> list[Any]:
        name = _encoded(self.name)
        nodes = (self.scene.GetNthNode(n) for n in range(self.scene.GetNumberOfNodes()))
        return [node for node in nodes if node.GetAttribute(STUDY_ATTRIBUTE) == name]

    def _folder(self, parent: int, name: str) -> int:
        """Return the folder of a name; a node beside it may have the same name."""
        items = vtk.vtkIdList()
        self._hierarchy.GetItemChildren(parent, items)
        for item in (items.GetId(n) for n in range(items.GetNumberOfIds())):
            if self._hierarchy.GetItemName(item) == name and self._hierarchy.GetItemDataNode(item) is None:
                return int(item)
        return int(self._hierarchy.CreateFolderItem(parent, name))

    def _place(self, node: Any, subfolder: str) -> None:
        folder = self.folderItem
        if subfolder not in self._folders:
            self._folders[subfolder] = self._folder(folder, subfolder)
        parent = self._folders[subfolder]
        item = self._hierarchy.GetItemByDataNode(node)
        if not item:
            self._hierarchy.CreateItem(parent, node)
        elif self._hierarchy.GetItemParent(item) != parent:
            self._hierarchy.SetItemParent(item, parent)


def _encoded(text: str) -> str:
    """Return text that a scene file keeps as it is: colons and semicolons have a meaning there."""
    return quote(text, safe=" ")
