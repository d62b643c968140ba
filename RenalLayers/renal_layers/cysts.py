"""Step 1: small holes of the mask are cysts, whose wall is not the kidney's surface."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage


def fill_cysts(inside: npt.NDArray[np.bool_], voxel_ml: float, below_ml: float) -> npt.NDArray[np.bool_]:
    """Return the mask with its enclosed background parts below a volume filled.

    Parameters
    ----------
    inside : ndarray of bool, shape (I, J, K)
        The kidneys.
    voxel_ml : float
        Volume of a voxel in ml.
    below_ml : float
        Parts (face-connected) below this volume in ml are filled; 0 fills none.

    Returns
    -------
    filled : ndarray of bool, shape (I, J, K)
        A new array. Background that reaches the border of the array is never a cyst.

    Notes
    -----
    Daniel and Francis, 3DQLayers, JOSS 2025.
    """
    if below_ml <= 0:
        return inside.copy()
    parts, count = ndimage.label(~np.pad(inside, 1))
    if count < 2:
        return inside.copy()
    small = np.bincount(parts.ravel()) * voxel_ml < below_ml
    small[[0, parts[0, 0, 0]]] = False
    return np.asarray(inside | small[parts[1:-1, 1:-1, 1:-1]])
