"""Volumes of the study: input image and maps, depth in mm, layers with their names."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from renal_layers.layering import Layering
from renal_layers.settings import Settings
from renal_segmentation.volume import Volume
from RenalLayersLib.Colors import depthColors, depthScale, layerColors

# UCUM codes and meanings of the units that renal maps come in.
UCUM = {
    "mm": ("mm", "millimeter"),
    "ms": ("ms", "millisecond"),
    "s": ("s", "second"),
    "Hz": ("Hz", "hertz"),
    "1/s": ("/s", "per second"),
    "s-1": ("/s", "per second"),
    "mm2/s": ("mm2/s", "square millimeter per second"),
    "um2/ms": ("um2/ms", "square micrometer per millisecond"),
    "um2/s": ("um2/s", "square micrometer per second"),
    "m/s": ("m/s", "meter per second"),
    "kPa": ("kPa", "kilopascal"),
    "Pa": ("Pa", "pascal"),
    "%": ("%", "percent"),
    "ml/100g/min": ("mL/min/(100.g)", "milliliter per minute per 100 gram"),
    "HU": ("[hnsf'U]", "Hounsfield unit"),
}
_LOCAL_SCHEME = "99RENAL"
_LEGEND_SIZE = (0.08, 0.35)
_DISTANCE = ("121206", "DCM", "Distance")


def ijkToRas(affine: np.ndarray) -> Any:
    """Return an affine as `vtkMatrix4x4`."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy([float(value) for value in np.asarray(affine).ravel()])
    return matrix


def toImageData(array: np.ndarray) -> Any:
    """Return an array of shape (I, J, K) as `vtkImageData` in voxel coordinates, copied."""
    image = vtk.vtkImageData()
    image.SetDimensions(array.shape)
    image.GetPointData().SetScalars(numpy_to_vtk(_storable(array).ravel(order="F"), deep=True))
    return image


def showImage(study: Any, role: str, name: str, volume: Volume, unit: str, window: tuple[float, float]) -> Any:
    """Put an input image or map into the scene, values and place as they are."""
    node = study.node("vtkMRMLScalarVolumeNode", role, name)
    fillVolume(node, volume)
    setUnit(node, unit)
    display = _display(node)
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(*window)
    return node


def showDepth(study: Any, layering: Layering) -> Any:
    """Put the depth into the scene: mm below the surface, transparent where there is none."""
    node = study.node("vtkMRMLScalarVolumeNode", "depth", f"{study.name} depth (mm)")
    fillVolume(node, layering.depth)
    setUnit(node, "mm")
    node.SetVoxelValueQuantity(_code(*_DISTANCE))
    display = _display(node)
    display.SetAndObserveColorNodeID(depthColors(study).GetID())
    display.AutoWindowLevelOff()
    deepest = float(layering.depth.array.max())
    display.SetWindowLevelMinMax(0.0, depthScale(deepest)[0])
    display.SetInterpolate(False)
    display.AutoThresholdOff()
    display.SetThreshold(1e-6, float(np.ceil(deepest)))
    display.ApplyThresholdOn()
    showLegend(display, deepest)
    return node


def showLayers(study: Any, layering: Layering) -> Any:
    """Put the layers into the scene as a label map whose labels count from the capsule."""
    step = layering.settings.layer_thickness_mm if layering.settings.layer_model == "mm" else 1.0
    labels = layering.layers.like(np.rint(layering.layers.array / step).astype(np.int16))
    node = study.node("vtkMRMLLabelMapVolumeNode", "layers", f"{study.name} layers")
    fillVolume(node, labels)
    settings = layering.settings
    names = [layerName(number * step, settings) for number in range(1, int(labels.array.max()) + 1)]
    _display(node).SetAndObserveColorNodeID(layerColors(study, names).GetID())
    return node


def layerName(layer: float, settings: Settings) -> str:
    """Return what a person calls a layer of `Layering.layers`, such as ``0-1 mm``."""
    if settings.layer_model != "mm":
        return f"layer {layer:.0f}"
    return f"{layer - settings.layer_thickness_mm:g}-{layer:g} mm"


def fillVolume(node: Any, volume: Volume) -> None:
    """Give a volume node values and place."""
    node.SetAndObserveImageData(toImageData(volume.array))
    node.SetIJKToRASMatrix(ijkToRas(volume.affine))


def _storable(array: np.ndarray) -> np.ndarray:
    """Return an array of a type that VTK and the usual image files hold."""
    if array.dtype == bool:
        return array.astype(np.uint8)
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        fits = np.abs(array.astype(float)).max() <= np.iinfo(np.int32).max
        return array.astype(np.int32 if fits else np.float64)
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        return array.astype(np.float32 if array.dtype.itemsize < 4 else np.float64)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _display(node: Any) -> Any:
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
    return node.GetDisplayNode()


def setUnit(node: Any, unit: str) -> None:
    """Give a volume node the unit of its values, in UCUM where it is known."""
    value, meaning = UCUM.get(unit, (unit, unit))
    scheme = "UCUM" if unit in UCUM else _LOCAL_SCHEME
    node.SetVoxelValueUnits(_code(value, scheme, meaning) if unit else None)


def _code(value: str, scheme: str, meaning: str) -> Any:
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(value, scheme, meaning)
    return entry


def showLegend(display: Any, deepest: float) -> None:
    """Show the colours of depth with their values in the views, as long as what they colour is shown.

    The values carry the unit and there is no title: Slicer stretches the title of a legend with the view.
    """
    existing = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(display)
    legend = existing or slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(display)
    legend.SetTitleText("")
    end, labels = depthScale(deepest)
    decimals = max(0, -int(np.floor(np.log10(end / (labels - 1)) + 1e-6)))
    legend.SetNumberOfLabels(labels)
    legend.SetLabelFormat(f"%.{decimals}f mm")
    legend.SetSize(*_LEGEND_SIZE)
