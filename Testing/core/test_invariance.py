"""How an image is stored, turned or flipped changes nothing that is measured."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from Testing.core.shapes import coordinates, grid_around, moved, turned, two_kidneys

from renal_layers.analysis import analyse
from renal_layers.layering import make_layers
from renal_layers.maps import QuantitativeMap, Tissue
from renal_layers.settings import Settings
from renal_segmentation.volume import Volume

MASK = two_kidneys((3, 3, 6), with_hilum=True)
AXES = st.permutations(range(3))
FLIPS = st.tuples(st.booleans(), st.booleans(), st.booleans())


def depth_by_position(layering) -> dict[tuple[float, ...], tuple[float, int]]:
    where = layering.side.array > 0
    ras = coordinates(layering.depth.grid)[where].round(3) + 0.0
    values = zip(layering.depth.array[where].tolist(), layering.side.array[where].tolist(), strict=True)
    return dict(zip(map(tuple, ras.tolist()), values, strict=True))


@settings(max_examples=12, deadline=None)
@given(order=AXES, flips=FLIPS)
def test_axis_order_and_flips_change_no_depth_and_no_side(order, flips):
    expected = depth_by_position(make_layers(MASK))
    found = depth_by_position(make_layers(turned(MASK, order, flips)))
    assert found.keys() == expected.keys()
    assert all(found[place][1] == side for place, (_, side) in expected.items())
    change = np.abs([found[place][0] - depth for place, (depth, _) in expected.items()])
    assert change.max() < 0.3
    assert change.mean() < 0.015


@settings(max_examples=8, deadline=None)
@given(angles=st.tuples(*[st.floats(-25, 25)] * 3))
def test_turning_the_body_changes_no_depth(angles):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    expected, found = make_layers(MASK), make_layers(moved(MASK, matrix))
    np.testing.assert_allclose(found.depth.array, expected.depth.array, atol=0.01)
    np.testing.assert_array_equal(found.side.array, expected.side.array)


def test_mirroring_the_affine_swaps_left_and_right():
    mirror = np.diag([-1.0, 1, 1, 1])
    expected, found = make_layers(MASK), make_layers(moved(MASK, mirror))
    assert found.volume_ml["left"] == pytest.approx(expected.volume_ml["right"])
    assert found.volume_ml["right"] == pytest.approx(expected.volume_ml["left"])
    np.testing.assert_allclose(found.depth.array, expected.depth.array, atol=0.01)


@pytest.mark.parametrize("space", ["map", "mask"])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_a_map_on_a_grid_of_its_own_is_measured_in_the_same_place(space, order):
    grid = grid_around((80, 36, 60), (2.5, 3, 4), shift=0.3)
    values = 100 + coordinates(grid)[..., 2]
    qmap = turned(Volume(values, grid.affine), order, (True, False, True))
    analysis = analyse(MASK, [QuantitativeMap("z", qmap, "mm")], Settings(space=space))
    samples = analysis.samples[0]
    left, right = (samples.value[samples.side == side].mean() for side in (1, 2))
    assert left == pytest.approx(105, abs=1)
    assert right == pytest.approx(95, abs=1)


@pytest.mark.parametrize(("order", "flips"), [((2, 0, 1), (False,) * 3), ((0, 1, 2), (True, False, True))])
def test_a_map_on_the_voxels_of_the_mask_has_the_same_measurements_however_it_is_stored(order, flips):
    values = np.random.default_rng(0).uniform(1, 2, MASK.array.shape)
    image = Volume(values, MASK.affine)
    expected, found = (
        analyse(MASK, [QuantitativeMap("m", one)]).samples[0] for one in (image, turned(image, order, flips))
    )
    assert sorted(found.value) == sorted(expected.value)
    assert found.left_out == expected.left_out == 0


@pytest.mark.parametrize("flips", [(True, False, False), (True, True, True)])
def test_the_cortical_thickness_does_not_depend_on_how_a_tissue_file_twice_as_fine_is_stored(flips):
    kidneys = two_kidneys()
    affine = kidneys.affine.copy()
    affine[:3, :3] /= 2
    affine[:3, 3] -= 0.5
    fine = Volume(np.ones(2 * np.array(kidneys.array.shape), np.uint8), affine)
    ras = coordinates(fine.grid)
    for centre, half_axes in (((-45, 0, 5), (16, 14, 34)), ((45, 0, -5), (14, 12, 30))):
        fine.array[(((ras - centre) / half_axes) ** 2).sum(-1) < 1] = 2
    names = {1: "cortex", 2: "medulla"}
    expected, found = (
        analyse(kidneys, tissue=Tissue(one, names)).thickness for one in (fine, turned(fine, (0, 1, 2), flips))
    )
    assert set(found) == {"left", "right"}
    for side, thickness in found.items():
        assert thickness.thickness_mm == expected[side].thickness_mm


def test_a_larger_field_of_view_changes_nothing():
    padded = np.pad(MASK.array, ((7, 3), (2, 9), (4, 4)))
    affine = MASK.affine.copy()
    affine[:3, 3] = MASK.grid.to_ras([[-7, -2, -4]])[0]
    small, large = make_layers(MASK), make_layers(Volume(padded, affine))
    assert depth_by_position(small) == depth_by_position(large)


@settings(max_examples=6, deadline=None)
@given(angles=st.tuples(*[st.floats(-40, 40)] * 3))
def test_an_oblique_map_is_measured_in_the_same_place(angles):
    grid = grid_around((110, 110, 110), (4, 4, 4), shift=0.3)
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    affine = turn @ grid.affine
    values = 100 + coordinates(type(grid)(grid.shape, affine))[..., 2]
    analysis = analyse(MASK, [QuantitativeMap("z", Volume(values, affine), "mm")], Settings(space="mask"))
    layering, samples = analysis.layering, analysis.samples[0]
    z = layering.depth.grid.to_ras(np.argwhere(layering.depth.array))[:, 2]
    np.testing.assert_allclose(samples.value, 100 + z, atol=1e-6)
