"""What the results look like in the views, and how the views looked before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import qt
import slicer

from renal_layers.settings import Settings
from RenalLayersLib.Layout import SLICES, showLayout
from RenalLayersLib.Parameters import Overlay
from RenalLayersLib.Study import Study

_FAINT = 0.15
"""Opacity of the layers beside the one that is highlighted."""
_LEAST_DEPTH = 1e-6


@dataclass(frozen=True)
class ViewState:
    """How the views looked at one moment: layout, layers of every slice view, chart, and how segments were filled."""

    layout: int
    slices: dict[str, tuple[str | None, str | None, str | None, float, float]]
    chart: str | None
    segmentation: str | None
    filled: bool
    shownSegments: dict[str, bool]

    @staticmethod
    def now(segmentation: Any) -> ViewState:
        """Return how the views look now, and the segments of a segmentation if there is one."""
        manager = slicer.app.layoutManager()
        slices = {}
        for name in manager.sliceViewNames():
            composite = _compositeOf(manager.sliceWidget(name))
            slices[name] = (
                composite.GetBackgroundVolumeID(),
                composite.GetForegroundVolumeID(),
                composite.GetLabelVolumeID(),
                composite.GetForegroundOpacity(),
                composite.GetLabelOpacity(),
            )
        chart = manager.plotWidget(0).mrmlPlotViewNode().GetPlotChartNodeID() if manager.plotViewCount else None
        display = _displayOf(segmentation)
        ids = [segmentation.GetSegmentation().GetNthSegmentID(n) for n in range(_segmentCount(segmentation))]
        shown = {identifier: bool(display.GetSegmentVisibility(identifier)) for identifier in ids} if display else {}
        filled = bool(display.GetVisibility2DFill()) if display else True
        name = segmentation.GetID() if segmentation is not None else None
        return ViewState(manager.layout, slices, chart, name, filled, shown)

    def restore(self) -> None:
        """Make the views look as they did; volumes that are gone are left out."""
        manager = slicer.app.layoutManager()
        manager.setLayout(self.layout)
        for name, (background, foreground, label, foregroundOpacity, labelOpacity) in self.slices.items():
            widget = manager.sliceWidget(name)
            if widget is None:
                continue
            composite = _compositeOf(widget)
            composite.SetBackgroundVolumeID(_present(background))
            composite.SetForegroundVolumeID(_present(foreground))
            composite.SetLabelVolumeID(_present(label))
            composite.SetForegroundOpacity(foregroundOpacity)
            composite.SetLabelOpacity(labelOpacity)
        if manager.plotViewCount:
            manager.plotWidget(0).mrmlPlotViewNode().SetPlotChartNodeID(_present(self.chart))
        display = _displayOf(slicer.mrmlScene.GetNodeByID(self.segmentation) if self.segmentation else None)
        if display is not None:
            display.SetVisibility2DFill(self.filled)
            for identifier, shown in self.shownSegments.items():
                display.SetSegmentVisibility(identifier, shown)


def openLayout(study: Study, parameters: Any) -> None:
    """Show slices through the middle of the kidneys, and all of them in 3D, beside the plot.

    A background is put behind them if there was none. Segments are shown by their outlines and those of tissue not
    at all, so that the layers can be seen.
    """
    showLayout()
    display, background = _displayOf(parameters.segmentation), backgroundFor(parameters)
    if display is not None:
        display.SetVisibility2DFill(False)
        for identifier in (parameters.cortexSegment, parameters.medullaSegment):
            if identifier:
                display.SetSegmentVisibility(identifier, False)
    for name in SLICES:
        composite = _compositeOf(slicer.app.layoutManager().sliceWidget(name))
        if composite.GetBackgroundVolumeID() is None and background is not None:
            composite.SetBackgroundVolumeID(background.GetID())
    middle = _middleOf(study.find("depth"))
    # Views that the layout has just shown get their size when the event loop is reached.
    qt.QTimer.singleShot(0, lambda: _fitViews(middle))


def _fitViews(middle: tuple[float, float, float]) -> None:
    """Show the whole image in each slice view, through a point in RAS mm, and all of the models in the 3D view."""
    for name in SLICES:
        logic = slicer.app.layoutManager().sliceWidget(name).sliceLogic()
        logic.FitSliceToAll()
        logic.GetSliceNode().JumpSliceByCentering(*middle)
    _fitModels(slicer.app.layoutManager().threeDWidget(0).threeDView())


def _fitModels(view: Any) -> None:
    """Let the models fill a 3D view; the box, as large as the image, would have the camera stand back."""
    node = view.mrmlViewNode()
    box, labels = node.GetBoxVisible(), node.GetAxisLabelsVisible()
    view.resetFocalPoint()
    node.SetBoxVisible(False)
    node.SetAxisLabelsVisible(False)
    view.resetCamera()
    node.SetBoxVisible(box)
    node.SetAxisLabelsVisible(labels)


def showOverlay(study: Study, overlay: Overlay, opacity: float) -> None:
    """Lay layers, depth or nothing over every slice view, other volumes there left as they are."""
    depth, layers = study.find("depth"), study.find("layers")
    manager = slicer.app.layoutManager()
    for name in manager.sliceViewNames():
        composite = _compositeOf(manager.sliceWidget(name))
        if layers is not None and overlay == Overlay.Layers:
            composite.SetLabelVolumeID(layers.GetID())
            composite.SetLabelOpacity(opacity)
        elif layers is not None and composite.GetLabelVolumeID() == layers.GetID():
            composite.SetLabelVolumeID(None)
        if overlay == Overlay.Depth:
            composite.SetForegroundVolumeID(depth.GetID())
            composite.SetForegroundOpacity(opacity)
        elif composite.GetForegroundVolumeID() == depth.GetID():
            composite.SetForegroundVolumeID(None)


def showModels(study: Study, visible: bool) -> None:
    """Show or hide the surface and the depth shells."""
    for role in ("surface", "depth shells"):
        node = study.find(role)
        if node is not None and node.GetDisplayNode() is not None:
            node.GetDisplayNode().SetVisibility(visible)


def highlightLayer(study: Study, layer: float | None, settings: Settings) -> None:
    """Let one layer stand out from the others in the slices, or all be alike again.

    Parameters
    ----------
    study : Study
        With its results.
    layer : float or None
        As in `Layering.layers`; None for all alike.
    settings : Settings
        How the layers were cut.
    """
    inMm = settings.layer_model == "mm"
    step = settings.layer_thickness_mm if inMm else 1.0
    shown = _displayOf(study.find("layers"))
    if shown is not None and shown.GetColorNode() is not None:
        _letStandOut(shown.GetColorNode(), None if layer is None else round(layer / step))
    display = _displayOf(study.find("depth"))
    if display is None:
        return
    low, high = _LEAST_DEPTH, display.GetWindowLevelMax()
    if layer is not None and inMm:
        low, high = max(layer - step, _LEAST_DEPTH), layer
    display.SetThreshold(low, high)


def _letStandOut(colors: Any, wanted: int | None) -> None:
    """Make all entries of a colour table faint but one, or none of them."""
    wasModified = colors.StartModify()
    for entry in range(1, colors.GetNumberOfColors()):
        colors.SetOpacity(entry, 1.0 if wanted in (None, entry) else _FAINT)
    colors.EndModify(wasModified)


def backgroundFor(parameters: Any) -> Any:
    """Return the image to look at behind the results: that of the segmentation, else the first map."""
    node = parameters.segmentation
    role = node.GetReferenceImageGeometryReferenceRole() if node is not None else ""
    reference = node.GetNodeReference(role) if role else None
    return reference or next(iter(_volumes(parameters.mapVolumes)), None)


def _displayOf(node: Any) -> Any:
    return node.GetDisplayNode() if node is not None else None


def _segmentCount(segmentation: Any) -> int:
    return int(segmentation.GetSegmentation().GetNumberOfSegments()) if segmentation is not None else 0


def _compositeOf(widget: Any) -> Any:
    return widget.sliceLogic().GetSliceCompositeNode()


def _volumes(nodes: Sequence[Any]) -> list[Any]:
    return [node for node in nodes if node is not None]


def _present(identifier: str | None) -> str | None:
    return identifier if identifier and slicer.mrmlScene.GetNodeByID(identifier) is not None else None


def _middleOf(volume: Any) -> tuple[float, float, float]:
    bounds = [0.0] * 6
    volume.GetRASBounds(bounds)
    return (bounds[0] + bounds[1]) / 2, (bounds[2] + bounds[3]) / 2, (bounds[4] + bounds[5]) / 2
