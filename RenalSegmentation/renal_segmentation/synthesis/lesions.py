"""Cysts and tumours of a kidney."""

from __future__ import annotations

import numpy as np

from renal_segmentation.synthesis.canvas import Canvas
from renal_segmentation.synthesis.kidney import KIDNEY_TISSUES, SPARED, parts_of
from renal_segmentation.synthesis.kidney_plan import KidneyPlan
from renal_segmentation.synthesis.shapes import Point
from renal_segmentation.synthesis.skeleton import MUSCLES

POLYCYSTIC_SHARE = 0.02
CYSTS_SHARE = 0.3
TUMOUR_SHARE = 0.05


def paint_lesions(canvas: Canvas, plan: KidneyPlan, rng: np.random.Generator) -> None:
    """Paint cysts into about a third of the kidneys, many into a few, and a tumour into some."""
    draw = rng.uniform
    parts = parts_of(plan.side)
    kind = rng.random()
    count = (
        int(rng.integers(10, 31))
        if kind < POLYCYSTIC_SHARE
        else (1 + int(rng.poisson(0.9)) if kind < CYSTS_SHARE else 0)
    )
    keep = SPARED | MUSCLES | (KIDNEY_TISSUES - {*_own(plan.side)})
    for _ in range(count):
        radius = float(np.clip(np.exp(rng.normal(1.75, 0.6)), 2, 32))
        box, distance = canvas.ellipsoid(_near_surface(plan, rng, radius), radius * draw(0.85, 1.15, 3), rough_mm=0.3)
        canvas.paint(box, distance < 0, parts.cyst, spare=keep)
    if rng.random() < TUMOUR_SHARE:
        radius = draw(6, 28)
        box, distance = canvas.ellipsoid(_near_surface(plan, rng, radius), radius * draw(0.8, 1.2, 3), rough_mm=1.5)
        canvas.paint(box, distance < 0, parts.tumour, spare=keep)


def _own(side: int) -> tuple[int, ...]:
    parts = parts_of(side)
    return tuple(range(parts.cortex, parts.tumour + 1))


def _near_surface(plan: KidneyPlan, rng: np.random.Generator, radius: float) -> Point:
    """Return a centre in the parenchyma or, for a larger lesion, partly beyond it."""
    direction = rng.standard_normal(3)
    direction[0] -= 0.6
    direction /= np.linalg.norm(direction)
    return plan.at(direction * rng.uniform(0.65, 0.9 + min(radius, 20) / 100))
