"""From a label map of tissues to what a scanner would show of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renal_segmentation.errors import MissingPackageError
from renal_segmentation.resampling import nearest
from renal_segmentation.sampling import index_map, sample, smooth
from renal_segmentation.synthesis.acquisition import Acquisition, draw_acquisition, draw_field, draw_plane
from renal_segmentation.synthesis.appearance import CONTENTS, Appearance, draw_appearance
from renal_segmentation.synthesis.artefacts import ghosts, noisy, shading, slice_jitter, smooth_noise, streaks
from renal_segmentation.synthesis.tissues import kidney_labels
from renal_segmentation.volume import FloatArray, Grid, Volume

if TYPE_CHECKING:
    import torch

SUBSLICE_MM = 2.7
"""The profile of a thick slice is summed from samples about this far apart."""


@dataclass(frozen=True)
class Scan:
    """A rendered case.

    Attributes
    ----------
    image : Volume
        float32 image as a scanner gives it; Hounsfield units for CT.
    labels : Volume
        uint8 kidney labels (`kidney_labels`) at the image's voxel centres.
    appearance : Appearance
        The contrast that was drawn.
    acquisition : Acquisition
        The scan that was drawn.
    """

    image: Volume
    labels: Volume
    appearance: Appearance
    acquisition: Acquisition


def render(tissues: Volume, seed: int, regime: str | None = None, plane: str | None = None) -> Scan:
    """Return one scan of a generated abdomen with random contrast, geometry and artefacts.

    Parameters
    ----------
    tissues : Volume
        uint8 values of `Tissue`, axes along RAS.
    seed : int
        The same seed and tissues give the same scan.
    regime, plane : str, optional
        Family of contrast (`appearance.REGIMES`) and plane of the slices; random without them.

    Raises
    ------
    MissingPackageError
        If torch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingPackageError("Rendering images needs the Python package torch: pip install torch.") from error
    rng = np.random.default_rng([20, seed])
    noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
    appearance = draw_appearance(rng, regime)
    extent = (np.array(tissues.array.shape) * tissues.grid.spacing).astype(float)
    middle = tissues.grid.to_ras([(np.array(tissues.array.shape) - 1) / 2])[0]
    plane = plane or draw_plane(rng)
    centre, extent = draw_field(rng, plane, middle, extent, kidney_centre(tissues))
    acquisition = draw_acquisition(rng, centre, extent, (1.3, 2.5), plane)
    signal = tissue_signal(tissues.array, appearance, rng, noise)
    image = scan(signal, tissues.grid, acquisition, appearance, rng, noise)
    labels = nearest(tissues.like(kidney_labels(tissues.array)), acquisition.grid)
    grid = acquisition.grid
    return Scan(Volume(image.numpy(), grid.affine), Volume(labels, grid.affine), appearance, acquisition)


def kidney_centre(tissues: Volume) -> FloatArray | None:
    """Return the middle of all kidneys in RAS mm, shape (3,), or None without a kidney."""
    index = np.argwhere(kidney_labels(tissues.array[::4, ::4, ::4]) > 0)
    return tissues.grid.to_ras([index.mean(0) * 4])[0] if len(index) else None


def tissue_signal(
    tissues: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    appearance: Appearance,
    rng: np.random.Generator,
    noise: torch.Generator,
    pooled: int = 1,
) -> torch.Tensor:
    """Return the signal with texture, shape of `tissues` divided by `pooled` (mean over cubes)."""
    import torch
    from torch.nn import functional

    signal = torch.from_numpy(appearance.mean[tissues])
    if pooled > 1:
        signal = functional.avg_pool3d(signal[None, None], pooled)[0, 0]
        shape = signal.shape
        tissues = tissues[tuple(slice(pooled // 2, pooled * n, pooled) for n in shape)]
    shape = (int(signal.shape[0]), int(signal.shape[1]), int(signal.shape[2]))
    texture = 0.5 * torch.randn(shape, generator=noise)
    texture += 0.8 * smooth_noise(noise, shape, float(rng.uniform(2, 5)))
    spread = appearance.spread
    if rng.random() < 0.3:
        spread = spread.copy()
        spread[list(CONTENTS)] *= float(rng.uniform(1, 6))
    return signal.addcmul_(torch.from_numpy(spread[tissues]), texture)


def scan(
    signal: torch.Tensor,
    grid: Grid,
    acquisition: Acquisition,
    appearance: Appearance,
    rng: np.random.Generator,
    noise: torch.Generator,
) -> torch.Tensor:
    """Return what a scanner shows of a signal, shape of the acquisition's grid."""
    fill = float(appearance.mean[0])
    image = _slices(signal, grid, acquisition, fill)
    ct = appearance.regime == "ct"
    if ct:
        return _ct_effects(image, appearance, rng, noise)
    if appearance.kind == "out-of-phase":
        image = image.abs()
    elif rng.random() < 0.06:
        image = image.abs() ** float(rng.uniform(0.6, 1.6))
    shape = acquisition.grid.shape
    image = image - min(0.0, float(image.min()))
    image = image * shading(rng, noise, shape)
    if acquisition.plane != "volume" and rng.random() < 0.5:
        image = image * slice_jitter(rng, noise, shape[2])
    if rng.random() < 0.15:
        image = ghosts(rng, image)
    if rng.random() < 0.4:
        width = float(rng.uniform(0.2, 0.8))
        image = smooth(image, (width, width, 0.0))
    image = noisy(rng, noise, image, True)
    image = image - image.min()
    peak = float(image.max()) + 1e-6
    return (image / peak) ** float(np.exp(rng.normal(0, 0.2)))


def _slices(signal: torch.Tensor, grid: Grid, acquisition: Acquisition, fill: float) -> torch.Tensor:
    """Return the mean signal over the thickness of each slice."""
    import torch

    parts = max(round(acquisition.thickness_mm / max(SUBSLICE_MM, float(grid.spacing.min()))), 1)
    to_source = index_map(acquisition.grid, grid)
    step = acquisition.thickness_mm / float(acquisition.grid.spacing[2]) / parts
    total = torch.zeros(acquisition.grid.shape)
    for part in range(parts):
        shifted = to_source.copy()
        shifted[:, 3] += shifted[:, 2] * step * (part - (parts - 1) / 2)
        total += sample(signal[None], shifted, acquisition.grid.shape, fill)[0]
    return total / parts


def _ct_effects(
    image: torch.Tensor, appearance: Appearance, rng: np.random.Generator, noise: torch.Generator
) -> torch.Tensor:
    """Return a CT image with noise that is smooth in the slices, streaks, and the window's limits."""
    import torch

    shape = (int(image.shape[0]), int(image.shape[1]), int(image.shape[2]))
    grain = torch.randn(shape, generator=noise)
    width = float(rng.uniform(0, 0.8))
    image = image + smooth(grain, (width, width, 0.0)) * float(rng.uniform(2, 25) * (1 + 2 * width))
    if rng.random() < 0.2:
        image = image + float(rng.uniform(2, 15)) * streaks(rng, noise, shape)
    if appearance.window is not None:
        image = image.clamp(*appearance.window)
    return image
