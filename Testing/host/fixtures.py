"""The host as pytest fixtures; a conftest.py imports them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .session import Host, start, stop


@pytest.fixture(scope="session")
def slicerHost() -> Iterator[Host]:
    """Start the host once in the process of the tests, and stop it when they are over."""
    yield start()
    stop()


@pytest.fixture
def host(slicerHost: Host) -> Iterator[Host]:
    """Give the host with an empty scene and no scripted module.

    Afterwards the modules that the test loaded are unloaded, and it fails if a slot or an observer has raised, or if
    an answer that it prepared was not asked for.
    """
    slicerHost.reset()
    slicerHost.errors.clear()
    yield slicerHost
    unused = slicerHost.dialogs.unused
    slicerHost.reset()
    slicerHost.check()
    assert not unused, f"Answers nobody asked for: {unused}"
