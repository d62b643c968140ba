"""Height and weight of a patient, kept with the segmentation and in the files of its case."""

from __future__ import annotations

from typing import Any

from renal_segmentation.worklist import Case, Worklist
from RenalSegmentationLib.CaseNodes import CASE_ATTRIBUTE
from RenalSegmentationLib.Labels import referenceOf

HEIGHT_ATTRIBUTE, WEIGHT_ATTRIBUTE = "Renal.HeightCm", "Renal.WeightKg"
_FILED = {"height_cm": HEIGHT_ATTRIBUTE, "weight_kg": WEIGHT_ATTRIBUTE}


def keepBody(worklist: Worklist, case: Case, node: Any) -> None:
    """Write height and weight into the files of a case, if the segmentation is one of its image.

    Raises
    ------
    OutputError
        If they cannot be written.
    """
    if _isOf(case, node):
        worklist.write_body(case, {name: float(node.GetAttribute(kept) or 0) for name, kept in _FILED.items()})


def restoreBody(worklist: Worklist, case: Case, node: Any) -> None:
    """Give a segmentation of the image of a case what the files have of height and weight, unless it has its own."""
    if _isOf(case, node) and not any(node.GetAttribute(kept) for kept in _FILED.values()):
        for name, value in worklist.read_body(case).items():
            node.SetAttribute(_FILED[name], f"{value:g}")


def _isOf(case: Case, node: Any) -> bool:
    reference = referenceOf(node)
    return reference is not None and reference.GetAttribute(CASE_ATTRIBUTE) == case.name
