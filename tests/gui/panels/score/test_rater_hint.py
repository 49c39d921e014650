"""Grades that are given before there is a name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import Side
from gaitviewer.gui.model.choices import keep_settings
from gaitviewer.gui.shell.main_window import MainWindow


def strike(window: MainWindow, *keys: Qt.Key | str) -> None:
    for key in keys:
        QTest.keyClick(window.windowHandle(), key)


@pytest.fixture
def unnamed(reviewed: MainWindow, qtbot: QtBot) -> MainWindow:
    """A session open in a new profile, item 4 left selected."""
    keep_settings(reviewed.state, rater="")
    reviewed.activateWindow()
    qtbot.waitUntil(reviewed.isActiveWindow)
    reviewed.state.select(4, Side.LEFT)
    reviewed.desk.canvas.setFocus()
    return reviewed


def grades(window: MainWindow) -> list[tuple[int, Side, int | None, str]]:
    return [(g.item, g.side, g.score, g.rater) for g in window.state.document.grades]


def test_the_first_grade_asks_for_a_name_and_is_kept_with_it(unnamed: MainWindow) -> None:
    panel = unnamed.desk.evgs
    strike(unnamed, Qt.Key.Key_1)
    assert panel.rater.hasFocus()
    assert "Who grades?" in panel.hint.words.text()
    assert "left" in panel.hint.words.text()
    assert grades(unnamed) == []
    strike(unnamed, Qt.Key.Key_Return)  # no name yet
    assert panel.rater.hasFocus()
    strike(unnamed, "M", "K", Qt.Key.Key_Return)
    assert grades(unnamed) == [(4, Side.LEFT, 1, "MK")]
    assert panel.totals["graded", Side.LEFT].text().startswith("1 of")
    assert not panel.hint.isVisible()
    assert panel.table.hasFocus()
    strike(unnamed, Qt.Key.Key_Return, Qt.Key.Key_2)
    assert grades(unnamed)[1:] == [(4, Side.RIGHT, 2, "MK")]
    unnamed.state.undo()
    unnamed.state.undo()
    assert grades(unnamed) == []


def test_escape_drops_the_grade_that_waits(unnamed: MainWindow) -> None:
    panel = unnamed.desk.evgs
    strike(unnamed, Qt.Key.Key_1, "M", Qt.Key.Key_Escape)
    assert panel.rater.text() == ""
    assert not panel.hint.isVisible()
    keep_settings(unnamed.state, rater="MK")
    assert grades(unnamed) == []
    assert (unnamed.state.item, unnamed.state.side) == (4, Side.LEFT)


def test_the_name_is_asked_for_where_the_score_is_out_of_sight(unnamed: MainWindow, qtbot: QtBot) -> None:
    unnamed.desk.docks["evgs"].hide()
    qtbot.waitUntil(lambda: not unnamed.desk.evgs.isVisible())
    strike(unnamed, Qt.Key.Key_0)
    qtbot.waitUntil(unnamed.desk.evgs.rater.hasFocus)


def test_grades_without_a_name_are_adopted_as_one_step(unnamed: MainWindow, qtbot: QtBot) -> None:
    state, panel = unnamed.state, unnamed.desk.evgs
    old = (
        Grade(4, Side.LEFT, 1, "", "2026-01-01T00:00:00Z", "late"),
        Grade(5, Side.LEFT, 2, "", "2026-01-01T00:00:00Z"),
        Grade(5, Side.LEFT, 0, "MK", "2026-01-02T00:00:00Z"),
        Grade(5, Side.LEFT, 2, "CD", "2026-01-02T00:00:00Z"),
    )
    state.edit(replace(state.document, grades=old), "grades")
    assert not panel.hint.isVisible()
    panel.rater.setFocus()
    strike(unnamed, "M", "K", Qt.Key.Key_Return)
    assert "2 grades" in panel.hint.words.text()
    qtbot.mouseClick(panel.hint.button, Qt.MouseButton.LeftButton)
    assert set(grades(unnamed)) == {
        (4, Side.LEFT, 1, "MK"),
        (5, Side.LEFT, 0, "MK"),
        (5, Side.LEFT, 2, "CD"),
    }
    assert not panel.hint.isVisible()
    state.undo()
    assert state.document.grades == old
    assert panel.hint.isVisible()
