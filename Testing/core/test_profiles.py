"""Profiles and gradients give the numbers that their definitions give."""

import numpy as np
import pytest
from scipy import stats

from renal_layers.gradients import map_gradients, theil_sen_slope
from renal_layers.maps import MapSamples
from renal_layers.profiles import layer_profiles


def samples(depth, value, side=None, tissue=None) -> MapSamples:
    depth, value = np.asarray(depth, float), np.asarray(value, float)
    side = np.ones(len(depth), np.uint8) if side is None else np.asarray(side, np.uint8)
    tissue = np.full(len(depth), "") if tissue is None else np.asarray(tissue)
    return MapSamples("T1", "ms", side, depth, np.ceil(depth), tissue, value, 0)


def noisy_line(n=4000, slope=3.0, seed=0) -> MapSamples:
    rng = np.random.default_rng(seed)
    depth = rng.uniform(0.01, 20, n)
    return samples(depth, 100 + slope * depth + rng.normal(0, 5, n), rng.integers(1, 3, n))


def test_each_layer_is_described_as_scipy_describes_it():
    data = noisy_line()
    for row in layer_profiles(data):
        chosen = (data.layer == row.layer) & (
            (row.side == "both") | (data.side == {"left": 1, "right": 2}.get(row.side))
        )
        values = data.value[chosen]
        assert row.n == len(values)
        assert row.mean == pytest.approx(values.mean())
        assert row.sd == pytest.approx(values.std(ddof=1))
        assert row.sem == pytest.approx(stats.sem(values))
        assert (row.q1, row.median, row.q3) == pytest.approx(tuple(np.percentile(values, [25, 50, 75])))
        assert row.skewness == pytest.approx(stats.skew(values))
        assert row.kurtosis == pytest.approx(stats.kurtosis(values))
        interval = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
        assert (row.mean_ci_low, row.mean_ci_high) == pytest.approx(interval)


def test_every_side_and_layer_has_a_row_and_both_is_their_sum():
    rows = layer_profiles(noisy_line())
    by_side = {side: {r.layer: r.n for r in rows if r.side == side} for side in ("left", "right", "both")}
    assert set(by_side["both"]) == set(range(1, 21))
    for layer, n in by_side["both"].items():
        assert by_side["left"][layer] + by_side["right"][layer] == n


def test_tissues_have_rows_of_their_own():
    data = samples([1, 2, 3, 4], [1, 2, 3, 4], tissue=["cortex", "cortex", "medulla", ""])
    rows = [r for r in layer_profiles(data) if r.side == "left"]
    assert {(r.tissue, r.layer): r.mean for r in rows if r.tissue != "all"} == {
        ("cortex", 1): 1,
        ("cortex", 2): 2,
        ("medulla", 3): 3,
    }


def test_the_interval_of_the_median_covers_it_in_at_least_95_percent_of_repeats():
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(400):
        (row, *_) = layer_profiles(samples(np.full(25, 0.5), rng.exponential(1, 25)))
        hits += row.median_ci_low <= np.log(2) <= row.median_ci_high
    assert hits >= 0.93 * 400


def test_small_layers_are_marked_and_one_voxel_has_no_spread():
    row = layer_profiles(samples([0.5], [4.0]), minimum_voxels=2)[0]
    assert row.few_voxels
    assert row.mean == 4.0
    assert np.isnan([row.sd, row.sem, row.skewness, row.mean_ci_low, row.median_ci_low]).all()


def test_a_constant_layer_has_no_skewness():
    row = layer_profiles(samples([0.5] * 20, [4.0] * 20))[0]
    assert row.sd == 0
    assert np.isnan(row.skewness)


def test_the_gradient_is_the_regression_over_the_central_range():
    data = noisy_line()
    rows, notices = map_gradients(data)
    left, both = rows[0], rows[-1]
    central = (data.depth >= 5) & (data.depth <= 15) & (data.side == 1)
    fit = stats.linregress(data.depth[central], data.value[central])
    assert (left.slope, left.slope_se, left.intercept) == pytest.approx((fit.slope, fit.stderr, fit.intercept))
    assert left.r2 == pytest.approx(fit.rvalue**2)
    assert left.n == central.sum()
    assert both.slope_ci_low < 3.0 < both.slope_ci_high
    assert both.robust_slope == pytest.approx(3.0, abs=0.2)
    assert not notices


def test_the_gradient_of_both_is_one_slope_with_an_intercept_for_each_kidney():
    data = noisy_line(300)
    both = map_gradients(data)[0][-1]
    central = (data.depth >= 5) & (data.depth <= 15)
    depth, value = data.depth[central], data.value[central]
    design = np.stack([depth, data.side[central] == 1, data.side[central] == 2], axis=1).astype(float)
    fit, (squares,), *_ = np.linalg.lstsq(design, value)
    variance = squares / (len(depth) - 3) * np.linalg.inv(design.T @ design)[0, 0]
    assert (both.slope, both.slope_se) == pytest.approx((fit[0], variance**0.5))
    assert both.intercept == pytest.approx(np.average(fit[1:], weights=design[:, 1:].sum(0)))
    half = stats.t.ppf(0.975, len(depth) - 3) * both.slope_se
    assert (both.slope_ci_low, both.slope_ci_high) == pytest.approx((both.slope - half, both.slope + half))


@pytest.mark.parametrize("n", [400, 4000], ids=["all pairs", "pairs of ranks"])
def test_kidneys_of_different_level_and_size_do_not_tilt_the_gradient_of_both(n):
    rng = np.random.default_rng(7)
    side = np.repeat([1, 2], [n // 2, n // 2])
    depth = np.where(side == 1, rng.uniform(5, 15, n), rng.uniform(5, 10, n))
    row = map_gradients(samples(depth, 20 + 0.8 * depth + 40 * (side == 2), side))[0][-1]
    assert (row.slope, row.robust_slope, row.r2) == pytest.approx((0.8, 0.8, 1))


def test_outer_and_inner_parts_are_those_beside_the_range():
    data = noisy_line()
    both = map_gradients(data)[0][-1]
    outer, inner = data.value[data.depth < 5], data.value[data.depth > 15]
    assert (both.outer_n, both.inner_n) == (len(outer), len(inner))
    assert both.outer_minus_inner == pytest.approx(np.median(outer) - np.median(inner))
    assert both.outer_over_inner == pytest.approx(np.median(outer) / np.median(inner))
    assert both.outer_sd == pytest.approx(outer.std(ddof=1))


@pytest.mark.parametrize(("unit", "limits"), [("percent", (25, 75)), ("proportion", (0.25, 0.75))])
def test_a_relative_range_refers_to_the_greatest_depth(unit, limits):
    data = noisy_line()
    row = map_gradients(data, limits, unit)[0][-1]
    assert (row.low_mm, row.high_mm) == pytest.approx((0.25 * data.depth.max(), 0.75 * data.depth.max()))


def test_a_range_without_voxels_gives_a_notice_and_no_number():
    rows, notices = map_gradients(samples([1, 2, 3], [1, 2, 3]))
    assert all(np.isnan(row.slope) for row in rows)
    assert {notice.code for notice in notices} == {"no-gradient"}


def test_the_robust_slope_ignores_outliers():
    depth = np.linspace(5, 15, 300)
    value = 2 * depth
    value[::10] += 1000
    row = map_gradients(samples(depth, value))[0][-1]
    assert row.robust_slope == pytest.approx(2.0, abs=0.05)
    assert abs(row.slope - 2) > 0.2


def test_the_robust_slope_of_many_points_agrees_with_all_pairs():
    rng = np.random.default_rng(5)
    x = rng.uniform(0, 10, 3000)
    y = 0.7 * x + rng.standard_t(2, 3000)
    assert theil_sen_slope(x, y) == pytest.approx(stats.theilslopes(y, x).slope, abs=0.004)


def test_the_interval_of_the_slope_covers_the_truth_in_about_95_percent_of_repeats():
    hits = 0
    for seed in range(200):
        row = map_gradients(noisy_line(400, seed=seed))[0][-1]
        hits += row.slope_ci_low <= 3.0 <= row.slope_ci_high
    assert 0.91 * 200 <= hits <= 0.99 * 200
