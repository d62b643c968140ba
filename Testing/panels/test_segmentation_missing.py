"""What the network needs and is not there: Python packages, other programs, their weights."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from Testing.host import mouse
from Testing.panels.worklist_folder import open_, outlineAll, states, writeImages


def test_missing_torch_asks_for_the_extension_that_installs_it(segmentation: Any) -> None:
    import slicer.packaging

    slicer.packaging.pretended["torch"] = False
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    segmentation.apply()
    assert "install the extension PyTorch in the Extensions Manager" in segmentation.error
    assert segmentation.panel.process.identifier is None


def test_missing_torch_is_installed_by_the_pytorch_extension_with_consent(segmentation: Any, monkeypatch: Any) -> None:
    import slicer.packaging

    slicer.packaging.pretended["torch"] = False
    asked = []

    class PyTorchUtilsLogic:
        def installTorch(self, askConfirmation: bool, torchVersionRequirement: str) -> Any:
            asked.append((askConfirmation, torchVersionRequirement))
            return None if len(asked) == 1 else SimpleNamespace()

    monkeypatch.setitem(sys.modules, "PyTorchUtils", SimpleNamespace(PyTorchUtilsLogic=PyTorchUtilsLogic))
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    segmentation.apply()
    assert "press Apply again and agree to install it" in segmentation.error
    segmentation.apply()
    assert asked == [(True, ">=2.6")] * 2
    assert segmentation.segmentation is not None


def test_other_missing_packages_are_asked_for_by_slicer(segmentation: Any) -> None:
    import slicer.packaging

    slicer.packaging.pretended["monai"] = False
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    segmentation.apply()
    assert "The Python packages monai are needed" in segmentation.error
    assert [request.action for request in slicer.packaging.requests] == ["ensure"]


@pytest.mark.parametrize(("what", "name"), [
    ("TotalSegmentator is not installed", "totalsegmentator"),
    ("The weights of TotalSegmentator, CT are missing", "totalsegmentator"),
    ("nnU-Net v2 is not installed", "nnunet"),
])  # fmt: skip
def test_a_program_that_is_missing_is_not_taken_for_damaged_weights_and_can_be_fetched(
    segmentation: Any, monkeypatch: Any, what: str, name: str
) -> None:
    import qt

    command = f"renal-segmentation models install {name} --yes"
    monkeypatch.setenv("RENAL_FAKE", f"fail:renal-segmentation: {what}: {command}.")
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    segmentation.apply()
    assert segmentation.error == f"{what}: fetch what is missing, or choose another model."
    assert segmentation.ui.remedyButton.text == "Fetch what is not installed"
    segmentation.host.dialogs.answerWith(qt.QMessageBox.Yes)
    mouse.click(segmentation.ui.remedyButton)
    segmentation.rest()
    assert " MB, licence Apache-2.0" in segmentation.host.dialogs.texts("question")[0]
    assert f"fake models install {name} --yes" in segmentation.ui.logText.plainText
    assert segmentation.status == "The model is installed: press Apply."


@pytest.mark.parametrize("agrees", [True, False])
def test_a_model_that_is_not_installed_is_asked_for_before_a_worklist_is_outlined(
    segmentation: Any, tmp_path: Path, monkeypatch: Any, agrees: bool
) -> None:
    import qt

    monkeypatch.setenv("RENAL_MODELS", str(tmp_path / "models"))
    segmentation.host.mainWindow.resize(1500, 2600)
    segmentation.openSection("worklistButton")
    open_(segmentation, writeImages(tmp_path))
    mouse.choose(segmentation.ui.modelBox, "TotalSegmentator, MRI")
    segmentation.host.dialogs.answerWith(qt.QMessageBox.Yes if agrees else qt.QMessageBox.No)
    outlineAll(segmentation)
    assert segmentation.host.dialogs.texts("question")[0].startswith("'TotalSegmentator, MRI' is not installed. Fetch")
    assert states(segmentation) == ["waiting"] * 3
    if agrees:
        assert "fake models install totalsegmentator-mr --yes" in segmentation.ui.logText.plainText
        assert segmentation.status == "The model is installed: press Apply, or outline the worklist."
    else:
        assert segmentation.error.startswith("The model was not installed")
