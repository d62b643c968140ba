"""Kidney volumes of a mask: total (TKV), left and right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from renal_segmentation.errors import Notice
from renal_segmentation.kidneys import read_kidneys


@dataclass(frozen=True)
class KidneyVolumes:
    """Volumes in ml; a side without a kidney has 0."""

    total_ml: float
    left_ml: float
    right_ml: float
    notices: tuple[Notice, ...]


def kidney_volumes(mask: Any, labels: Mapping[int, str] | None = None) -> KidneyVolumes:
    """Return the volumes of a mask as drawn.

    Parameters
    ----------
    mask : Volume, nibabel image, or object with ``array`` and ``affine``
        Binary (split into sides from RAS), or labelled with `labels`; shape (I, J, K).
    labels : mapping of int to str, optional
        Meaning of each label.

    Raises
    ------
    InputError, EmptyMaskError
        If the mask is not a mask, or holds no kidney.
    """
    kidneys = read_kidneys(mask, labels)
    volume = kidneys.volume_ml
    return KidneyVolumes(volume["total"], volume.get("left", 0.0), volume.get("right", 0.0), kidneys.notices)
