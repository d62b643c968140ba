"""The files of one run: images, surface, tables and summary."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from renal_layers.analysis import Analysis
from renal_layers.gradients import GradientRow
from renal_layers.maps import MapSamples
from renal_layers.profiles import ProfileRow
from renal_layers.surface import Surface
from renal_segmentation.errors import MissingPackageError
from renal_segmentation.files import atomic_path, write_image
from renal_segmentation.labels import SIDE_NAMES
from renal_segmentation.version import __version__
from renal_segmentation.volume import Grid, paste

VoxelFormat = Literal["csv", "parquet"]
RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])
VOXEL_COLUMNS = ("side", "depth", "layer", "tissue", "map", "value")
PROGRAM = "renal-layers"
SUMMARY = "summary.json"
ALWAYS = (
    "depth.nii.gz", "layers.nii.gz", "pelvis.nii.gz", "surface.stl", "profiles.csv", "gradients.csv", SUMMARY,
)  # fmt: skip
"""What every run writes."""
FILES = (*ALWAYS, "mask.nii.gz", "voxels.csv", "voxels.parquet", "report.html", "scene.mrb")
"""Every name that a run may write."""


def earlier_files(folder: Path) -> set[str]:
    """Return the names of the files in a folder that an earlier run wrote there, as its summary.json tells."""
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        ours = summary["program"] == PROGRAM
        return {name for name in FILES if ours and name in summary["files"]}
    except (OSError, ValueError, LookupError, TypeError):
        return set()


def write_results(
    folder: Path,
    analysis: Analysis,
    voxel_format: VoxelFormat = "csv",
    write: Callable[[Path, npt.NDArray[Any], Grid, str], None] = write_image,
) -> None:
    """Write images, surface and tables of an analysis into an existing folder.

    Images are on the mask's full grid: ``depth.nii.gz`` (float32 mm), ``layers.nii.gz`` (float32 upper edge in mm, or
    index) and ``pelvis.nii.gz`` (uint8). ``surface.stl`` is in LPS mm, as Slicer writes it. `write` takes the place of
    `renal_segmentation.files.write_image` where nibabel is not at hand.
    """
    layering = analysis.layering
    unit = "upper edge, mm" if layering.settings.layer_model == "mm" else "index from capsule"
    for name, volume, description in (
        ("depth", layering.depth, "Depth below the kidney surface, mm"),
        ("layers", layering.layers, f"Kidney layers, {unit}"),
        ("pelvis", layering.pelvis, "Renal pelvis"),
    ):
        write(folder / f"{name}.nii.gz", paste(volume, layering.grid), layering.grid, description)
    write_stl(folder / "surface.stl", layering.surface)
    write_table(folder / "profiles.csv", ProfileRow, analysis.profiles)
    write_table(folder / "gradients.csv", GradientRow, analysis.gradients)
    writer = _write_voxels_csv if voxel_format == "csv" else _write_voxels_parquet
    writer(folder / f"voxels.{voxel_format}", analysis.samples)


def write_table(path: Path, row_type: type, rows: Iterable[Any]) -> None:
    """Write dataclass rows as CSV with a header; numbers are written in full, missing ones empty."""
    names = [field.name for field in fields(row_type)]
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(names)
        for row in rows:
            table.writerow([_plain(getattr(row, name), "") for name in names])


def write_stl(path: Path, surface: Surface) -> None:
    """Write a surface as binary STL in LPS mm with the header by which Slicer recognises it."""
    from vtkmodules.vtkIOGeometry import vtkSTLWriter

    writer = vtkSTLWriter()
    writer.SetInputData(Surface(surface.points * RAS_TO_LPS, surface.triangles).to_polydata())
    writer.SetHeader("Renal kidney surface. SPACE=LPS")
    writer.SetFileTypeToBinary()
    with atomic_path(path) as temporary:
        writer.SetFileName(str(temporary))
        if not writer.Write():
            raise OSError("the surface writer failed")


def write_summary(
    folder: Path, analysis: Analysis, inputs: Sequence[dict[str, str]], options: dict[str, Any], created: str
) -> None:
    """Write summary.json: parameters, version, inputs with checksums, warnings, volumes, gradients, thickness.

    Last of all: it lists the files of the run, by which a later one knows what it may remove.
    """
    layering = analysis.layering
    summary = {
        "program": PROGRAM,
        "version": __version__,
        "created": created,
        "files": sorted({SUMMARY, *(file.name for file in folder.iterdir())}),
        "inputs": list(inputs),
        "parameters": {**asdict(layering.settings), **options},
        "warnings": [asdict(notice) for notice in analysis.notices],
        "volumes_ml": layering.volume_ml,
        "greatest_depth_mm": float(layering.depth.array.max()),
        "kidney_voxels": int((layering.side.array > 0).sum()),
        "excluded_voxels": layering.excluded_voxels,
        "maps": [
            {"name": s.name, "unit": s.unit, "voxels": len(s.value), "left_out": s.left_out} for s in analysis.samples
        ],
        "gradients": [asdict(row) for row in analysis.gradients],
        "cortical_thickness": {
            side: {name: value for name, value in asdict(found).items() if name != "curve"}
            for side, found in analysis.thickness.items()
        },
    }
    with atomic_path(folder / SUMMARY) as temporary:
        temporary.write_text(json.dumps(_plain(summary, None), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _write_voxels_csv(path: Path, samples: Sequence[MapSamples]) -> None:
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(VOXEL_COLUMNS)
        for measured in samples:
            columns = _voxel_columns(measured)
            table.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))


def _write_voxels_parquet(path: Path, samples: Sequence[MapSamples]) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingPackageError(
            "Writing voxels.parquet needs the Python package pyarrow: pip install slicer-renal[parquet], or use csv."
        ) from error
    tables = [pyarrow.table(_voxel_columns(measured)) for measured in samples]
    with atomic_path(path) as temporary:
        parquet.write_table(pyarrow.concat_tables(tables) if tables else pyarrow.table({}), temporary)


def _voxel_columns(samples: MapSamples) -> dict[str, np.ndarray[Any, Any]]:
    """Return the long table of one map."""
    names = np.array(["", *SIDE_NAMES.values()])
    return {
        "side": names[samples.side],
        "depth": samples.depth,
        "layer": samples.layer,
        "tissue": samples.tissue,
        "map": np.full(len(samples.value), samples.name),
        "value": samples.value,
    }


def _plain(value: Any, missing: Any) -> Any:
    """Return a value that CSV and JSON can hold; NaN and infinity become `missing`."""
    if isinstance(value, dict):
        return {key: _plain(item, missing) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, missing) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist(), missing)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return missing
    return value
