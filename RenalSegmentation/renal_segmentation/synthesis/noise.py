"""Random streams and smooth noise that are the same at every voxel size and on every machine.

Only additions, multiplications, divisions and square roots are done per voxel: their results are fixed by IEEE 754,
while those of sines, powers and matrix products differ in the last bit between machines.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

FloatField = npt.NDArray[np.float32]

SMOOTHED_SD = 0.409
"""Standard deviation of unit white noise on a lattice after quadratic B-spline interpolation."""


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random numbers of one part of the anatomy, which no other part's draws disturb."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def smooth_noise(
    rng: np.random.Generator,
    axes: tuple[FloatField, FloatField, FloatField],
    field_mm: tuple[float, ...],
    cell_mm: float,
) -> FloatField:
    """Return noise of mean 0 and standard deviation 1 that varies over `cell_mm`.

    Parameters
    ----------
    rng : Generator
        Draws the values on a lattice that depends on `field_mm` and `cell_mm` only.
    axes : three ndarrays
        Voxel centres along each axis in mm, zero in the middle of the field.
    field_mm : three floats
        Size of the field.
    cell_mm : float
        Distance of the lattice points.

    Returns
    -------
    noise : ndarray of float32, one value per voxel
        Quadratic B-spline through the lattice.
    """
    lattice = rng.standard_normal([int(np.ceil(size / cell_mm)) + 4 for size in field_mm]).astype(np.float32)
    for axis, (centres, size) in enumerate(zip(axes, field_mm, strict=True)):
        place = (centres + np.float32(size / 2)) / np.float32(cell_mm) + np.float32(1.5)
        node = np.rint(place).astype(np.intp)
        t = (place - node).astype(np.float32)
        half = np.float32(0.5)
        weights = (half * (half - t) ** 2, np.float32(0.75) - t * t, half * (half + t) ** 2)
        shape = [-1 if a == axis else 1 for a in range(3)]
        taken = [
            np.take(lattice, node + step, axis) * w.reshape(shape) for step, w in zip((-1, 0, 1), weights, strict=True)
        ]
        lattice = taken[0] + taken[1] + taken[2]
    return lattice / np.float32(SMOOTHED_SD)
