"""Dark kidneys in bright fat are seen on a stretched scale, all others as they are."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the network needs torch, which is not installed")

import torch

from renal_segmentation.network.localising import DARKEST
from renal_segmentation.network.tones import stretched, tone_between

SHAPE = (20, 20, 20)
KIDNEY = torch.zeros(SHAPE)
KIDNEY[:10] = 1.0
FAT = 1 - KIDNEY


def scene(kidney, fat):
    return DARKEST + kidney * KIDNEY + fat * FAT


@pytest.mark.parametrize(("kidney", "fat"), [(0.2, 0.8), (0.3, 0.5), (0.16, 1.0)])
def test_dark_kidneys_and_brighter_fat_come_to_both_sides_of_the_middle(kidney, fat):
    seen = scene(kidney, fat)
    drawn = stretched(seen, tone_between(seen, KIDNEY, FAT))
    low, high = float(drawn[KIDNEY > 0].mean()) - DARKEST, float(drawn[FAT > 0].mean()) - DARKEST
    assert np.sqrt(low * high) == pytest.approx(0.5, abs=1e-3)
    assert high - low > 0.7 * (fat - kidney)


@pytest.mark.parametrize(("kidney", "fat"), [(0.8, 0.2), (0.5, 0.9), (0.1, 0.05)])
def test_bright_kidneys_and_dark_fat_are_left_as_they_are(kidney, fat):
    seen = scene(kidney, fat)
    assert tone_between(seen, KIDNEY, FAT) == 1.0
    assert torch.equal(stretched(seen, 1.0), seen)


def test_the_darkest_kidney_is_stretched_by_a_square_root_and_no_more():
    assert tone_between(scene(0.0, 0.9), KIDNEY, FAT) == 0.5


def test_without_enough_fat_or_kidney_to_learn_from_brightness_stays_as_it_is():
    seen = scene(0.1, 0.9)
    assert tone_between(seen, KIDNEY, torch.zeros(SHAPE)) == 1.0
    assert tone_between(seen, torch.zeros(SHAPE), FAT) == 1.0


def test_stretching_keeps_the_order_and_the_ends_of_the_scale():
    seen = torch.linspace(DARKEST - 0.1, DARKEST + 1, 50)
    drawn = stretched(seen, 0.6)
    assert (drawn.diff() >= 0).all()
    assert float(drawn[0]) == DARKEST
    assert float(drawn[-1]) == pytest.approx(DARKEST + 1)
