"""The module and the scene: saving, loading, closing, reloading, transforms, and the same numbers everywhere."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import slicer
import vtk
from PySide6.QtWidgets import QMessageBox
from Testing.host import mouse
from Testing.host.observers import countObservers, observersOf
from Testing.panels.layers_panel import SMALL, endless

from renal_layers import QuantitativeMap, Settings, Tissue, analyse
from renal_layers.cli import main
from renal_layers.phantom import reference_object
from renal_segmentation.files import write_image
from RenalLayersLib.Tables import columnsOf, columnsOfTable


def reopened(layers: Any, path: Path) -> None:
    """Save the scene, close it, and load it again."""
    assert slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(0)
    layers.host.wait(20)
    slicer.util.loadScene(str(path))
    layers.host.wait(20)


def test_a_saved_scene_shows_the_same_results_and_parameters_after_loading(layers: Any, tmp_path: Path) -> None:
    layers.choose(layers.r2star, layers.t1)
    mouse.enterNumber(layers.ui.pelvisDistanceSlider, 8)
    mouse.choose(layers.ui.statisticBox, "Mean")
    layers.apply()
    mouse.choose(layers.ui.shownMapBox, "T1")
    shown = [layers.table(table) for table in (layers.ui.profileTable, layers.ui.gradientTable, layers.ui.mapsTable)]
    summary = layers.ui.volumesLabel.text
    reopened(layers, tmp_path / "study.mrb")
    again = [layers.table(table) for table in (layers.ui.profileTable, layers.ui.gradientTable, layers.ui.mapsTable)]
    assert again == shown
    assert layers.ui.volumesLabel.text == summary
    assert layers.ui.shownMapBox.currentText == "T1"
    assert layers.ui.statisticBox.currentText == "Mean"
    assert layers.ui.pelvisDistanceSlider.value == 8
    assert layers.ui.leftSegmentBox.currentText == "Left kidney"


def test_a_loaded_scene_can_be_looked_at_and_is_computed_again_in_place_when_that_is_asked_for(
    layers: Any, tmp_path: Path
) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    reopened(layers, tmp_path / "study.mrb")
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    depth = layers.study.find("depth").GetImageData().GetMTime()
    mouse.click(layers.ui.showBandCheck)
    assert layers.ui.statusLabel.text == ""
    mouse.dragRangeHandle(layers.ui.gradientRange, "maximum", 9.0)
    layers.rest()
    assert layers.study.find("depth").GetImageData().GetMTime() == depth
    assert layers.ui.statusLabel.text == "The gradient range has changed: press Apply to fit the new one."
    layers.apply()
    assert columnsOfTable(layers.study.find("gradient:R2*"))["high_mm"][0] == layers.parameters.gradientHigh
    assert layers.ui.statusLabel.text.startswith("Done")
    assert slicer.mrmlScene.GetNumberOfNodes() <= nodes


def test_a_layer_that_stands_out_is_not_left_so_by_saving_and_loading(layers: Any, tmp_path: Path) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    mouse.clickCell(layers.ui.profileTable, 2, 0)
    reopened(layers, tmp_path / "study.mrb")
    colors, color = layers.study.find("layers").GetDisplayNode().GetColorNode(), [0.0] * 4
    for entry in range(1, colors.GetNumberOfColors()):
        colors.GetColor(entry, color)
        assert color[3] == 1.0
    assert layers.study.find("depth").GetDisplayNode().GetLowerThreshold() < 0.01


@pytest.mark.parametrize("known", ["when Slicer starts", "when the module is opened"])
def test_a_session_that_never_ran_the_module_shows_the_saved_layout(layers: Any, tmp_path: Path, known: str) -> None:
    from RenalLayersLib.Layout import LAYOUT_ID

    layers.choose(layers.r2star)
    layers.apply()
    assert slicer.util.saveScene(str(tmp_path / "study.mrb"))
    layers.host.unload("RenalLayers")
    manager = layers.host.layoutManager
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    node = manager.layoutLogic().GetLayoutNode()
    node.SetLayoutDescription(LAYOUT_ID, "")
    slicer.mrmlScene.Clear(0)
    layers.host.load(layers.module)
    if known == "when Slicer starts":
        slicer.app.startupCompleted.emit()
    slicer.util.loadScene(str(tmp_path / "study.mrb"))
    if known == "when the module is opened":
        layers.open()
    layers.host.wait(20)
    assert manager.layout == LAYOUT_ID
    assert "vtkMRMLPlotViewNode" in node.GetCurrentLayoutDescription()


def use(layers: Any) -> None:
    """Run the module with everything that it watches switched on."""
    mouse.click(layers.ui.applyButton)
    layers.rest()
    layers.parameters.autoUpdate = True
    layers.rest()


def test_a_module_that_was_opened_many_times_shows_each_change_once_and_keeps_every_choice(layers: Any) -> None:
    from RenalLayersLib.Parameters import LayerModel

    layers.parameters.layerModel = LayerModel.EqualVolume
    once = len(observersOf(layers.parameters.parameterNode))
    for _ in range(3):
        slicer.util.selectModule("Data")
        slicer.util.selectModule("RenalLayers")
        layers.rest()
    assert len(observersOf(layers.parameters.parameterNode)) == once
    assert layers.parameters.layerModel == LayerModel.EqualVolume


def test_parameters_that_change_after_the_panel_has_gone_reach_no_widget(layers: Any) -> None:
    parameters, box = layers.parameters, layers.ui.layerModelBox
    shown = box.currentIndex
    layers.host.reload("RenalLayers")
    parameters.layerModel = next(one for one in type(parameters.layerModel) if one != parameters.layerModel)
    assert box.currentIndex == shown


def test_reload_and_unload_leave_no_observer_behind(layers: Any) -> None:
    layers.choose(layers.r2star)
    use(layers)
    layers.host.unload("RenalLayers")
    without = countObservers(slicer.mrmlScene)
    layers.open()
    use(layers)
    once = countObservers(slicer.mrmlScene)
    for _ in range(2):
        layers.widget = layers.host.reload("RenalLayers")
        use(layers)
        assert countObservers(slicer.mrmlScene) == once
    assert sum(once.values()) > sum(without.values())
    layers.host.unload("RenalLayers")
    assert countObservers(slicer.mrmlScene) == without


def test_closing_the_scene_in_the_middle_of_a_run_leaves_no_error_and_no_node(layers: Any, monkeypatch: Any) -> None:
    layers.choose(layers.r2star)
    monkeypatch.setattr(layers.logic, "compute", endless)
    mouse.click(layers.ui.applyButton)
    layers.host.wait(30)
    slicer.mrmlScene.Clear(0)
    layers.host.wait(50)
    left = [slicer.mrmlScene.GetNthNode(n) for n in range(slicer.mrmlScene.GetNumberOfNodes())]
    assert [node.GetName() for node in left if node.GetAttribute("Renal.Study")] == []
    assert layers.panel.isResting
    assert layers.ui.applyButton.text == "Apply"
    assert not layers.ui.applyButton.enabled


def test_the_module_works_on_in_a_new_scene(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    slicer.mrmlScene.Clear(0)
    layers.host.wait(20)
    assert layers.table(layers.ui.profileTable) == []
    layers.load()
    layers.choose(layers.t1)
    layers.apply()
    assert layers.study.find("chart:T1") is not None


LABELS = {"mask": ("Left kidney", "Right kidney"), "pelvis": ("Renal sinus",), "tissue": ("Cortex", "Medulla")}


def written(folder: Path) -> dict[str, Path]:
    """Write a reference object as NIfTI files and return them by name."""
    subject = reference_object(SMALL)
    volumes = {"image": subject.t2w, "r2star": subject.r2star, "t1": subject.t1}
    volumes |= {"mask": subject.mask, "pelvis": subject.sinus, "tissue": subject.tissue}
    files = {name: folder / f"{name}.nii.gz" for name in volumes}
    for name, volume in volumes.items():
        write_image(files[name], volume.array, volume.grid, name)
    return files


def loaded(layers: Any, files: dict[str, Path]) -> None:
    """Load the files into Slicer in place of what is in the scene, each label as a segment."""
    slicer.mrmlScene.Clear(0)
    layers.image = slicer.util.loadVolume(str(files["image"]), {"name": "T2w"})
    layers.r2star = slicer.util.loadVolume(str(files["r2star"]), {"name": "R2*"})
    layers.t1 = slicer.util.loadVolume(str(files["t1"]), {"name": "T1"})
    layers.segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "kidneys")
    layers.segmentation.SetReferenceImageGeometryParameterFromVolumeNode(layers.image)
    for file, names in LABELS.items():
        array = np.asarray(nibabel.load(files[file]).dataobj).transpose(2, 1, 0)
        for value, name in enumerate(names, start=1):
            identifier = layers.segmentation.GetSegmentation().AddEmptySegment(name, name)
            inside = (array == value).astype(np.uint8)
            slicer.util.updateSegmentBinaryLabelmapFromArray(inside, layers.segmentation, identifier, layers.image)
    layers.host.wait(20)


def assert_same(table: dict[str, list[Any]], rows: list[Any], printed: list[dict[str, str]]) -> None:
    """Compare a table in the scene with rows from Python and with lines of a CSV file, to the last bit."""
    for column, values in columnsOf(rows).items():
        np.testing.assert_array_equal(table[column], values)
        words = {"": "nan", "False": "0", "True": "1"}
        texts = [words.get(line[column], line[column]) for line in printed]
        np.testing.assert_array_equal(texts if isinstance(values, list) else np.array(texts, float), values)


@pytest.mark.parametrize("isOpen", [True, False], ids=["module open", "module opened afterwards"])
def test_the_scene_that_the_command_writes_is_shown_and_goes_on_from_there(
    layers: Any, tmp_path: Path, isOpen: bool
) -> None:
    files = written(tmp_path)
    arguments = f"run --mask {files['mask']} --labels 1=left 2=right --map R2*={files['r2star']}:1/s --scene"
    arguments += f" --layer-thickness 2 --gradient-range 0.2 0.6 --gradient-unit proportion --output {tmp_path / 'out'}"
    command = [sys.executable, "-c", "import sys; from renal_layers.cli import main; sys.exit(main())"]
    subprocess.run([*command, *arguments.split(), "--progress", "none"], check=True, capture_output=True)
    slicer.mrmlScene.Clear(0)
    if not isOpen:
        layers.widget.exit()
        layers.host.unload("RenalLayers")
    slicer.util.loadScene(str(tmp_path / "out" / "scene.mrb"))
    layers.open()
    layers.host.wait(50)
    table = columnsOfTable(layers.study.find("profile:R2*"))
    assert layers.table(layers.ui.profileTable)[0][0] == "0-2"
    assert layers.table(layers.ui.mapsTable) == [["R2* (1/s)", "R2*", "1/s"]]
    assert layers.ui.leftSegmentBox.currentText == "left kidney"
    assert (layers.parameters.gradientLow, layers.parameters.gradientHigh) == (20, 60)
    assert layers.ui.statusLabel.text == ""
    layers.apply()
    np.testing.assert_allclose(columnsOfTable(layers.study.find("profile:R2*"))["mean"], table["mean"], rtol=1e-6)
    assert layers.ui.statusLabel.text.startswith("Done")


def test_panel_command_and_python_give_the_same_numbers_to_the_last_bit(layers: Any, tmp_path: Path) -> None:
    files = written(tmp_path)
    loaded(layers, files)
    layers.choose(layers.r2star, layers.t1)
    mouse.enterNumber(layers.ui.pelvisDistanceSlider, 8)
    mouse.enterNumber(layers.ui.layerThicknessSlider, 2)
    layers.apply()
    maps = [QuantitativeMap(*named) for named in (("R2*", files["r2star"], "Hz"), ("T1", files["t1"], "ms"))]
    analysis = analyse(
        nibabel.load(files["mask"]),
        [QuantitativeMap(one.name, nibabel.load(one.image), one.unit) for one in maps],
        Settings(pelvis_distance_mm=8.0, layer_thickness_mm=2.0),
        labels={1: "left", 2: "right"},
        pelvis=nibabel.load(files["pelvis"]),
        tissue=Tissue(nibabel.load(files["tissue"]), {1: "cortex", 2: "medulla"}),
    )
    arguments = (
        f"run --mask {files['mask']} --labels 1=left 2=right --pelvis {files['pelvis']} --tissue {files['tissue']}"
    )
    arguments += " --tissue-label 1=cortex 2=medulla --exclude-pelvis 8 --layer-thickness 2 --progress none"
    arguments += f" --output {tmp_path / 'out'}" + "".join(f" --map {m.name}={m.image}:{m.unit}" for m in maps)
    assert main(arguments.split()) == 0
    for kind, rows in (("profile", analysis.profiles), ("gradient", analysis.gradients)):
        with (tmp_path / "out" / f"{kind}s.csv").open(newline="", encoding="utf-8") as stream:
            printed = list(csv.DictReader(stream))
        for name in ("R2*", "T1"):
            assert_same(
                columnsOfTable(layers.study.find(f"{kind}:{name}")),
                [row for row in rows if row.map == name],
                [line for line in printed if line["map"] == name],
            )
    thickness = columnsOfTable(layers.study.find("cortical thickness"))["thickness_mm"]
    assert thickness == [found.thickness_mm for found in analysis.thickness.values()]


def test_a_linear_transform_above_the_inputs_is_honoured(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    gradient = columnsOfTable(layers.study.find("gradient:R2*"))["slope"]
    place = layers.logic.analysis.layering.surface.points.mean(0)
    matrix = vtk.vtkMatrix4x4()
    turn = vtk.vtkTransform()
    turn.Translate(10, -20, 30)
    turn.RotateX(20)
    turn.GetMatrix(matrix)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Turn")
    node.SetMatrixTransformToParent(matrix)
    for moved in (layers.segmentation, layers.r2star):
        moved.SetAndObserveTransformNodeID(node.GetID())
    layers.apply()
    np.testing.assert_allclose(columnsOfTable(layers.study.find("gradient:R2*"))["slope"], gradient, rtol=1e-5)
    expected = np.array(turn.TransformPoint(place))
    np.testing.assert_allclose(layers.logic.analysis.layering.surface.points.mean(0), expected, atol=1e-3)


def test_everything_is_exported_in_one_folder_with_the_report(layers: Any, tmp_path: Path) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    layers.host.dialogs.answerWith(str(tmp_path / "out"))
    mouse.click(layers.ui.exportButton)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "depth.nii.gz", "layers.nii.gz", "pelvis.nii.gz", "surface.stl", "voxels.csv", "profiles.csv", "gradients.csv",
        "summary.json", "report.html",
    }  # fmt: skip
    assert "9 files were written" in layers.ui.statusLabel.text
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["volumes_ml"] == layers.logic.analysis.layering.volume_ml
    from RenalLayersLib.Inputs import volumeOf

    image = nibabel.load(tmp_path / "out" / "depth.nii.gz")
    assert image.shape == volumeOf(layers.image).grid.shape
    np.testing.assert_allclose(image.affine, volumeOf(layers.image).affine, atol=1e-4)
    assert float(image.get_fdata().max()) == pytest.approx(summary["greatest_depth_mm"], abs=1e-5)


def test_an_export_removes_what_an_earlier_one_left_but_no_file_to_load(layers: Any, tmp_path: Path) -> None:
    import slicer.packaging

    out = tmp_path / "out"
    layers.choose(layers.r2star)
    layers.apply()
    layers.host.dialogs.answerWith(str(out))
    mouse.click(layers.ui.exportButton)
    written = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    for name in ("mask.nii.gz", "scene.mrb"):
        (out / name).write_text("mine")
    (out / "summary.json").write_text(json.dumps({**written, "files": [*written["files"], "mask.nii.gz"]}))
    slicer.packaging.pretended["matplotlib"] = False
    layers.host.dialogs.answerWith(str(out), QMessageBox.Yes)
    mouse.click(layers.ui.exportButton)
    assert "8 files were written" in layers.ui.statusLabel.text
    assert not (out / "report.html").exists()
    assert (out / "mask.nii.gz").read_text() == (out / "scene.mrb").read_text() == "mine"


def test_without_matplotlib_the_report_is_left_out_and_that_is_said(layers: Any, tmp_path: Path) -> None:
    import slicer.packaging

    slicer.packaging.pretended["matplotlib"] = False
    layers.choose(layers.r2star)
    layers.apply()
    layers.host.dialogs.answerWith(str(tmp_path / "out"))
    mouse.click(layers.ui.exportButton)
    assert "report was left out" in layers.ui.statusLabel.text
    assert not (tmp_path / "out" / "report.html").exists()
    assert (tmp_path / "out" / "profiles.csv").exists()
    assert [request.action for request in slicer.packaging.requests] == ["ensure"]


def test_the_table_of_the_shown_map_goes_to_the_clipboard(layers: Any) -> None:
    import qt

    layers.choose(layers.r2star)
    layers.apply()
    mouse.click(layers.ui.copyButton)
    lines = qt.QApplication.clipboard().text().splitlines()
    table = columnsOfTable(layers.study.find("profile:R2*"))
    assert lines[0].split("\t") == list(table)
    assert len(lines) == 1 + len(table["layer"])
    assert float(lines[1].split("\t")[list(table).index("mean")]) == table["mean"][0]


def test_the_modules_own_test_passes_and_its_sample_data_is_registered(host: Any) -> None:
    import SampleData
    from Testing.panels.layers_panel import MODULE

    host.open(MODULE)
    slicer.app.startupCompleted.emit()
    nodes = SampleData.SampleDataLogic().downloadSamples("RenalReferenceObject")
    assert [node.GetClassName() for node in nodes] == ["vtkMRMLSegmentationNode", *["vtkMRMLScalarVolumeNode"] * 3]
    slicer.selfTests["RenalLayers"]()
