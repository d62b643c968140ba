"""Stomach, duodenum, colon and small bowel, each with a wall and contents that may be mixed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from renal_segmentation.synthesis.body import Body
from renal_segmentation.synthesis.canvas import FAR_MM, BoolField, Canvas, Region
from renal_segmentation.synthesis.noise import FloatField, stream
from renal_segmentation.synthesis.organs import FATS
from renal_segmentation.synthesis.shapes import Point, capsule, smooth_curve
from renal_segmentation.synthesis.tissues import Tissue
from renal_segmentation.synthesis.trunk import Trunk

CONTENTS = tuple(Tissue(t) for t in range(Tissue.BOWEL_CONTENT_1, Tissue.GAS + 1))
STOMACH_SHARE = 0.92
LOOP_STEP_MM = 13.0


def paint_stomach(canvas: Canvas, body: Body, below: BoolField, seed: int) -> None:
    """Paint the stomach under the left dome, empty to full, with gas in front."""
    rng = stream(seed, "stomach")
    draw = rng.uniform
    full = draw(0.5, 1.2)
    top = (-body.half_width * draw(0.4, 0.6), body.spine_y + draw(35, 60), draw(60, 90), 34 * full)
    bend = (-body.half_width * draw(0.25, 0.5), body.half_depth * draw(0.2, 0.5), draw(10, 40), 27 * full)
    outlet = (draw(0, 30), body.half_depth * draw(0.15, 0.45), draw(-20, 20), 14 * full)
    curve = smooth_curve([top, bend, outlet], 8)
    box, distance = canvas.tube(curve[:, :3], curve[:, 3])
    if rng.random() < STOMACH_SHARE:
        _paint_hollow(
            canvas,
            (box, distance + 2 * canvas.noise["middle"][box]),
            rng,
            below,
            Tissue.STOMACH_WALL,
            Tissue.STOMACH_CONTENT,
        )


def paint_duodenum(canvas: Canvas, body: Body, below: BoolField, seed: int) -> None:
    """Paint the duodenum around the head of the pancreas, before the hilum of the right kidney."""
    rng = stream(seed, "duodenum")
    draw = rng.uniform
    front = body.spine_y + body.vertebra
    descent = draw(48, 66)
    points = [
        (30, front + 45, draw(5, 20)),
        (descent, front + draw(12, 30), draw(-5, 10)),
        (descent + draw(-4, 6), front + draw(2, 18), -25),
    ]
    points += [
        (descent - 12, front + draw(8, 20), draw(-65, -45)),
        (5, front + 26, -55),
        (-30, front + 22, draw(-40, -20)),
    ]
    box, distance = canvas.tube(smooth_curve(points, 5), draw(8, 14))
    _paint_hollow(
        canvas,
        (box, distance + canvas.noise["fine"][box]),
        rng,
        below,
        Tissue.BOWEL_WALL,
        CONTENTS[int(rng.integers(len(CONTENTS)))],
    )


def paint_colon(canvas: Canvas, body: Body, below: BoolField, seed: int) -> None:
    """Paint the colon: up the right flank to below the liver, across, and down the left flank beside the kidney."""
    rng = stream(seed, "colon")
    draw = rng.uniform
    a, b, spine = body.half_width, body.half_depth, body.spine_y
    wide, narrow = draw(15, 29), draw(9, 20)
    right, left, sag = draw(0.6, 0.78), draw(0.66, 0.82), draw(-90, 0)
    ascending = [
        (right * a, spine + draw(15, 50), -150, wide),
        (right * a, spine + draw(5, 40), -90, wide),
        (right * a * 0.97, spine + draw(5, 40), draw(-50, -20), wide),
    ]
    across = [
        (0.5 * a, 0.35 * b, draw(-60, -10), wide),
        (0, 0.6 * b, sag, 0.9 * wide),
        (-0.45 * a, 0.5 * b, sag / 2 + 10, 0.8 * wide),
    ]
    descending = [
        (-left * a, spine + draw(25, 60), draw(20, 65), narrow + 2),
        (-left * a, spine + draw(5, 35), draw(-40, 0), narrow),
    ]
    descending += [
        (-left * a, spine + draw(5, 35), -90, narrow),
        (-0.6 * a, spine + draw(20, 60), -150, narrow),
        (-0.2 * a, 10, -190, narrow),
    ]
    haustra, phase = draw(0.02, 0.2), draw(0, 6)
    for part in (ascending + across[:1], [ascending[-1], *across, descending[0]], descending):
        curve = smooth_curve(part, 5)
        radii = curve[:, 3] * (1 + haustra * np.sin(np.arange(len(curve)) * 1.1 + phase))
        box, distance = canvas.tube(curve[:, :3], radii)
        content = CONTENTS[int(rng.integers(len(CONTENTS)))]
        _paint_hollow(
            canvas, (box, distance + 1.5 * canvas.noise["middle"][box]), rng, below, Tissue.BOWEL_WALL, content
        )


def _paint_hollow(
    canvas: Canvas, region: Region, rng: np.random.Generator, within: BoolField, wall: Tissue, content: Tissue
) -> None:
    """Paint a hollow organ over fat: wall, content, lumps of another content, and gas that rises to the front."""
    draw = rng.uniform
    box, distance = region
    inside = (distance < 0) & within[box]
    thick, lumps, other = draw(1.2, 3.5), draw(0.4, 2.0), CONTENTS[int(rng.integers(len(CONTENTS)))]
    canvas.paint(box, inside, wall, over=FATS | {Tissue.BOWEL_WALL, *CONTENTS})
    lumen = inside & (distance < -thick)
    canvas.paint(box, lumen, content, over=[wall])
    level = rng.random()
    if rng.random() < 0.5:
        canvas.paint(box, lumen & (canvas.noise["fine"][box] > lumps), other, over=[content])
    if rng.random() < 0.5 and lumen.any():
        y = canvas.y[box]
        low, high = float(y[lumen].min()), float(y[lumen].max())
        canvas.paint(
            box, lumen & (y > np.float32(low + (0.3 + 0.7 * level) * (high - low))), Tissue.GAS, over=[content, other]
        )


def paint_small_bowel(canvas: Canvas, body: Body, trunk: Trunk, below: BoolField, seed: int) -> None:
    """Fill the front of the cavity with loops that press against each other, fat and mesentery between them."""
    rng = stream(seed, "small bowel")
    draw = rng.uniform
    nearest = np.full(canvas.tissues.shape, FAR_MM, np.float32)
    second = nearest.copy()
    loop_of = np.zeros(canvas.tissues.shape, np.uint8)
    radius = draw(8, 15)
    count = int(draw(0.4, 1.5) * (1.3 - 0.7 * body.visceral) * 900 / radius)
    contents = [Tissue.BOWEL_WALL]
    for loop in range(1, min(count, 255) + 1):
        contents.append(Tissue.GAS if rng.random() < 0.12 else CONTENTS[int(rng.integers(len(CONTENTS) - 1))])
        for start, end in _loop(rng, body):
            _compete(canvas, start, end, radius * draw(0.85, 1.15), loop, (nearest, second, loop_of))
    crowded = (second - nearest) / 2
    wall = draw(1.0, 3.0)
    region = below & (trunk.depth > 1)
    sheets = np.abs(canvas.noise["fine"]) < draw(0.02, 0.15)
    front = canvas.y > np.float32(body.spine_y + body.vertebra + 10)
    canvas.paint(canvas.whole, region & sheets & front, Tissue.MESENTERY, over=[Tissue.VISCERAL_FAT])
    bowel = region & (nearest < 0)
    canvas.paint(canvas.whole, bowel, Tissue.BOWEL_WALL, over=[Tissue.VISCERAL_FAT, Tissue.MESENTERY])
    lumen = bowel & (nearest < -wall) & (crowded > 0.7 * wall) & (canvas.tissues == Tissue.BOWEL_WALL) & (loop_of > 0)
    table = np.array(contents, np.uint8)
    canvas.tissues[lumen] = table[loop_of[lumen]]
    if rng.random() < 0.6:  # folds and mixed contents
        mixed = lumen & (canvas.noise["fine"] > draw(0.3, 1.5)) & (loop_of % 3 > 0)
        canvas.tissues[mixed] = (
            CONTENTS[int(rng.integers(len(CONTENTS) - 1))] if rng.random() < 0.5 else Tissue.BOWEL_WALL
        )


def _loop(rng: np.random.Generator, body: Body) -> list[tuple[Point, Point]]:
    """Return the pieces of a loop: a walk that turns slowly and stays in the front of the cavity."""
    a, b = body.half_width, body.half_depth
    low = np.array([-0.82 * a, body.spine_y + body.vertebra - 8, -165.0])
    high = np.array([0.82 * a, 0.85 * b, 35.0])
    place = rng.uniform(low, high)
    if abs(place[0]) > 0.4 * a:
        low[1] -= rng.uniform(5, 40)
    heading = rng.standard_normal(3)
    pieces = []
    for _ in range(int(rng.integers(3, 12))):
        heading = heading / np.linalg.norm(heading) + 0.6 * rng.standard_normal(3)
        step = np.clip(place + LOOP_STEP_MM * heading / np.linalg.norm(heading), low, high)
        pieces.append((place, step))
        place = step
    return pieces


def _compete(
    canvas: Canvas,
    start: Point,
    end: Point,
    radius: float,
    loop: int,
    state: tuple[FloatField, FloatField, npt.NDArray[np.uint8]],
) -> None:
    """Add a piece of a loop to the distances to the nearest and the second nearest loop, in place."""
    nearest, second, loop_of = state
    reach = radius + 4
    box = canvas.box(np.minimum(start, end) - reach, np.maximum(start, end) + reach)
    distance = capsule(canvas.fields(box), start, end, radius, radius)
    n, s, own = nearest[box], second[box], loop_of[box]
    same = own == loop
    closer = distance < n
    s[:] = np.where(same, s, np.where(closer, n, np.minimum(s, distance)))
    own[closer] = loop
    np.minimum(n, distance, out=n)
