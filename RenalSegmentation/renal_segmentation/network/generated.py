"""Generated training cases: a label map is placed, scanned and resampled exactly as a real scan will be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from renal_segmentation.network.cases import (
    REFINER_BOX,
    BoolArray,
    ByteArray,
    Case,
    case_of,
    covered,
    network_image,
    placed,
    torch_noise,
)
from renal_segmentation.network.context import FAT, UNKNOWN, groups_of
from renal_segmentation.network.guesses import (
    OTHER,
    decoy,
    first_look,
    is_first_look,
    leaking,
    rough_guess,
    with_fat,
)
from renal_segmentation.network.localising import LOCALISER_FILLS, LOCALISER_MM, localiser_input
from renal_segmentation.network.own_frame import own_frame
from renal_segmentation.network.refining import REFINER_FILLS, REFINER_MM, refiner_input
from renal_segmentation.resampling import nearest
from renal_segmentation.sampling import box_grid, enclosing_grid, index_map, sample
from renal_segmentation.synthesis.acquisition import draw_acquisition, draw_field, draw_plane
from renal_segmentation.synthesis.appearance import Appearance, Shares, draw_appearance
from renal_segmentation.synthesis.imaging import scan, tissue_signal
from renal_segmentation.synthesis.tissues import Tissue
from renal_segmentation.volume import FloatArray, Grid, Volume

SHARES = Shares(
    {"mixture": 0.12, "ct": 0.22, "t2": 0.36, "t1": 0.30},
    {"in-phase": 0.22, "out-of-phase": 0.14, "fat-suppressed": 0.10, "dark-kidney": 0.32, "enhanced": 0.22},
    {"native": 0.30, "arterial": 0.17, "portal": 0.26, "nephrographic": 0.17, "delayed": 0.10},
)
"""Of the contrasts to learn from: kidneys that are as dark as what they touch take the most learning."""
HARD_SHARE = 0.5
"""How often two contrasts of MRI are drawn for the one in which kidneys stand out less from the fat around them."""
MISSING_SHARE = 0.1
"""How often a kidney is taken out of a whole scan."""
BOTH_MISSING_SHARE = 0.15
"""How often both are."""
WINDOW = (80, 64, 64)
"""Voxels of the window that most of the localiser's cases are cut to: a quarter fewer voxels on average."""
WINDOW_SHARE = 0.7
DECOY_SHARE = 0.08
"""How often a network is pointed at another organ, in which it should find no kidney."""
LEAK_SHARE = 0.35
"""How often the refiner is pointed at a kidney and at a piece of what touches it."""
HALO_SHARE = 0.2
"""How often a network is pointed at a kidney and at fat around it: both may stand out from the liver alike."""

T = Tissue
_PARTS = {
    "left": (
        (T.LEFT_CORTEX, T.LEFT_MEDULLA),
        (T.LEFT_SINUS_FAT, T.LEFT_COLLECTING, T.LEFT_SINUS_VESSEL),
        (T.LEFT_CYST, T.LEFT_TUMOUR),
    ),
    "right": (
        (T.RIGHT_CORTEX, T.RIGHT_MEDULLA),
        (T.RIGHT_SINUS_FAT, T.RIGHT_COLLECTING, T.RIGHT_SINUS_VESSEL),
        (T.RIGHT_CYST, T.RIGHT_TUMOUR),
    ),
}


def _lookup(sides: dict[str, tuple[int, int, int]]) -> ByteArray:
    table = np.zeros(256, np.uint8)
    for side, classes in sides.items():
        for part, value in zip(_PARTS[side], classes, strict=True):
            table[list(part)] = value
    return table


ORGANS = _lookup({"left": (1, 1, 0), "right": (2, 2, 0)})
"""Localiser class of each tissue: parenchyma and sinus, without cysts and masses."""
REFINED = {"left": _lookup({"left": (1, 2, 3)}), "right": _lookup({"right": (1, 2, 3)})}
"""Refiner class of each tissue, by side."""


def stored_maps(folder: Path) -> Callable[[np.random.Generator], ByteArray]:
    """Return a function that picks one of the label maps (2 mm) in a folder, in the order of their numbers."""
    paths = sorted(folder.glob("case_*.np[yz]"), key=lambda path: int(path.stem.split("_")[1]))

    def pick(rng: np.random.Generator) -> ByteArray:
        return read_map(paths[int(rng.integers(len(paths)))])

    return pick


def read_map(path: Path) -> ByteArray:
    """Return a label map that was stored as .npy, or compressed as .npz."""
    content = np.load(path)
    return np.asarray(content if path.suffix == ".npy" else content["tissues"])


def map_grid(shape: tuple[int, ...], spacing_mm: float = 2.0) -> Grid:
    """Return the grid of a label map, centred on the origin."""
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = -(np.array(shape) - 1) / 2 * spacing_mm
    return Grid((shape[0], shape[1], shape[2]), affine)


def draw_localiser_appearance(rng: np.random.Generator) -> Appearance:
    """Return a contrast for the localiser: of `SHARES`, more often one in which the edge of the kidney is faint."""
    one = draw_appearance(rng, shares=SHARES)
    if one.regime == "ct" or rng.random() >= HARD_SHARE:
        return one
    return min(one, draw_appearance(rng, one.regime, SHARES), key=_kidney_from_fat)


def _kidney_from_fat(appearance: Appearance) -> float:
    """Return how far the parenchyma is from the fat around it; in opposed phase fat has a negative sign."""
    kidney = appearance.mean[[T.LEFT_CORTEX, T.LEFT_MEDULLA]].mean()
    return float(abs(kidney - abs(appearance.mean[T.PERIRENAL_FAT])))


@dataclass(frozen=True)
class CoarseScan:
    """A generated scan as the localiser sees it, and what it shows.

    Attributes
    ----------
    seen : Tensor, shape (I, J, K)
    grid : Grid
    truth : ndarray of uint8, shape (I, J, K)
        The localiser's classes.
    context : ndarray of int8, shape (I, J, K)
        `context.GROUPS`, `UNKNOWN` beyond the scan.
    fat : ndarray of bool, shape (I, J, K)
    body : Volume
        Label map (`Tissue`) at 2 mm.
    family : str
        Of its contrast.
    """

    seen: torch.Tensor
    grid: Grid
    truth: ByteArray
    context: npt.NDArray[np.int8]
    fat: BoolArray
    body: Volume
    family: str


def localiser_case(tissues: ByteArray, rng: np.random.Generator) -> Case:
    """Return a whole scan on the coarse grid with both kidneys as truth, at times told of a first look made up."""
    noise = torch_noise(rng)
    shown = coarse_scan(tissues, rng, noise)
    guess = None if is_first_look(rng) else made_up_look(shown, rng, noise)
    return told_case(shown, guess, rng)


def coarse_scan(tissues: ByteArray, rng: np.random.Generator, noise: torch.Generator) -> CoarseScan:
    """Return a whole scan of a person on the localiser's grid, straight from a label map at half the resolution."""
    appearance = draw_localiser_appearance(rng)
    tissues = at_times_without_kidneys(tissues, rng)
    organs = ORGANS[tissues]
    grid = placed(map_grid(tissues.shape), rng, 5.0)
    pooled = int(LOCALISER_MM / 2)
    coarse_affine = grid.affine @ np.diag([pooled, pooled, pooled, 1.0])
    coarse_affine[:3, 3] = grid.to_ras([[(pooled - 1) / 2] * 3])[0]
    signal = tissue_signal(tissues, appearance, rng, noise, pooled)
    coarse = Grid((signal.shape[0], signal.shape[1], signal.shape[2]), coarse_affine)
    found = np.argwhere(organs[::4, ::4, ::4] > 0)
    kidneys = grid.to_ras([found.mean(0) * 4])[0] if len(found) else None
    plane = draw_plane(rng)
    extent = np.array(grid.shape) * grid.spacing
    centre, extent = draw_field(rng, plane, grid.affine[:3, 3] * 0, extent, kidneys)
    acquisition = draw_acquisition(rng, centre, extent, (2.5, 4.2), plane)
    image = scan(signal, coarse, acquisition, appearance, rng, noise)
    frame = own_frame(acquisition.grid)
    target = enclosing_grid(acquisition.grid.moved(np.linalg.inv(frame)), LOCALISER_MM).moved(frame)
    seen = network_image(image, acquisition.grid, target)
    truth = nearest(Volume(organs, grid.affine), target)
    outside = ~covered(acquisition.grid, target)
    truth[outside] = 0
    body = Volume(tissues, grid.affine)
    context = nearest(body.like(groups_of(tissues)), target)
    fat = context == FAT
    context[outside] = UNKNOWN
    return CoarseScan(seen, target, truth, context, fat, body, appearance.regime)


def made_up_look(shown: CoarseScan, rng: np.random.Generator, noise: torch.Generator) -> torch.Tensor:
    """Return what a first look might have taken for kidneys: with something else, or with fat around, at times."""
    taken = shown.truth.copy()
    if rng.random() < DECOY_SHARE:
        elsewhere = nearest(shown.body.like(decoy(shown.body.array, rng)), shown.grid)
        taken[elsewhere & (shown.truth == 0)] = OTHER
    if rng.random() < HALO_SHARE:
        taken[with_fat(shown.truth > 0, shown.fat, LOCALISER_MM, rng) & (shown.truth == 0)] = OTHER
    return first_look(taken, rng, noise)


def told_case(shown: CoarseScan, guess: torch.Tensor | None, rng: np.random.Generator) -> Case:
    """Return the localiser's case of a scan, told of a first look or not, and cut to a window most times."""
    truth, context = shown.truth, shown.context
    channels = localiser_input(shown.seen, shown.grid, guess)
    if rng.random() < WINDOW_SHARE:
        window = _window(truth, rng)
        channels, truth, context = channels[(slice(None), *window)], truth[window], context[window]
    return case_of(channels, LOCALISER_FILLS, truth, shown.family, context)


def refiner_case(tissues: ByteArray, rng: np.random.Generator) -> Case:
    """Return the box of one kidney, right ones mirrored, with parenchyma, sinus and cysts as truth."""
    noise = torch_noise(rng)
    appearance = draw_appearance(rng, shares=SHARES)
    side = str(rng.choice(["left", "right"]))
    if not (REFINED[side][tissues[::3, ::3, ::3]] > 0).any():
        side = "right" if side == "left" else "left"
    if side == "right":
        tissues = tissues[::-1]
    classes = REFINED[side][tissues]
    guessed = (classes == 1) | (classes == 2)
    if rng.random() < DECOY_SHARE:
        guessed = decoy(tissues, rng)
        classes = np.zeros_like(classes)
    elif rng.random() < LEAK_SHARE:
        guessed = leaking(guessed, tissues, rng)
    middle = _middle(guessed, rng)
    grid = placed(map_grid(tissues.shape), rng, 8.0)
    centre = grid.to_ras([middle])[0] + rng.normal(0, 6, 3)
    (tissues, classes, guessed), grid = _crop((tissues, classes, guessed.view(np.uint8)), grid, middle)
    box = np.array(REFINER_BOX) * REFINER_MM
    plane = draw_plane(rng)
    field = box + 24.0
    if rng.random() < 0.35:
        axis = {"axial": 2, "coronal": 1, "sagittal": 0, "volume": int(rng.integers(3))}[plane]
        field[axis] = rng.uniform(0.5, 1.0) * box[axis]
    acquisition = draw_acquisition(rng, centre + rng.uniform(-12, 12, 3), field, (1.1, 2.2), plane)
    frame = own_frame(acquisition.grid)
    here = (np.linalg.inv(frame) @ [*centre, 1.0])[:3]
    target = box_grid(here - box / 2, here + box / 2, REFINER_MM).moved(frame)
    signal = tissue_signal(tissues, appearance, rng, noise)
    image = scan(signal, grid, acquisition, appearance, rng, noise)
    seen = network_image(image, acquisition.grid, target)
    body = Volume(tissues, grid.affine)
    truth, context = refiner_answers(body, classes, target, acquisition.grid, side == "right")
    pointed = sample(torch.from_numpy(guessed.astype(np.float32))[None], index_map(target, grid), target.shape)[0]
    taken = pointed.numpy() > 0.5
    if rng.random() < HALO_SHARE:
        taken = with_fat(taken, context == FAT, REFINER_MM, rng)
    guess = rough_guess(taken & (context != UNKNOWN), rng, noise)
    return case_of(refiner_input(seen, guess), REFINER_FILLS, truth, appearance.regime, context)


def refiner_answers(
    body: Volume, classes: ByteArray, target: Grid, scanned: Grid, mirrored: bool
) -> tuple[ByteArray, npt.NDArray[np.int8]]:
    """Return the refiner's classes and the surroundings on its grid; beyond the scan, background and `UNKNOWN`.

    Parameters
    ----------
    body : Volume
        Label map (`Tissue`).
    classes : ndarray of uint8, shape of `body`
        The refiner's; each voxel of the result has the one with the largest share.
    target, scanned : Grid
        Of the refiner, and of the scan.
    mirrored : bool
        Whether left and right kidney change places in the surroundings.
    """
    onehot = torch.from_numpy(np.stack([classes == value for value in (1, 2, 3)]).astype(np.float32))
    share = sample(onehot, index_map(target, body.grid), target.shape)
    share = torch.cat([1 - share.sum(0, keepdim=True), share])
    truth = share.argmax(0).to(torch.uint8).numpy()
    context = nearest(body.like(groups_of(body.array, mirrored)), target)
    outside = ~covered(scanned, target)
    truth[outside] = 0
    context[outside] = UNKNOWN
    return truth, context


def at_times_without_kidneys(
    tissues: ByteArray, rng: np.random.Generator, both_missing: float = BOTH_MISSING_SHARE
) -> ByteArray:
    """Return the label map, now and then without a kidney or without both."""
    nobody = rng.random() < both_missing
    for side in REFINED:
        if nobody or rng.random() < MISSING_SHARE:
            tissues = without_kidney(tissues, side)
    return tissues


def without_kidney(tissues: ByteArray, side: str) -> ByteArray:
    """Return the label map with fat in place of a kidney."""
    table = np.arange(256, dtype=np.uint8)
    for part in _PARTS[side]:
        table[list(part)] = T.VISCERAL_FAT
    return np.asarray(table[tissues])


def _window(truth: ByteArray, rng: np.random.Generator) -> tuple[slice, slice, slice]:
    """Return a random window of at most `WINDOW` voxels around a voxel of a kidney, or anywhere without one."""
    found = np.argwhere(truth > 0)
    near = found[int(rng.integers(len(found)))] if len(found) else rng.integers(0, truth.shape)
    first = [int(rng.integers(max(p - n + 1, 0), p + 1)) for p, n in zip(near, WINDOW, strict=True)]
    first = [min(low, max(size - n, 0)) for low, size, n in zip(first, truth.shape, WINDOW, strict=True)]
    i, j, k = (slice(low, low + n) for low, n in zip(first, WINDOW, strict=True))
    return i, j, k


def _middle(organ: BoolArray, rng: np.random.Generator) -> FloatArray:
    """Return the middle of an organ in voxels, or a random place where there is none."""
    found = np.argwhere(organ[::2, ::2, ::2]) * 2
    if not len(found):
        return np.asarray(np.array(organ.shape) * rng.uniform(0.35, 0.65, 3))
    return np.asarray((found.min(0) + found.max(0)) / 2)


def _crop(
    arrays: tuple[ByteArray, ...], grid: Grid, middle: FloatArray, reach: tuple[int, int, int] = (48, 48, 54)
) -> tuple[tuple[ByteArray, ...], Grid]:
    """Return the surroundings of the kidney; `REFINER_BOX` fits inside even when turned a little."""
    low = np.maximum(np.rint(middle).astype(int) - reach, 0)
    high = np.minimum(np.rint(middle).astype(int) + reach, grid.shape)
    place = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    affine = grid.affine.copy()
    affine[:3, 3] = grid.to_ras([low])[0]
    cropped = tuple(np.ascontiguousarray(array[place]) for array in arrays)
    shape = cropped[0].shape
    return cropped, Grid((shape[0], shape[1], shape[2]), affine)
