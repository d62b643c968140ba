"""The page: pictures, plots and tables put into one file that needs nothing else."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

from renal_layers.analysis import Analysis
from renal_layers.maps import QuantitativeMap
from renal_layers.report import tables
from renal_layers.report.methods import SOURCES, methods
from renal_layers.report.pictures import slice_pictures
from renal_layers.report.plots import profile_plot
from renal_layers.settings import Settings
from renal_segmentation.files import atomic_path
from renal_segmentation.version import __version__
from renal_segmentation.volume import Volume


def write_report(
    path: Path,
    analysis: Analysis,
    maps: Sequence[QuantitativeMap] = (),
    *,
    image: Volume | None = None,
    parameters: Mapping[str, object],
    inputs: Sequence[Mapping[str, str]],
    title: str,
    created: str,
) -> None:
    """Write the report of one analysis, atomically.

    Parameters
    ----------
    path : Path
        HTML file.
    analysis : Analysis
        What was found.
    maps : sequence of QuantitativeMap
        The maps that were analysed, for the pictures.
    image : Volume, optional
        Structural image behind the pictures, on any grid.
    parameters : mapping of str to object
        Name of each parameter and its value with unit.
    inputs : sequence of mappings
        With the keys ``role``, ``file``, ``sha256``.
    title : str
        Of the page, usually the name of the mask.
    created : str
        Date and time as they are to be printed.

    Raises
    ------
    MissingPackageError
        If matplotlib is not installed.
    OutputError
        If the file cannot be written.
    """
    here = files("renal_layers.report")
    settings = analysis.layering.settings
    page = Template(here.joinpath("page.html").read_text(encoding="utf-8")).substitute(
        title=html.escape(title),
        created=html.escape(created),
        version=html.escape(__version__),
        style=here.joinpath("style.css").read_text(encoding="utf-8"),
        cards=tables.cards(analysis),
        notices=tables.notices(analysis),
        pictures=_pictures(analysis, maps, image),
        measurements=_measurements(analysis),
        volumes=tables.volumes(analysis),
        parameters=tables.parameters(parameters),
        inputs=tables.inputs(inputs),
        methods=html.escape(" ".join(methods(settings, bool(analysis.samples), bool(analysis.thickness)))),
        sources="\n".join(f"<li>{html.escape(source)}</li>" for source in SOURCES),
    )
    with atomic_path(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _pictures(analysis: Analysis, maps: Sequence[QuantitativeMap], image: Volume | None) -> str:
    return "\n".join(
        f'<figure><img src="{picture.url}" alt="{html.escape(picture.caption)}">'
        f"<figcaption><strong>{html.escape(picture.caption)}</strong></figcaption></figure>"
        for picture in slice_pictures(analysis, maps, image)
    )


def _measurements(analysis: Analysis) -> str:
    """Return the sections on profiles, gradients and cortical thickness, as far as there are any."""
    settings = analysis.layering.settings
    parts = []
    if analysis.profiles:
        names = list(dict.fromkeys(row.map for row in analysis.profiles))
        figures = "\n".join(
            f"<figure><h3>{html.escape(name)}</h3>{profile_plot(analysis, name)}"
            f"<figcaption>{html.escape(_plot_caption(settings))}</figcaption></figure>"
            for name in names
        )
        parts += [
            f"<section><h2>Profiles</h2>{figures}",
            f"<details><summary>All layers as a table</summary>{tables.profiles(analysis)}</details></section>",
            f"<section><h2>Gradients</h2>{tables.gradients(analysis)}</section>",
        ]
    if analysis.thickness:
        parts.append(f"<section><h2>Cortical thickness</h2>{tables.thickness(analysis)}</section>")
    return "\n".join(parts)


def _plot_caption(settings: Settings) -> str:
    text = (
        "Median per layer with its 95 % confidence band; hollow markers: layers with fewer than "
        f"{settings.minimum_voxels} voxels; below, the number of voxels per layer. "
    )
    if settings.layer_model == "mm":
        return text + (
            "Shaded: the range of the gradient; dashed: the least-squares line through the voxels in it, slope with "
            "95 % confidence interval."
        )
    return text + "The gradient is fitted in millimetres of depth and stands in the table."
