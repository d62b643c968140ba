"""From what the networks answer to one clean outline per side: sides, rivals, cleaning, doubt."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="the network runs with torch, which is not installed")

import torch
from Testing.core.networks import KIDNEYS, Stub, body_image

from renal_segmentation.labels import Side
from renal_segmentation.network.context import LEFT
from renal_segmentation.network.localising import find_kidneys
from renal_segmentation.network.postprocessing import assemble
from renal_segmentation.network.refining import Refined
from renal_segmentation.network.running import Runner
from renal_segmentation.sampling import box_grid
from renal_segmentation.volume import Volume

RUNNER = Runner(torch.device("cpu"), "normal")
BLANK = Volume(np.zeros((40, 40, 40), np.float32), box_grid(np.zeros(3), np.full(3, 80.0), 2.0).affine)

SLAB = np.zeros((40, 40, 40), np.uint8)
SLAB[4:16, 10:30, 10:30] = 1
"""A kidney as the refiner's classes."""


class AllLeft(Stub):
    """Call everything bright a left kidney."""

    def forward(self, x):
        bright = 20 * x[:, :1]
        return torch.cat([-bright, bright + 10, bright - 10], 1)


class Listening(AllLeft):
    """Remember what it was shown."""

    def __init__(self):
        super().__init__()
        self.shown = []

    def forward(self, x):
        self.shown.append(x[0].clone())
        return super().forward(x)


def test_the_second_look_is_told_how_bright_the_kidneys_of_the_first_were():
    network = Listening()
    find_kidneys(network, body_image(), RUNNER)
    first, second = network.shown
    assert not first[2].any()
    assert torch.equal(first[:2], second[:2])
    bright = second[0] > 0.3
    assert second[2][bright].mean() > 1
    assert second[2][~bright].max() < second[2][bright].mean()


def test_where_the_first_look_finds_nothing_there_is_no_second():
    network = Listening()
    nothing = body_image(())
    assert find_kidneys(network, nothing, RUNNER) == []
    assert len(network.shown) == 1


class Overlooking(Listening):
    """Tell sides by place; the second time, overlook the right kidney."""

    def forward(self, x):
        scores = super().forward(x)
        right = x[:, 1] > 0
        scores[:, 2] = torch.where(right, scores[:, 1], scores[:, 2])
        scores[:, 1] = torch.where(right, -20.0, scores[:, 1])
        if len(self.shown) == 2:
            scores[:, 2] = -20.0
        return scores


def test_a_kidney_overlooked_beside_a_darker_one_is_looked_for_by_its_own_brightness():
    image = body_image()
    dim = image.array.copy()
    dim[: len(dim) // 2] *= 0.6
    network = Overlooking()
    left, right = find_kidneys(network, Volume(dim, image.affine), RUNNER)
    assert (left.side, right.side) == (Side.LEFT, Side.RIGHT)
    assert not ((left.probability > 0.5) & (right.probability > 0.5)).any()
    _, second, third = (shown[2] for shown in network.shown)
    of_left, of_right = torch.from_numpy(left.probability > 0.5), torch.from_numpy(right.probability > 0.5)
    place = tuple(slice(0, n) for n in of_right.shape)
    assert third[place][of_left].median() < second[place][of_left].median() - 1
    assert third[place][of_right].max() > second[place][of_right].max()


def test_two_kidneys_called_left_are_told_apart_by_their_place():
    found = find_kidneys(AllLeft(), body_image(), RUNNER)
    assert sorted(kidney.side for kidney in found) == [Side.LEFT, Side.RIGHT]
    by_side = {kidney.side: kidney for kidney in found}
    assert by_side[Side.LEFT].low[0] < by_side[Side.RIGHT].low[0]


def test_a_second_thing_of_a_side_comes_as_a_rival_unless_it_is_small():
    beside = ((-70, 10, -85), (18, 18, 26))
    found = find_kidneys(AllLeft(), body_image((KIDNEYS[0], beside)), RUNNER)
    assert [kidney.side for kidney in found] == [Side.LEFT, Side.LEFT]
    assert found[0].probability.sum() > found[1].probability.sum()
    assert not ((found[0].probability > 0.5) & (found[1].probability > 0.5)).any()
    speck = ((-70, 10, -85), (14, 14, 20))
    assert len(find_kidneys(AllLeft(), body_image((KIDNEYS[0], speck)), RUNNER)) == 1


def refined(array: np.ndarray, side: Side = Side.LEFT) -> Refined:
    """Return a sure answer of a refiner from classes at 2 mm."""
    probability = np.stack([array == value for value in range(4)]).astype(np.float32) * 0.996 + 0.001
    grid = box_grid(np.zeros(3), np.array(array.shape) * 2.0, 2.0)
    return Refined(side, probability, grid, 1 - probability[0])


def test_stray_parts_and_holes_are_cleaned_away_and_cysts_must_touch():
    classes = np.zeros((40, 40, 40), np.uint8)
    classes[10:25, 10:25, 5:35] = 1
    classes[15:18, 15:18, 15:18] = 0
    classes[18:22, 14:18, 20:25] = 2
    classes[25:30, 12:18, 12:18] = 3
    classes[34:38, 34:38, 34:38] = 3
    classes[36:39, 2:5, 2:5] = 1
    labels = assemble([refined(classes)], BLANK).labels
    assert set(np.unique(labels)) == {0, 1, 3, 5}
    assert labels[16, 16, 16] == 1
    assert not labels[30:].any()
    assert (labels == 3).sum() == 5 * 6 * 6
    assert (labels == 5).sum() == 4 * 4 * 5


def test_brightness_tells_fluid_from_parenchyma_in_hounsfield_units_only():
    classes = np.zeros((40, 40, 40), np.uint8)
    classes[6:34, 6:34, 4:36] = 1
    uneven = 30 + 9 * np.sign(np.sin(np.indices(classes.shape)[2] / 2.0))
    array = np.where(classes > 0, uneven, -100).astype(np.float32)
    array[14:24, 6:20, 14:26] = 3
    image = Volume(array, BLANK.affine)
    kept, told = (assemble([refined(classes)], image, hounsfield=known).labels for known in (False, True))
    assert (kept[16:22, 8:18, 16:24] == 1).all()
    assert not (told[17:21, 9:16, 17:23] == 1).any()
    assert (told[26:, 22:, :12] == kept[26:, 22:, :12]).all()


def test_a_speck_is_no_kidney_and_one_that_is_not_recognised_is_left_out():
    classes = np.zeros((40, 40, 40), np.uint8)
    classes[10:14, 10:14, 10:14] = 1
    assert not assemble([refined(classes)], BLANK).labels.any()
    classes[10:30, 10:30, 10:30] = 1
    sure = refined(classes)
    answers = [replace(sure, located=located) for located in (1.0, 0.96, 0.6)]
    answers[2] = replace(answers[2], recognised=0.4)
    codes = []
    for answer in answers:
        found = assemble([answer], BLANK)
        codes.append([notice.code for notice in found.notices])
        assert found.labels.any() == (answer is not answers[2])
    assert codes[0] == []
    assert codes[2] == ["left-left-out"]


def test_an_outline_with_a_vague_edge_is_pointed_out_with_the_dice_that_is_expected_of_it():
    classes = np.zeros((40, 40, 40), np.uint8)
    classes[8:32, 8:32, 8:32] = 1
    sharp = refined(classes)
    vague = sharp.probabilities.copy()
    rim = (classes == 1) & ~np.pad(np.ones((20, 20, 20), bool), 10)
    vague[0][rim], vague[1][rim] = 0.3, 0.7
    answers = [sharp, replace(sharp, probabilities=vague)]
    found = [assemble([answer], BLANK) for answer in answers]
    assert [[notice.code for notice in one.notices] for one in found] == [[], ["doubtful-outline"]]
    assert found[0].confidence["left"] > 0.95
    assert 0 < found[1].confidence["left"] < 0.85
    assert f"(expected Dice {found[1].confidence['left']:.2f})" in found[1].notices[0].message


def test_two_doubtful_ones_on_both_sides_speak_for_each_other():
    left = replace(refined(SLAB), recognised=0.45)
    right = replace(refined(SLAB[::-1], Side.RIGHT), recognised=0.45)
    for alone in (left, right):
        assert not assemble([alone], BLANK).labels.any()
    assert set(np.unique(assemble([left, right], BLANK).labels)) == {0, 1, 2}


def test_of_two_rivals_the_one_that_convinces_more_is_outlined():
    kidney, rival = refined(SLAB), replace(refined(SLAB[::-1]), recognised=0.45)
    for things in ([kidney, rival], [rival, kidney]):
        found = assemble(things, BLANK)
        assert found.labels[10, 20, 20] == 1
        assert not found.labels[20:].any()
        assert found.notices == ()


def test_a_native_kidney_beside_a_transplant_on_its_side_is_outlined_too_and_said():
    transplant, native = refined(SLAB), replace(refined(SLAB[::-1]), recognised=0.7)
    for things in ([transplant, native], [native, transplant]):
        found = assemble(things, BLANK)
        assert (found.labels[[10, 30], 20, 20] == 1).all()
        assert [notice.code for notice in found.notices] == ["left-two-kidneys"]
        assert found.confidence == {"left": pytest.approx(assemble([native], BLANK).confidence["left"])}


def test_a_kidney_that_is_found_twice_is_one_kidney():
    once = refined(SLAB)
    cut = (slice(None), slice(4, None), slice(6, 36))
    grid = box_grid(np.array([0.0, 8.0, 12.0]), np.array([80.0, 80.0, 72.0]), 2.0)
    again = Refined(Side.LEFT, once.probabilities[:, *cut], grid, once.guess[cut], recognised=0.9)
    found = assemble([once, again], BLANK)
    assert found.notices == ()
    assert np.array_equal(found.labels, assemble([once], BLANK).labels)


def test_a_speck_is_no_rival():
    speck = np.zeros_like(SLAB)
    speck[30:34, 20:24, 20:24] = 1
    found = assemble([replace(refined(SLAB), recognised=0.8), refined(speck)], BLANK)
    assert found.labels[10, 20, 20] == 1
    assert not found.labels[20:].any()


def test_a_doubtful_kidney_is_kept_beside_a_sure_one_only():
    classes = np.zeros((40, 40, 40), np.uint8)
    classes[4:18, 10:30, 10:30] = 1
    doubtful = refined(classes)
    guess = (classes > 0).astype(np.float32)
    guess[:, :16] *= 0.3
    doubtful = Refined(Side.LEFT, doubtful.probabilities, doubtful.grid, guess, 0.9, 0.7)
    sure = refined(classes[::-1])
    sure = Refined(Side.RIGHT, sure.probabilities, sure.grid, sure.guess, 1.0)
    assert doubtful.sureness < sure.sureness
    assert set(np.unique(assemble([doubtful, sure], BLANK).labels)) == {0, 1, 2}
    alone = assemble([doubtful], BLANK)
    assert not alone.labels.any()
    assert [notice.code for notice in alone.notices] == ["left-left-out"]


def test_a_scan_in_which_nothing_is_recognised_as_kidney_stays_empty():
    classes = np.zeros((40, 40, 40), np.uint8)
    classes[10:30, 10:30, 10:30] = 1
    sure = refined(classes)
    assert assemble([replace(sure, recognised=0.9)], BLANK).labels.any()
    assert not assemble([replace(sure, recognised=0.3)], BLANK).labels.any()


def test_what_is_found_is_recognised_where_the_surroundings_say_kidney_too():
    class Forgetful(AllLeft):
        """Recognise the kidney on the left only."""

        def with_context(self, x):
            scores, context = super().with_context(x)
            context[:, LEFT, context.shape[2] // 2 :] = 0
            return scores, context

    left, right = sorted(find_kidneys(Forgetful(), body_image(), RUNNER), key=lambda kidney: kidney.side)
    assert (left.side, right.side) == (Side.LEFT, Side.RIGHT)
    assert left.recognised > 0.8
    assert right.recognised < 0.5
