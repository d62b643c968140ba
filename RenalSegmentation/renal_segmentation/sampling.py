"""Resampling images between grids with torch, the same way for generated and for real images."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from renal_segmentation.volume import FloatArray, Grid

if TYPE_CHECKING:
    import torch

Values = TypeVar("Values", "torch.Tensor", npt.NDArray[np.float32])


def sample(source: torch.Tensor, matrix: FloatArray, shape: tuple[int, int, int], fill: float = 0.0) -> torch.Tensor:
    """Return an image on another grid by trilinear interpolation.

    Parameters
    ----------
    source : Tensor, shape (C, I, J, K), float32
        Channels of an image.
    matrix : ndarray, shape (4, 4)
        Maps an index of the result to a continuous index of `source`.
    shape : tuple of int
        Shape (L, M, N) of the result.
    fill : float
        Value beyond half a voxel outside the source.

    Returns
    -------
    result : Tensor, shape (C, L, M, N), float32
    """
    import torch
    from torch.nn import functional

    size = source.shape[1:]
    coordinates = []
    for row in matrix[:3]:
        axes = [torch.arange(m, dtype=torch.float64) * float(step) for m, step in zip(shape, row[:3], strict=True)]
        index = (axes[0] + float(row[3]))[:, None, None] + axes[1][:, None] + axes[2]
        coordinates.append(index.to(torch.float32).expand(shape))
    outside = torch.zeros(shape, dtype=torch.bool)
    for index, n in zip(coordinates, size, strict=True):
        outside |= (index < -0.501) | (index > n - 0.499)
    scaled = [index * (2 / max(n - 1, 1)) - 1 for index, n in zip(coordinates, size, strict=True)]
    grid = torch.stack(scaled[::-1], -1)[None]
    result = functional.grid_sample(source[None], grid, "bilinear", "border", True)[0]
    return result.masked_fill_(outside, fill)


def index_map(target: Grid, source: Grid) -> FloatArray:
    """Return the matrix, shape (4, 4), from indices of `target` to continuous indices of `source`."""
    return np.asarray(np.linalg.inv(source.affine) @ target.affine)


def smooth(image: torch.Tensor, sigma: tuple[float, float, float]) -> torch.Tensor:
    """Return an image, shape (I, J, K), after a Gaussian of `sigma` voxels along each axis."""
    import torch
    from torch.nn import functional

    for axis, width in enumerate(sigma):
        if width < 0.15 or image.shape[axis] == 1:
            continue
        reach = int(np.ceil(2.5 * width))
        offset = torch.arange(-reach, reach + 1, dtype=torch.float32)
        weight = torch.exp(-0.5 * (offset / width) ** 2)
        shape = [1, 1, 1, 1, 1]
        shape[2 + axis] = len(offset)
        padding = [0] * 6
        padding[2 * (2 - axis)] = padding[2 * (2 - axis) + 1] = reach
        padded = functional.pad(image[None, None], padding, mode="replicate")
        image = functional.conv3d(padded, (weight / weight.sum()).view(shape))[0, 0]
    return image


def enclosing_grid(grid: Grid, spacing_mm: float) -> Grid:
    """Return the isotropic grid along x, y and z that covers every voxel of `grid`, centred on it."""
    return box_grid(*extent(grid), spacing_mm)


def extent(grid: Grid) -> tuple[FloatArray, FloatArray]:
    """Return the corners in mm, each of shape (3,), of the box along x, y and z that holds every voxel of a grid."""
    corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in grid.shape])).reshape(3, -1).T
    ras = grid.to_ras(corners)
    return ras.min(0), ras.max(0)


def box_grid(low: FloatArray, high: FloatArray, spacing_mm: float) -> Grid:
    """Return the isotropic grid along x, y and z that covers the box between two corners in mm, centred on it."""
    shape = np.maximum(np.ceil((high - low) / spacing_mm - 1e-3).astype(int), 1)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = (low + high) / 2 - (shape - 1) / 2 * spacing_mm
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def resample(image: torch.Tensor, source: Grid, target: Grid, fill: float) -> torch.Tensor:
    """Return an image on a coarser or finer grid, smoothed first along axes that lose resolution.

    Parameters
    ----------
    image : Tensor, shape of `source`, float32
    source, target : Grid
    fill : float
        Value outside the source.

    Returns
    -------
    result : Tensor, shape of `target`, float32
    """
    ratio = float(target.spacing.min()) / source.spacing
    sigma = [float(0.35 * np.sqrt(max(r * r - 1, 0))) for r in ratio]
    blurred = smooth(image, (sigma[0], sigma[1], sigma[2]))
    return sample(blurred[None], index_map(target, source), target.shape, fill)[0]


def normalise(image: torch.Tensor) -> torch.Tensor:
    """Return an image scaled by its darkest and brightest parts to about -0.5 to 0.5, at most 1.1."""
    low, high = brightness(image)
    return ((image - low) / (high - low + 1e-6)).clamp(0, 1.6) - 0.5


def thinned(values: Values, most: int) -> Values:
    """Return every n-th of many values, shape (N,), such that fewer than twice `most` are left to take quantiles of."""
    return values[:: max(len(values) // most, 1)]


def brightness(image: torch.Tensor) -> tuple[float, float]:
    """Return what counts as dark and as bright in an image; air around the body does not matter."""
    import torch

    values = thinned(image.flatten(), 150_000)
    lowest, highest = values.min(), values.max()
    foreground = values[values > lowest + 0.02 * (highest - lowest)]
    dark = torch.quantile(values, 0.005)
    bright = torch.quantile(foreground if len(foreground) > 100 else values, 0.99)
    return float(dark), float(bright)
