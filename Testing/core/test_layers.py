"""Layers in mm, proportional and equivolume; cysts and pelvis."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from Testing.core.shapes import coordinates, ellipsoid, moved, two_kidneys

from renal_layers.cysts import fill_cysts
from renal_layers.layering import make_layers
from renal_layers.layers import layers_mm
from renal_layers.pelvis import find_pelvis
from renal_layers.settings import Settings
from renal_segmentation.errors import EmptyMaskError, InputError, NoOverlapError
from renal_segmentation.volume import Volume


def shell(spacing=(2, 2, 2)) -> tuple[Volume, Volume]:
    """Return a ball of radius 24 mm with a round sinus of radius 8 mm, and that sinus."""
    ball = ellipsoid((24, 24, 24), spacing, shift=0.3)
    radius = np.linalg.norm(coordinates(ball.grid), axis=-1)
    return ball.like(((radius < 24) & (radius >= 8)).astype(np.uint8)), ball.like((radius < 8).astype(np.uint8))


def radius_of(layering) -> np.ndarray:
    return np.linalg.norm(coordinates(layering.depth.grid), axis=-1)


def test_a_layer_is_named_by_its_upper_edge_in_mm():
    assert layers_mm(np.array([0.1, 2.0, 2.1, 7.9]), 2.0).tolist() == [2, 2, 4, 8]


def test_a_hole_below_the_limit_is_filled_and_one_above_is_not():
    inside = np.ones((9, 9, 9), bool)
    inside[2, 2, 2] = inside[5:7, 5:7, 5:7] = False
    filled = fill_cysts(inside, voxel_ml=1.0, below_ml=8.0)
    assert filled[2, 2, 2]
    assert not filled[5, 5, 5]


def test_a_bay_that_is_open_to_the_outside_is_no_cyst():
    inside = np.ones((5, 5, 5), bool)
    inside[2, 2, 2:] = False
    assert (fill_cysts(inside, 1.0, 100.0) == inside).all()


def test_cyst_voxels_get_no_depth_and_the_tissue_around_them_keeps_its_own():
    whole = ellipsoid((20, 20, 20), (2, 2, 2))
    radius = np.linalg.norm(coordinates(whole.grid), axis=-1)
    with_cyst = whole.like(whole.array * (radius >= 5))
    solid, hollow = make_layers(whole), make_layers(with_cyst)
    tissue = hollow.depth.array > 0
    assert tissue.sum() == with_cyst.array.sum()
    np.testing.assert_array_equal(hollow.depth.array[tissue], solid.depth.array[tissue])


def test_a_labelled_cyst_on_the_capsule_is_part_of_the_outline_only():
    whole = ellipsoid((20, 20, 20), (2, 2, 2))
    cyst = (coordinates(whole.grid)[..., 2] > 12) & (whole.array > 0)
    labelled = whole.like(np.where(cyst, 3, whole.array).astype(np.uint8))
    layering = make_layers(labelled, labels={1: "left", 3: "cyst"})
    solid = make_layers(whole, labels={1: "left"})
    tissue = layering.depth.array > 0
    assert tissue.sum() == (labelled.array == 1).sum()
    np.testing.assert_array_equal(layering.depth.array[tissue], solid.depth.array[tissue])


def test_the_pelvis_is_the_bay_of_the_hilum():
    kidney = two_kidneys(with_hilum=True)
    layering = make_layers(kidney, Settings(pelvis_distance_mm=8))
    pelvis = coordinates(layering.pelvis.grid)[layering.pelvis.array > 0]
    assert len(pelvis) > 100
    assert np.abs(pelvis[:, 0]).max() < 45
    assert layering.excluded_voxels > 0
    assert (layering.depth.array[layering.side.array > 0] == 0).sum() == layering.excluded_voxels


def test_a_pelvis_smaller_than_the_noise_limit_is_found_by_lowering_it():
    inside = np.ones((16, 16, 16), bool)
    inside[4:12, 4:12, 11:] = False
    assert find_pelvis(inside, inside, voxel_ml=0.004).sum() > 200


def test_a_convex_kidney_has_no_pelvis_and_says_so():
    layering = make_layers(ellipsoid((15, 15, 25), (2, 2, 2), (40, 0, 0)), Settings(pelvis_distance_mm=10))
    assert layering.excluded_voxels == 0
    assert "no-pelvis" in {notice.code for notice in layering.notices}


def test_a_drawn_pelvis_takes_the_place_of_the_hull_on_any_grid():
    kidney, sinus = shell()
    finer = ellipsoid((8, 8, 8), (1, 1, 1))
    by_either = [make_layers(kidney, Settings(pelvis_distance_mm=6), pelvis=drawn) for drawn in (sinus, finer)]
    for layering in by_either:
        kept = radius_of(layering)[layering.depth.array > 0]
        assert kept.min() == pytest.approx(14, abs=1.2)


def test_a_pelvis_given_as_a_probability_is_cut_at_one_half_and_this_is_stated():
    kidney, sinus = shell()
    soft = sinus.like(gaussian_filter(sinus.array.astype(np.float32), 1.5))
    layering = make_layers(kidney, Settings(pelvis_distance_mm=6), pelvis=soft)
    assert layering.pelvis.array.sum() == (soft.array >= 0.5).sum()
    assert "probabilities" in {notice.code for notice in layering.notices}


@pytest.mark.parametrize(("dtype", "said"), [(np.float32, "not whole labels"), (np.int16, "different values from")])
def test_a_map_is_no_pelvis(dtype, said):
    kidney, _ = shell()
    t1 = kidney.like((1200.3 + coordinates(kidney.grid)[..., 2]).astype(dtype))
    with pytest.raises(InputError, match=f"The pelvis file holds.*{said}"):
        make_layers(kidney, pelvis=t1)


def test_a_pelvis_label_in_the_mask_is_used():
    kidney, sinus = shell()
    labelled = kidney.like(kidney.array + 2 * sinus.array)
    layering = make_layers(labelled, Settings(pelvis_distance_mm=6), labels={1: "kidney", 2: "pelvis"})
    assert radius_of(layering)[layering.depth.array > 0].min() == pytest.approx(14, abs=1.2)


def test_a_pelvis_far_from_the_kidneys_is_refused():
    kidney, sinus = shell()
    elsewhere = moved(sinus, np.array([[1, 0, 0, 500], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]))
    with pytest.raises(NoOverlapError, match="pelvis"):
        make_layers(kidney, Settings(pelvis_distance_mm=6), pelvis=elsewhere)


def test_excluding_everything_is_an_error_that_names_the_option():
    kidney, sinus = shell()
    with pytest.raises(EmptyMaskError, match="--exclude-pelvis"):
        make_layers(kidney, Settings(pelvis_distance_mm=60), pelvis=sinus)


def test_depth_from_the_capsule_leaves_out_the_wall_of_the_sinus():
    kidney, sinus = shell()
    capsule = make_layers(kidney, pelvis=sinus)
    surface = make_layers(kidney, Settings(depth_from="surface", fill_cysts_below_ml=0), pelvis=sinus)
    inside = capsule.depth.array > 0
    radius = radius_of(capsule)[inside]
    assert np.abs(capsule.depth.array[inside] - (24 - radius)).mean() < 0.12
    assert np.abs(surface.depth.array[inside] - np.minimum(24 - radius, radius - 8)).mean() < 0.15


def test_proportional_layers_divide_the_way_from_capsule_to_pelvis_equally():
    kidney, sinus = shell()
    layering = make_layers(kidney, Settings(layer_model="proportional", layer_count=4), pelvis=sinus)
    layer, radius = layering.layers.array, radius_of(layering)
    assert set(np.unique(layer)) == {0, 1, 2, 3, 4}
    for number in range(1, 5):
        assert radius[layer == number].mean() == pytest.approx(24 - 4 * (number - 0.5), abs=0.7)


def test_equivolume_layers_of_a_shell_have_the_same_volume_and_lie_in_order():
    kidney, sinus = shell()
    layering = make_layers(kidney, Settings(layer_model="equivolume", layer_count=5), pelvis=sinus)
    layer = layering.layers.array
    voxels = np.bincount(layer[layer > 0].astype(int))[1:]
    np.testing.assert_allclose(voxels, voxels.mean(), rtol=0.02)
    radii = [radius_of(layering)[layer == number].mean() for number in range(1, 6)]
    assert radii == sorted(radii, reverse=True)


def test_each_kidney_has_equivolume_layers_of_its_own():
    layering = make_layers(two_kidneys(with_hilum=True), Settings(layer_model="equivolume", layer_count=6))
    for side in (1, 2):
        voxels = np.bincount(layering.layers.array[layering.side.array == side].astype(int))[1:]
        np.testing.assert_allclose(voxels, voxels.mean(), rtol=0.03)


def test_relative_layers_of_a_kidney_without_pelvis_run_to_its_greatest_depth_whatever_the_other_has():
    kidneys = two_kidneys()
    sinus = kidneys.like((np.linalg.norm(coordinates(kidneys.grid) - (-25, 0, 5), axis=-1) < 9).astype(np.uint8))
    layering = make_layers(kidneys, Settings(layer_model="proportional", layer_count=12), pelvis=sinus)
    depth, layers = (volume.array[layering.side.array == 2] for volume in (layering.depth, layering.layers))
    np.testing.assert_allclose(layers, np.ceil(12 * depth / depth.max() - 1e-6))


def test_the_half_of_a_horseshoe_kidney_without_pelvis_is_not_measured_against_the_pelvis_of_the_other():
    kidneys = two_kidneys()
    ras = coordinates(kidneys.grid)
    bridge = (np.abs(ras[..., 0]) < 40) & (np.linalg.norm(ras[..., 1:] + (0, 20), axis=-1) < 8)
    horseshoe = kidneys.like(np.where((kidneys.array > 0) | bridge, np.where(ras[..., 0] < 0, 1, 2), 0))
    sinus = kidneys.like((np.linalg.norm(ras - (-25, 0, 5), axis=-1) < 9).astype(np.uint8))
    layering = make_layers(
        horseshoe, Settings(layer_model="proportional"), labels={1: "left", 2: "right"}, pelvis=sinus
    )
    deepest = layering.depth.array[layering.side.array == 2].max()
    innermost = layering.depth.array[(layering.side.array == 2) & (layering.layers.array == 12)]
    assert innermost.min() > deepest * 11 / 12 - 0.01


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (Settings(pelvis_distance_mm=6), "nothing was excluded there"),
        (Settings(), "its depth is measured from all of its surface"),
        (Settings(depth_from="surface"), None),
    ],
)
def test_a_pelvis_drawn_in_one_kidney_only_is_told_where_it_matters(settings, told):
    kidneys = two_kidneys()
    sinus = np.linalg.norm(coordinates(kidneys.grid) - (-25, 0, 5), axis=-1) < 9
    drawn = make_layers(kidneys, settings, pelvis=kidneys.like(sinus.astype(np.uint8)))
    labelled = kidneys.like(np.where(sinus, 2, kidneys.array))
    for layering in (drawn, make_layers(labelled, settings, labels={1: "kidney", 2: "pelvis"})):
        said = [notice.message for notice in layering.notices if notice.code == "no-pelvis"]
        assert len(said) == (told is not None)
        assert all("right kidney" in message and told in message for message in said)


def test_a_layer_thicker_than_the_kidney_gives_one_layer_and_a_notice():
    layering = make_layers(ellipsoid((8, 8, 8), (2, 2, 2)), Settings(layer_thickness_mm=50))
    assert layering.layer_edges.tolist() == [50]
    assert "one-layer" in {notice.code for notice in layering.notices}
