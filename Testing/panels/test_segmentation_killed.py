"""A worklist survives that Slicer is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from Testing.panels.segmentation_panel import FAKE, SegmentationPanel
from Testing.panels.worklist_folder import NAMES, open_, outlineAll, states, writeImages

from renal_segmentation.review import read_reviews
from renal_segmentation.worklist import Status, Worklist

PROGRAM = """
import os, sys
from pathlib import Path
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from Testing.host.session import start
host = start()
host.mainWindow.show()
from Testing.panels.segmentation_panel import SegmentationPanel
panel = SegmentationPanel(host)
panel.panel.worklist.open(Path(sys.argv[1]))
panel.ui.reviewerEdit.text = "Ada"
panel.ui.runAllButton.click()
print("ready", flush=True)
while True:
    host.wait(20)
    if panel.segmentation is not None and not panel.panel.worklist.background.busy:
        panel.paint(lambda array: array.__setitem__(slice(None, 30), 0))
        host.wait(100)
        panel.ui.saveReviewButton.click()
        print("reviewed", flush=True)
        panel.ui.nextButton.click()
"""


def killedWhen(folder: Path, condition: Any) -> None:
    """Run the worklist in a host of its own and kill it with all it started when a condition holds."""
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)], cwd=root, env=environment, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert program.stdout is not None
    assert program.stdout.readline() == b"ready\n"
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(program.pid, signal.SIGKILL)
    program.wait()
    program.stdout.close()


def test_nothing_is_lost_when_slicer_is_killed_between_and_during_cases(host: Any, tmp_path: Path) -> None:
    folder = writeImages(tmp_path)
    place = folder / "renal-review"
    killedWhen(folder, lambda: (place / "case 1" / "network.nii.gz").exists())
    first = Worklist.load(place)
    assert [case.name for case in first.cases] == list(NAMES)
    killedWhen(folder, lambda: (place / "reviews.csv").exists())
    worklist = Worklist.load(place)
    assert worklist.status(worklist.cases[0]) == Status.REVIEWED
    for path in place.rglob("[!.]*.nii.gz"):
        assert np.asarray(nibabel.load(path).dataobj).max() == 2
    assert [row["image"] for row in read_reviews(place / "reviews.csv")] == ["case 1"]
    panel = SegmentationPanel(host)
    panel.openSection("worklistButton")
    open_(panel, folder)
    assert panel.parameters.inputVolume.GetName() == "case 2"
    outlineAll(panel)
    assert set(states(panel)) <= {"outlined", "corrected", "reviewed"}
    assert FAKE[0] == sys.executable
