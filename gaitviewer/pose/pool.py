"""Worker processes with one started estimator each.

Started by spawn (MediaPipe does not survive a fork), at low priority, deaf to Ctrl-C (the parent stops
them), and ending by themselves when the parent dies.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from gaitviewer.errors import PoseError, UserError
from gaitviewer.messages import as_written, message
from gaitviewer.pose.estimator import PoseEstimator, make_estimator
from gaitviewer.util.processes import settle_in, worker_context

_LOG = logging.getLogger(__name__)
_POLL_S = 0.1
_REPORT_S = 0.15


class PoseTask(Protocol):
    """A picklable piece of work."""

    @property
    def weight(self) -> float:
        """Expected cost; the heaviest task is started first."""
        ...

    @property
    def name(self) -> str:
        """What it works on, for messages."""
        ...

    def perform(self, estimator: PoseEstimator, report: Callable[[int], None]) -> Any:
        """Do it, in the worker; ``report`` is told the number of finished frames."""
        ...


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: PoseTask | None = None


def work(pipe: Connection, model: str) -> None:
    """Main function of a worker: answer tasks until the pipe closes."""
    settle_in()
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)  # MediaPipe's C++ parts write to file descriptor 2 whatever they are told
    os.close(silent)
    estimator = make_estimator(model)
    try:
        estimator.start()
        while True:
            task = pipe.recv()
            pipe.send(("done", task.perform(estimator, _reporter(pipe))))
    except EOFError:
        pass
    except UserError as error:
        pipe.send(("refused", error))
    except MemoryError:
        pipe.send(("failed", message("error.pose.no_memory"), traceback.format_exc()))
    except Exception as error:
        pipe.send(("failed", as_written(f"{type(error).__name__}: {error}"), traceback.format_exc()))


def _reporter(pipe: Connection) -> Callable[[int], None]:
    last = 0.0

    def report(done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _REPORT_S:
            last = now
            pipe.send(("progress", done))

    return report


@contextlib.contextmanager
def _deaf_children() -> Iterator[None]:
    """Children started inside never hear Ctrl-C (POSIX hands a blocked signal down); this process, afterwards.

    Another thread may take the signal although this one blocks it, so the handler waits, too.

    Raises:
        KeyboardInterrupt: on leaving, if Ctrl-C came meanwhile.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    resource_tracker.ensure_running()  # else the first start would unblock the signal
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        if callable(before):
            signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before)
    if heard:
        raise KeyboardInterrupt


class WorkerPool:
    """Workers as a context manager; leaving it, in whatever way, leaves no process behind."""

    def __init__(self, count: int, model: str) -> None:
        self._count = count
        self._model = model
        self._workers: list[_Worker] = []

    def __enter__(self) -> WorkerPool:
        context = worker_context()
        try:
            with _deaf_children():
                for _ in range(self._count):
                    ours, theirs = context.Pipe()
                    process = context.Process(target=work, args=(theirs, self._model), daemon=True)
                    process.start()
                    theirs.close()
                    self._workers.append(_Worker(process, ours))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def run(
        self,
        tasks: Sequence[PoseTask],
        *,
        finished: Callable[[PoseTask, Any], Sequence[PoseTask]],
        progress: Callable[[PoseTask | None, int], None],
    ) -> None:
        """Work until nothing is left.

        Args:
            tasks: what to begin with.
            finished: gets each task with its result and returns the tasks that follow from it.
            progress: gets a task and its number of finished frames; also (None, 0) several times a second.
                Whatever it raises ends the work.

        Raises:
            UserError: as raised in a worker; PoseError if a worker died.
        """
        waiting = list(tasks)
        while waiting or any(w.task is not None for w in self._workers):
            waiting.sort(key=lambda t: -t.weight)
            for worker in self._workers:
                if worker.task is None and waiting:
                    worker.task = waiting.pop(0)
                    self._give(worker, worker.task)
            pipes = [w.pipe for w in self._workers]
            for ready in wait(pipes, timeout=_POLL_S):
                worker = next(w for w in self._workers if w.pipe is ready)
                waiting += self._hear(worker, finished, progress)
            progress(None, 0)

    def _give(self, worker: _Worker, task: PoseTask) -> None:
        try:
            worker.pipe.send(task)
        except OSError as error:
            raise self._death(worker) from error

    def _hear(
        self,
        worker: _Worker,
        finished: Callable[[PoseTask, Any], Sequence[PoseTask]],
        progress: Callable[[PoseTask | None, int], None],
    ) -> Sequence[PoseTask]:
        task = worker.task
        try:
            kind, *content = worker.pipe.recv()
        except (EOFError, OSError) as error:
            raise self._death(worker) from error
        if kind == "refused":
            raise content[0]
        if kind == "failed":
            _LOG.error("a pose worker failed:\n%s", content[1])
            what = task.name if task is not None else message("error.pose.start")
            raise PoseError(message("error.pose.failed", what=what, reason=content[0]))
        assert task is not None, "only a worker with a task speaks"
        if kind == "progress":
            progress(task, content[0])
            return ()
        worker.task = None
        return finished(task, content[0])

    def _death(self, worker: _Worker) -> PoseError:
        worker.process.join(1.0)
        what = worker.task.name if worker.task is not None else message("error.pose.first_video")
        return PoseError(
            message("error.pose.worker_stopped", what=what, exit_code=str(worker.process.exitcode))
        )

    def _end(self) -> None:
        for worker in self._workers:
            worker.pipe.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(2.0)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join(2.0)
            worker.process.close()
        self._workers.clear()
