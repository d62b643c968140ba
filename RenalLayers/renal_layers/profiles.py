"""Step 7: what each map measures in each layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from renal_layers.maps import ALL_TISSUES, MapSamples
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
    groups = [
        (side, tissue, float(layer), np.sort(values))
        for side, tissue, chosen in _groups(samples)
        for layer, values in _by_layer(samples, chosen)
    ]
    n = np.array([len(values) for *_, values in groups])
    # Asked once for all groups: each question to scipy's distributions takes as long as a layer's statistics.
    t = stats.t.ppf((1 + CONFIDENCE) / 2, np.maximum(n - 1, 1))
    rank = stats.binom.ppf((1 - CONFIDENCE) / 2, n, 0.5).astype(int)
    return tuple(
        ProfileRow(
            map=samples.name,
            unit=samples.unit,
            side=side,
            tissue=tissue,
            layer=layer,
            **_describe(values, float(t[g])),
            **_median_interval(values, int(rank[g])),
            few_voxels=len(values) < minimum_voxels,
        )
        for g, (side, tissue, layer, values) in enumerate(groups)
    )


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
        yield side, ALL_TISSUES, order[of_side[order]]
        for tissue in tissues:
            chosen = order[(of_side & (samples.tissue == tissue))[order]]
            if len(chosen):
                yield side, str(tissue), chosen


def _by_layer(samples: MapSamples, chosen: npt.NDArray[np.intp]) -> Iterator[tuple[float, FloatArray]]:
    """Yield each layer and the values in it of entries that are in rising order of layer."""
    layers, start = np.unique(samples.layer[chosen], return_index=True)
    yield from zip(layers, np.split(samples.value[chosen], start[1:]), strict=True)


def _describe(ordered: FloatArray, t: float) -> dict[str, Any]:
    """Return the columns n to mean_ci_high of `ProfileRow` from rising values and Student's 97.5 % quantile."""
    n = len(ordered)
    mean = float(ordered.mean())
    off = ordered - mean
    m2 = float((off**2).mean())
    varies = m2 > (1e-12 * max(abs(mean), 1e-300)) ** 2
    sd = (m2 * n / (n - 1)) ** 0.5 if n > 1 else NAN
    sem = sd / n**0.5
    q1, median, q3 = (float(q) for q in np.quantile(ordered, (0.25, 0.5, 0.75)))
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
        "mean_ci_low": mean - t * sem,
        "mean_ci_high": mean + t * sem,
    }


def _median_interval(ordered: FloatArray, rank: int) -> dict[str, Any]:
    """Return the order statistics that enclose the median with at least 95 % confidence (Conover 1999, 3.2)."""
    low, high = (float(ordered[rank - 1]), float(ordered[-rank])) if rank >= 1 else (NAN, NAN)
    return {"median_ci_low": low, "median_ci_high": high}
