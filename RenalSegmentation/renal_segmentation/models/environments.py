"""Other programs that outline kidneys, each in a Python environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from renal_segmentation.errors import ConsentError, ModelError, OutputError
from renal_segmentation.models.cache import cache_folder
from renal_segmentation.models.download import Consent, refuse
from renal_segmentation.models.processes import CALL_AGAIN, FOREIGN, Program, run_program
from renal_segmentation.models.taking_turns import taking_turns
from renal_segmentation.progress import Progress, silent

READY = ".ready"
PYTHON_VARIABLE = "RENAL_PYTHON"
_SCRIPTS = "Scripts" if os.name == "nt" else "bin"
_SUFFIX = ".exe" if os.name == "nt" else ""
_INSTALL_S = 600.0


@dataclass(frozen=True)
class Package:
    """A program on the Python package index.

    Attributes
    ----------
    name : str
        Of its environment.
    title, licence : str
        For the user.
    requirement : str
        For pip; a range, not a pin.
    executable : str
        The command that it brings; ``python`` where it brings none.
    size_mb : float
        Of the whole environment.
    note : str
        What else the user agrees to.
    """

    name: str
    title: str
    licence: str
    requirement: str
    executable: str
    size_mb: float
    note: str = ""


TOTALSEGMENTATOR = Package(
    "totalsegmentator", "TotalSegmentator", "Apache-2.0", "TotalSegmentator>=2.4,<3", "TotalSegmentator", 6000
)
NNUNET = Package("nnunet", "nnU-Net v2", "Apache-2.0", "nnunetv2>=2.4,<3", "nnUNetv2_predict_from_modelfolder", 6000)
RENAL_SEGMENTOR = Package(
    "renal-segmentor",
    "Renal Segmentor",
    "GPL-3.0-only",
    "renalsegmentor>=2.0,<3",
    "python",
    2500,
    ", and its weights from its makers when it is first used",
)


def environment_folder(package: Package) -> Path:
    """Return where the environment of a program lies or would lie."""
    return cache_folder() / ".environments" / package.name


def find_executable(package: Package) -> tuple[Path, bool] | None:
    """Return a program's executable and whether it is in the environment made for it, or None.

    A program that the user installed beside this Python or on the search path counts too.
    """
    folder = environment_folder(package)
    own = folder / _SCRIPTS / f"{package.executable}{_SUFFIX}"
    if (folder / READY).is_file() and own.exists():
        return own, True
    if package.executable == "python":
        return None
    beside = Path(sys.executable).with_name(f"{package.executable}{_SUFFIX}")
    found = str(beside) if beside.exists() else shutil.which(package.executable)
    return (Path(found), False) if found else None


def need_executable(package: Package, model: str) -> tuple[Path, bool]:
    """Return a program's executable and whether it is in the environment made for it.

    Raises
    ------
    ModelError
        If it is not installed.
    """
    found = find_executable(package)
    if found is None:
        raise ModelError(f"{package.title} is not installed: renal-segmentation models install {model} --yes.")
    return found


def install(package: Package, consent: Consent = refuse, progress: Progress = silent) -> None:
    """Make an environment with a program, if there is none.

    Parameters
    ----------
    package : Package
        What to install.
    consent : callable
        Asked before anything is fetched.
    progress : callable
        Told the share of the expected time; raises `CancelledError` to stop, which leaves nothing.

    Raises
    ------
    ConsentError
        If the user did not agree.
    ModelError
        If pip fails, with the last lines of its log.
    OutputError
        If the environment cannot be made.
    """
    if find_executable(package) is not None:
        return
    size = f"about {package.size_mb / 1000:.0f} GB"
    question = f"{package.title} ({package.licence}, {size}) from the package index{package.note}"
    if not consent(question):
        raise ConsentError(f"Nothing was fetched: agree to {question} with --yes.")
    folder = environment_folder(package)
    with taking_turns(folder.parent, progress):
        if find_executable(package) is None:
            _make(package, folder, progress)


def _make(package: Package, folder: Path, progress: Progress) -> None:
    """Make an environment in place of what an earlier attempt left."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        progress(f"Environment for {package.title}", 0.0)
        make = [str(_python()), "-m", "venv", str(folder)]
        made = subprocess.run(make, capture_output=True, text=True, check=False, env=_plain_variables())
        if made.returncode:
            raise OutputError(f"No Python environment could be made in {folder}: {made.stderr.strip()[-300:]}")
        python = folder / _SCRIPTS / f"python{_SUFFIX}"
        pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", package.requirement]
        with tempfile.TemporaryDirectory() as temporary:
            program = Program(f"Installing {package.title}", pip, _INSTALL_S, None, True, CALL_AGAIN)
            run_program(program, Path(temporary) / "pip.log", progress)
        if not (folder / _SCRIPTS / f"{package.executable}{_SUFFIX}").exists():
            raise ModelError(f"{package.requirement} brings no command {package.executable}: report it.")
        (folder / READY).write_text(package.requirement + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror or error}): free space there.") from error
    finally:
        if not (folder / READY).is_file():
            shutil.rmtree(folder, ignore_errors=True)


def _python() -> Path:
    """Return a Python that can make environments: this one, unless it is built into an application such as Slicer.

    Raises
    ------
    ModelError
        If there is none.
    """
    if named := os.environ.get(PYTHON_VARIABLE):
        if not Path(named).is_file():
            raise ModelError(f"{PYTHON_VARIABLE} names {named}, which is not there: name a Python of 3.11 or newer.")
        return Path(named)
    if "PYTHONHOME" not in os.environ:
        return Path(sys.executable)
    for name in ("python3.12", "python3.11", "python3.13", "python3", "python"):
        if found := shutil.which(name):
            return Path(found)
    raise ModelError(
        "This application's Python cannot make the environment that such a program needs: install Python 3.11 or "
        f"newer, and name it in the environment variable {PYTHON_VARIABLE}."
    )


def _plain_variables() -> dict[str, str]:
    """Return this process's variables without those of an application's own Python."""
    inside = "PYTHONHOME" in os.environ
    return {key: value for key, value in os.environ.items() if not (inside and key in FOREIGN)}


def remove(package: Package) -> bool:
    """Delete a program's environment; return whether there was one."""
    folder = environment_folder(package)
    there = folder.is_dir()
    (folder / READY).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    return there
