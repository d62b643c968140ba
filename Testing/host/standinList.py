"""All stand-ins by name; importing this module declares them."""

from __future__ import annotations

from types import ModuleType

from . import application, coreIO, mainWindow, modules
from .standins import (
    buttons,
    collapsible,
    combos,
    mrmlWidget,
    nodeCombo,
    nodeComboKinds,
    ranges,
    segmentEditor,
    segmentSelector,
    segmentsTable,
    show3D,
    sliders,
    spins,
    tableView,
    texts,
)
from .views import bar, canvas, layoutManager, plotView, sliceView, tableWidget, threeDView

_SOURCES: tuple[ModuleType, ...] = (
    *(application, bar, buttons, canvas, collapsible, combos, coreIO, layoutManager, mainWindow, modules, mrmlWidget),
    *(nodeCombo, nodeComboKinds, plotView, ranges, segmentEditor, segmentSelector, segmentsTable, show3D, sliceView),
    *(sliders, spins, tableView, tableWidget, texts, threeDView),
)


def classes() -> dict[str, type]:
    """Return every stand-in class by its C++ name."""
    found = (value for source in _SOURCES for value in vars(source).values())
    return {cls.__name__: cls for cls in found if isinstance(cls, type) and "_cxxSlots" in vars(cls)}
