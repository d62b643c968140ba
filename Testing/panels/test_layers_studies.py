"""Each segmentation keeps its own study, whatever is chosen, imported, copied or moved in the scene."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk
from Testing.host import mouse
from Testing.panels.layers_panel import SMALL, endless

from RenalLayersLib.Study import studyOf
from RenalLayersLib.Tables import columnsOfTable

OTHER = replace(SMALL, spacing=(4.0, 4.0, 6.0))


def volumes(segmentation: Any) -> list[float]:
    """Return the kidney volumes in the study of a segmentation, ml."""
    return columnsOfTable(studyOf(segmentation).find("volumes"))["volume_ml"]


def second_patient(layers: Any, name: str = "Patient B") -> Any:
    """Put another reference object into the scene and return the segmentation of the first one."""
    first = layers.segmentation
    layers.load(OTHER)
    layers.segmentation.SetName(name)
    return first


def test_another_segmentation_has_a_study_of_its_own_and_leaves_the_first_ones_alone(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    first = second_patient(layers)
    before = volumes(first)
    layers.choose()
    assert layers.study is None
    assert layers.table(layers.ui.profileTable) == []
    layers.apply()
    assert layers.study.name == "Patient B: renal layers"
    assert volumes(first) == before
    assert volumes(layers.segmentation) != before


def test_going_back_to_the_first_segmentation_shows_its_results_again(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    rows, summary = layers.table(layers.ui.profileTable), layers.ui.volumesLabel.text
    first = second_patient(layers)
    layers.choose()
    mouse.click(layers.ui.removeMapButton)
    layers.choose(layers.t1)
    layers.apply()
    assert layers.ui.shownMapBox.currentText == layers.t1.GetName()
    mouse.choose(layers.ui.segmentationSelector, first.GetName())
    assert (layers.table(layers.ui.profileTable), layers.ui.volumesLabel.text) == (rows, summary)
    plot = layers.host.layoutManager.plotWidget(0).mrmlPlotViewNode()
    assert plot.GetPlotChartNodeID() == studyOf(first).find("chart:R2*").GetID()
    composite = layers.host.layoutManager.sliceWidget("Red").sliceLogic().GetSliceCompositeNode()
    assert composite.GetLabelVolumeID() == studyOf(first).find("layers").GetID()


def test_segmentations_of_one_name_have_studies_of_different_names(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    first = second_patient(layers, layers.segmentation.GetName())
    layers.parameters.segmentation = layers.segmentation
    layers.apply()
    assert layers.study.name != studyOf(first).name
    assert layers.study.folderItem != studyOf(first).folderItem


def test_a_run_is_cancelled_when_another_segmentation_is_chosen(layers: Any, monkeypatch: Any) -> None:
    layers.choose(layers.r2star)
    second_patient(layers)
    monkeypatch.setattr(layers.logic, "compute", endless)
    mouse.click(layers.ui.applyButton)
    layers.host.wait(30)
    layers.choose()
    layers.rest()
    assert "Cancelled" in layers.ui.statusLabel.text
    assert layers.study is None


def test_layers_are_not_put_on_a_segmentation_that_took_the_place_of_the_measured_one(layers: Any) -> None:
    layers.choose(layers.r2star)
    job = layers.logic.prepare(layers.parameters)
    analysis = layers.logic.compute(job)
    identifier = layers.segmentation.GetID()
    other = slicer.vtkMRMLSegmentationNode()
    elsewhere = slicer.vtkMRMLScene()
    while other.GetID() != identifier:
        other = slicer.vtkMRMLSegmentationNode()
        elsewhere.AddNode(other)
    elsewhere.RemoveNode(other)
    slicer.mrmlScene.RemoveNode(layers.segmentation)
    slicer.mrmlScene.AddNode(other)
    assert other.GetID() == identifier
    layers.logic.show(job, analysis, layers.parameters)
    assert studyOf(other) is None


def test_a_stroke_on_a_segmentation_without_layers_changes_no_other_ones_layers(layers: Any) -> None:
    from RenalSegmentationLib.LiveLayers import LiveLayers

    layers.choose(layers.r2star)
    layers.apply()
    first = second_patient(layers)
    before = volumes(first)
    LiveLayers.open(layers.segmentation)
    layers.widget.exit()
    live = LiveLayers(lambda *said, **how: None)
    live.follow(layers.segmentation)
    layers.bite()
    layers.host.wait(120)
    layers.host.waitUntil(lambda: live.isResting, 20000)
    live.leave()
    assert volumes(first) == before
    assert studyOf(layers.segmentation) is None


def test_each_segmentation_keeps_its_study_when_a_scene_is_imported_twice(layers: Any, tmp_path: Path) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    assert slicer.util.saveScene(str(tmp_path / "study.mrb"))
    layers.bite()
    layers.apply()
    bitten = volumes(layers.segmentation)
    slicer.util.loadScene(str(tmp_path / "study.mrb"), {"clear": False})
    layers.host.wait(100)
    imported = layers.parameters.segmentation
    assert imported is not layers.segmentation
    assert volumes(layers.segmentation) == bitten
    assert volumes(imported)[0] > bitten[0]
    assert studyOf(imported).find("depth") is not studyOf(layers.segmentation).find("depth")


def hierarchy() -> Any:
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)


def test_a_copy_of_a_result_is_left_alone_by_the_next_run(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    depth = layers.study.find("depth")
    item = hierarchy().GetItemByDataNode(depth)
    clone = slicer.vtkSlicerSubjectHierarchyModuleLogic.CloneSubjectHierarchyItem(hierarchy(), item, "before")
    copied = hierarchy().GetItemDataNode(clone)
    before = slicer.util.arrayFromVolume(copied).copy()
    layers.bite()
    layers.apply()
    assert layers.study.find("depth") is depth
    assert (slicer.util.arrayFromVolume(depth) > 0).sum() < (before > 0).sum()
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(copied), before)
    assert copied.GetName() == "before"


def test_folders_and_names_that_a_person_changed_stay_as_they_are_in_the_next_run(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    folder, shown = layers.study.folderItem, hierarchy()
    patient = shown.CreateSubjectItem(shown.GetSceneItemID(), "Patient 1")
    shown.SetItemParent(folder, patient)
    shown.SetItemName(folder, "Baseline")
    surface = shown.GetItemByDataNode(layers.study.find("surface"))
    shown.SetItemParent(surface, patient)
    layers.study.find("depth").SetName("Depth of the baseline")
    layers.choose(layers.t1)
    layers.apply()
    assert layers.study.folderItem == folder
    assert (shown.GetItemParent(folder), shown.GetItemParent(surface)) == (patient, patient)
    assert shown.GetItemName(folder) == "Baseline"
    assert layers.study.find("depth").GetName() == "Depth of the baseline"
    new = shown.GetItemByDataNode(layers.study.find("profile:T1"))
    assert shown.GetItemParent(new) == folder
    tops = vtk.vtkIdList()
    shown.GetItemChildren(shown.GetSceneItemID(), tops)
    names = [shown.GetItemName(tops.GetId(n)) for n in range(tops.GetNumberOfIds())]
    assert not [name for name in names if "renal layers" in name]


def test_results_of_a_segmentation_that_is_gone_can_still_be_looked_at(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    rows = layers.table(layers.ui.profileTable)
    slicer.mrmlScene.RemoveNode(layers.segmentation)
    layers.rest()
    assert layers.table(layers.ui.profileTable) == rows
    assert not layers.ui.applyButton.enabled
