"""Images of generated abdomens: the same seed gives the same image, and the scan is where its labels are."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="images are rendered with torch, which is not installed")

import torch

from renal_segmentation.resampling import nearest
from renal_segmentation.sampling import box_grid, brightness, enclosing_grid, index_map, normalise, resample, sample
from renal_segmentation.synthesis.abdomen import generate_abdomen
from renal_segmentation.synthesis.acquisition import draw_acquisition, rotation
from renal_segmentation.synthesis.appearance import CORTICES, MEDULLAS, REGIMES, draw_appearance
from renal_segmentation.synthesis.imaging import render
from renal_segmentation.synthesis.tissues import Tissue, kidney_labels
from renal_segmentation.volume import Grid, Volume


@pytest.fixture(scope="module")
def tissues() -> Volume:
    return generate_abdomen(3, spacing_mm=4.0)


@pytest.mark.parametrize("regime", REGIMES)
def test_the_same_seed_gives_the_same_scan_and_another_seed_another(tissues, regime):
    first, again, other = (render(tissues, seed, regime) for seed in (5, 5, 6))
    assert np.array_equal(first.image.array, again.image.array)
    assert np.array_equal(first.labels.array, again.labels.array)
    assert first.image.array.shape != other.image.array.shape or not np.allclose(first.image.array, other.image.array)


def test_the_global_random_state_neither_matters_nor_changes(tissues):
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = render(tissues, 9)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    assert np.array_equal(render(tissues, 9).image.array, first.image.array)


@pytest.mark.parametrize("seed", range(8))
def test_scans_are_finite_and_their_labels_agree_with_the_tissues_in_the_body(tissues, seed):
    scan = render(tissues, seed)
    assert scan.image.array.dtype == np.float32
    assert np.isfinite(scan.image.array).all()
    assert scan.image.array.std() > 0
    index = np.argwhere(scan.labels.array == 1)
    if len(index):
        at = np.rint(tissues.grid.to_index(scan.labels.grid.to_ras(index))).astype(int)
        assert (kidney_labels(tissues.array[tuple(at.T)]) == 1).all()


def test_ct_is_in_hounsfield_units_within_its_window(tissues):
    scan = render(tissues, 2, "ct", "axial")
    low, high = scan.appearance.window
    assert scan.image.array.min() >= low - 1e-3
    assert scan.image.array.max() <= high + 1e-3
    assert scan.appearance.mean[Tissue.AIR] < -900


def test_kidneys_darker_than_their_fat_are_drawn_often_enough():
    looks = [draw_appearance(np.random.default_rng(seed), "t1") for seed in range(60)]
    dark = [look for look in looks if look.mean[Tissue.LEFT_CORTEX] < 0.5 * look.mean[Tissue.PERIRENAL_FAT]]
    assert len(dark) > 12


@pytest.mark.parametrize("regime", ["t1", "t2", "mixture"])
def test_a_kidney_in_mri_is_never_as_bright_as_the_fat_around_it(regime):
    rng = np.random.default_rng(8)
    for _ in range(400):
        mean = draw_appearance(rng, regime).mean
        kidney = mean[[*CORTICES, *MEDULLAS]].mean()
        assert abs(kidney - abs(mean[Tissue.PERIRENAL_FAT])) > 0.02


def test_thick_slices_average_what_lies_within_them():
    flat = np.zeros((24, 24, 24), np.uint8)
    flat[:, :, 12:] = Tissue.LIVER
    volume = Volume(flat, np.diag([2.0, 2.0, 2.0, 1.0]))
    scan = render(volume, 1, "t2", "axial")
    assert scan.acquisition.plane == "axial"
    assert scan.acquisition.thickness_mm >= 1


def test_a_scan_is_centred_where_it_was_asked_for():
    rng = np.random.default_rng(0)
    for plane in ("axial", "coronal", "sagittal", "volume"):
        centre, extent = np.array([10.0, -20.0, 30.0]), np.array([200.0, 150.0, 100.0])
        grid = draw_acquisition(rng, centre, extent, (1.5, 2.0), plane).grid
        assert np.allclose(grid.to_ras([(np.array(grid.shape) - 1) / 2])[0], centre)


def test_rotations_keep_lengths_and_handedness():
    turn = rotation(np.array([10.0, -25.0, 40.0]))
    assert np.allclose(turn @ turn.T, np.eye(3))
    assert np.linalg.det(turn) == pytest.approx(1)


def test_sampling_a_ramp_gives_the_ramp_and_the_fill_beyond_it():
    grid = Grid((6, 5, 4), np.diag([2.0, 3.0, 4.0, 1.0]))
    ramp = torch.from_numpy(np.arange(6, dtype=np.float32))[None, :, None, None].expand(1, 6, 5, 4)
    target = box_grid(np.array([-3.0, 0.0, 0.0]), np.array([9.0, 12.0, 12.0]), 1.0)
    result = sample(ramp, index_map(target, grid), target.shape, -7.0)[0].numpy()
    x = target.to_ras([[i, 0, 0] for i in range(target.shape[0])])[:, 0]
    inside = (x >= 0) & (x <= 10)
    assert np.allclose(result[inside, 3, 3], x[inside] / 2, atol=1e-5)
    assert (result[x < -1.1, 3, 3] == -7).all()


def test_resampling_to_a_coarser_grid_keeps_the_mean():
    rng = np.random.default_rng(1)
    grid = Grid((40, 40, 10), np.diag([1.0, 1.0, 5.0, 1.0]))
    image = torch.from_numpy(rng.normal(10, 1, grid.shape).astype(np.float32))
    target = enclosing_grid(grid, 4.0)
    result = resample(image, grid, target, 10.0)
    assert float(result.mean()) == pytest.approx(10, abs=0.1)
    assert float(result.std()) < 0.5


def test_scaling_brightness_does_not_change_what_the_network_sees():
    image = torch.from_numpy(np.random.default_rng(2).random((20, 20, 20)).astype(np.float32))
    assert torch.allclose(normalise(image), normalise(image * 250 + 3), atol=1e-4)
    low, high = brightness(image)
    assert 0 <= low < high <= 1


def test_nearest_labels_are_zero_outside():
    labels = np.ones((4, 4, 4), np.uint8)
    source = Grid((4, 4, 4), np.eye(4))
    target = enclosing_grid(Grid((8, 8, 8), np.eye(4)), 1.0)
    found = nearest(Volume(labels, source.affine), target)
    assert found.sum() == 64
