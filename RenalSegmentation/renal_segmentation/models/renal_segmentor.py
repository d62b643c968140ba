"""Renal Segmentor 2 (GPL-3), called in an environment of its own; nothing of it is imported here."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from renal_segmentation.errors import ModelError
from renal_segmentation.models.environments import RENAL_SEGMENTOR, need_executable
from renal_segmentation.models.exchange import finish, write_input
from renal_segmentation.models.processes import Program, run_program
from renal_segmentation.progress import Progress, part, silent
from renal_segmentation.relabelling import Target
from renal_segmentation.segmenter import ModelCard, Segmentation
from renal_segmentation.volume import Volume

CARD = ModelCard(
    "renal-segmentor",
    "Renal Segmentor 2, T2-weighted MRI",
    "MRI (coronal T2-weighted)",
    ("left-kidney", "right-kidney"),
    "GPL-3.0-only",
    2500,
    60.0,
    "https://github.com/alexdaniel654/Renal_Segmentor (Daniel et al., Magnetic Resonance in Medicine 2021)",
)
_CUT = 0.5
_CALL = (
    "import sys, numpy; from segment import Tkv; "
    "numpy.save(sys.argv[2], numpy.asarray(Tkv(sys.argv[1]).get_mask(), dtype='float32'))"
)
"""What its README shows, for its own Python; the mask comes in the voxel order of the file."""


class RenalSegmentor:
    """A `renal_segmentation.segmenter.Segmenter` that calls Renal Segmentor."""

    def describe(self) -> ModelCard:
        """Return what a user should know."""
        return CARD

    def segment(self, image: Volume, *, device: str = "auto", progress: Progress = silent) -> Segmentation:
        """Return the kidneys of an image; it chooses the device itself unless that is the CPU.

        Raises
        ------
        ModelError
            If it is not installed, or fails.
        """
        python, own = need_executable(RENAL_SEGMENTOR, CARD.name)
        with tempfile.TemporaryDirectory(prefix="renal-") as name:
            folder = Path(name)
            write_input(image, folder / "image.nii.gz")
            command = [str(python), "-c", _CALL, str(folder / "image.nii.gz"), str(folder / "mask.npy")]
            variables = {"CUDA_VISIBLE_DEVICES": "-1"} if device == "cpu" else {}
            program = Program(CARD.title, command, CARD.seconds_cpu, variables, own)
            run_program(program, folder / "log.txt", part(progress, 0.0, 0.95))
            if not (folder / "mask.npy").is_file():
                raise ModelError(f"{CARD.title} ended without a mask: install it again.")
            mask = np.load(folder / "mask.npy", allow_pickle=False)
        if mask.shape != image.array.shape:
            raise ModelError(
                f"{CARD.title} gave a mask of {' x '.join(map(str, mask.shape))} voxels for an image of "
                f"{' x '.join(map(str, image.array.shape))}: this version of it is not supported."
            )
        progress("Labels", 0.97)
        labels = image.like((mask > _CUT).astype(np.uint8))
        return finish(labels, {1: Target("kidney")}, image, CARD.name)
