"""Whose scans they are, told from the names of their files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from renal_segmentation.case_files import stem_of
from renal_segmentation.errors import Notice

MOST_PATIENTS = 20
"""That are listed."""
_NUMBERED = re.compile(r"(?<![a-z0-9])(sub|subject|pat|patient|case|volunteer)[-_]?[0-9]+[a-z]*", re.IGNORECASE)
_SEQUENCES = (
    r"t[12][a-z]*|[tr]2-?star|t1-?rho|r2s?|pdw?|(?:mri?|cta?)?[0-9](?:[.][0-9])?t|b(?:0|50|[1-9][0-9]?00)"
    r"|(?:mri?|cta?|us|pet|dwi|adc)[0-9]*"
    r"|flair|haste|vibe|dixon|trufi|b?ssfp|gre|tse|fse|mtr?|asl|bold|mre|swi|stir|spair|fatsat|fs|native|contrast|venous"
    r"|arterial|portal|pre|post|ax|axial|tra|transversal|cor|coronal|sag|sagittal|left|right|kidneys?"
)
_TIMES = (
    r"(?:visit|session|ses|run|echo|timepoint|tp|followup|fu|baseline|week|month|year|day)[-_]?[0-9]*[a-z]?"
    r"|(?:19|20)[0-9]{2}(?P<dash>[-_.]?)(?:0[1-9]|1[0-2])(?P=dash)(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[1-9]|[12][0-9]|3[01])[-_.](?:0[1-9]|1[0-2])[-_.](?:19|20)[0-9]{2}"
)
_BEFORE_NAMES = (
    r"(?:(?:19|20)[0-9]{2}|(?:scan|image|img|exam|study|series)[-_]?[0-9]+)"
    r"(?=[-_.]+(?!scan|im|exam|study|series)[a-z]{2})"
)
"""What numbers patients, unless a name comes after it."""


def _word(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])", re.IGNORECASE)


_SEQUENCE, _TIME = _word(_SEQUENCES), _word(f"{_TIMES}|{_BEFORE_NAMES}")


def patients_of(names: Sequence[str]) -> tuple[list[str], tuple[Notice, ...]]:
    """Return the patient of each file, and notices on patients that names do not tell."""
    spelling: dict[str, str] = {}
    patients = [spelling.setdefault(patient.casefold(), patient) for patient in map(patient_of, names)]
    if len(names) == 1:
        told = "There is one scan, which validates what was learnt from it: give scans of more patients."
        return patients, (Notice("validation-is-training", told),)
    if len(set(patients)) > 1:
        return patients, ()
    told = (
        f"Every file name tells the patient {patients[0]}, so each scan was taken for a patient of its own: name the "
        "files after their patients (sub-01_T2w.nii.gz) if some have several scans."
    )
    return [stem_of(Path(name)) for name in names], (Notice("patients-unknown", told),)


def patient_of(name: str) -> str:
    """Return the patient in a file name: a word such as sub with its number, or all up to the first piece with a digit.

    What names sequence, field strength, visit or date is passed over: ``T2w_sub-01_ses-2.nii.gz`` is of ``sub-01``,
    ``anna3_ct.nii.gz`` of ``anna3``, and ``visit1_smith_T1w.nii.gz`` of ``smith``.
    """
    stem = stem_of(Path(name))
    numbered = _NUMBERED.search(stem)
    if numbered is not None:
        return numbered[0]
    without_sequence = _SEQUENCE.sub("", stem)
    # Visits and dates tell patients where nothing else does, and at last sequences.
    for left in (_TIME.sub("", without_sequence), without_sequence, stem):
        pieces = [piece.strip("-") for piece in re.split(r"[_.]", left)]
        told = [piece for piece in pieces if piece]
        if told:
            last = next((n for n, piece in enumerate(told) if any(map(str.isdigit, piece))), len(told))
            return "_".join(told[: last + 1])
    return stem


def patients_in_words(scans: Iterable[tuple[str, str]]) -> str:
    """Return patients with the names of their scans, to be checked by a person.

    Parameters
    ----------
    scans : iterable of (str, str)
        Patient and file name of each.
    """
    of: dict[str, list[str]] = {}
    for patient, name in scans:
        of.setdefault(patient, []).append(stem_of(Path(name)))
    told = [patient if names == [patient] else f"{patient} ({', '.join(names)})" for patient, names in of.items()]
    more = f" and {len(told) - MOST_PATIENTS} more" if len(told) > MOST_PATIENTS else ""
    return ", ".join(told[:MOST_PATIENTS]) + more
