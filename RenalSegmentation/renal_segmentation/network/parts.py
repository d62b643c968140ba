"""Connected parts of masks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

BoolArray = npt.NDArray[np.bool_]


def largest_part(mask: BoolArray) -> BoolArray:
    """Return the largest part of a mask, shape (I, J, K), whose voxels touch by their faces."""
    parts, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray(parts == sizes.argmax())
