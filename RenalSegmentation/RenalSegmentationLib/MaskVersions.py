"""Whether the files of a case still have the mask that was read, and where one goes that would replace another."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from renal_segmentation.mask_versions import aside, keep_aside, version_of
from RenalSegmentationLib.FurtherSegments import furtherFile

_UNKNOWN = "unknown"
"""The version of a mask that was neither read from the files nor written to them."""


class MaskVersions:
    """Follows the files of one mask, which somebody else may write to.

    Parameters
    ----------
    path : Path
        The file of the mask, as it was just read.
    name : str
        Of the case.
    say : callable
        Shows a sentence, ``say(text, isError=False)``.

    Attributes
    ----------
    isOther : bool
        Whether what is written next takes the place of another segmentation's mask, which is kept then.
    """

    def __init__(self, path: Path, name: str, say: Callable[..., None]) -> None:
        self._path, self._name, self._say = path, name, say
        self._known = self._filed()
        self._beside: tuple[str, Path] | None = None
        self.isOther = False

    @property
    def isBeside(self) -> bool:
        """Whether the files have somebody else's mask, and the one of the scene lies beside it."""
        return self._beside is not None and self._beside[0] == self._filed()

    def doubt(self) -> None:
        """Take what the files have for a mask that is not known."""
        self._known = _UNKNOWN

    def written(self, path: Path) -> None:
        """Take note that a mask was written, or removed, where `place` said."""
        if path == self._path:
            self._known, self._beside, self.isOther = self._filed(), None, False

    def keepAside(self) -> None:
        """Copy the mask to a place beside it, where nothing replaces it.

        Raises
        ------
        OutputError
            If it cannot be copied.
        """
        for path in (self._path, furtherFile(self._path)):
            keep_aside(path)

    def place(self) -> Path:
        """Return where to write a mask: beside that of somebody else, where the user wants to keep that one.

        Raises
        ------
        OutputError
            If the mask to be replaced cannot be copied.
        """
        filed = self._filed()
        isReplaced = filed not in ("", self._known)
        if isReplaced and not self._mayReplace(filed):
            assert self._beside is not None
            return self._beside[1]
        if isReplaced or self.isOther:
            self.keepAside()
        return self._path

    def _mayReplace(self, filed: str) -> bool:
        """Ask once whether the version that the files have may be replaced."""
        if self._beside is not None and self._beside[0] == filed:
            return False
        question = _(
            "The mask of '{name}' in the worklist's files is not the one that was opened: somebody else may have "
            "changed it. Replace it by the one in this scene? Either way the other one is kept beside it."
        )
        # While the scene is closed nobody can be asked.
        if not slicer.mrmlScene.IsClosing() and slicer.util.confirmYesNoDisplay(question.format(name=self._name)):
            return True
        self._beside = filed, aside(self._path)
        sentence = _("Your mask of '{name}' is kept as {path}: choose the case in the list to see the other one.")
        text = sentence.format(name=self._name, path=self._beside[1].name)
        logging.warning(text)
        self._say(text, isError=True)
        return False

    def _filed(self) -> str:
        return "".join(map(version_of, (self._path, furtherFile(self._path))))
