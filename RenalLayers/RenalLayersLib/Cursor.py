"""What lies under the crosshair: depth, layer and map values there, and the same depth marked on the plot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import qt
import slicer
from slicer.i18n import tr as _

from renal_layers.report.text import number
from renal_layers.sampling import sample_nearest
from renal_layers.settings import Settings
from renal_segmentation.labels import Side
from renal_segmentation.volume import Volume
from RenalLayersLib.Inputs import mapsOf, volumeOf
from RenalLayersLib.ResultsPanel import sideName
from RenalLayersLib.Volumes import layerName

_DELAY_MS = 30
"""The mouse moves faster than a plot is drawn."""


@dataclass(frozen=True)
class Finding:
    """What the kidneys show at one point."""

    depth: float
    layer: float
    side: str
    values: tuple[tuple[str, float, str], ...]

    def text(self, settings: Settings) -> str:
        """Return it in one line for a person."""
        parts = [_("{depth} mm deep").format(depth=f"{self.depth:.1f}"), layerName(self.layer, settings)]
        if self.side:
            parts.insert(0, _("{side} kidney").format(side=sideName(self.side)))
        parts += [f"{name} {number(value, 4)} {unit}".strip() for name, value, unit in self.values]
        return " · ".join(parts)


class Cursor:
    """Watches the crosshair while the module is open.

    Parameters
    ----------
    onMoved : callable
        Called with the point in RAS mm, or None where the crosshair has left the views.
    """

    def __init__(self, onMoved: Callable[[np.ndarray | None], None]) -> None:
        self._onMoved = onMoved
        self._observed: tuple[Any, int] | None = None
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.connect("timeout()", self._report)

    @property
    def isMoving(self) -> bool:
        """Whether a movement is still to be told."""
        return bool(self._timer.active)

    def watch(self) -> None:
        """Begin to watch."""
        self.leave()
        node = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        if node is not None:
            self._observed = (node, node.AddObserver(node.CursorPositionModifiedEvent, self._moved))

    def leave(self) -> None:
        """Stop watching."""
        self._timer.stop()
        if self._observed is not None:
            node, tag = self._observed
            node.RemoveObserver(tag)
            self._observed = None

    def _moved(self, caller: Any, event: str) -> None:
        if not self._timer.active:
            self._timer.start()

    def _report(self) -> None:
        if self._observed is None:
            return
        position = [0.0, 0.0, 0.0]
        inView = self._observed[0].GetCursorPositionRAS(position)
        self._onMoved(np.array(position) if inView else None)


def findingAt(study: Any, point: np.ndarray, parameters: Any, side: Volume | None) -> Finding | None:
    """Return what the study shows at a point, None outside the measured kidney and where the layers were deleted.

    Parameters
    ----------
    study : Study
        With its results.
    point : ndarray, shape (3,)
        RAS mm.
    parameters : RenalLayersParameterNode
        With the maps.
    side : Volume or None
        Side map of the analysis where it is in memory.

    Raises
    ------
    RenalError
        If a volume has lost its image or stands below a transform that is not linear.
    """
    points = point[np.newaxis]
    depth = float(sample_nearest(volumeOf(study.find("depth")), points)[0])
    if depth <= 0 or study.find("layers") is None:
        return None
    values = tuple((qmap.name, float(sample_nearest(qmap.image, points)[0]), qmap.unit) for qmap in mapsOf(parameters))
    label = int(sample_nearest(side, points)[0]) if side is not None else 0
    return Finding(depth, _layerAt(study, points), {Side.LEFT: "left", Side.RIGHT: "right"}.get(label, ""), values)


def _layerAt(study: Any, points: np.ndarray) -> float:
    from RenalLayersLib.Results import storedSettings

    settings = storedSettings(study)
    label = float(sample_nearest(volumeOf(study.find("layers")), points)[0])
    return label * settings.layer_thickness_mm if settings and settings.layer_model == "mm" else label
