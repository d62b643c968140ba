"""Step 7: what each map measures in each layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from renal_layers.maps import MapSamples
from renal_segmentation.labels import SIDE_NAMES, Side

FloatArray = npt.NDArray[np.float64]

CONFIDENCE = 0.95
NAN = float("nan")


@dataclass(frozen=True)
class ProfileRow:
    """Statistics of one layer; values in `unit`.

    `layer` is the upper edge in mm or the index; `tissue` is ``all`` or one tissue; `sd` has the divisor n - 1;
    `skewness` and `kurtosis` (excess) are moment ratios; `mean_ci_*` is Student's 95 % interval, `median_ci_*` the
    distribution-free one from order statistics; `few_voxels` marks layers below the minimum.
    """

    map: str
    unit: str
    side: str
    tissue: str
    layer: float
    n: int
    mean: float
    sd: float
    sem: float
    median: float
    q1: float
    q3: float
    skewness: float
    kurtosis: float
    mean_ci_low: float
    mean_ci_high: float
    median_ci_low: float
    median_ci_high: float
    few_voxels: bool


def layer_profiles(samples: MapSamples, minimum_voxels: int = 10) -> tuple[ProfileRow, ...]:
    """Return a row per side (left, right, both), tissue (all, then each) and layer that has voxels.

    Parameters
    ----------
    samples : MapSamples
        Measurements of one map.
    minimum_voxels : int
        Layers with fewer voxels are marked.
    """
    rows = []
    for side, tissue, chosen in _groups(samples):
        layers, start = np.unique(samples.layer[chosen], return_index=True)
        for layer, values in zip(layers, np.split(samples.value[chosen], start[1:]), strict=True):
            group: dict[str, Any] = {
                "map": samples.name,
                "unit": samples.unit,
                "side": side,
                "tissue": tissue,
                "layer": float(layer),
            }
            rows.append(ProfileRow(**group, **_describe(values), few_voxels=len(values) < minimum_voxels))
    return tuple(rows)


def side_masks(samples: MapSamples) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """Yield "left", "right", "both" with the entries that belong to it, sides without entries left out."""
    present = [side for side in Side if (samples.side == side).any()]
    for side in present:
        yield SIDE_NAMES[side], samples.side == side
    yield "both", np.ones(len(samples.side), bool)


def _groups(samples: MapSamples) -> Iterator[tuple[str, str, npt.NDArray[np.intp]]]:
    """Yield side, tissue and the entries of the group in rising order of layer."""
    order = np.argsort(samples.layer, kind="stable")
    tissues = [name for name in np.unique(samples.tissue) if name]
    for side, of_side in side_masks(samples):
        yield side, "all", order[of_side[order]]
        for tissue in tissues:
            chosen = order[(of_side & (samples.tissue == tissue))[order]]
            if len(chosen):
                yield side, str(tissue), chosen


def _describe(values: FloatArray) -> dict[str, Any]:
    """Return the columns n to median_ci_high of `ProfileRow`."""
    n = len(values)
    ordered = np.sort(values)
    mean = float(ordered.mean())
    off = ordered - mean
    m2 = float((off**2).mean())
    varies = m2 > (1e-12 * max(abs(mean), 1e-300)) ** 2
    sd = (m2 * n / (n - 1)) ** 0.5 if n > 1 else NAN
    sem = sd / n**0.5
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * sem if n > 1 else NAN
    q1, median, q3 = (float(q) for q in np.quantile(ordered, (0.25, 0.5, 0.75)))
    median_low, median_high = _median_interval(ordered)
    return {
        "n": n,
        "mean": mean,
        "sd": sd,
        "sem": sem,
        "median": median,
        "q1": q1,
        "q3": q3,
        "skewness": float((off**3).mean()) / m2**1.5 if varies else NAN,
        "kurtosis": float((off**4).mean()) / m2**2 - 3 if varies else NAN,
        "mean_ci_low": mean - half,
        "mean_ci_high": mean + half,
        "median_ci_low": median_low,
        "median_ci_high": median_high,
    }


def _median_interval(ordered: FloatArray) -> tuple[float, float]:
    """Return the order statistics that enclose the median with at least 95 % confidence (Conover 1999, 3.2)."""
    n = len(ordered)
    rank = int(stats.binom.ppf((1 - CONFIDENCE) / 2, n, 0.5))
    if rank < 1:
        return NAN, NAN
    return float(ordered[rank - 1]), float(ordered[n - rank])
