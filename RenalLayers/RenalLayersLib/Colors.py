"""Colour tables of the study: depth, and one named colour per layer."""

from __future__ import annotations

from typing import Any

import numpy as np

# Viridis (Smith, van der Walt; CC0) at nine even steps; straight lines between them are as smooth as the eye sees.
_VIRIDIS = np.array(
    [
        (0.267, 0.005, 0.329), (0.279, 0.175, 0.483), (0.230, 0.322, 0.546), (0.173, 0.449, 0.558),
        (0.128, 0.567, 0.551), (0.158, 0.684, 0.502), (0.369, 0.789, 0.383), (0.678, 0.864, 0.190),
        (0.993, 0.906, 0.144),
    ]
)  # fmt: skip
_SHADES = 256


def viridis(count: int) -> np.ndarray:
    """Return colours from dark blue to yellow, evenly seen, shape (count, 3)."""
    where = np.linspace(0, len(_VIRIDIS) - 1, count)
    return np.column_stack([np.interp(where, range(len(_VIRIDIS)), channel) for channel in _VIRIDIS.T])


def depthScale(deepest: float) -> tuple[float, int]:
    """Return where the colours of depth end, in mm, and at how many round values a legend names them."""
    power = 10.0 ** np.floor(np.log10(deepest))
    step = next(power * part for part in (0.2, 0.5, 1.0, 2.0) if power * part >= deepest / 5)
    steps = int(np.ceil(deepest / step - 1e-6))
    return float(steps * step), steps + 1


def depthColors(study: Any) -> Any:
    """Return the colour table of depth in mm."""
    node = study.node("vtkMRMLColorTableNode", "depth colors", f"{study.name} depth colours", subfolder=None)
    _fill(node, [str(n) for n in range(_SHADES)], viridis(_SHADES), firstOpaque=0)
    return node


def layerColors(study: Any, names: list[str]) -> Any:
    """Return the colour table of the label map: 0 is nothing, entry n is layer n."""
    node = study.node("vtkMRMLColorTableNode", "layer colors", f"{study.name} layer colours", subfolder=None)
    colors = np.vstack([np.zeros(3), viridis(len(names))])
    _fill(node, ["outside", *names], colors, firstOpaque=1)
    return node


def _fill(node: Any, names: list[str], colors: np.ndarray, firstOpaque: int) -> None:
    """Fill a table that does not have these entries already; every entry changed makes Slicer draw anew."""
    if [node.GetColorName(entry) for entry in range(node.GetNumberOfColors())] == names:
        return
    node.SetTypeToUser()
    node.SetHideFromEditors(False)
    node.SetNumberOfColors(len(names))
    for entry, (name, color) in enumerate(zip(names, colors, strict=True)):
        node.SetColor(entry, name, *(float(part) for part in color), 1.0 if entry >= firstOpaque else 0.0)
    node.GetLookupTable().SetTableRange(0, len(names) - 1)
