"""The diaphragm with the lungs and the heart above it."""

from __future__ import annotations

import numpy as np

from renal_segmentation.synthesis.body import Body
from renal_segmentation.synthesis.canvas import BoolField, Canvas
from renal_segmentation.synthesis.noise import stream
from renal_segmentation.synthesis.tissues import Tissue
from renal_segmentation.synthesis.trunk import Trunk

EFFUSION_SHARE = 0.12


def paint_chest(canvas: Canvas, body: Body, trunk: Trunk, seed: int) -> BoolField:
    """Paint lungs, heart and diaphragm; return the cavity below the diaphragm.

    The diaphragm falls steeply towards the wall, lowest at the back, so that the lungs end in sharp angles behind the
    liver, the spleen and the upper poles of the kidneys.
    """
    rng = stream(seed, "chest")
    draw = rng.uniform
    s, t = (canvas.x / np.float32(body.half_width)) ** 2, (canvas.y / np.float32(body.half_depth)) ** 2
    rim = np.clip(s * s + t * t + np.float32(1.2) * s * t, 0, np.float32(1.2))
    backward = np.clip(-canvas.y / np.float32(body.half_depth) + np.float32(0.25), 0, 1)
    fall = np.float32(draw(35, 70)) + np.float32(draw(10, 55)) * backward
    left = np.where(canvas.x < 0, np.float32(draw(5, 25)), np.float32(0))
    dome = np.float32(body.dome) - fall * rim * np.sqrt(rim) - left + 4 * canvas.noise["coarse"]
    above = trunk.cavity & (canvas.z > dome)
    sheet = draw(2, 5)
    below = trunk.cavity & ~above
    canvas.paint(canvas.whole, below & (canvas.z > dome - sheet), Tissue.DIAPHRAGM)
    canvas.paint(canvas.whole, above, Tissue.LUNG)
    level, front = draw(8, 45), draw(-20, 10)
    if rng.random() < EFFUSION_SHARE:
        pool = above & (canvas.y < np.float32(body.spine_y + front)) & (canvas.z < dome + np.float32(level))
        canvas.paint(canvas.whole, pool, Tissue.FREE_FLUID)
    _paint_heart(canvas, body, rng)
    return np.asarray(below & (canvas.z <= dome - sheet))


def _paint_heart(canvas: Canvas, body: Body, rng: np.random.Generator) -> None:
    draw = rng.uniform
    centre = (draw(-30, -10), 0.35 * body.half_depth, body.dome + draw(25, 40))
    box, distance = canvas.ellipsoid(centre, (draw(50, 65), draw(38, 50), draw(40, 50)), rough_mm=2)
    canvas.paint(box, distance < 4, Tissue.VISCERAL_FAT, over=[Tissue.LUNG])
    canvas.paint(box, distance < 0, Tissue.HEART, over=[Tissue.LUNG, Tissue.VISCERAL_FAT])
    canvas.paint(box, distance + 6 * canvas.noise["middle"][box] < -14, Tissue.HEART_BLOOD, over=[Tissue.HEART])
    spine, gullet = canvas.ellipsoid(body.before_spine(0, 190, 10), (24, 26, 110))
    canvas.paint(spine, gullet < 0, Tissue.VISCERAL_FAT, over=[Tissue.LUNG])
