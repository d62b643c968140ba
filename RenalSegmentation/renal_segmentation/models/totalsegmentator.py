"""TotalSegmentator, called as the program it is: kidneys in CT (with cysts) and MRI."""

from __future__ import annotations

import json
import os
import re
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from renal_segmentation.errors import ConsentError, ModelError
from renal_segmentation.labels import Side
from renal_segmentation.models import environments
from renal_segmentation.models.cache import cache_folder
from renal_segmentation.models.download import Consent, refuse
from renal_segmentation.models.environments import TOTALSEGMENTATOR, find_executable, need_executable
from renal_segmentation.models.exchange import finish, read_output, write_input
from renal_segmentation.models.placing import beside, delete_folder, swap_in
from renal_segmentation.models.processes import CALL_AGAIN, Program, run_program
from renal_segmentation.progress import Progress, part, silent
from renal_segmentation.relabelling import Target
from renal_segmentation.segmenter import ModelCard, Segmentation
from renal_segmentation.volume import Volume

_KIDNEYS = {"kidney_left": Target("kidney", Side.LEFT), "kidney_right": Target("kidney", Side.RIGHT)}
_CYSTS = {"kidney_cyst_left": Target("cyst", Side.LEFT), "kidney_cyst_right": Target("cyst", Side.RIGHT)}
_DEVICES = {"auto": "gpu", "cuda": "gpu", "cpu": "cpu"}
_SOURCE = "https://github.com/wasserth/TotalSegmentator (Wasserthal et al., Radiology: Artificial Intelligence 2023)"
_WEIGHTS_S = 900.0
_DATASET = re.compile(r"Dataset\d+_TotalSeg\w*")


@dataclass(frozen=True)
class Task:
    """One of its tasks.

    Attributes
    ----------
    name : str
        For ``--task``.
    card : ModelCard
        For the user.
    structures : mapping of str to Target
        Its classes that are asked for.
    weights : tuple of str
        Beginning of the names of the folders that hold its weights.
    family : str
        Beginning of the names of all folders that its downloads bring, those for other organs too.
    downloads : tuple of str
        Tasks for its downloader.
    """

    name: str
    card: ModelCard
    structures: dict[str, Target]
    weights: tuple[str, ...]
    family: str
    downloads: tuple[str, ...]


def _card(name: str, title: str, modality: str, labels: tuple[str, ...], size_mb: float) -> ModelCard:
    return ModelCard(name, title, modality, labels, "Apache-2.0", size_mb, 120.0, _SOURCE)


_SIDES = ("left-kidney", "right-kidney")
CT = Task(
    "total",
    _card("totalsegmentator", "TotalSegmentator, CT", "CT", (*_SIDES, "left-cyst", "right-cyst"), 7000),
    _KIDNEYS | _CYSTS,
    ("Dataset291_", "Dataset298_"),
    "Dataset29",
    ("total",),
)
MR = Task(
    "total_mr",
    _card("totalsegmentator-mr", "TotalSegmentator, MRI", "MRI", _SIDES, 7000),
    _KIDNEYS,
    ("Dataset850_", "Dataset852_"),
    "Dataset85",
    ("total_mr", "total_fast_mr"),
)
TASKS = {task.card.name: task for task in (CT, MR)}


@dataclass(frozen=True)
class TotalSegmentator:
    """A `renal_segmentation.segmenter.Segmenter` that calls TotalSegmentator."""

    task: Task

    def describe(self) -> ModelCard:
        """Return what a user should know."""
        return self.task.card

    def segment(self, image: Volume, *, device: str = "auto", progress: Progress = silent) -> Segmentation:
        """Return the kidneys of an image.

        Raises
        ------
        ModelError
            If it or its weights are not installed, or it fails.
        """
        card = self.task.card
        executable, own = need_executable(TOTALSEGMENTATOR, card.name)
        weights = weights_of(self.task)
        if weights is None:
            raise ModelError(f"The weights of {card.title} are missing: renal-segmentation models install {card.name}.")
        with tempfile.TemporaryDirectory(prefix="renal-") as name:
            folder = Path(name)
            write_input(image, folder / "image.nii.gz")
            command = [str(executable), "-i", str(folder / "image.nii.gz"), "-o", str(folder / "out")]
            command += ["--task", self.task.name, "--roi_subset", *self.task.structures, "--device", _DEVICES[device]]
            program = Program(card.title, command, card.seconds_cpu, _variables(folder / "home", weights), own)
            run_program(program, folder / "log.txt", part(progress, 0.0, 0.95))
            labels = self._read(folder / "out", card.title)
        progress("Labels", 0.97)
        targets = dict(enumerate(self.task.structures.values(), 1))
        return finish(labels, targets, image, card.name)

    def _read(self, folder: Path, title: str) -> Volume:
        """Return one label image from its masks, one file a structure; cysts lie over kidneys."""
        first: Volume | None = None
        for label, name in enumerate(self.task.structures, 1):
            mask = read_output(folder / f"{name}.nii.gz", title)
            if first is None:
                first = mask.like(np.zeros(mask.array.shape, np.uint8))
            elif not mask.grid.same_as(first.grid):
                raise ModelError(f"{title} wrote masks on different grids: report it.")
            first.array[mask.array > 0] = label
        if first is None:
            raise ModelError(f"{title} wrote nothing.")
        return first


def weights_of(task: Task) -> Path | None:
    """Return the folder that holds the weights of a task: ours, or that of the user's own installation."""
    own = os.environ.get("TOTALSEG_HOME_DIR")
    places = [
        weights_folder(),
        Path(os.environ.get("TOTALSEG_WEIGHTS_PATH") or weights_folder()),
        (Path(own) if own else Path.home() / ".totalsegmentator") / "nnunet" / "results",
    ]
    return next((place for place in places if _is_whole(task, place)), None)


def _is_whole(task: Task, folder: Path) -> bool:
    """Tell whether a folder holds all weights of a task that are needed."""
    return all(any(folder.glob(f"{name}*")) for name in task.weights)


def weights_folder() -> Path:
    """Return where the weights that we asked for lie."""
    return cache_folder() / ".environments" / "totalsegmentator-weights"


def datasets_in(folder: Path, name: str) -> dict[str, Path]:
    """Return the folders of weights of TotalSegmentator in an unpacked archive, or the folder itself by its name."""
    if _DATASET.fullmatch(name):
        return {name: folder}
    places = [*folder.glob("Dataset*"), *folder.glob("*/Dataset*")]
    return {path.name: path for path in places if path.is_dir() and _DATASET.fullmatch(path.name)}


def is_archive_of_weights(path: Path) -> bool:
    """Tell whether a zip file holds weights of TotalSegmentator, by the names in it; one that is damaged does not."""
    try:
        with zipfile.ZipFile(path) as opened:
            folders = [PurePosixPath(name).parts[:-1] for name in opened.namelist()]
    except (OSError, zipfile.BadZipFile):
        return False
    return any(_DATASET.fullmatch(part) for parts in folders for part in parts[:2])


def is_installed(task: Task) -> bool:
    """Tell whether program and weights are there."""
    return find_executable(TOTALSEGMENTATOR) is not None and weights_of(task) is not None


def install_weights(task: Task, consent: Consent = refuse, progress: Progress = silent) -> None:
    """Let TotalSegmentator fetch the weights of a task, all of them or none.

    Raises
    ------
    ConsentError
        If the user did not agree.
    ModelError
        If its downloader fails.
    OutputError
        If they cannot be written.
    """
    if weights_of(task) is not None:
        return
    question = f"the weights of {task.card.title} ({task.card.licence}, about 1 GB) from its makers"
    if not consent(question):
        raise ConsentError(f"Nothing was fetched: agree to {question} with --yes.")
    executable, own = need_executable(TOTALSEGMENTATOR, task.card.name)
    downloader = executable.with_name(executable.name.replace("TotalSegmentator", "totalseg_download_weights"))
    with beside(weights_folder()) as temporary, tempfile.TemporaryDirectory(prefix="renal-") as name:
        folder = Path(name)
        variables = _variables(folder / "home", temporary / "new")
        for number, download in enumerate(task.downloads):
            stretch = part(progress, number / len(task.downloads), (number + 1) / len(task.downloads))
            command = [str(downloader), "-t", download]
            program = Program(f"Weights of {task.card.title}", command, _WEIGHTS_S, variables, own, CALL_AGAIN)
            run_program(program, folder / "log.txt", stretch)
        if not _is_whole(task, temporary / "new"):
            raise ModelError(f"The weights of {task.card.title} did not arrive: call again.")
        weights_folder().mkdir(parents=True, exist_ok=True)
        for found in sorted((temporary / "new").glob("Dataset*")):
            swap_in(found, weights_folder() / found.name, temporary / "old" / found.name)


def remove(task: Task) -> bool:
    """Delete the weights of a task, and with the last ones the program; return whether there was anything.

    Raises
    ------
    OutputError
        If they cannot be deleted.
    """
    found = [delete_folder(folder) for folder in _folders(task)]
    if any(_folders(other) for other in TASKS.values()):
        return bool(found)
    program = environments.remove(TOTALSEGMENTATOR)
    return delete_folder(weights_folder()) or program or bool(found)


def _folders(task: Task) -> list[Path]:
    """Return the folders of our copy of the weights that belong to a task."""
    return sorted(weights_folder().glob(f"{task.family}*"))


def _variables(home: Path, weights: Path) -> dict[str, str]:
    """Return an environment in which it finds its weights and sends no usage statistics."""
    home.mkdir(parents=True, exist_ok=True)
    config = {"totalseg_id": "", "send_usage_stats": False, "prediction_counter": 0}
    (home / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return {"TOTALSEG_HOME_DIR": str(home), "TOTALSEG_WEIGHTS_PATH": str(weights)}
