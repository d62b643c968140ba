"""Labels of other programs become those of the table, by the words of their names and the RAS position."""

import numpy as np
import pytest
from Testing.core.shapes import coordinates, grid_around, turned

from renal_segmentation.labels import Side
from renal_segmentation.relabelling import Target, from_keys, targets_of_names, to_structures
from renal_segmentation.volume import Volume

LEFT, RIGHT = Side.LEFT, Side.RIGHT


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("kidney_left", Target("kidney", LEFT)),
        ("Right Kidney", Target("kidney", RIGHT)),
        ("LeftKidney", Target("kidney", LEFT)),
        ("kidney", Target("kidney")),
        ("renal parenchyma", Target("kidney")),
        ("LK", Target("kidney", LEFT)),
        ("left renal cortex", Target("cortex", LEFT)),
        ("kidney_medulla_right", Target("medulla", RIGHT)),
        ("kidney_cyst_left", Target("cyst", LEFT)),
        ("kidney tumor", Target("tumour")),
        ("renal pelvis (L)", Target("sinus", LEFT)),
    ],
)
def test_names_of_other_programs_are_understood(name, target):
    assert targets_of_names({1: name}) == {1: target}


@pytest.mark.parametrize("name", ["left and right kidney", "kidneys (left and right)", "Kidney L+R", "LK_RK"])
def test_a_label_of_both_sides_has_none_and_is_split_by_ras(name):
    targets = targets_of_names({1: name})
    assert targets == {1: Target("kidney")}
    labels = two_shells()
    mask, _ = to_structures(labels, {**targets, 2: Target("kidney")})
    x = coordinates(mask.grid)[..., 0]
    assert set(np.unique(mask.array)) == {0, 1, 2}
    assert (x[mask.array == 1] < 0).all()
    assert (x[mask.array == 2] > 0).all()


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("kidney and tumour", Target("kidney", also=("tumour",))),
        ("tumor + kidney", Target("kidney", also=("tumour",))),
        ("kidney_and_masses", Target("kidney", also=("tumour",))),
        ("left kidney with cysts & tumors", Target("kidney", LEFT, ("cyst", "tumour"))),
        ("KidneyWithCysts", Target("kidney", also=("cyst",))),
        ("renal cortex and medulla", Target("kidney")),
        ("renal cyst and tumour", Target("cyst")),
    ],
)
def test_a_label_of_the_kidney_joined_to_a_lesion_is_kidney(name, target):
    assert targets_of_names({1: name, 2: "liver"}) == {1: target}


def test_a_label_that_holds_more_than_the_kidney_is_told_where_it_occurs():
    targets = targets_of_names({1: "kidney and tumour", 2: "medulla", 9: "kidney with cysts"})
    mask, notices = to_structures(two_shells(), targets)
    assert {1, 2} <= set(np.unique(mask.array))
    assert [notice.message for notice in notices] == [
        "Label 1 holds kidney and tumour in one: all of it counts as kidney, so volumes may be too large."
    ]


@pytest.mark.parametrize(
    "name", ["liver", "adrenal_gland_left", "liver tumour", "hip_left", "left", "maxillary sinus", "kidney bean"]
)
def test_other_organs_are_left_out(name):
    assert targets_of_names({1: "kidney_left", 2: name}) == {1: Target("kidney", LEFT)}


def test_a_model_of_the_kidney_only_may_name_parts_without_the_organ():
    assert targets_of_names({1: "cortex", 2: "medulla", 3: "cyst", 4: "pelvicalyceal system"}) == {
        1: Target("cortex"),
        2: Target("medulla"),
        3: Target("cyst"),
        4: Target("sinus"),
    }


def test_parts_that_other_organs_have_too_need_the_organ_in_a_model_of_the_body():
    assert targets_of_names({1: "kidney", 2: "cyst", 3: "pelvis", 4: "liver"}) == {1: Target("kidney")}


def two_shells(order=(0, 1, 2), flips=(False, False, False)) -> Volume:
    """Return cortex 1 around medulla 2 on both sides, with a cyst 3 beside the right kidney and a tumour 4."""
    grid = grid_around((80, 30, 40), (4, 4, 4))
    ras = coordinates(grid)
    labels = np.zeros(grid.shape, np.int16)
    for x in (-45, 45):
        radius = np.linalg.norm(ras - (x, 0, 0), axis=-1)
        labels[radius < 26] = 1
        labels[radius < 14] = 2
    labels[np.linalg.norm(ras - (72, 0, 0), axis=-1) < 8] = 3
    labels[np.linalg.norm(ras - (-70, 0, 10), axis=-1) < 7] = 4
    return turned(Volume(labels, grid.affine), order, flips)


@pytest.mark.parametrize(("order", "flips"), [((0, 1, 2), (0, 0, 0)), ((2, 0, 1), (1, 0, 1)), ((1, 2, 0), (1, 1, 0))])
def test_tissues_without_a_side_get_it_from_ras_in_every_storage_order(order, flips):
    labels = two_shells(order, flips)
    mask, notices = to_structures(labels, targets_of_names({1: "cortex", 2: "medulla", 3: "cyst", 4: "tumor"}))
    x = coordinates(mask.grid)[..., 0]
    assert not notices
    assert set(np.unique(mask.array)) == {0, 4, 7, 11, 12, 13, 14}
    for value, right in ((11, False), (13, False), (12, True), (14, True), (4, True)):
        assert ((x[mask.array == value] > 0) == right).all()
    assert ((mask.array > 0) == (labels.array > 0)).all()


def test_labels_that_are_no_part_of_a_kidney_become_background():
    mask, _ = to_structures(two_shells(), {1: Target("kidney", LEFT)})
    assert set(np.unique(mask.array)) == {0, 1}


def test_an_empty_result_stays_empty():
    empty = Volume(np.zeros((4, 4, 4), np.int16), np.eye(4))
    assert not to_structures(empty, {1: Target("kidney")})[0].array.any()


def test_a_cyst_without_any_kidney_goes_by_the_middle_of_the_image():
    labels = two_shells()
    labels.array[labels.array != 3] = 0
    assert set(np.unique(to_structures(labels, from_keys({3: "cyst"}))[0].array)) == {0, 4}


def test_labels_can_be_named_by_key_or_by_meaning():
    assert from_keys({1: "left", 2: "left-cortex", 3: "pelvis", 4: "ignore"}) == {
        1: Target("kidney", LEFT),
        2: Target("cortex", LEFT),
        3: Target("sinus"),
    }
