"""Every model that can be named: the shipped one, imported ones, and other programs."""

from __future__ import annotations

import filecmp
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from renal_segmentation.errors import ConsentError, InputError, ModelError
from renal_segmentation.models import shipped, totalsegmentator
from renal_segmentation.models.cache import (
    MANIFEST,
    Manifest,
    folder_sha256,
    imported,
    is_imported,
    is_name,
    model_folder,
    read_manifest,
)
from renal_segmentation.models.environments import RENAL_SEGMENTOR, find_executable
from renal_segmentation.models.monai_bundle import MonaiBundle, is_bundle, read_bundle
from renal_segmentation.models.nnunet import card_of, is_result_folder, open_result_folder, read_result_folder
from renal_segmentation.models.renal_segmentor import CARD, RenalSegmentor
from renal_segmentation.segmenter import ModelCard, Segmenter

DEFAULT = shipped.NAME
TASKS = totalsegmentator.TASKS
BUILT_IN = (DEFAULT, *TASKS, CARD.name)
"""Names that no imported model may take."""


@dataclass(frozen=True)
class Entry:
    """One line of the list of models.

    Attributes
    ----------
    card : ModelCard
        What a user should know.
    kind : {"renal", "monai", "nnunet", "program"}
        How it is run.
    installed : bool
        Whether it can be used at once.
    trusted : bool
        Whether it may be run without being trusted first: nothing of it can run code, or the user agreed.
    """

    card: ModelCard
    kind: str
    installed: bool
    trusted: bool


def list_models() -> tuple[Entry, ...]:
    """Return every model that can be named, the shipped one first; damaged ones are left out."""
    entries = []
    if (own := shipped.folder()) is not None:
        with suppress(ModelError):
            entries.append(Entry(shipped.open_bundle(own).describe(), "renal", True, True))
    entries += [Entry(task.card, "program", totalsegmentator.is_installed(task), True) for task in TASKS.values()]
    entries.append(Entry(CARD, "program", find_executable(RENAL_SEGMENTOR) is not None, True))
    for folder in imported():
        try:
            manifest = read_manifest(folder)
        except ModelError:
            continue
        trusted = manifest.trusted or manifest.kind == "renal"
        entries.append(Entry(manifest.card, manifest.kind, True, trusted))
    return tuple(entries)


def find_segmenter(name_or_path: str | Path = DEFAULT, trust: bool = False) -> Segmenter:
    """Return the model of a name or in a folder.

    Parameters
    ----------
    name_or_path : str or Path
        A name of `list_models`, or the folder of a MONAI bundle or of an nnU-Net v2 result.
    trust : bool
        Whether code that comes with the model may run.

    Raises
    ------
    InputError
        If there is no such model, the folder holds none, or the name is that of an imported model and of a folder.
    ModelError
        If it is damaged, or was changed after it was imported.
    ConsentError
        If it can run code and nobody agreed to that.
    """
    name = str(name_or_path)
    if name in TASKS:
        return totalsegmentator.TotalSegmentator(TASKS[name])
    if name == CARD.name:
        return RenalSegmentor()
    if name == DEFAULT:
        return shipped.open_shipped()
    if is_name(name) and is_imported(folder := model_folder(name)):
        _check_alone(name, folder)
        return _open_imported(folder, trust)
    path = Path(name).expanduser()
    if path.is_file():
        raise InputError(f"{path} is a file: import it first (renal-segmentation models import {path}).")
    if not path.is_dir():
        known = ", ".join(entry.card.name for entry in list_models())
        raise InputError(f"There is no model or folder {name}: the models are {known}.")
    kind = kind_of(path)
    if kind != "renal":
        _check_trust(str(path), trust)
    return open_folder(path, kind)


def kind_of(folder: Path) -> str:
    """Return how a model's folder is run: ``renal``, ``monai`` or ``nnunet``.

    Raises
    ------
    InputError
        If it is none of these.
    """
    if shipped.is_own(folder):
        return "renal"
    if is_bundle(folder):
        return "monai"
    if is_result_folder(folder):
        return "nnunet"
    raise InputError(
        f"{folder} holds no model: give a MONAI bundle (configs/metadata.json) or an nnU-Net v2 result folder "
        "(dataset.json, plans.json, fold_0)."
    )


def describe_folder(folder: Path, kind: str) -> ModelCard:
    """Return what a user should know of a model's folder, without running anything of it."""
    if kind == "renal":
        return shipped.open_bundle(folder).describe()
    if kind == "monai":
        return read_bundle(folder).card
    return card_of(folder, read_result_folder(folder))


def open_folder(folder: Path, kind: str, card: ModelCard | None = None) -> Segmenter:
    """Return the segmenter of a model's folder; the caller has checked that the user trusts it."""
    if kind == "renal":
        network = shipped.open_bundle(folder)
        return network if card is None else replace(network, metadata=replace(network.metadata, name=card.name))
    if kind == "monai":
        bundle = read_bundle(folder)
        return MonaiBundle(bundle, card or bundle.card)
    return open_result_folder(folder, card)


def _open_imported(folder: Path, trust: bool) -> Segmenter:
    manifest: Manifest = read_manifest(folder)
    if folder_sha256(folder) != manifest.sha256:
        raise ModelError(
            f"The files of the model {folder.name} are not those that were imported: remove it "
            f"(renal-segmentation models remove {folder.name}) and import it again."
        )
    if manifest.kind != "renal":
        _check_trust(folder.name, trust or manifest.trusted)
    return open_folder(folder, manifest.kind, replace(manifest.card, name=folder.name))


def _check_alone(name: str, folder: Path) -> None:
    """Refuse the name of an imported model that another model in the current folder has too."""
    here = Path(name)
    if not here.is_dir() or _holds_all_of(here, folder):
        return
    try:
        kind_of(here)
    except InputError:
        return
    raise InputError(
        f"{name} is an imported model, and another one in this folder: write ./{name} for that, or rename it."
    )


def _holds_all_of(folder: Path, model: Path) -> bool:
    """Tell whether a folder is what a model was imported from, unchanged."""
    files = (path.relative_to(model) for path in model.rglob("*") if path.is_file() and path.name != MANIFEST)
    return all((folder / file).is_file() and filecmp.cmp(folder / file, model / file, shallow=False) for file in files)


def _check_trust(name: str, trust: bool) -> None:
    if not trust:
        raise ConsentError(
            f"The model {name} can run code that comes with it: if you trust where it comes from, add --trust, or "
            "import it with --trust."
        )
