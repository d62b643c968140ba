"""Ellipsoids in the body: what lies inside, and the exact distance to the surface."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from renal_segmentation.volume import FloatArray, Grid

Box: TypeAlias = tuple[slice, slice, slice]

_TINY = 1e-9
_TOLERANCE = 1e-10
_MAX_STEPS = 100


@dataclass(frozen=True)
class Ellipsoid:
    """A solid ellipsoid anywhere in RAS space.

    Attributes
    ----------
    centre : ndarray, shape (3,)
        RAS mm.
    axes : ndarray, shape (3, 3)
        One unit vector per row, at right angles to each other.
    half_axes : ndarray, shape (3,)
        Half the length along each axis in mm.
    """

    centre: FloatArray
    axes: FloatArray
    half_axes: FloatArray

    @property
    def volume_ml(self) -> float:
        """Volume in millilitres."""
        return float(4 / 3 * np.pi * np.prod(self.half_axes) / 1000)

    def local(self, points: FloatArray) -> FloatArray:
        """Return RAS points, shape (N, 3), as mm along the three axes from the centre."""
        return (points - self.centre) @ self.axes.T

    def to_ras(self, local: FloatArray) -> FloatArray:
        """Return points given in mm along the three axes, shape (N, 3), in RAS mm."""
        return local @ self.axes + self.centre

    def contains(self, points: FloatArray) -> npt.NDArray[np.bool_]:
        """Tell which RAS points, shape (N, 3), lie inside."""
        return np.asarray(((self.local(points) / self.half_axes) ** 2).sum(axis=1) <= 1)

    def grown(self, mm: float) -> Ellipsoid:
        """Return the ellipsoid with every half axis longer by `mm`."""
        return replace(self, half_axes=self.half_axes + mm)

    def reach(self, direction: FloatArray) -> float:
        """Return the largest extent from the centre along a unit `direction`, in mm."""
        return float(np.linalg.norm(self.half_axes * (self.axes @ direction)))

    def box_on(self, grid: Grid) -> Box:
        """Return the part of the grid that the ellipsoid can touch, as three slices (empty when none)."""
        to_index = np.linalg.inv(grid.affine[:3, :3])
        centre = grid.to_index(self.centre[np.newaxis])[0]
        reach = np.linalg.norm(to_index @ (self.axes.T * self.half_axes), axis=1)
        low = np.clip(np.ceil(centre - reach), 0, grid.shape).astype(int)
        high = np.clip(np.floor(centre + reach) + 1, low, grid.shape).astype(int)
        i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        return i, j, k

    def inside_on(self, grid: Grid, box: Box, power: int = 2) -> npt.NDArray[np.bool_]:
        """Tell which voxel centres in `box` lie inside; a `power` above 2 makes the body more box-like."""
        to_unit = (self.axes / self.half_axes[:, np.newaxis]) @ grid.affine[:3, :3]
        start = (self.axes @ (grid.affine[:3, 3] - self.centre)) / self.half_axes
        i, j, k = np.ogrid[box]
        level = sum(
            (row[0] * i + row[1] * j + (row[2] * k + s)) ** power for row, s in zip(to_unit, start, strict=True)
        )
        return np.asarray(level <= 1)

    def distance(self, points: FloatArray) -> FloatArray:
        """Return the distance of RAS points to the surface in mm, exact to rounding, inside and outside.

        Parameters
        ----------
        points : ndarray, shape (N, 3)
            RAS mm.

        Returns
        -------
        ndarray, shape (N,)
            Never negative.

        Notes
        -----
        The nearest surface point of y is x with x_i = e_i^2 y_i / (t + e_i^2), where t is the largest root of
        |e_i y_i / (t + e_i^2)| = 1 (Eberly, "Distance from a Point to an Ellipse, an Ellipsoid, or a
        Hyperellipsoid", Geometric Tools, 2013). The reciprocal of that norm is concave, so Newton's method climbs
        to the root from below without overshooting (More and Sorensen, SIAM J. Sci. Stat. Comput. 4, 1983). The
        unknown is kept as its height above -min(e_i)^2, so nothing cancels for points near the mid-plane.
        """
        half = self.half_axes[:, np.newaxis]
        y = np.maximum(np.abs(self.local(points)).T, _TINY * half)
        above = half**2 - half.min() ** 2
        s = (half * y - above).max(axis=0)
        for _ in range(_MAX_STEPS):
            ratio = half * y / (s + above)
            square = (ratio**2).sum(axis=0)
            step = square * (np.sqrt(square) - 1) / (ratio**2 / (s + above)).sum(axis=0)
            s = s + step
            if np.abs(step).max(initial=0.0) <= _TOLERANCE * half.min() ** 2:
                break
        nearest = half**2 * y / (s + above)
        return np.asarray(np.linalg.norm(nearest - y, axis=0))
