"""Qt layouts from layout descriptions; follows ``ctkLayoutManager.cpp`` and ``ctkLayoutFactory.cpp`` of CTK."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QSplitter, QTabWidget, QWidget

# Makes or finds the widget of a <view> element.
ViewMaker = Callable[[ET.Element], QWidget]


def build(description: str, viewOf: ViewMaker) -> QWidget:
    """Build the widget that a layout description asks for.

    Raises
    ------
    ValueError
        If the description has an element or a layout type that CTK does not know.
    """
    return _element(ET.fromstring(description), viewOf)


def _element(element: ET.Element, viewOf: ViewMaker) -> QWidget:
    if element.tag == "view":
        return viewOf(element)
    if element.tag != "layout":
        raise ValueError(f"Unknown element <{element.tag}> in a layout description")
    kind = element.get("type", "")
    if kind == "tab":
        return _tabs(element, viewOf)
    if kind == "grid":
        return _grid(element, viewOf)
    if kind in ("horizontal", "vertical"):
        return _split(element, viewOf) if element.get("split") == "true" else _box(element, viewOf)
    raise ValueError(f"Unknown layout type '{kind}' in a layout description")


def _items(element: ET.Element) -> list[tuple[ET.Element, ET.Element]]:
    return [(item, item[0]) for item in element.findall("item") if len(item)]


def _orientation(element: ET.Element) -> Qt.Orientation:
    return Qt.Orientation.Horizontal if element.get("type") == "horizontal" else Qt.Orientation.Vertical


def _split(element: ET.Element, viewOf: ViewMaker) -> QWidget:
    splitter = QSplitter(_orientation(element))
    splitter.setHandleWidth(4)
    splitter.setChildrenCollapsible(False)
    sizes = []
    for item, child in _items(element):
        splitter.addWidget(_element(child, viewOf))
        sizes.append(int(item.get("splitSize", "0")))
    if any(sizes):
        # Parts without a size take an equal share of what is left, as nearly as QSplitter has it.
        splitter.setSizes([size or sum(sizes) // len(sizes) for size in sizes])
    else:
        splitter.setSizes([1000] * len(sizes))
    return splitter


def _box(element: ET.Element, viewOf: ViewMaker) -> QWidget:
    horizontal = _orientation(element) == Qt.Orientation.Horizontal
    direction = QBoxLayout.Direction.LeftToRight if horizontal else QBoxLayout.Direction.TopToBottom
    holder = QWidget()
    box = QBoxLayout(direction, holder)
    _tighten(box)
    for _, child in _items(element):
        box.addWidget(_element(child, viewOf), 1)
    return holder


def _grid(element: ET.Element, viewOf: ViewMaker) -> QWidget:
    holder = QWidget()
    grid = QGridLayout(holder)
    _tighten(grid)
    for item, child in _items(element):
        row, column, rows, columns = (
            int(item.get(name, default))
            for name, default in (("row", "0"), ("column", "0"), ("rowspan", "1"), ("colspan", "1"))
        )
        grid.addWidget(_element(child, viewOf), row, column, rows, columns)
        grid.setRowStretch(row, 1)
        grid.setColumnStretch(column, 1)
    return holder


def _tabs(element: ET.Element, viewOf: ViewMaker) -> QWidget:
    tabs = QTabWidget()
    for item, child in _items(element):
        tabs.addTab(_element(child, viewOf), item.get("name", child.get("singletontag", "")))
    return tabs


def _tighten(layout: Any) -> None:
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(1)
