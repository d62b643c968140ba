"""The kidneys of an image outlined by a network, ready to be layered."""

from __future__ import annotations

from dataclasses import dataclass

from renal_segmentation.errors import EmptyMaskError, Notice
from renal_segmentation.models.shipped import NAME as DEFAULT_MODEL
from renal_segmentation.progress import Progress, silent
from renal_segmentation.structures import BY_VALUE
from renal_segmentation.volume import Volume

__all__ = ["DEFAULT_MODEL", "LABELS", "Outlined", "outline"]

LABELS = {value: structure.meaning for value, structure in BY_VALUE.items()}
"""What the labels of every network mean to `make_layers`."""


@dataclass(frozen=True)
class Outlined:
    """What a network found.

    Attributes
    ----------
    mask : Volume
        Labels of `renal_segmentation.structures` on the image's grid.
    labels : dict of int to str
        Meaning of those that occur.
    model : str
        Name of the network.
    confidence : dict of str to float
        Of each kidney, 0 to 1.
    notices : tuple of Notice
        What to look at.
    """

    mask: Volume
    labels: dict[int, str]
    model: str
    confidence: dict[str, float]
    notices: tuple[Notice, ...]


def outline(
    image: Volume,
    model: str,
    device: str = "auto",
    name: str = "The image",
    progress: Progress = silent,
    trust: bool = False,
) -> Outlined:
    """Outline the kidneys of an image with a network.

    Parameters
    ----------
    image : Volume
        MRI or CT, shape (I, J, K).
    model : str
        A name from ``renal-segmentation models list``, or the path of a model.
    device : {"auto", "cpu", "cuda"}
        Where the network runs.
    name : str
        What to call the image in messages.
    progress : Progress
        Called with step and share; it may raise `CancelledError`.
    trust : bool
        Whether code that comes with the model may run.

    Raises
    ------
    EmptyMaskError
        If no kidney is found.
    RenalError
        If the model is not installed, is damaged, or needs a package that is missing.
    """
    from renal_segmentation.models.registry import find_segmenter

    found = find_segmenter(model, trust).segment(image, device=device, progress=progress)
    labels = {value: meaning for value, meaning in LABELS.items() if (found.labels.array == value).any()}
    if not {"left", "right", "kidney"}.intersection(labels.values()):
        raise EmptyMaskError(
            f"{name} shows no kidney that the network {found.model} could find: "
            "outline the kidneys by hand and give them with --mask."
        )
    return Outlined(found.labels, labels, found.model, dict(found.confidence), found.notices)
