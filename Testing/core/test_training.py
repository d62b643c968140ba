"""Training: from generated people or scans to a bundle that predict takes, resumable, fine-tunable."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch, which is not installed")

import torch
from Testing.core.networks import SHAPE, tiny_bundle, write_pairs

from renal_segmentation.cli import main
from renal_segmentation.errors import CancelledError, InputError, ModelError, OutputError
from renal_segmentation.files import read_image, write_image
from renal_segmentation.network import generated
from renal_segmentation.network.augmentation import histogram, matched
from renal_segmentation.network.bundle import METADATA, load_networks, read_metadata
from renal_segmentation.network.cases import Case
from renal_segmentation.network.curves import curves_figure
from renal_segmentation.network.generated import draw_localiser_appearance, localiser_case, refiner_case
from renal_segmentation.network.model import open_model
from renal_segmentation.network.optimiser import optimisers, orthogonalised
from renal_segmentation.network.origin import GENERATED, origin_of
from renal_segmentation.network.recipe import Recipe, run_recipe
from renal_segmentation.network.stages import STAGES
from renal_segmentation.network.training import Schedule, fresh_state, load_checkpoint, train
from renal_segmentation.synthesis.abdomen import generate_abdomen
from renal_segmentation.synthesis.tissues import Tissue


def cube_case(iteration: int) -> Case:
    """Return a bright cube in noise at a place that the number decides."""
    rng = np.random.default_rng(iteration)
    image = torch.from_numpy(rng.normal(0, 0.1, (3, 32, 32, 32)).astype(np.float32))
    truth = torch.zeros(32, 32, 32, dtype=torch.int64)
    a, b, c = rng.integers(2, 18, 3)
    truth[a : a + 12, b : b + 12, c : c + 12] = 1
    image[0] += truth
    return Case(image, truth, "cube")


def tiny_state(rate: float = 1e-2):
    torch.manual_seed(0)
    return fresh_state(STAGES["refiner"].network(SHAPE), rate)


def trained(path, iterations, state=None):
    schedule = Schedule(iterations=6, rate=1e-2, warm_up=2, check_every=2, averaging=0.5)
    state = state or tiny_state()
    stop_at = iterations

    def source(iteration):
        if iteration == stop_at:
            raise CancelledError("Stopped.")
        return cube_case(iteration)

    try:
        return train(state, STAGES["refiner"], source, [cube_case(99)], schedule, path)
    except CancelledError:
        return state


def test_a_training_that_was_killed_goes_on_as_if_it_had_not_been(tmp_path):
    whole = trained(tmp_path / "whole.pt", 6)
    schedule = Schedule(iterations=6, rate=1e-2, warm_up=2, check_every=2, averaging=0.5, save_seconds=0)

    def killed(iteration):
        if iteration == 3:
            raise CancelledError("Stopped.")
        return cube_case(iteration)

    with pytest.raises(CancelledError):
        train(tiny_state(), STAGES["refiner"], killed, [cube_case(99)], schedule, tmp_path / "part.pt")
    torch.manual_seed(77)
    again = load_checkpoint(fresh_state(STAGES["refiner"].network(SHAPE), 1e-2), tmp_path / "part.pt")
    assert again.iteration == 3
    again = trained(tmp_path / "part.pt", 6, again)
    assert again.iteration == whole.iteration == 6
    for name, value in whole.average.items():
        assert torch.equal(value, again.average[name]), name
    assert [row["dice"] for row in again.curve] == [row["dice"] for row in whole.curve]


def test_a_checkpoint_of_another_version_is_refused_with_a_sentence(tmp_path):
    train(tiny_state(), STAGES["refiner"], cube_case, [], Schedule(iterations=1), tmp_path / "part.pt")
    content = torch.load(tmp_path / "part.pt", weights_only=True)
    content["optimiser"] = content.pop("optimisers")
    torch.save(content, tmp_path / "part.pt")
    with pytest.raises(ModelError, match="another version of Renal: choose another folder"):
        load_checkpoint(tiny_state(), tmp_path / "part.pt")


def test_a_damaged_checkpoint_is_refused_with_a_sentence(tmp_path):
    path = tmp_path / "part.pt"
    train(tiny_state(), STAGES["refiner"], cube_case, [], Schedule(iterations=1), path)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:20], b"", b"no checkpoint"):
        path.write_bytes(damaged)
        with pytest.raises(ModelError, match=r"part\.pt is damaged: delete it"):
            load_checkpoint(tiny_state(), path)


def test_a_tiny_network_learns_a_cube(tmp_path):
    schedule = Schedule(iterations=40, rate=2e-2, warm_up=2, check_every=20, averaging=0.5)
    state = train(tiny_state(), STAGES["refiner"], cube_case, [cube_case(99)], schedule, tmp_path / "c.pt")
    assert state.best > 0.8
    with (tmp_path / "c.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["iteration"] for row in rows] == ["20", "40"]
    assert float(rows[1]["loss"]) < float(rows[0]["loss"])


def test_convolutions_are_moved_by_orthogonal_steps_of_the_size_of_the_rate():
    matrix = orthogonalised(torch.randn(6, 40))
    assert torch.linalg.svdvals(matrix).sub(1).abs().max() < 0.4
    network = STAGES["refiner"].network(SHAPE)
    muon, _ = optimisers(network, 0.01, weight_decay=0.0)
    inner = network.inner.down[1][1][0].weight
    before = inner.detach().clone()
    (network(torch.randn(1, 3, 32, 32, 32)) ** 2).mean().backward()
    muon.step()
    move = (inner.detach() - before).reshape(len(inner), -1)
    assert torch.linalg.svdvals(move).max() / torch.linalg.svdvals(move).min() < 3
    assert 0.001 < move.square().mean().sqrt() < 0.004


def test_training_stops_early_when_it_no_longer_gets_better(tmp_path):
    schedule = Schedule(iterations=50, rate=0.0, warm_up=1, check_every=1, patience=3)
    nothing_to_find = Case(cube_case(99).image, torch.zeros(32, 32, 32, dtype=torch.int64), "nothing")
    state = train(tiny_state(), STAGES["refiner"], cube_case, [nothing_to_find], schedule, tmp_path / "c.pt")
    assert state.iteration == 4


def test_a_case_that_gives_no_finite_loss_is_left_out(tmp_path):
    def broken(iteration):
        case = cube_case(iteration)
        return Case(case.image * float("nan"), case.truth, case.family)

    before = {name: value.clone() for name, value in tiny_state().network.state_dict().items()}
    schedule = Schedule(iterations=1)
    state = train(tiny_state(), STAGES["refiner"], broken, [], schedule, tmp_path / "c.pt")
    assert all(torch.equal(value, before[name]) for name, value in state.network.state_dict().items())


def test_generated_cases_repeat_with_their_seed():
    tissues = generate_abdomen(1).array
    for make in (localiser_case, refiner_case):
        first, again = (make(tissues, np.random.default_rng(4)) for _ in range(2))
        assert torch.equal(first.image, again.image)
        assert torch.equal(first.truth, again.truth)
        assert first.image.shape[1:] == first.truth.shape
        assert torch.isfinite(first.image).all()
        assert first.truth.max() > 0


def test_faint_edges_of_kidneys_are_learnt_from_more_often_in_mri_and_as_often_in_ct(monkeypatch):
    def looks(share):
        monkeypatch.setattr(generated, "HARD_SHARE", share)
        return [draw_localiser_appearance(np.random.default_rng(seed)) for seed in range(200)]

    def contrast(look):
        return abs(look.mean[Tissue.LEFT_CORTEX] - abs(look.mean[Tissue.PERIRENAL_FAT]))

    usual, hard = looks(0.0), looks(1.0)
    assert [look.regime for look in hard] == [look.regime for look in usual]
    for regime in ("t1", "t2"):
        faint, plain = ([contrast(look) for look in kind if look.regime == regime] for kind in (hard, usual))
        assert np.median(faint) < 0.8 * np.median(plain)
    assert all(np.array_equal(a.mean, b.mean) for a, b in zip(hard, usual, strict=True) if a.regime == "ct")


def test_histogram_matching_gives_the_other_scans_brightness():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 1, (20, 20, 20)), rng.gamma(2, 30, (20, 20, 20))
    first, second = first.astype(np.float32), second.astype(np.float32)
    result = matched(torch.from_numpy(first), histogram(first), histogram(second)).numpy()
    assert np.allclose(np.quantile(result, [0.1, 0.5, 0.9]), np.quantile(second, [0.1, 0.5, 0.9]), rtol=0.05)
    order = np.argsort(first.ravel())
    assert (np.diff(result.ravel()[order]) >= 0).all()


def recipe(**changes) -> Recipe:
    """Return the recipe of a tiny training."""
    usual = {
        "images": None,
        "labels": None,
        "maps": None,
        "people": 1,
        "fine_tune": None,
        "iterations": dict.fromkeys(STAGES, 2),
        "minutes": dict.fromkeys(STAGES),
        "rate": 1e-3,
        "patience": 5,
        "seed": 0,
        "shapes": dict.fromkeys(STAGES, SHAPE),
        "check_every": 1,
    }
    return Recipe(**{**usual, **changes})


def test_fine_tuning_on_scans_gives_a_bundle_that_opens_and_goes_on_only_with_the_same_settings(tmp_path):
    images, labels = write_pairs(tmp_path / "scans")
    base = tiny_bundle(tmp_path / "base")
    told = {"images": str(images), "labels": str(labels), "fine_tune": str(base.folder)}
    steps, lines = [], []
    metadata = run_recipe(
        recipe(**told), tmp_path / "out", "mine", lambda step, _: steps.append(step), tell=lines.append
    )
    assert sorted(line.split("sub")[0] for line in lines) == ["Patients to learn from: ", "Patients to validate with: "]
    assert {line.split(": ")[1] for line in lines} == {"sub0 (sub0_t2).", "sub1 (sub1_t2)."}
    assert metadata.recipe["reached"]["refiner"]["iterations"] == 2
    assert metadata.recipe["scans"] == "2 scans and masks of 2 patients of the user, 1 patient for validation"
    assert metadata.recipe["scans"] in steps
    assert metadata.title.endswith("fine-tuned from tiny on 2 scans and masks of 2 patients of the user")
    assert json.loads((tmp_path / "out" / METADATA).read_text(encoding="utf-8"))["authors"] == "not stated"
    assert all(network.context.weight.any() for network in load_networks(base).values())
    assert not any(network.context.weight.any() for network in load_networks(metadata).values())
    assert (tmp_path / "out" / "learning_curve.png").stat().st_size > 5000
    assert open_model(tmp_path / "out").describe().name == "mine"
    json.loads((tmp_path / "out" / "configs" / "metadata.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    again = run_recipe(recipe(**told), tmp_path / "out", "mine")
    assert again.sha256 == metadata.sha256
    with pytest.raises(InputError, match="other settings"):
        run_recipe(recipe(**told, rate=5e-3), tmp_path / "out", "mine")


def test_a_model_that_ever_saw_the_users_scans_does_not_become_one_of_generated_people():
    own = read_metadata(Path(__file__).parents[2] / "RenalSegmentation/renal_segmentation/bundles/renal-synthetic")
    assert origin_of(None, None) == origin_of(own, None) == GENERATED
    assert (own.title, own.source, own.licence) == (GENERATED.description, GENERATED.source, GENERATED.licence)
    tuned = origin_of(own, "3 scans")
    again = origin_of(replace(own, name="mine", source=tuned.source, licence=tuned.licence), None)
    assert "fine-tuned from mine on generated abdomens; mine: " in again.source
    assert "renal-synthetic on 3 scans" in again.source
    assert again.licence == "not stated"


def test_a_start_that_failed_leaves_the_folder_free_for_other_settings(tmp_path, monkeypatch):
    def stopped(*_):
        raise CancelledError("Stopped.")

    monkeypatch.setattr("renal_segmentation.network.recipe.train", stopped)
    images, labels = write_pairs(tmp_path / "scans", 1)
    told = {"images": str(images), "labels": str(labels)}
    mask = labels / "sub0_t2.nii.gz"
    content = mask.read_bytes()
    mask.write_bytes(b"no mask")
    with pytest.raises(InputError, match="sub0_t2"):
        run_recipe(recipe(**told), tmp_path / "out", "mine")
    assert not (tmp_path / "out").exists()
    mask.write_bytes(content)
    written = tmp_path / "out" / "recipe.json"
    written.parent.mkdir()
    written.write_text('{"fine_tune": null, "version": "0"}')
    with pytest.raises(CancelledError):
        run_recipe(recipe(**told), tmp_path / "out", "mine")
    assert json.loads(written.read_text())["images"] == str(images)


def spoil(path):
    mask, _ = read_image(path)
    write_image(path, np.minimum(mask.array, 1), mask.grid, "labels")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda images, labels: spoil(labels / "sub0_t2.nii.gz"), "sub0_t2.nii.gz or its mask is new or was changed"),
        (lambda images, labels: write_pairs(images.parent, 3), "sub2_t2.nii.gz or its mask is new"),
        (lambda images, labels: (labels / "sub1_t2.nii.gz").unlink(), "some are gone"),
        (
            lambda *folders: [(folder / "sub1_t2.nii.gz").rename(folder / "sub0_t1.nii.gz") for folder in folders],
            "count for another patient",
        ),
    ],
)
def test_a_training_goes_on_only_with_the_same_scans_masks_and_patients(tmp_path, monkeypatch, change, words):
    def stopped(*_):
        raise CancelledError("Stopped.")

    monkeypatch.setattr("renal_segmentation.network.recipe.train", stopped)
    monkeypatch.setattr("renal_segmentation.network.recipe.load_checkpoint", lambda state, _: state)
    images, labels = write_pairs(tmp_path / "scans", 2)
    told = {"images": str(images), "labels": str(labels)}
    for _ in range(2):
        with pytest.raises(CancelledError):
            run_recipe(recipe(**told), tmp_path / "out", "mine")
        (tmp_path / "out" / "localiser.pt").touch()
    written = (tmp_path / "out" / "recipe.json").read_text(encoding="utf-8")
    assert "sub0" not in written, "names of files may tell patients, and the folder is passed on with its model"
    change(images, labels)
    with pytest.raises(InputError, match=f"begun with other scans .*{words}.*another --output"):
        run_recipe(recipe(**told), tmp_path / "out", "mine")
    assert (tmp_path / "out" / "recipe.json").read_text(encoding="utf-8") == written


def test_folders_that_cannot_take_a_training_are_answered_with_one_sentence(tmp_path):
    images, labels = write_pairs(tmp_path / "scans", 1)
    told = {"images": str(images), "labels": str(labels)}
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        run_recipe(recipe(**told), tmp_path / "file" / "out", "mine")
    (tmp_path / "out").mkdir()
    for damaged in ("{", "[]", "3", '{"mine": 1}'):
        (tmp_path / "out" / "recipe.json").write_text(damaged)
        with pytest.raises(InputError, match="no recipe of a training, or damaged"):
            run_recipe(recipe(**told), tmp_path / "out", "mine")


def test_training_on_generated_people_makes_them_first(tmp_path, monkeypatch):
    monkeypatch.setattr("renal_segmentation.network.recipe.generate_abdomen", lambda seed: generate_abdomen(seed, 2.0))
    steps = []
    run_recipe(
        recipe(iterations=dict.fromkeys(STAGES, 1)), tmp_path / "out", "mine", lambda step, _: steps.append(step)
    )
    assert any("person 1 of 1" in step for step in steps)
    assert (tmp_path / "out" / "maps" / "case_0.npz").is_file()
    assert (tmp_path / "out" / "maps" / "validation" / "case_1000000.npz").is_file()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--images", "."], "give both"),
        (["--images", "nowhere", "--labels", "."], "not a folder"),
        (["--people", "0"], "--people must be 1 or more, not 0"),
        (["--iterations", "0"], "--iterations must be 1 or more"),
        (["--patience", "0"], "--patience must be 1 or more"),
        (["--threads", "-2"], "--threads must be 1 or more"),
        (["--seed", "-1"], "--seed must be 0 or more"),
        (["--minutes", "0"], "--minutes must be a number above zero"),
        (["--rate", "nan"], "--rate must be a number above zero, not nan"),
        (["--fine-tune", "no-such-model"], "no model"),
    ],
)
def test_settings_that_cannot_be_used_are_answered_with_one_sentence(tmp_path, capsys, options, words):
    assert main(["train", "--output", str(tmp_path / "out"), *options]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_only_models_that_renal_trained_are_fine_tuned(tmp_path, capsys):
    (tmp_path / "foreign" / "configs").mkdir(parents=True)
    (tmp_path / "foreign" / "configs" / "metadata.json").write_text("{}")
    assert main(["train", "--output", str(tmp_path / "out"), "--fine-tune", str(tmp_path / "foreign")]) == 2
    told = capsys.readouterr().err
    assert "foreign was not trained by Renal" in told
    assert "--trust" not in told


def test_a_training_that_is_stopped_says_how_it_goes_on(tmp_path, capsys, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("renal_segmentation.network.recipe.run_recipe", stopped)
    assert main(["train", "--output", str(tmp_path), "--progress", "none"]) == 2
    assert "Stopped before the first checkpoint; the same command starts anew." in capsys.readouterr().err
    (tmp_path / "localiser.pt").touch()
    assert main(["train", "--output", str(tmp_path), "--progress", "none"]) == 2
    assert f"the same command goes on from the last checkpoint in {tmp_path}." in capsys.readouterr().err


def test_the_learning_curve_of_a_training_in_two_parts_goes_on_where_the_first_ended(tmp_path):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("iteration,minutes,loss,dice,dice_ct\n100,1,0.9,0.3,0.4\n200,2,0.8,0.5,0.6\n")
    second.write_text("iteration,minutes,loss,dice,dice_ct\n100,1,0.7,0.6,\n105,2,0.1,0.7,0.8\n")
    loss, dice = curves_figure({"localiser": [first, second]}).axes
    drawn = {line.get_label(): line for line in dice.lines}
    assert drawn["mean"].get_xdata().tolist() == [100, 200, 300, 305]
    assert drawn["mean"].get_ydata().tolist() == [0.3, 0.5, 0.6, 0.7]
    assert np.isnan(drawn["ct"].get_ydata()).tolist() == [False, False, True, False]
    few_cases = 305
    assert few_cases not in loss.lines[0].get_xdata()
    assert [line.get_xdata()[0] for line in loss.lines[1:]] == [200], "one end between the two parts"
