"""What cannot be analysed is said in one sentence that names it and the remedy."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import slicer
import vtk
from Testing.host import mouse


def status(layers: Any) -> str:
    """Return what the panel says, if it is shown as an error."""
    text = layers.ui.statusLabel.text
    assert text.startswith("<b style='color:")
    return text.partition(">")[2].removesuffix("</b>")


def erase(array: np.ndarray) -> None:
    array[:] = 0


def test_a_segmentation_without_segments_says_what_to_do(host: Any) -> None:
    from Testing.panels.layers_panel import LayersPanel

    panel = LayersPanel(host)
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Bare")
    mouse.choose(panel.ui.segmentationSelector, "Bare")
    assert not panel.ui.applyButton.enabled
    assert panel.ui.applyButton.toolTip == "The segmentation has no segment: outline the kidneys first."


def test_no_kidney_segment_says_what_to_do(layers: Any) -> None:
    layers.choose()
    mouse.choose(layers.ui.leftSegmentBox, "None")
    mouse.choose(layers.ui.rightSegmentBox, "None")
    assert not layers.ui.applyButton.enabled
    assert "Choose the segment of the left or the right kidney" in layers.ui.applyButton.toolTip


def test_an_empty_segment_is_named(layers: Any) -> None:
    layers.edit("Left kidney", erase)
    layers.choose(layers.r2star)
    layers.apply()
    assert status(layers) == (
        "The segment &#x27;Left kidney&#x27; is empty: outline the kidney in it, or choose another segment."
    )
    assert layers.study is None
    assert layers.ui.applyButton.enabled


def test_a_map_that_does_not_overlap_is_named(layers: Any) -> None:
    matrix = vtk.vtkMatrix4x4()
    layers.r2star.GetIJKToRASMatrix(matrix)
    matrix.SetElement(0, 3, matrix.GetElement(0, 3) + 5000)
    layers.r2star.SetIJKToRASMatrix(matrix)
    layers.choose(layers.r2star)
    layers.apply()
    assert "The map &#x27;R2*&#x27; and the mask do not overlap in space" in status(layers)
    assert layers.study is None


def test_two_maps_of_one_name_are_refused_with_the_remedy(layers: Any) -> None:
    layers.choose(layers.r2star, layers.t1)
    layers.ui.mapsTable.item(1, 1).setText("R2*")
    layers.apply()
    assert "Two maps have the same name" in status(layers)


def warp(node: Any) -> None:
    """Put a node below a transform that is not linear."""
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLBSplineTransformNode", "Warp")
    spline = vtk.vtkThinPlateSplineTransform()
    points = [vtk.vtkPoints(), vtk.vtkPoints()]
    for n, place in enumerate(((0, 0, 0), (50, 0, 0), (0, 50, 0), (0, 0, 50), (40, 40, 40))):
        points[0].InsertNextPoint(place)
        points[1].InsertNextPoint(*(c + 5 * (n == 4) for c in place))
    spline.SetSourceLandmarks(points[0])
    spline.SetTargetLandmarks(points[1])
    spline.SetBasisToR()
    transform.SetAndObserveTransformToParent(spline)
    node.SetAndObserveTransformNodeID(transform.GetID())


def test_a_transform_that_is_not_linear_is_refused_by_name(layers: Any) -> None:
    layers.choose(layers.r2star)
    warp(layers.r2star)
    layers.apply()
    assert "&#x27;R2*&#x27; stands below the transform &#x27;Warp&#x27;, which is not linear: harden" in status(layers)


def test_the_cursor_says_why_a_map_cannot_be_read_there(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    layering = layers.logic.analysis.layering
    point = layering.depth.grid.to_ras(np.argwhere((layering.depth.array > 4) & (layering.side.array == 1))[:1])[0]
    warp(layers.r2star)
    layers.hover(point)
    assert layers.ui.cursorLabel.text.startswith("'R2*' stands below the transform 'Warp', which is not linear")


@pytest.mark.parametrize("role", ["layers", "depth", "surface", "chart:R2*", "profile:R2*", "volumes"])
def test_a_result_that_was_deleted_is_done_without_and_comes_back_with_the_next_run(layers: Any, role: str) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    slicer.mrmlScene.RemoveNode(layers.study.find(role))
    mouse.enterNumber(layers.ui.overlayOpacitySlider, 0.3)
    mouse.choose(layers.ui.overlayBox, "Depth")
    mouse.click(layers.ui.layoutButton)
    mouse.click(layers.ui.showBothCheck)
    layers.host.wait(50)
    layers.widget.exit()
    layers.widget.enter()
    layers.apply()
    assert layers.ui.statusLabel.text.startswith("Done")
    assert layers.study.find(role) is not None


def test_without_its_segmentation_a_study_can_still_be_looked_at(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    mouse.click(layers.ui.undoDisplayButton)
    slicer.mrmlScene.RemoveNode(layers.segmentation)
    layers.host.wait(20)
    assert layers.ui.statusLabel.text == "Choose a segmentation that holds the kidneys."
    layers.host.wait(20)
    mouse.click(layers.ui.layoutButton)
    layers.host.wait(50)
    composite = layers.host.layoutManager.sliceWidget("Green").sliceLogic().GetSliceCompositeNode()
    assert composite.GetLabelVolumeID() == layers.study.find("layers").GetID()
    mouse.click(layers.ui.undoDisplayButton)
    assert composite.GetLabelVolumeID() is None


def test_a_segmentation_deleted_during_a_run_loses_no_result(layers: Any, monkeypatch: Any) -> None:
    def deleting(job: Any, progress: Any) -> Any:
        deleted.wait(10)
        return compute(job, progress)

    deleted, compute = threading.Event(), layers.logic.compute
    layers.choose(layers.r2star)
    monkeypatch.setattr(layers.logic, "compute", deleting)
    mouse.click(layers.ui.applyButton)
    slicer.mrmlScene.RemoveNode(layers.segmentation)
    deleted.set()
    layers.rest()
    assert len(layers.table(layers.ui.profileTable)) > 5


def test_excluding_everything_says_how_to_exclude_less(layers: Any) -> None:
    layers.choose(layers.r2star)
    mouse.enterNumber(layers.ui.pelvisDistanceSlider, 50)
    layers.apply()
    assert "Every kidney voxel lies within 50 mm of the renal pelvis" in status(layers)


@pytest.mark.parametrize("components", [3])
def test_a_map_with_several_values_per_voxel_is_refused(layers: Any, components: int) -> None:
    image = vtk.vtkImageData()
    image.SetDimensions(4, 4, 4)
    image.AllocateScalars(vtk.VTK_FLOAT, components)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "Colour")
    node.SetAndObserveImageData(image)
    layers.choose()
    layers.parameters.mapVolumes = [node]
    layers.parameters.mapNames, layers.parameters.mapUnits = ["Colour"], [""]
    layers.apply()
    assert "&#x27;Colour&#x27; has 3 values per voxel" in status(layers)


def test_an_error_that_nobody_foresaw_is_shown_too_and_the_panel_goes_on(layers: Any, monkeypatch: Any) -> None:
    def broken(job: Any, progress: Any) -> Any:
        raise ZeroDivisionError("by nothing")

    layers.choose(layers.r2star)
    compute = layers.logic.compute
    monkeypatch.setattr(layers.logic, "compute", broken)
    layers.apply()
    assert "Unexpected ZeroDivisionError: by nothing" in status(layers)
    monkeypatch.setattr(layers.logic, "compute", compute)
    layers.apply()
    assert layers.ui.statusLabel.text.startswith("Done")


def test_while_the_mask_is_erased_auto_update_says_so_and_keeps_the_last_results(layers: Any) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    rows = layers.table(layers.ui.profileTable)
    mouse.click(layers.ui.autoUpdateCheck)
    layers.edit("Left kidney", erase)
    layers.rest()
    assert "is empty" in status(layers)
    assert layers.table(layers.ui.profileTable) == rows
