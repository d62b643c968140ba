"""A corrected mask is analysed anew only where it has changed, and no number depends on that."""

from dataclasses import asdict

import numpy as np
import pytest
from Testing.core.shapes import two_kidneys

from renal_layers import QuantitativeMap, Settings, analyse
from renal_layers.layering import make_layers
from renal_segmentation.volume import Volume, bounding_box, paste


def a_map(mask: Volume) -> QuantitativeMap:
    """Return a map on a grid of its own that covers the kidneys."""
    shape = tuple((np.array(mask.array.shape) + 1) // 2)
    affine = mask.affine.copy()
    affine[:3, :3] *= 2
    return QuantitativeMap("T1", Volume(np.random.default_rng(0).normal(1500, 100, shape), affine), "ms")


def corrected(mask: Volume) -> Volume:
    """Return the mask with a bite taken out of the kidney with the smaller RAS x, the left one."""
    array = mask.array.copy()
    inside = np.argwhere(array)
    left = inside[mask.grid.to_ras(inside)[:, 0] < 0]
    i, j, k = left[np.argmax(left[:, 2])]
    array[i - 3 : i + 4, j - 3 : j + 4, k - 2 : k + 1] = 0
    return mask.like(array)


SETTINGS = {
    "plain": Settings(),
    "pelvis excluded": Settings(pelvis_distance_mm=5),
    "equivolume": Settings(layer_model="equivolume", layer_count=6),
    "proportional, from all of the surface": Settings(layer_model="proportional", depth_from="surface"),
    "mask space": Settings(space="mask"),
    "windowed sinc": Settings(smoothing="windowed-sinc"),
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_what_is_taken_from_the_earlier_mask_changes_no_number(settings):
    mask = two_kidneys((2, 2, 2), with_hilum=True)
    qmap = a_map(mask)
    before = analyse(mask, [qmap], settings)
    fresh = analyse(corrected(mask), [qmap], settings)
    reused = analyse(corrected(mask), [qmap], settings, earlier=before)
    np.testing.assert_array_equal(reused.layering.depth.array, fresh.layering.depth.array)
    np.testing.assert_array_equal(reused.layering.layers.array, fresh.layering.layers.array)
    np.testing.assert_array_equal(reused.samples[0].depth, fresh.samples[0].depth)
    np.testing.assert_array_equal(reused.samples[0].value, fresh.samples[0].value)
    np.testing.assert_equal([asdict(row) for row in reused.profiles], [asdict(row) for row in fresh.profiles])
    np.testing.assert_equal([asdict(row) for row in reused.gradients], [asdict(row) for row in fresh.gradients])
    assert reused.notices == fresh.notices


def test_the_kidney_that_was_not_touched_is_not_measured_again():
    mask = two_kidneys((2, 2, 2))
    before = make_layers(mask)
    after = make_layers(corrected(mask), earlier=before)
    taken_over = [part for part in after.parts if any(part is known for known in before.parts)]
    assert len(after.parts) == 2
    assert len(taken_over) == 1
    assert mask.grid.to_ras(taken_over[0].voxels)[:, 0].mean() > 0


@pytest.mark.parametrize(
    "settings", [Settings(smoothing="none"), Settings(pelvis_distance_mm=3), Settings(depth_from="surface")]
)
def test_other_settings_take_nothing_that_would_be_wrong(settings):
    mask = two_kidneys((2, 2, 2), with_hilum=True)
    reused = make_layers(mask, settings, earlier=make_layers(mask))
    np.testing.assert_array_equal(reused.depth.array, make_layers(mask, settings).depth.array)


@pytest.mark.parametrize("margin", [0, 1, 7])
@pytest.mark.parametrize("settings", [Settings(), Settings(pelvis_distance_mm=5)])
def test_a_piece_of_the_scan_gives_the_numbers_of_the_whole_scan(margin, settings):
    mask = two_kidneys((2, 2, 2.5), with_hilum=True)
    mask.affine[:3, 3] += [0.1, -0.7, 3.3]
    qmap = a_map(mask)
    piece = mask.crop(bounding_box(mask.array > 0, margin))
    whole = analyse(mask, [qmap], settings)
    cut_out = analyse(piece, [qmap], settings, grid=mask.grid)
    np.testing.assert_array_equal(paste(cut_out.layering.depth, mask.grid), paste(whole.layering.depth, mask.grid))
    np.testing.assert_array_equal(cut_out.samples[0].depth, whole.samples[0].depth)
    np.testing.assert_equal([asdict(row) for row in cut_out.gradients], [asdict(row) for row in whole.gradients])
    assert cut_out.notices == whole.notices


def test_a_mask_moved_in_the_body_is_measured_anew():
    mask = two_kidneys((2, 2, 2))
    moved = Volume(mask.array, mask.affine + np.array([[0, 0, 0, 5]] * 3 + [[0] * 4]))
    after = make_layers(moved, earlier=make_layers(mask))
    assert after.surface.points.mean(0) == pytest.approx(make_layers(mask).surface.points.mean(0) + 5, abs=1e-6)
