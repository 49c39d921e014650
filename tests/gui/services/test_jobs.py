"""Background work: delivery, superseding, cancelling, failing, closing in the middle."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gaitviewer.core.progress import Tick
from gaitviewer.errors import PoseError
from gaitviewer.gui.services.jobs import Job, JobFailure, Jobs, JobState
from gaitviewer.messages import NOTHING, Message, message


@pytest.fixture
def jobs(qapp: Any) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    assert made.shutdown() == ()


def test_the_result_comes_back_on_the_windows_thread(qtbot: Any, jobs: Jobs) -> None:
    here: list[tuple[int, int]] = []
    jobs.start(
        "sum", lambda tick: sum(range(100)), done=lambda value: here.append((value, threading.get_ident()))
    )
    qtbot.waitUntil(lambda: bool(here), timeout=3000)
    assert here == [(4950, threading.get_ident())]
    assert jobs.active == ()


def test_progress_is_told_and_the_latest_wins(qtbot: Any, jobs: Jobs) -> None:
    seen: list[float] = []
    go_on = threading.Event()

    def work(tick: Tick) -> None:
        for step in range(1000):
            tick(step / 1000, message("progress.page", page=step, total=1000))
        go_on.wait(3)

    jobs.changed.connect(lambda job: seen.append(job.fraction))
    job = jobs.start("steps", work)
    qtbot.waitUntil(lambda: job.fraction == 0.999, timeout=3000)
    assert job.note == message("progress.page", page=999, total=1000)
    assert job.state is JobState.RUNNING
    assert seen == sorted(seen)
    go_on.set()
    qtbot.waitUntil(lambda: job.state is JobState.DONE, timeout=3000)
    assert len(seen) < 1000  # reports that nobody read are not queued


def test_remaining_time_is_estimated_from_what_is_done(qtbot: Any, jobs: Jobs) -> None:
    go_on = threading.Event()

    def work(tick: Tick) -> None:
        time.sleep(1.05)
        tick(0.5, message("progress.report"))
        go_on.wait(3)

    job = jobs.start("slow", work)
    assert job.remaining_s is None
    qtbot.waitUntil(lambda: job.fraction == 0.5, timeout=3000)
    assert job.remaining_s == pytest.approx(1.05, abs=0.5)
    go_on.set()
    qtbot.waitUntil(lambda: job.state.ended, timeout=3000)
    assert job.remaining_s is None


def test_a_newer_job_of_the_same_key_supersedes_the_older_one(qtbot: Any, jobs: Jobs) -> None:
    delivered: list[int] = []
    ended: list[int] = []

    def work(number: int) -> Any:
        def inner(tick: Tick) -> int:
            for _ in range(20):
                time.sleep(0.005)
                tick(0.1, NOTHING)
            return number

        return inner

    for number in range(5):
        jobs.start("same", work(number), done=delivered.append, ended=lambda n=number: ended.append(n))
    qtbot.waitUntil(lambda: len(ended) == 5, timeout=5000)
    assert delivered == [4]


def test_a_superseded_result_is_not_delivered_even_if_it_was_ready(qtbot: Any, jobs: Jobs) -> None:
    delivered: list[str] = []
    ready = threading.Event()

    def quick(tick: Tick) -> str:
        ready.set()
        return "old"

    jobs.start("same", quick, done=delivered.append)
    assert ready.wait(3)
    time.sleep(0.05)  # the old result lies in the queue
    jobs.start("same", lambda tick: "new", done=delivered.append)
    qtbot.waitUntil(lambda: bool(delivered) and not jobs.active, timeout=3000)
    assert delivered == ["new"]


def test_cancelling_stops_at_the_next_tick(qtbot: Any, jobs: Jobs) -> None:
    steps: list[int] = []

    def work(tick: Tick) -> None:
        for step in range(10_000):
            steps.append(step)
            tick(0.0, NOTHING)
            time.sleep(0.002)

    job = jobs.start("endless", work, done=lambda value: pytest.fail("delivered"))
    qtbot.waitUntil(lambda: len(steps) > 2, timeout=3000)
    assert jobs.cancel("endless")
    assert not jobs.cancel("endless")
    qtbot.waitUntil(lambda: job.state is JobState.CANCELLED, timeout=3000)
    count = len(steps)
    time.sleep(0.05)
    assert len(steps) == count


NOBODY = message("error.pose.nobody", file="walk.mp4")


@pytest.mark.parametrize(
    ("error", "expected", "what"),
    [
        (PoseError(NOBODY), True, NOBODY),
        (
            ZeroDivisionError("division by zero"),
            False,
            message("error.program.fault", kind="ZeroDivisionError"),
        ),
    ],
)
def test_a_failure_is_readable_and_has_details(
    qtbot: Any, jobs: Jobs, error: Exception, expected: bool, what: Message
) -> None:
    heard: list[JobFailure] = []

    def work(tick: Tick) -> None:
        raise error

    job = jobs.start("bad", work, title="Analyse", failed=heard.append)
    qtbot.waitUntil(lambda: bool(heard), timeout=3000)
    assert job.state is JobState.FAILED
    assert heard[0].expected is expected
    assert heard[0].message == what
    assert type(error).__name__ in heard[0].details
    assert "Traceback" in heard[0].details


def test_a_failure_that_nobody_listens_to_is_told_to_all(qtbot: Any, jobs: Jobs) -> None:
    with qtbot.waitSignal(jobs.failed, timeout=3000) as told:
        jobs.start("bad", lambda tick: 1 / 0)
    assert told.args[0].details


def test_a_listener_that_fails_does_not_stop_the_others(qtbot: Any, jobs: Jobs) -> None:
    delivered: list[int] = []

    def bad_listener(value: int) -> None:
        raise RuntimeError("listener")

    with qtbot.capture_exceptions() as caught:
        jobs.start("a", lambda tick: 1, done=bad_listener)
        jobs.start("b", lambda tick: 2, done=delivered.append)
        qtbot.waitUntil(lambda: delivered == [2] and not jobs.active, timeout=3000)
    assert [str(error) for _, error, _ in caught] == ["listener"]


def test_no_more_than_so_many_at_once(qtbot: Any, qapp: Any) -> None:
    jobs = Jobs(at_once=2)
    lock, running, most, ended = threading.Lock(), 0, 0, []

    def work(tick: Tick) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1

    for number in range(10):
        jobs.start(f"k{number}", work, ended=lambda: ended.append(1))
    qtbot.waitUntil(lambda: len(ended) == 10, timeout=5000)
    assert most == 2
    assert jobs.shutdown() == ()


def test_three_hundred_jobs_of_every_fate(qtbot: Any, jobs: Jobs) -> None:
    rng = random.Random(5)
    outcome: dict[int, str] = {}
    ended: list[int] = []
    started: list[Job[int]] = []

    def work(number: int, fate: str) -> Any:
        def inner(tick: Tick) -> int:
            for step in range(3):
                tick(step / 3, message("progress.subject", number=number, total=3))
                time.sleep(0.001)
            if fate == "fail":
                raise ValueError(str(number))
            return number

        return inner

    for number in range(300):
        fate = rng.choice(["done", "fail", "cancel"])
        job = jobs.start(
            f"key {number % 40}",
            work(number, fate),
            done=lambda value: outcome.__setitem__(value, "done"),
            failed=lambda failure, n=number: outcome.__setitem__(n, "fail"),
            ended=lambda n=number: ended.append(n),
        )
        started.append(job)
        if fate == "cancel":
            job.cancel()
        if number % 50 == 0:
            qtbot.wait(5)
    qtbot.waitUntil(lambda: len(ended) == 300, timeout=20_000)
    assert sorted(ended) == list(range(300))
    assert jobs.active == ()
    for number, job in enumerate(started):
        assert job.state.ended
        told = {JobState.DONE: "done", JobState.FAILED: "fail", JobState.CANCELLED: None}[job.state]
        assert outcome.get(number) == told
    assert set(outcome.values()) == {"done", "fail"}


def test_closing_in_the_middle_leaves_nothing(qtbot: Any, qapp: Any) -> None:
    jobs = Jobs()
    called: list[int] = []

    def work(tick: Tick) -> int:
        for _ in range(1000):
            tick(0.5, NOTHING)
            time.sleep(0.002)
        return 1

    for number in range(8):
        jobs.start(f"k{number}", work, done=called.append, ended=lambda: called.append(0))
    qtbot.wait(30)
    assert jobs.shutdown(30.0) == ()
    qtbot.wait(30)
    assert called == []
    with pytest.raises(RuntimeError):
        jobs.start("late", work)


def test_closing_does_not_wait_longer_than_asked(qtbot: Any, qapp: Any) -> None:
    jobs = Jobs()
    release = threading.Event()
    jobs.start("deaf", lambda tick: release.wait(), title="Deaf job")
    qtbot.wait(20)
    assert jobs.shutdown(0.2) == ("Deaf job",)  # it would wait for ever
    release.set()
