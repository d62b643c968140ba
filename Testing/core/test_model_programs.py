"""Other programs run in environments of their own, and never outlive the call that started them."""

import os
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from Testing.core import model_subjects as subjects

from renal_segmentation.errors import CancelledError, ConsentError, ModelError
from renal_segmentation.models import environments
from renal_segmentation.models.environments import Package, install
from renal_segmentation.models.importing import install_model
from renal_segmentation.models.processes import Program, run_program
from renal_segmentation.models.totalsegmentator import CT, weights_of


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Return an empty folder of models, and no package index."""
    monkeypatch.setenv("RENAL_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return tmp_path / "models"


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int) -> bool:
    end = time.monotonic() + 20
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not alive(pid)


TREE = """
    import subprocess, sys, time
    from pathlib import Path
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(__file__).with_name("pid.part").write_text(str(child.pid))
    Path(__file__).with_name("pid.part").rename(Path(__file__).with_name("pid"))
    time.sleep(600)
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes in /proc")
def test_cancelling_ends_the_whole_tree_of_processes(tmp_path):
    path = subjects.program(tmp_path, "slow", TREE)

    def stop(step: str, share: float) -> None:
        if (tmp_path / "pid").is_file():
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        run_program(Program("Slow", [str(path)]), tmp_path / "log", stop)
    assert gone(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes in /proc")
def test_the_tree_ends_when_the_parent_is_killed(tmp_path):
    path = subjects.program(tmp_path, "slow", TREE)
    code = (
        "import sys; from pathlib import Path; from renal_segmentation.models.processes import Program, run_program; "
        "run_program(Program('Slow', [sys.argv[1]]), Path(sys.argv[2]))"
    )
    variables = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, "-c", code, str(path), str(tmp_path / "log")], env=variables)
    end = time.monotonic() + 30
    while not (tmp_path / "pid").is_file() and time.monotonic() < end:
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    assert gone(int((tmp_path / "pid").read_text()))


def wheel(folder: Path) -> Path:
    """Write a wheel that brings the command ``tiny-program``."""
    path = folder / "tiny_program-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_program.py", "def main():\n    print('hello')\n")
        info = "tiny_program-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-program\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/entry_points.txt", "[console_scripts]\ntiny-program = tiny_program:main\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def test_a_program_is_installed_into_an_environment_of_its_own_after_consent(models, tmp_path):
    package = Package("tiny", "Tiny", "MIT", str(wheel(tmp_path)), "tiny-program", 1)
    with pytest.raises(ConsentError, match="Nothing was fetched"):
        install(package)
    assert not models.exists()
    install(package, lambda _: True)
    executable, own = environments.find_executable(package)
    assert own
    assert subprocess.run([executable], capture_output=True, text=True, check=True).stdout == "hello\n"
    assert environments.remove(package)
    assert environments.find_executable(package) is None


def test_two_calls_that_install_one_program_take_turns(models, tmp_path):
    package = Package("tiny", "Tiny", "MIT", str(wheel(tmp_path)), "tiny-program", 1)
    steps = []
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(install, package, lambda _: True, lambda step, _: steps.append(step)) for _ in range(2)]
    assert [call.result() for call in both] == [None, None]
    assert steps.count("Environment for Tiny") == 1
    assert "Waiting for another call" in steps
    assert environments.find_executable(package)[1]


def test_an_environment_that_fails_leaves_nothing(models, tmp_path, monkeypatch):
    pip = "#!/bin/sh\necho 'ERROR: No matching distribution found for tiny' >&2\nexit 1\n"
    python = subjects.program(
        tmp_path,
        "python",
        "import sys; from pathlib import Path; path = Path(sys.argv[3], 'bin', 'python'); "
        "path.parent.mkdir(parents=True); "
        f"path.write_text({pip!r}); path.chmod(0o755)",
    )
    monkeypatch.setenv("RENAL_PYTHON", str(python))
    with pytest.raises(ModelError, match=r"No matching distribution found for tiny.*where there is a connection"):
        install(Package("tiny", "Tiny", "MIT", "tiny", "tiny", 1), lambda _: True)
    assert not list((models / ".environments").iterdir())


def test_an_application_with_a_python_of_its_own_makes_environments_with_another(models, monkeypatch):
    package = Package("tiny", "Tiny", "MIT", "tiny", "tiny", 1)
    monkeypatch.setenv("PYTHONHOME", "/application")
    monkeypatch.setattr(environments.shutil, "which", lambda _: None)
    with pytest.raises(ModelError, match="name it in the environment variable RENAL_PYTHON"):
        install(package, lambda _: True)
    monkeypatch.setenv("RENAL_PYTHON", "/no/such/python")
    with pytest.raises(ModelError, match="RENAL_PYTHON names /no/such/python"):
        install(package, lambda _: True)
    assert not list((models / ".environments").glob("*"))


def test_variables_of_the_application_are_kept_from_other_programs_but_not_from_their_keeper(tmp_path, monkeypatch):
    path = subjects.program(
        tmp_path,
        "show",
        "import os; from pathlib import Path; "
        "Path(__file__).with_name('seen').write_text(str(os.environ.get('PYTHONPATH')) + os.environ['EXTRA'])",
    )
    monkeypatch.setenv("PYTHONPATH", "/application")
    for own, seen in ((True, "None1"), (False, "/application1")):
        run_program(Program("Show", [str(path)], variables={"EXTRA": "1"}, own_environment=own), tmp_path / "log")
        assert (tmp_path / "seen").read_text() == seen


DOWNLOADER = """
    import os, sys
    from pathlib import Path
    folder = Path(os.environ["TOTALSEG_WEIGHTS_PATH"])
    for number in (291, 298):
        (folder / f"Dataset{number}_TotalSegmentator/fold_0").mkdir(parents=True)
        if Path(__file__).with_name("broken").exists():
            sys.exit("Traceback: zip file is truncated")
        (folder / f"Dataset{number}_TotalSegmentator/fold_0/checkpoint_final.pth").write_text("weights")
"""


def test_weights_arrive_whole_or_not_at_all(models):
    executables = subjects.environment(models, "totalsegmentator")
    subjects.program(executables, "TotalSegmentator", "")
    subjects.program(executables, "totalseg_download_weights", DOWNLOADER)
    (executables / "broken").write_text("")
    with pytest.raises(ModelError, match=r"is truncated.*: call again when there is a connection"):
        install_model("totalsegmentator", consent=lambda _: True)
    assert weights_of(CT) is None
    assert [path.name for path in (models / ".environments").iterdir()] == ["totalsegmentator"]
    (executables / "broken").unlink()
    install_model("totalsegmentator", consent=lambda _: True)
    assert len(list(weights_of(CT).glob("Dataset*/fold_0/checkpoint_final.pth"))) == 2
