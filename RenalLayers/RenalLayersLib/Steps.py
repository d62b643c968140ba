"""The steps of an analysis in words."""

from __future__ import annotations

from slicer.i18n import tr as _

_WORDS = {
    "reading": lambda: _("Reading the segments"),
    "pelvis": lambda: _("Looking for the renal pelvis"),
    "surface": lambda: _("Fitting the surface"),
    "depth": lambda: _("Measuring depth"),
    "layers": lambda: _("Cutting layers"),
    "cortical thickness": lambda: _("Measuring cortical thickness"),
}


def stepText(step: str, secondsLeft: float | None) -> str:
    """Return what to say of a step, with the time left once that can be told."""
    words = _WORDS[step]() if step in _WORDS else step
    if secondsLeft is None:
        return words
    return _("{step}, {seconds:.0f} s left").format(step=words, seconds=secondsLeft)
