"""The case of the worklist that is looked at: which segmentation is its mask, and whether its files have all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from renal_segmentation.errors import InputError, RenalError
from renal_segmentation.labels import Side
from renal_segmentation.worklist import Case, Worklist
from RenalLayersLib.AutoUpdate import AutoUpdate
from RenalLayersLib.Guesses import isNamedOtherwise
from RenalSegmentationLib.CaseLabels import labelsToSave
from RenalSegmentationLib.CaseNodes import CASE_ATTRIBUTE, isSaved, saveCase, saveOutline
from RenalSegmentationLib.Labels import holdsBothKidneys, kidneySegments, referenceOf, segmentIds
from RenalSegmentationLib.MaskVersions import MaskVersions
from RenalSegmentationLib.Result import aiCopyOf, isAiCopy


class OpenCase:
    """Keeps the mask of one case in its files.

    Only what was changed is written: a scene that is loaded may hold an older mask than the files. A mask that somebody
    else has written since is replaced only if the user agrees, and the other version stays beside it.

    Parameters
    ----------
    say : callable
        Shows a sentence, ``say(text, isError=False)``.
    onSaved : callable
        Called with the case when its files have changed.

    Attributes
    ----------
    case : Case or None
        The case.
    node : vtkMRMLSegmentationNode or None
        Its mask.
    """

    def __init__(self, say: Callable[..., None], onSaved: Callable[[Case], None]) -> None:
        self._say, self._onSaved = say, onSaved
        self.case: Case | None = None
        self.node: Any = None
        self._worklist: Worklist | None = None
        self._versions: MaskVersions | None = None
        self._saved: Any = None
        self._offered: Any = None
        self._declined: Any = None
        self._changes = AutoUpdate(self._rested)
        # Asked when all that follows from the choice has been done: what Apply has found needs no question.
        self._question = qt.QTimer()
        self._question.setSingleShot(True)
        self._question.setInterval(0)
        self._question.connect("timeout()", self._offer)

    @property
    def isWaiting(self) -> bool:
        """Whether a change waits for the hand to come to rest."""
        return self._changes.isWaiting or bool(self._question.active)

    @property
    def isThere(self) -> bool:
        """Whether the case has a mask in the scene."""
        return self._isMask(self.node)

    def open(self, worklist: Worklist, case: Case | None, node: Any) -> None:
        """Look at a case; the files have all of its mask."""
        self._worklist, self.case, self._declined = worklist, case, None
        self._versions = MaskVersions(worklist.mask(case), case.name, self._say) if case is not None else None
        self._watch(node if self._isMask(node) else None)

    def forget(self) -> None:
        """Look at no case."""
        self._worklist = self.case = self._versions = self._declined = None
        self._watch(None)

    def leave(self) -> None:
        """Let go of the scene while the module is left; what is changed meanwhile is noticed afterwards."""
        self._question.stop()
        self._changes.leave()

    def resume(self, worklist: Worklist, case: Case | None, node: Any) -> None:
        """Go on after the module was left, or with what a scene that was loaded names."""
        if worklist is self._worklist and case == self.case and self.isThere:
            self._changes.watch(self.node)
            if self._isChanged():
                self._changes.poke()
        else:
            unsaved = self.node if self._isChanged() else None
            self.open(worklist, case, node)
            if self._isMask(unsaved):
                # Whether the files were changed while they were out of reach is not known: a copy of them stays.
                self._adopt(unsaved)
            else:
                self._compare()

    def awaitList(self, node: Any) -> None:
        """Remember what is changed in a mask while the list of its case is out of reach."""
        self._worklist = self.case = self._versions = None
        isUnsaved = self.node is not None and slicer.mrmlScene.IsNodePresent(self.node) and self._isChanged()
        if node is self.node or isUnsaved:
            self._changes.watch(self.node)
        else:
            self._watch(node)

    def follow(self, node: Any) -> None:
        """Take a segmentation that was chosen for the image of the case as its mask from now on.

        Where the case has one already, or this one is named otherwise than kidneys, the user is asked. One that has
        segments, but no kidney, is let alone.
        """
        if node is self._declined:
            return
        self._declined = None
        if node is self.node or not self._isMask(node):
            return
        if segmentIds(node) and not _hasKidneys(node):
            return
        if self.isThere or _isDoubtful(node):
            self._offered = node
            self._question.start()
        elif self.save():
            self._adopt(node)

    def outlined(self, node: Any, answer: dict[str, Any]) -> None:
        """Keep what a network that was not run by the worklist has found for the case, and what it says of it."""
        if self._worklist is None or self.case is None or self._versions is None or not self._isMask(node):
            return
        self._watch(node)
        self._saved = None
        try:
            saveOutline(self._worklist, self.case, node, answer)
            # Corrections of the outline before were given up; what Undo brings back is written again.
            self._versions.keepAside()
            self._worklist.remove_mask(self.case)
            self._versions.written(self._worklist.mask(self.case))
        except RenalError as error:
            self._say(str(error), isError=True)
            return
        self._onSaved(self.case)
        self.save()

    def save(self) -> bool:
        """Save what is not saved yet; what cannot be saved is said, and returned as False."""
        try:
            self._write()
        except RenalError as error:
            self._say(str(error), isError=True)
            return False
        return True

    def keep(self, row: dict[str, str], node: Any) -> bool:
        """Keep the review of a segmentation if it is the mask that the case has in the files; return whether it is.

        Raises
        ------
        RenalError
            If it cannot be written.
        """
        if self._worklist is None or self.case is None or node is not self.node or not self.isThere:
            return False
        self._write()
        if self._versions is not None and self._versions.isBeside:
            return False
        if not isSaved(self._worklist, self.case, self.node):
            sentence = _(
                "The worklist's files have another mask of '{name}': choose the case in the list to review that."
            )
            raise InputError(sentence.format(name=self.case.name))
        self._worklist.write_review(self.case, row)
        self._onSaved(self.case)
        return True

    def _write(self) -> None:
        if self._worklist is None or self.case is None or self._versions is None:
            return
        if not self.isThere:
            self._adopt(self._drawn())
        if self.isThere and self._isChanged():
            now = _stampOf(self.node)
            if saveCase(self._worklist, self.case, self.node, self._versions):
                self._onSaved(self.case)
            self._saved = now

    def _compare(self) -> None:
        """Say so where a scene that was loaded has another mask than the files."""
        if self._worklist is None or self.case is None or self._versions is None or not self.isThere:
            return
        try:
            isSame = isSaved(self._worklist, self.case, self.node)
        except RenalError:
            isSame = False
        if not isSame:
            self._versions.doubt()
            sentence = _(
                "The mask of '{name}' in this scene is not the one in the worklist's files: choose the case in the "
                "list to see that one."
            )
            self._say(sentence.format(name=self.case.name), isError=True)

    def _offer(self) -> None:
        """Ask whether a segmentation that was chosen becomes the mask of the case."""
        node, self._offered = self._offered, None
        if self.case is None or node is self.node or not self._isMask(node):
            return
        question = _("Keep '{segmentation}' as the mask of '{name}' from now on?")
        if self.isThere:
            question = _(
                "'{name}' has a mask already. Keep '{segmentation}' as its mask from now on? The file of the one "
                "before stays beside it."
            )
        if not slicer.util.confirmYesNoDisplay(question.format(name=self.case.name, segmentation=node.GetName())):
            self._declined = node
        elif self.save() and self._isMask(node):
            self._adopt(node)

    def _rested(self) -> None:
        # A change of the transform does not show in the stamp.
        self._saved = None
        self.save()

    def _isChanged(self) -> bool:
        return self._changes.isWaiting or _stampOf(self.node) != self._saved

    def _isMask(self, node: Any) -> bool:
        """Return whether a segmentation can be the mask of the case: one of its image, and no copy of the network's."""
        if node is None or self.case is None or isAiCopy(node) or not slicer.mrmlScene.IsNodePresent(node):
            return False
        reference = referenceOf(node)
        return reference is not None and reference.GetAttribute(CASE_ATTRIBUTE) == self.case.name

    def _drawn(self) -> Any:
        """Return what was drawn in another module for a case that was opened without a mask, or None."""
        found = (node for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode") if self._isMask(node))
        drawn = (node for node in found if aiCopyOf(node) is None and node is not self._declined)
        named = (node for node in drawn if _hasKidneys(node) and not _isDoubtful(node))
        return next((node for node in named if _holdsAnything(node)), None)

    def _watch(self, node: Any) -> None:
        self.node = node
        self._saved = _stampOf(node)
        self._changes.watch(node)

    def _adopt(self, node: Any) -> None:
        self._watch(node)
        if self._versions is not None:
            self._versions.isOther = node is not None
        if node is not None and _holdsAnything(node):
            self._saved = None
            self._changes.poke()


def _hasKidneys(node: Any) -> bool:
    return any(kidneySegments(node).values())


def _isDoubtful(node: Any) -> bool:
    """Return whether the only segment that can be the kidneys is named otherwise."""
    only = kidneySegments(node)[Side.LEFT]
    return holdsBothKidneys(node) and isNamedOtherwise(node.GetSegmentation().GetSegment(only))


def _holdsAnything(node: Any) -> bool:
    try:
        return bool(labelsToSave(node).any())
    except RenalError:
        # Why it cannot be read is said when it is saved.
        return True


def _stampOf(node: Any) -> tuple[Any, ...]:
    """Return what differs after every change of the segments, made in whatever module."""
    if node is None:
        return ()
    kind = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    segments = [(identifier, node.GetSegmentation().GetSegment(identifier)) for identifier in segmentIds(node)]
    described = [
        (identifier, segment.GetName(), segment.GetTerminology(), segment.GetLabelValue())
        for identifier, segment in segments
    ]
    labelmaps = [segment.GetRepresentation(kind) for _identifier, segment in segments]
    return (*described, *(image and image.GetMTime() for image in labelmaps))
