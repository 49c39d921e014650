"""What the start page says while a session is being made."""

from __future__ import annotations

import threading
import time

from pytestqt.qtbot import QtBot

from gaitviewer.core.progress import Tick
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.messages import message


def test_no_empty_progress_bar_is_shown_at_rest(window: MainWindow, qtbot: QtBot) -> None:
    assert not window.job_bar.isVisible()
    assert window.statusBar().isVisible()


def test_the_empty_library_tells_how_far_the_demo_is(window: MainWindow, qtbot: QtBot) -> None:
    page, go_on = window.library_page, threading.Event()

    def work(tick: Tick) -> None:
        while not go_on.is_set():
            tick(0.4, message("progress.filming_demo", view="sagittal", frames=40, total=100))
            time.sleep(0.01)

    window.jobs.start("create", work, title="Demo session")
    qtbot.waitUntil(lambda: page.making.value() == 400, timeout=20_000)
    assert page.making.isVisible()
    assert page.empty_head.text() == "Demo session"
    assert "40 of 100 frames" in page.empty_words.text()
    assert not any(button.isEnabled() for button in (page.new_button, page.demo_button, *page.empty_buttons))
    go_on.set()
    qtbot.waitUntil(lambda: not page.making.isVisible(), timeout=20_000)
    assert page.empty_head.text() == "No sessions yet"
    assert all(button.isEnabled() and button.isVisible() for button in page.empty_buttons)
