"""Cortex and medulla: split by an image, and corrected by hand while the kidneys stay as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
from Testing.host import mouse
from Testing.panels.segmentation_panel import SMALL
from Testing.panels.worklist_folder import outlineAll

from renal_layers.phantom import reference_object
from renal_segmentation.files import read_image, write_image
from renal_segmentation.labels import Side
from renal_segmentation.structures import structure_of

MODES = slicer.vtkMRMLSegmentEditorNode


@pytest.fixture
def outlined(segmentation: Any) -> Any:
    """Outline the kidneys and unfold the sections for correction, review and tissue."""
    segmentation.host.mainWindow.resize(1500, 2600)
    segmentation.outline()
    for name in ("correctButton", "reviewButton", "tissueButton"):
        segmentation.openSection(name)
    return segmentation


@pytest.fixture
def split(outlined: Any) -> Any:
    """Split the outlined kidneys into cortex and medulla."""
    outlined.parameters.tissueVolume = outlined.add(outlined.subject.t1w, "T1w")
    mouse.click(outlined.ui.splitTissueButton)
    outlined.rest()
    return outlined


def inside(panel: Any, name: str) -> np.ndarray:
    """Return the voxels of a segment, (I, J, K)."""
    identifier = panel.segmentation.GetSegmentation().GetSegmentIdBySegmentName(name)
    array = slicer.util.arrayFromSegmentBinaryLabelmap(panel.segmentation, identifier, panel.image)
    return array.transpose(2, 1, 0) > 0


def everything(panel: Any) -> dict[str, np.ndarray]:
    """Return the voxels of all segments by name."""
    segmentation = panel.segmentation.GetSegmentation()
    names = [segmentation.GetNthSegment(n).GetName() for n in range(segmentation.GetNumberOfSegments())]
    return {name: inside(panel, name) for name in names}


def assertSame(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """Check that segments are what they were."""
    assert list(found) == list(expected)
    for name, array in found.items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


def assertAgreement(panel: Any) -> None:
    """Check that all tissue is kidney, and that no voxel is of two kinds."""
    found = everything(panel)
    kidney = found["Left kidney"] | found["Right kidney"]
    for one, other in (("Left kidney", "Right kidney"), ("Cortex", "Medulla")):
        assert not (found[one] & found[other]).any()
    assert not ((found["Cortex"] | found["Medulla"]) & ~kidney).any()


def editorNode(panel: Any) -> Any:
    """Return the node that keeps the choices of the embedded editor."""
    return panel.ui.segmentEditor.mrmlSegmentEditorNode()


def select(panel: Any, name: str) -> None:
    """Select a segment in the embedded editor."""
    identifier = panel.segmentation.GetSegmentation().GetSegmentIdBySegmentName(name)
    panel.ui.segmentEditor.setCurrentSegmentID(identifier)


def brush(panel: Any, name: str, voxel: Any, effect: str = "Paint", diameter: float = 14.0) -> np.ndarray:
    """Paint a ball about a voxel into a segment, or erase it; return the voxels of the ball."""
    select(panel, name)
    panel.ui.segmentEditor.setActiveEffectByName(effect)
    active = panel.ui.segmentEditor.activeEffect()
    active.setCommonParameter("BrushAbsoluteDiameter", diameter)
    grid = panel.subject.t2w.grid
    centre = grid.to_ras([voxel])[0]
    active.strokeInSlice([centre], slicer.app.layoutManager().sliceWidget("Red").sliceLogic().GetSliceNode())
    panel.rest()
    places = grid.to_ras(np.argwhere(np.ones(grid.shape, bool)))
    return (((places - centre) ** 2).sum(1) <= (diameter / 2) ** 2).reshape(grid.shape)


def border(panel: Any) -> np.ndarray:
    """Return a voxel of the left medulla beside the left cortex, deep in the kidney."""
    found = everything(panel)
    places = np.argwhere(found["Medulla"] & found["Left kidney"])
    return places[np.argmax([found["Cortex"][tuple(np.add(place, (1, 0, 0)))] for place in places])]


def outermost(panel: Any, kidney: str) -> np.ndarray:
    """Return the voxel of a kidney that lies highest."""
    places = np.argwhere(inside(panel, kidney))
    return places[np.argmax(panel.subject.t2w.grid.to_ras(places)[:, 2])]


def test_cortex_and_medulla_are_split_and_can_be_undone(outlined: Any) -> None:
    outlined.add(outlined.subject.t1w, "T1w")
    assert not outlined.ui.splitTissueButton.enabled
    assert outlined.ui.splitTissueButton.toolTip == "Choose a T1-weighted image or a T1 map."
    mouse.choose(outlined.ui.tissueSelector, "T1w")
    mouse.click(outlined.ui.splitTissueButton)
    outlined.rest()
    node = outlined.segmentation
    truth = outlined.subject.tissue.array
    for name, label, code in (("Cortex", 1, "SCT^50403003"), ("Medulla", 2, "UBERON^0000362")):
        found = slicer.util.arrayFromSegmentBinaryLabelmap(node, name, outlined.image).transpose(2, 1, 0) > 0
        assert found[(truth == label) & (outlined.sides() > 0)].mean() > 0.9
        assert f"~{code}^" in node.GetSegmentation().GetSegment(name).GetTerminology()
    names = [row[0] for row in outlined.table(outlined.ui.volumesTable)]
    assert names == ["Total kidney volume", "Left kidney", "Right kidney", "Cortex", "Medulla"]
    # The network gave no tissue, so its outline is still as it was.
    assert outlined.ui.verdictBox.currentText == "Accepted"
    outlined.undo()
    assert node.GetSegmentation().GetSegment("Cortex") is None


def test_an_image_without_two_tissues_says_so(outlined: Any) -> None:
    flat = outlined.subject.t1w.like(np.random.default_rng(0).normal(100, 5, outlined.subject.t1w.array.shape))
    outlined.add(flat, "Flat")
    mouse.choose(outlined.ui.tissueSelector, "Flat")
    mouse.click(outlined.ui.splitTissueButton)
    assert "Cortex and medulla cannot be told apart" in outlined.error
    assert outlined.segmentation.GetSegmentation().GetSegment("Cortex") is None


@pytest.mark.parametrize(("painted", "other"), [("Cortex", "Medulla"), ("Medulla", "Cortex")])
def test_one_tissue_painted_over_the_other_leaves_the_kidneys_as_they_are(split: Any, painted: str, other: str) -> None:
    before = everything(split)
    volumes = split.table(split.ui.volumesTable)
    ball = brush(split, painted, border(split), diameter=10.0) & (before["Left kidney"] | before["Right kidney"])
    after = everything(split)
    assert (before[other] & ball).any()
    np.testing.assert_array_equal(after[painted], before[painted] | ball)
    np.testing.assert_array_equal(after[other], before[other] & ~ball)
    for name in ("Left kidney", "Right kidney"):
        np.testing.assert_array_equal(after[name], before[name])
    assert split.table(split.ui.volumesTable)[:3] == volumes[:3]
    split.undo()
    assertSame(everything(split), before)
    split.ui.segmentEditor.redo()
    split.rest()
    assertSame(everything(split), after)


def test_a_kidney_painted_over_its_tissue_leaves_that_as_it_is(split: Any) -> None:
    before = everything(split)
    ball = brush(split, "Left kidney", outermost(split, "Left kidney"))
    after = everything(split)
    np.testing.assert_array_equal(after["Left kidney"], before["Left kidney"] | ball)
    assert (before["Cortex"] & ball).any()
    for name in ("Cortex", "Medulla"):
        np.testing.assert_array_equal(after[name], before[name])


def test_tissue_goes_with_the_kidney_that_is_erased_and_comes_back_with_it(split: Any) -> None:
    before = everything(split)
    ball = brush(split, "Left kidney", border(split), "Erase")
    assertSame(everything(split), {**before, **{n: before[n] & ~ball for n in ("Left kidney", "Cortex", "Medulla")}})
    split.undo()
    assertSame(everything(split), before)


def test_tissue_that_is_erased_leaves_the_kidney(split: Any) -> None:
    before = everything(split)
    ball = brush(split, "Cortex", border(split), "Erase")
    assertSame(everything(split), {**before, "Cortex": before["Cortex"] & ~ball})


@pytest.mark.parametrize("kidney", ["Left kidney", "Right kidney"])
def test_cortex_painted_beyond_the_capsule_makes_its_kidney_larger(split: Any, kidney: str) -> None:
    before = everything(split)
    ball = brush(split, "Cortex", outermost(split, kidney))
    after = everything(split)
    assert (ball & ~before[kidney]).any()
    np.testing.assert_array_equal(after[kidney], before[kidney] | ball)
    np.testing.assert_array_equal(after["Cortex"], before["Cortex"] | ball)
    assertAgreement(split)
    split.undo()
    assertSame(everything(split), before)


@pytest.mark.parametrize("mode", ["OverwriteAllSegments", "OverwriteVisibleSegments", "OverwriteNone"])
def test_a_cyst_is_overwritten_as_the_user_has_chosen(split: Any, mode: str) -> None:
    node = split.segmentation
    node.GetSegmentation().AddEmptySegment("", "Left cyst")
    select(split, "Left cyst")
    editorNode(split).SetOverwriteMode(getattr(MODES, mode))
    place = outermost(split, "Left kidney")
    cyst = brush(split, "Left cyst", place)
    np.testing.assert_array_equal((inside(split, "Left kidney") & cyst).any(), mode == "OverwriteNone")
    node.GetDisplayNode().SetSegmentVisibility("Left-cyst", False)
    ball = brush(split, "Left kidney", place, diameter=8.0)
    assert (ball & cyst).any()
    assert inside(split, "Left kidney")[ball].all()
    left = cyst if mode == "OverwriteNone" else cyst & ~ball
    np.testing.assert_array_equal(inside(split, "Left cyst"), left)
    select(split, "Left cyst")
    assert editorNode(split).GetOverwriteMode() == getattr(MODES, mode)
    assertAgreement(split)


def test_whoever_chooses_to_overwrite_all_keeps_the_choice_and_still_loses_no_kidney(split: Any) -> None:
    before = everything(split)
    select(split, "Cortex")
    assert editorNode(split).GetOverwriteMode() == MODES.OverwriteNone
    editorNode(split).SetOverwriteMode(MODES.OverwriteAllSegments)
    for _stroke in range(2):
        brush(split, "Cortex", border(split), diameter=10.0)
    for name in ("Left kidney", "Right kidney"):
        np.testing.assert_array_equal(inside(split, name), before[name])
    assertAgreement(split)
    select(split, "Medulla")
    assert editorNode(split).GetOverwriteMode() == MODES.OverwriteAllSegments


def test_without_tissue_the_overwrite_mode_is_left_alone(segmentation: Any) -> None:
    segmentation.outline()
    select(segmentation, "Left kidney")
    assert editorNode(segmentation).GetOverwriteMode() == MODES.OverwriteAllSegments


def test_undoing_the_split_and_leaving_the_module_give_the_overwrite_mode_back(split: Any) -> None:
    select(split, "Left kidney")
    node = editorNode(split)
    assert node.GetOverwriteMode() == MODES.OverwriteNone
    split.panel.exit()
    assert node.GetOverwriteMode() == MODES.OverwriteAllSegments
    split.panel.enter()
    assert node.GetOverwriteMode() == MODES.OverwriteNone
    split.undo()
    assert node.GetOverwriteMode() == MODES.OverwriteAllSegments


def test_a_scene_saved_while_painting_keeps_the_users_overwrite_mode(split: Any, tmp_path: Path) -> None:
    select(split, "Cortex")
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    split.rest()
    split.panel.exit()
    split.panel.enter()
    split.segmentation.GetSegmentation().AddEmptySegment("", "Left cyst")
    select(split, "Cortex")
    assert editorNode(split).GetOverwriteMode() == MODES.OverwriteNone
    select(split, "Left cyst")
    assert editorNode(split).GetOverwriteMode() == MODES.OverwriteAllSegments


@pytest.mark.parametrize("selected", ["Left kidney", "Cortex"])
def test_helpers_that_take_kidney_away_take_its_tissue_along_in_one_step(split: Any, selected: str) -> None:
    brush(split, selected, border(split), diameter=10.0)
    before = everything(split)
    mouse.click(split.ui.smoothButton)
    split.rest()
    after = everything(split)
    assert (before["Cortex"] & ~after["Cortex"]).any()
    kidney = after["Left kidney"] | after["Right kidney"]
    np.testing.assert_array_equal(after["Cortex"], before["Cortex"] & kidney)
    assertAgreement(split)
    split.undo()
    assertSame(everything(split), before)


@pytest.mark.parametrize("selected", ["Left kidney", "Cortex"])
def test_what_is_renamed_or_removed_is_not_taken_for_painted(split: Any, selected: str) -> None:
    brush(split, selected, border(split), diameter=10.0)
    before = everything(split)
    segmentation = split.segmentation.GetSegmentation()
    segmentation.GetSegment("Left-kidney").SetTerminology("")
    for name in ("Graft", "Left kidney"):
        segmentation.GetSegment("Left-kidney").SetName(name)
        split.rest()
    assertSame(everything(split), before)
    segmentation.AddEmptySegment("Liver", "Liver")
    split.paint(lambda array: array.__setitem__((slice(4),) * 3, 1), "Liver")
    split.rest()
    segmentation.RemoveSegment("Cortex")
    segmentation.GetSegment("Liver").SetName("Cortex")
    split.rest()
    for name in ("Left kidney", "Right kidney"):
        np.testing.assert_array_equal(inside(split, name), before[name])
    assert inside(split, "Cortex")[:4, :4, :4].all()


def test_what_is_not_painted_is_left_as_it_is(split: Any) -> None:
    kidney, cortex = inside(split, "Left kidney"), inside(split, "Cortex")
    split.paint(lambda array: array.__setitem__(kidney, 0), "Left kidney")
    split.rest()
    np.testing.assert_array_equal(inside(split, "Cortex"), cortex)
    assert not inside(split, "Left kidney").any()


def test_the_file_of_a_case_has_the_tissue_that_was_painted(cases: Any, folder: Path) -> None:
    outlineAll(cases)
    cases.subject = reference_object(SMALL)
    cases.image = cases.parameters.inputVolume
    cases.parameters.tissueVolume = cases.add(cases.subject.t1w, "T1w")
    mouse.click(cases.ui.splitTissueButton)
    cases.rest()
    place = border(cases)
    file = folder / "renal-review" / "case 1" / "kidneys.nii.gz"
    assert read_image(file)[0].array[tuple(place)] == structure_of("medulla", Side.LEFT).value
    brush(cases, "Cortex", place)
    written = read_image(file)[0].array
    assert written[tuple(place)] == structure_of("cortex", Side.LEFT).value
    parts = {tissue: [structure_of(tissue, side).value for side in Side] for tissue in ("cortex", "medulla")}
    for tissue, values in parts.items():
        np.testing.assert_array_equal(np.isin(written, values), inside(cases, tissue.capitalize()))


@pytest.mark.parametrize("effect", ["Paint", ""])
def test_what_apply_finds_takes_nothing_from_other_segments_whatever_effect_is_active(
    split: Any, tmp_path: Path, monkeypatch: Any, effect: str
) -> None:
    import qt

    from RenalSegmentationLib.CaseLabels import labelsToSave

    write_image(tmp_path / "mask.nii.gz", labelsToSave(split.segmentation), split.subject.t2w.grid, "kidneys")
    monkeypatch.setenv("RENAL_FAKE", f"mask:{tmp_path / 'mask.nii.gz'}")
    split.segmentation.GetSegmentation().AddEmptySegment("Mine", "Tumour")
    select(split, "Tumour")
    editorNode(split).SetOverwriteMode(MODES.OverwriteNone)
    place = border(split)
    brush(split, "Tumour", place)
    editorNode(split).SetOverwriteMode(MODES.OverwriteAllSegments)
    brush(split, "Left kidney", place, effect="Erase", diameter=10.0)
    tumour = inside(split, "Tumour")
    select(split, "Cortex")
    split.ui.segmentEditor.setActiveEffectByName(effect)
    split.host.dialogs.answerWith(qt.QMessageBox.Yes)
    split.apply()
    np.testing.assert_array_equal(inside(split, "Tumour"), tumour)
