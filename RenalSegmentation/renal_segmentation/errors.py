"""Errors that a person can act on: each message is one sentence that names the input and the remedy."""

from __future__ import annotations

from dataclasses import dataclass


class RenalError(Exception):
    """Base of every error that the commands print and the panels show."""


class InputError(RenalError):
    """An input cannot be used as it is."""


class GeometryError(InputError):
    """The position, orientation or voxel size of an image is missing or impossible."""


class EmptyMaskError(InputError):
    """A mask holds no kidney voxel."""


class NoOverlapError(InputError):
    """Two inputs that should show the same body region do not overlap."""


class FitError(RenalError):
    """A model could not be fitted, so no number is given."""


class OutputError(RenalError):
    """A result could not be written."""


class MissingPackageError(RenalError):
    """An optional Python package is needed for what was asked."""


class ModelError(RenalError):
    """A model is missing, damaged, or failed."""


class ConsentError(RenalError):
    """Something needs the user's consent first: a download, or code that comes with a model."""


class CancelledError(RenalError):
    """The caller asked to stop."""


@dataclass(frozen=True)
class Notice:
    """A warning as data: it reaches summary.json, the report, the panel and standard error.

    Attributes
    ----------
    code : str
        Short, stable, machine-readable name such as ``one-kidney``.
    message : str
        One sentence for a person.
    """

    code: str
    message: str
