"""The analysis of the open session in the background, shown view by view, stored from its own job."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from gaitviewer.core.progress import Tick
from gaitviewer.gui.model.documents import has_poses
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.services.jobs import Job
from gaitviewer.gui.services.library_jobs import LibraryJobs
from gaitviewer.gui.services.measuring import MeasuringService
from gaitviewer.gui.services.saving import SavingService
from gaitviewer.messages import NOTHING, Message

if TYPE_CHECKING:
    from gaitviewer.core.document import Document
    from gaitviewer.core.gait import ByView, View
    from gaitviewer.workflow.app.settings import Settings

    Views = frozenset[tuple[str, View]]

_JOB = "analyse"


@dataclass(slots=True, eq=False)
class _Run:
    """One analysis of one session: what its thread has told of it, and what of that is shown.

    Attributes:
        document: what it was started with.
        gone: trials and views whose files were not there then.
        lost: trials and views that nothing comes from; told by the thread.
        came: the document after each view; told by the thread.
        shown: the document as it is shown over the open one; None: nothing came yet, or the run is over.
        shares: how far each video is (0..1, None: not told), by the name of its file.
        stored: the results that are in the library, and the problems; told by the thread.
        in_vain: the document with the videos marked that show nobody, where nothing else came of the run;
            told by the thread.
    """

    document: Document
    gone: Views
    lost: set[tuple[str, View]] = field(default_factory=set)
    came: deque[Document] = field(default_factory=deque)
    shown: Document | None = None
    shares: dict[str, float | None] = field(default_factory=dict)
    stored: tuple[Document, tuple[Message, ...]] | None = None
    in_vain: Document | None = None

    @property
    def session_id(self) -> str:
        """The session that is analysed."""
        return self.document.session.id

    @property
    def failed(self) -> Views:
        """What could have come and did not."""
        return frozenset(self.lost) - self.gone

    def lose(self, trial: str, view: View) -> None:
        """Nothing comes from this video."""
        self.lost.add((trial, view))

    def hear(self, note: Message) -> None:
        """Remember how far each video is: one note tells it of one."""
        from gaitviewer.workflow.analysis.run_session import progress_told

        name, share = progress_told(note)
        if name:
            self.shares[name] = share
        else:  # another recording begins, perhaps with files of the same names
            self.shares.clear()

    def take(self) -> bool:
        """Show the latest that came; whether there was anything."""
        if not self.came:
            return False
        self.shown = self.came[-1]
        self.came.clear()
        return True

    def end(self) -> None:
        """Nothing of it is shown over the document any more."""
        self.came.clear()
        self.shown = None


class AnalysisService(QObject):
    """Runs one analysis at a time; the session can be closed and opened again meanwhile.

    Signals:
        started, ended: an analysis of the open session began; one ended, however.
        partly: a view of the open session came from the analysis that goes on with others.
        analysed: an analysis ended well (a tuple of messages: the problems).
        refused: something cannot be done (title, sentence).
    """

    started = Signal()
    ended = Signal()
    partly = Signal()
    analysed = Signal(object)
    refused = Signal(str, str)

    def __init__(
        self,
        state: AppState,
        library: LibraryJobs,
        saving: SavingService,
        measuring: MeasuringService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._library = library
        self._jobs = library.jobs
        self._saving = saving
        self._measuring = measuring
        self._run: _Run | None = None  # the latest, perhaps over
        self._jobs.changed.connect(self._follow)

    @property
    def analysing(self) -> bool:
        """Whether an analysis runs."""
        return self._jobs.get(_JOB) is not None

    @property
    def latest(self) -> Document | None:
        """What the latest analysis was started with, perhaps over."""
        return None if self._run is None else self._run.document

    def analyse(self) -> None:
        """Analyse the open session in the background; views are shown as they come, kept when all is done."""
        document = self._state.kept
        if document is None:
            return
        if self.analysing:
            words = self.tr("Another analysis is under way: wait for its end, or cancel it.")
            self.refused.emit(self.tr("Analysis"), words)
            return
        from gaitviewer.workflow.sessions.lifecycle import missing_videos

        self._saving.save()
        gone = frozenset((trial, view) for trial, view, _ in missing_videos(document))
        run = self._run = _Run(document, gone, lost=set(gone))
        settings = self._state.settings

        def work(tick: Tick) -> None:
            self._work(run, settings, tick)

        def ended() -> None:
            self._end(run)

        title = self.tr("Analysing {subject}").format(subject=document.session.subject.pseudonym)
        self._jobs.start(_JOB, work, title=title, ended=ended)
        self.started.emit()

    def _work(self, run: _Run, settings: Settings, tick: Tick) -> None:
        """In the job's thread. What was found is stored here: it counts even if the session was closed."""
        from gaitviewer.workflow.analysis import run_session

        try:
            found, _, problems = run_session.analyse_document(
                run.document,
                workers=settings.workers or 2,
                pose_model=settings.pose_model,
                came=run.came.append,
                lost=run.lose,
                tick=tick,
                measure=False,
            )
        except run_session.NothingFoundError as error:
            if run_session.nobody_in(error.document):
                self._store(error.document)
                run.in_vain = error.document
            raise
        tick(0.99, NOTHING)
        self._store(found)
        run.stored = found, problems

    def _store(self, found: Document) -> None:
        with self._library.open() as library:
            self._saving.store_found(library, found)

    def _end(self, run: _Run) -> None:
        run.end()
        if run.stored is not None:  # even if it was cancelled in that very moment: the library holds it
            found, problems = run.stored
            self._settle(found)
            self.analysed.emit(problems)
        elif self._is_open(run):
            self._state.show_partial(None)
        if run.in_vain is not None:
            self._settle(run.in_vain)
        self.ended.emit()

    def _settle(self, found: Document) -> None:
        """Take the results over into the open session as it is by now; another one that is open stays."""
        from gaitviewer.workflow.analysis.run_session import views_to_come

        now = self._state.kept
        if now is not None and now.session.id == found.session.id:
            if self._state.document is not None and views_to_come(self._state.document):
                self._measuring.measure_anew()  # what was still to come did not come
            self._state.settle(found)

    def _follow(self, job: Job[Any]) -> None:
        """Show the views that an analysis has finished while it goes on with others."""
        run = self._run
        if job.key != _JOB or run is None:
            return
        run.hear(job.note)
        if not job.cancelled and not job.state.ended and run.take():
            self.show_found()

    def show_found(self) -> None:
        """Show what the analysis under way has found so far, if the open session is the one analysed."""
        run = self._run
        if run is not None and run.shown is not None and self._is_open(run):
            self._state.show_partial(run.shown)
            self._measuring.load_masks()
            self.partly.emit()

    def _is_open(self, run: _Run) -> bool:
        now = self._state.kept
        return now is not None and now.session.id == run.session_id

    # --- what is still to come -----------------------------------------------------------------------

    def to_come(self) -> Views:
        """Recordings and views of the open session that the analysis under way is still to bring."""
        job, run, document = self._jobs.get(_JOB), self._run, self._state.document
        if job is None or job.cancelled or run is None or document is None or not self._is_open(run):
            return frozenset()
        from gaitviewer.workflow.analysis.run_session import poses_to_come

        return poses_to_come(document) - frozenset(run.lost)

    def not_analysed(self) -> Views:
        """Recordings and views of the open session that an analysis could bring: their files are there.

        A view in which nobody was found does not count: it is analysed again when a person asks for it. One
        that failed for another reason a moment ago does not count either, unless there is nothing else.
        """
        document, run = self._state.document, self._run
        if document is None:
            return frozenset()
        from gaitviewer.workflow.analysis.run_session import nobody_in, poses_to_come
        from gaitviewer.workflow.sessions.lifecycle import missing_videos

        gone = frozenset((trial, view) for trial, view, _ in missing_videos(document))
        there = poses_to_come(document) - gone - nobody_in(document)
        tried = run.failed if run is not None and self._is_open(run) else frozenset()
        return there - tried if has_poses(document) else there

    def awaited(self) -> ByView[float | None]:
        """How far (0..1) each view of the recording that is shown is analysed; None: none is awaited."""
        from gaitviewer.core.gait import ByView, View
        from gaitviewer.workflow.analysis.run_session import progress_of_trial

        job, run, data, coming = self._jobs.get(_JOB), self._run, self._state.trial, self.to_come()
        if job is None or run is None or data is None or self._state.document is None:
            return ByView(None, None)
        trials = self._state.document.trials
        whole = progress_of_trial(job.fraction, trials.index(data), len(trials))

        def share(view: View) -> float | None:
            stream = data.trial.videos[view]
            if stream is None or (data.trial.id, view) not in coming:
                return None
            own = run.shares.get(stream.path.name, 0.0) if whole > 0.0 else 0.0
            return whole if own is None else own

        return ByView(share(View.SAGITTAL), share(View.CORONAL))
