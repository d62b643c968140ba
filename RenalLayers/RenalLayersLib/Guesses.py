"""What the panel fills in by itself: which segment is what, and in which unit a map comes."""

from __future__ import annotations

import re
from typing import Any

from RenalLayersLib.Volumes import UCUM

_KIDNEY_CODE = "64033007"
_SIDE_CODES = {"leftSegment": "7771000", "rightSegment": "24028007"}
_NAMES = {
    "leftSegment": r"\bleft\b.*kidney|kidney.*\bleft\b|^l(eft)?[ _-]?k(idney)?$|^left$",
    "rightSegment": r"\bright\b.*kidney|kidney.*\bright\b|^r(ight)?[ _-]?k(idney)?$|^right$",
    "cortexSegment": r"\bcort(ex|ical)\b",
    "medullaSegment": r"\bmedulla",
    "pelvisSegment": r"\bpelvis\b|\bsinus\b|pyelum|collecting",
}
_UNITS = (
    (r"r2\*?|r2[ _-]?star|r1", "Hz"),
    (r"t1|t2\*?|t2[ _-]?star|t1rho", "ms"),
    (r"adc|diffusivity|\bmd\b", "mm2/s"),
    (r"mtr|fa\b|\bff\b|fraction", "%"),
    (r"perfusion|rbf|\basl\b", "ml/100g/min"),
    (r"stiffness|shear modulus|young", "kPa"),
    (r"shear[ _-]?wave|sws|\bspeed\b|velocity", "m/s"),
    (r"\bct\b|hounsfield", "HU"),
)
# A weighted image has the letters of a map in its name, and no unit.
_WEIGHTED = r"weighted|(?<![a-z0-9])(t1|t2\*?|pd)w"


def guessSegments(node: Any) -> dict[str, str]:
    """Return the likely segment IDs of a segmentation by parameter name; one only segment stands for both kidneys.

    Codes of the terminology count more than names.
    """
    segmentation = node.GetSegmentation()
    identifiers = [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
    found = dict.fromkeys(_NAMES, "")
    for identifier in reversed(identifiers):
        segment = segmentation.GetSegment(identifier)
        name = segment.GetName().lower().replace("_", " ")
        for parameter, pattern in _NAMES.items():
            if re.search(pattern, name):
                found[parameter] = identifier
    for identifier in identifiers:
        # Category, type and its modifier; a cyst has the kidney and its side further on, as its region.
        parts = (segmentation.GetSegment(identifier).GetTerminology() or "").split("~")
        for parameter, code in _SIDE_CODES.items():
            if len(parts) > 3 and f"^{_KIDNEY_CODE}^" in parts[2] and f"^{code}^" in parts[3]:
                found[parameter] = identifier
    if not (found["leftSegment"] or found["rightSegment"]):
        others = set(found.values())
        candidates = [identifier for identifier in identifiers if identifier not in others]
        if len(candidates) == 1:
            found["leftSegment"] = found["rightSegment"] = candidates[0]
    return found


def guessUnit(volume: Any) -> str:
    """Return the unit of a map: the one its volume carries, else the usual one of what its name says.

    A T1- or T2-weighted image has none.
    """
    carried = volume.GetVoxelValueUnits()
    if carried is not None and carried.GetCodeValue():
        code = carried.GetCodeValue()
        return next((unit for unit, (ucum, _meaning) in UCUM.items() if ucum == code), code)
    name = volume.GetName().lower().replace("_", " ")
    if re.search(_WEIGHTED, name):
        return ""
    return next((unit for pattern, unit in _UNITS if re.search(rf"(?<![a-z0-9])({pattern})", name)), "")
