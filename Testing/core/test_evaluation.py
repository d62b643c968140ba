"""Predictions against references: closed form, MONAI's own metrics, and every kind of bad pair."""

import csv
import json
import math
import os
import sys

import numpy as np
import pytest
from scipy import ndimage
from Testing.core.shapes import coordinates, grid_around, turned, two_kidneys

from renal_segmentation.cli import main
from renal_segmentation.errors import InputError, NoOverlapError
from renal_segmentation.evaluation.cases import evaluate_pair, make_pair
from renal_segmentation.evaluation.cohort import evaluate_pairs, pair_files
from renal_segmentation.evaluation.metrics import agreement
from renal_segmentation.evaluation.surfaces import surface_distance
from renal_segmentation.files import write_image
from renal_segmentation.volume import Grid, Volume

KIDNEYS = two_kidneys((3, 3, 4), with_hilum=True)
SIDES = KIDNEYS.like((np.where(coordinates(KIDNEYS.grid)[..., 0] > 0, 2, 1) * KIDNEYS.array).astype(np.uint8))


def box(shape, low, high) -> np.ndarray:
    inside = np.zeros(shape, bool)
    inside[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return inside


def turn_about(axis, degrees) -> np.ndarray:
    x, y, z = np.asarray(axis) / np.linalg.norm(axis)
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    matrix = np.eye(4)
    matrix[:3, :3] = np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * skew @ skew
    return matrix


def test_shifted_boxes_have_the_overlap_and_distance_of_the_closed_form():
    grid = Grid((40, 30, 30), np.diag([2.0, 1, 1, 1]))
    first, second = box(grid.shape, (5, 5, 5), (25, 25, 25)), box(grid.shape, (8, 5, 5), (28, 25, 25))
    found = agreement(second, first, grid)
    assert found.dice == pytest.approx(17 / 20)
    assert found.ppv == found.sensitivity == pytest.approx(17 / 20)
    assert (found.reference_ml, found.prediction_ml) == pytest.approx((16.0, 16.0))
    assert found.difference_ml == found.difference_percent == 0
    assert found.hd95_mm == pytest.approx(6)


def test_a_box_within_a_box_has_full_sensitivity_and_the_volume_difference_in_ml_and_percent():
    grid = Grid((30, 30, 30), np.diag([1.0, 1, 2, 1]))
    small, large = box(grid.shape, (10, 10, 10), (20, 20, 20)), box(grid.shape, (8, 10, 10), (22, 20, 20))
    found = agreement(large, small, grid)
    assert found.sensitivity == 1
    assert found.ppv == pytest.approx(10 / 14)
    assert found.difference_ml == pytest.approx(0.8)
    assert found.difference_percent == pytest.approx(40)


@pytest.mark.parametrize("spacing", [(1, 1, 1), (1, 1, 2.5)])
def test_concentric_spheres_lie_apart_by_the_difference_of_their_radii(spacing):
    grid = grid_around((26, 26, 26), spacing)
    radius = np.linalg.norm(coordinates(grid), axis=-1)
    found = surface_distance(radius < 24, radius < 19, grid)
    assert found.assd_mm == pytest.approx(5, abs=0.35 * max(spacing))
    assert found.hd95_mm == pytest.approx(5, abs=0.6 * max(spacing))


def test_distances_do_not_depend_on_how_the_images_are_stored_or_turned():
    grid = grid_around((26, 26, 26), (1.5, 1.5, 3))
    radius = np.linalg.norm(coordinates(grid) - (1, 2, 0), axis=-1)
    first, second = Volume(radius < 20, grid.affine), Volume(radius < 16, grid.affine)
    straight = surface_distance(first.array, second.array, grid)
    for order, flips in (((2, 0, 1), (True, False, True)), ((1, 0, 2), (False, True, False))):
        one, two = turned(first, order, flips), turned(second, order, flips)
        oblique = Grid(one.grid.shape, turn_about((1, 2, 3), 33) @ one.affine)
        found = surface_distance(one.array, two.array, oblique)
        assert (found.hd95_mm, found.assd_mm) == pytest.approx((straight.hd95_mm, straight.assd_mm))


def test_a_sheared_grid_is_measured_in_the_body():
    grid = Grid((30, 30, 30), np.diag([1.0, 1, 1, 1]))
    grid.affine[1, 2] = 1.0
    first, second = box(grid.shape, (5, 5, 10), (25, 25, 11)), box(grid.shape, (5, 5, 13), (25, 25, 14))
    assert surface_distance(first, second, grid).hd95_mm == pytest.approx(math.sqrt(18), abs=0.7)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_numbers_agree_with_monai():
    torch = pytest.importorskip("torch", reason="MONAI comes with the extra 'ai'")
    metrics = pytest.importorskip("monai.metrics", reason="MONAI comes with the extra 'ai'")
    rng = np.random.default_rng(4)
    for spacing in ((1.0, 1.0, 1.0), (1.5, 0.8, 4.0)):
        noise = ndimage.gaussian_filter(rng.normal(size=(2, 32, 28, 24)), (0, 3, 3, 2))
        first, second = noise[0] > 0.02, (noise[0] + 0.6 * noise[1]) > 0.02
        found = agreement(first, second, Grid(first.shape, np.diag([*spacing, 1])))
        one, two = (torch.from_numpy(blob)[None, None].float() for blob in (first, second))
        options = {"include_background": True, "spacing": list(spacing)}
        hd95 = metrics.compute_hausdorff_distance(one, two, percentile=95, **options)
        assd = metrics.compute_average_surface_distance(one, two, symmetric=True, **options)
        confusion = metrics.get_confusion_matrix(one, two)
        assert found.dice == pytest.approx(metrics.compute_dice(one, two).item(), abs=1e-6)
        assert found.hd95_mm == pytest.approx(hd95.item(), abs=1e-4)
        assert found.assd_mm == pytest.approx(assd.item(), abs=1e-4)
        for name in ("precision", "sensitivity"):
            value = metrics.compute_confusion_matrix_metric(name, confusion).item()
            assert getattr(found, {"precision": "ppv"}.get(name, name)) == pytest.approx(value, abs=1e-6)


def test_a_missing_kidney_has_dice_zero_and_no_distance():
    missing = SIDES.like(np.where(SIDES.array == 1, 1, 0).astype(np.uint8))
    evaluation = evaluate_pairs(lambda _: make_pair("a", missing, SIDES), 1)
    rows = {row.structure: row.agreement for row in evaluation.rows}
    assert rows["left-kidney"].dice == 1
    assert rows["right-kidney"].dice == rows["right-kidney"].sensitivity == 0
    assert math.isnan(rows["right-kidney"].hd95_mm)
    assert math.isnan(rows["right-kidney"].ppv)


def test_cortex_and_medulla_together_are_the_kidney_of_a_reference_without_them():
    inner = ndimage.binary_erosion(SIDES.array > 0, iterations=2)
    split = SIDES.like(np.where(SIDES.array > 0, SIDES.array + np.where(inner, 12, 10), 0).astype(np.uint8))
    evaluation = evaluate_pairs(lambda _: make_pair("a", split, SIDES), 1)
    assert {row.structure: row.agreement.dice for row in evaluation.rows} == {
        "total-kidney": 1, "left-kidney": 1, "right-kidney": 1
    }  # fmt: skip
    messages = [notice.message for notice in evaluation.notices]
    assert "Left cortex is in no reference; it was left out." in messages


def test_binary_masks_are_compared_side_by_side():
    shifted = KIDNEYS.like(np.roll(KIDNEYS.array, 1, 2))
    rows = evaluate_pair(make_pair("a", shifted, KIDNEYS), ["left-kidney", "right-kidney"])
    assert [row.agreement.difference_ml for row in rows] == [0, 0]
    assert all(0.8 < row.agreement.dice < 1 for row in rows)


def test_a_binary_mask_is_split_into_sides_where_the_other_one_has_labels():
    horseshoe = KIDNEYS.like(KIDNEYS.array | (np.abs(coordinates(KIDNEYS.grid)) < (40, 6, 6)).all(-1).astype(np.uint8))
    for binary in (KIDNEYS, horseshoe):
        for first, second in ((SIDES, binary), (binary, SIDES)):
            pair = make_pair("a", first, second)
            rows = evaluate_pair(pair, ["left-kidney", "right-kidney"])
            assert all(row.agreement.dice > 0.9 for row in rows)
            assert "taken-for-binary" in [notice.code for notice in pair.notices]
    only_right = SIDES.like((SIDES.array == 2).astype(np.uint8))
    pair = make_pair("a", SIDES, only_right)
    assert [row.agreement.dice for row in evaluate_pair(pair, ["left-kidney", "right-kidney"])] == [0, 1]
    assert "a: the reference holds nothing but the label 1 and was taken for the right kidney." in [
        notice.message for notice in pair.notices
    ]


def test_a_left_kidney_alone_stays_one():
    left = SIDES.like((SIDES.array == 1).astype(np.uint8))
    pair = make_pair("a", left, SIDES)
    assert [row.agreement.dice for row in evaluate_pair(pair, ["left-kidney", "right-kidney"])] == [1, 0]
    assert pair.notices == ()


def test_labels_that_cannot_be_sides_are_told():
    swapped = SIDES.like(np.where(SIDES.array > 0, 3 - SIDES.array, 0).astype(np.uint8))
    kidney_and_tumour = KIDNEYS.like(KIDNEYS.array + (coordinates(KIDNEYS.grid)[..., 0] > 55) * KIDNEYS.array)
    for mask, code in ((swapped, "sides-contradict-ras"), (kidney_and_tumour, "side-on-both-sides")):
        pair = make_pair("a", SIDES, mask)
        assert [notice.code for notice in pair.notices] == [code]
        assert pair.notices[0].message.startswith("a: the reference: ")


def test_a_prediction_on_another_grid_is_resampled_with_a_notice():
    other = turned(SIDES, (2, 0, 1), (True, True, False))
    pair = make_pair("a", other, SIDES)
    assert [notice.code for notice in pair.notices] == ["resampled"]
    assert {row.agreement.dice for row in evaluate_pair(pair, ["left-kidney", "right-kidney"])} == {1.0}


def test_images_in_different_places_are_refused():
    far = Volume(SIDES.array, SIDES.affine.copy())
    far.affine[2, 3] += 900
    with pytest.raises(NoOverlapError, match="a: prediction and reference lie in different places"):
        make_pair("a", far, SIDES)


def test_a_prediction_that_shows_only_a_part_is_stated():
    part = SIDES.crop((slice(0, 30), slice(0, 60), slice(0, 60)))
    pair = make_pair("a", part, SIDES)
    assert "reference-outside" in [notice.code for notice in pair.notices]


def test_what_is_predicted_outside_the_image_of_the_reference_is_stated():
    x, y, z = SIDES.array.shape
    cropped = SIDES.crop((slice(0, x // 2), slice(0, y), slice(0, z)))
    pair = make_pair("a", SIDES, cropped)
    lost = np.count_nonzero(SIDES.array) - np.count_nonzero(cropped.array)
    ml, percent = lost * SIDES.grid.voxel_ml, 100 * lost / np.count_nonzero(SIDES.array)
    assert [notice.code for notice in pair.notices] == ["prediction-outside", "resampled"]
    assert f"a: {ml:.1f} ml ({percent:.0f}%) of the prediction lie outside" in pair.notices[0].message
    assert "prediction-outside" not in [notice.code for notice in make_pair("a", cropped, SIDES).notices]


def test_labels_outside_the_table_and_fractions_are_refused():
    with pytest.raises(InputError, match="the prediction holds the label 20, 40"):
        make_pair("a", SIDES.like(SIDES.array * np.uint8(20)), SIDES)
    with pytest.raises(InputError, match="are not whole labels"):
        make_pair("a", SIDES.like(SIDES.array * 0.3), SIDES)


@pytest.fixture
def folders(tmp_path):
    rng = np.random.default_rng(1)
    for folder in ("predictions", "references"):
        (tmp_path / folder).mkdir()
    for case in range(4):
        noise = ndimage.gaussian_filter(rng.normal(size=SIDES.array.shape), 2)
        inside = ndimage.gaussian_filter((SIDES.array > 0).astype(float), 1) + noise > 0.5
        guess = np.where(inside, np.where(coordinates(SIDES.grid)[..., 0] > 0, 2, 1), 0).astype(np.uint8)
        write_image(tmp_path / "predictions" / f"case{case}.nii.gz", guess, SIDES.grid, "test")
        write_image(tmp_path / "references" / f"case{case}.nii.gz", SIDES.array, SIDES.grid, "test")
    return tmp_path


def test_the_command_writes_tables_json_and_a_plot(folders, capsys):
    out = folders / "out"
    arguments = ["--prediction", str(folders / "predictions"), "--reference", str(folders / "references")]
    assert main(["evaluate", *arguments, "--output", str(out), "--progress", "none"]) == 0
    assert "left-kidney" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {"cases.csv", "summary.csv", "evaluation.json", "evaluation.png"}
    with (out / "cases.csv").open(newline="") as stream:
        cases = list(csv.DictReader(stream))
    assert len(cases) == 12
    dice = [float(row["dice"]) for row in cases if row["structure"] == "total-kidney"]
    summary = {
        (row["structure"], row["metric"]): row for row in json.loads((out / "evaluation.json").read_text())["summary"]
    }
    total = summary["total-kidney", "dice"]
    assert (total["n"], total["mean"], total["sd"]) == pytest.approx((4, np.mean(dice), np.std(dice, ddof=1)))
    assert (out / "evaluation.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_an_output_that_may_not_be_used_is_refused_before_any_work(folders, capsys):
    (folders / "predictions/case3.nii.gz").write_bytes(b"broken")
    (folders / "full").mkdir()
    (folders / "full" / "mine.txt").touch()
    arguments = ["--prediction", str(folders / "predictions"), "--reference", str(folders / "references")]
    assert main(["evaluate", *arguments, "--output", str(folders / "full"), "--progress", "none"]) == 2
    assert "full is not empty: give another --output folder" in capsys.readouterr().err
    assert main(["evaluate", *arguments, "--output", str(folders / "new"), "--progress", "none"]) == 2
    assert "case3.nii.gz cannot be read as an image" in capsys.readouterr().err
    assert not (folders / "new").exists()


def test_results_are_not_written_between_the_masks(folders, capsys):
    predictions, references = folders / "predictions", folders / "references"
    (references / "cases.csv").write_text("of the masks")
    for pair in ((predictions, references), (predictions / "case0.nii.gz", references / "case0.nii.gz")):
        arguments = ["--prediction", str(pair[0]), "--reference", str(pair[1]), "--progress", "none", "--overwrite"]
        assert main(["evaluate", *arguments, "--output", str(references)]) == 2
        assert "references holds the masks: give an --output folder of its own" in capsys.readouterr().err
    assert (references / "cases.csv").read_text() == "of the masks"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are Unicode")
def test_a_case_whose_name_is_not_in_unicode_is_written_as_it_is_named(folders):
    named = os.fsdecode("café.nii.gz".encode("latin-1"))
    for folder in ("predictions", "references"):
        (folders / folder / "case0.nii.gz").rename(folders / folder / named)
    arguments = ["--prediction", str(folders / "predictions"), "--reference", str(folders / "references")]
    assert main(["evaluate", *arguments, "--output", str(folders / "out"), "--progress", "none"]) == 0
    assert "café,total-kidney".encode("latin-1") in (folders / "out/cases.csv").read_bytes()


def test_the_last_line_of_json_progress_holds_the_result(folders, capsys):
    pair = ["--prediction", str(folders / "predictions/case0.nii.gz")]
    pair += ["--reference", str(folders / "references/case0.nii.gz")]
    assert main(["evaluate", *pair, "--format", "json", "--progress", "none"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert main(["evaluate", *pair, "--progress", "json"]) == 0
    *steps, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert all(set(step) == {"step", "share", "seconds_left"} for step in steps)
    assert last == {"step": "done", "share": 1, "seconds_left": 0, **alone}


def test_a_single_pair_prints_json_without_numbers_that_json_does_not_know(folders, capsys):
    pair = ["--prediction", str(folders / "predictions/case0.nii.gz")]
    pair += ["--reference", str(folders / "references/case1.nii.gz")]
    assert main(["evaluate", *pair, "--format", "json", "--progress", "none"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {row["case"] for row in printed["cases"]} == {"case0"}
    assert {row["sd"] for row in printed["summary"]} == {None}


def test_labels_of_both_sides_can_be_named(folders, capsys):
    write_image(folders / "odd.nii.gz", SIDES.array * np.uint8(20), SIDES.grid, "test")
    pair = ["--prediction", str(folders / "references/case0.nii.gz"), "--reference", str(folders / "odd.nii.gz")]
    named = ["--labels", "1=left", "2=right", "--reference-labels", "20=left", "40=right"]
    assert main(["evaluate", *pair, *named, "--format", "json", "--progress", "none"]) == 0
    assert {row["dice"] for row in json.loads(capsys.readouterr().out)["cases"]} == {1.0}
    assert main(["evaluate", *pair, "--labels", "1=liver", "--progress", "none"]) == 2
    assert "'1=liver' is not a label" in capsys.readouterr().err


def test_labels_that_are_not_named_are_told_and_those_to_ignore_are_not(folders, capsys):
    pair = ["--prediction", str(folders / "predictions/case0.nii.gz")]
    pair += ["--reference", str(folders / "references/case0.nii.gz"), "--progress", "none"]
    assert main(["evaluate", *pair, "--labels", "1=left"]) == 0
    told = capsys.readouterr().err
    for name in ("prediction", "reference"):
        assert f"case0: the {name} has the label 2, which is not among those named for it; ignored." in told
    assert main(["evaluate", *pair, "--labels", "1=left", "2=ignore"]) == 0
    assert not capsys.readouterr().err


def test_files_that_do_not_belong_together_are_refused_or_left_out(folders, capsys):
    def refused(prediction, reference) -> str:
        arguments = ["--prediction", str(prediction), "--reference", str(reference), "--progress", "none"]
        assert main(["evaluate", *arguments]) == 2
        return capsys.readouterr().err

    predictions, references = folders / "predictions", folders / "references"
    (folders / "empty").mkdir()
    assert "lost is not there" in refused("lost", references)
    assert "give two files or two folders" in refused(predictions, references / "case0.nii.gz")
    assert "give both files of a case the same name" in refused(predictions, folders / "empty")
    assert "are the same folder: keep predictions and references in two" in refused(references, references)
    assert "are the same file: give two" in refused(references / "case0.nii.gz", references / "case0.nii.gz")
    (folders / "links").mkdir()
    (folders / "links" / "case1.nii.gz").symlink_to(references / "case1.nii.gz")
    assert "links/case1.nii.gz are the same file" in refused(references, folders / "links")
    (references / "case0.nii.gz").unlink()
    arguments = ["--prediction", str(predictions), "--reference", str(references), "--progress", "none"]
    assert main(["evaluate", *arguments]) == 0
    assert f"Files of {predictions} without a partner were left out: case0.nii.gz." in capsys.readouterr().err


def test_names_of_masks_may_end_with_what_they_are(folders):
    for path in (folders / "references").iterdir():
        path.rename(path.with_name(path.name.replace(".nii.gz", "_labels.nii.gz")))
    for path in list((folders / "predictions").iterdir()):
        path.rename(path.with_name(path.name.replace(".nii.gz", "_mask.nii.gz")))
        path.write_bytes(b"an image beside its mask")
    pairs, notices = pair_files(folders / "predictions", folders / "references")
    assert [pair.case for pair in pairs] == ["case0", "case1", "case2", "case3"]
    assert {pair.prediction.name for pair in pairs} == {f"case{number}_mask.nii.gz" for number in range(4)}
    assert not notices


@pytest.mark.parametrize(("one", "other"), [("case1_mask.nii.gz", "case1_seg.nii.gz"), ("case1.nii", "case1.nii.gz")])
def test_two_masks_of_one_case_are_refused_by_name(folders, one, other):
    predictions, references = folders / "predictions", folders / "references"
    (predictions / "case1.nii.gz").unlink()
    for name in (one, other):
        write_image(predictions / name, SIDES.array, SIDES.grid, "test")
    with pytest.raises(InputError, match=f"{one} and {other} are both of case case1: leave one of them"):
        pair_files(predictions, references)


def test_endings_may_be_written_in_capitals(folders, capsys):
    predictions, references = folders / "predictions", folders / "references"
    (predictions / "case1.nii.gz").rename(predictions / "case1.NII.GZ")
    assert [pair.prediction.name for pair in pair_files(predictions, references)[0]][1] == "case1.NII.GZ"
    arguments = ["--prediction", str(predictions), "--reference", str(references), "--progress", "none"]
    assert main(["evaluate", *arguments]) == 0
    assert not capsys.readouterr().err


def test_images_beside_their_masks_are_not_compared(folders):
    predictions, references = folders / "predictions", folders / "references"
    (references / "case1.nii.gz").rename(references / "case1_labels.nii.gz")
    for name in ("case0_image.nii.gz", "case1.nii.gz", "case1_image.nii.gz"):
        (references / name).write_bytes(b"an image")
    pairs, notices = pair_files(predictions, references)
    assert [pair.reference.name for pair in pairs] == [
        "case0.nii.gz", "case1_labels.nii.gz", "case2.nii.gz", "case3.nii.gz"
    ]  # fmt: skip
    assert not notices


def test_two_empty_masks_leave_nothing_to_compare_and_say_so(folders, capsys):
    for name in ("none.nii.gz", "nothing.nii.gz"):
        write_image(folders / name, np.zeros_like(SIDES.array), SIDES.grid, "test")
    pair = ["--prediction", str(folders / "none.nii.gz"), "--reference", str(folders / "nothing.nii.gz")]
    assert main(["evaluate", *pair, "--output", str(folders / "out"), "--progress", "none"]) == 0
    assert "No case shows a kidney" in capsys.readouterr().err
