"""Generated cases as files: tissues, kidney labels, and images of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from renal_segmentation.errors import MissingPackageError
from renal_segmentation.files import atomic_folder, atomic_path, write_image
from renal_segmentation.progress import Progress, silent
from renal_segmentation.synthesis.abdomen import generate_abdomen
from renal_segmentation.synthesis.contact_sheet import Picture, contact_sheet, image_picture, tissue_picture
from renal_segmentation.synthesis.settings import AbdomenSettings
from renal_segmentation.synthesis.tissues import Tissue, kidney_labels
from renal_segmentation.volume import Volume

Renderer = Callable[[Volume, int], tuple[Volume, Volume]]
"""From tissues and a seed to an image and the kidney labels on its grid."""

TISSUES_TABLE, CASES_TABLE = "tissues.json", "cases.csv"
COLUMNS = ("case", "seed", "left_ml", "right_ml")


def write_cases(
    folder: Path,
    seeds: Sequence[int],
    spacing_mm: float,
    settings: AbdomenSettings,
    renderer: Renderer | None = None,
    overwrite: bool = False,
    sheet: Path | None = None,
    progress: Progress = silent,
) -> list[dict[str, Any]]:
    """Write one case per seed, and tables of the tissues and of the cases.

    Parameters
    ----------
    folder : Path
        Takes ``case_<seed>_tissues.nii.gz``, ``case_<seed>_labels.nii.gz`` and, with a renderer,
        ``case_<seed>_image.nii.gz``, with the labels on the grid of the image.
    seeds : sequence of int
        Of the cases.
    spacing_mm : float
        Voxel size of the tissues.
    settings : AbdomenSettings
        How often there are children, missing kidneys and the like.
    renderer : callable, optional
        Draws the image; without it the labels are on the grid of the tissues.
    overwrite : bool
        Whether files may already lie in the folder.
    sheet : Path, optional
        PNG of all cases to write as well.

    Returns
    -------
    rows : list of dict
        Seed and kidney volumes (parenchyma) of each case, as in ``cases.csv``.

    Raises
    ------
    OutputError
        If the folder or the picture cannot be written.
    """
    names = [f"case_{seed}_{kind}.nii.gz" for seed in seeds for kind in ("tissues", "labels", "image")]
    rows, pictures = [], []
    with atomic_folder(folder, overwrite, [*names, TISSUES_TABLE, CASES_TABLE]) as temporary:
        for number, seed in enumerate(seeds):
            progress(f"Case {number + 1} of {len(seeds)}", number / len(seeds))
            tissues = generate_abdomen(seed, spacing_mm, settings)
            picture = _write_case(temporary, seed, tissues, renderer)
            rows.append({"case": number + 1, "seed": seed, **_volumes(tissues)})
            if sheet is not None:
                pictures.append(picture)
        table = json.dumps({tissue.name: int(tissue) for tissue in Tissue}, indent=1)
        (temporary / TISSUES_TABLE).write_text(table + "\n", encoding="utf-8")
        with (temporary / CASES_TABLE).open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    if sheet is not None:
        write_picture(sheet, contact_sheet(pictures))
    progress("Done", 1.0)
    return rows


def write_picture(path: Path, picture: Picture) -> None:
    """Write a picture as PNG, atomically.

    Raises
    ------
    MissingPackageError
        If matplotlib is not installed.
    OutputError
        If it cannot be written.
    """
    try:
        from matplotlib.image import imsave
    except ImportError as error:
        raise MissingPackageError("The contact sheet needs the Python package matplotlib: pip install it.") from error
    with atomic_path(path) as temporary:
        imsave(temporary, picture, format="png")


def _write_case(folder: Path, seed: int, tissues: Volume, renderer: Renderer | None) -> Picture:
    """Write the files of a case and return its picture."""
    write_image(folder / f"case_{seed}_tissues.nii.gz", tissues.array, tissues.grid, "generated: tissues")
    picture = tissue_picture(tissues)
    labels = tissues.like(kidney_labels(tissues.array))
    if renderer is not None:
        image, labels = renderer(tissues, seed)
        write_image(folder / f"case_{seed}_image.nii.gz", image.array, image.grid, "generated: image")
        height = picture.shape[0] // 2
        picture = np.concatenate([picture, image_picture(image, labels, (height, picture.shape[1]))])
    write_image(folder / f"case_{seed}_labels.nii.gz", labels.array, labels.grid, "generated: kidney labels")
    return picture


def _volumes(tissues: Volume) -> dict[str, float]:
    """Return the parenchyma of each side in ml."""
    count = np.bincount(kidney_labels(tissues.array).ravel(), minlength=3)
    return {
        name: round(float(count[label]) * tissues.grid.voxel_ml, 1) for name, label in (("left_ml", 1), ("right_ml", 2))
    }
