"""What cannot be analysed is said in one sentence that names it and the remedy."""

from __future__ import annotations

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


def test_a_transform_that_is_not_linear_is_refused_by_name(layers: Any) -> None:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLBSplineTransformNode", "Warp")
    spline = vtk.vtkThinPlateSplineTransform()
    points = [vtk.vtkPoints(), vtk.vtkPoints()]
    for n, place in enumerate(((0, 0, 0), (50, 0, 0), (0, 50, 0), (0, 0, 50), (40, 40, 40))):
        points[0].InsertNextPoint(place)
        points[1].InsertNextPoint(*(c + 5 * (n == 4) for c in place))
    spline.SetSourceLandmarks(points[0])
    spline.SetTargetLandmarks(points[1])
    spline.SetBasisToR()
    node.SetAndObserveTransformToParent(spline)
    layers.choose(layers.r2star)
    layers.r2star.SetAndObserveTransformNodeID(node.GetID())
    layers.apply()
    assert "&#x27;R2*&#x27; stands below the transform &#x27;Warp&#x27;, which is not linear: harden" in status(layers)


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
