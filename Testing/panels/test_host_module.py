"""A scripted module lives in the host as in Slicer: load, enter, use, scene close, reload, unload."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
import slicer.util
from Testing.host import mouse
from Testing.host.observers import countObservers, observersOf

NAME = "HostExample"


def volume(value: float = 50, name: str = "T1") -> Any:
    return slicer.util.addVolumeFromArray(np.full((3, 3, 3), float(value)), name=name)


def test_a_loaded_module_is_where_slicer_has_it(host: Any, example: Any) -> None:
    module = slicer.modules.hostexample
    assert (module.name, module.title, module.categories) == (NAME, "Host example", ("Examples",))
    assert Path(module.path).name == "HostExample.py"
    assert slicer.modules.HostExampleWidget is example
    assert slicer.util.getModuleWidget(NAME) is example
    assert slicer.util.getModuleLogic(NAME) is example.logic
    assert slicer.util.selectedModule() == NAME
    assert NAME in slicer.util.moduleNames()
    assert example.parent.isEntered
    assert isinstance(module.widgetRepresentation(), slicer.qSlicerScriptedLoadableModuleWidget)
    with pytest.raises(RuntimeError, match="no module"):
        slicer.util.selectModule("NoSuchModule")


def test_a_click_on_apply_computes_and_shows(host: Any, example: Any) -> None:
    assert not example.ui.applyButton.enabled
    assert example.ui.applyButton.toolTip == "Choose a volume first"
    node = volume()
    mouse.choose(example.ui.inputSelector, "T1")
    assert example._parameters.inputVolume is node
    mouse.click(example.ui.applyButton)
    assert example.ui.resultLabel.text == "27"
    mouse.enterNumber(example.ui.thresholdSlider, 60)
    mouse.click(example.ui.applyButton)
    assert example.ui.resultLabel.text == "0"


def test_an_error_is_worded_for_a_person(host: Any, example: Any) -> None:
    example._parameters.inputVolume = volume(0)
    with host.expectError(ValueError):
        mouse.click(example.ui.applyButton)
    assert host.dialogs.texts("error") == ["Cannot count.\n\nThe volume is empty."]


def test_a_question_is_answered(host: Any, example: Any) -> None:
    import qt

    example.ui.resultLabel.text = "27"
    host.dialogs.answerWith(qt.QMessageBox.Cancel, qt.QMessageBox.Ok)
    mouse.click(example.ui.deleteButton)
    assert example.ui.resultLabel.text == "27"
    mouse.click(example.ui.deleteButton)
    assert example.ui.resultLabel.text == ""


def test_the_range_is_dragged_into_the_parameters(host: Any, example: Any) -> None:
    mouse.dragRangeHandle(example.ui.rangeWidget, "maximum", 20)
    assert example._parameters.range.maximum == pytest.approx(20, abs=0.5)


def test_parameters_are_bound_to_nested_names_and_enumerations(host: Any, example: Any) -> None:
    mouse.choose(example.ui.modelCombo, "Proportional")
    assert example._parameters.model.value == "proportional"
    example.ui.advancedButton.collapsed = False
    example.ui.placeName.text = "there"
    assert example._parameters.place.name == "there"


def test_switching_modules_leaves_one_and_enters_the_other(host: Any, example: Any) -> None:
    slicer.util.selectModule("Data")
    assert not example.parent.isEntered
    assert example._parameters is None
    assert slicer.util.selectedModule() == "Data"
    slicer.util.selectModule(NAME)
    assert example.parent.isEntered
    assert example._parameters is not None


def test_closing_the_scene_gives_new_parameters(host: Any, example: Any) -> None:
    example._parameters.threshold = 33.0
    slicer.mrmlScene.Clear()
    assert example._parameters.threshold == 10
    assert example.ui.thresholdSlider.value == 10


def test_parameters_come_back_with_the_scene(host: Any, example: Any, tmp_path: Path) -> None:
    example._parameters.inputVolume = volume()
    mouse.enterNumber(example.ui.thresholdSlider, 42)
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"), {})
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(str(tmp_path / "scene.mrb"), {})
    slicer.util.selectModule("")
    slicer.util.selectModule(NAME)
    assert example.ui.thresholdSlider.value == 42
    assert example.ui.inputSelector.currentNode().GetName() == "T1"


def test_reload_runs_the_file_again_and_leaves_no_observer(host: Any, example: Any) -> None:
    volume()
    before = countObservers(slicer.mrmlScene)
    first = sys.modules[NAME]
    again = host.reload(NAME)
    assert again is not example
    assert sys.modules[NAME] is not first
    assert slicer.modules.HostExampleWidget is again
    assert countObservers(slicer.mrmlScene) == before
    host.reload(NAME)
    assert countObservers(slicer.mrmlScene) == before
    assert example.Observations == []


def test_unload_leaves_no_observer_and_no_trace(host: Any, examplePath: Path) -> None:
    before = countObservers(slicer.mrmlScene)
    host.open(examplePath)
    assert countObservers(slicer.mrmlScene) != before
    host.unload(NAME)
    after = countObservers(slicer.mrmlScene)
    assert {key: count for key, count in after.items() if before.get(key) != count} == {}
    assert not hasattr(slicer.modules, "hostexample")
    assert NAME not in sys.modules


def test_observers_of_a_deleted_widget_are_gone(host: Any) -> None:
    before = countObservers(slicer.mrmlScene, pythonOnly=False)
    selector = slicer.qMRMLNodeComboBox()
    selector.setMRMLScene(slicer.mrmlScene)
    assert countObservers(slicer.mrmlScene, pythonOnly=False) != before
    selector.deleteLater()
    host.wait()
    assert countObservers(slicer.mrmlScene, pythonOnly=False) == before


def test_no_part_of_a_wide_module_is_cut_off(host: Any, example: Any) -> None:
    import qt

    host.mainWindow.show()
    wide = qt.QLabel("wide", example.parent)
    wide.setMinimumWidth(640)
    example.layout.addWidget(wide)
    host.waitUntil(lambda: wide.visibleRegion().boundingRect().width() == wide.width >= 640)


def test_an_observer_that_is_left_over_is_counted(host: Any) -> None:
    node = volume()
    before = countObservers(slicer.mrmlScene)
    tag = node.AddObserver("ModifiedEvent", print)
    assert countObservers(slicer.mrmlScene)[node.GetID()] == before[node.GetID()] + 1
    assert len(observersOf(node)) > 0
    node.RemoveObserver(tag)
    assert countObservers(slicer.mrmlScene) == before


def test_the_developer_section_reloads_and_tests(host: Any, examplePath: Path) -> None:
    import qt

    qt.QSettings().setValue("Developer/DeveloperMode", True)
    host.mainWindow.show()
    widget = host.open(examplePath)
    mouse.click(widget.reloadTestMenuButton)
    assert slicer.util.getModuleWidget(NAME) is not widget


def test_the_modules_own_test_runs(host: Any, example: Any) -> None:
    slicer.selfTests[NAME]()


def test_the_module_manager_tells_what_it_loads_and_unloads(host: Any, examplePath: Path) -> None:
    told: list[str] = []
    slicer.app.moduleManager().connect("moduleLoaded(QString)", told.append)
    slicer.app.moduleManager().connect("moduleAboutToBeUnloaded(QString)", told.append)
    host.load(examplePath)
    host.unload(NAME)
    assert told == [NAME, NAME]
