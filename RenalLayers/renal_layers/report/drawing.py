"""Figures without a display and without matplotlib's global state, as SVG or PNG."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import numpy as np

from renal_segmentation.errors import MissingPackageError


def new_figure(figsize: tuple[float, float], layout: Any = None) -> Any:
    """Return an empty matplotlib figure on white, size in inches.

    Raises
    ------
    MissingPackageError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingPackageError(
            "The report needs the Python package matplotlib: pip install matplotlib, or leave the report out."
        ) from error
    return Figure(figsize=figsize, layout=layout, facecolor="white")


def png(figure: Any, dpi: int) -> bytes:
    """Return a figure as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    figure.set_dpi(dpi)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    packed = io.BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").save(packed, "PNG")
    return packed.getvalue()


def svg(figure: Any, salt: str) -> str:
    """Return a figure as an SVG element as wide as the page, without anything that changes from run to run.

    `salt` keeps the ids of several figures on one page apart.
    """
    from matplotlib import rc_context

    text = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}):
        figure.savefig(text, format="svg", metadata={"Creator": None, "Date": None, "Format": None, "Type": None})
    drawing = text.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    head, rest = drawing.split(">", 1)
    return re.sub(r' (width|height)="[^"]*"', "", head) + ">" + rest


def data_url(image: bytes) -> str:
    """Return a PNG as a URL that carries it."""
    return "data:image/png;base64," + base64.b64encode(image).decode("ascii")
