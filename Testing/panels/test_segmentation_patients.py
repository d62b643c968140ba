"""Images of several patients in one scene: what belongs to one is never taken for another's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import slicer
from Testing.host import mouse


@pytest.fixture
def patients(segmentation: Any) -> Any:
    """Outline the kidneys of a first patient, and have the image of a second one in the scene."""
    segmentation.host.mainWindow.resize(1500, 2600)
    segmentation.outline()
    segmentation.openSection("reviewButton")
    segmentation.second = segmentation.add(segmentation.subject.t2w, "Patient B")
    return segmentation


def test_the_image_for_cortex_and_medulla_goes_with_the_image_of_the_kidneys(patients: Any, tmp_path: Path) -> None:
    own = patients.add(patients.subject.t1w, "T1w")
    patients.openSection("tissueButton")
    mouse.choose(patients.ui.tissueSelector, "T1w")
    mouse.choose(patients.ui.inputSelector, "Patient B")
    assert patients.parameters.tissueVolume is None
    mouse.choose(patients.ui.tissueSelector, "Patient B")
    patients.apply()
    assert patients.parameters.tissueVolume is patients.second
    mouse.choose(patients.ui.inputSelector, "T2w")
    assert patients.parameters.tissueVolume is own
    assert patients.ui.splitTissueButton.enabled
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    patients.rest()
    assert patients.parameters.tissueVolume.GetName() == "T1w"
    mouse.choose(patients.ui.inputSelector, "Patient B")
    assert patients.parameters.tissueVolume.GetName() == "Patient B"
