"""Whose work a trained model is, and of what data: what its bundle says of description, source, licence and authors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from renal_segmentation.network.bundle import Metadata

WHAT = "Kidneys, sinus and cysts in MRI and CT"


@dataclass(frozen=True)
class Origin:
    """Whose work a bundle is, and of what data.

    Attributes
    ----------
    description, source, licence, authors : str
        As `Metadata` and MONAI bundles have them.
    """

    description: str
    source: str
    licence: str
    authors: str


GENERATED = Origin(
    f"{WHAT}, trained on generated abdomens",
    "Trained by renal-segmentation train on generated abdomens; no patient data",
    "Apache-2.0",
    "The Renal developers",
)


def origin_of(base: Metadata | None, scans: str | None) -> Origin:
    """Return whose work a result is: the user's, unless all that it ever learnt from was generated.

    Parameters
    ----------
    base : Metadata, optional
        Of the model that was fine-tuned.
    scans : str, optional
        What it learnt from, in words; generated people without.
    """
    if scans is None and (base is None or base.source == GENERATED.source):
        return GENERATED
    learnt = scans or "generated abdomens"
    how = f"trained on {learnt}" if base is None else f"fine-tuned from {base.name} on {learnt}"
    before = "" if base is None else f"; {base.name}: {base.source}"
    return Origin(f"{WHAT}, {how}", f"By renal-segmentation train, {how}{before}", "not stated", "not stated")
