"""From a seed to the label map of an abdomen.

The maps take the place of the segmented scans from which SynthSeg draws its training images (Billot et al., Medical
Image Analysis 86:102789, 2023): here no person's scan is behind them. Sizes and places are those of anatomy textbooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from renal_segmentation.synthesis.body import Body, blank_canvas, draw_body
from renal_segmentation.synthesis.bowel import paint_colon, paint_duodenum, paint_small_bowel, paint_stomach
from renal_segmentation.synthesis.canvas import Canvas
from renal_segmentation.synthesis.chest import paint_chest
from renal_segmentation.synthesis.kidney import paint_isthmus, paint_kidney
from renal_segmentation.synthesis.kidney_plan import plan_kidneys
from renal_segmentation.synthesis.lesions import paint_lesions
from renal_segmentation.synthesis.noise import stream
from renal_segmentation.synthesis.organs import (
    paint_adrenal,
    paint_ascites,
    paint_liver,
    paint_pancreas,
    paint_pelvis,
    paint_spleen,
)
from renal_segmentation.synthesis.settings import AbdomenSettings
from renal_segmentation.synthesis.skeleton import paint_hips, paint_muscles, paint_ribs, paint_spine
from renal_segmentation.synthesis.trunk import paint_trunk
from renal_segmentation.synthesis.vessels import paint_great_vessels, paint_renal_vessels, paint_visceral_vessels
from renal_segmentation.volume import Volume

USUAL = AbdomenSettings()


def generate_abdomen(seed: int, spacing_mm: float = 2.0, settings: AbdomenSettings = USUAL) -> Volume:
    """Return the tissues of a generated abdomen around the kidneys.

    Parameters
    ----------
    seed : int
        The same seed gives the same person at every voxel size.
    spacing_mm : float
        Voxel size; the field is 384 x 288 x 288 mm.
    settings : AbdomenSettings
        How often there are children, missing kidneys and the like.

    Returns
    -------
    tissues : Volume
        uint8 values of `Tissue`; the axes run to the right, anterior and superior, with zero mm in the middle.
    """
    body = draw_body(seed, settings.child_share)
    canvas = blank_canvas(seed, spacing_mm, body)
    _paint_surroundings(canvas, body, seed)
    _paint_kidneys(canvas, body, seed, settings)
    return canvas.volume()


def generate_abdomens(
    seeds: Iterable[int], spacing_mm: float = 2.0, settings: AbdomenSettings = USUAL
) -> Iterator[tuple[int, Volume]]:
    """Give the abdomen of each seed in turn, with its seed; see `generate_abdomen`."""
    for seed in seeds:
        yield seed, generate_abdomen(seed, spacing_mm, settings)


def _paint_surroundings(canvas: Canvas, body: Body, seed: int) -> None:
    """Paint everything but the kidneys and what belongs to them, from the skin inwards."""
    trunk = paint_trunk(canvas, body, seed)
    below = paint_chest(canvas, body, trunk, seed)
    paint_muscles(canvas, body, seed)
    paint_ribs(canvas, body, trunk, seed)
    paint_spine(canvas, body, seed)
    paint_hips(canvas, body, trunk, seed)
    paint_spleen(canvas, body, below, seed)
    paint_liver(canvas, body, below, seed)
    paint_stomach(canvas, body, below, seed)
    paint_pancreas(canvas, body, below, seed)
    paint_duodenum(canvas, body, below, seed)
    paint_pelvis(canvas, trunk, body, seed)
    paint_colon(canvas, body, below, seed)
    paint_visceral_vessels(canvas, body, seed)
    paint_small_bowel(canvas, body, trunk, below, seed)
    paint_ascites(canvas, trunk, body, below, seed)
    paint_great_vessels(canvas, body, seed)


def _paint_kidneys(canvas: Canvas, body: Body, seed: int, settings: AbdomenSettings) -> None:
    """Paint the kidneys with their fat into what is there, then adrenals, vessels and lesions."""
    kidneys = plan_kidneys(body, seed, settings)
    plans = (*kidneys.native, kidneys.transplant) if kidneys.transplant else kidneys.native
    for number, plan in enumerate(plans):
        paint_kidney(canvas, plan, stream(seed, f"kidney {number} {plan.side}"), body.visceral)
    if kidneys.joined:
        paint_isthmus(canvas, kidneys.native, body.before_spine(0, -60, 0)[1], stream(seed, "isthmus"))
    for number, plan in enumerate(kidneys.native):
        paint_adrenal(canvas, plan, stream(seed, f"adrenal {number} {plan.side}"))
    paint_renal_vessels(canvas, body, kidneys, seed)
    for number, plan in enumerate(plans):
        paint_lesions(canvas, plan, stream(seed, f"lesions {number} {plan.side}"))
