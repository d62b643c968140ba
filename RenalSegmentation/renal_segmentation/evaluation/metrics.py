"""Numbers for one structure of one case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renal_segmentation.evaluation.surfaces import surface_distance
from renal_segmentation.volume import Grid

METRICS = (
    "dice",
    "difference_ml",
    "difference_percent",
    "ppv",
    "sensitivity",
    "hd95_mm",
    "assd_mm",
)


@dataclass(frozen=True)
class Agreement:
    """How well a prediction agrees with a reference; NaN where a number has no meaning.

    Attributes
    ----------
    reference_ml, prediction_ml : float
        Volumes.
    difference_ml, difference_percent : float
        Prediction minus reference, and its share of the reference.
    dice : float
        Dice similarity coefficient, 0 to 1.
    ppv, sensitivity : float
        Share of the prediction that is in the reference (positive predictive value, precision), and share of the
        reference that was found.
    hd95_mm, assd_mm : float
        See `renal_segmentation.evaluation.surfaces`.
    """

    reference_ml: float
    prediction_ml: float
    difference_ml: float
    difference_percent: float
    dice: float
    ppv: float
    sensitivity: float
    hd95_mm: float
    assd_mm: float


def agreement(prediction: npt.NDArray[np.bool_], reference: npt.NDArray[np.bool_], grid: Grid) -> Agreement:
    """Return the agreement of two masks on one grid, of which at least one is not empty.

    Parameters
    ----------
    prediction, reference : ndarray of bool, shape of `grid`
        The two masks.
    grid : Grid
        Where they lie.
    """
    predicted, wanted, both = (int(inside.sum()) for inside in (prediction, reference, prediction & reference))
    distance = surface_distance(prediction, reference, grid)
    return Agreement(
        reference_ml=wanted * grid.voxel_ml,
        prediction_ml=predicted * grid.voxel_ml,
        difference_ml=(predicted - wanted) * grid.voxel_ml,
        difference_percent=100 * _share(predicted - wanted, wanted),
        dice=_share(2 * both, predicted + wanted),
        ppv=_share(both, predicted),
        sensitivity=_share(both, wanted),
        hd95_mm=distance.hd95_mm,
        assd_mm=distance.assd_mm,
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
