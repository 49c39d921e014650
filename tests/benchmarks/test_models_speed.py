"""What asking models costs the window: frames shown while they run, keys that wait, opening with answers.

Rounds with and without models alternate, and ratios count: on a machine that others use as well they are
printed only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QTimer

from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.inference.ask import ask_models
from gaitviewer.inference.models import TASKS
from gaitviewer.store import open_library
from tests.benchmarks.test_opening_speed import open_once

pytestmark = pytest.mark.benchmark

ROUNDS = 3
_TIMER_MS = 5


@dataclass
class Round:
    """Distinct frames painted of both views, and the longest that the window's thread kept a key waiting."""

    frames: int
    waited_s: float


def play(window: MainWindow, qtbot: Any, *, asked: bool) -> Round:
    """The session from its start to its end, with all models asked again and again if ``asked``."""
    player, inference = window.desk.player, window.services.inference
    canvases = [window.desk.views.canvases[view] for view in View]
    player.set_loop(None)
    player.go_to(player.start_s)
    qtbot.waitUntil(lambda: all(canvas.painted_frame == canvas.frame for canvas in canvases), timeout=60_000)
    seen: set[tuple[View, int]] = set()
    waits: list[float] = []
    last = time.perf_counter()

    def look() -> None:
        nonlocal last
        now = time.perf_counter()
        waits.append(now - last)
        last = now
        seen.update((canvas.view, canvas.painted_frame) for canvas in canvases)
        if asked and not inference.asking:
            inference.ask_open()

    timer = QTimer()
    timer.setInterval(_TIMER_MS)
    timer.timeout.connect(look)
    if asked:
        inference.ask_open()
        qtbot.waitUntil(lambda: window.job_bar.bar.value() > 0, timeout=60_000)  # they compute by now
    last = time.perf_counter()
    timer.start()
    player.play()
    qtbot.waitUntil(lambda: not player.playing, timeout=120_000)
    timer.stop()
    return Round(len(seen), max(waits))


def test_playing_while_all_models_are_asked(
    walker_document: Document, qtbot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_library() as library:
        library.save_session(walker_document)
    load = os.getloadavg()[0]
    window = MainWindow()
    window.resize(1366, 768)
    window.show()
    window.services.sessions.open(walker_document.session.id)
    qtbot.waitUntil(lambda: window.state.measures is not None, timeout=120_000)
    window.services.inference.ask_open()  # the process is there, and has read everything once
    qtbot.waitUntil(lambda: not window.services.inference.asking, timeout=120_000)
    rounds: dict[bool, list[Round]] = {False: [], True: []}
    for _ in range(ROUNDS):
        for asked in rounds:
            rounds[asked].append(play(window, qtbot, asked=asked))
    window.services.inference.close()
    window.close()
    window.deleteLater()
    total = sum(
        stream.info.frame_count for stream in walker_document.trials[0].trial.videos if stream is not None
    )
    without, meanwhile = (median(one.frames for one in rounds[asked]) for asked in (False, True))
    waits = [max(one.waited_s for one in rounds[asked]) for asked in (False, True)]
    with capsys.disabled():
        print(
            f"\nframes shown of {total}: {without:.0f}, while all models are asked {meanwhile:.0f}, ratio "
            f"{meanwhile / without:.3f}; a key waited at most {1e3 * waits[0]:.0f} and {1e3 * waits[1]:.0f} ms "
            f"(load {load:.1f})"
        )
    if load < 0.7:
        assert meanwhile >= 0.95 * without
        assert waits[1] <= 0.1


def test_opening_with_stored_answers(
    walker_document: Document, own_home: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_library() as library:
        library.save_session(walker_document)
    open_once(own_home, 3.0)  # measured before
    without = sorted(open_once(own_home, 3.0)[1] for _ in range(5))
    keep: Callable[[Any], None]
    with open_library() as library:
        keep = lambda said: library.save_answer(walker_document.session.id, *said)  # noqa: E731
        ask_models(walker_document, TASKS, "cpu", "fp32", tell=keep)
    stored = sorted(open_once(own_home, 3.0)[1] for _ in range(5))
    ratio = median(stored) / median(without)
    with capsys.disabled():
        print(
            f"\nopening, processor seconds: {median(without):.2f} without answers, {median(stored):.2f} with "
            f"those of all models, ratio {ratio:.2f}"
        )
    assert ratio <= 1.2
