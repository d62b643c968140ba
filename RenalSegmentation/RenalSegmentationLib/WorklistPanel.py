"""The worklist: a folder of cases, outlined in the background and looked at one after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from renal_segmentation.errors import RenalError
from renal_segmentation.sources import find_images
from renal_segmentation.worklist import Case, Worklist
from RenalSegmentationLib.Background import Background
from RenalSegmentationLib.BodySize import keepBody, restoreBody
from RenalSegmentationLib.CaseNodes import loadCase, removeCase
from RenalSegmentationLib.DicomCases import databaseSeries
from RenalSegmentationLib.Job import Choice
from RenalSegmentationLib.Labels import sideMap
from RenalSegmentationLib.OpenCase import OpenCase
from RenalSegmentationLib.Packages import ensureFiles
from RenalSegmentationLib.Result import noKidney
from RenalSegmentationLib.WorklistTable import WorklistTable, countsOf

FOLDER_NAME = "renal-review"
_NEXT_KEY, _PREVIOUS_KEY, _ACCEPT_KEY = "Ctrl+PgDown", "Ctrl+PgUp", "Ctrl+Return"


class WorklistPanel:
    """Shows the cases and steps through them.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    say : callable
        Shows a sentence, ``say(text, isError=False)``.
    choice : callable
        Returns what is asked of the network.
    predictor : callable
        Returns how the command of the network begins, empty where its model is only now being installed; it raises a
        `RenalError` where that cannot run.
    onCase : callable
        Called with the image and the segmentation (or None) of a case that was opened.
    review : callable
        Saves the review as the panel shows it, and returns whether that was possible.
    onLine : callable
        Called with every line for the log.
    onBusy : callable
        Called when the background begins or ends.
    """

    def __init__(
        self,
        ui: Any,
        say: Callable[..., None],
        choice: Callable[[], Choice],
        predictor: Callable[[], tuple[str, ...]],
        onCase: Callable[[Any, Any], None],
        review: Callable[[], bool],
        onLine: Callable[[str], None],
        onBusy: Callable[[], None],
    ) -> None:
        self._ui, self._say, self._choice, self._predictor = ui, say, choice, predictor
        self._onCase, self._review, self._onBusy = onCase, review, onBusy
        self._parameters: Any = None
        self._worklist: Worklist | None = None
        self._problem = ""
        self._shortcuts: list[Any] = []
        self._open = OpenCase(say, self._caseChanged)
        self.background = Background(self._caseChanged, self._progressed, self._ended, onLine)
        self._table = WorklistTable(ui.worklistTable)
        ui.worklistTable.connect("cellDoubleClicked(int,int)", self._rowChosen)
        ui.openFolderButton.connect("clicked()", self._chooseFolder)
        ui.addSeriesButton.connect("clicked()", self._addSeries)
        ui.runAllButton.connect("clicked()", self._runOrStop)
        ui.previousButton.connect("clicked()", lambda: self.step(-1))
        ui.nextButton.connect("clicked()", lambda: self.step(1))

    @property
    def isResting(self) -> bool:
        """Whether no correction waits to be saved and nothing runs in the background."""
        return not self._open.isWaiting and not self.background.busy

    @property
    def worklist(self) -> Worklist | None:
        """The open worklist."""
        return self._worklist

    @property
    def case(self) -> Case | None:
        """The case that is looked at."""
        return self._open.case

    # -- life cycle

    def setParameters(self, parameters: Any) -> None:
        """Follow these parameters, which name the folder of the list; None while there is no scene."""
        self._parameters = parameters
        if parameters is None:
            self._open.leave()
            return
        if parameters.worklist and (self._worklist is None or str(self._worklist.folder) != parameters.worklist):
            self._load(Path(parameters.worklist))
        elif not parameters.worklist:
            self._worklist = None
            self._problem = ""
        if self._worklist is not None:
            case = next((case for case in self._worklist.cases if case.name == parameters.case), None)
            self._open.resume(self._worklist, case, parameters.segmentation)
        elif self._problem:
            self._open.awaitList(parameters.segmentation)
        else:
            self._open.forget()
        self.refresh()

    def enter(self) -> None:
        """Let the keys of the worklist work while the module is open."""
        actions = ((_NEXT_KEY, lambda: self.step(1)), (_PREVIOUS_KEY, lambda: self.step(-1)), (_ACCEPT_KEY, self._done))
        for keys, action in actions:
            shortcut = qt.QShortcut(slicer.util.mainWindow())
            shortcut.setKey(qt.QKeySequence(keys))
            shortcut.connect("activated()", action)
            self._shortcuts.append(shortcut)
        self._showOutline()

    def exit(self) -> None:
        """Give the keys back, and save what is not saved yet."""
        self._open.save()
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)
            shortcut.deleteLater()
        self._shortcuts = []

    def sceneIsClosing(self) -> None:
        """Save, and let go of the scene; what runs in the background ends."""
        self._open.save()
        self.background.abandon()
        self._open.forget()
        self._parameters, self._worklist, self._problem = None, None, ""
        self.refresh()

    # -- the list

    def open(self, folder: Path) -> None:
        """Open the worklist of a folder of images, made anew where there is none."""
        target = folder if Worklist.exists(folder) else folder / FOLDER_NAME
        try:
            ensureFiles()
            worklist = Worklist.load(target) if Worklist.exists(target) else Worklist(target, [])
            if target != folder:
                worklist = worklist.added([str(path) for path in find_images(folder)])
        except RenalError as error:
            self._say(str(error), isError=True)
            return
        self._start(worklist)

    def follow(self, node: Any) -> None:
        """Take a segmentation that was chosen for the case's mask, if it belongs to its image."""
        self._open.follow(node)
        if self._worklist is not None and self.case is not None:
            restoreBody(self._worklist, self.case, node)

    def keepBody(self, node: Any) -> None:
        """Keep the height and weight that were given for a segmentation with the case, if it belongs to its image."""
        if self._worklist is None or self.case is None:
            return
        try:
            keepBody(self._worklist, self.case, node)
        except RenalError as error:
            self._say(str(error), isError=True)

    def outlined(self, node: Any, answer: dict[str, Any]) -> None:
        """Keep what Apply has found and what the network says of it, if it belongs to the case's image."""
        self._open.outlined(node, answer)

    def keep(self, row: dict[str, str]) -> bool:
        """Keep the review of the chosen segmentation with the case; return whether it is of the case."""
        return self._parameters is not None and self._open.keep(row, self._parameters.segmentation)

    def step(self, forward: int) -> None:
        """Go to the next case (1) or the one before (-1)."""
        cases = self._worklist.cases if self._worklist is not None else ()
        if not cases:
            return
        place = cases.index(self.case) + forward if self.case in cases else 0
        if 0 <= place < len(cases):
            self.show(cases[place])
        else:
            self._say(_("This is the last case.") if forward > 0 else _("This is the first case."))

    def show(self, case: Case) -> None:
        """Look at a case; the one before is saved and taken out of the scene, or stays where it cannot be saved."""
        assert self._worklist is not None
        if not self._close():
            return
        removeCase(case)
        self._parameters.case = case.name
        try:
            volume, node = loadCase(self._worklist, case)
        except RenalError as error:
            self._open.open(self._worklist, case, None)
            self.refresh()
            self._onCase(None, None)
            self._say(str(error), isError=True)
            return
        self._open.open(self._worklist, case, node)
        self._onCase(volume, node)
        self.refresh()
        self._sayPlace(case, volume, node)

    def _sayPlace(self, case: Case, volume: Any, node: Any) -> None:
        """Say which case is looked at, and what the network remarked of it."""
        assert self._worklist is not None
        isError = True
        if node is None:
            words, isError = self._worklist.failure(case), bool(self._worklist.failure(case))
            words = words or _("{name} is not outlined yet.").format(name=case.name)
        elif not sideMap(node).array.any():
            words = noKidney(volume)
        else:
            place, count = self._worklist.cases.index(case) + 1, len(self._worklist.cases)
            words, isError = _("{name}, {place} of {count}.").format(name=case.name, place=place, count=count), False
        notices = self._worklist.read_summary(case).get("notices") or ()
        self._say(words, isError=isError, notices=[str(notice.get("message", "")) for notice in notices])

    def refresh(self) -> None:
        """Show the list and what can be done."""
        cases = self._worklist.cases if self._worklist is not None else ()
        self._table.show(self._worklist, self.case)
        self._ui.worklistLabel.text = self._summary()
        self._ui.worklistLabel.toolTip = str(self._worklist.folder) if self._worklist is not None else ""
        self._ui.runAllButton.text = _("Stop outlining") if self.background.busy else _("Outline all that wait")
        waits = self._worklist is not None and bool(self._worklist.to_outline(again=True))
        self._ui.runAllButton.enabled = self.background.busy or waits
        for button in (self._ui.previousButton, self._ui.nextButton):
            button.enabled = bool(cases)

    def _summary(self) -> str:
        if self._worklist is None:
            return self._problem or _("Open a folder of NIfTI images, or add series of Slicer's DICOM database.")
        return countsOf(self._worklist)

    def _start(self, worklist: Worklist) -> None:
        """Work on a list from now on, beginning with the first case that is not reviewed."""
        if self._problem and self._parameters.worklist == str(worklist.folder):
            # The scene may hold what could not be saved while the list was out of reach.
            self.setParameters(self._parameters)
            return
        if not self._close():
            return
        self.background.abandon()
        self._worklist, self._problem = worklist, ""
        self._parameters.worklist, self._parameters.case = str(worklist.folder), ""
        case = worklist.first_open()
        self.refresh()
        if case is not None:
            self.show(case)
        self._sayNotices()

    def _load(self, folder: Path) -> None:
        """Take up the list that the scene names; the scene may have come from another computer."""
        try:
            self._worklist, self._problem = Worklist.load(folder), ""
        except RenalError as error:
            self._worklist, self._problem = None, str(error)
            if self._parameters.case:
                unsaved = _("Until then corrections of '{name}' are not saved to its files.")
                self._problem += " " + unsaved.format(name=self._parameters.case)
            self._say(self._problem, isError=True)
        self._sayNotices()

    def _sayNotices(self) -> None:
        """Say what did not keep the list from being opened."""
        if self._worklist is not None and self._worklist.notices:
            self._say(" ".join(notice.message for notice in self._worklist.notices), isError=True)

    # -- the case that is looked at

    def _close(self) -> bool:
        """Take the case that is looked at out of the scene once it is saved; return False where it cannot be saved."""
        if not self._open.save():
            return False
        case, mask = self._open.case, self._open.node
        self._open.forget()
        if case is not None:
            removeCase(case, mask)
        return True

    def _done(self) -> None:
        """Save the review and go on to the next case."""
        if self.case is not None and self._review():
            self.step(1)

    def _rowChosen(self, row: int, column: int) -> None:
        if self._worklist is not None:
            self.show(self._worklist.cases[row])

    # -- the background

    def _runOrStop(self) -> None:
        if self.background.busy:
            self.background.cancel()
            return
        assert self._worklist is not None
        try:
            predictor = self._predictor()
            if not predictor:
                return
            choice = self._choice()
        except RenalError as error:
            self._say(str(error), isError=True)
            return
        # What the user has outlined is left alone.
        self._open.save()
        self.background.start(self._worklist, choice, predictor)
        self.refresh()
        self._onBusy()

    def _progressed(self, case: Case, step: str, share: float, left: float | None) -> None:
        words = _("{name}: {step}, {share:.0%}; {count} more wait.")
        self._ui.worklistLabel.text = words.format(name=case.name, step=step, share=share, count=self.background.left)

    def _caseChanged(self, case: Case) -> None:
        self._table.update(self._worklist, case)
        if case is self.case:
            self._showOutline()

    def _showOutline(self) -> None:
        """Show what the network has found for a case that was opened before it had come to it."""
        # While the module is left there is no panel to show it in.
        if self._parameters is None or self._worklist is None or self.case is None or self._open.isThere:
            return
        if self._worklist.network_mask(self.case).is_file():
            self.show(self.case)

    def _ended(self, done: int, failed: int, cancelled: bool, problem: str) -> None:
        self.refresh()
        self._onBusy()
        words = _("Stopped.") if cancelled else _("{done} cases were outlined, {failed} failed.")
        self._say(f"{words.format(done=done, failed=failed)} {problem}".strip(), isError=bool(failed))

    # -- buttons

    def _chooseFolder(self) -> None:
        before = str(self._worklist.folder.parent) if self._worklist is not None else ""
        folder = qt.QFileDialog.getExistingDirectory(None, _("Folder of images, or of a worklist"), before)
        if folder:
            self.open(Path(folder))

    def _addSeries(self) -> None:
        folder = qt.QFileDialog.getExistingDirectory(None, _("Folder for masks and reviews"), "")
        if not folder:
            return
        try:
            ensureFiles()
            series = databaseSeries()
            worklist = Worklist.load(Path(folder)) if Worklist.exists(Path(folder)) else Worklist(Path(folder), [])
            worklist = worklist.added([source for source, _name in series], [name for _source, name in series])
        except RenalError as error:
            self._say(str(error), isError=True)
            return
        self._start(worklist)
