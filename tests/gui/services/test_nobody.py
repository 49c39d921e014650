"""A view in which an analysis found nobody: remembered, not offered again, analysed again when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, View
from gaitviewer.errors import NobodyError
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.messages import message
from gaitviewer.store import open_library
from gaitviewer.video.digest import digest_file
from gaitviewer.workflow.analysis import run as analysis_run
from gaitviewer.workflow.analysis.run_session import nobody_in
from tests.support.libraries import stored

OpenSession = Callable[[str], MainWindow]


class Estimator:
    """Finds the walker where somebody is; ``empty`` are the views in which nobody is."""

    def __init__(self, walker: Document) -> None:
        self.data = walker.trials[0]
        self.empty = {View.CORONAL}
        self.runs = 0

    def __call__(self, document: Document, **how: Any) -> Document:
        self.runs += 1
        (data,) = document.trials
        for view in data.trial.views:
            if view in self.empty:
                digest = self.data.trial.videos[view].sha256
                nobody = message("error.pose.nobody", file="front.mp4")
                raise NobodyError(nobody, digest=digest, model="m 1")
        there = (self.data.poses[view] if view in data.trial.views else None for view in View)
        return replace(document, trials=(replace(data, poses=ByView(*there)),))


@pytest.fixture
def estimator(walker_document: Document, monkeypatch: pytest.MonkeyPatch) -> Estimator:
    made = Estimator(walker_document)
    monkeypatch.setattr(analysis_run, "estimate_poses", made)
    return made


def analyse(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.services.analysis.ended, timeout=60_000):
        window.actions_by_name["session.analyse"].trigger()


def reopen(window: MainWindow, qtbot: QtBot) -> None:
    """As if the program had been started anew: what it held in memory is gone."""
    window.show_library()
    window.services.analysis._run = None
    window.services.sessions.open("walk2")
    qtbot.waitUntil(lambda: window.reviewing and window.state.document is not None, timeout=30_000)
    qtbot.wait(50)


def test_a_view_that_shows_nobody_is_not_offered_again_but_can_be_analysed(
    open_session: OpenSession, estimator: Estimator, qtbot: QtBot
) -> None:
    window = open_session("walk2")
    banner = window.desk.banner
    analyse(window, qtbot)
    qtbot.waitUntil(lambda: window.state.measures is not None, timeout=60_000)
    assert "No person was found in front.mp4" in banner.words.text()
    reopen(window, qtbot)
    assert nobody_in(window.state.document) == {("t1", View.CORONAL)}
    assert not banner.isVisible()
    assert window.desk.views.canvases.coronal.badge == ""
    told = [label.text() for label in window.desk.panels["details"].findChildren(QLabel)]
    assert any("nobody was found (m 1" in words for words in told)
    assert window.actions_by_name["session.analyse"].isEnabled()
    estimator.empty.clear()
    analyse(window, qtbot)
    qtbot.waitUntil(lambda: window.state.document.trials[0].poses.coronal is not None, timeout=60_000)
    assert nobody_in(window.state.document) == frozenset()
    assert stored("walk2").trials[0].poses.coronal is not None


def test_a_session_without_anybody_says_so_and_offers_nothing(
    open_session: OpenSession, estimator: Estimator, qtbot: QtBot
) -> None:
    estimator.empty = set(View)
    window = open_session("walk2")
    banner = window.desk.banner
    assert banner.button.text() == "Analyse"
    analyse(window, qtbot)
    qtbot.waitUntil(lambda: window.dialog is not None, timeout=30_000)
    window.dialog.reject()
    for again in (False, True):
        if again:
            reopen(window, qtbot)
        assert nobody_in(window.state.document) == {("t1", View.SAGITTAL), ("t1", View.CORONAL)}
        assert "Nobody was found" in banner.words.text()
        assert not banner.button.isVisible()
    runs = estimator.runs
    analyse(window, qtbot)
    assert estimator.runs > runs
    window.dialogs.close()


def test_another_video_is_offered(open_session: OpenSession, estimator: Estimator, qtbot: QtBot) -> None:
    window = open_session("walk2")
    analyse(window, qtbot)
    window.show_library()
    with open_library() as library:
        found = library.load_session("walk2")
        data = found.trials[0]
        videos = data.trial.videos
        file = videos.coronal.path.with_name("another.mp4")
        file.write_bytes(videos.coronal.path.read_bytes() + b"\x00\x00\x00\x08free")
        other = replace(videos, coronal=replace(videos.coronal, path=file, sha256=digest_file(file)))
        trial = replace(data.trial, videos=other)
        library.save_session(replace(found, trials=(replace(data, trial=trial),)))
    reopen(window, qtbot)
    qtbot.waitUntil(lambda: "coronal view is not analysed" in window.desk.banner.words.text(), timeout=20_000)
