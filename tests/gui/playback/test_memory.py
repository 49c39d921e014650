"""The bound on pictures in memory is the one in the settings, and it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytestqt.qtbot import QtBot

from gaitviewer.core.gait import View
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.workflow.app import settings

OpenSession = Callable[[str], MainWindow]
MIB = 1 << 20


def test_a_gigabyte_unless_chosen_otherwise(open_session: OpenSession) -> None:
    frames = open_session("walk2").desk.views.frames
    assert frames.limit_bytes == 1024 * MIB


def test_the_chosen_bound_reaches_the_caches_and_holds(
    filled: object, window: MainWindow, qtbot: QtBot
) -> None:
    window.state.set_settings(replace(settings.load(), memory_mb=64))
    window.services.sessions.open("walk2")
    qtbot.waitUntil(lambda: window.state.document is not None, timeout=30_000)
    frames, player = window.desk.views.frames, window.desk.player
    assert frames.limit_bytes == 64 * MIB
    # All memory together: pictures, and what both decoders keep.
    kept = [frames.views[view]._opener.cache_bytes for view in View]
    assert frames.cache.limit_bytes + sum(kept) <= 64 * MIB
    # A smaller one, chosen while a session is open, lets go at once and holds while one moves about.
    qtbot.waitUntil(lambda: frames.cache.held_bytes > 2 * MIB, timeout=20_000)
    window.state.set_settings(replace(window.state.settings, memory_mb=4))
    assert frames.cache.held_bytes <= frames.cache.limit_bytes <= 4 * MIB
    for number in (10, 60, 100, 30):
        player.go_to_frame(View.SAGITTAL, number)
        seen = frames.views.sagittal
        qtbot.waitUntil(lambda number=number, seen=seen: seen.shot(number) is not None, timeout=20_000)
        qtbot.wait(50)
        assert frames.cache.held_bytes <= frames.cache.limit_bytes
