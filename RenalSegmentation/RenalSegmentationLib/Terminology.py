"""What each label of a mask is in Slicer: segment, name, code and colour."""

from __future__ import annotations

from dataclasses import dataclass

_GENERAL = "Segmentation category and type - 3D Slicer General Anatomy list"
_MASTER = "Segmentation category and type - DICOM master list"
_REGION = "Anatomic codes - DICOM master list"
_ANATOMY = "SCT^123037004^Anatomical Structure"
_ABNORMAL = "SCT^49755003^Morphologically Altered Structure"
_KIDNEY = "SCT^64033007^Kidney"
_LEFT, _RIGHT = "SCT^7771000^Left", "SCT^24028007^Right"


@dataclass(frozen=True)
class Structure:
    """One segment.

    Attributes
    ----------
    values : tuple of int
        Labels of the network's mask that make it up. A kidney holds its cortex and medulla; those of both sides
        are one segment, and so is the sinus, for so RenalLayers takes them.
    name : str
        What a person reads; the ID of the segment is the name with hyphens.
    terminology : str
        As Slicer serialises it.
    color : tuple of float
        Red, green, blue, 0 to 1.
    """

    values: tuple[int, ...]
    name: str
    terminology: str
    color: tuple[float, float, float]

    @property
    def segmentId(self) -> str:
        """ID of the segment."""
        return self.name.replace(" ", "-")


def _anatomy(values: tuple[int, ...], name: str, code: str, side: str, rgb: tuple[int, int, int]) -> Structure:
    """Return an anatomical structure."""
    context = _GENERAL if code == _KIDNEY else _MASTER
    terminology = f"{context}~{_ANATOMY}~{code}~{side or '^^'}~{_REGION}~^^~^^"
    return Structure(values, name, terminology, (rgb[0] / 255, rgb[1] / 255, rgb[2] / 255))


def _lesion(value: int, name: str, code: str, side: str, rgb: tuple[int, int, int]) -> Structure:
    """Return something abnormal in a kidney."""
    terminology = f"{_MASTER}~{_ABNORMAL}~{code}~^^~{_REGION}~{_KIDNEY}~{side or '^^'}"
    return Structure((value,), name, terminology, (rgb[0] / 255, rgb[1] / 255, rgb[2] / 255))


LEFT_KIDNEY = _anatomy((1, 11, 13), "Left kidney", _KIDNEY, _LEFT, (212, 126, 151))
RIGHT_KIDNEY = _anatomy((2, 12, 14), "Right kidney", _KIDNEY, _RIGHT, (212, 126, 151))
CORTEX = _anatomy((11, 12), "Cortex", "SCT^50403003^Cortex of kidney", "", (221, 160, 103))
MEDULLA = _anatomy((13, 14), "Medulla", "SCT^30737000^Medulla of kidney", "", (150, 70, 70))
SINUS = _anatomy((5, 6), "Renal sinus", "SCT^25990002^Renal pelvis", "", (240, 206, 90))

STRUCTURES = (
    LEFT_KIDNEY,
    RIGHT_KIDNEY,
    _lesion(3, "Left cyst", "SCT^367643001^Cyst", _LEFT, (205, 205, 100)),
    _lesion(4, "Right cyst", "SCT^367643001^Cyst", _RIGHT, (205, 205, 100)),
    SINUS,
    _lesion(7, "Tumour", "SCT^108369006^Neoplasm", "", (144, 238, 144)),
    CORTEX,
    MEDULLA,
)
"""Every segment that a model may give."""
