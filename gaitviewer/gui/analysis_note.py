"""What is said about the analysis of the open session: to be started, under way, what failed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from gaitviewer.core.gait import View
from gaitviewer.gui.canvas import TwoViews
from gaitviewer.gui.documents import has_poses
from gaitviewer.gui.jobs import Job
from gaitviewer.gui.notices import Banner
from gaitviewer.gui.work import Work
from gaitviewer.workflow.analysing import poses_to_come, views_to_come


class AnalysisNote(QObject):
    """Keeps the banner, and the words on the pictures that still wait for their keypoints, true."""

    def __init__(self, work: Work, banner: Banner, views: TwoViews) -> None:
        super().__init__(banner)
        self._work, self._banner, self._views = work, banner, views
        for signal in (work.started, work.ended, work.state.document_changed, work.state.trial_changed):
            signal.connect(self._mark_pictures)
        work.jobs.changed.connect(self._follow)
        work.started.connect(lambda: banner.forget("analyse"))
        work.partly.connect(self._say_partly)
        work.state.measures_changed.connect(self._say_partly_once)
        work.ended.connect(lambda: banner.forget("partly"))
        work.ended.connect(self.offer)
        work.analysed.connect(self._say_problems)

    def _follow(self, job: Job[Any]) -> None:
        if job.key == "analyse":
            self._mark_pictures()

    def _mark_pictures(self) -> None:
        self._views.set_awaited(self._work.awaited())

    def offer(self) -> None:
        """Offer the analysis where there was none."""
        document = self._work.state.document
        if document is not None and not has_poses(document) and not self._work.analysing:
            self._banner.say(
                "analyse",
                self.tr("This session is not analysed yet."),
                button=self.tr("Analyse"),
                deed=self._work.analyse,
            )

    def _say_partly(self) -> None:
        document = self._work.state.document
        coming = views_to_come(document) if document is not None else frozenset()
        behind = {trial for trial, _ in poses_to_come(document)} if document is not None else set()
        if self._banner.isVisible() and self._banner.topic not in ("", "partly", "analyse"):
            return  # a missing video matters more
        if coming:
            names = {View.SAGITTAL: self.tr("sagittal"), View.CORONAL: self.tr("coronal")}
            words = self.tr("The {view} view is still being analysed; what is there can be used already.")
            view = next(view for view in View if view in coming)
            self._banner.say("partly", words.format(view=names[view]))
        elif behind and document is not None:
            words = self.tr(
                "Still being analysed: {n} of {total} recordings; what is there can be used already."
            )
            self._banner.say("partly", words.format(n=len(behind), total=len(document.trials)))
        else:
            self._banner.forget("partly")

    def _say_partly_once(self) -> None:
        if self._work.state.is_partial and self._banner.topic != "partly":
            self._say_partly()

    def _say_problems(self, problems: str) -> None:
        if problems:
            self._banner.say("problems", problems, level="warning")
