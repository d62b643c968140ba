"""Table views: ``qMRMLTableWidget`` of Slicer."""

from __future__ import annotations

from typing import Any

from ..standins.declare import standin
from ..standins.mrmlWidget import Observations
from ..standins.tableView import qMRMLTableView
from .bar import qMRMLAbstractViewWidget, qMRMLViewControllerBar

_ORANGE = (0.95, 0.6, 0.2)


@standin()
class qMRMLTableWidget(qMRMLAbstractViewWidget):
    """A table below its bar; follows ``qMRMLTableWidget.h``."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent, qMRMLViewControllerBar(), qMRMLTableView())
        self._observations = Observations(self)

    def setMRMLScene(self, scene: Any) -> None:
        """Set the scene."""
        super().setMRMLScene(scene)
        self._view.setMRMLScene(scene)

    def setMRMLTableViewNode(self, node: Any) -> None:
        """Show the table of a view node."""
        self._node = node
        self._bar._describe(node.GetLayoutLabel() or "T", _ORANGE)
        self._observations.replace((node, "ModifiedEvent", self._follow))
        self._follow()

    def _follow(self) -> None:
        self._view.setMRMLTableViewNode(self._node)

    def mrmlTableViewNode(self) -> Any:
        """Return the view node."""
        return self._node

    def tableView(self) -> Any:
        """Return the table."""
        return self._view

    def _close(self) -> None:
        self._observations.clear()
        self._view.setMRMLScene(None)
