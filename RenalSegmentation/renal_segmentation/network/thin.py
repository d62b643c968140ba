"""Stacks of a few slices: shown to the networks as thick as what they know."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from renal_segmentation.errors import Notice
from renal_segmentation.network.preparation import Prepared
from renal_segmentation.volume import Volume

THICK_MM = 25.0
"""As thick as a stack has to be for a kidney to be recognised; the networks learnt from 40 mm and more."""
MOST_SLICES = 8
"""A thin slab of more slices has a shape that repeated slices would belie."""


def thickened(prepared: Prepared) -> Prepared:
    """Return a scan whose slices are repeated until the stack is `THICK_MM` thick, with a notice; others as they are.

    Parameters
    ----------
    prepared : Prepared
        Its `Prepared.restored` gives each slice what was found in the middle of its copies.
    """
    image = prepared.image
    size = image.grid.spacing * image.array.shape
    axis = int(np.argmin(size))
    slices = image.array.shape[axis]
    if size[axis] >= THICK_MM or slices > MOST_SLICES:
        return prepared
    times = math.ceil(THICK_MM / float(size[axis]))
    affine = image.affine.copy()
    affine[:3, 3] -= affine[:3, axis] * slices * (times - 1) / 2
    several = "its one slice" if slices == 1 else f"each of its {slices} slices"
    doubt = Notice(
        "thin-stack",
        f"The image is {size[axis]:.3g} mm thick, so the network was shown {several} {times} times: it finds fewer "
        "kidneys than in a whole stack; look at the outline, and outline what is missing by hand.",
    )
    repeats = [1, 1, 1]
    repeats[axis] = times
    thick = Volume(np.repeat(image.array, times, axis), affine)
    return replace(
        prepared, image=thick, repeats=(repeats[0], repeats[1], repeats[2]), notices=(*prepared.notices, doubt)
    )
