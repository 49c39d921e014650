"""A video whose file was moved: said where it is missed, found again, analysed afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.progress import no_progress
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.messages import message
from gaitviewer.store import open_library
from gaitviewer.workflow.analysis import run as analysis_run
from gaitviewer.workflow.analysis.run_session import progress_told


@pytest.fixture
def moved(walker_document: Document, tmp_path: Path) -> Document:
    """The walk, not analysed, with its front view no longer where it was."""
    data = walker_document.trials[0]
    videos = data.trial.videos
    gone = ByView(videos.sagittal, replace(videos.coronal, path=tmp_path / "somewhere" / "moved.mp4"))
    bare = replace(data, trial=replace(data.trial, videos=gone), poses=ByView(None, None))
    document = replace(walker_document, trials=(bare,))
    with open_library() as library:
        library.save_session(document)
    return document


class Estimator:
    """Gives the views that are asked for, once it is let go."""

    def __init__(self, walker: Document) -> None:
        self.poses = walker.trials[0].poses
        self.go_on = threading.Event()

    def __call__(self, document: Document, *, tick: Any = no_progress, **how: Any) -> Document:
        (data,) = document.trials
        while not self.go_on.is_set():
            tick(
                0.3, message("progress.pose_time_left", video="walk-side.mp4", frames=26, total=100, seconds=9)
            )
            time.sleep(0.01)
        there = {view: self.poses[view] if view in data.trial.views else None for view in View}
        return replace(document, trials=(replace(data, poses=ByView(*there.values())),))


@pytest.fixture
def estimator(walker_document: Document, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estimator]:
    made = Estimator(walker_document)
    monkeypatch.setattr(analysis_run, "estimate_poses", made)
    yield made
    made.go_on.set()


@pytest.fixture
def opened(moved: Document, window: MainWindow, qtbot: QtBot) -> MainWindow:
    window.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: window.reviewing and window.state.document is not None, timeout=60_000)
    return window


def test_a_missing_video_goes_before_the_offer_to_analyse(
    opened: MainWindow, walker_document: Document, qtbot: QtBot
) -> None:
    banner = opened.desk.banner
    assert "moved.mp4" in banner.words.text()
    assert banner.button.text() == "Find it…"
    opened.missing.take("t1", View.CORONAL, walker_document.trials[0].trial.videos.coronal.path)
    qtbot.waitUntil(lambda: "not analysed" in banner.words.text(), timeout=20_000)
    assert banner.button.text() == "Analyse"
    assert opened.desk.views.gone.coronal.isHidden()


def test_the_empty_view_says_what_is_missing_and_asks_for_it(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, tmp_path: Path
) -> None:
    notice = opened.desk.views.gone.coronal
    assert notice.isVisible()
    assert opened.desk.views.gone.sagittal.isHidden()
    assert "moved.mp4" in notice.head.text()
    assert "somewhere" in notice.place.text()
    canvas = opened.desk.views.canvases.coronal
    assert canvas.rect().contains(notice.geometry())
    assert notice.width() <= canvas.width() - 40
    asked: list[tuple[str, View, Path]] = []
    monkeypatch.setattr(opened.missing, "ask", lambda *what: asked.append(what))
    qtbot.mouseClick(notice.button, Qt.MouseButton.LeftButton)
    assert asked == [("t1", View.CORONAL, tmp_path / "somewhere" / "moved.mp4")]
    # The message of the decoder says nothing that the notice does not.
    qtbot.wait(100)
    assert canvas._message == ""


def test_the_menu_asks_for_it_too_as_long_as_it_is_missing(
    opened: MainWindow,
    walker_document: Document,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    action = opened.actions_by_name["session.find_video"]
    assert action in opened.menus["Session"].actions()
    assert action.isEnabled()
    asked: list[tuple[str, View, Path]] = []
    monkeypatch.setattr(opened.missing, "ask", lambda *what: asked.append(what))
    action.trigger()
    opened.desk.banner.button.click()
    assert asked == [("t1", View.CORONAL, tmp_path / "somewhere" / "moved.mp4")] * 2
    opened.missing.take("t1", View.CORONAL, walker_document.trials[0].trial.videos.coronal.path)
    qtbot.waitUntil(lambda: not action.isEnabled(), timeout=20_000)
    opened.show_library()
    assert not action.isEnabled()


def test_after_an_analysis_the_missing_video_is_found_and_its_view_offered(
    opened: MainWindow, estimator: Estimator, walker_document: Document, qtbot: QtBot
) -> None:
    window, banner = opened, opened.desk.banner
    canvases = window.desk.views.canvases
    window.actions_by_name["session.analyse"].trigger()
    words = "This view is being analysed: 26 %"
    qtbot.waitUntil(lambda: canvases.sagittal.badge == words, timeout=20_000)
    assert canvases.coronal.badge == ""
    estimator.go_on.set()
    qtbot.waitUntil(
        lambda: not window.services.analysis.analysing and window.state.measures is not None, timeout=60_000
    )
    assert "moved.mp4" in banner.words.text()
    assert banner.button.text() == "Find it…"
    window.missing.take("t1", View.CORONAL, walker_document.trials[0].trial.videos.coronal.path)
    qtbot.waitUntil(lambda: "coronal view is not analysed yet" in banner.words.text(), timeout=20_000)
    banner.button.click()
    qtbot.waitUntil(lambda: window.state.document.trials[0].poses.coronal is not None, timeout=60_000)
    qtbot.waitUntil(lambda: not window.services.analysis.analysing, timeout=60_000)
    assert not banner.isVisible()


def test_the_notes_of_an_analysis_tell_of_one_video() -> None:
    told = message("progress.pose_time_left", video="a: b.mp4", frames=30, total=120, seconds=3)
    assert progress_told(told) == ("a: b.mp4", 0.25)
    assert progress_told(message("progress.starting_workers")) == ("", None)


@pytest.fixture
def overwritten(
    walker_document: Document, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> tuple[MainWindow, Path]:
    """The window on the walk, the file of whose front view holds something else by now."""
    path = tmp_path / "front.mp4"
    path.write_bytes(b"no video any more")
    data = walker_document.trials[0]
    videos = data.trial.videos
    trial = replace(data.trial, videos=ByView(videos.sagittal, replace(videos.coronal, path=path)))
    with open_library() as library:
        library.save_session(replace(walker_document, trials=(replace(data, trial=trial),)))
    window.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: window.reviewing and window.state.document is not None, timeout=60_000)
    return window, path


def test_a_video_that_was_overwritten_can_be_found_too(
    overwritten: tuple[MainWindow, Path],
    walker_document: Document,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    window, path = overwritten
    views, banner = window.desk.views, window.desk.banner
    notice = views.gone.coronal
    qtbot.waitUntil(notice.isVisible, timeout=20_000)
    assert notice.head.text() == "front.mp4 cannot be shown"
    assert "front.mp4" in notice.place.text()
    assert views.canvases.coronal._message == ""
    assert "front.mp4" in banner.words.text()
    assert banner.button.text() == "Find it…"
    asked: list[tuple[str, View, Path]] = []
    monkeypatch.setattr(window.missing, "ask", lambda *what: asked.append(what))
    qtbot.mouseClick(notice.button, Qt.MouseButton.LeftButton)
    banner.button.click()
    window.actions_by_name.refresh()
    window.actions_by_name["session.find_video"].trigger()
    assert asked == [("t1", View.CORONAL, path)] * 3
    window.missing.take("t1", View.CORONAL, walker_document.trials[0].trial.videos.coronal.path)
    qtbot.waitUntil(notice.isHidden, timeout=20_000)
    qtbot.wait(200)
    assert notice.isHidden()
    assert banner.topic != "missing"


def test_a_video_that_goes_bad_while_it_is_shown_is_said_and_comes_back_with_its_file(
    walker_document: Document, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    data = walker_document.trials[0]
    videos = data.trial.videos
    path, whole = tmp_path / "front.mp4", videos.coronal.path.read_bytes()
    path.write_bytes(whole)
    trial = replace(data.trial, videos=ByView(videos.sagittal, replace(videos.coronal, path=path)))
    with open_library() as library:
        library.save_session(replace(walker_document, trials=(replace(data, trial=trial),)))
    window.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: window.reviewing and window.state.document is not None, timeout=60_000)
    views, banner = window.desk.views, window.desk.banner
    views.frames.set_limit(16 << 20)  # a few pictures, so that what is far away is still to be read
    canvas, notice = views.canvases.coronal, views.gone.coronal
    qtbot.waitUntil(lambda: canvas.painted_frame >= 0, timeout=20_000)
    path.write_bytes(whole[: len(whole) // 3])
    views.player.go_to(views.player.stop_s)
    qtbot.waitUntil(notice.isVisible, timeout=20_000)
    qtbot.waitUntil(lambda: banner.topic == "missing", timeout=20_000)
    assert notice.head.text() == "front.mp4 cannot be shown"
    assert "front.mp4" in banner.words.text()
    assert banner.button.text() == "Find it…"
    assert views.gone.sagittal.isHidden()
    qtbot.waitUntil(lambda: canvas.painted_frame == -1, timeout=20_000)  # the skeleton alone
    path.write_bytes(whole)
    qtbot.waitUntil(notice.isHidden, timeout=30_000)
    qtbot.waitUntil(lambda: canvas.painted_frame >= 0, timeout=20_000)
    assert banner.topic != "missing"
