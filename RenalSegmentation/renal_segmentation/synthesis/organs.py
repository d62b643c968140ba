"""The solid organs of the upper abdomen: liver, gallbladder, spleen, pancreas, adrenals; and the pelvis's own."""

from __future__ import annotations

import numpy as np

from renal_segmentation.synthesis.body import Body
from renal_segmentation.synthesis.canvas import BoolField, Canvas
from renal_segmentation.synthesis.kidney_plan import KidneyPlan
from renal_segmentation.synthesis.noise import stream
from renal_segmentation.synthesis.shapes import rotation, smooth_curve
from renal_segmentation.synthesis.tissues import Tissue
from renal_segmentation.synthesis.trunk import Trunk

FATS = frozenset({Tissue.VISCERAL_FAT, Tissue.PERIRENAL_FAT, Tissue.MESENTERY, Tissue.FASCIA})
SPLEEN_SHARE = 0.96
GALLBLADDER_SHARE = 0.75
ASCITES_SHARE = 0.06


def paint_liver(canvas: Canvas, body: Body, below: BoolField, seed: int) -> None:
    """Paint the liver with vessels, sometimes lesions, and the gallbladder; `below` is the cavity it may fill."""
    rng = stream(seed, "liver")
    draw = rng.uniform
    a, b = body.half_width, body.half_depth
    tip, left_end = draw(-75, 10), draw(-0.75, -0.05) * a
    x, y, z = canvas.x, canvas.y, canvas.z
    beside = np.clip(np.float32(0.75 * a) - x, -20, 250)
    lower = np.float32(tip) + np.float32(draw(0.2, 0.6)) * beside + np.float32(draw(0, 0.003)) * beside * beside
    lower += np.float32(draw(-0.15, 0.35)) * (y - np.float32(body.spine_y))
    lower += np.float32(draw(5, 13)) * canvas.noise["coarse"] + np.float32(draw(0, 5)) * canvas.noise["middle"]
    behind = np.float32(body.spine_y + body.vertebra + draw(8, 25)) + np.where(x < 0, -0.25 * x, 0)
    edge = np.float32(draw(4, 12)) * canvas.noise["coarse"] + np.float32(0.3) * np.clip(y, -80, 80)
    inside = below & (z > lower) & (x > np.float32(left_end) + 12 * canvas.noise["coarse"])
    inside &= (x > np.float32(body.vertebra + draw(8, 30)) + edge) | (y > behind + edge)
    canvas.paint(canvas.whole, inside, Tissue.LIVER, over=FATS)
    branch = np.abs(canvas.noise["middle"]) < draw(0.02, 0.09)
    branch &= np.abs(canvas.noise["coarse"]) < 0.5
    canvas.paint(canvas.whole, branch, Tissue.LIVER_VESSEL, over=[Tissue.LIVER])
    for _ in range(int(rng.poisson(0.6))):
        radius = draw(4, 26)
        box, distance = canvas.ellipsoid((draw(10, a), draw(-0.5, 0.6) * b, draw(0, 90)), (radius,) * 3, rough_mm=1)
        canvas.paint(box, distance < 0, Tissue.LIVER_LESION, over=[Tissue.LIVER, Tissue.LIVER_VESSEL])
    centre, radii = (draw(25, 65), draw(0.1, 0.6) * b, tip + draw(10, 60)), (draw(9, 18), draw(10, 20), draw(18, 36))
    box, distance = canvas.ellipsoid(centre, radii, rotation(draw(-50, 30), 0, 0))
    if rng.random() < GALLBLADDER_SHARE:
        canvas.paint(
            box, (distance < 0) & below[box], Tissue.GALLBLADDER, over=FATS | {Tissue.LIVER, Tissue.LIVER_VESSEL}
        )


def paint_spleen(canvas: Canvas, body: Body, below: BoolField, seed: int) -> None:
    """Paint the spleen under the left dome, above and beside the left kidney."""
    rng = stream(seed, "spleen")
    draw = rng.uniform
    size = float(np.clip(rng.normal(1, 0.15), 0.7, 1.6))
    radii = (draw(27, 38) * size, draw(40, 55) * size, draw(50, 68) * size)
    centre = (draw(0.7, 0.95) * radii[0] - body.half_width, body.spine_y + draw(-12, 25), draw(32, 72))
    turned = rotation(draw(-30, 5), draw(0, 22), draw(-25, 15))
    box, distance = canvas.ellipsoid(centre, radii, turned, draw(0, 0.6), rough_mm=draw(0.5, 2.5))
    hilum = canvas.ellipsoid(
        (centre[0] + 1.05 * radii[0], centre[1] + draw(0, 25), centre[2]), (0.6 * radii[0], 14, 28)
    )
    if rng.random() < SPLEEN_SHARE:
        canvas.paint(box, (distance < 0) & below[box], Tissue.SPLEEN, over=FATS | {Tissue.DIAPHRAGM})
        canvas.paint(hilum[0], hilum[1] < 0, Tissue.VISCERAL_FAT, over=[Tissue.SPLEEN])


def paint_pancreas(canvas: Canvas, body: Body, below: BoolField, seed: int) -> None:
    """Paint the pancreas from its head beside the duodenum across the spine towards the spleen."""
    rng = stream(seed, "pancreas")
    draw = rng.uniform
    front = body.spine_y + body.vertebra
    points = smooth_curve(
        [
            (draw(28, 45), front + draw(12, 30), draw(-35, -15)),
            (draw(20, 30), front + draw(22, 38), draw(-8, 12)),
            (0, front + draw(30, 42), draw(5, 22)),
            (-body.half_width * 0.35, front + draw(10, 30), draw(10, 35)),
            (-body.half_width * draw(0.5, 0.68), body.spine_y + draw(5, 30), draw(20, 55)),
        ],
        5,
    )
    radii = np.interp(np.linspace(0, 1, len(points)), [0, 0.15, 0.4, 1], np.array([11, 13, 8, 9]) * draw(0.7, 1.25))
    box, distance = canvas.tube(points, radii)
    rough = distance + draw(1, 3) * canvas.noise["fine"][box]
    canvas.paint(box, (rough < 0) & below[box], Tissue.PANCREAS, over=FATS)


def paint_adrenal(canvas: Canvas, plan: KidneyPlan, rng: np.random.Generator) -> None:
    """Paint the thin limbs of the adrenal on the inner side of an upper pole, sometimes with a nodule."""
    draw = rng.uniform
    top = plan.at((0.35, 0.1, 0.85)) + np.array([-plan.side * draw(4, 12), draw(4, 14), draw(2, 14)])
    for fan in (-draw(12, 35), draw(12, 35)):
        turned = rotation(draw(-15, 25), -plan.side * 10, plan.side * (20 + fan))
        thin, deep, tall = draw(1.6, 3.2), draw(10, 17), draw(9, 16)
        box, distance = canvas.ellipsoid(
            top + turned @ np.array([0, -0.7 * deep, 0]), (thin, deep, tall), turned, rough_mm=0.4
        )
        canvas.paint(box, distance < 0, Tissue.ADRENAL, over=FATS)
    if rng.random() < 0.08:
        box, distance = canvas.ellipsoid(top, (draw(4, 14),) * 3, rough_mm=0.6)
        canvas.paint(box, distance < 0, Tissue.ADRENAL, over=FATS)


def paint_pelvis(canvas: Canvas, trunk: Trunk, body: Body, seed: int) -> None:
    """Paint the bladder and what lies behind it, low in the field."""
    rng = stream(seed, "pelvis")
    draw = rng.uniform
    fill, low = draw(22, 48), draw(-215, -185)
    organ, radii = (draw(-10, 10), draw(-30, 0), low + draw(-5, 25)), (draw(18, 32), draw(16, 30), draw(20, 38))
    for centre, size, tissue in (
        ((0, 35, low), (1.2 * fill, fill, fill), Tissue.BLADDER),
        (organ, radii, Tissue.PELVIC_ORGAN),
    ):
        box, distance = canvas.ellipsoid(centre, size, rough_mm=1.0)
        canvas.paint(box, (distance < 0) & trunk.cavity[box], tissue, over=FATS)


def paint_ascites(canvas: Canvas, trunk: Trunk, body: Body, below: BoolField, seed: int) -> None:
    """Paint free fluid along the wall and around the liver in a few cases."""
    rng = stream(seed, "ascites")
    layer, level = rng.uniform(4, 16), body.spine_y + rng.uniform(0, 40)
    if rng.random() < ASCITES_SHARE:
        fluid = below & (trunk.depth < layer * (1 + 0.5 * canvas.noise["coarse"])) & (canvas.y > level - 40)
        canvas.paint(canvas.whole, fluid, Tissue.FREE_FLUID, over=[Tissue.VISCERAL_FAT, Tissue.LIVER])
