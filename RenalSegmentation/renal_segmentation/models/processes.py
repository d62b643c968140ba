"""Running another program: its log, its progress, its end, and what to say when it fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from renal_segmentation.errors import ModelError
from renal_segmentation.progress import Progress, silent

_KEEPER = Path(__file__).with_name("keeper.py")
_POLL_S = 0.1
_END_S = 10.0
_TAIL_LINES = 4
_TAIL_CHARACTERS = 500
FOREIGN = ("PYTHONHOME", "PYTHONPATH", "PYTHONNOUSERSITE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Variables of an application's own Python that would mislead another one."""
CALL_AGAIN = "call again when there is a connection to the internet and space on the disk"
"""What to do when a download fails."""
_REMEDIES = (
    ("out of memory", "use --device cpu, or crop the image to the abdomen"),
    (r"No module named|ImportError|DLL load failed", "install it again with renal-segmentation models install"),
    (
        r"Max retries|ConnectionError|URLError|Name or service not known|Temporary failure in name|No matching distrib",
        "it looked for the internet: install it where there is a connection",
    ),
    (r"No space left", "free disk space"),
)


@dataclass(frozen=True)
class Program:
    """A call of another program.

    Attributes
    ----------
    title : str
        What to call it in messages.
    command : sequence of str
        Executable and arguments.
    expected_s : float
        How long it usually takes, for the progress.
    variables : mapping of str to str
        Added to the environment.
    own_environment : bool
        Whether it has a Python of its own, so that this one's variables are kept from it.
    remedy : str
        What to do when it fails for a reason that is not known.
    """

    title: str
    command: Sequence[str]
    expected_s: float = 60.0
    variables: Mapping[str, str] | None = None
    own_environment: bool = False
    remedy: str = "check image and model"


def run_program(program: Program, log: Path, progress: Progress = silent, step: str = "") -> None:
    """Run a program to its end.

    Its whole tree of processes ends with this call, also when `progress` raises or this process is killed.

    Parameters
    ----------
    program : Program
        What to run.
    log : Path
        Where its output goes.
    progress : callable
        Told the step and the share of the expected time; raises `CancelledError` to stop the program.
    step : str
        Name of the step, the program's title by default.

    Raises
    ------
    ModelError
        If it cannot be started or fails: with the last lines of its log and a remedy.
    """
    if not Path(program.command[0]).exists():
        raise ModelError(f"{program.title} is not at {program.command[0]}: install it again.")
    without = ",".join(FOREIGN) if program.own_environment else ""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, str(_KEEPER), without, *program.command],
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=dict(os.environ) | {"PYTHONUNBUFFERED": "1"} | dict(program.variables or {}),
            start_new_session=True,
        )
        try:
            _wait(process, program, progress, step or program.title)
        finally:
            _end(process)
    if process.returncode:
        raise ModelError(_failure(program, process.returncode, log))


def _wait(process: subprocess.Popen[bytes], program: Program, progress: Progress, step: str) -> None:
    start = time.monotonic()
    while process.poll() is None:
        elapsed = time.monotonic() - start
        progress(step, min(elapsed / program.expected_s, 0.99))
        try:
            process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            continue


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the keeper's standard input, upon which it ends what still runs."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _failure(program: Program, code: int, log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]
    last = lines[-_TAIL_LINES:]
    first_error = next((line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)), None)
    tail = " | ".join(last)[-_TAIL_CHARACTERS:] or "it printed nothing"
    if first_error is not None and first_error not in last:
        tail = f"{first_error[:_TAIL_CHARACTERS]} | ... | {tail}"
    remedy = next((found for pattern, found in _REMEDIES if re.search(pattern, text)), None)
    if remedy is None:
        remedy = "close other programs, its memory may have ended" if code in (137, 9) else program.remedy
    return f"{program.title} failed with exit code {code} ({tail}): {remedy}."
