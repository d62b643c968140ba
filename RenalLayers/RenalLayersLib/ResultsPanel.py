"""The part of the panel that shows the numbers: layers, gradients, volumes and cortical thickness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from renal_layers.gradients import GradientRow
from renal_layers.profiles import ProfileRow
from renal_layers.report.text import estimate, number, slope_unit, with_unit
from renal_layers.settings import Settings
from RenalLayersLib.Tables import columnsOfTable, rowsOf
from RenalLayersLib.Volumes import layerName

ROW_HEIGHT = 22
_SIDES = ("left", "right", "both")


def sideName(side: str) -> str:
    """Return what a person calls a side."""
    return {"left": _("Left"), "right": _("Right"), "both": _("Both")}[side]


class ResultsPanel:
    """Fills the tables of the panel from those of the study.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    onLayer : callable
        Called with the layer that the user chose, or None.
    """

    def __init__(self, ui: Any, onLayer: Callable[[float | None], None]) -> None:
        self._ui, self._onLayer = ui, onLayer
        self._layers: list[float] = []
        self._chosen: float | None = None
        self._filling = self._pressChose = False
        self._movedTo: int | None = None
        for table in (ui.profileTable, ui.gradientTable):
            table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        ui.profileTable.connect("cellPressed(int,int)", self._pressed)
        ui.profileTable.connect("cellClicked(int,int)", self._clicked)
        ui.profileTable.connect("currentCellChanged(int,int,int,int)", self._moved)

    @property
    def layers(self) -> list[float]:
        """The layers of the table from the capsule inwards, as in `Layering.layers`."""
        return list(self._layers)

    @property
    def chosen(self) -> float | None:
        """The layer that is marked in the table, None where there is none."""
        return self._chosen

    def show(self, study: Any, name: str, view: Any, settings: Settings | None) -> None:
        """Show a map of a study, or nothing where there is no study."""
        profiles = rowsOf(study.find(f"profile:{name}"), ProfileRow) if study else []
        gradients = rowsOf(study.find(f"gradient:{name}"), GradientRow) if study else []
        self._filling = True
        try:
            self._showProfiles(profiles, view, settings)
            self._showGradients(gradients, view)
        finally:
            self._filling = False
        self._ui.volumesLabel.text = _summary(study) if study else ""
        self._ui.copyButton.enabled = bool(profiles)
        self._ui.exportButton.enabled = study is not None

    def choose(self, layer: float | None) -> None:
        """Mark a layer in the table, or none."""
        self._chosen = layer
        self._filling = True
        try:
            if layer is None:
                self._ui.profileTable.clearSelection()
            else:
                self._ui.profileTable.selectRow(self._layers.index(layer))
        finally:
            self._filling = False

    def _showProfiles(self, profiles: Sequence[ProfileRow], view: Any, settings: Settings | None) -> None:
        table = self._ui.profileTable
        rows = [row for row in profiles if row.tissue == "all"]
        sides = [side for side in _SIDES if side in view.sides and any(row.side == side for row in rows)]
        self._layers = sorted({row.layer for row in rows})
        unit = rows[0].unit if rows else ""
        inMm = settings is None or settings.layer_model == "mm"
        headers = [_("Depth (mm)") if inMm else _("Layer")]
        for side in sides:
            headers += [with_unit(sideName(side), unit), "n"]
        table.setColumnCount(len(headers))
        table.setHorizontalHeaderLabels(headers)
        table.setRowCount(len(self._layers))
        found = {(row.side, row.layer): row for row in rows}
        for line, layer in enumerate(self._layers):
            name = layerName(layer, settings).removesuffix(" mm") if settings else number(layer)
            _setCell(table, line, 0, name)
            for place, side in enumerate(sides):
                row = found.get((side, layer))
                text, tip = _statistic(row, view.statistic) if row else ("", "")
                faint = row is not None and row.few_voxels
                _setCell(table, line, 1 + 2 * place, text, faint, tip)
                _setCell(table, line, 2 + 2 * place, str(row.n) if row else "", faint)
        table.resizeColumnsToContents()
        if self._chosen not in self._layers:
            self._chosen = None

    def _showGradients(self, gradients: Sequence[GradientRow], view: Any) -> None:
        table = self._ui.gradientTable
        unit = slope_unit(gradients[0].unit) if gradients else ""
        headers = [_("Side"), with_unit(_("Slope, 95 % CI"), unit), _("Robust"), "r²", _("Outer"), _("Inner")]
        table.setColumnCount(len(headers))
        table.setHorizontalHeaderLabels(headers)
        table.setRowCount(len(gradients))
        for line, row in enumerate(gradients):
            texts = (
                sideName(row.side),
                estimate(row.slope, row.slope_ci_low, row.slope_ci_high),
                number(row.robust_slope),
                number(row.r2, 2),
                number(row.outer_median),
                number(row.inner_median),
            )
            for column, text in enumerate(texts):
                _setCell(table, line, column, text, row.side not in view.sides)
        table.resizeColumnsToContents()

    def _moved(self, row: int, column: int, previousRow: int, previousColumn: int) -> None:
        """Choose the row that the keyboard or the press of the mouse has moved to."""
        if not self._filling and row != previousRow and 0 <= row < len(self._layers):
            self._movedTo = row
            qt.QTimer.singleShot(0, self._forgetMove)
            self._pick(self._layers[row])

    def _forgetMove(self) -> None:
        self._movedTo = None

    def _pressed(self, row: int, column: int) -> None:
        self._pressChose = self._movedTo == row

    def _clicked(self, row: int, column: int) -> None:
        """Let go of the chosen row when it is clicked again."""
        if not self._pressChose:
            layer = self._layers[row]
            self._pick(None if layer == self._chosen else layer)

    def _pick(self, layer: float | None) -> None:
        self.choose(layer)
        self._onLayer(layer)


def tableText(study: Any, name: str) -> str:
    """Return the whole profile table of a map as tab-separated text for a spreadsheet."""
    columns = columnsOfTable(study.find(f"profile:{name}"))
    lines = ["\t".join(columns)]
    lines += ["\t".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    return "\n".join(lines) + "\n"


def _summary(study: Any) -> str:
    """Return volumes and cortical thickness in a line each."""
    lines = []
    volumes = columnsOfTable(study.find("volumes"))
    if volumes:
        named = {"left": _("left"), "right": _("right"), "total": _("total (TKV)")}
        texts = [f"{named[s]} {v:.1f} ml" for s, v in zip(volumes["side"], volumes["volume_ml"], strict=True)]
        lines.append(_("Kidney volume: ") + ", ".join(texts))
    thickness = columnsOfTable(study.find("cortical thickness"))
    if thickness:
        keys = ("side", "thickness_mm", "ci_low_mm", "ci_high_mm")
        texts = [f"{s} {estimate(t, lo, hi)} mm" for s, t, lo, hi in zip(*(thickness[k] for k in keys), strict=True)]
        lines.append(_("Cortical thickness: ") + ", ".join(texts))
    return "\n".join(lines)


def _statistic(row: ProfileRow, statistic: str) -> tuple[str, str]:
    """Return median or mean of a layer, and its interval and spread for a tool tip."""
    value, low, high = (getattr(row, statistic + end) for end in ("", "_ci_low", "_ci_high"))
    tip = _("95 % CI {interval} · SD {sd} · quartiles {q1} to {q3}").format(
        interval=estimate(value, low, high), sd=number(row.sd), q1=number(row.q1, 4), q3=number(row.q3, 4)
    )
    return number(value, 4), tip


def _setCell(table: Any, row: int, column: int, text: str, faint: bool = False, tip: str = "") -> None:
    item = qt.QTableWidgetItem(text)
    item.setToolTip(tip)
    item.setTextAlignment(qt.Qt.AlignVCenter | (qt.Qt.AlignLeft if column == 0 else qt.Qt.AlignRight))
    if faint:
        item.setForeground(qt.QBrush(qt.QColor(140, 140, 140)))
    table.setItem(row, column, item)
