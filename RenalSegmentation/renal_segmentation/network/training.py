"""Training one network: resumable, with moving-average weights, a learning curve and an early stop."""

from __future__ import annotations

import csv
import math
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from renal_segmentation.errors import ModelError
from renal_segmentation.files import atomic_path
from renal_segmentation.network.cases import Case
from renal_segmentation.network.context import context_loss
from renal_segmentation.network.losses import segmentation_loss
from renal_segmentation.network.optimiser import optimisers
from renal_segmentation.network.stages import Stage
from renal_segmentation.progress import Progress, silent

CaseSource = Callable[[int], Case]
"""Returns the case of an iteration; the same number gives the same case."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    Attributes
    ----------
    iterations : int
        Number of cases to learn from, one per step.
    minutes : float
        Wall-clock limit over all resumed parts; the learning rate falls with whichever share is larger.
    rate : float
        Highest learning rate.
    warm_up : int
        Iterations over which the rate rises.
    check_every : int
        Iterations between two looks at the validation cases.
    patience : int
        Looks without improvement after which training stops.
    save_seconds : float
        Time between two checkpoints.
    averaging : float
        Share that the moving average of the weights keeps per iteration.
    """

    iterations: int = 20_000
    minutes: float = math.inf
    rate: float = 1e-3
    warm_up: int = 100
    check_every: int = 250
    patience: int = 1000
    save_seconds: float = 120.0
    averaging: float = 0.998


@dataclass
class State:
    """Where a training stands; everything that a checkpoint holds."""

    network: nn.Module
    optimisers: tuple[torch.optim.Optimizer, ...]
    average: dict[str, Tensor]
    iteration: int = 0
    seconds: float = 0.0
    best: float = -1.0
    best_average: dict[str, Tensor] = field(default_factory=dict)
    since_best: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)


def fresh_state(network: nn.Module, rate: float) -> State:
    """Return the state before the first iteration."""
    network = network.to(memory_format=torch.channels_last_3d)
    average = {name: value.clone() for name, value in network.state_dict().items()}
    return State(network, optimisers(network, rate), average)


def train(
    state: State,
    stage: Stage,
    training: CaseSource,
    validation: list[Case],
    schedule: Schedule,
    checkpoint: Path,
    progress: Progress = silent,
) -> State:
    """Train until the schedule ends, writing a checkpoint now and then and at the end.

    Parameters
    ----------
    state : State
        From `fresh_state` or `load_checkpoint`; changed in place.
    stage : Stage
        Tells what the loss emphasises.
    training : callable
        Case of an iteration.
    validation : list of Case
        Cases that never take part in training.
    schedule : Schedule
    checkpoint : Path
        File to write; the learning curve lies beside it as CSV.
    progress : callable
        Told the share done; may raise `CancelledError`, after which the checkpoint is at most `save_seconds` old.
    """
    started, offset, saved = time.monotonic(), state.seconds, time.monotonic()
    losses: list[float] = []
    while state.iteration < schedule.iterations:
        share = max(state.iteration / schedule.iterations, state.seconds / (60 * schedule.minutes))
        if share >= 1 or state.since_best >= schedule.patience:
            break
        loss = _step(state, training(state.iteration), stage, _rate(schedule, state.iteration, share))
        state.iteration += 1
        follow(state, schedule.averaging)
        state.seconds = offset + time.monotonic() - started
        if math.isfinite(loss):
            losses.append(loss)
        if state.iteration % schedule.check_every == 0:
            _check(state, validation, losses)
            losses.clear()
            progress(f"iteration {state.iteration}, {_told(state.curve[-1])}", min(share, 1.0))
        if time.monotonic() - saved > schedule.save_seconds:
            save_checkpoint(state, checkpoint)
            saved = time.monotonic()
    if not state.curve or state.curve[-1]["iteration"] != state.iteration:
        _check(state, validation, losses)
    save_checkpoint(state, checkpoint)
    return state


def _rate(schedule: Schedule, iteration: int, share: float) -> float:
    rise = min(1.0, (iteration + 1) / schedule.warm_up)
    return schedule.rate * rise * (0.5 + 0.5 * math.cos(math.pi * min(share, 1.0))) + 1e-5


def _step(state: State, case: Case, stage: Stage, rate: float) -> float:
    """Learn from one case and return its loss; a case that gives no finite gradient is left out."""
    for optimiser in state.optimisers:
        for group in optimiser.param_groups:
            group["lr"] = rate
    state.network.train()
    scores, context = _scores(state.network, case.image)
    if not torch.isfinite(scores).all():
        return math.nan
    loss = segmentation_loss(scores, case.truth[None], stage.class_weights, stage.emphasis)
    state.network.zero_grad()
    (loss + context_loss(context, case.context)).backward()
    norm = torch.nn.utils.clip_grad_norm_(state.network.parameters(), 1.0)
    if not (torch.isfinite(norm) and torch.isfinite(loss)):
        return math.nan
    for optimiser in state.optimisers:
        optimiser.step()
    return float(loss.detach())


def _scores(network: nn.Module, image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the scores of an image, and of what lies around kidneys."""
    batch = image[None].contiguous(memory_format=torch.channels_last_3d)
    with torch.autocast("cpu", torch.bfloat16, enabled=_has_fast_bfloat16()):
        scores, context = network.with_context(batch)
    return scores, context


@cache
def _has_fast_bfloat16() -> bool:
    """Tell whether the processor multiplies matrices in bfloat16; others emulate it, at half the speed of float32."""
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("amx_bf16", False))


def follow(state: State, averaging: float) -> None:
    """Move the averaged weights towards the present ones; faster at the beginning."""
    keep = min(averaging, (1 + state.iteration) / (10 + state.iteration))
    with torch.no_grad():
        for name, value in state.network.state_dict().items():
            state.average[name].mul_(keep).add_(value, alpha=1 - keep)


def _check(state: State, validation: list[Case], losses: list[float]) -> None:
    """Add a row to the learning curve and keep the averaged weights if they are the best so far."""
    dice = validation_dice(state.network, state.average, validation)
    mean = float(np.mean(list(dice.values()))) if dice else 0.0
    row: dict[str, float] = {"iteration": state.iteration, "minutes": round(state.seconds / 60, 2)}
    row |= {"loss": round(float(np.mean(losses)), 4) if losses else math.nan, "dice": round(mean, 4)}
    state.curve.append(row | {f"dice_{family}": round(value, 4) for family, value in dice.items()})
    state.since_best += 1
    if mean > state.best:
        state.best, state.since_best = mean, 0
        state.best_average = {name: value.clone() for name, value in state.average.items()}


def validation_dice(network: nn.Module, weights: dict[str, Tensor], cases: list[Case]) -> dict[str, float]:
    """Return the mean Dice of kidney (every side, every case) by family of contrast."""
    kept = {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(weights)
    network.eval()
    found: dict[str, list[float]] = {}
    with torch.no_grad():
        for case in cases:
            classes = _scores(network, case.image)[0][0].float().argmax(0)
            sides = (1, 2) if state_classes(network) == 3 else (1,)
            for side in sides:
                truth = case.truth == side
                if truth.sum() > 50:
                    both = float(((classes == side) & truth).sum())
                    dice = 2 * both / float((classes == side).sum() + truth.sum())
                    found.setdefault(case.family, []).append(dice)
    network.load_state_dict(kept)
    return {family: float(np.mean(values)) for family, values in sorted(found.items())}


def state_classes(network: nn.Module) -> int:
    """Return how many classes a network tells apart."""
    return int(network.head.out_channels)


def save_checkpoint(state: State, path: Path) -> None:
    """Write a checkpoint and the learning curve, each in one step."""
    content: dict[str, Any] = {
        "network": state.network.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in state.optimisers],
        "average": state.average,
        "best_average": state.best_average,
        "iteration": state.iteration,
        "seconds": state.seconds,
        "best": state.best,
        "since_best": state.since_best,
        "curve": state.curve,
    }
    with atomic_path(path) as temporary:
        torch.save(content, temporary)
    if state.curve:
        names = list(dict.fromkeys(name for row in state.curve for name in row))
        with atomic_path(path.with_suffix(".csv")) as temporary, temporary.open("w", newline="") as stream:
            table = csv.DictWriter(stream, names)
            table.writeheader()
            table.writerows(state.curve)


def load_checkpoint(state: State, path: Path) -> State:
    """Return the state with everything that a checkpoint holds.

    Raises
    ------
    ModelError
        If it is damaged, or another version of Renal wrote it, whose network or optimisers differ.
    """
    try:
        content = torch.load(path, weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise ModelError(f"{path} is damaged: delete it, and this stage of the training starts anew.") from error
    try:
        state.network.load_state_dict(content["network"])
        for optimiser, stored in zip(state.optimisers, content["optimisers"], strict=True):
            optimiser.load_state_dict(stored)
        for name in ("average", "best_average", "iteration", "seconds", "best", "since_best", "curve"):
            setattr(state, name, content[name])
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        message = (
            f"{path} is a checkpoint of another version of Renal: choose another folder, or delete it to start anew."
        )
        raise ModelError(message) from error
    return state


def _told(row: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in row.items() if name != "iteration")
