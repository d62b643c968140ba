"""Spine, ribs, hips, and the muscles along the spine."""

from __future__ import annotations

import numpy as np

from renal_segmentation.synthesis.body import Body
from renal_segmentation.synthesis.canvas import Canvas
from renal_segmentation.synthesis.noise import stream
from renal_segmentation.synthesis.shapes import ellipse, rotation
from renal_segmentation.synthesis.tissues import Tissue
from renal_segmentation.synthesis.trunk import Trunk

BONES = frozenset(
    {Tissue.CORTICAL_BONE, Tissue.VERTEBRA, Tissue.MARROW, Tissue.DISC, Tissue.SPINAL_FLUID, Tissue.SPINAL_CORD}
)
MUSCLES = frozenset({Tissue.PSOAS, Tissue.BACK_MUSCLE, Tissue.QUADRATUS, Tissue.DIAPHRAGM, Tissue.BODY_WALL})


def paint_muscles(canvas: Canvas, body: Body, seed: int) -> None:
    """Paint psoas, quadratus, back muscles and the legs of the diaphragm."""
    rng = stream(seed, "muscles")
    draw = rng.uniform
    half, thick = draw(26, 38), draw(20, 28)
    reach = body.half_width
    box = canvas.box((-reach, -body.half_depth - body.wall, -400), (reach, body.spine_y + 60, 400))
    x, y, z = canvas.fields(box)
    y = y - body.spine_at(z)
    canal = y + np.float32(body.vertebra + 7)
    rough = canvas.noise["middle"][box]
    origin, width, flat, crus_width = draw(20, 62), draw(17, 25), draw(6, 10), draw(8.5, 11.2)
    soft = [Tissue.BODY_WALL, Tissue.VISCERAL_FAT]
    for side in (-1, 1):
        lateral = np.float32(side) * x
        quadratus = ellipse(lateral - np.float32(body.vertebra + 30), canal - np.float32(2), width, flat)
        low = (quadratus + np.float32(0.7) * rough < 0) & (z < origin - 10)
        canvas.paint(box, low, Tissue.QUADRATUS, over=soft)
        back = ellipse(lateral - np.float32(half + 3), canal + np.float32(0.75 * thick), half, thick, 0.5)
        canvas.paint(box, back + rough < 0, Tissue.BACK_MUSCLE, over=[*soft, Tissue.QUADRATUS])
        aside, _, muscle = body.psoas_at(z)
        muscle = np.clip(np.float32(0.4) * (np.float32(origin) - z), 1, muscle)
        psoas = ellipse(lateral - aside, y + np.float32(4), muscle, muscle * np.float32(1.15))
        inside = (psoas + np.float32(0.7) * rough < 0) & (z < origin)
        canvas.paint(box, inside, Tissue.PSOAS, over=[*soft, Tissue.QUADRATUS])
        crus = ellipse(lateral - np.float32(0.6 * body.vertebra), y - np.float32(body.vertebra), crus_width, 5.0)
        canvas.paint(box, (crus < 0) & (z > -20), Tissue.DIAPHRAGM, over=[Tissue.VISCERAL_FAT])


def paint_spine(canvas: Canvas, body: Body, seed: int) -> None:
    """Paint vertebrae, discs, the canal with the cord, arches and processes."""
    rng = stream(seed, "spine")
    draw = rng.uniform
    box = canvas.box((-60, body.spine_y - 110, -500), (60, body.spine_y + 35, 500))
    x, y, z = canvas.fields(box)
    y = y - body.spine_at(z)
    period = draw(32, 38)
    phase = (z + np.float32(draw(0, period))) / np.float32(period)
    phase -= np.floor(phase)
    disc = draw(0.17, 0.3)
    waist = 1 - np.float32(draw(0.3, 0.5)) * np.clip(phase - disc, 0, 1) * (1 - phase)
    bone = ellipse(x / waist, y / waist, body.vertebra * draw(1.05, 1.3), body.vertebra, 0.4)
    canal = y + np.float32(body.vertebra + draw(6, 9))
    arch = (ellipse(x, canal, draw(17, 22), draw(13, 18)) < 0) & (phase > 0.3)
    spike = (np.abs(x) < draw(3, 5)) & (canal < 0) & (canal > -draw(26, 38)) & (phase > 0.45)
    wing = (np.abs(canal - np.float32(3)) < 5) & (np.abs(x) < draw(32, 45)) & (np.abs(phase - np.float32(0.62)) < 0.14)
    body_part = bone < 0
    canvas.paint(
        box,
        (arch | spike | wing) & ~body_part,
        Tissue.CORTICAL_BONE,
        spare=[Tissue.SKIN, Tissue.AIR, Tissue.SUBCUTANEOUS_FAT],
    )
    shell = draw(0.8, 2.2)
    canvas.paint(box, body_part, Tissue.CORTICAL_BONE)
    canvas.paint(box, body_part & (bone < -shell) & (phase > disc + shell / period), Tissue.VERTEBRA)
    canvas.paint(box, body_part & (phase < disc), Tissue.DISC)
    sac = ellipse(x, canal, draw(8, 12), draw(7, 9))
    canvas.paint(box, (sac < 0) & ~body_part, Tissue.SPINAL_FLUID)
    canvas.paint(box, (ellipse(x, canal, draw(4, 6), draw(3.5, 5)) < 0) & (z > draw(-40, 40)), Tissue.SPINAL_CORD)


def paint_ribs(canvas: Canvas, body: Body, trunk: Trunk, seed: int) -> None:
    """Paint ribs within the wall, going down towards the front, above the costal margin."""
    rng = stream(seed, "ribs")
    draw = rng.uniform
    period, tilt, thick = draw(24, 31), draw(0.3, 0.6), draw(7, 10)
    backward = np.clip(-canvas.y / np.float32(body.half_depth), -1, 1)
    margin = np.where(backward > 0, np.float32(draw(5, 35)) * backward, np.float32(draw(90, 130)) * backward * backward)
    level = (canvas.z + np.float32(tilt) * canvas.y + np.float32(draw(0, period))) / np.float32(period)
    off = np.abs(level - np.rint(level)) * np.float32(period)
    across = (trunk.depth + np.float32(0.45 * body.wall + 1)) / np.float32(0.55)
    rib = np.sqrt(off * off + across * across)
    where = (canvas.z > margin + np.float32(draw(-50, -5))) & trunk.wall
    canvas.paint(
        canvas.whole, where & (rib < thick), Tissue.CORTICAL_BONE, over=[Tissue.BODY_WALL, Tissue.SUBCUTANEOUS_FAT]
    )
    canvas.paint(canvas.whole, where & (rib < thick - 2.5), Tissue.MARROW, over=[Tissue.CORTICAL_BONE])


def paint_hips(canvas: Canvas, body: Body, trunk: Trunk, seed: int) -> None:
    """Paint the wings of the ilium, the sacrum and the heads of the thigh bones."""
    rng = stream(seed, "hips")
    draw = rng.uniform
    crest, thick, rise, forward = draw(-105, -75), draw(4, 7), draw(-0.4, 0.1), draw(0.1, 0.4)
    box = canvas.box((-400, -400, -500), (400, 60, crest + 40))
    x, y, z = canvas.fields(box)
    depth = trunk.depth[box]
    top = (
        np.float32(crest)
        - np.float32(rise) * (np.abs(x) - np.float32(90))
        - np.float32(forward) * np.abs(y + np.float32(10))
    )
    plate = np.abs(depth - np.float32(draw(-6, 2)) - np.float32(0.25) * np.clip(top - z, 0, 120)) - np.float32(thick)
    wing = (z < top) & (np.abs(x) > 35) & (y < 40) & (plate < 0) & (depth > -body.wall)
    canvas.paint(box, wing, Tissue.CORTICAL_BONE)
    canvas.paint(box, wing & (plate < -2), Tissue.MARROW)
    sacrum, distance = canvas.ellipsoid(
        body.before_spine(0, crest - 90, -body.vertebra),
        (draw(44, 54), draw(22, 28), draw(55, 65)),
        rotation(draw(10, 30), 0, 0),
        0.3,
    )
    canvas.paint(sacrum, distance < 0, Tissue.CORTICAL_BONE)
    canvas.paint(sacrum, distance < -2.5, Tissue.VERTEBRA)
    for side in (-1, 1):
        ball, distance = canvas.ellipsoid((side * 88, -5, crest - 150), (25, 25, 25))
        canvas.paint(ball, distance < 0, Tissue.CORTICAL_BONE)
        canvas.paint(ball, distance < -2.5, Tissue.MARROW)
