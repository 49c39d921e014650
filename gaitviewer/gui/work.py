"""What the window does in the background: each piece of work is a job, none holds the library open."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from gaitviewer import paths
from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.progress import Tick, part
from gaitviewer.errors import UserError
from gaitviewer.gui.documents import has_poses, same_inputs, same_poses, with_poses_of, with_videos_of
from gaitviewer.gui.jobs import Job, JobFailure, Jobs
from gaitviewer.gui.library_work import LibraryWork
from gaitviewer.gui.state import AppState
from gaitviewer.workflow import privacy

if TYPE_CHECKING:
    from gaitviewer.workflow.request import AnalyzeRequest

_SAVE_AFTER_MS = 800


class Work(LibraryWork):
    """Everything that takes time, around one :class:`AppState`.

    Signals:
        opened: a session was opened; its measures may still be on their way.
        started, ended: an analysis of the open session began; one ended, however.
        analysed: an analysis of the open session ended (problems in words, "" for none).
        refused: something cannot be done (title, sentence).
        masked: outlines of the open trial are there (trial id, ``ByView``).
        signed: the open session was signed (by whom).
    """

    opened = Signal()
    started = Signal()
    ended = Signal()
    analysed = Signal(str)
    refused = Signal(str, str)
    masked = Signal(str, object)
    signed = Signal(str)

    def __init__(
        self, state: AppState, jobs: Jobs, *, library: Path | None = None, parent: QObject | None = None
    ) -> None:
        """Work for ``state``; ``library`` is the user's own where it is None."""
        super().__init__(jobs, library=library, parent=parent)
        self.state = state
        self._measured: Document | None = None
        self._came: deque[Document] = deque()
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.setInterval(_SAVE_AFTER_MS)
        self._save_timer.timeout.connect(self.save)
        self._saving = threading.Lock()
        state.document_changed.connect(self._document_changed)
        jobs.changed.connect(self._show_parts)

    def warm_up(self, then: Callable[[], None]) -> None:
        """Load what the first session needs, so that opening it does not wait for it; then do more."""

        def work(tick: Tick) -> None:
            import gaitviewer.video

            tick(0.3, "")
            import scipy.signal  # noqa: F401

            tick(0.6, "")
            import gaitviewer.analysis.measure
            import gaitviewer.analysis.motion  # noqa: F401

        self.jobs.start("warm up", work, failed=lambda failure: None, ended=then)

    # --- one session ---------------------------------------------------------------------------------

    def open(self, session_id: str) -> None:
        """Open a session of the library; its measures follow."""
        self.save_now()
        path = self.library_file

        def work(tick: Tick) -> Document:
            from gaitviewer.store import open_library

            with open_library(path) as library:
                return library.load_session(session_id)

        self.jobs.start("open", work, title=self.tr("Opening the session"), done=self.show)

    def show(self, document: Document) -> None:
        """Show a session that is in the library."""
        self.jobs.cancel("measure")
        self._measured = None
        privacy.hide(document.session.subject.pseudonym)
        self.state.open_session(document)
        self.opened.emit()

    def close(self) -> None:
        """Save and close the open session; an analysis of it goes on."""
        self.save_now()
        self.jobs.cancel("measure")
        self._measured = None
        self.state.close_session()

    def _document_changed(self) -> None:
        document = self.state.document
        if document is None:
            return
        if not self.state.is_saved:
            self._save_timer.start()
        if not same_inputs(document, self._measured):
            self.measure()

    def measure(self) -> None:
        """Measure the open session anew; a run that is under way is superseded."""
        document = self.state.document
        if document is None:
            return
        self._measured = document
        if not has_poses(document):
            self.state.set_measures(None, None)
            return

        def work(tick: Tick) -> Measures:
            from gaitviewer.workflow.measuring import measure_document

            return measure_document(document, tick=tick)

        def done(measures: Measures) -> None:
            if self.state.document is not None and self.state.document.session.id == document.session.id:
                self.state.set_measures(measures, document)

        def failed(failure: JobFailure) -> None:
            if failure.expected:
                self.state.set_measures(None, None)
                self.refused.emit(self.tr("Nothing could be measured"), failure.message)
            else:
                self.jobs.failed.emit(_failed_job(failure))

        self.jobs.start("measure", work, title=self.tr("Measuring"), done=done, failed=failed)

    def load_masks(self) -> None:
        """Fetch the outlines of the person for the trial that is shown, where they are still cached."""
        data = self.state.trial
        if data is None:
            return

        def work(tick: Tick) -> ByView[Any]:
            from gaitviewer.workflow.masks import masks_of

            return masks_of(data)

        name = data.trial.id
        self.jobs.start("masks", work, done=lambda found: self.masked.emit(name, found))

    # --- saving --------------------------------------------------------------------------------------

    def save(self) -> None:
        """Save the open session in the background if there is something to save."""
        document = self.state.document
        self._save_timer.stop()
        if document is None or self.state.is_saved:
            return

        def work(tick: Tick) -> None:
            self._write(document)

        self.jobs.start(
            "save", work, title=self.tr("Saving"), done=lambda _: self._saved(document), failed=self._not_saved
        )

    def save_now(self) -> bool:
        """Save before going on; False if that failed (the session is still shown as unsaved)."""
        document = self.state.document
        self._save_timer.stop()
        if document is None or self.state.is_saved:
            return True
        try:
            self._write(document)
        except UserError as error:
            self.refused.emit(self.tr("The session was not saved"), str(error))
            return False
        self._saved(document)
        return True

    def sign(self, who: str) -> None:
        """Sign the open session as it is now."""
        document, measures = self.state.document, self.state.measures
        if document is None or measures is None:
            return
        path = self.library_file

        def work(tick: Tick) -> None:
            from gaitviewer.store import open_library
            from gaitviewer.workflow.session import sign_session

            with self._saving, open_library(path) as library:
                sign_session(library, document, measures, who=who)

        def done(_: None) -> None:
            self._saved(document)
            self.signed.emit(who)

        self.jobs.start("sign", work, title=self.tr("Signing"), done=done)

    def _write(self, document: Document) -> None:
        from gaitviewer.store import open_library
        from gaitviewer.workflow.session import save_document

        with self._saving, open_library(self.library_file) as library:
            save_document(library, document)

    def _saved(self, document: Document) -> None:
        now = self.state.document
        if now is not None and now.session.id == document.session.id:
            self.state.mark_saved(document)

    def _not_saved(self, failure: JobFailure) -> None:
        self.refused.emit(self.tr("The session was not saved"), failure.message)

    # --- analysis ------------------------------------------------------------------------------------

    @property
    def analysing(self) -> bool:
        """Whether an analysis runs."""
        return self.jobs.get("analyse") is not None

    def analyse(self) -> None:
        """Analyse the open session in the background; recordings appear as they are ready."""
        document = self.state.document
        if document is None:
            return
        if self.analysing:
            words = self.tr("Another analysis is under way: wait for its end, or cancel it.")
            self.refused.emit(self.tr("Analysis"), words)
            return
        self.save_now()
        path = self.library_file
        wanted = self.state.settings.workers or 2
        self._came.clear()

        def work(tick: Tick) -> tuple[Document, str]:
            from gaitviewer.store import open_library
            from gaitviewer.workflow.session import analyse_document

            found, _, problems = analyse_document(
                document, workers=wanted, came=self._came.append, tick=tick, measure=False
            )
            with self._saving, open_library(path) as library:
                # Saved from here, so that an analysis counts even if its session was closed meanwhile.
                library.save_session(with_poses_of(library.load_session(found.session.id), found))
            return found, problems

        def done(result: tuple[Document, str]) -> None:
            self._came.clear()
            self._take_poses(result[0])
            self.analysed.emit(result[1])

        self.jobs.start(
            "analyse",
            work,
            title=self.tr("Analysing {subject}").format(subject=document.session.subject.pseudonym),
            done=done,
            ended=self.ended.emit,
        )
        self.started.emit()

    def _show_parts(self, job: Job[Any]) -> None:
        """Show recordings that an analysis finished while it goes on with others."""
        while job.key == "analyse" and self._came:
            self._take_poses(self._came.popleft())

    def _take_poses(self, found: Document) -> None:
        """Put new poses into the open session as it is by now; another one that is open stays."""
        now = self.state.document
        if now is not None and now.session.id == found.session.id:
            merged = with_poses_of(now, found)
            if not same_poses(merged, now):
                self.state.amend(merged)

    # --- new sessions --------------------------------------------------------------------------------

    def create(self, request: AnalyzeRequest, *, analyse: bool) -> None:
        """Keep the recordings of a request as a new session, open it, and analyse it if asked."""
        path = self.library_file

        def work(tick: Tick) -> Document:
            from gaitviewer.store import open_library
            from gaitviewer.workflow.session import create_session

            with open_library(path) as library:
                return create_session(request, library, tick=tick)

        self._make(work, self.tr("Reading the videos"), analyse=analyse)

    def make_demo(self) -> None:
        """Render, open and analyse the demo session."""
        path = self.library_file

        def work(tick: Tick) -> Document:
            from gaitviewer.errors import StoreError
            from gaitviewer.store import open_library
            from gaitviewer.workflow.demo import demo_request
            from gaitviewer.workflow.session import create_session, demo_in

            request = demo_request(paths.cache_dir() / "demo", tick=part(tick, 0.0, 0.9))
            with open_library(path) as library:
                try:
                    return create_session(request, library, tick=part(tick, 0.9, 1.0))
                except StoreError:
                    known = demo_in(library)
                    if known is None:
                        raise
                    return known

        self._make(work, self.tr("Demo session"), analyse=True)

    def _make(self, work: Callable[[Tick], Document], title: str, *, analyse: bool) -> None:
        def done(document: Document) -> None:
            self.save_now()
            self.show(document)
            self.list_sessions()
            if analyse and not has_poses(document):
                self.analyse()

        self.jobs.start("create", work, title=title, done=done)

    # --- videos that moved ---------------------------------------------------------------------------

    def find_video(self, trial: str, view: View, path: Path, done: Callable[[], None]) -> None:
        """Take a video at its new place after checking that it is the same file."""
        document = self.state.document
        if document is None:
            return

        def work(tick: Tick) -> Document:
            from gaitviewer.workflow.session import found_in_folder, found_video

            return found_in_folder(found_video(document, trial, view, path), path.parent)

        def found(changed: Document) -> None:
            now = self.state.document
            if now is not None and now.session.id == changed.session.id:
                self.state.amend(with_videos_of(now, changed))
                self.save()
                done()

        def failed(failure: JobFailure) -> None:
            self.refused.emit(self.tr("This is not the video"), failure.message)

        self.jobs.start("find video", work, title=self.tr("Checking the video"), done=found, failed=failed)


def _failed_job(failure: JobFailure) -> Any:
    """A stand-in with the failure, for the listeners of ``Jobs.failed``."""
    from types import SimpleNamespace

    return SimpleNamespace(failure=failure, title=failure.title)
