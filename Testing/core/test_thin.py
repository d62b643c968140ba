"""Stacks of a few slices are shown to the networks as thicker ones; what is found comes back on their own slices."""

import itertools

import numpy as np
import pytest

pytest.importorskip("torch", reason="the network runs with torch, which is not installed")

from Testing.core.networks import noise_image

from renal_segmentation.network.preparation import prepare
from renal_segmentation.network.thin import thickened
from renal_segmentation.volume import Volume


def stack(slices: int, thick_mm: float, order: tuple[int, int, int] = (0, 1, 2)) -> Volume:
    """Return slices of noise, 1 mm in plane, whose axes are stored in another order."""
    image = noise_image((40, 36, slices))
    affine = np.diag([1.0, 1.0, thick_mm, 1.0])
    affine[:3, 3] = 7, -30, 12
    return Volume(np.ascontiguousarray(image.array.transpose(order)), affine[:, [*order, 3]])


@pytest.mark.parametrize(("slices", "thick_mm", "times"), [(1, 8, 4), (1, 3, 9), (2, 5, 3), (3, 6, 2)])
def test_slices_are_repeated_in_place_until_the_stack_is_25_mm_thick(slices, thick_mm, times):
    prepared = prepare(stack(slices, thick_mm))
    found = thickened(prepared)
    assert found.image.array.shape == (40, 36, slices * times)
    assert np.array_equal(found.image.array[:, :, ::times], prepared.image.array)
    middles = [one.image.grid.to_ras([(np.array(one.image.array.shape) - 1) / 2])[0] for one in (prepared, found)]
    assert np.allclose(*middles)
    assert np.allclose(found.image.grid.spacing, prepared.image.grid.spacing)
    assert found.notices[-1].code == "thin-stack"
    assert f"{times} times" in found.notices[-1].message


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_what_is_found_comes_back_on_the_slices_as_they_are_stored(order):
    image = stack(2, 5, order)
    found = thickened(prepare(image))
    assert np.array_equal(found.restored(found.image.array), image.array)


@pytest.mark.parametrize(("slices", "thick_mm"), [(5, 5), (13, 5.5), (20, 1)])
def test_whole_stacks_and_slabs_of_many_slices_stay_as_they_are(slices, thick_mm):
    prepared = prepare(stack(slices, thick_mm))
    assert thickened(prepared) is prepared
