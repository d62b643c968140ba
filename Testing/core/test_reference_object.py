"""What is built into the reference object is measured, at the resolution and noise of a usual renal scan."""

import numpy as np
import pytest

from renal_layers import QuantitativeMap, Settings, Tissue, analyse
from renal_layers.phantom import PhantomSettings, reference_object

SIDES = {1: "left", 2: "right"}


@pytest.mark.parametrize("space", ["map", "mask"])
def test_the_gradient_is_within_one_percent_in_both_spaces(space):
    errors = []
    for seed in range(6):
        shift, map_shift = np.random.default_rng(seed).uniform(-0.5, 0.5, (2, 3))
        subject = PhantomSettings(with_sinus=False, seed=seed, shift=tuple(shift), map_shift=tuple(map_shift))
        thing = reference_object(subject)
        maps = [QuantitativeMap("R2*", thing.r2star, "Hz"), QuantitativeMap("T1", thing.t1, "ms")]
        analysis = analyse(thing.mask, maps, Settings(space=space), labels=SIDES)
        slope = {row.map: row.slope for row in analysis.gradients if row.side == "both"}
        errors.append([slope["R2*"] / 0.8 - 1, slope["T1"] / 18 - 1])
    assert np.abs(np.mean(errors, 0)).max() < 0.01
    assert np.abs(errors).max() < 0.03


@pytest.mark.parametrize("space", ["map", "mask"])
def test_one_run_on_the_object_as_it_comes_is_within_one_percent(space):
    thing = reference_object(PhantomSettings(with_sinus=False))
    maps = [QuantitativeMap("R2*", thing.r2star, "Hz")]
    analysis = analyse(thing.mask, maps, Settings(space=space), labels=SIDES)
    assert analysis.gradients[-1].slope == pytest.approx(0.8, rel=0.01)


@pytest.mark.parametrize(("drawn", "within"), [(True, 0.015), (False, 0.05)])
def test_with_a_sinus_depth_from_the_capsule_recovers_the_gradient_that_depth_from_the_surface_misses(drawn, within):
    thing = reference_object(PhantomSettings(seed=4))
    maps = [QuantitativeMap("R2*", thing.r2star, "Hz")]
    error = {}
    for depth_from in ("capsule", "surface"):
        settings = Settings(pelvis_distance_mm=10, depth_from=depth_from)
        pelvis = thing.sinus if drawn else None
        analysis = analyse(thing.mask, maps, settings, labels=SIDES, pelvis=pelvis)
        error[depth_from] = abs(analysis.gradients[-1].slope / 0.8 - 1)
    assert error["capsule"] < within
    assert error["surface"] > 0.08


@pytest.mark.parametrize("cortex_mm", [6.0, 7.5])
def test_the_cortical_thickness_is_within_0_3_mm_with_depth_from_the_surface(cortex_mm):
    thing = reference_object(PhantomSettings(with_sinus=False, cortex_mm=cortex_mm, tissue_noise_mm=0.3, seed=5))
    tissue = Tissue(thing.tissue, {1: "cortex", 2: "medulla"})
    analysis = analyse(thing.mask, labels=SIDES, tissue=tissue)
    assert set(analysis.thickness) == {"left", "right"}
    for found in analysis.thickness.values():
        assert found.thickness_mm == pytest.approx(cortex_mm, abs=0.3)
        assert found.ci_low_mm < found.thickness_mm < found.ci_high_mm


def test_volumes_are_those_built_in():
    thing = reference_object(PhantomSettings(seed=6))
    volumes = analyse(thing.mask, labels=SIDES).layering.volume_ml
    assert volumes["left"] == pytest.approx(thing.truth.left_ml, rel=0.01)
    assert volumes["right"] == pytest.approx(thing.truth.right_ml, rel=0.01)


def test_sides_found_from_ras_are_those_of_the_object():
    thing = reference_object(PhantomSettings(axes="PRS", seed=7))
    binary = thing.mask.like((thing.mask.array > 0).astype(np.uint8))
    found, given = analyse(binary).layering, analyse(thing.mask, labels=SIDES).layering
    np.testing.assert_array_equal(found.side.array, given.side.array)
    assert found.notices == given.notices
