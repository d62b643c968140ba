"""One table says what the labels of a mask are, how they are coded and coloured, and what counts as kidney."""

import json

import numpy as np
import pytest
from Testing.core.shapes import coordinates, two_kidneys

from renal_segmentation.cli import main
from renal_segmentation.errors import InputError
from renal_segmentation.files import write_image
from renal_segmentation.kidneys import read_kidneys
from renal_segmentation.labels import MEANINGS, PREDICTED, Side
from renal_segmentation.structures import BY_KEY, BY_VALUE, STRUCTURES, structure_labels, structure_of
from renal_segmentation.volume import Volume
from renal_segmentation.volumes import kidney_volumes, structure_volumes

VALUES = {
    "left kidney": 1,
    "right kidney": 2,
    "left cyst": 3,
    "right cyst": 4,
    "left sinus": 5,
    "right sinus": 6,
    "tumour": 7,
    "left cortex": 11,
    "right cortex": 12,
    "left medulla": 13,
    "right medulla": 14,
}


def painted(**counts) -> Volume:
    """Return a row of voxels of 1 ml with so many of each label."""
    row = np.concatenate([np.zeros(3, int), *(np.full(n, int(value[1:])) for value, n in counts.items())])
    return Volume(row.astype(np.uint8).reshape(-1, 1, 1), np.diag([10.0, 10, 10, 1]))


def test_label_values_are_a_contract():
    assert {structure.name: structure.value for structure in STRUCTURES} == VALUES


def test_every_label_has_a_meaning_for_the_layers_a_code_and_a_colour():
    for structure in STRUCTURES:
        assert structure.meaning in MEANINGS
        assert structure.code.scheme in ("SCT", "UBERON")
        assert structure.code.value.isdecimal()
        assert all(0 <= level <= 255 for level in structure.colour)
    assert structure_labels([1, 12, 4, 5, 7]) == {1: "left", 12: "right", 4: "cyst", 5: "pelvis", 7: "ignore"}


def test_kidneys_carry_the_codes_that_dicom_export_needs():
    left, right = BY_KEY["left-kidney"], BY_KEY["right-kidney"]
    assert "SCT^123037004^Anatomical Structure~SCT^64033007^Kidney~SCT^7771000^Left~" in left.terminology
    assert "SCT^64033007^Kidney~SCT^24028007^Right~" in right.terminology
    assert left.colour == right.colour == (212, 126, 151)
    assert all(structure.terminology.count("~") == 6 for structure in STRUCTURES)


def test_a_lesion_is_an_altered_structure_in_the_kidney_of_its_side():
    assert BY_KEY["right-cyst"].terminology.endswith("SCT^64033007^Kidney~SCT^24028007^Right")
    assert "SCT^49755003^Morphologically Altered Structure~SCT^367643001^Cyst~^^~" in BY_KEY["left-cyst"].terminology
    assert BY_KEY["tumour"].terminology.endswith("SCT^64033007^Kidney~^^")


def test_a_structure_is_found_by_tissue_and_side():
    assert structure_of("cortex", Side.RIGHT) is BY_VALUE[12]
    assert structure_of("tumour", Side.RIGHT) is BY_VALUE[7]
    with pytest.raises(ValueError, match="needs a side"):
        structure_of("cortex", None)


def test_total_kidney_volume_is_parenchyma_without_sinus_cysts_and_tumour():
    mask = painted(v1=10, v11=5, v13=3, v2=20, v3=100, v6=200, v7=400)
    found = structure_volumes(mask)
    assert (found.left_ml, found.right_ml, found.total_ml) == pytest.approx((18, 20, 38))
    assert found.structures_ml["left-cyst"] == pytest.approx(100)
    assert found.tissues_ml == pytest.approx(
        {"kidney": 30, "cyst": 100, "sinus": 200, "tumour": 400, "cortex": 5, "medulla": 3}
    )


def test_the_table_and_the_layers_agree_on_the_volume_of_each_kidney():
    mask = two_kidneys((3, 3, 3), with_hilum=True)
    x = mask.grid.to_ras(np.indices(mask.array.shape).reshape(3, -1).T)[:, 0].reshape(mask.array.shape)
    y = mask.grid.to_ras(np.indices(mask.array.shape).reshape(3, -1).T)[:, 1].reshape(mask.array.shape)
    labels = mask.like((np.where(x < 0, 11, 12) + np.where(y > 0, 2, 0)) * mask.array)
    found = structure_volumes(labels)
    kidneys = read_kidneys(labels, structure_labels([11, 12, 13, 14])).volume_ml
    assert (found.left_ml, found.right_ml) == pytest.approx((kidneys["left"], kidneys["right"]))
    assert found.total_ml == pytest.approx(kidney_volumes(mask).total_ml)


def test_a_kidney_cut_off_by_the_image_has_the_volume_in_view_and_this_is_stated():
    whole = two_kidneys((3, 3, 3))
    labels = whole.like(whole.array * np.uint8(2) * (coordinates(whole.grid)[..., 0] > 0))
    assert structure_volumes(labels).notices == ()
    top = np.argwhere(labels.array)[:, 2].max()
    cut = structure_volumes(labels.crop((slice(0, None), slice(0, None), slice(0, int(top) - 5))))
    assert [notice.code for notice in cut.notices] == ["touches-border"]
    assert "The right kidney touches the border" in cut.notices[0].message


def test_the_labels_that_predict_writes_are_offered_where_a_mask_comes_without_any():
    mask = painted(v1=10, v2=20, v5=3)
    assert structure_labels(PREDICTED) == PREDICTED
    with pytest.raises(InputError, match="from predict, --labels 1=left 2=right 5=pelvis"):
        read_kidneys(mask)


def test_an_empty_mask_has_no_volume_and_says_so():
    found = structure_volumes(painted())
    assert found.total_ml == 0
    assert found.structures_ml == {}
    assert [notice.code for notice in found.notices] == ["no-kidney"]


def test_sides_that_cannot_be_are_told():
    def codes(mask):
        of_boxes = ("touches-border", "cut-off")
        return [notice.code for notice in structure_volumes(mask).notices if notice.code not in of_boxes]

    assert codes(painted(v1=10, v2=20)) == []
    assert codes(painted(v2=10, v1=20)) == ["sides-contradict-ras"]
    assert codes(painted(v1=10, v0=6, v11=8, v2=10)) == ["side-on-both-sides"]
    assert codes(painted(v1=10, v3=6, v11=8, v2=10)) == [], "a cyst between two parts of one kidney"


def test_a_transplant_beside_a_native_kidney_on_its_side_and_a_horseshoe_kidney_are_no_doubt():
    mask = two_kidneys((3, 3, 3))
    x, y, z = np.moveaxis(coordinates(mask.grid), -1, 0)
    sides = np.where(x < 0, 1, 2)
    two_right = np.where((np.abs(z) > 6) | (x < 0), mask.array, 0) * sides
    assert structure_volumes(mask.like(two_right.astype(np.uint8))).notices == ()
    bridge = (np.abs(x) < 40) & (np.abs(y) < 9) & (np.abs(z) < 6)
    horseshoe = np.where(bridge | (mask.array > 0), sides, 0)
    assert structure_volumes(mask.like(horseshoe.astype(np.uint8))).notices == ()


def test_a_foreign_label_is_refused():
    with pytest.raises(InputError, match="holds the label 9, which is not in the table"):
        structure_volumes(painted(v1=4, v9=2))


def test_the_command_prints_each_structure_on_request(tmp_path, capsys):
    mask = painted(v1=10, v2=20, v4=7)
    path = tmp_path / "mask.nii.gz"
    write_image(path, mask.array, mask.grid, "test")
    assert main(["volumes", str(path), "--structures"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["total_ml"] == pytest.approx(30)
    assert printed["structures_ml"] == pytest.approx({"left-kidney": 10, "right-kidney": 20, "right-cyst": 7})
    assert main(["volumes", str(path), "--structures", "--format", "csv"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head == "mask,total_ml,left_ml,right_ml,left-kidney_ml,right-kidney_ml,right-cyst_ml"
    assert float(row.split(",")[-1]) == pytest.approx(7)


def test_structures_and_labels_exclude_each_other(tmp_path, capsys):
    path = tmp_path / "mask.nii.gz"
    write_image(path, painted(v1=1).array, painted(v1=1).grid, "test")
    assert main(["volumes", str(path), "--structures", "--labels", "1=left"]) == 2
    assert "--structures" in capsys.readouterr().err
