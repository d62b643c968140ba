"""Step 5: layers of known depth, or of equal thickness or volume between capsule and pelvis."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

LayerModel = Literal["mm", "proportional", "equivolume"]
LAYER_MODELS: tuple[LayerModel, ...] = get_args(LayerModel)

FloatArray = npt.NDArray[np.float64]

DECIMALS = 6


def layers_mm(depth: FloatArray, thickness_mm: float) -> FloatArray:
    """Return the upper edge in mm of each voxel's layer: ``ceil(depth / thickness) * thickness``.

    Parameters
    ----------
    depth : ndarray, shape (N,)
        Depth in mm; 0 gives layer 0.
    thickness_mm : float
        Layer thickness in mm.
    """
    return upper_edge(np.ceil(depth / thickness_mm), thickness_mm)


def upper_edge(number: FloatArray, thickness_mm: float) -> FloatArray:
    """Return the upper edge in mm of layers by their number from 1, without the tail that a product of fractions has.

    Two tables of the same layers must agree in every digit.
    """
    return np.round(number * thickness_mm, DECIMALS)


def relative_depth(to_capsule: FloatArray, to_pelvis: FloatArray) -> FloatArray:
    """Return where each voxel lies between capsule (0) and pelvis (1), shape (N,).

    Milani et al. 2017 and Li et al. 2020 (twelve-layer concentric objects), in three dimensions.
    """
    total = to_capsule + to_pelvis
    return np.asarray(to_capsule / np.where(total > 0, total, 1))


def proportional_layers(relative: FloatArray, count: int) -> npt.NDArray[np.int32]:
    """Return layers 1 (capsule) to `count` (pelvis) of equal share of the way, shape (N,)."""
    return np.clip(np.ceil(relative * count), 1, count).astype(np.int32)


def equivolume_layers(relative: FloatArray, count: int) -> npt.NDArray[np.int32]:
    """Return layers 1 (capsule) to `count` (pelvis) of one kidney, each of the same volume, shape (N,).

    The principle of Waehnert et al. 2014 and Huber et al. 2021 (LAYNII), applied to the kidney as a whole:
    borders are the quantiles of the relative depth, so voxels of one depth stay in one layer.
    """
    edges = np.quantile(relative, np.linspace(0, 1, count + 1)[1:-1])
    return (np.searchsorted(edges, relative, side="left") + 1).astype(np.int32)
