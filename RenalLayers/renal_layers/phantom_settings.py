"""What the reference object is made of and how it is sampled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from renal_layers.phantom_kidney import CYST_RADIUS_MM, LEFT, RIGHT, Kidney, capsule_of, make_kidney
from renal_segmentation.errors import GeometryError, InputError
from renal_segmentation.volume import FloatArray, Grid

Triple: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class Line:
    """A map value as a function of depth: ``intercept + slope * depth``, slope per mm."""

    intercept: float
    slope: float

    def at(self, depth: npt.NDArray[np.floating]) -> FloatArray:
        """Return the value at depths in mm."""
        return np.asarray(self.intercept + self.slope * depth, float)


@dataclass(frozen=True)
class PhantomSettings:
    """What the reference object is made of and how it is sampled.

    Attributes
    ----------
    spacing, map_spacing : tuple of float
        Voxel size in mm of the structural images and of the maps, along their index axes.
    axes, map_axes : str or ndarray, shape (3, 3)
        Directions of the index axes: three letters such as ``"LIP"`` (coronal, as scanners store it), or an
        orthonormal matrix whose columns are RAS directions. `map_axes` None means the same as `axes`.
    shift, map_shift : tuple of float
        Offset of the grid against the body in voxels along its index axes.
    margin_mm : tuple of float
        Space imaged around the two kidneys towards right and left, front and back, head and foot.
    cortex_mm : float
        True cortical thickness, 2 to 12 mm.
    r2star, t1 : Line
        R2* in Hz and T1 in ms over depth; the defaults are plausible at 3 T.
    with_sinus : bool
        Carve the renal sinus, which is not part of the kidney mask.
    with_cyst : bool
        Carve a cyst of 1.4 ml out of the lower pole of the right kidney.
    cyst_depth_mm : float
        Depth of the cyst's centre, at most 14 mm; less than its radius of 7 mm makes it bulge out.
    tissue_noise_mm : float
        Standard deviation of a random, smooth displacement of the border between cortex and medulla.
    tissue_noise_length_mm : float
        Correlation length of that displacement (its correlation is a Gaussian of this width).
    label_flips : float
        Share of the tissue voxels whose label is swapped at random.
    image_noise : float
        Noise of the T2w and T1w image as a share of the brightest tissue.
    r2star_noise, t1_noise : float
        Noise of the maps in Hz and ms.
    seed : int
        Everything random follows from it.
    """

    spacing: Triple = (1.5, 1.5, 5.5)
    map_spacing: Triple = (3.0, 3.0, 5.0)
    axes: str | npt.ArrayLike = "LIP"
    map_axes: str | npt.ArrayLike | None = None
    shift: Triple = (0.0, 0.0, 0.0)
    map_shift: Triple = (0.0, 0.0, 0.0)
    margin_mm: Triple = (78.0, 25.0, 75.0)
    cortex_mm: float = 7.0
    r2star: Line = Line(15.0, 0.8)
    t1: Line = Line(1300.0, 18.0)
    with_sinus: bool = True
    with_cyst: bool = False
    cyst_depth_mm: float = 13.0
    tissue_noise_mm: float = 0.0
    tissue_noise_length_mm: float = 5.0
    label_flips: float = 0.0
    image_noise: float = 0.02
    r2star_noise: float = 0.5
    t1_noise: float = 12.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that have no meaning.

        Raises
        ------
        GeometryError
            If a voxel size is not positive or the axes are not orthonormal.
        InputError
            If another setting lies outside its range.
        """
        for axes in (self.axes, self.axes if self.map_axes is None else self.map_axes):
            axis_directions(axes)
        if min(*self.spacing, *self.map_spacing) <= 0:
            raise GeometryError("The phantom needs voxel sizes above 0 mm: give three positive numbers.")
        _check("cortex_mm", self.cortex_mm, 2, 12)
        _check("cyst_depth_mm", self.cyst_depth_mm, 0, 2 * CYST_RADIUS_MM)
        _check("tissue_noise_mm", self.tissue_noise_mm, 0, 3)
        _check("tissue_noise_length_mm", self.tissue_noise_length_mm, 0.5, 50)
        _check("label_flips", self.label_flips, 0, 0.5)

    def kidneys(self) -> tuple[Kidney, Kidney]:
        """Return the left and the right kidney."""
        cyst_depth_mm = self.cyst_depth_mm if self.with_cyst else None
        return make_kidney(LEFT, self.with_sinus, None), make_kidney(RIGHT, self.with_sinus, cyst_depth_mm)

    def stream(self, purpose: int) -> np.random.Generator:
        """Return the random numbers for one purpose, independent of those for others."""
        return np.random.default_rng([self.seed, purpose])

    def structural_grid(self) -> Grid:
        """Return the grid of the structural images and labels."""
        return self._grid(self.spacing, self.axes, self.shift)

    def map_grid(self) -> Grid:
        """Return the grid of the maps."""
        return self._grid(self.map_spacing, self.axes if self.map_axes is None else self.map_axes, self.map_shift)

    def _grid(self, spacing: Triple, axes: str | npt.ArrayLike, shift: Triple) -> Grid:
        directions = axis_directions(axes)
        capsules = [capsule_of(LEFT), capsule_of(RIGHT)]
        centres = np.array([c.centre for c in capsules]) @ directions
        reach = np.array([[c.reach(d) for d in directions.T] for c in capsules])
        margin = np.abs(directions.T) @ np.array(self.margin_mm)
        low = (centres - reach).min(axis=0) - margin
        high = (centres + reach).max(axis=0) + margin
        shape = np.ceil((high - low) / spacing).astype(int)
        first = (low + high) / 2 - (shape - 1) / 2 * spacing + np.multiply(shift, spacing)
        affine = np.eye(4)
        affine[:3, :3] = directions * spacing
        affine[:3, 3] = directions @ first
        return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def axis_directions(axes: str | npt.ArrayLike) -> FloatArray:
    """Return the RAS directions of the index axes as columns, shape (3, 3).

    Raises
    ------
    GeometryError
        If the letters do not name three different axes, or the matrix is not orthonormal.
    """
    if isinstance(axes, str):
        known = {letter: sign * np.eye(3)[i] for i, pair in enumerate(("RL", "AP", "SI"))
                 for letter, sign in zip(pair, (1, -1), strict=True)}  # fmt: skip
        matrix = np.array([known.get(letter, np.zeros(3)) for letter in axes.upper()]).T
    else:
        matrix = np.asarray(axes, float)
    if matrix.shape != (3, 3) or not np.allclose(matrix.T @ matrix, np.eye(3), atol=1e-6):
        raise GeometryError(
            f"The phantom cannot be sampled along {axes!r}: give letters like 'RAS' or an orthonormal matrix."
        )
    return matrix


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(f"The phantom's {name} is {value:g}: give a number from {low:g} to {high:g}.")
