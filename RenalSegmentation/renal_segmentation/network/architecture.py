"""The two networks: a localiser on a coarse grid of the whole scan, and a refiner in the box of one kidney."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from renal_segmentation.network.context import GROUPS
from renal_segmentation.network.convolution import convolved

LOCALISER_CLASSES = ("background", "left kidney", "right kidney")
REFINER_CLASSES = ("background", "parenchyma", "sinus", "cyst or mass")
SMALLEST_SIDE = 32
"""Inputs shorter than this shrink to one voxel at the bottom, where normalisation has nothing to measure."""


class CaseNorm(nn.Module):
    """Instance normalisation for one case at a time.

    `batch_norm` over a batch of one is the same, and unlike `nn.InstanceNorm3d` it keeps the channels-last layout.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Return `x`, shape (1, C, I, J, K), with zero mean and unit variance per channel, scaled and shifted."""
        return functional.batch_norm(x, None, None, self.weight, self.bias, True, 0.0, 1e-3)


class Block(nn.Sequential):
    """Convolution, normalisation, leaky rectifier."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv3d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
            CaseNorm(outputs),
            nn.LeakyReLU(0.01, inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the rectified features, shape (1, C, I, J, K)."""
        convolution, norm, rectifier = self
        result: Tensor = rectifier(norm(convolved(x, convolution)))
        return result


class Residual(nn.Module):
    """Two convolutions that are added to their input (He et al., CVPR 2016); at first they add nothing.

    A trained network can be made deeper with them without losing what it has learnt.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Block(channels, channels)
        self.second = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
        self.norm = CaseNorm(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return `x`, shape (1, C, I, J, K), and what the convolutions add to it."""
        added: Tensor = self.norm(convolved(self.first(x), self.second))
        return x + added


class UNet(nn.Module):
    """A plain U-Net, with residual blocks below the finest level where it is made deeper.

    Parameters
    ----------
    inputs, outputs : int
        Channels in and out.
    features : tuple of int
        Channels of each level, finest first; every level halves the resolution.
    deeper : int
        Residual blocks on every level but the finest, on the way down and on the way up.
    """

    def __init__(self, inputs: int, outputs: int, features: tuple[int, ...], deeper: int = 0) -> None:
        super().__init__()
        self.down = nn.ModuleList()
        channels = inputs
        for level, width in enumerate(features):
            self.down.append(nn.Sequential(Block(channels, width, 2 if level else 1), Block(width, width)))
            channels = width
        self.up = nn.ModuleList()
        self.merge = nn.ModuleList()
        for wide, narrow in zip(features[:0:-1], features[-2::-1], strict=True):
            self.up.append(nn.ConvTranspose3d(wide, narrow, 2, 2))
            self.merge.append(Block(2 * narrow, narrow))
        self.deepen_down = nn.ModuleList(_residuals(width, deeper) for width in features[1:])
        self.deepen_up = nn.ModuleList([*(_residuals(width, deeper) for width in features[-2:0:-1]), nn.Sequential()])
        self.head = nn.Conv3d(features[0], outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores, shape (1, outputs, I, J, K); sides are multiples of 2 ** (levels - 1)."""
        x = self.down[0](x)
        kept = [x]
        for level, deepen in zip(list(self.down)[1:], self.deepen_down, strict=True):
            x = deepen(level(x))
            kept.append(x)
        kept.pop()
        for up, merge, deepen in zip(self.up, self.merge, self.deepen_up, strict=True):
            x = deepen(merge(torch.cat([up(x), kept.pop()], 1)))
        scores: Tensor = self.head(x)
        return scores


def _residuals(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(Residual(channels) for _ in range(count)))


class ThinNet(nn.Module):
    """A U-Net at half the resolution with a thin path at full resolution.

    Most convolutions run on an eighth of the voxels; the thin path brings the exact edges back. What lies around the
    kidneys is told at half the resolution.

    Parameters
    ----------
    inputs, outputs : int
        Channels in and out.
    features : tuple of int
        Channels of each level of the inner U-Net.
    thin : int
        Channels at full resolution.
    deeper : int
        Residual blocks per level of the inner U-Net.
    """

    def __init__(self, inputs: int, outputs: int, features: tuple[int, ...], thin: int, deeper: int = 0) -> None:
        super().__init__()
        self.edge = Block(inputs, thin)
        self.stem = nn.Conv3d(inputs, features[0], 4, 2, 1)
        self.inner = UNet(features[0], features[0], features, deeper)
        self.up = nn.ConvTranspose3d(features[0], thin, 2, 2)
        self.last = Block(2 * thin, thin)
        self.head = nn.Conv3d(thin, outputs, 1)
        self.context = nn.Conv3d(features[0], len(GROUPS), 1)
        self.forget_surroundings()

    def forget_surroundings(self) -> None:
        """Say nothing of what lies around kidneys: masks of kidneys do not teach it, and what was learnt goes stale."""
        nn.init.zeros_(self.context.weight)
        nn.init.zeros_(self.context.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores, shape (1, outputs, I, J, K); sides are multiples of 2 ** levels."""
        return self._fine(x, self._coarse(x))

    def with_context(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores and those of `context.GROUPS`, shape (1, groups, I / 2, J / 2, K / 2)."""
        coarse = self._coarse(x)
        return self._fine(x, coarse), self.context(coarse)

    def _coarse(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(self.inner(self.stem(x)), 0.01)

    def _fine(self, x: Tensor, coarse: Tensor) -> Tensor:
        scores: Tensor = self.head(self.last(torch.cat([self.edge(x), self.up(coarse)], 1)))
        return scores


FEATURES = (24, 48, 96, 128)
THIN = 8


def localiser(features: tuple[int, ...] = FEATURES, thin: int = THIN, deeper: int = 0) -> ThinNet:
    """Return an untrained localiser: image, place from left to right and `evidence` in, `LOCALISER_CLASSES` out."""
    return ThinNet(3, len(LOCALISER_CLASSES), features, thin, deeper)


def refiner(features: tuple[int, ...] = FEATURES, thin: int = THIN, deeper: int = 0) -> ThinNet:
    """Return an untrained refiner: image, localiser probability and `evidence` in, `REFINER_CLASSES` out."""
    return ThinNet(3, len(REFINER_CLASSES), features, thin, deeper)


def padded(x: Tensor, fills: tuple[float, ...], multiple: int = 16) -> tuple[Tensor, tuple[slice, ...]]:
    """Return channels, shape (C, I, J, K), padded so that the networks take them, and where the original lies."""
    padding: list[int] = []
    place = []
    for n in x.shape[1:]:
        extra = max(-n % multiple, SMALLEST_SIDE - n, 0)
        extra += -(n + extra) % multiple
        place.append(slice(extra // 2, extra // 2 + n))
        padding = [extra // 2, extra - extra // 2, *padding]
    channels = [functional.pad(c, padding, value=fill) for c, fill in zip(x, fills, strict=True)]
    return torch.stack(channels), tuple(place)
