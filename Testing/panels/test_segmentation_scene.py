"""What stays in the scene, what goes with it, and what goes on to RenalLayers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
from Testing.host import mouse
from Testing.host.observers import countObservers, observersOf
from Testing.panels.segmentation_panel import isAlive

from renal_segmentation.files import write_image


def stroke(array: np.ndarray) -> None:
    """Take the part of a kidney beyond its middle along the first axis away."""
    rows = np.flatnonzero(array.any(axis=(1, 2)))
    array[rows[len(rows) // 2] :] = 0


def reviewed(segmentation: Any) -> None:
    """Outline, correct and review."""
    segmentation.host.mainWindow.resize(1500, 2600)
    segmentation.outline()
    segmentation.openSection("reviewButton")
    segmentation.paint(stroke)
    segmentation.rest()
    mouse.enterNumber(segmentation.ui.heightSpin, 180)
    mouse.enterNumber(segmentation.ui.weightSpin, 80)
    mouse.type_(segmentation.ui.reviewerEdit, "Ada")
    # QTest types ASCII only.
    segmentation.ui.commentEdit.plainText = "Größe: 'gut' <&>; 100 %"
    mouse.click(segmentation.ui.saveReviewButton)


def shown(segmentation: Any) -> list[Any]:
    """Return what the panel shows."""
    ui = segmentation.ui
    tables = [segmentation.table(table) for table in (ui.volumesTable, ui.checksTable, ui.agreementTable)]
    return [*tables, ui.recordLabel.text, ui.heightSpin.value, ui.bodyLabel.text, ui.smoothingSpin.value]


@pytest.mark.parametrize("suffix", ["mrb", "mrml"])
def test_a_saved_scene_has_segmentation_outline_record_and_parameters_after_loading(
    segmentation: Any, tmp_path: Path, suffix: str
) -> None:
    from RenalSegmentationLib.Records import recordsOf

    reviewed(segmentation)
    segmentation.openSection("correctButton")
    mouse.enterNumber(segmentation.ui.smoothingSpin, 3)
    before, sides = shown(segmentation), segmentation.sides().copy()
    copy = segmentation.sides(segmentation.segmentation.GetNodeReference("Renal.AI")).copy()
    records = recordsOf(segmentation.segmentation)
    path = tmp_path / f"case.{suffix}"
    if suffix == "mrml":
        for node in slicer.util.getNodesByClass("vtkMRMLStorableNode"):
            if node.GetClassName() in ("vtkMRMLScalarVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLTextNode"):
                extension = {"vtkMRMLSegmentationNode": "seg.nrrd", "vtkMRMLTextNode": "txt"}
                name = f"{node.GetID()}.{extension.get(node.GetClassName(), 'nrrd')}"
                slicer.util.saveNode(node, str(tmp_path / name))
    slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(0)
    segmentation.host.wait(20)
    assert segmentation.table(segmentation.ui.volumesTable) == []
    slicer.util.loadScene(str(path))
    segmentation.rest()
    assert shown(segmentation) == before
    np.testing.assert_array_equal(segmentation.sides(), sides)
    outline = segmentation.segmentation.GetNodeReference("Renal.AI")
    np.testing.assert_array_equal(segmentation.sides(outline), copy)
    assert not outline.GetDisplayNode().GetVisibility()
    assert recordsOf(segmentation.segmentation) == records
    assert records[0]["comment"] == "Größe: 'gut' <&>; 100 %"
    assert segmentation.parameters.inputVolume.GetName() == "T2w"


def use(segmentation: Any) -> None:
    """Run the module with everything that it watches switched on."""
    if segmentation.segmentation is None:
        segmentation.outline()
    segmentation.openSection("correctButton")
    segmentation.openSection("reviewButton")
    segmentation.parameters.showChanges = True
    segmentation.ui.segmentEditor.setActiveEffectByName("Paint")
    segmentation.paint(stroke)
    segmentation.rest()


def test_a_module_that_was_opened_many_times_shows_each_change_once_and_keeps_every_choice(segmentation: Any) -> None:
    from RenalSegmentationLib.Parameters import Contrast

    segmentation.parameters.contrast = Contrast.CortexBright
    once = len(observersOf(segmentation.parameters.parameterNode))
    for _ in range(3):
        slicer.util.selectModule("Data")
        slicer.util.selectModule("RenalSegmentation")
        segmentation.rest()
    assert len(observersOf(segmentation.parameters.parameterNode)) == once
    assert segmentation.parameters.contrast == Contrast.CortexBright


def test_parameters_that_change_after_the_panel_has_gone_reach_no_widget(segmentation: Any) -> None:
    parameters, box = segmentation.parameters, segmentation.ui.contrastBox
    shown = box.currentIndex
    segmentation.host.reload("RenalSegmentation")
    parameters.contrast = next(one for one in type(parameters.contrast) if one != parameters.contrast)
    assert box.currentIndex == shown


def test_reload_and_unload_leave_no_observer_behind(segmentation: Any) -> None:
    use(segmentation)
    segmentation.host.unload("RenalSegmentation")
    without = countObservers(slicer.mrmlScene)
    segmentation.open()
    use(segmentation)
    once = countObservers(slicer.mrmlScene)
    for _ in range(2):
        segmentation.widget = segmentation.host.reload("RenalSegmentation")
        segmentation.useFake()
        use(segmentation)
        assert countObservers(slicer.mrmlScene) == once
    assert sum(once.values()) > sum(without.values())
    segmentation.host.unload("RenalSegmentation")
    assert countObservers(slicer.mrmlScene) == without


def test_leaving_the_module_gives_the_mouse_and_the_observers_back(segmentation: Any) -> None:
    use(segmentation)
    mouse.click(segmentation.ui.showAiCheck)
    contour = segmentation.segmentation.GetNodeReference("Renal.AI").GetDisplayNode()
    assert contour.GetVisibility()
    slicer.util.selectModule("Data")
    segmentation.host.wait(20)
    assert segmentation.ui.segmentEditor.activeEffect() is None
    assert not contour.GetVisibility()
    away = countObservers(slicer.mrmlScene)
    slicer.util.selectModule("RenalSegmentation")
    segmentation.rest()
    assert contour.GetVisibility()
    assert sum(countObservers(slicer.mrmlScene).values()) > sum(away.values())
    slicer.util.selectModule("Data")
    segmentation.host.wait(20)
    assert countObservers(slicer.mrmlScene) == away


def running(segmentation: Any, monkeypatch: Any) -> int:
    """Start a run that does not end and return its process ID."""
    monkeypatch.setenv("RENAL_FAKE", "hang")
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    mouse.click(segmentation.ui.applyButton)
    segmentation.host.waitUntil(lambda: "outlining" in segmentation.status, 30000)
    return int(segmentation.panel.process.identifier)


def test_closing_the_scene_in_the_middle_of_a_run_ends_it(segmentation: Any, monkeypatch: Any) -> None:
    program = running(segmentation, monkeypatch)
    slicer.mrmlScene.Clear(0)
    segmentation.host.wait(50)
    assert not isAlive(program)
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []
    assert segmentation.ui.applyButton.text == "Apply"
    assert not segmentation.ui.applyButton.enabled
    assert list(Path(slicer.app.temporaryPath).glob("renal-*")) == []


def test_unloading_the_module_in_the_middle_of_a_run_ends_it(segmentation: Any, monkeypatch: Any) -> None:
    program = running(segmentation, monkeypatch)
    segmentation.host.unload("RenalSegmentation")
    assert not isAlive(program)
    assert list(Path(slicer.app.temporaryPath).glob("renal-*")) == []


def test_a_run_goes_on_while_another_module_is_open(segmentation: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("RENAL_FAKE", "slow:0.5")
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    mouse.click(segmentation.ui.applyButton)
    slicer.util.selectModule("Data")
    segmentation.rest()
    assert segmentation.segmentation is not None
    slicer.util.selectModule("RenalSegmentation")
    segmentation.rest()
    assert len(segmentation.table(segmentation.ui.volumesTable)) == 3


def test_an_image_that_is_removed_during_the_run_is_told(segmentation: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("RENAL_FAKE", "slow:0.5")
    mouse.choose(segmentation.ui.inputSelector, "T2w")
    mouse.click(segmentation.ui.applyButton)
    slicer.mrmlScene.RemoveNode(segmentation.image)
    segmentation.rest()
    assert "was removed while the network was at work" in segmentation.error
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_an_outline_is_not_put_on_an_image_that_took_the_place_of_its_own(
    segmentation: Any, monkeypatch: Any, tmp_path: Path
) -> None:
    subject = segmentation.subject.t2w
    files = [tmp_path / f"{name}.nii.gz" for name in ("one", "other")]
    for path in files:
        write_image(path, subject.array.astype(np.float32), subject.grid, "T2w")
    slicer.mrmlScene.RemoveNode(segmentation.image)
    segmentation.image = slicer.util.loadVolume(str(files[0]))
    monkeypatch.setenv("RENAL_FAKE", "slow:0.5")
    mouse.choose(segmentation.ui.inputSelector, "one")
    mouse.click(segmentation.ui.applyButton)
    slicer.mrmlScene.RemoveNode(segmentation.image)
    other = slicer.util.loadVolume(str(files[1]))
    assert other.GetID() == segmentation.image.GetID()
    segmentation.rest()
    assert "was removed while the network was at work" in segmentation.error
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_the_module_works_on_in_a_new_scene(segmentation: Any) -> None:
    segmentation.outline()
    slicer.mrmlScene.Clear(0)
    segmentation.host.wait(20)
    segmentation.load()
    segmentation.openSection("correctButton")
    node = segmentation.outline()
    assert segmentation.ui.segmentEditor.segmentationNode() is node
    mouse.click(segmentation.ui.swapButton)
    segmentation.rest()
    assert "swapped" in segmentation.status


def test_layers_open_with_this_segmentation_and_follow_corrections_made_here(segmentation: Any) -> None:
    from Testing.panels.layers_panel import MODULE

    segmentation.host.open(MODULE)
    slicer.util.selectModule("RenalSegmentation")
    node = segmentation.outline()
    mouse.click(segmentation.ui.handOverButton)
    layers = slicer.util.getModuleWidget("RenalLayers")
    assert layers.parent.isEntered
    parameters = layers.logic.getParameterNode()
    assert parameters.segmentation is node
    assert (parameters.leftSegment, parameters.rightSegment) == ("Left-kidney", "Right-kidney")
    mouse.click(layers.panel.ui.applyButton)
    segmentation.host.waitUntil(lambda: layers.panel.isResting, 30000)
    study = layers.logic.study(parameters)
    before = slicer.util.arrayFromVolume(study.find("depth")).copy()
    slicer.util.selectModule("RenalSegmentation")
    segmentation.rest()
    segmentation.paint(stroke)
    segmentation.rest()
    after = slicer.util.arrayFromVolume(layers.logic.study(parameters).find("depth"))
    assert (after > 0).sum() < 0.8 * (before > 0).sum()


def test_cortex_and_medulla_made_here_are_tissue_there(segmentation: Any) -> None:
    from Testing.panels.layers_panel import MODULE

    segmentation.host.open(MODULE)
    slicer.util.selectModule("RenalSegmentation")
    segmentation.outline()
    segmentation.add(segmentation.subject.t1w, "T1w")
    segmentation.openSection("tissueButton")
    mouse.choose(segmentation.ui.tissueSelector, "T1w")
    mouse.click(segmentation.ui.splitTissueButton)
    segmentation.rest()
    mouse.click(segmentation.ui.handOverButton)
    parameters = slicer.util.getModuleWidget("RenalLayers").logic.getParameterNode()
    assert (parameters.cortexSegment, parameters.medullaSegment) == ("Cortex", "Medulla")


def test_without_renal_layers_the_hand_over_says_so(segmentation: Any) -> None:
    segmentation.outline()
    mouse.click(segmentation.ui.handOverButton)
    assert "Renal Layers is not there" in segmentation.error


def test_the_modules_own_test_passes(host: Any) -> None:
    from Testing.panels.segmentation_panel import MODULE

    host.open(MODULE)
    slicer.selfTests["RenalSegmentation"]()
