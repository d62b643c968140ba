"""What an evaluation writes: cases.csv, summary.csv, evaluation.json and evaluation.png."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from renal_segmentation.evaluation.cohort import Evaluation, Summary
from renal_segmentation.evaluation.metrics import METRICS, Agreement
from renal_segmentation.evaluation.plot import write_plot
from renal_segmentation.files import atomic_folder
from renal_segmentation.version import __version__

FILES = ("cases.csv", "summary.csv", "evaluation.json", "evaluation.png")
HEADINGS = {
    "dice": "DSC",
    "difference_ml": "dV, ml",
    "difference_percent": "dV, %",
    "ppv": "PPV",
    "sensitivity": "sens.",
    "hd95_mm": "HD95, mm",
    "assd_mm": "ASSD, mm",
}


def write_evaluation(
    evaluation: Evaluation, folder: Path, overwrite: bool = False, inputs: Mapping[str, Any] | None = None
) -> None:
    """Write tables, JSON and plot into a folder, all or nothing.

    Parameters
    ----------
    evaluation : Evaluation
        Rows, summary and notices.
    folder : Path
        Made when missing; files of others in it are kept.
    overwrite : bool
        Whether it may hold files already.
    inputs : mapping, optional
        What was compared, for the JSON file.

    Raises
    ------
    OutputError
        If the folder cannot be written or may not be overwritten.
    MissingPackageError
        If matplotlib is not installed.
    """
    with atomic_folder(folder, overwrite, FILES) as temporary:
        _write_table(temporary / "cases.csv", ["case", "structure", *_names(Agreement)], case_rows(evaluation))
        _write_table(temporary / "summary.csv", _names(Summary), summary_rows(evaluation))
        content = as_json(evaluation) | {"inputs": dict(inputs or {})}
        (temporary / "evaluation.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        write_plot(evaluation, temporary / "evaluation.png")


def case_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return one flat row per case and structure; None where a number has no meaning."""
    return [{"case": row.case, "structure": row.structure, **_finite(asdict(row.agreement))} for row in evaluation.rows]


def summary_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return one flat row per structure and metric."""
    return [_finite(asdict(row)) for row in evaluation.summary]


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return everything as plain values for JSON."""
    return {
        "version": __version__,
        "cases": case_rows(evaluation),
        "summary": summary_rows(evaluation),
        "warnings": [asdict(notice) for notice in evaluation.notices],
    }


def as_text(evaluation: Evaluation) -> str:
    """Return mean and SD of every structure as a table for the console; dV is the volume difference."""
    structures = list(dict.fromkeys(row.structure for row in evaluation.summary))
    lines = [f"{'structure':<15} {'n':>3}  " + "".join(f"{HEADINGS[metric]:>14}" for metric in METRICS)]
    for structure in structures:
        found = {row.metric: row for row in evaluation.summary if row.structure == structure}
        cases = sum(row.structure == structure for row in evaluation.rows)
        cells = "".join(f"{_estimate(found[metric].mean, found[metric].sd):>14}" for metric in METRICS)
        lines.append(f"{structure:<15} {cases:>3}  {cells}")
    return "\n".join(lines) + "\n"


def _estimate(mean: float, sd: float) -> str:
    if math.isnan(mean):
        return "-"
    return f"{mean:.3g}" if math.isnan(sd) else f"{mean:.3g} \u00b1 {sd:.2g}"


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    return {key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in row.items()}


def _names(row: type[Agreement] | type[Summary]) -> list[str]:
    return [field.name for field in fields(row)]


def _write_table(path: Path, columns: list[str], rows: list[dict[str, Any]]) -> None:
    # Names of files that are not in UTF-8 are written as they are.
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        table = csv.DictWriter(stream, columns)
        table.writeheader()
        table.writerows(rows)
