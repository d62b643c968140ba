"""The part of the panel that runs the network: one state, Apply that becomes Cancel, progress, log and remedies."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from renal_segmentation.errors import CancelledError, ConsentError, InputError, RenalError
from RenalSegmentationLib.Consent import mustAgree
from RenalSegmentationLib.Failures import Failure, Remedy, explained
from RenalSegmentationLib.Job import Choice, Job, environment, modelCommand
from RenalSegmentationLib.Labels import referenceOf
from RenalSegmentationLib.Logic import RenalSegmentationLogic
from RenalSegmentationLib.Models import ModelChooser
from RenalSegmentationLib.Packages import ensurePackages
from RenalSegmentationLib.Process import Process, ProcessError
from RenalSegmentationLib.Result import isCorrected, segmentationOf

_REMEDIES = {
    Remedy.LessMemory: lambda: _("Try again with less memory"),
    Remedy.Install: lambda: _("Install what is missing"),
    Remedy.ImportModel: lambda: _("Import the model from a file"),
    Remedy.FetchModel: lambda: _("Fetch what is not installed"),
}
_LOG_LINES = 1000
_PROGRESS = ("--progress", "json")


class State(Enum):
    """What the panel is doing."""

    Idle = auto()
    Running = auto()
    Cancelling = auto()


class RunPanel:
    """Runs the network on the chosen image.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    logic : RenalSegmentationLogic
        Does the work.
    say : callable
        Shows a sentence, ``say(text, isError=False, notices=None)``.
    onReplace : callable
        Called with a segmentation just before a run replaces what it holds.
    onShown : callable
        Called with the segmentation that a run has made, and what the network said of it.
    blocked : callable
        Returns why no run can be started now, empty where one can.
    """

    def __init__(
        self,
        ui: Any,
        logic: RenalSegmentationLogic,
        say: Callable[..., None],
        onReplace: Callable[[Any], None],
        onShown: Callable[[Any, dict[str, Any]], None],
        blocked: Callable[[], str],
    ) -> None:
        self._ui, self._logic, self._say, self._blocked = ui, logic, say, blocked
        self._onReplace, self._onShown = onReplace, onShown
        self.state = State.Idle
        self._parameters: Any = None
        self._job: Job | None = None
        self._failure: Failure | None = None
        self._started = 0.0
        self._installing = self._mayReplace = False
        self._known: tuple[str, ...] = ()
        self.process = Process(self._progressed, self.log, self._done, self._failed)
        self._models = ModelChooser(ui, self._modelChosen)
        ui.logText.setMaximumBlockCount(_LOG_LINES)
        ui.applyButton.connect("clicked()", self._applyOrCancel)
        ui.remedyButton.connect("clicked()", self._remedy)
        ui.importModelButton.connect("clicked()", self._importModel)

    @property
    def isResting(self) -> bool:
        """Whether nothing is under way."""
        return self.state == State.Idle and not self.process.busy

    def setParameters(self, parameters: Any) -> None:
        """Run what these parameters name; None while there is no scene."""
        self._parameters = parameters
        if parameters is not None:
            self._models.refresh(parameters.model)
        self.refresh()

    def chooseModel(self, name: str) -> None:
        """Show a model as chosen."""
        self._models.choose(name)

    def choice(self) -> Choice:
        """Return what is asked of the network.

        Raises
        ------
        ConsentError
            If the user does not trust the model's own code.
        """
        trusted = self._models.trusted()
        return Choice(self._parameters.model, self._models.device, self._parameters.lowMemory, trusted)

    def readyPredictor(self) -> tuple[str, ...]:
        """Return how the network's command begins, empty where the chosen model is only now being installed.

        Raises
        ------
        RenalError
            If the user does not want the packages or the model, or another run is under way.
        """
        ensurePackages()
        if not self._models.mustInstall():
            return self._logic.predictor
        self._fetch(self._models.name)
        return ()

    def end(self) -> None:
        """End a run that nobody waits for any more."""
        self.process.abandon()
        self._forgetJob()
        self._failure = None
        self._setState(State.Idle)

    def log(self, line: str) -> None:
        """Add a line to the log."""
        self._ui.logText.appendPlainText(line)

    def refresh(self) -> None:
        """Show what can be done now."""
        button, missing = self._ui.applyButton, self._missing()
        if self.state == State.Idle:
            button.text, button.enabled = _("Apply"), not missing
            button.toolTip = missing or _("Outline the kidneys.")
        else:
            button.text, button.enabled = _("Cancel"), self.state == State.Running
            button.toolTip = _("Stop; nothing is changed.")
        self._ui.importModelButton.enabled = self._ui.removeModelButton.enabled = self.state == State.Idle
        remedy = self._failure.remedy if self._failure is not None and self.state == State.Idle else Remedy.Nothing
        self._ui.remedyButton.visible = remedy in _REMEDIES
        if remedy in _REMEDIES:
            self._ui.remedyButton.text = _REMEDIES[remedy]()

    def _missing(self) -> str:
        """Return what Apply waits for, empty when it can be pressed."""
        if self._parameters is None or self._parameters.inputVolume is None:
            return _("Choose the image that shows the kidneys.")
        return self._blocked()

    def _modelChosen(self, name: str) -> None:
        if self._parameters is not None:
            self._parameters.model = name

    def _applyOrCancel(self) -> None:
        if self.state == State.Idle:
            self._start()
        elif self.state == State.Running:
            self._setState(State.Cancelling)
            self.process.cancel()

    def _start(self) -> None:
        """Outline the image; a model that is not installed is installed first, if the user agrees."""
        self._failure = None
        self._ui.logText.clear()
        try:
            if self.readyPredictor():
                self._outline()
        except RenalError as error:
            self._fail(Failure(str(error), Remedy.Nothing))

    def _fetch(self, name: str) -> None:
        """Install a model, or a program that models need; the user has agreed."""
        if self.state != State.Idle:
            raise InputError(_("The network is at work: wait until it has ended, then try again."))
        command = modelCommand(self._logic.predictor, "install", name, "--yes", *_PROGRESS)
        self._run(command, installing=True)

    def _outline(self) -> None:
        # Asked before the network works, for which a person may wait some minutes.
        self._mayReplace = self._agreedToReplace(segmentationOf(self._parameters.inputVolume))
        job = self._job = self._logic.prepare(self._parameters, self.choice())
        self._run(job.command)

    @staticmethod
    def _agreedToReplace(node: Any) -> bool:
        """Return whether corrections of a segmentation may be replaced; ask where there are some.

        Raises
        ------
        ConsentError
            If the user does not agree.
        """
        if not isCorrected(node):
            return False
        question = _(
            "'{name}' was corrected. Replace it by a new outline of the network? Undo in the Segment Editor brings the "
            "corrections back."
        )
        refusal = _("The corrections were kept: press Apply again to replace them by a new outline.")
        mustAgree(question.format(name=node.GetName()), refusal)
        return True

    def _replacing(self, node: Any) -> None:
        """Ask where corrections were made while the network was at work, and let Undo bring them back.

        Undo is for the segmentation that is looked at: corrections of another one stay.
        """
        if referenceOf(node) is not self._logic.getParameterNode().inputVolume:
            if isCorrected(node):
                sentence = _("The corrections of '{name}' were kept, as its image was left: choose it and press Apply.")
                raise ConsentError(sentence.format(name=node.GetName()))
            return
        if not self._mayReplace:
            self._agreedToReplace(node)
        self._onReplace(node)

    def _run(self, command: Sequence[str], installing: bool = False) -> None:
        self._installing, self._started = installing, time.monotonic()
        self._known = self._models.names
        try:
            self.process.start(command, environment())
        except ProcessError as error:
            self._forgetJob()
            self._fail(explained(error))
            return
        self._setState(State.Running)
        self._say(_("Installing the model ...") if installing else _("Starting the network ..."))

    def _progressed(self, step: str, share: float, left: float | None) -> None:
        if self.state != State.Running:
            return
        self._ui.progressBar.value = round(100 * share)
        words = _("{step}, {share:.0%}").format(step=step, share=share)
        if left is not None:
            words += ", " + _("about {left} left").format(left=_span(left))
        self._say(words)

    def _done(self, answer: dict[str, Any]) -> None:
        seconds = time.monotonic() - self._started
        job, self._job = self._job, None
        self._setState(State.Idle)
        if self._installing or job is None:
            self._installed()
            return
        notices = [str(notice.get("message", "")) for notice in answer.get("notices") or ()]
        parameters = self._logic.getParameterNode()
        try:
            node = self._logic.show(job, answer, parameters, self._replacing)
        except RenalError as error:
            # They may say why, as where every voxel of the image is alike.
            self._fail(Failure(str(error), Remedy.Nothing), notices)
            return
        finally:
            job.remove()
        words = _("Done in {span}: {name}.").format(span=_span(seconds), name=node.GetName())
        if parameters.segmentation is not node:
            words += " " + _("Choose '{image}' to see it.").format(image=job.volume.GetName())
        self._say(words, notices=notices)
        self._onShown(node, answer)

    def _failed(self, error: Exception) -> None:
        self._forgetJob()
        self._setState(State.Idle)
        if isinstance(error, CancelledError):
            self._say(_("Cancelled; nothing was changed."))
        elif isinstance(error, ProcessError):
            self._fail(explained(error))
        else:
            logging.error("Outlining failed", exc_info=error)
            self._fail(Failure(_("Unexpected: {reason}; please report it with the log.").format(reason=error),
                               Remedy.Nothing))  # fmt: skip

    def _fail(self, failure: Failure, notices: Sequence[str] = ()) -> None:
        self._failure = failure
        self._say(failure.sentence, isError=True, notices=notices)
        self._ui.logGroup.collapsed = not self._ui.logText.plainText
        self.refresh()

    def _remedy(self) -> None:
        """Do what helps after the last failure."""
        failure = self._failure or Failure("", Remedy.Nothing)
        if failure.remedy == Remedy.LessMemory:
            self._parameters.lowMemory = True
            self._start()
        elif failure.remedy == Remedy.Install:
            self._start()
        elif failure.remedy == Remedy.ImportModel:
            self._importModel()
        elif failure.remedy == Remedy.FetchModel:
            self._fetchMissing(failure.name)

    def _fetchMissing(self, name: str) -> None:
        """Fetch what the last run said is not installed, if the user agrees."""
        self._failure = None
        try:
            self._models.agreeToFetch(name)
            self._fetch(name)
        except RenalError as error:
            self._fail(Failure(str(error), Remedy.Nothing))

    def _importModel(self) -> None:
        """Take a model from a file, as where there is no internet."""
        path = qt.QFileDialog.getOpenFileName(None, _("File of a model"), "", _("Models (*.zip)"))
        if path and self.state == State.Idle:
            self._failure = None
            try:
                trust = ("--trust",) if self._models.trustedFile(Path(path)) else ()
            except RenalError as error:
                self._fail(Failure(str(error), Remedy.Nothing))
                return
            command = modelCommand(self._logic.predictor, "import", path, "--overwrite", *trust, *_PROGRESS)
            self._run(command, installing=True)

    def _installed(self) -> None:
        """Choose the model that has just come."""
        self._models.refresh(self._parameters.model if self._parameters is not None else "")
        new = [name for name in self._models.names if name not in self._known]
        if new and self._parameters is not None:
            self._parameters.model = new[0]
        if self._parameters is not None and self._parameters.worklist:
            self._say(_("The model is installed: press Apply, or outline the worklist."))
        else:
            self._say(_("The model is installed: press Apply."))
        self.refresh()

    def _forgetJob(self) -> None:
        if self._job is not None:
            self._job.remove()
            self._job = None

    def _setState(self, state: State) -> None:
        self.state = state
        self._ui.progressBar.visible = state != State.Idle
        if state == State.Running:
            self._ui.progressBar.value = 0
        elif state == State.Cancelling:
            self._say(_("Cancelling ..."))
        self.refresh()


def _span(seconds: float) -> str:
    """Return a time as a person says it."""
    if seconds < 90:
        return _("{seconds:.0f} s").format(seconds=seconds)
    return _("{minutes:.0f} min").format(minutes=seconds / 60)
