"""How the network's outlines of real scans compare with those that TotalSegmentator keeps of them for its own tests.

The scans and outlines lie in TotalSegmentator's source archive (Apache-2.0) on PyPI; nothing of it enters this project.
"""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from Testing.benchmarks.peers import ROOT
from Testing.benchmarks.table import Report

from renal_segmentation.agreement import compare
from renal_segmentation.labels import Side
from renal_segmentation.network.model import RenalNetwork
from renal_segmentation.structures import structure_of
from renal_segmentation.volume import Volume, as_volume

VERSION = "2.18.0"
NAME = f"totalsegmentator-{VERSION}"
ARCHIVE = ROOT / "build" / "scans" / f"{NAME}.tar.gz"
SHA256 = "5d4223ef93973bc36d710869d11e7742ead2c154c72f7f9edcaaadd5b6c4bd03"
FETCH = (
    f"pip download --no-deps --no-binary :all: --no-build-isolation totalsegmentator=={VERSION} "
    f"--dest {ARCHIVE.parent.relative_to(ROOT)}"
)
SCANS = {
    "unenhanced CT, 336 mm": ("example_ct", "example_seg_fast_force_split"),
    "unenhanced CT, 90 mm": ("example_ct_sm", "example_seg"),
    "MRI, dark kidneys in bright fat, 60 mm": ("example_mr_sm", "example_seg_mr"),
}
"""Scan, and TotalSegmentator's outlines of it."""
THEIRS = {Side.LEFT: 3, Side.RIGHT: 2}
OURS = {side: structure_of("kidney", side).value for side in Side}
"""Values of the kidneys in both programs' masks."""


def scans(report: Report, archive: Path = ARCHIVE, model: RenalNetwork | None = None) -> None:
    """Add one row per kidney; the other program's outlines are no truth either."""
    from renal_segmentation.models.shipped import open_shipped

    model = model or open_shipped()
    report.text(f"## The network {model.describe().name} on real scans, against outlines of TotalSegmentator {VERSION}")
    if not archive.exists():
        report.text(f"Skipped: {archive} is missing; `{FETCH}` gets it (38 MB).")
        return
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        report.text(f"Skipped: {archive} is not the archive that was measured before; delete it, then `{FETCH}`.")
        return
    rows = []
    with tarfile.open(archive) as opened:
        for title, names in SCANS.items():
            image, theirs = (_image(opened, name) for name in names)
            ours = model.segment(image, device="cpu").labels
            sides = (image.like(_sides(labels.array, values)) for labels, values in ((theirs, THEIRS), (ours, OURS)))
            rows += [
                (
                    title,
                    of.side,
                    f"{of.before_ml:.1f}",
                    f"{of.after_ml:.1f}",
                    f"{of.change_percent:+.0f}",
                    f"{of.dice:.3f}",
                )
                for of in compare(*sides)
            ]
    report.table(("scan", "kidney", "TotalSegmentator ml", "Renal ml", "difference %", "Dice"), rows)


def _image(opened: tarfile.TarFile, name: str) -> Volume:
    member = opened.extractfile(f"{NAME}/tests/reference_files/{name}.nii.gz")
    if member is None:
        raise FileNotFoundError(f"The archive holds no {name}.nii.gz.")
    return as_volume(nib.Nifti1Image.from_bytes(gzip.decompress(member.read())), name)


def _sides(labels: npt.NDArray[Any], values: Mapping[Side, int]) -> npt.NDArray[np.uint8]:
    return np.select([labels == value for value in values.values()], list(values)).astype(np.uint8)
