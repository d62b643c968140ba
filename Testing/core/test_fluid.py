"""In CT, what is as dark as fluid is not called parenchyma, however wide the pelvis is."""

import numpy as np
import pytest
from Testing.core.test_unlike import MIDDLE, SHAPE, SPACING, away_from
from Testing.core.test_unlike import scene as unlike_scene

from renal_segmentation.network.fluid import without_fluid
from renal_segmentation.network.unlike import told_from_parenchyma

FAT_HU = -100.0
NOTHING = np.zeros(SHAPE, bool)
KIDNEY = away_from(MIDDLE) < 24
PELVIS = (away_from((42.0, 24.0, 42.0)) < 15) & ~(away_from(MIDDLE) > 30)
"""Half within the kidney and half before it."""


def scene(parenchyma, other, other_hu, noise=15.0):
    """Return a kidney in fat with another thing in its outline: probabilities, outline and scan in Hounsfield units."""
    return unlike_scene(other, other_hu, noise, parenchyma, FAT_HU)


@pytest.mark.parametrize(("parenchyma", "urine"), [(20.0, -4.0), (32.0, 5.0), (42.0, 15.0)])
def test_a_wide_pelvis_before_contrast_is_no_parenchyma(parenchyma, urine):
    classes, outline, image = scene(parenchyma, PELVIS, urine)
    told = without_fluid(classes, outline, image, SPACING)
    inner = away_from((42.0, 24.0, 42.0)) < 12
    assert (told[0, PELVIS & inner] < 0.5).mean() > 0.95
    assert (told[0, KIDNEY & (away_from((42.0, 24.0, 42.0)) > 18)] > 0.5).mean() > 0.99


def test_it_is_told_from_a_kidney_that_varies_as_much_as_the_pelvis_differs():
    uneven = 30 + 8 * np.sign(np.sin(np.indices(SHAPE)[2] / 2.0))
    classes, outline, image = scene(uneven, PELVIS, 4.0)
    assert np.array_equal(told_from_parenchyma(classes, outline, image, SPACING), classes)
    assert (without_fluid(classes, outline, image, SPACING)[0, PELVIS] < 0.5).mean() > 0.8


def test_fluid_within_the_kidney_becomes_sinus_or_cyst():
    calyx = away_from(MIDDLE) < 9
    classes, outline, image = scene(30.0, calyx, 2.0)
    told = without_fluid(classes, outline, image, SPACING)
    assert (told[:, away_from(MIDDLE) < 8].argmax(0) == 1).all()
    assert told.sum(0) == pytest.approx(classes.sum(0))


def test_medulla_that_contrast_has_not_reached_stays_parenchyma():
    classes, outline, image = scene(160.0, away_from(MIDDLE) < 14, 35.0)
    assert np.array_equal(without_fluid(classes, outline, image, SPACING), classes)


def test_noise_fat_and_slices_half_full_of_fat_change_nothing():
    pole = KIDNEY & (np.indices(SHAPE)[2] * 1.5 > 56)
    fat = away_from(MIDDLE) < 9
    for other, brightness, noise in ((NOTHING, 0.0, 0), (NOTHING, 0.0, 40), (pole, -35.0, 15), (fat, -90.0, 15)):
        classes, outline, image = scene(30.0, other, brightness, noise)
        assert np.array_equal(without_fluid(classes, outline, image, SPACING), classes)


def test_an_empty_or_tiny_outline_stays_as_it_is():
    classes, outline, image = scene(30.0, NOTHING, 0.0)
    assert np.array_equal(without_fluid(classes, np.zeros_like(outline), image, SPACING), classes)
    tiny = (away_from(MIDDLE) < 8).astype(np.uint8)
    assert np.array_equal(without_fluid(classes, tiny, image, SPACING), classes)
