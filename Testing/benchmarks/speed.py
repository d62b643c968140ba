"""Seconds and peak memory of mask -> depth -> layers, against 3DQLayers and against the mask's size."""

from __future__ import annotations

import numpy as np
from Testing.benchmarks.peers import Peers
from Testing.benchmarks.phantoms import two_kidneys
from Testing.benchmarks.table import Report

REPEATS = 5
SIZES = (
    (30_000, (2.36, 2.36, 2.36), None),
    (117_000, (1.5, 1.5, 1.5), None),
    (400_000, (1.0, 1.0, 1.0), None),
    (1_000_000, (0.78, 0.78, 0.8), (512, 512, 834)),
)


def speed(report: Report, peers: Peers) -> None:
    """Add both programs on the same two-kidney mask, measured one after the other in this run."""
    mask = two_kidneys((1.5, 1.5, 1.5), 117_000)
    report.text(
        f"## Speed and memory\n\nTwo kidneys, {np.count_nonzero(mask.array):,} voxels at 1.5 mm, mask in "
        "memory -> depth -> layers, one process each."
    )
    mine = peers.ours(mask, "--repeats", str(REPEATS))
    header = [
        "program",
        "seconds",
        "first call",
        "processor seconds",
        "peak memory MB",
        "of which after the imports MB",
    ]
    rows = [
        [
            f"Renal (median of {REPEATS})",
            f"{mine.median_seconds:.3f}",
            f"{mine.seconds[0]:.3f}",
            f"{mine.median_cpu_seconds:.3f}",
            f"{mine.peak_mb:.0f}",
            f"{mine.peak_mb - mine.imported_mb:.0f}",
        ]
    ]
    other = peers.theirs(mask)
    if other is not None:
        rows.append(
            [
                "3DQLayers 1.0.0 (once)",
                f"{other.median_seconds:.1f}",
                f"{other.median_seconds:.1f}",
                f"{other.median_cpu_seconds:.1f}",
                f"{other.peak_mb:.0f}",
                f"{other.peak_mb - other.imported_mb:.0f}",
            ]
        )
        growth = (other.peak_mb - other.imported_mb) / (mine.peak_mb - mine.imported_mb)
        rows.append(
            [
                "ratio",
                f"{other.median_seconds / mine.median_seconds:.0f} x faster",
                f"{other.median_seconds / mine.seconds[0]:.0f} x faster",
                f"{other.median_cpu_seconds / mine.median_cpu_seconds:.0f} x less",
                f"{other.peak_mb / mine.peak_mb:.1f} x less",
                f"{growth:.1f} x less",
            ]
        )
    report.table(header, rows)


def scaling(report: Report, peers: Peers) -> None:
    """Add seconds, microseconds per kidney voxel and memory from a coarse mask up to a native CT."""
    report.text(f"## Growth with the number of kidney voxels\n\nMedian of {REPEATS}.")
    rows = []
    for voxels, spacing, shape in SIZES:
        mask = two_kidneys(spacing, voxels, shape)
        count = np.count_nonzero(mask.array)
        run = peers.ours(mask, "--repeats", str(REPEATS))
        rows.append(
            [
                f"{count:,}",
                " x ".join(map(str, mask.array.shape)),
                " x ".join(f"{s:g}" for s in spacing),
                f"{run.median_seconds:.3f}",
                f"{run.median_seconds / count * 1e6:.2f}",
                f"{run.peak_mb:.0f}",
            ]
        )
    report.table(["kidney voxels", "grid", "mm", "seconds", "µs per kidney voxel", "peak memory MB"], rows)
