"""Ten seconds of random clicks and keys: nothing is raised, nothing hangs, the session stays whole."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QColorDialog, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from gaitviewer.gui.main_window import MainWindow
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
def test_random_clicks_and_keys_raise_nothing(
    reviewed: MainWindow, qtbot: QtBot, no_way_out: None, tmp_path: Path
) -> None:
    draw = random.Random(7)
    reviewed.resize(1366, 768)
    end = time.monotonic() + 10.0
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
        reviewed.work.open("walk1")
        qtbot.waitUntil(lambda: reviewed.reviewing, timeout=30_000)
    assert reviewed.work.save_now()
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
