"""One run from files to files: what ``renal-layers run`` does."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from renal_layers.analysis import Analysis, analyse
from renal_layers.maps import WELL_COVERED, QuantitativeMap, Tissue, check_tissue_names
from renal_layers.outputs import ALWAYS, PROGRAM, VoxelFormat, earlier_files, write_results, write_summary
from renal_layers.sampling import covered
from renal_layers.segmenting import DEFAULT_MODEL, Outlined, outline
from renal_layers.settings import Settings
from renal_segmentation.console import console_progress, print_notices
from renal_segmentation.errors import InputError, Notice, OutputError
from renal_segmentation.files import atomic_folder, read_image, sha256, write_image
from renal_segmentation.labels import parse_labels
from renal_segmentation.progress import Progress, part
from renal_segmentation.volume import Volume


@dataclass(frozen=True)
class MapFile:
    """A map on disk."""

    name: str
    path: Path
    unit: str


@dataclass(frozen=True)
class _Measured:
    """What was read and computed, ready to be written."""

    analysis: Analysis
    maps: list[QuantitativeMap]
    image: Volume | None
    outlined: Outlined | None


@dataclass(frozen=True)
class Request:
    """Everything that the command line of one run says."""

    mask: Path | None
    output: Path
    segment: Path | None = None
    model: str = DEFAULT_MODEL
    device: str = "auto"
    trust: bool = False
    maps: tuple[MapFile, ...] = ()
    labels: dict[int, str] | None = None
    tissue: Path | None = None
    tissue_names: dict[int, str] = field(default_factory=dict)
    pelvis: Path | None = None
    image: Path | None = None
    title: str | None = None
    settings: Settings = field(default_factory=Settings)
    voxels: VoxelFormat = "csv"
    overwrite: bool = False
    report: bool = False
    scene: bool = False

    @property
    def name(self) -> str:
        """What the results are called: the title, or the file that holds the kidneys."""
        path = self.mask or self.segment
        return self.title or (path.name.removesuffix(".gz").removesuffix(".nii") if path else "kidneys")

    def files(self) -> list[tuple[str, Path]]:
        """Return role and path of every input."""
        single = (
            ("mask", self.mask),
            ("segmented image", self.segment),
            ("tissue", self.tissue),
            ("pelvis", self.pelvis),
            ("image", self.image),
        )
        return [(role, path) for role, path in single if path] + [(f"map {m.name}", m.path) for m in self.maps]

    def results(self) -> set[str]:
        """Return the name of every file that the run writes."""
        asked = {"mask.nii.gz": self.mask is None, "report.html": self.report, "scene.mrb": self.scene}
        return {*ALWAYS, f"voxels.{self.voxels}", *(name for name, wanted in asked.items() if wanted)}


def request_from(options: argparse.Namespace) -> Request:
    """Return the request that parsed options of ``run`` stand for.

    Raises
    ------
    InputError
        If a map, label or setting is not written as it should be.
    """
    low, high = options.gradient_range
    settings = Settings(
        layer_thickness_mm=options.layer_thickness,
        layer_model=options.layer_model,
        layer_count=options.layers,
        fill_cysts_below_ml=options.fill_cysts_below,
        pelvis_distance_mm=options.exclude_pelvis,
        depth_from=options.depth_from,
        smoothing=options.smoothing,
        space=options.space,
        gradient_range=(low, high),
        gradient_unit=options.gradient_unit,
        normalise=options.normalise,
        minimum_voxels=options.minimum_voxels,
        zero_is_background=not options.keep_zeros,
    )
    if options.segment and options.labels:
        raise InputError("--labels belongs to --mask: a network's labels are known; leave --labels out.")
    if bool(options.tissue) != bool(options.tissue_label):
        raise InputError("--tissue and --tissue-label belong together, for instance --tissue-label 1=cortex 2=medulla.")
    tissue_names = parse_labels(options.tissue_label, (), "1=cortex")
    check_tissue_names(tissue_names)
    return Request(
        mask=options.mask,
        output=options.output,
        segment=options.segment,
        model=options.model,
        device=options.device,
        trust=options.trust,
        maps=tuple(parse_map(text) for text in options.map),
        labels=parse_labels(options.labels) if options.labels else None,
        tissue=options.tissue,
        tissue_names=tissue_names,
        pelvis=options.pelvis,
        image=options.image or options.segment,
        settings=settings,
        voxels=options.voxels,
        overwrite=options.overwrite,
        report=options.report,
        scene=options.scene,
    )


def parse_map(text: str) -> MapFile:
    """Return the map that ``NAME=FILE[:UNIT]`` names; a colon inside an existing path is kept.

    Raises
    ------
    InputError
        If name or file is missing.
    """
    name, _, rest = text.partition("=")
    path, unit = rest, ""
    if ":" in rest and not Path(rest).exists():
        path, unit = rest.rsplit(":", 1)
    if not name.strip() or not path:
        raise InputError(f"'{text}' is no map: write NAME=FILE or NAME=FILE:UNIT, for instance T1=t1.nii.gz:ms.")
    return MapFile(name.strip(), Path(path), unit.strip())


def run(request: Request, progress_style: str = "none") -> Analysis:
    """Read, analyse and write; warnings go to standard error.

    Parameters
    ----------
    request : Request
        What to do.
    progress_style : {"text", "json", "none"}
        How to show progress.

    Raises
    ------
    RenalError
        With one sentence that names the input and the remedy; nothing half-written is left behind.
    """
    stale = earlier_files(request.output)
    _check_inputs_stay(request, request.results() | stale)
    with (
        atomic_folder(request.output, request.overwrite, stale) as folder,
        console_progress(progress_style) as progress,
    ):
        measured = _analyse_files(request, part(progress, 0.0, 0.6))
        _write(request, folder, measured, part(progress, 0.6, 1.0))
    print_notices(PROGRAM, measured.analysis.notices)
    return measured.analysis


def _check_inputs_stay(request: Request, names: Collection[str]) -> None:
    """Refuse to lose an input to the results.

    Raises
    ------
    OutputError
        If one of the files `names` in the output folder, which are replaced or removed, is an input.
    """
    for role, path in request.files():
        if any(_is_same_file(path, request.output / name) for name in names):
            raise OutputError(f"{path} ({role}) would be replaced or removed: give another --output folder.")


def _is_same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:  # one of them is not there
        return False


def _analyse_files(request: Request, progress: Progress) -> _Measured:
    """Outline the kidneys if asked for, and analyse."""
    notices: list[Notice] = []

    @cache
    def read(path: Path) -> Volume:
        volume, header_notices = read_image(path)
        notices.extend(header_notices)
        return volume

    progress("reading", 0.0)
    image = read(request.image) if request.image else None
    mask, labels, outlined = _kidneys(request, read, part(progress, 0.0, 0.5))
    notices.extend(outlined.notices if outlined else ())
    maps = [QuantitativeMap(m.name, read(m.path), m.unit) for m in request.maps]
    tissue = Tissue(read(request.tissue), request.tissue_names) if request.tissue else None
    pelvis = read(request.pelvis) if request.pelvis else None
    analysis = analyse(
        mask,
        maps,
        request.settings,
        labels=labels,
        pelvis=pelvis,
        tissue=tissue,
        progress=part(progress, 0.5 if outlined else 0.1, 1.0),
    )
    if request.image and image:
        notices.extend(_image_notice(request.image.name, image, analysis))
    return _Measured(replace(analysis, notices=(*notices, *analysis.notices)), maps, image, outlined)


def _image_notice(name: str, image: Volume, analysis: Analysis) -> tuple[Notice, ...]:
    """State that pictures lack anatomy where the image does not reach."""
    depth = analysis.layering.depth
    share = float(covered(image.grid, depth.grid.to_ras(np.argwhere(depth.array))).mean())
    if share >= WELL_COVERED:
        return ()
    sentence = f"The image {name} covers {100 * share:.0f} % of the kidney volume: elsewhere pictures show no anatomy."
    return (Notice("image-elsewhere", sentence),)


def _kidneys(
    request: Request, read: Callable[[Path], Volume], progress: Progress
) -> tuple[Volume, dict[int, str] | None, Outlined | None]:
    """Return the mask with the meaning of its labels, and how a network found it, if one was asked."""
    if request.mask is not None:
        return read(request.mask), request.labels, None
    if request.segment is None:
        raise InputError("There are no kidneys to measure: give a mask (--mask) or an image (--segment).")
    image, name = read(request.segment), request.segment.name
    outlined = outline(image, request.model, request.device, name, progress, request.trust)
    return outlined.mask, outlined.labels, outlined


def _write(request: Request, folder: Path, measured: _Measured, progress: Progress) -> None:
    """Write every file of the run into the folder."""
    analysis, outlined = measured.analysis, measured.outlined
    created = datetime.now(UTC).isoformat(timespec="seconds")
    inputs = [{"role": role, "file": str(path), "sha256": sha256(path)} for role, path in request.files()]
    options: dict[str, Any] = {"labels": request.labels, "tissue_labels": request.tissue_names}
    progress("writing", 0.0)
    if outlined:
        options |= {"labels": outlined.labels, "model": outlined.model, "confidence": outlined.confidence}
        write_image(folder / "mask.nii.gz", outlined.mask.array, outlined.mask.grid, f"Kidneys, {outlined.model}")
    write_results(folder, analysis, request.voxels)
    if request.report:
        from renal_layers.report import write_report

        progress("report", 0.4)
        write_report(
            folder / "report.html",
            analysis,
            measured.maps,
            image=measured.image,
            parameters={**asdict(request.settings), **options},
            inputs=inputs,
            title=request.name,
            created=created,
        )
    if request.scene:
        from RenalLayersLib.SceneFile import writeScene

        progress("scene", 0.8)
        writeScene(folder / "scene.mrb", analysis, measured.maps, measured.image, request.name)
    write_summary(folder, analysis, inputs, options, created)
    progress("done", 1.0)
