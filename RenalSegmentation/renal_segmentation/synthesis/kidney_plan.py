"""Which kidneys a person has, how large they are, and where they lie beside the psoas."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from renal_segmentation.synthesis.body import Body
from renal_segmentation.synthesis.noise import stream
from renal_segmentation.synthesis.settings import AbdomenSettings
from renal_segmentation.synthesis.shapes import Matrix, Point, ellipse, rotation

LEFT, RIGHT = -1, 1
ATROPHY_BESIDE_TRANSPLANT = 0.6
BOTH_MISSING_SHARE = 0.15
"""Where one kidney is missing, how often the other is."""
LOW_SHARE = 0.03
"""Kidneys that lie lower than usual."""
SURFACE_POINTS = 160
WALL_GAP_MM = 2.0
LOIN_RADII = (22.0, 9.0)
"""Half axes of the muscle beside the psoas on which the kidney lies."""
LOIN_GAP_MM = 4.0


@dataclass(frozen=True)
class KidneyPlan:
    """One kidney before it is painted; lengths in mm of the reference adult.

    Attributes
    ----------
    side : int
        -1 left, 1 right: the sign of RAS x.
    centre : ndarray, shape (3,)
        Middle of the outline.
    turned : ndarray, shape (3, 3)
        Columns: towards the hilum, across, and along the kidney to the upper pole.
    radii : tuple of three floats
        Half axes along those columns.
    parenchyma, cortex : float
        Thickness from the capsule to the sinus, and to the pyramids.
    """

    side: int
    centre: Point
    turned: Matrix
    radii: tuple[float, float, float]
    parenchyma: float
    cortex: float

    def at(self, share: tuple[float, float, float] | Point) -> Point:
        """Return the place in the body of a point given in shares of the half axes."""
        return np.asarray(self.centre + self.turned @ (np.asarray(share) * self.radii))

    @property
    def reach(self) -> float:
        """Farthest distance of the outline from the centre."""
        return max(self.radii) * 1.15


@dataclass(frozen=True)
class Kidneys:
    """The kidneys of a person: those in their own place, a transplant, and whether the lower poles are joined."""

    native: tuple[KidneyPlan, ...]
    transplant: KidneyPlan | None
    joined: bool


def plan_kidneys(body: Body, seed: int, settings: AbdomenSettings) -> Kidneys:
    """Draw the kidneys of a person."""
    rng = stream(seed, "kidney plan")
    draw = rng.uniform
    size, level = float(np.clip(rng.normal(1, 0.055), 0.87, 1.15)), draw(-22, 26)
    drop = draw(-6, 24)
    joined, grafted = rng.random() < settings.horseshoe_share, rng.random() < settings.transplant_share
    absent = rng.random(2) < settings.missing_share
    absent |= absent.any() and rng.random() < BOTH_MISSING_SHARE
    joined = joined and not absent.any() and not grafted
    plans = []
    for side, missing, z in zip((LEFT, RIGHT), absent, (level, level - drop), strict=True):
        own = size * rng.normal(1, 0.03) * (draw(1.05, 1.15) if absent.any() else 1.0)
        plan = _draw_plan(body, rng, side, z, own, joined)
        if rng.random() < (ATROPHY_BESIDE_TRANSPLANT if grafted else settings.atrophy_share):
            plan = _shrunken(plan, rng)
        if not missing:
            plans.append(_settled(plan, body))
    transplant = _draw_transplant(body, rng, size) if grafted and settings.missing_share < 1 else None
    return Kidneys(tuple(plans), transplant, joined)


def _shrunken(plan: KidneyPlan, rng: np.random.Generator) -> KidneyPlan:
    """Return an atrophic kidney, its parenchyma thinner still than its size."""
    share, thinner = rng.uniform(0.5, 0.8), rng.uniform(0.35, 0.75)
    u, v, w = plan.radii
    radii = (share * u, share * v, share * w)
    return replace(plan, radii=radii, parenchyma=thinner * plan.parenchyma, cortex=thinner * plan.cortex)


def _draw_plan(body: Body, rng: np.random.Generator, side: int, z: float, size: float, joined: bool) -> KidneyPlan:
    draw = rng.uniform
    radii = (draw(25.5, 30) * size, draw(22, 26) * size, draw(50, 60) * size)
    lean = -draw(14, 30) if joined else draw(4, 22)
    inward = np.deg2rad(draw(60, 85) if joined else draw(12, 65))
    hilum = np.array([-side * np.cos(inward), np.sin(inward), 0])
    across = np.array([-hilum[1], hilum[0], 0])
    turned = rotation(draw(-2, 24), -side * lean, 0) @ np.stack([hilum, across, [0, 0, 1]], 1)
    z -= draw(15, 35) if joined else float(rng.random() < LOW_SHARE) * draw(20, 65)
    psoas_x, psoas_y, psoas_half = (float(value) for value in body.psoas_at(np.array(z, np.float32)))
    x = psoas_x + 0.8 * psoas_half + 0.85 * radii[0] + draw(0, 12) * (0.3 + body.visceral)
    y = psoas_y + draw(-10, 10)
    parenchyma = draw(13, 19) * min(size, 1.1)
    return KidneyPlan(side, np.array([side * x, y, z]), turned, radii, parenchyma, draw(4.5, 8.0) * min(size, 1.1))


def _draw_transplant(body: Body, rng: np.random.Generator, size: float) -> KidneyPlan:
    """Return a kidney in an iliac fossa, hilum inward and backward, tilted along the pelvic wall."""
    draw = rng.uniform
    side = RIGHT if rng.random() < 0.7 else LEFT
    inward = np.deg2rad(draw(-70, 20))
    hilum = np.array([-side * np.cos(inward), np.sin(inward), 0])
    across = np.array([-hilum[1], hilum[0], 0])
    turned = rotation(draw(-20, 20), side * draw(0, 35), 0) @ np.stack([hilum, across, [0, 0, 1]], 1)
    radii = (draw(25.5, 31) * size, draw(22, 27) * size, draw(50, 60) * size)
    centre = np.array([side * draw(0.5, 0.62) * body.half_width, draw(5, 0.5 * body.half_depth), draw(-135, -95)])
    return KidneyPlan(side, centre, turned, radii, draw(13, 19) * size, draw(5, 8) * size)


def _settled(plan: KidneyPlan, body: Body) -> KidneyPlan:
    """Move a kidney out of the body wall, the psoas and the spine, into the fat between them."""
    turn, height = np.arange(SURFACE_POINTS) * 2.399963, 1 - (np.arange(SURFACE_POINTS) + 0.5) * 2 / SURFACE_POINTS
    ring = np.sqrt(1 - height**2)
    skin = np.stack([ring * np.cos(turn), ring * np.sin(turn), height], 1) * plan.radii @ plan.turned.T
    centre = plan.centre.copy()
    for _ in range(30):
        push = _push(skin + centre, body, plan.side)
        if not push.any():
            break
        centre += np.clip(push, -3, 3)
    return replace(plan, centre=centre)


def _push(points: Point, body: Body, side: int) -> Point:
    """Return the move in mm, shape (3,), that brings points of a kidney's surface out of its solid neighbours."""
    x, y, z = (points * (side, 1, 1)).T.astype(np.float32)
    a, b = body.half_width, body.half_depth
    out = np.maximum(ellipse(x / body.width_at(z), y, a, b, body.squareness) + WALL_GAP_MM, 0)
    worst = int(np.argmax(out))
    normal = np.array([x[worst] / a**2, y[worst] / b**2])
    push = -0.5 * out[worst] * normal / max(float(np.linalg.norm(normal)), 1e-9)
    psoas_x, psoas_y, half = body.psoas_at(z)
    psoas = ellipse(x - psoas_x, y - psoas_y, half, np.float32(1.15) * half)
    push += 0.3 * max(-float(psoas.min()), 0) * np.array([0.8, 0.6])
    loin = ellipse(x - np.float32(body.vertebra + 30), y - psoas_y + np.float32(body.vertebra + 1), *LOIN_RADII)
    push += 0.3 * max(LOIN_GAP_MM - float(loin.min()), 0) * np.array([0.2, 1.0])
    return np.array([side * push[0], push[1], 0.0])
