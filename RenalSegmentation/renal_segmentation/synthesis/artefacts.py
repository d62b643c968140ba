"""What scanners add: coil shading, jitter between slices, ghosts, streaks, blur and noise.

Every function takes an image of shape (I, J, K) with the slices along the third axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renal_segmentation.sampling import smooth

if TYPE_CHECKING:
    import torch


def smooth_noise(noise: torch.Generator, shape: tuple[int, ...], cells: float) -> torch.Tensor:
    """Return noise of about unit size that changes over `cells` voxels."""
    import torch
    from torch.nn import functional

    coarse = [max(2, int(np.ceil(n / cells)) + 2) for n in shape]
    return functional.interpolate(
        torch.randn(1, 1, *coarse, generator=noise), size=tuple(shape), mode="trilinear", align_corners=True
    )[0, 0]


def shading(rng: np.random.Generator, noise: torch.Generator, shape: tuple[int, int, int]) -> torch.Tensor:
    """Return the factor by which coils brighten each voxel."""
    import torch

    log = smooth_noise(noise, shape, max(shape) / float(rng.uniform(1.5, 4))) * float(rng.uniform(0, 0.3))
    if rng.random() < 0.5:
        for axis, n in enumerate(shape):
            ramp = torch.linspace(-1, 1, n).view([n if a == axis else 1 for a in range(3)])
            log = log + float(rng.uniform(-0.5, 0.5)) * ramp - float(rng.uniform(-0.1, 0.5)) * ramp**2
    return torch.exp(log)


def slice_jitter(rng: np.random.Generator, noise: torch.Generator, slices: int) -> torch.Tensor:
    """Return a factor per slice: single-shot slices differ in brightness, every other one if interleaved."""
    import torch

    factor = 1 + float(rng.uniform(0, 0.08)) * torch.randn(slices, generator=noise)
    if rng.random() < 0.3:
        factor[::2] *= float(rng.uniform(0.85, 1))
    return factor.clamp(0.5, 1.5)


def ghosts(rng: np.random.Generator, image: torch.Tensor) -> torch.Tensor:
    """Return an image with faint shifted copies along one direction in the slices, as breathing draws them."""
    import torch

    axis = int(rng.integers(2))
    step = max(int(image.shape[axis] * float(rng.uniform(0.08, 0.4))), 1)
    strength = float(rng.uniform(0.01, 0.07))
    return image + strength * (torch.roll(image, step, axis) + torch.roll(image, -step, axis))


def streaks(rng: np.random.Generator, noise: torch.Generator, shape: tuple[int, int, int]) -> torch.Tensor:
    """Return streaks of about unit size along one direction in the slices, as dense bone draws them in CT."""
    import torch

    along = int(rng.integers(2))
    length = shape[along]
    rows = torch.randn([1 if a == along else n for a, n in enumerate(shape)], generator=noise)
    bend = torch.linspace(-1, 1, length).view([length if a == along else 1 for a in range(3)])
    return rows * (1 + bend * float(rng.uniform(-1, 1)))


def noisy(rng: np.random.Generator, noise: torch.Generator, image: torch.Tensor, magnitude: bool) -> torch.Tensor:
    """Return an image with Gaussian, or for magnitude images at times Rician, noise relative to its bright parts."""
    import torch

    level = float(rng.uniform(0, 0.04) if rng.random() < 0.85 else rng.uniform(0.03, 0.09))
    level *= float(image.flatten()[::17].abs().quantile(0.95))
    first = level * torch.randn(image.shape, generator=noise)
    if magnitude and rng.random() < 0.6:
        return torch.sqrt((image + first) ** 2 + (level * torch.randn(image.shape, generator=noise)) ** 2)
    image = image + first
    if rng.random() < 0.3:
        width = float(rng.uniform(0.3, 0.6))
        image = smooth(image, (width, width, 0.0))
    return image
