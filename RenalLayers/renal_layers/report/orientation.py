"""How a picture is held: the radiological convention, worked out from the affine and never from array indices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from renal_segmentation.volume import Grid

PLANES = ("sagittal", "coronal", "axial")
"""Name of the plane whose normal is the R, A or S axis."""

# For each plane: the RAS axis and sign that points to the right of the picture, then the one that points up.
_HELD: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "sagittal": ((1, -1), (2, 1)),
    "coronal": ((0, -1), (2, 1)),
    "axial": ((0, -1), (1, 1)),
}
_LETTERS = (("L", "R"), ("P", "A"), ("I", "S"))
_SAME_SPACING = 1.05


@dataclass(frozen=True)
class View:
    """How index axes become a picture whose first row is at the top and first column at the left.

    Attributes
    ----------
    plane : str
        ``coronal``, ``axial`` or ``sagittal``: the closest one.
    tilt_degrees : float
        Angle between the slices and that plane.
    slice_axis, column_axis, row_axis : int
        Index axis across the slices, along the picture's columns (to the right) and along its rows (down).
    column_sign, row_sign : int
        1 where the index rises to the right (down), -1 where it falls.
    left, right, top, bottom : str
        Letters of the body direction at each border.
    """

    plane: str
    tilt_degrees: float
    slice_axis: int
    column_axis: int
    row_axis: int
    column_sign: int
    row_sign: int
    left: str
    right: str
    top: str
    bottom: str

    def picture(self, array: npt.NDArray[Any], index: int) -> npt.NDArray[Any]:
        """Return slice `index` of an array of shape (I, J, K), rows from top to bottom."""
        slices = np.moveaxis(array, (self.slice_axis, self.row_axis, self.column_axis), (0, 1, 2))
        return slices[index, :: self.row_sign, :: self.column_sign]


def view_of(grid: Grid) -> View:
    """Return the view along the slices of a grid.

    Slices are cut across the axis with one voxel, else the one with the largest voxels; among equals the most
    coronal one is taken, which shows both kidneys.
    """
    directions = grid.affine[:3, :3] / grid.spacing
    axes, _ = grid.body_axes()
    body_axis = [axes.index(n) for n in range(3)]
    slice_axis = _slice_axis(grid, body_axis)
    plane = PLANES[body_axis[slice_axis]]
    (right_axis, right_sign), (up_axis, up_sign) = _HELD[plane]
    column_axis, row_axis = body_axis.index(right_axis), body_axis.index(up_axis)
    cosine = abs(directions[body_axis[slice_axis], slice_axis])
    return View(
        plane=plane,
        tilt_degrees=float(np.degrees(np.arccos(min(cosine, 1.0)))),
        slice_axis=slice_axis,
        column_axis=column_axis,
        row_axis=row_axis,
        column_sign=right_sign * (1 if directions[right_axis, column_axis] > 0 else -1),
        row_sign=-up_sign * (1 if directions[up_axis, row_axis] > 0 else -1),
        left=_letter(right_axis, -right_sign),
        right=_letter(right_axis, right_sign),
        top=_letter(up_axis, up_sign),
        bottom=_letter(up_axis, -up_sign),
    )


def direction_letter(axis: int, position: float) -> str:
    """Return where along a RAS axis a coordinate in mm lies, such as ``A 12 mm``."""
    return f"{_letter(axis, 1 if position >= 0 else -1)} {abs(position):.0f} mm"


def _slice_axis(grid: Grid, body_axis: list[int]) -> int:
    flat = [n for n in range(3) if grid.shape[n] == 1]
    largest = grid.spacing.max()
    candidates = flat or [n for n in range(3) if grid.spacing[n] * _SAME_SPACING >= largest]
    preference = {1: 0, 2: 1, 0: 2}
    return min(candidates, key=lambda n: preference[body_axis[n]])


def _letter(axis: int, sign: int) -> str:
    return _LETTERS[axis][(sign + 1) // 2]
