"""Cortex and medulla of an outlined kidney from the two peaks in its histogram.

A mixture of two Gaussians is fitted to the values of a T1-weighted image or T1 map within the kidneys, as the authors
of 3DQLayers prepare their tissue masks (Daniel and Francis, Journal of Open Source Software 2025,
10.21105/joss.08121); the result is a first draft that a person corrects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from renal_segmentation.errors import EmptyMaskError, FitError, InputError, NoOverlapError, Notice
from renal_segmentation.labels import Side
from renal_segmentation.volume import Volume, bounding_box

FloatArray = npt.NDArray[np.float64]

CORTEX, MEDULLA = 1, 2
CONTRASTS = ("auto", "cortex-bright", "cortex-dark")
"""Which class is cortex: the one nearer to the capsule, the brighter one (T1w) or the darker one (T1 map)."""

_FEWEST_VOXELS = 100
_TAIL = 0.5
"""Percent of the values at each end that the fit leaves out: vessels, fat at the edge, noise."""
_CLOSE_MM = 15.0
"""Bays up to twice this width, such as the sinus, do not count as capsule."""
_LEAST_GAIN = 0.007
"""Log likelihood per voxel that the mixture must gain over one Gaussian beside what its four further parameters gain
by chance: one peak gains 0.006, two that are 1.5 SD apart 0.010."""
_CLEAR_SEPARATION = 2.0
_SAME_DEPTH_MM = 0.5
_LEAST_WEIGHT = 0.05
_STRAY = 0.02
"""Share of values that belong to neither tissue, where the fit begins."""


@dataclass(frozen=True)
class Mixture:
    """Two Gaussians, the one with the smaller mean first.

    Attributes
    ----------
    mean, sd, weight : tuple of float
        Of each; the weights add up to 1.
    """

    mean: tuple[float, float]
    sd: tuple[float, float]
    weight: tuple[float, float]

    @property
    def separation(self) -> float:
        """Distance of the means in units of the root mean square of the two standard deviations."""
        return (self.mean[1] - self.mean[0]) / float(np.sqrt((self.sd[0] ** 2 + self.sd[1] ** 2) / 2))

    @property
    def threshold(self) -> float:
        """The value between the means at which both Gaussians are equally likely."""
        x = np.linspace(*self.mean, 2001)
        low, high = (
            np.log(weight / sd) - 0.5 * ((x - mean) / sd) ** 2
            for mean, sd, weight in zip(self.mean, self.sd, self.weight, strict=True)
        )
        return float(x[np.argmin(np.abs(low - high))])


@dataclass(frozen=True)
class TissueSplit:
    """Cortex and medulla.

    Attributes
    ----------
    labels : Volume
        uint8, `CORTEX`, `MEDULLA`, 0 outside; on the grid of the mask.
    mixture : Mixture
        What was fitted.
    cortex_is_bright : bool
        Whether cortex has the larger values.
    notices : tuple of Notice
        What is doubtful.
    """

    labels: Volume
    mixture: Mixture
    cortex_is_bright: bool
    notices: tuple[Notice, ...]


def split_tissue(image: Volume, side: Volume, contrast: str = "auto", smallest_ml: float = 0.05) -> TissueSplit:
    """Split kidneys into cortex and medulla.

    Parameters
    ----------
    image : Volume
        T1-weighted image or T1 map on any grid; shape (I, J, K).
    side : Volume
        Side map of the kidneys, sinus and cysts left out; shape (L, M, N).
    contrast : str
        One of `CONTRASTS`.
    smallest_ml : float
        Specks of one tissue within the other below this volume take the tissue around them.

    Raises
    ------
    InputError
        If the contrast is unknown.
    EmptyMaskError, NoOverlapError
        If the mask is empty, or lies outside of the image.
    FitError
        If the two tissues cannot be told apart in this image.
    """
    if contrast not in CONTRASTS:
        raise InputError(f"'{contrast}' is not a contrast: choose one of {', '.join(CONTRASTS)}.")
    inside = side.array > 0
    if not inside.any():
        raise EmptyMaskError("There is no kidney to split into tissue: outline the kidneys first.")
    box = bounding_box(inside, margin=1)
    kidney = side.crop(box)
    values, known = _sample(image, kidney)
    usable = known & np.isfinite(values)
    where = tuple(np.argwhere(kidney.array > 0).T)
    depth = _depth(kidney)[where]
    # At the surface and at the sinus a voxel of the image is part kidney, part fat.
    inner = ndimage.distance_transform_edt(kidney.array > 0, sampling=kidney.grid.spacing)[where]
    pure = usable & (inner > image.grid.spacing.max() / 2)
    mixture = fit_two_gaussians(values[pure if pure.sum() >= _FEWEST_VOXELS else usable])
    bright = values > mixture.threshold
    cortex_is_bright, notices = _which_is_cortex(depth[usable], bright[usable], contrast)
    tissue = np.zeros(kidney.array.shape, np.uint8)
    tissue[where] = np.where(bright == cortex_is_bright, CORTEX, MEDULLA)
    unknown = np.zeros(tissue.shape, bool)
    unknown[where] = ~usable
    tissue = _without_specks(tissue, unknown, smallest_ml / side.grid.voxel_ml)
    labels = np.zeros(side.array.shape, np.uint8)
    labels[box] = tissue
    return TissueSplit(side.like(labels), mixture, cortex_is_bright, (*notices, *_doubts(mixture, usable)))


def fit_two_gaussians(values: npt.NDArray[np.floating], tolerance: float = 1e-6, most: int = 500) -> Mixture:
    """Fit a mixture of two Gaussians by expectation and maximisation.

    A third, uniform part of the mixture takes what belongs to neither, such as voxels shared with fat or a vessel.

    Parameters
    ----------
    values : ndarray, shape (N,)
        Finite numbers; the outermost half percent at each end is left out.
    tolerance : float
        The fit ends when the mean log likelihood gains less than this.
    most : int
        Number of steps after which it ends all the same.

    Raises
    ------
    FitError
        If there are too few values, or one Gaussian describes them as well.
    """
    nothing = FitError(
        "Cortex and medulla cannot be told apart, because the values within the kidney have one peak: choose a "
        "T1-weighted image or a T1 map, and check that the outline lies on the kidney."
    )
    if len(values) < _FEWEST_VOXELS:
        raise nothing
    low, high = np.percentile(values, (_TAIL, 100 - _TAIL))
    x = np.asarray(values[(values >= low) & (values <= high)], float)
    spread = float(x.std())
    if spread <= 0:
        raise nothing
    z = (x - x.mean()) / spread
    mean = np.percentile(z, (25.0, 75.0))
    sd, weight, stray = np.full(2, 0.6), np.full(2, 0.5 * (1 - _STRAY)), _STRAY
    uniform = np.sqrt(2 * np.pi) / np.ptp(z)
    before = -np.inf
    for _step in range(most):
        share, likelihood = _expect(z, mean, sd, weight, stray * uniform)
        count = share.sum(1)
        if count.min() < _LEAST_WEIGHT * len(z):
            raise nothing
        weight = count / len(z)
        stray = 1 - float(weight.sum())
        mean = share @ z / count
        sd = np.maximum(np.sqrt((share * (z - mean[:, None]) ** 2).sum(1) / count), 1e-3)
        if likelihood - before < tolerance:
            break
        before = likelihood
    if likelihood + 0.5 < _LEAST_GAIN + 2 * np.log(len(z)) / len(z):
        raise nothing
    order = np.argsort(mean)
    means, sds = (mean * spread + x.mean())[order], (sd * spread)[order]
    weight = weight[order] / weight.sum()
    return Mixture(
        (float(means[0]), float(means[1])), (float(sds[0]), float(sds[1])), (float(weight[0]), float(weight[1]))
    )


def _expect(
    z: FloatArray, mean: FloatArray, sd: FloatArray, weight: FloatArray, stray: float
) -> tuple[FloatArray, float]:
    """Return the share of each Gaussian in each value, shape (2, N), and the mean log likelihood.

    The constant of the normal density is left out: one Gaussian has then -0.5 for standardised values.
    """
    density = (weight / sd)[:, None] * np.exp(-0.5 * ((z - mean[:, None]) / sd[:, None]) ** 2)
    total = np.maximum(density.sum(0) + stray, np.finfo(float).tiny)
    return density / total, float(np.log(total).mean())


def _sample(image: Volume, kidney: Volume) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Return the image at each voxel of the kidneys, interpolated, and which of them lie within the image."""
    index = image.grid.to_index(kidney.grid.to_ras(np.argwhere(kidney.array > 0)))
    known = np.asarray(((index > -0.5) & (index < np.array(image.array.shape) - 0.5)).all(1))
    if not known.any():
        raise NoOverlapError("The kidneys lie outside of this image: choose an image of the same examination.")
    values: FloatArray = ndimage.map_coordinates(np.asarray(image.array, float), index.T, order=1, mode="nearest")
    return values, known


def _depth(kidney: Volume) -> FloatArray:
    """Return the distance in mm of every voxel from the capsule, bays such as the sinus closed; per side."""
    spacing = kidney.grid.spacing
    depth = np.zeros(kidney.array.shape)
    margin = np.ceil(_CLOSE_MM / spacing).astype(int) + 1
    for value in Side:
        inside = np.pad(kidney.array == value, [(n, n) for n in margin])
        if inside.any():
            grown = ndimage.distance_transform_edt(~inside, sampling=spacing) <= _CLOSE_MM
            closed = inside | (ndimage.distance_transform_edt(grown, sampling=spacing) > _CLOSE_MM)
            centre = tuple(slice(n, -n) for n in margin)
            distance = ndimage.distance_transform_edt(closed, sampling=spacing)[centre]
            depth = np.where(kidney.array == value, distance, depth)
    return depth


def _which_is_cortex(
    depth: FloatArray, bright: npt.NDArray[np.bool_], contrast: str
) -> tuple[bool, tuple[Notice, ...]]:
    """Return whether the bright class is cortex, and what is doubtful about that."""
    if not bright.any() or bright.all():
        raise FitError("All of the kidney fell into one class: choose a T1-weighted image or a T1 map.")
    outer = float(depth[bright].mean()), float(depth[~bright].mean())
    by_depth = outer[0] < outer[1]
    asked = {"cortex-bright": True, "cortex-dark": False}.get(contrast, by_depth)
    if abs(outer[0] - outer[1]) < _SAME_DEPTH_MM or asked != by_depth:
        words = f"bright tissue lies {outer[0]:.1f} mm and dark tissue {outer[1]:.1f} mm deep on average"
        return asked, (Notice("cortex-uncertain", f"Which tissue is cortex is uncertain: {words}; check."),)
    return asked, ()


def _without_specks(
    tissue: npt.NDArray[np.uint8], unknown: npt.NDArray[np.bool_], fewest: float
) -> npt.NDArray[np.uint8]:
    """Give specks, and voxels without a value, the tissue of the nearest voxel that has one."""
    open_ = unknown.copy()
    for label in (CORTEX, MEDULLA):
        parts, _count = ndimage.label(tissue == label)
        small = np.bincount(parts.ravel()) < fewest
        small[0] = False
        open_ |= small[parts]
    settled = (tissue > 0) & ~open_
    if not settled.any():
        return tissue
    nearest = ndimage.distance_transform_edt(~settled, return_distances=False, return_indices=True)
    return np.where(open_ & (tissue > 0), tissue[tuple(nearest)], tissue)


def _doubts(mixture: Mixture, usable: npt.NDArray[np.bool_]) -> tuple[Notice, ...]:
    notices = []
    if mixture.separation < _CLEAR_SEPARATION:
        notices.append(
            Notice(
                "tissue-overlap",
                f"Cortex and medulla overlap in this image ({mixture.separation:.1f} standard deviations apart): "
                "correct the border by hand.",
            )
        )
    if not usable.all():
        notices.append(
            Notice(
                "tissue-unknown",
                f"{(~usable).mean():.0%} of the kidney has no value in this image and took the tissue beside it.",
            )
        )
    return tuple(notices)
