"""Labels go to another grid by the nearest voxel in the body."""

import numpy as np
import pytest
from Testing.core.shapes import coordinates, ellipsoid, grid_around, turned

from renal_segmentation.resampling import nearest, share_inside
from renal_segmentation.volume import Grid, Volume

BALL = ellipsoid((12, 10, 14), (2, 2, 3))


@pytest.mark.parametrize(("order", "flips"), [((2, 0, 1), (1, 0, 1)), ((1, 0, 2), (0, 1, 0)), ((0, 1, 2), (1, 1, 1))])
def test_another_storage_order_of_the_same_voxels_changes_no_label(order, flips):
    other = turned(BALL, order, flips)
    assert (nearest(BALL, other.grid) == other.array).all()
    assert (nearest(other, BALL.grid) == BALL.array).all()


def test_a_finer_grid_shows_the_same_voxels_in_pieces():
    fine = np.repeat(np.repeat(np.repeat(BALL.array, 2, 0), 2, 1), 2, 2)
    affine = BALL.affine @ np.diag([0.5, 0.5, 0.5, 1])
    affine[:3, 3] = BALL.grid.to_ras([(-0.25, -0.25, -0.25)])[0]
    assert (nearest(BALL, Grid(fine.shape, affine)) == fine).all()


def test_every_voxel_of_an_oblique_grid_gets_its_nearest_label():
    angle = np.radians(25)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    grid = grid_around((16, 16, 16), (1.71, 1.33, 2.07))
    grid = Grid(grid.shape, turn @ grid.affine)
    index = np.rint(BALL.grid.to_index(coordinates(grid).reshape(-1, 3))).astype(int)
    inside = ((index >= 0) & (index < BALL.array.shape)).all(1)
    expected = np.zeros(len(index), np.uint8)
    expected[inside] = BALL.array[tuple(index[inside].T)]
    found = nearest(BALL, grid)
    assert found.sum() > 100
    assert (found == expected.reshape(grid.shape)).mean() > 0.9999


def test_types_stay_and_an_empty_or_distant_mask_gives_nothing():
    inside = Volume(BALL.array > 0, BALL.affine)
    assert nearest(inside, BALL.grid).dtype == bool
    assert (nearest(inside, BALL.grid) == inside.array).all()
    far = Volume(BALL.array, BALL.affine.copy())
    far.affine[0, 3] += 500
    assert not nearest(far, BALL.grid).any()
    assert not nearest(BALL.like(BALL.array * 0), BALL.grid).any()


def test_the_share_within_another_field_of_view_is_counted_by_voxel_centres():
    half = BALL.crop((slice(0, BALL.array.shape[0] // 2), slice(0, 99), slice(0, 99)))
    share = (BALL.array[: BALL.array.shape[0] // 2] > 0).sum() / (BALL.array > 0).sum()
    assert share_inside(BALL.grid, half.grid, BALL.array > 0) == pytest.approx(share)
    assert share_inside(half.grid, BALL.grid) == 1
