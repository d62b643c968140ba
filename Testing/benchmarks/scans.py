"""How the network's outlines of real scans compare with those that TotalSegmentator keeps of them for its own tests.

The scans and outlines lie in TotalSegmentator's source archive (Apache-2.0) on PyPI; nothing of it enters this project.
"""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from pathlib import Path

import nibabel as nib
import numpy as np
from Testing.benchmarks.peers import ROOT
from Testing.benchmarks.table import Report

from renal_segmentation.network.model import RenalNetwork
from renal_segmentation.volume import Volume, as_volume

NAME = "totalsegmentator-2.18.0"
ARCHIVE = ROOT / "build" / "scans" / f"{NAME}.tar.gz"
SHA256 = "5d4223ef93973bc36d710869d11e7742ead2c154c72f7f9edcaaadd5b6c4bd03"
FETCH = (
    "pip download --no-deps --no-binary :all: --no-build-isolation totalsegmentator==2.18.0 "
    f"--dest {ARCHIVE.parent.relative_to(ROOT)}"
)
SCANS = {
    "unenhanced CT, 336 mm": ("example_ct", "example_seg_fast_force_split"),
    "unenhanced CT, 90 mm": ("example_ct_sm", "example_seg"),
    "MRI, dark kidneys in bright fat, 60 mm": ("example_mr_sm", "example_seg_mr"),
}
"""Scan, and TotalSegmentator's outlines of it."""
THEIR_LABELS = {"left": 3, "right": 2}
OUR_LABELS = {"left": 1, "right": 2}


def scans(report: Report, archive: Path = ARCHIVE, model: RenalNetwork | None = None) -> None:
    """Add one row per kidney; the other program's outlines are no truth either."""
    from renal_segmentation.models.shipped import open_shipped

    model = model or open_shipped()
    report.text(f"## The network {model.describe().name} on real scans, against outlines of TotalSegmentator 2.18")
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
            rows += [_row(title, side, ours, theirs) for side in OUR_LABELS]
    report.table(("scan", "kidney", "TotalSegmentator ml", "Renal ml", "difference %", "Dice"), rows)


def _image(opened: tarfile.TarFile, name: str) -> Volume:
    member = opened.extractfile(f"{NAME}/tests/reference_files/{name}.nii.gz")
    if member is None:
        raise FileNotFoundError(f"The archive holds no {name}.nii.gz.")
    return as_volume(nib.Nifti1Image.from_bytes(gzip.decompress(member.read())), name)


def _row(title: str, side: str, ours: Volume, theirs: Volume) -> tuple[str, ...]:
    one, other = ours.array == OUR_LABELS[side], theirs.array == THEIR_LABELS[side]
    counts = np.count_nonzero(one), np.count_nonzero(other)
    dice = 2 * np.count_nonzero(one & other) / max(sum(counts), 1)
    found, known = (count * theirs.grid.voxel_ml for count in counts)
    return title, side, f"{known:.1f}", f"{found:.1f}", f"{100 * (found / known - 1):+.0f}", f"{dice:.3f}"
