"""The localiser's training cases in which its own first look, not chance, says where kidneys may be."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch, which is not installed")

import torch
from Testing.core.networks import SHAPE, Stub

from renal_segmentation.models.shipped import open_shipped
from renal_segmentation.network import looking_again as module
from renal_segmentation.network.bundle import load_networks
from renal_segmentation.network.generated import coarse_scan
from renal_segmentation.network.localising import LOCALISER_FILLS, localiser_input
from renal_segmentation.network.looking_again import looking_again, worst_overlap
from renal_segmentation.network.recipe import _rehearsals, ensure_maps
from renal_segmentation.network.running import Runner
from renal_segmentation.network.stages import STAGES
from renal_segmentation.network.training import Schedule, fresh_state, train
from renal_segmentation.synthesis.abdomen import generate_abdomen

RUNNER = Runner(torch.device("cpu"), "normal")


@pytest.fixture(scope="module")
def tissues():
    return generate_abdomen(1203, 2.0).array


@pytest.fixture(scope="module")
def shown(tissues):
    return coarse_scan(tissues, np.random.default_rng(1), torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def localiser():
    return load_networks(open_shipped().metadata)["localiser"]


@pytest.fixture
def told(monkeypatch, shown):
    """Return a function that says what a localiser is told in each of many cases of one scan."""
    monkeypatch.setattr(module, "coarse_scan", lambda *_: shown)
    monkeypatch.setattr(module, "worst_overlap", lambda *_: 0.0)
    monkeypatch.setattr(module, "made_up_look", lambda *_: "made up")
    monkeypatch.setattr(module, "told_case", lambda _, guess, __: guess)

    def ask(first, tissues, count):
        class Same:
            """Runs no network: the first look is always the same."""

            def probabilities(self, *_):
                return first

        make = looking_again(Stub(), Same())
        return [make(tissues, np.random.default_rng(seed)) for seed in range(count)]

    return ask


def test_a_case_is_a_scan_with_its_kidneys_as_the_other_cases_are(tissues, localiser):
    cases = [looking_again(localiser, RUNNER)(tissues, np.random.default_rng(seed)) for seed in (1, 1, 3, 4)]
    assert torch.equal(cases[0].image, cases[1].image), "the same seed gives the same case"
    for case in cases:
        assert case.image.shape[1:] == case.truth.shape
        assert torch.isfinite(case.image).all()
    assert any((case.truth > 0).any() for case in cases)


def test_a_second_look_is_told_of_the_first_or_of_one_side_of_it(tissues, shown, localiser, told):
    seen = RUNNER.probabilities(localiser, localiser_input(shown.seen, shown.grid), LOCALISER_FILLS)
    guesses = told(seen, tissues, 200)
    first, made_up = guesses.count(None), guesses.count("made up")
    own = [guess for guess in guesses if isinstance(guess, torch.Tensor)]
    both = sum(torch.equal(guess, seen[1] + seen[2]) for guess in own)
    one = sum(torch.equal(guess, seen[1]) or torch.equal(guess, seen[2]) for guess in own)
    assert 80 < first < 120
    assert 0 < made_up < 0.3 * len(own)
    assert both + one == len(own)
    assert both > one > 0


def test_a_localiser_that_sees_nothing_yet_is_told_of_a_look_that_was_made_up(tissues, shown, told):
    nothing = torch.zeros(3, *shown.truth.shape)
    assert set(told(nothing, tissues, 12)) == {None, "made up"}


def test_scans_that_are_hard_for_a_first_look_are_learnt_from_more_often(tissues, monkeypatch):
    monkeypatch.setattr(module, "localiser_input", lambda *_: None)
    monkeypatch.setattr(module, "_told", lambda *_: None)

    class Numbered:
        seen = grid = None

        def __init__(self, number):
            self.truth = 0.95 if number % 2 else 0.3

    numbers = iter(range(10_000))
    monkeypatch.setattr(module, "coarse_scan", lambda *_: Numbered(next(numbers)))
    monkeypatch.setattr(module, "worst_overlap", lambda _, overlap: overlap)
    monkeypatch.setattr(module, "told_case", lambda scan, *_: scan.truth)

    class Nobody:
        def probabilities(self, *_):
            return None

    make = looking_again(Stub(), Nobody())
    overlaps = [make(tissues, np.random.default_rng(seed)) for seed in range(200)]
    assert overlaps.count(0.3) > 1.5 * overlaps.count(0.95) > 0


def test_the_worst_overlap_counts_kidneys_missed_and_kidneys_made_up():
    truth = np.zeros((4, 4, 4), np.uint8)
    truth[0], truth[3] = 1, 2
    perfect = torch.stack([torch.from_numpy(truth == value).float() for value in range(3)])
    nothing = torch.stack([torch.ones(4, 4, 4), torch.zeros(4, 4, 4), torch.zeros(4, 4, 4)])
    swapped = perfect[[0, 2, 1]]
    assert worst_overlap(perfect, truth) == 1.0
    assert worst_overlap(nothing, truth) == worst_overlap(swapped, truth) == 0.0
    assert worst_overlap(perfect, np.where(truth == 2, 0, truth)) == 0.0
    assert worst_overlap(nothing, np.zeros_like(truth)) == 1.0
    half = truth.copy()
    half[0, :2] = 0
    assert worst_overlap(perfect, half) == pytest.approx(2 / 3)


def test_the_localiser_in_training_is_told_of_what_it_sees_by_then(tmp_path, monkeypatch):
    monkeypatch.setattr("renal_segmentation.network.recipe.generate_abdomen", lambda seed: generate_abdomen(seed, 2.0))
    asked = []
    monkeypatch.setattr(module, "worst_overlap", lambda first, _: asked.append(first) or 0.0)
    monkeypatch.setattr(module, "is_first_look", lambda _: True)
    ensure_maps(tmp_path, range(1))
    torch.manual_seed(0)
    state = fresh_state(STAGES["localiser"].network(SHAPE), 1e-2)
    make = _rehearsals(tmp_path, "localiser", SHAPE, state.average)
    schedule = Schedule(iterations=3, rate=1e-2, warm_up=1, averaging=0.5)
    train(state, STAGES["localiser"], lambda _: make(np.random.default_rng(1)), [], schedule, tmp_path / "part.pt")
    assert len(asked) == 3
    assert not torch.equal(asked[0], asked[1])
    assert not torch.equal(asked[1], asked[2])
