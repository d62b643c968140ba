"""Skin, fat under it, the body wall, arms and the table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from renal_segmentation.synthesis.body import Body
from renal_segmentation.synthesis.canvas import BoolField, Canvas
from renal_segmentation.synthesis.noise import FloatField, stream
from renal_segmentation.synthesis.shapes import ellipse
from renal_segmentation.synthesis.tissues import Tissue

ARMS_SHARE = 0.4
TABLE_SHARE = 0.4
SKIN_MM = 2.0


@dataclass(frozen=True)
class Trunk:
    """Where the body wall and the cavity lie.

    Attributes
    ----------
    depth : ndarray of float32
        Distance from the inner face of the body wall into the cavity, mm.
    cavity : ndarray of bool
        The inside of the wall.
    wall : ndarray of bool
        Muscle and bone between the cavity and the fat under the skin.
    """

    depth: FloatField
    cavity: BoolField
    wall: BoolField


def paint_trunk(canvas: Canvas, body: Body, seed: int) -> Trunk:
    """Paint the layers from the skin to the cavity and return them; the cavity is filled with fat."""
    rng = stream(seed, "trunk")
    draw = rng.uniform
    a, b = body.half_width, body.half_depth
    inner = ellipse(canvas.x / body.width_at(canvas.z), canvas.y, a, b, body.squareness)
    thick = np.clip(body.wall * (1 + 0.25 * canvas.noise["coarse"]), 4, 26)
    thick += np.float32(draw(0, 8)) * np.clip((-canvas.y - np.float32(0.5 * b)) / np.float32(0.5 * b), 0, 1)
    forward = np.clip(canvas.y / np.float32(b), -1, 1)
    fat = (
        np.float32(body.fat_side)
        + np.where(forward > 0, body.fat_front - body.fat_side, body.fat_back - body.fat_side).astype(np.float32)
        * forward
        * forward
    )
    fat = np.clip(fat * (1 + 0.2 * canvas.noise["coarse"]), 2, 70)
    outside = inner - thick - fat
    canvas.paint(canvas.whole, outside < SKIN_MM, Tissue.SKIN)
    canvas.paint(canvas.whole, outside < 0, Tissue.SUBCUTANEOUS_FAT)
    wall = inner < thick
    canvas.paint(canvas.whole, wall, Tissue.BODY_WALL)
    if rng.random() < 0.6:  # fat between the layers of the wall muscles
        canvas.paint(
            canvas.whole, wall & (np.abs(inner - draw(0.4, 0.6) * thick) < draw(0.3, 1.2)), Tissue.SUBCUTANEOUS_FAT
        )
    cavity = inner < 0
    canvas.paint(canvas.whole, cavity, Tissue.VISCERAL_FAT)
    _paint_surroundings(canvas, body, rng, outside)
    return Trunk(-inner, cavity, wall & ~cavity)


def _paint_surroundings(canvas: Canvas, body: Body, rng: np.random.Generator, outside: FloatField) -> None:
    """Paint the arms beside the body and the table below it, each in some cases."""
    draw = rng.uniform
    reach = body.half_width + body.wall + body.fat_side
    arms, which = rng.random() < ARMS_SHARE, rng.random(2)
    for side, chance in zip((-1, 1), which, strict=True):
        radius, x, y, slope = draw(30, 46), side * (reach + draw(35, 60)), draw(-50, 25), draw(-0.1, 0.1)
        if arms and chance < 0.85:
            low, high = (x - 80, y - 80, -500), (x + 80, y + 80, 500)
            box = canvas.box(low, high)
            distance = ellipse(
                canvas.x[box] - np.float32(x) - np.float32(slope) * canvas.z[box],
                canvas.y[box] - np.float32(y),
                radius,
                1.15 * radius,
            )
            bone, muscle = 0.72 * radius, draw(3, 9)
            canvas.paint(box, distance < 0, Tissue.SKIN, over=[Tissue.AIR])
            canvas.paint(box, distance < -SKIN_MM, Tissue.SUBCUTANEOUS_FAT, over=[Tissue.SKIN])
            canvas.paint(box, distance < -muscle, Tissue.ARM_MUSCLE, over=[Tissue.SUBCUTANEOUS_FAT])
            canvas.paint(box, distance < -bone + 3, Tissue.CORTICAL_BONE, over=[Tissue.ARM_MUSCLE])
            canvas.paint(box, distance < -bone, Tissue.MARROW, over=[Tissue.CORTICAL_BONE])
    gap, thickness, curve = draw(0, 8), draw(6, 25), draw(0, 0.0012)
    if rng.random() < TABLE_SHARE:
        top = -body.half_depth - body.wall - body.fat_back - gap
        below = np.float32(top) + np.float32(curve) * canvas.x * canvas.x - canvas.y
        canvas.paint(canvas.whole, (below > 0) & (below < thickness) & (outside > 1), Tissue.TABLE, over=[Tissue.AIR])
