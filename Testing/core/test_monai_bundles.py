"""Bundles of MONAI run end to end with a tiny network: orientation, consent, damage and failure."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from Testing.core import model_subjects as subjects

from renal_segmentation.cli import main
from renal_segmentation.errors import ConsentError, InputError, ModelError
from renal_segmentation.files import read_image, write_image
from renal_segmentation.models.registry import find_segmenter
from renal_segmentation.volume import Volume

TURNS = [((0, 1, 2), (0, 0, 0)), ((2, 0, 1), (1, 0, 1))]
MONAI = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    pytest.importorskip("monai", reason="MONAI comes with the extra 'ai'")
    return subjects.bundle(tmp_path_factory.mktemp("bundles") / "tiny_kidneys")


@MONAI
@pytest.mark.parametrize(("order", "flips"), TURNS)
def test_a_tiny_bundle_runs_through_monai_and_finds_both_kidneys_on_their_sides(models, bundle, order, flips):
    image = subjects.two_bright_kidneys(order, flips)
    shares = []
    segmenter = find_segmenter(bundle, trust=True)
    found = segmenter.segment(image, device="cpu", progress=lambda step, share: shares.append(share))
    assert found.labels.grid.same_as(image.grid)
    for label in (1, 2):
        assert subjects.dice(found.labels.array, subjects.truth(image), label) > 0.8
    assert shares == sorted(shares)
    assert not (bundle / "eval").exists()
    card = segmenter.describe()
    assert (card.title, card.modality, card.licence) == ("Tiny kidneys", "MR", "Apache-2.0")


@MONAI
def test_an_oblique_image_comes_back_on_its_own_grid(models, bundle):
    image = subjects.two_bright_kidneys()
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]]
    oblique = Volume(image.array, turn @ image.affine)
    found = find_segmenter(bundle, trust=True).segment(oblique, device="cpu")
    assert (found.labels.affine == oblique.affine).all()
    assert subjects.dice(found.labels.array, subjects.truth(image), 2) > 0.8


@MONAI
def test_an_image_without_kidneys_gives_an_empty_mask_and_a_notice(models, bundle):
    image = subjects.two_bright_kidneys()
    found = find_segmenter(bundle, trust=True).segment(image.like(image.array * 0), device="cpu")
    assert not found.labels.array.any()
    assert [notice.code for notice in found.notices] == ["no-kidney"]


@MONAI
def test_predict_takes_a_bundle_by_its_path_and_writes_its_mask(models, bundle, tmp_path, capsys):
    image = subjects.two_bright_kidneys((1, 0, 2), (False, True, False))
    write_image(tmp_path / "image.nii.gz", image.array, image.grid, "test")
    call = ["predict", str(tmp_path / "image.nii.gz"), "--output", str(tmp_path / "mask.nii.gz"), "--device", "cpu"]
    assert main([*call, "--model", str(bundle), "--progress", "json"]) == 2
    assert "add --trust" in capsys.readouterr().err
    assert main([*call, "--model", str(bundle), "--trust", "--progress", "json"]) == 0
    done = json.loads(capsys.readouterr().out.splitlines()[-1])
    expected = (subjects.truth(image) == 2).sum() * image.grid.voxel_ml
    assert done["volumes"]["right_ml"] == pytest.approx(expected, rel=0.25)
    mask, _ = read_image(tmp_path / "mask.nii.gz")
    assert subjects.dice(mask.array, subjects.truth(image), 2) > 0.8


@MONAI
def test_what_a_bundle_prints_and_draws_stays_out_of_the_output(models, bundle, tmp_path, capsys):
    shutil.copytree(bundle, tmp_path / "copy")
    path = tmp_path / "copy/configs/inference.json"
    config = json.loads(path.read_text())
    loud = "$lambda x: (print('shape'), print('shape', file=__import__('sys').stderr), x)[2]"
    config["preprocessing"]["transforms"].append({"_target_": "Lambdad", "keys": "image", "func": loud})
    config["inferer"] = {"_target_": "SlidingWindowInferer", "roi_size": [16, 16, 16], "progress": True}
    path.write_text(json.dumps(config))
    image = subjects.two_bright_kidneys()
    write_image(tmp_path / "image.nii.gz", image.array, image.grid, "test")
    call = ["predict", str(tmp_path / "image.nii.gz"), "--output", str(tmp_path / "mask.nii.gz"), "--device", "cpu"]
    assert main([*call, "--model", str(tmp_path / "copy"), "--trust", "--progress", "json"]) == 0
    printed = capsys.readouterr()
    assert "Network" in [json.loads(line)["step"] for line in printed.out.splitlines()]
    assert printed.err == ""


def test_a_bundle_runs_only_when_it_is_trusted(models, bundle):
    with pytest.raises(ConsentError, match=r"can run code that comes with it: .* --trust"):
        find_segmenter(bundle)


@MONAI
@pytest.mark.parametrize("damage", ["truncated", "foreign", "code"])
def test_weights_that_are_damaged_or_carry_code_are_refused(models, bundle, tmp_path, damage):
    import torch

    shutil.copytree(bundle, tmp_path / "copy")
    weights = tmp_path / "copy/models/model.pt"
    if damage == "truncated":
        weights.write_bytes(weights.read_bytes()[:500])
    elif damage == "foreign":
        weights.write_text("hello")
    else:
        torch.save({"model": subprocess.run}, weights)
    with pytest.raises(ModelError, match="is damaged, or is no plain weights file"):
        find_segmenter(tmp_path / "copy", trust=True).segment(subjects.two_bright_kidneys(), device="cpu")


@MONAI
def test_a_bundle_that_fails_is_named_with_the_reason_in_one_line(models, bundle, tmp_path):
    shutil.copytree(bundle, tmp_path / "copy")
    path = tmp_path / "copy/configs/inference.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"inferer": "$1 / 0"}))
    with pytest.raises(ModelError, match="The bundle copy failed") as caught:
        find_segmenter(tmp_path / "copy", trust=True).segment(subjects.two_bright_kidneys(), device="cpu")
    assert "\n" not in str(caught.value)
    path.write_text(json.dumps({key: value for key, value in config.items() if key != "inferer"}))
    with pytest.raises(InputError, match="has no inferer"):
        find_segmenter(tmp_path / "copy", trust=True).segment(subjects.two_bright_kidneys(), device="cpu")
