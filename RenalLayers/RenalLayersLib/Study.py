"""The nodes of one study: found again by their role, so that running twice updates instead of adding."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import quote, unquote

import slicer
import vtk

STUDY_ATTRIBUTE = "Renal.Study"
ROLE_ATTRIBUTE = "Renal.Role"
_RECORD_CLASS = "vtkMRMLScriptedModuleNode"
_RESULT, _SEGMENTATION = "Renal.Result", "Renal.Segmentation"
_RUN_ATTRIBUTE = "Renal.Run"
_MAIN_ROLE = "depth"


class Study:
    """One subject-hierarchy folder and the nodes in it.

    A hidden node, the record, refers to the segmentation that was measured and to the results: references survive
    saving and importing, and a copy that a person makes of a result is not referred to and left alone.

    Parameters
    ----------
    scene : vtkMRMLScene
        Any scene, not only the application's.
    name : str
        Of the folder when it is made; without a record the same name finds the same nodes.
    record : vtkMRMLScriptedModuleNode, optional
        Of a study that is in the scene; names need not be unique there.
    """

    def __init__(self, scene: Any, name: str, record: Any = None) -> None:
        self.scene = scene
        self.name = name
        self._used: set[str] = set()
        named = (found for found in _records(scene) if found.GetAttribute(STUDY_ATTRIBUTE) == _encoded(name))
        self._record = record if record is not None else next(named, None)
        self._byRole = {node.GetAttribute(ROLE_ATTRIBUTE): node for node in self._nodes()}
        self._hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        self._folders: dict[str, int] = {}

    @property
    def folderItem(self) -> int:
        """Subject-hierarchy item of the folder, wherever it was moved; made when it is first asked for."""
        if "" not in self._folders:
            top = self._hierarchy.GetSceneItemID()
            main = self.find(_MAIN_ROLE)
            item = self._hierarchy.GetItemByDataNode(main) if main is not None else 0
            parent = self._hierarchy.GetItemParent(item) if item else top
            self._folders[""] = parent if parent != top else self._folder(top, self.name)
        return self._folders[""]

    @property
    def run(self) -> str:
        """What marks the run that the results in the scene come from, empty where none was marked."""
        return (self._record.GetAttribute(_RUN_ATTRIBUTE) or "") if self._record is not None else ""

    def markRun(self, mark: str) -> None:
        """Mark the run that the results in the scene come from."""
        self._madeRecord().SetAttribute(_RUN_ATTRIBUTE, mark)

    def belongTo(self, segmentation: Any) -> None:
        """Make this the study of a segmentation."""
        self._madeRecord().SetNodeReferenceID(_SEGMENTATION, segmentation.GetID())

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
            What a person reads, until a person gives it another name.
        subfolder : str or None
            Where it is put below the study's folder when it is made; None for nodes that are not data, such as colours.
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
            self._madeRecord().AddNodeReferenceID(_RESULT, found.GetID())
            if subfolder is not None:
                self._place(found, subfolder)
        self._used.add(_encoded(role))
        return found

    def removeUnused(self, keep: Collection[str] = ()) -> None:
        """Remove the nodes of an earlier run that this run did not touch, such as those of a map left out.

        Roles that begin with one of `keep` stay.
        """
        for role, node in list(self._byRole.items()):
            if role not in self._used and not unquote(role).startswith(tuple(keep)):
                self.scene.RemoveNode(node)
                del self._byRole[role]

    def _madeRecord(self) -> Any:
        if self._record is None:
            record = self.scene.CreateNodeByClass(_RECORD_CLASS)
            record.UnRegister(None)
            record.SetName(self.name)
            record.SetAttribute(STUDY_ATTRIBUTE, _encoded(self.name))
            self._record = self.scene.AddNode(record)
        return self._record

    def _nodes(self) -> list[Any]:
        if self._record is None:
            return []
        count = self._record.GetNumberOfNodeReferences(_RESULT)
        nodes = (self._record.GetNthNodeReference(_RESULT, n) for n in range(count))
        return [node for node in nodes if node is not None and node.GetAttribute(ROLE_ATTRIBUTE)]

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


def studyOf(segmentation: Any) -> Study | None:
    """Return the study of a segmentation, None where it was not measured yet."""
    scene = segmentation.GetScene() if segmentation is not None else None
    if scene is None:
        return None
    for record in _records(scene):
        if record.GetNodeReference(_SEGMENTATION) is segmentation:
            return Study(scene, unquote(record.GetAttribute(STUDY_ATTRIBUTE)), record)
    return None


def _records(scene: Any) -> Iterator[Any]:
    for n in range(scene.GetNumberOfNodesByClass(_RECORD_CLASS)):
        record = scene.GetNthNodeByClass(n, _RECORD_CLASS)
        if record.GetAttribute(STUDY_ATTRIBUTE):
            yield record


def _encoded(text: str) -> str:
    """Return text that a scene file keeps as it is: colons and semicolons have a meaning there."""
    return quote(text, safe=" ")
