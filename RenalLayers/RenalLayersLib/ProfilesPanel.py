"""The part of the panel that says which profile is shown and where its gradient is fitted."""

from __future__ import annotations

from math import ceil
from typing import Any

import slicer

from RenalLayersLib.Parameters import GradientUnit

_USUAL_DEPTH_MM = 30.0
_LEAST_RANGE = 0.1


class ProfilesPanel:
    """Binds the choice of the map and the gradient range to the parameters.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._parameters: Any = None
        self._filling = False
        self._deepest = _USUAL_DEPTH_MM
        ui.shownMapBox.connect("currentIndexChanged(int)", self._mapChosen)
        ui.gradientRange.connect("valuesChanged(double,double)", self._rangeMoved)
        ui.gradientUnitBox.connect("currentIndexChanged(int)", self._unitChosen)

    def setParameters(self, parameters: Any) -> None:
        """Show and change these parameters; None while there is no scene."""
        self._parameters = parameters

    def refresh(self, study: Any) -> None:
        """Show what the parameters and the study say now."""
        parameters = self._parameters
        if parameters is None:
            return
        self._filling = True
        try:
            box, names = self._ui.shownMapBox, study.roles("profile:") if study else []
            if [box.itemText(n) for n in range(box.count)] != names:
                box.clear()
                box.addItems(names)
            box.setCurrentIndex(names.index(parameters.shownMap) if parameters.shownMap in names else -1)
            box.enabled = bool(names)
            self._deepest = _greatestDepth(study)
            self._fillRange()
        finally:
            self._filling = False

    def _fillRange(self) -> None:
        ui, parameters = self._ui, self._parameters
        percent = parameters.gradientUnit == GradientUnit.Percent
        greatest = 100.0 if percent else max(ceil(self._deepest), parameters.gradientHigh)
        ui.gradientRange.suffix = " %" if percent else " mm"
        ui.gradientRange.minimum = 0.0
        ui.gradientRange.maximum = greatest
        ui.gradientRange.setValues(parameters.gradientLow, min(parameters.gradientHigh, greatest))

    def _mapChosen(self, index: int) -> None:
        if not self._filling and self._parameters is not None and index >= 0:
            self._parameters.shownMap = self._ui.shownMapBox.itemText(index)

    def _rangeMoved(self, low: float, high: float) -> None:
        if self._filling or self._parameters is None or not low < high:
            return
        with slicer.util.NodeModify(self._parameters):
            self._parameters.gradientLow, self._parameters.gradientHigh = low, high

    def _unitChosen(self, index: int) -> None:
        """Leave the range where it is in the kidney, in the new unit."""
        parameters, units = self._parameters, list(GradientUnit)
        if parameters is None or not 0 <= index < len(units) or units[index] == parameters.gradientUnit:
            return
        inPercent = units[index] == GradientUnit.Percent
        factor = 100 / self._deepest if inPercent else self._deepest / 100
        low, high = (round(value * factor, 1) for value in (parameters.gradientLow, parameters.gradientHigh))
        high = max(min(high, 100.0) if inPercent else high, _LEAST_RANGE)
        with slicer.util.NodeModify(parameters):
            parameters.gradientUnit = units[index]
            parameters.gradientLow, parameters.gradientHigh = max(min(low, high - _LEAST_RANGE), 0.0), high


def _greatestDepth(study: Any) -> float:
    """Return the greatest depth of a study in mm, a usual one where there is none."""
    depth = study.find("depth") if study else None
    image = depth.GetImageData() if depth is not None else None
    return float(image.GetScalarRange()[1]) if image is not None else _USUAL_DEPTH_MM
