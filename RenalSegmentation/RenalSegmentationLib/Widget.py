"""The panel: what is chosen and shown; the work is done by its parts."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from renal_segmentation.errors import RenalError
from RenalLayersLib.AutoUpdate import AutoUpdate
from RenalLayersLib.Binding import Binding
from RenalSegmentationLib.Correction import CorrectionPanel
from RenalSegmentationLib.Labels import referenceOf
from RenalSegmentationLib.LiveLayers import LiveLayers
from RenalSegmentationLib.Logic import RenalSegmentationLogic
from RenalSegmentationLib.Process import Process
from RenalSegmentationLib.Reference import giveReference
from RenalSegmentationLib.Result import isAiCopy, segmentationOf, showCopy
from RenalSegmentationLib.Review import ReviewPanel
from RenalSegmentationLib.RunPanel import RunPanel, State
from RenalSegmentationLib.Tissue import TissuePanel
from RenalSegmentationLib.Views import showKidneys
from RenalSegmentationLib.VolumesPanel import VolumesPanel
from RenalSegmentationLib.WorklistPanel import WorklistPanel


class RenalSegmentationPanel(VTKObservationMixin):
    """Connects the widgets with the logic.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    logic : RenalSegmentationLogic
        Does the work.
    """

    def __init__(self, ui: Any, logic: RenalSegmentationLogic) -> None:
        super().__init__()
        self.ui, self.logic = ui, logic
        self._parameters: Any = None
        self._binding = Binding(ui)
        self._seen: dict[str, Any] = {}
        self._edits = AutoUpdate(self._edited)
        self._live = LiveLayers(self._say)
        self._run = RunPanel(ui, logic, self._say, self._replacing, self._outlined, self._blocked)
        self._correction = CorrectionPanel(ui, self._say)
        self._tissue = TissuePanel(ui, self._say)
        self._worklist = WorklistPanel(
            ui,
            self._say,
            self._run.choice,
            self._run.readyPredictor,
            self._caseOpened,
            self._saveReview,
            self._run.log,
            self._updateButtons,
        )
        self._volumes = VolumesPanel(ui, self._say, self._worklist.keepBody)
        self._review = ReviewPanel(ui, self._say, self._worklist.keep)
        ui.handOverButton.connect("clicked()", self._handOver)
        for section in (ui.volumesButton, ui.reviewButton):
            section.connect("contentsCollapsed(bool)", self._sectionToggled)

    @property
    def isResting(self) -> bool:
        """Whether nothing is under way and no change waits to be dealt with."""
        waiting = self._edits.isWaiting or not self._live.isResting or not self._worklist.isResting
        return self._run.isResting and not waiting

    @property
    def state(self) -> State:
        """What the panel is doing."""
        return self._run.state

    @property
    def process(self) -> Process:
        """The program that Apply started."""
        return self._run.process

    @property
    def worklist(self) -> WorklistPanel:
        """The part that steps through cases."""
        return self._worklist

    # -- life cycle

    def enter(self) -> None:
        """Begin to follow the scene."""
        self.setParameters(self.logic.getParameterNode())
        self._correction.enter()
        self._worklist.exit()
        self._worklist.enter()

    def exit(self) -> None:
        """Stop following the scene, and take away what is shown for this module only; a run goes on."""
        if self._parameters is not None:
            showCopy(self._parameters.segmentation, False)
        self._correction.exit()
        self._worklist.exit()
        self.setParameters(None)

    def sceneIsClosing(self) -> None:
        """Let go of everything in the scene, a run under way included."""
        self._run.end()
        self._worklist.sceneIsClosing()
        self._correction.sceneIsClosing()
        self._review.sceneIsClosing()
        self.setParameters(None)
        self._binding.release()
        self.logic.forget()
        self._say("")

    def cleanup(self) -> None:
        """Leave no observer, no thread and no program behind."""
        self._run.end()
        self._worklist.background.abandon()
        self._correction.exit()
        self._worklist.exit()
        self.setParameters(None)
        self._binding.release()
        self.removeObservers()
        self.ui.segmentEditor.setMRMLScene(None)

    def setParameters(self, parameters: Any) -> None:
        """Show and follow these parameters; None follows nothing."""
        if self._parameters is not None:
            self.removeObserver(self._parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._modified)
        self._edits.leave()
        self._live.leave()
        self._parameters, self._seen = parameters, {}
        for part in (self._run, self._correction, self._tissue, self._worklist):
            part.setParameters(parameters)
        if parameters is None:
            self._volumes.show(None)
            self._review.leave()
        else:
            self._binding.bind(parameters)
            self.addObserver(parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._modified)
            self._parametersChanged()

    # -- following the parameters

    def _modified(self, caller: Any, event: str) -> None:
        self._parametersChanged()

    def _parametersChanged(self) -> None:
        """Do what follows from those parameters that have changed since the last time."""
        p = self._parameters
        if p is None:
            return
        segmentation = self._changed("segmentation", p.segmentation)
        volume = self._changed("volume", p.inputVolume)
        if segmentation and p.segmentation is not None:
            self._chooseImage()
        elif volume and not segmentation and referenceOf(p.segmentation) is not p.inputVolume:
            if self._takesImage():
                self._seen = {}
                self._parametersChanged()
                return
            p.segmentation = segmentationOf(p.inputVolume)
        if self._parameters is None or p.segmentation is not self._seen["segmentation"]:
            return
        if self._changed("model", p.model):
            self._run.chooseModel(p.model)
        if segmentation:
            self._edits.watch(p.segmentation)
            self._live.follow(p.segmentation)
            self._worklist.follow(p.segmentation)
            self._volumes.show(p.segmentation)
            self._correction.refresh()
        if self._changed("ai", (p.segmentation, p.showAi)):
            showCopy(p.segmentation, p.showAi)
        if self._changed("review", (p.segmentation, p.showChanges)):
            self._showReview()
        self._tissue.refresh()
        self._updateButtons()

    def _chooseImage(self) -> None:
        """Choose the image of a segmentation; where it has none that is for the user to do."""
        p = self._parameters
        p.inputVolume = referenceOf(p.segmentation)
        if p.inputVolume is None:
            sentence = _("'{mask}' belongs to no image yet: choose the image it was drawn on.")
            self._say(sentence.format(mask=p.segmentation.GetName()), isError=True)

    def _takesImage(self) -> bool:
        """Return whether the image that was chosen is now that of a segmentation which had none."""
        p = self._parameters
        if p.segmentation is None or referenceOf(p.segmentation) is not None:
            return False
        try:
            giveReference(p.segmentation, p.inputVolume)
        except RenalError as error:
            self._say(str(error), isError=True)
            return False
        sentence = _("'{mask}' is the mask of '{image}' from now on.")
        self._say(sentence.format(mask=p.segmentation.GetName(), image=p.inputVolume.GetName()))
        return True

    def _changed(self, name: str, value: Any) -> bool:
        """Tell whether a value differs from the one at the last call."""
        known, before = name in self._seen, self._seen.get(name)
        self._seen[name] = value
        return not known or bool(before != value)

    def _edited(self) -> None:
        """Measure and check again after a correction."""
        self._volumes.refresh()
        self._review.edited()

    def _sectionToggled(self, collapsed: bool) -> None:
        if not collapsed and self._parameters is not None:
            self._volumes.refresh()
            self._showReview()

    def _showReview(self) -> None:
        p = self._parameters
        if p is not None:
            self._review.show(p.segmentation, p.showChanges)

    # -- the network

    def _replacing(self, node: Any) -> None:
        self._correction.keepForUndo(node)

    def _outlined(self, node: Any, answer: dict[str, Any]) -> None:
        """Show what the network has found, unless another image is looked at; `answer` is what it says of it."""
        if self.logic.getParameterNode().segmentation is node:
            showKidneys(node)
        self._worklist.outlined(node, answer)
        if self._parameters is not None:
            self._edited()

    def _blocked(self) -> str:
        busy = self._worklist.background.busy
        return _("The worklist is being outlined: wait, or stop it first.") if busy else ""

    # -- worklist, review and hand-over

    def _caseOpened(self, volume: Any, node: Any) -> None:
        """Show a case of the worklist."""
        p = self.logic.getParameterNode()
        with slicer.util.NodeModify(p):
            p.inputVolume, p.segmentation = volume, node
        if node is not None:
            showKidneys(node, fit=True)
        elif volume is not None:
            slicer.util.setSliceViewerLayers(background=volume, fit=True)

    def _saveReview(self) -> bool:
        return self._review.save()

    def _handOver(self) -> None:
        try:
            self._live.open(self._parameters.segmentation)
        except RenalError as error:
            self._say(str(error), isError=True)

    # -- showing

    def _updateButtons(self) -> None:
        self._run.refresh()
        p = self._parameters
        chosen = p is not None and p.segmentation is not None and not isAiCopy(p.segmentation)
        self.ui.handOverButton.enabled = chosen
        self.ui.showAiCheck.enabled = chosen

    def _say(self, text: str, isError: bool = False, notices: Sequence[str] | None = None) -> None:
        """Show a sentence and, after a run, its warnings."""
        escaped = html.escape(text)
        self.ui.statusLabel.text = f"<b style='color:#b00020'>{escaped}</b>" if isError else escaped
        items = "".join(f"<li>{html.escape(notice)}</li>" for notice in notices or ())
        if items or notices is not None or isError:
            self.ui.warningsLabel.text = f"<b>{_('Please check')}:</b><ul>{items}</ul>" if items else ""
        self.ui.statusLabel.visible, self.ui.warningsLabel.visible = bool(text), bool(self.ui.warningsLabel.text)
