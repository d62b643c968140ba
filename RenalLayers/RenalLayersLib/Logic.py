"""What the module does, without a window: from the parameters in the scene to results in the scene."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

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
from RenalLayersLib.SegmentChoice import rememberChoice
from RenalLayersLib.Study import Study, studyOf
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
        self._run = ""

    def getParameterNode(self) -> RenalLayersParameterNode:
        """Return the parameters of the scene, one wrapper as long as the node is the same."""
        node = super().getParameterNode()
        if self._parameters is None or self._parameters.parameterNode is not node:
            self._parameters = RenalLayersParameterNode(node)
        return self._parameters

    def forget(self) -> None:
        """Drop everything that belongs to the scene, before it is closed."""
        self._parameters = self.job = self.analysis = None
        self._run = ""

    def prepare(self, parameters: RenalLayersParameterNode) -> Job:
        """Return what is to be analysed.

        Raises
        ------
        InputError
            With one sentence for a person, if an input is missing, empty or cannot be used.
        """
        job = replace(jobOf(parameters, settingsOf(parameters)), state=InputState.now(parameters))
        rememberChoice(parameters)
        return job

    def compute(self, job: Job, progress: Progress = silent) -> Analysis:
        """Return the analysis of a job; what the last one of this study found is used where nothing has changed.

        Raises
        ------
        RenalError
            With one sentence for a person.
        """
        earlier = self.analysis if self.job is not None and self.job.segmentation is job.segmentation else None
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
        segmentation = job.segmentation if slicer.mrmlScene.IsNodePresent(job.segmentation) else None
        study = studyOf(segmentation) or Study(slicer.mrmlScene, job.name)
        showFindings(study, analysis, viewOf(parameters))
        study.removeUnused(keep=(*INPUT_ROLES, *MODEL_ROLES, "depth colors"))
        if segmentation is not None:
            study.belongTo(segmentation)
        self._mark(study)
        if segmentation is None:
            parameters.study = study.name
        self.chooseStudy(parameters)
        return study

    def chooseStudy(self, parameters: RenalLayersParameterNode) -> None:
        """Choose the study of the segmentation, and its first map where it has none of the chosen name."""
        study = self.study(parameters)
        names = study.roles("profile:") if study is not None else []
        if parameters.segmentation is not None:
            parameters.study = study.name if study is not None else ""
        if study is not None and parameters.shownMap not in names:
            parameters.shownMap = names[0] if names else ""

    def showModels(self, parameters: RenalLayersParameterNode) -> None:
        """Put the surface and the depth shells of the last analysis into the scene."""
        study = self.study(parameters)
        analysis = self.analysisOf(study)
        if study is not None and analysis is not None:
            showModels(study, analysis)

    def run(self, parameters: RenalLayersParameterNode, progress: Progress = silent) -> Study:
        """Prepare, compute and show everything."""
        job = self.prepare(parameters)
        study = self.show(job, self.compute(job, progress), parameters)
        self.showModels(parameters)
        return study

    def study(self, parameters: RenalLayersParameterNode) -> Study | None:
        """Return the chosen segmentation's study, of this session or of a loaded scene, None without results.

        Where the segmentation is gone its study can still be looked at.
        """
        study = studyOf(parameters.segmentation)
        if parameters.segmentation is None and parameters.study:
            study = Study(slicer.mrmlScene, parameters.study)
        return study if study is not None and study.find("depth") is not None else None

    def analysisOf(self, study: Study | None) -> Analysis | None:
        """Return the analysis that the results of a study come from.

        None where it is not in memory: after loading a scene, or when another study was analysed since.
        """
        return self.analysis if study is not None and self._run and study.run == self._run else None

    def refit(self, parameters: RenalLayersParameterNode) -> bool:
        """Fit the gradients again in the chosen range and show them; return whether that was possible.

        It is not where the measurements are not in memory, as after loading a scene: then `run` does it.
        """
        study = self.study(parameters)
        analysis = self.analysisOf(study)
        if analysis is None or self.job is None or study is None:
            return False
        settings = settingsOf(parameters)
        rows: list[GradientRow] = []
        for samples in analysis.samples:
            found, _doubts = map_gradients(samples, settings.gradient_range, settings.gradient_unit)
            rows.extend(found)
        fitted = replace(
            analysis.layering.settings,
            gradient_range=settings.gradient_range,
            gradient_unit=settings.gradient_unit,
        )
        layering = replace(analysis.layering, settings=fitted)
        self.analysis = replace(analysis, gradients=tuple(rows), layering=layering)
        self.job = replace(self.job, settings=fitted)
        showGradientTables(study, rows)
        storeSettings(study, fitted)
        self._mark(study)
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

    def _mark(self, study: Study) -> None:
        """Let the study say that its results are those in memory."""
        self._run = uuid4().hex
        study.markRun(self._run)


def viewOf(parameters: RenalLayersParameterNode) -> ProfileView:
    """Return what the charts are to show."""
    chosen = (("left", parameters.showLeft), ("right", parameters.showRight), ("both", parameters.showBoth))
    sides = tuple(side for side, shown in chosen if shown)
    return ProfileView(parameters.statistic.value, sides, parameters.showBand)
