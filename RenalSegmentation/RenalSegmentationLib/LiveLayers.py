"""The hand-over to RenalLayers, and its layers following what is corrected here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from renal_segmentation.errors import CancelledError, RenalError
from RenalLayersLib.AutoUpdate import AutoUpdate
from RenalLayersLib.Worker import Worker

MODULE = "RenalLayers"
_MODELS_MS = 400
"""The 3D models follow once the hand rests this long."""


class LiveLayers:
    """Opens RenalLayers with a segmentation, and computes its layers again while that is corrected.

    Parameters
    ----------
    say : callable
        Shows a sentence, ``say(text, isError=False)``.
    """

    def __init__(self, say: Callable[..., None]) -> None:
        self._say = say
        self._node: Any = None
        self._job: Any = None
        self._again = False
        self._changes = AutoUpdate(self._changed)
        self._worker = Worker(lambda step, share: None, self._done, self._failed)
        self._models = qt.QTimer()
        self._models.setSingleShot(True)
        self._models.setInterval(_MODELS_MS)
        self._models.connect("timeout()", self._showModels)

    @property
    def isResting(self) -> bool:
        """Whether nothing is under way and no change waits."""
        return not (self._worker.busy or self._changes.isWaiting or self._models.active)

    def follow(self, node: Any) -> None:
        """Follow a segmentation while this module is open; None follows nothing."""
        self._node = node
        self._changes.watch(node)

    def leave(self) -> None:
        """Follow nothing, and let go of what is under way."""
        self._node = None
        self._changes.leave()
        self._models.stop()
        self._worker.abandon()

    @staticmethod
    def open(node: Any) -> None:
        """Open RenalLayers with a segmentation chosen; its segments are recognised there.

        Raises
        ------
        RenalError
            If RenalLayers is not installed.
        """
        if not hasattr(slicer.modules, MODULE.lower()):
            raise RenalError(_("The module Renal Layers is not there: install the extension Renal again."))
        slicer.util.selectModule(MODULE)
        slicer.util.getModuleWidget(MODULE).logic.getParameterNode().segmentation = node

    def _layers(self) -> Any:
        """Return the logic of RenalLayers if it shows layers of the segmentation and does not follow it by itself."""
        if self._node is None or not hasattr(slicer.modules, f"{MODULE}Widget"):
            return None
        panel, logic = (getattr(slicer.util.getModuleWidget(MODULE), part) for part in ("panel", "logic"))
        parameters = logic.getParameterNode()
        isOurs = parameters.segmentation is self._node and not panel.follows(self._node)
        shown = isOurs and logic.study(parameters) is not None
        return logic if shown else None

    def _changed(self) -> None:
        logic = self._layers()
        if logic is None:
            return
        if self._worker.busy:
            self._again = True
            self._worker.cancel()
            return
        self._again = False
        try:
            job = self._job = logic.prepare(logic.getParameterNode())
        except RenalError as error:
            self._say(_("Layers: {reason}").format(reason=error), isError=True)
            return
        self._worker.start(lambda progress: logic.compute(job, progress))

    def _done(self, analysis: Any) -> None:
        logic = self._layers()
        if logic is not None:
            logic.show(self._job, analysis, logic.getParameterNode())
            self._models.start()
        if self._again:
            self._changed()

    def _showModels(self) -> None:
        logic = self._layers()
        if logic is not None:
            logic.showModels(logic.getParameterNode())

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, CancelledError):
            if self._again:
                self._changed()
        elif isinstance(error, RenalError):
            self._say(_("Layers: {reason}").format(reason=error), isError=True)
        else:
            logging.error("Renal layers failed", exc_info=error)
            self._say(_("The layers failed: {reason}; see the log of Slicer.").format(reason=error), isError=True)
