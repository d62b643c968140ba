"""Which slices are shown, and what every image and the surface look like in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from renal_layers.layering import Layering
from renal_layers.report.orientation import PLANES, View, direction_letter, view_of
from renal_layers.sampling import covered, sample_linear, sample_nearest
from renal_layers.surface import Surface
from renal_segmentation.labels import SIDE_NAMES, Side
from renal_segmentation.volume import FloatArray, Grid, Volume

MARGIN_MM = 18.0
FINEST_MM = 0.6
MOST_PIXELS = 420
MOST_SLICES = 4
CLOSEST_MM = 4.0
SHARES = (0.2, 0.5, 0.8)
"""Where slices lie in each kidney, as a share of its volume counted along the slice axis."""


@dataclass(frozen=True)
class Plane:
    """One picture plane: a rectangle within one slice of the mask's grid, in millimetres.

    Attributes
    ----------
    grid : Grid
        Of the mask, cropped to the kidneys.
    view : View
        How it is held.
    index : int
        Slice within `grid`.
    number, total : int
        Slice within the full mask, from 1, and how many there are.
    sides : tuple of str
        Kidneys that the slice cuts.
    box : ndarray, shape (2, 2)
        First and last index along the column axis and along the row axis, where the picture's borders lie.
    """

    grid: Grid
    view: View
    index: int
    number: int
    total: int
    sides: tuple[str, ...]
    box: FloatArray

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom, top in mm; x rises to the right, y upwards."""
        across = np.sort(self.view.column_sign * self.box[0]) * self._spacing[0]
        down = np.sort(self.view.row_sign * self.box[1]) * self._spacing[1]
        return float(across[0]), float(across[1]), float(-down[1]), float(-down[0])

    @property
    def where(self) -> str:
        """Place of the slice's middle in the body, such as ``A 12 mm``."""
        axis = PLANES.index(self.view.plane)
        index = np.empty(3)
        index[self.view.slice_axis] = self.index
        index[[self.view.column_axis, self.view.row_axis]] = self.box.mean(1)
        return direction_letter(axis, float(self.grid.to_ras(index[np.newaxis])[0, axis]))

    @property
    def _spacing(self) -> FloatArray:
        return self.grid.spacing[[self.view.column_axis, self.view.row_axis]]

    @cached_property
    def _points(self) -> tuple[FloatArray, tuple[int, int]]:
        """Return the RAS points of the picture's pixels, rows from the top, and the picture's shape."""
        size = (self.box[:, 1] - self.box[:, 0]) * self._spacing
        step = max(min(*self._spacing, 2 * FINEST_MM) / 2, FINEST_MM, float(size.max()) / MOST_PIXELS)
        counts = np.maximum(np.rint(size / step), 1).astype(int)
        along = []
        for ends, sign, count in zip(self.box, (self.view.column_sign, self.view.row_sign), counts, strict=True):
            middles = ends[0] + (np.arange(count) + 0.5) * (ends[1] - ends[0]) / count
            along.append(middles[::sign])
        index = np.full((counts[1], counts[0], 3), float(self.index))
        index[..., self.view.column_axis] = along[0][np.newaxis, :]
        index[..., self.view.row_axis] = along[1][:, np.newaxis]
        return self.grid.to_ras(index.reshape(-1, 3)), (int(counts[1]), int(counts[0]))

    def nearest(self, volume: Volume, zero_is_nothing: bool = True) -> FloatArray:
        """Return a picture of the voxels themselves, NaN outside the field of view and where nothing is."""
        points, shape = self._points
        values = sample_nearest(volume, points).astype(float)
        values[values == 0 if zero_is_nothing else ~covered(volume.grid, points)] = np.nan
        values[~np.isfinite(values)] = np.nan
        return values.reshape(shape)

    def smooth(self, volume: Volume) -> FloatArray:
        """Return an interpolated picture, NaN outside the field of view."""
        points, shape = self._points
        image = _near(volume, points)
        return sample_linear(image, np.isfinite(image.array), points).reshape(shape)

    def outline(self, surface: Surface) -> FloatArray:
        """Return where the surface cuts the slice: segments, shape (N, 2, 2), x and y in mm as in `extent`."""
        index = self.grid.to_index(surface.points)
        height = index[:, self.view.slice_axis] - (self.index + 1e-6)
        flat = index[:, [self.view.column_axis, self.view.row_axis]] * self._spacing
        flat = flat * np.array([self.view.column_sign, -self.view.row_sign])
        corner = height[surface.triangles]
        cut = surface.triangles[(corner.min(1) < 0) & (corner.max(1) > 0)]
        return _segments(cut, height, flat)


def choose_planes(layering: Layering) -> list[Plane]:
    """Return a few slices through each kidney; of two that are close, one is enough."""
    view = view_of(layering.side.grid)
    spacing = float(layering.grid.spacing[view.slice_axis])
    found: list[int] = []
    for side in Side:
        across = tuple(axis for axis in range(3) if axis != view.slice_axis)
        area = (layering.side.array == side).sum(axis=across)
        if area.any():
            share = np.cumsum(area) / area.sum()
            found += [int(np.searchsorted(share, wanted)) for wanted in SHARES]
    chosen = sorted(set(found))
    while len(chosen) > 1 and (len(chosen) > MOST_SLICES or np.diff(chosen).min() * spacing < CLOSEST_MM):
        del chosen[int(np.argmin(np.diff(chosen))) + 1]
    return list(_planes(layering, view, chosen))


def _planes(layering: Layering, view: View, chosen: list[int]) -> Iterator[Plane]:
    grid = layering.side.grid
    start = np.rint(layering.grid.to_index(grid.affine[:3, 3][np.newaxis]))[0].astype(int)
    for index in sorted(chosen, reverse=view.plane == "axial"):
        slab = np.moveaxis(layering.side.array, view.slice_axis, 0)
        part = slab[index : index + 1] if view.plane == "sagittal" else slab
        inside = np.asarray((part > 0).any(axis=0))
        axes = [axis for axis in range(3) if axis != view.slice_axis]
        box = []
        for axis in (view.column_axis, view.row_axis):
            hit = np.flatnonzero(inside.any(axis=1 - axes.index(axis)))
            margin = MARGIN_MM / grid.spacing[axis]
            box.append((hit[0] - 0.5 - margin, hit[-1] + 0.5 + margin))
        number, total = int(start[view.slice_axis] + index + 1), layering.grid.shape[view.slice_axis]
        sides = tuple(SIDE_NAMES[side] for side in Side if (slab[index] == side).any())
        yield Plane(grid, view, index, number, total, sides, np.array(box))


def _near(volume: Volume, points: FloatArray) -> Volume:
    """Return the part of a volume that the points touch, so that large images cost no more than small ones."""
    index = volume.grid.to_index(points)
    shape = np.array(volume.array.shape)
    low = np.clip(np.floor(index.min(0)) - 1, 0, shape - 1).astype(int)
    high = np.clip(np.ceil(index.max(0)) + 2, low + 1, shape).astype(int)
    return volume.crop(tuple(slice(a, b) for a, b in zip(low, high, strict=True)))


def _segments(cut: npt.NDArray[np.int64], height: FloatArray, flat: FloatArray) -> FloatArray:
    """Return where triangles are cut at height 0: the two ends of each cut, shape (N, 2, 2)."""
    below = height[cut] < 0
    alone = np.argmax(below == (below.sum(1) == 1)[:, np.newaxis], axis=1)
    row = np.arange(len(cut))
    tip = cut[row, alone]
    ends = []
    for step in (1, 2):
        other = cut[row, (alone + step) % 3]
        share = height[tip] / (height[tip] - height[other])
        ends.append(flat[tip] + share[:, np.newaxis] * (flat[other] - flat[tip]))
    return np.stack(ends, axis=1)
