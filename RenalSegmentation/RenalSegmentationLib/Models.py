"""The models that can be chosen, and where they run."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from renal_segmentation.errors import RenalError
from renal_segmentation.models.importing import PROGRAMS, remove_model
from renal_segmentation.models.registry import DEFAULT, Entry, list_models
from renal_segmentation.models.totalsegmentator import is_archive_of_weights
from RenalSegmentationLib.Consent import mustAgree

_DEVICE_SETTING = "RenalSegmentation/Device"
DEVICES = ("auto", "cpu", "cuda")
_DEVICE_NAMES = {
    "auto": lambda: _("Automatic"),
    "cpu": lambda: _("Processor (CPU)"),
    "cuda": lambda: _("Graphics card (GPU)"),
}


def describe(entry: Entry) -> str:
    """Return what a person wants to know of a model before choosing it."""
    card = entry.card
    facts = [
        card.modality,
        _("outlines {labels}").format(labels=", ".join(label.replace("-", " ") for label in card.labels)),
        _("licence {name}").format(name=card.licence) if card.licence else "",
        _("{size:.0f} MB").format(size=card.size_mb) if math.isfinite(card.size_mb) else "",
        _duration(card.seconds_cpu),
        "" if entry.installed else _("not installed yet"),
    ]
    return "; ".join(fact for fact in facts if fact)


def _duration(seconds: float) -> str:
    if not math.isfinite(seconds):
        return ""
    if seconds < 90:
        return _("about {seconds:.0f} s without a graphics card").format(seconds=seconds)
    return _("about {minutes:.0f} min without a graphics card").format(minutes=seconds / 60)


class ModelChooser:
    """Shows the models in a box with what is known of the chosen one, and the device.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    onChosen : callable
        Called with the name of the model that the user chose.
    """

    def __init__(self, ui: Any, onChosen: Callable[[str], None]) -> None:
        self._ui, self._onChosen = ui, onChosen
        self._entries: tuple[Entry, ...] = ()
        self._filling = False
        self._wanted = DEFAULT
        for device in DEVICES:
            ui.deviceBox.addItem(_DEVICE_NAMES[device](), device)
        stored = slicer.app.userSettings().value(_DEVICE_SETTING, DEVICES[0])
        ui.deviceBox.setCurrentIndex(max(ui.deviceBox.findData(stored), 0))
        ui.deviceBox.connect("currentIndexChanged(int)", self._deviceChosen)
        ui.modelBox.connect("currentIndexChanged(int)", self._modelChosen)
        ui.removeModelButton.connect("clicked()", self._remove)

    @property
    def device(self) -> str:
        """Where the network is to run: a preference of this computer and not of the scene."""
        return str(self._ui.deviceBox.itemData(self._ui.deviceBox.currentIndex))

    @property
    def entry(self) -> Entry | None:
        """The chosen model."""
        index = self._ui.modelBox.currentIndex
        return self._entries[index] if 0 <= index < len(self._entries) else None

    @property
    def name(self) -> str:
        """Name of the chosen model, empty where none can be chosen."""
        return self.entry.card.name if self.entry is not None else ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all models that can be used at once."""
        return tuple(entry.card.name for entry in self._entries if entry.installed)

    def trusted(self) -> bool:
        """Return whether the model's own code may run; ask where it brings some that nobody has agreed to yet.

        Raises
        ------
        ConsentError
            If the user does not agree.
        """
        if self.entry is None or self.entry.trusted:
            return False
        question = _("The model '{title}' brings code of its own, which will run on this computer. Do you trust it?")
        refusal = _("The model was not run: choose another one, or agree that its code may run.")
        mustAgree(question.format(title=self.entry.card.title), refusal)
        return True

    @staticmethod
    def trustedFile(path: Path) -> bool:
        """Return whether code in a file may run; ask where it cannot be imported without that.

        Raises
        ------
        ConsentError
            If the user does not agree.
        """
        if not is_archive_of_weights(path):
            return False
        question = _("'{name}' holds weights that can run code in TotalSegmentator on this computer. Do you trust it?")
        refusal = _("The weights were not imported: choose another file, or agree that their code may run.")
        mustAgree(question.format(name=path.name), refusal)
        return True

    def mustInstall(self) -> bool:
        """Return whether the chosen model must be installed first; the user has then agreed.

        Raises
        ------
        ConsentError
            If the user does not agree.
        """
        if self.entry is None or self.entry.installed:
            return False
        self.agreeToFetch(self.name)
        return True

    def agreeToFetch(self, name: str) -> None:
        """Ask whether a model, or a program that models need, may be fetched.

        Raises
        ------
        ConsentError
            If the user does not agree.
        """
        cards = {entry.card.name: entry.card for entry in self._entries}
        found = cards.get(name) or PROGRAMS[name]
        source = cards[name].source if name in cards else _("Python package index")
        question = _("'{title}' is not installed. Fetch it now (about {size:.0f} MB, licence {licence}, {source})?")
        words = question.format(title=found.title, size=found.size_mb, licence=found.licence, source=source)
        mustAgree(words, _("The model was not installed: choose another one, or agree to fetch it."))

    def refresh(self, chosen: str) -> None:
        """List the models anew and choose one."""
        self._entries = list_models()
        self._filling = True
        self._ui.modelBox.clear()
        for entry in self._entries:
            self._ui.modelBox.addItem(entry.card.title, entry.card.name)
        self._filling = False
        self.choose(chosen)

    def choose(self, name: str) -> None:
        """Show a model as chosen; the one that comes with Renal for an empty name."""
        self._filling, self._wanted = True, name or DEFAULT
        self._ui.modelBox.setCurrentIndex(self._ui.modelBox.findData(self._wanted))
        self._filling = False
        self._describe()

    def _describe(self) -> None:
        if self.entry is not None:
            words = describe(self.entry)
        elif Path(self._wanted).is_dir():
            words = _("Model in the folder {path}.").format(path=self._wanted)
        else:
            words = _("The model '{name}' is not on this computer: choose another one, or import it.").format(
                name=self._wanted
            )
        self._ui.modelLabel.text = words

    def _modelChosen(self, index: int) -> None:
        if not self._filling and self.entry is not None:
            self._describe()
            self._onChosen(self.entry.card.name)

    def _remove(self) -> None:
        """Delete an imported or fetched model from this computer."""
        question = _("Delete the model '{title}' from this computer?")
        if self.entry is None or not slicer.util.confirmYesNoDisplay(question.format(title=self.entry.card.title)):
            return
        try:
            remove_model(self.name)
        except RenalError as error:
            self._ui.modelLabel.text = str(error)
            return
        self.refresh("")
        self._onChosen(self.name)

    def _deviceChosen(self, index: int) -> None:
        slicer.app.userSettings().setValue(_DEVICE_SETTING, self.device)
