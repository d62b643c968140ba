"""The record of a review: who looked at which mask, when, with what verdict, and what was changed."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from renal_segmentation.agreement import Agreement
from renal_segmentation.checks import Check, Light, worst
from renal_segmentation.errors import InputError
from renal_segmentation.files import atomic_path, make_folder
from renal_segmentation.version import __version__

_SIDES = ("left", "right", "both")
_NUMBERS = ("dice", "hd95_mm", "before_ml", "after_ml", "change_percent")
CHECK_CODES = ("volume", "difference", "islands", "border", "holes", "side", "confidence")
COLUMNS = (
    *("time", "reviewer", "verdict", "comment", "image", "mask", "model"),
    *(f"{number}_{side}" for side in _SIDES for number in _NUMBERS),
    *(f"check_{code}" for code in CHECK_CODES),
    *("version", "mask_sha256"),
)
"""Columns of the review log."""


class Verdict(Enum):
    """What the reviewer says of the mask."""

    ACCEPTED = "accepted"
    CORRECTED = "accepted after correction"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Review:
    """One review.

    Attributes
    ----------
    time : str
        When, ISO 8601 with the time zone.
    reviewer, comment : str
        Who, and what they remarked.
    verdict : Verdict
        What they say.
    image, mask, model : str
        Names of the image, of the reviewed mask, and of the network that outlined it (empty when drawn by hand).
    agreement : tuple of Agreement
        Of the network's mask with the reviewed one; empty when there is none of a network.
    checks : tuple of Check
        Automatic checks of the reviewed mask.
    """

    time: str
    reviewer: str
    verdict: Verdict
    comment: str
    image: str
    mask: str
    model: str
    agreement: tuple[Agreement, ...]
    checks: tuple[Check, ...]

    def row(self) -> dict[str, str]:
        """Return the review as one line of the log, every value as text; what is not known is empty."""
        row = dict.fromkeys(COLUMNS, "")
        row |= {
            "time": self.time,
            "reviewer": self.reviewer,
            "verdict": self.verdict.value,
            "comment": self.comment,
            "image": self.image,
            "mask": self.mask,
            "model": self.model,
            "version": __version__,
        }
        for found in self.agreement:
            row |= {f"{number}_{found.side}": _text(getattr(found, number)) for number in _NUMBERS}
        row |= {f"check_{check.code}": check.light.value for check in self.checks if check.code in CHECK_CODES}
        return row


def now() -> str:
    """Return the present time, ISO 8601 to the second with the time zone."""
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")


def worst_light(row: Mapping[str, str]) -> Light | None:
    """Return the worst light of the checks that a review saw, None where it names none."""
    known = {light.value: light for light in Light}
    seen = {code: known.get(row.get(f"check_{code}", "")) for code in CHECK_CODES}
    checks = tuple(Check(code, light, "") for code, light in seen.items() if light is not None)
    return worst(checks) if checks else None


def append_review(path: Path, row: dict[str, str]) -> None:
    """Add a review to a log, which is whole at every moment: it is written beside and put in place.

    Parameters
    ----------
    path : Path
        Ends in .csv (with a header line) or .jsonl (one JSON object in a line); made when it is not there.
    row : dict
        From `Review.row`.

    Raises
    ------
    InputError
        If the name ends otherwise, or the file is there and is not a review log.
    OutputError
        If it cannot be written.
    """
    if path.suffix not in (".csv", ".jsonl"):
        raise InputError(f"{path} is no review log: give a name that ends in .csv or .jsonl.")
    rows = [*(read_reviews(path) if path.exists() else ()), row]
    make_folder(path.parent)
    with atomic_path(path) as temporary:
        temporary.write_text(_written(rows, path.suffix), encoding="utf-8", newline="")


def read_reviews(path: Path) -> list[dict[str, str]]:
    """Return the lines of a review log, oldest first.

    Raises
    ------
    InputError
        If it cannot be read as one.
    """
    damaged = f"{path} is not a review log of this program: choose another file, or move this one away."
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(damaged) from error
    if path.suffix == ".jsonl":
        return [_json_row(line, damaged) for line in text.splitlines() if line.strip()]
    lines = csv.DictReader(io.StringIO(text, newline=""))
    rows = list(lines)
    if not {"time", "verdict"} <= set(lines.fieldnames or ()) or any(None in row for row in rows):
        raise InputError(damaged)
    return rows


def _json_row(line: str, damaged: str) -> dict[str, str]:
    try:
        row: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(damaged) from error
    if not isinstance(row, dict) or not {"time", "verdict"} <= set(row):
        raise InputError(damaged)
    return {str(key): str(value) for key, value in row.items()}


def _written(rows: Sequence[dict[str, str]], suffix: str) -> str:
    """Return the text of a log; columns that an earlier version knew stay."""
    if suffix == ".jsonl":
        return "".join(json.dumps(row) + "\n" for row in rows)
    columns = [*COLUMNS, *(name for name in dict.fromkeys(key for row in rows for key in row) if name not in COLUMNS)]
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _text(number: float) -> str:
    return f"{number:.6g}" if math.isfinite(number) else ""
