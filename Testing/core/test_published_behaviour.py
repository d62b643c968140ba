"""With diffusion smoothing the published behaviour of 3DQLayers (JOSS 2025) is met on its kind of test object."""

import numpy as np
import pytest

from renal_layers.layering import Layering, make_layers
from renal_layers.settings import Settings
from renal_segmentation.volume import Volume


def cube() -> np.ndarray:
    inside = np.zeros((32, 32, 32), np.uint8)
    inside[8:24, 8:24, 8:24] = 1
    return inside


def cube_with_hole() -> np.ndarray:
    inside = cube()
    inside[10:14, 10:14, 10:14] = 0
    return inside


def two_notched_oblongs() -> Volume:
    inside = np.zeros((256, 256, 17), np.uint8)
    inside[96:160, 64:96, 5:12] = 1
    inside[96:160, 160:192, 5:12] = 1
    inside[123:133, 86:96, 6:10] = 0
    inside[123:133, 160:170, 6:10] = 0
    return Volume(inside, np.diag([1.5, 1.5, 5.5, 1.0]))


def layered(inside: np.ndarray, **settings: float) -> Layering:
    return make_layers(Volume(inside, np.eye(4)), Settings(smoothing="diffusion", **settings))


def test_a_cube_of_16_mm_has_the_published_depths():
    depth = layered(cube()).depth.array
    assert (depth > 0).sum() == 4096
    assert round(float(depth.max()), 2) == 8.00 or depth.max() == pytest.approx(8.00, abs=0.01)
    assert depth.sum(dtype=float) == pytest.approx(9161.55, rel=1e-3)


def test_layers_of_a_cube_are_upper_edges_in_mm():
    layers = layered(cube(), layer_thickness_mm=2.0).layers.array
    assert set(np.unique(layers)) == {0, 2, 4, 6, 8, 10}
    assert layers.sum() == pytest.approx(12960, rel=2e-3)


def test_a_filled_hole_changes_no_depth_and_gets_none():
    depth = layered(cube_with_hole(), fill_cysts_below_ml=0.065).depth.array
    assert (depth > 0).sum() == 4032
    assert depth.sum(dtype=float) == pytest.approx(8951.6, rel=1e-3)


def test_a_hole_above_the_limit_is_a_surface_of_its_own():
    depth = layered(cube_with_hole(), fill_cysts_below_ml=0.063).depth.array
    assert (depth > 0).sum() == 4032
    assert depth.sum(dtype=float) == pytest.approx(8574.5, rel=1e-3)


def test_the_pelvis_of_two_notched_oblongs_has_640_voxels():
    layering = make_layers(two_notched_oblongs(), Settings(smoothing="diffusion", pelvis_distance_mm=20))
    assert layering.pelvis.array.sum() == 640
    assert (layering.layers.array > 0).sum() == pytest.approx(18_984, rel=5e-3)
