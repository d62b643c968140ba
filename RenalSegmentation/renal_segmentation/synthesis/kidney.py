"""One kidney: outline with hilum, fat around it, cortex, pyramids, sinus, calyces and pelvis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from renal_segmentation.synthesis.canvas import Box, Canvas
from renal_segmentation.synthesis.kidney_plan import RIGHT, KidneyPlan
from renal_segmentation.synthesis.noise import FloatField
from renal_segmentation.synthesis.shapes import Fields, Point, capsule, ellipsoid, local, smooth_curve
from renal_segmentation.synthesis.skeleton import BONES, MUSCLES
from renal_segmentation.synthesis.tissues import Tissue

SPARED = BONES | {Tissue.AIR, Tissue.SKIN, Tissue.SUBCUTANEOUS_FAT}
"""What gives way to no kidney."""
HYDRONEPHROSIS_SHARE = 0.06
PYRAMIDS_SHARE = 0.95
"""The others are drawn without a medulla, as they look where cortex and medulla do not differ."""
CAPSULE_GAP_MM = 1.0


@dataclass(frozen=True)
class Parts:
    """The tissues of the kidney of one side."""

    cortex: Tissue
    medulla: Tissue
    fat: Tissue
    collecting: Tissue
    vessel: Tissue
    cyst: Tissue
    tumour: Tissue


def parts_of(side: int) -> Parts:
    """Return the tissues of a side (-1 left, 1 right)."""
    first = Tissue.RIGHT_CORTEX if side == RIGHT else Tissue.LEFT_CORTEX
    return Parts(*(Tissue(first + i) for i in range(7)))


KIDNEY_TISSUES = frozenset(Tissue(t) for t in range(Tissue.LEFT_CORTEX, Tissue.RIGHT_TUMOUR + 1))


@dataclass(frozen=True)
class Outline:
    """A kidney's box of voxels with local coordinates and distances.

    Attributes
    ----------
    box : tuple of slices
        Around the kidney and the fat it lies in.
    fields : tuple of ndarray
        Coordinates towards the hilum, across and along, straightened, mm.
    surface, sinus : ndarray of float32
        Signed distance to the capsule and to the wall of the sinus, mm.
    """

    box: Box
    fields: Fields
    surface: FloatField
    sinus: FloatField


def paint_kidney(canvas: Canvas, plan: KidneyPlan, rng: np.random.Generator, visceral: float) -> None:
    """Paint a kidney with the fat around it over whatever is there."""
    parts = parts_of(plan.side)
    outline = _draw_outline(canvas, plan, rng, visceral)
    box = outline.box
    _paint_fat(canvas, plan, outline, rng, visceral)
    inside = (outline.surface < 0) & ~canvas.among(box, SPARED)
    canvas.paint(box, inside, parts.cortex, spare=KIDNEY_TISSUES)
    apexes = _paint_pyramids(canvas, plan, outline, rng, parts)
    canvas.paint(box, outline.sinus < 0, parts.fat, over=[parts.cortex, parts.medulla])
    _paint_sinus(canvas, plan, outline, rng, parts, apexes)


def _draw_outline(canvas: Canvas, plan: KidneyPlan, rng: np.random.Generator, visceral: float) -> Outline:
    """Return a bean: an ellipsoid bent around the hilum, its surface wavering, with a notch where the vessels enter."""
    draw = rng.uniform
    ru, rv, rw = plan.radii
    reach = plan.reach + 26
    box = canvas.box(plan.centre - reach, plan.centre + reach)
    u, v, w = local(canvas.fields(box), plan.centre, plan.turned)
    along = w / np.float32(rw)
    u = u - np.float32(draw(0.05, 0.4) * ru) * (along * along - np.float32(0.3))
    v = v - np.float32(draw(-0.1, 0.1) * rv) * along * along
    taper = 1 + np.float32(draw(-0.12, 0.12)) * np.clip(along, -1.3, 1.3)
    fields = (u / taper, v / taper, w)
    surface = ellipsoid(fields, plan.radii, draw(0, 0.45))
    surface += (
        np.float32(draw(0.2, 1.3)) * canvas.noise["middle"][box] + np.float32(draw(0, 0.5)) * canvas.noise["fine"][box]
    )
    if rng.random() < 0.2:  # lobes kept from before birth
        surface += np.float32(draw(0.5, 1.6)) * canvas.noise["fine"][box]
    notch = ellipsoid(
        local(fields, (draw(1.0, 1.2) * ru, 0, draw(-0.1, 0.1) * rw)),
        (0.42 * ru, draw(0.3, 0.5) * rv, draw(0.2, 0.36) * rw),
    )
    surface = np.maximum(surface, -notch)
    thick = plan.parenchyma
    radii = (max(0.95 * ru - 0.72 * thick, 5), max(rv - thick, 0.3 * rv), max(rw - 1.15 * thick, 0.35 * rw))
    open_share = float(np.clip(draw(0.25, 0.85) + 0.45 * visceral, 0.25, 1.1))
    hollow = ellipsoid(local(fields, (draw(0.28, 0.42) * ru, 0, 0)), [open_share * r for r in radii])
    gap = 0.5 + 0.5 * open_share
    mouth = (0.8 * ru, draw(0.25, 0.42) * gap * rv, draw(0.18, 0.34) * gap * rw)
    gate = ellipsoid(local(fields, (ru, 0, 0)), mouth)
    sinus = np.minimum(hollow, gate) + np.float32(draw(0.5, 2.0)) * canvas.noise["fine"][box]
    return Outline(box, fields, np.asarray(surface), np.asarray(sinus))


def _paint_fat(canvas: Canvas, plan: KidneyPlan, outline: Outline, rng: np.random.Generator, visceral: float) -> None:
    """Paint the perirenal fat, which dents the organs and, thinly, the muscles, and sometimes the fascia around it."""
    draw = rng.uniform
    box = outline.box
    usual = draw(0, 4) + 20 * visceral * draw(0.3, 1.2)
    uneven = 1 + np.float32(0.5) * canvas.noise["coarse"][box] + np.float32(0.2) * canvas.noise["middle"][box]
    # There is most of it behind and below.
    for field, middle, share in ((canvas.y, plan.centre[1], draw(0, 0.5)), (canvas.z, plan.centre[2], draw(0, 0.5))):
        uneven -= np.float32(share) * np.clip((field[box] - np.float32(middle)) / np.float32(30), -1, 1)
    thick = np.clip(usual * uneven, 0, 30)
    notch = np.maximum(thick, np.where(outline.fields[0] > 0, CAPSULE_GAP_MM, 0))
    canvas.paint(
        box, outline.surface < notch, Tissue.PERIRENAL_FAT, spare=SPARED | MUSCLES | KIDNEY_TISSUES | {Tissue.LUNG}
    )
    canvas.paint(box, outline.surface < np.minimum(thick, draw(0.5, 3)), Tissue.PERIRENAL_FAT, over=MUSCLES)
    shift, sheet = draw(0.5, 4), draw(0.4, 1.2)
    if rng.random() < 0.5:
        canvas.paint(
            box,
            np.abs(outline.surface - thick - shift) < sheet,
            Tissue.FASCIA,
            over=[Tissue.PERIRENAL_FAT, Tissue.VISCERAL_FAT],
        )


def _paint_pyramids(
    canvas: Canvas, plan: KidneyPlan, outline: Outline, rng: np.random.Generator, parts: Parts
) -> list[Point]:
    """Paint the pyramids, apart from each other by columns of cortex; return their directions in shares of the axes."""
    count = int(rng.integers(8, 17))
    tried = rng.standard_normal((12 * count, 3)) * (1, 1, 1.3)
    tried /= np.linalg.norm(tried, axis=1, keepdims=True)
    tried = tried[tried[:, 0] < 0.7]
    chosen = [tried[0]]
    while len(chosen) < min(count, len(tried)):
        apart = np.min([np.abs((tried - c) * plan.radii).sum(1) for c in chosen], axis=0)
        chosen.append(tried[int(np.argmax(apart))])
    column, distinct = rng.uniform(1.0, 3.6), rng.random() < PYRAMIDS_SHARE
    deep = (outline.surface < -plan.cortex) & (outline.sinus > -1) & canvas.among(outline.box, [parts.cortex])
    u, v, w = (field[deep] / np.float32(r) for field, r in zip(outline.fields, plan.radii, strict=True))
    length = np.sqrt(u * u + v * v + w * w) + 1e-6
    if len(u) and distinct:
        rays = np.stack([u, v, w], 1) / length[:, None] * np.asarray(plan.radii, np.float32)
        distance, _ = cKDTree(np.array(chosen) * plan.radii).query(rays, k=2)
        # Pyramids narrow towards the sinus: what parts two of them widens there.
        narrowing = 1 + np.clip(-outline.surface[deep] - plan.cortex, 0, 14) / 9
        gap = (distance[:, 1] - distance[:, 0]) / 2 > column * narrowing
        medulla = np.zeros(deep.shape, bool)
        medulla[deep] = gap
        canvas.paint(outline.box, medulla, parts.medulla)
    return chosen


def _paint_sinus(
    canvas: Canvas, plan: KidneyPlan, outline: Outline, rng: np.random.Generator, parts: Parts, apexes: list[Point]
) -> None:
    """Paint calyces, the pelvis and vessels into the sinus, from collapsed to dilated."""
    draw = rng.uniform
    swollen = rng.random() < HYDRONEPHROSIS_SHARE
    width = draw(3, 6) if swollen else draw(0.8, 2.6)
    u, v, w = outline.fields
    radius = np.asarray(plan.radii)
    pelvis = np.array([draw(0.45, 0.7), 0, draw(-0.12, 0.05)]) * radius
    distance = ellipsoid(local((u, v, w), pelvis), (0.22 * radius[0] + width, 1.5 + 1.5 * width, 4 + 3 * width))
    for direction in apexes:
        end = np.array([0.3, 0, 0]) * radius + direction * radius * (0.36, 0.3, 0.56)
        distance = np.minimum(
            distance, capsule((u, v, w), pelvis, end, width, draw(0.8, 1.5) * width + (2 if swollen else 0))
        )
    if rng.random() < 0.92:
        canvas.paint(outline.box, distance < 0, parts.collecting, over=[parts.fat])
    for _ in range(int(rng.integers(2, 8))):
        ends = (
            np.array([1.0, draw(-0.2, 0.2), draw(-0.2, 0.2)]) * radius,
            np.array([draw(-0.2, 0.3), draw(-0.4, 0.4), draw(-0.7, 0.7)]) * radius,
        )
        canvas.paint(
            outline.box, capsule((u, v, w), ends[0], ends[1], draw(1.2, 3), 1.0) < 0, parts.vessel, over=[parts.fat]
        )


def paint_isthmus(canvas: Canvas, plans: tuple[KidneyPlan, ...], front_y: float, rng: np.random.Generator) -> None:
    """Join the lower poles of two kidneys before the great vessels; each half belongs to its side."""
    left, right = (plan.at((0.1, 0, -0.75)) for plan in sorted(plans, key=lambda p: p.side))
    middle = np.array([0, front_y + 10, min(left[2], right[2]) - 5])
    points = smooth_curve([left, middle, right], 4)
    box, distance = canvas.tube(points, rng.uniform(7, 13))
    for side in (-1, 1):
        half = (distance < 0) & (canvas.x[box] * side > 0)
        canvas.paint(box, half, parts_of(side).cortex, spare=KIDNEY_TISSUES | BONES)
