"""The command line is a contract: its files, its exit codes, its one sentence."""

import csv
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from Testing.core.shapes import coordinates, two_kidneys
from vtkmodules.vtkIOGeometry import vtkSTLReader

from renal_layers import QuantitativeMap, Settings, Tissue, analyse
from renal_layers.cli import main
from renal_layers.run import parse_map
from renal_segmentation.cli import main as segmentation_main
from renal_segmentation.files import read_image, sha256, write_image

KIDNEYS = two_kidneys((3, 3, 5), with_hilum=True)
SIDES = np.where(coordinates(KIDNEYS.grid)[..., 0] > 0, 2, 1) * KIDNEYS.array


@pytest.fixture
def files(tmp_path):
    z = coordinates(KIDNEYS.grid)[..., 2]
    images = {
        "mask": KIDNEYS.array,
        "sides": SIDES.astype(np.uint8),
        "t1": (1200 + z).astype(np.float32),
        "tissue": ((z > 0) + 1).astype(np.uint8),
        "series": np.ones((4, 4, 4)),
    }
    paths = {name: tmp_path / f"{name}.nii.gz" for name in images}
    for name, array in images.items():
        write_image(paths[name], array, KIDNEYS.grid, "test")
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 4, 4, 3)), np.eye(4)), paths["series"])
    return paths


def run(*arguments) -> int:
    return main(["run", *map(str, arguments), "--progress", "none"])


def refused(capsys, *arguments) -> str:
    """Return the one sentence of a run that must fail."""
    with pytest.raises(SystemExit) as caught:
        raise SystemExit(run(*arguments))
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "Traceback" not in error
    return error


def rows(path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_run_writes_every_file_of_the_contract(files, tmp_path):
    out = tmp_path / "out"
    assert run("--mask", files["mask"], "--map", f"T1={files['t1']}:ms", "--output", out) == 0
    assert {path.name for path in out.iterdir()} == {
        "depth.nii.gz",
        "layers.nii.gz",
        "pelvis.nii.gz",
        "surface.stl",
        "voxels.csv",
        "profiles.csv",
        "gradients.csv",
        "summary.json",
    }
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_images_are_on_the_grid_of_the_mask_and_equal_the_python_result(files, tmp_path):
    out = tmp_path / "out"
    run("--mask", files["mask"], "--exclude-pelvis", 6, "--output", out)
    layering = analyse(KIDNEYS, settings=Settings(pelvis_distance_mm=6)).layering
    for name, dtype in (("depth", np.float32), ("layers", np.float32), ("pelvis", np.uint8)):
        volume, _ = read_image(out / f"{name}.nii.gz")
        assert volume.grid.same_as(KIDNEYS.grid)
        assert volume.array.dtype == dtype
        part = getattr(layering, name)
        assert volume.array.sum(dtype=float) == part.array.sum(dtype=float)
        assert (volume.array > 0).sum() == (part.array > 0).sum()


def test_tables_equal_the_python_result_bit_for_bit(files, tmp_path):
    out = tmp_path / "out"
    run("--mask", files["mask"], "--map", f"T1={files['t1']}:ms", "--space", "mask", "--output", out)
    t1, _ = read_image(files["t1"])
    analysis = analyse(KIDNEYS, [QuantitativeMap("T1", t1, "ms")], Settings(space="mask"))
    for name, expected in (("profiles", analysis.profiles), ("gradients", analysis.gradients)):
        written = rows(out / f"{name}.csv")
        assert len(written) == len(expected)
        for row, found in zip(expected, written, strict=True):
            for column, text in found.items():
                value = getattr(row, column)
                number = isinstance(value, float)
                assert (float(text or "nan") == value or np.isnan(value)) if number else text == str(value)
    assert len(rows(out / "voxels.csv")) == len(analysis.samples[0].value)


def test_the_summary_names_parameters_inputs_with_checksums_and_volumes(files, tmp_path):
    out = tmp_path / "out"
    run("--mask", files["sides"], "--labels", "1=left", "2=right", "--layer-thickness", 2, "--output", out)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["parameters"]["layer_thickness_mm"] == 2
    assert summary["parameters"]["labels"] == {"1": "left", "2": "right"}
    assert summary["inputs"] == [{"role": "mask", "file": str(files["sides"]), "sha256": sha256(files["sides"])}]
    voxel = KIDNEYS.grid.voxel_ml
    assert summary["volumes_ml"]["left"] == pytest.approx((SIDES == 1).sum() * voxel)
    assert summary["volumes_ml"]["total"] == pytest.approx(KIDNEYS.array.sum() * voxel)


def test_warnings_reach_the_summary_and_standard_error(files, tmp_path, capsys):
    array = KIDNEYS.array * (coordinates(KIDNEYS.grid)[..., 0] < 0)
    write_image(files["mask"], array.astype(np.uint8), KIDNEYS.grid, "one kidney")
    assert run("--mask", files["mask"], "--output", tmp_path / "out") == 0
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert [warning["code"] for warning in summary["warnings"]] == ["one-kidney", "pelvis-not-sought"]
    assert "renal-layers: warning: The mask holds one kidney, called left" in capsys.readouterr().err


def test_the_surface_file_is_in_lps_and_says_so(files, tmp_path):
    run("--mask", files["mask"], "--output", tmp_path / "out")
    path = tmp_path / "out" / "surface.stl"
    assert b"SPACE=LPS" in path.read_bytes()[:80]
    reader = vtkSTLReader()
    reader.SetFileName(str(path))
    reader.Update()
    x_low, x_high, *_ = reader.GetOutput().GetBounds()
    surface = analyse(KIDNEYS).layering.surface.points
    assert (-x_high, -x_low) == pytest.approx((surface[:, 0].min(), surface[:, 0].max()), abs=1e-3)


def test_tissue_gives_profiles_of_its_own(files, tmp_path):
    out = tmp_path / "out"
    arguments = ("--tissue", files["tissue"], "--tissue-label", "1=cortex", "2=medulla")
    run("--mask", files["mask"], "--map", f"T1={files['t1']}:ms", *arguments, "--output", out)
    assert {row["tissue"] for row in rows(out / "profiles.csv")} == {"all", "cortex", "medulla"}
    assert {row["tissue"] for row in rows(out / "voxels.csv")} == {"cortex", "medulla"}


def test_voxels_can_be_written_as_parquet(files, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow comes with the extra 'parquet'")
    out = tmp_path / "out"
    run("--mask", files["mask"], "--map", f"T1={files['t1']}:ms", "--voxels", "parquet", "--output", out)
    table = parquet.read_table(out / "voxels.parquet")
    assert table.column_names == ["side", "depth", "layer", "tissue", "map", "value"]
    assert table.num_rows == KIDNEYS.array.sum()


def test_json_progress_is_one_object_per_line_and_rises_to_one(files, tmp_path, capsys):
    main(["run", "--mask", str(files["mask"]), "--output", str(tmp_path / "out"), "--progress", "json"])
    shares = [json.loads(line)["share"] for line in capsys.readouterr().out.splitlines()]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_an_output_folder_with_files_is_kept_without_overwrite(files, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "depth.nii.gz").write_text("precious")
    assert "--overwrite" in refused(capsys, "--mask", files["mask"], "--output", out)
    assert (out / "depth.nii.gz").read_text() == "precious"
    assert run("--mask", files["mask"], "--output", out, "--overwrite") == 0


def test_errors_are_one_sentence_that_names_the_input(files, tmp_path, capsys):
    out = tmp_path / "out"
    mask = ("--mask", files["mask"], "--output", out)
    assert "lost.nii is not there" in refused(capsys, "--mask", "lost.nii", "--output", out)
    assert "series.nii.gz has 4 dimensions" in refused(capsys, "--mask", files["series"], "--output", out)
    assert "holds the labels 1, 2" in refused(capsys, "--mask", files["sides"], "--output", out)
    assert "'T1' is no map" in refused(capsys, *mask, "--map", "T1")
    assert "belong together" in refused(capsys, *mask, "--tissue", files["tissue"])
    assert "is not a label" in refused(capsys, *mask, "--tissue", files["tissue"], "--tissue-label", "cortex")
    assert "Layer thickness -1 mm" in refused(capsys, *mask, "--layer-thickness", -1)
    assert not out.exists()


def test_an_unknown_option_is_refused_in_one_line(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["run", "--mask", "m.nii", "--output", "x", "--colour", "red"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_map_may_have_a_unit_and_a_path_with_colons(tmp_path):
    odd = tmp_path / "a:b.nii"
    odd.write_text("")
    assert (parse_map("T1=t1.nii:ms").path.name, parse_map("T1=t1.nii:ms").unit) == ("t1.nii", "ms")
    assert (parse_map(f"T1={odd}").path, parse_map(f"T1={odd}").unit) == (odd, "")
    assert parse_map("ADC=adc.nii:10^-3 mm^2/s").unit == "10^-3 mm^2/s"


def test_volumes_prints_total_left_and_right(files, capsys):
    assert segmentation_main(["volumes", str(files["mask"])]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["right_ml"] == pytest.approx((SIDES == 2).sum() * KIDNEYS.grid.voxel_ml)
    assert printed["total_ml"] == pytest.approx(printed["left_ml"] + printed["right_ml"])
    assert segmentation_main(["volumes", str(files["mask"]), "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "mask,total_ml,left_ml,right_ml"


def test_tissue_labels_elsewhere_are_refused():
    far = KIDNEYS.affine.copy()
    far[0, 3] += 900
    with pytest.raises(Exception, match="tissue labels and the kidneys do not overlap"):
        analyse(KIDNEYS, tissue=Tissue(type(KIDNEYS)(KIDNEYS.array, far), {1: "cortex"}))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody may write to")
def test_a_folder_that_may_not_be_written_is_named(files, capsys):
    assert "/proc/renal cannot be written" in refused(capsys, "--mask", files["mask"], "--output", "/proc/renal")


def test_a_failure_while_writing_leaves_no_folder_behind(files, tmp_path, capsys, monkeypatch):
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("renal_layers.run.write_summary", full_disk)
    before = set(tmp_path.iterdir())
    assert "No space left on device" in refused(capsys, "--mask", files["mask"], "--output", tmp_path / "out")
    assert set(tmp_path.iterdir()) == before
