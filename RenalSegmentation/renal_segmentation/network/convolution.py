"""Convolutions of one case that PyTorch would leave to its slowest code on processors."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

ONEDNN_FROM = 20_480
"""For one case, PyTorch takes oneDNN above this product of channels and first two sides; below, code 6 times slower."""
FEWEST_CHANNELS = 4


def convolved(x: Tensor, layer: nn.Conv3d) -> Tensor:
    """Return what a layer of 3 x 3 x 3 weights makes of `x`, shape (1, C, I, J, K), the fast way.

    The results are those of the layer but for rounding. Few channels are filled up with zeros, and small inputs are
    cut into two halves that overlap and are worked through as a batch.
    """
    weight = layer.weight
    if x.device.type != "cpu" or layer.stride[0] != 1 or torch.is_autocast_enabled("cpu"):
        result: Tensor = layer(x)
        return result
    missing = FEWEST_CHANNELS - x.shape[1]
    if missing > 0:
        x = functional.pad(x, (0, 0, 0, 0, 0, 0, 0, missing)).contiguous(memory_format=torch.channels_last_3d)
        weight = functional.pad(weight, (0, 0, 0, 0, 0, 0, 0, missing))
    _, channels, first, second, _ = x.shape
    if channels * first * second > ONEDNN_FROM or first % 2:
        return functional.conv3d(x, weight, padding=1)
    wide, half = functional.pad(x, (1,) * 6), first // 2
    halves = torch.cat([wide[:, :, : half + 2], wide[:, :, half:]])
    both = functional.conv3d(halves.contiguous(memory_format=torch.channels_last_3d), weight)
    return torch.cat([both[:1], both[1:]], 2).contiguous(memory_format=torch.channels_last_3d)
