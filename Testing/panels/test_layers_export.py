"""Files hold the results that the panel shows, and replace nothing without asking."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import slicer
from PySide6.QtWidgets import QMessageBox
from Testing.host import mouse

from RenalLayersLib.Tables import columnsOfTable


def export(layers: Any, folder: Path, *answers: Any) -> None:
    """Press Export and choose a folder; `answers` to what is asked then."""
    layers.host.dialogs.answerWith(str(folder), *answers)
    mouse.click(layers.ui.exportButton)


def exported_volumes(folder: Path) -> dict[str, float]:
    return dict(json.loads((folder / "summary.json").read_text(encoding="utf-8"))["volumes_ml"])


def shown_volumes(layers: Any) -> dict[str, float]:
    columns = columnsOfTable(layers.study.find("volumes"))
    return dict(zip(columns["side"], columns["volume_ml"], strict=True))


def test_after_loading_a_scene_nothing_is_exported_before_apply(layers: Any, tmp_path: Path) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    assert slicer.util.saveScene(str(tmp_path / "study.mrb"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "study.mrb"))
    layers.host.wait(20)
    layers.segmentation, layers.image = layers.parameters.segmentation, slicer.util.getNode("T2w")
    layers.bite()
    export(layers, tmp_path / "out")
    assert "press Apply" in layers.ui.statusLabel.text
    assert not (tmp_path / "out").exists()
    layers.apply()
    export(layers, tmp_path / "out")
    assert exported_volumes(tmp_path / "out") == shown_volumes(layers)


def test_results_of_an_imported_scene_are_not_exported_with_the_numbers_of_an_earlier_run(
    layers: Any, tmp_path: Path
) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    assert slicer.util.saveScene(str(tmp_path / "study.mrb"))
    layers.bite()
    layers.apply()
    slicer.util.loadScene(str(tmp_path / "study.mrb"), {"clear": False})
    layers.host.wait(100)
    export(layers, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    layers.apply()
    export(layers, tmp_path / "out")
    assert exported_volumes(tmp_path / "out") == shown_volumes(layers)


def test_results_that_lie_in_the_folder_are_replaced_only_when_a_person_agrees(layers: Any, tmp_path: Path) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    export(layers, tmp_path / "out")
    before = exported_volumes(tmp_path / "out")
    layers.segmentation.SetName("Patient B")
    layers.bite()
    layers.apply()
    export(layers, tmp_path / "out", QMessageBox.No)
    assert "holds results of 'Reference object kidneys: renal layers'" in layers.host.dialogs.texts("question")[0]
    assert "choose another folder" in layers.ui.statusLabel.text
    assert exported_volumes(tmp_path / "out") == before
    export(layers, tmp_path / "out", QMessageBox.Yes)
    assert exported_volumes(tmp_path / "out") == shown_volumes(layers) != before


def test_files_of_unknown_origin_with_the_names_of_results_are_named_in_the_question(
    layers: Any, tmp_path: Path
) -> None:
    layers.choose(layers.r2star)
    layers.apply()
    (tmp_path / "profiles.csv").write_text("mine")
    (tmp_path / "summary.json").write_text("[]")
    export(layers, tmp_path, QMessageBox.No)
    assert "profiles.csv, summary.json" in layers.host.dialogs.texts("question")[0]
    assert (tmp_path / "profiles.csv").read_text() == "mine"
