"""Whatever stands in the folders is what gets packaged, for pip and for Slicer."""

import json
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("RenalLayers", "RenalSegmentation")
RESOURCES = {".png", ".ui", ".html", ".css", ".json", ".pt", ".txt"}


def cmake_list(module: str, name: str) -> set[str]:
    text = (ROOT / module / "CMakeLists.txt").read_text(encoding="utf-8")
    return set(re.search(rf"set\({name}\s([^)]*)\)", text)[1].split())


def files(module: str, *suffixes: str) -> set[str]:
    folder = ROOT / module
    found = (path for path in folder.rglob("*") if path.suffix in suffixes and path.name != "CMakeLists.txt")
    return {path.relative_to(folder).as_posix() for path in found if "__pycache__" not in path.parts}


@pytest.mark.parametrize("module", MODULES)
def test_cmake_lists_every_script_and_every_resource_of_a_module(module):
    assert cmake_list(module, "MODULE_PYTHON_SCRIPTS") == files(module, ".py")
    assert cmake_list(module, "MODULE_PYTHON_RESOURCES") == files(module, *RESOURCES)


def test_the_extension_has_one_name_everywhere():
    cmake = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    entry = json.loads((ROOT / "Renal.json").read_text(encoding="utf-8"))
    assert "project(Renal)" in cmake
    assert entry["category"] in cmake
    assert entry["scm_url"].removesuffix(".git") in cmake
    assert all(f"add_subdirectory({module})" in cmake for module in MODULES)


def test_pictures_that_the_extension_catalogue_links_to_are_there():
    cmake = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    linked = re.findall(r"raw\.githubusercontent\.com/[^/]+/[^/]+/main/([^\s\"]+)", cmake)
    assert len(linked) >= 2
    assert [path for path in linked if not (ROOT / path).is_file()] == []


def test_pip_installs_every_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    looked_for = project["tool"]["setuptools"]["packages"]["find"]
    assert sorted(looked_for["where"]) == sorted(MODULES)
    folders = {path.parent for module in MODULES for path in (ROOT / module).rglob("*.py")}
    packages = {".".join(folder.relative_to(ROOT).parts[1:]): folder for folder in folders if folder.parent != ROOT}
    without = [name for name, folder in packages.items() if not (folder / "__init__.py").is_file()]
    assert without == []
    assert [n for n in packages if not any(fnmatch(n, pattern) for pattern in looked_for["include"])] == []
