"""Numbers and names as they are printed."""

from __future__ import annotations

import math

MINUS = "\u2212"
NOTHING = "\u2013"


def number(value: float, digits: int = 3) -> str:
    """Return a value with `digits` significant digits, without an exponent where it is readable; a dash for NaN."""
    if not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    if not -4 <= magnitude < 7:
        return f"{value:.{digits - 1}e}".replace("-", MINUS)
    return minus(f"{value:.{max(digits - 1 - magnitude, 0)}f}")


def estimate(value: float, low: float, high: float) -> str:
    """Return a value with its interval, all rounded to what the interval's width supports."""
    if not math.isfinite(value):
        return NOTHING
    half = (high - low) / 2
    if not math.isfinite(half) or half <= 0:
        return number(value)
    places = min(max(1 - math.floor(math.log10(half)), 0), 8)
    return f"{minus(f'{value:.{places}f}')} ({minus(f'{low:.{places}f}')} to {minus(f'{high:.{places}f}')})"


def minus(text: str) -> str:
    """Return the number with a true minus sign, and no sign on a rounded zero."""
    if text.startswith("-"):
        return text[1:] if float(text) == 0 else MINUS + text[1:]
    return text


def with_unit(name: str, unit: str) -> str:
    """Return a name with its unit in brackets."""
    return f"{name} ({unit})" if unit else name


def slope_unit(unit: str) -> str:
    """Return the unit of a gradient."""
    if not unit:
        return "per mm"
    return f"({unit})/mm" if "/" in unit else f"{unit}/mm"


def plain(text: str, longest: int = 40) -> str:
    """Return text that matplotlib draws as it is, never as a formula, cut where it is too long for a label."""
    text = " ".join(text.split())
    text = text if len(text) <= longest else text[: longest - 1] + "\u2026"
    return text.replace("$", r"\$")
