"""A tool in hand explains itself, and so does a choice that only a person can make."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gaitviewer.core.document import ManualMeasurement
from gaitviewer.core.gait import Side, View
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.gui.widgets.keys import save_keys

PLAIN = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def active(reviewed: MainWindow, qtbot: QtBot) -> MainWindow:
    reviewed.activateWindow()
    qtbot.waitUntil(reviewed.isActiveWindow)
    reviewed.desk.canvas.setFocus()
    return reviewed


def strike(window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN) -> None:
    QTest.keyClick(window.windowHandle(), key, modifier)


def test_a_tool_says_what_to_click_and_what_then(active: MainWindow, qtbot: QtBot) -> None:
    hint = active.desk.hand.hint
    assert not hint.isVisible()
    strike(active, Qt.Key.Key_G)
    assert hint.isVisible()
    assert "3 points" in hint.text()
    assert "With an item" in hint.text()
    assert "Esc puts the tool away" in hint.text()
    active.state.select(11, Side.RIGHT)
    assert "A keeps it for" in hint.text()
    assert "right" in hint.text()
    strike(active, Qt.Key.Key_V)
    assert "vertical" in hint.text()
    strike(active, Qt.Key.Key_D)
    assert "Distance" in hint.text()
    views = active.desk.views
    assert views.rect().contains(hint.geometry())
    active.resize(1000, 640)
    qtbot.waitUntil(lambda: views.rect().contains(hint.geometry()))
    strike(active, Qt.Key.Key_Escape)
    assert not hint.isVisible()


def test_clicks_go_through_the_hint(active: MainWindow) -> None:
    strike(active, Qt.Key.Key_G)
    views, hint = active.desk.views, active.desk.hand.hint
    below = views.childAt(hint.geometry().center() + QPoint(0, 0))
    assert below is not hint
    assert below is not None


def test_the_hint_names_the_users_keys(active: MainWindow) -> None:
    save_keys({"tool.take_over": ("Ctrl+K",)})
    strike(active, Qt.Key.Key_G)
    assert "Ctrl+K keeps it" in active.desk.hand.hint.text()


def test_several_readings_ask_to_choose_and_return_chooses(active: MainWindow, qtbot: QtBot) -> None:
    state, rows = active.state, active.desk.evgs.detail.by_hand
    points = ((0.0, 0.0), (10.5, 100.0), (0.0, 200.0))
    value = ManualMeasurement("goniometer", 168.0, "deg", "t1", View.CORONAL, 41, points, 8, Side.LEFT, "AB")
    state.select(8, Side.LEFT)
    state.edit(replace(state.document, hand_measures=(value,)), "measure")
    assert len(rows.buttons) > 1
    assert not rows.choose.isVisible()
    strike(active, Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)
    assert rows.choose.isVisible()
    assert "choose one of these" in rows.choose.text()
    first, second = rows.buttons[:2]
    qtbot.waitUntil(first.hasFocus, timeout=30_000)
    unlike = first.grab().toImage()
    strike(active, Qt.Key.Key_Tab)
    assert second.hasFocus()
    assert first.grab().toImage() != unlike  # the ring moved on
    playing = active.desk.player.playing
    strike(active, Qt.Key.Key_Return)
    assert [(g.item, g.side) for g in state.document.grades] == [(8, Side.LEFT)]
    assert (state.item, state.side) == (8, Side.LEFT)
    state.undo()
    strike(active, Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)
    strike(active, Qt.Key.Key_Space)
    assert len(state.document.grades) == 1
    assert active.desk.player.playing == playing
