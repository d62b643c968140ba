"""How far two masks of the same kidneys agree, such as the network's and the corrected one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renal_segmentation.errors import GeometryError
from renal_segmentation.evaluation.surfaces import surface_distance
from renal_segmentation.labels import SIDE_NAMES, Side
from renal_segmentation.volume import Volume, bounding_box

BoolArray = npt.NDArray[np.bool_]

ADDED, REMOVED, RENAMED = 1, 2, 3
"""Values of `changes`."""


@dataclass(frozen=True)
class Agreement:
    """Two outlines of one kidney, or of both.

    Attributes
    ----------
    side : str
        ``left``, ``right`` or ``both``.
    dice : float
        Twice the common volume over the sum of volumes; 1 where both are empty.
    hd95_mm : float
        Robust Hausdorff distance (`renal_segmentation.evaluation.surfaces`); not a number where a mask is empty.
    before_ml, after_ml : float
        Volumes.
    """

    side: str
    dice: float
    hd95_mm: float
    before_ml: float
    after_ml: float

    @property
    def change_ml(self) -> float:
        """How much volume was gained."""
        return self.after_ml - self.before_ml

    @property
    def change_percent(self) -> float:
        """How much volume was gained in percent of what there was before; not a number where there was nothing."""
        return 100.0 * self.change_ml / self.before_ml if self.before_ml > 0 else float("nan")


def compare(before: Volume, after: Volume) -> tuple[Agreement, ...]:
    """Return the agreement of the left kidney, of the right one, and of both together.

    For ``both`` the mask is any kidney: a voxel that only changed its side counts as the same.

    Parameters
    ----------
    before, after : Volume
        Side maps on the same grid, shape (I, J, K).

    Raises
    ------
    GeometryError
        If the grids differ.
    """
    _check_grids(before, after)
    painted = (before.array > 0) | (after.array > 0)
    if painted.any():
        box = bounding_box(painted, margin=1)
        before, after = before.crop(box), after.crop(box)
    found = [_agreement(SIDE_NAMES[s], before.array == s, after.array == s, before) for s in Side]
    return (*found, _agreement("both", before.array > 0, after.array > 0, before))


def changes(before: Volume, after: Volume) -> npt.NDArray[np.uint8]:
    """Return what was changed: 1 added, 2 removed, 3 given the other side, 0 the same.

    Raises
    ------
    GeometryError
        If the grids differ.
    """
    _check_grids(before, after)
    changed = np.zeros(before.array.shape, np.uint8)
    changed[(before.array == 0) & (after.array > 0)] = ADDED
    changed[(before.array > 0) & (after.array == 0)] = REMOVED
    changed[(before.array > 0) & (after.array > 0) & (before.array != after.array)] = RENAMED
    return changed


def _check_grids(before: Volume, after: Volume) -> None:
    if not before.grid.same_as(after.grid):
        raise GeometryError("The two masks lie on different grids: give both the geometry of the same image.")


def _agreement(side: str, before: BoolArray, after: BoolArray, on: Volume) -> Agreement:
    sizes = int(before.sum()), int(after.sum())
    dice = 2.0 * float((before & after).sum()) / sum(sizes) if any(sizes) else 1.0
    voxel = on.grid.voxel_ml
    return Agreement(side, dice, surface_distance(before, after, on.grid).hd95_mm, sizes[0] * voxel, sizes[1] * voxel)
