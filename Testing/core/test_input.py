"""Input that must be answered well: a right result, a stated warning, or one clear sentence."""

import gzip

import nibabel
import numpy as np
import pytest
from Testing.core.shapes import coordinates, ellipsoid, turned, two_kidneys

from renal_layers.layering import make_layers
from renal_layers.settings import Settings
from renal_segmentation.errors import EmptyMaskError, GeometryError, InputError
from renal_segmentation.files import read_image, write_image
from renal_segmentation.kidneys import read_kidneys
from renal_segmentation.labels import parse_labels
from renal_segmentation.volume import Volume, as_volume

KIDNEYS = two_kidneys((4, 4, 4))


def codes(layering) -> set[str]:
    return {notice.code for notice in layering.notices}


@pytest.fixture
def mask_file(tmp_path):
    path = tmp_path / "mask.nii.gz"
    write_image(path, KIDNEYS.array, KIDNEYS.grid, "test")
    return path


def test_an_empty_mask_is_refused():
    with pytest.raises(EmptyMaskError, match="is empty"):
        make_layers(KIDNEYS.like(np.zeros_like(KIDNEYS.array)))


def test_probabilities_are_cut_at_one_half_and_this_is_stated():
    soft = make_layers(KIDNEYS.like(KIDNEYS.array * 0.8 + 0.1))
    np.testing.assert_array_equal(soft.depth.array, make_layers(KIDNEYS).depth.array)
    assert "probabilities" in codes(soft)


def test_values_between_labels_are_refused():
    with pytest.raises(InputError, match="not whole labels"):
        make_layers(KIDNEYS.like(KIDNEYS.array * 1.5))


def test_negative_labels_are_refused():
    with pytest.raises(InputError, match="negative label"):
        make_layers(KIDNEYS.like(-KIDNEYS.array.astype(np.int16)))


def test_not_a_number_counts_as_background_and_is_stated():
    array = KIDNEYS.array.astype(float)
    array[0, 0, 0] = np.nan
    assert "mask-not-finite" in codes(make_layers(KIDNEYS.like(array)))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.uint16, np.float32, np.float64, bool])
def test_every_number_type_gives_the_same_depth(dtype):
    found = make_layers(KIDNEYS.like(KIDNEYS.array.astype(dtype)))
    np.testing.assert_array_equal(found.depth.array, make_layers(KIDNEYS).depth.array)


def test_several_labels_without_meanings_are_refused_with_the_remedy():
    labelled = KIDNEYS.like(np.where(np.indices(KIDNEYS.array.shape)[0] < 20, 1, 2) * KIDNEYS.array)
    with pytest.raises(InputError, match=r"holds the labels 1, 2.*--labels 1=left 2=right"):
        make_layers(labelled)


def test_labels_that_are_not_explained_are_ignored_and_stated():
    array = KIDNEYS.array.copy()
    array[0, 0, 0] = 9
    layering = make_layers(KIDNEYS.like(array), labels={1: "kidney", 5: "left"})
    assert {"label-unknown", "label-missing"} <= codes(layering)
    assert layering.side.array.astype(bool).sum() == KIDNEYS.array.sum()


def test_labels_that_name_no_kidney_voxel_are_refused():
    with pytest.raises(EmptyMaskError, match="correct --labels"):
        make_layers(KIDNEYS, labels={2: "left"})


def test_labels_that_contradict_ras_are_stated():
    left_is_right = KIDNEYS.like(np.where(np.indices(KIDNEYS.array.shape)[0] < 20, 2, 1) * KIDNEYS.array)
    assert "sides-contradict-ras" in codes(make_layers(left_is_right, labels={1: "left", 2: "right"}))


@pytest.mark.parametrize("text", ["left", "1=kidneys", "x=left", "0=left", "-1=left"])
def test_a_badly_written_label_is_refused(text):
    with pytest.raises(InputError, match="NUMBER=NAME"):
        parse_labels([text])


def test_a_label_that_is_given_two_meanings_is_refused():
    with pytest.raises(InputError, match="The label 1 is named twice, in the end by '01=right'"):
        parse_labels(["1=left", "2=cyst", "01=right"])


def test_a_kidney_at_the_border_of_the_image_is_stated():
    cut = KIDNEYS.crop((slice(0, None), slice(0, None), slice(14, None)))
    assert "touches-border" in codes(make_layers(cut))


@pytest.mark.parametrize("named", [{2: "ignore"}, {}], ids=["ignored by name", "not named"])
def test_what_is_ignored_and_covers_a_part_of_the_kidney_is_told(named):
    kidney = ellipsoid((20, 20, 40), (2, 2, 2), (60, 0, 0))
    ras = coordinates(kidney.grid)
    lesion = kidney.like(np.where((ras[..., 2] > 20) & (kidney.array > 0), 2, kidney.array))
    (told,) = (
        n.message for n in make_layers(lesion, labels={1: "right", **named}).notices if n.code == "ignored-beside"
    )
    assert "Label 2 is ignored and touches the kidney over about 9 cm2" in told
    speck = kidney.like(np.where((ras[..., 2] > 39) & (kidney.array > 0), 2, kidney.array))
    assert "ignored-beside" not in codes(make_layers(speck, labels={1: "right", **named}))
    assert "ignored-beside" not in codes(make_layers(lesion, labels={1: "right", 2: "cyst"}))


def outlined_on(slices: int, axis: int, half_axes=(28, 30, 52)) -> Volume:
    """Return an ellipsoid with slices of 5 mm across an axis, of which only some in the middle are outlined."""
    spacing = np.full(3, 1.5)
    spacing[axis] = 5
    whole = ellipsoid(half_axes, spacing, (60, 0, 0))
    first = (whole.array.shape[axis] - slices) // 2
    number = np.indices(whole.array.shape)[axis]
    return whole.like(np.where((number >= first) & (number < first + slices), whole.array, 0))


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("slices", [1, 3, 5])
def test_a_kidney_outlined_on_a_few_of_its_slices_is_told_with_its_flat_ends(slices, axis):
    told = {n.code: n.message for n in make_layers(outlined_on(slices, axis)).notices}
    assert ("left and right", "posterior and anterior", "inferior and superior")[axis] in told["cut-off"]


def test_a_kidney_that_lacks_one_end_is_told_in_voxels_of_any_shape_even_with_stray_voxels_beyond():
    whole = ellipsoid((25, 25, 50), (1.5, 1.5, 1.5), (60, 0, 0))
    half = whole.array.copy()
    half[:, :, half.shape[2] // 2 + 6 :] = 0
    half[20, 20, -4] = 1
    flipped = turned(whole.like(half), (2, 0, 1), (True, False, True))
    for mask in (whole.like(half), flipped):
        (told,) = (n.message for n in make_layers(mask).notices if n.code == "cut-off")
        assert "ends flat (superior)" in told


@pytest.mark.parametrize("thickness", [1.0, 2.0, 4.0, 6.0, 8.0])
@pytest.mark.parametrize("half_axes", [(20, 18, 40), (30, 28, 55)])
def test_whole_kidneys_are_not_said_to_be_cut_off_however_thick_their_slices(thickness, half_axes):
    for axis in range(3):
        spacing = np.full(3, 1.5)
        spacing[axis] = thickness
        for shift in (0, 0.25, 0.5, 0.75):
            mask = ellipsoid(half_axes, spacing, (60, 0, 0), shift)
            assert "cut-off" not in {notice.code for notice in read_kidneys(mask).notices}


def test_a_single_slice_and_a_single_voxel_are_measured_and_called_rough():
    for array in (np.ones((10, 12, 1), np.uint8), np.ones((1, 1, 1), np.uint8)):
        layering = make_layers(Volume(np.pad(array, 1), np.diag([1.5, 1.5, 5.5, 1])))
        assert (layering.depth.array > 0).sum() == array.sum()
        assert "thin-kidney" in codes(layering)


def test_a_time_series_is_refused():
    with pytest.raises(InputError, match="4 dimensions"):
        as_volume(Volume(np.ones((4, 4, 4, 2)), np.eye(4)))


def test_a_fourth_axis_of_length_one_is_dropped():
    assert as_volume(Volume(np.ones((4, 5, 6, 1)), np.eye(4))).array.shape == (4, 5, 6)


@pytest.mark.parametrize(
    "affine", [None, np.zeros((4, 4)), np.diag([0.0, 1, 1, 1]), np.full((4, 4), np.nan), np.eye(3)]
)
def test_an_impossible_affine_is_refused(affine):
    with pytest.raises(GeometryError):
        make_layers(Volume(KIDNEYS.array, affine))


def test_a_gantry_tilt_is_followed():
    sheared = ellipsoid((12, 12, 12), (2, 2, 2)).affine.copy()
    sheared[1, 2] = 0.5
    layering = make_layers(Volume(ellipsoid((12, 12, 12), (2, 2, 2)).array, sheared))
    points = layering.side.grid.to_ras(np.argwhere(layering.side.array))
    assert layering.surface.points[:, 1].max() == pytest.approx(points[:, 1].max() + 1, abs=1.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"layer_thickness_mm": 0},
        {"layer_thickness_mm": -1},
        {"layer_thickness_mm": 1e-12},
        {"layer_thickness_mm": np.inf},
        {"layer_thickness_mm": 1e300},
        {"layer_thickness_mm": np.nan},
        {"layer_count": 0},
        {"layer_count": 10**9},
        {"fill_cysts_below_ml": -1},
        {"fill_cysts_below_ml": np.inf},
        {"pelvis_distance_mm": -5},
        {"pelvis_distance_mm": np.inf},
        {"pelvis_distance_mm": 1e300},
        {"gradient_range": (5, np.inf)},
        {"gradient_range": (15, 5)},
        {"gradient_range": (0, 150), "gradient_unit": "percent"},
        {"gradient_unit": "inch"},
        {"layer_model": "onion"},
        {"smoothing": "heavy"},
        {"space": "moon"},
        {"depth_from": "ureter"},
        {"minimum_voxels": 0},
    ],
)
def test_an_impossible_setting_is_refused(wrong):
    with pytest.raises(InputError):
        Settings(**wrong)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.nii is not there"):
        read_image(tmp_path / "nothing.nii")


def test_a_folder_is_no_image(tmp_path):
    with pytest.raises(InputError, match=r"is a folder: name an image file"):
        read_image(tmp_path)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_a_truncated_file_is_refused(mask_file, share):
    content = mask_file.read_bytes()
    mask_file.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match="truncated, corrupt"):
        read_image(mask_file)


def test_a_corrupt_file_is_refused(mask_file):
    content = bytearray(mask_file.read_bytes())
    content[len(content) // 2 :] = b"\x00" * (len(content) - len(content) // 2)
    mask_file.write_bytes(bytes(content))
    with pytest.raises(InputError, match="truncated, corrupt"):
        read_image(mask_file)


@pytest.mark.parametrize("name", ["text.nii.gz", "text.nii", "photo.png", "empty.nii"])
def test_a_file_that_is_no_image_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"" if name.startswith("empty") else b"this is not an image" * 50)
    with pytest.raises(InputError, match="truncated, corrupt"):
        read_image(path)


def header_with(path, **fields):
    """Rewrite header fields of an uncompressed NIfTI in place."""
    image = nibabel.Nifti1Image(KIDNEYS.array, KIDNEYS.affine)
    header = image.header.copy()
    header.set_sform(None, 0)
    header.set_qform(KIDNEYS.affine, 1)
    for name, value in fields.items():
        header[name] = value
    header["vox_offset"] = 352
    header["magic"] = b"n+1"
    path.write_bytes(header.binaryblock + b"\0" * 4 + KIDNEYS.array.tobytes(order="F"))
    return path


@pytest.mark.parametrize("size", [0.0, -2.0, np.nan])
def test_a_zero_or_negative_voxel_size_is_refused(tmp_path, size):
    path = header_with(tmp_path / "mask.nii", pixdim=[1, 4, size, 4, 1, 1, 1, 1])
    with pytest.raises(GeometryError, match="voxel size"):
        read_image(path)


@pytest.mark.parametrize(("unit", "factor"), [("meter", 1e3), ("micron", 1e-3)])
def test_files_in_metres_or_micrometres_are_read_in_mm(tmp_path, unit, factor):
    image = nibabel.Nifti1Image(KIDNEYS.array, np.diag([1 / factor] * 3 + [1]) @ KIDNEYS.affine)
    image.header.set_xyzt_units(unit)
    nibabel.save(image, tmp_path / "mask.nii.gz")
    mask, _ = read_image(tmp_path / "mask.nii.gz")
    np.testing.assert_allclose(mask.affine, KIDNEYS.affine, atol=1e-4)


@pytest.mark.parametrize(("factor", "size"), [(1e-3, "0.004 x"), (1e3, "4000 x")])
def test_an_image_that_no_body_fills_is_refused_with_its_voxel_size(tmp_path, factor, size):
    affine = np.diag([factor] * 3 + [1]) @ KIDNEYS.affine
    nibabel.save(nibabel.Nifti1Image(KIDNEYS.array, affine), tmp_path / "mask.nii.gz")
    with pytest.raises(GeometryError, match=f"voxel size of {size}.*unit of length"):
        read_image(tmp_path / "mask.nii.gz")


def test_a_surface_is_no_image(tmp_path):
    values = nibabel.gifti.GiftiDataArray(np.zeros(5, np.float32), "NIFTI_INTENT_SHAPE")
    nibabel.save(nibabel.gifti.GiftiImage(darrays=[values]), tmp_path / "left.gii")
    with pytest.raises(InputError, match="holds no voxels in space"):
        read_image(tmp_path / "left.gii")


def test_a_file_without_position_is_read_and_this_is_stated(tmp_path):
    _, notices = read_image(header_with(tmp_path / "mask.nii", qform_code=0))
    assert [notice.code for notice in notices] == ["no-position"]


def test_scaled_integers_are_read_as_their_values(tmp_path):
    image = nibabel.Nifti1Image(KIDNEYS.array, KIDNEYS.affine)
    image.header.set_slope_inter(0.5, 3)
    nibabel.save(image, tmp_path / "scaled.nii.gz")
    volume, _ = read_image(tmp_path / "scaled.nii.gz")
    assert volume.array.dtype == np.float32
    np.testing.assert_allclose(volume.array, nibabel.load(tmp_path / "scaled.nii.gz").get_fdata(), rtol=1e-6)


@pytest.mark.parametrize("scaled", [False, True])
def test_complex_numbers_are_refused_whether_scaled_or_not(tmp_path, scaled):
    image = nibabel.Nifti1Image(KIDNEYS.array * np.complex64(1 + 2j), KIDNEYS.affine)
    nibabel.save(image, tmp_path / "complex.nii")
    if scaled:
        header = bytearray((tmp_path / "complex.nii").read_bytes())
        header[112:116] = np.float32(0.5).tobytes()
        (tmp_path / "complex.nii").write_bytes(header)
    with pytest.raises(InputError, match=r"complex.nii holds complex.* give one real number per voxel"):
        read_image(tmp_path / "complex.nii")


def test_writing_and_reading_gives_the_same_image(mask_file):
    volume, notices = read_image(mask_file)
    np.testing.assert_array_equal(volume.array, KIDNEYS.array)
    assert volume.grid.same_as(KIDNEYS.grid)
    assert not notices
    with gzip.open(mask_file) as stream:
        assert len(stream.read()) > KIDNEYS.array.size
