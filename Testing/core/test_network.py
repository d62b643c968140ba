"""The network around its weights: orientation, sides, cleaning, bundles, memory."""

import itertools
import json
import math

import numpy as np
import pytest

pytest.importorskip("torch", reason="the network runs with torch, which is not installed")

import torch
from Testing.core.networks import KIDNEYS, SHAPE, Stub, body_image, noise_image, tiny_bundle

from renal_segmentation.errors import CancelledError, InputError, ModelError
from renal_segmentation.models.registry import find_segmenter, kind_of
from renal_segmentation.network import model as model_file
from renal_segmentation.network.architecture import padded
from renal_segmentation.network.bundle import METADATA, WEIGHTS, is_own, load_networks, read_metadata
from renal_segmentation.network.convolution import convolved
from renal_segmentation.network.localising import localiser_input
from renal_segmentation.network.losses import segmentation_loss
from renal_segmentation.network.model import RenalNetwork, open_model
from renal_segmentation.network.preparation import prepare, shrunk, voxels_in
from renal_segmentation.network.running import Runner
from renal_segmentation.network.stages import STAGES
from renal_segmentation.sampling import box_grid
from renal_segmentation.synthesis.acquisition import rotation
from renal_segmentation.volume import Grid, Volume

RUNNER = Runner(torch.device("cpu"), "normal")


def stored_in(image: Volume, order: tuple[int, ...], flips: tuple[bool, ...]) -> Volume:
    """Return the same image with its axes in another order and direction."""
    array = image.array.transpose(order)[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    affine = image.affine.copy()
    affine[:3, :3] = image.affine[:3, list(order)] * np.where(flips, -1, 1)
    first = [n - 1 if flip else 0 for n, flip in zip(array.shape, flips, strict=True)]
    affine[:3, 3] = image.affine[:3, 3] + image.affine[:3, list(order)] @ first
    return Volume(array, affine)


ORDERS = list(itertools.product(itertools.permutations(range(3)), itertools.product((False, True), repeat=3)))


def test_there_are_48_ways_to_store_an_image_and_all_are_prepared_alike():
    image = noise_image((7, 6, 5))
    turn = np.eye(4)
    turn[:2, :2] = [[math.cos(0.3), -math.sin(0.3)], [math.sin(0.3), math.cos(0.3)]]
    image = Volume(image.array, turn @ image.affine)
    wanted = prepare(image)
    assert len(ORDERS) == 48
    for order, flips in ORDERS:
        stored = stored_in(image, order, flips)
        found = prepare(stored)
        assert np.array_equal(found.image.array, wanted.image.array)
        assert np.array_equal(found.image.affine, wanted.image.affine)
        assert np.array_equal(found.restored(found.image.array), stored.array)


@pytest.mark.parametrize("degrees", [(0, 0, 12), (25, -10, 8), (-30, 20, -15)])
def test_the_mask_does_not_depend_on_how_the_image_is_turned(tmp_path, degrees, monkeypatch):
    found = pretend_kidneys(monkeypatch, tmp_path)
    image = body_image()
    turn = np.eye(4)
    turn[:3, :3] = rotation(np.array(degrees))
    turn[:3, 3] = (5, -20, 300)
    answer = found.segment(Volume(image.array, turn @ image.affine)).labels
    assert np.array_equal(answer.array, found.segment(image).labels.array)
    assert np.allclose(answer.affine, turn @ image.affine)


def test_a_sheared_scan_keeps_its_angles_and_volume():
    image = noise_image((7, 6, 5))
    shear = np.eye(4)
    shear[1, 2] = 0.4
    sheared = Volume(image.array, shear @ image.affine)
    found = prepare(sheared).image.affine[:3, :3]
    assert np.allclose(found.T @ found, sheared.affine[:3, :3].T @ sheared.affine[:3, :3], atol=1e-4)


@pytest.mark.parametrize(("order", "flips"), ORDERS[::7])
def test_the_mask_does_not_depend_on_how_the_image_is_stored(tmp_path, order, flips, monkeypatch):
    found = pretend_kidneys(monkeypatch, tmp_path)
    image = body_image()
    mask = found.segment(image).labels
    stored = stored_in(mask, order, flips)
    answer = found.segment(stored_in(image, order, flips)).labels
    assert np.array_equal(answer.array, stored.array)
    assert np.allclose(answer.affine, stored.affine)
    left, right = (image.grid.to_ras(np.argwhere(mask.array == side)).mean(0) for side in (1, 2))
    assert left[0] < 0 < right[0]


def pretend_kidneys(monkeypatch, folder) -> RenalNetwork:
    """Return the real pipeline around networks that call everything bright a kidney."""

    class Localiser(Stub):
        def forward(self, x):
            bright = 20 * x[:, :1]
            side = torch.sign(x[:, 1:2]) * 10
            return torch.cat([-bright, bright - side, bright + side], 1)

    class Refiner(torch.nn.Module):
        def forward(self, x):
            bright = 20 * x[:, :1]
            return torch.cat([-bright, bright, bright - 50, bright - 50], 1)

    metadata = tiny_bundle(folder / "pretend")
    monkeypatch.setattr(model_file, "load_networks", lambda _: {"localiser": Localiser(), "refiner": Refiner()})
    return RenalNetwork(metadata)


def test_bright_ellipsoids_come_back_with_their_volume_and_side(tmp_path, monkeypatch):
    image = body_image()
    found = pretend_kidneys(monkeypatch, tmp_path).segment(image)
    truth = image.array > 0
    dice = 2 * (truth & (found.labels.array > 0)).sum() / (truth.sum() + (found.labels.array > 0).sum())
    assert dice > 0.9
    assert set(np.unique(found.labels.array)) == {0, 1, 2}
    assert set(found.confidence) == {"left", "right"}
    assert found.notices == ()
    assert found.probabilities.array.max() <= 1
    alone = pretend_kidneys(monkeypatch, tmp_path).segment(body_image(KIDNEYS[:1]))
    assert [notice.code for notice in alone.notices] == ["right-not-found"]


def test_low_memory_gives_nearly_the_same_and_running_out_of_memory_says_so(tmp_path, monkeypatch):
    found = pretend_kidneys(monkeypatch, tmp_path)
    image = body_image()
    normal = found.segment(image).labels.array
    low = RenalNetwork(found.metadata, "low").segment(image).labels.array
    assert (normal != low).mean() < 1e-3
    compute = model_file._compute

    def short_of_memory(networks, prepared, device, memory, progress):
        if memory == "normal":
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        return compute(networks, prepared, device, memory, progress)

    monkeypatch.setattr(model_file, "_compute", short_of_memory)
    answer = found.segment(image)
    assert [notice.code for notice in answer.notices] == ["low-memory"]
    assert np.array_equal(answer.labels.array, low)


@pytest.mark.parametrize("memory", ["normal", "low"])
@pytest.mark.parametrize(("device", "room", "said"), [
    ("auto", True, []),
    ("cuda", False, ["gpu-memory"]),
    ("auto", False, ["gpu-memory"]),
    ("cpu", False, []),
])  # fmt: skip
def test_going_on_without_the_graphics_card_for_want_of_memory_is_said(
    tmp_path, monkeypatch, memory, device, room, said
):
    compute, places = model_file._compute, []

    def on_card(networks, prepared, device, memory, progress):
        places.append(device.type)
        if device.type == "cuda" and not room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return compute(networks, prepared, torch.device("cpu"), memory, progress)

    network = RenalNetwork(pretend_kidneys(monkeypatch, tmp_path).metadata, memory)
    monkeypatch.setattr(model_file, "_compute", on_card)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    answer = network.segment(body_image(), device=device)
    assert [notice.code for notice in answer.notices] == said
    assert places[-1] == ("cuda" if room else "cpu")
    assert answer.labels.array.any()


@pytest.mark.parametrize("array", [np.zeros((9, 8, 7)), np.full((9, 8, 7), np.nan), np.full((1, 1, 1), 5.0)])
def test_an_image_without_contrast_has_no_kidney_and_says_so(tmp_path, array):
    found = open_model(tiny_bundle(tmp_path / "b").folder).segment(Volume(array, np.diag([4.0, 4.0, 4.0, 1.0])))
    assert not found.labels.array.any()
    assert {"blank-image", "no-kidney"} <= {notice.code for notice in found.notices}


def test_an_untrained_network_survives_any_shape(tmp_path):
    network = open_model(tiny_bundle(tmp_path / "b").folder)
    for shape in ((40, 30, 1), (1, 40, 30), (5, 5, 5), (33, 17, 9)):
        found = network.segment(noise_image(shape))
        assert found.labels.array.shape == shape
        assert found.labels.array.dtype == np.uint8


def test_progress_rises_and_can_stop_the_work(tmp_path, monkeypatch):
    network = pretend_kidneys(monkeypatch, tmp_path)
    shares = []
    network.segment(body_image(), progress=lambda step, share: shares.append(share))
    assert shares == sorted(shares)

    def stop(step, share):
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        network.segment(body_image(), progress=stop)


def test_an_unknown_device_is_named(tmp_path):
    with pytest.raises(InputError, match="no device tpu"):
        open_model(tiny_bundle(tmp_path / "b").folder).segment(noise_image(), device="tpu")


@pytest.mark.parametrize("change", ["truncated", "tampered", "foreign", "missing", "hash", "metadata"])
def test_weights_that_are_not_the_right_ones_are_refused_with_one_sentence(tmp_path, change):
    folder = tiny_bundle(tmp_path / "b").folder
    weights, metadata = folder / WEIGHTS, folder / METADATA
    content = json.loads(metadata.read_text(encoding="utf-8"))
    if change == "truncated":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif change == "tampered":
        raw = bytearray(weights.read_bytes())
        raw[len(raw) // 2] ^= 1
        weights.write_bytes(bytes(raw))
    elif change == "missing":
        weights.unlink()
    elif change == "metadata":
        metadata.write_text("{}", encoding="utf-8")
    elif change == "hash":
        content["renal"]["sha256"] = "0" * 64
        metadata.write_text(json.dumps(content), encoding="utf-8")
    else:
        import hashlib

        torch.save({"localiser": {}, "refiner": {}}, weights)
        content["renal"]["sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
        metadata.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ModelError) as error:
        open_model(folder).segment(noise_image())
    assert str(error.value).count(". ") == 0
    assert str(error.value).endswith(".")


def test_weights_that_would_run_code_are_refused(tmp_path):
    import hashlib

    folder = tiny_bundle(tmp_path / "b").folder
    torch.save({"localiser": RUNNER, "refiner": {}}, folder / WEIGHTS)
    content = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    content["renal"]["sha256"] = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    (folder / METADATA).write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ModelError, match="holds no weights"):
        load_networks(read_metadata(folder))


def test_a_bundle_is_found_by_its_folder_and_describes_itself(tmp_path):
    folder = tiny_bundle(tmp_path / "mine", "mine").folder
    assert is_own(folder)
    assert kind_of(folder) == "renal"
    card = find_segmenter(folder).describe()
    assert (card.name, card.licence) == ("mine", "Apache-2.0")
    assert 0 < card.size_mb < 1
    assert not is_own(tmp_path)


def test_networks_keep_the_shape_of_their_input():
    for stage, classes in (("localiser", 3), ("refiner", 4)):
        network = STAGES[stage].network(SHAPE)
        assert network(torch.zeros(1, 3, 32, 48, 32)).shape == (1, classes, 32, 48, 32)


def test_a_network_that_is_made_deeper_answers_as_before_until_it_learns():
    plain = STAGES["localiser"].network({**SHAPE, "deeper": 0})
    deeper = STAGES["localiser"].network({**SHAPE, "deeper": 2})
    added = deeper.load_state_dict(plain.state_dict(), strict=False)
    assert len(added.missing_keys) > 0
    assert not added.unexpected_keys
    x = torch.randn(1, 3, 32, 48, 32)
    assert torch.equal(plain(x), deeper(x))


@pytest.mark.parametrize("shape", [(2, 40, 40, 12), (2, 110, 110, 3), (8, 16, 20, 12), (8, 60, 60, 4), (6, 9, 10, 8)])
def test_the_fast_convolution_gives_what_the_layer_gives_and_learns_alike(shape):
    layer = torch.nn.Conv3d(shape[0], 5, 3, padding=1, bias=False)
    x = torch.randn(1, *shape, requires_grad=True)
    wanted, found = layer(x), convolved(x, layer)
    assert torch.allclose(wanted, found, atol=1e-5)
    weight = torch.randn_like(wanted)
    slow = torch.autograd.grad((wanted * weight).sum(), (x, layer.weight))
    fast = torch.autograd.grad((found * weight).sum(), (x, layer.weight))
    assert torch.allclose(slow[0], fast[0], atol=1e-4)
    assert torch.allclose(slow[1], fast[1], rtol=1e-3, atol=1e-2)


def test_padding_is_undone_by_its_place():
    x = torch.rand(2, 5, 33, 48)
    wide, place = padded(x, (-0.5, 0.0))
    assert all(n % 16 == 0 and n >= 32 for n in wide.shape[1:])
    assert torch.equal(wide[(slice(None), *place)], x)
    assert wide[0].min() == -0.5


def test_large_inputs_are_worked_through_in_slabs_that_join():
    class Same(torch.nn.Module):
        def forward(self, x):
            return torch.cat([x[:, :1], -x[:, :1]], 1)

    x = torch.randn(1, 20, 30, 700)
    whole = Runner(torch.device("cpu"), "normal").probabilities(Same(), x, (0.0,))
    slabs = Runner(torch.device("cpu"), "low").probabilities(Same(), x, (0.0,))
    assert whole.shape == (2, 20, 30, 700)
    assert torch.equal(whole, slabs)


def test_a_perfect_answer_has_hardly_any_loss_and_a_wrong_side_has_more_than_a_wrong_edge():
    truth = torch.zeros(1, 16, 16, 16, dtype=torch.int64)
    truth[0, 2:7] = 1
    truth[0, 9:14] = 2

    def loss(classes):
        scores = 20.0 * torch.nn.functional.one_hot(classes, 3).permute(0, 4, 1, 2, 3)
        return float(segmentation_loss(scores, truth, (1.0, 1.0), 0.0))

    shifted = torch.roll(truth, 1, 1)
    swapped = torch.where(truth > 0, 3 - truth, 0)
    assert loss(truth) < 0.01
    assert loss(truth) < loss(shifted) < loss(swapped)


def test_the_place_from_left_to_right_is_zero_in_the_middle():
    grid = box_grid(np.array([-40.0, 0, 0]), np.array([60.0, 8, 8]), 4.0)
    place = localiser_input(torch.zeros(grid.shape), grid)[1, :, 0, 0]
    assert float(place.mean()) == pytest.approx(0, abs=1e-6)
    assert float(place[-1] - place[0]) == pytest.approx(0.96)


def test_very_large_scans_are_averaged_in_blocks_at_the_same_place(monkeypatch):
    monkeypatch.setattr("renal_segmentation.network.preparation.LARGEST_VOXELS", 10)
    grid = Grid((41, 40, 10), np.diag([0.7, 0.7, 5.0, 1.0]))
    x = grid.to_ras(np.argwhere(np.ones(grid.shape)))[:, 0].reshape(grid.shape).astype(np.float32)
    small = shrunk(Volume(x, grid.affine), 4.0)
    assert small.array.shape == (20, 20, 10)
    wanted = small.grid.to_ras(np.argwhere(np.ones(small.array.shape)))[:, 0].reshape(small.array.shape)
    assert np.allclose(small.array, wanted, atol=1e-4)


def test_a_box_outside_the_image_touches_no_voxel():
    grid = Grid((5, 5, 5), np.eye(4))
    assert voxels_in(grid, np.full(3, 20.0), np.full(3, 30.0)) is None
    assert voxels_in(grid, np.full(3, 1.2), np.full(3, 2.2)) == (slice(1, 4),) * 3


def between(darkest: float, brightest: float) -> Volume:
    image = noise_image()
    low, high = image.array.min(), image.array.max()
    scaled = (image.array - low) / (high - low) * (brightest - darkest) + darkest
    return Volume(np.clip(scaled, darkest, brightest), image.affine)


def test_hounsfield_units_are_cut_to_the_window_of_soft_tissue():
    prepared = prepare(between(-1000, 600))
    assert prepared.hounsfield
    assert prepared.image.array.min() == -250
    assert prepared.image.array.max() == 400


def test_a_voxel_marked_as_minus_1000_does_not_make_an_mri_a_ct():
    image = between(0, 2000)
    image.array[0, 0, 0] = -1000
    prepared = prepare(image)
    assert not prepared.hounsfield
    assert prepared.image.array.max() == 2000


def test_an_mri_with_shifted_values_is_no_ct():
    prepared = prepare(between(-600, 3400))
    assert not prepared.hounsfield
    assert prepared.image.array.min() == -600
    assert prepared.image.array.max() == 3400


def test_faint_values_are_enlarged_without_loss():
    image = between(0, 1)
    faint = Volume(image.array * np.float32(2.0**-30), image.affine)
    assert np.array_equal(prepare(faint).image.array, prepare(image).image.array)


@pytest.mark.parametrize(("darkest", "known"), [(-1000, True), (-130, True), (-20, False), (0, False)])
def test_fat_or_air_tells_hounsfield_units(darkest, known):
    assert prepare(between(darkest, darkest + 400)).hounsfield is known


def test_infinite_voxels_become_the_darkest_and_are_counted():
    image = noise_image()
    image.array[0, 0, :3] = [np.nan, np.inf, -np.inf]
    prepared = prepare(image)
    assert np.isfinite(prepared.image.array).all()
    assert prepared.image.array[0, 0, 1] == prepared.image.array.min()
    assert "3 voxels" in prepared.notices[0].message
