"""Fluid that was taken for parenchyma in CT, where brightness says what a thing is: pelvis, calyces, simple cysts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from renal_segmentation.network.unlike import NORMAL, BoolArray, FloatArray, Parenchyma, thick_parts, without_parts

FLUID_HU = 5.0
"""Urine without contrast, and clear cysts, have 0 to 15 HU: darker by 10 to 40 than parenchyma without contrast."""
BRIGHTEST_HU = 20.0
"""Medulla before contrast reaches it is brighter."""
DARKEST_HU = -12.0
"""What is darker is fat, or half fat."""
LEAST_STEP_HU = 10.0
SPREADS = 2.0
"""How many robust standard deviations of the parenchyma fluid must be darker than that."""
ROUNDS = 2
"""A wide pelvis is first counted with the parenchyma that it is compared with."""


def without_fluid(
    classes: FloatArray, clean: npt.NDArray[np.uint8], image: FloatArray, spacing: Sequence[float]
) -> FloatArray:
    """Return class probabilities in which thick parts as dark as fluid are no parenchyma.

    A wide pelvis differs from parenchyma by less than that varies where medulla and cortex differ, which is why
    `unlike.told_from_parenchyma` leaves it; but with Hounsfield units medulla is not as dark as fluid.

    Parameters
    ----------
    classes, clean, spacing
        See `edges.at_half_step`.
    image : ndarray of float32, shape (I, J, K)
        The scan in Hounsfield units.

    Returns
    -------
    classes : ndarray of float32, shape (3, I, J, K)
    """
    return without_parts(classes, clean, image, spacing, _fluid)


def _fluid(seen: Parenchyma) -> list[BoolArray]:
    """Return each thick part of the parenchyma that is as dark as fluid."""
    deep = seen.deep.copy()
    found: list[BoolArray] = []
    for _ in range(ROUNDS):
        usual = float(np.median(seen.smooth[deep]))
        brighter = seen.smooth[deep & (seen.smooth > usual)] - usual
        spread = NORMAL * float(np.median(brighter)) if brighter.size else 0.0
        half_way = min((usual + FLUID_HU) / 2, BRIGHTEST_HU)
        least = max(usual - half_way, LEAST_STEP_HU, SPREADS * spread)
        parts = thick_parts(np.where(seen.mask, usual - seen.smooth, np.float32(0)), least, seen.spacing)
        found = [part for part in parts if float(np.median(seen.image[part])) >= DARKEST_HU]
        deep &= ~np.any(found, axis=0)
        if not found or not deep.any():
            break
    return found
