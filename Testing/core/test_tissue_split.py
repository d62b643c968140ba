"""Cortex and medulla are found where they were put."""

import numpy as np
import pytest
from Testing.core.shapes import coordinates, grid_around, moved, turned

from renal_layers.phantom import PhantomSettings, reference_object
from renal_segmentation.errors import EmptyMaskError, FitError, InputError, NoOverlapError
from renal_segmentation.tissue_split import CORTEX, MEDULLA, Mixture, fit_two_gaussians, split_tissue
from renal_segmentation.volume import Volume

SUBJECT = reference_object(PhantomSettings(spacing=(3.0, 3.0, 5.5), margin_mm=(15.0, 12.0, 12.0)))


def shells(cortex: float, medulla: float, noise: float = 5.0) -> tuple[Volume, Volume, np.ndarray]:
    """Return an image, a side map and the truth: two spheres of 30 mm with a cortex of 8 mm."""
    grid = grid_around((80, 35, 35), (2.0, 2.0, 2.5))
    ras = coordinates(grid)
    radius = np.minimum(*(np.linalg.norm(ras - (x, 0, 0), axis=-1) for x in (-40, 40)))
    side = np.where(radius < 30, np.where(ras[..., 0] < 0, 1, 2), 0).astype(np.uint8)
    truth = np.where(side > 0, np.where(radius > 22, CORTEX, MEDULLA), 0)
    values = np.choose(truth, (400.0, cortex, medulla)) + np.random.default_rng(1).normal(0, noise, truth.shape)
    return Volume(values, grid.affine), Volume(side, grid.affine), truth


def test_two_gaussians_are_found_again():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(1400, 60, 30000), rng.normal(1750, 90, 20000)])
    found = fit_two_gaussians(values)
    np.testing.assert_allclose(found.mean, (1400, 1750), atol=6)
    np.testing.assert_allclose(found.sd, (60, 90), rtol=0.2)
    np.testing.assert_allclose(found.weight, (0.6, 0.4), atol=0.04)


def test_the_threshold_of_equal_gaussians_lies_in_the_middle_and_moves_to_the_rarer_one():
    assert Mixture((0, 10), (2, 2), (0.5, 0.5)).threshold == pytest.approx(5.0, abs=0.01)
    shift = 4 * np.log(0.8 / 0.2) / 10
    assert Mixture((0, 10), (2, 2), (0.8, 0.2)).threshold == pytest.approx(5 + shift, abs=0.01)


@pytest.mark.parametrize(("cortex", "medulla", "bright"), [(200, 120, True), (1400, 1800, False)])
def test_cortex_is_the_tissue_nearer_to_the_capsule(cortex, medulla, bright):
    image, side, truth = shells(cortex, medulla)
    split = split_tissue(image, side)
    assert split.cortex_is_bright == bright
    np.testing.assert_array_equal(split.labels.array, truth)
    assert split.notices == ()


def test_noise_leaves_specks_that_are_taken_away():
    image, side, truth = shells(200, 120, noise=25.0)
    split = split_tissue(image, side, smallest_ml=0.2)
    assert (split.labels.array[truth > 0] == truth[truth > 0]).mean() > 0.95
    assert {notice.code for notice in split.notices} <= {"tissue-overlap"}


def test_the_reference_object_is_split_like_its_truth():
    split = split_tissue(SUBJECT.t1w, SUBJECT.mask)
    assert split.cortex_is_bright
    truth = SUBJECT.tissue.array
    assert (split.labels.array[truth > 0] == truth[truth > 0]).mean() > 0.99


def test_an_image_on_another_grid_is_measured_at_the_voxels_of_the_mask():
    coarse = reference_object(PhantomSettings(spacing=(2.0, 3.5, 3.0), axes="RAS", margin_mm=(15.0, 12.0, 12.0)))
    truth = SUBJECT.tissue.array
    split = split_tissue(coarse.t1w, SUBJECT.mask)
    assert (split.labels.array[truth > 0] == truth[truth > 0]).mean() > 0.85


def test_the_split_does_not_depend_on_orientation():
    image, side, truth = shells(200, 120)
    order, flips = (2, 0, 1), (True, False, True)
    expected = turned(side.like(truth), order, flips).array
    np.testing.assert_array_equal(split_tissue(image, turned(side, order, flips)).labels.array, expected)
    turn = np.array([[0, -1, 0, 5], [1, 0, 0, -7], [0, 0, 1, 11], [0, 0, 0, 1]], float)
    np.testing.assert_array_equal(split_tissue(moved(image, turn), moved(side, turn)).labels.array, truth)


def test_a_contrast_against_the_anatomy_is_obeyed_and_doubted():
    image, side, truth = shells(200, 120)
    split = split_tissue(image, side, "cortex-dark")
    np.testing.assert_array_equal(split.labels.array[truth > 0], 3 - truth[truth > 0])
    assert {notice.code for notice in split.notices} == {"cortex-uncertain"}


def test_voxels_without_a_value_take_the_tissue_beside_them():
    image, side, truth = shells(200, 120)
    array = image.array.copy()
    array[np.linalg.norm(coordinates(image.grid) - (40, 0, 0), axis=-1) < 8] = np.nan
    split = split_tissue(image.like(array), side)
    np.testing.assert_array_equal(split.labels.array, truth)
    assert {notice.code for notice in split.notices} == {"tissue-unknown"}


def test_one_tissue_alone_gives_an_error_and_no_labels():
    image, side, _truth = shells(150, 150, noise=10.0)
    with pytest.raises(FitError, match="T1-weighted image or a T1 map"):
        split_tissue(image, side)
    with pytest.raises(FitError):
        split_tissue(image.like(np.zeros(image.array.shape)), side)


def test_bad_input_is_named():
    image, side, _truth = shells(200, 120)
    with pytest.raises(InputError, match="not a contrast"):
        split_tissue(image, side, "bright")
    with pytest.raises(EmptyMaskError):
        split_tissue(image, side.like(side.array * 0))
    with pytest.raises(NoOverlapError):
        split_tissue(moved(image, np.array([[1, 0, 0, 900], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], float)), side)
