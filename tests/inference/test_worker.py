"""The process of the models: it comes when it is asked, answers one after the other, and is gone afterwards."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from gaitviewer.errors import Cancelled, InferenceError, SettingsError, StoreError
from gaitviewer.inference.worker import ModelWorker
from gaitviewer.messages import Message, as_written

# By a name of its own: another process may find other tests under "tests".
sys.path.append(str(Path(__file__).parents[1] / "support"))
tasks: Any = importlib.import_module("work_in_worker")


@pytest.fixture(scope="module")
def worker() -> Iterator[ModelWorker]:
    """One that is used by several tests, as in a window."""
    made = ModelWorker()
    yield made
    pid = made.pid
    made.close()
    assert pid is None or not is_running(pid)


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class Cancel:
    """A tick that raises once the work has told something."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def hear(self, what: Any) -> None:
        self.told.append(what)

    def tick(self, fraction: float, note: Message) -> None:
        if self.told:
            raise Cancelled


def test_it_is_one_humble_process_that_tells_nobody_anything(worker: ModelWorker) -> None:
    first, second = worker.run(tasks.about_itself), worker.run(tasks.about_itself)
    assert first["pid"] == second["pid"] == worker.pid
    assert first["pid"] != psutil.Process().pid
    assert first["offline"]
    assert first["torch"]
    assert sys.platform == "win32" or first["nice"] >= 10


def test_it_tells_what_is_there_and_how_far_it_is(worker: ModelWorker) -> None:
    told, ticks = [], []
    said = worker.run(
        tasks.in_steps, 5, told=told.append, tick=lambda fraction, note: ticks.append((fraction, note.code))
    )
    assert (said, told) == ("all", [0, 1, 2, 3, 4])
    assert (0.0, "progress.model_asks") in ticks


@pytest.mark.parametrize("work", [tasks.until_stopped, tasks.deaf])
def test_a_cancelled_work_ends_soon_and_the_next_one_is_done(worker: ModelWorker, work: Any) -> None:
    cancel = Cancel()
    with pytest.raises(Cancelled):
        worker.run(work, tick=cancel.tick, told=cancel.hear)
    (pid,) = cancel.told
    # One that listens lives on, one that does not is gone.
    assert is_running(pid) == (work is tasks.until_stopped)
    assert worker.run(tasks.in_steps, 1) == "all"


def test_a_fault_in_what_is_done_with_an_answer_leaves_no_answer_behind(worker: ModelWorker) -> None:
    def full(what: Any) -> None:
        raise StoreError(as_written("the disk is full"))

    with pytest.raises(StoreError, match="disk is full"):
        worker.run(tasks.until_stopped, told=full)
    assert worker.run(tasks.in_steps, 1) == "all"


def test_a_killed_process_is_a_sentence_and_the_next_work_is_done(worker: ModelWorker) -> None:
    told: list[int] = []
    with pytest.raises(InferenceError, match=r"ended while it was working .*-9.*ask again"):
        worker.run(tasks.killed, told=told.append)
    assert not is_running(told[0])
    assert worker.run(tasks.in_steps, 1) == "all"


def test_errors_of_the_user_come_as_they_are_and_faults_as_a_sentence(
    worker: ModelWorker, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SettingsError, match="no model for legs"):
        worker.run(tasks.refused)
    with pytest.raises(InferenceError, match="ZeroDivisionError: by nothing"):
        worker.run(tasks.broken)
    assert "in broken" in caplog.text
    assert worker.run(tasks.in_steps, 1) == "all"


def test_what_is_logged_there_is_in_the_log_of_the_window(
    worker: ModelWorker, caplog: pytest.LogCaptureFixture
) -> None:
    worker.run(tasks.with_a_remark)
    assert [(one.name, one.getMessage()) for one in caplog.records] == [("a.library", "odd: 3")]


def test_two_threads_are_served_one_after_the_other(worker: ModelWorker) -> None:
    said: list[Any] = []
    threads = [threading.Thread(target=lambda: said.append(worker.run(tasks.in_steps, 200))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert said == ["all"] * 3


def test_closing_in_mid_work_ends_the_process_and_says_so() -> None:
    worker, told, failures = ModelWorker(), [], []

    def work() -> None:
        try:
            worker.run(tasks.deaf, told=told.append)
        except InferenceError as error:
            failures.append(error.message.code)

    thread = threading.Thread(target=work)
    thread.start()
    deadline = time.monotonic() + 60
    while not told and time.monotonic() < deadline:
        time.sleep(0.01)
    worker.close()
    thread.join(60)
    assert failures == ["error.model.worker_closed"]
    assert not is_running(told[0])
    with pytest.raises(InferenceError, match="window is closing"):
        worker.run(tasks.in_steps, 1)
