"""Seconds from a stroke of the brush to new depth, layers, tables and charts, through the module's logic."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
from Testing.benchmarks.phantoms import two_kidneys
from Testing.benchmarks.table import Report

from renal_segmentation.volume import Volume

STROKES = 12
RADIUS_MM = 6.0
MAP_SPACING_MM = (3.0, 3.0, 5.0)


def live(report: Report) -> None:
    """Add the time of mask edits on two kidneys at 1.5 mm with two maps."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from Testing.host.session import start, stop

    start()
    mask = two_kidneys((1.5, 1.5, 1.5), 100_000)
    report.text(
        f"## Live update\n\nTwo kidneys, {np.count_nonzero(mask.array):,} voxels at 1.5 mm, two maps of "
        f"{' x '.join(f'{s:g}' for s in MAP_SPACING_MM)} mm; after each of {STROKES} strokes of a brush of "
        f"{2 * RADIUS_MM:g} mm the module's logic reads the segment and updates depth, layers, surface, shells, tables "
        "and charts in the scene."
    )
    header = [
        "exclusion near the pelvis",
        "first run s",
        "stroke to results: median s",
        "slowest s",
        "reading",
        "computing",
        "showing",
    ]
    rows = [[f"{distance:g} mm", *_measure(mask, distance)] for distance in (0.0, 10.0)]
    report.table(header, rows)
    stop()


def _measure(mask: Volume, distance: float) -> list[str]:
    import slicer

    from RenalLayersLib.Logic import RenalLayersLogic

    slicer.mrmlScene.Clear(0)
    logic = RenalLayersLogic()
    parameters = _scene(logic, mask)
    parameters.pelvisDistance = distance
    started = time.perf_counter()
    logic.run(parameters)
    first = time.perf_counter() - started
    rng = np.random.default_rng(0)
    times = []
    for stroke in range(STROKES):
        _paint(parameters.segmentation, mask, "left" if stroke % 2 else "right", rng)
        times.append(_run(logic, parameters))
    total = [sum(parts) for parts in times]
    medians = [f"{np.median([parts[n] for parts in times]):.3f}" for n in range(3)]
    return [f"{first:.3f}", f"{np.median(total):.3f}", f"{max(total):.3f}", *medians]


def _run(logic: Any, parameters: Any) -> tuple[float, float, float]:
    """Return the seconds that reading, computing and showing took."""
    clock = [time.perf_counter()]
    job = logic.prepare(parameters)
    clock.append(time.perf_counter())
    analysis = logic.compute(job)
    clock.append(time.perf_counter())
    logic.show(job, analysis, parameters)
    clock.append(time.perf_counter())
    reading, computing, showing = np.diff(clock)
    return float(reading), float(computing), float(showing)


def _scene(logic: Any, mask: Volume) -> Any:
    """Put segments and maps into the scene and choose them."""
    import slicer

    from RenalLayersLib.Segments import KIDNEY_COLOR, addSegment
    from RenalLayersLib.Volumes import fillVolume

    image = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "image")
    fillVolume(image, mask)
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "kidneys")
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(image)
    for name, inside in _sides(mask).items():
        addSegment(segmentation, name, mask.like(inside.astype(np.uint8)), KIDNEY_COLOR, "")
    maps = []
    for number, name in enumerate(("T1", "R2*")):
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        fillVolume(node, _map(mask, number))
        maps.append(node)
    parameters = logic.getParameterNode()
    parameters.segmentation = segmentation
    parameters.leftSegment, parameters.rightSegment = "left", "right"
    parameters.mapVolumes, parameters.mapNames, parameters.mapUnits = maps, ["T1", "R2*"], ["ms", "Hz"]
    return parameters


def _sides(mask: Volume) -> dict[str, np.ndarray]:
    x = mask.grid.to_ras(np.indices(mask.array.shape).reshape(3, -1).T)[:, 0].reshape(mask.array.shape)
    inside = mask.array > 0
    return {"left": inside & (x < 0), "right": inside & (x > 0)}


def _map(mask: Volume, seed: int) -> Volume:
    factor = np.array(MAP_SPACING_MM) / mask.grid.spacing
    affine = mask.affine.copy()
    affine[:3, :3] *= factor
    shape = np.ceil(np.array(mask.array.shape) / factor).astype(int)
    return Volume(np.random.default_rng(seed).normal(1500, 100, shape).astype(np.float32), affine)


def _paint(segmentation: Any, mask: Volume, name: str, rng: np.random.Generator) -> None:
    """Take a ball out of a kidney's border, or put one on, as a stroke of the brush does."""
    import slicer

    from RenalLayersLib.Segments import labelmapOf

    inside = _sides(mask)[name]
    border = np.argwhere(inside & ~np.roll(inside, 1, rng.integers(3)))
    centre = mask.grid.to_ras(border[[rng.integers(len(border))]])
    points = mask.grid.to_ras(np.indices(mask.array.shape).reshape(3, -1).T)
    ball = (((points - centre) ** 2).sum(1) < RADIUS_MM**2).reshape(mask.array.shape)
    stroke = mask.like((inside & ~ball if rng.integers(2) else inside | ball).astype(np.uint8))
    slicer.vtkSlicerSegmentationsModuleLogic.SetBinaryLabelmapToSegment(labelmapOf(stroke), segmentation, name)
