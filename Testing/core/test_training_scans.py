"""The user's scans and masks for training: which belong together, whose they are, and which masks are refused."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch, which is not installed")

import torch
from Testing.core.networks import body_image, write_pairs

from renal_segmentation.errors import InputError
from renal_segmentation.files import read_image, write_image
from renal_segmentation.network.pairs import localiser_pair_case, refiner_pair_case
from renal_segmentation.network.patients import patient_of, patients_in_words, patients_of
from renal_segmentation.network.scans import read_pairs, split_by_patient
from renal_segmentation.volume import Volume


def test_scans_become_cases_and_patients_stay_together(tmp_path):
    pairs, notices = read_pairs(*write_pairs(tmp_path, 3))
    assert notices == ()
    learn, check = split_by_patient(pairs, 0.2, 0)
    assert len(learn) == 2
    assert len(check) == 1
    assert not {pair.patient for pair in learn} & {pair.patient for pair in check}
    for make in (localiser_pair_case, refiner_pair_case):
        cases = [make(pairs, np.random.default_rng(seed)) for seed in range(4)]
        assert any(case.truth.max() > 0 for case in cases)
        assert all(torch.isfinite(case.image).all() for case in cases)
        again = make(pairs, np.random.default_rng(0))
        assert torch.equal(again.image, cases[0].image)


def test_patients_are_read_from_file_names():
    assert patient_of("sub-01_ses-2_T1w.nii.gz") == "sub-01"
    assert patient_of("case_0007_ct.nii.gz") == "case_0007"
    assert patient_of("volunteer.nii.gz") == "volunteer"
    for name in ("T2w_sub-01.nii.gz", "3T_sub-01_ses-2.nii.gz", "mri1.5T_sub-01.nii"):
        assert patient_of(name) == "sub-01"
    assert patient_of("study12_pat01.nii.gz") == "pat01"
    assert patient_of("TCGA-B8-4620_ct.nii.gz") == "TCGA-B8-4620"


@pytest.mark.parametrize(
    ("names", "patients"),
    [
        (["T1w_001", "T2w_001", "T1w_002", "T1w-002"], ["001", "001", "002", "002"]),
        (["visit1_smith", "visit2_smith", "ses-1_jones"], ["smith", "smith", "jones"]),
        (["2023-01-05_smith", "05.02.2023_Smith", "20230105_jones"], ["smith", "smith", "jones"]),
        (["anna_T1w", "anna_t2_pre", "bert_dwi_b800", "3T_bert"], ["anna", "anna", "bert", "bert"]),
        (["scan1_smith", "scan2_smith", "2021_jones"], ["smith", "smith", "jones"]),
        (["scan1_t2", "scan1_ct", "scan2_ct"], ["scan1", "scan1", "scan2"]),
        (["2003_ct_1", "2003_scan_2", "2004_t2"], ["2003", "2003", "2004"]),
        (["B12_T1w", "B12_T2w", "V01_left"], ["B12", "B12", "V01"]),
    ],
)
def test_sequence_visit_and_date_do_not_pass_for_patients(names, patients):
    assert patients_of([f"{name}.nii.gz" for name in names]) == (patients, ())


def test_names_that_tell_one_patient_only_are_taken_whole():
    patients, notices = patients_of(["site3_anna.nii.gz", "site3_bert.nii.gz"])
    assert patients == ["site3_anna", "site3_bert"]
    assert [notice.code for notice in notices] == ["patients-unknown"]
    assert patients_of(["anna1_a.nii", "bert2_a.nii"]) == (["anna1", "bert2"], ())
    assert [notice.code for notice in patients_of(["anna1_a.nii"])[1]] == ["validation-is-training"]


def test_patients_are_listed_with_their_scans():
    scans = [("001", "T1w_001.nii.gz"), ("002", "002.nii"), ("001", "T2w_001.nii.gz")]
    assert patients_in_words(scans) == "001 (T1w_001, T2w_001), 002"
    assert patients_in_words((str(n), f"{n}.nii") for n in range(23)).endswith(", 18, 19 and 3 more")


def test_a_folder_of_scans_without_masks_or_with_wrong_ones_is_refused(tmp_path):
    images, labels = write_pairs(tmp_path, 1)
    with pytest.raises(InputError, match="same name"):
        read_pairs(images, images.parent)
    mask = next(labels.iterdir())
    scan = Volume(np.full((4, 4, 4), 9, np.uint8), np.eye(4))
    write_image(mask, scan.array, scan.grid, "labels")
    with pytest.raises(InputError, match="grid"):
        read_pairs(images, labels)


@pytest.fixture
def scan(tmp_path):
    """Return a function that writes one scan and its mask with other labels, and reads them as training does."""
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    image = body_image()
    right = image.grid.to_ras(np.indices(image.array.shape).reshape(3, -1).T)[:, 0].reshape(image.array.shape) > 0
    kidneys = (image.array > 0) * np.where(right, 2, 1)
    write_image(tmp_path / "images" / "sub1.nii.gz", image.array, image.grid, "image")

    def read(table):
        mask = np.array(table)[kidneys]
        write_image(tmp_path / "labels" / "sub1.nii.gz", mask, image.grid, "labels")
        (pair,), notices = read_pairs(tmp_path / "images", tmp_path / "labels")
        values, counts = np.unique(pair.labels, return_counts=True)
        return dict(zip(values[1:].tolist(), counts[1:].tolist(), strict=True)), {notice.code for notice in notices}

    return read


def test_only_masks_of_0_and_1_or_255_are_binary(scan):
    both, _ = scan(np.uint8([0, 1, 2]))
    assert set(both) == {1, 2}
    assert scan(np.uint8([0, 1, 1]))[0] == scan(np.uint8([0, 255, 255]))[0] == both
    assert scan(np.uint8([0, 0, 2]))[0] == {2: both[2]}
    only_left, codes = scan(np.uint8([0, 1, 0]))
    assert only_left == {1: both[1]}
    assert "one-kidney" in codes


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ([0, 2, 1], "labelled left lies to the patient's right"),
        ([0, 1, 11], "labelled left kidney has large parts on both sides"),
        ([0, 0, 3], "no voxel labelled as kidney"),
        ([0, 1, 20], "holds 20, which predict does not write"),
        ([0, 2, 20], "holds 20, which predict does not write"),
        ([0, 0, 3.5], "holds 3.5, which predict does not write"),
        ([0, 0, np.nan], "holds nan, which predict does not write"),
        ([0, 0, 0], "is empty"),
    ],
)
def test_masks_whose_labels_cannot_be_learnt_are_refused_by_name(scan, table, words):
    with pytest.raises(InputError, match=words) as refused:
        scan(np.array(table, np.float32))
    assert "labels/sub1.nii.gz" in str(refused.value)


@pytest.mark.parametrize("value", [0, 7, np.nan])
def test_a_blank_scan_is_refused_by_name(tmp_path, value):
    images, labels = write_pairs(tmp_path, 2)
    grid = read_image(images / "sub1_t2.nii.gz")[0].grid
    write_image(images / "sub1_t2.nii.gz", np.full(grid.shape, value, np.float32), grid, "image")
    with pytest.raises(InputError, match=r"sub1_t2.nii.gz is blank, .*: leave it out"):
        read_pairs(images, labels)


def test_voxels_of_a_scan_that_are_not_numbers_are_told(tmp_path):
    images, labels = write_pairs(tmp_path, 1)
    image, _ = read_image(images / "sub0_t2.nii.gz")
    array = image.array.astype(np.float32)
    array[:3, 0, 0] = np.nan
    write_image(images / "sub0_t2.nii.gz", array, image.grid, "image")
    messages = [notice.message for notice in read_pairs(images, labels)[1]]
    assert any(message.startswith("sub0_t2.nii.gz: The image has 3 voxels that are not num") for message in messages)


def test_masks_may_be_named_as_masks_and_files_without_partner_are_told(tmp_path):
    images, labels = write_pairs(tmp_path, 3)
    (labels / "sub0_t2.nii.gz").rename(labels / "sub0_t2_mask.nii.gz")
    (labels / "sub1_t2.nii.gz").rename(labels / "other.nii.gz")
    pairs, notices = read_pairs(images, labels)
    assert [pair.patient for pair in pairs] == ["sub0", "sub2"]
    assert [notice.message for notice in notices] == [
        f"Files of {images} without a partner were left out: sub1_t2.nii.gz.",
        f"Files of {labels} without a partner were left out: other.nii.gz.",
    ]
    for path in labels.iterdir():
        path.rename(images / path.name.replace("_t2.nii", "_t2_mask.nii"))
    pairs, notices = read_pairs(images, images)
    assert [pair.patient for pair in pairs] == ["sub0", "sub2"]
    assert [notice.code for notice in notices] == ["without-partner"]


def test_generated_images_and_those_of_nnu_net_find_their_masks(tmp_path):
    images, labels = write_pairs(tmp_path, 3)
    for path in images.iterdir():
        path.rename(path.with_name(path.name.replace(".nii.gz", "_0000.nii.gz")))
    pairs, notices = read_pairs(images, labels)
    assert ([pair.patient for pair in pairs], notices) == (["sub0", "sub1", "sub2"], ())
    for path in images.iterdir():
        path.rename(images / path.name.replace("_t2_0000", "_t2_image"))
    for path in labels.iterdir():
        path.rename(images / path.name.replace("_t2", "_t2_labels"))
    pairs, notices = read_pairs(images, images)
    assert ([pair.patient for pair in pairs], notices) == (["sub0", "sub1", "sub2"], ())


def test_the_first_of_numbered_cases_is_no_channel_of_nnu_net(tmp_path):
    images, labels = write_pairs(tmp_path, 3)
    for number, (path, mask) in enumerate(zip(sorted(images.iterdir()), sorted(labels.iterdir()), strict=True)):
        path.rename(images / f"kidney_{number:04}.nii.gz")
        mask.rename(labels / f"kidney_{number:04}.nii.gz")
    assert [pair.name for pair in read_pairs(images, labels)[0]] == [f"kidney_{n:04}.nii.gz" for n in range(3)]
    for path in images.iterdir():
        path.rename(path.with_name(path.name.replace(".nii.gz", "_0000.nii.gz")))
    assert [pair.name for pair in read_pairs(images, labels)[0]] == [f"kidney_{n:04}_0000.nii.gz" for n in range(3)]


def test_two_images_of_one_case_are_refused_by_name(tmp_path):
    images, labels = write_pairs(tmp_path, 2)
    (images / "sub0_t2.nii").write_bytes(b"the same, unpacked")
    with pytest.raises(InputError, match=r"sub0_t2.nii and sub0_t2.nii.gz are both of case sub0_t2"):
        read_pairs(images, labels)
