"""One run of the network: the image as a file, the command, and the mask that comes back."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

import renal_segmentation
from renal_segmentation.errors import InputError, OutputError
from renal_segmentation.files import read_image, write_image
from renal_segmentation.volume import Volume
from RenalLayersLib.Inputs import volumeOf


@dataclass(frozen=True)
class Choice:
    """What is asked of the network.

    Attributes
    ----------
    model : str
        Name or file of a model, empty for the one that comes with the extension.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    lowMemory : bool
        Slower, with less memory.
    trusted : bool
        Whether code that comes with the model may run.
    """

    model: str = ""
    device: str = "auto"
    lowMemory: bool = False
    trusted: bool = False


@dataclass(frozen=True)
class Job:
    """A run that is under way.

    Attributes
    ----------
    volume : vtkMRMLScalarVolumeNode
        The image itself: Slicer gives the ID of one that was removed to the next that is loaded.
    folder : Path
        Temporary folder of the run; `remove` removes it.
    command : tuple of str
        What is run.
    """

    volume: Any
    folder: Path
    command: tuple[str, ...]

    @property
    def output(self) -> Path:
        """Where the network writes its mask."""
        return self.folder / "mask.nii.gz"

    def labels(self) -> np.ndarray:
        """Return the mask that the network wrote, shape (I, J, K), on the voxels of the image.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        return read_image(self.output)[0].array

    def remove(self) -> None:
        """Remove the temporary folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def prepareJob(volume: Any, choice: Choice, predictor: Sequence[str]) -> Job:
    """Write an image for the network and return the run.

    Parameters
    ----------
    volume : vtkMRMLScalarVolumeNode
        The image; a linear transform above it is honoured.
    choice : Choice
        What is asked.
    predictor : sequence of str
        How the command begins, up to and with ``predict``.

    Raises
    ------
    InputError
        If the volume cannot be used.
    OutputError
        If the temporary folder cannot be written.
    """
    image = volumeOf(volume)
    folder = _temporaryFolder()
    try:
        writeVolume(folder / "image.nii.gz", image)
        command = predictCommand(predictor, folder / "image.nii.gz", folder / "mask.nii.gz", choice)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Job(volume, folder, command)


def _temporaryFolder() -> Path:
    place = slicer.app.temporaryPath
    try:
        return Path(tempfile.mkdtemp(prefix="renal-", dir=place))
    except OSError as error:
        sentence = _(
            "The folder for temporary files, {place}, cannot be written ({reason}): choose another one in Slicer's "
            "application settings, or free space there."
        )
        raise OutputError(sentence.format(place=place, reason=error.strerror or error)) from error


def writeVolume(path: Path, image: Volume) -> None:
    """Write an image as NIfTI with a type of number that NIfTI knows."""
    array = image.array
    if array.dtype == bool:
        array = array.astype(np.uint8)
    elif array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        array = array.astype(np.float64)
    if not array.size:
        raise InputError(_("The image holds no voxels: load it again."))
    write_image(path, array, image.grid, "image")


def predictCommand(predictor: Sequence[str], image: Path, output: Path, choice: Choice) -> tuple[str, ...]:
    """Return the command that outlines an image."""
    command = [*predictor, str(image), "--output", str(output), "--overwrite", "--progress", "json"]
    command += ["--device", choice.device, "--memory", "low" if choice.lowMemory else "normal"]
    command += ["--model", choice.model] if choice.model else []
    command += ["--trust"] if choice.trusted else []
    return tuple(command)


def defaultPredictor() -> tuple[str, ...]:
    """Return how Slicer's own Python runs the network."""
    python = shutil.which("PythonSlicer") or sys.executable
    return (python, "-m", "renal_segmentation", "predict")


def modelCommand(predictor: Sequence[str], *arguments: str) -> tuple[str, ...]:
    """Return a command on models; it stands beside that which outlines an image."""
    return (*predictor[:-1], "models", *arguments)


def environment() -> dict[str, str]:
    """Return the environment of the program: Slicer's, with this package on the path and without buffered output.

    Threads that wait for one another sleep: where Slicer keeps a core busy, those that spin take five times as long.
    """
    package = str(Path(renal_segmentation.__file__).resolve().parents[1])
    path = os.environ.get("PYTHONPATH", "")
    return {
        "OMP_WAIT_POLICY": "PASSIVE",
        **os.environ,
        "PYTHONPATH": os.pathsep.join([package, *([path] if path else [])]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
    }
