"""``qMRMLSegmentSelectorWidget``: a segmentation and one of its segments; follows its header and .cpp in Slicer."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QComboBox, QLabel

from .combos import ctkCheckableComboBox
from .declare import standin, stored
from .mrmlWidget import Observations, qMRMLWidget
from .nodeCombo import qMRMLNodeComboBox

_NONE = "None"
_SIGNALS = {
    "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged",
    "currentNodeChanged(bool)": "_currentNodeValid",
    "nodeAboutToBeEdited(vtkMRMLNode*)": "nodeAboutToBeEdited",
    "mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged",
}
_SLOTS = (
    "setMRMLScene(vtkMRMLScene*)",
    "setCurrentNode(vtkMRMLNode*)",
    "setCurrentNodeID(QString)",
    "setCurrentSegmentID(QString)",
    "setSelectedSegmentIDs(QStringList)",
)


@standin(_SIGNALS, _SLOTS)
class qMRMLSegmentSelectorWidget(qMRMLWidget):
    """A node selector for segmentations, and a combo box for the segments of the chosen one."""

    currentNodeChanged = Signal(object)
    _currentNodeValid = Signal(bool)
    currentSegmentChanged = Signal(str)
    segmentSelectionChanged = Signal("QStringList")
    nodeAboutToBeEdited = Signal(object)
    noneEnabled = stored(bool, False, "_applyOptions")
    editEnabled = stored(bool, False, "_applyOptions")
    segmentationNodeSelectorVisible = stored(bool, True, "_applyOptions")
    multiSelection = stored(bool, False, "_applyOptions")
    horizontalLayout = stored(bool, False, "_applyOptions")
    selectNodeUponCreation = stored(bool, True, "_applyOptions")

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._nodes, self._segments, self._checks = qMRMLNodeComboBox(), QComboBox(), ctkCheckableComboBox()
        self._nodes.nodeTypes = ["vtkMRMLSegmentationNode"]
        self._nodes.addEnabled = False
        self._nodes.removeEnabled = False
        self._observations = Observations(self)
        self._segmentID = ""
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._message = QLabel()
        for part in (self._nodes, self._segments, self._checks, self._message):
            self._box.addWidget(part)
        self._nodes.currentNodeChanged.connect(self._onNode)
        self._segments.currentIndexChanged.connect(self._onSegment)
        self._checks.checkedIndexesChanged.connect(
            lambda: self.segmentSelectionChanged.emit(list(self.selectedSegmentIDs()))
        )
        self._nodes.nodeAboutToBeEdited.connect(self.nodeAboutToBeEdited)
        self._applyOptions()

    def _applyOptions(self) -> None:
        for name in ("noneEnabled", "editEnabled", "selectNodeUponCreation"):
            setattr(self._nodes, name, getattr(self, name))
        self._nodes.setVisible(self.segmentationNodeSelectorVisible)
        direction = QBoxLayout.Direction
        self._box.setDirection(direction.LeftToRight if self.horizontalLayout else direction.TopToBottom)
        self._populate()

    def setMRMLScene(self, scene: Any) -> None:
        """List the segmentations of a scene."""
        super().setMRMLScene(scene)
        self._nodes.setMRMLScene(scene)

    def _onNode(self, node: Any) -> None:
        observed = ()
        if node is not None:
            events = ("SegmentAdded", "SegmentRemoved", "SegmentModified")
            subject = node.GetSegmentation()
            observed = tuple((subject, getattr(subject, event), self._populate) for event in events)
        self._observations.replace(*observed)
        self._populate()
        self.currentNodeChanged.emit(node)
        self._currentNodeValid.emit(node is not None)

    def _populate(self) -> None:
        """Fill the list of segments, and choose the first one, as Slicer does whenever a segment changes."""
        if "_segments" not in self.__dict__:
            return
        node = self._nodes.currentNode()
        segmentation = node.GetSegmentation() if node is not None else None
        count = segmentation.GetNumberOfSegments() if segmentation is not None else 0
        ids = [segmentation.GetNthSegmentID(n) for n in range(count)]
        checked = set(self.selectedSegmentIDs())
        with QSignalBlocker(self._segments), QSignalBlocker(self._checks.checkableModel()):
            self._segments.clear()
            self._checks.clear()
            if self.noneEnabled and ids:
                self._segments.addItem(_NONE, "")
            for row, id_ in enumerate(ids):
                self._segments.addItem(segmentation.GetSegment(id_).GetName() or "", id_)
                self._checks.addItem(segmentation.GetSegment(id_).GetName() or "", id_)
                state = Qt.CheckState.Checked if id_ in checked else Qt.CheckState.Unchecked
                self._checks.checkableModel().item(row).setCheckState(state)
            self._segments.setCurrentIndex(-1)
        self._message.setText(
            "" if ids else "No segments in segmentation" if node is not None else "No node is selected"
        )
        self._message.setVisible(not ids)
        self._segments.setVisible(bool(ids) and not self.multiSelection)
        self._checks.setVisible(bool(ids) and self.multiSelection)
        if ids:
            self._segments.setCurrentIndex(1 if self.noneEnabled else 0)
        else:
            self._segmentID = ""

    def _onSegment(self, row: int) -> None:
        self._segmentID = self._segments.itemData(row) or ""
        self.currentSegmentChanged.emit(self._segmentID)

    def currentNode(self) -> Any:
        """Return the chosen segmentation."""
        return self._nodes.currentNode()

    def currentNodeID(self) -> str:
        """Return the ID of the chosen segmentation."""
        return self._nodes.currentNodeID

    def setCurrentNode(self, node: Any) -> None:
        """Choose a segmentation."""
        self._nodes.setCurrentNode(node)

    def setCurrentNodeID(self, nodeID: str) -> None:
        """Choose a segmentation by its ID."""
        self._nodes.setCurrentNodeID(nodeID)

    def currentSegmentID(self) -> str:
        """Return the ID of the chosen segment; empty while many may be chosen."""
        return "" if self.multiSelection else self._segmentID

    def setCurrentSegmentID(self, segmentID: str) -> None:
        """Choose a segment."""
        row = self._segments.findData(segmentID)
        if not self.multiSelection and row >= 0:
            self._segments.setCurrentIndex(row)

    def selectedSegmentIDs(self) -> tuple[str, ...]:
        """Return the IDs of the checked segments; empty while only one may be chosen."""
        if not self.multiSelection:
            return ()
        return tuple(index.data(Qt.ItemDataRole.UserRole) for index in self._checks.checkedIndexes())

    def setSelectedSegmentIDs(self, segmentIDs: Any) -> None:
        """Check segments."""
        model = self._checks.checkableModel()
        for row in range(model.rowCount() if self.multiSelection else 0):
            chosen = model.item(row).data(Qt.ItemDataRole.UserRole) in tuple(segmentIDs)
            model.item(row).setCheckState(Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
