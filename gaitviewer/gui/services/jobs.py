"""Work in the background: plain Python jobs in threads, one bridge to the window.

A job is a function of one argument, ``tick(fraction, note)``, that returns its result. What it reports goes
into a queue; one long-lived :class:`QObject` with one queued signal empties that queue on the window's
thread and calls back there. (A QObject for each job was seen to crash; plain objects do not.)
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from gaitviewer.core.progress import Tick
from gaitviewer.errors import Cancelled, UserError
from gaitviewer.messages import NOTHING, Message, message

T = TypeVar("T")
Work = Callable[[Tick], T]

# A time estimate is not worth showing earlier than this.
LIBRARY = "library"  # the lane of what reads or writes the open session
_ESTIMATE_AFTER_S = 1.0
_ESTIMATE_AFTER_FRACTION = 0.02


class JobState(Enum):
    """Where a job is in its life."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class JobFailure:
    """Why a job failed.

    Attributes:
        title: of the job.   message: what to show.   details: to copy (the traceback).
        expected: whether it is something the user can mend; otherwise it is a fault of the program.
        kind: class of the error.
    """

    title: str
    message: Message
    details: str
    expected: bool
    kind: type[BaseException] = Exception


class Job(Generic[T]):
    """One piece of work and how far it is; read it on the window's thread.

    Attributes:
        key, title: what it is; at most one job of a key counts.
        lane: jobs wait for others of their own lane only.
        state, fraction, note: how far it is.
        failure: why it failed, once it has.
    """

    def __init__(
        self,
        key: str,
        title: str,
        work: Work[T],
        done: Callable[[T], None] | None,
        failed: Callable[[JobFailure], None] | None,
        ended: Callable[[], None] | None,
        lane: str = "",
    ) -> None:
        self.key = key
        self.lane = lane
        self.title = title
        self.state = JobState.WAITING
        self.fraction = 0.0
        self.note = NOTHING
        self.failure: JobFailure | None = None
        self._work = work
        self._done = done
        self._failed = failed
        self._ended = ended
        self._stop = threading.Event()
        self._over = threading.Event()
        self._reported: tuple[float, Message] | None = None
        self._started_s = 0.0

    def cancel(self) -> None:
        """Ask the work to stop at its next tick; its result will not be delivered."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    def wait(self, longest_s: float) -> bool:
        """Wait for the end of the work, not of its delivery; whether it came in time."""
        return self._over.wait(longest_s)

    @property
    def remaining_s(self) -> float | None:
        """Estimated seconds to the end, None while nothing can be said."""
        elapsed = time.monotonic() - self._started_s
        if self.state is not JobState.RUNNING or elapsed < _ESTIMATE_AFTER_S:
            return None
        if self.fraction < _ESTIMATE_AFTER_FRACTION:
            return None
        return elapsed * (1.0 - self.fraction) / self.fraction


class _Bridge(QObject):
    """The only way from a job's thread to the window's."""

    posted = Signal()


class Jobs(QObject):
    """All background work of the window.

    Signals:
        changed: a job was added, moved on, or ended (:class:`Job`).
        failed: a job failed, and nobody else deals with it (:class:`JobFailure`).
    """

    changed = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None, *, at_once: int = 3) -> None:
        """Run at most ``at_once`` jobs at the same time; the others wait in the order of coming.

        Jobs of the lane :data:`LIBRARY` run one after the other and wait for no other job.
        """
        super().__init__(parent)
        self._at_once = at_once
        self._lock = threading.Lock()
        self._jobs: list[Job[Any]] = []
        self._waiting: deque[Job[Any]] = deque()
        self._threads: dict[Job[Any], threading.Thread] = {}
        self._messages: deque[tuple[Job[Any], JobState, Any]] = deque()
        self._posted = False
        self._closing = False
        self._bridge = _Bridge(self)
        self._bridge.posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def start(
        self,
        key: str,
        work: Work[T],
        *,
        title: str = "",
        done: Callable[[T], None] | None = None,
        failed: Callable[[JobFailure], None] | None = None,
        ended: Callable[[], None] | None = None,
        lane: str = "",
    ) -> Job[T]:
        """Start work; a running or waiting job of the same key is cancelled and not delivered.

        Args:
            key: what the work is about ("measure", "analyse/s12").
            work: function of ``tick``; runs in a thread and must not touch the window.
            title: for people.
            done: called with the result on the window's thread.
            failed: called with the failure on the window's thread; without it :attr:`failed` is emitted.
            ended: called on the window's thread however it ended, superseded and cancelled included.
            lane: :data:`LIBRARY` for what reads or writes the open session, so that no long job holds it up.

        Raises:
            RuntimeError: the window is closing.
        """
        if self._closing:
            raise RuntimeError("no jobs after shutdown")
        self.cancel(key)
        job = Job(key, title or key, work, done, failed, ended, lane)
        with self._lock:
            self._jobs.append(job)
            self._waiting.append(job)
        self._start_waiting()
        self.changed.emit(job)
        return job

    @property
    def closing(self) -> bool:
        """Whether no job can be started any more."""
        return self._closing

    @property
    def active(self) -> tuple[Job[Any], ...]:
        """Jobs that wait or run, without those that were cancelled."""
        return tuple(job for job in self._jobs if not job.cancelled)

    def get(self, key: str) -> Job[Any] | None:
        """The job of this key that waits or runs."""
        return next((job for job in self.active if job.key == key), None)

    def cancel(self, key: str) -> bool:
        """Cancel the job of this key; False if there is none."""
        found = [job for job in self._jobs if job.key == key and not job.cancelled]
        for job in found:
            job.cancel()
        return bool(found)

    def cancel_all(self) -> None:
        """Cancel everything."""
        for job in self._jobs:
            job.cancel()

    def shutdown(self, wait_s: float = 2.0) -> tuple[str, ...]:
        """Cancel everything, wait at most ``wait_s`` seconds, end worker processes that are left.

        Nothing is called back any more. Returns the titles of jobs whose threads still run (they end with
        the program); normally none.
        """
        self.cancel_all()
        with self._lock:
            self._closing = True
            self._waiting.clear()
            threads = dict(self._threads)
        deadline = time.monotonic() + wait_s
        for thread in threads.values():
            thread.join(max(0.0, deadline - time.monotonic()))
        left = tuple(job.title for job, thread in threads.items() if thread.is_alive())
        if left:
            import multiprocessing

            for child in multiprocessing.active_children():
                child.terminate()
                child.join(0.5)
                if child.is_alive():
                    child.kill()
        self._messages.clear()
        self._jobs.clear()
        return left

    # --- in a job's thread ---------------------------------------------------------------------------

    def _start_waiting(self) -> None:
        """Start as many waiting jobs as may run; called from any thread."""
        with self._lock:
            while (job := self._next()) is not None and not self._closing:
                self._waiting.remove(job)
                thread = threading.Thread(target=self._run, args=(job,), name=f"job {job.key}", daemon=True)
                self._threads[job] = thread
                thread.start()

    def _next(self) -> Job[Any] | None:
        """The first waiting job whose lane has room."""
        running = Counter(job.lane for job in self._threads)
        limits = {LIBRARY: 1}
        return next((j for j in self._waiting if running[j.lane] < limits.get(j.lane, self._at_once)), None)

    def _run(self, job: Job[Any]) -> None:
        def tick(fraction: float, note: Message) -> None:
            if job.cancelled:
                raise Cancelled
            fresh = job._reported is None
            job._reported = (min(1.0, max(0.0, fraction)), note)
            if fresh:  # an unread report is overwritten, not queued
                self._post(job, JobState.RUNNING, None)

        state, outcome = JobState.CANCELLED, None
        try:
            if not job.cancelled:
                job._started_s = time.monotonic()
                self._post(job, JobState.RUNNING, None)
                state, outcome = JobState.DONE, job._work(tick)
        except Cancelled:
            state, outcome = JobState.CANCELLED, None
        except BaseException as error:
            state, outcome = JobState.FAILED, _describe(job.title, error)
        with self._lock:
            self._threads.pop(job, None)
        self._post(job, state, outcome)
        job._over.set()
        self._start_waiting()

    def _post(self, job: Job[Any], state: JobState, value: Any) -> None:
        with self._lock:
            if self._closing:
                return
            self._messages.append((job, state, value))
            first = not self._posted
            self._posted = True
            if first:  # inside the lock: shutdown cannot end the bridge in between
                self._bridge.posted.emit()

    # --- on the window's thread ----------------------------------------------------------------------

    def deliver(self) -> None:
        """Call back now for what has ended, on the window's thread; it happens by itself as well."""
        self._deliver()

    def _deliver(self) -> None:
        while True:
            with self._lock:
                if not self._messages:
                    self._posted = False
                    return
                job, state, value = self._messages.popleft()
            try:
                self._apply(job, state, value)
            except Exception:  # a listener's fault must not swallow the other jobs' results
                sys.excepthook(*sys.exc_info())

    def _apply(self, job: Job[Any], state: JobState, value: Any) -> None:
        report, job._reported = job._reported, None
        if report is not None:
            job.fraction, job.note = report
        if state is JobState.RUNNING:
            job.state = state
            if not job.cancelled:
                self.changed.emit(job)
            return
        job.state = JobState.CANCELLED if job.cancelled else state
        if job in self._jobs:
            self._jobs.remove(job)
        try:
            self._call_back(job, value)
        finally:
            job._work = _nothing  # let go of what the work holds
            self.changed.emit(job)
            if job._ended is not None:
                job._ended()

    def _call_back(self, job: Job[Any], value: Any) -> None:
        if job.state is JobState.DONE:
            job.fraction = 1.0
            if job._done is not None:
                job._done(value)
        elif job.state is JobState.FAILED:
            job.failure = value
            if job._failed is not None:
                job._failed(value)
            else:
                self.failed.emit(value)


def _nothing(tick: Tick) -> None:
    """The work of a job that is over."""


def _describe(title: str, error: BaseException) -> JobFailure:
    details = "".join(traceback.format_exception(error))
    if isinstance(error, UserError):
        return JobFailure(title, error.message, details, True, type(error))
    fault = message("error.program.fault", kind=type(error).__name__)
    return JobFailure(title, fault, details, False, type(error))
