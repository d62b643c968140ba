"""Making one labelled scan look like many: contrast, resolution, noise, and the brightness of other scans."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from renal_segmentation.sampling import smooth, thinned
from renal_segmentation.synthesis.artefacts import noisy, shading

SHARES = np.linspace(0, 1, 65)
"""Quantiles that describe a histogram."""

FloatArray = npt.NDArray[np.float64]


def histogram(image: npt.NDArray[np.float32]) -> FloatArray:
    """Return the brightness at each of `SHARES`, shape (65,)."""
    return np.asarray(np.quantile(thinned(image.ravel(), 100_000), SHARES), float)


def matched(image: Tensor, own: FloatArray, other: FloatArray) -> Tensor:
    """Return an image with the histogram of another scan, and so its contrast (Nyúl & Udupa 1999)."""
    steps = np.maximum.accumulate(own + np.arange(len(own)) * 1e-9 * max(abs(own).max(), 1.0))
    return torch.from_numpy(np.interp(image.numpy(), steps, other).astype(np.float32))


def changed(
    image: Tensor,
    rng: np.random.Generator,
    noise: torch.Generator,
    own: FloatArray,
    others: Sequence[FloatArray],
) -> Tensor:
    """Return an image, shape (I, J, K), after random changes that leave the anatomy as it is.

    Parameters
    ----------
    image : Tensor
    rng, noise : Generator
    own : ndarray
        `histogram` of the image.
    others : sequence of ndarray
        Histograms of other scans.
    """
    shape = (int(image.shape[0]), int(image.shape[1]), int(image.shape[2]))
    if others and rng.random() < 0.3:
        image = matched(image, own, others[int(rng.integers(len(others)))])
    image = image - image.min()
    peak = float(image.max()) + 1e-6
    image = (image / peak) ** float(np.exp(rng.normal(0, 0.25)))
    if rng.random() < 0.5:
        image = image * shading(rng, noise, shape)
    if rng.random() < 0.3:
        width = [float(w) for w in rng.uniform(0, 0.8, 3)]
        image = smooth(image, (width[0], width[1], width[2]))
    if rng.random() < 0.3:
        image = _coarser(image, rng)
    return noisy(rng, noise, image, True)


def _coarser(image: Tensor, rng: np.random.Generator) -> Tensor:
    """Return an image that has lost resolution along one axis."""
    from torch.nn import functional

    axis = int(rng.integers(3))
    size = [int(n) for n in image.shape]
    fewer = list(size)
    fewer[axis] = max(int(size[axis] / float(rng.uniform(1.3, 3))), 1)
    low = functional.interpolate(image[None, None], size=fewer, mode="area")
    return functional.interpolate(low, size=size, mode="trilinear", align_corners=False)[0, 0]
