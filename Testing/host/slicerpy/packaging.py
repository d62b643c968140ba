"""Stand-in of ``slicer.packaging``: requests are written down and nothing is ever installed.

Signatures follow ``Base/Python/slicer/packaging.py`` of Slicer 5.11 and later.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement


@dataclass(frozen=True)
class Request:
    """One call that would have changed the Python environment."""

    action: str
    requirements: Any
    options: dict[str, Any]


requests: list[Request] = []
# What ``pip_check`` answers instead of looking, by the name of the package.
pretended: dict[str, bool] = {}


class InstallRefusedError(RuntimeError):
    """A package is missing, and the host installs none."""


def load_requirements(path: str | Path) -> list[Requirement]:
    """Read a requirements file."""
    lines = (line.split("#")[0].strip() for line in Path(path).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line]


def pip_check(requirements: Any, *_: Any) -> bool:
    """Whether requirements are met."""
    wanted = [requirements] if isinstance(requirements, (str, Requirement)) else requirements
    return all(_met(Requirement(str(requirement))) for requirement in wanted)


def _met(requirement: Requirement) -> bool:
    if requirement.name in pretended:
        return pretended[requirement.name]
    try:
        return importlib.metadata.version(requirement.name) in requirement.specifier
    except importlib.metadata.PackageNotFoundError:
        return False


def pip_install(
    requirements: Any,
    constraints: Any = None,
    no_deps_requirements: Any = None,
    blocking: bool = True,
    show_progress: bool = True,
    requester: str | None = None,
    parent: Any = None,
    logCallback: Callable[[str], None] | None = None,
    completedCallback: Callable[[int], None] | None = None,
    skip_packages: Iterable[str] | None = None,
) -> None:
    """Write the request down and say that it was carried out."""
    requests.append(Request("install", requirements, {"requester": requester, "blocking": blocking}))
    if completedCallback is not None:
        completedCallback(0)


def pip_uninstall(requirements: Any, **options: Any) -> None:
    """Write the request down."""
    requests.append(Request("uninstall", requirements, options))


def pip_ensure(
    requirements: Any,
    constraints: Any = None,
    skip_packages: Iterable[str] | None = None,
    prompt_install: bool = True,
    prompt_restart: bool = True,
    requester: str | None = None,
    skip_in_testing: bool = True,
    show_progress: bool = True,
) -> None:
    """Write the request down.

    Raises
    ------
    InstallRefusedError
        If something is missing.
    """
    requests.append(Request("ensure", requirements, {"requester": requester, "prompt_install": prompt_install}))
    if not pip_check(requirements):
        raise InstallRefusedError(f"Not installed, and the host installs nothing: {requirements}")
