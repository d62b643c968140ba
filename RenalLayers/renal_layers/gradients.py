"""Step 8: how a map changes with depth, and its outer against its inner part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from renal_layers.maps import MapSamples
from renal_layers.profiles import CONFIDENCE, NAN, side_masks
from renal_layers.settings import GradientUnit
from renal_segmentation.errors import Notice

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

ALL_PAIRS_UP_TO = 1000
RANK_STEPS = 24


@dataclass(frozen=True)
class GradientRow:
    """The gradient of one map on one side.

    ``both`` is one slope for kidneys that may differ in level: each keeps an intercept of its own, so that kidneys of
    different size and level do not tilt the line. Its `intercept` is the mean of theirs, weighted by their voxels (the
    line through mean depth and mean value), and its `r2` the share of the variance within the kidneys.

    `low_mm` and `high_mm` are the fitted range in mm. `slope`, `slope_se`, `slope_ci_*` and `robust_slope`
    (Theil-Sen) are in unit/mm, the other values in `unit`; `outer_*` describes depths below the range, `inner_*`
    above it; SDs have the divisor n - 1.
    """

    map: str
    unit: str
    side: str
    low_mm: float
    high_mm: float
    n: int
    slope: float
    slope_se: float
    slope_ci_low: float
    slope_ci_high: float
    intercept: float
    r2: float
    robust_slope: float
    outer_n: int
    outer_median: float
    outer_sd: float
    inner_n: int
    inner_median: float
    inner_sd: float
    outer_minus_inner: float
    outer_over_inner: float


def map_gradients(
    samples: MapSamples, depth_range: tuple[float, float] = (5.0, 15.0), unit: GradientUnit = "mm"
) -> tuple[tuple[GradientRow, ...], tuple[Notice, ...]]:
    """Return a row for left, right and both, and notices where a fit was not possible.

    Parameters
    ----------
    samples : MapSamples
        Measurements of one map.
    depth_range : tuple of float
        Lower and upper limit of the depths that are fitted, both included.
    unit : {"mm", "percent", "proportion"}
        Unit of the range; percent and proportion refer to the greatest depth among the row's voxels.
    """
    rows: list[GradientRow] = []
    notices: list[Notice] = []
    for side, chosen in side_masks(samples):
        depth, value = samples.depth[chosen], samples.value[chosen]
        scale = {"mm": 1.0, "percent": depth.max() / 100, "proportion": depth.max()}[unit]
        low, high = float(depth_range[0] * scale), float(depth_range[1] * scale)
        central = (depth >= low) & (depth <= high)
        fit = _regression(depth[central], value[central], samples.side[chosen][central])
        if np.isnan(fit["slope"]):
            notices.append(_no_fit(samples.name, side, int(central.sum()), low, high))
        limits: dict[str, Any] = {"low_mm": low, "high_mm": high, "n": int(central.sum())}
        ends = _outer_and_inner(value[depth < low], value[depth > high])
        rows.append(GradientRow(map=samples.name, unit=samples.unit, side=side, **limits, **fit, **ends))
    return tuple(rows), tuple(notices)


def _regression(depth: FloatArray, value: FloatArray, side: npt.NDArray[np.uint8]) -> dict[str, Any]:
    """Return the columns slope to robust_slope of `GradientRow`, one intercept per side.

    NaN with fewer than two voxels more than sides, or at one depth.
    """
    names = ("slope", "slope_se", "slope_ci_low", "slope_ci_high", "intercept", "r2", "robust_slope")
    sides = np.unique(side)
    freedom = len(depth) - len(sides) - 1
    if freedom < 1 or not any(np.ptp(depth[side == one]) > 0 for one in sides):
        return dict.fromkeys(names, NAN)
    # Sums and not scipy's linregress, whose matrix products may differ in the last bit from run to run.
    x, y = _centred(depth, side), _centred(value, side)
    sxx, sxy, syy = (float((a * b).sum()) for a, b in ((x, x), (x, y), (y, y)))
    slope = sxy / sxx
    error = (max(syy - slope * sxy, 0.0) / freedom / sxx) ** 0.5
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * error
    intercept = float(value.mean()) - slope * float(depth.mean())
    r2 = slope * sxy / syy if any(np.ptp(value[side == one]) > 0 for one in sides) else NAN
    robust = theil_sen_slope(depth, value, side)
    return dict(zip(names, (slope, error, slope - half, slope + half, intercept, r2, robust), strict=True))


def _centred(values: FloatArray, side: npt.NDArray[np.uint8]) -> FloatArray:
    """Return each value's distance from the mean of its side."""
    centred = np.empty(len(values))
    for one in np.unique(side):
        centred[side == one] = values[side == one] - values[side == one].mean()
    return centred


def _no_fit(name: str, side: str, n: int, low: float, high: float) -> Notice:
    return Notice(
        "no-gradient",
        f"Map '{name}', {side}: no gradient, because only {n} voxels lie between {low:.1f} and {high:.1f} mm "
        "of depth; choose another gradient range.",
    )


def _outer_and_inner(outer: FloatArray, inner: FloatArray) -> dict[str, Any]:
    """Return the columns outer_n to outer_over_inner of `GradientRow`."""
    outer_median, outer_sd = _median_sd(outer)
    inner_median, inner_sd = _median_sd(inner)
    return {
        "outer_n": len(outer),
        "outer_median": outer_median,
        "outer_sd": outer_sd,
        "inner_n": len(inner),
        "inner_median": inner_median,
        "inner_sd": inner_sd,
        "outer_minus_inner": outer_median - inner_median,
        "outer_over_inner": outer_median / inner_median if inner_median else NAN,
    }


def _median_sd(value: FloatArray) -> tuple[float, float]:
    return float(np.median(value)) if len(value) else NAN, float(value.std(ddof=1)) if len(value) > 1 else NAN


def theil_sen_slope(x: FloatArray, y: FloatArray, group: npt.ArrayLike = 0) -> float:
    """Return the median slope between pairs of points of one group (Theil 1950, Sen 1968).

    All pairs up to 1000 points. Beyond that the pairs whose ranks in x lie `RANK_STEPS` evenly spaced distances, from a
    quarter to three quarters of all points of a group, apart: they tell most of the slope, and each point is in many.
    """
    pairs = _all_pairs if len(x) <= ALL_PAIRS_UP_TO else _pairs_of_ranks
    groups = np.broadcast_to(group, np.shape(x))
    of_group = [np.flatnonzero(groups == one) for one in np.unique(groups)]
    i, j = np.concatenate([members[np.stack(pairs(x[members]))] for members in of_group], axis=1)
    apart = x[i] != x[j]
    i, j = i[apart], j[apart]
    return float(np.median((y[j] - y[i]) / (x[j] - x[i])))


def _all_pairs(x: FloatArray) -> tuple[IntArray, IntArray]:
    i, j = np.triu_indices(len(x), 1)
    return i, j


def _pairs_of_ranks(x: FloatArray) -> tuple[IntArray, IntArray]:
    n, order = len(x), np.argsort(x, kind="stable")
    steps = np.linspace(n / 4, 3 * n / 4, RANK_STEPS).astype(np.intp)
    return np.concatenate([order[: n - step] for step in steps]), np.concatenate([order[step:] for step in steps])
