"""What surrounds the kidneys of the reference object, and how tissue looks on each image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from renal_layers.ellipsoid import Ellipsoid
from renal_segmentation.volume import Grid

Classes = npt.NDArray[np.uint8]

_ENDLESS_MM = 1e4
_PERIRENAL_FAT_MM = 7.0
_BLUR_MM = 0.7
_GRAIN_MM = 3.0
_GRAIN_SHARE = 0.04


class Tissue(IntEnum):
    """What a voxel of the body holds."""

    AIR = 0
    FAT = 1
    MUSCLE = 2
    LIVER = 3
    SPLEEN = 4
    BONE = 5
    DISC = 6
    BLOOD = 7
    BOWEL = 8
    FLUID = 9
    LUNG = 10
    CORTEX = 11
    MEDULLA = 12


# Signal of T2w (single-shot fast spin echo) and T1w (spoiled gradient echo) in arbitrary units; R2* in Hz and
# T1 in ms in the range usual at 3 T (T1: de Bazelaire et al., Radiology 2004).
_SIGNALS: dict[str, dict[Tissue, float]] = {
    "t2w": {
        Tissue.FAT: 620, Tissue.MUSCLE: 150, Tissue.LIVER: 230, Tissue.SPLEEN: 430, Tissue.BONE: 330,
        Tissue.DISC: 420, Tissue.BLOOD: 60, Tissue.BOWEL: 380, Tissue.FLUID: 950, Tissue.LUNG: 25,
        Tissue.CORTEX: 400, Tissue.MEDULLA: 540,
    },
    "t1w": {
        Tissue.FAT: 720, Tissue.MUSCLE: 300, Tissue.LIVER: 480, Tissue.SPLEEN: 310, Tissue.BONE: 420,
        Tissue.DISC: 270, Tissue.BLOOD: 230, Tissue.BOWEL: 260, Tissue.FLUID: 110, Tissue.LUNG: 25,
        Tissue.CORTEX: 430, Tissue.MEDULLA: 290,
    },
    "r2star": {
        Tissue.FAT: 35, Tissue.MUSCLE: 35, Tissue.LIVER: 45, Tissue.SPLEEN: 55, Tissue.BONE: 90,
        Tissue.DISC: 25, Tissue.BLOOD: 30, Tissue.BOWEL: 40, Tissue.FLUID: 3, Tissue.LUNG: 150,
    },
    "t1": {
        Tissue.FAT: 380, Tissue.MUSCLE: 1420, Tissue.LIVER: 810, Tissue.SPLEEN: 1330, Tissue.BONE: 590,
        Tissue.DISC: 1200, Tissue.BLOOD: 1900, Tissue.BOWEL: 1100, Tissue.FLUID: 3500, Tissue.LUNG: 1200,
    },
}  # fmt: skip


def paint_body(grid: Grid, capsules: Sequence[Ellipsoid]) -> Classes:
    """Return the tissue of every voxel centre, the kidneys themselves left as the fat around them.

    Parameters
    ----------
    grid : Grid
        Where to look.
    capsules : sequence of Ellipsoid
        The kidneys, which get a coat of fat.

    Returns
    -------
    ndarray of uint8, shape of the grid
        Values of `Tissue`.
    """
    classes = _trunk(grid)
    for tissue, body, power in _organs():
        box = body.box_on(grid)
        part = classes[box]
        part[body.inside_on(grid, box, power) & (part != Tissue.AIR)] = tissue
    for capsule in capsules:
        coat = capsule.grown(_PERIRENAL_FAT_MM)
        box = coat.box_on(grid)
        classes[box][coat.inside_on(grid, box)] = Tissue.FAT
    return classes


def signal_of(classes: Classes, image: str) -> npt.NDArray[np.float32]:
    """Return the signal of each voxel on the image ``t2w``, ``t1w``, ``r2star`` (Hz) or ``t1`` (ms)."""
    signal = _SIGNALS[image]
    table = np.array([signal.get(tissue, 0.0) for tissue in Tissue], np.float32)
    return np.asarray(table[classes], np.float32)


def blurred(signal: npt.NDArray[np.float32], grid: Grid) -> npt.NDArray[np.float32]:
    """Return the image with edges softened in the plane of the slices, as a scanner does."""
    sigma = np.where(grid.spacing < 4 * _BLUR_MM, _BLUR_MM / grid.spacing, 0.3)
    return np.asarray(ndimage.gaussian_filter(signal, sigma, truncate=3.0), np.float32)


def textured(signal: npt.NDArray[np.float32], grid: Grid, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return the image with the uneven look of tissue: smooth variation of a few percent."""
    grain = ndimage.gaussian_filter(
        rng.standard_normal(signal.shape, np.float32), _GRAIN_MM / grid.spacing, truncate=2.0
    )
    return np.asarray(signal * (1 + np.float32(_GRAIN_SHARE) / grain.std() * grain), np.float32)


def noisy(signal: npt.NDArray[np.float32], share: float, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return the magnitude of the signal with complex noise of `share` of the brightest (Rician)."""
    sigma = np.float32(share * signal.max(initial=0))
    real = signal + sigma * rng.standard_normal(signal.shape, np.float32)
    imaginary = sigma * rng.standard_normal(signal.shape, np.float32)
    return np.asarray(np.hypot(real, imaginary), np.float32)


def _trunk(grid: Grid) -> Classes:
    """Return skin to belly: subcutaneous fat, the muscles of the wall, and fat within; air outside."""
    matrix, origin = grid.affine[:3, :3].astype(np.float32), grid.affine[:3, 3].astype(np.float32)
    classes = np.empty(grid.shape, np.uint8)
    j, k = np.ogrid[: grid.shape[1], : grid.shape[2]]
    for i in range(grid.shape[0]):
        x, y, z = (row[1] * j + (row[2] * k + (row[0] * i + o)) for row, o in zip(matrix, origin, strict=True))
        waist = 1 + 0.10 * ((z + 20) / 130) ** 2
        level = ((x / 158) ** 2 + ((y - 30) / 108) ** 2) / waist
        classes[i] = np.select(
            [level <= 0.72, level <= 0.83, level <= 1], [Tissue.FAT, Tissue.MUSCLE, Tissue.FAT], Tissue.AIR
        )
    return classes


def _organs() -> Iterator[tuple[Tissue, Ellipsoid, int]]:
    """Yield tissue, body and squareness from what lies beneath to what is painted over it (RAS mm)."""
    for side in (-1, 1):
        yield Tissue.LUNG, _body((side * 75, 5, 165), (58, 75, 75)), 2
        yield Tissue.MUSCLE, _body((side * 36, 2, -75), (22, 20, 90)), 2
        yield Tissue.MUSCLE, _body((side * 40, -52, 0), (34, 22, _ENDLESS_MM)), 4
    yield Tissue.LIVER, _body((82, 30, 78), (56, 68, 56)), 2
    yield Tissue.LIVER, _body((104, 24, 40), (31, 52, 62)), 2
    yield Tissue.LIVER, _body((10, 62, 92), (52, 32, 34)), 2
    yield Tissue.FLUID, _body((62, 66, 22), (12, 14, 20)), 2
    yield Tissue.SPLEEN, _body((-106, -8, 76), (24, 42, 44)), 2
    yield Tissue.BOWEL, _body((-62, 60, 80), (42, 30, 40)), 2
    for side, height, radius in (
        (1, -62.0, 18.0),
        (1, -98.0, 21.0),
        (-1, -30.0, 15.0),
        (-1, -64.0, 17.0),
        (-1, -98.0, 18.0),
    ):
        yield Tissue.BOWEL, _body((side * 108, 20, height), (radius, radius + 4, 21)), 2
    for n in range(24):
        turn = 2.4 * n
        place = (52 * np.cos(turn) + 20 * np.sin(5 * turn), 62 + 26 * np.sin(turn), -20 - 4.4 * n)
        yield Tissue.BOWEL, _body(place, (22, 13, 11)), 2
    for vertebra in range(-6, 8):
        middle = 31.0 * vertebra
        yield Tissue.DISC, _body((0, -6, middle), (22, 17, 5)), 4
        yield Tissue.BONE, _body((0, -6, middle + 15.5), (21, 16, 11.5)), 8
        yield Tissue.BONE, _body((0, -52, middle + 12), (4, 22, 9)), 4
    yield Tissue.FLUID, _body((0, -32, 0), (9, 7, _ENDLESS_MM)), 2
    yield Tissue.BLOOD, _body((-9, 22, 0), (9, 9, _ENDLESS_MM)), 2
    yield Tissue.BLOOD, _body((17, 22, 0), (11, 9, _ENDLESS_MM)), 2


def _body(centre: tuple[float, float, float], half_axes: tuple[float, float, float]) -> Ellipsoid:
    return Ellipsoid(np.array(centre, float), np.eye(3), np.array(half_axes, float))
