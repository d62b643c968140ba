"""What the module does, without a window: from the parameters in the scene to results in the scene."""

from __future__ import annotations

from dataclasses import replace

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from renal_layers.analysis import Analysis, analyse
from renal_layers.gradients import GradientRow, map_gradients
from renal_layers.profiles import ProfileRow
from renal_segmentation.progress import Progress, silent
from RenalLayersLib.Freshness import InputState
from RenalLayersLib.Inputs import Job, jobOf
from RenalLayersLib.Parameters import RenalLayersParameterNode, settingsOf
from RenalLayersLib.Plots import ProfileView, showPlots
from RenalLayersLib.Results import (
    INPUT_ROLES,
    MODEL_ROLES,
    showFindings,
    showModels,
    storedSettings,
    storeSettings,
)
from RenalLayersLib.Study import Study
from RenalLayersLib.Tables import rowsOf, showGradientTables


class RenalLayersLogic(ScriptedLoadableModuleLogic):
    """The analysis on MRML nodes.

    An analysis has steps, so that the long one can run in another thread: `prepare` reads the scene, `compute` touches
    no node, `show` writes the scene, and `showModels` the models, which can wait while the mask is edited. `run` does
    all of it at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self._parameters: RenalLayersParameterNode | None = None
        self.job: Job | None = None
        self.analysis: Analysis | None = None

    def getParameterNode(self) -> RenalLayersParameterNode:
        """Return the parameters of the scene, one wrapper as long as the node is the same."""
        node = super().getParameterNode()
        if self._parameters is None or self._parameters.parameterNode is not node:
            self._parameters = RenalLayersParameterNode(node)
        return self._parameters

    def forget(self) -> None:
        """Drop everything that belongs to the scene, before it is closed."""
        self._parameters = self.job = self.analysis = None

    def prepare(self, parameters: RenalLayersParameterNode) -> Job:
        """Return what is to be analysed.

        Raises
        ------
        InputError
            With one sentence for a person, if an input is missing, empty or cannot be used.
        """
        return replace(jobOf(parameters, settingsOf(parameters)), state=InputState.now(parameters))

    def compute(self, job: Job, progress: Progress = silent) -> Analysis:
        """Return the analysis of a job; what the last one of this study found is used where nothing has changed.

        Raises
        ------
        RenalError
            With one sentence for a person.
        """
        earlier = self.analysis if self.job is not None and self.job.name == job.name else None
        return analyse(
            job.mask,
            job.maps,
            job.settings,
            labels=job.labels,
            pelvis=job.pelvis,
            tissue=job.tissue,
            grid=job.grid,
            earlier=earlier,
            progress=progress,
        )

    def show(self, job: Job, analysis: Analysis, parameters: RenalLayersParameterNode) -> Study:
        """Put depth, layers, tables and charts into the scene, where those of an earlier run are updated."""
        self.job, self.analysis = job, analysis
        study = Study(slicer.mrmlScene, job.name)
        showFindings(study, analysis, viewOf(parameters))
        study.removeUnused(keep=(*INPUT_ROLES, *MODEL_ROLES, "depth colors"))
        parameters.study = job.name
        names = [qmap.name for qmap in job.maps]
        if parameters.shownMap not in names:
            parameters.shownMap = names[0] if names else ""
        return study

    def showModels(self, parameters: RenalLayersParameterNode) -> None:
        """Put the surface and the depth shells of the last analysis into the scene."""
        study = self.study(parameters)
        if study is not None and self.analysis is not None:
            showModels(study, self.analysis)

    def run(self, parameters: RenalLayersParameterNode, progress: Progress = silent) -> Study:
        """Prepare, compute and show everything."""
        job = self.prepare(parameters)
        study = self.show(job, self.compute(job, progress), parameters)
        self.showModels(parameters)
        return study

    def study(self, parameters: RenalLayersParameterNode) -> Study | None:
        """Return the study with the results, of this session or of a loaded scene, None where there are none."""
        if not parameters.study:
            return None
        study = Study(slicer.mrmlScene, parameters.study)
        return study if study.find("depth") is not None else None

    def refit(self, parameters: RenalLayersParameterNode) -> bool:
        """Fit the gradients again in the chosen range and show them; return whether that was possible.

        It is not where the measurements are not in memory, as after loading a scene: then `run` does it.
        """
        study = self.study(parameters)
        if self.analysis is None or self.job is None or study is None or self.job.name != parameters.study:
            return False
        settings = settingsOf(parameters)
        rows: list[GradientRow] = []
        for samples in self.analysis.samples:
            found, _doubts = map_gradients(samples, settings.gradient_range, settings.gradient_unit)
            rows.extend(found)
        fitted = replace(
            self.analysis.layering.settings,
            gradient_range=settings.gradient_range,
            gradient_unit=settings.gradient_unit,
        )
        layering = replace(self.analysis.layering, settings=fitted)
        self.analysis = replace(self.analysis, gradients=tuple(rows), layering=layering)
        self.job = replace(self.job, settings=fitted)
        showGradientTables(study, rows)
        storeSettings(study, fitted)
        self.redraw(parameters)
        return True

    def redraw(self, parameters: RenalLayersParameterNode) -> None:
        """Draw the charts anew from the tables in the scene."""
        study = self.study(parameters)
        settings = storedSettings(study) if study is not None else None
        if study is None or settings is None:
            return
        names = study.roles("profile:")
        profiles = [row for name in names for row in rowsOf(study.find(f"profile:{name}"), ProfileRow)]
        gradients = [row for name in names for row in rowsOf(study.find(f"gradient:{name}"), GradientRow)]
        showPlots(study, profiles, gradients, settings, viewOf(parameters))


def viewOf(parameters: RenalLayersParameterNode) -> ProfileView:
    """Return what the charts are to show."""
    chosen = (("left", parameters.showLeft), ("right", parameters.showRight), ("both", parameters.showBoth))
    sides = tuple(side for side, shown in chosen if shown)
    return ProfileView(parameters.statistic.value, sides, parameters.showBand)
