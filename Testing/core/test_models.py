"""One registry names every model; models come in whole, run their code only when trusted, and go out whole."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from Testing.core.model_folders import bundle, own_bundle, result_folder, zipped

from renal_segmentation.cli import main
from renal_segmentation.errors import CancelledError, ConsentError, InputError, ModelError
from renal_segmentation.models.cache import cache_folder
from renal_segmentation.models.importing import import_model, install_model, remove_model
from renal_segmentation.models.registry import find_segmenter, list_models
from renal_segmentation.models.totalsegmentator import CT, weights_of
from renal_segmentation.structures import BY_KEY

FIELDS = {
    "name", "title", "modality", "labels", "licence", "size_mb", "seconds_cpu", "source",
    "installed", "kind", "trusted",
}  # fmt: skip


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("RENAL_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "models"


def names() -> list[str]:
    return [entry.card.name for entry in list_models()]


def test_programs_are_listed_with_modality_licence_and_labels_of_the_table():
    cards = {entry.card.name: entry.card for entry in list_models()}
    assert {"totalsegmentator", "totalsegmentator-mr", "renal-segmentor"} <= set(cards)
    assert cards["renal-segmentor"].licence == "GPL-3.0-only"
    for card in cards.values():
        assert set(card.labels) <= set(BY_KEY)
        assert card.modality
        assert card.source


def test_the_list_as_json_is_a_contract(capsys):
    assert main(["models", "list", "--format", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert all(set(entry) == FIELDS for entry in printed)
    assert {entry["name"] for entry in printed} == set(names())


def test_the_list_as_text_says_what_is_installed(tmp_path, capsys):
    import_model(bundle(tmp_path / "mine"))
    assert main(["models", "list"]) == 0
    printed = capsys.readouterr().out
    assert "mine (needs --trust)\n  Mine; unknown; left-kidney, right-kidney\n  MIT License" in printed


@pytest.mark.parametrize("make", [bundle, result_folder])
def test_a_model_is_imported_from_a_folder_or_a_zip_file_with_its_card(tmp_path, models, make):
    folder = make(tmp_path / "sources/mine")
    import_model(folder)
    import_model(zipped(folder, tmp_path / "zipped.zip"), "other")
    assert names()[-2:] == ["mine", "other"]
    mine, other = (entry for entry in list_models() if entry.card.name in ("mine", "other"))
    assert mine.card.labels == other.card.labels == ("left-kidney", "right-kidney")
    assert (mine.installed, mine.trusted) == (True, False)
    assert {path.name for path in models.iterdir()} == {"mine", "other"}
    assert find_segmenter("other", trust=True).describe().name == "other"


def test_importing_runs_no_code_and_reads_no_weights(tmp_path):
    folder = bundle(tmp_path / "mine", weights=b"no weights at all")
    (folder / "configs/inference.json").write_text('{"network_def": "$exit(1)"}')
    assert import_model(folder).name == "mine"


def test_code_of_a_model_needs_trust_now_or_at_import(tmp_path):
    import_model(bundle(tmp_path / "one"))
    import_model(bundle(tmp_path / "two"), trust=True)
    with pytest.raises(ConsentError, match="The model one can run code"):
        find_segmenter("one")
    assert find_segmenter("one", trust=True).describe().name == "one"
    assert find_segmenter("two").describe().name == "two"


def test_a_model_whose_files_changed_is_refused(tmp_path, models):
    import_model(bundle(tmp_path / "mine"), trust=True)
    (models / "mine/models/model.pt").write_bytes(b"other weights")
    with pytest.raises(ModelError, match="are not those that were imported"):
        find_segmenter("mine")


def test_a_damaged_manifest_is_refused_and_the_model_can_be_removed(tmp_path, models):
    import_model(bundle(tmp_path / "mine"))
    (models / "mine/renal-model.json").write_text("{")
    with pytest.raises(ModelError, match="is damaged"):
        find_segmenter("mine")
    assert "mine" not in names()
    remove_model("mine")
    assert not (models / "mine").exists()


def test_a_model_is_not_replaced_without_being_asked(tmp_path):
    import_model(bundle(tmp_path / "a/mine"))
    with pytest.raises(InputError, match="There is a model mine already: add --overwrite"):
        import_model(bundle(tmp_path / "b/mine", b"newer"))
    import_model(tmp_path / "b/mine", overwrite=True)
    assert (cache_folder() / "mine/models/model.pt").read_bytes() == b"newer"


def test_an_import_that_is_cancelled_or_fails_leaves_the_old_model(tmp_path, models):
    import_model(bundle(tmp_path / "a/mine"), trust=True)

    def stop(step: str, share: float) -> None:
        if share > 0.5:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        import_model(zipped(bundle(tmp_path / "b/mine"), tmp_path / "b.zip"), "mine", overwrite=True, progress=stop)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no model"):
        import_model(tmp_path / "empty", "mine", overwrite=True)
    assert [path.name for path in models.iterdir()] == ["mine"]
    assert find_segmenter("mine").describe().name == "mine"


def test_a_folder_is_found_by_a_path_with_spaces_and_dots(tmp_path, monkeypatch):
    bundle(tmp_path / "my .model")
    monkeypatch.chdir(tmp_path)
    for path in ("my .model", "./my .model", tmp_path / "my .model"):
        assert find_segmenter(path, trust=True).describe().name == "my-.model"


def test_a_folder_without_a_model_is_refused_before_anything_is_copied(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    monkeypatch.setattr("renal_segmentation.models.importing.copy_folder", lambda *_: pytest.fail("copied"))
    with pytest.raises(InputError, match="holds no model"):
        import_model(tmp_path / "home")


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "x" * 65])
def test_a_name_cannot_lead_out_of_the_folder_of_models(tmp_path, name):
    folder = bundle(tmp_path / "mine")
    with pytest.raises(InputError):
        install_model("http://127.0.0.1:9/x.zip", "0" * 64, name=name or "..", consent=lambda _: True)
    if name:
        with pytest.raises(InputError, match="cannot be a model's name"):
            import_model(folder, name)


def test_names_of_other_models_are_taken(tmp_path):
    for name in ("renal-synthetic", "totalsegmentator", "nnunet"):
        with pytest.raises(InputError, match="is the name of another model"):
            import_model(bundle(tmp_path / name / "mine"), name, overwrite=True)


def test_a_checksum_that_is_given_is_checked(tmp_path):
    archive = zipped(bundle(tmp_path / "mine"), tmp_path / "mine.zip")
    with pytest.raises(ModelError, match="has another checksum"):
        import_model(archive, checksum="0" * 64)
    import_model(archive, checksum=hashlib.sha256(archive.read_bytes()).hexdigest().upper())
    with pytest.raises(InputError, match="for a file only"):
        import_model(tmp_path / "mine", "other", checksum="0" * 64)


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    archive = zipped(bundle(tmp_path / "mine"), tmp_path / "mine.zip")
    monkeypatch.setattr("renal_segmentation.models.importing.os.access", lambda path, mode: path != archive)
    with pytest.raises(InputError, match=r"mine\.zip may not be read: ask for permission"):
        import_model(archive, checksum="0" * 64)


def test_an_address_needs_a_checksum_and_consent(tmp_path):
    with pytest.raises(InputError, match="needs a checksum"):
        install_model("https://example.org/m.zip", consent=lambda _: True)
    with pytest.raises(ConsentError, match="Nothing was fetched"):
        install_model("https://example.org/m.zip", "0" * 64)
    for address in ("http://[bad/x.zip", "http:///x.zip", "ftp://example.org/x.zip"):
        with pytest.raises(InputError, match="is not a web address"):
            install_model(address, "0" * 64, consent=lambda _: True)
    with pytest.raises(InputError, match="'liver' cannot be installed"):
        install_model("liver")


def test_a_model_from_an_address_is_fetched_checked_and_imported(tmp_path, monkeypatch, models):
    archive = zipped(bundle(tmp_path / "mine"), tmp_path / "mine.zip")
    offers = []

    def fetch(offer, target, consent, progress):
        offers.append(offer)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(archive.read_bytes())

    monkeypatch.setattr("renal_segmentation.models.importing.download", fetch)
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    url = "https://example.org/files/mine.zip?download=1"
    assert install_model(url, checksum, consent=lambda _: True) == "mine"
    assert (offers[0].url, offers[0].sha256) == (url, checksum)
    assert "mine" in names()
    assert [path.suffix for path in (models / ".downloads").iterdir()] == [".lock"]


def test_programs_ask_before_anything_is_fetched(models):
    for name in ("totalsegmentator", "renal-segmentor", "nnunet"):
        asked = []
        with pytest.raises(ConsentError, match="Nothing was fetched"):
            install_model(name, consent=lambda question, asked=asked: asked.append(question) or False)
        assert "GB) from the package index" in asked[0]
        assert ("weights from its makers when it is first used" in asked[0]) == (name == "renal-segmentor")
    assert not models.exists()


def test_a_model_of_ones_own_training_needs_no_trust_and_is_refused_when_changed(tmp_path, models):
    folder = own_bundle(tmp_path / "trained")
    import_model(folder, "mine")
    assert find_segmenter(folder).describe().name == "mine"
    assert find_segmenter("mine").describe().labels[:2] == ("left-kidney", "right-kidney")
    entry = next(entry for entry in list_models() if entry.card.name == "mine")
    assert (entry.kind, entry.trusted) == ("renal", True)
    weights = models / "mine/models/model.pt"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="are not those that were imported"):
        find_segmenter("mine")


def test_a_name_of_an_imported_model_and_of_another_in_this_folder_is_refused(tmp_path, models, monkeypatch):
    import_model(bundle(tmp_path / "mine"), trust=True)
    monkeypatch.chdir(tmp_path)
    assert find_segmenter("mine").describe().name == "mine", "it is what was imported"
    (tmp_path / "mine/models/model.pt").write_bytes(b"trained further")
    with pytest.raises(InputError, match=r"another one in this folder: write \./mine"):
        find_segmenter("mine")
    assert find_segmenter("./mine", trust=True).describe().name == "mine"
    (tmp_path / "mine/configs/metadata.json").unlink()
    assert find_segmenter("mine").describe().name == "mine", "there is no other model"


def test_a_trained_model_is_imported_without_what_its_training_left_and_goes_by_its_new_name(tmp_path, models, capsys):
    folder = own_bundle(tmp_path / "trained")
    (folder / "maps").mkdir()
    (folder / "maps/case_1.npy").write_bytes(b"people")
    (folder / "refiner.pt").write_bytes(b"checkpoint")
    assert main(["models", "import", str(folder), "--name", "five", "--progress", "none"]) == 0
    assert "--trust" not in capsys.readouterr().out
    found = {path.relative_to(models).as_posix() for path in models.rglob("*") if path.is_file()}
    assert found == {f"five/{name}" for name in ("configs/metadata.json", "models/model.pt", "renal-model.json")}
    assert find_segmenter("five").describe().name == "five"


def test_a_zip_file_that_is_refused_is_named_and_not_its_copy(tmp_path, models):
    folder = bundle(tmp_path / "mine")
    (folder / "models/model.pt").unlink()
    archive = zipped(folder, tmp_path / "mine.zip")
    with pytest.raises(InputError) as caught:
        import_model(archive)
    assert str(caught.value).startswith(f"{archive}/mine has no models/model.pt")
    assert not list(models.iterdir())


def test_a_model_without_a_title_is_called_by_its_own_name(tmp_path):
    folder = bundle(tmp_path / "mine")
    metadata = folder / "configs/metadata.json"
    metadata.write_text(metadata.read_text().replace('"name"', '"other"'))
    with zipfile.ZipFile(tmp_path / "flat.zip", "w") as archive:
        for file in folder.rglob("*"):
            archive.write(file, file.relative_to(folder))
    assert import_model(tmp_path / "flat.zip").title == "flat"


def test_weights_of_totalsegmentator_come_from_files_where_there_is_no_internet(tmp_path):
    ct = zipped(result_folder(tmp_path / "Dataset291_TotalSegmentator_part1"), tmp_path / "ct.zip")
    with pytest.raises(ConsentError, match="add --trust"):
        import_model(ct)
    assert import_model(ct, trust=True).name == "totalsegmentator"
    assert weights_of(CT) is None
    import_model(result_folder(tmp_path / "Dataset298_TotalSegmentator_total_6mm"), trust=True)
    assert (weights_of(CT) / "Dataset291_TotalSegmentator_part1/nnUNetTrainer__nnUNetPlans__3d_fullres").is_dir()
    import_model(ct, trust=True)
    remove_model("totalsegmentator")
    assert weights_of(CT) is None


def test_what_is_not_there_cannot_be_removed(tmp_path):
    with pytest.raises(InputError, match="comes with Renal and cannot be removed"):
        remove_model("renal-synthetic")
    for name in ("mine", "totalsegmentator"):
        with pytest.raises(InputError, match="There is no installed model"):
            remove_model(name)


def test_a_path_to_nothing_a_file_or_an_empty_folder_is_explained(tmp_path):
    with pytest.raises(InputError, match=r"There is no model or folder lost: the models are .*totalsegmentator"):
        find_segmenter("lost")
    (tmp_path / "m.zip").write_text("")
    with pytest.raises(InputError, match="is a file: import it first"):
        find_segmenter(tmp_path / "m.zip")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no model"):
        find_segmenter(tmp_path / "empty", trust=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"configs/inference.json": None}, "has no configs/inference.json"),
        ({"models/model.pt": None}, "has no models/model.pt"),
        ({"configs/metadata.json": "{"}, "cannot be read as JSON"),
        ({"configs/metadata.json": "{}"}, "gives no part of the kidney"),
        ({"configs/metadata.json": '{"network_data_format": {"inputs": {"a": {}, "b": {}}}}'}, "takes several images"),
        (
            {
                "configs/metadata.json": '{"network_data_format": {"outputs": {"pred": {"channel_def": '
                '{"0": "left kidney", "1": "right kidney"}}}}}'
            },
            "calls its channel 0 'left kidney', where the background should be",
        ),
        *(
            ({"configs/metadata.json": f'{{"network_data_format": {text}}}'}, "does not follow MONAI's specification")
            for text in (
                "[1]",
                '{"inputs": [1]}',
                '{"inputs": {"image": [1]}}',
                '{"inputs": {"image": {"num_channels": "one"}}}',
                '{"outputs": [1]}',
                '{"outputs": {"pred": {"channel_def": ["kidney"]}}}',
            )
        ),
    ],
)
def test_bundles_that_do_not_fit_are_refused_with_the_reason(tmp_path, change, words):
    folder = bundle(tmp_path / "mine")
    for name, text in change.items():
        (folder / name).unlink() if text is None else (folder / name).write_text(text)
    with pytest.raises(InputError, match=words):
        import_model(folder)


def test_the_command_imports_lists_and_removes(tmp_path, capsys):
    folder = bundle(tmp_path / "mine")
    assert main(["models", "import", str(folder), "--name", "m1", "--progress", "none"]) == 0
    assert capsys.readouterr().out == "Imported m1 (left-kidney, right-kidney); it runs with --trust only.\n"
    assert main(["models", "remove", "m1"]) == 0
    assert capsys.readouterr().out == "Removed m1.\n"
    assert main(["models", "remove", "m1"]) == 2
    assert "There is no installed model m1" in capsys.readouterr().err
    assert main(["models", "install", "nnunet", "--progress", "none"]) == 2
    assert "agree to nnU-Net v2 (Apache-2.0, about 6 GB)" in capsys.readouterr().err


def test_the_folder_of_models_is_the_users_own(monkeypatch, tmp_path):
    monkeypatch.delenv("RENAL_MODELS")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "renal/models"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache/renal/models"
