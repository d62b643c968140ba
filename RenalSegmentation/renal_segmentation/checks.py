"""Automatic checks of a kidney mask, each with a light and its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from renal_segmentation.correction import TOUCHING, holes_of
from renal_segmentation.labels import SIDE_NAMES, Side
from renal_segmentation.volume import Volume, bounding_box


class Light(Enum):
    """How a check came out."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes
    ----------
    code : str
        Short, stable, machine-readable name.
    light : Light
        Green where nothing is wrong, amber where a person should look, red where the mask is hardly right.
    reason : str
        One sentence for a person, with the numbers.
    """

    code: str
    light: Light
    reason: str


@dataclass(frozen=True)
class Limits:
    """What counts as usual.

    Attributes
    ----------
    usual_ml : tuple of float
        Volume of one adult kidney. The default is the mean less three standard deviations of women to the mean plus
        three of men in MRI of healthy adults: 154 (SD 33) and 202 (SD 36) ml (Cheong et al., Clin J Am Soc Nephrol
        2007;2:38-45).
    possible_ml : tuple of float
        Beyond it the mask is hardly one kidney.
    difference, large_difference : float
        Difference of left and right as a share of their mean: where to look, and where it is hardly right.
    fragment : float
        A further part above this share of its kidney is more than a speck.
    hole_ml : float
        Holes of one kidney that together are smaller pass.
    confidence, low_confidence : float
        Dice with the truth that is expected of the outline of a kidney, 0 to 1.
    """

    usual_ml: tuple[float, float] = (55.0, 310.0)
    possible_ml: tuple[float, float] = (20.0, 2000.0)
    difference: float = 0.3
    large_difference: float = 0.6
    fragment: float = 0.1
    hole_ml: float = 0.1
    confidence: float = 0.85
    low_confidence: float = 0.7


_USUAL = Limits()


def check_mask(
    side: Volume,
    confidence: Mapping[str, float] | None = None,
    limits: Limits = _USUAL,
    occupied: npt.NDArray[np.bool_] | None = None,
) -> tuple[Check, ...]:
    """Return the checks of a mask, always the same ones in the same order.

    Parameters
    ----------
    side : Volume
        Side map on the whole grid of the image: 1 left, 2 right kidney; shape (I, J, K).
    confidence : mapping of str to float, optional
        Dice that the network expects of each outline, by ``left`` and ``right``.
    limits : Limits
        What counts as usual.
    occupied : ndarray of bool, shape (I, J, K), optional
        Voxels that belong to something else, such as the sinus or a cyst: they are no holes.
    """
    painted = side.array > 0
    box = bounding_box(painted) if painted.any() else (slice(0, 1),) * 3
    near = side.crop(box)
    there = [value for value in Side if (near.array == value).any()]
    volumes = {value: float((near.array == value).sum() * side.grid.voxel_ml) for value in there}
    return (
        _volume(volumes, limits),
        _difference(volumes, limits),
        _islands(near, there, limits),
        _border(side, there),
        _holes(near, there, limits, occupied[box] if occupied is not None else None),
        _position(near, there, float(side.grid.to_ras([(np.array(side.array.shape) - 1) / 2])[0, 0])),
        _confidence(confidence or {}, there, limits),
    )


def worst(checks: tuple[Check, ...]) -> Light:
    """Return the worst light; what is not known counts as green."""
    lights = {check.light for check in checks}
    return next((light for light in (Light.RED, Light.AMBER) if light in lights), Light.GREEN)


def _volume(volumes: Mapping[Side, float], limits: Limits) -> Check:
    if not volumes:
        return Check("volume", Light.RED, "The mask holds no kidney.")
    listed = " and ".join(f"{SIDE_NAMES[side]} {ml:.0f} ml" for side, ml in volumes.items())
    light = max((_volume_light(ml, limits) for ml in volumes.values()), key=_RANK.index)
    usual = f"{limits.usual_ml[0]:.0f} to {limits.usual_ml[1]:.0f} ml"
    words = {
        Light.GREEN: f"The volume is usual for an adult: {listed}.",
        Light.AMBER: f"The volume is unusual for an adult: {listed}, and one kidney usually has {usual}.",
        Light.RED: f"The volume is hardly that of a kidney: {listed}, and one kidney usually has {usual}.",
    }
    return Check("volume", light, words[light])


_RANK = (Light.GREEN, Light.AMBER, Light.RED)


def _volume_light(ml: float, limits: Limits) -> Light:
    if limits.usual_ml[0] <= ml <= limits.usual_ml[1]:
        return Light.GREEN
    return Light.AMBER if limits.possible_ml[0] <= ml <= limits.possible_ml[1] else Light.RED


def _difference(volumes: Mapping[Side, float], limits: Limits) -> Check:
    if len(volumes) < 2:
        missing = [SIDE_NAMES[side] for side in Side if side not in volumes]
        return Check("difference", Light.AMBER, f"There is no {' and no '.join(missing)} kidney: is that so?")
    left, right = volumes[Side.LEFT], volumes[Side.RIGHT]
    share = abs(left - right) / ((left + right) / 2)
    sentence = f"Left and right kidney differ by {share:.0%} of their mean volume."
    if share <= limits.difference:
        return Check("difference", Light.GREEN, sentence)
    return Check("difference", Light.AMBER if share <= limits.large_difference else Light.RED, sentence)


def _islands(side: Volume, there: list[Side], limits: Limits) -> Check:
    words, light = [], Light.GREEN
    for value in there:
        parts, count = ndimage.label(side.array == value, TOUCHING)
        if count == 1:
            continue
        sizes = np.sort(np.bincount(parts.ravel())[1:])[::-1]
        second = float(sizes[1] * side.grid.voxel_ml)
        words.append(f"the {SIDE_NAMES[value]} kidney has {count} parts, the second of {second:.2f} ml")
        large = sizes[1] > limits.fragment * sizes[0]
        light = Light.RED if large or light == Light.RED else Light.AMBER
    return Check("islands", light, _sentence(words) if words else "Each kidney is in one piece.")


def _border(side: Volume, there: list[Side]) -> Check:
    def touches(value: Side) -> bool:
        ends = (np.take(side.array, index, axis) for axis in range(3) for index in (0, -1))
        return any((end == value).any() for end in ends)

    words = [f"the {SIDE_NAMES[value]} kidney touches the border of the image" for value in there if touches(value)]
    light = Light.AMBER if words else Light.GREEN
    return Check("border", light, _sentence(words) if words else "The kidneys lie within the image.")


def _holes(side: Volume, there: list[Side], limits: Limits, occupied: npt.NDArray[np.bool_] | None) -> Check:
    words, light = [], Light.GREEN
    for value in there:
        holes = holes_of(side.array == value) & (side.array == 0)
        if occupied is not None:
            holes &= ~occupied
        ml = float(holes.sum() * side.grid.voxel_ml)
        if ml > 0:
            count = ndimage.label(holes)[1]
            words.append(f"the {SIDE_NAMES[value]} kidney has {count} hole{'s' * (count > 1)} of {ml:.2f} ml in all")
            light = Light.AMBER if ml >= limits.hole_ml or light == Light.AMBER else Light.GREEN
    return Check("holes", light, _sentence(words) if words else "There are no holes.")


def _position(side: Volume, there: list[Side], middle: float) -> Check:
    """Compare the sides with RAS, where patient right has the larger x; `middle` is that of the image in mm."""
    x = {value: float(side.grid.to_ras(np.argwhere(side.array == value))[:, 0].mean()) for value in there}
    if len(x) == 2:
        if x[Side.LEFT] < x[Side.RIGHT]:
            return Check("side", Light.GREEN, "Left and right agree with the position in the patient.")
        return Check("side", Light.RED, "The left kidney lies to the patient's right of the right one: swap the sides.")
    if not x:
        return Check("side", Light.UNKNOWN, "The side cannot be checked without a kidney.")
    value, place = next(iter(x.items()))
    if (place < middle) == (value == Side.LEFT):
        return Check("side", Light.GREEN, f"The {SIDE_NAMES[value]} kidney lies in the {SIDE_NAMES[value]} half.")
    return Check(
        "side", Light.AMBER, f"The {SIDE_NAMES[value]} kidney lies in the other half of the image: check its side."
    )


def _confidence(confidence: Mapping[str, float], there: list[Side], limits: Limits) -> Check:
    known = {SIDE_NAMES[value]: confidence[SIDE_NAMES[value]] for value in there if SIDE_NAMES[value] in confidence}
    if not known:
        return Check("confidence", Light.UNKNOWN, "The network did not say how certain it is.")
    listed = " and ".join(f"{side} {dice:.2f}" for side, dice in known.items())
    least = min(known.values())
    if least >= limits.confidence:
        return Check("confidence", Light.GREEN, f"The network is certain (expected Dice: {listed}).")
    light = Light.AMBER if least >= limits.low_confidence else Light.RED
    return Check("confidence", light, f"The network is uncertain (expected Dice: {listed}).")


def _sentence(words: list[str]) -> str:
    text = "; ".join(words)
    return f"{text[0].upper()}{text[1:]}."
