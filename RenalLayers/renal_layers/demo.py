"""What ``renal-layers demo`` does: make the reference object as files, then analyse and report it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from renal_layers.gradients import GradientRow
from renal_layers.phantom import PhantomSettings, ReferenceObject, reference_object
from renal_layers.run import MapFile, Request, run
from renal_layers.segmenting import DEFAULT_MODEL
from renal_layers.settings import Settings
from renal_segmentation.agreement import compare
from renal_segmentation.errors import OutputError
from renal_segmentation.files import read_image, write_image

PELVIS_DISTANCE_MM = 10.0


def demo(output: Path, overwrite: bool, progress_style: str = "text", network: str | None = None) -> None:
    """Analyse the digital reference object and say where the report lies.

    Parameters
    ----------
    output : Path
        Results go here, the object's images into its folder ``input``.
    overwrite : bool
        Replace an earlier demonstration.
    progress_style : {"text", "json", "none"}
        How to show progress.
    network : str, optional
        Name or path of a model that outlines the object's T2-weighted image, in place of the object's own mask.

    Raises
    ------
    OutputError
        If the folder holds something and may not be overwritten, or cannot be written.
    """
    if output.is_dir() and any(output.iterdir()) and not overwrite:
        raise OutputError(f"{output} is not empty: give another --output folder, or add --overwrite.")
    subject = reference_object(PhantomSettings(with_cyst=True, tissue_noise_mm=0.5))
    files = _write_inputs(output / "input", subject)
    request = Request(
        mask=None if network else files["mask"],
        output=output,
        segment=files["t2w"] if network else None,
        model=network or DEFAULT_MODEL,
        maps=(MapFile("R2*", files["r2star"], "Hz"), MapFile("T1", files["t1"], "ms")),
        labels=None if network else {1: "left", 2: "right"},
        tissue=files["tissue"],
        tissue_names={1: "cortex", 2: "medulla"},
        pelvis=files["sinus"],
        image=files["t2w"],
        title="Digital reference object",
        settings=Settings(pelvis_distance_mm=PELVIS_DISTANCE_MM),
        overwrite=True,
        report=True,
        scene=True,
    )
    analysis = run(request, progress_style)
    if progress_style == "text":
        agreement = _agreement(output / "mask.nii.gz", subject) if network else ""
        sys.stdout.write(agreement + _comparison(analysis.gradients, subject) + f"Report: {output / 'report.html'}\n")


def _write_inputs(folder: Path, subject: ReferenceObject) -> dict[str, Path]:
    """Write the object's images and return their paths by name."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made ({error.strerror}): choose another --output.") from error
    paths = {}
    for name in ("mask", "tissue", "sinus", "t2w", "t1w", "r2star", "t1"):
        volume = getattr(subject, name)
        paths[name] = folder / f"{name}.nii.gz"
        write_image(paths[name], volume.array, volume.grid, f"Digital reference object, {name}")
    return paths


def _agreement(mask: Path, subject: ReferenceObject) -> str:
    """Return a line that sets the network's outline beside the built-in kidneys."""
    found, _ = read_image(mask)
    sides = found.like(np.where(found.array <= 2, found.array, 0).astype(np.uint8))
    return "".join(
        f"{row.side} kidney: {row.after_ml:.0f} ml outlined, {row.before_ml:.0f} ml built in, Dice {row.dice:.3f}\n"
        for row in compare(subject.mask, sides)
    )


def _comparison(gradients: Sequence[GradientRow], subject: ReferenceObject) -> str:
    """Return a line per map that sets the measured gradient of both kidneys beside the built-in one."""
    built_in = {"R2*": subject.truth.r2star.slope, "T1": subject.truth.t1.slope}
    return "".join(
        f"{row.map} gradient {row.slope:.3f} {row.unit}/mm (95 % CI {row.slope_ci_low:.3f} to "
        f"{row.slope_ci_high:.3f}), built in {built_in[row.map]:.3f}\n"
        for row in gradients
        if row.side == "both"
    )
