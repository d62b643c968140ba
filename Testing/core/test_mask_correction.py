"""One-click corrections give the mask that can be told beforehand, whatever the orientation of its grid."""

from itertools import permutations, product

import numpy as np
import pytest
from Testing.core.shapes import coordinates, ellipsoid, grid_around, moved, turned, two_kidneys

from renal_segmentation.correction import (
    fill_holes,
    holes_of,
    keep_largest,
    mirror_plane,
    remove_small,
    smooth,
    split_at,
    split_at_spine,
    swap_sides,
)
from renal_segmentation.errors import EmptyMaskError
from renal_segmentation.volume import Volume


def kidneys(spacing=(2.0, 2.0, 2.0)) -> Volume:
    mask = two_kidneys(spacing)
    x = coordinates(mask.grid)[..., 0]
    return mask.like((mask.array * np.where(x < 0, 1, 2)).astype(np.uint8))


def with_specks(side: Volume) -> Volume:
    """Add a speck of 8 voxels (0.064 ml) and a lump of 343 voxels (2.744 ml) to the left kidney."""
    array = side.array.copy()
    array[:2, :2, :2] = 1
    array[:7, -7:, -7:] = 1
    assert (array != side.array).sum() == 8 + 343
    return side.like(array)


def test_the_largest_part_of_each_side_is_kept():
    side = kidneys()
    np.testing.assert_array_equal(keep_largest(with_specks(side)), side.array)


def test_only_parts_below_the_limit_are_removed():
    side = kidneys()
    specks = with_specks(side)
    assert (remove_small(specks, 1.0) != side.array).sum() == 343
    np.testing.assert_array_equal(remove_small(specks, 2.8), side.array)
    np.testing.assert_array_equal(remove_small(specks, 0.06), specks.array)


def test_the_largest_part_stays_however_small_it_is():
    side = kidneys()
    np.testing.assert_array_equal(remove_small(side, 1e6), side.array)


def test_swapping_twice_changes_nothing():
    side = kidneys()
    swapped = swap_sides(side)
    np.testing.assert_array_equal(swapped == 1, side.array == 2)
    np.testing.assert_array_equal(swap_sides(side.like(swapped)), side.array)


def test_a_hole_is_filled_and_a_cyst_in_it_is_not():
    side = kidneys()
    centre = np.rint(side.grid.to_index([(45, 0, -5)]))[0].astype(int)
    hole = tuple(slice(c - 2, c + 2) for c in centre)
    array = side.array.copy()
    array[hole] = 0
    assert holes_of(array == 2).sum() == 64
    np.testing.assert_array_equal(fill_holes(side.like(array)), side.array)
    cyst = np.zeros(array.shape, bool)
    cyst[hole] = True
    np.testing.assert_array_equal(fill_holes(side.like(array), cyst), array)


def test_a_bay_that_is_open_to_the_outside_is_no_hole():
    side = kidneys()
    array = side.array.copy()
    index = np.rint(side.grid.to_index([(45, 0, -5)]))[0].astype(int)
    array[index[0], index[1], index[2] :] = 0
    np.testing.assert_array_equal(fill_holes(side.like(array)), array)


@pytest.mark.parametrize("spacing", [(2, 2, 2), (1.5, 1.5, 5.5)])
def test_smoothing_keeps_the_volume_of_each_kidney(spacing):
    side = kidneys(spacing)
    smoothed = smooth(side, 3.0)
    for value in (1, 2):
        assert (smoothed == value).sum() == pytest.approx((side.array == value).sum(), rel=0.02)


def test_smoothing_takes_a_spike_away_and_leaves_a_sphere_as_it_is():
    sphere = ellipsoid((20, 20, 20), (1, 1, 1))
    rough = sphere.array.copy()
    middle = np.array(rough.shape) // 2
    rough[middle[0], middle[1], :] = 1
    smoothed = smooth(sphere.like(rough), 2.0)
    assert smoothed[middle[0], middle[1], 0] == 0
    assert (smoothed != sphere.array).sum() < 0.02 * sphere.array.sum()


def test_smoothing_never_grows_into_the_other_kidney_or_a_cyst():
    side = kidneys()
    array = np.zeros(side.array.shape, np.uint8)
    array[10:30, 5:25, 10:40] = 1
    array[30:50, 5:25, 10:40] = 2
    cyst = np.zeros(array.shape, bool)
    cyst[15:20, 25:28, 20:30] = True
    smoothed = smooth(side.like(array), 4.0, cyst)
    assert not smoothed[cyst].any()
    assert not (smoothed[30:50] == 1)[array[30:50] == 2].any()


def body(plane_x: float, spacing=(3.0, 3.0, 3.0)) -> tuple[Volume, Volume]:
    """Return an image that is its own mirror image about x = `plane_x`, and one mask that joins both its kidneys."""
    grid = grid_around((130, 60, 70), spacing)
    ras = coordinates(grid)
    across = np.abs(ras[..., 0] - plane_x)
    image = 100.0 * ((across / 120) ** 2 + (ras[..., 1] / 55) ** 2 < 1)
    image += 80.0 * ((across / 15) ** 2 + ((ras[..., 1] + 30) / 15) ** 2 < 1)
    lobes = ((across - 45) / 25) ** 2 + (ras[..., 1] / 20) ** 2 + (ras[..., 2] / 45) ** 2 < 1
    bridge = (across < 30) & (np.abs(ras[..., 1]) < 8) & (np.abs(ras[..., 2] + 20) < 8)
    return Volume(image + 60.0 * lobes, grid.affine), Volume((lobes | bridge).astype(np.uint8), grid.affine)


@pytest.mark.parametrize("plane_x", [-14.0, 0.0, 9.0])
def test_the_plane_of_the_spine_is_found_within_a_millimetre(plane_x):
    image, mask = body(plane_x)
    side, found = split_at_spine(mask, image)
    assert found == pytest.approx(plane_x, abs=1.0)
    x = coordinates(mask.grid)[..., 0]
    np.testing.assert_array_equal(side == 1, (mask.array > 0) & (x < found))
    np.testing.assert_array_equal(side == 2, (mask.array > 0) & (x >= found))


def test_a_lopsided_mask_is_still_split_at_the_spine_where_there_is_an_image():
    image, mask = body(5.0)
    array = mask.array.copy()
    array[coordinates(mask.grid)[..., 0] > 45] = 0
    assert split_at_spine(mask.like(array), image)[1] == pytest.approx(5.0, abs=1.5)


def test_the_plane_does_not_depend_on_the_orientation_of_the_image():
    image, mask = body(7.0, (5.0, 5.0, 5.0))
    low, high = (-70, -20, -45), (70, 20, 45)
    expected = mirror_plane(image, 0.0, low, high)
    for order, flips in zip(permutations(range(3)), product([False, True], repeat=3), strict=False):
        assert mirror_plane(turned(image, order, flips), 0.0, low, high) == pytest.approx(expected, abs=1e-3)
    angle = np.deg2rad(12)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    assert split_at_spine(moved(mask, turn), moved(image, turn))[1] == pytest.approx(7.0, abs=1.0)


def test_without_an_image_the_middle_of_the_mask_splits_it():
    _image, mask = body(6.0)
    assert split_at_spine(mask)[1] == pytest.approx(6.0, abs=1.5)


def test_what_lies_beside_the_kidneys_is_split_at_the_same_plane():
    side = kidneys()
    np.testing.assert_array_equal(split_at(side.like(swap_sides(side)), 0.0), side.array)
    assert (split_at(side, -1e6)[side.array > 0] == 2).all()
    assert not split_at(side.like(np.zeros_like(side.array)), 0.0).any()


def test_an_empty_mask_cannot_be_split():
    _image, mask = body(0.0)
    with pytest.raises(EmptyMaskError, match="outline the kidneys"):
        split_at_spine(mask.like(mask.array * 0))
