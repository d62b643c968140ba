"""The cases of a worklist given to the network one after the other, while the user works on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from renal_segmentation.errors import CancelledError, InputError, OutputError, RenalError
from renal_segmentation.worklist import Case, Status, Worklist
from RenalSegmentationLib.CaseNodes import lightOf, summaryOf, writeSeries
from RenalSegmentationLib.Failures import explained
from RenalSegmentationLib.Job import Choice, environment, predictCommand
from RenalSegmentationLib.Process import Process, ProcessError


class Background:
    """Runs the network on the cases that wait.

    Parameters
    ----------
    onChanged : callable
        Called whenever a case has come further, with the case.
    onProgress : callable
        Called with the case, the step, the share of this case, and the seconds left or None.
    onEnd : callable
        Called at the end with the number of cases done, of those that failed, whether it was cancelled, and why it
        could not go on, empty where it could.
    onLine : callable
        Called with every line for the log.
    """

    def __init__(
        self,
        onChanged: Callable[[Case], None],
        onProgress: Callable[[Case, str, float, float | None], None],
        onEnd: Callable[[int, int, bool, str], None],
        onLine: Callable[[str], None],
    ) -> None:
        self._onChanged, self._onProgress, self._onEnd = onChanged, onProgress, onEnd
        self._process = Process(self._progressed, onLine, self._done, self._failed)
        self._worklist: Worklist | None = None
        self._waiting: list[Case] = []
        self._case: Case | None = None
        self._choice, self._predictor = Choice(), ("",)
        self._counts, self._problem = [0, 0], ""

    @property
    def busy(self) -> bool:
        """Whether cases are under way."""
        return self._case is not None

    @property
    def identifier(self) -> int | None:
        """Process ID of the program at work, or None."""
        return self._process.identifier

    @property
    def left(self) -> int:
        """How many cases wait behind the one under way."""
        return len(self._waiting)

    def start(self, worklist: Worklist, choice: Choice, predictor: Sequence[str]) -> None:
        """Begin with all cases that wait, those in which the network failed before among them."""
        self._worklist, self._choice, self._predictor = worklist, choice, tuple(predictor)
        self._waiting = worklist.to_outline(again=True)
        self._counts, self._problem = [0, 0], ""
        self._next()

    def cancel(self) -> None:
        """Stop; the case under way is done again later."""
        self._waiting = []
        if self._process.busy:
            self._process.cancel()
        elif self.busy:
            self._end(cancelled=True)

    def abandon(self) -> None:
        """Stop at once and tell nobody."""
        self._process.abandon()
        self._waiting, self._case = [], None

    def _next(self) -> None:
        """Start with the next case that can be started, or end."""
        assert self._worklist is not None
        while self._waiting:
            self._case = self._waiting.pop(0)
            # The user may have outlined it by now.
            if self._worklist.status(self._case) not in (Status.WAITING, Status.FAILED):
                continue
            try:
                self._worklist.make_folder(self._case)
                command = predictCommand(self._predictor, self._image(), self._output(), self._choice)
                self._process.start(command, environment())
                return
            except Exception as error:
                self._close(_sentenceOf(error))
        self._end(cancelled=False)

    def _end(self, cancelled: bool) -> None:
        self._case = None
        self._onEnd(*self._counts, cancelled, self._problem)

    def _image(self) -> Path:
        """Return the image of the case as a file; that of a DICOM series is written for the network."""
        assert self._case is not None
        if not self._case.series:
            return Path(self._case.source)
        path = self._seriesImage()
        if not path.is_file():
            writeSeries(self._case, path)
        return path

    def _seriesImage(self) -> Path:
        return self._output().with_name("image.nii.gz")

    def _output(self) -> Path:
        assert self._worklist is not None
        assert self._case is not None
        return self._worklist.network_mask(self._case)

    def _progressed(self, step: str, share: float, left: float | None) -> None:
        if self._case is not None:
            self._onProgress(self._case, step, share, left)

    def _done(self, answer: dict[str, Any]) -> None:
        if self._output().is_file():
            self._close("", answer)
            # It was written for the network alone, and is as large as the series.
            with suppress(OSError):
                self._seriesImage().unlink(missing_ok=True)
        else:
            self._close(_("The network ended well and wrote no mask: look into the log."))
        self._next()

    def _failed(self, error: Exception) -> None:
        if isinstance(error, CancelledError):
            self._end(cancelled=True)
            return
        self._close(_sentenceOf(error))
        self._next()

    def _close(self, failure: str, answer: dict[str, Any] | None = None) -> None:
        """Write down what came of the case under way; whatever happens, the next one can follow."""
        case = self._case
        assert case is not None
        try:
            failure = self._written(case, failure, answer or {})
        except OutputError as error:
            # A disk that is full, or may not be written, is so for every case.
            self._waiting, self._problem = [], str(error)
            failure = self._problem
        self._counts[bool(failure)] += 1
        try:
            self._onChanged(case)
        except Exception:
            logging.exception("What came of '%s' could not be shown", case.name)

    def _written(self, case: Case, failure: str, answer: dict[str, Any]) -> str:
        """Write down what the network gave, or why it failed, and return the latter."""
        assert self._worklist is not None
        if not failure:
            try:
                light = lightOf(self._output(), answer.get("confidence") or {})
            except InputError as error:
                failure = str(error)
            else:
                self._worklist.write_summary(case, summaryOf({"model": self._choice.model, **answer}, light))
        if failure:
            self._worklist.write_failure(case, failure)
        return failure


def _sentenceOf(error: Exception) -> str:
    """Return what a failure means to a person; one that nobody thought of is logged."""
    if isinstance(error, ProcessError):
        return explained(error).sentence
    if not isinstance(error, RenalError):
        logging.error("The network failed", exc_info=error)
    return str(error)
