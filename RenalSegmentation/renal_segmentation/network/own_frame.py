"""The frame of a scan: its own axes, named after those of the body that they run along most.

The networks see scans in this frame, so that a scan whose affine is turned by less than half a right angle gives the
same kidneys to the voxel. Angles between the axes are kept: a sheared scan stays sheared against its frame.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from scipy.linalg import polar

from renal_segmentation.volume import FloatArray, Grid


def body_axes(affine: FloatArray) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """Return which voxel axis runs most along x, y and z of the body, and whether it runs backwards."""
    direction = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    best = max(permutations(range(3)), key=lambda p: round(sum(abs(direction[i, p[i]]) for i in range(3)), 9))
    flips = tuple(bool(direction[i, best[i]] < 0) for i in range(3))
    return (best[0], best[1], best[2]), (flips[0], flips[1], flips[2])


def own_frame(grid: Grid) -> FloatArray:
    """Return the motion, shape (4, 4), from the frame of a scan, with its middle as origin, to RAS mm.

    The turn is the orthogonal factor of the polar decomposition of the affine.
    """
    axes, flips = body_axes(grid.affine)
    turn, _ = polar(grid.affine[:3, list(axes)] * np.where(flips, -1, 1))
    frame = np.eye(4)
    frame[:3, :3] = turn
    frame[:3, 3] = grid.to_ras([(np.array(grid.shape) - 1) / 2])[0]
    return frame
