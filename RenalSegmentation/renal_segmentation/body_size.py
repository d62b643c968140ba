"""Kidney volume for the size of the body."""

from __future__ import annotations

from renal_segmentation.errors import InputError

_REFERENCE_M2 = 1.73


def body_surface_m2(height_cm: float, weight_kg: float) -> float:
    """Return the body surface area in square metres by the formula of Mosteller.

    Source: R. D. Mosteller, N Engl J Med 1987;317:1098: the square root of height (cm) times weight (kg) over 3600.

    Raises
    ------
    InputError
        If height or weight is not that of a person.
    """
    if not (20 <= height_cm <= 260 and 0.5 <= weight_kg <= 500):
        raise InputError(
            f"A height of {height_cm:g} cm and a weight of {weight_kg:g} kg are not those of a person: check the units."
        )
    return float((height_cm * weight_kg / 3600.0) ** 0.5)


def for_reference_surface(volume_ml: float, surface_m2: float) -> float:
    """Return a volume in ml per 1.73 square metres of body surface, as kidney function is indexed."""
    return volume_ml * _REFERENCE_M2 / surface_m2
