"""An analysis as MRML nodes: made once, updated in place when run again under the same name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import slicer

from renal_layers.analysis import Analysis
from renal_layers.maps import QuantitativeMap
from renal_layers.sampling import sample_nearest
from renal_segmentation.volume import Volume, as_volume
from RenalLayersLib.Plots import showPlots
from RenalLayersLib.Segments import showSegments
from RenalLayersLib.Study import Study
from RenalLayersLib.Surfaces import showDepthShells, showSurface
from RenalLayersLib.Tables import showTables
from RenalLayersLib.Volumes import showDepth, showImage, showLayers

_CT_WINDOW = (-160.0, 240.0)


def showResults(
    scene: Any,
    name: str,
    analysis: Analysis,
    maps: Sequence[QuantitativeMap] = (),
    image: Volume | None = None,
    statistic: str = "median",
) -> Study:
    """Put an analysis into a scene, in one subject-hierarchy folder.

    Nodes of an earlier call with the same name are updated; those that have no place any more are removed.

    Parameters
    ----------
    scene : vtkMRMLScene
        Where; not necessarily the application's.
    name : str
        Of the folder, usually that of the input.
    analysis : Analysis
        What was found.
    maps : sequence of QuantitativeMap
        Maps to put into the scene as well; leave empty when they are there already.
    image : Volume, optional
        Structural image to put into the scene as well.
    statistic : str
        ``median`` or ``mean``, drawn in the charts.
    """
    scene.StartState(slicer.vtkMRMLScene.BatchProcessState)
    try:
        study = Study(scene, name)
        layering = analysis.layering
        reference = None
        if image is not None:
            reference = showImage(study, "image", f"{name} image", image, "", _imageWindow(image))
        inside = layering.depth.grid.to_ras(np.argwhere(layering.depth.array))
        for qmap in maps:
            volume = as_volume(qmap.image, f"The map '{qmap.name}'")
            window = _window(sample_nearest(volume, inside).astype(float))
            title = f"{qmap.name} ({qmap.unit})" if qmap.unit else qmap.name
            showImage(study, f"map:{qmap.name}", title, volume, qmap.unit, window)
        showSegments(study, layering, reference)
        showDepth(study, layering)
        showLayers(study, layering)
        showSurface(study, layering)
        showDepthShells(study, layering)
        showTables(study, analysis)
        showPlots(study, analysis, statistic)
        study.removeUnused()
    finally:
        scene.EndState(slicer.vtkMRMLScene.BatchProcessState)
    return study


def _imageWindow(image: Volume) -> tuple[float, float]:
    """Return the grey levels of a structural image: soft tissue for CT."""
    step = tuple(slice(None, None, max(1, size // 64)) for size in image.array.shape)
    values = image.array[step].astype(float).ravel()
    if np.nanmin(values) < -500:
        return _CT_WINDOW
    return _window(values)


def _window(values: np.ndarray) -> tuple[float, float]:
    """Return the 2nd and 98th percentile of the values that are there."""
    valid = values[np.isfinite(values) & (values != 0)]
    if not len(valid):
        return 0.0, 1.0
    low, high = (float(level) for level in np.percentile(valid, (2, 98)))
    return (low, high) if high > low else (low - 0.5, high + 0.5)
