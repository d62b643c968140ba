"""The two things that are trained, each with its network, its cases and its weights of classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from renal_segmentation.network.architecture import localiser, refiner
from renal_segmentation.network.cases import CaseMaker, localiser_case, refiner_case


@dataclass(frozen=True)
class Stage:
    """What distinguishes the training of one network.

    Attributes
    ----------
    name : str
        ``localiser`` or ``refiner``.
    build : callable
        Returns the untrained network.
    make_case : callable
        Returns a case from a label map of tissues and a random generator.
    class_weights : tuple of float
        Weight of the Dice of each class but the background.
    """

    name: str
    build: Callable[[], nn.Module]
    make_case: CaseMaker
    class_weights: tuple[float, ...]


STAGES = {
    "localiser": Stage("localiser", localiser, localiser_case, (1.0, 1.0)),
    "refiner": Stage("refiner", refiner, refiner_case, (1.0, 0.4, 0.4)),
}
