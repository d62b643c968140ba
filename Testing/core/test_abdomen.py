"""Generated abdomens: the same on every run and at every voxel size, and such as an anatomist would let pass."""

import csv
import json
from dataclasses import replace

import nibabel
import numpy as np
import pytest
from scipy import ndimage

from renal_segmentation.cli import main
from renal_segmentation.synthesis.abdomen import generate_abdomen, generate_abdomens
from renal_segmentation.synthesis.settings import AbdomenSettings
from renal_segmentation.synthesis.tissues import Tissue, kidney_labels
from renal_segmentation.volume import check_affine

ADULTS = AbdomenSettings(child_share=0, missing_share=0, atrophy_share=0, horseshoe_share=0, transplant_share=0)
COARSE_MM = 5.0
SEEDS = range(8)
MUSCLE_AND_BONE = [
    Tissue.PSOAS,
    Tissue.QUADRATUS,
    Tissue.BACK_MUSCLE,
    Tissue.BODY_WALL,
    Tissue.CORTICAL_BONE,
    Tissue.VERTEBRA,
    Tissue.DISC,
]


@pytest.fixture(scope="module")
def adults():
    return [abdomen for _, abdomen in generate_abdomens(SEEDS, COARSE_MM, ADULTS)]


def parenchyma(abdomen):
    """Return the masks of the left and the right kidney without sinus and cysts."""
    labels = kidney_labels(abdomen.array)
    return labels == 1, labels == 2


def centre(abdomen, mask):
    return abdomen.grid.to_ras([np.argwhere(mask).mean(0)])[0]


def test_the_same_seed_gives_the_same_abdomen_bit_for_bit():
    first, second = generate_abdomen(3, COARSE_MM), generate_abdomen(3, COARSE_MM)
    assert first.array.tobytes() == second.array.tobytes()
    assert (first.affine == second.affine).all()
    assert (first.array != generate_abdomen(4, COARSE_MM).array).mean() > 0.1


def test_axes_run_along_ras_with_zero_in_the_middle():
    abdomen = generate_abdomen(0, COARSE_MM)
    check_affine(abdomen.affine, "abdomen")
    corners = abdomen.grid.to_ras([(0, 0, 0), np.array(abdomen.array.shape) - 1])
    np.testing.assert_allclose(corners.sum(0), 0, atol=1e-9)
    np.testing.assert_array_equal(abdomen.affine[:3, :3], np.eye(3) * COARSE_MM)
    assert abdomen.array.dtype == np.uint8


def test_every_value_is_a_tissue_and_a_label_of_the_mask(adults):
    values = set(np.unique(np.concatenate([np.unique(abdomen.array) for abdomen in adults])).tolist())
    assert values <= set(Tissue)
    assert len(values) > 50
    assert set(np.unique(kidney_labels(np.arange(256, dtype=np.uint8)))) == set(range(8))


def test_left_and_right_follow_ras_and_lie_beside_the_aorta_and_the_cava(adults):
    for abdomen in adults:
        left, right = (centre(abdomen, mask)[0] for mask in parenchyma(abdomen))
        aorta = centre(abdomen, abdomen.array == Tissue.AORTA)[0]
        cava = centre(abdomen, abdomen.array == Tissue.VENA_CAVA)[0]
        assert left < aorta < cava < right
        assert left < -20
        assert right > 20


def test_volumes_of_adults_are_those_of_kidneys(adults):
    volumes = np.array([[mask.sum() * abdomen.grid.voxel_ml for mask in parenchyma(abdomen)] for abdomen in adults])
    assert 120 < np.median(volumes) < 200
    assert volumes.min() > 70
    assert volumes.max() < 280


def test_kidneys_are_longer_than_wide_with_the_upper_poles_nearer_the_spine(adults):
    for abdomen in adults:
        for mask, side in zip(parenchyma(abdomen), (-1, 1), strict=True):
            place = abdomen.grid.to_ras(np.argwhere(mask))
            along = np.linalg.svd(place - place.mean(0), full_matrices=False)[2][0]
            along *= np.sign(along[2])
            length, breadth = np.ptp(place @ along), np.sqrt(mask.sum() * abdomen.grid.voxel_ml * 1000 / 100)
            assert 75 < length < 135
            assert length > 1.5 * breadth
            assert along[2] > 0.7
            assert along[0] * side < 0.15


def test_kidneys_are_whole_and_not_cut_by_muscle_or_bone(adults):
    """A cut kidney has a flat face on muscle: the hull of its slices would hold much of it."""
    for abdomen in adults:
        labels = kidney_labels(abdomen.array)
        for side in (1, 2):
            organ = np.isin(labels, [side, side + 2, side + 4, 7])
            parts, _ = ndimage.label(labels == side, np.ones((3, 3, 3)))
            assert np.bincount(parts.ravel())[1:].max() > 0.9 * (labels == side).sum()
            filled = ndimage.binary_closing(np.pad(organ, 4), iterations=3)[4:-4, 4:-4, 4:-4]
            muscle = np.isin(abdomen.array, MUSCLE_AND_BONE)
            assert (filled & muscle).sum() < 0.04 * organ.sum()


def test_organs_lie_where_they_belong(adults):
    for abdomen in adults:
        left, right = (centre(abdomen, mask) for mask in parenchyma(abdomen))
        liver, spine = (centre(abdomen, abdomen.array == t) for t in (Tissue.LIVER, Tissue.VERTEBRA))
        assert liver[2] > right[2]
        assert liver[0] > 0
        assert spine[1] < max(left[1], right[1]) + 25
        spleen = abdomen.array == Tissue.SPLEEN
        if spleen.any():
            assert centre(abdomen, spleen)[0] < left[0] + 5


@pytest.mark.parametrize("seed", [0, 5])
def test_the_anatomy_does_not_depend_on_the_voxel_size(seed):
    fine, coarse = (generate_abdomen(seed, spacing, ADULTS) for spacing in (3.0, 4.0))
    index = np.rint(coarse.grid.to_index(fine.grid.to_ras(np.argwhere(np.ones(fine.array.shape, bool))))).astype(int)
    index = np.clip(index, 0, np.array(coarse.array.shape) - 1)
    resampled = coarse.array[tuple(index.T)].reshape(fine.array.shape)
    for one, other in zip(parenchyma(fine), (kidney_labels(resampled) == side for side in (1, 2)), strict=True):
        assert 2 * (one & other).sum() / (one.sum() + other.sum()) > 0.8


def test_missing_kidneys_follow_their_share():
    none = AbdomenSettings(missing_share=1, transplant_share=1)
    assert not any(kidney_labels(abdomen.array).any() for _, abdomen in generate_abdomens(range(3), 6.0, none))


def test_a_horseshoe_kidney_is_joined_and_a_transplant_is_a_kidney_more():
    joined = replace(ADULTS, horseshoe_share=1)
    organs = kidney_labels(generate_abdomen(1, 3.0, joined).array) > 0
    assert ndimage.label(organs, np.ones((3, 3, 3)))[1] == 1
    grafted, plain = (generate_abdomen(1, COARSE_MM, replace(ADULTS, transplant_share=share)) for share in (1, 0))
    low = [centre(a, np.logical_or(*parenchyma(a)))[2] for a in (grafted, plain)]
    assert low[0] < low[1] - 10


def test_children_are_smaller():
    child, adult = (generate_abdomen(2, COARSE_MM, replace(ADULTS, child_share=share)) for share in (1, 0))
    assert (child.array > 0).sum() < 0.75 * (adult.array > 0).sum()


def test_phantom_writes_tissues_labels_tables_and_a_contact_sheet(tmp_path, capsys):
    folder, sheet = tmp_path / "cases", tmp_path / "sheet.png"
    options = ["--cases", "2", "--seed", "7", "--spacing", "6", "--progress", "none", "--contact-sheet", str(sheet)]
    assert main(["phantom", "--output", str(folder), "--labels-only", *options]) == 0
    tissues, labels = (nibabel.load(folder / f"case_8_{kind}.nii.gz") for kind in ("tissues", "labels"))
    np.testing.assert_array_equal(np.asanyarray(tissues.dataobj), generate_abdomen(8, 6.0).array)
    assert set(np.unique(np.asanyarray(labels.dataobj))) <= set(range(8))
    assert json.loads((folder / "tissues.json").read_text())["LEFT_CORTEX"] == Tissue.LEFT_CORTEX
    with (folder / "cases.csv").open(newline="") as stream:
        assert [row["seed"] for row in csv.DictReader(stream)] == ["7", "8"]
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert "2 cases" in capsys.readouterr().out


def test_phantom_draws_images_with_the_labels_on_their_grid(tmp_path, capsys):
    pytest.importorskip("torch")
    folder, sheet = tmp_path / "cases", tmp_path / "sheet.png"
    options = ["--cases", "1", "--spacing", "5", "--contrast", "ct", "--plane", "axial", "--progress", "none"]
    options += ["--contact-sheet", str(sheet), "--format", "json"]
    assert main(["phantom", "--output", str(folder), *options]) == 0
    image, labels = (nibabel.load(folder / f"case_0_{kind}.nii.gz") for kind in ("image", "labels"))
    assert image.shape == labels.shape
    np.testing.assert_array_equal(image.affine, labels.affine)
    assert {1, 2} <= set(np.unique(np.asanyarray(labels.dataobj)))
    row = json.loads(capsys.readouterr().out)["cases"][0]
    assert (row["contrast"], row["plane"]) == ("ct", "axial")
    assert sheet.is_file()


def test_phantom_looks_where_the_contact_sheet_goes_before_it_generates_anything(tmp_path, capsys):
    options = ["--labels-only", "--cases", "1", "--spacing", "6", "--progress", "none", "--contact-sheet"]
    command = ["phantom", "--output", str(tmp_path / "out"), *options]
    assert main([*command, str(tmp_path / "lost/sheet.png")]) == 2
    assert f"The folder {tmp_path / 'lost'} is not there" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert main([*command, str(tmp_path / "out/sheet.png")]) == 0
    assert (tmp_path / "out/sheet.png").is_file()


@pytest.mark.parametrize("wrong", [["--cases", "0"], ["--seed", "-1"], ["--spacing", "0"], ["--spacing", "nan"]])
def test_phantom_refuses_what_gives_no_case_in_one_sentence(wrong, tmp_path, capsys):
    assert main(["phantom", "--output", str(tmp_path / "out"), *wrong]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()
