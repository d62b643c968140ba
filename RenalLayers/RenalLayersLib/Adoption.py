"""Taking up a study that was computed outside of Slicer, such as that of the scene file which the command writes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import slicer

from renal_layers.profiles import ProfileRow
from renal_layers.settings import Settings
from RenalLayersLib.Guesses import guessUnit
from RenalLayersLib.Parameters import DepthFrom, GradientUnit, LayerModel, Overlay, Smoothing, Space
from RenalLayersLib.Results import storedSettings, storeSettings
from RenalLayersLib.Study import ROLE_ATTRIBUTE, STUDY_ATTRIBUTE, Study
from RenalLayersLib.Tables import rowsOf


def adoptStudy(parameters: Any) -> None:
    """Choose the scene's only study, with its inputs and settings, where the parameters name none yet.

    Parameters
    ----------
    parameters : RenalLayersParameterNode
        Left as they are if a study or another segmentation was chosen, or the scene holds no study or several.
    """
    names = _studyNames(slicer.mrmlScene) if not parameters.study else []
    if len(names) != 1:
        return
    study = Study(slicer.mrmlScene, names[0])
    settings, segmentation = storedSettings(study), study.find("segmentation")
    if settings is None or segmentation is None or parameters.segmentation not in (None, segmentation):
        return
    if settings.gradient_unit == "proportion":
        low, high = (100 * share for share in settings.gradient_range)
        settings = replace(settings, gradient_range=(low, high), gradient_unit="percent")
        storeSettings(study, settings)
    maps = study.roles("map:")
    with slicer.util.NodeModify(parameters):
        _takeSettings(parameters, settings)
        parameters.segmentation = segmentation
        parameters.mapVolumes = [study.find(f"map:{name}") for name in maps]
        parameters.mapNames = maps
        parameters.mapUnits = [_unitOf(study, name) for name in maps]
        parameters.overlay = Overlay.Depth
        parameters.shownMap = next(iter(study.roles("profile:")), "")
        parameters.study = study.name


def _studyNames(scene: Any) -> list[str]:
    nodes = [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]
    return [
        unquote(node.GetAttribute(STUDY_ATTRIBUTE)) for node in nodes if node.GetAttribute(ROLE_ATTRIBUTE) == "depth"
    ]


def _unitOf(study: Study, name: str) -> str:
    rows = rowsOf(study.find(f"profile:{name}"), ProfileRow)
    return rows[0].unit if rows else guessUnit(study.find(f"map:{name}"))


def _takeSettings(parameters: Any, settings: Settings) -> None:
    values = {
        "layerThickness": settings.layer_thickness_mm,
        "layerModel": LayerModel(settings.layer_model),
        "layerCount": settings.layer_count,
        "cystLimit": settings.fill_cysts_below_ml,
        "pelvisDistance": settings.pelvis_distance_mm,
        "depthFrom": DepthFrom(settings.depth_from),
        "smoothing": Smoothing(settings.smoothing),
        "space": Space(settings.space),
        "gradientLow": settings.gradient_range[0],
        "gradientHigh": settings.gradient_range[1],
        "gradientUnit": GradientUnit(settings.gradient_unit),
        "normalise": settings.normalise,
        "minimumVoxels": settings.minimum_voxels,
        "keepZeros": not settings.zero_is_background,
    }
    for name, value in values.items():
        # What is beyond the panel's range stays out; the panel then says that the settings differ.
        with suppress(ValueError):
            setattr(parameters, name, value)
