"""The two things that are trained, each with its network and its weights of classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn

from renal_segmentation.network.architecture import FEATURES, THIN, localiser, refiner


@dataclass(frozen=True)
class Stage:
    """What distinguishes the training of one network.

    Attributes
    ----------
    name : str
        ``localiser`` or ``refiner``.
    build : callable
        Returns the untrained network of given features and thin channels.
    class_weights : tuple of float
        Weight of the Dice of each class but the background.
    """

    name: str
    build: Callable[[tuple[int, ...], int], nn.Module]
    class_weights: tuple[float, ...]


STAGES: Mapping[str, Stage] = {
    "localiser": Stage("localiser", localiser, (1.0, 1.0)),
    "refiner": Stage("refiner", refiner, (1.0, 0.4, 0.4)),
}
SHAPES: Mapping[str, tuple[tuple[int, ...], int]] = dict.fromkeys(STAGES, (FEATURES, THIN))
"""Features and thin channels of each stage's network."""
