"""What each label of a mask is in Slicer: segment, name, code and colour."""

from __future__ import annotations

from dataclasses import dataclass, replace

from renal_segmentation.labels import Side
from renal_segmentation.structures import Structure, Tissue, structure_of


@dataclass(frozen=True)
class SegmentKind:
    """One segment of a result.

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


def _kind(name: str, structure: Structure, *parts: Structure) -> SegmentKind:
    """Return the segment of a structure, made up of it and of further ones."""
    red, green, blue = (part / 255 for part in structure.colour)
    values = tuple(part.value for part in (structure, *parts))
    return SegmentKind(values, name, structure.terminology, (red, green, blue))


def _kidney(side: Side, name: str) -> SegmentKind:
    parts: tuple[Tissue, ...] = ("cortex", "medulla")
    return _kind(name, structure_of("kidney", side), *(structure_of(part, side) for part in parts))


def _bothSides(name: str, tissue: Tissue) -> SegmentKind:
    left, right = structure_of(tissue, Side.LEFT), structure_of(tissue, Side.RIGHT)
    both = _kind(name, left, right)
    return replace(both, terminology=replace(left, side=None).terminology)


LEFT_KIDNEY, RIGHT_KIDNEY = _kidney(Side.LEFT, "Left kidney"), _kidney(Side.RIGHT, "Right kidney")
CORTEX, MEDULLA = _bothSides("Cortex", "cortex"), _bothSides("Medulla", "medulla")
SINUS = _bothSides("Renal sinus", "sinus")

SEGMENT_KINDS = (
    LEFT_KIDNEY,
    RIGHT_KIDNEY,
    _kind("Left cyst", structure_of("cyst", Side.LEFT)),
    _kind("Right cyst", structure_of("cyst", Side.RIGHT)),
    SINUS,
    _kind("Tumour", structure_of("tumour", None)),
    CORTEX,
    MEDULLA,
)
"""Every segment that a model may give."""
