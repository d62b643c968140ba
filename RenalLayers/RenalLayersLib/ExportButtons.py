"""The buttons that take the results out of Slicer: to the clipboard and into a folder."""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from renal_layers.outputs import FILES, earlier_files
from renal_segmentation.errors import RenalError
from RenalLayersLib.Display import backgroundFor
from RenalLayersLib.Export import REPORT_NEEDS, exportResults
from RenalLayersLib.Logic import RenalLayersLogic
from RenalLayersLib.ResultsPanel import tableText

_FOLDER_SETTING = "RenalLayers/ExportFolder"


class ExportButtons:
    """Copies and writes what the logic has found.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    logic : RenalLayersLogic
        With the analysis.
    say : callable
        Shows a sentence, ``say(text, isError=False)``.
    """

    def __init__(self, ui: Any, logic: RenalLayersLogic, say: Callable[..., None]) -> None:
        self._logic, self._say = logic, say
        ui.copyButton.connect("clicked()", self._copy)
        ui.exportButton.connect("clicked()", self._askAndExport)

    def _copy(self) -> None:
        parameters = self._logic.getParameterNode()
        study = self._logic.study(parameters)
        if study is not None:
            qt.QApplication.clipboard().setText(tableText(study, parameters.shownMap))
            self._say(_("The table of {map} is on the clipboard.").format(map=parameters.shownMap))

    def _askAndExport(self) -> None:
        before = slicer.app.userSettings().value(_FOLDER_SETTING, "")
        folder = qt.QFileDialog.getExistingDirectory(None, _("Folder for the results"), before)
        if folder:
            slicer.app.userSettings().setValue(_FOLDER_SETTING, folder)
            self.export(Path(folder))

    def export(self, folder: Path) -> None:
        """Write the results into a folder and say what came of it."""
        parameters = self._logic.getParameterNode()
        job, analysis = self._logic.job, self._logic.analysisOf(self._logic.study(parameters))
        if job is None or analysis is None:
            self._say(
                _("What was measured is no longer in memory, as after loading a scene: press Apply, then export."),
                isError=True,
            )
            return
        if not _mayReplace(folder, job.name):
            self._say(_("Nothing was exported: choose another folder for these results."), isError=True)
            return
        try:
            withReport = _canReport()
            names = exportResults(folder, job, analysis, backgroundFor(parameters), withReport)
        except RenalError as error:
            self._say(str(error), isError=True)
            return
        without = "" if withReport else " " + _("The report was left out, because matplotlib is not installed.")
        self._say(_("{count} files were written into {folder}.").format(count=len(names), folder=folder) + without)


def _mayReplace(folder: Path, study: str) -> bool:
    """Ask whether results that lie in a folder are to be replaced; without any there is nothing to ask."""
    there = [name for name in FILES if (folder / name).exists()]
    whose = _whose(folder) if earlier_files(folder).issuperset(there) else ""
    what = _("results of {whose}").format(whose=whose) if whose else ", ".join(there)
    question = _("The folder {folder} holds {what} already. Replace that by the results of '{study}'?")
    return not there or slicer.util.confirmYesNoDisplay(question.format(folder=folder, what=what, study=study))


def _whose(folder: Path) -> str:
    """Return what was measured for the results in a folder and when, empty where the summary does not say."""
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        return f"'{summary['inputs'][0]['file']}' ({summary['created'][:10]})"
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def _canReport() -> bool:
    """Return whether matplotlib is there; Slicer asks before it installs what is missing."""
    import slicer.packaging
    from packaging.requirements import Requirement

    needs = [Requirement(text) for text in REPORT_NEEDS]
    try:
        slicer.packaging.pip_ensure(needs, requester="RenalLayers")
    except (RuntimeError, subprocess.CalledProcessError) as error:
        logging.info("The report is left out: %s", error)
    return all(slicer.packaging.pip_check(need) for need in needs)
