"""How long computations tell where they are, and how they are stopped."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with the step's name and the share done (0 to 1); it raises `CancelledError` to stop the work."""


def silent(step: str, share: float) -> None:
    """Report nothing."""


def part(progress: Progress, first: float, last: float) -> Progress:
    """Return a progress whose 0 to 1 is the stretch `first` to `last` of `progress`."""

    def report(step: str, share: float) -> None:
        progress(step, first + share * (last - first))

    return report
