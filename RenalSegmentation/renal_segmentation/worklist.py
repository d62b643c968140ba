"""A list of cases to outline and review, kept on disk so that nothing is lost whenever the program ends.

What has been done for a case is told by the files in its folder and by nothing else: each of them is put in place
whole, in one step, so there is no state that could contradict them. What is under way leaves no trace and is done
again.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

from renal_segmentation.case_files import stem_of
from renal_segmentation.checks import Light
from renal_segmentation.errors import InputError, Notice, OutputError, RenalError
from renal_segmentation.files import PARTIAL, atomic_path, make_folder, sha256
from renal_segmentation.review import append_review, read_reviews, worst_light
from renal_segmentation.sources import DICOM, source_below, sources_now

LIST_FILE, LOG_FILE = "worklist.json", "reviews.csv"
FURTHER_FILE = "further.seg.nrrd"
"""What the mask file of a case cannot hold, beside it."""
_BODY_FILE = "patient.json"
_ABANDONED_S = 86400.0
"""A file that nobody has written to for so long is nobody's any more, even where the clocks of two computers differ."""
_FORMAT = 1


class Status(Enum):
    """How far a case has come."""

    WAITING = "waiting"
    FAILED = "failed"
    OUTLINED = "outlined"
    CORRECTED = "corrected"
    CHANGED = "changed since its review"
    REVIEWED = "reviewed"


@dataclass(frozen=True)
class Case:
    """One image.

    Attributes
    ----------
    name : str
        Unique within the list; also the name of the case's folder.
    source : str
        Path of the image, or ``dicom:`` and the UID of a series in Slicer's database.
    """

    name: str
    source: str

    @property
    def series(self) -> str:
        """UID of the DICOM series, empty where the image is a file."""
        return self.source.removeprefix(DICOM) if self.source.startswith(DICOM) else ""


class Worklist:
    """The cases of one folder and what has been done for them.

    Parameters
    ----------
    folder : Path
        Holds the list, the review log, and a folder for each case.
    cases : sequence of Case
        In the order in which they are looked at.

    Attributes
    ----------
    folder : Path
        As given.
    cases : tuple of Case
        As given.
    notices : tuple of Notice
        What did not keep the list from being loaded.
    """

    def __init__(self, folder: Path, cases: Sequence[Case], notices: Sequence[Notice] = ()) -> None:
        self.folder = Path(folder)
        self.cases = tuple(cases)
        self.notices = tuple(notices)

    @staticmethod
    def load(folder: Path) -> Worklist:
        """Return the worklist of a folder; what an end in the middle of something left behind is put in order.

        Raises
        ------
        InputError
            If the folder has no worklist, or it is damaged.
        """
        path = Path(folder) / LIST_FILE
        damaged = f"{path} is not a worklist of this program: choose the folder of the images again."
        try:
            content: Any = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != _FORMAT:
                raise InputError(damaged)
            worklist = Worklist(folder, [Case(**case) for case in content["cases"]])
            worklist._find_sources(content.get("root", ""))
        except FileNotFoundError as error:
            gone = f"{path} is not there: put the folder back, or open the folder of the images again."
            raise InputError(gone) from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(damaged) from error
        worklist._tidy()
        try:
            worklist._complete_log()
        except RenalError as error:
            worklist.notices = (Notice("review-log", str(error)),)
        return worklist

    @staticmethod
    def exists(folder: Path) -> bool:
        """Return whether a folder holds a worklist."""
        return (Path(folder) / LIST_FILE).is_file()

    def save(self) -> None:
        """Write the list.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        make_folder(self.folder)
        # Images beside the list are found again when both are moved, or seen by another path.
        cases = [asdict(case) | {"source": source_below(case.source, self.root)} for case in self.cases]
        content = {"format": _FORMAT, "root": str(self.root), "cases": cases}
        _write(self.folder / LIST_FILE, json.dumps(content, indent=1))

    def added(self, sources: Iterable[str], names: Sequence[str] = ()) -> Worklist:
        """Return this list with further images, those it has already left out, saved.

        Parameters
        ----------
        sources : iterable of str
            As in `Case.source`.
        names : sequence of str
            What to call them; without it, after their files.
        """
        sources = list(sources)
        known = {source_below(case.source, self.root) for case in self.cases}
        taken = {case.name for case in self.cases}
        cases = list(self.cases)
        for source, wanted in zip(sources, names or map(_name_of, sources), strict=True):
            if source_below(source, self.root) not in known:
                cases.append(Case(_unique(_safe(wanted), taken), source))
                known.add(source_below(source, self.root))
                taken.add(cases[-1].name)
        grown = Worklist(self.folder, cases, self.notices)
        grown.save()
        return grown

    def network_mask(self, case: Case) -> Path:
        """Return where the network's mask of a case lies."""
        return self.folder / case.name / "network.nii.gz"

    def summary(self, case: Case) -> Path:
        """Return where lies what the network said of a case (model, volumes, certainty)."""
        return self.folder / case.name / "network.json"

    def mask(self, case: Case) -> Path:
        """Return where the corrected mask of a case lies."""
        return self.folder / case.name / "kidneys.nii.gz"

    def remove_mask(self, case: Case) -> None:
        """Give up the corrected mask of a case; the network's holds again.

        Raises
        ------
        OutputError
            If it cannot be removed.
        """
        try:
            self.mask(case).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self.mask(case)} cannot be removed ({error.strerror}): check the folder's permissions."
            ) from error

    @property
    def root(self) -> Path:
        """Folder of the images: the one in which that of the list lies."""
        return self.folder.absolute().parent

    @property
    def log(self) -> Path:
        """Where the review log lies."""
        return self.folder / LOG_FILE

    def status(self, case: Case) -> Status:
        """Return how far a case has come; a review is one of the mask as it was then."""
        if self._review(case).is_file():
            reviewed = (self.review(case) or {}).get("mask_sha256")
            # A review of an earlier version does not say which mask it saw.
            return Status.REVIEWED if not reviewed or reviewed == self._digest(case) else Status.CHANGED
        if self.mask(case).is_file():
            return Status.CORRECTED
        # The summary is written last: a mask without it is from a run that was cut off.
        if self.network_mask(case).is_file() and self.summary(case).is_file():
            return Status.OUTLINED
        return Status.FAILED if self._failure(case).is_file() else Status.WAITING

    def light(self, case: Case) -> Light | None:
        """Return the worst light of the checks of the mask that holds, None where that is not known.

        The network's mask was checked when it was written, a corrected one when it was reviewed.
        """
        if not self.mask(case).is_file():
            known = {light.value: light for light in Light}
            return known.get(str(self.read_summary(case).get("light")))
        review = self.review(case) or {}
        return worst_light(review) if review.get("mask_sha256") == self._digest(case) else None

    def failure(self, case: Case) -> str:
        """Return why the network failed, empty where it did not."""
        try:
            return self._failure(case).read_text(encoding="utf-8")
        except OSError:
            return ""

    def review(self, case: Case) -> dict[str, str] | None:
        """Return the last review of a case, None where there is none."""
        row = _read(self._review(case))
        return {str(key): str(value) for key, value in row.items()} or None

    def to_outline(self, again: bool = False) -> list[Case]:
        """Return the cases that wait for the network, with `again` also those in which it failed."""
        wanted = {Status.WAITING, Status.FAILED} if again else {Status.WAITING}
        return [case for case in self.cases if self.status(case) in wanted]

    def first_open(self) -> Case | None:
        """Return the first case that has not been reviewed, the first one where all have been, None without cases."""
        unfinished = (case for case in self.cases if self.status(case) != Status.REVIEWED)
        return next(unfinished, self.cases[0] if self.cases else None)

    def make_folder(self, case: Case) -> Path:
        """Return the folder of a case, made when it is not there.

        Raises
        ------
        OutputError
            If it cannot be made.
        """
        folder = self.folder / case.name
        make_folder(folder)
        return folder

    def write_summary(self, case: Case, summary: dict[str, Any]) -> None:
        """Keep what the network said of a case; a failure of an earlier run is forgotten.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        self.make_folder(case)
        _write(self.summary(case), json.dumps(summary))
        # One that cannot be removed is outdone by the summary.
        with suppress(OSError):
            self._failure(case).unlink(missing_ok=True)

    def read_summary(self, case: Case) -> dict[str, Any]:
        """Return what the network said of a case, empty where that is not known."""
        return _read(self.summary(case))

    def write_body(self, case: Case, body: dict[str, float]) -> None:
        """Keep the height (``height_cm``) and weight (``weight_kg``) of the patient of a case.

        Raises
        ------
        OutputError
            If they cannot be written.
        """
        _write(self.make_folder(case) / _BODY_FILE, json.dumps(body))

    def read_body(self, case: Case) -> dict[str, float]:
        """Return height and weight as they were written, empty where they are not known."""
        found = _read(self.folder / case.name / _BODY_FILE)
        return {name: found[name] for name in ("height_cm", "weight_kg") if isinstance(found.get(name), int | float)}

    def write_failure(self, case: Case, sentence: str) -> None:
        """Keep why the network failed on a case.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        self.make_folder(case)
        _write(self._failure(case), sentence)

    def write_review(self, case: Case, row: dict[str, str]) -> None:
        """Keep a review with its case, and of which mask it is, and add it to the log.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        self.make_folder(case)
        row = {**row, "mask_sha256": self._digest(case)}
        _write(self._review(case), json.dumps(row))
        append_review(self.log, row)

    def _review(self, case: Case) -> Path:
        return self.folder / case.name / "review.json"

    def _failure(self, case: Case) -> Path:
        return self.folder / case.name / "failure.txt"

    def _digest(self, case: Case) -> str:
        """Return the SHA-256 of what holds for a case, joined by +, empty where there is none that can be read."""
        path = self.mask(case) if self.mask(case).is_file() else self.network_mask(case)
        further = path.with_name(FURTHER_FILE)
        try:
            states = [(one, one.stat()) for one in (path, further) if one is path or one.is_file()]
            return "+".join(_digest_of(one, state.st_mtime_ns, state.st_size) for one, state in states)
        except OSError:
            return ""

    def _find_sources(self, former_root: str) -> None:
        """Name the images where they are now."""
        sources = sources_now([case.source for case in self.cases], self.root, former_root)
        self.cases = tuple(Case(case.name, source) for case, source in zip(self.cases, sources, strict=True))

    def _tidy(self) -> None:
        """Remove temporary files of a program that was killed; a younger one may be what a colleague is writing."""
        folders = [self.folder, *(self.folder / case.name for case in self.cases)]
        for temporary in (path for folder in folders for path in folder.glob(f"{PARTIAL}*")):
            # What may not be removed does no harm.
            with suppress(OSError):
                if time.time() - temporary.stat().st_mtime > _ABANDONED_S:
                    temporary.unlink(missing_ok=True)

    def _complete_log(self) -> None:
        """Log the reviews that a program that was killed could not log any more.

        Raises
        ------
        InputError
            If the log is there and is not one.
        OutputError
            If it cannot be written.
        """
        logged = read_reviews(self.log) if self.log.exists() else []
        known = {(row["time"], row.get("image"), row.get("mask")) for row in logged}
        reviews = (self.review(case) for case in self.cases)
        missing = [row for row in reviews if row and (row["time"], row.get("image"), row.get("mask")) not in known]
        for row in sorted(missing, key=lambda row: row["time"]):
            append_review(self.log, row)


@lru_cache(maxsize=4096)
def _digest_of(path: Path, changed_ns: int, size: int) -> str:
    """Return the SHA-256 of a file, read again only when its time or size differs: lists are shown often."""
    return sha256(path)


def _read(path: Path) -> dict[str, Any]:
    """Return what a JSON file holds by name, empty where it is not there or damaged."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, text: str) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _name_of(source: str) -> str:
    return source if source.startswith(DICOM) else stem_of(Path(source))


def _safe(name: str) -> str:
    """Return a name that every file system takes as that of a folder."""
    return re.sub(r"[^\w .-]+", "_", name).strip(" .")[:80] or "case"


def _unique(name: str, taken: set[str]) -> str:
    lowered = {other.lower() for other in taken}
    return next(n for n in (name, *(f"{name} ({k})" for k in range(2, len(taken) + 3))) if n.lower() not in lowered)
