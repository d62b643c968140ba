"""From a mask file to kidneys: sides, cysts and pelvis as drawn, and what is doubtful about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from renal_segmentation.cut_off import cut_off_notices, extents
from renal_segmentation.errors import Notice
from renal_segmentation.labels import SIDE_NAMES, MaskParts, Side, margin_voxels, read_parts
from renal_segmentation.sides import named_side_doubts, split_sides, stray_part_notices
from renal_segmentation.volume import Grid, Volume, as_volume, check_affine

BoolArray = npt.NDArray[np.bool_]

FEWEST_VOXELS_ACROSS = 3


@dataclass(frozen=True)
class Kidneys:
    """The kidneys of one mask, cropped to them.

    Attributes
    ----------
    side : Volume
        uint8, 1 left, 2 right, 0 outside.
    cyst, pelvis : ndarray of bool, same shape
        As labelled in the mask; empty where not labelled.
    grid : Grid
        The mask's full grid.
    notices : tuple of Notice
        What was assumed and what is doubtful.
    """

    side: Volume
    cyst: BoolArray
    pelvis: BoolArray
    grid: Grid
    notices: tuple[Notice, ...]

    @property
    def sides(self) -> list[Side]:
        """The sides that have a kidney."""
        return [side for side in Side if (self.side.array == side).any()]

    @property
    def volume_ml(self) -> dict[str, float]:
        """Volume as drawn of each side that is there, and of all (TKV), in ml."""
        volumes = {SIDE_NAMES[side]: float((self.side.array == side).sum() * self.grid.voxel_ml) for side in self.sides}
        return {**volumes, "total": sum(volumes.values())}


def read_kidneys(
    mask: Any,
    labels: Mapping[int, str] | None = None,
    margin_mm: float = 0.0,
    grid: Grid | None = None,
    name: str = "The mask",
) -> Kidneys:
    """Return the kidneys of a mask with their sides.

    Parameters
    ----------
    mask : Volume, nibabel image, or object with ``array`` and ``affine``
        Binary, or labelled with `labels`.
    labels : mapping of int to str, optional
        Meaning of each label (`renal_segmentation.labels.MEANINGS`).
    margin_mm : float
        How much of the surroundings to keep around the kidneys.
    grid : Grid, optional
        The scan's grid, where `mask` is only a piece cut out of it; beyond the piece there is background.
    name : str
        What to call the mask in messages.

    Raises
    ------
    InputError, EmptyMaskError
        If the mask is not a mask, or holds no kidney.
    """
    volume = as_volume(mask, name)
    if grid is None:
        grid = volume.grid
    else:
        grid = Grid(grid.shape, check_affine(grid.affine, "The scan"))
        volume = volume.widened(grid, 1 + margin_voxels(grid, margin_mm))
    parts = read_parts(volume, labels, margin_mm, name)
    side, side_notices = _sides(parts, grid)
    side = grid.placed(side.array, grid.start_of(side))
    notices = (*parts.notices, *side_notices, *stray_part_notices(side, parts.cyst), *_doubts(side, grid))
    return Kidneys(side, parts.cyst, parts.pelvis, grid, notices)


def _sides(parts: MaskParts, grid: Grid) -> tuple[Volume, tuple[Notice, ...]]:
    """Return the side map: labelled sides as they are, the rest from RAS coordinates."""
    side = parts.left * np.uint8(Side.LEFT) + parts.right * np.uint8(Side.RIGHT)
    if not parts.kidney.any():
        return Volume(side, parts.affine), named_side_doubts(Volume(side, parts.affine))
    middle = grid.to_ras([(np.array(grid.shape) - 1) / 2])[0, 0]
    found, notices = split_sides(Volume(parts.kidney, parts.affine), middle)
    return Volume(np.where(parts.kidney, found, side), parts.affine), notices


def _doubts(side: Volume, grid: Grid) -> tuple[Notice, ...]:
    """Return notices on kidneys that are cut off or too thin to have a depth."""
    notices = list(cut_off_notices(side, grid))
    for value, low, high in extents(side):
        across = int((high - low).min())
        if across < FEWEST_VOXELS_ACROSS:
            notices.append(
                Notice(
                    "thin-kidney",
                    f"The {SIDE_NAMES[value]} kidney is {across} voxel{'s' * (across > 1)} thick in one direction: "
                    "its depths are rough.",
                )
            )
    return tuple(notices)
