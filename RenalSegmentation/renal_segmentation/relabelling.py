"""From the labels of other programs to the table of structures: by name, and by RAS where names tell no side."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from renal_segmentation.errors import Notice
from renal_segmentation.labels import Side
from renal_segmentation.sides import named_side_doubts, split_sides
from renal_segmentation.structures import BY_KEY, PARENCHYMA, STRUCTURES, Structure, Tissue, structure_of
from renal_segmentation.volume import Grid, Volume, bounding_box, paste

_SIDE_WORDS = {**dict.fromkeys(("left", "l", "lt"), Side.LEFT), **dict.fromkeys(("right", "r", "rt"), Side.RIGHT)}
_ORGAN_WORDS = {"kidney", "kidneys", "renal", "ren", "nephro", "parenchyma"}
_JOINERS = {"and", "including", "plus", "with"}
_FILLERS = {"both", "of", "the", "whole"} | _JOINERS
_SIDED_ORGANS = {"lk": Side.LEFT, "rk": Side.RIGHT, "lkidney": Side.LEFT, "rkidney": Side.RIGHT}
_SHELL_WORDS: dict[str, Tissue] = {
    "cortex": "cortex",
    "cortical": "cortex",
    "medulla": "medulla",
    "medullary": "medulla",
    "pyramid": "medulla",
    "pyramids": "medulla",
}
_SINUS_WORDS = "sinus pelvis hilum hilus calyx calyces collecting system fat pelvicalyceal"
_TUMOUR_WORDS = "tumour tumours tumor tumors mass masses lesion lesions cancer neoplasm"
_PART_WORDS: dict[str, Tissue] = {
    **dict.fromkeys(_SINUS_WORDS.split(), "sinus"),
    **dict.fromkeys(("cyst", "cysts"), "cyst"),
    **dict.fromkeys(_TUMOUR_WORDS.split(), "tumour"),
}


@dataclass(frozen=True)
class Target:
    """What a foreign label becomes: a tissue, its side where the label tells it, and what else is in it."""

    tissue: Tissue
    side: Side | None = None
    also: tuple[Tissue, ...] = ()


def targets_of_names(names: Mapping[int, str]) -> dict[int, Target]:
    """Return what each label of a model stands for, told from the words of its name.

    Words that other organs have too (cyst, tumour, pelvis ...) count without the word kidney only in a model in
    which every label is a part of the kidney.

    Parameters
    ----------
    names : mapping of int to str
        Labels above 0 and their names, e.g. ``{1: "kidney_right", 2: "liver"}``.

    Returns
    -------
    dict of int to Target
        Without the labels that are no part of a kidney.
    """
    loose = {label: _target(name, of_kidney=True) for label, name in names.items()}
    only_kidney = all(loose.values()) and any(t and t.tissue in PARENCHYMA for t in loose.values())
    strict = loose if only_kidney else {label: _target(name, of_kidney=False) for label, name in names.items()}
    return {label: target for label, target in strict.items() if target is not None}


def _target(name: str, of_kidney: bool) -> Target | None:
    """Return what one name stands for, or None if a word in it is of something else."""
    plain = re.sub(r"([a-z])([A-Z])", r"\1 \2", re.sub(r"[+&]", " and ", name)).lower()
    words = [word for word in re.split(r"[^a-z]+", plain) if word]
    sides = {_SIDE_WORDS.get(word) or _SIDED_ORGANS.get(word) for word in words if _tells_side(word)}
    side = sides.pop() if len(sides) == 1 else None
    rest = [word for word in words if word not in _SIDE_WORDS and word not in _FILLERS]
    organ = any(word in _ORGAN_WORDS or word in _SIDED_ORGANS for word in rest)
    known = _ORGAN_WORDS | set(_SIDED_ORGANS) | set(_SHELL_WORDS) | set(_PART_WORDS)
    if not rest or not known.issuperset(rest) or not (organ or of_kidney):
        return None
    tissues = _joined_tissues(words)
    shells = [tissue for tissue in tissues if tissue in PARENCHYMA]
    tissue = "kidney" if len(shells) > 1 else (*shells, *tissues)[0]
    lesions = tuple(other for other in tissues if other not in PARENCHYMA)
    return Target(tissue, side, lesions if shells else ())


def _joined_tissues(words: list[str]) -> tuple[Tissue, ...]:
    """Return what the parts of a name stand for that words such as "and" join, each tissue once."""
    pieces: list[list[str]] = [[]]
    for word in words:
        if word in _JOINERS:
            pieces.append([])
        elif word not in _SIDE_WORDS and word not in _FILLERS:
            pieces[-1].append(word)
    return tuple(dict.fromkeys(_tissue(piece) for piece in pieces if piece))


def _tissue(words: list[str]) -> Tissue:
    """Return the most particular tissue that words name together, as "kidney cyst" is a cyst."""
    named = [table[word] for table in (_PART_WORDS, _SHELL_WORDS) for word in words if word in table]
    return named[0] if named else "kidney"


def _tells_side(word: str) -> bool:
    return word in _SIDE_WORDS or word in _SIDED_ORGANS


def to_structures(labels: Volume, targets: Mapping[int, Target]) -> tuple[Volume, tuple[Notice, ...]]:
    """Return a mask with the label values of the table of structures.

    Parameters
    ----------
    labels : Volume
        Integer labels of another program, shape (I, J, K).
    targets : mapping of int to Target
        What each label becomes; the others become background.

    Returns
    -------
    mask : Volume
        uint8, same grid. Parenchyma without a side is split by RAS coordinates; other tissue without a side goes to
        the side of the nearest parenchyma.
    notices : tuple of Notice
        What was assumed about sides, and which labels hold more than the kidney.
    """
    wanted = np.isin(labels.array, list(targets))
    if not wanted.any():
        return labels.like(np.zeros(labels.array.shape, np.uint8)), ()
    near = labels.crop(bounding_box(wanted, 1))
    mask = np.zeros(near.array.shape, np.uint8)
    side, notices = _side_map(near, targets, labels.grid)
    for label, target in targets.items():
        here = near.array == label
        for one in Side if target.side is None else (target.side,):
            inside = here if target.side is not None else here & (side == one)
            mask[inside] = structure_of(target.tissue, one).value
        if target.also and here.any():
            notices += (_together_notice(label, target),)
    return labels.like(paste(near.like(mask), labels.grid)), notices


def _together_notice(label: int, target: Target) -> Notice:
    held = " and ".join((target.tissue, *target.also))
    message = f"Label {label} holds {held} in one: all of it counts as {target.tissue}, so volumes may be too large."
    return Notice("label-of-several", message)


def structure_side_doubts(mask: Volume, least_mm: float = 0.0) -> tuple[Notice, ...]:
    """Return what speaks against the sides of a mask whose labels are those of the table of structures.

    Masks of other programs give their labels other meanings, such as 1 for both kidneys and 2 for tumours.

    Parameters
    ----------
    mask : Volume
        Labels of the table.
    least_mm : float
        See `renal_segmentation.sides.named_side_doubts`.
    """
    painted = mask.array != 0
    if not painted.any():
        return ()
    return named_side_doubts(sides_of(mask.crop(bounding_box(painted))), least_mm)


def sides_of(mask: Volume, tissues: Collection[Tissue] | None = None) -> Volume:
    """Return the side map of a mask whose labels are those of the table of structures.

    Parameters
    ----------
    mask : Volume
        Labels of the table.
    tissues : collection of str, optional
        Which tissues are told; all of them by default.
    """
    side = np.zeros(mask.array.shape, np.uint8)
    told = [structure for structure in STRUCTURES if tissues is None or structure.tissue in tissues]
    for one in Side:
        side[np.isin(mask.array, [structure.value for structure in told if structure.side is one])] = one
    return mask.like(side)


def structure_keys(targets: Mapping[int, Target]) -> tuple[str, ...]:
    """Return the keys of the structures that targets lead to, by label; those without a side become both."""
    found = {
        structure_of(target.tissue, side)
        for target in targets.values()
        for side in (Side if target.side is None else (target.side,))
    }
    return tuple(structure.key for structure in sorted(found, key=lambda structure: structure.value))


def from_keys(keys: Mapping[int, str]) -> dict[int, Target]:
    """Return targets for labels named as in the table (``left-cortex``) or by meaning (``left``, ``kidney``).

    Raises
    ------
    KeyError
        If a name is neither.
    """
    return {label: target for label, key in keys.items() if (target := _KEYS[key]) is not None}


def _of(structure: Structure) -> Target:
    return Target(structure.tissue, structure.side)


_KEYS: dict[str, Target | None] = {
    **{key: _of(structure) for key, structure in BY_KEY.items()},
    **{tissue: Target(tissue) for tissue in ("kidney", "cortex", "medulla", "sinus", "cyst")},
    "left": Target("kidney", Side.LEFT),
    "right": Target("kidney", Side.RIGHT),
    "pelvis": Target("sinus"),
    "ignore": None,
}
LABEL_KEYS = tuple(_KEYS)
"""What a label can be called on the command line."""


def _side_map(
    near: Volume, targets: Mapping[int, Target], grid: Grid
) -> tuple[npt.NDArray[np.uint8], tuple[Notice, ...]]:
    """Return the side of every voxel whose label does not tell it, 0 where there is none to tell."""
    side = np.zeros(near.array.shape, np.uint8)
    unsided = [label for label, target in targets.items() if target.side is None]
    for label, target in targets.items():
        if target.side is not None and target.tissue in PARENCHYMA:
            side[near.array == label] = target.side
    middle = float(grid.to_ras([(np.array(grid.shape) - 1) / 2])[0, 0])
    parenchyma = np.isin(near.array, [label for label in unsided if targets[label].tissue in PARENCHYMA])
    notices: tuple[Notice, ...] = ()
    if parenchyma.any():
        found, notices = split_sides(near.like(parenchyma), middle)
        side[parenchyma] = found[parenchyma]
    others = np.isin(near.array, [label for label in unsided if targets[label].tissue not in PARENCHYMA])
    if not others.any():
        return side, notices
    if side.any():
        nearest = ndimage.distance_transform_edt(side == 0, near.grid.spacing, False, True)
        side[others] = side[tuple(axis[others] for axis in nearest)]
    else:
        x = near.grid.to_ras(np.argwhere(others))[:, 0]
        side[others] = np.where(x < middle, Side.LEFT, Side.RIGHT)
    return side, notices
