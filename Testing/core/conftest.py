"""Fixtures that several files of tests share."""

import pytest

from renal_segmentation.models import environments


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Return an empty folder of models, and hide what the machine has installed."""
    for name in ("TOTALSEG_WEIGHTS_PATH", "TOTALSEG_HOME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RENAL_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(environments.shutil, "which", lambda _: None)
    return tmp_path / "models"
