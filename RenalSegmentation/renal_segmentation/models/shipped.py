"""Bundles that Renal itself made: the one that comes with it, and results of its own training."""

from __future__ import annotations

from pathlib import Path

from renal_segmentation.errors import ModelError
from renal_segmentation.network import bundle
from renal_segmentation.network.model import RenalNetwork, open_model

NAME = "renal-synthetic"
PARTS = ("configs", "models", "docs", "LICENSE")
"""What a bundle is made of; training leaves checkpoints, generated people and curves beside these."""


def folder() -> Path | None:
    """Return the folder of the model that comes with Renal, or None where this copy has none."""
    found = Path(__file__).parents[1] / "bundles" / NAME
    return found if (found / bundle.METADATA).is_file() else None


def is_own(folder: Path) -> bool:
    """Tell whether a folder is a bundle that Renal's training made, whose weights are read without running code."""
    return bundle.is_own(folder)


def open_shipped() -> RenalNetwork:
    """Return the model that comes with Renal.

    Raises
    ------
    ModelError
        If this copy of Renal comes without it.
    """
    found = folder()
    if found is None:
        raise ModelError(f"This copy of Renal comes without its model {NAME}: install Renal again, or choose another.")
    return open_bundle(found)


def open_bundle(folder: Path) -> RenalNetwork:
    """Return the segmenter of a bundle that Renal made.

    Raises
    ------
    ModelError
        If its metadata are missing or damaged.
    """
    return open_model(folder)
