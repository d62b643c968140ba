"""What all adapters share: the image as a file for another program, and its answer on the image's own grid."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from renal_segmentation.errors import InputError, ModelError, Notice
from renal_segmentation.files import read_image, write_image
from renal_segmentation.relabelling import Target, sides_of, to_structures
from renal_segmentation.resampling import nearest, share_inside
from renal_segmentation.segmenter import Segmentation, missing_side_notice
from renal_segmentation.structures import BY_VALUE, PARENCHYMA
from renal_segmentation.volume import Volume

_ORTHOGONAL = 1e-3
_FILE_TYPES = {"b": np.uint8, "u": np.float32, "i": np.float32, "f": np.float32}


def write_input(image: Volume, path: Path) -> None:
    """Write the image as NIfTI for another program.

    Raises
    ------
    InputError
        If the grid is sheared, which such programs refuse or, worse, read wrongly; or voxels are not numbers.
    """
    axes = image.affine[:3, :3] / image.grid.spacing
    if np.abs(axes.T @ axes - np.eye(3)).max() > _ORTHOGONAL:
        raise InputError(
            "The image's axes are not at right angles (gantry tilt?), which this model's program cannot read: "
            "resample the image to a regular grid, or use the model that comes with Renal."
        )
    array = image.array
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        array = np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0)
    small = array.dtype in (np.uint8, np.int16, np.uint16, np.int32)
    write_image(path, array if small else array.astype(_FILE_TYPES[array.dtype.kind]), image.grid, "image")


def read_output(path: Path, title: str) -> Volume:
    """Return a mask that another program wrote.

    Raises
    ------
    ModelError
        If it is missing or no image.
    """
    if not path.is_file():
        raise ModelError(f"{title} ended without writing {path.name}: check that this version of it is supported.")
    try:
        return read_image(path)[0]
    except InputError as error:
        raise ModelError(f"{title} wrote a file that cannot be read as an image: try again.") from error


def finish(
    labels: Volume, targets: Mapping[int, Target], image: Volume, model: str, notices: tuple[Notice, ...] = ()
) -> Segmentation:
    """Return a model's answer with the labels of the table of structures on the grid of the image.

    Parameters
    ----------
    labels : Volume
        Labels of the model, on any grid in the same body.
    targets : mapping of int to Target
        What they are.
    image : Volume
        What was segmented.
    model : str
        Name.
    notices : tuple of Notice
        From the model.

    Raises
    ------
    ModelError
        If the answer lies in another place than the image.
    """
    if not labels.grid.same_as(image.grid, tolerance_mm=0.01):
        if share_inside(image.grid, labels.grid) == 0:
            raise ModelError(f"The model {model} gave a mask that lies outside the image: report it.")
        labels = Volume(nearest(labels, image.grid), image.affine)
        notices += (Notice("resampled", f"The mask of {model} was resampled to the image's grid (nearest voxel)."),)
    mask, doubts = to_structures(Volume(labels.array, image.affine), targets)
    if not sides_of(mask, PARENCHYMA).array.any():
        others = sorted({BY_VALUE[value].tissue for value in np.unique(mask.array) if value})
        but = f", only {' and '.join(others)}" if others else ""
        told = f"The model {model} found no kidney{but}: check that it fits this kind of image."
        doubts += (Notice("no-kidney", told),)
    doubts += missing_side_notice(mask)
    return Segmentation(mask, None, {}, (*notices, *doubts), model)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a model's JSON file.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON: get the model again.") from error
    return content if isinstance(content, dict) else {}


def name_of(folder: Path) -> str:
    """Return a model's name from that of its folder."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name).strip("-.")[:64] or "model"
