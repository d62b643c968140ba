"""Run 3DQLayers on one mask in a process of its own and print what it took as JSON.

This script runs in the benchmark's separate environment (``.venv-bench``), where nothing of this project is
installed: qlayers is GPL-3 and serves as a comparator only, called through the interface its README shows.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ["TQDM_DISABLE"] = "1"
warnings.simplefilter("ignore")

import nibabel as nib  # noqa: E402
import numpy as np  # noqa: E402
from qlayers import QLayers  # noqa: E402


def peak_mb() -> float:
    """Return the largest resident memory of this program in MB.

    The kernel's high-water mark of this address space; ru_maxrss is no use here, since it also counts the
    process that started this one, up to the moment of exec.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


def in_memory(path: Path) -> nib.Nifti1Image:
    """Return the image with its voxels read, so that no timing contains the file."""
    image: Any = nib.load(path)
    return nib.Nifti1Image(np.asarray(image.dataobj), image.affine)


def main() -> None:
    """Layer the mask, write depth and voxel table, print seconds and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mask", type=Path)
    parser.add_argument("--output", type=Path, required=True, help="folder for depth.npy and voxels.csv")
    parser.add_argument("--space", choices=("map", "layers"), default="layers")
    parser.add_argument("--map", type=Path, help="quantitative map, gives voxels.csv")
    parser.add_argument("--thickness", type=float, default=1.0)
    parser.add_argument("--fill-ml", type=float, default=10.0)
    parser.add_argument("--pelvis-distance", type=float, default=0.0)
    arguments = parser.parse_args()

    mask = in_memory(arguments.mask)
    quantitative = in_memory(arguments.map) if arguments.map else None
    imported_mb = peak_mb()

    answer, sys.stdout = sys.stdout, sys.stderr
    started, cpu_started = time.perf_counter(), time.process_time()
    layers = QLayers(
        mask,
        thickness=arguments.thickness,
        fill_ml=arguments.fill_ml,
        pelvis_dist=arguments.pelvis_distance,
        space=arguments.space,
    )
    depth = layers.get_depth()
    layers.get_layers()
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    layered_mb = peak_mb()

    np.save(arguments.output / "depth.npy", np.asarray(depth, np.float32))
    if quantitative is not None:
        layers.add_map(quantitative, "map")
        layers.get_df(format="long").to_csv(arguments.output / "voxels.csv", index=False)
    sys.stdout = answer
    print(
        json.dumps(
            {
                "version": version("qlayers"),
                "seconds": [seconds],
                "cpu_seconds": [cpu_seconds],
                "peak_mb": layered_mb,
                "imported_mb": imported_mb,
                "voxels": int(np.count_nonzero(np.asarray(mask.dataobj))),
            }
        )
    )


if __name__ == "__main__":
    main()
