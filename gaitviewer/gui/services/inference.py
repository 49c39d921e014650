"""Learned models asked in the background: about the open session, or a queue of sessions; answers are kept.

torch lives in one process of the window (:mod:`gaitviewer.inference.worker`); a job's thread talks to it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from gaitviewer.core.progress import Tick
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.services.analysis import AnalysisService
from gaitviewer.gui.services.jobs import Job, JobFailure
from gaitviewer.gui.services.library_jobs import LibraryJobs
from gaitviewer.gui.widgets.translation import say, say_sentence

if TYPE_CHECKING:
    from pathlib import Path

    from gaitviewer.core.output import Answer, ModelOutput
    from gaitviewer.inference.ask import Device
    from gaitviewer.inference.worker import ModelWorker
    from gaitviewer.messages import Message
    from gaitviewer.store import Library

TASKS = ("severity", "evgs", "scoliosis")
_JOB = "ask models"


@dataclass(frozen=True, slots=True)
class _Question:
    """A session to ask about: its id, what people call it, and which models (tasks) are asked."""

    session_id: str
    subject: str
    tasks: tuple[str, ...]


class InferenceService(QObject):
    """Asks models, keeps what they say in the library, and shows what is kept of the open session.

    Signals:
        changed: a question began or ended.
        refused: something cannot be done (title, sentence).
    """

    changed = Signal()
    refused = Signal(str, str)

    def __init__(
        self,
        state: AppState,
        library: LibraryJobs,
        analysis: AnalysisService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._library = library
        self._jobs = library.jobs
        self._analysis = analysis
        self._answers = state.answers
        self._worker: ModelWorker | None = None
        self._waiting: deque[_Question] = deque()
        self._asked = self._total = 0  # of the questions since nothing was asked last
        self._came: deque[tuple[str, str, ModelOutput]] = deque()  # session, task, output; told by the thread
        self._problems: list[str] = []
        self._shown_id = ""
        self._outputs: dict[str, ModelOutput] = {}  # of the session that is open
        state.session_changed.connect(self._session_changed)
        state.document_changed.connect(self._judge)
        analysis.analysed.connect(lambda _: self._after_analysis())
        self._jobs.changed.connect(self._follow)

    # --- asking --------------------------------------------------------------------------------------

    @property
    def asking(self) -> bool:
        """Whether a model is being asked, or waits to be."""
        return self._jobs.get(_JOB) is not None or bool(self._waiting)

    @property
    def out_of_date(self) -> tuple[str, ...]:
        """Tasks whose answers about the open session are out of date."""
        return tuple(answer.task for answer in self._answers.all if answer.out_of_date)

    def ask_open(self, tasks: Iterable[str] = TASKS) -> None:
        """Ask models about the open session, before all that waits."""
        document = self._state.kept
        if document is not None:
            subject = document.session.subject.pseudonym
            self._add([_Question(document.session.id, subject, tuple(tasks))], first=True)

    def ask_again(self) -> None:
        """Ask the models again whose answers are out of date."""
        self.ask_open(self.out_of_date)

    def ask_sessions(self, sessions: Iterable[tuple[str, str]]) -> None:
        """Ask all models about sessions of the library (id, subject), one after the other."""
        self._add([_Question(session_id, subject, TASKS) for session_id, subject in sessions])

    def _after_analysis(self) -> None:
        asked = self._analysis.latest
        if self._state.settings.ask_after_analysis and asked is not None:
            self._add([_Question(asked.session.id, asked.session.subject.pseudonym, TASKS)])

    def _add(self, questions: list[_Question], *, first: bool = False) -> None:
        if self._jobs.closing:
            return
        if not self.asking:
            self._asked = self._total = 0
        new = [one for one in questions if one.tasks and one not in self._waiting]
        self._total += len(new)
        if first:
            self._waiting.extendleft(reversed(new))
        else:
            self._waiting.extend(new)
        self._next()

    def _next(self) -> None:
        if self._jobs.closing or self._jobs.get(_JOB) is not None or not self._waiting:
            return
        question = self._waiting.popleft()
        self._asked += 1
        now, settings = self._state.kept, self._state.settings
        document = now if now is not None and now.session.id == question.session_id else None
        title = self.tr("Models, {subject}").format(subject=question.subject)
        if self._total > 1:
            title += self.tr(" ({n} of {all})").format(n=self._asked, all=self._total)
        worker = self._ready_worker()

        def work(tick: Tick) -> tuple[Message, ...]:
            from gaitviewer.inference.ask import ask_models

            about = document
            if about is None:
                with self._library.open() as library:
                    about = library.load_session(question.session_id)

            def told(said: tuple[str, ModelOutput]) -> None:
                self._came.append((question.session_id, *said))
                if not self._library.read_only:
                    with self._library.open() as library:
                        library.save_answer(question.session_id, *said)

            asked = about, question.tasks, settings.model_device, settings.model_precision
            found: tuple[Message, ...] = worker.run(ask_models, *asked, tick=tick, told=told)
            return found

        def done(problems: tuple[Message, ...]) -> None:
            self._problems += [f"{question.subject}: {say_sentence(problem)}" for problem in problems]

        def failed(failure: JobFailure) -> None:
            if failure.expected:
                self._problems.append(f"{question.subject}: {say_sentence(failure.message)}")
            else:
                self._jobs.failed.emit(failure)

        def ended() -> None:
            if job.cancelled:
                self._waiting.clear()
            self._take()
            self._next()
            if not self.asking and self._problems:
                words, self._problems = "\n".join(dict.fromkeys(self._problems)), []
                self.refused.emit(self.tr("Not all models answered"), words)
            self.changed.emit()

        job = self._jobs.start(_JOB, work, title=title, done=done, failed=failed, ended=ended)
        self.changed.emit()

    def _follow(self, job: Job[Any]) -> None:
        if job.key == _JOB:
            self._take()

    def _take(self) -> None:
        """Show what was answered meanwhile, if it is about the session that is open."""
        fresh = False
        while self._came:
            session_id, task, output = self._came.popleft()
            if session_id == self._shown_id:
                self._outputs[task] = output
                fresh = True
        if fresh:
            self._judge()

    # --- what is shown -------------------------------------------------------------------------------

    def _session_changed(self) -> None:
        document = self._state.kept
        self._outputs = {}
        self._shown_id = "" if document is None else document.session.id
        if self._answers.all:
            self._answers.show(())
        if document is None or self._jobs.closing:
            return
        name = self._shown_id

        def work(library: Library, tick: Tick) -> list[Answer]:
            from gaitviewer.inference.answers import stored_answers

            return stored_answers(library, document)

        def done(found: list[Answer]) -> None:
            if name != self._shown_id:
                return
            alone = not self._outputs and self._state.kept is document
            # What was answered meanwhile is newer.
            self._outputs = {answer.task: answer.output for answer in found} | self._outputs
            if alone:
                self._show(found)
            else:
                self._judge()

        nothing: list[Answer] = []
        title = self.tr("Reading the answers of models")
        self._library.start("answers", work, title=title, absent=nothing, done=done)

    def _judge(self) -> None:
        """Show the answers, each with whether it is out of date by now."""
        document, outputs = self._state.kept, dict(self._outputs)
        if document is None or not outputs or self._jobs.closing:
            return

        def work(tick: Tick) -> list[Answer]:
            from gaitviewer.inference.answers import judged, weights_digests

            return judged(outputs, document, weights_digests())

        def done(found: list[Answer]) -> None:
            if self._state.kept is document and outputs == self._outputs:
                self._show(found)

        self._jobs.start("judge answers", work, done=done)

    def _show(self, found: list[Answer]) -> None:
        if _differ(found, self._answers.all):
            self._answers.show(found)
            self.changed.emit()

    # --- devices and models --------------------------------------------------------------------------

    def find_devices(self, done: Callable[[tuple[Device, ...]], None]) -> None:
        """Find out where models can compute here."""
        worker = self._ready_worker()

        def work(tick: Tick) -> tuple[Device, ...]:
            from gaitviewer.inference.ask import list_devices

            found: tuple[Device, ...] = worker.run(list_devices, tick=tick)
            return found

        self._jobs.start("devices", work, title=self.tr("Looking for devices"), done=done)

    def verify(self, model: str, done: Callable[[str], None]) -> None:
        """Check a model and ask it once; ``done`` gets what is wrong with it, "" for nothing."""
        worker = self._ready_worker()

        def work(tick: Tick) -> Message:
            from gaitviewer.inference.ask import verify_model

            found: Message = worker.run(verify_model, model, tick=tick)
            return found

        title = self.tr("Checking {model}").format(model=model)
        self._jobs.start(
            f"verify {model}",
            work,
            title=title,
            done=lambda found: done(say(found)),
            failed=lambda failure: done(say(failure.message)),
        )

    def add(self, folder: Path, done: Callable[[str], None], failed: Callable[[str], None]) -> None:
        """Add a model folder once it was checked and asked; ``done`` gets its id, ``failed`` a sentence."""
        worker = self._ready_worker()

        def work(tick: Tick) -> str:
            from gaitviewer.inference.ask import add_folder

            return str(worker.run(add_folder, folder, tick=tick))

        def added(model: str) -> None:
            self._judge()
            done(model)

        self._jobs.start(
            "add model",
            work,
            title=self.tr("Trying the model"),
            done=added,
            failed=lambda failure: failed(say_sentence(failure.message)),
        )

    def models_changed(self) -> None:
        """Models were removed: what they said is out of date."""
        self._judge()

    def _ready_worker(self) -> ModelWorker:
        if self._worker is None:
            from gaitviewer.inference.worker import ModelWorker

            self._worker = ModelWorker()
        return self._worker

    def close(self) -> None:
        """End the process of the models; the window closes."""
        if self._worker is not None:
            self._worker.close()


def _differ(found: list[Answer], shown: tuple[Answer, ...]) -> bool:
    def facts(answers: Iterable[Answer]) -> list[tuple[str, object, bool]]:
        return [(answer.task, answer.output, answer.out_of_date) for answer in answers]

    return facts(found) != facts(shown)
