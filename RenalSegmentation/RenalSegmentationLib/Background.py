"""The cases of a worklist given to the network one after the other, while the user works on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from renal_segmentation.errors import CancelledError, OutputError, RenalError
from renal_segmentation.worklist import Case, Worklist
from RenalSegmentationLib.CaseNodes import lightOf, writeSeries
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
        Called at the end with the number of cases done, of those that failed, and whether it was cancelled.
    onLine : callable
        Called with every line for the log.
    """

    def __init__(
        self,
        onChanged: Callable[[Case], None],
        onProgress: Callable[[Case, str, float, float | None], None],
        onEnd: Callable[[int, int, bool], None],
        onLine: Callable[[str], None],
    ) -> None:
        self._onChanged, self._onProgress, self._onEnd = onChanged, onProgress, onEnd
        self._process = Process(self._progressed, onLine, self._done, self._failed)
        self._worklist: Worklist | None = None
        self._waiting: list[Case] = []
        self._case: Case | None = None
        self._choice, self._predictor = Choice(), ("",)
        self._counts = [0, 0]

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
        self._counts = [0, 0]
        self._next()

    def cancel(self) -> None:
        """Stop; the case under way is done again later."""
        self._waiting = []
        self._process.cancel()

    def abandon(self) -> None:
        """Stop at once and tell nobody."""
        self._process.abandon()
        self._waiting, self._case = [], None

    def _next(self) -> None:
        self._case = self._waiting.pop(0) if self._waiting else None
        if self._case is None or self._worklist is None:
            self._onEnd(*self._counts, False)
            return
        try:
            self._worklist.make_folder(self._case)
            command = predictCommand(self._predictor, self._image(), self._output(), self._choice)
            self._process.start(command, environment())
        except ProcessError as error:
            self._failed(error)
        except (RenalError, OSError) as error:
            self._close(str(error))

    def _image(self) -> Path:
        """Return the image of the case as a file; that of a DICOM series is written for the network."""
        assert self._case is not None
        if not self._case.series:
            return Path(self._case.source)
        path = self._output().with_name("image.nii.gz")
        if not path.is_file():
            writeSeries(self._case, path)
        return path

    def _output(self) -> Path:
        assert self._worklist is not None
        assert self._case is not None
        return self._worklist.network_mask(self._case)

    def _progressed(self, step: str, share: float, left: float | None) -> None:
        if self._case is not None:
            self._onProgress(self._case, step, share, left)

    def _done(self, answer: dict[str, Any]) -> None:
        if not self._output().is_file():
            self._close(_("The network ended well and wrote no mask: look into the log."))
            return
        self._close("", answer)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, CancelledError):
            self._case = None
            self._onEnd(*self._counts, True)
        elif isinstance(error, ProcessError):
            self._close(explained(error).sentence)
        else:
            logging.error("The network failed", exc_info=error)
            self._close(str(error))

    def _close(self, failure: str, answer: dict[str, Any] | None = None) -> None:
        """Write down what came of the case under way, and go on."""
        case, worklist = self._case, self._worklist
        assert case is not None
        assert worklist is not None
        try:
            if failure:
                worklist.write_failure(case, failure)
            else:
                kept = ("model", "volumes", "confidence", "notices")
                summary = {key: value for key, value in (answer or {}).items() if key in kept}
                light = lightOf(self._output(), summary.get("confidence") or {})
                worklist.write_summary(case, {"model": self._choice.model, **summary, "light": light.value})
        except OutputError as error:
            self._waiting = []
            logging.error("The worklist cannot be written: %s", error)
        except RenalError as error:
            failure = str(error)
            worklist.write_failure(case, failure)
        self._counts[bool(failure)] += 1
        self._onChanged(case)
        self._next()
