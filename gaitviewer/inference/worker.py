"""The one process of a window in which torch lives: a crash or want of memory there costs the job only.

It is started by spawn when it is first needed, at low priority, and ends with its parent. What is exchanged is
pickled between the two processes of the program and never comes from a file.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from logging.handlers import QueueHandler
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from typing import Any, TypeVar

from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.errors import Cancelled, InferenceError, UserError, reason_of
from gaitviewer.messages import NOTHING, Message, as_written, message
from gaitviewer.util.processes import settle_in, worker_context

T = TypeVar("T")
Work = Callable[..., Any]
"""A function of a module, called in the worker with arguments, ``tick`` and ``tell``."""

_LOG = logging.getLogger(__name__)
_POLL_S = 0.05
_REPORT_S = 0.1
_GIVEN_UP_S = 1.0  # the longest that a cancelled worker may go on before it is ended
_NICE = 10


class _Line:
    """The worker's end of the pipe; what is logged goes to the window's log through it."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._turn = threading.Lock()

    def send(self, *what: Any) -> None:
        with self._turn:
            self._pipe.send(what)

    def put_nowait(self, record: logging.LogRecord) -> None:
        """As a :class:`QueueHandler` calls it."""
        self.send("log", record)


def serve(pipe: Connection, stop: Event) -> None:
    """Main function of the worker: do what is asked until the pipe closes."""
    settle_in(nice=_NICE)
    _leave_a_processor()
    line = _Line(pipe)
    handler = QueueHandler(line)  # type: ignore[arg-type]  # a line will do
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    with suppress(EOFError, OSError):
        while True:
            work, arguments = pipe.recv()
            line.send(*_done(work, arguments, line, stop))


def _leave_a_processor() -> None:
    """One is for the window."""
    import torch

    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    torch.set_num_threads(max(1, own - 1))


def _done(work: Work, arguments: tuple[Any, ...], line: _Line, stop: Event) -> tuple[Any, ...]:
    """The last word on one piece of work."""
    last = 0.0

    def tick(fraction: float, note: Message) -> None:
        nonlocal last
        if stop.is_set():
            raise Cancelled
        now = time.monotonic()
        if now - last >= _REPORT_S:
            last = now
            line.send("progress", fraction, note)

    def tell(what: object) -> None:
        line.send("told", what)

    try:
        return "done", work(*arguments, tick=tick, tell=tell)
    except Cancelled:
        return ("cancelled",)
    except UserError as error:
        return "refused", error
    except Exception as error:
        return "failed", as_written(f"{type(error).__name__}: {reason_of(error)}"), traceback.format_exc()


class ModelWorker:
    """The process, from the side of the window; several threads may ask, one after the other is served."""

    def __init__(self, main: Callable[[Connection, Event], None] = serve) -> None:
        """A worker that is started when it is first asked; ``main`` is what it runs."""
        self._main = main
        self._turn = threading.Lock()
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._stop: Event | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of the process, if one is there."""
        return None if self._process is None else self._process.pid

    def run(
        self,
        work: Work,
        *arguments: Any,
        tick: Tick = no_progress,
        told: Callable[[Any], None] = lambda what: None,
    ) -> Any:
        """Have something done.

        Args:
            work: a function of a module.
            arguments: for it.
            tick: told how far it is; what it raises ends the work, within a second or with the process.
            told: gets what the work tells before its end.

        Returns:
            What the function returned.

        Raises:
            UserError: as raised by the function; InferenceError if it failed, or the process died.
        """
        with self._waiting(tick):
            process, pipe, stop = self._started(tick)
            stop.clear()
            try:
                last = self._follow(pipe, (work, arguments), tick, told)
            except _Gone as error:
                raise self._death(process) from error
            except BaseException:
                self._interrupt(pipe, stop)
                raise
        match last:
            case "done", result:
                return result
            case "refused", UserError() as problem:
                raise problem
            case _, reason, details:
                _LOG.error("the process of the models failed:\n%s", details)
                raise InferenceError(message("error.model.worker_failed", reason=reason))

    @contextmanager
    def _waiting(self, tick: Tick) -> Iterator[None]:
        while not self._turn.acquire(timeout=_POLL_S):
            tick(0.0, NOTHING)
        try:
            yield
        finally:
            self._turn.release()

    def _started(self, tick: Tick) -> tuple[BaseProcess, Connection, Event]:
        process, pipe, stop = self._process, self._pipe, self._stop
        if process is not None and pipe is not None and stop is not None and process.is_alive():
            return process, pipe, stop
        self._end()
        tick(0.0, message("progress.model_starts"))
        context = worker_context()
        ours, theirs = context.Pipe()
        stop = context.Event()
        process = context.Process(target=self._main, args=(theirs, stop), daemon=True, name="models")
        process.start()
        theirs.close()
        self._process, self._pipe, self._stop = process, ours, stop
        if self._closed:  # meanwhile
            self._end()
            raise InferenceError(message("error.model.worker_closed"))
        return process, ours, stop

    def _follow(
        self, pipe: Connection, asked: tuple[Any, ...], tick: Tick, told: Callable[[Any], None]
    ) -> tuple[Any, ...]:
        """Ask, and listen to the last word."""
        at: tuple[float, Message] = (0.0, message("progress.model_starts"))
        _exchange(lambda: pipe.send(asked))
        while True:
            tick(*at)
            if not _exchange(lambda: pipe.poll(_POLL_S)):
                continue
            said = _exchange(pipe.recv)
            match said:
                case "progress", fraction, note:
                    at = fraction, note
                case "told", what:
                    told(what)
                case "log", record:
                    logging.getLogger(record.name).handle(record)
                case _:
                    return tuple(said)

    def _death(self, process: BaseProcess) -> InferenceError:
        process.join(1.0)
        code = process.exitcode
        self._end()
        if self._closed:
            return InferenceError(message("error.model.worker_closed"))
        _LOG.error("the process of the models ended (exit code %s)", code)
        return InferenceError(message("error.model.worker_stopped", exit_code=str(code)))

    def _interrupt(self, pipe: Connection, stop: Event) -> None:
        """Have the work stopped; a process that does not answer soon is ended, the next work gets a new one."""
        stop.set()
        deadline = time.monotonic() + _GIVEN_UP_S
        try:
            while pipe.poll(max(0.0, deadline - time.monotonic())):
                if pipe.recv()[0] not in ("progress", "told", "log"):
                    return
        except (EOFError, OSError):
            pass
        self._end()

    def _end(self) -> None:
        process, pipe = self._process, self._pipe
        self._process = self._pipe = self._stop = None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()
            process.join(2.0)

    def close(self) -> None:
        """End the process at once; nothing is asked any more, and who asks is told so."""
        self._closed = True
        process = self._process
        if process is not None:  # its pipe is closed by the thread that listens to it
            process.kill()
            process.join(2.0)


class _Gone(Exception):  # noqa: N818  it stays inside
    """The process does not answer any more."""


def _exchange(words: Callable[[], T]) -> T:
    try:
        return words()
    except (EOFError, OSError) as error:
        raise _Gone from error
