"""Aorta and vena cava with their branches to the kidneys, and the ureters."""

from __future__ import annotations

import numpy as np

from renal_segmentation.synthesis.body import Body
from renal_segmentation.synthesis.canvas import Canvas
from renal_segmentation.synthesis.kidney import KIDNEY_TISSUES
from renal_segmentation.synthesis.kidney_plan import Kidneys
from renal_segmentation.synthesis.noise import stream
from renal_segmentation.synthesis.shapes import smooth_curve
from renal_segmentation.synthesis.skeleton import BONES
from renal_segmentation.synthesis.tissues import Tissue

KEPT = KIDNEY_TISSUES | BONES


def paint_great_vessels(canvas: Canvas, body: Body, seed: int) -> None:
    """Paint the aorta to the left and the vena cava to the right of the midline, before the spine."""
    rng = stream(seed, "great vessels")
    draw = rng.uniform
    for tissue, x, radius in ((Tissue.VENA_CAVA, draw(14, 24), draw(6, 13)), (Tissue.AORTA, -draw(4, 14), draw(7, 12))):
        trunk = [body.before_spine(x + draw(-4, 4), z, radius + draw(0, 4)) for z in (-95, -45, 0, 45, 90, 160, 260)]
        box, distance = canvas.tube(smooth_curve(trunk, 8), radius)
        canvas.paint(box, distance < 0, tissue, spare=KEPT)
        for side in (-1, 1):
            legs = [
                trunk[0],
                np.array([side * draw(25, 40), trunk[0][1] - 5, -130.0]),
                np.array([side * draw(60, 80), 0.0, -190.0]),
            ]
            box, distance = canvas.tube(smooth_curve(legs, 8), 0.62 * radius)
            canvas.paint(box, distance < 0, tissue, spare=KEPT)


def paint_renal_vessels(canvas: Canvas, body: Body, kidneys: Kidneys, seed: int) -> None:
    """Paint arteries, veins and ureters between the kidneys and the midline."""
    rng = stream(seed, "renal vessels")
    draw = rng.uniform
    for plan in kidneys.native:
        side = plan.side
        gate = plan.at((0.75, 0, 0))
        for _ in range(int(rng.integers(1, 4))):
            origin = body.before_spine(side * draw(4, 14), gate[2] + draw(-5, 25), draw(4, 14))
            start = gate + rng.uniform(-5, 5, 3)
            half_way = (start + origin) / 2 + (0, draw(-2, 10), draw(-4, 4))
            box, distance = canvas.tube(smooth_curve([start, half_way, origin], 5), draw(2, 5.5))
            canvas.paint(box, distance < 0, Tissue.VESSEL, spare=KEPT | {Tissue.AORTA, Tissue.VENA_CAVA})
        outlet = [gate, gate + np.array([-side * draw(2, 10), draw(0, 6), -draw(12, 30)])]
        for z in (-75.0, -120.0, -160.0):
            x, y, half = (float(value) for value in body.psoas_at(np.array(z, np.float32)))
            if z < outlet[-1][2] - 15:
                outlet.append(np.array([side * x, y + 1.2 * half + 2, z]))
        radii = np.full(len(curve := smooth_curve(outlet, 5)), draw(1.5, 3.0))
        radii[: len(radii) // 5] = np.linspace(draw(2, 8), radii[-1], len(radii) // 5)
        box, distance = canvas.tube(curve, radii)
        canvas.paint(box, distance < 0, Tissue.URETER, spare=KEPT)


def paint_visceral_vessels(canvas: Canvas, body: Body, seed: int) -> None:
    """Paint the portal and splenic veins and the branches that fan out into the mesentery."""
    rng = stream(seed, "visceral vessels")
    draw = rng.uniform
    fats = [Tissue.VISCERAL_FAT, Tissue.MESENTERY, Tissue.LIVER, Tissue.PANCREAS]
    root = body.before_spine(draw(-5, 12), draw(-5, 15), draw(22, 34))
    spleen = np.array([-body.half_width * draw(0.45, 0.65), body.spine_y + draw(10, 35), draw(25, 60)])
    porta = np.array([draw(30, 50), root[1] + draw(-5, 20), draw(40, 65)])
    middle = body.before_spine(-25, draw(10, 25), draw(22, 32))
    box, distance = canvas.tube(smooth_curve([spleen, middle, root, porta], 6), draw(3, 7))
    canvas.paint(box, distance < 0, Tissue.LIVER_VESSEL, over=fats)
    for _ in range(int(rng.integers(4, 16))):
        end = np.array([draw(-0.6, 0.6) * body.half_width, draw(0.1, 0.8) * body.half_depth, draw(-140, -10)])
        bow = (root + end) / 2 + rng.uniform(-15, 15, 3)
        curve = smooth_curve([root, bow, end], 8)
        box, distance = canvas.tube(curve, np.linspace(draw(2, 4), 1.2, len(curve)))
        canvas.paint(box, distance < 0, Tissue.VESSEL, over=fats[:2])
