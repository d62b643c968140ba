"""Stands for ``renal_segmentation predict`` in tests: the same arguments, the same JSON lines, no network.

What it does beside is told by the environment: RENAL_FAKE is ``hang``, ``fail:TEXT``, ``exit:CODE``, ``children``
(start a program of its own and hang), ``empty``, ``half`` (write half a file and hang), ``slow``, ``mask:PATH`` (give
the mask of a file), or nothing. ``models`` in the place of ``predict`` does nothing and says so.
The kidneys are what is neither dark nor bright: the cortex and medulla of the reference object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from renal_segmentation.files import PARTIAL, read_image, write_image
from renal_segmentation.sides import split_sides


def say(step: str, share: float, left: float | None, **more: Any) -> None:
    """Print one line of progress."""
    print(json.dumps({"step": step, "share": share, "seconds_left": left, **more}), flush=True)  # noqa: T201


def main() -> int:
    """Do what is asked."""
    if sys.argv[1] == "models":
        sys.stderr.write(f"fake {' '.join(sys.argv[1:])}\n")
        say("done", 1, 0)
        return 0
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["predict"])
    parser.add_argument("image", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    for name in ("--model", "--device", "--memory", "--progress"):
        parser.add_argument(name)
    parser.add_argument("--overwrite", action="store_true")
    parser.add_argument("--trust", action="store_true")
    options = parser.parse_args()
    kind, _, text = os.environ.get("RENAL_FAKE", "").partition(":")
    sys.stderr.write(f"fake network on {options.device}, {options.memory} memory, model {options.model}\n")
    say("reading", 0.0, None)
    if kind == "fail":
        sys.stderr.write(text + "\n")
        return 2
    if kind == "exit":
        return int(text)
    if kind == "half":
        options.output.with_name(f"{PARTIAL}half.nii.gz").write_bytes(b"half a file")
    if kind == "children":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        sys.stderr.write(f"child {child.pid}\n")
    say("outlining", 0.4, 12.0)
    if kind in ("hang", "children", "half"):
        time.sleep(600)
    if kind == "slow":
        time.sleep(float(text or 0.3))
    image, _notices = read_image(options.image)
    labels = np.zeros(image.array.shape, np.uint8) if kind == "empty" else outlined(image)
    if kind == "mask":
        labels = read_image(Path(text))[0].array
    write_image(options.output, labels, image.grid, "kidneys")
    volumes = {side: float((labels == n).sum() * image.grid.voxel_ml) for n, side in ((1, "left_ml"), (2, "right_ml"))}
    volumes["total_ml"] = sum(volumes.values())
    notices = [{"code": "fake", "message": "This mask was made by a stand-in."}] * (kind != "mask")
    confidence = {"left": 0.93, "right": 0.91}
    say("done", 1, 0, output=str(options.output), volumes=volumes, confidence=confidence, notices=notices)
    return 0


def outlined(image: Any) -> np.ndarray:
    """Return the two kidneys of the reference object's T2-weighted image."""
    inside = ndimage.binary_opening((image.array > LOW) & (image.array < HIGH))
    parts, count = ndimage.label(inside)
    numbers = np.arange(1, count + 1)
    sizes = np.bincount(parts.ravel())[1:]
    # Other organs have one value; a kidney has cortex and medulla.
    uneven = np.nan_to_num(ndimage.standard_deviation(image.array, parts, numbers)) > UNEVEN
    largest = numbers[np.argsort(sizes * uneven)[::-1][:2]]
    kidneys = ndimage.binary_closing(np.pad(np.isin(parts, largest), 3), iterations=2)[3:-3, 3:-3, 3:-3]
    return split_sides(image.like(kidneys))[0]


LOW, HIGH = 340.0, 600.0
UNEVEN = 45.0

if __name__ == "__main__":
    sys.exit(main())
