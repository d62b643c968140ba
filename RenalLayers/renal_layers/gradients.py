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

ALL_PAIRS_UP_TO = 1000
RANK_STEPS = 24


@dataclass(frozen=True)
class GradientRow:
    """The gradient of one map on one side.

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
        fit = _regression(depth[central], value[central])
        if np.isnan(fit["slope"]):
            notices.append(_no_fit(samples.name, side, int(central.sum()), low, high))
        limits: dict[str, Any] = {"low_mm": low, "high_mm": high, "n": int(central.sum())}
        ends = _outer_and_inner(value[depth < low], value[depth > high])
        rows.append(GradientRow(map=samples.name, unit=samples.unit, side=side, **limits, **fit, **ends))
    return tuple(rows), tuple(notices)


def _regression(depth: FloatArray, value: FloatArray) -> dict[str, Any]:
    """Return the columns slope to robust_slope of `GradientRow`, NaN below three voxels or at one depth."""
    n = len(depth)
    names = ("slope", "slope_se", "slope_ci_low", "slope_ci_high", "intercept", "r2", "robust_slope")
    if n < 3 or np.ptp(depth) == 0:
        return dict.fromkeys(names, NAN)
    # Sums and not scipy's linregress, whose matrix products may differ in the last bit from run to run.
    middle, mean = float(depth.mean()), float(value.mean())
    x, y = depth - middle, value - mean
    sxx, sxy, syy = (float((a * b).sum()) for a, b in ((x, x), (x, y), (y, y)))
    slope = sxy / sxx
    error = (max(syy - slope * sxy, 0.0) / (n - 2) / sxx) ** 0.5
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 2)) * error
    r2 = slope * sxy / syy if np.ptp(value) > 0 else NAN
    robust = theil_sen_slope(depth, value)
    return dict(zip(names, (slope, error, slope - half, slope + half, mean - slope * middle, r2, robust), strict=True))


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


def theil_sen_slope(x: FloatArray, y: FloatArray) -> float:
    """Return the median slope between pairs of points (Theil 1950, Sen 1968).

    All pairs up to 1000 points. Beyond that the pairs whose ranks in x lie `RANK_STEPS` evenly spaced distances, from a
    quarter to three quarters of all points, apart: they tell most of the slope, and each point is in many of them.
    """
    n = len(x)
    if n <= ALL_PAIRS_UP_TO:
        i, j = np.triu_indices(n, 1)
    else:
        order = np.argsort(x, kind="stable")
        steps = np.linspace(n / 4, 3 * n / 4, RANK_STEPS).astype(np.intp)
        i = np.concatenate([order[: n - step] for step in steps])
        j = np.concatenate([order[step:] for step in steps])
    apart = x[i] != x[j]
    i, j = i[apart], j[apart]
    return float(np.median((y[j] - y[i]) / (x[j] - x[i])))
