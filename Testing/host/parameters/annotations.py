"""What may stand in ``Annotated[type, ...]``: defaults, limits and hints for widgets.

Follows ``validators.py``, ``default.py`` and the annotations of ``guiConnectors.py`` in Slicer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Default:
    """The value of a parameter that was never set."""

    value: Any


@dataclass(frozen=True)
class Decimals:
    """Decimals shown by a spin box or slider."""

    value: int


@dataclass(frozen=True)
class SingleStep:
    """Step of a spin box or slider."""

    value: float


class Validator(ABC):
    """Base of everything that may refuse a value."""

    @abstractmethod
    def validate(self, value: Any) -> None:
        """Raise ValueError (or TypeError) for a value that is not allowed."""


class NotNone(Validator):
    """Refuse None."""

    def validate(self, value: Any) -> None:
        """Raise ValueError for None."""
        if value is None:
            raise ValueError("None is not allowed")


class IsNone(Validator):
    """Take None only."""

    def validate(self, value: Any) -> None:
        """Raise ValueError for anything but None."""
        if value is not None:
            raise ValueError("Only None is allowed")


@dataclass(frozen=True)
class IsInstance(Validator):
    """Take instances of one type, and None."""

    classtype: Any

    def validate(self, value: Any) -> None:
        """Raise TypeError for another type."""
        if value is not None and not isinstance(value, self.classtype):
            raise TypeError(f"{value!r} is not of type {self.classtype}")


@dataclass(frozen=True)
class WithinRange(Validator):
    """Both ends included."""

    minimum: float
    maximum: float

    def validate(self, value: Any) -> None:
        """Raise ValueError outside the range."""
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value} is not within {self.minimum} to {self.maximum}")


@dataclass(frozen=True)
class Minimum(Validator):
    """The smallest value allowed."""

    minimum: float

    def validate(self, value: Any) -> None:
        """Raise ValueError below the minimum."""
        if value < self.minimum:
            raise ValueError(f"{value} is less than {self.minimum}")


@dataclass(frozen=True)
class Maximum(Validator):
    """The largest value allowed."""

    maximum: float

    def validate(self, value: Any) -> None:
        """Raise ValueError above the maximum."""
        if value > self.maximum:
            raise ValueError(f"{value} is more than {self.maximum}")


@dataclass(frozen=True)
class Choice(Validator):
    """One of a list."""

    choices: Any

    def validate(self, value: Any) -> None:
        """Raise ValueError for a value that is not in the list."""
        if value not in self.choices:
            raise ValueError(f"{value!r} is not one of {self.choices}")


@dataclass(frozen=True)
class Exclude(Validator):
    """None of a list."""

    excludedValues: Any

    def validate(self, value: Any) -> None:
        """Raise ValueError for a value of the list."""
        if value in self.excludedValues:
            raise ValueError(f"{value!r} is excluded")


@dataclass(frozen=True)
class RangeBounds(Validator):
    """Bounds of a FloatRange."""

    minimum: float
    maximum: float

    def validate(self, value: Any) -> None:
        """Raise ValueError for a range that goes beyond the bounds."""
        if not (self.minimum <= value.minimum and value.maximum <= self.maximum):
            raise ValueError(f"{value} goes beyond {self.minimum} to {self.maximum}")


def isValidator(annotation: Any) -> bool:
    """Tell validators from other annotations."""
    return isinstance(annotation, Validator)
