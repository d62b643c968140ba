"""How the light of a check looks: told by its sign as well as by its colour."""

from __future__ import annotations

from typing import Any

import qt

from renal_segmentation.checks import Light

_COLORS = {
    Light.GREEN: (46, 158, 91),
    Light.AMBER: (240, 160, 32),
    Light.RED: (200, 40, 40),
    Light.UNKNOWN: (150, 150, 150),
}
_MARKS = {Light.GREEN: "✓", Light.AMBER: "!", Light.RED: "✗", Light.UNKNOWN: "?"}


def lightItem(light: Light | None) -> Any:
    """Return a light as the item of a table; an empty item for None."""
    item = qt.QTableWidgetItem(_MARKS[light] if light is not None else "")
    item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
    item.setTextAlignment(qt.Qt.AlignCenter)
    if light is not None:
        item.setBackground(qt.QBrush(qt.QColor(*_COLORS[light])))
        item.setForeground(qt.QBrush(qt.QColor(255, 255, 255)))
    return item
