"""A module's panel as tests use it, whatever the module: opened in the host, driven until it rests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from Testing.host import mouse


class OpenedPanel:
    """An opened module.

    Attributes
    ----------
    host : Host
        The Slicer-like host.
    module : Path
        The module's file; subclasses name it.
    """

    module: Path

    def __init__(self, host: Any) -> None:
        self.host = host
        host.mainWindow.resize(1500, 1600)
        host.mainWindow.show()
        self.open()

    def open(self) -> None:
        """Open the module, loaded anew if it was unloaded."""
        self.widget = self.host.open(self.module)

    def apply(self) -> None:
        """Click Apply and wait until the panel has come to rest."""
        mouse.click(self.ui.applyButton)
        self.rest()

    def rest(self) -> None:
        """Wait until nothing is under way and no change waits to be dealt with."""
        self.host.wait(20)
        self.host.waitUntil(lambda: self.panel.isResting, 60000)
        self.host.wait(20)

    @property
    def panel(self) -> Any:
        """The panel object."""
        return self.widget.panel

    @property
    def ui(self) -> Any:
        """The widgets by name."""
        return self.widget.panel.ui

    @property
    def logic(self) -> Any:
        """The logic."""
        return self.widget.logic

    @property
    def parameters(self) -> Any:
        """The parameters in the scene."""
        return self.widget.logic.getParameterNode()

    def table(self, widget: Any) -> list[list[str]]:
        """Return the texts of a table widget."""
        return [
            [widget.item(row, column).text() for column in range(widget.columnCount)] for row in range(widget.rowCount)
        ]
