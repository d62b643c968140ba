"""What joins slices, plot and table: the depth under the crosshair, and the layer that stands out."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from renal_segmentation.errors import RenalError
from RenalLayersLib.Cursor import Cursor, findingAt
from RenalLayersLib.Display import highlightLayer
from RenalLayersLib.Layout import tidyLegend
from RenalLayersLib.Logic import RenalLayersLogic
from RenalLayersLib.PlotLink import PlotLink
from RenalLayersLib.Plots import showCursor
from RenalLayersLib.Results import storedSettings
from RenalLayersLib.ResultsPanel import ResultsPanel


class Links:
    """Follows crosshair, plot and table while the module is open.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    logic : RenalLayersLogic
        With the parameters and the analysis.
    results : ResultsPanel
        With the table of layers.
    """

    def __init__(self, ui: Any, logic: RenalLayersLogic, results: ResultsPanel) -> None:
        self._ui, self._logic, self._results = ui, logic, results
        self._cursor = Cursor(self._crosshairMoved)
        self._plotLink = PlotLink(self._plotClicked)

    @property
    def isMoving(self) -> bool:
        """Whether a movement of the crosshair is still to be shown."""
        return self._cursor.isMoving

    def watch(self) -> None:
        """Begin to follow; a highlight that a saved scene has brought along goes."""
        self._cursor.watch()
        self.watchPlot()
        self.highlight(self._results.chosen)

    def watchPlot(self) -> None:
        """Follow the plot view of the layout that is on."""
        self._plotLink.watch()

    def leave(self) -> None:
        """Stop following."""
        self._cursor.leave()
        self._plotLink.leave()

    def clear(self) -> None:
        """Take the marks away that live only while the module is open."""
        self._markDepth(None)
        self.highlight(None)

    def highlight(self, layer: float | None) -> None:
        """Let a layer stand out in the slices, or none."""
        study = self._study()
        settings = storedSettings(study) if study is not None else None
        if study is not None and settings is not None:
            highlightLayer(study, layer, settings)

    def _study(self) -> Any:
        return self._logic.study(self._logic.getParameterNode())

    def _crosshairMoved(self, point: np.ndarray | None) -> None:
        study = self._study()
        settings = storedSettings(study) if study is not None else None
        if study is None or settings is None:
            return
        side = analysis.layering.side if (analysis := self._logic.analysisOf(study)) is not None else None
        try:
            finding = findingAt(study, point, self._logic.getParameterNode(), side) if point is not None else None
        except RenalError as error:
            self._ui.cursorLabel.text = str(error)
            self._markDepth(None)
            return
        self._ui.cursorLabel.text = finding.text(settings) if finding else ""
        inMm = settings.layer_model == "mm"
        self._markDepth((finding.depth if inMm else finding.layer) if finding else None)

    def _markDepth(self, depth: float | None) -> None:
        study = self._study()
        if study is not None:
            showCursor(study, self._logic.getParameterNode().shownMap, depth)
            if slicer.app.layoutManager().plotViewCount:
                tidyLegend()

    def _plotClicked(self, place: float) -> None:
        """Choose the layer at a place on the plot's horizontal axis."""
        study, layers = self._study(), self._results.layers
        settings = storedSettings(study) if study is not None else None
        if settings is None or not layers:
            return
        middle = settings.layer_thickness_mm / 2 if settings.layer_model == "mm" else 0.0
        layer = min(layers, key=lambda upper: abs(upper - middle - place))
        self._results.choose(layer)
        self.highlight(layer)
