"""Pictures of the modules for the README and the extension catalogue.

``python -m Testing.screenshots [layers] [segmentation]``: Renal Layers on the reference object, Renal Segmentation on a
generated abdomen that the network has never seen.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from renal_segmentation.files import write_image
from renal_segmentation.synthesis.abdomen import generate_abdomen
from renal_segmentation.synthesis.imaging import render

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "Resources" / "Screenshots"
SIZE = (1500, 1040)
UNSEEN = 3_000_042
"""Seed of a person that neither training nor validation drew."""


def main() -> None:
    """Drive both modules and take their pictures."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from Testing.host.session import start, stop

    host = start()
    host.mainWindow.resize(*SIZE)
    host.mainWindow.show()
    FOLDER.mkdir(parents=True, exist_ok=True)
    if "layers" in (sys.argv[1:] or ["layers"]):
        _layers(host)
    if "segmentation" in (sys.argv[1:] or ["segmentation"]):
        host.reset()
        host.mainWindow.resize(*SIZE)
        host.mainWindow.show()
        _segmentation(host)
    stop()


def _layers(host: Any) -> None:
    widget = host.open(ROOT / "RenalLayers" / "RenalLayers.py")
    ui = widget.panel.ui
    _take(host, "empty-inputs")
    _choose(widget)
    _apply(host, widget)
    ui.inputsButton.collapsed = ui.layersButton.collapsed = True
    _take(host, "layers-and-plot", exact=True)
    _lookAtSurface(host, widget)
    _take(host, "surface-by-depth", exact=True)
    _hover(host, widget)
    _take(host, "linked-cursor", exact=True)
    ui.inputsButton.collapsed = False
    _emptySegment(host, widget)
    _take(host, "error", exact=True)


def _choose(widget: Any) -> None:
    from RenalLayersLib.ReferenceObject import loadReferenceObject

    segmentation, _image, r2star, t1 = loadReferenceObject()
    parameters = widget.logic.getParameterNode()
    parameters.segmentation = segmentation
    parameters.pelvisDistance = 10.0
    for node in (r2star, t1):
        widget.panel.ui.mapSelector.setCurrentNode(node)
        widget.panel.ui.addMapButton.click()


def _apply(host: Any, widget: Any) -> None:
    widget.panel.ui.applyButton.click()
    host.waitUntil(lambda: widget.panel.isResting, 60000)


def _lookAtSurface(host: Any, widget: Any) -> None:
    """Show the 3D view large, from in front, without the box around it."""
    import slicer

    manager = host.layoutManager
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUp3DView)
    view = manager.threeDWidget(0).threeDView()
    node = view.mrmlViewNode()
    node.SetBoxVisible(False)
    node.SetAxisLabelsVisible(False)
    host.wait(100)
    view.rotateToViewAxis(3)
    view.resetFocalPoint()
    host.wait(200)


def _hover(host: Any, widget: Any) -> None:
    """Go back to slices and plot, and hold the mouse over a point of the left kidney 9 mm deep."""
    from Testing.host import mouse

    widget.panel.ui.layoutButton.click()
    host.wait(200)
    layering = widget.logic.analysis.layering
    voxels = np.argwhere((layering.depth.array > 0) & (layering.side.array == 1))
    depth = layering.depth.array[tuple(voxels.T)]
    point = layering.depth.grid.to_ras(voxels[[np.argmin(np.abs(depth - 9.0))]])[0]
    coronal = host.layoutManager.sliceWidget("Green")
    coronal.sliceLogic().GetSliceNode().JumpSliceByOffsetting(*point)
    host.wait(100)
    mouse.move(coronal.sliceView(), mouse.slicePosition(coronal, point))
    host.wait(300)


def _emptySegment(host: Any, widget: Any) -> None:
    """Choose a segment in which nothing is painted, and apply."""
    parameters = widget.logic.getParameterNode()
    parameters.segmentation.GetSegmentation().AddEmptySegment("draft", "Left kidney, draft")
    parameters.leftSegment = "draft"
    widget.panel._inputs.refresh()
    widget.panel.ui.applyButton.click()
    host.wait(200)


def _segmentation(host: Any) -> None:
    """Outline, correct, review, and step through a worklist."""
    widget = host.open(ROOT / "RenalSegmentation" / "RenalSegmentation.py")
    panel, ui = widget.panel, widget.panel.ui
    scan = render(generate_abdomen(UNSEEN), UNSEEN, "t2", "coronal").image
    image = _volume("T2w", scan)
    ui.inputSelector.setCurrentNode(image)
    _slicer().util.setSliceViewerLayers(background=image, fit=True)
    host.wait(200)
    ui.applyButton.click()
    _rest(host, panel)
    ui.heightSpin.value, ui.weightSpin.value = 178.0, 74.0
    _threeD(host, panel)
    _take(host, "segmentation-outline")
    _brush(host, panel, image)
    _fold(ui, "correctButton")
    ui.showAiCheck.click()
    _take(host, "segmentation-correct")
    ui.segmentEditor.setActiveEffectByName("")
    _fold(ui, "reviewButton")
    ui.showAiCheck.click()
    ui.showChangesCheck.click()
    ui.reviewerEdit.text = "A. Reader"
    ui.commentEdit.plainText = "Upper pole of the left kidney extended."
    ui.saveReviewButton.click()
    _rest(host, panel)
    _take(host, "segmentation-review")
    _tissue(host, panel)
    with tempfile.TemporaryDirectory() as folder:
        _worklist(host, panel, Path(folder), scan)
    host.unload("RenalSegmentation")


def _tissue(host: Any, panel: Any) -> None:
    """Split the kidneys of the reference object."""
    from renal_layers.phantom import PhantomSettings, reference_object
    from RenalLayersLib.ReferenceObject import loadReferenceObject

    _slicer().mrmlScene.Clear(0)
    segmentation, image = loadReferenceObject()[:2]
    for name in ("Renal pelvis", "Cortex", "Medulla"):
        found = segmentation.GetSegmentation().GetSegmentIdBySegmentName(name)
        if found:
            segmentation.GetSegmentation().RemoveSegment(found)
    panel.logic.getParameterNode().segmentation = segmentation
    _slicer().util.setSliceViewerLayers(background=image, fit=True)
    _fold(panel.ui, "tissueButton", "volumesButton")
    panel.ui.tissueSelector.setCurrentNode(_volume("T1w", reference_object(PhantomSettings(with_cyst=True)).t1w))
    panel.ui.splitTissueButton.click()
    _rest(host, panel)
    _threeD(host, panel)
    _take(host, "segmentation-tissue")


def _worklist(host: Any, panel: Any, folder: Path, image: Any) -> None:
    """Outline four cases, one of them damaged, and look at the second."""
    for number in (1, 2, 4):
        write_image(folder / f"subject {number:02d}.nii.gz", image.array.astype("float32"), image.grid, "T2w")
    (folder / "subject 03.nii.gz").write_bytes(b"cut off")
    _slicer().mrmlScene.Clear(0)
    panel.worklist.open(folder)
    panel.ui.runAllButton.click()
    _rest(host, panel)
    panel.ui.reviewerEdit.text = "A. Reader"
    panel.ui.saveReviewButton.click()
    panel.ui.nextButton.click()
    _rest(host, panel)
    _threeD(host, panel)
    _fold(panel.ui, "worklistButton", "volumesButton")
    _take(host, "segmentation-worklist")


def _brush(host: Any, panel: Any, image: Any) -> None:
    """Paint at the upper pole of the left kidney, as a person does with the mouse."""
    from Testing.host import mouse

    editor = panel.ui.segmentEditor
    editor.setCurrentSegmentID("Left-kidney")
    editor.setActiveEffectByName("Paint")
    editor.activeEffect().setCommonParameter("BrushAbsoluteDiameter", 16)
    from RenalSegmentationLib.Labels import sideMap

    side = sideMap(panel.logic.getParameterNode().segmentation)
    places = side.grid.to_ras(np.argwhere(side.array == 1))
    top = places[places[:, 2] > places[:, 2].max() - 1]
    coronal = host.layoutManager.sliceWidget("Green")
    offset = coronal.sliceLogic().GetSliceOffset()
    ends = (top[:, 0].min() + 8, top[:, 0].max() - 8)
    start, end = (mouse.slicePosition(coronal, (x, offset, places[:, 2].max() + 3)) for x in ends)
    mouse.drag(coronal.sliceView(), start, end, steps=12)
    _rest(host, panel)


def _threeD(host: Any, panel: Any) -> None:
    """Show the kidneys in 3D, from in front."""
    panel.logic.getParameterNode().segmentation.CreateClosedSurfaceRepresentation()
    view = host.layoutManager.threeDWidget(0).threeDView()
    view.mrmlViewNode().SetBoxVisible(False)
    view.mrmlViewNode().SetAxisLabelsVisible(False)
    host.wait(100)
    view.rotateToViewAxis(3)
    view.resetFocalPoint()
    view.resetCamera()
    host.wait(100)


def _fold(ui: Any, *opened: str) -> None:
    """Unfold some sections and fold the others."""
    for name in ("outlineButton", "volumesButton", "correctButton", "tissueButton", "reviewButton", "worklistButton"):
        getattr(ui, name).collapsed = name not in opened


def _rest(host: Any, panel: Any) -> None:
    host.waitUntil(lambda: panel.isResting, 300000)
    host.wait(100)


def _volume(name: str, volume: Any) -> Any:
    """Put an image into the scene."""
    from RenalLayersLib.Volumes import fillVolume

    node = _slicer().mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    fillVolume(node, volume)
    node.CreateDefaultDisplayNodes()
    return node


def _slicer() -> Any:
    import slicer

    return slicer


def _take(host: Any, name: str, exact: bool = False) -> None:
    """Take a picture, in fewer colours unless it is to be exact: those of thin curves would be lost."""
    path = host.screenshot(FOLDER / f"{name}.png")
    if exact:
        return
    Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
