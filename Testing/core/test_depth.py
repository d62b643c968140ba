"""Depth is the exact distance of each kidney voxel to the surface."""

import numpy as np
import pytest
from Testing.core.shapes import ellipsoid, two_kidneys
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkDoubleArray
from vtkmodules.vtkFiltersCore import vtkImplicitPolyDataDistance

from renal_layers.depth import DistanceTo
from renal_layers.layering import make_layers
from renal_layers.settings import Settings
from renal_layers.surface import SMOOTHINGS, Surface, kidney_surface
from renal_segmentation.errors import CancelledError


def vtk_distance(surface: Surface, points: np.ndarray) -> np.ndarray:
    reference = vtkImplicitPolyDataDistance()
    reference.SetInput(surface.to_polydata())
    distance = vtkDoubleArray()
    reference.FunctionValue(numpy_to_vtk(np.ascontiguousarray(points), deep=True), distance)
    return np.abs(vtk_to_numpy(distance))


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("spacing", [(2, 2, 2), (2, 2, 6)])
def test_depth_equals_vtk_at_every_voxel(smoothing, spacing):
    mask = two_kidneys(spacing, with_hilum=True)
    surface = kidney_surface(mask, smoothing)
    points = mask.grid.to_ras(np.argwhere(mask.array))
    np.testing.assert_allclose(DistanceTo(surface)(points), vtk_distance(surface, points), atol=0.01)


def test_depth_below_the_capsule_alone_equals_vtk_where_the_surface_is_open():
    mask = two_kidneys((2, 2, 2), with_hilum=True)
    capsule = make_layers(mask, Settings(pelvis_distance_mm=1)).depth_surface
    assert len(capsule.triangles) < len(make_layers(mask).surface.triangles)
    points = mask.grid.to_ras(np.argwhere(mask.array))
    np.testing.assert_allclose(DistanceTo(capsule)(points), vtk_distance(capsule, points), atol=0.01)


def test_depth_at_the_middle_of_a_sphere_where_every_triangle_is_as_near_equals_vtk():
    mask = ellipsoid((15, 15, 15))
    surface = kidney_surface(mask, "none")
    points = np.random.default_rng(1).normal(0, 0.5, (200, 3))
    np.testing.assert_allclose(DistanceTo(surface)(points), vtk_distance(surface, points), atol=0.01)


def test_depth_below_the_long_triangles_of_thick_slices_equals_vtk_at_every_voxel():
    mask = ellipsoid((24, 26, 50), (1.25, 1.25, 8), shift=np.array([0.26, 0.34, 0.375]))
    surface = kidney_surface(mask, "windowed-sinc")
    points = mask.grid.to_ras(np.argwhere(mask.array))
    np.testing.assert_allclose(DistanceTo(surface)(points), vtk_distance(surface, points), atol=0.01)


def test_distance_outside_the_surface_equals_vtk():
    surface = kidney_surface(ellipsoid((8, 10, 14)), "none")
    points = np.random.default_rng(2).uniform(-30, 30, (2000, 3))
    np.testing.assert_allclose(DistanceTo(surface)(points), vtk_distance(surface, points), atol=0.01)


def test_distance_to_one_tetrahedron_is_known_in_closed_form():
    corners = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0], [0, 0, 4]], float)
    surface = Surface(corners, np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]))
    points = [[1, 1, 0.5], [1, 1, -2], [2, -3, -4], [-1, -2, -2], [4, 4, 4]]
    expected = [0.5, 2.0, 5.0, 3.0, 8 / np.sqrt(3)]
    np.testing.assert_allclose(DistanceTo(surface)(points), expected, atol=1e-12)


def test_depth_of_a_sphere_is_its_radius_minus_the_distance_from_the_centre():
    mask = ellipsoid((20, 20, 20), shift=0.3)
    layering = make_layers(mask)
    points = layering.depth.grid.to_ras(np.argwhere(layering.depth.array))
    truth = 20 - np.linalg.norm(points, axis=1)
    error = layering.depth.array[layering.depth.array > 0] - truth
    assert np.abs(error).mean() < 0.06
    assert np.abs(error).max() < 0.3


@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_scaling_the_voxels_scales_the_depth(factor):
    small, large = ellipsoid((9, 12, 15)), ellipsoid((9, 12, 15))
    large.affine[:3] *= factor
    settings = Settings(fill_cysts_below_ml=0)
    expected = make_layers(small, settings).depth.array * factor
    np.testing.assert_allclose(make_layers(large, settings).depth.array, expected, atol=0.01 * max(factor, 1))


def test_every_kidney_voxel_has_a_depth_above_zero():
    layering = make_layers(two_kidneys())
    assert ((layering.depth.array > 0) == (layering.side.array > 0)).all()


def test_raising_cancelled_in_the_progress_stops_the_work():
    def cancel(step: str, share: float) -> None:
        if step == "depth":
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        make_layers(two_kidneys(), progress=cancel)
