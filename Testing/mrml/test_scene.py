"""Scene files and result nodes on the real MRML core of 3D Slicer."""

from __future__ import annotations

import builtins
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk

from renal_layers.analysis import Analysis, analyse
from renal_layers.maps import QuantitativeMap
from renal_layers.settings import Settings
from renal_segmentation.errors import MissingPackageError, OutputError
from renal_segmentation.labels import Side
from renal_segmentation.volume import Volume

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install slicer-renal[scene]")

from vtk.util.numpy_support import vtk_to_numpy  # noqa: E402

from RenalLayersLib.Colors import depthScale  # noqa: E402
from RenalLayersLib.Guesses import guessUnit  # noqa: E402
from RenalLayersLib.MrmlCore import mrmlScene, quiet  # noqa: E402
from RenalLayersLib.Results import showResults  # noqa: E402
from RenalLayersLib.SceneFile import writeScene  # noqa: E402
from RenalLayersLib.Study import Study  # noqa: E402

NAME = "Case: 1; left<right>"
MAPS = ("R2*", "T1;x")
UNITS = ("Hz", "ms")


def oblique_kidneys() -> Volume:
    """Return two kidneys on an oblique left-handed grid, 1 in the patient's left."""
    turn = np.deg2rad(17)
    directions = np.array([[-1, 0, 0], [0, np.sin(turn), np.cos(turn)], [0, np.cos(turn), -np.sin(turn)]]).T
    affine = np.eye(4)
    affine[:3, :3] = directions * [3.0, 3.0, 5.0]
    shape = (60, 44, 16)
    affine[:3, 3] = [12, -30, 40] - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    points = np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
    mask = np.zeros(shape, np.uint8)
    for side, x in ((Side.LEFT, 12 - 48), (Side.RIGHT, 12 + 48)):
        mask[(((points - [x, -30, 40]) / [26, 22, 46]) ** 2).sum(-1) <= 1] = side
    return Volume(mask, affine)


@pytest.fixture(scope="module")
def case() -> tuple[Analysis, list[QuantitativeMap], Volume]:
    mask = oblique_kidneys()
    rng = np.random.default_rng(0)
    values = rng.normal(20, 2, mask.array.shape) / 3
    maps = [
        QuantitativeMap(name, mask.like(values * n), unit)
        for n, (name, unit) in enumerate(zip(MAPS, UNITS, strict=True), 1)
    ]
    analysis = analyse(mask, maps, Settings(smoothing="windowed-sinc"), labels={1: "left", 2: "right"})
    image = mask.like(rng.integers(0, 900, mask.array.shape).astype(np.int16))
    return analysis, maps, image


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Any]:
    folder = tmp_path / "core"
    folder.mkdir()
    with quiet(), mrmlScene(folder) as empty:
        yield empty


@pytest.fixture(scope="module")
def bundle(case: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    analysis, maps, image = case
    path = tmp_path_factory.mktemp("scene") / "scene.mrb"
    writeScene(path, analysis, maps, image, NAME)
    return path


def load(scene: Any, path: Path) -> Study:
    scene.SetURL(str(path))
    assert scene.ReadFromMRB(str(path), True)
    return Study(scene, NAME)


def volume_of(node: Any) -> Volume:
    elements = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(elements)
    affine = np.array([[elements.GetElement(row, column) for column in range(4)] for row in range(4)])
    image = node.GetImageData()
    array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions(), order="F")
    return Volume(array, affine)


def columns_of(table: Any) -> dict[str, list[Any]]:
    columns = (table.GetTable().GetColumn(n) for n in range(table.GetNumberOfColumns()))
    return {c.GetName(): [c.GetValue(row) for row in range(c.GetNumberOfValues())] for c in columns}


def equal(first: list[Any], second: list[Any]) -> bool:
    return len(first) == len(second) and all(a == b or (a != a and b != b) for a, b in zip(first, second, strict=True))


def test_a_saved_scene_gives_back_volumes_at_the_same_place_with_the_same_values(
    case: Any, bundle: Path, scene: Any
) -> None:
    analysis, maps, image = case
    study = load(scene, bundle)
    wanted = {"image": image, "depth": analysis.layering.depth, "map:R2*": maps[0].image}
    for role, volume in wanted.items():
        found = volume_of(study.find(role))
        assert np.allclose(found.affine, volume.affine, atol=1e-4), role
        assert np.array_equal(found.array, volume.array), role
    layers = volume_of(study.find("layers"))
    assert np.array_equal(layers.array, np.rint(analysis.layering.layers.array))
    assert study.find("depth").GetVoxelValueUnits().GetCodeValue() == "mm"
    assert study.find("map:R2*").GetVoxelValueUnits().GetCodeValue() == "Hz"


def test_tables_in_a_saved_scene_equal_the_analysis_bit_for_bit(case: Any, bundle: Path, scene: Any) -> None:
    analysis, _, _ = case
    study = load(scene, bundle)
    for name in MAPS:
        for role, rows in (("profile", analysis.profiles), ("gradient", analysis.gradients)):
            table = study.find(f"{role}:{name}")
            columns = columns_of(table)
            of_map = [row for row in rows if row.map == name]
            for column, values in columns.items():
                assert equal(values, [getattr(row, column) for row in of_map]), (name, role, column)
            assert set(columns) == set(vars(of_map[0]))
    assert study.find("gradient:R2*").GetColumnUnitLabel("slope") == "Hz/mm"
    assert study.find("profile:R2*").GetColumnUnitLabel("layer") == "mm"
    volumes = columns_of(study.find("volumes"))
    assert dict(zip(volumes["side"], volumes["volume_ml"], strict=True)) == analysis.layering.volume_ml


def test_segments_carry_side_terminology_colour_and_the_masks_geometry(case: Any, bundle: Path, scene: Any) -> None:
    analysis, _, _ = case
    node = load(scene, bundle).find("segmentation")
    segmentation = node.GetSegmentation()
    codes = {"left-kidney": "SCT^7771000^Left", "right-kidney": "SCT^24028007^Right"}
    assert segmentation.GetNumberOfSegments() == 2
    for (identifier, code), side in zip(codes.items(), Side, strict=True):
        segment = segmentation.GetSegment(identifier)
        assert f"SCT^64033007^Kidney~{code}" in segment.GetTerminology()
        assert np.allclose(np.array(segment.GetColor()) * 255, [212, 126, 151], atol=0.6)
        labelmap = slicer.vtkOrientedImageData()
        node.GetBinaryLabelmapRepresentation(identifier, labelmap)
        count = int(vtk_to_numpy(labelmap.GetPointData().GetScalars()).astype(bool).sum())
        assert count == (analysis.layering.side.array == side).sum()
    geometry = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    assert segmentation.GetConversionParameter(geometry)


def test_layers_are_named_by_their_borders(bundle: Path, scene: Any) -> None:
    study = load(scene, bundle)
    colors = study.find("layers").GetDisplayNode().GetColorNode()
    assert [colors.GetColorName(n) for n in (1, 2)] == ["0-1 mm", "1-2 mm"]


def test_the_models_lie_on_the_kidneys_and_the_shells_say_their_depth(case: Any, bundle: Path, scene: Any) -> None:
    analysis, _, _ = case
    study = load(scene, bundle)
    surface = study.find("surface").GetPolyData()
    points = vtk_to_numpy(surface.GetPoints().GetData())
    assert np.allclose(points.min(0), analysis.layering.surface.points.min(0), atol=1e-3)
    assert np.allclose(points.max(0), analysis.layering.surface.points.max(0), atol=1e-3)
    shells = study.find("depth shells").GetPolyData()
    scalars = vtk_to_numpy(shells.GetPointData().GetArray("Depth (mm)"))
    assert set(np.unique(scalars)) == {5.0, 10.0, 15.0, 20.0} & set(
        np.arange(5, analysis.layering.depth.array.max(), 5)
    )
    inner = vtk_to_numpy(shells.GetPoints().GetData())
    assert (inner.min(0) > points.min(0)).all()
    assert (inner.max(0) < points.max(0)).all()
    assert study.find("depth shells").GetDisplayNode().GetActiveScalarName() == "Depth (mm)"


@pytest.mark.parametrize(
    ("deepest", "end", "labels"), [(1.8, 2.0, 5), (9.9, 10.0, 6), (15.0, 15.0, 4), (20.1, 25.0, 6), (63.0, 80.0, 5)]
)
def test_the_colours_of_depth_end_at_a_round_value_named_with_its_unit(
    scene: Any, deepest: float, end: float, labels: int
) -> None:
    assert depthScale(deepest) == (pytest.approx(end), labels)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("R2star map", "Hz"), ("t2w_sub01", ""), ("T1-weighted", ""), ("T2* mapping", "ms"), ("ADC", "mm2/s"),
        ("WIP_asl_rbf", "ml/100g/min"), ("left kidney", ""),
    ],
)  # fmt: skip
def test_the_unit_of_a_map_is_guessed_from_its_name_but_not_that_of_a_weighted_image(
    scene: Any, name: str, unit: str
) -> None:
    assert guessUnit(scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)) == unit


def test_each_map_has_a_chart_with_sides_band_and_gradient_lines(bundle: Path, scene: Any) -> None:
    study = load(scene, bundle)
    chart = study.find("chart:R2*")
    names = [chart.GetNthPlotSeriesNode(n).GetName() for n in range(chart.GetNumberOfPlotSeriesNodes())]
    assert names == [
        "R2* both", "R2* left 95 %", "R2* left", "R2* right 95 %", "R2* right", "R2* left gradient",
        "R2* right gradient",
    ]  # fmt: skip
    assert chart.GetXAxisTitle() == "Depth below the surface (mm)"
    assert chart.GetYAxisTitle() == "Median R2* (Hz)"
    series = chart.GetNthPlotSeriesNode(2)
    assert columns_of(series.GetTableNode())[series.GetXColumnName()][0] == 0.5


def test_everything_lies_in_one_folder_named_after_the_input(bundle: Path, scene: Any) -> None:
    study = load(scene, bundle)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    top = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), top)
    assert [hierarchy.GetItemName(top.GetId(n)) for n in range(top.GetNumberOfIds())] == [NAME]
    inside = vtk.vtkIdList()
    hierarchy.GetItemChildren(study.folderItem, inside, True)
    nodes = {hierarchy.GetItemDataNode(inside.GetId(n)) for n in range(inside.GetNumberOfIds())}
    for role in ("image", "map:R2*", "segmentation", "depth", "layers", "surface", "depth shells", "chart:T1;x"):
        assert study.find(role) in nodes, role


def test_running_twice_updates_the_nodes_and_adds_none(case: Any, scene: Any) -> None:
    analysis, maps, image = case
    showResults(scene, NAME, analysis, maps, image)
    study = Study(scene, NAME)
    before = {scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())}
    other = replace(analysis, gradients=tuple(replace(row, slope=7.0) for row in analysis.gradients))
    showResults(scene, NAME, other, maps, image)
    assert {scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())} == before
    assert set(columns_of(study.find("gradient:R2*"))["slope"]) == {7.0}


def test_results_in_a_loaded_scene_are_updated_too(case: Any, bundle: Path, scene: Any) -> None:
    analysis, maps, image = case
    load(scene, bundle)
    before = scene.GetNumberOfNodes()
    showResults(scene, NAME, analysis, maps, image)
    assert scene.GetNumberOfNodes() == before


def test_a_map_that_is_left_out_loses_its_nodes_and_other_studies_keep_theirs(case: Any, scene: Any) -> None:
    analysis, maps, image = case
    showResults(scene, "other", analysis, maps, image)
    others = scene.GetNumberOfNodes()
    showResults(scene, NAME, analysis, maps, image)
    kept = [tuple(row for row in rows if row.map == "R2*") for rows in (analysis.profiles, analysis.gradients)]
    fewer = replace(analysis, profiles=kept[0], gradients=kept[1])
    showResults(scene, NAME, fewer, maps[:1])
    study = Study(scene, NAME)
    assert study.find("chart:T1;x") is None
    assert study.find("image") is None
    assert study.find("chart:R2*") is not None
    assert Study(scene, "other").find("chart:T1;x") is not None
    assert others < scene.GetNumberOfNodes() < 2 * others


def test_a_pelvis_becomes_a_segment_and_goes_again(case: Any, scene: Any) -> None:
    analysis, _, _ = case
    pelvis = analysis.layering.pelvis.like((analysis.layering.depth.array > 15).astype(np.uint8))
    found = replace(analysis, layering=replace(analysis.layering, pelvis=pelvis))
    segmentation = showResults(scene, NAME, found).find("segmentation").GetSegmentation()
    assert "SCT^25990002^Renal pelvis" in segmentation.GetSegment("renal-pelvis").GetTerminology()
    showResults(scene, NAME, analysis)
    assert segmentation.GetSegment("renal-pelvis") is None


def test_writing_is_silent_leaves_nothing_behind_and_works_again(
    case: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis, maps, image = case
    beside = tmp_path.parent / f"{tmp_path.name}-temporary"
    beside.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(beside))
    for _ in range(2):
        writeScene(tmp_path / "scene.mrb", analysis, maps, image, NAME)
    assert capfd.readouterr() == ("", "")
    assert [file.name for file in tmp_path.iterdir()] == ["scene.mrb"]
    assert list(beside.iterdir()) == []
    with zipfile.ZipFile(tmp_path / "scene.mrb") as packed:
        assert packed.testzip() is None
        description = next(name for name in packed.namelist() if name.endswith(".mrml"))
        assert tempfile.gettempdir().encode() not in packed.read(description)


def test_a_scene_without_maps_and_image_is_written(case: Any, tmp_path: Path, scene: Any) -> None:
    bare = replace(case[0], profiles=(), gradients=(), samples=())
    writeScene(tmp_path / "scene.mrb", bare, [], None, NAME)
    assert load(scene, tmp_path / "scene.mrb").find("depth") is not None


def test_a_missing_slicer_core_is_said_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, case: Any, tmp_path: Path
) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == "slicer":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.delitem(sys.modules, "slicer")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingPackageError, match=r"pip install slicer-renal\[scene\]"):
        writeScene(tmp_path / "scene.mrb", case[0], case[1], case[2], NAME)


def test_a_folder_that_is_not_there_is_one_clear_error(case: Any, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        writeScene(tmp_path / "nowhere" / "scene.mrb", case[0], case[1], case[2], NAME)
