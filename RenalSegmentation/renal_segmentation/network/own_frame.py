"""The frame of a scan: its own axes, named after those of the body that they run along most.

The networks see scans in this frame, so that a scan whose affine is turned by less than half a right angle gives the
same kidneys to the voxel. Angles between the axes are kept: a sheared scan stays sheared against its frame.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import polar

from renal_segmentation.volume import FloatArray, Grid


def own_frame(grid: Grid) -> FloatArray:
    """Return the motion, shape (4, 4), from the frame of a scan, with its middle as origin, to RAS mm.

    The turn is the orthogonal factor of the polar decomposition of the affine.
    """
    axes, flips = grid.body_axes()
    turn, _ = polar(grid.affine[:3, list(axes)] * np.where(flips, -1, 1))
    frame = np.eye(4)
    frame[:3, :3] = turn
    frame[:3, 3] = grid.to_ras([(np.array(grid.shape) - 1) / 2])[0]
    return frame
