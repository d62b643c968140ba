"""What the module does, without a window: from an image to a corrected and reviewed mask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from renal_segmentation.errors import InputError
from renal_segmentation.models.registry import DEFAULT
from RenalSegmentationLib.Job import Choice, Job, defaultPredictor, prepareJob
from RenalSegmentationLib.Parameters import RenalSegmentationParameterNode
from RenalSegmentationLib.Result import showResult


class RenalSegmentationLogic(ScriptedLoadableModuleLogic):
    """Outlining on MRML nodes.

    A run has steps, because the network works in a process of its own: `prepare` writes the image, somebody runs the
    job's command, and `show` reads what it wrote.

    Parameters
    ----------
    predictor : sequence of str, optional
        How the command that outlines an image begins; Slicer's own Python when left out.
    """

    def __init__(self, predictor: Sequence[str] | None = None) -> None:
        super().__init__()
        self.predictor = tuple(predictor or defaultPredictor())
        self._parameters: RenalSegmentationParameterNode | None = None

    def getParameterNode(self) -> RenalSegmentationParameterNode:
        """Return the parameters of the scene, one wrapper as long as the node is the same."""
        node = super().getParameterNode()
        if self._parameters is None or self._parameters.parameterNode is not node:
            self._parameters = RenalSegmentationParameterNode(node)
        return self._parameters

    def forget(self) -> None:
        """Drop everything that belongs to the scene, before it is closed."""
        self._parameters = None

    def prepare(self, parameters: RenalSegmentationParameterNode, choice: Choice) -> Job:
        """Write the chosen image for the network and return the run.

        Raises
        ------
        InputError
            With one sentence for a person, if the image is missing or cannot be used.
        """
        if parameters.inputVolume is None:
            raise InputError(_("Choose the image that shows the kidneys."))
        return prepareJob(parameters.inputVolume, choice, self.predictor)

    def show(
        self,
        job: Job,
        answer: dict[str, Any],
        parameters: RenalSegmentationParameterNode,
        onReplace: Callable[[Any], None] | None = None,
    ) -> Any:
        """Put what the network wrote into the scene and return the segmentation, chosen if its image is still chosen.

        `onReplace` is called with the segmentation of an earlier run just before that is replaced; what it raises
        keeps that as it is.

        Raises
        ------
        RenalError
            With one sentence for a person, if it wrote no usable mask.
        """
        volume = job.volume
        if not slicer.mrmlScene.IsNodePresent(volume):
            raise InputError(_("The image was removed while the network was at work: load it again."))
        labels = self._fitting(job.labels(), volume)
        model = str(answer.get("model") or parameters.model or DEFAULT)
        node = showResult(volume, labels, model, answer.get("confidence") or {}, onReplace)
        if parameters.inputVolume is volume:
            parameters.segmentation = node
        return node

    @staticmethod
    def _fitting(labels: np.ndarray, volume: Any) -> np.ndarray:
        shape = volume.GetImageData().GetDimensions()
        if labels.shape != tuple(shape):
            raise InputError(
                _("The network's mask has {found} voxels and the image {wanted}: choose another model.").format(
                    found=" x ".join(map(str, labels.shape)), wanted=" x ".join(map(str, shape))
                )
            )
        return labels
