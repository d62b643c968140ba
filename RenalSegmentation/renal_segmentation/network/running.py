"""Running a network on any size of input within the memory there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from renal_segmentation.network.architecture import padded
from renal_segmentation.network.context import FAT, KIDNEYS

SLAB_VOXELS = {"normal": 6_000_000, "low": 300_000}
"""Most voxels that a network sees at once, by memory mode."""
OVERLAP = 16
"""Voxels that neighbouring slabs share on each side; multiples of the networks' coarsest step."""


Answer = Callable[[nn.Module, Tensor], Tensor]
"""Returns probabilities, shape (1, N, I, J, K), of a batch of one input."""


def classes(network: nn.Module, batch: Tensor) -> Tensor:
    """Return the probability of each class."""
    scores: Tensor = network(batch)
    return scores.float().softmax(1)


def classes_and_surroundings(network: nn.Module, batch: Tensor) -> Tensor:
    """Return the probability of each class, and after them those of fat and of `KIDNEYS`.

    A network that was never told of its surroundings (all scores 0) has nothing to say against a kidney.
    """
    scores, context = network.with_context(batch)
    groups = context.float().softmax(1)
    kidney = groups[:, KIDNEYS].sum(1) if context.any() else torch.ones_like(groups[:, FAT])
    told = torch.stack([groups[:, FAT], kidney], 1)
    fine = functional.interpolate(told, scale_factor=2, mode="trilinear", align_corners=False)
    return torch.cat([scores.float().softmax(1), fine], 1)


@dataclass(frozen=True)
class Runner:
    """Where and how networks run.

    Attributes
    ----------
    device : torch.device
    memory : str
        ``normal``, or ``low``: smaller pieces, slower, with slightly other results.
    """

    device: torch.device
    memory: str

    def probabilities(
        self, network: nn.Module, channels: Tensor, fills: tuple[float, ...], answer: Answer = classes
    ) -> Tensor:
        """Return probabilities, shape (classes, I, J, K), of an input, shape (C, I, J, K), on the CPU."""
        x, place = padded(channels, fills)
        axis = 1 + max(range(3), key=lambda a: x.shape[1 + a])
        plane = x[0].numel() // x.shape[axis]
        length = max(SLAB_VOXELS[self.memory] // plane // 16 * 16, 2 * OVERLAP + 16)
        pieces = []
        n = x.shape[axis]
        if n <= length:
            return self._run(network, x, answer)[(slice(None), *place)]
        step = length - 2 * OVERLAP
        for start in range(0, n, step):
            low, high = max(start - OVERLAP, 0), min(start + step + OVERLAP, n)
            low = max(min(low, high - 32), 0)
            scores = self._run(network, x.narrow(axis, low, high - low), answer)
            pieces.append(scores.narrow(axis, start - low, min(step, n - start)))
        return torch.cat(pieces, axis)[(slice(None), *place)]

    def _run(self, network: nn.Module, x: Tensor, answer: Answer) -> Tensor:
        batch = x[None].to(self.device).contiguous(memory_format=torch.channels_last_3d)
        with torch.inference_mode():
            return answer(network, batch)[0].cpu()
