"""Series of Slicer's DICOM database as cases of a worklist."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import slicer
from Testing.host import mouse
from Testing.panels.segmentation_panel import SMALL
from Testing.panels.worklist_folder import names, outlineAll, states

from renal_layers.phantom import reference_object


class Database:
    """Stands for Slicer's DICOM database with two MR series and one report."""

    isOpen = True
    values: ClassVar = {("mr", "0008,0060"): "MR", ("mr", "0010,0020"): "P1", ("mr", "0008,103e"): "T2w cor",
              ("mr2", "0008,0060"): "MR", ("mr2", "0010,0020"): "P2", ("mr2", "0008,103e"): "T2w cor",
                       ("sr", "0008,0060"): "SR"}  # fmt: skip

    def patients(self) -> list[str]:
        return ["1"]

    def studiesForPatient(self, patient: str) -> list[str]:
        return ["study"]

    def seriesForStudy(self, study: str) -> list[str]:
        return ["1.2.mr", "1.2.mr2", "1.2.sr"]

    def filesForSeries(self, series: str, count: int) -> list[str]:
        return [series.rpartition(".")[2]]

    def fileValue(self, file: str, tag: str) -> str:
        return self.values.get((file, tag), "")


@pytest.fixture
def series(cases: Any, tmp_path: Path, monkeypatch: Any) -> Any:
    """Add the series of the database to a worklist; loading one shows it in the views, as Slicer does."""
    image = reference_object(SMALL).t2w

    def loadSeriesByUID(series: list[str]) -> list[str]:
        loaded = [cases.add(image, f"loaded {part} of {series[0]}") for part in (1, 2)]
        logic = slicer.app.applicationLogic()
        logic.GetSelectionNode().SetActiveVolumeID(loaded[0].GetID())
        logic.PropagateVolumeSelection()
        return [node.GetID() for node in loaded]

    utils = SimpleNamespace(DICOMUtils=SimpleNamespace(loadSeriesByUID=loadSeriesByUID))
    monkeypatch.setitem(sys.modules, "DICOMLib", utils)
    monkeypatch.setattr(slicer, "dicomDatabase", Database(), raising=False)
    (tmp_path / "study").mkdir()
    cases.host.dialogs.answerWith(str(tmp_path / "study"))
    mouse.click(cases.ui.addSeriesButton)
    return cases


def test_series_of_the_dicom_database_become_cases(series: Any) -> None:
    assert series.table(series.ui.worklistTable) == [["P1 T2w cor", "waiting", ""], ["P2 T2w cor", "waiting", ""]]
    outlineAll(series)
    assert states(series) == ["outlined"] * 2
    assert series.sides().any()


def shown() -> list[Any]:
    """Return what the slice views show, and where."""
    layers = [node.GetBackgroundVolumeID() for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")]
    slices = slicer.util.getNodesByClass("vtkMRMLSliceNode")
    return [*layers, *((tuple(node.GetFieldOfView()), round(node.GetSliceOffset(), 3)) for node in slices)]


def test_outlining_series_in_the_background_leaves_scene_and_views_as_they_are(series: Any, tmp_path: Path) -> None:
    outlineAll(series)
    other = series.load(name="other")
    slicer.util.setSliceViewerLayers(background=other, fit=True)
    slicer.util.getNode("vtkMRMLSliceNodeRed").SetFieldOfView(50.0, 50.0, 1.0)
    series.rest()
    views, nodes = shown(), slicer.mrmlScene.GetNumberOfNodes()
    case = series.panel.worklist.worklist.cases[1]
    series.panel.worklist.worklist.summary(case).unlink()
    outlineAll(series)
    assert states(series) == ["outlined"] * 2
    assert shown() == views
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert "loaded" not in " ".join(names())
    assert list((tmp_path / "study").rglob("image.nii.gz")) == []
