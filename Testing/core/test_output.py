"""Results that are written whole or not at all, and never in the place of something else."""

import os
from pathlib import Path

import pytest

from renal_segmentation.errors import InputError, OutputError
from renal_segmentation.files import atomic_folder, atomic_path, check_output


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_or_device_is_not_replaced_by_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("pipe", "link"):
        with pytest.raises(OutputError, match=f"{name} is no plain file"):
            check_output(tmp_path / name)
        with pytest.raises(OutputError, match=f"{name} is no plain file"), atomic_path(tmp_path / name) as temporary:
            temporary.write_text("summary")
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link").is_symlink()
    with pytest.raises(OutputError, match="/dev/stdout is no plain file"):
        check_output(Path("/dev/stdout"))


def test_a_link_to_a_file_may_be_replaced(tmp_path):
    (tmp_path / "old.csv").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "old.csv")
    check_output(tmp_path / "link")
    with atomic_path(tmp_path / "link") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link").read_text() == "new"


def test_a_failed_write_leaves_neither_the_file_nor_a_temporary_one(tmp_path):
    def write_half() -> None:
        with atomic_path(tmp_path / "table.csv") as temporary:
            temporary.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_a_failed_run_leaves_the_earlier_results_as_they_were(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a.csv").write_text("old")

    def write_half() -> None:
        with atomic_folder(folder, True, ["a.csv"]) as temporary:
            (temporary / "a.csv").write_text("new")
            raise InputError("bad map")

    with pytest.raises(InputError):
        write_half()
    assert (folder / "a.csv").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_results_of_an_earlier_run_do_not_stay_beside_new_ones(tmp_path):
    folder = tmp_path / "out"
    for names in (["a.csv", "b.csv"], ["a.csv"]):
        with atomic_folder(folder, True, ["a.csv", "b.csv"]) as temporary:
            for name in names:
                (temporary / name).write_text(name)
        (folder / "mine.txt").write_text("kept")
    assert {path.name for path in folder.iterdir()} == {"a.csv", "mine.txt"}


def test_what_is_not_whole_lies_in_the_folder_itself_and_does_not_make_it_full(tmp_path):
    folder = tmp_path / "out"
    (folder / ".renal-partial-of-a-killed-run").mkdir(parents=True)
    with atomic_folder(folder, overwrite=False) as temporary:
        assert temporary.parent == folder
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        (temporary / "a.csv").write_text("whole")
    assert (folder / "a.csv").read_text() == "whole"


def test_a_failed_run_takes_the_folders_that_it_made_away_again(tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(InputError), atomic_folder(tmp_path / "mine" / "a" / "b", overwrite=False):
        raise InputError("bad map")
    assert [*tmp_path.rglob("*")] == [tmp_path / "mine"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"), atomic_folder(tmp_path / "file" / "out", False, []):
        pass
