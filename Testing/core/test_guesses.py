"""What the networks are given to start from, and what they learn of all that lies around kidneys."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch, which is not installed")

import torch

from renal_segmentation.network import generated, guesses
from renal_segmentation.network.architecture import localiser, refiner
from renal_segmentation.network.cases import Case, torch_noise
from renal_segmentation.network.context import FAT, GROUPS, LEFT, RIGHT, UNKNOWN, context_loss, groups_of
from renal_segmentation.network.generated import localiser_case, refiner_case
from renal_segmentation.network.guesses import OTHER, first_look, rough_guess, with_fat
from renal_segmentation.network.running import Runner, classes_and_surroundings
from renal_segmentation.network.stages import STAGES
from renal_segmentation.network.training import Schedule, fresh_state, train
from renal_segmentation.synthesis.abdomen import generate_abdomen
from renal_segmentation.synthesis.tissues import Tissue


def test_the_refiner_is_at_times_pointed_beyond_the_kidney(monkeypatch):
    tissues = generate_abdomen(1).array
    monkeypatch.setattr(generated, "DECOY_SHARE", 0.0)
    monkeypatch.setattr(generated, "HALO_SHARE", 0.0)
    monkeypatch.setattr(guesses, "POOR_SHARE", 0.0)

    def beyond(share):
        monkeypatch.setattr(generated, "LEAK_SHARE", share)
        made = [refiner_case(tissues, np.random.default_rng(seed)) for seed in range(5)]
        return sum(int(((case.image[1] > 0.5) & (case.truth == 0)).sum()) for case in made)

    assert beyond(1.0) > 1.2 * beyond(0.0)


def test_a_poor_guess_is_further_off_than_a_usual_one(monkeypatch):
    organ = np.zeros((80, 80, 96), bool)
    organ[25:55, 25:55, 20:76] = True

    def mean_dice(share):
        monkeypatch.setattr(guesses, "POOR_SHARE", share)
        dice = []
        for seed in range(12):
            rng = np.random.default_rng(seed)
            guess = rough_guess(organ, rng, torch_noise(rng)).numpy() > 0.5
            dice.append(2 * (guess & organ).sum() / (guess.sum() + organ.sum()))
        return np.mean(dice)

    assert 0.4 < mean_dice(1.0) < mean_dice(0.0) - 0.02


def test_a_rough_guess_covers_most_of_the_kidney_but_not_exactly():
    organ = np.zeros((80, 80, 96), bool)
    organ[25:55, 25:55, 20:76] = True
    rng = np.random.default_rng(3)
    guess = rough_guess(organ, rng, torch_noise(rng)).numpy() > 0.5
    dice = 2 * (guess & organ).sum() / (guess.sum() + organ.sum())
    assert 0.6 < dice < 0.999


def test_a_first_look_tells_of_kidneys_and_at_times_of_something_else():
    taken = np.zeros((24, 20, 20), np.uint8)
    taken[2:8, 5:15, 5:15], taken[16:22, 5:15, 5:15], taken[10:14, 5:15, 5:15] = 1, 2, OTHER
    looks = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        looks.append(first_look(taken, rng, torch_noise(rng)).numpy() > 0.5)
    left, right, other, nothing = (np.array(looks)[:, taken == value].mean(1) for value in (1, 2, OTHER, 0))
    assert 0.6 < np.mean(left > 0.5) < 1
    assert 0.6 < np.mean(right > 0.5) < 1
    assert other.mean() > 0.5
    assert nothing.mean() < 0.3


def test_half_of_the_scans_are_looked_at_for_the_first_time():
    tissues = generate_abdomen(1).array
    told = [localiser_case(tissues, np.random.default_rng(seed)).image[2].any() for seed in range(16)]
    assert 4 <= sum(map(bool, told)) <= 12


def test_fat_that_is_taken_along_touches_the_kidney_and_nothing_but_fat_is():
    organ, fat = np.zeros((40, 40, 40), bool), np.zeros((40, 40, 40), bool)
    organ[16:24, 16:24, 16:24] = True
    fat[10:30, 10:30, 10:30] = True
    fat[35:] = True
    fat[:, 20:] = False
    sizes = set()
    for seed in range(12):
        wider = with_fat(organ, fat & ~organ, 2.0, np.random.default_rng(seed))
        assert wider[organ].all()
        assert not (wider & ~organ & ~fat).any()
        assert not wider[35:].any()
        sizes.add(int(wider.sum()))
    assert len(sizes) > 4
    assert not with_fat(np.zeros_like(organ), fat, 2.0, np.random.default_rng(0)).any()


def test_the_refiner_is_at_times_pointed_at_a_kidney_and_the_fat_around_it(monkeypatch):
    tissues = generate_abdomen(1).array
    monkeypatch.setattr(generated, "DECOY_SHARE", 0.0)
    monkeypatch.setattr(guesses, "POOR_SHARE", 0.0)

    def fat_within(share):
        monkeypatch.setattr(generated, "HALO_SHARE", share)
        made = [refiner_case(tissues, np.random.default_rng(seed)) for seed in range(4)]
        return sum(int(((case.image[1, ::2, ::2, ::2] > 0.5) & (case.context == 1)).sum()) for case in made)

    assert fat_within(1.0) > 1.5 * fat_within(0.0)


def test_every_tissue_belongs_to_one_group():
    assert sorted(tissue for group in GROUPS for tissue in group) == sorted(Tissue)


def test_in_a_mirrored_label_map_left_and_right_kidney_change_places():
    tissues = np.array([Tissue.LEFT_CORTEX, Tissue.RIGHT_MEDULLA, Tissue.LIVER], np.uint8)
    assert groups_of(tissues)[:2].tolist() == [LEFT, RIGHT]
    assert groups_of(tissues, mirrored=True)[:2].tolist() == [RIGHT, LEFT]
    assert groups_of(tissues)[2] == groups_of(tissues, mirrored=True)[2]


@pytest.mark.parametrize(("make", "group", "label"), [(localiser_case, RIGHT, 2), (refiner_case, LEFT, 1)])
def test_a_generated_case_tells_what_lies_around_its_kidneys_at_half_the_resolution(make, group, label):
    case = make(generate_abdomen(1).array, np.random.default_rng(4))
    assert [2 * n for n in case.context.shape] == list(case.truth.shape)
    coarse = case.truth[::2, ::2, ::2]
    assert (coarse[case.context == group] == label).float().mean() > 0.9
    assert set(case.context.unique().tolist()) <= set(range(UNKNOWN, len(GROUPS)))
    assert len(case.context.unique()) > 6


def test_the_surroundings_are_learnt_from_where_they_are_known_only():
    torch.manual_seed(0)
    scores = torch.randn(1, len(GROUPS), 4, 4, 4)
    context = torch.randint(0, len(GROUPS), (4, 4, 4))
    assert context_loss(scores, None) == 0
    assert context_loss(scores, torch.full_like(context, UNKNOWN)) == 0
    half = context.clone()
    half[2:] = UNKNOWN
    changed = scores.clone()
    changed[:, :, 2:] += torch.randn(len(GROUPS), 2, 4, 4)
    assert context_loss(scores, context) > 0
    assert context_loss(scores, half) == context_loss(changed, half)
    assert context_loss(scores, context) != context_loss(changed, context)


def test_a_network_that_is_trained_learns_what_lies_around_kidneys(tmp_path):
    torch.manual_seed(0)
    network = refiner((4, 8), 2)
    image, truth = torch.randn(3, 32, 32, 32) * 0.1, torch.zeros(32, 32, 32, dtype=torch.int64)
    truth[8:24, 8:24, 8:24] = 1
    image[0] += truth
    context = torch.where(truth[::2, ::2, ::2] == 1, LEFT, FAT)
    case = Case(image, truth, "cube", context)

    def loss():
        with torch.no_grad():
            return float(context_loss(network.eval().with_context(image[None])[1], context))

    before = loss()
    schedule = Schedule(iterations=40, rate=3e-2, warm_up=2, check_every=40)
    train(fresh_state(network, 3e-2), STAGES["refiner"], lambda _: case, [], schedule, tmp_path / "c.pt")
    assert loss() < 0.5 * before


def test_what_lies_around_is_told_at_half_the_resolution_and_leaves_the_scores_as_they_are():
    network = localiser((4, 8), 2).eval()
    x = torch.randn(1, 3, 32, 32, 48)
    scores, context = network.with_context(x)
    assert context.shape == (1, len(GROUPS), 16, 16, 24)
    assert torch.equal(scores, network(x))


def test_the_runner_tells_fat_and_kidney_beside_the_classes():
    torch.manual_seed(0)
    network = localiser((4, 8), 2).eval()
    torch.nn.init.normal_(network.context.weight)
    x = torch.randn(3, 40, 36, 50)
    runner = Runner(torch.device("cpu"), "normal")
    plain = runner.probabilities(network, x, (0.0, 0.0, 0.0))
    more = runner.probabilities(network, x, (0.0, 0.0, 0.0), classes_and_surroundings)
    assert more.shape == (5, 40, 36, 50)
    assert torch.allclose(more[:3], plain, atol=1e-6)
    assert 0 < more[3].min() < more[3].max() < 1
    assert (more[3] + more[4]).max() < 1
    network.forget_surroundings()
    untold = runner.probabilities(network, x, (0.0, 0.0, 0.0), classes_and_surroundings)
    assert untold[3].max() < 0.5
    assert (untold[4] == 1).all()
