"""The shape of a kidney of the reference object: capsule, sinus, cyst, and pyramids with columns between."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from renal_layers.ellipsoid import Ellipsoid
from renal_segmentation.volume import FloatArray

LEFT, RIGHT = 1, 2
CYST_RADIUS_MM = 7.0

_PYRAMIDS = 18


@dataclass(frozen=True)
class Kidney:
    """One kidney.

    Attributes
    ----------
    label : int
        1 left, 2 right.
    capsule : Ellipsoid
        Its outer surface.
    sinus, cyst : Ellipsoid or None
        What is carved out of it.
    pyramids : ndarray, shape (P, 3)
        Unit vectors from the centre to the bases of the pyramids, along the axes of the capsule.
    """

    label: int
    capsule: Ellipsoid
    sinus: Ellipsoid | None
    cyst: Ellipsoid | None
    pyramids: FloatArray = field(repr=False)


def capsule_of(label: int) -> Ellipsoid:
    """Return the capsule of the left (1) or right (2) kidney.

    The hilum faces 30 degrees forward of the midline, the upper pole leans 14 degrees towards the midline and
    10 degrees backwards, and the left kidney lies higher and is a little larger.
    """
    hilum, lean, back = np.deg2rad([30.0, 14.0, 10.0])
    outward = np.array([np.cos(hilum), -np.sin(hilum), 0.0])
    up = np.array([-np.sin(lean), -np.sin(back), 1.0])
    up /= np.linalg.norm(up)
    outward -= (outward @ up) * up
    outward /= np.linalg.norm(outward)
    forward = np.cross(up, outward)
    axes = np.array([outward, forward, up])
    if label == RIGHT:
        return Ellipsoid(np.array([63.0, 0.0, -8.0]), axes, np.array([28.0, 22.0, 50.0]))
    return Ellipsoid(np.array([-63.0, 0.0, 8.0]), axes * np.array([-1.0, 1.0, 1.0]), np.array([28.5, 22.5, 52.0]))


def make_kidney(label: int, with_sinus: bool, cyst_depth_mm: float | None) -> Kidney:
    """Return the left (1) or right (2) kidney, with a cyst centred at a depth in mm or none."""
    capsule = capsule_of(label)
    sinus = cyst = None
    if with_sinus:
        centre = capsule.to_ras(np.array([[-16.0, 0.0, 0.0]]))[0]
        sinus = Ellipsoid(centre, capsule.axes, np.array([16.0, 9.5, 23.0]))
    if cyst_depth_mm is not None:
        cyst = _cyst(capsule, cyst_depth_mm)
    return Kidney(label, capsule, sinus, cyst, _pyramids(capsule))


def distance_to_column(kidney: Kidney, points: FloatArray) -> FloatArray:
    """Return the distance in mm of RAS points to the middle of the nearest column, shape (N,).

    A column lies midway between the axes of two neighbouring pyramids.
    """
    towards = kidney.capsule.local(points) @ kidney.pyramids.T
    first, second = np.argpartition(-towards, 1, axis=1)[:, :2].T
    row = np.arange(len(points))
    gap = np.linalg.norm(kidney.pyramids[first] - kidney.pyramids[second], axis=1)
    return np.asarray((towards[row, first] - towards[row, second]) / gap)


def overlap_ml(body: Ellipsoid | None, capsule: Ellipsoid) -> float:
    """Return how much of a body lies within the capsule, in ml (0 for none), from a lattice of 60,000 points."""
    if body is None:
        return 0.0
    line = (np.arange(48) + 0.5) / 24 - 1
    ball = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    ball = ball[(ball**2).sum(axis=1) <= 1]
    return body.volume_ml * float(capsule.contains(body.to_ras(ball * body.half_axes)).mean())


def _cyst(capsule: Ellipsoid, depth_mm: float) -> Ellipsoid:
    at = np.array([0.72, 0.08, -0.69])
    at /= np.linalg.norm(at)
    inward = -at / capsule.half_axes
    centre = at * capsule.half_axes + depth_mm * inward / np.linalg.norm(inward)
    return Ellipsoid(capsule.to_ras(centre[np.newaxis])[0], capsule.axes, np.full(3, CYST_RADIUS_MM))


def _pyramids(capsule: Ellipsoid) -> FloatArray:
    """Return unit vectors towards the bases of the pyramids, spread evenly (a Fibonacci lattice), (P, 3)."""
    turn = np.arange(_PYRAMIDS) * np.pi * (3 - np.sqrt(5))
    height = 1 - (2 * np.arange(_PYRAMIDS) + 1) / _PYRAMIDS
    ring = np.sqrt(1 - height**2)
    bases = np.column_stack([ring * np.cos(turn), ring * np.sin(turn), height]) * capsule.half_axes
    return np.asarray(bases / np.linalg.norm(bases, axis=1, keepdims=True))
