"""Left and right come from RAS coordinates, and doubtful cases are stated."""

from itertools import permutations, product

import numpy as np
import pytest
from Testing.core.shapes import coordinates, grid_around, turned, two_kidneys

from renal_segmentation.kidneys import read_kidneys
from renal_segmentation.labels import Side
from renal_segmentation.sides import split_sides
from renal_segmentation.volume import Volume


def blobs(*centres_and_radii) -> Volume:
    grid = grid_around((110, 40, 110), (3, 3, 3))
    ras = coordinates(grid)
    inside = np.zeros(grid.shape, bool)
    for centre, half_axes in centres_and_radii:
        inside |= (((ras - centre) / half_axes) ** 2).sum(-1) < 1
    return Volume(inside, grid.affine)


def side_at(volume: Volume, side: np.ndarray, ras) -> int:
    index = np.rint(volume.grid.to_index([ras]))[0].astype(int)
    return int(side[tuple(index)])


def codes(notices) -> set[str]:
    return {notice.code for notice in notices}


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("flips", list(product([False, True], repeat=3)))
def test_sides_are_the_same_in_all_48_storage_orders(order, flips):
    mask = turned(two_kidneys((4, 4, 4)), order, flips)
    side, notices = split_sides(mask)
    x = mask.grid.to_ras(np.argwhere(side == Side.RIGHT))[:, 0]
    assert x.min() > 0
    assert ((side > 0) == (mask.array > 0)).all()
    assert not notices


def test_one_kidney_gets_the_side_it_lies_on_and_a_notice():
    mask = blobs(((-50, 0, 0), (25, 20, 45)))
    side, notices = split_sides(mask)
    assert set(np.unique(side)) == {0, Side.LEFT}
    assert codes(notices) == {"one-kidney"}


def test_one_kidney_across_the_middle_is_called_ambiguous():
    _, notices = split_sides(blobs(((5, 0, 0), (25, 20, 45))))
    assert codes(notices) == {"side-ambiguous"}


def test_a_transplant_in_the_right_pelvis_is_a_third_kidney_on_the_right():
    mask = blobs(((-50, 0, 50), (20, 15, 35)), ((50, 0, 50), (20, 15, 35)), ((60, 0, -60), (25, 20, 40)))
    side, notices = split_sides(mask)
    assert [side_at(mask, side, (x, 0, z)) for x, z in ((-50, 50), (50, 50), (60, -60))] == [1, 2, 2]
    assert codes(notices) == {"several-kidneys"}


def test_a_horseshoe_kidney_is_split_at_its_isthmus():
    mask = blobs(((-45, 0, 0), (22, 18, 45)), ((45, 0, 0), (22, 18, 45)), ((0, 0, -32), (50, 8, 9)))
    side, notices = split_sides(mask)
    assert side_at(mask, side, (-45, 0, 0)) == Side.LEFT
    assert side_at(mask, side, (45, 0, 0)) == Side.RIGHT
    x = coordinates(mask.grid)[..., 0]
    assert x[side == Side.LEFT].max() < 10
    assert x[side == Side.RIGHT].min() > -10
    assert codes(notices) == {"joined-kidneys"}


def test_a_single_kidney_with_a_hilum_is_not_taken_for_a_horseshoe():
    mask = blobs(((45, 0, 0), (24, 20, 45)))
    mask.array[(((coordinates(mask.grid) - (25, 0, 0)) / (14, 10, 16)) ** 2).sum(-1) < 1] = False
    _, notices = split_sides(mask)
    assert codes(notices) == {"one-kidney"}


def test_a_fragment_belongs_to_the_nearest_kidney():
    mask = blobs(((-45, 0, 0), (22, 18, 40)), ((45, 0, 0), (22, 18, 40)), ((-12, 0, 30), (5, 5, 5)))
    side, notices = split_sides(mask)
    assert side_at(mask, side, (-12, 0, 30)) == Side.LEFT
    assert not notices


def test_kidneys_one_above_the_other_are_called_ambiguous_and_still_get_two_sides():
    side, notices = split_sides(blobs(((-10, 0, 50), (22, 18, 35)), ((-5, 0, -50), (22, 18, 35))))
    assert set(np.unique(side)) == {0, Side.LEFT, Side.RIGHT}
    assert codes(notices) == {"sides-ambiguous"}


def test_further_parts_of_a_kidney_are_told_with_their_volume_and_specks_are_not():
    kidneys = two_kidneys((2, 2, 2))
    ras = coordinates(kidneys.grid)
    island = np.linalg.norm(ras - (-70, 0, 40), axis=-1) < 8
    speck = kidneys.array.copy()
    speck[3, 3, 3] = speck[3, 3, 5] = 1
    with_island = kidneys.like(np.where(island, 1, kidneys.array))
    labelled = kidneys.like(np.where(with_island.array > 0, np.where(ras[..., 0] < 0, 1, 2), 0))
    joined = kidneys.like(
        np.where((ras[..., 1] ** 2 < 9) & (ras[..., 2] > 20) & (ras[..., 0] < -40), 3, labelled.array)
    )

    def told(mask, labels=None):
        return [notice.message for notice in read_kidneys(mask, labels).notices if notice.code == "stray-parts"]

    ml = 0.008 * island.sum()
    for one in (told(with_island), told(labelled, {1: "left", 2: "right"})):
        assert len(one) == 1
        assert f"The left kidney has 1 further part apart from it ({ml:.1f} ml)" in one[0]
    assert told(kidneys) == told(kidneys.like(speck)) == told(joined, {1: "left", 2: "right", 3: "cyst"}) == []
