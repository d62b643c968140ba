"""One command from an image to layers: ``renal-layers run --segment IMAGE``, with a stand-in for the network."""

import json

import numpy as np
import pytest
from Testing.core.model_folders import bundle
from Testing.core.shapes import coordinates, two_kidneys

from renal_layers.cli import main
from renal_layers.phantom import PhantomSettings, reference_object
from renal_segmentation.errors import Notice
from renal_segmentation.files import read_image, write_image
from renal_segmentation.models import registry
from renal_segmentation.segmenter import Segmentation

KIDNEYS = two_kidneys((3, 3, 5), with_hilum=True)
X, _, Z = np.moveaxis(coordinates(KIDNEYS.grid), -1, 0)
LABELS = (np.where(X > 0, 2, 1) * KIDNEYS.array).astype(np.uint8)


class StandIn:
    """Answers with given labels, whatever the image."""

    def __init__(self, labels):
        self.labels = labels

    def segment(self, image, *, device="auto", progress=None):
        progress("network", 0.5)
        doubt = Notice("low-confidence", "The outline of the left kidney is uncertain: look at it.")
        return Segmentation(image.like(self.labels), None, {"left": 0.7, "right": 0.9}, (doubt,), "stand-in")


@pytest.fixture
def use(monkeypatch):
    """Return a function that makes the registry give a stand-in with these labels, and tells what was asked for."""
    asked = []

    def answer(labels):
        monkeypatch.setattr(registry, "find_segmenter", lambda *given: asked.append(given) or StandIn(labels))
        return asked

    return answer


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "t2w.nii.gz"
    write_image(path, (1000 + Z).astype(np.float32), KIDNEYS.grid, "test")
    return path


def run(image, output, *arguments) -> int:
    words = ["run", "--segment", image, "--map", f"T1={image}:ms", "--output", output, "--progress", "none"]
    return main([str(word) for word in (*words, *arguments)])


def test_the_outline_of_the_network_is_layered_as_if_it_had_been_given(use, image, tmp_path):
    use(LABELS)
    mask = tmp_path / "mask.nii.gz"
    write_image(mask, LABELS, KIDNEYS.grid, "test")
    given = ["run", "--mask", mask, "--labels", "1=left", "2=right", "--map", f"T1={image}:ms", "--progress", "none"]
    assert run(image, tmp_path / "net", "--report") == 0
    assert main([str(word) for word in (*given, "--output", tmp_path / "given")]) == 0
    for name in ("profiles.csv", "gradients.csv", "voxels.csv"):
        assert (tmp_path / "net" / name).read_bytes() == (tmp_path / "given" / name).read_bytes()
    assert (read_image(tmp_path / "net" / "mask.nii.gz")[0].array == LABELS).all()
    assert (tmp_path / "net" / "report.html").stat().st_size > 10_000


def test_the_summary_names_the_network_its_confidence_and_its_doubts(use, image, tmp_path, capsys):
    asked = use(LABELS)
    assert run(image, tmp_path / "out", "--model", "my-model") == 0
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert asked == [("my-model", False)]
    assert summary["parameters"]["model"] == "stand-in"
    assert summary["parameters"]["confidence"] == {"left": 0.7, "right": 0.9}
    assert any(row["role"] == "segmented image" for row in summary["inputs"])
    assert "uncertain" in json.dumps(summary["warnings"])
    assert "uncertain" in capsys.readouterr().err


def test_code_of_a_model_runs_only_when_it_is_trusted(use, image, tmp_path, models, capsys):
    folder = str(bundle(tmp_path / "mine"))
    demo = ["demo", "--segment", "--model", folder, "--output", str(tmp_path / "demo"), "--progress", "none"]
    assert run(image, tmp_path / "out", "--model", folder) == main(demo) == 2
    assert capsys.readouterr().err.count("add --trust") == 2
    asked = use(np.zeros_like(LABELS))
    assert run(image, tmp_path / "out", "--model", folder, "--trust") == 2
    use(np.zeros_like(reference_object().mask.array))
    assert main([*demo, "--trust"]) == 2
    assert asked == [(folder, True)] * 2
    assert "add --trust" not in capsys.readouterr().err


def test_a_sinus_that_the_network_outlines_is_the_pelvis(use, image, tmp_path):
    middle = (np.abs(np.abs(X) - 45) < 7) & (np.abs(Z) < 15) & (LABELS > 0)
    with_sinus = np.where(middle, LABELS + 4, LABELS).astype(np.uint8)
    use(with_sinus)
    assert run(image, tmp_path / "out", "--exclude-pelvis", "5") == 0
    pelvis = read_image(tmp_path / "out" / "pelvis.nii.gz")[0].array > 0
    assert pelvis.any()
    assert (pelvis == (with_sinus > 4)).all()


def test_an_image_without_kidneys_is_answered_by_one_sentence(use, image, tmp_path, capsys):
    use(np.zeros_like(LABELS))
    assert run(image, tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "t2w.nii.gz" in error
    assert "--mask" in error
    assert not (tmp_path / "out").exists()


def test_labels_of_a_network_need_no_explanation(image, tmp_path, capsys):
    assert run(image, tmp_path / "out", "--labels", "1=left") == 2
    assert "--labels belongs to --mask" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--mask", "a.nii.gz", "--segment", "b.nii.gz"]])
def test_either_a_mask_or_an_image_to_segment_is_needed(words, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["run", *words, "--output", str(tmp_path / "out")])
    assert caught.value.code == 2
    assert "--mask" in capsys.readouterr().err


def test_the_demonstration_tells_how_well_the_network_outlines_its_object(use, tmp_path, capsys):
    use(reference_object(PhantomSettings(with_cyst=True, tissue_noise_mm=0.5)).mask.array)
    assert main(["demo", "--segment", "--output", str(tmp_path / "demo")]) == 0
    told = capsys.readouterr().out
    assert told.count("Dice 1.000") == 3
    assert "R2* gradient" in told
