"""Kidneys that are cut off: by the border of the image, or because not all of their slices were outlined."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from renal_segmentation.errors import Notice
from renal_segmentation.labels import SIDE_NAMES, Side
from renal_segmentation.volume import Grid, Volume

FLAT = 0.5
"""A kidney ends in a slice of a small part of its largest cross-section, unless slices are as thick as it is."""
GOES_ON = 0.3
"""Cross-sections of an ellipsoid fall as a parabola, which leads thick slices of a whole kidney to nothing beyond."""
STRAY = 0.05
"""Slices with less than this share of the largest cross-section may hold nothing but stray voxels."""
_TOWARDS = (("left", "right"), ("posterior", "anterior"), ("inferior", "superior"))

FloatArray = npt.NDArray[np.float64]


def cut_off_notices(side: Volume, grid: Grid) -> tuple[Notice, ...]:
    """Return notices for each kidney of a side map that is not there as a whole.

    Parameters
    ----------
    side : Volume
        `Side.LEFT`, `Side.RIGHT`, 0 outside.
    grid : Grid
        The whole grid that `side` may be cropped from; its border cuts kidneys off.
    """
    start = grid.start_of(side)
    notices = []
    for value, low, high in extents(side):
        if (low + start == 0).any() or (high + start == grid.shape).any():
            notices.append(
                Notice(
                    "touches-border",
                    f"The {SIDE_NAMES[value]} kidney touches the border of the image: its volume is that of the part "
                    "in view, and depth is measured there from the cut, not from the capsule.",
                )
            )
        flat = _flat_ends(side.array[tuple(map(slice, low, high))] == value, low + start, grid)
        if flat:
            notices.append(
                Notice(
                    "cut-off",
                    f"The {SIDE_NAMES[value]} kidney seems to be outlined only in part, because it ends flat "
                    f"({' and '.join(flat)}): its volume is that of the part, and depth is measured there from the "
                    "cut, not from the capsule; outline all of it.",
                )
            )
    return tuple(notices)


def extents(side: Volume) -> list[tuple[Side, npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Return the sides that are there with the first voxel of each and the one after its last."""
    boxes = zip(Side, ndimage.find_objects(side.array, max(Side)), strict=True)
    return [
        (value, np.array([s.start for s in box]), np.array([s.stop for s in box]))
        for value, box in boxes
        if box is not None
    ]


def _flat_ends(kidney: npt.NDArray[np.bool_], start: npt.NDArray[np.intp], grid: Grid) -> list[str]:
    """Return where a kidney, in its box that starts at a voxel of the grid, ends flat within the image."""
    ends = []
    for (behind, ahead), axis, backwards in zip(_TOWARDS, *grid.body_axes(), strict=True):
        area = kidney.sum(tuple(other for other in range(3) if other != axis)).astype(float)
        large = np.flatnonzero(area > STRAY * area.max())
        first, last = int(large[0]), int(large[-1])
        area = area[first : last + 1]
        if start[axis] + first > 0 and _goes_on(area[::-1]):
            ends.append(ahead if backwards else behind)
        if start[axis] + last < grid.shape[axis] - 1 and _goes_on(area):
            ends.append(behind if backwards else ahead)
    return ends


def _goes_on(area: FloatArray) -> bool:
    """Tell whether cross-sections are still large in the last slice and, extrapolated as a parabola, beyond."""
    latest = area[-3:]
    beyond = sum(float(np.diff(latest, order)[-1]) for order in range(len(latest)))
    return bool(area[-1] > FLAT * area.max() and beyond > GOES_ON * area.max())
