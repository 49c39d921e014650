"""Results of an analysis that is under way: shown view by view, kept only when it is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, Side, View
from gaitviewer.gui.model import strides
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.messages import message
from gaitviewer.store import open_library
from gaitviewer.workflow.sessions.thumbnails import thumbnail_file
from tests.support.libraries import stored

OpenSession = Callable[[str], MainWindow]
STILL = message("reason.view_to_come", view=message("plane.coronal"))


class Estimator:
    """Stands in for the pose estimator: the side view comes at once, the front view when it is let go."""

    def __init__(self, walker: Document) -> None:
        self.poses = walker.trials[0].poses
        self.go_on = threading.Event()

    def __call__(self, document: Document, *, tick: Any, came: Any, **how: Any) -> Document:
        data = document.trials[0]
        tick(0.3, message("progress.pose", video="walk-side.mp4", frames=0, total=100))
        came(replace(document, trials=(replace(data, poses=ByView(self.poses.sagittal, None)),)))
        while not self.go_on.is_set():
            tick(0.6, message("progress.pose", video="walk-front.mp4", frames=60, total=100))
            time.sleep(0.01)
        return replace(document, trials=(replace(data, poses=self.poses),))


@pytest.fixture
def estimator(walker_document: Document, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estimator]:
    from gaitviewer.workflow.analysis import run as analysis_run

    made = Estimator(walker_document)
    monkeypatch.setattr(analysis_run, "estimate_poses", made)
    yield made
    made.go_on.set()


@pytest.fixture
def half_way(open_session: OpenSession, estimator: Estimator, qtbot: QtBot) -> MainWindow:
    """The session "walk2" with its side view there and its front view still to come."""
    window = open_session("walk2")
    window.desk.banner.button.click()
    qtbot.waitUntil(lambda: window.state.measures is not None, timeout=30_000)
    return window


def test_the_first_view_is_there_while_the_other_one_is_analysed(
    half_way: MainWindow, estimator: Estimator, qtbot: QtBot
) -> None:
    window, state = half_way, half_way.state
    assert window.services.analysis.analysing
    # Skeleton, passes, curves and items of the side view; nothing is made up for the other one.
    assert state.motion.views.sagittal.passes
    assert state.motion.views.coronal is None
    assert window.desk.views.canvases.sagittal.scene().content.pose is not None
    assert window.desk.views.canvases.coronal.scene().content.pose is None
    assert state.measures.mean("knee_flexion", Side.LEFT) is not None
    sheet = state.measures.evgs.measures
    assert sum(measure.assessable for measure in sheet.left) >= 6
    waiting = [m for m in (*sheet.left, *sheet.right) if m.item.view is View.CORONAL and not m.assessable]
    assert waiting
    assert {measure.reason for measure in waiting} == {STILL}
    state.select(waiting[0].item.number, waiting[0].side)
    assert "coronal view is still being analysed" in window.desk.banner.words.text()
    canvases = window.desk.views.canvases
    assert canvases.sagittal.badge == ""
    qtbot.waitUntil(lambda: canvases.coronal.badge == "This view is being analysed: 60 %", timeout=5_000)
    assert not window.actions_by_name["session.sign"].isEnabled()
    assert stored("walk2").trials[0].poses == ByView(None, None)
    thumbnail = thumbnail_file("walk2")
    thumbnail.parent.mkdir(parents=True, exist_ok=True)
    thumbnail.write_bytes(b"drawn before anybody knew where the person is")
    # Nothing goes away when the other view comes.
    seen: list[bool] = []
    state.measures_changed.connect(lambda: seen.append(state.measures is not None))
    estimator.go_on.set()
    qtbot.waitUntil(
        lambda: not window.services.analysis.analysing and state.motion.views.coronal is not None,
        timeout=30_000,
    )
    assert all(seen)
    assert canvases.coronal.badge == ""
    assert not state.is_partial
    assert STILL not in {m.reason for m in (*state.measures.evgs.measures.left,)}
    assert not window.desk.banner.isVisible()
    assert not thumbnail.exists()  # drawn anew, around the person, with the next list
    assert window.actions_by_name["session.sign"].isEnabled()
    assert None not in (stored("walk2").trials[0].poses.sagittal, stored("walk2").trials[0].poses.coronal)


def test_cancelling_takes_the_part_away_and_keeps_a_grade_given_meanwhile(
    half_way: MainWindow, qtbot: QtBot
) -> None:
    window, state = half_way, half_way.state
    state.select(3, Side.LEFT)
    qtbot.keyClick(window, Qt.Key.Key_1)
    assert state.document.trials[0].poses.sagittal is not None
    assert state.kept.trials[0].poses.sagittal is None
    qtbot.waitUntil(lambda: state.is_saved, timeout=20_000)
    half = stored("walk2")
    assert [grade.score for grade in half.grades] == [1]
    assert half.trials[0].poses == ByView(None, None)
    window.job_bar.stop.click()
    qtbot.waitUntil(lambda: not window.jobs._threads and state.measures is None, timeout=20_000)
    assert state.document.trials[0].poses == ByView(None, None)
    assert [canvas.badge for canvas in window.desk.views.canvases_there] == ["", ""]
    assert [grade.score for grade in state.document.grades] == [1]
    assert "not analysed" in window.desk.banner.words.text()
    assert stored("walk2").trials[0].poses == ByView(None, None)


def test_undoing_an_edit_made_before_never_takes_the_results_away(
    half_way: MainWindow, estimator: Estimator, qtbot: QtBot
) -> None:
    window, state = half_way, half_way.state
    state.select(3, Side.LEFT)
    qtbot.keyClick(window, Qt.Key.Key_1)
    estimator.go_on.set()
    qtbot.waitUntil(lambda: not window.services.analysis.analysing and not state.is_partial, timeout=30_000)
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert state.document.grades == ()
    assert state.document.trials[0].poses.coronal is not None
    state.redo()
    assert len(state.document.grades) == 1
    assert state.document.trials[0].poses.sagittal is not None


def test_the_part_is_shown_again_when_one_comes_back_to_the_session(
    half_way: MainWindow, estimator: Estimator, qtbot: QtBot
) -> None:
    window, state = half_way, half_way.state
    window.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: state.document.session.id == "walk1", timeout=20_000)
    assert not state.is_partial
    assert window.desk.views.canvases.coronal.badge == ""
    window.services.sessions.open("walk2")
    qtbot.waitUntil(lambda: state.document.session.id == "walk2", timeout=20_000)
    assert state.is_partial
    assert state.document.trials[0].poses.sagittal is not None
    window.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: state.document.session.id == "walk1", timeout=20_000)
    estimator.go_on.set()
    qtbot.waitUntil(lambda: not window.services.analysis.analysing, timeout=30_000)
    # Done while another session was open: kept all the same, and the open one is as it was.
    assert stored("walk2").trials[0].poses.coronal is not None
    assert state.document.session.id == "walk1"


class TwoWalks(Estimator):
    """Two recordings, one after the other: the first comes at once, the second when it is let go."""

    def __call__(self, document: Document, *, tick: Any, came: Any, **how: Any) -> Document:
        data = document.trials[0]
        while data.trial.id == "second" and not self.go_on.is_set():
            tick(0.5, message("progress.pose", video="walk-side.mp4", frames=50, total=100))
            time.sleep(0.01)
        tick(0.5, message("progress.pose", video="walk-side.mp4", frames=50, total=100))
        return replace(document, trials=(replace(data, poses=self.poses),))


def test_each_recording_says_for_itself_whether_it_still_waits(
    open_session: OpenSession, walker_document: Document, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    from gaitviewer.workflow.analysis import run as analysis_run

    data = walker_document.trials[0]
    bare = replace(data, poses=ByView(None, None))
    walks = (bare, replace(bare, trial=replace(data.trial, id="second")))
    session = replace(walker_document.session, id="walk2")
    with open_library() as library:
        library.save_session(replace(walker_document, session=session, trials=walks))
    estimator = TwoWalks(walker_document)
    monkeypatch.setattr(analysis_run, "estimate_poses", estimator)
    window = open_session("walk2")
    canvases = window.desk.views.canvases_there
    try:
        window.desk.banner.button.click()
        qtbot.waitUntil(lambda: window.state.measures is not None, timeout=30_000)
        assert [canvas.badge for canvas in canvases] == ["", ""]
        window.state.next_trial()
        # Only the file that is worked on says how far it is.
        words, waits = "This view is being analysed: 50 %", "This view is still to be analysed"
        qtbot.waitUntil(lambda: [canvas.badge for canvas in canvases] == [words, waits], timeout=5_000)
        assert canvases[0].accessibleDescription() == words
        assert "1 of 2 recordings" in window.desk.banner.words.text()
    finally:
        estimator.go_on.set()
    qtbot.waitUntil(lambda: not window.services.analysis.analysing, timeout=30_000)
    qtbot.waitUntil(lambda: [canvas.badge for canvas in canvases] == ["", ""], timeout=5_000)


class FrontFirst(Estimator):
    """The front view comes at once, the side view when it is let go."""

    def __call__(self, document: Document, *, tick: Any, came: Any, **how: Any) -> Document:
        data = document.trials[0]
        came(replace(document, trials=(replace(data, poses=ByView(None, self.poses.coronal)),)))
        while not self.go_on.is_set():
            tick(0.6, message("progress.pose", video="walk-side.mp4", frames=60, total=100))
            time.sleep(0.01)
        return replace(document, trials=(replace(data, poses=self.poses),))


@pytest.mark.parametrize("moved", [False, True])
def test_the_side_view_that_comes_last_shows_a_walking_person_unless_somebody_moved(
    open_session: OpenSession,
    walker_document: Document,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
    moved: bool,
) -> None:
    from gaitviewer.workflow.analysis import run as analysis_run

    estimator = FrontFirst(walker_document)
    monkeypatch.setattr(analysis_run, "estimate_poses", estimator)
    window = open_session("walk2")
    player, state = window.desk.player, window.state
    try:
        window.desk.banner.button.click()
        qtbot.waitUntil(lambda: state.measures is not None, timeout=30_000)
        assert player.time_s > 0.0
        if moved:
            player.step(1)
        before = player.time_s
    finally:
        estimator.go_on.set()
    qtbot.waitUntil(
        lambda: not window.services.analysis.analysing and state.motion.views.sagittal is not None,
        timeout=30_000,
    )
    starts = strides.stride_starts(state.motion, player.clock)
    assert abs(player.time_s - (before if moved else starts[0])) < 0.02
