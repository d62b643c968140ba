"""The models that can be chosen, and where they run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import slicer
from slicer.i18n import tr as _

_DEVICE_SETTING = "RenalSegmentation/Device"
DEVICES = ("auto", "cpu", "cuda")
_DEVICE_NAMES = {
    "auto": lambda: _("Automatic"),
    "cpu": lambda: _("Processor (CPU)"),
    "cuda": lambda: _("Graphics card (GPU)"),
}


@dataclass(frozen=True)
class Model:
    """One line of ``renal-segmentation models list``.

    Attributes
    ----------
    name, title, modality, licence, source : str
        As there.
    labels : tuple of str
        What it outlines.
    size_mb, seconds_cpu : float
        Size of its weights, and how long it takes for one image without a graphics card.
    installed : bool
        Whether its weights are there.
    """

    name: str
    title: str
    modality: str = ""
    labels: tuple[str, ...] = ()
    licence: str = ""
    size_mb: float = 0.0
    seconds_cpu: float = 0.0
    source: str = ""
    installed: bool = True

    @staticmethod
    def fromJson(line: dict[str, Any]) -> Model:
        """Return a model from one object of the list; keys of later versions are left out."""
        known = {key: line[key] for key in Model.__dataclass_fields__ if line.get(key) is not None}
        return Model(**{**known, "labels": tuple(known.get("labels", ()))})

    def describe(self) -> str:
        """Return what a person wants to know before choosing it."""
        facts = [
            self.modality,
            _("outlines {labels}").format(labels=", ".join(self.labels)) if self.labels else "",
            _("licence {name}").format(name=self.licence) if self.licence else "",
            _("{size:.0f} MB").format(size=self.size_mb) if self.size_mb else "",
            _duration(self.seconds_cpu),
            "" if self.installed else _("not installed yet"),
        ]
        return "; ".join(fact for fact in facts if fact)


def _duration(seconds: float) -> str:
    if not seconds:
        return ""
    if seconds < 90:
        return _("about {seconds:.0f} s without a graphics card").format(seconds=seconds)
    return _("about {minutes:.0f} min without a graphics card").format(minutes=seconds / 60)


def listedBy(command: Sequence[str], environment: dict[str, str]) -> list[Model]:
    """Return the models that a command lists; none where it fails."""
    try:
        done = subprocess.run(
            [*command, "list", "--format", "json"], capture_output=True, text=True, env=environment, check=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return [Model.fromJson(line) for line in json.loads(done.stdout)]
    except (OSError, ValueError, TypeError, subprocess.CalledProcessError):
        return []


class ModelChooser:
    """Shows the models in a box with what is known of the chosen one, and the device.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    listModels : callable
        Returns the models.
    onChosen : callable
        Called with the name of the model that the user chose.
    """

    def __init__(self, ui: Any, listModels: Callable[[], list[Model]], onChosen: Callable[[str], None]) -> None:
        self._ui, self._listModels, self._onChosen = ui, listModels, onChosen
        self._models: list[Model] = []
        self._filling = False
        for device in DEVICES:
            ui.deviceBox.addItem(_DEVICE_NAMES[device](), device)
        stored = slicer.app.userSettings().value(_DEVICE_SETTING, DEVICES[0])
        ui.deviceBox.setCurrentIndex(max(ui.deviceBox.findData(stored), 0))
        ui.deviceBox.connect("currentIndexChanged(int)", self._deviceChosen)
        ui.modelBox.connect("currentIndexChanged(int)", self._modelChosen)

    @property
    def device(self) -> str:
        """Where the network is to run: a preference of this computer and not of the scene."""
        return str(self._ui.deviceBox.itemData(self._ui.deviceBox.currentIndex))

    @property
    def model(self) -> Model | None:
        """The chosen model."""
        index = self._ui.modelBox.currentIndex
        return self._models[index] if 0 <= index < len(self._models) else None

    def refresh(self, chosen: str) -> None:
        """List the models anew and choose one; the first one where it is not there."""
        self._models = self._listModels() or [Model("", _("Kidneys (comes with Renal)"))]
        self._filling = True
        self._ui.modelBox.clear()
        for model in self._models:
            self._ui.modelBox.addItem(model.title, model.name)
        self._filling = False
        self.choose(chosen)

    def choose(self, name: str) -> None:
        """Show a model as chosen."""
        self._filling = True
        self._ui.modelBox.setCurrentIndex(max(self._ui.modelBox.findData(name), 0))
        self._filling = False
        self._ui.modelLabel.text = self.model.describe() if self.model else ""

    def _modelChosen(self, index: int) -> None:
        if not self._filling and self.model is not None:
            self._ui.modelLabel.text = self.model.describe()
            self._onChosen(self.model.name)

    def _deviceChosen(self, index: int) -> None:
        slicer.app.userSettings().setValue(_DEVICE_SETTING, self.device)
