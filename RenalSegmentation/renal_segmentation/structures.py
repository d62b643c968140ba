"""The one table of structures: label values, names, codes and colours of every mask that this project writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from renal_segmentation.labels import SIDE_NAMES, Side

Tissue = Literal["kidney", "cortex", "medulla", "sinus", "cyst", "tumour"]
Colour = tuple[int, int, int]

PARENCHYMA: tuple[Tissue, ...] = ("kidney", "cortex", "medulla")
"""Tissues that count into total kidney volume; sinus, cysts and tumours do not."""


@dataclass(frozen=True)
class Code:
    """One entry of a coding scheme, as DICOM and Slicer write it.

    Attributes
    ----------
    scheme : str
        Coding scheme designator of DICOM PS3.16: SCT (SNOMED CT) or UBERON.
    value, meaning : str
        Code and its meaning.
    """

    scheme: str
    value: str
    meaning: str

    def __str__(self) -> str:
        """Return the code as in Slicer's terminology entries."""
        return f"{self.scheme}^{self.value}^{self.meaning}"


ANATOMY = Code("SCT", "123037004", "Anatomical Structure")
ALTERED = Code("SCT", "49755003", "Morphologically Altered Structure")
KIDNEY = Code("SCT", "64033007", "Kidney")
SIDE_CODES = {Side.LEFT: Code("SCT", "7771000", "Left"), Side.RIGHT: Code("SCT", "24028007", "Right")}

_CODES: dict[Tissue, Code] = {
    "kidney": KIDNEY,
    "cortex": Code("SCT", "50403003", "Cortex of kidney"),
    "medulla": Code("UBERON", "0000362", "Renal medulla"),
    "sinus": Code("SCT", "25990002", "Renal pelvis"),
    "cyst": Code("SCT", "367643001", "Cyst"),
    "tumour": Code("SCT", "108369006", "Neoplasm"),
}
_COLOURS: dict[Tissue, Colour] = {
    "kidney": (212, 126, 151),
    "cortex": (224, 130, 96),
    "medulla": (150, 60, 98),
    "sinus": (240, 206, 90),
    "cyst": (205, 205, 100),
    "tumour": (144, 238, 144),
}
_MEANINGS: dict[Tissue, str] = {"sinus": "pelvis", "cyst": "cyst", "tumour": "ignore"}
_LISTS = ("Segmentation category and type - DICOM master list", "Anatomic codes - DICOM master list")


@dataclass(frozen=True)
class Structure:
    """What one label of a mask stands for.

    Attributes
    ----------
    value : int
        Label in the mask.
    name : str
        For a person, e.g. ``left cortex``.
    tissue : str
        One of `Tissue`.
    side : Side or None
        None where the table does not tell sides apart.
    code : Code
        Of the tissue; the side is a modifier.
    colour : tuple of int
        Red, green, blue, 0 to 255; left and right share it, as in Slicer.
    """

    value: int
    name: str
    tissue: Tissue
    side: Side | None
    code: Code
    colour: Colour

    @property
    def key(self) -> str:
        """The name for options and columns, e.g. ``left-cortex``."""
        return self.name.replace(" ", "-")

    @property
    def meaning(self) -> str:
        """What the label means to `renal_segmentation.labels`, one of its ``MEANINGS``."""
        if self.tissue in PARENCHYMA and self.side is not None:
            return SIDE_NAMES[self.side]
        return _MEANINGS[self.tissue]

    @property
    def category(self) -> Code:
        """The segmented property category of DICOM."""
        return ALTERED if self.tissue in ("cyst", "tumour") else ANATOMY

    @property
    def terminology(self) -> str:
        """The terminology entry as Slicer stores it in a segment's tag.

        A lesion has the kidney and its side as its anatomic region, an anatomical structure has its side as modifier.
        """
        side = str(SIDE_CODES[self.side]) if self.side is not None else "^^"
        if self.category is ALTERED:
            return f"{_LISTS[0]}~{ALTERED}~{self.code}~^^~{_LISTS[1]}~{KIDNEY}~{side}"
        return f"{_LISTS[0]}~{ANATOMY}~{self.code}~{side}~{_LISTS[1]}~^^~^^"


def _structure(value: int, tissue: Tissue, side: Side | None = None) -> Structure:
    name = tissue if side is None else f"{SIDE_NAMES[side]} {tissue}"
    return Structure(value, name, tissue, side, _CODES[tissue], _COLOURS[tissue])


STRUCTURES: tuple[Structure, ...] = (
    _structure(1, "kidney", Side.LEFT),
    _structure(2, "kidney", Side.RIGHT),
    _structure(3, "cyst", Side.LEFT),
    _structure(4, "cyst", Side.RIGHT),
    _structure(5, "sinus", Side.LEFT),
    _structure(6, "sinus", Side.RIGHT),
    _structure(7, "tumour"),
    _structure(11, "cortex", Side.LEFT),
    _structure(12, "cortex", Side.RIGHT),
    _structure(13, "medulla", Side.LEFT),
    _structure(14, "medulla", Side.RIGHT),
)
"""Every structure by label. A model gives a subset; ``kidney`` is parenchyma that it cannot tell further apart."""

BY_VALUE = {structure.value: structure for structure in STRUCTURES}
BY_KEY = {structure.key: structure for structure in STRUCTURES}


def structure_of(tissue: Tissue, side: Side | None) -> Structure:
    """Return the structure of a tissue on a side; a tumour is the same on both.

    Raises
    ------
    ValueError
        If the tissue needs a side and none is given.
    """
    if tissue == "tumour":
        return BY_KEY["tumour"]
    if side is None:
        raise ValueError(f"{tissue} needs a side")
    return BY_KEY[f"{SIDE_NAMES[side]}-{tissue}"]


def structure_labels(values: Iterable[int] = tuple(BY_VALUE)) -> dict[int, str]:
    """Return labels and meanings for `renal_segmentation.labels.read_parts`, e.g. ``{1: "left"}``.

    Parameters
    ----------
    values : iterable of int
        Label values of the table, all of them by default.
    """
    return {value: BY_VALUE[value].meaning for value in values}
