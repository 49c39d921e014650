"""What is said about the analysis of the open session: to be started, under way, what failed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.gui.canvas import TwoViews
from gaitviewer.gui.model.documents import has_poses
from gaitviewer.gui.services.job_bar import Banner
from gaitviewer.gui.services.jobs import Job
from gaitviewer.gui.services.services import Services
from gaitviewer.gui.widgets.translation import say_sentence
from gaitviewer.messages import Message
from gaitviewer.workflow.analysis.run_session import gone_message, nobody_in, views_to_come
from gaitviewer.workflow.sessions.lifecycle import missing_videos


class AnalysisNote(QObject):
    """Keeps the banner, and the words on the pictures that still wait for their keypoints, true."""

    def __init__(self, services: Services, banner: Banner, views: TwoViews) -> None:
        super().__init__(banner)
        self._services, self._banner, self._views = services, banner, views
        for signal in (
            services.analysis.started,
            services.analysis.ended,
            services.state.document_changed,
            services.state.trial_changed,
        ):
            signal.connect(self._mark_pictures)
        services.jobs.changed.connect(self._follow)
        services.analysis.started.connect(lambda: banner.forget("analyse"))
        services.analysis.partly.connect(self._say_partly)
        services.state.measures_changed.connect(self._say_partly_once)
        services.analysis.ended.connect(lambda: banner.forget("partly"))
        services.analysis.ended.connect(self.offer)
        services.sessions.found.connect(self.offer)
        services.analysis.analysed.connect(self._say_problems)

    def _follow(self, job: Job[Any]) -> None:
        if job.key == "analyse":
            self._mark_pictures()

    def _mark_pictures(self) -> None:
        self._views.set_awaited(self._services.analysis.awaited())

    def offer(self) -> None:
        """Offer the analysis of what has none and whose file is there."""
        document, waiting = self._services.state.document, self._services.analysis.not_analysed()
        if document is None or self._services.analysis.analysing:
            self._banner.forget("analyse")
            return
        if not waiting:
            self._say_nobody(document)
            return
        if not has_poses(document):
            words = self.tr("This session is not analysed yet.")
        elif len(waiting) == 1:
            ((_, view),) = waiting
            words = self.tr("The {view} view is not analysed yet.").format(view=self._name(view))
        else:
            words = self.tr("{n} views are not analysed yet.").format(n=len(waiting))
        self._banner.say("analyse", words, button=self.tr("Analyse"), command=self._services.analysis.analyse)

    def _say_nobody(self, document: Document) -> None:
        """Where nothing is left to be offered: why the session is empty, if it is."""
        if has_poses(document) or not nobody_in(document):
            self._banner.forget("analyse")
        else:
            words = self.tr("Nobody was found in the videos of this session. Session, Analyse tries again.")
            self._banner.say("analyse", words)

    def _name(self, view: View) -> str:
        return self.tr("sagittal") if view is View.SAGITTAL else self.tr("coronal")

    def _say_partly(self) -> None:
        document = self._services.state.document
        to_come = self._services.analysis.to_come()
        behind = {trial for trial, _ in to_come}
        coming = views_to_come(document) & {view for _, view in to_come} if document is not None else set()
        if coming:
            words = self.tr("The {view} view is still being analysed; what is there can be used already.")
            view = next(view for view in View if view in coming)
            self._banner.say("partly", words.format(view=self._name(view)))
        elif behind and document is not None:
            words = self.tr(
                "Still being analysed: {n} of {total} recordings; what is there can be used already."
            )
            self._banner.say("partly", words.format(n=len(behind), total=len(document.trials)))
        else:
            self._banner.forget("partly")

    def _say_partly_once(self) -> None:
        if self._services.state.is_partial and not self._banner.knows("partly"):
            self._say_partly()

    def _say_problems(self, problems: tuple[Message, ...]) -> None:
        """What went wrong; of a video that is missing, its own message tells, with a way to mend it."""
        document = self._services.state.document
        gone = missing_videos(document) if document is not None else ()
        told = {gone_message(stream) for _, _, stream in gone}
        words = "\n".join(say_sentence(problem) for problem in problems if problem not in told)
        if words:
            self._banner.say("problems", words, level="warning")
