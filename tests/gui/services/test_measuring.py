"""Leaving out a recording measures the session anew without it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gaitviewer.gui.panels.details import DetailsPanel
from gaitviewer.gui.shell.main_window import MainWindow


def test_the_measures_follow(reviewed: MainWindow, qtbot: QtBot) -> None:
    state = reviewed.state
    assert state.document is not None
    (first,) = state.document.trials
    second = replace(first, trial=replace(first.trial, id="t2"))
    state.amend(lambda document: replace(document, trials=(first, second)))

    def counted() -> set[str]:
        assert state.measures is not None
        return {curve.stride.trial for curve in state.measures.curves}

    qtbot.waitUntil(lambda: counted() == {first.trial.id, "t2"}, timeout=15_000)
    state.set_trial("t2")
    bar = reviewed.findChild(DetailsPanel).trial_out
    bar.reason.setEditText("held by the hand")
    qtbot.mouseClick(bar.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: counted() == {first.trial.id}, timeout=15_000)
    qtbot.mouseClick(bar.back, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: counted() == {first.trial.id, "t2"}, timeout=15_000)
