"""Outlines follow the edge of the kidney in the scan, at half the step of brightness."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the network runs with torch, which is not installed")

from scipy import ndimage

from renal_segmentation.network.edges import at_half_step

SPACING = (1.5, 1.5, 3.0)
RADIUS = 20.0


def distance_from_middle() -> np.ndarray:
    """Return the distance in mm from the middle of a grid to the eighths of its voxels."""
    corners = np.stack(np.meshgrid(*[(-0.25, 0.25)] * 3, indexing="ij"), -1).reshape(-1, 3)
    voxels = np.stack(np.meshgrid(*map(np.arange, (48, 48, 24)), indexing="ij"), -1) - (23.5, 23.5, 11.5)
    return np.linalg.norm((voxels[..., None, :] + corners) * SPACING, axis=-1)


def ball(radius: float) -> np.ndarray:
    """Return the share of each voxel that lies in a ball."""
    return (distance_from_middle() < radius).mean(-1).astype(np.float32)


def outlined(radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Return what networks would say that took a ball of another radius for the kidney."""
    clean = (ball(radius) > 0.5).astype(np.uint8)
    return np.stack([clean * 0.9, clean * 0, clean * 0]).astype(np.float32) + 0.01, clean


def dice(classes: np.ndarray) -> float:
    """Return the overlap with the true ball."""
    found, truth = classes.sum(0) > 0.5, ball(RADIUS) > 0.5
    return float(2 * (found & truth).sum() / (found.sum() + truth.sum()))


@pytest.mark.parametrize("wrong", [-1.5, 1.5], ids=["too small", "too large"])
@pytest.mark.parametrize(("kidney", "around"), [(0.7, 0.2), (0.1, 0.9), (1100.0, -900.0)])
def test_an_outline_one_voxel_off_is_moved_to_the_edge_in_any_contrast(wrong, kidney, around):
    image = around + (kidney - around) * ball(RADIUS)
    noise = np.random.default_rng(1).normal(0, abs(kidney - around) / 20, image.shape)
    image = (image + noise).astype(np.float32)
    classes, clean = outlined(RADIUS + wrong)
    assert dice(classes) < 0.92
    assert dice(at_half_step(classes, clean, image, SPACING)) > 0.97


def test_a_smooth_edge_is_followed_at_its_middle():
    image = ndimage.gaussian_filter(ball(RADIUS), [1.5 / step for step in SPACING])
    classes, clean = outlined(RADIUS - 1.5)
    assert dice(at_half_step(classes, clean, image, SPACING)) > 0.97


@pytest.mark.parametrize("contrast", [0.0, 0.05], ids=["none at all", "lost in noise"])
def test_without_a_clear_step_the_outline_stays(contrast):
    noise = np.random.default_rng(2).normal(0, 0.1, (48, 48, 24)) * (contrast > 0)
    image = (contrast * ball(RADIUS) + noise).astype(np.float32)
    classes, clean = outlined(RADIUS - 1.5)
    assert np.array_equal(at_half_step(classes, clean, image, SPACING), classes)


def test_what_is_far_brighter_than_the_kidney_is_not_taken_along():
    truth = ball(RADIUS)
    bowel = (ball(RADIUS + 9) > 0.5) & (truth < 0.5)
    bowel[:, :32] = False
    image = np.where(bowel, 3.0, 0.3 + 0.3 * truth).astype(np.float32)
    classes, clean = outlined(RADIUS)
    gained = (at_half_step(classes, clean, image, SPACING).sum(0) > 0.5) & (clean == 0)
    assert not (gained & bowel).any()


def test_sinus_and_cysts_stay_as_they_are():
    image = ball(RADIUS)
    classes, clean = outlined(RADIUS - 1.5)
    clean[ball(8) > 0.5] = 2
    image[ball(8) > 0.5] = 0.0
    moved = at_half_step(classes, clean, image, SPACING)
    assert np.array_equal(moved[:, clean == 2], classes[:, clean == 2])


def test_without_an_outline_there_is_nothing_to_move():
    nothing = np.zeros((3, 8, 8, 8), np.float32)
    moved = at_half_step(nothing, np.zeros((8, 8, 8), np.uint8), np.ones((8, 8, 8), np.float32), SPACING)
    assert not moved.any()
