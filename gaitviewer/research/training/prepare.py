"""From sessions to examples, through the production path; each session once, kept on disk."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from concurrent.futures import as_completed
from pathlib import Path

import numpy as np

from gaitviewer import paths
from gaitviewer.core.learning import LearningData
from gaitviewer.core.progress import Tick
from gaitviewer.errors import SettingsError, UserError
from gaitviewer.messages import as_written, message
from gaitviewer.research.training import prepared_examples
from gaitviewer.research.training.data import open_data
from gaitviewer.research.training.prepared_examples import PreparedSession
from gaitviewer.research.training.registry import open_task
from gaitviewer.research.training.splits import stratum_of
from gaitviewer.research.training.task import LearnedSystem
from gaitviewer.util.processes import worker_pool

log = logging.getLogger(__name__)


def prepare(
    task_name: str,
    source: Path,
    *,
    labels: Path | None = None,
    tick: Tick,
    workers: int = 2,
    cache: Path | None = None,
) -> tuple[PreparedSession, ...]:
    """All sessions of some data as examples of a task, as :func:`prepare_all` gives them.

    Raises:
        SettingsError: no session gives an example.
    """
    found = prepare_all(task_name, source, labels=labels, tick=tick, workers=workers, cache=cache)
    if not any(one.examples for one in found):
        if not found:
            raise SettingsError(message("error.research.no_sessions", source=source, task=task_name))
        reason = as_written(found[0].reason)
        raise SettingsError(message("error.research.no_examples", source=source, task=task_name, reason=reason))
    return found


def prepare_all(
    task_name: str,
    source: Path,
    *,
    labels: Path | None = None,
    tick: Tick,
    workers: int = 2,
    cache: Path | None = None,
) -> tuple[PreparedSession, ...]:
    """All sessions of some data, even if none gives an example; those known already are read from the cache.

    Args:
        task_name: as in :func:`gaitviewer.research.training.registry.open_task`.
        source: what :func:`gaitviewer.research.training.data.open_data` opens.
        labels: table of labels.
        tick: progress; raises Cancelled; what is done by then stays done.
        workers: processes; 1 = none besides this one.
        cache: folder; by default the user's.
    """
    data, task = open_data(source, labels), open_task(task_name)
    folder = cache_folder(task, data, cache)
    ids = data.session_ids()
    missing = [one for one in ids if prepared_examples.read(_file(folder, one)) is None]
    known = len(ids) - len(missing)
    places = task_name, source, labels, folder
    for done, session in enumerate(_work(places, data, task, missing, workers), known + 1):
        tick(
            done / len(ids),
            message("progress.examples", task=task.name, session=session, done=done, total=len(ids)),
        )
    found = tuple(
        one for one in (prepared_examples.read(_file(folder, name)) for name in ids) if one is not None
    )
    for one in found:
        if not one.examples:
            log.info("%s: session %s gives no example: %s", task.name, one.session, one.reason)
    return found


def cache_folder(task: LearnedSystem, data: LearningData, cache: Path | None = None) -> Path:
    """Where the examples of a task are kept."""
    root = cache if cache is not None else paths.cache_dir() / "examples"
    return root / f"{task.name}-{task.version}" / data.digest[:24]


def _file(folder: Path, session: str) -> Path:
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", session)[:60]
    return folder / f"{plain}-{hashlib.sha256(session.encode()).hexdigest()[:8]}.npz"


_Places = tuple[str, Path, Path | None, Path]  # task, source, labels, folder of the examples


def _work(
    places: _Places, data: LearningData, task: LearnedSystem, ids: list[str], workers: int
) -> Iterator[str]:
    """Prepares sessions; yields each as it is done."""
    folder = places[-1]
    if workers < 2 or len(ids) < 2:
        for one in ids:
            prepared_examples.write(_file(folder, one), prepare_session(data, task, one))
            yield one
        return
    pool = worker_pool(min(workers, len(ids)), _start, places)
    try:
        for future in as_completed([pool.submit(_one, name) for name in ids]):
            yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_held: tuple[LearningData, LearnedSystem, Path] | None = None  # of a worker process


def _start(task_name: str, source: Path, labels: Path | None, folder: Path) -> None:
    global _held
    _held = open_data(source, labels), open_task(task_name), folder
    import torch

    torch.set_num_threads(1)  # there are several of us


def _one(session: str) -> str:
    assert _held is not None
    data, task, folder = _held
    prepared_examples.write(_file(folder, session), prepare_session(data, task, session))
    return session


def prepare_session(data: LearningData, task: LearnedSystem, session_id: str) -> PreparedSession:
    """Measures a session and makes its examples; a session without any carries the reason."""
    from gaitviewer.inference.abstention import describe
    from gaitviewer.workflow.analysis.measure import measure_document

    labelled = data.read(session_id)
    nothing = np.zeros(0)
    stratum = stratum_of(labelled.labels)
    with _Listening() as heard:
        try:
            measures = measure_document(labelled.document)
            examples = tuple(task.prepare(labelled, measures))
        except UserError as problem:
            return PreparedSession(session_id, labelled.subject, stratum, (), str(problem), nothing)
    reason = "" if examples else (heard.messages[-1] if heard.messages else "the task gives no reason")
    for example in examples:
        if example["subject"] != labelled.subject or example["session"] != session_id:
            raise ValueError(f"an example of {session_id} says it is of {example['session']}")
    return PreparedSession(session_id, labelled.subject, stratum, examples, reason, describe(measures))


class _Listening(logging.Handler):
    """Remembers what is logged inside the block."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())

    def __enter__(self) -> _Listening:
        self._logger = logging.getLogger("gaitviewer")
        self._level = self._logger.level
        self._logger.setLevel(min(self._level or logging.INFO, logging.INFO))
        self._logger.addHandler(self)
        return self

    def __exit__(self, *what: object) -> None:
        self._logger.removeHandler(self)
        self._logger.setLevel(self._level)
