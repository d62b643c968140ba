"""What a generated group of people is like."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AbdomenSettings:
    """Shares of people, 0 to 1.

    Attributes
    ----------
    child_share : float
        People smaller than adults.
    missing_share : float
        Chance of each kidney to be missing; with 1 there is none, nor a transplant.
    atrophy_share : float
        Chance of each kidney to be shrunken.
    horseshoe_share : float
        Kidneys joined at their lower poles.
    transplant_share : float
        A further kidney in an iliac fossa, the native ones often shrunken.
    """

    child_share: float = 0.15
    missing_share: float = 0.03
    atrophy_share: float = 0.08
    horseshoe_share: float = 0.02
    transplant_share: float = 0.02
