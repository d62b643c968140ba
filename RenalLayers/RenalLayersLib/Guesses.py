"""What the panel fills in by itself: which segment is what, and in which unit a map comes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from vtk.util.numpy_support import vtk_to_numpy

from RenalLayersLib.Volumes import UCUM

_KIDNEY_CODE = "64033007"
_SIDE_CODES = {"leftSegment": "7771000", "rightSegment": "24028007"}
_KIDNEYS = {
    "leftSegment": r"\b(left|l)\b.*\bkidney\b|\bkidney\b.*\b(left|l)\b|^l(eft)? ?k(idney)?$|^left$",
    "rightSegment": r"\b(right|r)\b.*\bkidney\b|\bkidney\b.*\b(right|r)\b|^r(ight)? ?k(idney)?$|^right$",
}
_PARTS = {
    "cortexSegment": r"\bcort(ex|ical)\b",
    "medullaSegment": r"\bmedulla",
    "pelvisSegment": r"\bpelvis\b|\bsinus\b|pyelum|collecting",
}
_NO_KIDNEY = (
    r"cyst|cort(ex|ical)|medulla|pelvi[sc]|sinus|pyelum|collecting|tumou?r|lesion|\bmass|stone|calcul|vein|arter|vessel"
    r"|ureter|hilum|\bfat\b|adrenal|pyramid|capsule"
)
_NO_PART = r"adrenal|bon[ey]|\bhip\b"
_RENAL = r"kidney|(?<!ad)renal"
_ELSEWHERE = r"\bniere|\bnier\b|\breins?\b|\bri[nñ][oóõ]n|\bren[ei]\b|\brins?\b|\brim\b|nyre|njur|почк|肾|腎|신장"
"""Kidneys in other languages of Slicer's users."""
_NAMELESS = r"(segment(ation)?|label ?map|label|mask|tissue|object|region|roi)?( ?\d+)*"
"""Names that programs give, which say nothing of what a segment is."""

_QUANTITIES = (
    (r"r2\*?|r2[ _-]?star", (("Hz", 1, 1000),)),
    (r"r1", (("Hz", 0.05, 20),)),
    (r"t1rho|t2\*?|t2[ _-]?star", (("ms", 3, 1000), ("s", 0.003, 1))),
    (r"t1", (("ms", 50, 6000), ("s", 0.05, 6))),
    (r"adc|diffusivity|\bmd\b", (("mm2/s", 1e-4, 1e-2), ("um2/ms", 0.1, 10), ("um2/s", 100, 10000))),
    (r"mtr|\bff\b|fraction", (("%", 1.5, 100),)),
    (r"perfusion|rbf|\basl\b", (("ml/100g/min", 5, 1000),)),
    (r"stiffness|shear modulus|young", (("kPa", 0.2, 150), ("Pa", 200, 150000))),
    (r"shear[ _-]?wave|sws|\bspeed\b|velocity", (("m/s", 0.2, 15),)),
    (r"\bct\b|hounsfield", (("HU", -1100, 500),)),
)
"""What the name of a map says, and the units it comes in, the usual one first, each with what the median may be."""
_WRITTEN = (
    (r"ml/100 ?g/min", "ml/100g/min"),
    (r"(10\^?|1e)-3 ?mm(\^?2|²)/s|[uµμ]m(\^?2|²)/ms", "um2/ms"),
    (r"(10\^?|1e)-6 ?mm(\^?2|²)/s|[uµμ]m(\^?2|²)/s", "um2/s"),
    (r"mm(\^?2|²)/s", "mm2/s"),
    (r"m/s", "m/s"),
    (r"1/s|s\^?-1", "1/s"),
    (r"hz", "Hz"),
    (r"ms|msec", "ms"),
    (r"(?<=[\[(])s(ec(onds)?)?(?=[\])])", "s"),
    (r"kpa", "kPa"),
    (r"(?<=[\[(])pa(?=[\])])", "Pa"),
    (r"%|percent", "%"),
    (r"(?<=[\[(])hu(?=[\])])", "HU"),
)
_WEIGHTED = r"weighted|(?<![a-z0-9])(t1|t2\*?|pd)w"
_SEQUENCE = (
    r"\b(haste|tse|fse|ssfse|vibe|lava|thrive|flash|spgr|gre|b?ssfp|trufi|fiesta|space|blade|propeller|dixon|mprage|stir"
    r"|spair|fs|fatsat|pre|post|contrast|gd|dce)\b"
)
_MOST_VALUES = 100_000


def guessSegments(node: Any) -> dict[str, str]:
    """Return the likely segment IDs of a segmentation by parameter name; one only segment stands for both kidneys.

    Codes of the terminology count more than names, and short names more than long ones. Where cortex, medulla or
    pelvis have several segments alike, such as one for each side, none of them is chosen.
    """
    segmentation = node.GetSegmentation()
    identifiers = [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
    segments = {identifier: segmentation.GetSegment(identifier) for identifier in identifiers}
    names = {identifier: _words(segment.GetName()) for identifier, segment in segments.items()}
    found = {}
    for side, pattern in _KIDNEYS.items():
        ranks = {one: _kidneyRank(names[one], pattern, _isCoded(segments[one], side)) for one in identifiers}
        found[side] = _best(ranks, mayTie=True)
    for part, pattern in _PARTS.items():
        found[part] = _best({one: _partRank(names[one], pattern) for one in identifiers}, mayTie=False)
    if not (found["leftSegment"] or found["rightSegment"]):
        others = set(found.values())
        candidates = [one for one in identifiers if one not in others and not re.search(_NO_KIDNEY, names[one])]
        candidates = [one for one in candidates if re.search(_RENAL, names[one])] or candidates
        if len(candidates) == 1:
            found["leftSegment"] = found["rightSegment"] = candidates[0]
    return found


def isNamedOtherwise(segment: Any) -> bool:
    """Return whether a segment has a name of its own that is not one of kidneys, such as 'Spine', and no such code."""
    name, parts = _words(segment.GetName()), (segment.GetTerminology() or "").split("~")
    if len(parts) > 2 and f"^{_KIDNEY_CODE}^" in parts[2]:
        return False
    renal = (_RENAL, _ELSEWHERE, *_KIDNEYS.values())
    return not re.fullmatch(_NAMELESS, name) and not any(re.search(pattern, name) for pattern in renal)


def guessUnit(volume: Any) -> str:
    """Return the unit of a map: the one its volume carries or its name spells out, else what name and values say.

    A T1- or T2-weighted image has none, nor has a map whose values do not fit what its name says.
    """
    carried = volume.GetVoxelValueUnits()
    if carried is not None and carried.GetCodeValue():
        code = carried.GetCodeValue()
        return next((unit for unit, (ucum, _meaning) in UCUM.items() if ucum == code), code)
    name = volume.GetName().lower().replace("_", " ")
    if _isWeighted(name):
        return ""
    units = next((units for pattern, units in _QUANTITIES if re.search(rf"(?<![a-z0-9])({pattern})", name)), ())
    median = _medianOf(volume)
    fitting = [unit for unit, low, high in units if median is None or low <= median <= high]
    written = (unit for pattern, unit in _WRITTEN if re.search(rf"(?<![a-z0-9/^-])({pattern})(?![a-z0-9/])", name))
    unit = next(written, "") or next(iter(fitting), "")
    return unit if unit in fitting or unit not in {known for known, _low, _high in units} else ""


def _isWeighted(name: str) -> bool:
    """Return whether a name is that of a weighted image, which has the letters of a map and no unit."""
    isSequence = re.search(r"(?<![a-z0-9])t[12]", name) and re.search(_SEQUENCE, name) and "map" not in name
    return bool(isSequence or re.search(_WEIGHTED, name))


def _words(name: str) -> str:
    """Return a name as words in small letters."""
    return " ".join(re.split(r"[\s_.-]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))


def _kidneyRank(name: str, pattern: str, isCoded: bool) -> tuple[Any, ...] | None:
    """Return how well a segment stands for a kidney, less is better; None where it does not."""
    isOther = bool(re.search(_NO_KIDNEY, name))
    if isCoded or (re.search(pattern, name) and not isOther):
        return isOther, not isCoded, len(name.split())
    return None


def _partRank(name: str, pattern: str) -> tuple[Any, ...] | None:
    """Return how well a segment stands for a part of the kidneys, less is better; None where it does not."""
    if re.search(pattern, name) and not re.search(_NO_PART, name):
        return not re.search(_RENAL, name), len(name.split())
    return None


def _isCoded(segment: Any, side: str) -> bool:
    """Return whether the terminology says that a segment is the kidney of a side."""
    # Category, type and its modifier; a cyst has the kidney and its side further on, as its region.
    parts = (segment.GetTerminology() or "").split("~")
    return len(parts) > 3 and f"^{_KIDNEY_CODE}^" in parts[2] and f"^{_SIDE_CODES[side]}^" in parts[3]


def _best(ranks: dict[str, tuple[Any, ...] | None], mayTie: bool) -> str:
    """Return the first of the best ranked segments, none where they must not tie and do."""
    ranked = {identifier: rank for identifier, rank in ranks.items() if rank is not None}
    best = [identifier for identifier, rank in ranked.items() if rank == min(ranked.values())]
    return best[0] if best and (mayTie or len(best) == 1) else ""


def _medianOf(volume: Any) -> float | None:
    """Return the median of a volume's values that are there and not 0, None where it has none."""
    image = volume.GetImageData()
    scalars = image.GetPointData().GetScalars() if image is not None else None
    if scalars is None or scalars.GetNumberOfComponents() != 1:
        return None
    values = vtk_to_numpy(scalars)
    values = values[:: max(1, len(values) // _MOST_VALUES)]
    values = values[np.isfinite(values) & (values != 0)]
    return float(np.median(values)) if len(values) else None
