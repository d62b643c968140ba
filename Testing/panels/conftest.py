"""Fixtures of the panel tests: the Slicer-like host, and the example module that the host's own tests run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget
from Testing.host.fixtures import host, slicerHost
from Testing.host.session import Host
from Testing.panels.layers_panel import LayersPanel
from Testing.panels.segmentation_panel import SegmentationPanel
from Testing.panels.worklist_folder import open_, writeImages

__all__ = ["host", "slicerHost"]

EXAMPLE = Path(__file__).parent / "example" / "HostExample" / "HostExample.py"


@pytest.fixture
def examplePath() -> Path:
    """Say where the example module lies."""
    return EXAMPLE


@pytest.fixture
def example(host: Host) -> Any:
    """Open the example module in the main window."""
    host.mainWindow.show()
    return host.open(EXAMPLE)


@pytest.fixture
def shown(host: Host) -> Any:
    """Give a function that shows a widget by itself, in its own height unless one is given."""

    def show(widget: Any, width: int = 400, height: int | None = None) -> Any:
        QWidget.resize(widget, width, height or widget.sizeHint().height())
        QWidget.show(widget)
        host.wait(10)
        return widget

    return show


@pytest.fixture
def layers(host: Host) -> LayersPanel:
    """Open RenalLayers with a small reference object in the scene."""
    panel = LayersPanel(host)
    panel.load()
    return panel


@pytest.fixture
def segmentation(host: Host) -> SegmentationPanel:
    """Open RenalSegmentation, with the image of a small reference object in the scene."""
    panel = SegmentationPanel(host)
    panel.load()
    return panel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with three images."""
    return writeImages(tmp_path)


@pytest.fixture
def cases(host: Host, folder: Path) -> SegmentationPanel:
    """Open RenalSegmentation with the worklist of the folder."""
    panel = SegmentationPanel(host)
    host.mainWindow.resize(1500, 2600)
    panel.openSection("worklistButton")
    panel.openSection("reviewButton")
    open_(panel, folder)
    return panel
