"""One run from files to files: what ``renal-layers run`` does."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from renal_layers.analysis import Analysis, analyse
from renal_layers.maps import QuantitativeMap, Tissue
from renal_layers.outputs import FILES, VoxelFormat, write_results, write_summary
from renal_layers.settings import Settings
from renal_segmentation.console import console_progress, print_notices
from renal_segmentation.errors import InputError, Notice
from renal_segmentation.files import atomic_folder, read_image, sha256
from renal_segmentation.labels import parse_labels
from renal_segmentation.progress import Progress, part
from renal_segmentation.volume import Volume

PROGRAM = "renal-layers"


@dataclass(frozen=True)
class MapFile:
    """A map on disk."""

    name: str
    path: Path
    unit: str


@dataclass(frozen=True)
class Request:
    """Everything that the command line of one run says."""

    mask: Path
    output: Path
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

    def files(self) -> list[tuple[str, Path]]:
        """Return role and path of every input."""
        single = (
            ("mask", self.mask),
            ("tissue", self.tissue),
            ("pelvis", self.pelvis),
            ("image", self.image),
        )
        return [(role, path) for role, path in single if path] + [(f"map {m.name}", m.path) for m in self.maps]


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
    if bool(options.tissue) != bool(options.tissue_label):
        raise InputError("--tissue and --tissue-label belong together, for instance --tissue-label 1=cortex 2=medulla.")
    return Request(
        mask=options.mask,
        output=options.output,
        maps=tuple(parse_map(text) for text in options.map),
        labels=parse_labels(options.labels) if options.labels else None,
        tissue=options.tissue,
        tissue_names=parse_tissue_names(options.tissue_label),
        pelvis=options.pelvis,
        image=options.image,
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
    if ":" in rest and not Path(rest).is_file():
        path, unit = rest.rsplit(":", 1)
    if not name.strip() or not path:
        raise InputError(f"'{text}' is no map: write NAME=FILE or NAME=FILE:UNIT, for instance T1=t1.nii.gz:ms.")
    return MapFile(name.strip(), Path(path), unit.strip())


def parse_tissue_names(items: Sequence[str]) -> dict[int, str]:
    """Return ``{1: "cortex"}`` from ``["1=cortex"]``.

    Raises
    ------
    InputError
        If an item is not NUMBER=NAME.
    """
    names = {}
    for item in items:
        number, _, name = item.partition("=")
        if not number.strip().isdecimal() or int(number) == 0 or not name.strip():
            raise InputError(f"'{item}' is no tissue label: write NUMBER=NAME, for instance 1=cortex.")
        names[int(number)] = name.strip()
    return names


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
    with (
        atomic_folder(request.output, request.overwrite, FILES) as folder,
        console_progress(progress_style) as progress,
    ):
        analysis, maps, image = _analyse_files(request, part(progress, 0.0, 0.6))
        _write(request, folder, analysis, maps, image, part(progress, 0.6, 1.0))
    print_notices(PROGRAM, analysis.notices)
    return analysis


def _analyse_files(request: Request, progress: Progress) -> tuple[Analysis, list[QuantitativeMap], Volume | None]:
    """Return the analysis, the maps and the structural image of a request."""
    notices: list[Notice] = []

    def read(path: Path) -> Volume:
        volume, header_notices = read_image(path)
        notices.extend(header_notices)
        return volume

    progress("reading", 0.0)
    mask = read(request.mask)
    maps = [QuantitativeMap(m.name, read(m.path), m.unit) for m in request.maps]
    tissue = Tissue(read(request.tissue), request.tissue_names) if request.tissue else None
    pelvis = read(request.pelvis) if request.pelvis else None
    image = read(request.image) if request.image else None
    analysis = analyse(
        mask,
        maps,
        request.settings,
        labels=request.labels,
        pelvis=pelvis,
        tissue=tissue,
        progress=part(progress, 0.1, 1.0),
    )
    return replace(analysis, notices=(*notices, *analysis.notices)), maps, image


def _write(
    request: Request,
    folder: Path,
    analysis: Analysis,
    maps: list[QuantitativeMap],
    image: Volume | None,
    progress: Progress,
) -> None:
    """Write every file of the run into the folder."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    inputs = [{"role": role, "file": str(path), "sha256": sha256(path)} for role, path in request.files()]
    options = {"labels": request.labels, "tissue_labels": request.tissue_names}
    name = request.title or request.mask.name.removesuffix(".gz").removesuffix(".nii")
    progress("writing", 0.0)
    write_results(folder, analysis, request.voxels)
    write_summary(folder / "summary.json", analysis, inputs, options, created)
    if request.report:
        from renal_layers.report import write_report

        progress("report", 0.4)
        write_report(
            folder / "report.html",
            analysis,
            maps,
            image=image,
            parameters={**asdict(request.settings), **options},
            inputs=inputs,
            title=name,
            created=created,
        )
    if request.scene:
        from RenalLayersLib.SceneFile import writeScene

        progress("scene", 0.8)
        writeScene(folder / "scene.mrb", analysis, maps, image, name)
    progress("done", 1.0)
