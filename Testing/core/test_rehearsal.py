"""The refiner's training cases in which a trained localiser, not chance, says where a kidney may be."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch, which is not installed")

import torch
from Testing.core.networks import Stub

from renal_segmentation.labels import Side
from renal_segmentation.models.shipped import open_shipped
from renal_segmentation.network import rehearsal
from renal_segmentation.network.bundle import load_networks
from renal_segmentation.network.context import LEFT, RIGHT
from renal_segmentation.network.generated import ORGANS, at_times_without_kidneys
from renal_segmentation.network.localising import Found
from renal_segmentation.network.rehearsal import rehearsed_cases, rehearsing
from renal_segmentation.network.running import Runner
from renal_segmentation.synthesis.abdomen import generate_abdomen

RUNNER = Runner(torch.device("cpu"), "normal")


class Blind(Stub):
    """A localiser that finds nothing."""

    def forward(self, x):
        return torch.cat([x[:, :1] * 0 + 9, x[:, :2] * 0], 1)


@pytest.fixture(scope="module")
def tissues():
    return generate_abdomen(1203, 2.0).array


@pytest.fixture(scope="module")
def localiser():
    return load_networks(open_shipped().metadata)["localiser"]


@pytest.fixture(scope="module")
def rehearsed(tissues, localiser):
    return rehearsed_cases(tissues, localiser, np.random.default_rng(4), RUNNER)


def overlap(a, b):
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def test_each_kidney_that_the_localiser_finds_becomes_a_case(rehearsed):
    assert len(rehearsed) == 2
    for each in rehearsed:
        assert each.overlap > 0.6
        assert each.case.image.shape[1:] == each.case.truth.shape
        assert torch.isfinite(each.case.image).all()


def test_the_refiner_is_pointed_where_the_localiser_pointed(rehearsed):
    for each in rehearsed:
        pointed, organ = each.case.image[1] > 0.5, (each.case.truth == 1) | (each.case.truth == 2)
        assert overlap(pointed, organ) == pytest.approx(each.overlap, abs=0.1)


def test_right_kidneys_are_mirrored_and_count_as_left_ones(rehearsed):
    for each in rehearsed:
        around = each.case.context[each.case.truth[::2, ::2, ::2] == 1]
        assert (around == LEFT).sum() > 10 * (around == RIGHT).sum()


def test_the_same_seed_gives_the_same_cases(tissues, localiser, rehearsed):
    again = rehearsed_cases(tissues, localiser, np.random.default_rng(4), RUNNER)
    assert [each.overlap for each in again] == [each.overlap for each in rehearsed]
    assert all(torch.equal(a.case.image, b.case.image) for a, b in zip(again, rehearsed, strict=True))


def test_where_something_else_was_found_the_answer_is_nothing(tissues, localiser, monkeypatch):
    def wrong(network, image, runner):
        """Take the middle of the body for a right kidney."""
        grid = image.grid
        seen = np.zeros(grid.shape, np.float32)
        middle = tuple(slice(n // 2 - 2, n // 2 + 2) for n in grid.shape)
        seen[middle] = 1.0
        return [Found(Side.RIGHT, seen, seen * 0, grid, np.full(3, -20.0), np.full(3, 20.0), 0.9, 0.9)]

    monkeypatch.setattr(rehearsal, "find_kidneys", wrong)
    (each,) = rehearsed_cases(tissues, localiser, np.random.default_rng(4), RUNNER)
    assert each.overlap == 0.0
    assert not (each.case.truth > 0).any()


def test_some_rehearse_on_scans_without_kidneys_in_which_nothing_is_right(tissues, localiser, monkeypatch):
    monkeypatch.setattr(rehearsal, "NOBODY_SHARE", 1.0)
    assert not (ORGANS[at_times_without_kidneys(tissues, np.random.default_rng(4), 1.0)] > 0).any()
    for each in rehearsed_cases(tissues, localiser, np.random.default_rng(4), RUNNER):
        assert each.overlap == 0.0
        assert not (each.case.truth > 0).any()


def test_a_localiser_that_finds_nothing_leaves_made_up_guesses(tissues):
    assert rehearsed_cases(tissues, Blind(), np.random.default_rng(4), RUNNER) == []
    case = rehearsing(Blind(), RUNNER)(tissues, np.random.default_rng(4))
    assert (case.truth == 1).any()


def test_most_cases_come_from_the_localiser(tissues, monkeypatch):
    asked = []
    monkeypatch.setattr(rehearsal, "rehearsed_cases", lambda *_: asked.append(1) or [])
    monkeypatch.setattr(rehearsal, "refiner_case", lambda *_: "made up")
    make = rehearsing(Blind(), RUNNER)
    assert {make(tissues, np.random.default_rng(seed)) for seed in range(100)} == {"made up"}
    assert 50 < len(asked) < 90


def test_what_the_localiser_outlined_badly_is_learnt_from_more_often(tissues, monkeypatch):
    found = [rehearsal.Rehearsed("easy", 0.95), rehearsal.Rehearsed("hard", 0.5)]
    monkeypatch.setattr(rehearsal, "REHEARSED_SHARE", 1.0)
    monkeypatch.setattr(rehearsal, "rehearsed_cases", lambda *_: found)
    make = rehearsing(Blind(), RUNNER)
    drawn = [make(tissues, np.random.default_rng(seed)) for seed in range(200)]
    assert drawn.count("hard") > 1.5 * drawn.count("easy") > 0
