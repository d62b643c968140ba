"""Pictures of generated cases side by side, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from renal_segmentation.synthesis.tissues import Tissue, kidney_labels
from renal_segmentation.volume import Volume

Picture = npt.NDArray[np.uint8]
"""Red, green and blue of each pixel, shape (rows, columns, 3)."""

ORGAN_COLOURS: dict[Tissue, tuple[int, int, int]] = {
    Tissue.AIR: (0, 0, 0),
    Tissue.SKIN: (250, 230, 200),
    Tissue.SUBCUTANEOUS_FAT: (240, 220, 120),
    Tissue.BODY_WALL: (150, 60, 60),
    Tissue.VISCERAL_FAT: (200, 175, 70),
    Tissue.PERIRENAL_FAT: (255, 240, 160),
    Tissue.FASCIA: (110, 90, 40),
    Tissue.MESENTERY: (215, 190, 100),
    Tissue.LUNG: (90, 130, 170),
    Tissue.DIAPHRAGM: (120, 40, 40),
    Tissue.LIVER: (160, 90, 40),
    Tissue.LIVER_VESSEL: (70, 60, 160),
    Tissue.LIVER_LESION: (230, 200, 180),
    Tissue.GALLBLADDER: (80, 150, 60),
    Tissue.SPLEEN: (110, 50, 110),
    Tissue.PANCREAS: (230, 160, 90),
    Tissue.ADRENAL: (255, 120, 0),
    Tissue.STOMACH_WALL: (200, 120, 200),
    Tissue.BOWEL_WALL: (200, 120, 200),
    Tissue.GAS: (20, 20, 20),
    Tissue.CORTICAL_BONE: (255, 255, 255),
    Tissue.VERTEBRA: (220, 220, 210),
    Tissue.MARROW: (220, 220, 210),
    Tissue.DISC: (150, 190, 230),
    Tissue.PSOAS: (120, 40, 40),
    Tissue.BACK_MUSCLE: (150, 60, 60),
    Tissue.QUADRATUS: (135, 50, 50),
    Tissue.ARM_MUSCLE: (150, 60, 60),
    Tissue.AORTA: (230, 0, 0),
    Tissue.VENA_CAVA: (0, 0, 230),
    Tissue.VESSEL: (60, 60, 255),
    Tissue.URETER: (0, 220, 220),
}
KIDNEY_COLOURS = ((0, 140, 30), (0, 255, 90), (255, 250, 200), (0, 255, 255), (0, 0, 255), (0, 120, 255), (255, 0, 255))
"""Of cortex, medulla, sinus fat, collecting system, vessels, cysts and tumours, on both sides."""
LABEL_COLOURS = np.array(
    [
        (0, 0, 0),
        (0, 255, 90),
        (255, 200, 0),
        (0, 120, 255),
        (0, 120, 255),
        (255, 250, 200),
        (255, 250, 200),
        (255, 0, 255),
    ]
)


def tissue_colours() -> Picture:
    """Return the colour of every tissue, shape (256, 3); those without a name of their own are shades of grey-blue."""
    colours = np.stack(
        [60 + np.arange(256) * 5 % 120, 80 + np.arange(256) * 11 % 120, 100 + np.arange(256) * 7 % 120], 1
    )
    for tissue, colour in ORGAN_COLOURS.items():
        colours[tissue] = colour
    for first in (Tissue.LEFT_CORTEX, Tissue.RIGHT_CORTEX):
        colours[first : first + len(KIDNEY_COLOURS)] = KIDNEY_COLOURS
    return colours.astype(np.uint8)


def tissue_picture(tissues: Volume) -> Picture:
    """Return a coronal slice above an axial one through the middle of the kidneys, the patient's right on the left.

    Parameters
    ----------
    tissues : Volume
        uint8 `Tissue`, axes to the right, anterior and superior.
    """
    array = tissues.array
    middle = _middle(kidney_labels(array))
    colours = tissue_colours()
    coronal = colours[array[::-1, middle[1], ::-1].T]
    axial = colours[array[::-1, ::-1, middle[2]].T]
    return np.concatenate([coronal, axial])


def image_picture(image: Volume, labels: Volume, shape: tuple[int, int]) -> Picture:
    """Return a slice of an image in grey with the outlines of its kidney labels, in the middle of rows x columns.

    It is the slice in the middle of the kidneys along the last axis, as it is stored.
    """
    place = _middle(labels.array)[2]
    grey, drawn = (volume.array[::-1, ::-1, place].T for volume in (image, labels))
    low, high = np.percentile(grey, [1, 99.5])
    scaled = np.clip((grey - low) / max(float(high - low), 1e-6), 0, 1) * 255
    picture = np.repeat(scaled[..., np.newaxis], 3, 2).astype(np.uint8)
    same = (drawn[:-2, 1:-1] == drawn[2:, 1:-1]) & (drawn[1:-1, :-2] == drawn[1:-1, 2:])
    outline = drawn.copy()
    outline[1:-1, 1:-1][same] = 0
    picture[outline > 0] = LABEL_COLOURS[outline[outline > 0]]
    return _fitted(picture, image.grid.spacing[1::-1], shape)


def _fitted(picture: Picture, pixel_mm: npt.NDArray[np.float64], shape: tuple[int, int]) -> Picture:
    """Return a picture with pixels of `pixel_mm` (row, column) scaled into the middle of rows x columns."""
    size_mm = np.array(picture.shape[:2]) * pixel_mm
    step_mm = float((size_mm / shape).max())
    rows, columns = np.maximum(np.floor(size_mm / step_mm).astype(int), 1)
    taken = [
        np.minimum(((np.arange(n) + 0.5) * step_mm / mm).astype(int), have - 1)
        for n, mm, have in zip((rows, columns), pixel_mm, picture.shape, strict=False)
    ]
    whole = np.zeros((*shape, 3), np.uint8)
    top, left = (shape[0] - rows) // 2, (shape[1] - columns) // 2
    whole[top : top + rows, left : left + columns] = picture[np.ix_(*taken)]
    return whole


def contact_sheet(pictures: Sequence[Picture], columns: int = 6) -> Picture:
    """Return pictures of one size in rows, shape (rows, columns, 3)."""
    blank = np.zeros_like(pictures[0])
    rows = [list(pictures[i : i + columns]) for i in range(0, len(pictures), columns)]
    if len(rows) > 1:
        rows[-1] += [blank] * (columns - len(rows[-1]))
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])


def _middle(labels: npt.NDArray[np.uint8]) -> list[int]:
    """Return the index in the middle of the parenchyma, or of the field where there is none."""
    index = np.nonzero((labels == 1) | (labels == 2))
    return [int(np.median(i)) if len(i) else n // 2 for i, n in zip(index, labels.shape, strict=True)]
