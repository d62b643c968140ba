"""Generated cases as files: tissues, kidney labels, and images of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from renal_segmentation.errors import MissingPackageError
from renal_segmentation.files import atomic_folder, atomic_path, check_output, write_image
from renal_segmentation.progress import Progress, silent
from renal_segmentation.synthesis.abdomen import generate_abdomen
from renal_segmentation.synthesis.contact_sheet import Picture, contact_sheet, image_picture, tissue_picture
from renal_segmentation.synthesis.imaging import Scan
from renal_segmentation.synthesis.settings import AbdomenSettings
from renal_segmentation.synthesis.tissues import Tissue, kidney_labels
from renal_segmentation.volume import Volume

Renderer = Callable[[Volume, int], Scan]
"""From tissues and a seed to an image with the kidney labels on its grid: `imaging.render`."""

TISSUES_TABLE, CASES_TABLE = "tissues.json", "cases.csv"
COLUMNS = ("case", "seed", "left_ml", "right_ml", "contrast", "kind", "plane", "thickness_mm")


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
        Seed, kidney volumes (parenchyma) and kind of image of each case, as in ``cases.csv``.

    Raises
    ------
    OutputError
        If the folder or the picture cannot be written.
    """
    names = [f"case_{seed}_{kind}.nii.gz" for seed in seeds for kind in ("tissues", "labels", "image")]
    if sheet is not None and sheet.resolve().parent != folder.resolve():
        check_output(sheet)
    rows, pictures = [], []
    with atomic_folder(folder, overwrite, [*names, TISSUES_TABLE, CASES_TABLE]) as temporary:
        for number, seed in enumerate(seeds):
            progress(f"Case {number + 1} of {len(seeds)}", number / len(seeds))
            tissues = generate_abdomen(seed, spacing_mm, settings)
            scan = renderer(tissues, seed) if renderer else None
            _write_case(temporary, seed, tissues, scan)
            rows.append({"case": number + 1, "seed": seed, **_volumes(tissues), **_acquisition(scan)})
            if sheet is not None:
                pictures.append(_picture(tissues, scan))
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


def _write_case(folder: Path, seed: int, tissues: Volume, scan: Scan | None) -> None:
    """Write the files of a case."""
    write_image(folder / f"case_{seed}_tissues.nii.gz", tissues.array, tissues.grid, "generated: tissues")
    labels = scan.labels if scan else tissues.like(kidney_labels(tissues.array))
    write_image(folder / f"case_{seed}_labels.nii.gz", labels.array, labels.grid, "generated: kidney labels")
    if scan:
        write_image(folder / f"case_{seed}_image.nii.gz", scan.image.array, scan.image.grid, "generated: image")


def _picture(tissues: Volume, scan: Scan | None) -> Picture:
    """Return the slices of a case for the contact sheet, with those of its image below."""
    picture = tissue_picture(tissues)
    if scan is None:
        return picture
    return np.concatenate([picture, image_picture(scan.image, scan.labels, (picture.shape[1], picture.shape[1]))])


def _acquisition(scan: Scan | None) -> dict[str, Any]:
    """Return what the image of a case is like."""
    if scan is None:
        return {}
    return {
        "contrast": scan.appearance.regime,
        "kind": scan.appearance.kind,
        "plane": scan.acquisition.plane,
        "thickness_mm": round(scan.acquisition.thickness_mm, 1),
    }


def _volumes(tissues: Volume) -> dict[str, float]:
    """Return the parenchyma of each side in ml."""
    count = np.bincount(kidney_labels(tissues.array).ravel(), minlength=3)
    return {
        name: round(float(count[label]) * tissues.grid.voxel_ml, 1) for name, label in (("left_ml", 1), ("right_ml", 2))
    }
