"""A whole training: both stages one after the other, from generated cases or scans, to a bundle that predict takes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from renal_segmentation.errors import Notice
from renal_segmentation.files import atomic_path
from renal_segmentation.network.begun import begin, check_settings
from renal_segmentation.network.bundle import Metadata, load_networks, read_metadata, write_bundle
from renal_segmentation.network.cases import Case, CaseMaker
from renal_segmentation.network.curves import draw_curves
from renal_segmentation.network.generated import localiser_case, read_map, refiner_case, stored_maps
from renal_segmentation.network.looking_again import looking_again
from renal_segmentation.network.origin import origin_of
from renal_segmentation.network.pairs import localiser_pair_case, refiner_pair_case
from renal_segmentation.network.patients import patients_in_words
from renal_segmentation.network.rehearsal import rehearsing
from renal_segmentation.network.running import Runner
from renal_segmentation.network.scans import Pair, read_pairs, split_by_patient
from renal_segmentation.network.stages import STAGES
from renal_segmentation.network.training import Schedule, fresh_state, load_checkpoint, train
from renal_segmentation.progress import Progress, part, silent
from renal_segmentation.synthesis.abdomen import generate_abdomen
from renal_segmentation.version import __version__

VALIDATION_SEED = 1_000_000
"""Generated people from this seed on never take part in training."""
VALIDATION_CASES = 24
Notify = Callable[[Sequence[Notice]], None]
"""Called with what was assumed, as soon as it is known."""


@dataclass(frozen=True)
class Recipe:
    """What to train on, and for how long.

    Attributes
    ----------
    images, labels : str or None
        Folders of scans and masks of the same names; generated cases without them.
    maps : str or None
        Folder of generated label maps to use; made in the output folder without it.
    people : int
        Number of generated people.
    fine_tune : str or None
        Bundle whose weights to start from.
    iterations : mapping of str to int
        By stage.
    minutes : mapping of str to float or None
        Wall-clock limit by stage.
    rate : float
        Highest learning rate.
    patience : int
        Looks at the validation cases without improvement after which a stage ends.
    seed : int
    shapes : mapping
        Of each stage's network (`stages.SHAPES`), where nothing is fine-tuned.
    """

    images: str | None
    labels: str | None
    maps: str | None
    people: int
    fine_tune: str | None
    iterations: Mapping[str, int]
    minutes: Mapping[str, float | None]
    rate: float
    patience: int
    seed: int
    shapes: Mapping[str, Mapping[str, Any]]
    check_every: int = 250


def run_recipe(
    recipe: Recipe,
    folder: Path,
    name: str,
    progress: Progress = silent,
    notify: Notify = lambda notices: None,
    tell: Callable[[str], None] = lambda line: None,
) -> Metadata:
    """Train both stages, or go on where an interrupted training of the same recipe stopped.

    Parameters
    ----------
    recipe : Recipe
    folder : Path
        Takes checkpoints, learning curves and the bundle (``configs``, ``models``).
    name : str
        Of the model.
    progress : callable
        Raises `CancelledError` to stop; what was learnt until the last checkpoint is kept.
    notify : callable
        Told what was assumed of the scans, before the training.
    tell : callable
        Told which scans were taken for whose, and what they are for.

    Raises
    ------
    InputError
        If the folder holds another training or one of other scans, or the scans cannot be used.
    OutputError
        If the folder cannot be written.
    """
    base = read_metadata(Path(recipe.fine_tune)) if recipe.fine_tune is not None else None
    shapes = dict(recipe.shapes)
    weights = {}
    if base is not None:
        shapes = dict(base.networks)
        weights = {stage: network.state_dict() for stage, network in load_networks(base).items()}
    settings = _content(recipe)
    check_settings(folder, settings)
    split = _read_scans(recipe, part(progress, 0.0, 0.1), notify, tell)
    begin(folder, settings, split)
    makers, checks = _scan_cases(*split) if split else _generated_cases(recipe, folder, part(progress, 0.0, 0.1))
    reached = {}
    for number, (stage_name, stage) in enumerate(STAGES.items()):
        schedule = _schedule(recipe, stage_name)
        network = stage.network(shapes[stage_name])
        if base is not None:
            network.load_state_dict(weights[stage_name])
        if recipe.images is not None:
            network.forget_surroundings()
        state = fresh_state(network, schedule.rate)
        checkpoint = folder / f"{stage_name}.pt"
        if checkpoint.is_file():
            state = load_checkpoint(state, checkpoint)
        if recipe.images is None:
            looks = state.average if stage_name == "localiser" else weights["localiser"]
            makers[stage_name] = _rehearsals(_maps(recipe, folder), stage_name, shapes["localiser"], looks)
        source = partial(_case_of_iteration, makers[stage_name], recipe.seed)
        stretch = part(progress, 0.1 + 0.44 * number, 0.54 + 0.44 * number)
        state = train(state, stage, source, checks[stage_name], schedule, checkpoint, stretch)
        weights[stage_name] = state.best_average
        reached[stage_name] = {"iterations": state.iteration, "hours": round(state.seconds / 3600, 2)}
        reached[stage_name]["validation_dice"] = round(state.best, 4)
    draw_curves({stage: [folder / f"{stage}.csv"] for stage in STAGES}, folder / "learning_curve.png")
    told = {"summary": "trained by renal-segmentation train", "generator": __version__, **asdict(recipe)}
    if split:
        told |= {"scans": _split_in_words(split)}
    origin = origin_of(base, _scans_of(split) if split else None)
    return write_bundle(folder, weights, shapes, name, {**told, "reached": reached}, origin=origin)


def _schedule(recipe: Recipe, stage: str) -> Schedule:
    minutes = math.inf if (limit := recipe.minutes[stage]) is None else limit
    settings = {"patience": recipe.patience, "check_every": recipe.check_every}
    return Schedule(recipe.iterations[stage], minutes, recipe.rate, **settings)


def _content(recipe: Recipe) -> Any:
    """Return a recipe as it reads from its file."""
    return json.loads(json.dumps({**asdict(recipe), "version": __version__}, default=list))


def _case_of_iteration(maker: CaseMaker, seed: int, iteration: int) -> Case:
    return maker(np.random.default_rng([seed, iteration]))


def _read_scans(
    recipe: Recipe, progress: Progress, notify: Notify, tell: Callable[[str], None]
) -> tuple[list[Pair], list[Pair]] | None:
    """Return the user's scans to learn from and to validate with, None for a training on generated people."""
    if recipe.images is None or recipe.labels is None:
        return None
    pairs, notices = read_pairs(Path(recipe.images), Path(recipe.labels), progress)
    notify(notices)
    split = split_by_patient(pairs, 0.2, recipe.seed)
    for purpose, part_of in zip(("learn from", "validate with"), split, strict=True):
        tell(f"Patients to {purpose}: {patients_in_words((pair.patient, pair.name) for pair in part_of)}.")
    progress(_split_in_words(split), 1.0)
    return split


def _split_in_words(split: tuple[list[Pair], list[Pair]]) -> str:
    return f"{_scans_of(split)}, {_counted(_patients(split[1]), 'patient')} for validation"


def _scans_of(split: tuple[list[Pair], list[Pair]]) -> str:
    """Return what a model learnt from in words; a scan may stand in both lists."""
    scans = {id(pair) for pairs in split for pair in pairs}
    patients = _patients([pair for pairs in split for pair in pairs])
    return f"{_counted(len(scans), 'scan')} and masks of {_counted(patients, 'patient')} of the user"


def _patients(pairs: Sequence[Pair]) -> int:
    return len({pair.patient for pair in pairs})


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _scan_cases(learn: list[Pair], check: list[Pair]) -> tuple[dict[str, CaseMaker], dict[str, list[Case]]]:
    """Return where each stage's training cases come from, and its validation cases."""
    make: dict[str, Callable[[Sequence[Pair], np.random.Generator], Case]]
    make = {"localiser": localiser_pair_case, "refiner": refiner_pair_case}
    count = min(2 * len(check), VALIDATION_CASES)
    checks = {stage: [make[stage](check, np.random.default_rng([99, n])) for n in range(count)] for stage in make}
    return {stage: partial(make[stage], learn) for stage in make}, checks


def _generated_cases(
    recipe: Recipe, folder: Path, progress: Progress
) -> tuple[dict[str, CaseMaker], dict[str, list[Case]]]:
    """Return no training cases, which need a localiser (`_rehearsals`), and each stage's validation cases."""
    maps = _maps(recipe, folder)
    count = min(VALIDATION_CASES, recipe.people)
    ensure_maps(maps, range(recipe.people), part(progress, 0.0, 0.9))
    ensure_maps(maps / "validation", range(VALIDATION_SEED, VALIDATION_SEED + count), part(progress, 0.9, 1.0))
    seen = [read_map(path) for path in sorted((maps / "validation").glob("case_*.np[yz]"))[:count]]
    stages = {"localiser": localiser_case, "refiner": refiner_case}
    checks = {
        stage: [make(tissues, np.random.default_rng([99, n])) for n, tissues in enumerate(seen)]
        for stage, make in stages.items()
    }
    return {}, checks


def _maps(recipe: Recipe, folder: Path) -> Path:
    return Path(recipe.maps) if recipe.maps is not None else folder / "maps"


def _rehearsals(maps: Path, stage: str, shape: Mapping[str, Any], weights: Mapping[str, Any]) -> CaseMaker:
    """Return where a stage's generated cases come from: scans that a localiser of these weights has looked at.

    The localiser shares the memory of the weights: it follows where they are changed in place.
    """
    localiser = STAGES["localiser"].network(shape)
    localiser.load_state_dict(weights, assign=True)
    make = looking_again if stage == "localiser" else rehearsing
    return _drawn(stored_maps(maps), make(localiser.eval(), Runner(torch.device("cpu"), "normal")))


Tissues = npt.NDArray[np.uint8]


def _drawn(
    pick: Callable[[np.random.Generator], Tissues], make: Callable[[Tissues, np.random.Generator], Case]
) -> CaseMaker:
    """Return a maker that first picks a label map."""

    def draw(rng: np.random.Generator) -> Case:
        return make(pick(rng), rng)

    return draw


def ensure_maps(folder: Path, seeds: range, progress: Progress = silent) -> None:
    """Generate the label maps of these people that a folder does not have yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        path = folder / f"case_{seed}.npz"
        if path.is_file() or path.with_suffix(".npy").is_file():
            continue
        progress(f"Generating person {number + 1} of {len(seeds)}", number / len(seeds))
        with atomic_path(path) as temporary, temporary.open("wb") as stream:
            np.savez_compressed(stream, tissues=generate_abdomen(seed).array)
