"""``python -m Testing.host`` opens a panel, and takes a picture of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import slicer.util
from PySide6.QtGui import QImage

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "Testing.host", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_a_picture_of_a_module_with_a_scene_is_written(host: Any, examplePath: Path, tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(100, 20, (10, 20, 20)).astype(np.float32)
    slicer.util.setSliceViewerLayers(background=slicer.util.addVolumeFromArray(values, name="T1"), fit=True)
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"), {})
    picture = tmp_path / "panel.png"
    done = run(examplePath, "--scene", tmp_path / "scene.mrb", "--screenshot", picture, "--size", "1200x800")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(picture)
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1200, 800)
    assert len({image.pixel(x, 300) for x in range(440, 1200)}) > 20


def test_a_module_that_is_not_there_is_named(host: Any) -> None:
    done = run("NoSuchModule", "--screenshot", "a.png")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("There is no module 'NoSuchModule'")
