"""The build of one person, drawn first: every organ is placed by it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from renal_segmentation.synthesis.canvas import Canvas
from renal_segmentation.synthesis.noise import FloatField, stream
from renal_segmentation.synthesis.shapes import Point, rotation

ADULT_SCALE = (0.9, 1.1)
CHILD_SCALE = (0.58, 0.88)


@dataclass(frozen=True)
class Body:
    """Measures of a person in mm of the reference adult; only `scale` tells a child from an adult.

    Attributes
    ----------
    scale : float
        Size against the reference adult.
    half_width, half_depth : float
        Half axes of the abdominal cavity at the kidneys.
    squareness : float
        0 for an elliptic trunk, 1 for one with flattened sides.
    wall : float
        Thickness of the muscles around the cavity.
    fat_front, fat_side, fat_back : float
        Thickness of the fat under the skin.
    visceral : float
        Fat within the cavity, 0 (none) to 1.
    spine_y, spine_curve : float
        Centre of the vertebrae at the kidneys, and how far the spine recedes above and below.
    vertebra : float
        Half depth of a vertebral body.
    psoas : float
        Half width of the psoas muscle at the kidneys.
    dome : float
        Height of the diaphragm.
    waist, flare : float
        Narrowing at the waist, and widening per 100 mm above and below it, as shares of the width.
    """

    scale: float
    half_width: float
    half_depth: float
    squareness: float
    wall: float
    fat_front: float
    fat_side: float
    fat_back: float
    visceral: float
    spine_y: float
    spine_curve: float
    vertebra: float
    psoas: float
    dome: float
    waist: float
    flare: float

    def spine_at(self, z: FloatField) -> FloatField:
        """Return y of the vertebral centres at heights."""
        return np.asarray(np.float32(self.spine_y) - np.float32(self.spine_curve / 1e4) * (z + np.float32(40)) ** 2)

    def before_spine(self, x: float, z: float, gap: float) -> Point:
        """Return a point `gap` mm before the vertebrae."""
        return np.array([x, float(self.spine_at(np.array(z, np.float32))) + self.vertebra + gap, z])

    def width_at(self, z: FloatField) -> FloatField:
        """Return the width at heights as a share of the nominal one."""
        away = np.clip(np.abs(z + np.float32(30)) / np.float32(100), 0, np.float32(1.5))
        return np.asarray(np.float32(1 - self.waist) + np.float32(self.flare) * away)

    def psoas_at(self, z: FloatField) -> tuple[FloatField, FloatField, FloatField]:
        """Return the distance of the psoas from the midline, its y, and its half width at heights."""
        half = np.clip(np.float32(self.psoas) - np.float32(0.11) * z, 3, np.float32(1.8 * self.psoas))
        aside = np.float32(self.vertebra) + np.float32(0.75) * half - np.float32(0.05) * z
        return aside, self.spine_at(z) - np.float32(4), half


def draw_body(seed: int, child_share: float) -> Body:
    """Return the build of the person of a seed."""
    rng = stream(seed, "body")
    draw = rng.uniform
    obesity, width = rng.beta(1.2, 1.8), draw(112, 146)
    child = rng.random() < child_share
    under_skin = 3 + 45 * obesity * draw(0.4, 1)
    wall = draw(7, 15)
    depth = width * draw(0.6, 0.76) + 22 * obesity
    return Body(
        scale=draw(*CHILD_SCALE) if child else float(np.clip(rng.normal(1, 0.04), *ADULT_SCALE)),
        half_width=width + 14 * obesity,
        half_depth=depth,
        squareness=draw(0, 0.7),
        wall=wall,
        fat_front=under_skin * draw(0.6, 1.1),
        fat_side=under_skin * draw(0.5, 1.0),
        fat_back=under_skin * draw(0.5, 1.3),
        visceral=float(np.clip((0.2 if child else 0.8) * obesity + rng.normal(0.04, 0.15), 0, 1)),
        spine_y=-depth - wall + draw(54, 68) + 8 * obesity,
        spine_curve=draw(1, 9),
        vertebra=draw(17, 21),
        psoas=draw(10, 16.5),
        dome=draw(95, 135),
        waist=draw(0, 0.09),
        flare=draw(0, 0.07),
    )


def blank_canvas(seed: int, spacing_mm: float, body: Body) -> Canvas:
    """Return the field around the kidneys of a person, somewhat turned and off centre as in a real examination."""
    rng = stream(seed, "pose")
    draw = rng.uniform
    turned = rotation(draw(-12, 12), draw(-6, 6), draw(-8, 8))
    shift = (draw(-12, 12), draw(-20, 20), draw(-35, 35))
    return Canvas(seed, spacing_mm, turned, body.scale, shift, draw(0.5, 2.4))
