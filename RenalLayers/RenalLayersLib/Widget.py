"""The panel: one state, its buttons and its messages; what it shows is filled by its parts."""

from __future__ import annotations

import html
import logging
import time
from enum import Enum, auto
from typing import Any

import qt
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from renal_layers.analysis import Analysis
from renal_segmentation.errors import CancelledError, RenalError
from RenalLayersLib.Adoption import adoptStudy
from RenalLayersLib.AutoUpdate import AutoUpdate
from RenalLayersLib.Binding import Binding
from RenalLayersLib.Display import ViewState, openLayout, showModels, showOverlay
from RenalLayersLib.ExportButtons import ExportButtons
from RenalLayersLib.Freshness import Freshness
from RenalLayersLib.Inputs import Job, missingInput
from RenalLayersLib.InputsPanel import InputsPanel
from RenalLayersLib.Layout import registerLayout, showChart
from RenalLayersLib.Links import Links
from RenalLayersLib.Logic import RenalLayersLogic, viewOf
from RenalLayersLib.Parameters import LayerModel, settingsOf
from RenalLayersLib.ProfilesPanel import ProfilesPanel
from RenalLayersLib.Results import storedSettings
from RenalLayersLib.ResultsPanel import ResultsPanel
from RenalLayersLib.Steps import stepText
from RenalLayersLib.Worker import Worker

_SHORT_S = 0.4
"""A run that is over sooner shows no progress: at every stroke of the brush the panel would flicker."""
_MODELS_MS = 400
"""While the mask is edited the 3D models follow once the hand rests this long."""


class State(Enum):
    """What the panel is doing."""

    Idle = auto()
    Running = auto()
    Cancelling = auto()


class RenalLayersPanel(VTKObservationMixin):
    """Connects the widgets with the logic.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    logic : RenalLayersLogic
        Does the work.
    """

    def __init__(self, ui: Any, logic: RenalLayersLogic) -> None:
        super().__init__()
        self.ui, self.logic = ui, logic
        self.state = State.Idle
        self._parameters: Any = None
        self._binding = Binding(ui)
        self._seen: dict[str, Any] = {}
        self._job: Job | None = None
        self._again = self._automatic = self._unseen = False
        self._said = self._hint = ""
        self._started = 0.0
        self._before: ViewState | None = None
        self._models = qt.QTimer()
        self._models.setSingleShot(True)
        self._models.setInterval(_MODELS_MS)
        self._models.connect("timeout()", self._showModels)
        self._worker = Worker(self._progressed, self._done, self._failed)
        self._autoUpdate = AutoUpdate(self._runByItself)
        self._inputs = InputsPanel(ui, self._parametersChanged)
        self._profiles = ProfilesPanel(ui)
        self._results = ResultsPanel(ui, lambda layer: self._links.highlight(layer))
        self._links = Links(ui, logic, self._results)
        self._freshness = Freshness(logic)
        self._export = ExportButtons(ui, logic, self._say)
        ui.applyButton.connect("clicked()", self._applyOrCancel)
        ui.layoutButton.connect("clicked()", self._openLayout)
        ui.undoDisplayButton.connect("clicked()", self._undoDisplay)

    @property
    def isResting(self) -> bool:
        """Whether nothing is under way and no change waits to be dealt with."""
        waiting = self._autoUpdate.isWaiting or self._models.active
        return self.state == State.Idle and not self._worker.busy and not waiting

    @property
    def cursorIsMoving(self) -> bool:
        """Whether a movement of the crosshair is still to be shown."""
        return self._links.isMoving

    def follows(self, segmentation: Any) -> bool:
        """Whether the layers of a segmentation node follow its changes, be the module open or not."""
        return self._autoUpdate.isWatching(segmentation)

    # -- life cycle

    def enter(self) -> None:
        """Begin to follow the scene."""
        registerLayout()
        adoptStudy(self.logic.getParameterNode())
        self.setParameters(self.logic.getParameterNode())
        self._links.watch()
        if self._unseen:
            self._unseen = False
            self._openLayout()

    def exit(self) -> None:
        """Leave panel and views alone; a run goes on, and so does the watch over the mask."""
        self.setParameters(None)
        self._links.leave()
        self._links.clear()

    def sceneIsClosing(self) -> None:
        """Let go of everything in the scene, an analysis under way included."""
        self._stop()
        self.logic.forget()
        self._before, self._unseen, self._hint = None, False, ""
        self._setState(State.Idle)
        self._say("")

    def cleanup(self) -> None:
        """Leave no observer and no thread behind."""
        self._stop()
        self.removeObservers()

    def _stop(self) -> None:
        self._worker.abandon()
        self._job = None
        self._models.stop()
        self._autoUpdate.leave()
        self._links.leave()
        self.setParameters(None)
        self._binding.release()

    def setParameters(self, parameters: Any) -> None:
        """Show and follow these parameters; None follows nothing."""
        if self._parameters is not None:
            self.removeObserver(self._parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._modified)
        self._parameters, self._seen = parameters, {}
        self._inputs.setParameters(parameters)
        # While the boxes are filled their changes are nobody's choice.
        self._profiles.setParameters(None)
        if parameters is not None:
            self._choose()
            self._binding.bind(parameters)
            self._profiles.setParameters(parameters)
            self.addObserver(parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._modified)
            self._parametersChanged()

    # -- following the parameters

    def _choose(self) -> None:
        """Choose what follows from the segmentation: its segments and its study; a run on another one ends."""
        node = self._parameters.segmentation
        if node is not None and self._job is not None and self._job.segmentation is not node:
            self._worker.cancel()
        self._inputs.chooseSegments()
        self._inputs.refresh()
        self.logic.chooseStudy(self._parameters)

    def _modified(self, caller: Any, event: str) -> None:
        self._parametersChanged()

    def _parametersChanged(self) -> None:
        """Do what follows from those parameters that have changed since the last time."""
        p = self._parameters
        if p is None:
            return
        first = not self._seen
        another = self._changed("segmentation", p.segmentation) and not first
        if another:
            self._choose()
        inMm = p.layerModel == LayerModel.FixedThickness
        self.ui.layerThicknessSlider.enabled, self.ui.layerCountSpin.enabled = inMm, not inMm
        gradient = self._changed("gradient", (p.gradientLow, p.gradientHigh, p.gradientUnit))
        inputs = self._changed("inputs", self._inputsNow())
        view = self._changed("view", viewOf(p)) + self._changed("map", (p.segmentation, p.shownMap))
        display = self._changed("display", (p.overlay, p.overlayOpacity, p.showSurface))
        automatic = self._changed("auto", (p.autoUpdate, p.segmentation))
        if automatic:
            self._autoUpdate.watch(p.segmentation if p.autoUpdate else None)
        refitted = not first and gradient and self.logic.refit(p)
        if not first and view and not refitted:
            self.logic.redraw(p)
        if first or gradient or view:
            self._showResults()
        if not first and (display or (another and p.segmentation is not None)):
            self._showDisplay()
        touched = inputs or automatic or (gradient and not refitted)
        if p.autoUpdate and (self._freshness.reminder() if first else touched):
            self._autoUpdate.poke()
        self._remind()
        self._updateButtons()

    def _changed(self, name: str, value: Any) -> bool:
        """Tell whether a value differs from the one at the last call."""
        before, self._seen[name] = self._seen.get(name), value
        return bool(before != value)

    def _inputsNow(self) -> tuple[Any, ...]:
        p = self._parameters
        segments = (p.leftSegment, p.rightSegment, p.cortexSegment, p.medullaSegment, p.pelvisSegment)
        maps = (list(p.mapVolumes), list(p.mapNames), list(p.mapUnits))
        cut = (p.layerModel, p.layerThickness, p.layerCount, p.pelvisDistance, p.cystLimit, p.smoothing, p.depthFrom)
        return segments, maps, cut, (p.space, p.minimumVoxels, p.normalise, p.keepZeros)

    # -- running

    @property
    def _offersCancel(self) -> bool:
        """Whether the button stops the run; it does not for the moment in which a run by itself shows no progress."""
        return self.state != State.Idle and (not self._automatic or bool(self.ui.progressBar.visible))

    def _applyOrCancel(self) -> None:
        if self.state == State.Idle:
            self._start(automatic=False)
        elif not self._offersCancel:
            self._automatic = False
            self._say(_("Working ..."))
            self._updateButtons()
        elif self.state == State.Running:
            self._again = False
            self._worker.cancel()
            self._setState(State.Cancelling)

    def _runByItself(self) -> None:
        """Run after a change, the run before it stopped first."""
        p = self.logic.getParameterNode()
        if missing := missingInput(p):
            if p.segmentation is not None:
                self._say(missing, isError=True)
        elif self._worker.busy:
            self._again = True
            self._worker.cancel()
        else:
            self._start(automatic=True)

    def _start(self, automatic: bool) -> None:
        try:
            job = self.logic.prepare(self.logic.getParameterNode())
        except RenalError as error:
            self._say(str(error), isError=True)
            return
        self._job, self._automatic, self._started = job, automatic, time.monotonic()
        self._again = False
        self._worker.start(lambda progress: self.logic.compute(job, progress))
        if not automatic:
            self._say(_("Working ..."))
        self._setState(State.Running)

    def _progressed(self, step: str, share: float) -> None:
        elapsed = time.monotonic() - self._started
        if self.state != State.Running or elapsed < _SHORT_S:
            return
        self.ui.progressBar.visible = True
        self.ui.progressBar.value = round(100 * share)
        left = elapsed * (1 - share) / share if share > 0.05 else None
        self._say(stepText(step, left))
        self._updateButtons()

    def _done(self, analysis: Analysis) -> None:
        self._setState(State.Idle)
        if self._job is None:
            return
        try:
            self._show(self._job, analysis)
        except Exception as error:
            self._failed(error)

    def _show(self, job: Job, analysis: Analysis) -> None:
        """Put the results of a run into the scene, and into panel and views while the module is open."""
        p, isOpen = self.logic.getParameterNode(), self._parameters is not None
        isNew = self.logic.study(p) is None
        if isNew and isOpen:
            self._before = ViewState.now(p.segmentation)
        study = self.logic.show(job, analysis, p)
        wanted = settingsOf(p)
        if (job.settings.gradient_range, job.settings.gradient_unit) != (wanted.gradient_range, wanted.gradient_unit):
            self.logic.refit(p)
        if isNew and isOpen:
            openLayout(study, p)
        self._unseen = self._unseen or (isNew and not isOpen)
        if self._automatic:
            self._models.start()
        else:
            self._showModels()
        self._showDisplay()
        self._showResults()
        self._say(_("Done in {seconds:.1f} s.").format(seconds=time.monotonic() - self._started), analysis=analysis)
        self._hint = ""
        self._remind()
        self._updateButtons()

    def _failed(self, error: BaseException) -> None:
        self._setState(State.Idle)
        if isinstance(error, CancelledError):
            if self._again and not missingInput(self.logic.getParameterNode()):
                self._runByItself()
            else:
                self._say(_("Cancelled; the results are those of the run before."))
        elif isinstance(error, RenalError):
            self._say(str(error), isError=True)
        else:
            logging.error("Renal layers failed", exc_info=error)
            self._say(
                _("Unexpected {kind}: {message}; please report it with the log of Slicer (Help menu).").format(
                    kind=type(error).__name__, message=error
                ),
                isError=True,
            )

    # -- showing

    def _setState(self, state: State) -> None:
        self.state = state
        if state == State.Idle:
            self.ui.progressBar.visible = False
        self._updateButtons()

    def _updateButtons(self) -> None:
        button = self.ui.applyButton
        missing = missingInput(self._parameters) if self._parameters is not None else _("There is no scene.")
        if self.state == State.Idle:
            button.text, button.enabled = _("Apply"), not missing
            button.toolTip = missing or _("Compute layers and profiles.")
        elif self._offersCancel:
            button.text, button.enabled = _("Cancel"), self.state == State.Running
            button.toolTip = _("Stop; the results of the run before stay.")
        self.ui.undoDisplayButton.enabled = self._before is not None
        self.ui.layoutButton.enabled = self._study() is not None

    def _say(self, text: str, isError: bool = False, analysis: Analysis | None = None) -> None:
        """Show a sentence and, after a run, its warnings."""
        escaped = html.escape(text)
        self._said = f"<b style='color:#b00020'>{escaped}</b>" if isError else escaped
        self.ui.statusLabel.text = self._said
        notices = analysis.notices if analysis is not None else ()
        items = "".join(f"<li>{html.escape(notice.message)}</li>" for notice in notices)
        if analysis is not None or isError or not text:
            self.ui.warningsLabel.text = f"<b>{_('Please check')}:</b><ul>{items}</ul>" if items else ""

    def _remind(self) -> None:
        """Say that the results no longer belong to what is chosen, until they do again."""
        if self._parameters is None or self.state != State.Idle:
            return
        hint = "" if self._parameters.autoUpdate else self._freshness.reminder()
        if hint != self._hint:
            self._hint = hint
            self.ui.statusLabel.text = html.escape(hint) or self._said

    def _study(self) -> Any:
        return self.logic.study(self._parameters) if self._parameters is not None else None

    def _showResults(self) -> None:
        """Fill the tables and the plot view from the scene."""
        study, p = self._study(), self._parameters
        if p is None:
            return
        self._profiles.refresh(study)
        self._results.show(study, p.shownMap, viewOf(p), storedSettings(study) if study else None)
        if study is not None:
            showChart(study.find(f"chart:{p.shownMap}"), study.find(f"plot table:{p.shownMap}"))
            self._links.watchPlot()

    def _showModels(self) -> None:
        if self.state == State.Idle:
            self.logic.showModels(self.logic.getParameterNode())
            self._showDisplay()

    def _showDisplay(self) -> None:
        study, p = self._study(), self._parameters
        if study is not None:
            showOverlay(study, p.overlay, p.overlayOpacity)
            showModels(study, p.showSurface)

    def _openLayout(self) -> None:
        study = self._study()
        if study is not None:
            self._before = ViewState.now(self._parameters.segmentation)
            openLayout(study, self._parameters)
            self._showDisplay()
            self._showResults()
            self._updateButtons()

    def _undoDisplay(self) -> None:
        if self._before is not None:
            self._before.restore()
            self._before = None
            self._updateButtons()
