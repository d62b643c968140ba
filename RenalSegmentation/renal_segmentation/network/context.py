"""What else the networks learn to tell apart on generated people: all that lies around kidneys.

A network that knows fat, liver and bowel takes them less often for kidney, and every voxel teaches it something. Of the
localiser's answers fat is used (`fat.without_fat`), and whether what was found is kidney here, too (`postprocessing`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.nn import functional

from renal_segmentation.synthesis.appearance import AIRS, CONTENTS, CYSTS, GUT, MUSCLES, SINUS_FATS, TUMOURS
from renal_segmentation.synthesis.tissues import Tissue

T = Tissue
GROUPS: tuple[tuple[Tissue, ...], ...] = (
    (*AIRS, T.LUNG, T.TABLE),
    (T.SUBCUTANEOUS_FAT, T.VISCERAL_FAT, T.PERIRENAL_FAT),
    (*MUSCLES, T.HEART, T.SKIN, T.FASCIA),
    (T.LIVER, T.LIVER_VESSEL, T.LIVER_LESION),
    (T.SPLEEN,),
    GUT,
    (T.STOMACH_CONTENT, *CONTENTS),
    (T.GALLBLADDER, T.FREE_FLUID, T.BLADDER, T.URETER, T.AORTA, T.VENA_CAVA, T.VESSEL, T.HEART_BLOOD),
    (T.CORTICAL_BONE, T.VERTEBRA, T.MARROW, T.DISC, T.SPINAL_FLUID, T.SPINAL_CORD),
    (T.LEFT_CORTEX, T.LEFT_MEDULLA),
    (T.RIGHT_CORTEX, T.RIGHT_MEDULLA),
    SINUS_FATS,
    (T.LEFT_COLLECTING, T.RIGHT_COLLECTING, T.LEFT_SINUS_VESSEL, T.RIGHT_SINUS_VESSEL),
    (*CYSTS, *TUMOURS),
)
"""What a network tells apart; the first is also what lies beyond a label map."""
FAT, LEFT, RIGHT = 1, 9, 10
"""Groups of fat and of the parenchyma of each side."""
KIDNEYS = slice(LEFT, len(GROUPS) - 1)
"""Groups of all that belongs to a kidney but cysts and masses."""
UNKNOWN = -1
WEIGHT = 0.5
"""Of the surroundings' cross-entropy in the loss."""


def groups_of(tissues: npt.NDArray[np.uint8], mirrored: bool = False) -> npt.NDArray[np.int8]:
    """Return the group of each voxel of a label map; in a mirrored one left and right kidney change places."""
    table = np.full(256, UNKNOWN, np.int8)
    for group, members in enumerate(GROUPS):
        table[list(members)] = group
    if mirrored:
        table = np.where(table == LEFT, RIGHT, np.where(table == RIGHT, LEFT, table)).astype(np.int8)
    return np.asarray(table[tissues])


def context_loss(scores: Tensor, context: Tensor | None) -> Tensor:
    """Return the weighted cross-entropy of the surroundings, 0 where nothing is known of them.

    Parameters
    ----------
    scores : Tensor, shape (1, len(GROUPS), I, J, K)
        Before the softmax.
    context : Tensor of int64, shape (I, J, K), or None
        See `cases.Case`.
    """
    if context is None or not (context >= 0).any():
        return scores.new_zeros(())
    return WEIGHT * functional.cross_entropy(scores.float(), context[None], ignore_index=UNKNOWN)
