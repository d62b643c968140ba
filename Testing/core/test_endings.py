"""Commands end quietly and tidily when they are asked to, or when nobody reads on."""

import os
import signal
import subprocess
import sys
import time
import zipfile

import pytest
from Testing.core.model_folders import bundle

from renal_segmentation.cli import main
from renal_segmentation.models.importing import import_model

UNIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals and other limits")


def start(*arguments, package="renal_segmentation") -> subprocess.Popen[str]:
    """Start a command that says how far it is."""
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [
        sys.executable,
        "-c",
        f"from {package}.cli import main; raise SystemExit(main())",
        *map(str, arguments),
        "--progress",
        "json",
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=variables, text=True)


def archive_of_many_files(folder):
    """Write a zip file that takes more lines of progress than a pipe holds, so that its import waits for a reader."""
    path = folder / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(3000):
            archive.writestr(f"many/{number}", "")
    return path


@UNIX
@pytest.mark.parametrize("number", [signal.SIGTERM, getattr(signal, "SIGHUP", 0)])
@pytest.mark.parametrize("command", ["import", "phantom", "demo"])
def test_a_command_that_is_asked_to_end_leaves_nothing_behind(models, tmp_path, command, number):
    output = tmp_path / "out"
    output.mkdir()
    if command == "import":
        process = start("models", "import", archive_of_many_files(tmp_path))
    elif command == "demo":
        process = start("demo", "--output", output / "deep" / "demo", package="renal_layers")
    else:
        process = start("phantom", "--output", output / "cases", "--labels-only", "--cases", 99, "--spacing", 6)
    assert '"share": 0.0' in process.stdout.readline()
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert (process.returncode, said) == (128 + number, "")
    assert [*models.glob("*"), *output.iterdir()] == []


@UNIX
def test_a_command_started_with_nohup_goes_on_when_the_terminal_is_closed(tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = start("phantom", "--output", tmp_path / "out", "--labels-only", "--cases", 1, "--spacing", 6)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert '"share": 0.0' in process.stdout.readline()
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_what_a_killed_import_left_behind_is_deleted_by_a_later_one_but_not_what_still_runs(models, tmp_path):
    forgotten, running = models / ".importing-old", models / ".importing-new"
    for folder in (forgotten, running):
        (folder / "new").mkdir(parents=True)
    yesterday = time.time() - 25 * 3600
    os.utime(forgotten, (yesterday, yesterday))
    import_model(bundle(tmp_path / "mine"))
    assert {path.name for path in models.iterdir()} == {".importing-new", "mine"}


@UNIX
def test_a_command_ends_quietly_when_nobody_reads_its_output(models, tmp_path):
    with start("models", "import", archive_of_many_files(tmp_path)) as process:
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (141, "")
    assert list(models.iterdir()) == []


@UNIX
def test_a_file_that_the_system_refuses_is_named_with_the_reason(tmp_path, capsys):
    path = tmp_path / ("x" * 300)
    assert main(["predict", str(path), "--output", str(tmp_path / "mask.nii.gz"), "--model", str(path)]) == 2
    said = capsys.readouterr().err
    assert f"{path} cannot be used (File name too long): check the path" in said
    assert "report" not in said
