"""The digital reference object: two kidneys whose geometry and maps are known in closed form.

It is the demonstration subject, the truth of the tests, and what an installation can be checked with. Each
kidney is an ellipsoid whose surface is the capsule. Cortex reaches from the capsule down to a known depth;
beneath it lie pyramids of medulla with columns of cortex between them. A smaller ellipsoid that opens at the
hilum is the sinus. R2* and T1 are straight lines over the true depth below the capsule. A voxel belongs to
what lies at its centre.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renal_layers.ellipsoid import Ellipsoid
from renal_layers.phantom_kidney import LEFT, RIGHT, Kidney, capsule_of, distance_to_column, overlap_ml
from renal_layers.phantom_settings import Line, PhantomSettings, axis_directions
from renal_layers.scenery import Classes, Tissue, blurred, noisy, paint_body, signal_of, textured
from renal_segmentation.volume import FloatArray, Grid, Volume

__all__ = [
    "CORTEX", "LEFT", "MEDULLA", "RIGHT", "KidneyLabels", "Line", "PhantomSettings", "ReferenceObject", "Truth",
    "axis_directions", "capsule_of", "reference_object", "sample_kidneys", "truth_of",
]  # fmt: skip

CORTEX, MEDULLA = 1, 2

_COLUMN_MM = 3.0
_COLUMN_RAMP_MM = 3.0
_WAVES = 128


@dataclass(frozen=True)
class Truth:
    """What a measurement of the reference object should find.

    Attributes
    ----------
    cortex_mm : float
        Cortical thickness.
    r2star, t1 : Line
        R2* in Hz and T1 in ms over depth in mm.
    left_ml, right_ml : float
        Volume of each kidney without sinus and cyst.
    sinus_ml, cyst_ml : float
        Volume of both sinuses and of the cyst within the capsules.
    """

    cortex_mm: float
    r2star: Line
    t1: Line
    left_ml: float
    right_ml: float
    sinus_ml: float
    cyst_ml: float


@dataclass(frozen=True)
class KidneyLabels:
    """The kidneys on one grid.

    Attributes
    ----------
    mask : Volume of uint8
        1 left, 2 right kidney.
    tissue : Volume of uint8
        1 cortex, 2 medulla within the mask.
    sinus, cyst : Volume of uint8
        1 in the sinus within the capsule, and in the cyst.
    depth : Volume of float32
        True distance to the capsule in mm within the mask, 0 elsewhere.
    """

    mask: Volume
    tissue: Volume
    sinus: Volume
    cyst: Volume
    depth: Volume


@dataclass(frozen=True)
class ReferenceObject:
    """Images, labels, maps and the truth behind them.

    Attributes
    ----------
    mask, tissue, sinus, depth : Volume
        On the structural grid, see `KidneyLabels`.
    t2w, t1w : Volume of float32
        Structural images in arbitrary units.
    r2star, t1 : Volume of float32
        Maps in Hz and ms on a grid of their own, 0 in air.
    map_mask, map_depth : Volume
        Kidney label and true depth in mm on the grid of the maps.
    truth : Truth
        The numbers built in.
    """

    mask: Volume
    tissue: Volume
    sinus: Volume
    depth: Volume
    t2w: Volume
    t1w: Volume
    r2star: Volume
    t1: Volume
    map_mask: Volume
    map_depth: Volume
    truth: Truth


def reference_object(settings: PhantomSettings | None = None) -> ReferenceObject:
    """Return the reference object; the defaults take about a second.

    Parameters
    ----------
    settings : PhantomSettings, optional
        None means the defaults.
    """
    settings = settings or PhantomSettings()
    labels = sample_kidneys(settings.structural_grid(), settings)
    on_map = sample_kidneys(settings.map_grid(), settings)
    body, map_body = _tissue_classes(labels, settings), _tissue_classes(on_map, settings)
    return ReferenceObject(
        mask=labels.mask,
        tissue=labels.tissue,
        sinus=labels.sinus,
        depth=labels.depth,
        t2w=_structural_image("t2w", body, labels, settings.image_noise, settings.stream(2)),
        t1w=_structural_image("t1w", body, labels, settings.image_noise, settings.stream(3)),
        r2star=_map("r2star", map_body, on_map, settings.r2star, settings.r2star_noise, settings.stream(4)),
        t1=_map("t1", map_body, on_map, settings.t1, settings.t1_noise, settings.stream(5)),
        map_mask=on_map.mask,
        map_depth=on_map.depth,
        truth=truth_of(settings),
    )


def sample_kidneys(grid: Grid, settings: PhantomSettings) -> KidneyLabels:
    """Return the kidneys of the reference object on any grid, without images or maps (fast).

    Parameters
    ----------
    grid : Grid
        Usually ``settings.structural_grid()`` or ``settings.map_grid()``.
    settings : PhantomSettings
        Only what concerns the kidneys is used.
    """
    mask, tissue, sinus, cyst = (np.zeros(grid.shape, np.uint8) for _ in range(4))
    depth = np.zeros(grid.shape, np.float32)
    for kidney in settings.kidneys():
        for body, image in ((kidney.sinus, sinus), (kidney.cyst, cyst)):
            if body is not None:
                box = body.box_on(grid)
                image[box] |= body.inside_on(grid, box)
        box = kidney.capsule.box_on(grid)
        inside = kidney.capsule.inside_on(grid, box)
        sinus[box] &= inside
        inside &= (sinus[box] == 0) & (cyst[box] == 0)
        points = grid.to_ras(np.argwhere(inside) + [s.start for s in box])
        below = kidney.capsule.distance(points)
        mask[box][inside] = kidney.label
        depth[box][inside] = below
        tissue[box][inside] = _tissue_at(kidney, points, below, settings)
    volumes = (Volume(array, grid.affine) for array in (mask, tissue, sinus, cyst, depth))
    return KidneyLabels(*volumes)


def truth_of(settings: PhantomSettings) -> Truth:
    """Return the numbers built into the reference object.

    Volumes of whole ellipsoids are closed-form; the share of the sinus or cyst within the capsule is taken
    from a lattice of points (about 0.01 ml).
    """
    kidney_ml, sinus_ml, cyst_ml = {}, 0.0, 0.0
    for kidney in settings.kidneys():
        sinus = overlap_ml(kidney.sinus, kidney.capsule)
        cyst = overlap_ml(kidney.cyst, kidney.capsule)
        kidney_ml[kidney.label] = kidney.capsule.volume_ml - sinus - cyst
        sinus_ml, cyst_ml = sinus_ml + sinus, cyst_ml + cyst
    return Truth(settings.cortex_mm, settings.r2star, settings.t1, kidney_ml[LEFT], kidney_ml[RIGHT], sinus_ml, cyst_ml)


def _structural_image(name: str, body: Classes, labels: KidneyLabels, noise: float, rng: np.random.Generator) -> Volume:
    grid = labels.mask.grid
    return labels.mask.like(noisy(textured(blurred(signal_of(body, name), grid), grid, rng), noise, rng))


def _map(name: str, body: Classes, labels: KidneyLabels, line: Line, noise: float, rng: np.random.Generator) -> Volume:
    values = signal_of(body, name)
    inside = labels.mask.array > 0
    values[inside] = line.at(labels.depth.array[inside])
    values += np.float32(noise) * rng.standard_normal(values.shape, np.float32) * (body != Tissue.AIR)
    return labels.mask.like(values)


def _tissue_at(
    kidney: Kidney, points: FloatArray, depth: FloatArray, settings: PhantomSettings
) -> npt.NDArray[np.uint8]:
    tissue = np.full(len(points), CORTEX, np.uint8)
    near = np.flatnonzero(depth > settings.cortex_mm - 5 * settings.tissue_noise_mm)
    beneath = depth[near] - settings.cortex_mm
    border = beneath < _COLUMN_RAMP_MM + 5 * settings.tissue_noise_mm
    beneath[border] -= _displacement(points[near[border]], settings)
    width = _COLUMN_MM * np.clip(beneath / _COLUMN_RAMP_MM, 0, 1)
    tissue[near[(beneath > 0) & (distance_to_column(kidney, points[near]) > width / 2)]] = MEDULLA
    if settings.label_flips > 0:
        flipped = settings.stream(10 + kidney.label).random(len(tissue)) < settings.label_flips
        tissue[flipped] = CORTEX + MEDULLA - tissue[flipped]
    return tissue


def _displacement(points: FloatArray, settings: PhantomSettings) -> FloatArray:
    """Return a smooth random field in mm at RAS points, shape (N,): the same field on every grid.

    A sum of random waves has a Gaussian correlation (Rahimi and Recht, "Random features", NIPS 2007).
    """
    if settings.tissue_noise_mm == 0:
        return np.zeros(len(points))
    rng = settings.stream(1)
    waves = rng.standard_normal((_WAVES, 3)) / settings.tissue_noise_length_mm
    phase = rng.uniform(0, 2 * np.pi, _WAVES).astype(np.float32)
    total = np.cos(points.astype(np.float32) @ waves.T.astype(np.float32) + phase).sum(axis=1)
    return np.asarray(settings.tissue_noise_mm * np.sqrt(2 / _WAVES) * total, float)


def _tissue_classes(labels: KidneyLabels, settings: PhantomSettings) -> Classes:
    kidneys = settings.kidneys()
    classes = paint_body(labels.mask.grid, [k.capsule for k in kidneys])
    classes[labels.sinus.array > 0] = Tissue.FAT
    for kidney in kidneys:
        if kidney.sinus is not None:
            pelvis = Ellipsoid(kidney.sinus.centre, kidney.sinus.axes, kidney.sinus.half_axes * [0.8, 0.5, 0.45])
            box = pelvis.box_on(labels.mask.grid)
            classes[box][pelvis.inside_on(labels.mask.grid, box)] = Tissue.FLUID
    classes[labels.cyst.array > 0] = Tissue.FLUID
    classes[labels.tissue.array == CORTEX] = Tissue.CORTEX
    classes[labels.tissue.array == MEDULLA] = Tissue.MEDULLA
    return classes
