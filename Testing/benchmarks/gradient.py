"""Slope of a noisy map on depth, against the slope the object was made with."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation
from Testing.benchmarks.peers import Peers
from Testing.benchmarks.phantoms import grid_of, known
from Testing.benchmarks.table import Report

from renal_layers.analysis import analyse
from renal_layers.ellipsoid import Ellipsoid
from renal_layers.maps import QuantitativeMap
from renal_layers.settings import Settings, Space
from renal_segmentation.volume import FloatArray, Volume

SLOPE = 0.8
SURFACE_VALUE = 20.0
NOISE = 1.0
RANGE_MM = (5.0, 15.0)
FIELD = np.array([280.0, 120.0, 160.0])
MASK_SPACING = (1.5, 1.5, 5.5)
MAP_SPACING = (3.0, 3.0, 5.0)


SPACES: tuple[tuple[Space, str], ...] = (("mask", "layers"), ("map", "map"))
BACKGROUNDS = ("tissue around", "masked to 0")


def gradient(report: Report, peers: Peers, repeats: int) -> None:
    """Add the slopes of both programs in both spaces over `repeats` shifted, rotated, noisy objects."""
    report.text(
        f"## Gradient of {SLOPE} Hz/mm\n\nTwo ellipsoids 22 x 28 x 50 mm, value {SURFACE_VALUE:g} Hz "
        f"+ {SLOPE} Hz/mm x true depth, noise SD {NOISE:g} Hz; mask 1.5 x 1.5 x 5.5 mm, map 3 x 3 x 5 mm; "
        f"regression over {RANGE_MM[0]:g} to {RANGE_MM[1]:g} mm; {repeats} shifts, rotations, noise draws. "
        f"Around the kidney the map holds {SURFACE_VALUE:g} Hz, or 0 as maps of masked fits do."
    )
    slopes: dict[tuple[str, str], list[float]] = {}
    for seed in range(repeats):
        for background in BACKGROUNDS:
            mask, quantitative = phantom(seed, 0.0 if background == "masked to 0" else SURFACE_VALUE)
            for space, their_space in SPACES:
                mine = _ours(mask, quantitative, space)
                slopes.setdefault((f"Renal, {space} space", background), []).append(mine)
                run = peers.theirs_cached(mask, "--space", their_space, quantitative=quantitative)
                if run is not None and run.table is not None:
                    key = (f"3DQLayers, {space} space", background)
                    slopes.setdefault(key, []).append(slope(run.table))
    rows = [
        [
            program,
            background,
            f"{np.mean(found):.4f}",
            f"{_standard_error(found):.4f}",
            f"{100 * (np.mean(found) / SLOPE - 1):+.2f}",
            f"{100 * _rms(found):.2f}",
        ]
        for (program, background), found in sorted(slopes.items(), reverse=True)
    ]
    report.table(["program", "map", "mean slope Hz/mm", "± SE", "bias %", "RMS error %"], rows)


def phantom(seed: int, around: float) -> tuple[Volume, Volume]:
    """Return a mask and a noisy map of two kidneys whose value rises by `SLOPE` per mm of true depth.

    Parameters
    ----------
    seed : int
        Same position and noise for the same seed.
    around : float
        Value of the map outside the kidneys: 0 is left as it is (masked), anything else gets noise too.
    """
    rng = np.random.default_rng([7, seed])
    mask_grid, map_grid = grid_of(MASK_SPACING, FIELD), grid_of(MAP_SPACING, FIELD)
    noise = rng.normal(0, NOISE, map_grid.shape)
    inside = np.zeros(mask_grid.shape, bool)
    values = around + noise * (around != 0)
    for side in (-1, 1):
        centre = np.array([side * 70.0, 0.0, 0.0]) + rng.uniform(-0.5, 0.5, 3) * MASK_SPACING
        turn = Rotation.from_rotvec(rng.normal(0, 0.25, 3)).as_matrix()
        body = Ellipsoid(centre, turn, np.array([22.0, 28.0, 50.0]))
        inside |= known(body, mask_grid).mask.array
        on_map = known(body, map_grid)
        kidney = on_map.mask.array
        values[kidney] = SURFACE_VALUE + SLOPE * on_map.depth + noise[kidney]
    return Volume(inside, mask_grid.affine), Volume(values, map_grid.affine)


def slope(table: FloatArray) -> float:
    """Return the least-squares slope of value (column 1) on depth (column 0) over the central range."""
    depth, value = table.T
    central = (depth >= RANGE_MM[0]) & (depth <= RANGE_MM[1]) & np.isfinite(value)
    return float(np.polyfit(depth[central], value[central], 1)[0])


def _ours(mask: Volume, quantitative: Volume, space: Space) -> float:
    settings = Settings(space=space, gradient_range=RANGE_MM)
    analysis = analyse(mask, [QuantitativeMap("R2*", quantitative, "Hz")], settings)
    return float(analysis.gradients[0].slope)


def _rms(slopes: list[float]) -> float:
    return float(np.sqrt(np.mean((np.array(slopes) / SLOPE - 1) ** 2)))


def _standard_error(slopes: list[float]) -> float:
    return float(np.std(slopes, ddof=1) / np.sqrt(len(slopes))) if len(slopes) > 1 else float("nan")
