"""An analysis as MRML nodes: made once, updated in place when run again under the same name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
import slicer

from renal_layers.analysis import Analysis
from renal_layers.maps import QuantitativeMap
from renal_layers.sampling import sample_nearest
from renal_layers.settings import Settings
from renal_segmentation.volume import Volume, as_volume
from RenalLayersLib.Plots import ProfileView, showPlots
from RenalLayersLib.Segments import showSegments
from RenalLayersLib.Study import Study
from RenalLayersLib.Surfaces import showDepthShells, showSurface
from RenalLayersLib.Tables import showTables
from RenalLayersLib.Volumes import showDepth, showImage, showLayers

INPUT_ROLES = ("image", "map:", "segmentation")
"""Roles of the nodes that hold what was analysed, not what was found."""
MODEL_ROLES = ("surface", "depth shells")
_SETTINGS_ATTRIBUTE = "Renal.Settings"
_CT_WINDOW = (-160.0, 240.0)


def showResults(
    scene: Any,
    name: str,
    analysis: Analysis,
    maps: Sequence[QuantitativeMap] = (),
    image: Volume | None = None,
    view: ProfileView | None = None,
) -> Study:
    """Put an analysis with its inputs into a scene, in one subject-hierarchy folder.

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
        Maps to put into the scene as well.
    image : Volume, optional
        Structural image to put into the scene as well.
    view : ProfileView, optional
        What the charts draw.
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
        study.belongTo(showSegments(study, layering, reference))
        showFindings(study, analysis, view)
        showModels(study, analysis)
        study.removeUnused()
    finally:
        scene.EndState(slicer.vtkMRMLScene.BatchProcessState)
    return study


def showFindings(study: Study, analysis: Analysis, view: ProfileView | None = None) -> None:
    """Put depth, layers, tables and charts of an analysis into the study, its inputs left as they are."""
    layering = analysis.layering
    showDepth(study, layering)
    storeSettings(study, layering.settings)
    showLayers(study, layering)
    showTables(study, analysis)
    showPlots(study, analysis.profiles, analysis.gradients, layering.settings, view)


def showModels(study: Study, analysis: Analysis) -> None:
    """Put the surface and the shells of equal depth into the study."""
    showSurface(study, analysis.layering)
    showDepthShells(study, analysis.layering)


def storeSettings(study: Study, settings: Settings) -> None:
    """Write beside the results how they were found."""
    study.find("depth").SetAttribute(_SETTINGS_ATTRIBUTE, quote(json.dumps(asdict(settings))))


def storedSettings(study: Study) -> Settings | None:
    """Return the settings with which the study's results were found, None where there are no results."""
    depth = study.find("depth")
    stored = depth.GetAttribute(_SETTINGS_ATTRIBUTE) if depth is not None else None
    if not stored:
        return None
    values = json.loads(unquote(stored))
    return Settings(**{**values, "gradient_range": tuple(values["gradient_range"])})


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
