"""Where imported models and the environments of other programs lie, and what is known about each."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from renal_segmentation.errors import InputError, ModelError
from renal_segmentation.segmenter import ModelCard

MANIFEST = "renal-model.json"
VARIABLE = "RENAL_MODELS"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Manifest:
    """What is known about an imported model.

    Attributes
    ----------
    kind : {"monai", "nnunet"}
        How it is run.
    card : ModelCard
        For the user.
    sha256 : str
        Of all files, see `folder_sha256`.
    trusted : bool
        Whether the user agreed that code of this model runs.
    """

    kind: str
    card: ModelCard
    sha256: str
    trusted: bool


def cache_folder() -> Path:
    """Return the folder of this user's models; the environment variable RENAL_MODELS names another one."""
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "Renal" / "models"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/Renal/models"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "renal" / "models"


def is_name(text: str) -> bool:
    """Tell whether a text can be a model's name, and so that of a folder."""
    return _NAME.fullmatch(text) is not None


def model_folder(name: str) -> Path:
    """Return where a model of that name lies or would lie.

    Raises
    ------
    InputError
        If the name cannot be that of a folder.
    """
    if not is_name(name):
        raise InputError(f"'{name}' cannot be a model's name: use up to 64 letters, digits, dots, dashes, underscores.")
    return cache_folder() / name


def read_manifest(folder: Path) -> Manifest:
    """Return what is known about an imported model.

    Raises
    ------
    ModelError
        If the file is missing or damaged.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        card = content["card"] | {"labels": tuple(content["card"]["labels"])}
        return Manifest(str(content["kind"]), ModelCard(**card), str(content["sha256"]), content["trusted"] is True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"The model in {folder} is damaged: remove it (renal-segmentation models remove {folder.name}) and "
            "import it again."
        ) from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write what is known about a model beside its files."""
    text = json.dumps(asdict(manifest), indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def is_imported(folder: Path) -> bool:
    """Tell whether a folder is one that an import made, damaged or not."""
    return (folder / MANIFEST).is_file()


def imported() -> list[Path]:
    """Return the folders of all imported models, by name."""
    folder = cache_folder()
    return sorted(path.parent for path in folder.glob(f"[!.]*/{MANIFEST}")) if folder.is_dir() else []


def folder_sha256(folder: Path) -> str:
    """Return one SHA-256 over names and contents of all files of a model but the manifest."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if name == MANIFEST or "__pycache__" in path.parts:
            continue
        with path.open("rb") as stream:
            whole.update(f"{name}\0{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()


def size_mb(folder: Path) -> float:
    """Return the size of all files of a folder in MB."""
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 1)
