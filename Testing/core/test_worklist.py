"""A worklist is told by the files of its cases, and loses nothing when the program is killed."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nibabel
import numpy as np
import pytest

from renal_segmentation.checks import Light
from renal_segmentation.errors import InputError, OutputError
from renal_segmentation.files import atomic_path, sha256
from renal_segmentation.review import read_reviews
from renal_segmentation.sources import dicom_source, find_images
from renal_segmentation.worklist import Case, Status, Worklist

ROW = {"time": "2026-01-01T10:00:00+00:00", "verdict": "accepted", "image": "a", "mask": "a kidneys"}


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def age(folder: Path) -> None:
    """Make hidden files look as if nobody had written to them for days."""
    for path in folder.rglob(".*"):
        os.utime(path, (0, 0))


@pytest.fixture
def worklist(tmp_path) -> Worklist:
    return Worklist(tmp_path / "renal", []).added([f"/data/{name}.nii.gz" for name in "abc"])


def test_images_are_found_in_natural_order_and_masks_are_left_out(tmp_path):
    names = ("case 10.nii.gz", "case 2.nii", "more/x.NII.GZ", "case 2_mask.nii.gz", "case-10-seg.nii", "notes.txt")
    touch(*(tmp_path / name for name in names))
    touch(tmp_path / ".hidden.nii", tmp_path / "out" / "network.nii.gz", tmp_path / "out" / "kidneys.nii.gz")
    found = [path.relative_to(tmp_path).as_posix() for path in find_images(tmp_path)]
    assert found == ["case 2.nii", "case 10.nii.gz", "more/x.NII.GZ"]


def test_a_folder_without_images_says_so(tmp_path):
    with pytest.raises(InputError, match="no NIfTI image"):
        find_images(tmp_path)


def test_the_list_is_loaded_as_it_was_saved(worklist):
    assert Worklist.load(worklist.folder).cases == worklist.cases
    assert worklist.cases == tuple(Case(name, f"/data/{name}.nii.gz") for name in "abc")


def test_a_place_that_cannot_be_written_is_named(worklist, tmp_path):
    case = worklist.cases[0]
    touch(tmp_path / "file", worklist.folder / case.name)
    with pytest.raises(OutputError, match="renal cannot be written"):
        Worklist(tmp_path / "file" / "renal", []).added(["/data/a.nii.gz"])
    for write in (
        lambda: worklist.write_failure(case, "It failed."),
        lambda: worklist.write_summary(case, {}),
        lambda: worklist.write_review(case, ROW),
    ):
        with pytest.raises(OutputError, match=f"{case.name} cannot be written"):
            write()


def test_an_image_is_listed_once_and_equal_names_are_told_apart(worklist):
    grown = worklist.added(["/data/a.nii.gz", "/other/A.nii.gz", dicom_source("1.2.3")], ["", "", "T2w: <coronal>"])
    assert [case.name for case in grown.cases] == ["a", "b", "c", "case", "T2w_ _coronal_"]
    assert [case.series for case in grown.cases[3:]] == ["", "1.2.3"]
    again = worklist.added(["/other/A.nii.gz"])
    assert again.cases[-1].name == "A (2)"


def test_a_list_that_is_moved_with_its_images_keeps_its_cases(tmp_path):
    before, after = tmp_path / "before", tmp_path / "other" / "after"
    touch(before / "a.nii.gz", before / "more" / "b.nii.gz", tmp_path / "elsewhere.nii.gz")
    sources = [*map(str, find_images(before)), str(tmp_path / "elsewhere.nii.gz"), dicom_source("1.2.3")]
    list_ = Worklist(before / "renal", []).added(sources)
    touch(list_.mask(list_.cases[0]))
    after.parent.mkdir()
    before.rename(after)
    moved = Worklist.load(after / "renal").added(map(str, find_images(after)))
    assert [case.name for case in moved.cases] == [case.name for case in list_.cases]
    assert [case.source for case in moved.cases] == [*map(str, find_images(after)), *sources[2:]]
    assert moved.status(moved.cases[0]) == Status.CORRECTED


def test_a_folder_known_by_two_paths_is_listed_once(tmp_path):
    touch(tmp_path / "images" / "a.nii.gz")
    (tmp_path / "link").symlink_to(tmp_path / "images")
    Worklist(tmp_path / "link" / "renal", []).added([str(tmp_path / "images" / "a.nii.gz")])
    seen = Worklist.load(tmp_path / "images" / "renal").added([str(tmp_path / "link" / "a.nii.gz")])
    assert [case.source for case in seen.cases] == [str(tmp_path / "images" / "a.nii.gz")]


def test_a_list_that_is_moved_without_its_images_still_finds_them(tmp_path):
    touch(tmp_path / "images" / "a.nii.gz")
    Worklist(tmp_path / "images" / "renal", []).added([str(tmp_path / "images" / "a.nii.gz")])
    (tmp_path / "images" / "renal").rename(tmp_path / "renal")
    for _ in range(2):
        moved = Worklist.load(tmp_path / "renal")
        assert [case.source for case in moved.cases] == [str(tmp_path / "images" / "a.nii.gz")]
        moved.save()


@pytest.mark.parametrize("root", ["/gone/study", "D:\\gone\\study", "\\\\server\\gone\\study"])
def test_whole_paths_of_an_earlier_version_are_found_below_the_new_folder(tmp_path, monkeypatch, root):
    touch(tmp_path / "t1" / "a.nii.gz", tmp_path / "t1" / "b" / "c.nii.gz", tmp_path / "c.nii.gz")
    # A path of another system is none of this one, wherever the program runs.
    monkeypatch.chdir(tmp_path / "t1")
    slash = "/" if root.startswith("/") else "\\"
    names = ("t1/a.nii.gz", "t1/b/c.nii.gz", "t1/lost.nii.gz")
    sources = [slash.join([root, *name.split("/")]) for name in names]
    cases = [{"name": str(n), "source": source} for n, source in enumerate([*sources, "dicom:1.2.3"])]
    folder = tmp_path / "renal"
    folder.mkdir()
    (folder / "worklist.json").write_text(json.dumps({"format": 1, "cases": cases}))
    found = [case.source for case in Worklist.load(folder).cases]
    assert found == [*(str(tmp_path / name) for name in names[:2]), sources[2], "dicom:1.2.3"]


def test_the_files_of_a_case_tell_its_status(worklist):
    case = worklist.cases[0]
    assert worklist.status(case) == Status.WAITING
    worklist.write_failure(case, "The memory does not suffice.")
    assert worklist.status(case) == Status.FAILED
    assert worklist.failure(case) == "The memory does not suffice."
    assert worklist.to_outline() == list(worklist.cases[1:])
    assert worklist.to_outline(again=True) == list(worklist.cases)
    worklist.write_summary(case, {"model": "shipped", "confidence": {"left": 0.9}})
    assert worklist.status(case) == Status.WAITING
    touch(worklist.network_mask(case))
    assert worklist.status(case) == Status.OUTLINED
    assert worklist.failure(case) == ""
    assert worklist.read_summary(case)["confidence"] == {"left": 0.9}
    touch(worklist.mask(case))
    assert worklist.status(case) == Status.CORRECTED
    worklist.write_review(case, ROW)
    assert worklist.status(case) == Status.REVIEWED
    assert worklist.review(case) == ROW | {"mask_sha256": sha256(worklist.mask(case))}
    assert worklist.first_open() == worklist.cases[1]


def test_height_and_weight_are_kept_with_a_case(worklist):
    case = worklist.cases[0]
    assert worklist.read_body(case) == {}
    worklist.write_body(case, {"height_cm": 180.0, "weight_kg": 80.5})
    assert Worklist.load(worklist.folder).read_body(case) == {"height_cm": 180.0, "weight_kg": 80.5}
    assert worklist.status(case) == Status.WAITING


def test_a_review_holds_for_the_mask_that_was_reviewed_and_no_other(worklist):
    case = worklist.cases[0]
    touch(worklist.network_mask(case))
    worklist.write_summary(case, {})
    worklist.write_review(case, ROW)
    assert worklist.status(case) == Status.REVIEWED
    worklist.mask(case).write_bytes(b"corrected")
    assert worklist.status(case) == Status.CHANGED
    assert worklist.first_open() == case
    worklist.write_review(case, ROW)
    assert worklist.status(case) == Status.REVIEWED
    worklist.remove_mask(case)
    assert worklist.status(case) == Status.CHANGED


def test_the_light_of_a_case_is_that_of_the_mask_that_holds(worklist):
    case = worklist.cases[0]
    assert worklist.light(case) is None
    touch(worklist.network_mask(case))
    worklist.write_summary(case, {"light": "amber"})
    assert worklist.light(case) == Light.AMBER
    worklist.mask(case).write_bytes(b"corrected")
    assert worklist.light(case) is None
    worklist.write_review(case, ROW | {"check_volume": "red", "check_holes": "green", "check_side": "unknown"})
    assert worklist.light(case) == Light.RED
    worklist.mask(case).write_bytes(b"corrected again")
    assert worklist.light(case) is None
    worklist.remove_mask(case)
    assert worklist.light(case) == Light.AMBER


def test_a_review_of_an_earlier_version_holds_whatever_mask_it_saw(worklist):
    case = worklist.cases[0]
    touch(worklist.mask(case))
    (worklist.folder / case.name / "review.json").write_text(json.dumps(ROW))
    assert worklist.status(case) == Status.REVIEWED


def test_a_review_that_was_not_logged_any_more_is_logged_when_the_list_is_opened(worklist):
    case = worklist.cases[1]
    touch(worklist.network_mask(case))
    (worklist.folder / case.name / "review.json").write_text(json.dumps(ROW))
    for _ in range(2):
        Worklist.load(worklist.folder)
        rows = read_reviews(worklist.log)
        assert [(row["time"], row["image"]) for row in rows] == [(ROW["time"], "a")]


def test_temporary_files_of_a_killed_program_are_removed(worklist):
    case = worklist.cases[0]
    worklist.make_folder(case)
    program = f"""
import os
from pathlib import Path
from renal_segmentation.files import atomic_path
with atomic_path(Path({str(worklist.network_mask(case))!r})), atomic_path(Path({str(worklist.log)!r})):
    os._exit(1)
"""
    subprocess.run([sys.executable, "-c", program], check=False)
    assert len(list(worklist.folder.rglob(".*"))) == 2
    age(worklist.folder)
    Worklist.load(worklist.folder)
    assert list(worklist.folder.rglob(".*")) == []


def test_what_somebody_else_is_just_writing_is_left_alone(worklist):
    mask = worklist.make_folder(worklist.cases[0]) / worklist.mask(worklist.cases[0]).name
    with atomic_path(mask) as temporary:
        temporary.write_bytes(b"a mask")
        Worklist.load(worklist.folder)
    assert mask.read_bytes() == b"a mask"


def test_hidden_files_of_others_stay_where_they_are(worklist):
    names = {".pre-commit-config.yaml", ".git-credentials", ".bash-preexec.sh", ".network-notes.txt"}
    touch(*(folder / name for folder in (worklist.folder, worklist.folder / "a") for name in names))
    Worklist.load(worklist.folder)
    for folder in (worklist.folder, worklist.folder / "a"):
        assert {path.name for path in folder.glob(".*")} == names


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2, "cases": []}', '{"format": 1, "cases": [{"a": 1}]}'])
def test_a_damaged_list_is_named(tmp_path, text):
    (tmp_path / "worklist.json").write_text(text)
    with pytest.raises(InputError, match="not a worklist"):
        Worklist.load(tmp_path)


def test_a_list_that_is_out_of_reach_says_so(tmp_path):
    with pytest.raises(InputError, match="is not there: put the folder back"):
        Worklist.load(tmp_path / "nowhere")


def test_a_log_that_another_program_has_changed_does_not_keep_the_list_from_being_opened(worklist):
    worklist.write_review(worklist.cases[0], ROW)
    worklist.log.write_text(worklist.log.read_text().replace(",", ";"))
    opened = Worklist.load(worklist.folder).added(["/data/more.nii.gz"])
    assert [case.name for case in opened.cases] == ["a", "b", "c", "more"]
    assert [notice.code for notice in opened.notices] == ["review-log"]
    assert "reviews.csv is not a review log" in opened.notices[0].message
    worklist.log.unlink()
    assert Worklist.load(worklist.folder).notices == ()
    assert [row["image"] for row in read_reviews(worklist.log)] == ["a"]


PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from renal_segmentation.files import write_image
from renal_segmentation.volume import Grid
from renal_segmentation.worklist import Status, Worklist
grid = Grid((24, 24, 24), np.eye(4))
rng = np.random.default_rng()
worklist = Worklist.load(Path(sys.argv[1]))
print("ready", flush=True)
while case := next((c for c in worklist.cases if worklist.status(c) != Status.REVIEWED), None):
    folder = worklist.make_folder(case)
    array = rng.integers(0, 3, grid.shape, np.uint8)
    if worklist.status(case) == Status.WAITING:
        write_image(worklist.network_mask(case), array, grid, "network")
        worklist.write_summary(case, {"model": "test"})
    if worklist.status(case) == Status.OUTLINED:
        write_image(worklist.mask(case), array, grid, "corrected")
    row = {"time": case.name, "verdict": "accepted", "image": case.name, "mask": "m" * 5000}
    worklist.write_review(case, row)
"""


def test_nothing_is_lost_or_half_written_however_often_the_program_is_killed(tmp_path):
    worklist = Worklist(tmp_path, []).added([f"/data/{n}.nii.gz" for n in range(40)])
    order = list(Status)
    before = dict.fromkeys(worklist.cases, Status.WAITING)
    for seconds in (0.01, 0.05, 0.13, None):
        program = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)], stdout=subprocess.PIPE)
        assert program.stdout.readline() == b"ready\n"
        if seconds is not None:
            time.sleep(seconds)
            program.kill()
        program.wait()
        program.stdout.close()
        worklist = Worklist.load(tmp_path)
        now = {case: worklist.status(case) for case in worklist.cases}
        assert all(order.index(now[case]) >= order.index(before[case]) for case in now)
        before = now
    assert set(before.values()) == {Status.REVIEWED}
    for case in worklist.cases:
        for path in (worklist.network_mask(case), worklist.mask(case)):
            assert np.asarray(nibabel.load(path).dataobj).shape == (24, 24, 24)
        assert worklist.read_summary(case) == {"model": "test"}
    logged = [row["image"] for row in read_reviews(worklist.log)]
    assert sorted(logged) == sorted(case.name for case in worklist.cases)
    age(tmp_path)
    Worklist.load(tmp_path)
    assert list(tmp_path.rglob(".*")) == []
