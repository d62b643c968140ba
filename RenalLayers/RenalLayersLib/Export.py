"""The results as files: the same that the command writes, with Slicer's own image writer."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from renal_layers.analysis import Analysis
from renal_layers.outputs import earlier_files, write_results, write_summary
from renal_layers.report import write_report
from renal_segmentation.errors import OutputError
from renal_segmentation.files import atomic_folder, atomic_path
from renal_segmentation.volume import Grid, Volume, as_volume
from RenalLayersLib.Inputs import Job, volumeOf
from RenalLayersLib.Volumes import ijkToRas, toImageData

REPORT_NEEDS = ("matplotlib>=3.8",)
_LOADABLE = {"mask.nii.gz", "scene.mrb"}
"""What the command writes and no export does: the scene may have been loaded from it, so it is never removed."""


def exportResults(folder: Path, job: Job, analysis: Analysis, background: Any, withReport: bool) -> list[str]:
    """Write images, surface, tables, summary and report into a folder; return the names of the files.

    Parameters
    ----------
    folder : Path
        Files of an earlier export in it are replaced; others stay.
    job, analysis : Job, Analysis
        What was analysed and found.
    background : vtkMRMLScalarVolumeNode or None
        Image behind the pictures of the report.
    withReport : bool
        Needs matplotlib.

    Raises
    ------
    OutputError
        If the folder cannot be written; nothing half-written is left behind.
    """
    created = datetime.now(UTC).isoformat(timespec="seconds")
    inputs = _inputs(job)
    with atomic_folder(folder, True, earlier_files(folder) - _LOADABLE) as temporary:
        write_results(temporary, analysis, write=writeNifti)
        options = {"labels": dict(job.labels)}
        if withReport:
            write_report(
                temporary / "report.html",
                analysis,
                list(job.maps),
                image=volumeOf(background) if background is not None else None,
                parameters={**asdict(job.settings), **options},
                inputs=inputs,
                title=job.name,
                created=created,
            )
        write_summary(temporary, analysis, inputs, options, created)
        return sorted(file.name for file in temporary.iterdir())


def writeNifti(path: Path, array: np.ndarray, grid: Grid, description: str) -> None:
    """Write an array as NIfTI through Slicer, atomically; a stand-in for `renal_segmentation.files.write_image`.

    `description` is not stored: Slicer writes none.
    """
    node = slicer.vtkMRMLScalarVolumeNode()
    node.SetAndObserveImageData(toImageData(array))
    node.SetIJKToRASMatrix(ijkToRas(grid.affine))
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    with atomic_path(path) as temporary:
        storage.SetFileName(str(temporary))
        if not storage.WriteData(node):
            raise OutputError(_("{path} cannot be written: choose another folder.").format(path=path))


def _inputs(job: Job) -> list[dict[str, str]]:
    """Return role, name and checksum of everything that was analysed; the checksum is that of the values."""
    images: dict[str, Any] = {"mask": job.mask, "pelvis": job.pelvis, "tissue": job.tissue and job.tissue.image}
    images |= {f"map {qmap.name}": qmap.image for qmap in job.maps}
    return [
        {"role": role, "file": job.name, "sha256": _checksum(as_volume(image, role))}
        for role, image in images.items()
        if image is not None
    ]


def _checksum(volume: Volume) -> str:
    digest = hashlib.sha256(volume.affine.tobytes())
    digest.update(np.ascontiguousarray(volume.array).tobytes())
    return digest.hexdigest()
