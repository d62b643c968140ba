"""Maps in both spaces: what is measured, what is left out, and what is said about it."""

import numpy as np
import pytest
from Testing.core.shapes import coordinates, ellipsoid, grid_around, moved, two_kidneys

from renal_layers.analysis import analyse
from renal_layers.layering import make_layers
from renal_layers.maps import QuantitativeMap, Tissue, sample_map
from renal_layers.settings import Settings
from renal_segmentation.errors import InputError, NoOverlapError
from renal_segmentation.volume import Volume

KIDNEY = ellipsoid((18, 18, 18), (2, 2, 2), (40, 0, 0), shift=0.3)


def constant(grid, value=7.0) -> Volume:
    return Volume(np.full(grid.shape, value), grid.affine)


def measured(image, settings=None, mask=KIDNEY, tissue=None):
    return sample_map(make_layers(mask, settings or Settings()), QuantitativeMap("m", image, "u"), tissue)


def codes(samples) -> set[str]:
    return {notice.code for notice in samples.notices}


def test_in_map_space_each_value_is_one_voxel_of_the_map_untouched():
    rng = np.random.default_rng(0)
    image = constant(grid_around((24, 24, 24), (3, 3, 4), (40, 0, 0)))
    image.array[:] = rng.uniform(1, 2, image.array.shape)
    samples = measured(image)
    assert np.isin(samples.value, image.array).all()
    truth = 18 - np.linalg.norm(coordinates(image.grid) - (40, 0, 0), axis=-1)
    expected = truth[np.isin(image.array, samples.value)]
    assert np.abs(np.sort(samples.depth) - np.sort(expected)).mean() < 0.15


@pytest.mark.parametrize("settings", [Settings(), Settings(pelvis_distance_mm=4)], ids=["all of it", "without pelvis"])
def test_voxels_of_a_finer_map_that_lie_in_the_corners_of_the_mask_but_outside_the_kidney_are_left_out(settings):
    mask = ellipsoid((22, 25, 40), (3, 3, 3), (40, 0, 0), shift=0.3)
    grid = grid_around((24, 27, 42), (1, 1, 1), (40, 0, 0))
    tissue = (((coordinates(grid) - (40, 0, 0)) / (22, 25, 40)) ** 2).sum(-1) < 1
    samples = measured(Volume(np.where(tissue, 100.0, 900.0), grid.affine), settings, mask)
    fat = samples.value == 900
    in_first_layer = samples.layer == 1
    assert fat.mean() < 0.01
    assert fat[in_first_layer].mean() < 0.08
    assert samples.depth[fat].max() < 0.5
    in_mask_voxels = 27 * mask.array.sum()
    assert 0.02 * in_mask_voxels < samples.left_out < 0.06 * in_mask_voxels
    assert "left-out" not in codes(samples)


def test_in_mask_space_there_is_one_value_per_mask_voxel_for_every_map():
    settings = Settings(space="mask")
    maps = [constant(grid_around((24, 24, 24), size, (40, 0, 0))) for size in ((3, 3, 4), (1.5, 2, 2))]
    for image in maps:
        assert len(measured(image, settings).value) == KIDNEY.array.sum()


def test_interpolation_reproduces_a_linear_ramp_exactly():
    grid = grid_around((30, 30, 30), (3, 2.5, 4), (40, 0, 0), shift=0.4)
    image = Volume(coordinates(grid) @ [1.0, -2.0, 0.5] + 500, grid.affine)
    layering = make_layers(KIDNEY, Settings(space="mask"))
    samples = sample_map(layering, QuantitativeMap("ramp", image))
    points = layering.depth.grid.to_ras(np.argwhere(layering.depth.array))
    np.testing.assert_allclose(samples.value, points @ [1.0, -2.0, 0.5] + 500, rtol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_bad_and_masked_voxels_are_left_out_and_counted(bad):
    image = constant(KIDNEY.grid)
    image.array[coordinates(KIDNEY.grid)[..., 2] > 6] = bad
    samples = measured(image)
    assert np.unique(samples.value).tolist() == [7.0]
    assert samples.left_out + len(samples.value) == KIDNEY.array.sum()
    assert samples.left_out == (KIDNEY.array[image.array != 7.0]).sum()
    assert "left-out" in codes(samples)


def test_zeros_can_be_measurements():
    image = constant(KIDNEY.grid)
    image.array[::2] = 0
    samples = measured(image, Settings(zero_is_background=False))
    assert samples.left_out == 0
    assert set(np.unique(samples.value)) == {0.0, 7.0}


def test_interpolation_never_mixes_masked_background_into_a_value():
    image = constant(grid_around((24, 24, 24), (3, 3, 3), (40, 0, 0)))
    image.array[coordinates(image.grid)[..., 0] > 44] = 0
    samples = measured(image, Settings(space="mask"))
    np.testing.assert_allclose(samples.value, 7.0)


@pytest.mark.parametrize("space", ["map", "mask"])
def test_a_two_dimensional_map_measures_the_slice_it_covers(space):
    affine = np.diag([2.0, 2.0, 6.0, 1.0])
    affine[:3, 3] = (10, -30, 1)
    samples = measured(Volume(np.full((31, 31), 5.0), affine), Settings(space=space))
    assert len(samples.value) > 100
    assert "partly-covered" in codes(samples)
    assert np.unique(samples.value).tolist() == [5.0]


@pytest.mark.parametrize("space", ["map", "mask"])
def test_a_map_elsewhere_in_the_body_is_refused_by_name(space):
    away = np.eye(4)
    away[0, 3] = 400
    with pytest.raises(NoOverlapError, match="'m' and the mask do not overlap"):
        measured(moved(constant(KIDNEY.grid), away), Settings(space=space))


def test_a_map_without_a_valid_value_in_the_kidneys_is_refused():
    with pytest.raises(InputError, match="no valid value"):
        measured(constant(KIDNEY.grid, 0.0))


def test_interpolating_a_coarse_map_is_stated():
    samples = measured(constant(grid_around((30, 30, 30), (6, 6, 6), (40, 0, 0))), Settings(space="mask"))
    assert "oversampled" in codes(samples)


def test_normalised_values_are_z_scores():
    image = Volume(coordinates(KIDNEY.grid)[..., 2] + 100, KIDNEY.affine)
    samples = measured(image, Settings(normalise=True))
    assert samples.unit == "SD"
    assert samples.value.mean() == pytest.approx(0, abs=1e-12)
    assert samples.value.std(ddof=1) == pytest.approx(1)


def test_a_constant_map_cannot_be_normalised():
    for value in (7.0, np.float32(1500.1)):
        with pytest.raises(InputError, match="cannot be normalised"):
            measured(constant(KIDNEY.grid, value), Settings(normalise=True))


@pytest.mark.parametrize("space", ["map", "mask"])
def test_measurements_are_float64_whatever_the_file_holds(space):
    image = constant(KIDNEY.grid, np.float32(1500.1))
    samples = measured(image, Settings(space=space))
    assert samples.value.dtype == np.float64
    assert samples.value.std() < 1e-9
    varied = Volume((image.array + coordinates(KIDNEY.grid)[..., 2]).astype(np.float32), KIDNEY.affine)
    scores = measured(varied, Settings(space=space, normalise=True)).value
    assert (scores.mean(), scores.std(ddof=1)) == pytest.approx((0, 1), abs=1e-12)


def test_layers_have_the_same_names_in_both_spaces_to_the_last_digit():
    for space in ("map", "mask"):
        settings = Settings(space=space, layer_thickness_mm=0.3)
        layers = np.unique(measured(constant(KIDNEY.grid), settings).layer)
        assert {0.3, 0.6, 0.9, 17.1} <= {*layers.tolist()} <= {round(0.3 * number, 6) for number in range(61)}


def test_tissue_is_taken_from_the_voxel_that_a_measurement_lies_in():
    upper = (coordinates(KIDNEY.grid)[..., 2] > 0.5).astype(np.uint8)
    tissue = Tissue(KIDNEY.like(upper + 1), {1: "medulla", 2: "cortex"})
    image = Volume(coordinates(KIDNEY.grid)[..., 2] + 50, KIDNEY.affine)
    samples = measured(image, tissue=tissue)
    assert ((samples.tissue == "cortex") == (samples.value > 50.5)).all()


def soft_and_hard_tissue():
    inner = np.linalg.norm(coordinates(KIDNEY.grid) - (40, 0, 0), axis=-1) < 10
    return KIDNEY.like(0.1 + 0.7 * inner), KIDNEY.like(inner.astype(np.uint8))


def test_tissue_given_as_a_probability_is_cut_at_one_half_and_this_is_stated_once():
    soft, hard = soft_and_hard_tissue()
    maps = [QuantitativeMap(name, constant(KIDNEY.grid)) for name in ("T1", "T2")]
    by_either = [analyse(KIDNEY, maps, tissue=Tissue(image, {1: "tumour"})) for image in (soft, hard)]
    for one, other in zip(*(analysis.samples for analysis in by_either), strict=True):
        assert set(one.tissue) == {"", "tumour"}
        assert (one.tissue == other.tissue).all()
    assert [notice.code for notice in by_either[0].notices].count("probabilities") == 1


def test_a_map_is_no_tissue():
    with pytest.raises(InputError, match=r"The tissue file holds values.*not whole labels"):
        measured(constant(KIDNEY.grid), tissue=Tissue(KIDNEY.like(KIDNEY.array * 1200.5), {1: "cortex"}))


def test_the_cortex_is_known_however_its_name_is_written():
    depth = 18 - np.linalg.norm(coordinates(KIDNEY.grid) - (40, 0, 0), axis=-1)
    image = KIDNEY.like(np.where(depth < 6, 1, 2).astype(np.uint8))
    for cortex, medulla in (("cortex", "medulla"), ("Cortex", "MEDULLA")):
        found = analyse(KIDNEY, tissue=Tissue(image, {1: cortex, 2: medulla})).thickness["left"]
        assert found.thickness_mm == pytest.approx(6, abs=0.3)


@pytest.mark.parametrize(("names", "said"), [({1: "tumour", 2: "rest"}, []), ({1: "cortex"}, ["named medulla."])])
def test_tissues_that_are_not_cortex_and_medulla_raise_no_doubts_about_a_fit(names, said):
    _, hard = soft_and_hard_tissue()
    analysis = analyse(KIDNEY, tissue=Tissue(hard, names))
    assert analysis.thickness == {}
    doubts = [notice.message for notice in analysis.notices if notice.code == "no-thickness"]
    assert [sentence[-len("named medulla.") :] for sentence in doubts] == said


def test_a_tissue_may_not_have_the_name_of_all_of_them():
    with pytest.raises(InputError, match="'1=all'"):
        Tissue(KIDNEY, {1: "all"})


def test_two_maps_of_one_name_are_refused():
    image = constant(KIDNEY.grid)
    with pytest.raises(InputError, match="same name"):
        analyse(KIDNEY, [QuantitativeMap("T1", image), QuantitativeMap("T1", image)])


def test_sides_of_a_map_follow_the_kidneys():
    mask = two_kidneys((3, 3, 3))
    image = Volume(np.where(coordinates(mask.grid)[..., 0] > 0, 2.0, 1.0), mask.affine)
    samples = measured(image, mask=mask)
    assert np.unique(samples.value[samples.side == 1]).tolist() == [1.0]
    assert np.unique(samples.value[samples.side == 2]).tolist() == [2.0]
