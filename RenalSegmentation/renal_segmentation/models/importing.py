"""Putting models into the user's folder, and taking them out again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from renal_segmentation.errors import ConsentError, InputError, ModelError, RenalError
from renal_segmentation.files import sha256
from renal_segmentation.models import environments, shipped, totalsegmentator
from renal_segmentation.models.archives import copy_folder, only_folder, unpack
from renal_segmentation.models.cache import (
    Manifest,
    cache_folder,
    folder_sha256,
    is_imported,
    model_folder,
    write_manifest,
)
from renal_segmentation.models.download import Consent, Offer, agree, check_sha256, download, refuse, web_address
from renal_segmentation.models.exchange import name_of
from renal_segmentation.models.placing import beside, delete_folder, swap_in
from renal_segmentation.models.registry import BUILT_IN, TASKS, describe_folder, kind_of
from renal_segmentation.models.renal_segmentor import CARD
from renal_segmentation.models.taking_turns import taking_turns
from renal_segmentation.progress import Progress, part, silent
from renal_segmentation.segmenter import ModelCard

PROGRAMS = {CARD.name: environments.RENAL_SEGMENTOR, environments.NNUNET.name: environments.NNUNET}


def import_model(
    source: Path,
    name: str | None = None,
    trust: bool = False,
    overwrite: bool = False,
    checksum: str | None = None,
    progress: Progress = silent,
) -> ModelCard:
    """Copy a model from a folder or zip file into the user's folder, whole or not at all.

    Parameters
    ----------
    source : Path
        MONAI bundle, nnU-Net v2 result, or weights of TotalSegmentator (``Dataset850_...zip``), as a folder or zipped.
    name : str, optional
        What to call it; the name of the folder or file by default.
    trust : bool
        Whether its code may run from now on. Importing runs nothing of it.
    overwrite : bool
        Whether a model of that name is replaced.
    checksum : str, optional
        SHA-256 that the zip file must have.
    progress : callable
        Told the share done; raises `CancelledError` to stop.

    Raises
    ------
    InputError
        If there is no model in it, it is unsafe, or the name is taken.
    ConsentError
        If it holds weights of TotalSegmentator, which runs code from them, without `trust`.
    ModelError
        If the checksum differs.
    OutputError
        If it cannot be written.
    """
    if not source.exists():
        raise InputError(f"{source} is not there: check the path.")
    if not os.access(source, os.R_OK):
        raise InputError(f"{source} may not be read: ask for permission or copy it.")
    if checksum is not None:
        if not source.is_file():
            raise InputError(f"{source} is a folder: a checksum can be given for a file only.")
        if sha256(source) != check_sha256(checksum):
            raise ModelError(f"{source} has another checksum than was given: get the file again.")
    target = _free_target(name or name_of(source.with_suffix("") if source.is_file() else source), overwrite)
    with beside(target) as temporary, _named(new := temporary / "new" / target.name, source):
        new.mkdir()
        if source.is_file():
            unpack(source, new, part(progress, 0.0, 0.9))
        else:
            _copy(source, new)
        if datasets := totalsegmentator.datasets_in(new, source.name):
            return _import_weights(datasets, source, trust, temporary / "old")
        found = only_folder(new)
        kind = kind_of(found)
        card = replace(describe_folder(found, kind), name=target.name)
        card = replace(card, source=card.source.replace(str(found), str(source)))
        progress("Checking", 0.95)
        write_manifest(found, Manifest(kind, card, folder_sha256(found), trust))
        swap_in(found, target, temporary / "old")
    progress("Done", 1.0)
    return card


def install_model(
    name_or_url: str,
    checksum: str | None = None,
    name: str | None = None,
    trust: bool = False,
    overwrite: bool = False,
    consent: Consent = refuse,
    progress: Progress = silent,
) -> str:
    """Fetch a model or program; return its name.

    Parameters
    ----------
    name_or_url : str
        A program of the list (or ``nnunet``), or the address of a zip file.
    checksum : str, optional
        SHA-256 of the zip file; needed for an address.
    name, trust, overwrite
        See `import_model`.
    consent : callable
        Asked before anything is fetched.
    progress : callable
        Told the share done; raises `CancelledError` to stop.

    Raises
    ------
    InputError
        If there is no such program, or an address comes without a checksum.
    ConsentError
        If the user did not agree.
    ModelError
        If fetching fails.
    """
    if "://" in name_or_url:
        if checksum is None:
            raise InputError(f"{name_or_url} needs a checksum: add --sha256 as given where you found the link.")
        web_address(name_or_url)
        file = Path(urlsplit(name_or_url).path).name or "model.zip"
        model = name or name_of(Path(file).with_suffix(""))
        _free_target(model, overwrite)
        offer = Offer(f"Model {file}", name_or_url, check_sha256(checksum))
        waiting = cache_folder() / ".downloads" / f"{offer.sha256[:16]}-{name_of(Path(file))}"
        agree(offer, waiting, consent)
        with taking_turns(waiting, progress):
            _free_target(model, overwrite)  # another process may have installed it meanwhile
            download(offer, waiting, lambda _: True, part(progress, 0.0, 0.8))
            card = import_model(waiting, model, trust, overwrite, checksum, part(progress, 0.8, 1.0))
            waiting.unlink(missing_ok=True)
        return card.name
    if name_or_url in TASKS:
        task = TASKS[name_or_url]
        environments.install(environments.TOTALSEGMENTATOR, consent, part(progress, 0.0, 0.5))
        totalsegmentator.install_weights(task, consent, part(progress, 0.5, 1.0))
    elif name_or_url in PROGRAMS:
        environments.install(PROGRAMS[name_or_url], consent, progress)
    else:
        known = ", ".join((*TASKS, *PROGRAMS))
        raise InputError(
            f"'{name_or_url}' cannot be installed: give one of {known}, or the address of a zip file with --sha256."
        )
    progress("Done", 1.0)
    return name_or_url


def remove_model(name: str) -> None:
    """Delete an imported model, or a program with its weights.

    What TotalSegmentator needs for its other task stays.

    Raises
    ------
    InputError
        If there is none of that name.
    OutputError
        If it cannot be deleted.
    """
    if name in TASKS:
        there = totalsegmentator.remove(TASKS[name])
    elif name in PROGRAMS:
        there = environments.remove(PROGRAMS[name])
    elif name in BUILT_IN:
        raise InputError(f"The model {name} comes with Renal and cannot be removed.")
    else:
        there = _remove_imported(model_folder(name))
    if not there:
        raise InputError(f"There is no installed model {name}: see renal-segmentation models list.")


def _remove_imported(folder: Path) -> bool:
    """Delete an imported model; whatever else lies among the models is not ours to delete."""
    if folder.is_dir() and not is_imported(folder):
        raise InputError(f"{folder} is not a model that was imported: delete it by hand if nobody needs it.")
    return delete_folder(folder)


@contextmanager
def _named(copy: Path, source: Path) -> Iterator[None]:
    """Name the source in errors on its copy, which is gone when they are read."""
    try:
        yield
    except RenalError as error:
        raise type(error)(str(error).replace(str(copy), str(source))) from error


def _copy(source: Path, new: Path) -> None:
    """Copy a model's folder, and nothing of one without a model: it might be somebody's whole disk."""
    if totalsegmentator.datasets_in(source, source.name):
        copy_folder(source, new)
        return
    found = only_folder(source)
    kind = kind_of(found)
    describe_folder(found, kind)
    copy_folder(found, new, shipped.PARTS if kind == "renal" else None)


def _import_weights(datasets: dict[str, Path], source: Path, trust: bool, old: Path) -> ModelCard:
    """Put weights of TotalSegmentator where it looks for them; return the card of the task that they belong to."""
    if not trust:
        raise ConsentError(
            f"{source} holds weights that can run code in TotalSegmentator: if you trust it, add --trust."
        )
    task = next((task for task in TASKS.values() if any(name.startswith(task.weights) for name in datasets)), None)
    if task is None:
        raise InputError(f"{source} holds weights of TotalSegmentator that are not for kidneys: {', '.join(datasets)}.")
    totalsegmentator.weights_folder().mkdir(parents=True, exist_ok=True)
    for name, folder in datasets.items():
        swap_in(folder, totalsegmentator.weights_folder() / name, old / name)
    return task.card


def _free_target(name: str, overwrite: bool) -> Path:
    """Return the folder that a model gets.

    Raises
    ------
    InputError
        If the name is that of another model, or of something that is no model.
    """
    target = model_folder(name)
    if name in (*BUILT_IN, *PROGRAMS):
        raise InputError(f"{name} is the name of another model: choose one with --name.")
    if target.exists() and not is_imported(target):
        raise InputError(f"{target} is there and is not a model that was imported: choose a name with --name.")
    if target.exists() and not overwrite:
        raise InputError(f"There is a model {name} already: add --overwrite, or choose another name with --name.")
    return target
