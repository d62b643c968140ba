"""How the networks' weights are moved: Muon for convolutions, AdamW for everything else.

On localiser cases Muon lowered the loss further than AdamW did in the same number of steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the Newton-Schulz polynomial of Jordan et al., Muon, 2024."""
STEPS = 5
MOMENTUM = 0.95
RMS = 0.2
"""Root mean square of an update at rate 1, about that of AdamW (Liu et al., Muon is Scalable, arXiv 2502.16982)."""
FEWEST_INPUTS = 5
"""Convolutions of fewer channels read the image itself and are left to AdamW."""


class Muon(torch.optim.Optimizer):  # type: ignore[misc]
    """Momentum whose steps are made orthogonal (Jordan et al., Muon, 2024).

    `torch.optim.Muon` takes matrices only and works in bfloat16, which older processors emulate.

    Parameters
    ----------
    parameters : list of Parameter
        Weights of convolutions, shape (outputs, inputs, I, J, K).
    rate : float
    weight_decay : float
    """

    def __init__(self, parameters: list[nn.Parameter], rate: float, weight_decay: float) -> None:
        super().__init__(parameters, {"lr": rate, "weight_decay": weight_decay})

    def step(self, closure: Callable[[], float] | None = None) -> None:
        """Move every parameter that has a gradient."""
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        update = _muon(self.state[parameter], parameter.grad)
                        parameter.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-group["lr"])


def optimisers(network: nn.Module, rate: float, weight_decay: float = 1e-4) -> tuple[torch.optim.Optimizer, ...]:
    """Return Muon for the inner convolutions of a network and AdamW for its other parameters."""
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for module in network.modules():
        for parameter in module.parameters(recurse=False):
            inner = isinstance(module, nn.Conv3d) and module.kernel_size[0] == 3
            wide = parameter.ndim == 5 and parameter.shape[1] >= FEWEST_INPUTS
            (matrices if inner and wide else others).append(parameter)
    return Muon(matrices, rate, weight_decay), torch.optim.AdamW(others, rate, weight_decay=weight_decay)


def _muon(state: dict[str, Any], gradient: Tensor) -> Tensor:
    if not state:
        state["momentum"] = torch.zeros_like(gradient)
    momentum = state["momentum"].mul_(MOMENTUM).add_(gradient)
    matrix = (gradient + MOMENTUM * momentum).reshape(len(gradient), -1)
    return (orthogonalised(matrix) * (RMS * math.sqrt(max(matrix.shape)))).reshape(gradient.shape)


def orthogonalised(matrix: Tensor) -> Tensor:
    """Return about the nearest matrix, same shape (M, N), whose singular values are all about 1."""
    x = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = x / (x.norm() + 1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(STEPS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x if matrix.shape[0] <= matrix.shape[1] else x.T
