"""The panel with the real command in a process of its own."""

from __future__ import annotations

import os
import signal
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import slicer
from Testing.host import mouse
from Testing.panels.segmentation_panel import isAlive

from renal_layers.phantom import PhantomSettings
from renal_segmentation.models import shipped

REAL = (sys.executable, "-m", "renal_segmentation", "predict")


@pytest.fixture
def real(segmentation: Any, tmp_path: Path, monkeypatch: Any) -> Any:
    """Have the real command outline the kidneys, with an empty folder for models."""
    monkeypatch.setenv("RENAL_MODELS", str(tmp_path / "models"))
    segmentation.logic.predictor = REAL
    return segmentation


def bundle(folder: Path, damaged: bool = True) -> Path:
    """Write a bundle; a damaged one has weights that were changed after their checksum was taken."""
    torch = pytest.importorskip("torch")
    from renal_segmentation.network.bundle import WEIGHTS, write_bundle

    state = {"w": torch.zeros(1)}
    networks = {stage: {"features": [4, 8], "thin": 1} for stage in ("localiser", "refiner")}
    write_bundle(folder, dict.fromkeys(networks, state), networks, "a-test", {"summary": "a test"})
    if damaged:
        with (folder / WEIGHTS).open("ab") as stream:
            stream.write(b"one byte more")
    return folder


def test_weights_with_a_wrong_checksum_are_refused_and_the_import_is_offered(real: Any, tmp_path: Path) -> None:
    mouse.choose(real.ui.inputSelector, "T2w")
    real.parameters.model = str(bundle(tmp_path / "bundle"))
    real.apply()
    assert "The weights of the model cannot be used" in real.error
    assert "is not the file that its metadata names" in real.error
    assert real.ui.remedyButton.text == "Import the model from a file"
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_a_file_that_is_no_model_is_named(real: Any, tmp_path: Path) -> None:
    path = tmp_path / "notes.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes/readme.txt", "milk, bread")
    real.host.dialogs.answerWith(str(path))
    mouse.click(real.ui.importModelButton)
    real.rest()
    assert "holds no model" in real.error
    assert real.ui.applyButton.text == "Apply"


def test_a_model_is_imported_from_a_file_chosen_and_removed_again(real: Any, tmp_path: Path) -> None:
    import qt

    folder = bundle(tmp_path / "my-kidneys", damaged=False)
    with zipfile.ZipFile(tmp_path / "my-kidneys.zip", "w") as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(tmp_path))
    real.host.dialogs.answerWith(str(tmp_path / "my-kidneys.zip"))
    mouse.click(real.ui.importModelButton)
    real.rest()
    assert real.status == "The model is installed: press Apply."
    assert real.parameters.model == "my-kidneys"
    assert "MRI and CT" in real.ui.modelLabel.text
    real.host.dialogs.answerWith(qt.QMessageBox.Yes)
    mouse.click(real.ui.removeModelButton)
    assert not (tmp_path / "models" / "my-kidneys").exists()
    assert real.parameters.model != "my-kidneys"


@pytest.mark.parametrize("trusted", [True, False])
def test_weights_that_can_run_code_are_imported_with_the_users_trust_only(
    real: Any, tmp_path: Path, trusted: bool
) -> None:
    import qt

    name = "Dataset850_TotalSegMRI_part1_organs_1088subj"
    with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
        for file in ("dataset.json", "plans.json", "fold_0/checkpoint_final.pth"):
            archive.writestr(f"{name}/nnUNetTrainer__nnUNetPlans__3d_fullres/{file}", "{}")
    real.host.dialogs.answerWith(str(tmp_path / f"{name}.zip"))
    real.host.dialogs.answerWith(qt.QMessageBox.Yes if trusted else qt.QMessageBox.No)
    mouse.click(real.ui.importModelButton)
    real.rest()
    assert real.host.dialogs.texts("question")[0].startswith(f"'{name}.zip' holds weights that can run code")
    if trusted:
        assert real.status == "The model is installed: press Apply."
    else:
        assert real.error.startswith("The weights were not imported")
    weights = tmp_path / "models" / ".environments" / "totalsegmentator-weights"
    assert (weights / name).is_dir() == trusted


def test_an_unknown_model_of_an_old_scene_is_named_with_those_there_are(real: Any) -> None:
    mouse.choose(real.ui.inputSelector, "T2w")
    real.parameters.model = "gone"
    real.apply()
    assert "There is no model or folder gone: the models are" in real.error


def test_a_program_that_is_not_installed_is_fetched_only_with_consent(real: Any) -> None:
    import qt

    mouse.choose(real.ui.inputSelector, "T2w")
    mouse.choose(real.ui.modelBox, "TotalSegmentator, MRI")
    assert "not installed yet" in real.ui.modelLabel.text
    assert "licence Apache-2.0" in real.ui.modelLabel.text
    real.host.dialogs.answerWith(qt.QMessageBox.No)
    mouse.click(real.ui.applyButton)
    assert " MB, licence Apache-2.0" in real.host.dialogs.texts("question")[0]
    assert "The model was not installed" in real.error
    assert real.panel.process.identifier is None


WITH_WEIGHTS = pytest.mark.skipif(shipped.folder() is None, reason="this copy comes without the weights of its model")
COARSE = PhantomSettings(spacing=(2.5, 2.5, 4.0), axes="LIP")


def begin(real: Any) -> int:
    """Choose a whole reference object, press Apply, wait until the network is at work; return its process ID."""
    real.load(COARSE, "Whole")
    mouse.choose(real.ui.inputSelector, "Whole")
    mouse.click(real.ui.applyButton)
    real.host.waitUntil(lambda: "Finding the kidneys" in real.ui.logText.plainText, 120000)
    return int(real.panel.process.identifier)


@WITH_WEIGHTS
def test_the_shipped_model_outlines_the_reference_object_through_the_real_command(real: Any) -> None:
    begin(real)
    real.host.waitUntil(lambda: real.panel.isResting, 300000)
    assert real.status.startswith("Done in ")
    truth, found = real.subject.mask.array, real.sides()
    # How good the model is, the tests of the network tell; here each side must be found where it is.
    for side in (1, 2):
        both = ((found == side) & (truth == side)).sum()
        assert 2 * both / ((found == side).sum() + (truth == side).sum()) > 0.6
    assert float(real.table(real.ui.volumesTable)[0][1]) > 100
    real.openSection("reviewButton")
    assert real.table(real.ui.checksTable)[5][0] == "✓"
    assert "The network is" in real.table(real.ui.checksTable)[6][2]


@WITH_WEIGHTS
def test_the_real_command_is_cancelled_in_the_middle(real: Any) -> None:
    program = begin(real)
    mouse.click(real.ui.applyButton)
    real.rest()
    assert not isAlive(program)
    assert real.status == "Cancelled; nothing was changed."
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


@WITH_WEIGHTS
def test_the_real_command_that_is_killed_from_outside_is_told(real: Any) -> None:
    os.kill(begin(real), signal.SIGKILL)
    real.rest()
    assert "was ended from outside" in real.error
    assert real.ui.remedyButton.text == "Try again with less memory"
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []
