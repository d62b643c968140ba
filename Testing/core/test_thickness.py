"""Cortical thickness is right, its error bar is honest, and where there is none no number comes out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from renal_layers.phantom import CORTEX, MEDULLA, PhantomSettings, sample_kidneys
from renal_layers.thickness import CorticalThickness, cortical_thickness
from renal_segmentation.errors import FitError

COARSE = (1.5, 1.5, 5.5)
TIGHT = (5.0, 5.0, 5.0)


def voxels(settings):
    """Depth, cortex, medulla and RAS positions of every kidney voxel of a reference object."""
    grid = settings.structural_grid()
    labels = sample_kidneys(grid, settings)
    inside = labels.mask.array > 0
    tissue = labels.tissue.array[inside]
    return labels.depth.array[inside], tissue == CORTEX, tissue == MEDULLA, grid.to_ras(np.argwhere(inside))


def measure(settings, **options):
    depth, cortex, medulla, positions = voxels(settings)
    return cortical_thickness(depth, cortex, medulla, positions=positions, **options)


@pytest.mark.parametrize("cortex_mm", [4, 5.3, 7, 8.6, 10])
@pytest.mark.parametrize("with_sinus", [True, False])
def test_thickness_is_found_on_thick_slices(cortex_mm, with_sinus):
    result = measure(PhantomSettings(COARSE, cortex_mm=cortex_mm, with_sinus=with_sinus, margin_mm=TIGHT))
    assert result.thickness_mm == pytest.approx(cortex_mm, abs=0.1)
    assert result.ci_low_mm <= cortex_mm <= result.ci_high_mm


@pytest.mark.parametrize("cortex_mm", [4, 10])
def test_thickness_is_found_at_one_millimetre(cortex_mm):
    result = measure(PhantomSettings((1.0, 1.0, 1.0), cortex_mm=cortex_mm, margin_mm=TIGHT))
    assert result.thickness_mm == pytest.approx(cortex_mm, abs=0.1)


@pytest.mark.parametrize("cortex_mm", [4, 7, 10])
def test_noisy_labels_and_an_imperfect_surface_leave_it_within_a_third_of_a_millimetre(cortex_mm):
    settings = PhantomSettings(
        COARSE, cortex_mm=cortex_mm, tissue_noise_mm=0.5, label_flips=0.02, margin_mm=TIGHT, seed=5
    )
    depth, cortex, medulla, positions = voxels(settings)
    rng = np.random.default_rng(5)
    waves = rng.standard_normal((64, 3)) / 8
    error = 0.15 * np.sqrt(2 / 64) * np.cos(positions @ waves.T + rng.uniform(0, 7, 64)).sum(axis=1)
    result = cortical_thickness(np.abs(depth + error), cortex, medulla, positions=positions)
    assert result.thickness_mm == pytest.approx(cortex_mm, abs=0.3)


def test_the_interval_covers_the_truth_in_about_95_of_100_noisy_repeats():
    rng = np.random.default_rng(2024)
    covered, errors = [], []
    for repeat in range(100):
        settings = PhantomSettings(
            COARSE,
            shift=tuple(rng.uniform(-0.5, 0.5, 3)),
            tissue_noise_mm=0.5,
            margin_mm=TIGHT,
            seed=repeat + 5000,
        )
        result = measure(settings, repeats=50, seed=repeat)
        covered.append(result.ci_low_mm <= 7 <= result.ci_high_mm)
        errors.append(result.thickness_mm - 7)
    assert 88 <= sum(covered) <= 100
    assert abs(np.mean(errors)) < 0.06
    assert np.abs(errors).max() < 0.3


def test_the_error_bar_grows_with_the_noise_of_the_border():
    settings = PhantomSettings(COARSE, margin_mm=TIGHT)
    calm, rough = (measure(replace(settings, tissue_noise_mm=n)) for n in (0, 1))
    assert rough.standard_error_mm > 2 * calm.standard_error_mm


def test_without_positions_runs_of_neighbours_give_a_similar_error():
    depth, cortex, medulla, positions = voxels(PhantomSettings(COARSE, tissue_noise_mm=0.7, margin_mm=TIGHT))
    with_cubes = cortical_thickness(depth, cortex, medulla, positions=positions)
    with_runs = cortical_thickness(depth, cortex, medulla)
    assert with_runs.thickness_mm == with_cubes.thickness_mm
    assert 0.6 < with_runs.standard_error_mm / with_cubes.standard_error_mm < 1.6


def test_the_same_seed_gives_the_same_interval():
    settings = PhantomSettings(COARSE, tissue_noise_mm=0.5, margin_mm=TIGHT)
    first, again, other = (measure(settings, seed=seed) for seed in (1, 1, 2))
    assert (first.ci_low_mm, first.ci_high_mm) == (again.ci_low_mm, again.ci_high_mm)
    assert first.thickness_mm == other.thickness_mm
    assert first.ci_low_mm != other.ci_low_mm


def test_the_result_counts_its_voxels_and_brings_curves_that_cross_at_the_thickness():
    depth, cortex, medulla, positions = voxels(PhantomSettings(COARSE, tissue_noise_mm=0.5, margin_mm=TIGHT))
    depth[:100] = np.nan
    result = cortical_thickness(depth, cortex, medulla, positions=positions)
    assert isinstance(result, CorticalThickness)
    assert result.n_cortex + result.n_medulla == len(depth) - 100
    assert result.bin_mm == 0.5
    curve = result.curve
    assert curve.cortex_share + curve.medulla_share == pytest.approx(1)
    assert np.interp(-0.5, -curve.rind_fit, curve.depth_mm) == pytest.approx(result.thickness_mm, abs=0.1)
    assert result.ci_low_mm < result.thickness_mm < result.ci_high_mm


def block_of_tissue(n=20000):
    rng = np.random.default_rng(0)
    return rng.uniform(0, 20, n), rng.uniform(0, 100, (n, 3)), rng.random(n)


@pytest.mark.parametrize("missing", ["cortex", "medulla"])
def test_a_missing_tissue_is_named(missing):
    depth, positions, _ = block_of_tissue()
    all_of_it, none = np.ones(len(depth), bool), np.zeros(len(depth), bool)
    with pytest.raises(FitError, match=rf"voxels of {missing}.*check"):
        cortical_thickness(
            depth,
            none if missing == "cortex" else all_of_it,
            none if missing == "medulla" else all_of_it,
            positions=positions,
        )


def test_too_few_voxels_give_no_number():
    depth = np.linspace(0, 20, 80)
    with pytest.raises(FitError, match="100 voxels of cortex"):
        cortical_thickness(depth, depth < 7, depth >= 7)


def test_medulla_outside_cortex_gives_no_number():
    depth, positions, _ = block_of_tissue()
    with pytest.raises(FitError, match="does not give way"):
        cortical_thickness(depth, depth > 7, depth <= 7, positions=positions)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_labels_that_ignore_depth_give_no_number(share):
    depth, positions, chance = block_of_tissue()
    with pytest.raises(FitError):
        cortical_thickness(depth, chance < share, chance >= share, positions=positions)


def test_tissues_without_a_common_depth_give_no_number():
    depth, positions, _ = block_of_tissue()
    cortex, medulla = depth < 3, depth > 16
    with pytest.raises(FitError):
        cortical_thickness(depth, cortex, medulla, positions=positions)


def test_tissue_from_one_small_place_gives_no_error_bar_and_so_no_number():
    depth, positions, _ = block_of_tissue()
    with pytest.raises(FitError, match="pieces of tissue"):
        cortical_thickness(depth, depth < 7, depth >= 7, positions=positions / 100)
