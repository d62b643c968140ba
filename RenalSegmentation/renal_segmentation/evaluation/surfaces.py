"""How far apart two outlines are, in mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from renal_segmentation.volume import FloatArray, Grid, bounding_box

PERCENTILE = 95.0


@dataclass(frozen=True)
class SurfaceDistance:
    """Distances between two surfaces in mm; NaN where one of them is missing.

    Attributes
    ----------
    hd95_mm : float
        The larger of both directed 95th percentiles (robust Hausdorff distance).
    assd_mm : float
        Average symmetric surface distance: the mean over the voxels of both surfaces.
    """

    hd95_mm: float
    assd_mm: float


def surface_distance(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_], grid: Grid) -> SurfaceDistance:
    """Return the distances between the surfaces of two masks on one grid.

    The surface is the layer of voxels with a face towards the outside; distances are between voxel centres in RAS, so
    that sheared and oblique grids are right too. The definitions are those of Taha and Hanbury (BMC Medical Imaging
    2015) as MONAI computes them.

    Parameters
    ----------
    first, second : ndarray of bool, shape of `grid`
        The two masks.
    grid : Grid
        Where they lie.
    """
    if not (first.any() and second.any()):
        return SurfaceDistance(float("nan"), float("nan"))
    here, there = _surface_points(first, grid), _surface_points(second, grid)
    forth = cKDTree(there).query(here)[0]
    back = cKDTree(here).query(there)[0]
    hd95 = max(np.percentile(forth, PERCENTILE), np.percentile(back, PERCENTILE))
    return SurfaceDistance(float(hd95), float(np.concatenate([forth, back]).mean()))


def _surface_points(inside: npt.NDArray[np.bool_], grid: Grid) -> FloatArray:
    """Return the RAS positions of the outermost voxels of a mask, shape (N, 3)."""
    box = bounding_box(inside)
    near = inside[box]
    index = np.argwhere(near & ~ndimage.binary_erosion(near))
    return grid.to_ras(index + [s.start for s in box])
