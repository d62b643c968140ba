"""Slice pictures: the anatomy with the kidneys' outline, then layers, depth and every map inside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from renal_layers.analysis import Analysis
from renal_layers.maps import QuantitativeMap
from renal_layers.report.drawing import data_url, new_figure, png
from renal_layers.report.planes import Plane, choose_planes
from renal_layers.report.text import plain, with_unit
from renal_layers.sampling import sample_nearest
from renal_segmentation.volume import FloatArray, Volume, as_volume

FIGURE_INCHES = 11.4
GAP_INCHES = 0.25
TALLEST_INCHES = 4.2
TITLE_INCHES = 0.32
BAR_INCHES = 0.68
HOUNSFIELD_BELOW = -500
SOFT_TISSUE_WINDOW = (-160.0, 240.0)
OUTLINE = "#00e5ff"
MOST_BYTES = 1_700_000
BYTES_PER_PIXEL = 0.5
SCALE_BAR_MM = 50
MOST_LAYER_TICKS = 100
BEST_DPI, LOWEST_DPI = 130, 40


@dataclass(frozen=True)
class Picture:
    """One figure of the page: its image as a data URL, and what it shows in words."""

    url: str
    caption: str


@dataclass(frozen=True)
class _Layer:
    """What one panel shows: title, volume, colours, and the label of its colour bar."""

    title: str
    volume: Volume
    colours: str
    label: str
    limits: tuple[float, float]
    edges: FloatArray | None = None
    zero_is_nothing: bool = True


@dataclass(frozen=True)
class _Grey:
    """The anatomy of one picture, with the grey levels that all pictures share."""

    name: str
    picture: FloatArray
    window: tuple[float, float]

    @property
    def shown(self) -> bool:
        """Whether there is anything to see."""
        return bool(self.name)


def slice_pictures(analysis: Analysis, maps: Sequence[QuantitativeMap], image: Volume | None) -> list[Picture]:
    """Return one picture per slice, right of the patient on the left.

    Parameters
    ----------
    analysis : Analysis
        Depth, layers, surface.
    maps : sequence of QuantitativeMap
        As they were analysed.
    image : Volume, optional
        Structural image behind everything; without it the first map is used, else nothing.

    Raises
    ------
    MissingPackageError
        If matplotlib is not installed.
    """
    planes = choose_planes(analysis.layering)
    panels = _panels(analysis, maps)
    backdrop, name = _backdrop(maps, image)
    greys = [np.full((2, 2), np.nan) if backdrop is None else plane.smooth(backdrop) for plane in planes]
    window = _grey_window(greys)
    figures = [
        _draw(plane, panels, _Grey(name, grey, window), analysis) for plane, grey in zip(planes, greys, strict=True)
    ]
    inches = sum(float(np.prod(figure.get_size_inches())) for figure in figures)
    dpi = int(np.clip((MOST_BYTES / BYTES_PER_PIXEL / inches) ** 0.5, LOWEST_DPI, BEST_DPI))
    pictures = [png(figure, dpi) for figure in figures]
    while sum(map(len, pictures)) > MOST_BYTES and dpi > LOWEST_DPI:
        dpi = int(0.8 * dpi)
        pictures = [png(figure, dpi) for figure in figures]
    return [Picture(data_url(drawn), _caption(plane)) for drawn, plane in zip(pictures, planes, strict=True)]


def _panels(analysis: Analysis, maps: Sequence[QuantitativeMap]) -> list[_Layer]:
    """Return layers, depth and the maps."""
    layering = analysis.layering
    edges = layering.layer_edges
    mm = layering.settings.layer_model == "mm"
    step = layering.settings.layer_thickness_mm if mm else 1.0
    bounds = np.arange(0, round(edges[-1] / step) + 1) * step + (0 if mm else 0.5)
    deepest = float(layering.depth.array.max())
    label = "depth below the surface (mm)" if mm else "layer, 1 = outermost"
    panels = [
        _Layer("Layers", layering.layers, "viridis", label, (bounds[0], bounds[-1]), bounds),
        _Layer("Depth", layering.depth, "cividis", "depth below the surface (mm)", (0.0, deepest)),
    ]
    points = layering.depth.grid.to_ras(np.argwhere(layering.depth.array))
    zero = layering.settings.zero_is_background
    for qmap in maps:
        volume = as_volume(qmap.image, f"The map '{qmap.name}'")
        limits = _percentiles(sample_nearest(volume, points).astype(float), zero)
        title, label = plain(qmap.name), plain(with_unit(qmap.name, qmap.unit))
        panels.append(_Layer(title, volume, "magma", label, limits, None, zero))
    return panels


def _backdrop(maps: Sequence[QuantitativeMap], image: Volume | None) -> tuple[Volume | None, str]:
    """Return the image behind the panels and what to call it."""
    if image is not None:
        return as_volume(image, "The structural image"), "Structural image"
    if maps:
        name = plain(with_unit(maps[0].name, maps[0].unit))
        return as_volume(maps[0].image, f"The map '{maps[0].name}'"), f"{name}, grey values"
    return None, ""


def _draw(plane: Plane, panels: list[_Layer], anatomy: _Grey, analysis: Analysis) -> Any:
    """Return a figure with the anatomy first and a panel for everything measured."""
    figure, places = _layout(plane, len(panels) + anatomy.shown)
    outline = plane.outline(analysis.layering.surface)
    inside = np.isfinite(plane.nearest(analysis.layering.depth))
    for number, (left, bottom, width, height) in enumerate(places):
        axis = figure.add_axes((left, bottom, width, height))
        _show_grey(axis, plane, anatomy)
        panel = None if anatomy.shown and number == 0 else panels[number - anatomy.shown]
        axis.set_title(panel.title if panel else anatomy.name, fontsize=11)
        if panel:
            shown = _show_colours(axis, plane, panel, inside)
            thin, gap = (inches / figure.get_figheight() for inches in (0.12, 0.1))
            strip = figure.add_axes((left + 0.04 * width, bottom - gap - thin, 0.92 * width, thin))
            _colour_bar(figure, shown, strip, panel)
        _mark(axis, plane, outline, thick=panel is None)
    return figure


def _layout(plane: Plane, count: int) -> tuple[Any, list[tuple[float, float, float, float]]]:
    """Return an empty figure and the place of each panel: left, bottom, width, height as shares of the figure."""
    left, right, bottom, top = plane.extent
    aspect = (top - bottom) / (right - left)
    columns = _columns(count, aspect)
    rows = -(-count // columns)
    cell = FIGURE_INCHES / columns
    wide = cell - GAP_INCHES
    tall = aspect * wide
    if tall > TALLEST_INCHES:
        wide, tall = wide * TALLEST_INCHES / tall, TALLEST_INCHES
    row = tall + TITLE_INCHES + BAR_INCHES
    figure = new_figure(figsize=(FIGURE_INCHES, rows * row))
    places = []
    for number in range(count):
        down, across = divmod(number, columns)
        place = (across * cell + (cell - wide) / 2, (rows - down) * row - TITLE_INCHES - tall, wide, tall)
        x, y, w, h = (inches / whole for inches, whole in zip(place, (FIGURE_INCHES, rows * row) * 2, strict=True))
        places.append((x, y, w, h))
    return figure, places


def _columns(count: int, aspect: float) -> int:
    """Return how many panels stand side by side: more of the narrow ones, and as few gaps as possible."""
    if aspect > 0.8:
        return 4 if count % 3 and count % 4 in (0, 3) else 3
    return 2 if count in (1, 2, 4) else 3


def _colour_bar(figure: Any, shown: Any, strip: Any, panel: _Layer) -> None:
    bar = figure.colorbar(shown, cax=strip, orientation="horizontal")
    bar.set_label(panel.label, fontsize=9, labelpad=1)
    strip.tick_params(labelsize=8.5)
    if panel.edges is not None and len(panel.edges) <= MOST_LAYER_TICKS:
        bar.set_ticks(_whole_ticks(panel.edges, centred=panel.edges[0] > 0))
        bar.minorticks_off()


def _show_grey(axis: Any, plane: Plane, anatomy: _Grey) -> None:
    """Show the anatomy, or an even grey where there is none."""
    axis.set_facecolor("#202020")
    if np.isfinite(anatomy.picture).any():
        low, high = anatomy.window
        axis.imshow(anatomy.picture, cmap="gray", vmin=low, vmax=high, extent=plane.extent, interpolation="bilinear")


def _show_colours(axis: Any, plane: Plane, panel: _Layer, inside: npt.NDArray[np.bool_]) -> Any:
    """Show the voxels of a panel inside the kidneys, each in its own colour."""
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm, Normalize

    values = plane.nearest(panel.volume, panel.zero_is_nothing)
    values[~inside] = np.nan
    colours = colormaps[panel.colours]
    if panel.edges is None or len(panel.edges) > colours.N:
        norm: Any = Normalize(*panel.limits)
    else:
        norm = BoundaryNorm(panel.edges, colours.N)
        half = (panel.edges[1] - panel.edges[0]) / 2
        values = values - half if panel.edges[0] == 0 else values
    return axis.imshow(values, cmap=colours, norm=norm, extent=plane.extent, interpolation="none")


def _mark(axis: Any, plane: Plane, outline: FloatArray, thick: bool) -> None:
    """Draw the outline, the letters of the body's directions and a scale bar."""
    from matplotlib.collections import LineCollection
    from matplotlib.patheffects import withStroke

    axis.add_collection(LineCollection(list(outline), colors=OUTLINE, linewidths=1.2 if thick else 0.6))
    halo = [withStroke(linewidth=2.5, foreground="black")]
    style = {"color": "white", "fontsize": 11, "fontweight": "bold", "path_effects": halo, "transform": axis.transAxes}
    view = plane.view
    axis.text(0.015, 0.5, view.left, ha="left", va="center", **style)
    axis.text(0.985, 0.5, view.right, ha="right", va="center", **style)
    axis.text(0.5, 0.985, view.top, ha="center", va="top", **style)
    axis.text(0.5, 0.015, view.bottom, ha="center", va="bottom", **style)
    left, right, bottom, top = plane.extent
    x, y = left + 0.04 * (right - left), bottom + 0.05 * (top - bottom)
    for colour, width in (("black", 5), ("white", 2.5)):
        axis.plot([x, x + SCALE_BAR_MM], [y, y], color=colour, linewidth=width, solid_capstyle="butt")
    style.pop("transform")
    axis.text(x, y + 0.02 * (top - bottom), f"{SCALE_BAR_MM} mm", va="bottom", **{**style, "fontsize": 8})
    axis.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
    axis.set_aspect("equal")


def _grey_window(greys: list[FloatArray]) -> tuple[float, float]:
    """Return the grey levels of all pictures: soft tissue for CT, else nearly the whole range of values."""
    values = np.concatenate([grey[np.isfinite(grey)] for grey in greys])
    if not len(values):
        return 0.0, 1.0
    if values.min() < HOUNSFIELD_BELOW:
        return SOFT_TISSUE_WINDOW
    low, high = (float(level) for level in np.percentile(values, (0.5, 99.5)))
    return (low, high) if high > low else (low - 1, high + 1)


def _percentiles(values: FloatArray, zero_is_nothing: bool) -> tuple[float, float]:
    """Return the 2nd and 98th percentile of the valid values, never equal."""
    valid = values[np.isfinite(values) & ((values != 0) | (not zero_is_nothing))]
    if not len(valid):
        return 0.0, 1.0
    low, high = (float(level) for level in np.percentile(valid, (2, 98)))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _whole_ticks(edges: FloatArray, centred: bool) -> FloatArray:
    """Return at most about seven of the edges (of the layers' middles for indices)."""
    wanted = edges[:-1] + 0.5 if centred else edges
    every = max(1, -(-len(wanted) // 7))
    if not centred and every > 1:
        every = next((n for n in (2, 5, 10, 20, 50, 100) if n >= every), every)
    return wanted[::every]


def _caption(plane: Plane) -> str:
    tilt = f", oblique by {plane.view.tilt_degrees:.0f}°" if plane.view.tilt_degrees >= 5 else ""
    sides = " and ".join(plane.sides)
    kidneys = f"{sides} kidney{'s' * (len(plane.sides) > 1)}"
    return f"{plane.view.plane.capitalize()} slice {plane.number} of {plane.total} ({plane.where}{tilt}), {kidneys}."
