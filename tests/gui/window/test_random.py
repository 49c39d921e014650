"""Random clicks and keys: nothing is raised, nothing hangs, the session stays whole."""

from __future__ import annotations

import random
import time

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QColorDialog, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.store import open_library

KEYS = [
    *(Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home),
    *(Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Period, Qt.Key.Key_Comma),
    *(Qt.Key.Key_R, Qt.Key.Key_E, Qt.Key.Key_G, Qt.Key.Key_V, Qt.Key.Key_D, Qt.Key.Key_A, Qt.Key.Key_F),
    *(Qt.Key.Key_0, Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_N, Qt.Key.Key_S, Qt.Key.Key_Return),
    *(Qt.Key.Key_Escape, Qt.Key.Key_Insert, Qt.Key.Key_Delete, Qt.Key.Key_Tab, Qt.Key.Key_T),
    *(Qt.Key.Key_F5, Qt.Key.Key_F6, Qt.Key.Key_F8, Qt.Key.Key_F9, Qt.Key.Key_BracketLeft),
    *(Qt.Key.Key_BracketRight, Qt.Key.Key_F1),
]
WITH_CONTROL = [
    Qt.Key.Key_Z,
    Qt.Key.Key_Y,
    Qt.Key.Key_S,
    Qt.Key.Key_Plus,
    Qt.Key.Key_Minus,
    Qt.Key.Key_PageDown,
]


@pytest.fixture
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialogs of the system answer that nothing was chosen."""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("", ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: "")
    monkeypatch.setattr(QColorDialog, "exec", lambda self: 0)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: True)


@pytest.mark.slow
def test_random_clicks_and_keys_raise_nothing(reviewed: MainWindow, qtbot: QtBot, no_way_out: None) -> None:
    play_at_random(reviewed, qtbot, random.Random(7), duration_s=10.0)


@pytest.mark.benchmark
def test_a_minute_of_random_clicks_and_keys(
    reviewed: MainWindow, qtbot: QtBot, no_way_out: None, request: pytest.FixtureRequest
) -> None:
    """Run by hand: ``pytest tests/gui/window/test_random.py -m benchmark``."""
    if "benchmark" not in request.config.getoption("markexpr", default=""):
        pytest.skip("takes a minute; ask for it with -m benchmark")
    play_at_random(reviewed, qtbot, random.Random(2024), duration_s=60.0)


def play_at_random(reviewed: MainWindow, qtbot: QtBot, draw: random.Random, *, duration_s: float) -> None:
    """Click and press keys, then see that the session is whole and can be saved."""
    reviewed.resize(1366, 768)
    end = time.monotonic() + duration_s
    while time.monotonic() < end:
        if draw.random() < 0.5:
            control = draw.random() < 0.2
            key = draw.choice(WITH_CONTROL if control else KEYS)
            modifier = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
            qtbot.keyClick(QApplication.focusWidget() or reviewed, key, modifier)
        else:
            click(qtbot, reviewed, draw)
        if draw.random() < 0.02:
            reviewed.dialogs.close()
        qtbot.wait(draw.choice((0, 1, 5, 20)))
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
    reviewed.dialogs.close()
    if not reviewed.reviewing:
        reviewed.services.sessions.open("walk1")
        qtbot.waitUntil(lambda: reviewed.reviewing, timeout=30_000)
    assert reviewed.services.saving.save_now()
    with open_library() as library:
        assert {row.id for row in library.list_sessions()} == {"walk1", "walk2"}
        assert len(library.load_session("walk1").trials) == 1


def click(qtbot: QtBot, window: MainWindow, draw: random.Random) -> None:
    """Anywhere but the menus: those open in loops of their own."""
    top: QWidget = window.dialog or window
    bar = window.menuBar()
    where = QPoint(draw.randrange(top.width()), draw.randrange(top.height()))
    target = top.childAt(where) or top
    if target is bar or bar.isAncestorOf(target):
        return
    opens_menu = getattr(target, "menu", None)
    if callable(opens_menu) and opens_menu() is not None:
        return
    button = Qt.MouseButton.LeftButton
    if draw.random() < 0.1:
        qtbot.mouseDClick(target, button, pos=target.mapFrom(top, where))
    else:
        qtbot.mouseClick(target, button, pos=target.mapFrom(top, where))
