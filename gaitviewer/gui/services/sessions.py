"""Opening, making and closing sessions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gaitviewer import paths
from gaitviewer.core.progress import Tick, subprogress
from gaitviewer.gui.model.documents import has_poses
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.services.analysis import AnalysisService
from gaitviewer.gui.services.jobs import LIBRARY, JobFailure, Work
from gaitviewer.gui.services.library import LibraryService
from gaitviewer.gui.services.library_jobs import LibraryJobs
from gaitviewer.gui.services.measuring import MeasuringService
from gaitviewer.gui.services.saving import SavingService
from gaitviewer.gui.widgets.translation import say_sentence

if TYPE_CHECKING:
    from gaitviewer.core.document import Document
    from gaitviewer.core.gait import View
    from gaitviewer.store import Library
    from gaitviewer.workflow.analysis.request import AnalyzeRequest


class SessionService(QObject):
    """Which session is open; what was edited in the one before is saved, or asked about, first.

    Signals:
        opened: a session was opened; its measures may still be on their way.
        found: a video that was missing is there again.
        refused: something cannot be done (title, sentence).
    """

    opened = Signal()
    found = Signal()
    refused = Signal(str, str)

    def __init__(
        self,
        state: AppState,
        library: LibraryJobs,
        *,
        listing: LibraryService,
        saving: SavingService,
        measuring: MeasuringService,
        analysis: AnalysisService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._library = library
        self._listing = listing
        self._saving = saving
        self._measuring = measuring
        self._analysis = analysis

    def open(self, session_id: str) -> None:
        """Open a session of the library; its measures follow."""
        self._saving.when_saved(lambda: self._open(session_id))

    def _open(self, session_id: str) -> None:
        def work(library: Library, tick: Tick) -> Document:
            return self._saving.load(library, session_id)

        title = self.tr("Opening the session")
        self._library.start("open", work, title=title, done=self._show, lane=LIBRARY)

    def _show(self, document: Document) -> None:
        """Show a session that is in the library."""
        from gaitviewer.workflow.app import privacy

        self._measuring.stop()
        privacy.hide(document.session.subject.pseudonym)
        for data in document.trials:
            for stream in data.trial.videos:
                if stream is not None:
                    privacy.hide(stream.path)
        self._state.open_session(document, entries=self._saving.journal(document.session.id))
        self._analysis.show_found()
        self.opened.emit()

    def close(self) -> None:
        """Close the open session, which is saved or given up (an analysis of it goes on)."""
        self._measuring.stop()
        self._state.close_session()

    # --- new sessions --------------------------------------------------------------------------------

    def create(self, request: AnalyzeRequest, *, analyse: bool) -> None:
        """Keep the recordings of a request as a new session, open it, and analyse it if asked."""

        def work(tick: Tick) -> Document:
            from gaitviewer.workflow.sessions.lifecycle import create_session

            with self._library.open() as library:
                return self._saving.hold(library, create_session(request, library, tick=tick))

        self._make(work, self.tr("Reading the videos"), analyse=analyse)

    def make_demo(self) -> None:
        """Render, open and analyse the demo session."""

        def work(tick: Tick) -> Document:
            from gaitviewer.errors import StoreError
            from gaitviewer.workflow.sessions.demo import demo_request
            from gaitviewer.workflow.sessions.lifecycle import create_session, demo_in

            request = demo_request(paths.cache_dir() / "demo", tick=subprogress(tick, 0.0, 0.9))
            with self._library.open() as library:
                try:
                    made = create_session(request, library, tick=subprogress(tick, 0.9, 1.0))
                except StoreError:
                    known = demo_in(library)
                    if known is None:
                        raise
                    made = known
                return self._saving.hold(library, made)

        self._make(work, self.tr("Demo session"), analyse=True)

    def _make(self, work: Work[Document], title: str, *, analyse: bool) -> None:
        def done(document: Document) -> None:
            self._listing.list_sessions()
            self._saving.when_saved(lambda: show(document))

        def show(document: Document) -> None:
            self._show(document)
            if analyse and not has_poses(document):
                self._analysis.analyse()

        self._library.jobs.start("create", work, title=title, done=done)

    # --- another program saved it meanwhile ----------------------------------------------------------

    def keep_copy(self) -> None:
        """Save the open session beside the one that another program saved, and go on with the copy."""
        document = self._state.kept
        if document is None:
            return

        def work(library: Library, tick: Tick) -> Document:
            return self._saving.copy(library, document)

        def done(copy: Document) -> None:
            self._show(copy)
            self._listing.list_sessions()

        self._library.start("copy", work, title=self.tr("Saving a copy"), done=done, lane=LIBRARY)

    def take_theirs(self) -> None:
        """Let go of what was edited here and open what the other program saved."""
        document = self._state.kept
        if document is not None:
            self._saving.let_go()
            self.open(document.session.id)

    # --- videos that moved ---------------------------------------------------------------------------

    def find_video(self, trial: str, view: View, path: Path, done: Callable[[], None]) -> None:
        """Take a video at its new place after checking that it is the same file."""
        document = self._state.document
        if document is None:
            return

        def work(tick: Tick) -> Document:
            from gaitviewer.workflow.sessions.lifecycle import found_in_folder, found_video

            return found_in_folder(found_video(document, trial, view, path), path.parent)

        def found(changed: Document) -> None:
            from gaitviewer.core.edits import move_videos

            now = self._state.document
            if now is not None and now.session.id == changed.session.id:
                self._saving.amend_signed(lambda document: move_videos(document, changed))
                self._saving.save()
                done()
                self.found.emit()

        def failed(failure: JobFailure) -> None:
            self.refused.emit(self.tr("This is not the video"), say_sentence(failure.message))

        title = self.tr("Checking the video")
        self._library.jobs.start("find video", work, title=title, done=found, failed=failed)
