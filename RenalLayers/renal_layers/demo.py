"""What ``renal-layers demo`` does: make the reference object as files, then analyse and report it."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from renal_layers.gradients import GradientRow
from renal_layers.phantom import PhantomSettings, ReferenceObject, reference_object
from renal_layers.run import MapFile, Request, run
from renal_layers.segmenting import DEFAULT_MODEL
from renal_layers.settings import Settings
from renal_segmentation.agreement import compare
from renal_segmentation.errors import OutputError
from renal_segmentation.files import check_folder, new_folder, read_image, write_image

TITLE = "Digital reference object"
IMAGES = ("mask", "tissue", "sinus", "t2w", "t1w", "r2star", "t1")
PELVIS_DISTANCE_MM = 10.0


def demo(
    output: Path,
    overwrite: bool,
    progress_style: str = "text",
    network: str | None = None,
    trust: bool = False,
) -> None:
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
    trust : bool
        Whether code that comes with the model may run.

    Raises
    ------
    OutputError
        If the folder holds something and may not be overwritten, or images of others, or cannot be written.
    """
    check_folder(output, overwrite)
    subject = reference_object(PhantomSettings(with_cyst=True, tissue_noise_mm=0.5))
    with _inputs(output / "input", subject) as files:
        analysis = run(_request(output, files, network, trust), progress_style)
    if progress_style == "text":
        agreement = _agreement(output / "mask.nii.gz", subject) if network else ""
        sys.stdout.write(agreement + _comparison(analysis.gradients, subject) + f"Report: {output / 'report.html'}\n")


def _request(output: Path, files: dict[str, Path], network: str | None, trust: bool) -> Request:
    return Request(
        mask=None if network else files["mask"],
        output=output,
        segment=files["t2w"] if network else None,
        model=network or DEFAULT_MODEL,
        trust=trust,
        maps=(MapFile("R2*", files["r2star"], "Hz"), MapFile("T1", files["t1"], "ms")),
        labels=None if network else {1: "left", 2: "right"},
        tissue=files["tissue"],
        tissue_names={1: "cortex", 2: "medulla"},
        pelvis=files["sinus"],
        image=files["t2w"],
        title=TITLE,
        settings=Settings(pelvis_distance_mm=PELVIS_DISTANCE_MM),
        overwrite=True,
        report=True,
        scene=True,
    )


@contextmanager
def _inputs(folder: Path, subject: ReferenceObject) -> Iterator[dict[str, Path]]:
    """Write the object's images and give their paths by name; those that are new go again if the block fails.

    Raises
    ------
    OutputError
        If a file of someone else has the name of one of them, or they cannot be written.
    """
    paths = {name: folder / f"{name}.nii.gz" for name in IMAGES}
    there = [path for path in paths.values() if path.exists()]
    for path in there:
        if not _is_ours(path):
            raise OutputError(f"{path} is not of an earlier demonstration: give another --output folder.")
    with new_folder(folder):
        try:
            for name, path in paths.items():
                volume = getattr(subject, name)
                write_image(path, volume.array, volume.grid, f"{TITLE}, {name}")
            yield paths
        except BaseException:
            for path in set(paths.values()).difference(there):
                path.unlink(missing_ok=True)
            raise


def _is_ours(path: Path) -> bool:
    """Tell whether the description in the header of an image is that of the reference object."""
    import nibabel

    unreadable = (nibabel.filebasedimages.ImageFileError, nibabel.spatialimages.HeaderDataError, OSError, EOFError)
    try:
        header: Any = nibabel.load(path).header
        return bytes(header["descrip"]).startswith(TITLE.encode())
    except (*unreadable, zlib.error, LookupError):
        return False


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
