"""Models asked from the window: answers come, are kept, come back, and are out of date after an edit."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytestqt.qtbot import QtBot

from gaitviewer.core.document import Document
from gaitviewer.core.gait import Side
from gaitviewer.core.output import UNTOLD, ModelOutput, Opinion
from gaitviewer.errors import AnalysisError, StoreError
from gaitviewer.gui.services.inference import TASKS
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.inference.answers import answer_digest, weights_digests
from gaitviewer.inference.ask import ask_models
from gaitviewer.messages import as_written, message
from gaitviewer.store import Library, open_library
from gaitviewer.workflow.app import settings

OpenSession = Callable[[str], MainWindow]
LONG_MS = 120_000


def kept(session_id: str) -> dict[str, ModelOutput]:
    with open_library() as library:
        return library.answers(session_id)


def states(window: MainWindow) -> dict[str, bool]:
    """Which answers are shown, and whether they are out of date."""
    return {answer.task: answer.out_of_date for answer in window.services.answers.all}


def ask(window: MainWindow, qtbot: QtBot, *tasks: str) -> None:
    inference = window.services.inference
    inference.ask_open(tasks)
    assert inference.asking
    qtbot.waitUntil(lambda: not inference.asking, timeout=LONG_MS)


class Worker:
    """Stands in for the process: answers at once, or when it is let go, from this very process."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.problems: dict[str, Exception] = {}
        self.waits = False

    def run(
        self, work: Any, document: Document, tasks: tuple[str, ...], *how: Any, tick: Any, told: Any
    ) -> Any:
        assert work is ask_models
        name = document.session.id
        self.asked.append((name, tasks))
        while self.waits:
            tick(0.5, message("progress.model_asks"))
            time.sleep(0.005)
        if name in self.problems:
            raise self.problems[name]
        weights = {model.partition("-")[0]: (model, digest) for model, digest in weights_digests().items()}
        for task in tasks:
            model, digest = weights[task]
            made = replace(UNTOLD, weights_digest=digest, inputs_digest=answer_digest(document, digest))
            told((task, ModelOutput(model, (Opinion(task, ("a",), (1.0,)),), made, True)))
        return ()

    def close(self) -> None:
        self.waits = False


@pytest.fixture
def worker(window: MainWindow) -> Iterator[Worker]:
    made = Worker()
    window.services.inference._worker = made  # type: ignore[assignment]
    yield made
    made.waits = False


def test_a_model_answers_from_its_own_process_and_the_answer_is_kept(
    reviewed: MainWindow, qtbot: QtBot
) -> None:
    assert states(reviewed) == {}
    ask(reviewed, qtbot, "severity")
    qtbot.waitUntil(lambda: states(reviewed) == {"severity": False}, timeout=LONG_MS)
    output = kept("walk1")["severity"]
    shown = reviewed.services.answers.get("severity")
    assert shown is not None
    assert repr(shown.output.opinions) == repr(output.opinions)
    assert output.provenance.device == "cpu"
    # Killed in mid-question: a sentence, and the next question is answered by another process.
    inference = reviewed.services.inference
    assert inference._worker is not None
    pid = inference._worker.pid
    assert pid is not None
    inference.ask_open(TASKS)
    with qtbot.waitSignal(inference.refused, timeout=LONG_MS) as told:
        os.kill(pid, signal.SIGKILL)
    assert "ended while it was working" in told.args[1]
    reviewed.dialogs.close()
    ask(reviewed, qtbot, "severity")
    assert inference._worker.pid not in (None, pid)
    last = inference._worker.pid
    reviewed.close()
    assert last is not None
    assert not psutil.pid_exists(last) or psutil.Process(last).status() == psutil.STATUS_ZOMBIE


def test_answers_come_back_and_are_out_of_date_after_an_edit(
    reviewed: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    window, state = reviewed, reviewed.state
    again = window.actions_by_name["models.ask_again"]
    window.actions_by_name["models.ask"].trigger()
    qtbot.waitUntil(lambda: states(window) == dict.fromkeys(TASKS, False), timeout=LONG_MS)
    assert not again.isEnabled()
    # A grade is no input of a model; how tall the subject is, is one.
    window.desk.evgs.table.setFocus()
    state.select(3, Side.LEFT)
    window.desk.evgs.grade(1)
    state.edit(replace(state.document, session=replace(state.document.session, height_m=1.11)), "height")
    qtbot.waitUntil(lambda: states(window) == dict.fromkeys(TASKS, True), timeout=LONG_MS)
    state.undo()
    qtbot.waitUntil(lambda: states(window) == dict.fromkeys(TASKS, False), timeout=LONG_MS)
    state.redo()
    qtbot.waitUntil(lambda: states(window) == dict.fromkeys(TASKS, True), timeout=LONG_MS)
    # The window is left and opened again: the answers are there, out of date, and nobody was asked.
    window.show_library()
    qtbot.waitUntil(lambda: not window.reviewing, timeout=LONG_MS)
    assert states(window) == {}
    window.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: states(window) == dict.fromkeys(TASKS, True), timeout=LONG_MS)
    assert len(worker.asked) == 1
    # One key asks again.
    qtbot.waitUntil(lambda: again.isEnabled(), timeout=LONG_MS)
    again.trigger()
    qtbot.waitUntil(lambda: states(window) == dict.fromkeys(TASKS, False), timeout=LONG_MS)
    assert set(kept("walk1")) == set(TASKS)


def test_an_edit_while_a_model_is_asked_makes_its_answer_out_of_date(
    reviewed: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    state, worker.waits = reviewed.state, True
    reviewed.services.inference.ask_open(("evgs",))
    qtbot.waitUntil(lambda: worker.asked != [], timeout=LONG_MS)
    state.edit(replace(state.document, session=replace(state.document.session, height_m=1.11)), "height")
    worker.waits = False
    qtbot.waitUntil(lambda: states(reviewed) == {"evgs": True}, timeout=LONG_MS)


def test_a_queue_goes_on_after_a_session_that_cannot_be_asked_about(
    filled: Path, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: len(window.cards) == 2, timeout=30_000)
    worker.problems["walk2"] = AnalysisError(as_written("this session was not analysed"))
    with qtbot.waitSignal(window.services.inference.refused, timeout=LONG_MS) as told:
        window.actions_by_name["models.ask_listed"].trigger()
    assert {name for name, _ in worker.asked} == {"walk1", "walk2"}
    assert told.args[1] == "P002: This session was not analysed."
    assert set(kept("walk1")) == set(TASKS)
    assert kept("walk2") == {}
    assert states(window) == {}


def test_cancelling_ends_the_question_and_those_that_wait(
    filled: Path, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: len(window.cards) == 2, timeout=30_000)
    inference, worker.waits = window.services.inference, True
    inference.ask_sessions([("walk1", "P001"), ("walk2", "P002")])
    qtbot.waitUntil(lambda: "answering" in window.job_bar.words.text(), timeout=LONG_MS)
    assert "(1 of 2)" in window.job_bar.words.text()
    window.job_bar.stop.click()
    qtbot.waitUntil(lambda: not inference.asking, timeout=LONG_MS)
    assert len(worker.asked) == 1
    assert kept("walk1") == {}


def test_models_are_asked_after_an_analysis_where_that_is_chosen(
    open_session: OpenSession, worker: Worker, walker_document: Document, qtbot: QtBot, monkeypatch: Any
) -> None:
    from gaitviewer.workflow.analysis import run as analysis_run

    def estimate(document: Document, **how: Any) -> Document:
        return replace(document, trials=(replace(document.trials[0], poses=walker_document.trials[0].poses),))

    monkeypatch.setattr(analysis_run, "estimate_poses", estimate)
    window = open_session("walk2")
    window.actions_by_name["models.after_analysis"].trigger()
    assert settings.load().ask_after_analysis
    window.services.analysis.analyse()
    qtbot.waitUntil(lambda: states(window) == dict.fromkeys(TASKS, False), timeout=LONG_MS)
    assert worker.asked == [("walk2", TASKS)]


def test_two_windows_ask_at_once(reviewed: MainWindow, qtbot: QtBot) -> None:
    other = MainWindow()
    other.show()
    other.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: other.state.measures is not None, timeout=LONG_MS)
    try:
        for window in (reviewed, other):
            window.services.inference.ask_open(("severity", "scoliosis"))
        for window in (reviewed, other):
            qtbot.waitUntil(lambda w=window: not w.services.inference.asking, timeout=LONG_MS)
            qtbot.waitUntil(
                lambda w=window: states(w) == {"severity": False, "scoliosis": False}, timeout=LONG_MS
            )
        one, two = (window.services.inference._worker for window in (reviewed, other))
        assert one is not None
        assert two is not None
        assert one.pid != two.pid
        assert set(kept("walk1")) == {"severity", "scoliosis"}
    finally:
        other.dialogs.close()
        other.close()
        other.deleteLater()
        qtbot.wait(10)


def test_an_answer_that_cannot_be_kept_is_shown_all_the_same(
    reviewed: MainWindow, worker: Worker, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise StoreError(as_written("The disk is full."))

    monkeypatch.setattr(Library, "save_answer", full)
    with qtbot.waitSignal(reviewed.services.inference.refused, timeout=LONG_MS) as told:
        reviewed.services.inference.ask_open(("severity",))
    assert told.args[1] == "P001: The disk is full."
    qtbot.waitUntil(lambda: states(reviewed) == {"severity": False}, timeout=LONG_MS)
    assert kept("walk1") == {}
