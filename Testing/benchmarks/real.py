"""Depth difference and time on real masks, when ``../shared/data`` holds them."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
from Testing.benchmarks.peers import ROOT, Peers
from Testing.benchmarks.table import Report

from renal_segmentation.volume import Volume, as_volume

DATA = ROOT.parent / "shared" / "data"


def real(report: Report, peers: Peers, folder: Path = DATA) -> None:
    """Add one row per mask; there is no truth here, so this says how far the two programs differ."""
    report.text("## Real masks (KiTS, kidney and tumour together)")
    files = sorted(folder.glob("kits_case_*_mask.nii.gz"))
    if not files:
        report.text(f"Skipped: {folder} holds no kits_case_*_mask.nii.gz.")
        return
    rows = []
    for file in files:
        labels = as_volume(nib.load(file), file.name)
        mask = Volume(labels.array > 0, labels.affine)
        mine = peers.ours(mask, "--repeats", "5", keep_depth=True)
        other = peers.theirs(mask)
        row = [
            file.name.removesuffix("_mask.nii.gz"),
            f"{np.count_nonzero(mask.array):,}",
            " x ".join(f"{s:.2f}" for s in mask.grid.spacing),
            f"{mine.median_seconds:.3f}",
            f"{mine.peak_mb:.0f}",
        ]
        if other is not None and mine.depth is not None and other.depth is not None:
            both = (mine.depth > 0) & (other.depth > 0)
            off = np.abs(mine.depth[both] - other.depth[both])
            row += [
                f"{other.median_seconds:.1f}",
                f"{other.median_seconds / mine.median_seconds:.0f}",
                f"{other.peak_mb:.0f}",
                f"{off.mean():.3f} / {np.percentile(off, 95):.3f} / {off.max():.3f}",
                f"{np.count_nonzero((mine.depth > 0) != (other.depth > 0))}",
            ]
        rows.append(row)
    header = ["mask", "voxels", "mm", "Renal s", "Renal MB"]
    if peers.comparator_python:
        header += [
            "3DQLayers s",
            "times faster",
            "3DQLayers MB",
            "difference mm (mean / p95 / max)",
            "only one has depth",
        ]
    report.table(header, rows)
