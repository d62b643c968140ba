"""Which of the things that were outlined are kidneys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renal_segmentation.labels import Side
from renal_segmentation.network.refining import Refined
from renal_segmentation.volume import Grid

SMALLEST_ML = 6.0
"""Less parenchyma than this is not a kidney."""
LEAST = 2.05
"""Conviction below which a thing is not outlined even beside a kidney."""
CONVINCING = 2.51
"""Without a person's convictions together (`_together`) reaching this, nothing is outlined.

Of 160 generated people without kidneys, 4 have what does. Of 194 with a kidney in view all but two are given one, who
have kidneys of 36 and 48, and of 42 ml.
"""
BY_CHANCE = 2.1
"""Conviction that things which are no kidneys often reach; only what is more adds to that of the other side."""
ANOTHER = 0.5
"""Of two outlines on a side, the second is of another kidney if less than this share of it lies within the first."""


@dataclass(frozen=True, eq=False)
class Outlined:
    """One outline on the scan's own voxels.

    Attributes
    ----------
    kidney : Refined
    place : tuple of slice
        Where the box of the outline lies in the scan.
    grid : Grid
        Of the box.
    classes : ndarray of float32, shape (3, I, J, K)
        Probabilities of parenchyma, sinus, and cyst or mass.
    clean : ndarray of uint8, shape (I, J, K)
        Refiner classes without stray parts and holes.
    agreement : float
        Dice of both networks' outlines.
    """

    kidney: Refined
    place: tuple[slice, slice, slice]
    grid: Grid
    classes: npt.NDArray[np.float32]
    clean: npt.NDArray[np.uint8]
    agreement: float

    @property
    def conviction(self) -> float:
        """How much speaks for a kidney, 0 to 3: the networks agree on it, are sure, and recognise it."""
        return self.agreement + self.kidney.sureness / 2 + self.kidney.recognised

    @property
    def parenchyma_ml(self) -> float:
        """Volume of the parenchyma."""
        return float(np.count_nonzero(self.clean == 1) * self.grid.voxel_ml)


def judged(things: Sequence[Outlined]) -> tuple[list[Outlined], list[Outlined]]:
    """Return the kidneys, and what was taken for the kidney of a side until now.

    Of several things on a side the one that convinces most is meant; specks are passed over. Another on that side must
    convince by itself, as the native kidney does beside a transplant.
    """
    things = [one for one in things if one.parenchyma_ml >= SMALLEST_ML]
    best: dict[Side, Outlined] = {}
    for one in things:
        side = one.kidney.side
        if side not in best or one.conviction > best[side].conviction:
            best[side] = one
    convinced = _together([one.conviction for one in best.values()]) >= CONVINCING
    kidneys = [one for one in best.values() if convinced and one.conviction >= LEAST]
    more = [
        one for one in things if one.conviction >= CONVINCING and _share_within(one, best[one.kidney.side]) < ANOTHER
    ]
    return kidneys + more, [one for one in best.values() if one not in kidneys]


def _together(convictions: list[float]) -> float:
    """Return how much speaks for a person having kidneys: two things where kidneys lie are seldom chance."""
    first, second = sorted([*convictions, 0.0, 0.0], reverse=True)[:2]
    return first + max(second - BY_CHANCE, 0.0)


def _share_within(one: Outlined, other: Outlined) -> float:
    """Return the share of an outline, 0 to 1, that lies within another of the same scan."""
    both = [slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one.place, other.place, strict=True)]
    if any(common.start >= common.stop for common in both):
        return 0.0
    first, second = (
        each.clean[tuple(slice(c.start - p.start, c.stop - p.start) for c, p in zip(both, each.place, strict=True))] > 0
        for each in (one, other)
    )
    return float((first & second).sum() / max(np.count_nonzero(one.clean), 1))
