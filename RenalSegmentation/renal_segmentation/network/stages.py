"""The two things that are trained, each with its network and its weights of classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

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
        Returns the untrained network of given features, thin channels and residual blocks.
    class_weights : tuple of float
        Weight of the Dice of each class but the background.
    emphasis : float
        See `losses.segmentation_loss`.
    """

    name: str
    build: Callable[[tuple[int, ...], int, int], nn.Module]
    class_weights: tuple[float, ...]
    emphasis: float

    def network(self, shape: Mapping[str, Any]) -> nn.Module:
        """Return the untrained network of a shape as `SHAPES` and the metadata of bundles give it."""
        return self.build(tuple(shape["features"]), int(shape["thin"]), int(shape.get("deeper", 0)))


STAGES: Mapping[str, Stage] = {
    "localiser": Stage("localiser", localiser, (1.0, 1.0), 3.0),
    "refiner": Stage("refiner", refiner, (1.0, 0.4, 0.4), 0.0),
}
SHAPES: Mapping[str, Mapping[str, Any]] = {
    "localiser": {"features": FEATURES, "thin": THIN, "deeper": 1},
    "refiner": {"features": FEATURES, "thin": THIN, "deeper": 1},
}
"""Features, thin channels and residual blocks per level (`architecture.ThinNet`) of each stage's network."""
