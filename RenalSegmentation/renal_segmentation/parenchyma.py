"""Kidneys with the cortex and medulla in them, kept in agreement while one or the other is painted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from renal_segmentation.volume import Volume, bounding_box

PartArray = npt.NDArray[np.uint8]

LEFT, RIGHT, CORTEX, MEDULLA = (np.uint8(1 << bit) for bit in range(4))
"""What a voxel can be part of, several at once: a kidney, and a tissue of it."""
KIDNEY, TISSUE = LEFT | RIGHT, CORTEX | MEDULLA


def settle(parts: Volume, before: PartArray, tissue_leads: bool) -> PartArray:
    """Return parts in which all tissue is kidney and no voxel is of two kinds, wherever a stroke changed anything.

    Of two kidneys or two tissues in one voxel the one that came last stays. Tissue painted outside makes the kidney
    larger, the nearest one where there was none. What else was not changed stays as it is, whatever it is.

    Parameters
    ----------
    parts : Volume
        Sums of parts after the stroke, shape (I, J, K), uint8.
    before : ndarray of uint8, shape (I, J, K)
        The same before it.
    tissue_leads : bool
        Whether tissue was painted, so that it stays where the kidney below it is gone. Else it goes with the kidney,
        unless tissue came anywhere: then several segments were painted at once.
    """
    changed = parts.array != before
    old, new = before[changed], parts.array[changed]
    came = new & ~old
    for one, other in ((LEFT, RIGHT), (CORTEX, MEDULLA)):
        both = (new & (one | other)) == (one | other)
        newer = both & ((came & (one | other)) == one)
        new[newer] &= ~other
        new[both & ~newer] &= ~one
    bare = _is_bare(new)
    stays = bare & (tissue_leads or bool((came & TISSUE).any()))
    new[bare & ~stays] &= ~TISSUE
    for side in (LEFT, RIGHT):
        new[stays & ((old & KIDNEY) == side)] |= side
    settled = parts.array.copy()
    settled[changed] = new
    outside = _is_bare(new)
    if outside.any():
        index = np.argwhere(changed)[outside]
        settled[tuple(index.T)] |= _nearest_kidney(parts.like(settled), index)
    return settled


def _is_bare(parts: PartArray) -> npt.NDArray[np.bool_]:
    """Return where there is tissue without a kidney."""
    return np.asarray(((parts & TISSUE) != 0) & ((parts & KIDNEY) == 0))


def _nearest_kidney(parts: Volume, index: npt.NDArray[np.intp]) -> PartArray:
    """Return which kidney is nearest to voxels, shape (N, 3); without any, that of their half of the image."""
    places = parts.grid.to_ras(index)
    apart = {}
    for side in (LEFT, RIGHT):
        inside = (parts.array & side) != 0
        if inside.any():
            box = bounding_box(inside)
            edge = inside[box] & ~ndimage.binary_erosion(inside[box])
            voxels = np.argwhere(edge) + [part.start for part in box]
            apart[side] = cKDTree(parts.grid.to_ras(voxels)).query(places)[0]
    if not apart:
        middle = parts.grid.to_ras([(np.array(parts.array.shape) - 1) / 2])[0, 0]
        is_left = places[:, 0] < middle
    elif len(apart) == 1:
        is_left = np.full(len(index), LEFT in apart)
    else:
        is_left = apart[LEFT] <= apart[RIGHT]
    return np.where(is_left, LEFT, RIGHT)
