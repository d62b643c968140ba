"""Start this project or 3DQLayers on a mask in its own process and read the answer."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from renal_segmentation.volume import Volume

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


class PeerError(Exception):
    """A run in another process failed."""


@dataclass(frozen=True)
class Run:
    """What one run in its own process gave.

    Attributes
    ----------
    depth : ndarray, shape of the mask, or None
        Depth in mm, 0 outside.
    seconds : list of float
        Mask in memory -> depth -> layers, once per repeat.
    cpu_seconds : list of float
        The same in processor time of all threads, which other work on the machine disturbs less.
    peak_mb, imported_mb : float
        Largest resident memory after and before the layering.
    table : ndarray, shape (N, 2), or None
        Depth in mm and map value of every voxel.
    """

    depth: npt.NDArray[np.float32] | None
    seconds: list[float]
    cpu_seconds: list[float]
    peak_mb: float
    imported_mb: float
    table: npt.NDArray[np.float64] | None = None

    @property
    def median_seconds(self) -> float:
        """Median over the repeats."""
        return float(np.median(self.seconds))

    @property
    def median_cpu_seconds(self) -> float:
        """Median over the repeats."""
        return float(np.median(self.cpu_seconds))


@dataclass(frozen=True)
class Peers:
    """The two programs: this project in the running Python, 3DQLayers in `comparator_python`.

    Attributes
    ----------
    comparator_python : Path or None
        Interpreter of the environment that holds qlayers; None measures this project alone.
    cache : Path
        Depths of 3DQLayers by content of mask and settings, so that a second accuracy run need not wait for
        it. Timings never come from here.
    """

    comparator_python: Path | None
    cache: Path = field(default=ROOT / "build" / "bench-cache")

    def ours(self, mask: Volume, *options: str, keep_depth: bool = False) -> Run:
        """Layer `mask` with this project."""
        return _run(Path(sys.executable), HERE / "ours.py", mask, list(options), keep_depth=keep_depth)

    def theirs(self, mask: Volume, *options: str, quantitative: Volume | None = None) -> Run | None:
        """Layer `mask` with 3DQLayers now, or return None without a comparator."""
        if self.comparator_python is None:
            return None
        script = HERE / "comparator.py"
        return _run(self.comparator_python, script, mask, list(options), quantitative, keep_depth=True)

    def theirs_cached(self, mask: Volume, *options: str, quantitative: Volume | None = None) -> Run | None:
        """Return the depth and table of 3DQLayers, computed at most once per input."""
        if self.comparator_python is None:
            return None
        digest = hashlib.sha256(repr(options).encode())
        for volume in (mask, quantitative):
            if volume is not None:
                digest.update(repr((volume.array.shape, volume.array.dtype)).encode())
                digest.update(np.ascontiguousarray(volume.array).tobytes() + volume.affine.tobytes())
        path = self.cache / f"{digest.hexdigest()[:32]}.npz"
        if not path.exists():
            run = self.theirs(mask, *options, quantitative=quantitative)
            if run is None or run.depth is None:
                return None
            self.cache.mkdir(parents=True, exist_ok=True)
            table = np.empty((0, 2)) if run.table is None else run.table
            np.savez_compressed(path, depth=run.depth, table=table)
        with np.load(path) as stored:
            return Run(stored["depth"], [], [], np.nan, np.nan, stored["table"])


def _run(
    python: Path,
    script: Path,
    mask: Volume,
    options: list[str],
    quantitative: Volume | None = None,
    *,
    keep_depth: bool,
) -> Run:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [str(python), str(script), str(_write(mask, folder / "mask.nii")), *options]
        if keep_depth:
            command += ["--output", name]
        if quantitative is not None:
            command += ["--map", str(_write(quantitative, folder / "map.nii"))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PeerError(f"{script.name} failed:\n" + "\n".join(done.stderr.splitlines()[-5:]))
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        depth = np.load(folder / "depth.npy") if keep_depth else None
        table = None
        if (folder / "voxels.csv").exists():
            columns = np.genfromtxt(folder / "voxels.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
            table = np.column_stack([columns["depth"], columns["value"]]).astype(float)
        return Run(depth, answer["seconds"], answer["cpu_seconds"], answer["peak_mb"], answer["imported_mb"], table)


def _write(volume: Volume, path: Path) -> Path:
    array = volume.array.astype(np.uint8 if volume.array.dtype.kind in "bui" else np.float32)
    nib.save(nib.Nifti1Image(array, volume.affine), path)
    return path
