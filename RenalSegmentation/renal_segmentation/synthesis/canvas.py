"""The field that is painted: where each voxel lies in the reference body, and the tissue it holds so far."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from renal_segmentation.synthesis.noise import FloatField, smooth_noise, stream
from renal_segmentation.synthesis.shapes import Fields, Matrix, Point, capsule, ellipsoid, local
from renal_segmentation.synthesis.tissues import Tissue
from renal_segmentation.volume import Volume

Box = tuple[slice, slice, slice]
BoolField = npt.NDArray[np.bool_]
Region = tuple[Box, FloatField]
"""A box of voxels and the signed distance to a shape within it, mm, negative inside."""

FIELD_MM = (384.0, 288.0, 288.0)
NOISE_CELLS_MM = {"fine": 9.0, "middle": 20.0, "coarse": 45.0}
LARGEST_NOISE = 3.0
FAR_MM = 1e3


class Canvas:
    """A field of voxels in a body that is turned, scaled and bent.

    Parameters
    ----------
    seed : int
        Of the case; draws the bends and the noise.
    spacing_mm : float
        Voxel size; the anatomy does not depend on it.
    turned : ndarray, shape (3, 3)
        Rotation of the body.
    scale : float
        Size of the body against the reference adult.
    shift_mm : sequence of three floats
        Place in the reference body that lies in the middle of the field.
    bend_mm : float
        Standard deviation of the elastic deformation.

    Attributes
    ----------
    x, y, z : ndarray of float32
        Reference coordinates of each voxel in mm: right, anterior, superior; zero in the midline, the middle of the
        trunk, and the level of the second lumbar vertebra.
    tissues : ndarray of uint8
        `Tissue` of each voxel.
    noise : dict
        Smooth noise of unit standard deviation, by name of its coarseness (`NOISE_CELLS_MM`).
    """

    def __init__(
        self, seed: int, spacing_mm: float, turned: Matrix, scale: float, shift_mm: Sequence[float], bend_mm: float
    ) -> None:
        shape = [round(size / spacing_mm) for size in FIELD_MM]
        i, j, k = (((np.arange(n) - (n - 1) / 2) * spacing_mm).astype(np.float32) for n in shape)
        self._axes = (i, j, k)
        self.spacing_mm = spacing_mm
        self._to_reference = turned / scale
        self._shift = np.asarray(shift_mm, float)
        self._margin_mm = LARGEST_NOISE * bend_mm * scale + spacing_mm
        rng = stream(seed, "canvas")
        self.noise = {name: smooth_noise(rng, self._axes, FIELD_MM, cell) for name, cell in NOISE_CELLS_MM.items()}
        m = self._to_reference.astype(np.float32)
        bend = np.float32(bend_mm)
        placed = []
        for row, offset in zip(m, self._shift.astype(np.float32), strict=True):
            straight = (row[0] * i + offset)[:, None, None] + (row[1] * j)[None, :, None] + (row[2] * k)[None, None, :]
            bent = np.clip(smooth_noise(rng, self._axes, FIELD_MM, 60.0), -LARGEST_NOISE, LARGEST_NOISE)
            placed.append(straight + bend * bent)
        self.x, self.y, self.z = placed
        self.tissues = np.zeros(shape, np.uint8)

    @property
    def whole(self) -> Box:
        """The box of all voxels."""
        a, b, c = (slice(0, n) for n in self.tissues.shape)
        return a, b, c

    def box(self, low: Sequence[float] | Point, high: Sequence[float] | Point) -> Box:
        """Return the voxels that a box of the reference body may reach; it may be empty."""
        corners = np.array(np.meshgrid(*zip(low, high, strict=True))).reshape(3, -1) - self._shift[:, np.newaxis]
        field = np.linalg.inv(self._to_reference) @ corners
        slices = []
        for axis, n in enumerate(self.tissues.shape):
            first = (field[axis].min() - self._margin_mm) / self.spacing_mm + (n - 1) / 2
            last = (field[axis].max() + self._margin_mm) / self.spacing_mm + (n - 1) / 2
            start = int(np.clip(np.floor(first), 0, n))
            slices.append(slice(start, int(np.clip(np.ceil(last) + 1, start, n))))
        return slices[0], slices[1], slices[2]

    def fields(self, box: Box) -> Fields:
        """Return the reference coordinates of the voxels of a box."""
        return self.x[box], self.y[box], self.z[box]

    def ellipsoid(
        self,
        centre: Sequence[float] | Point,
        radii: Sequence[float] | Point,
        turned: Matrix | None = None,
        squareness: float = 0.0,
        rough_mm: float = 0.0,
        noise: str = "middle",
    ) -> Region:
        """Return an ellipsoid whose surface wavers by `rough_mm` (one standard deviation of the named noise)."""
        reach = max(radii) * (1 + 0.2 * squareness) + 2.5 * abs(rough_mm) + 1
        box = self.box(np.asarray(centre) - reach, np.asarray(centre) + reach)
        distance = ellipsoid(local(self.fields(box), centre, turned), radii, squareness)
        if rough_mm:
            distance += np.float32(rough_mm) * self.noise[noise][box]
        return box, distance

    def tube(self, points: npt.NDArray[np.float64], radii: npt.ArrayLike) -> Region:
        """Return a tube along `points`, shape (N, 3), with one radius or one per point."""
        radius = np.broadcast_to(np.asarray(radii, float), len(points))
        reach = radius.max() + 4
        whole = self.box(points.min(0) - reach, points.max(0) + reach)
        distance = np.full([s.stop - s.start for s in whole], FAR_MM, np.float32)
        for start, end, r, q in zip(points[:-1], points[1:], radius[:-1], radius[1:], strict=True):
            near = max(r, q) + 4
            box = self.box(np.minimum(start, end) - near, np.maximum(start, end) + near)
            box = tuple(
                slice(max(b.start, w.start), max(b.start, w.start, min(b.stop, w.stop)))
                for b, w in zip(box, whole, strict=True)
            )  # type: ignore[assignment]
            inner = tuple(slice(b.start - w.start, b.stop - w.start) for b, w in zip(box, whole, strict=True))
            distance[inner] = np.minimum(distance[inner], capsule(self.fields(box), start, end, r, q))
        return whole, distance

    def among(self, box: Box, tissues: Collection[Tissue]) -> BoolField:
        """Tell which voxels of a box hold one of the tissues."""
        table = np.zeros(256, bool)
        table[list(tissues)] = True
        return np.asarray(table[self.tissues[box]])

    def paint(
        self,
        box: Box,
        inside: BoolField,
        tissue: Tissue,
        over: Collection[Tissue] | None = None,
        spare: Collection[Tissue] = (),
    ) -> None:
        """Give the voxels inside a tissue, where they hold one of `over` (any, if not given) and none of `spare`."""
        if over is not None:
            inside = inside & self.among(box, over)
        if spare:
            inside = inside & ~self.among(box, spare)
        self.tissues[box][inside] = tissue

    def volume(self) -> Volume:
        """Return the tissues with the affine that puts the middle of the field at zero RAS mm."""
        affine = np.diag([self.spacing_mm] * 3 + [1.0])
        affine[:3, 3] = -(np.array(self.tissues.shape) - 1) / 2 * self.spacing_mm
        return Volume(self.tissues, affine)
