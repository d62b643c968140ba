"""Apply pressed again on an image that has an outline already: corrections are not lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import slicer
from Testing.host import mouse


@pytest.fixture
def corrected(segmentation: Any) -> Any:
    """Outline the kidneys, unfold the correction, and erase the left kidney."""
    segmentation.host.mainWindow.resize(1500, 2600)
    segmentation.outline()
    segmentation.openSection("correctButton")
    segmentation.found = segmentation.sides().copy()
    segmentation.paint(erase)
    segmentation.rest()
    return segmentation


def erase(array: np.ndarray) -> None:
    array[:] = 0


def answer(segmentation: Any, agrees: bool) -> None:
    """Answer the next question with yes or no."""
    import qt

    segmentation.host.dialogs.answerWith(qt.QMessageBox.Yes if agrees else qt.QMessageBox.No)


def test_an_outline_that_was_not_corrected_is_replaced_without_a_question_and_no_node_is_added(
    segmentation: Any,
) -> None:
    segmentation.outline()
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    segmentation.apply()
    assert segmentation.status.startswith("Done in ")
    assert segmentation.host.dialogs.texts() == []
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes


def test_corrections_are_replaced_only_with_consent_and_come_back_with_undo(corrected: Any) -> None:
    edited, nodes = corrected.sides().copy(), slicer.mrmlScene.GetNumberOfNodes()
    volumes = corrected.table(corrected.ui.volumesTable)
    answer(corrected, True)
    corrected.apply()
    assert corrected.table(corrected.ui.volumesTable) != volumes
    assert corrected.host.dialogs.texts("question")[0].startswith("'T2w kidneys' was corrected. Replace it by a new")
    np.testing.assert_array_equal(corrected.sides(), corrected.found)
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    corrected.undo()
    np.testing.assert_array_equal(corrected.sides(), edited)
    assert corrected.table(corrected.ui.volumesTable) == volumes


def test_who_says_no_keeps_the_corrections_and_no_network_is_started(corrected: Any) -> None:
    edited = corrected.sides().copy()
    corrected.ui.logText.clear()
    answer(corrected, False)
    corrected.apply()
    assert corrected.error.startswith("The corrections were kept")
    assert corrected.ui.logText.plainText == ""
    np.testing.assert_array_equal(corrected.sides(), edited)


def test_cortex_that_was_split_off_counts_as_a_correction_and_comes_back_with_undo(segmentation: Any) -> None:
    segmentation.host.mainWindow.resize(1500, 2600)
    node = segmentation.outline()
    segmentation.add(segmentation.subject.t1w, "T1w")
    for name in ("correctButton", "tissueButton"):
        segmentation.openSection(name)
    mouse.choose(segmentation.ui.tissueSelector, "T1w")
    mouse.click(segmentation.ui.splitTissueButton)
    segmentation.rest()
    answer(segmentation, True)
    segmentation.apply()
    assert node.GetSegmentation().GetSegment("Cortex") is None
    segmentation.undo()
    assert node.GetSegmentation().GetSegment("Cortex") is not None


@pytest.mark.parametrize("agrees", [True, False])
def test_corrections_made_while_the_network_is_at_work_are_asked_for_at_its_end(
    segmentation: Any, monkeypatch: Any, agrees: bool
) -> None:
    segmentation.host.mainWindow.resize(1500, 2600)
    segmentation.outline()
    segmentation.openSection("correctButton")
    found = segmentation.sides().copy()
    monkeypatch.setenv("RENAL_FAKE", "slow:0.5")
    mouse.click(segmentation.ui.applyButton)
    segmentation.host.waitUntil(lambda: "outlining" in segmentation.status, 30000)
    segmentation.paint(erase)
    edited = segmentation.sides().copy()
    answer(segmentation, agrees)
    segmentation.rest()
    if agrees:
        np.testing.assert_array_equal(segmentation.sides(), found)
        segmentation.undo()
    else:
        assert segmentation.error.startswith("The corrections were kept")
    np.testing.assert_array_equal(segmentation.sides(), edited)


def test_corrections_of_an_image_that_was_left_while_the_network_was_at_work_stay(
    corrected: Any, monkeypatch: Any
) -> None:
    node, edited = corrected.segmentation, corrected.sides().copy()
    other = corrected.add(corrected.subject.t1w, "T1w")
    monkeypatch.setenv("RENAL_FAKE", "slow:0.5")
    answer(corrected, True)
    mouse.click(corrected.ui.applyButton)
    mouse.choose(corrected.ui.inputSelector, other.GetName())
    assert corrected.segmentation is None
    corrected.rest()
    assert corrected.segmentation is None
    assert corrected.error.startswith("The corrections of 'T2w kidneys' were kept")
    np.testing.assert_array_equal(corrected.sides(node), edited)
