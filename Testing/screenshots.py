"""Pictures of the modules for the README and the extension catalogue: ``python -m Testing.screenshots``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "Resources" / "Screenshots"
SIZE = (1500, 1040)


def main() -> None:
    """Drive RenalLayers on the reference object and take its pictures."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from Testing.host.session import start, stop

    host = start()
    host.mainWindow.resize(*SIZE)
    host.mainWindow.show()
    FOLDER.mkdir(parents=True, exist_ok=True)
    _layers(host)
    stop()


def _layers(host: Any) -> None:
    widget = host.open(ROOT / "RenalLayers" / "RenalLayers.py")
    ui = widget.panel.ui
    _take(host, "empty-inputs")
    _choose(widget)
    _apply(host, widget)
    ui.inputsButton.collapsed = ui.layersButton.collapsed = True
    _take(host, "layers-and-plot")
    _lookAtSurface(host, widget)
    _take(host, "surface-by-depth")
    _hover(host, widget)
    _take(host, "linked-cursor")
    ui.inputsButton.collapsed = False
    _emptySegment(host, widget)
    _take(host, "error")


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


def _take(host: Any, name: str) -> None:
    path = host.screenshot(FOLDER / f"{name}.png")
    Image.open(path).convert("RGB").save(path, optimize=True)


if __name__ == "__main__":
    main()
