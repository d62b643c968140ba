"""``qMRMLSegmentEditorWidget``: edit segments by hand; follows its header and .cxx in Slicer.

The widget stands on Slicer's own ``vtkSlicerSegmentEditorLogic`` and keeps all state in the segment editor node.
"""

from __future__ import annotations

from typing import Any

import slicer
from PySide6.QtCore import Property, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDoubleSpinBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QToolButton,
    QVBoxLayout,
)

from .declare import standin, stored
from .mrmlWidget import Observations, qMRMLWidget
from .nodeCombo import qMRMLNodeComboBox
from .segmentEffects import EFFECTS, MISSING, SegmentEditorEffect
from .segmentsTable import qMRMLSegmentsTableView
from .show3D import qMRMLSegmentationShow3DButton
from .strokes import Strokes

_SIGNALS = {
    "mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged",
    "segmentationNodeChanged(vtkMRMLSegmentationNode*)": "segmentationNodeChanged",
    "sourceVolumeNodeChanged(vtkMRMLVolumeNode*)": "sourceVolumeNodeChanged",
}
_SLOTS = (
    "setMRMLScene(vtkMRMLScene*)",
    "setMRMLSegmentEditorNode(vtkMRMLSegmentEditorNode*)",
    "setSegmentationNode(vtkMRMLNode*)",
    "setSourceVolumeNode(vtkMRMLNode*)",
    "setActiveEffectByName(QString)",
    "undo()",
    "redo()",
)


@standin(_SIGNALS, _SLOTS)
class qMRMLSegmentEditorWidget(qMRMLWidget):
    """Selectors, a table of segments, effects and undo."""

    currentSegmentIDChanged = Signal(str)
    segmentationNodeChanged = Signal(object)
    sourceVolumeNodeChanged = Signal(object)
    segmentationNodeSelectorVisible = stored(bool, True, "_applyOptions")
    sourceVolumeNodeSelectorVisible = stored(bool, True, "_applyOptions")
    switchToSegmentationsButtonVisible = stored(bool, True)
    autoShowSourceVolumeNode = stored(bool, True)
    undoEnabled = stored(bool, True, "_applyOptions")
    readOnly = stored(bool, False, "_applyOptions")
    effectButtonStyle = stored(int, Qt.ToolButtonStyle.ToolButtonTextBesideIcon.value)
    effectColumnCount = stored(int, 2)
    unorderedEffectsVisible = stored(bool, True, "_applyOptions")
    defaultTerminologyEntry = stored(str, "")
    defaultTerminologyEntrySettingsKey = stored(str, "Segmentations/DefaultTerminologyEntry")
    jumpToSelectedSegmentEnabled = stored(bool, False)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._logic = slicer.vtkSlicerSegmentEditorLogic()
        self._node: Any = None
        self._order: tuple[str, ...] = ()
        self._following = False
        self._effects = {cls.name: cls(self._logic) for cls in EFFECTS}
        self._strokes = Strokes(self.activeEffect)
        self._observations = Observations(self)
        self._build()
        self._logic.AddObserver(self._logic.SegmentationHistoryChangedEvent, lambda *_: self._showUndo())
        self._applyOptions()

    # --- look ----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self._segmentations, self._volumes = qMRMLNodeComboBox(), qMRMLNodeComboBox()
        self._segmentations.nodeTypes = ["vtkMRMLSegmentationNode"]
        self._volumes.nodeTypes = ["vtkMRMLScalarVolumeNode"]
        self._volumes.addEnabled = False
        for selector in (self._segmentations, self._volumes):
            selector.noneEnabled = True
            selector.removeEnabled = False
        self._form = QFormLayout()
        self._form.addRow("Segmentation:", self._segmentations)
        self._form.addRow("Source volume:", self._volumes)
        self._add, self._remove = QPushButton("Add"), QPushButton("Remove")
        self._show3D, self._table = qMRMLSegmentationShow3DButton(), qMRMLSegmentsTableView()
        buttons = QHBoxLayout()
        for button in (self._add, self._remove, self._show3D):
            buttons.addWidget(button)
        self._undo, self._redo, self._apply = QPushButton("Undo"), QPushButton("Redo"), QPushButton("Apply")
        history = QHBoxLayout()
        for button in (self._undo, self._redo, self._apply):
            history.addWidget(button)
        self._diameter = QDoubleSpinBox()
        self._diameter.setSuffix(" mm")
        self._diameter.setRange(0.1, 200)
        self._options = QFormLayout()
        self._options.addRow("Diameter:", self._diameter)
        column = QVBoxLayout(self)
        for part in (self._form, buttons):
            column.addLayout(part)
        column.addWidget(self._table)
        for part in (self._effectGrid(), self._options, history):
            column.addLayout(part)
        self._connect()

    def _effectGrid(self) -> QGridLayout:
        grid, self._group = QGridLayout(), QButtonGroup(self)
        self._group.setExclusive(False)
        self._buttons: dict[str, QToolButton] = {}
        for number, name in enumerate(self._effects):
            button = self._buttons[name] = QToolButton()
            button.setText(name)
            button.setObjectName(name)
            button.setCheckable(True)
            button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed)
            self._group.addButton(button)
            grid.addWidget(button, number // 3, number % 3)
        return grid

    def _connect(self) -> None:
        self._segmentations.currentNodeChanged.connect(self.setSegmentationNode)
        self._volumes.currentNodeChanged.connect(self.setSourceVolumeNode)
        self._table.selectionChanged.connect(lambda *_: self._chooseFromTable())
        self._add.clicked.connect(lambda: self._addSegment())
        self._remove.clicked.connect(lambda: self._logic.RemoveSelectedSegment())
        self._undo.clicked.connect(lambda: self.undo())
        self._redo.clicked.connect(lambda: self.redo())
        self._apply.clicked.connect(lambda: self.activeEffect().onApply())
        self._diameter.valueChanged.connect(
            lambda v: self.activeEffect().setCommonParameter("BrushAbsoluteDiameter", v)
        )
        self._group.buttonClicked.connect(
            lambda button: self.setActiveEffectByName(button.text() if button.isChecked() else "")
        )

    def _setDiameter(self, diameter: float) -> None:
        self.activeEffect().setCommonParameter("BrushAbsoluteDiameter", diameter)

    def _applyOptions(self) -> None:
        if "_options" not in self.__dict__:
            return
        self._form.setRowVisible(0, self.segmentationNodeSelectorVisible)
        self._form.setRowVisible(1, self.sourceVolumeNodeSelectorVisible)
        for name, button in self._buttons.items():
            button.setVisible(name in self._order or not self._order or self.unorderedEffectsVisible)
        for button in (self._undo, self._redo):
            button.setVisible(self.undoEnabled)
        self._table.readOnly = self.readOnly
        self.updateWidgetFromMRML()

    def _showUndo(self) -> None:
        self._undo.setEnabled(bool(self._logic.CanUndo()))
        self._redo.setEnabled(bool(self._logic.CanRedo()))

    def updateWidgetFromMRML(self) -> None:
        """Show what the segment editor node says."""
        if self._following:
            return
        self._following = True
        node, segmentation = self._node, self.segmentationNode()
        self._segmentations.setCurrentNode(segmentation)
        self._volumes.setCurrentNode(self.sourceVolumeNode())
        if self._table.segmentationNode() is not segmentation:
            self._table.setSegmentationNode(segmentation)
            self._show3D.setSegmentationNode(segmentation)
        chosen = node.GetSelectedSegmentID() if node is not None else None
        self._table.setSelectedSegmentIDs((chosen,) if chosen else ())
        active = node.GetActiveEffectName() if node is not None else None
        usable = segmentation is not None and not self.readOnly
        for name, button in self._buttons.items():
            button.setChecked(name == active)
            button.setEnabled(usable and self.sourceVolumeNode() is not None)
        for button in (self._add, self._remove):
            button.setEnabled(usable)
        effect = self.activeEffect()
        self._options.setRowVisible(0, effect is not None and "BrushAbsoluteDiameter" in effect.defaults)
        self._apply.setVisible(effect is not None and type(effect).onApply is not SegmentEditorEffect.onApply)
        if effect is not None and "BrushAbsoluteDiameter" in effect.defaults:
            with QSignalBlocker(self._diameter):
                self._diameter.setValue(effect.doubleParameter("BrushAbsoluteDiameter"))
        self._showUndo()
        self._following = False

    # --- nodes ---------------------------------------------------------------------------------------------------

    def setMRMLScene(self, scene: Any) -> None:
        """Set the scene."""
        super().setMRMLScene(scene)
        self._logic.SetMRMLScene(scene)
        self._following = True
        for selector in (self._segmentations, self._volumes):
            selector.setMRMLScene(scene)
        self._following = False
        if scene is None:
            self.removeViewObservations()
            self.setMRMLSegmentEditorNode(None)
        self.updateWidgetFromMRML()

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        """Set the node that keeps all choices."""
        self._node = node
        self._logic.SetSegmentEditorNode(node)
        self._observations.replace((node, "ModifiedEvent", self.updateWidgetFromMRML))
        self.updateWidgetFromMRML()

    def mrmlSegmentEditorNode(self) -> Any:
        """Return the node that keeps all choices."""
        return self._node

    def segmentationNode(self) -> Any:
        """Return the segmentation that is edited."""
        return self._node.GetSegmentationNode() if self._node is not None else None

    def segmentationNodeID(self) -> str:
        """Return the ID of the segmentation that is edited."""
        return self.segmentationNode().GetID() if self.segmentationNode() is not None else ""

    def setSegmentationNode(self, node: Any) -> None:
        """Edit another segmentation; its first segment is selected."""
        if self._following or self._node is None or node is self.segmentationNode():
            return
        self._node.SetAndObserveSegmentationNode(node)
        self._logic.SetSegmentationNode(node)
        if node is not None:
            source = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
            if source is not None:
                self.setSourceVolumeNode(source)
            self._logic.SelectFirstSegment(False)
        self.updateWidgetFromMRML()
        self.segmentationNodeChanged.emit(node)

    def setSegmentationNodeID(self, nodeID: str) -> None:
        """Edit another segmentation, by its ID."""
        self.setSegmentationNode(self.mrmlScene().GetNodeByID(nodeID))

    def sourceVolumeNode(self) -> Any:
        """Return the volume that is looked at."""
        return self._node.GetSourceVolumeNode() if self._node is not None else None

    def sourceVolumeNodeID(self) -> str:
        """Return the ID of the volume that is looked at."""
        return self.sourceVolumeNode().GetID() if self.sourceVolumeNode() is not None else ""

    def setSourceVolumeNode(self, node: Any) -> None:
        """Look at another volume; it is shown in the slice views."""
        if self._following or self._node is None or node is self.sourceVolumeNode():
            return
        self._node.SetAndObserveSourceVolumeNode(node)
        self._logic.SetSourceVolumeNode(node)
        segmentation = self.segmentationNode()
        if node is not None and segmentation is not None and not segmentation.GetSegmentation().GetNumberOfSegments():
            segmentation.SetReferenceImageGeometryParameterFromVolumeNode(node)
        if node is not None and self.autoShowSourceVolumeNode:
            slicer.util.setSliceViewerLayers(background=node)
        self.updateWidgetFromMRML()
        self.sourceVolumeNodeChanged.emit(node)

    def setSourceVolumeNodeID(self, nodeID: str) -> None:
        """Look at another volume, by its ID."""
        self.setSourceVolumeNode(self.mrmlScene().GetNodeByID(nodeID))

    # --- segments ------------------------------------------------------------------------------------------------

    def currentSegmentID(self) -> str:
        """Return the ID of the selected segment."""
        return (self._node.GetSelectedSegmentID() or "") if self._node is not None else ""

    def setCurrentSegmentID(self, segmentID: str) -> None:
        """Select a segment."""
        if self._node is not None and segmentID != self.currentSegmentID():
            self._logic.SetCurrentSegmentID(segmentID)
            self.currentSegmentIDChanged.emit(segmentID)

    def _chooseFromTable(self) -> None:
        chosen = self._table.selectedSegmentIDs()
        if chosen and not self._following:
            self.setCurrentSegmentID(chosen[0])

    def _addSegment(self) -> None:
        self.setCurrentSegmentID(self._logic.AddEmptySegment())

    # --- effects -------------------------------------------------------------------------------------------------

    def activeEffect(self) -> Any:
        """Return the effect in use, or None."""
        return self._effects.get(self._node.GetActiveEffectName()) if self._node is not None else None

    def setActiveEffect(self, effect: Any) -> None:
        """Use an effect, or none."""
        self.setActiveEffectByName(effect.name if effect is not None else "")

    def setActiveEffectByName(self, name: str) -> None:
        """Use an effect, or none for an empty name."""
        if name:
            self.effectByName(name)
        if self._node is not None:
            self._node.SetActiveEffectName(name or None)

    def effectByName(self, name: str) -> Any:
        """Return an effect, None if Slicer has none of the name.

        Raises
        ------
        NotImplementedError
            For an effect that Slicer has and the host has not.
        """
        if name in MISSING:
            raise NotImplementedError(f"The host has no effect '{name}'")
        return self._effects.get(name)

    def availableEffectNames(self) -> tuple[str, ...]:
        """Return the names of the effects."""
        return tuple(self._effects)

    def setEffectNameOrder(self, names: Any) -> None:
        """Say which effects come first."""
        self._order = tuple(names)
        self._applyOptions()

    def effectNameOrder(self) -> tuple[str, ...]:
        """Return which effects come first."""
        return self._order

    def setupViewObservations(self) -> None:
        """Let the active effect have the mouse in the slice views; call it in ``enter``."""
        self._strokes.observe(slicer.app.layoutManager())

    def removeViewObservations(self) -> None:
        """Give the mouse back; call it in ``exit``."""
        self._strokes.release()

    # --- undo ----------------------------------------------------------------------------------------------------

    def saveStateForUndo(self) -> None:
        """Keep the segmentation for Undo."""
        self._logic.SaveStateForUndo()

    def undo(self) -> None:
        """Go back one step."""
        self._logic.Undo()

    def redo(self) -> None:
        """Go forward one step."""
        self._logic.Redo()

    maximumNumberOfUndoStates = Property(
        int,
        lambda self: self._logic.GetMaximumNumberOfUndoStates(),
        lambda self, v: self._logic.SetMaximumNumberOfUndoStates(v),
    )
