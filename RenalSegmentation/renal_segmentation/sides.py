"""Left and right kidney from RAS coordinates, never from array indices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from renal_segmentation.errors import Notice
from renal_segmentation.labels import SIDE_NAMES, Side
from renal_segmentation.volume import Volume, bounding_box

FRAGMENT_SHARE = 0.1
"""A part smaller than this share of the largest one is a fragment of the nearest kidney, not a kidney."""
ISTHMUS_SHARE = 0.5
"""A joined mask is cut where its cross-section falls below this share of the smaller lobe's largest one."""
ISTHMUS_EVENNESS = 1.25
"""The cut is the middle of the stretch whose cross-section is within this factor of the narrowest."""
LOBE_SHARE = 0.2
"""Each lobe of a joined mask holds at least this share of its volume."""
FAR_MM = 25.0
"""Two large parts with this much room between them, from left to right, are on both sides of the spine."""

LEAST_STRAY_VOXELS, LEAST_STRAY_ML = 3, 0.1
"""Further parts are told from here on: less is a slip of the brush and a thousandth of a kidney."""


@dataclass(frozen=True)
class _Part:
    """One connected part: its label, voxel count and RAS extent along x (patient right is positive)."""

    label: int
    voxels: int
    centre: npt.NDArray[np.float64]
    low_x: float
    high_x: float


def split_sides(kidney: Volume, midline_x: float = 0.0) -> tuple[npt.NDArray[np.uint8], tuple[Notice, ...]]:
    """Tell left from right kidney voxels.

    Parameters
    ----------
    kidney : Volume
        True (non-zero) inside any kidney, shape (I, J, K).
    midline_x : float
        Where the body's midline is taken to be when the mask itself cannot tell, RAS x in mm; the
        middle of the field of view is the usual choice.

    Returns
    -------
    side : ndarray of uint8, shape (I, J, K)
        `Side.LEFT`, `Side.RIGHT`, 0 outside.
    notices : tuple of Notice
        One kidney, three or more kidneys, joined kidneys and ambiguous positions are stated.
    """
    inside = kidney.array.astype(bool)
    parts_of, _ = ndimage.label(inside, np.ones((3, 3, 3)))
    parts = _measure(parts_of, kidney)
    largest = max(part.voxels for part in parts)
    kidneys = [part for part in parts if part.voxels >= FRAGMENT_SHARE * largest]
    if len(kidneys) == 1:
        cut = _isthmus(parts_of == kidneys[0].label, kidney)
        if cut is not None:
            side = np.where(_x_of(kidney) < cut, Side.LEFT, Side.RIGHT) * inside
            return side.astype(np.uint8), (_joined_notice(cut),)
    notices = _assign(kidneys, midline_x, lookup := np.zeros(len(parts) + 1, np.uint8))
    for part in parts:
        if part not in kidneys:
            nearest = min(kidneys, key=lambda k: float(np.linalg.norm(k.centre - part.centre)))
            lookup[part.label] = lookup[nearest.label]
    return lookup[parts_of], notices


def far_apart(inside: Volume) -> bool:
    """Tell whether a mask has large parts on both sides of the body: room between them along RAS x.

    Parameters
    ----------
    inside : Volume
        True (non-zero) inside.
    """
    near = inside.crop(bounding_box(inside.array != 0))
    parts = _measure(ndimage.label(near.array, np.ones((3, 3, 3)))[0], near)
    largest = max(part.voxels for part in parts)
    large = sorted((part for part in parts if part.voxels >= LOBE_SHARE * largest), key=lambda part: part.low_x)
    reached = large[0].high_x
    for part in large[1:]:
        if part.low_x - reached >= FAR_MM:
            return True
        reached = max(reached, part.high_x)
    return False


def named_side_doubts(side: Volume, least_mm: float = 0.0) -> tuple[Notice, ...]:
    """Return what speaks against the sides that the labels of a mask name, where patient right has the larger x.

    Parameters
    ----------
    side : Volume
        `Side.LEFT`, `Side.RIGHT`, 0 outside.
    least_mm : float
        How far left must lie to the right of right to be told.
    """
    here = [one for one in Side if (side.array == one).any()]
    x = {one: side.grid.to_ras(np.argwhere(side.array == one))[:, 0].mean() for one in here}
    doubts = []
    if len(x) == 2 and x[Side.LEFT] - x[Side.RIGHT] > least_mm:
        doubts.append(
            Notice(
                "sides-contradict-ras",
                "The kidney labelled left lies to the patient's right of the one labelled right: check which "
                "label is which and the orientation of the mask.",
            )
        )
    doubts += [
        Notice(
            "side-on-both-sides",
            f"What is labelled {SIDE_NAMES[one]} kidney has large parts on both sides of the body: check what the "
            "labels stand for.",
        )
        for one in here
        if far_apart(side.like(side.array == one))
    ]
    return tuple(doubts)


def stray_part_notices(side: Volume, cyst: npt.NDArray[np.bool_]) -> tuple[Notice, ...]:
    """Return a notice for each side whose kidney has further parts apart from it: they are measured as kidney, too.

    Parameters
    ----------
    side : Volume
        `Side.LEFT`, `Side.RIGHT`, 0 outside.
    cyst : ndarray of bool, same shape
        What may join parts of a kidney.
    """
    parts_of, count = ndimage.label((side.array > 0) | cyst, np.ones((3, 3, 3)))
    voxels = {one: np.bincount(parts_of[side.array == one], minlength=count + 1) for one in Side}
    kidneys = [int(of_part.argmax()) for of_part in voxels.values() if of_part.any()]
    notices = []
    for one, of_part in voxels.items():
        of_part[kidneys] = 0
        stray = of_part[of_part > 0]
        ml = float(stray.sum() * side.grid.voxel_ml)
        if ml >= LEAST_STRAY_ML and stray.sum() >= LEAST_STRAY_VOXELS:
            notices.append(
                Notice(
                    "stray-parts",
                    f"The {SIDE_NAMES[one]} kidney has {len(stray)} further part{'s' * (len(stray) > 1)} apart from it "
                    f"({ml:.1f} ml), measured as kidney with a surface of {'their' if len(stray) > 1 else 'its'} own: "
                    "remove what is no kidney.",
                )
            )
    return tuple(notices)


def _measure(parts_of: npt.NDArray[np.int32], kidney: Volume) -> list[_Part]:
    """Return every connected part with its position."""
    parts = []
    for label, box in enumerate(ndimage.find_objects(parts_of), 1):
        index = np.argwhere(parts_of[box] == label) + [s.start for s in box]
        x = index @ kidney.affine[0, :3] + kidney.affine[0, 3]
        centre = kidney.grid.to_ras([index.mean(0)])[0]
        parts.append(_Part(label, len(index), centre, float(x.min()), float(x.max())))
    return parts


def _assign(kidneys: list[_Part], field_middle: float, lookup: npt.NDArray[np.uint8]) -> tuple[Notice, ...]:
    """Write the side of each kidney into `lookup` at its label and return what is uncertain about it."""
    ordered = sorted(kidneys, key=lambda k: float(k.centre[0]))
    first, last = ordered[0], ordered[-1]
    middle = field_middle if len(kidneys) == 1 else float(first.centre[0] + last.centre[0]) / 2
    for part in ordered:
        lookup[part.label] = Side.LEFT if part.centre[0] < middle else Side.RIGHT
    if len(kidneys) == 1:
        return (_single_notice(first, middle),)
    lookup[first.label], lookup[last.label] = Side.LEFT, Side.RIGHT
    if len(kidneys) > 2:
        return (
            Notice(
                "several-kidneys",
                f"The mask holds {len(kidneys)} kidneys (a transplant?); each was given the side of the midline "
                f"(x = {middle:.0f} mm) it lies on: check, or name them with --labels.",
            ),
        )
    if first.high_x < last.low_x:
        return ()
    return (
        Notice(
            "sides-ambiguous",
            "The two parts of the mask do not lie side by side; the one nearer the patient's right was called "
            "right: check, or name them with --labels.",
        ),
    )


def _single_notice(part: _Part, middle: float) -> Notice:
    side = "left" if part.centre[0] < middle else "right"
    if part.low_x < middle < part.high_x:
        return Notice(
            "side-ambiguous",
            f"The only kidney of the mask lies across the middle of the image and was called {side}: "
            f"check, or name it with --labels 1={side}.",
        )
    return Notice(
        "one-kidney",
        f"The mask holds one kidney, called {side} from its position in the image: check the side.",
    )


def _isthmus(joined: npt.NDArray[np.bool_], kidney: Volume) -> float | None:
    """Return the RAS x at which two joined kidneys meet, or None for one kidney.

    Two lobes show as two peaks in the cross-section along x with a valley between them.
    """
    x = _x_of(kidney)[joined]
    step = float(np.abs(kidney.affine[0, :3]).max())
    bins = round(float(np.ptp(x)) / step) + 1
    area, edges = np.histogram(x, bins, range=(x.min() - step / 2, x.max() + step / 2))
    smooth = ndimage.gaussian_filter1d(area.astype(float), max(len(area) / 40, 0.5), mode="constant")
    volume = np.cumsum(smooth) / smooth.sum()
    inner = np.flatnonzero((volume > LOBE_SHARE) & (volume < 1 - LOBE_SHARE))
    if not len(inner):
        return None
    valley = inner[np.argmin(smooth[inner])]
    if smooth[valley] > ISTHMUS_SHARE * min(smooth[:valley].max(initial=0), smooth[valley:].max()):
        return None
    above = np.flatnonzero(smooth > ISTHMUS_EVENNESS * smooth[valley])
    first, last = above[above < valley].max(), above[above > valley].min()
    return float((edges[first + 1] + edges[last]) / 2)


def _joined_notice(cut: float) -> Notice:
    return Notice(
        "joined-kidneys",
        f"Both kidneys are joined in the mask (a horseshoe kidney?); they were split at x = {cut:.0f} mm: "
        "check, or name them with --labels.",
    )


def _x_of(kidney: Volume) -> npt.NDArray[np.float64]:
    """Return the RAS x of every voxel, shape (I, J, K)."""
    i, j, k = (np.arange(n) * a for n, a in zip(kidney.array.shape, kidney.affine[0, :3], strict=True))
    return np.asarray(i[:, None, None] + j[None, :, None] + k[None, None, :] + kidney.affine[0, 3])
