"""Many cases: which files belong together, every row, mean and SD."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from renal_segmentation.case_files import case_files, stem_of, without_partner
from renal_segmentation.errors import InputError, Notice
from renal_segmentation.evaluation.cases import VALUES_OF, CaseRow, Pair, evaluate_pair, make_pair, structures_in
from renal_segmentation.evaluation.metrics import METRICS
from renal_segmentation.files import read_image
from renal_segmentation.progress import Progress, silent
from renal_segmentation.relabelling import Target

KIDNEYS = ("total-kidney", "left-kidney", "right-kidney")


@dataclass(frozen=True)
class PairOfFiles:
    """A prediction's file and the file of its reference."""

    case: str
    prediction: Path
    reference: Path


@dataclass(frozen=True)
class Summary:
    """Mean and sample SD of one metric of one structure over the cases in which it has a value."""

    structure: str
    metric: str
    n: int
    mean: float
    sd: float


@dataclass(frozen=True)
class Evaluation:
    """All rows, their summary, and what was assumed."""

    rows: tuple[CaseRow, ...]
    summary: tuple[Summary, ...]
    notices: tuple[Notice, ...]


def pair_files(prediction: Path, reference: Path) -> tuple[list[PairOfFiles], tuple[Notice, ...]]:
    """Return which files belong together: two files, or the files of the same name in two folders.

    Endings such as ``_mask`` and ``_labels`` are no part of the name.

    Raises
    ------
    InputError
        If one is a file and the other a folder, one is missing, no name is in both folders, or a prediction is its own
        reference.
    """
    for path in (prediction, reference):
        if not path.exists():
            raise InputError(f"{path} is not there: check the path.")
    if prediction.is_dir() != reference.is_dir():
        raise InputError(f"{prediction} and {reference} are a file and a folder: give two files or two folders.")
    _check_apart(prediction, reference)
    if prediction.is_file():
        return [PairOfFiles(stem_of(prediction), prediction, reference)], ()
    predictions, references = case_files(prediction), case_files(reference)
    common = sorted(set(predictions) & set(references))
    if not common:
        raise InputError(
            f"No file of {prediction} has the name of one in {reference}: give both files of a case the same name."
        )
    for name in common:
        _check_apart(predictions[name], references[name])
    alone = tuple(
        without_partner(folder, sorted(path.name for name, path in mine.items() if name not in theirs))
        for folder, mine, theirs in ((prediction, predictions, references), (reference, references, predictions))
        if set(mine) - set(theirs)
    )
    return [PairOfFiles(name, predictions[name], references[name]) for name in common], alone


def _check_apart(prediction: Path, reference: Path) -> None:
    """Refuse what would agree because it is compared with itself."""
    if prediction.samefile(reference):
        what = "folder: keep predictions and references in two" if prediction.is_dir() else "file: give two"
        raise InputError(f"The prediction {prediction} and the reference {reference} are the same {what}.")


def evaluate_files(
    pairs: Sequence[PairOfFiles],
    prediction_labels: Mapping[int, Target | None] | None = None,
    reference_labels: Mapping[int, Target | None] | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Return the evaluation of files.

    Parameters
    ----------
    pairs : sequence of PairOfFiles
        See `pair_files`.
    prediction_labels, reference_labels : mapping of int to Target or None, optional
        See `renal_segmentation.evaluation.cases.make_pair`.
    progress : callable
        Told each case; raises `CancelledError` to stop.

    Raises
    ------
    InputError, GeometryError, NoOverlapError
        If a file is no mask, or the files of a case do not belong together.
    """

    def read(index: int) -> Pair:
        files = pairs[index]
        progress(f"Case {files.case}", index / len(pairs))
        prediction, of_prediction = read_image(files.prediction)
        reference, of_reference = read_image(files.reference)
        pair = make_pair(files.case, prediction, reference, prediction_labels, reference_labels)
        return replace(pair, notices=(*of_prediction, *of_reference, *pair.notices))

    evaluation = evaluate_pairs(read, len(pairs))
    progress("Done", 1.0)
    return evaluation


def evaluate_pairs(pair: Callable[[int], Pair], count: int) -> Evaluation:
    """Return the evaluation of `count` cases, each read when its turn comes.

    A structure that is in no prediction or in no reference is left out with a notice, for the model or the reader does
    not outline it; the kidneys are always there.
    """
    rows: list[CaseRow] = []
    notices: list[Notice] = []
    predicted: set[str] = set(KIDNEYS)
    wanted: set[str] = set(KIDNEYS)
    for index in range(count):
        case = pair(index)
        predicted |= structures_in(case.prediction)
        wanted |= structures_in(case.reference)
        rows += evaluate_pair(case, VALUES_OF)
        notices += case.notices
    for keys, other, where in ((wanted, predicted, "prediction"), (predicted, wanted, "reference")):
        notices += [
            Notice("structure-left-out", f"{key.replace('-', ' ').capitalize()} is in no {where}; it was left out.")
            for key in VALUES_OF
            if key in keys - other
        ]
    kept = tuple(row for row in rows if row.structure in predicted & wanted)
    if not kept:
        notices.append(Notice("nothing-to-compare", "No case shows a kidney, neither predicted nor as reference."))
    return Evaluation(kept, summarise(kept), tuple(notices))


def summarise(rows: Sequence[CaseRow]) -> tuple[Summary, ...]:
    """Return mean and sample SD (NaN for one case) of every metric of every structure."""
    found = []
    for structure in VALUES_OF:
        of_structure = [row.agreement for row in rows if row.structure == structure]
        for metric in METRICS if of_structure else ():
            values = np.array([getattr(agreement, metric) for agreement in of_structure])
            values = values[np.isfinite(values)]
            mean = float(values.mean()) if len(values) else float("nan")
            sd = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
            found.append(Summary(structure, metric, len(values), mean, sd))
    return tuple(found)
