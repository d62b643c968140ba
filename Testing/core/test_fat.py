"""Fat between kidney and liver is not taken for the rim of the kidney."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the network needs torch, which is not installed")

import torch

from renal_segmentation.network.fat import without_fat

MM = 1.5
SHAPE = (60, 60, 60)
KIDNEY, FAT, LIVER = 0.4, 0.9, 0.15
OWN, BESIDE = (48.0, 54.0, 48.0), (48.0, 23.4, 48.0)
"""Middle of a kidney and of a lobe of fat that the guess takes along, in mm."""


def scene(kidney=KIDNEY, fat=FAT, cortex=None):
    """Return a scan of a kidney (radius 18 mm) in a layer of fat (to 27 mm) in liver, with more fat far off.

    With it a guess that takes the layer along, the probability of fat that is sure of the far fat only, and distances.
    """
    x = np.indices(SHAPE) * MM
    distance = np.sqrt(((x - 42.0) ** 2).sum(0))
    image = np.full(SHAPE, LIVER)
    image[distance < 27] = fat
    image[distance < 18] = kidney
    if cortex is not None:
        image[(distance < 18) & (distance > 13)] = cortex
    image[:, :, -8:] = fat
    known = np.full(SHAPE, 0.05)
    known[:, :, -8:] = 0.95
    known[(distance < 27) & (distance >= 18)] = 0.3
    rng = np.random.default_rng(0)
    noisy = torch.from_numpy((image + rng.normal(0, 0.03, SHAPE)).astype(np.float32))
    guess = torch.from_numpy(np.where(distance < 27, 0.97, 0.02).astype(np.float32))
    return noisy, guess, torch.from_numpy(known.astype(np.float32)), distance


@pytest.mark.parametrize(("kidney", "fat"), [(0.4, 0.9), (0.9, 0.4), (0.3, 0.6)])
def test_a_layer_of_fat_is_taken_off_the_guess_whatever_the_contrast(kidney, fat):
    image, guess, known, distance = scene(kidney, fat)
    trimmed = without_fat(image, guess, known, MM).numpy()
    assert (trimmed[distance < 16] > 0.5).mean() > 0.99
    assert (trimmed[(distance > 20) & (distance < 26)] < 0.5).mean() > 0.95
    assert (trimmed <= guess.numpy() + 1e-6).all()


def test_a_cortex_unlike_the_medulla_stays_where_fat_is_unlike_both():
    image, guess, known, distance = scene(cortex=0.6)
    trimmed = without_fat(image, guess, known, MM).numpy()
    assert (trimmed[distance < 17] > 0.5).mean() > 0.97


def test_a_hole_of_fat_inside_the_kidney_stays_within_the_guess():
    image, guess, known, distance = scene()
    sinus = np.sqrt((((np.indices(SHAPE) * MM) - np.array([48.0, 42, 42])[:, None, None, None]) ** 2).sum(0)) < 5
    image[torch.from_numpy(sinus)] = FAT
    trimmed = without_fat(image, guess, known, MM).numpy()
    assert (trimmed[sinus] > 0.5).all()
    assert (trimmed[(distance > 20) & (distance < 26)] < 0.5).mean() > 0.95


def test_without_fat_to_learn_from_or_without_a_core_the_guess_stays_as_it_is():
    image, guess, known, distance = scene()
    assert torch.equal(without_fat(image, guess, torch.zeros_like(known), MM), guess)
    thin = torch.from_numpy(np.where((distance < 27) & (distance > 20), 0.97, 0.02).astype(np.float32))
    assert torch.equal(without_fat(image, thin, known, MM), thin)


@pytest.mark.parametrize(("kidney", "fat"), [(0.1, 0.9), (0.3, 0.6)])
def test_a_lobe_of_fat_that_reaches_into_the_core_of_a_guess_is_taken_off_in_later_rounds(kidney, fat):
    place = np.moveaxis(np.indices((64, 64, 64)) * MM, 0, -1)
    from_kidney, from_lobe = (np.linalg.norm(place - np.array(middle), axis=-1) for middle in (OWN, BESIDE))
    own = from_kidney < 21
    lobe = (from_lobe < 16) & ~own
    image = np.where(own, kidney, fat) + np.random.default_rng(1).normal(0, 0.05, own.shape)
    guess = np.where(own | lobe, 0.97, 0.02)
    known = np.select([own, lobe], [0.05, 0.03], 0.9)
    trimmed = without_fat(*(torch.from_numpy(part.astype(np.float32)) for part in (image, guess, known)), MM).numpy()
    assert (trimmed[lobe & (from_kidney > 24)] < 0.5).mean() > 0.95
    assert (trimmed[from_kidney < 19] > 0.5).mean() > 0.99
