"""A video that is missing or was overwritten: says so, asks where it went, takes it only if it is the same."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from gaitviewer.core.gait import View
from gaitviewer.gui.canvas import TwoViews
from gaitviewer.gui.services.job_bar import Banner
from gaitviewer.gui.services.services import Services
from gaitviewer.gui.widgets.translation import say_sentence
from gaitviewer.workflow.sessions.lifecycle import missing_videos


class MissingVideos(QObject):
    """Looks after the videos of the open session."""

    def __init__(self, window: QWidget, services: Services, banner: Banner, views: TwoViews) -> None:
        """Say it in ``banner``; ``views`` shows a view again once its file was found."""
        super().__init__(window)
        self._window, self._services, self._banner, self._views = window, services, banner, views
        views.find_asked.connect(self._ask_for_view)
        views.failed.connect(self.look)
        services.state.trial_changed.connect(self.look)
        services.analysis.ended.connect(self.look)

    def look(self) -> None:
        """Say which video is missing, if one is."""
        document = self._services.state.document
        gone = missing_videos(document) if document is not None else ()
        if not gone:
            self._look_for_unreadable()
            return
        trial, view, stream = gone[0]
        words = self.tr("{name} is no longer at {folder}. Everything else can be used.")
        self._banner.say(
            "missing",
            words.format(name=stream.path.name, folder=stream.path.parent),
            button=self.tr("Find it…"),
            command=lambda: self.ask(trial, view, stream.path),
            level="warning",
        )

    def _look_for_unreadable(self) -> None:
        """Say which video of the recording shown is there, but holds no picture of it, if one is so."""
        view = next(iter(self._views.gone_views), None)
        if view is None:
            self._banner.forget("missing")
            return
        self._banner.say(
            "missing",
            say_sentence(self._views.unreadable(view)),
            button=self.tr("Find it…"),
            command=lambda: self._ask_for_view(view),
            level="warning",
        )

    def ask_first(self) -> None:
        """Ask for the video of the recording shown that is missing, the view worked in before the other."""
        gone = self._views.gone_views
        if gone:
            active = self._views.active_view
            self._ask_for_view(active if active in gone else gone[0])

    def _ask_for_view(self, view: View) -> None:
        data = self._services.state.trial
        stream = data.trial.videos[view] if data is not None else None
        if data is not None and stream is not None:
            self.ask(data.trial.id, view, stream.path)

    def ask(self, trial: str, view: View, path: Path) -> None:
        """Ask where a video went."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Where is {name}?").format(name=path.name), str(path.parent)
        )
        if name:
            self.take(trial, view, Path(name))

    def take(self, trial: str, view: View, path: Path) -> None:
        """Check a file and use it in place of the one that is missing."""

        def done() -> None:
            self._views.reopen(view)
            self.look()

        self._services.sessions.find_video(trial, view, path, done)
