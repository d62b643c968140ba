"""What the panel fills in by itself: segments by name and code, units by name and values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install slicer-renal[scene]")

from RenalLayersLib.Guesses import guessSegments, guessUnit  # noqa: E402
from RenalLayersLib.MrmlCore import mrmlScene, quiet  # noqa: E402
from RenalLayersLib.Segments import KIDNEYS  # noqa: E402
from RenalLayersLib.Volumes import toImageData  # noqa: E402


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Any]:
    with quiet(), mrmlScene(tmp_path) as empty:
        yield empty


def segmentation(scene: Any, *names: str) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    for name in names:
        node.GetSegmentation().AddEmptySegment(name, name)
    return node


def guessed(scene: Any, *names: str) -> tuple[str, str]:
    found = guessSegments(segmentation(scene, *names))
    return found["leftSegment"], found["rightSegment"]


@pytest.mark.parametrize(
    ("names", "left", "right"),
    [
        (["kidney_cyst_left", "kidney_cyst_right", "kidney_left", "kidney_right"], "kidney_left", "kidney_right"),
        (["Left kidney cortex", "Left kidney medulla", "Left kidney"], "Left kidney", ""),
        (["Left kidney (old)", "Left kidney", "Right kidney"], "Left kidney", "Right kidney"),
        (["kidney_L", "kidney_R"], "kidney_L", "kidney_R"),
        (["L kidney", "R kidney"], "L kidney", "R kidney"),
        (["LK", "RK"], "LK", "RK"),
        (["LeftKidney", "RightKidney"], "LeftKidney", "RightKidney"),
        (["adrenal_gland_left", "kidney_left", "renal_vein_left"], "kidney_left", ""),
        (["Left kidney cortex", "Right kidney cortex"], "", ""),
        (["kidneys", "kidney cyst", "liver"], "kidneys", "kidneys"),
        (["Segment_1"], "Segment_1", "Segment_1"),
        (["pelvis bone"], "", ""),
    ],
    ids=lambda value: " + ".join(value) if isinstance(value, list) else "",
)
def test_kidneys_are_told_from_what_is_in_or_near_them(scene: Any, names: list[str], left: str, right: str) -> None:
    assert guessed(scene, *names) == (left, right)


def test_a_code_counts_more_than_a_name_unless_the_name_says_a_part(scene: Any) -> None:
    node = segmentation(scene, "Left kidney cortex", "organ", "Left kidney")
    for name in ("Left kidney cortex", "organ"):
        node.GetSegmentation().GetSegment(name).SetTerminology(KIDNEYS[1])
    assert guessSegments(node)["leftSegment"] == "organ"


@pytest.mark.parametrize(
    ("names", "part", "expected"),
    [
        (["pelvis bone", "left kidney"], "pelvisSegment", ""),
        (["pelvis", "renal pelvis"], "pelvisSegment", "renal pelvis"),
        (["left renal pelvis", "right renal pelvis"], "pelvisSegment", ""),
        (["Cortex", "Medulla"], "cortexSegment", "Cortex"),
        (["adrenal cortex", "Medulla"], "cortexSegment", ""),
        (["Left kidney cortex", "Left kidney"], "cortexSegment", "Left kidney cortex"),
    ],
    ids=lambda value: " + ".join(value) if isinstance(value, list) else "",
)
def test_parts_of_the_kidneys_are_told_from_parts_of_other_organs_and_of_one_side(
    scene: Any, names: list[str], part: str, expected: str
) -> None:
    assert guessSegments(segmentation(scene, *names))[part] == expected


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("ADC", 1.8e-3, "mm2/s"),
        ("ADC map", 1800.0, "um2/s"),
        ("ADC map", 1.8, "um2/ms"),
        ("ADC [10^-6 mm2/s]", 1800.0, "um2/s"),
        ("ADC (10-3 mm²/s)", 1.8, "um2/ms"),
        ("ADC (mm2/s)", 1.8e-3, "mm2/s"),
        ("ADC (mm2/s)", 1800.0, ""),
        ("T1 map (s)", 1.5, "s"),
        ("T1 map (s)", 1500.0, ""),
        ("T1 60sec post", 300.0, ""),
        ("T1_map", 1.5, "s"),
        ("T1_map", 1500.0, "ms"),
        ("T2* map", 0.03, "s"),
        ("T1_map_ms", 1500.0, "ms"),
        ("R1", 0.7, "Hz"),
        ("R2*", 20.0, "Hz"),
        ("R2* [1/s]", 20.0, "1/s"),
        ("R2star ms", 20.0, "ms"),
        ("R2star", 0.02, ""),
        ("MTR", 0.3, ""),
        ("MTR", 30.0, "%"),
        ("FA", 0.2, ""),
        ("stiffness", 4000.0, "Pa"),
        ("stiffness", 4.0, "kPa"),
        ("Shear wave elastography speed", 2.0, "m/s"),
        ("T1 map", 1e6, ""),
        ("T1w post", 300.0, ""),
        ("T2 HASTE", 300.0, ""),
        ("T1_VIBE", 300.0, ""),
        ("T2_TSE cor", 300.0, ""),
        ("T2 map TSE", 80.0, "ms"),
        ("CT abdomen", 40.0, "HU"),
    ],
)
def test_the_unit_of_a_map_fits_its_values_and_what_its_name_says(
    scene: Any, name: str, value: float, unit: str
) -> None:
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    values = np.full((4, 4, 4), value)
    values[:2] = 0
    volume.SetAndObserveImageData(toImageData(values))
    assert guessUnit(volume) == unit
