"""Renal's own model: the two networks as one segmenter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from renal_segmentation.errors import InputError, Notice
from renal_segmentation.network.bundle import Metadata, load_networks, read_metadata
from renal_segmentation.progress import Progress, silent
from renal_segmentation.segmenter import ModelCard, Segmentation, missing_side_notice
from renal_segmentation.volume import Volume, as_volume

if TYPE_CHECKING:
    import torch
    from torch import nn

    from renal_segmentation.network.postprocessing import Assembled
    from renal_segmentation.network.preparation import Prepared

LABELS = ("left-kidney", "right-kidney", "left-cyst", "right-cyst", "left-sinus", "right-sinus")
DEVICES = ("auto", "cpu", "cuda")
MEMORY_MODES = ("normal", "low")
_LESS = Notice("low-memory", "The memory did not suffice, so the image was worked through in smaller pieces.")
_NO_ROOM = Notice(
    "gpu-memory", "The graphics card's memory did not suffice, so the processor was used; it takes longer."
)
_NO_DEVICE = Notice("no-cuda", "There is no CUDA device that torch can use, so the processor was used.")


@dataclass(frozen=True)
class RenalNetwork:
    """A bundle that Renal's training made.

    Attributes
    ----------
    metadata : Metadata
    memory : str
        One of `MEMORY_MODES`.
    """

    metadata: Metadata
    memory: str = "normal"

    def describe(self) -> ModelCard:
        """Return what a user should know."""
        found = self.metadata
        seconds = found.seconds_cpu if found.seconds_cpu >= 0 else math.nan
        return ModelCard(
            found.name, found.title, found.modality, LABELS, found.licence, found.size_mb, seconds, found.source
        )

    def segment(self, image: Volume, *, device: str = "auto", progress: Progress = silent) -> Segmentation:
        """Return the kidneys of an image; see `segmenter.Segmenter.segment`.

        Raises
        ------
        InputError
            If the device is not one of `DEVICES`.
        ModelError
            If the weights are missing, damaged or changed.
        MissingPackageError
            If torch is not installed.
        """
        from renal_segmentation.network.preparation import prepare
        from renal_segmentation.network.thin import thickened

        if device not in DEVICES:
            raise InputError(f"There is no device {device}: choose one of {', '.join(DEVICES)}.")
        image = as_volume(image)
        progress("Loading the network", 0.0)
        networks = load_networks(self.metadata)
        prepared = prepare(image)
        if prepared.blank:
            blank = Notice("blank-image", "Every voxel of the image has the same value, so there is no kidney.")
            return self._nothing(image, (*prepared.notices, blank))
        prepared = thickened(prepared)
        notices = prepared.notices
        for place, memory, doubts in _attempts(device, self.memory):
            try:
                found = _compute(networks, prepared, place, memory, progress)
            except (MemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error):
                    raise
                continue
            notices += (*doubts, *found.notices)
            return self._result(image, prepared, found, notices)
        raise MemoryError

    def _result(self, image: Volume, prepared: Prepared, found: Assembled, notices: tuple[Notice, ...]) -> Segmentation:
        if not found.labels.any():
            return self._nothing(image, notices)
        labels = image.like(prepared.restored(found.labels))
        probability = image.like(prepared.restored(found.probability))
        notices += missing_side_notice(labels)
        return Segmentation(labels, probability, found.confidence, notices, self.metadata.name)

    def _nothing(self, image: Volume, notices: tuple[Notice, ...]) -> Segmentation:
        message = "No kidney was found: check that the image shows the kidneys and that its orientation is right."
        notices += (Notice("no-kidney", message),)
        empty = np.zeros(image.array.shape, np.uint8)
        probability = image.like(empty.astype(np.float32))
        return Segmentation(image.like(empty), probability, {}, notices, self.metadata.name)


def open_model(folder: Path) -> RenalNetwork:
    """Return the segmenter of a bundle.

    Raises
    ------
    ModelError
        If its metadata are missing or damaged.
    """
    return RenalNetwork(read_metadata(folder))


def _attempts(device: str, memory: str) -> list[tuple[torch.device, str, tuple[Notice, ...]]]:
    """Return where and how to compute, best first, with what to say of it."""
    import torch

    here = torch.cuda.is_available()
    places: list[tuple[str, tuple[Notice, ...]]] = [("cpu", (_NO_DEVICE,) if device == "cuda" and not here else ())]
    if here and device != "cpu":
        places = [("cuda", ()), ("cpu", (_NO_ROOM,))]
    attempts = []
    for place, said in places:
        if memory == "low":
            attempts.append((torch.device(place), "low", said))
        else:
            attempts += [(torch.device(place), "normal", said), (torch.device(place), "low", (*said, _LESS))]
    return attempts


def _is_out_of_memory(error: Exception) -> bool:
    text = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in text or "allocate memory" in text


def _compute(
    networks: dict[str, nn.Module], prepared: Prepared, device: torch.device, memory: str, progress: Progress
) -> Assembled:
    """Return the mask of a prepared scan."""
    from renal_segmentation.network.localising import find_kidneys
    from renal_segmentation.network.postprocessing import assemble
    from renal_segmentation.network.refining import refine
    from renal_segmentation.network.running import Runner

    runner = Runner(device, memory)
    for network in networks.values():
        network.to(device)
    progress("Finding the kidneys", 0.1)
    found = find_kidneys(networks["localiser"], prepared.image, runner)
    refined = []
    for number, kidney in enumerate(found):
        progress(f"Outlining the {kidney.side.name.lower()} kidney", 0.4 + 0.5 * number / len(found))
        refined.append(refine(networks["refiner"], prepared.image, kidney, runner))
    progress("Cleaning the outlines", 0.9)
    return assemble(refined, prepared.image, prepared.hounsfield)
