"""The tissues of a generated abdomen, and which of them make up the labels of a kidney mask."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt


class Tissue(IntEnum):
    """What a voxel of a generated abdomen holds; the values are dense, so a table per tissue is indexed by them."""

    AIR = 0
    SKIN = 1
    SUBCUTANEOUS_FAT = 2
    BODY_WALL = 3
    VISCERAL_FAT = 4
    PERIRENAL_FAT = 5
    FASCIA = 6
    MESENTERY = 7
    LUNG = 8
    HEART = 9
    HEART_BLOOD = 10
    DIAPHRAGM = 11
    LIVER = 12
    LIVER_VESSEL = 13
    LIVER_LESION = 14
    GALLBLADDER = 15
    SPLEEN = 16
    PANCREAS = 17
    ADRENAL = 18
    STOMACH_WALL = 19
    STOMACH_CONTENT = 20
    BOWEL_WALL = 21
    BOWEL_CONTENT_1 = 22
    BOWEL_CONTENT_2 = 23
    BOWEL_CONTENT_3 = 24
    BOWEL_CONTENT_4 = 25
    BOWEL_CONTENT_5 = 26
    BOWEL_CONTENT_6 = 27
    GAS = 28
    FREE_FLUID = 29
    CORTICAL_BONE = 30
    VERTEBRA = 31
    MARROW = 32
    DISC = 33
    SPINAL_FLUID = 34
    SPINAL_CORD = 35
    PSOAS = 36
    BACK_MUSCLE = 37
    QUADRATUS = 38
    AORTA = 39
    VENA_CAVA = 40
    VESSEL = 41
    URETER = 42
    BLADDER = 43
    PELVIC_ORGAN = 44
    ARM_MUSCLE = 45
    TABLE = 46
    LEFT_CORTEX = 47
    LEFT_MEDULLA = 48
    LEFT_SINUS_FAT = 49
    LEFT_COLLECTING = 50
    LEFT_SINUS_VESSEL = 51
    LEFT_CYST = 52
    LEFT_TUMOUR = 53
    RIGHT_CORTEX = 54
    RIGHT_MEDULLA = 55
    RIGHT_SINUS_FAT = 56
    RIGHT_COLLECTING = 57
    RIGHT_SINUS_VESSEL = 58
    RIGHT_CYST = 59
    RIGHT_TUMOUR = 60


LABEL_OF: dict[Tissue, int] = {
    Tissue.LEFT_CORTEX: 1,
    Tissue.LEFT_MEDULLA: 1,
    Tissue.RIGHT_CORTEX: 2,
    Tissue.RIGHT_MEDULLA: 2,
    Tissue.LEFT_CYST: 3,
    Tissue.RIGHT_CYST: 4,
    Tissue.LEFT_SINUS_FAT: 5,
    Tissue.LEFT_COLLECTING: 5,
    Tissue.LEFT_SINUS_VESSEL: 5,
    Tissue.RIGHT_SINUS_FAT: 6,
    Tissue.RIGHT_COLLECTING: 6,
    Tissue.RIGHT_SINUS_VESSEL: 6,
    Tissue.LEFT_TUMOUR: 7,
    Tissue.RIGHT_TUMOUR: 7,
}
"""Output label of a kidney tissue: 1 left and 2 right parenchyma, 3 and 4 cysts, 5 and 6 sinus, 7 tumour."""


def kidney_labels(tissues: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the labels of a kidney mask.

    Parameters
    ----------
    tissues : ndarray of uint8, any shape
        Values of `Tissue`.

    Returns
    -------
    labels : ndarray of uint8, same shape
        1 left and 2 right parenchyma (cortex and medulla), 3 left and 4 right cyst, 5 left and 6 right sinus (fat,
        collecting system and vessels within the kidney's outline), 7 tumour, 0 elsewhere.
    """
    lookup = np.zeros(256, np.uint8)
    for tissue, label in LABEL_OF.items():
        lookup[tissue] = label
    return lookup[tissues]
