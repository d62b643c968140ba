"""Scans of full size, and real masks where ../shared/data is there."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from Testing.core.shapes import two_kidneys
from Testing.core.test_depth import vtk_distance

from renal_layers.analysis import analyse
from renal_layers.depth import DistanceTo
from renal_layers.layering import make_layers
from renal_layers.maps import QuantitativeMap, Tissue
from renal_layers.settings import Settings
from renal_segmentation.files import read_image
from renal_segmentation.volume import Volume

DATA = Path(__file__).parents[3] / "shared" / "data"
MASKS = ["kits_case_00000_mask.nii.gz", "kits_case_00010_mask.nii.gz", "kits_case_00151_mask.nii.gz"]
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="real masks lie in ../shared/data, which is not here")


def test_a_ct_of_512_x_512_x_1000_voxels_takes_less_than_one_gigabyte():
    kidneys = two_kidneys((3, 3, 3))
    array = np.zeros((512, 512, 1000), np.uint8)
    i, j, k = kidneys.array.shape
    array[200 : 200 + i, 200 : 200 + j, 500 : 500 + k] = kidneys.array
    affine = kidneys.affine.copy()
    affine[:3, 3] = kidneys.grid.to_ras([[-200, -200, -500]])[0]
    tracemalloc.start()
    layering = make_layers(Volume(array, affine))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1e9
    np.testing.assert_allclose(layering.depth.array, make_layers(kidneys).depth.array, atol=1e-4)
    assert layering.grid.shape == array.shape


@pytest.mark.parametrize("space", ["map", "mask"])
def test_tissue_and_map_of_a_large_scan_are_copied_only_near_the_kidneys(space):
    kidneys = two_kidneys((3, 3, 3))
    large = np.zeros((300, 300, 300), np.uint8)
    i, j, k = kidneys.array.shape
    large[:i, :j, :k] = kidneys.array
    scan = Volume(large, kidneys.affine)
    tracemalloc.start()
    analysis = analyse(kidneys, [QuantitativeMap("T1", scan)], Settings(space=space), tissue=Tissue(scan, {1: "a"}))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(analysis.samples[0].value) == kidneys.array.sum()
    assert peak < 5 * large.nbytes


@needs_data
@pytest.mark.parametrize("name", MASKS)
def test_depth_in_real_kidneys_equals_vtk(name):
    mask, _ = read_image(DATA / name)
    layering = make_layers(mask, labels={1: "kidney", 2: "kidney"})
    voxels = np.argwhere(layering.side.array)[::29]
    points = layering.side.grid.to_ras(voxels)
    depth = DistanceTo(layering.surface)(points)
    np.testing.assert_allclose(depth, vtk_distance(layering.surface, points), atol=0.01)
    np.testing.assert_allclose(layering.depth.array[tuple(voxels.T)], depth, atol=0.01)


@needs_data
@pytest.mark.parametrize("name", MASKS)
def test_the_surface_of_real_kidneys_keeps_their_volume_within_one_percent(name):
    mask, _ = read_image(DATA / name)
    layering = make_layers(mask, Settings(fill_cysts_below_ml=0), labels={1: "kidney", 2: "kidney"})
    assert layering.surface.volume_ml == pytest.approx(layering.volume_ml["total"], rel=0.01)


@needs_data
def test_a_real_horseshoe_kidney_is_recognised():
    mask, _ = read_image(DATA / "kits_case_00151_mask.nii.gz")
    notices = make_layers(mask, labels={1: "kidney", 2: "kidney"}).notices
    assert [notice.code for notice in notices] == ["joined-kidneys"]
