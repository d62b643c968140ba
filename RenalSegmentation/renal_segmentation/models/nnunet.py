"""nnU-Net v2 result folders, run by nnU-Net's own program."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from renal_segmentation.errors import InputError
from renal_segmentation.models.cache import size_mb
from renal_segmentation.models.environments import NNUNET, need_executable
from renal_segmentation.models.exchange import finish, name_of, read_json, read_output, write_input
from renal_segmentation.models.processes import Program, run_program
from renal_segmentation.progress import Progress, part, silent
from renal_segmentation.relabelling import Target, structure_keys, targets_of_names
from renal_segmentation.segmenter import ModelCard, Segmentation
from renal_segmentation.volume import Volume

_CHECKPOINTS = ("checkpoint_final.pth", "checkpoint_best.pth")
_ENDINGS = (".nii.gz", ".nii")
_SECONDS_CPU = 300.0


@dataclass(frozen=True)
class ResultFolder:
    """What a result folder holds: one trained configuration with its folds."""

    folder: Path
    checkpoint: str
    folds: tuple[str, ...]
    ending: str
    modality: str
    targets: Mapping[int, Target]


def is_result_folder(folder: Path) -> bool:
    """Tell whether a folder is, or holds, a result folder of nnU-Net v2."""
    return bool(_trained(folder))


def read_result_folder(folder: Path) -> ResultFolder:
    """Return what an nnU-Net v2 result folder holds.

    Parameters
    ----------
    folder : Path
        With dataset.json, plans.json and fold_0 ...; or a folder above it that holds only one such.

    Raises
    ------
    InputError
        If there is none or more than one, no fold is trained, it needs several images, or has no kidney label.
    """
    found = _trained(folder)
    if len(found) != 1:
        several = ", ".join(path.name for path in found) or "none"
        raise InputError(f"{folder} should hold one trained configuration of nnU-Net v2, but holds {several}.")
    dataset = read_json(found[0] / "dataset.json")
    channels = dataset.get("channel_names") or dataset.get("modality") or {}
    labels = dataset.get("labels")
    if not isinstance(labels, dict) or not isinstance(channels, dict):
        raise InputError(f"{found[0] / 'dataset.json'} does not name channels and labels as nnU-Net v2 does.")
    if len(channels) > 1:
        raise InputError(f"{folder} needs {len(channels)} images ({', '.join(map(str, channels.values()))}), not one.")
    targets = targets_of_names(_numbered(labels, folder))
    if not targets:
        raise InputError(f"{folder} has no label that names a part of the kidney ({', '.join(map(str, labels))}).")
    ending = str(dataset.get("file_ending", ".nii.gz"))
    if ending not in _ENDINGS:
        raise InputError(f"{folder} wants images as {ending}: only {' and '.join(_ENDINGS)} are supported.")
    checkpoint, folds = _folds(found[0])
    return ResultFolder(found[0], checkpoint, folds, ending, ", ".join(map(str, channels.values())), targets)


@dataclass(frozen=True)
class NnUNet:
    """A `renal_segmentation.segmenter.Segmenter` that runs an nnU-Net v2 result folder."""

    result: ResultFolder
    card: ModelCard

    def describe(self) -> ModelCard:
        """Return what a user should know."""
        return self.card

    def segment(self, image: Volume, *, device: str = "auto", progress: Progress = silent) -> Segmentation:
        """Return the kidneys of an image.

        Raises
        ------
        ModelError
            If nnU-Net is not installed, or fails.
        """
        executable, own = need_executable(NNUNET, "nnunet")
        result = self.result
        with tempfile.TemporaryDirectory(prefix="renal-") as name:
            folder = Path(name)
            for sub in ("in", "out"):
                (folder / sub).mkdir()
            write_input(image, folder / "in" / f"case_0000{result.ending}")
            command = [str(executable), "-i", str(folder / "in"), "-o", str(folder / "out")]
            command += ["-m", str(result.folder), "-f", *result.folds, "-chk", result.checkpoint]
            command += ["-device", _device(device), "-npp", "1", "-nps", "1", "--disable_progress_bar"]
            places = dict.fromkeys(("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"), str(folder))
            program = Program(f"nnU-Net ({self.card.name})", command, self.card.seconds_cpu, places, own)
            run_program(program, folder / "log.txt", part(progress, 0.0, 0.95))
            labels = read_output(folder / "out" / f"case{result.ending}", program.title)
        progress("Labels", 0.97)
        return finish(labels, result.targets, image, self.card.name)


def open_result_folder(folder: Path, card: ModelCard | None = None) -> NnUNet:
    """Return the segmenter of a result folder; see `read_result_folder` for what is refused."""
    result = read_result_folder(folder)
    return NnUNet(result, card or card_of(folder, result))


def card_of(folder: Path, result: ResultFolder) -> ModelCard:
    """Return what a user should know, as far as the folder tells."""
    dataset = read_json(result.folder / "dataset.json")
    return ModelCard(
        name_of(folder),
        str(dataset.get("description") or dataset.get("name") or folder.name),
        result.modality or "unknown",
        structure_keys(result.targets),
        str(dataset.get("licence") or dataset.get("license") or "unknown"),
        size_mb(result.folder),
        _SECONDS_CPU * len(result.folds),
        str(dataset.get("reference") or folder),
    )


def _device(device: str) -> str:
    """Return nnU-Net's word for a device."""
    if device != "auto":
        return device
    try:
        import torch
    except ImportError:
        return "cpu"
    return "cuda" if torch.cuda.is_available() else "cpu"


def _trained(folder: Path) -> list[Path]:
    """Return the folders of trained configurations, the given one or those up to two levels below it."""
    for pattern in (".", "*", "*/*"):
        places = [folder] if pattern == "." else sorted(folder.glob(pattern))
        found = [place for place in places if (place / "dataset.json").is_file() and (place / "plans.json").is_file()]
        if found:
            return found
    return []


def _folds(folder: Path) -> tuple[str, tuple[str, ...]]:
    """Return the checkpoint that most folds have, and those folds."""
    for checkpoint in _CHECKPOINTS:
        folds = sorted(path.parent.name.removeprefix("fold_") for path in folder.glob(f"fold_*/{checkpoint}"))
        if folds:
            return checkpoint, tuple(folds)
    raise InputError(f"{folder} has no trained fold (fold_0/{_CHECKPOINTS[0]}): train it first, or copy all of it.")


def _numbered(labels: dict[str, Any], folder: Path) -> dict[int, str]:
    """Return names by label; region-based models list the labels that make up a region, which is not supported."""
    if any(not isinstance(value, int) for value in labels.values()):
        raise InputError(f"{folder} has overlapping regions, which cannot be used: choose a model with plain labels.")
    return {value: name for name, value in labels.items() if value > 0}
