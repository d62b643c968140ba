"""``slicer``, its application, files and subject hierarchy are in the host as in Slicer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
import slicer.util


@pytest.mark.parametrize("name", ["getNode", "arrayFromVolume", "VTKObservationMixin", "errorDisplay", "logging"])
def test_names_of_slicer_util_are_not_names_of_slicer(host: Any, name: str) -> None:
    assert not hasattr(slicer, name)


def test_the_application_says_what_it_is(host: Any) -> None:
    app = slicer.app
    assert (app.majorVersion, app.minorVersion) == (5, 12)
    assert app.applicationName == "Slicer"
    assert app.os in ("linux", "macosx", "win")
    assert Path(app.temporaryPath).is_dir()
    assert app.mrmlScene() is slicer.mrmlScene
    assert app.applicationLogic().GetMRMLScene() is slicer.mrmlScene
    assert not app.testingEnabled()
    with pytest.raises(AttributeError):
        app.notInSlicer  # noqa: B018
    with pytest.raises(AttributeError):
        app.notInSlicer = 1


def test_settings_lie_in_a_temporary_folder(host: Any) -> None:
    import qt

    qt.QSettings().setValue("Renal/device", "cpu")
    assert slicer.util.settingsValue("Renal/device", "") == "cpu"
    assert slicer.app.userSettings().fileName().startswith(str(Path(slicer.app.slicerHome).parent))


def test_text_is_translated_to_itself_with_the_context_of_its_file(host: Any) -> None:
    from slicer.i18n import getContext, tr, translate

    assert tr("Depth {mm}") == "Depth {mm}"
    assert translate("Renal", "Depth") == "Depth"
    assert getContext(__file__) == "test_host_slicer"


def test_nothing_is_installed_but_requests_are_recorded(host: Any) -> None:
    from slicer import packaging

    packaging.pip_ensure(["numpy>=1.26"], requester="Renal")
    with pytest.raises(packaging.InstallRefusedError):
        packaging.pip_ensure(["no-such-package>=1"], requester="Renal")
    slicer.util.pip_install("no-such-package")
    assert [request.action for request in packaging.requests] == ["ensure", "ensure", "install"]
    packaging.pretended["no-such-package"] = True
    assert packaging.pip_check("no-such-package")


@pytest.mark.parametrize("suffix", [".nrrd", ".nii.gz", ".mha"])
def test_a_volume_goes_to_a_file_and_back(host: Any, tmp_path: Path, suffix: str) -> None:
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    node = slicer.util.addVolumeFromArray(values, ijkToRAS=np.diag([-1.5, -1.5, 4.0, 1.0]), name="T1")
    path = tmp_path / f"map{suffix}"
    assert slicer.util.saveNode(node, str(path))
    loaded = slicer.util.loadVolume(str(path), {"show": False})
    assert loaded.GetName() == "map"
    assert np.array_equal(slicer.util.arrayFromVolume(loaded), values)


def test_loading_a_volume_shows_it(host: Any, tmp_path: Path) -> None:
    node = slicer.util.addVolumeFromArray(np.ones((2, 3, 4)), name="T1")
    slicer.util.saveNode(node, str(tmp_path / "a.nrrd"))
    loaded = slicer.util.loadVolume(str(tmp_path / "a.nrrd"), {})
    composite = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert composite.GetBackgroundVolumeID() == loaded.GetID()


def test_a_file_that_is_missing_raises(host: Any, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="File not found"):
        slicer.util.loadVolume(str(tmp_path / "none.nrrd"), {})


def test_segments_go_through_arrays(host: Any) -> None:
    volume = slicer.util.addVolumeFromArray(np.zeros((4, 5, 6)))
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Kidneys")
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segment = segmentation.GetSegmentation().AddEmptySegment("left", "left kidney")
    mask = np.zeros((4, 5, 6), np.uint8)
    mask[1:3, 2:4, 2:5] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, segment, volume)
    assert np.array_equal(slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, volume), mask)


def test_a_scene_goes_to_a_bundle_and_back(host: Any, tmp_path: Path) -> None:
    slicer.util.addVolumeFromArray(np.ones((2, 2, 2)), name="T2w")
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"), {})
    slicer.mrmlScene.Clear()
    with pytest.raises(slicer.util.MRMLNodeNotFoundException):
        slicer.util.getNode("T2w")
    slicer.util.loadScene(str(tmp_path / "scene.mrb"), {})
    assert slicer.util.arrayFromVolume(slicer.util.getNode("T2w")).sum() == 8


def test_nodes_get_items_in_the_subject_hierarchy_and_lose_them(host: Any) -> None:
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    classes = ("ScalarVolume", "Model", "Segmentation", "Table", "PlotChart", "PlotSeries", "MarkupsFiducial")
    nodes = [slicer.mrmlScene.AddNewNodeByClass(f"vtkMRML{name}Node") for name in classes]
    for node in nodes:
        assert hierarchy.GetItemByDataNode(node), node.GetClassName()
        slicer.mrmlScene.RemoveNode(node)
    assert hierarchy.GetNumberOfItems() == 0
    hidden = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    assert not hierarchy.GetItemByDataNode(hidden)


def test_sample_data_comes_from_files_and_from_functions(host: Any, tmp_path: Path) -> None:
    import SampleData

    node = slicer.util.addVolumeFromArray(np.ones((2, 2, 2)))
    slicer.util.saveNode(node, str(tmp_path / "ref.nrrd"))
    register = SampleData.SampleDataLogic.registerCustomSampleDataSource
    register(
        category="Renal", sampleName="Reference", uris=(tmp_path / "ref.nrrd").as_uri(), fileNames="ref.nrrd",
        nodeNames="Reference object", thumbnailFileName="icon.png",
    )  # fmt: skip
    register(category="Renal", sampleName="Made", customDownloader=lambda source: node)
    register(category="Renal", sampleName="Remote", uris="https://example.org/a.nrrd", fileNames="a.nrrd")
    assert SampleData.downloadSample("Reference").GetName() == "Reference object"
    assert SampleData.downloadSample("Made") is node
    assert len(slicer.modules.sampleDataSources["Renal"]) == 3
    with pytest.raises(RuntimeError, match="network"):
        SampleData.downloadSample("Remote")


def test_units_have_their_defaults(host: Any) -> None:
    slider = slicer.qMRMLSliderWidget()
    slider.quantity = "length"
    slider.setMRMLScene(slicer.mrmlScene)
    assert slider.suffix == "mm"


def test_starting_twice_gives_the_same_host(host: Any) -> None:
    from Testing.host.session import start

    assert start() is host
    assert sys.modules["slicer.ScriptedLoadableModule"] is slicer.ScriptedLoadableModule
