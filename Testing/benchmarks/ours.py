"""Layer one mask with this project in a process of its own and print what it took as JSON.

The counterpart of ``comparator.py``: a fresh process is what makes the two peak memories comparable.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from renal_layers.layering import make_layers
from renal_layers.settings import Settings
from renal_segmentation.volume import as_volume, paste


def peak_mb() -> float:
    """Return the largest resident memory of this program in MB.

    The kernel's high-water mark of this address space; ru_maxrss is no use here, since it also counts the
    process that started this one, up to the moment of exec.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


def main() -> None:
    """Layer the mask `repeats` times, write the depth, print seconds and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mask", type=Path)
    parser.add_argument("--output", type=Path, help="folder for depth.npy")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--smoothing", default="default")
    arguments = parser.parse_args()

    image: Any = nib.load(arguments.mask)
    image = nib.Nifti1Image(np.asarray(image.dataobj), image.affine)
    settings = Settings(smoothing=arguments.smoothing)
    imported_mb = peak_mb()

    seconds, cpu_seconds = [], []
    for _ in range(arguments.repeats):
        started, cpu_started = time.perf_counter(), time.process_time()
        layering = make_layers(as_volume(image), settings)
        seconds.append(time.perf_counter() - started)
        cpu_seconds.append(time.process_time() - cpu_started)
    layered_mb = peak_mb()

    if arguments.output:
        depth = paste(layering.depth, as_volume(image).grid)
        np.save(arguments.output / "depth.npy", depth.astype(np.float32))
    print(
        json.dumps(
            {
                "seconds": seconds,
                "cpu_seconds": cpu_seconds,
                "peak_mb": layered_mb,
                "imported_mb": imported_mb,
                "voxels": int(np.count_nonzero(np.asarray(image.dataobj))),
            }
        )
    )


if __name__ == "__main__":
    main()
