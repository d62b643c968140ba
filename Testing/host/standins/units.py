"""Units in number widgets: what ``qMRMLSliderWidget``, ``qMRMLSpinBox`` and ``qMRMLRangeWidget`` share.

Follows ``updateWidgetFromUnitNode`` of the three classes in ``Libs/MRML/Widgets``.
"""

from __future__ import annotations

from typing import Any

from .declare import stored
from .mrmlWidget import Observations


class UnitAware:
    """Takes prefix, suffix, decimals and limits from the unit node of a quantity."""

    None_, Prefix, Suffix, Precision, MinimumValue, MaximumValue, Scaling = 0x00, 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
    All = 0x3F

    quantity = stored(str, "", "_followUnit")
    # Everything but the limits, as in Slicer.
    unitAwareProperties = stored(int, 0x01 | 0x02 | 0x04 | 0x20, "_followUnit")

    def setMRMLScene(self, scene: Any) -> None:
        """Follow the units of a scene."""
        self.__dict__["_scene"] = scene
        self._followUnit()

    def mrmlScene(self) -> Any:
        """Return the scene."""
        return self.__dict__.get("_scene")

    def _followUnit(self) -> None:
        scene = self.mrmlScene()
        selection = scene.GetNodeByID("vtkMRMLSelectionNodeSingleton") if scene is not None else None
        unit = selection.GetUnitNode(self.quantity) if selection is not None and self.quantity else None
        if "_unitObservations" not in self.__dict__:
            self.__dict__["_unitObservations"] = Observations(self)
        self.__dict__["_unitObservations"].replace(
            (selection, "ModifiedEvent", self._followUnit), (unit, "ModifiedEvent", lambda: self._show(unit))
        )
        if unit is not None:
            self._show(unit)

    def _show(self, unit: Any) -> None:
        shown = (
            (self.Precision, "decimals", unit.GetPrecision()),
            (self.Prefix, "prefix", unit.GetPrefix()),
            (self.Suffix, "suffix", unit.GetSuffix()),
            (self.MinimumValue, "minimum", unit.GetMinimumValue()),
            (self.MaximumValue, "maximum", unit.GetMaximumValue()),
        )
        for flag, name, value in shown:
            if int(self.unitAwareProperties) & flag and value is not None:
                setattr(self, name, value)
