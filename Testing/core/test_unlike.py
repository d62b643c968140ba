"""What is thick and unlike the rest of the parenchyma is not called parenchyma."""

import numpy as np
import pytest

from renal_segmentation.network.unlike import told_from_parenchyma

SPACING = (1.5, 1.5, 1.5)
SHAPE = (56, 56, 56)
MIDDLE = (42.0, 42.0, 42.0)
KIDNEY = 0.5


def away_from(middle):
    """Return the distance of each voxel from a point, in mm."""
    return np.linalg.norm(np.moveaxis(np.indices(SHAPE) * 1.5, 0, -1) - np.array(middle), axis=-1)


def scene(other, brightness, noise=0.05, kidney=KIDNEY, around=0.0):
    """Return a kidney of 24 mm radius with another thing in its outline: probabilities, outline and scan."""
    outline = (away_from(MIDDLE) < 24) | other
    image = np.where(outline, kidney, around)
    image[other] = brightness
    image += np.random.default_rng(0).normal(0, noise, SHAPE)
    classes = np.zeros((3, *SHAPE), np.float32)
    classes[0, outline], classes[1, outline], classes[2, outline] = 0.9, 0.06, 0.02
    return classes, outline.astype(np.uint8), image.astype(np.float32)


@pytest.mark.parametrize("brightness", [0.1, 0.9])
def test_a_thick_part_within_the_kidney_becomes_what_the_network_finds_likelier_of_sinus_and_cyst(brightness):
    other = away_from(MIDDLE) < 9
    for likelier in (1, 2):
        classes, outline, image = scene(other, brightness)
        classes[likelier, other] = 0.08
        told = told_from_parenchyma(classes, outline, image, SPACING)
        assert (told[:, away_from(MIDDLE) < 8].argmax(0) == likelier).all()
        assert told.sum(0) == pytest.approx(classes.sum(0))
        assert (told[0, (away_from(MIDDLE) > 14) & (outline > 0)] > 0.5).all()


def test_a_thick_part_at_the_surface_is_left_out():
    beside = (42.0, 20.0, 42.0)
    other = (away_from(beside) < 14) & (away_from(MIDDLE) >= 20)
    classes, outline, image = scene(other, 0.15)
    told = told_from_parenchyma(classes, outline, image, SPACING)
    assert (told[:, other & (away_from(MIDDLE) > 24)].sum(0) < 0.5).mean() > 0.8
    assert (told[0, away_from(MIDDLE) < 19] > 0.5).all()


def test_noise_thin_columns_and_a_kidney_that_is_alike_all_over_change_nothing():
    nothing = np.zeros(SHAPE, bool)
    column = np.zeros(SHAPE, bool)
    column[:, 27:29, 27:29] = away_from(MIDDLE)[:, 27:29, 27:29] < 20
    for other, noise in ((nothing, 0.0), (nothing, 0.3), (column, 0.05)):
        classes, outline, image = scene(other, 0.1, noise)
        assert np.array_equal(told_from_parenchyma(classes, outline, image, SPACING), classes)


def test_pyramids_that_differ_much_from_the_cortex_stay_parenchyma():
    centres = [(42 + 14 * np.cos(a), 42 + 14 * np.sin(a), 42.0) for a in np.arange(0, 2 * np.pi, np.pi / 3)]
    pyramids = np.min([away_from(at) for at in centres], axis=0) < 6.5
    classes, outline, image = scene(pyramids, 0.2)
    assert np.array_equal(told_from_parenchyma(classes, outline, image, SPACING), classes)


def test_an_empty_or_tiny_outline_stays_as_it_is():
    classes, outline, image = scene(np.zeros(SHAPE, bool), 0.5)
    assert np.array_equal(told_from_parenchyma(classes, np.zeros_like(outline), image, SPACING), classes)
    tiny = (away_from(MIDDLE) < 8).astype(np.uint8)
    assert np.array_equal(told_from_parenchyma(classes, tiny, image, SPACING), classes)
