"""``qMRMLNodeComboBox``: choose, make, rename and delete MRML nodes; follows ``qMRMLNodeComboBox.h`` and ``.cpp``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import Property, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout

from ..pythonqt.namespace import qt
from .combos import ctkComboBox
from .declare import standin, stored
from .mrmlWidget import Observations

_ID, _ACTION = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_SIGNALS = {
    "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged",
    "currentNodeChanged(bool)": "_currentNodeValid",
    "nodeActivated(vtkMRMLNode*)": "nodeActivated",
    "nodeAdded(vtkMRMLNode*)": "nodeAdded",
    "nodeAddedByUser(vtkMRMLNode*)": "nodeAddedByUser",
    "nodeAddedByUserAction(vtkMRMLNode*)": "nodeAddedByUserAction",
    "nodeAboutToBeRemoved(vtkMRMLNode*)": "nodeAboutToBeRemoved",
    "nodeAboutToBeEdited(vtkMRMLNode*)": "nodeAboutToBeEdited",
}
_SLOTS = (
    "setMRMLScene(vtkMRMLScene*)",
    "setCurrentNode(vtkMRMLNode*)",
    "setCurrentNodeID(QString)",
    "setCurrentNodeIndex(int)",
    "removeCurrentNode()",
    "editCurrentNode()",
    "renameCurrentNode()",
)


@standin(_SIGNALS, _SLOTS)
class qMRMLNodeComboBox(qt.QWidget):
    """All nodes of some classes in one list, with actions below them."""

    currentNodeChanged = Signal(object)
    _currentNodeValid = Signal(bool)
    currentNodeIDChanged = Signal(str)
    nodeActivated = Signal(object)
    nodeAdded = Signal(object)
    nodeAddedByUser = Signal(object)
    nodeAddedByUserAction = Signal(object)
    nodeAboutToBeRemoved = Signal(object)
    nodeAboutToBeEdited = Signal(object)
    currentNodeRenamed = Signal(str)

    showHidden = stored(bool, False, "_refresh")
    showChildNodeTypes = stored(bool, True, "_refresh")
    hideChildNodeTypes = stored("QStringList", (), "_refresh")
    noneEnabled = stored(bool, False, "_refresh")
    noneDisplay = stored(str, "None", "_refresh")
    addEnabled = stored(bool, True, "_refresh")
    removeEnabled = stored(bool, True, "_refresh")
    editEnabled = stored(bool, False, "_refresh")
    renameEnabled = stored(bool, False, "_refresh")
    selectNodeUponCreation = stored(bool, True)
    interactionNodeSingletonTag = stored(str, "Singleton")

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._types: tuple[str, ...] = ()
        self._attributes: dict[tuple[str, str], Any] = {}
        self._baseNames: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._actions: list[Any] = []
        self._current, self._requested = "", ""
        self._observations, self._nodeObservations = Observations(self), Observations(self)
        self._combo = self._makeComboBox()
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._combo)
        self.setFocusProxy(self._combo)
        self.setSizePolicy(qt.QSizePolicy.Preferred, qt.QSizePolicy.Fixed)
        self.setEnabled(False)

    def _makeComboBox(self, combo: Any = None) -> Any:
        combo = ctkComboBox() if combo is None else combo
        combo.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(8)
        combo.currentIndexChanged.connect(self._choose)
        combo.activated.connect(self._activate)
        combo.view().clicked.connect(self._runAction)
        return combo

    # --- the scene ---------------------------------------------------------------------------------------------

    def setMRMLScene(self, scene: Any) -> None:
        """List the nodes of a scene; without one the widget is disabled."""
        if scene is self._scene:
            return
        self._scene = scene
        self._observations.clear()
        if scene is not None:
            self._observations.add(scene, scene.NodeAddedEvent, self._onAdded, node=True)
            self._observations.add(scene, scene.NodeAboutToBeRemovedEvent, self._onAboutToBeRemoved, node=True)
            self._observations.add(scene, scene.NodeRemovedEvent, self._onRemoved, node=True)
            self._observations.add(scene, scene.EndBatchProcessEvent, self._refresh)
        self.setEnabled(scene is not None)
        requested, self._requested = self._requested or self._current, ""
        self._refresh()
        if requested:
            self.setCurrentNodeID(requested)

    def mrmlScene(self) -> Any:
        """Return the scene."""
        return self._scene

    def _onAdded(self, node: Any) -> None:
        if node is not None and self._accepts(node):
            self._refresh()
            self.nodeAdded.emit(node)

    def _onAboutToBeRemoved(self, node: Any) -> None:
        if node is not None and node.GetID() in self._ids():
            self.nodeAboutToBeRemoved.emit(node)

    def _onRemoved(self, node: Any) -> None:
        if node is None or node.GetID() in self._ids():
            self._refresh()

    def _accepts(self, node: Any) -> bool:
        if node.GetHideFromEditors() and not self.showHidden:
            return False
        if any(node.IsA(name) for name in self.hideChildNodeTypes):
            return False
        kinds = [t for t in self._types if (node.IsA(t) if self.showChildNodeTypes else node.GetClassName() == t)]
        return any(self._hasAttributes(node, kind) for kind in kinds)

    def _hasAttributes(self, node: Any, kind: str) -> bool:
        for (nodeType, name), wanted in self._attributes.items():
            if nodeType == kind:
                value = node.GetAttribute(name)
                if value is None or (wanted is not None and value != str(wanted)):
                    return False
        return True

    def _nodes(self) -> Iterator[Any]:
        scene = self._scene
        if scene is None or not self._types:
            return
        # The scene finds nodes of one class quickly; several classes must come in the order of the scene.
        oneClass = len(self._types) == 1
        count = scene.GetNumberOfNodesByClass(self._types[0]) if oneClass else scene.GetNumberOfNodes()
        for index in range(count):
            node = scene.GetNthNodeByClass(index, self._types[0]) if oneClass else scene.GetNthNode(index)
            if self._accepts(node):
                yield node

    # --- the list ----------------------------------------------------------------------------------------------

    def _ids(self) -> list[str]:
        return [id_ for id_ in (self._combo.itemData(n, _ID) for n in range(self._combo.count)) if id_]

    def _refresh(self) -> None:
        """Fill the list anew and keep the choice; a node that is gone gives way to None or the first node."""
        combo, before, wasEmpty = self._combo, self._current, not self._ids()
        nodes = list(self._nodes())
        with QSignalBlocker(combo):
            combo.clear()
            if self.noneEnabled:
                combo.addItem(self.noneDisplay)
            for node in nodes:
                combo.addItem(node.GetName() or node.GetID(), node.GetID())
            self._addActions()
            combo.defaultText = f"Select a {self.nodeTypeLabel(self._types[0] if self._types else '')}"
            ids = [node.GetID() for node in nodes]
            # Without None a combo box chooses by itself when it gets its first node, or loses the chosen one.
            first = ids[0] if ids and not self.noneEnabled and (before or wasEmpty) else ""
            kept = before if before in ids else first
            self._current = kept
            combo.setCurrentIndex(self._indexOf(kept))
        renamed = [(node, "ModifiedEvent", self._rename) for node in nodes]
        self._nodeObservations.replace(*renamed)
        if kept != before:
            self._tell()

    def _indexOf(self, nodeID: str) -> int:
        if nodeID:
            return self._combo.findData(nodeID, _ID)
        return 0 if self.noneEnabled else -1

    def _rename(self) -> None:
        if self._ids() != [node.GetID() for node in self._nodes()]:
            self._refresh()
        for row in range(self._combo.count):
            nodeID = self._combo.itemData(row, _ID)
            node = self._scene.GetNodeByID(nodeID) if nodeID else None
            if node is not None and node.GetName() != self._combo.itemText(row):
                self._combo.setItemText(row, node.GetName())

    def _addActions(self) -> None:
        label = self.nodeTypeLabel(self._types[0] if len(self._types) == 1 else "")
        entries = []
        if self.renameEnabled:
            entries.append((f"Rename current {label}", self.renameCurrentNode))
        if self.editEnabled:
            entries.append((f"Edit current {label}", self.editCurrentNode))
        if self.addEnabled:
            entries += [(f"Create new {self.nodeTypeLabel(t)}", lambda t=t: self._create(t)) for t in self._types]
        if self.removeEnabled:
            entries.append((f"Delete current {label}", self.removeCurrentNode))
        entries += [(action.text, action.trigger) for action in self._actions]
        if entries and self._scene is not None:
            self._combo.insertSeparator(self._combo.count)
            for text, action in entries:
                self._combo.addItem(text)
                self._combo.setItemData(self._combo.count - 1, action, _ACTION)
                # Not selectable, so that a click is told by the list and does not become the choice.
                self._combo.model().item(self._combo.count - 1).setFlags(Qt.ItemFlag.ItemIsEnabled)

    def _choose(self, row: int) -> None:
        if self._combo.itemData(row, _ACTION) is not None or (row >= 0 and not self._isChoice(row)):
            with QSignalBlocker(self._combo):
                self._combo.setCurrentIndex(self._indexOf(self._current))
            return
        self._set(self._combo.itemData(row, _ID) or "")

    def _isChoice(self, row: int) -> bool:
        return bool(self._combo.itemData(row, _ID)) or (self.noneEnabled and row == 0)

    def _activate(self, row: int) -> None:
        if self._isChoice(row):
            self.nodeActivated.emit(self.currentNode())

    def _runAction(self, index: Any) -> None:
        action = index.data(_ACTION)
        if action is not None:
            self._combo.hidePopup()
            action()

    def _set(self, nodeID: str) -> None:
        if nodeID != self._current:
            self._current = nodeID
            with QSignalBlocker(self._combo):
                self._combo.setCurrentIndex(self._indexOf(nodeID))
            self._combo.update()
            self._tell()

    def _tell(self) -> None:
        node = self.currentNode()
        self.currentNodeChanged.emit(node)
        self._currentNodeValid.emit(node is not None)
        self.currentNodeIDChanged.emit(self._current)

    # --- what modules use --------------------------------------------------------------------------------------

    def currentNode(self) -> Any:
        """Return the chosen node, or None."""
        return self._scene.GetNodeByID(self._current) if self._scene is not None and self._current else None

    def setCurrentNode(self, node: Any) -> None:
        """Choose a node; None, or a node that is not in the list, chooses nothing."""
        self.setCurrentNodeID(node.GetID() if node is not None else "")

    def setCurrentNodeID(self, nodeID: str) -> None:
        """Choose a node by its ID; before the scene is set the choice waits for it."""
        if self._scene is None:
            self._requested = nodeID or ""
        else:
            self._set(nodeID if nodeID in self._ids() else "")

    def setCurrentNodeIndex(self, index: int) -> None:
        """Choose the n-th node."""
        ids = self._ids()
        self._set(ids[index] if 0 <= index < len(ids) else "")

    def nodeCount(self) -> int:
        """Return the number of nodes in the list."""
        return len(self._ids())

    def nodeFromIndex(self, index: int) -> Any:
        """Return the n-th node, or None."""
        ids = self._ids()
        return self._scene.GetNodeByID(ids[index]) if 0 <= index < len(ids) else None

    def addNode(self, nodeType: str | None = None) -> Any:
        """Make a node of one of the node types."""
        nodeType = nodeType or (self._types[0] if self._types else None)
        if nodeType not in self._types or self._scene is None:
            return None
        node = self._scene.CreateNodeByClass(nodeType)
        node.UnRegister(None)
        name = self._baseNames.get(nodeType) or self._scene.GetTagByClassName(nodeType)
        node.SetName(self._scene.GenerateUniqueName(name))
        for (kind, attribute), value in self._attributes.items():
            if kind == nodeType and value is not None:
                node.SetAttribute(attribute, str(value))
        node = self._scene.AddNode(node)
        if self.selectNodeUponCreation:
            self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node

    def _create(self, nodeType: str) -> None:
        node = self.addNode(nodeType)
        self.setCurrentNode(node)
        self.nodeAddedByUserAction.emit(node)

    def removeCurrentNode(self) -> None:
        """Take the chosen node out of the scene."""
        self._scene.RemoveNode(self.currentNode())

    def editCurrentNode(self) -> None:
        """Tell that the node should be edited."""
        self.nodeAboutToBeEdited.emit(self.currentNode())

    def renameCurrentNode(self) -> None:
        """Ask for another name."""
        node = self.currentNode()
        name = qt.QInputDialog.getText(self, "Rename", "New name:") if node is not None else ""
        if name:
            node.SetName(name)
            self.currentNodeRenamed.emit(name)

    def addAttribute(self, nodeType: str, name: str, value: Any = None) -> None:
        """List only nodes with an attribute, of any value if none is given."""
        self._attributes[nodeType, name] = value
        self._refresh()

    def removeAttribute(self, nodeType: str, name: str) -> None:
        """Undo ``addAttribute``."""
        self._attributes.pop((nodeType, name), None)
        self._refresh()

    def nodeTypeLabel(self, nodeType: str) -> str:
        """Return how a node type is called in the list."""
        known = self._scene.GetTypeDisplayNameByClassName(nodeType) if self._scene is not None and nodeType else ""
        return self._labels.get(nodeType) or known or "node"

    def setNodeTypeLabel(self, label: str, nodeType: str) -> None:
        """Say how a node type is called in the list."""
        self._labels[nodeType] = label
        self._refresh()

    def addMenuAction(self, action: Any) -> None:
        """Add an action to the list."""
        self._actions.append(action)
        self._refresh()

    def _setTypes(self, types: Any) -> None:
        self._types = tuple(t for t in types if t)
        self._refresh()

    def _setBaseName(self, name: str) -> None:
        self._baseNames.update(dict.fromkeys(self._types, name))

    nodeTypes = Property("QStringList", lambda self: self._types, _setTypes)
    baseName = Property(str, lambda self: self._baseNames.get(self._types[0], "") if self._types else "", _setBaseName)
    currentNodeID = Property(str, lambda self: self._current, setCurrentNodeID)
    sizeAdjustPolicy = Property(
        int,
        lambda self: self._combo.sizeAdjustPolicy.value,
        lambda self, v: self._combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy(getattr(v, "value", v))),
    )
