"""A folder of images as a worklist, and what the tests do with it by mouse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import slicer
from Testing.host import mouse
from Testing.panels.segmentation_panel import SMALL

from renal_layers.phantom import reference_object
from renal_segmentation.files import read_image, write_image

NAMES = ("case 1", "case 2", "case 10")


def writeImages(folder: Path) -> Path:
    """Write three images into a folder and return it."""
    image = reference_object(SMALL).t2w
    for name in NAMES:
        write_image(folder / f"{name}.nii.gz", image.array.astype(np.float32), image.grid, "T2w")
    return folder


def open_(panel: Any, folder: Path) -> None:
    """Open a folder by mouse."""
    panel.host.dialogs.answerWith(str(folder))
    mouse.click(panel.ui.openFolderButton)
    panel.host.wait(20)


def outlineAll(panel: Any) -> None:
    """Outline all that wait, by mouse."""
    mouse.click(panel.ui.runAllButton)
    panel.rest()


def states(panel: Any) -> list[str]:
    return [row[1] for row in panel.table(panel.ui.worklistTable)]


def names() -> list[str]:
    """Return the names of all images and segmentations in the scene."""
    kinds = ("vtkMRMLScalarVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLTextNode")
    return [node.GetName() for kind in kinds for node in slicer.util.getNodesByClass(kind)]


def bite(array: np.ndarray) -> None:
    """Take the part of a kidney beyond its middle along the first axis away."""
    rows = np.flatnonzero(array.any(axis=(1, 2)))
    array[rows[len(rows) // 2] :] = 0


def thereAndBack(panel: Any) -> None:
    """Go to the next case and back by mouse."""
    for button in (panel.ui.nextButton, panel.ui.previousButton):
        mouse.click(button)
        panel.rest()


def draw(panel: Any, volume: Any, name: str = "Segmentation") -> Any:
    """Draw the kidneys of an image by hand into a new segmentation, as the Segment Editor makes it, and return it."""
    from RenalSegmentationLib.Labels import writeSides

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    writeSides(node, reference_object(SMALL).mask.array)
    return node


def caseFolder(folder: Path) -> Path:
    """Return where the files of the first case are."""
    return folder / "renal-review" / "case 1"


def changeElsewhere(folder: Path) -> np.ndarray:
    """Write a mask of the first case as somebody else would, and return it."""
    theirs, _notices = read_image(caseFolder(folder) / "network.nii.gz")
    theirs.array[:, :, :4] = 0
    write_image(caseFolder(folder) / "kidneys.nii.gz", theirs.array, theirs.grid, "theirs")
    return theirs.array
