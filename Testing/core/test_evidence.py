"""What the brightness of a scan says of where its kidney is, and how an outline settles on it."""

import pytest

pytest.importorskip("torch", reason="the network runs with torch, which is not installed")

import torch

from renal_segmentation.network.evidence import STRONGEST, evidence
from renal_segmentation.network.settling import settled
from renal_segmentation.sampling import smooth

MM = (1.5, 1.5, 1.5)


def body(kidney: float, around: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a noisy image of a ball in something else, and the ball."""
    i, j, k = torch.meshgrid(*[torch.arange(n) - n / 2 for n in (40, 44, 48)], indexing="ij")
    ball = i**2 + j**2 + k**2 < 14**2
    noise = torch.randn(ball.shape, generator=torch.Generator().manual_seed(0))
    return torch.where(ball, kidney, around) + 0.02 * noise, ball


@pytest.mark.parametrize(("kidney", "around"), [(0.8, 0.3), (0.3, 0.8)], ids=["bright kidney", "dark kidney"])
def test_what_is_as_bright_as_the_guess_speaks_for_kidney_whatever_the_contrast(kidney, around):
    image, ball = body(kidney, around)
    said = evidence(image, ball.float(), MM)
    assert said[ball].mean() > 2
    assert said[~ball].mean() < -2
    assert said.abs().max() <= STRONGEST


def test_a_guess_of_half_the_kidney_and_a_piece_beside_it_still_points_to_the_whole_kidney():
    image, ball = body(0.8, 0.3)
    guess = ball.clone()
    guess[:20] = False
    guess[20:30, 34:, 20:28] = True
    said = evidence(image, smooth(guess.float(), (1.5, 1.5, 1.5)), MM)
    assert said[ball].mean() > 0.5
    assert said[~ball].mean() < -0.5


def test_the_scale_of_brightness_does_not_matter():
    image, ball = body(0.8, 0.3)
    guess = smooth(ball.float(), (2, 2, 2))
    changed = (evidence(image, guess, MM) - evidence(40 * image - 7, guess, MM)).abs()
    assert (changed > 0.2).float().mean() < 0.01


def test_without_a_guess_or_in_an_image_of_one_brightness_nothing_is_said():
    image, ball = body(0.8, 0.3)
    assert not evidence(image, torch.zeros_like(image), MM).any()
    flat = evidence(torch.full_like(image, 0.4), ball.float(), MM)
    assert flat.abs().max() < 1e-3


def doubtful(ball: torch.Tensor) -> torch.Tensor:
    """Return what a refiner might say of a ball that it sees 3 voxels beside its place, with a sinus in it."""
    organ = 0.1 + 0.8 * smooth(ball.roll(3, 0).float(), (3.0, 3.0, 3.0))
    sinus = torch.zeros_like(organ)
    sinus[18:22, 20:24, 22:26] = organ[18:22, 20:24, 22:26]
    return torch.stack([organ - sinus, sinus, torch.zeros_like(organ)])


def dice(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def test_an_outline_beside_its_place_settles_on_the_edge_in_the_scan_and_the_sinus_stays():
    image, ball = body(0.8, 0.3)
    image[18:22, 20:24, 22:26] = 0.1
    said = doubtful(ball)
    found = settled(said, image, said.sum(0), MM)
    assert dice(said.sum(0) > 0.5, ball) < 0.85
    assert dice(found.sum(0) > 0.5, ball) > 0.97
    assert dice(found[1] > 0.5, said[1] > 0.5) > 0.97


def test_without_contrast_both_networks_count_alike():
    image, ball = body(0.5, 0.5)
    said = doubtful(ball)
    found = settled(said, torch.zeros_like(image), 1 - said.sum(0), MM)
    assert (found.sum(0) - 0.5).abs().max() < 1e-3
    found = settled(said, torch.zeros_like(image), said.sum(0), MM)
    kept = found.sum(0) > 0
    assert torch.allclose(found[:, kept], said[:, kept], atol=2e-3)
    assert said.sum(0)[~kept].max() < 0.2
