"""What the banner says about the analysis of the open session: to be started, under way, what failed."""

from __future__ import annotations

from PySide6.QtCore import QObject

from gaitviewer.core.gait import View
from gaitviewer.gui.documents import has_poses
from gaitviewer.gui.notices import Banner
from gaitviewer.gui.work import Work
from gaitviewer.workflow.analysing import views_to_come


class AnalysisNote(QObject):
    """Keeps the banner true."""

    def __init__(self, work: Work, banner: Banner) -> None:
        super().__init__(banner)
        self._work, self._banner = work, banner
        work.started.connect(lambda: banner.forget("analyse"))
        work.partly.connect(self._say_partly)
        work.state.measures_changed.connect(self._say_partly_once)
        work.ended.connect(lambda: banner.forget("partly"))
        work.ended.connect(self.offer)
        work.analysed.connect(self._say_problems)

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
        if self._banner.isVisible() and self._banner.topic not in ("", "partly", "analyse"):
            return  # a missing video matters more
        if coming:
            names = {View.SAGITTAL: self.tr("sagittal"), View.CORONAL: self.tr("coronal")}
            words = self.tr("The {view} view is still being analysed; what is there can be used already.")
            view = next(view for view in View if view in coming)
            self._banner.say("partly", words.format(view=names[view]))
        else:
            self._banner.forget("partly")

    def _say_partly_once(self) -> None:
        if self._work.state.is_partial and self._banner.topic != "partly":
            self._say_partly()

    def _say_problems(self, problems: str) -> None:
        if problems:
            self._banner.say("problems", problems, level="warning")
