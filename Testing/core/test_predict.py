"""The command predict: files, progress as JSON lines, being stopped, and bad input."""

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the network runs with torch, which is not installed")

from Testing.core.networks import noise_image, tiny_bundle

from renal_segmentation.cli import main
from renal_segmentation.commands import predict
from renal_segmentation.errors import MissingPackageError, Notice
from renal_segmentation.files import read_image, write_image
from renal_segmentation.models import shipped
from renal_segmentation.network.bundle import read_metadata
from renal_segmentation.synthesis.abdomen import generate_abdomen
from renal_segmentation.synthesis.imaging import render
from renal_segmentation.synthesis.settings import AbdomenSettings


@pytest.fixture
def image(tmp_path):
    volume = noise_image()
    path = tmp_path / "image.nii.gz"
    write_image(path, volume.array, volume.grid, "noise")
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny").folder)


def test_json_lines_end_with_the_result(tmp_path, image, model, capsys):
    output = tmp_path / "mask.nii.gz"
    options = ["--model", model, "--progress", "json", "--summary", str(tmp_path / "s.json")]
    options += ["--probabilities", str(tmp_path / "p.nii.gz")]
    assert main(["predict", str(image), "--output", str(output), *options]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all({"step", "share", "seconds_left"} <= set(line) for line in lines)
    shares = [line["share"] for line in lines]
    assert shares == sorted(shares)
    last = lines[-1]
    assert (last["step"], last["share"], last["output"]) == ("done", 1, str(output))
    assert set(last["volumes"]) == {"total_ml", "left_ml", "right_ml"}
    assert all({"code", "message"} == set(notice) for notice in last["notices"])
    mask, given = read_image(output)[0], read_image(image)[0]
    assert mask.grid.same_as(given.grid)
    assert mask.array.dtype == np.uint8
    summary = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert summary["volumes"] == last["volumes"]
    assert len(summary["image_sha256"]) == 64
    assert summary["model_sha256"] == read_metadata(Path(model)).sha256
    assert read_image(tmp_path / "p.nii.gz")[0].array.max() <= 1


def test_every_warning_is_told_once_though_both_kidneys_share_its_code(tmp_path, image, model, capsys, monkeypatch):
    doubts = [
        Notice("doubtful-outline", f"The outline of the {side} kidney is doubtful.") for side in ("left", "right")
    ]
    known = predict.find_segmenter(model)

    class Doubting:
        def segment(self, image, **options):
            return replace(known.segment(image, **options), notices=(*doubts, doubts[0]))

    monkeypatch.setattr(predict, "find_segmenter", lambda *_: Doubting())
    wanted = [{"code": doubt.code, "message": doubt.message} for doubt in doubts]
    options = ["predict", str(image), "--output", str(tmp_path / "m.nii.gz"), "--summary", str(tmp_path / "s.json")]
    assert main([*options, "--progress", "json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["notices"] == wanted
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))["notices"] == wanted
    assert main([*options, "--progress", "none", "--overwrite"]) == 0
    assert capsys.readouterr().err.splitlines() == [f"renal-segmentation: warning: {doubt.message}" for doubt in doubts]


def test_text_progress_prints_the_volumes_and_warnings(tmp_path, model, capsys):
    path = tmp_path / "flat.nii.gz"
    volume = noise_image()
    write_image(path, np.full_like(volume.array, 3), volume.grid, "flat")
    assert main(["predict", str(path), "--output", str(tmp_path / "m.nii.gz"), "--model", model]) == 0
    said = capsys.readouterr()
    assert "total 0.0 ml" in said.out
    assert "No kidney was found" in said.err
    assert not read_image(tmp_path / "m.nii.gz")[0].array.any()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--output", "mask.png"], "end it with .nii.gz"),
        (["--output", "image.nii.gz", "--overwrite"], "same one"),
        (["--output", "there.nii.gz"], "add --overwrite"),
        (["--output", "no/such/mask.nii.gz"], "make it first"),
        (["--output", "mask.nii.gz", "--model", "unheard-of"], "no model"),
    ],
)
def test_outputs_and_models_that_cannot_be_used_are_answered_at_once(
    tmp_path, image, model, capsys, monkeypatch, options, words
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.nii.gz").write_bytes(b"")
    options = options if "--model" in options else [*options, "--model", model]
    assert main(["predict", "image.nii.gz", *options, "--progress", "none"]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("file", range(3))
def test_when_the_disk_is_full_at_any_of_the_files_the_earlier_results_stay_as_they_were(
    tmp_path, image, model, capsys, monkeypatch, file
):
    names = {"output": "m.nii.gz", "summary": "s.json", "probabilities": "p.nii.gz"}
    for name in names.values():
        (tmp_path / name).write_text("earlier")
    make, made = tempfile.mkstemp, []

    def full(*arguments):
        if len(made) == file:
            raise OSError(errno.ENOSPC, "No space left on device")
        made.append(make(*arguments))
        return made[-1]

    monkeypatch.setattr("renal_segmentation.files.tempfile.mkstemp", full)
    options = [word for key, name in names.items() for word in (f"--{key}", str(tmp_path / name))]
    assert main(["predict", str(image), "--model", model, "--progress", "none", "--overwrite", *options]) == 2
    assert "cannot be written" in capsys.readouterr().err
    found = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path != image}
    assert found == dict.fromkeys(names.values(), b"earlier")


def test_a_folder_that_may_not_be_written_is_named_before_any_work(tmp_path, image, capsys, monkeypatch):
    monkeypatch.setattr("renal_segmentation.files.os.access", lambda *_: False)
    assert main(["predict", str(image), "--output", str(tmp_path / "m.nii.gz"), "--model", "unheard-of"]) == 2
    assert f"The folder {tmp_path} may not be written" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"not an image", None])
def test_a_bad_image_is_named_in_one_sentence_and_nothing_is_written(tmp_path, model, capsys, content):
    path = tmp_path / "bad.nii.gz"
    if content is not None:
        path.write_bytes(content)
    options = ["--output", str(tmp_path / "m.nii.gz"), "--model", model, "--progress", "none"]
    assert main(["predict", str(path), *options]) == 2
    assert "bad.nii.gz" in capsys.readouterr().err
    assert not (tmp_path / "m.nii.gz").exists()


def test_being_asked_to_end_leaves_nothing_half_written(tmp_path, model):
    volume = noise_image((150, 150, 150))
    path, output = tmp_path / "large.nii", tmp_path / "out" / "mask.nii.gz"
    output.parent.mkdir()
    write_image(path, volume.array, volume.grid, "noise")
    command = [sys.executable, "-m", "renal_segmentation", "predict", str(path), "--output", str(output)]
    command += ["--model", model, "--progress", "json"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True)
    assert '"Reading the image"' in process.stdout.readline()
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 143
    assert list(output.parent.iterdir()) == []


def test_without_torch_the_remedy_is_named(tmp_path, image, model, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    options = ["--output", str(tmp_path / "m.nii.gz"), "--model", model, "--progress", "none"]
    assert main(["predict", str(image), *options]) == 2
    assert "pip install torch" in capsys.readouterr().err
    assert main(["train", "--output", str(tmp_path / "t")]) == 2
    assert "pip install torch" in capsys.readouterr().err
    with pytest.raises(MissingPackageError, match="pip install torch"):
        render(generate_abdomen(1, 6.0), 1)


@pytest.mark.skipif(shipped.folder() is None, reason="this copy of Renal comes without its network")
class TestShippedModel:
    """The network that comes with Renal."""

    def test_it_outlines_both_kidneys_of_a_clear_scan_on_the_right_side(self):
        scan = render(generate_abdomen(3_000_001), 4, "ct", "axial")
        found = shipped.open_shipped().segment(scan.image)
        for side in (1, 2):
            truth, answer = scan.labels.array == side, found.labels.array == side
            if truth.sum() * scan.labels.grid.voxel_ml > 30:
                assert 2 * (truth & answer).sum() / (truth.sum() + answer.sum()) > 0.6

    def test_it_outlines_the_kidney_of_a_single_slice_and_says_that_it_is_one(self):
        scan = render(generate_abdomen(3_000_001), 4, "ct", "axial")
        axis = int(np.argmax(scan.image.grid.spacing))
        labels = np.moveaxis(scan.labels.array, axis, 0)
        place = int(np.argmax([np.isin(slice_, (1, 2)).sum() for slice_ in labels]))
        one = tuple(slice(place, place + 1) if n == axis else slice(0, None) for n in range(3))
        found = shipped.open_shipped().segment(scan.image.crop(one))
        assert "thin-stack" in {notice.code for notice in found.notices}
        assert found.labels.array.shape == scan.labels.crop(one).array.shape
        truth, answer = (np.isin(mask.array, (1, 2)) for mask in (scan.labels.crop(one), found.labels))
        assert 2 * (truth & answer).sum() / (truth.sum() + answer.sum()) > 0.6

    def test_a_person_without_kidneys_gets_none(self):
        scan = render(generate_abdomen(3_000_002, settings=AbdomenSettings(missing_share=1.0)), 2, "ct", "axial")
        found = shipped.open_shipped().segment(scan.image)
        assert (found.labels.array > 0).sum() * scan.image.grid.voxel_ml <= 1
        assert "no-kidney" in {notice.code for notice in found.notices}

    def test_its_weights_are_small_enough_and_its_recipe_is_told(self):
        model = shipped.open_shipped()
        assert model.describe().size_mb <= 25
        assert {"seed", "generator", "reached"} <= set(model.metadata.recipe)
