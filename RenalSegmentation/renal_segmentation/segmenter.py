"""What every model that outlines kidneys is: an object that describes itself and segments an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from renal_segmentation.errors import Notice
from renal_segmentation.labels import SIDE_NAMES, Side
from renal_segmentation.progress import Progress, silent
from renal_segmentation.relabelling import sides_of
from renal_segmentation.structures import PARENCHYMA
from renal_segmentation.volume import Volume


@dataclass(frozen=True)
class ModelCard:
    """What a user should know before choosing a model.

    Attributes
    ----------
    name : str
        Short name for ``--model``.
    title : str
        One line for a person.
    modality : str
        What it was made for, e.g. ``MRI and CT``.
    labels : tuple of str
        Keys of `renal_segmentation.structures` that it gives.
    licence : str
        SPDX identifier where there is one.
    size_mb, seconds_cpu : float
        On disk, and for a usual abdominal scan on two CPU cores; NaN where unknown.
    source : str
        Where it comes from.
    """

    name: str
    title: str
    modality: str
    labels: tuple[str, ...]
    licence: str
    size_mb: float
    seconds_cpu: float
    source: str


@dataclass(frozen=True)
class Segmentation:
    """The result of a model.

    Attributes
    ----------
    labels : Volume
        uint8, labels of `renal_segmentation.structures`, on the grid of the image.
    probabilities : Volume or None
        float32, probability of being kidney, same grid.
    confidence : mapping of str to float
        ``left`` and ``right``, 0 to 1, for the kidneys found; empty where the model does not tell.
    notices : tuple of Notice
        What is doubtful.
    model : str
        Name of the model.
    """

    labels: Volume
    probabilities: Volume | None
    confidence: Mapping[str, float]
    notices: tuple[Notice, ...]
    model: str


class Segmenter(Protocol):
    """A model that can be asked to outline kidneys."""

    def describe(self) -> ModelCard:
        """Return what a user should know."""
        ...

    def segment(self, image: Volume, *, device: str = "auto", progress: Progress = silent) -> Segmentation:
        """Return the kidneys of an image.

        Parameters
        ----------
        image : Volume
            Three-dimensional, any orientation.
        device : {"auto", "cpu", "cuda"}
            Where to compute.
        progress : callable
            Told each step; raises `CancelledError` to stop.
        """
        ...


def missing_side_notice(labels: Volume) -> tuple[Notice, ...]:
    """Return a notice on the side without a kidney where a model outlined one on the other side only.

    A kidney that a model overlooked halves the total volume, and nothing in the picture points at it.

    Parameters
    ----------
    labels : Volume
        Labels of `renal_segmentation.structures`.
    """
    there = np.unique(sides_of(labels, PARENCHYMA).array)
    missing = [side for side in Side if side not in there]
    if len(missing) != 1:
        return ()
    name = SIDE_NAMES[missing[0]]
    message = f"No {name} kidney was found: if the image shows one, outline it by hand or try another model."
    return (Notice(f"{name}-not-found", message),)
