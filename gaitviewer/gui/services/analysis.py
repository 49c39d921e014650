"""What the window does in the background: each piece of work is a job, none holds the library open."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from gaitviewer import paths
from gaitviewer.core.document import Document
from gaitviewer.core.edits import move_videos
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.messages import NOTHING
from gaitviewer.core.progress import Tick, subprogress
from gaitviewer.gui.model.documents import has_poses, same_inputs, with_poses_of
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.services.jobs import Job, JobFailure, Jobs
from gaitviewer.gui.services.saving import SavingService
from gaitviewer.workflow.analysis import run_session
from gaitviewer.workflow.analysis.run_session import (
    poses_to_come,
    progress_of_trial,
    progress_told,
    views_to_come,
)
from gaitviewer.workflow.app import privacy
from gaitviewer.workflow.sessions.lifecycle import missing_videos

if TYPE_CHECKING:
    from gaitviewer.store import Library
    from gaitviewer.workflow.analysis.request import AnalyzeRequest

_MASKS_AFTER_MS = 300


class AnalysisService(SavingService):
    """Everything that takes time, around one :class:`AppState`.

    Signals:
        opened: a session was opened; its measures may still be on their way.
        started, ended: an analysis of the open session began; one ended, however.
        partly: a view of the open session came from the analysis that goes on with others.
        analysed: an analysis ended well (problems in words, "" for none).
        found: a video that was missing is there again.
        masked: outlines of the open trial are there (trial id, ``ByView``).
    """

    opened = Signal()
    started = Signal()
    ended = Signal()
    partly = Signal()
    analysed = Signal(str)
    found = Signal()
    masked = Signal(str, object)

    def __init__(
        self, state: AppState, jobs: Jobs, *, library: Path | None = None, parent: QObject | None = None
    ) -> None:
        """Work for ``state``; ``library`` is the user's own where it is None."""
        super().__init__(state, jobs, library=library, parent=parent)
        self._measured: Document | None = None
        # What the analysis under way has found: told by its thread, and what of it is shown.
        self._came: deque[Document] = deque()
        self._found: Document | None = None
        self._analysed_id = ""
        self._masks_soon = QTimer(self)
        self._masks_soon.setSingleShot(True)
        self._masks_soon.setInterval(_MASKS_AFTER_MS)
        self._masks_soon.timeout.connect(self._load_masks)
        self._lost: set[tuple[str, View]] = set()
        self._gone: frozenset[tuple[str, View]] = frozenset()
        self._shares: dict[str, float | None] = {}  # how far each file is, as told last
        state.document_changed.connect(self._document_changed)
        jobs.changed.connect(self._show_parts)

    # --- one session ---------------------------------------------------------------------------------

    def open(self, session_id: str) -> None:
        """Open a session of the library; its measures follow."""
        if not self.save_now():
            return
        path = self.library_file

        def work(tick: Tick) -> Document:
            from gaitviewer.store import open_library

            with self._saving, open_library(path) as library:
                document, self._revisions[session_id] = library.load_revision(session_id)
                return self._note_signature(library, document)

        self.jobs.start("open", work, title=self.tr("Opening the session"), done=self.show)

    def show(self, document: Document) -> None:
        """Show a session that is in the library."""
        self.jobs.cancel("measure")
        self._measured = None
        privacy.hide(document.session.subject.pseudonym)
        for data in document.trials:
            for view in data.trial.views:
                if (stream := data.trial.videos[view]) is not None:
                    privacy.hide(stream.path)
        self.state.open_session(document)
        self._show_partial()
        self.opened.emit()

    def close(self) -> bool:
        """Save and close the open session (an analysis of it goes on); False if it could not be saved."""
        if not self.save_now():
            return False
        self.jobs.cancel("measure")
        self._measured = None
        self.state.close_session()
        return True

    def _document_changed(self) -> None:
        document = self.state.document
        if document is None:
            return
        self.save_soon()
        if not same_inputs(document, self._measured):
            self.measure()

    def measure(self) -> None:
        """Measure the open session anew; a run that is under way is superseded."""
        document = self.state.document
        if document is None:
            return
        self._measured, partial = document, self.state.is_partial
        if not has_poses(document):
            self.state.set_measures(None, None)
            return

        def work(tick: Tick) -> Measures:
            from gaitviewer.workflow.analysis.measures_cache import cached_measures
            from gaitviewer.workflow.analysis.run_session import mark_to_come

            measures = cached_measures(document, tick=tick)
            return mark_to_come(measures, document) if partial else measures

        def done(measures: Measures) -> None:
            if self.state.document is not None and self.state.document.session.id == document.session.id:
                self.state.set_measures(measures, document)

        def failed(failure: JobFailure) -> None:
            if failure.expected and self.state.is_partial:
                self._measured = None  # tried again with the views to come
            elif failure.expected:
                self.state.set_measures(None, None)
                self.refused.emit(self.tr("Nothing could be measured"), failure.message)
            else:
                self._tell(failure)

        self.jobs.start("measure", work, title=self.tr("Measuring"), done=done, failed=failed)

    def load_masks(self) -> None:
        """Fetch the outlines of the person for the trial that is shown, where they are still cached.

        Soon rather than at once: they matter less than pictures and curves.
        """
        self._masks_soon.start()

    def _load_masks(self) -> None:
        data = self.state.trial
        if data is None or self.jobs.closing:
            return

        def work(tick: Tick) -> ByView[Any]:
            from gaitviewer.workflow.sessions.masks import masks_of

            return masks_of(data)

        name = data.trial.id
        self.jobs.start("masks", work, done=lambda found: self.masked.emit(name, found))

    # --- analysis ------------------------------------------------------------------------------------

    @property
    def analysing(self) -> bool:
        """Whether an analysis runs."""
        return self.jobs.get("analyse") is not None

    def analyse(self) -> None:
        """Analyse the open session in the background; views are shown as they come, kept when all is done."""
        document = self.state.kept
        if document is None or self._is_busy():
            return
        self.save_now()
        wanted = self.state.settings.workers or 2
        came: deque[Document] = deque()
        stored: list[tuple[Document, str]] = []
        in_vain: list[Document] = []
        self._gone = frozenset((trial, view) for trial, view, _ in missing_videos(document))
        lost = set(self._gone)  # nothing comes from a file that is not there
        self._came, self._found, self._shares = came, None, {}
        self._analysed_id, self._lost = document.session.id, lost

        def work(tick: Tick) -> None:
            try:
                found, _, problems = run_session.analyse_document(
                    document,
                    workers=wanted,
                    came=came.append,
                    lost=lambda trial, view: lost.add((trial, view)),
                    tick=tick,
                    measure=False,
                )
            except run_session.NothingFoundError as error:
                if run_session.nobody_in(error.document):
                    self._store(error.document)
                    in_vain.append(error.document)
                raise
            tick(0.99, NOTHING)
            self._store(found)
            stored.append((found, problems))

        def ended() -> None:
            if self._came is came:
                self._came, self._found = deque(), None
            if stored:  # even if it was cancelled in that very moment: the library holds it
                self._settle(stored[0][0])
                self.analysed.emit(stored[0][1])
            elif self._is_open(document):
                self.state.show_partial(None)
            for one in in_vain:
                self._settle(one)
            self.ended.emit()

        title = self.tr("Analysing {subject}").format(subject=document.session.subject.pseudonym)
        self.jobs.start("analyse", work, title=title, ended=ended)
        self.started.emit()

    def _is_busy(self) -> bool:
        """Whether an analysis runs, which is said."""
        if self.analysing:
            words = self.tr("Another analysis is under way: wait for its end, or cancel it.")
            self.refused.emit(self.tr("Analysis"), words)
        return self.analysing

    def to_come(self) -> frozenset[tuple[str, View]]:
        """Recordings and views of the open session that the analysis under way is still to bring."""
        job, document = self.jobs.get("analyse"), self.state.document
        if job is None or job.cancelled or document is None or document.session.id != self._analysed_id:
            return frozenset()
        return poses_to_come(document) - frozenset(self._lost)

    def not_analysed(self) -> frozenset[tuple[str, View]]:
        """Recordings and views of the open session that an analysis could bring: their files are there.

        A view in which nobody was found does not count: it is analysed again when a person asks for it. One
        that failed for another reason a moment ago does not count either, unless there is nothing else.
        """
        document = self.state.document
        if document is None:
            return frozenset()
        gone = frozenset((trial, view) for trial, view, _ in missing_videos(document))
        there = poses_to_come(document) - gone - run_session.nobody_in(document)
        tried = frozenset(self._lost) - self._gone if document.session.id == self._analysed_id else frozenset()
        return there - tried if has_poses(document) else there

    def awaited(self) -> ByView[float | None]:
        """How far (0..1) each view of the recording that is shown is analysed; None: none is awaited."""
        job, data, coming = self.jobs.get("analyse"), self.state.trial, self.to_come()
        if job is None or data is None or self.state.document is None:
            return ByView(None, None)
        trials = self.state.document.trials
        whole = progress_of_trial(job.fraction, trials.index(data), len(trials))

        def share(view: View) -> float | None:
            stream = data.trial.videos[view]
            if stream is None or (data.trial.id, view) not in coming:
                return None
            own = self._shares.get(stream.path.name, 0.0) if whole > 0.0 else 0.0
            return whole if own is None else own

        return ByView(share(View.SAGITTAL), share(View.CORONAL))

    def _hear(self, job: Job[Any]) -> None:
        """Remember how far each video is: one note tells it of one."""
        name, share = progress_told(job.note)
        if name:
            self._shares[name] = share
        else:  # another recording begins, perhaps with files of the same names
            self._shares.clear()

    def _store(self, found: Document) -> None:
        """Save results from the job itself, so that they count even if the session was closed meanwhile."""
        from gaitviewer.store import open_library
        from gaitviewer.workflow.sessions.thumbnails import forget_thumbnail

        name = found.session.id
        with self._saving, open_library(self.library_file) as library:
            now, opened = library.load_revision(name)
            revision = library.save_session(with_poses_of(now, found), opened=opened)
            if self._revisions.get(name) == opened:
                self._revisions[name] = revision
        forget_thumbnail(name)  # now it is known where the person is

    def _show_parts(self, job: Job[Any]) -> None:
        """Show the views that an analysis has finished while it goes on with others."""
        if job.key == "analyse":
            self._hear(job)
        if job.key == "analyse" and self._came and not job.cancelled and not job.state.ended:
            self._found = self._came[-1]
            self._came.clear()
            self._show_partial()

    def _show_partial(self) -> None:
        if self._found is not None and self._is_open(self._found):
            self.state.show_partial(self._found)
            self.load_masks()
            self.partly.emit()

    def _is_open(self, document: Document) -> bool:
        now = self.state.kept
        return now is not None and now.session.id == document.session.id

    def _settle(self, found: Document) -> None:
        """Take the results over into the open session as it is by now; another one that is open stays."""
        if self._is_open(found):
            if self.state.document is not None and views_to_come(self.state.document):
                self._measured = None  # what was still to come did not come
            self.state.settle(found)

    # --- new sessions --------------------------------------------------------------------------------

    def create(self, request: AnalyzeRequest, *, analyse: bool) -> None:
        """Keep the recordings of a request as a new session, open it, and analyse it if asked."""
        path = self.library_file

        def work(tick: Tick) -> Document:
            from gaitviewer.store import open_library
            from gaitviewer.workflow.sessions.lifecycle import create_session

            with open_library(path) as library:
                return self._known(library, create_session(request, library, tick=tick))

        self._make(work, self.tr("Reading the videos"), analyse=analyse)

    def make_demo(self) -> None:
        """Render, open and analyse the demo session."""
        path = self.library_file

        def work(tick: Tick) -> Document:
            from gaitviewer.errors import StoreError
            from gaitviewer.store import open_library
            from gaitviewer.workflow.sessions.demo import demo_request
            from gaitviewer.workflow.sessions.lifecycle import create_session, demo_in

            request = demo_request(paths.cache_dir() / "demo", tick=subprogress(tick, 0.0, 0.9))
            with open_library(path) as library:
                try:
                    made = create_session(request, library, tick=subprogress(tick, 0.9, 1.0))
                except StoreError:
                    known = demo_in(library)
                    if known is None:
                        raise
                    made = known
                return self._known(library, made)

        self._make(work, self.tr("Demo session"), analyse=True)

    def _known(self, library: Library, document: Document) -> Document:
        self._revisions[document.session.id] = library.revision(document.session.id)
        return self._note_signature(library, document)

    def _make(self, work: Callable[[Tick], Document], title: str, *, analyse: bool) -> None:
        def done(document: Document) -> None:
            self.list_sessions()
            if not self.save_now():
                return
            self.show(document)
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
            from gaitviewer.workflow.sessions.lifecycle import found_in_folder, found_video

            return found_in_folder(found_video(document, trial, view, path), path.parent)

        def found(changed: Document) -> None:
            now = self.state.document
            if now is not None and now.session.id == changed.session.id:
                self._amend_signed(lambda document: move_videos(document, changed))
                self.save()
                done()
                self.found.emit()

        def failed(failure: JobFailure) -> None:
            self.refused.emit(self.tr("This is not the video"), failure.message)

        self.jobs.start("find video", work, title=self.tr("Checking the video"), done=found, failed=failed)
