"""Checks, agreement and the review log, against numbers that are known beforehand."""

import csv
import json

import numpy as np
import pytest
from Testing.core.shapes import coordinates, grid_around, moved, turned

from renal_segmentation.agreement import ADDED, REMOVED, RENAMED, changes, compare
from renal_segmentation.body_size import body_surface_m2, for_reference_surface
from renal_segmentation.checks import Light, check_mask, worst
from renal_segmentation.errors import GeometryError, InputError, OutputError
from renal_segmentation.review import CHECK_CODES, COLUMNS, Review, Verdict, append_review, now, read_reviews
from renal_segmentation.volume import Volume

HALF_AXES = (24, 26, 54)
"""Of a kidney of 4 / 3 pi times their product: 141 ml."""


def kidneys(right=HALF_AXES, spacing=(3.0, 3.0, 3.0)) -> Volume:
    grid = grid_around((100, 45, 80), spacing)
    ras = coordinates(grid)
    side = np.zeros(grid.shape, np.uint8)
    for value, x, half_axes in ((1, -55, HALF_AXES), (2, 55, right)):
        side[(((ras - (x, 0, 0)) / half_axes) ** 2).sum(-1) < 1] = value
    return Volume(side, grid.affine)


def lights(side: Volume, confidence=None) -> dict[str, Light]:
    return {check.code: check.light for check in check_mask(side, confidence)}


def test_a_usual_mask_has_green_lights_and_an_unknown_certainty():
    found = lights(kidneys())
    assert tuple(found) == CHECK_CODES
    assert set(found.values()) - {Light.GREEN} == {Light.UNKNOWN}
    assert found["confidence"] == Light.UNKNOWN
    assert worst(check_mask(kidneys())) == Light.GREEN


def test_checks_do_not_depend_on_the_orientation_of_the_grid():
    side = kidneys()
    for order, flips in (((2, 0, 1), (True, False, True)), ((1, 2, 0), (False, True, True))):
        assert check_mask(turned(side, order, flips)) == check_mask(side)
    angle = np.deg2rad(20)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    assert lights(moved(side, turn)) == lights(side)


@pytest.mark.parametrize(("scale", "volume", "difference"), [
    (0.95, Light.GREEN, Light.GREEN), (0.7, Light.AMBER, Light.RED), (1.45, Light.AMBER, Light.RED),
    (0.88, Light.GREEN, Light.AMBER), (0.4, Light.RED, Light.RED),
])  # fmt: skip
def test_volume_and_difference_of_the_sides_are_judged(scale, volume, difference):
    found = lights(kidneys(tuple(scale * axis for axis in HALF_AXES)))
    assert (found["volume"], found["difference"]) == (volume, difference)


def test_a_missing_kidney_is_asked_for():
    side = kidneys()
    check = next(c for c in check_mask(side.like(side.array * (side.array == 1))) if c.code == "difference")
    assert (check.light, check.reason) == (Light.AMBER, "There is no right kidney: is that so?")


def test_an_empty_mask_is_red_and_gives_no_error():
    side = kidneys()
    assert worst(check_mask(side.like(side.array * 0))) == Light.RED


def test_islands_are_counted_and_large_ones_are_red():
    side = kidneys()
    array = side.array.copy()
    array[:2, :2, :2] = 1
    check = next(c for c in check_mask(side.like(array)) if c.code == "islands")
    assert check.light == Light.AMBER
    assert check.reason == "The left kidney has 2 parts, the second of 0.22 ml."
    array[:9, :9, :9] = 1
    assert lights(side.like(array))["islands"] == Light.RED


def test_a_mask_at_the_border_of_the_image_is_amber():
    side = kidneys()
    array = side.array.copy()
    column = np.argwhere(array == 2)[0]
    array[column[0], : column[1], column[2]] = 2
    assert lights(side.like(array))["border"] == Light.AMBER


def test_holes_are_measured():
    side = kidneys()
    array = side.array.copy()
    centre = np.rint(side.grid.to_index([(55, 0, 0)]))[0].astype(int)
    array[tuple(slice(c - 1, c + 1) for c in centre)] = 0
    check = next(c for c in check_mask(side.like(array)) if c.code == "holes")
    assert check.light == Light.AMBER
    assert check.reason == "The right kidney has 1 hole of 0.22 ml in all."


def test_a_cyst_that_was_outlined_is_no_hole():
    side = kidneys()
    array = side.array.copy()
    centre = np.rint(side.grid.to_index([(55, 0, 0)]))[0].astype(int)
    cyst = np.zeros(array.shape, bool)
    cyst[tuple(slice(c - 2, c + 2) for c in centre)] = True
    array[cyst] = 0
    check = next(c for c in check_mask(side.like(array), occupied=cyst) if c.code == "holes")
    assert (check.light, check.reason) == (Light.GREEN, "There are no holes.")


def test_exchanged_sides_are_red():
    side = kidneys()
    assert lights(side.like(np.array([0, 2, 1], np.uint8)[side.array]))["side"] == Light.RED
    alone = side.like(np.where(side.array == 1, 2, 0).astype(np.uint8))
    assert lights(alone)["side"] == Light.AMBER


@pytest.mark.parametrize(("right", "light"), [(0.95, Light.GREEN), (0.7, Light.AMBER), (0.4, Light.RED)])
def test_the_less_certain_kidney_gives_the_light(right, light):
    assert lights(kidneys(), {"left": 0.97, "right": right})["confidence"] == light


def block(*stretches, spacing=(1.0, 2.0, 5.0)) -> Volume:
    """Return a side map with a block of 10 x 10 x 10 voxels per stretch (value, first, last) along the first axis."""
    array = np.zeros((60, 20, 20), np.uint8)
    for value, first, last in stretches:
        array[first:last, 5:15, 5:15] = value
    return Volume(array, np.diag([*spacing, 1.0]))


def test_dice_distance_and_volume_of_shifted_blocks_are_those_of_the_closed_form():
    left, right, both = compare(block((1, 10, 20), (2, 30, 40)), block((1, 12, 22), (2, 30, 40)))
    assert (left.side, right.side, both.side) == ("left", "right", "both")
    assert left.dice == pytest.approx(2 * 8 / 20)
    assert left.hd95_mm == pytest.approx(2.0)
    assert left.change_ml == 0
    assert (right.dice, right.hd95_mm) == (1.0, 0.0)
    assert both.dice == pytest.approx(2 * 18 / 40)


def test_growth_changes_the_volume_by_what_was_painted():
    left = compare(block((1, 10, 20)), block((1, 10, 25)))[0]
    assert left.before_ml == pytest.approx(10.0)
    assert left.change_ml == pytest.approx(5.0)
    assert left.change_percent == pytest.approx(50.0)
    assert left.dice == pytest.approx(2 * 10 / 25)


def test_surface_distance_is_in_millimetres_along_each_axis():
    before = block((1, 10, 20))
    after = before.like(np.roll(before.array, 1, axis=2))
    assert compare(before, after)[0].hd95_mm == pytest.approx(5.0)


def test_empty_masks_have_no_distance_and_no_percentage():
    left, right, _both = compare(block((1, 10, 20)), block((2, 10, 20)))
    assert np.isnan([left.hd95_mm, right.hd95_mm]).all()
    assert left.dice == 0
    assert np.isnan(right.change_percent)
    assert compare(block(), block())[2].dice == 1


def test_what_was_changed_is_told_voxel_by_voxel():
    changed = changes(block((1, 10, 20), (2, 30, 40)), block((1, 12, 22), (1, 30, 35), (2, 35, 40)))
    counts = {value: int((changed == value).sum()) for value in (ADDED, REMOVED, RENAMED)}
    assert counts == {ADDED: 200, REMOVED: 200, RENAMED: 500}


def test_masks_on_different_grids_are_refused():
    with pytest.raises(GeometryError, match="different grids"):
        compare(block(), block(spacing=(1, 1, 1)))


def test_body_surface_is_that_of_mosteller_and_units_are_checked():
    assert body_surface_m2(180, 80) == pytest.approx(2.0)
    assert for_reference_surface(346.0, 2.0) == pytest.approx(299.29)
    with pytest.raises(InputError, match="check the units"):
        body_surface_m2(1.80, 80)


def review(**changed) -> Review:
    side = kidneys()
    fields = {
        "time": now(), "reviewer": "Ada", "verdict": Verdict.CORRECTED, "comment": 'cyst, "left"\nsecond line; ümlaut',
        "image": "T2w", "mask": "T2w kidneys", "model": "shipped", "agreement": compare(side, side),
        "checks": check_mask(side),
    }  # fmt: skip
    return Review(**{**fields, **changed})


@pytest.mark.parametrize("name", ["reviews.csv", "reviews.jsonl"])
def test_reviews_are_appended_and_read_back_as_they_were(tmp_path, name):
    path = tmp_path / "new folder" / name
    rows = [review(reviewer=f"Reader {n}").row() for n in range(3)]
    for row in rows:
        append_review(path, row)
    assert read_reviews(path) == rows
    assert [file.name for file in path.parent.iterdir()] == [name]


def test_the_log_is_a_table_that_other_programs_read(tmp_path):
    append_review(tmp_path / "reviews.csv", review().row())
    with (tmp_path / "reviews.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["dice_left"], rows[0]["change_percent_both"], rows[0]["check_side"]) == ("1", "0", "green")
    append_review(tmp_path / "reviews.jsonl", review().row())
    assert json.loads((tmp_path / "reviews.jsonl").read_text())["verdict"] == "accepted after correction"


def test_columns_of_a_later_version_are_kept(tmp_path):
    path = tmp_path / "reviews.csv"
    append_review(path, review().row() | {"hospital": "St Elsewhere"})
    append_review(path, review().row())
    assert [row["hospital"] for row in read_reviews(path)] == ["St Elsewhere", ""]


def test_a_file_that_is_no_log_is_left_alone(tmp_path):
    for name in ("notes.csv", "notes.jsonl"):
        path = tmp_path / name
        path.write_text("milk, bread\n")
        with pytest.raises(InputError, match="not a review log"):
            append_review(path, review().row())
        assert path.read_text() == "milk, bread\n"
    with pytest.raises(InputError, match=r"\.csv or \.jsonl"):
        append_review(tmp_path / "log.txt", review().row())


def test_a_log_in_the_place_of_a_folder_is_an_error(tmp_path):
    (tmp_path / "reviews.csv").mkdir()
    with pytest.raises((OutputError, InputError)):
        append_review(tmp_path / "reviews.csv", review().row())


def test_a_log_whose_folder_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file cannot be written"):
        append_review(tmp_path / "file" / "reviews.csv", review().row())
