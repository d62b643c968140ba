"""The tables and cards of the page, as HTML; every string from outside is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence

from renal_layers.analysis import Analysis
from renal_layers.gradients import GradientRow
from renal_layers.report.text import NOTHING, estimate, minus, number, slope_unit, with_unit
from renal_layers.settings import Settings
from renal_layers.thickness import CorticalThickness

Cell = str | int | float


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]], words: int = 1, kind: str = "") -> str:
    """Return an HTML table.

    Parameters
    ----------
    head : sequence of str
        Column titles with units.
    rows : iterable of sequences
        Text or numbers; numbers are printed with three significant digits, whole numbers as they are.
    words : int
        How many leading columns hold words, and are aligned to the left.
    kind : str
        CSS class.
    """

    def line(cells: Iterable[Cell], tag: str) -> str:
        parts = []
        for place, cell in enumerate(cells):
            words_class = ' class="word"' if place < words else ""
            parts.append(f"<{tag}{words_class}>{html.escape(_text(cell))}</{tag}>")
        return f"<tr>{''.join(parts)}</tr>"

    body = "\n".join(line(row, "td") for row in rows)
    return (
        f'<div class="wide"><table class="{kind}"><thead>{line(head, "th")}</thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


def cards(analysis: Analysis) -> str:
    """Return the numbers to see first: volumes, gradients, cortical thickness."""
    volume = analysis.layering.volume_ml
    rows = [(side if side != "total" else "total (TKV)", f"{volume[side]:.1f} ml") for side in _sides(volume)]
    parts = [_card("Kidney volume", rows)]
    for name in dict.fromkeys(row.map for row in analysis.gradients):
        of_map = [row for row in analysis.gradients if row.map == name and row.side != "both"]
        lines = [(row.side, _slope(row)) for row in of_map]
        parts.append(_card(f"{name} gradient, {slope_unit(of_map[0].unit)}", lines, "estimate (95 % CI)"))
    if analysis.thickness:
        lines = [
            (side, estimate(found.thickness_mm, found.ci_low_mm, found.ci_high_mm))
            for side, found in _ordered(analysis.thickness)
        ]
        parts.append(_card("Cortical thickness, mm", lines, "estimate (95 % CI)"))
    return "\n".join(parts)


def notices(analysis: Analysis) -> str:
    """Return the box of warnings."""
    if not analysis.notices:
        return '<div class="box fine"><strong>No warnings.</strong></div>'
    items = "\n".join(f"<li>{html.escape(notice.message)}</li>" for notice in analysis.notices)
    count = len(analysis.notices)
    return f'<div class="box warn"><strong>{count} warning{"s" * (count > 1)}</strong><ul>{items}</ul></div>'


def volumes(analysis: Analysis) -> str:
    """Return the volumes as drawn and how many voxels were measured."""
    layering = analysis.layering
    rows = []
    for side in _sides(layering.volume_ml):
        chosen = layering.side.array > 0 if side == "total" else layering.side.array == {"left": 1, "right": 2}[side]
        measured = int((chosen & (layering.depth.array > 0)).sum())
        deepest = float(layering.depth.array[chosen].max())
        rows.append((side, f"{layering.volume_ml[side]:.1f}", int(chosen.sum()), measured, f"{deepest:.1f}"))
    return table(("Kidney", "Volume (ml)", "Voxels", "Voxels with a depth", "Greatest depth (mm)"), rows)


def gradients(analysis: Analysis) -> str:
    """Return a row per map and side."""
    head = ("Map", "Kidney", "Range (mm)", "Voxels", "Gradient (95 % CI)", "Unit", "Robust gradient", "r²",
            "Outer median", "Inner median", "Outer minus inner", "Outer / inner")  # fmt: skip
    rows = [
        (
            with_unit(row.map, row.unit), row.side, f"{row.low_mm:.1f} to {row.high_mm:.1f}", row.n, _slope(row),
            slope_unit(row.unit), row.robust_slope, row.r2, _median(row.outer_median, row.outer_n),
            _median(row.inner_median, row.inner_n), row.outer_minus_inner, row.outer_over_inner,
        )
        for row in analysis.gradients
    ]  # fmt: skip
    return table(head, rows, words=2)


def thickness(analysis: Analysis) -> str:
    """Return a row per side with its uncertainty."""
    head = ("Kidney", "Cortical thickness (mm)", "Standard error (mm)", "95 % CI (mm)", "Cortex voxels",
            "Medulla voxels")  # fmt: skip
    rows = [
        (
            side, f"{found.thickness_mm:.2f}", f"{found.standard_error_mm:.2f}",
            f"{found.ci_low_mm:.2f} to {found.ci_high_mm:.2f}", found.n_cortex, found.n_medulla,
        )
        for side, found in _ordered(analysis.thickness)
    ]  # fmt: skip
    return table(head, rows)


def profiles(analysis: Analysis) -> str:
    """Return every layer of every map, side and tissue."""
    settings = analysis.layering.settings
    head = ("Map", "Kidney", "Tissue", "Layer (mm)" if settings.layer_model == "mm" else "Layer", "Voxels", "Mean",
            "SD", "SEM", "95 % CI of the mean", "Median", "95 % CI of the median", "Quartiles", "Skewness",
            "Excess kurtosis")  # fmt: skip
    rows = [
        (
            with_unit(row.map, row.unit), row.side, row.tissue, _layer_name(row.layer, settings),
            f"{row.n}{' (few)' * row.few_voxels}", row.mean, row.sd, row.sem,
            _span(row.mean_ci_low, row.mean_ci_high), row.median, _span(row.median_ci_low, row.median_ci_high),
            _span(row.q1, row.q3), row.skewness, row.kurtosis,
        )
        for row in analysis.profiles
    ]  # fmt: skip
    return table(head, rows, words=3, kind="small")


def parameters(chosen: Mapping[str, object]) -> str:
    """Return what was asked for."""
    rows = ((_parameter_name(name), _parameter_value(value)) for name, value in chosen.items())
    return table(("Parameter", "Value"), rows, words=2)


def inputs(files: Sequence[Mapping[str, str]]) -> str:
    """Return the input files with their checksums."""
    rows = ((file.get("role", ""), file.get("file", ""), file.get("sha256", "")) for file in files)
    return table(("Role", "File", "SHA-256"), rows, words=3, kind="files")


def _parameter_name(name: str) -> str:
    """Return ``layer thickness (mm)`` for ``layer_thickness_mm``; names that are words stay as they are."""
    for unit in ("mm", "ml"):
        if name.endswith(f"_{unit}"):
            name = f"{name.removesuffix(f'_{unit}')} ({unit})"
    return name.replace("_", " ")


def _parameter_value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {meaning}" for key, meaning in value.items()) or NOTHING
    if isinstance(value, (list, tuple)):
        return " to ".join(map(str, value)) if len(value) == 2 else ", ".join(map(str, value)) or NOTHING
    return NOTHING if value is None else str(value)


def _card(title: str, rows: Sequence[tuple[str, str]], note: str = "") -> str:
    lines = "".join(f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>" for name, value in rows)
    small = f'<p class="note">{html.escape(note)}</p>' if note else ""
    return f'<section class="card"><h3>{html.escape(title)}</h3><dl>{lines}</dl>{small}</section>'


def _slope(row: GradientRow) -> str:
    return estimate(row.slope, row.slope_ci_low, row.slope_ci_high)


def _median(value: float, n: int) -> str:
    return f"{number(value)} (n {n})" if n else NOTHING


def _span(low: float, high: float) -> str:
    return f"{number(low)} to {number(high)}" if low == low and high == high else NOTHING


def _layer_name(layer: float, settings: Settings) -> str:
    if settings.layer_model != "mm":
        return f"{layer:.0f}"
    return f"{layer - settings.layer_thickness_mm:g} to {layer:g}"


def _sides(by_side: Mapping[str, object]) -> list[str]:
    return [side for side in ("left", "right", "total") if side in by_side]


def _ordered(by_side: Mapping[str, CorticalThickness]) -> list[tuple[str, CorticalThickness]]:
    return [(side, by_side[side]) for side in ("left", "right") if side in by_side]


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return number(cell)
    return minus(str(cell)) if isinstance(cell, int) else cell
