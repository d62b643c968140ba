"""The reference object is what it says it is, on any grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from renal_layers.ellipsoid import Ellipsoid
from renal_layers.phantom import (
    CORTEX,
    LEFT,
    MEDULLA,
    RIGHT,
    PhantomSettings,
    capsule_of,
    reference_object,
    sample_kidneys,
    truth_of,
)
from renal_segmentation.errors import GeometryError, InputError

TIGHT = (5.0, 5.0, 5.0)


def kidneys(settings):
    return sample_kidneys(settings.structural_grid(), settings)


def rotation(degrees, axis):
    angle = np.deg2rad(degrees)
    k = np.cross(np.eye(3), np.asarray(axis, float) / np.linalg.norm(axis))
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def surface_points(body):
    polar, azimuth = np.meshgrid(np.linspace(0, np.pi, 500), np.linspace(0, 2 * np.pi, 800))
    unit = np.stack([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)], axis=-1)
    return body.to_ras(unit.reshape(-1, 3) * body.half_axes)


@pytest.mark.parametrize("label", [LEFT, RIGHT])
def test_depth_is_the_distance_to_a_densely_sampled_capsule(label):
    labels = kidneys(PhantomSettings(margin_mm=TIGHT))
    voxels = np.argwhere(labels.mask.array == label)[::40]
    nearest = cKDTree(surface_points(capsule_of(label))).query(labels.mask.grid.to_ras(voxels))[0]
    found = labels.depth.array[tuple(voxels.T)]
    assert np.abs(found - nearest).max() < 0.2
    assert np.abs(found - nearest)[nearest > 3].max() < 0.02


def test_distance_is_exact_on_a_sphere_and_at_the_centre_of_an_ellipsoid():
    points = np.random.default_rng(0).uniform(-40, 40, (500, 3))
    sphere = Ellipsoid(np.zeros(3), np.eye(3), np.full(3, 30.0))
    assert sphere.distance(points) == pytest.approx(np.abs(np.linalg.norm(points, axis=1) - 30), abs=1e-9)
    ellipsoid = Ellipsoid(np.zeros(3), np.eye(3), np.array([28.0, 22.0, 50.0]))
    assert ellipsoid.distance(np.zeros((1, 3))) == pytest.approx(22, abs=1e-6)
    assert ellipsoid.distance(np.array([[0.0, 22.0, 0.0], [0.0, 0.0, 60.0]])) == pytest.approx([0, 10], abs=1e-6)


def test_capsules_have_right_angles_and_whole_ellipsoids_the_volume_in_closed_form():
    settings = PhantomSettings(spacing=(1.5, 1.5, 1.5), with_sinus=False, margin_mm=TIGHT)
    labels = kidneys(settings)
    for label, expected in ((LEFT, 4 / 3 * np.pi * 28.5 * 22.5 * 52), (RIGHT, 4 / 3 * np.pi * 28 * 22 * 50)):
        axes = capsule_of(label).axes
        assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
        volume = (labels.mask.array == label).sum() * labels.mask.grid.voxel_ml
        assert volume == pytest.approx(expected / 1000, rel=0.003)


def test_volumes_with_sinus_and_cyst_match_the_truth():
    settings = PhantomSettings(spacing=(1.5, 1.5, 1.5), with_cyst=True, margin_mm=TIGHT)
    labels, truth = kidneys(settings), truth_of(settings)
    ml = labels.mask.grid.voxel_ml
    assert (labels.mask.array == LEFT).sum() * ml == pytest.approx(truth.left_ml, rel=0.004)
    assert (labels.mask.array == RIGHT).sum() * ml == pytest.approx(truth.right_ml, rel=0.004)
    assert labels.sinus.array.sum() * ml == pytest.approx(truth.sinus_ml, rel=0.01)
    assert labels.cyst.array.sum() * ml == pytest.approx(4 / 3 * np.pi * 7**3 / 1000, rel=0.03)
    assert truth.cyst_ml == pytest.approx(4 / 3 * np.pi * 7**3 / 1000)


def test_left_kidney_has_negative_and_right_kidney_positive_ras_x():
    labels = kidneys(PhantomSettings(margin_mm=TIGHT))
    for label, side in ((LEFT, -1), (RIGHT, 1)):
        x = labels.mask.grid.to_ras(np.argwhere(labels.mask.array == label))[:, 0]
        assert (np.sign(x) == side).all()


@pytest.mark.parametrize(
    "axes", ["RAS", "LPI", "PIR", "SAL", rotation(25, (1, 2, 3)), rotation(-40, (0, 1, 1)) * [1, -1, 1]]
)
def test_orientation_of_the_grid_changes_neither_volumes_nor_sides_nor_maps(axes):
    settings = PhantomSettings(
        (2.0, 2.0, 2.0), (3.0, 3.0, 3.0), axes, margin_mm=TIGHT, r2star_noise=0, t1_noise=0, image_noise=0
    )
    found, truth = reference_object(settings), truth_of(settings)
    for label, volume, side in ((LEFT, truth.left_ml, -1), (RIGHT, truth.right_ml, 1)):
        inside = found.mask.array == label
        assert inside.sum() * found.mask.grid.voxel_ml == pytest.approx(volume, rel=0.01)
        assert (np.sign(found.mask.grid.to_ras(np.argwhere(inside))[:, 0]) == side).all()
        assert not any(inside.take((0, -1), axis).any() for axis in range(3))
    inside = found.map_mask.array > 0
    depth = found.map_depth.array[inside]
    assert found.r2star.array[inside] == pytest.approx(15 + 0.8 * depth, abs=1e-4)
    assert found.t1.array[inside] == pytest.approx(1300 + 18 * depth, abs=1e-2)


def test_flipping_the_axes_gives_the_same_voxels_in_reverse():
    forward = kidneys(PhantomSettings(axes="RSA", margin_mm=TIGHT))
    backward = kidneys(PhantomSettings(axes="LIP", margin_mm=TIGHT))
    assert np.array_equal(forward.mask.array, backward.mask.array[::-1, ::-1, ::-1])
    assert np.array_equal(forward.tissue.array, backward.tissue.array[::-1, ::-1, ::-1])
    assert forward.depth.array == pytest.approx(backward.depth.array[::-1, ::-1, ::-1], abs=1e-4)


def test_a_shift_moves_the_grid_by_that_part_of_a_voxel():
    here, there = PhantomSettings(), PhantomSettings(shift=(0.5, 0.0, -0.25))
    moved = there.structural_grid().affine - here.structural_grid().affine
    assert moved[:3, 3] == pytest.approx([-0.75, 1.375, 0], abs=1e-9)
    assert moved[:3, :3] == pytest.approx(0)


def test_the_same_seed_gives_the_same_object_and_another_seed_other_noise():
    settings = PhantomSettings(
        (4.0, 4.0, 5.5), tissue_noise_mm=1, label_flips=0.05, margin_mm=(20.0, 10.0, 10.0), seed=3
    )
    first, again, other = (reference_object(s) for s in (settings, settings, replace(settings, seed=4)))
    for name in ("mask", "tissue", "depth", "t2w", "t1w", "r2star", "t1"):
        assert np.array_equal(getattr(first, name).array, getattr(again, name).array)
    for name in ("tissue", "t2w", "t1w", "r2star", "t1"):
        assert not np.array_equal(getattr(first, name).array, getattr(other, name).array)
    assert np.array_equal(first.mask.array, other.mask.array)


def test_everything_above_the_cortical_thickness_is_cortex_and_medulla_lies_beneath():
    labels = kidneys(PhantomSettings(cortex_mm=6, margin_mm=TIGHT))
    inside, depth = labels.mask.array > 0, labels.depth.array
    assert (labels.tissue.array[inside & (depth < 6)] == CORTEX).all()
    assert (labels.tissue.array[inside & (depth > 6) & (depth < 7)] == MEDULLA).mean() > 0.9
    assert 0.1 < (labels.tissue.array[inside & (depth > 9)] == CORTEX).mean() < 0.5
    assert (labels.tissue.array[~inside] == 0).all()


def test_the_displacement_of_the_border_has_the_spread_asked_for():
    quiet = PhantomSettings(spacing=(1.5, 1.5, 1.5), with_sinus=False, margin_mm=TIGHT)
    still, noisy = kidneys(quiet), kidneys(replace(quiet, tissue_noise_mm=0.8))
    above = (still.depth.array > 6.2) & (still.depth.array < 6.3)
    changed = (noisy.tissue.array[above] == MEDULLA).mean()
    assert changed == pytest.approx(0.15, abs=0.06)  # one-sided normal tail beyond 0.75 mm + the arch of the bases


def test_the_sinus_opens_at_the_hilum_and_faces_the_midline():
    settings = PhantomSettings(spacing=(1.5, 1.5, 1.5), margin_mm=TIGHT)
    labels = kidneys(settings)
    outside = ndimage.label(labels.mask.array == 0)[0]
    assert len(np.unique(outside[labels.sinus.array > 0])) == 1
    assert outside[0, 0, 0] == outside[labels.sinus.array > 0][0]
    for label in (LEFT, RIGHT):
        capsule = capsule_of(label)
        at = labels.mask.grid.to_ras(np.argwhere(labels.sinus.array > 0))
        mine = at[np.sign(at[:, 0]) == np.sign(capsule.centre[0])].mean(axis=0)
        assert abs(mine[0]) < abs(capsule.centre[0]) - 5


def test_an_enclosed_cyst_is_a_hole_in_the_mask_and_a_bulging_one_is_not():
    settings = PhantomSettings(with_cyst=True, margin_mm=TIGHT)
    holes, count = ndimage.label(kidneys(settings).mask.array == 0)
    assert count == 2
    assert 1.0 < (holes == 2).sum() * settings.structural_grid().voxel_ml < 2.0
    bulging = replace(settings, cyst_depth_mm=2)
    assert ndimage.label(kidneys(bulging).mask.array == 0)[1] == 1
    assert 0.2 < truth_of(bulging).cyst_ml < 1.2


def test_images_show_the_contrasts_of_the_kidney():
    found = reference_object(PhantomSettings((3.0, 3.0, 5.5), with_cyst=True, margin_mm=(20.0, 10.0, 10.0)))
    cortex, medulla = found.tissue.array == CORTEX, found.tissue.array == MEDULLA
    assert found.t2w.array[medulla].mean() > 1.1 * found.t2w.array[cortex].mean()
    assert found.t1w.array[cortex].mean() > 1.1 * found.t1w.array[medulla].mean()
    assert np.isfinite(found.t2w.array).all()
    assert found.t2w.array.dtype == found.r2star.array.dtype == found.depth.array.dtype == np.float32
    inside = found.map_mask.array > 0
    slope, intercept = np.polyfit(found.map_depth.array[inside], found.r2star.array[inside], 1)
    assert slope == pytest.approx(found.truth.r2star.slope, abs=0.03)
    assert intercept == pytest.approx(found.truth.r2star.intercept, abs=0.3)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"axes": "RRS"}, GeometryError),
        ({"axes": np.ones((3, 3))}, GeometryError),
        ({"map_axes": "XYZ"}, GeometryError),
        ({"spacing": (1.0, 0.0, 1.0)}, GeometryError),
        ({"cortex_mm": 30}, InputError),
        ({"label_flips": 0.9}, InputError),
        ({"tissue_noise_mm": -1}, InputError),
    ],
)
def test_impossible_settings_are_refused_in_one_sentence(changes, error):
    with pytest.raises(error, match=r"give .*\.$"):
        PhantomSettings(**changes)
