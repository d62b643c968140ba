"""Whatever is painted, tissue is kidney of one side and of one kind, and what was not touched stays as it was."""

from itertools import product

import numpy as np
import pytest

from renal_segmentation.parenchyma import CORTEX, KIDNEY, LEFT, MEDULLA, RIGHT, TISSUE, settle
from renal_segmentation.volume import Volume

AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])


def row(*parts: int) -> np.ndarray:
    return np.array(parts, np.uint8).reshape(-1, 1, 1)


def settled(before: np.ndarray, after: np.ndarray, tissue_leads: bool = False) -> list[int]:
    return settle(Volume(after, AFFINE), before, tissue_leads).ravel().tolist()


def test_cortex_painted_over_medulla_takes_its_place_and_the_other_way_round():
    before = row(LEFT | CORTEX, LEFT | MEDULLA, LEFT | MEDULLA)
    after = row(LEFT | CORTEX, LEFT | MEDULLA | CORTEX, LEFT | MEDULLA)
    assert settled(before, after) == [LEFT | CORTEX, LEFT | CORTEX, LEFT | MEDULLA]
    after = row(LEFT | CORTEX | MEDULLA, LEFT | MEDULLA, LEFT | MEDULLA)
    assert settled(before, after) == [LEFT | MEDULLA] * 3


def test_a_kidney_painted_over_the_other_one_takes_its_place_with_its_tissue():
    before = row(LEFT, RIGHT | CORTEX, RIGHT)
    assert settled(before, row(LEFT, LEFT | RIGHT | CORTEX, RIGHT)) == [LEFT, LEFT | CORTEX, RIGHT]
    assert settled(before, row(LEFT | RIGHT, RIGHT | CORTEX, RIGHT)) == [RIGHT, RIGHT | CORTEX, RIGHT]


def test_tissue_goes_with_the_kidney_that_is_erased():
    before = row(LEFT | CORTEX, LEFT | MEDULLA, LEFT)
    assert settled(before, row(LEFT | CORTEX, MEDULLA, 0)) == [LEFT | CORTEX, 0, 0]


def test_tissue_that_is_painted_brings_back_the_kidney_that_the_brush_took_away():
    before = row(LEFT | CORTEX, LEFT | MEDULLA, RIGHT | CORTEX)
    assert settled(before, row(CORTEX, CORTEX, CORTEX), tissue_leads=True) == [
        LEFT | CORTEX,
        LEFT | CORTEX,
        RIGHT | CORTEX,
    ]


def test_tissue_painted_together_with_its_kidney_brings_back_what_it_took_of_that():
    before = row(LEFT | CORTEX, LEFT | MEDULLA, LEFT, 0)
    after = row(CORTEX, MEDULLA, LEFT, CORTEX)
    assert settled(before, after) == [LEFT | CORTEX, LEFT | MEDULLA, LEFT, LEFT | CORTEX]


def test_tissue_painted_outside_makes_the_nearest_kidney_larger():
    before = row(LEFT, 0, 0, 0, 0, RIGHT)
    after = row(LEFT, CORTEX, CORTEX, MEDULLA, MEDULLA, RIGHT)
    assert settled(before, after) == [LEFT, LEFT | CORTEX, LEFT | CORTEX, RIGHT | MEDULLA, RIGHT | MEDULLA, RIGHT]
    assert settled(row(0, 0, RIGHT), row(CORTEX, 0, RIGHT)) == [RIGHT | CORTEX, 0, RIGHT]


def test_without_a_kidney_tissue_belongs_to_the_half_of_the_image_it_lies_in():
    assert settled(row(0, 0, 0, 0), row(CORTEX, 0, 0, MEDULLA)) == [LEFT | CORTEX, 0, 0, RIGHT | MEDULLA]


def test_what_was_not_touched_stays_whatever_it_is():
    before = row(LEFT | CORTEX | MEDULLA, CORTEX, LEFT | RIGHT, LEFT)
    after = before.copy()
    after[3] |= CORTEX
    assert settled(before, after) == [*before.ravel()[:3].tolist(), LEFT | CORTEX]


@pytest.mark.parametrize("tissue_leads", [False, True])
def test_every_change_of_every_voxel_ends_in_agreement(tissue_leads):
    possible = [kidney | tissue for kidney, tissue in product((LEFT, RIGHT), (0, CORTEX, MEDULLA))] + [0]
    before, after = np.array(list(product(possible, range(16))), np.uint8).T
    found = np.array([settled(row(old), row(new), tissue_leads)[0] for old, new in zip(before, after, strict=True)])
    assert set(found.tolist()) <= set(possible)
    consistent = np.isin(after, possible)
    np.testing.assert_array_equal(found[consistent], after[consistent])
    assert ((found & KIDNEY) != 0)[(found & TISSUE) != 0].all()
