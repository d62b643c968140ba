"""What a program's failure means to a person, and what helps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from slicer.i18n import tr as _

from RenalSegmentationLib.Process import ProcessError

_KILLED = (-9, 137)
_SHOWN_LINES = 3
_PROGRAM = "renal-segmentation:"
_NOT_INSTALLED = re.compile(
    r"(?P<what>[^:]*(?:not installed|missing)): renal-segmentation models install (?P<name>[\w-]+)"
)


class Remedy(Enum):
    """What the panel offers after a failure."""

    Nothing = auto()
    LessMemory = auto()
    Install = auto()
    ImportModel = auto()
    FetchModel = auto()


@dataclass(frozen=True)
class Failure:
    """What went wrong, in a sentence that says what to do, and the button that does it.

    Attributes
    ----------
    sentence : str
    remedy : Remedy
    name : str
        Of the model or program to be fetched, where that is the remedy.
    """

    sentence: str
    remedy: Remedy
    name: str = ""


_PATTERNS = (
    (r"out of memory|MemoryError|memory does not suffice|cannot allocate|not enough memory|bad_alloc",
     Remedy.LessMemory),
    (r"No module named|Python package|needs PyTorch|ImportError", Remedy.Install),
    (r"checksum|SHA-256|get the model again|not those that were imported|comes without its model",
     Remedy.ImportModel),
    (r"urlopen|Name or service not known|getaddrinfo|Connection(Error| refused)|Network is unreachable|"
     r"no internet|could not be downloaded", Remedy.ImportModel),
)  # fmt: skip


def explained(error: ProcessError) -> Failure:
    """Return what a failure means."""
    text = "\n".join(error.lines)
    last = _lastLines(error)
    if error.exitCode is None:
        return Failure(_("The network could not be started ({reason}).").format(reason=last), Remedy.Install)
    if missing := _NOT_INSTALLED.search(last):
        sentence = _("{what}: fetch what is missing, or choose another model.").format(what=missing["what"])
        return Failure(sentence, Remedy.FetchModel, missing["name"])
    for pattern, remedy in _PATTERNS:
        if re.search(pattern, text, re.IGNORECASE):
            return Failure(_SENTENCES[remedy]().format(reason=last), remedy)
    if error.exitCode in _KILLED:
        sentence = _(
            "The network was ended from outside, as a computer does when its memory is full: close other programs, "
            "or try again with less memory."
        )
        return Failure(sentence, Remedy.LessMemory)
    if error.exitCode < 0:
        sentence = _("The network was ended from outside (signal {signal}): press Apply to try again.")
        return Failure(sentence.format(signal=-error.exitCode), Remedy.Nothing)
    reason = last or _("exit code {code}, and it said nothing").format(code=error.exitCode)
    return Failure(_("The network failed: {reason}").format(reason=reason), Remedy.Nothing)


_SENTENCES = {
    Remedy.LessMemory: lambda: _("The memory does not suffice: try again with less memory. ({reason})"),
    Remedy.Install: lambda: _("A Python package of the network is missing: install it and try again. ({reason})"),
    Remedy.ImportModel: lambda: _("The weights of the model cannot be used: import them from a file. ({reason})"),
}


def _lastLines(error: ProcessError) -> str:
    """Return the program's own sentence if it ended with one, else the last lines that say something."""
    lines = [line.strip() for line in error.lines if line.strip()]
    if lines and lines[-1].startswith(_PROGRAM):
        return lines[-1].removeprefix(_PROGRAM).strip()
    return " ".join(lines[-_SHOWN_LINES:])
