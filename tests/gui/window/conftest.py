"""A window on a library of its own, with the demo walk in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from gaitviewer import paths
from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView
from gaitviewer.gui.playback.frame_store import ViewFrames
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.store import open_library


@pytest.fixture
def filled(walker_document: Document) -> Path:
    """The user's library with two sessions: "walk1" analysed, "walk2" new."""
    new = replace(
        walker_document,
        session=replace(
            walker_document.session,
            id="walk2",
            subject=replace(walker_document.session.subject, pseudonym="P002"),
        ),
        trials=(replace(walker_document.trials[0], poses=ByView(None, None)),),
    )
    with open_library() as library:
        library.save_session(new)
        library.save_session(walker_document)
    return paths.library_file()


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """The window as it comes up, the list read; AB grades."""
    made = MainWindow()
    made.state.set_settings(replace(made.state.settings, rater="AB"))
    with qtbot.waitSignal(made.services.listing.listed, timeout=30_000):
        made.show()
    yield made
    made.dialogs.close()
    made.close()
    # Its widgets go now, not with the garbage of another test.
    made.deleteLater()
    qtbot.wait(10)


OpenSession = Callable[[str], MainWindow]


@pytest.fixture
def open_session(filled: Path, window: MainWindow, qtbot: QtBot) -> OpenSession:
    def run(session_id: str) -> MainWindow:
        qtbot.waitUntil(lambda: len(window.cards) == 2, timeout=30_000)
        window.services.sessions.open(session_id)
        qtbot.waitUntil(lambda: window.state.document is not None, timeout=30_000)
        return window

    return run


@pytest.fixture
def reviewed(open_session: OpenSession, qtbot: QtBot) -> MainWindow:
    """The window with "walk1" open and measured."""
    window = open_session("walk1")
    qtbot.waitUntil(lambda: window.state.measures is not None, timeout=60_000)
    return window


def number_in(frames: ViewFrames, index: int) -> int:
    """The frame number that is burned into the picture held for a frame."""
    shot = frames.shot(index)
    assert shot is not None
    image = shot.image
    scale = image.height() / 480
    number = 0
    for bit in range(10):
        colour = image.pixelColor(int((80 * bit + 40) * scale), int(80 * scale))
        number |= int(np.mean([colour.red(), colour.green(), colour.blue()]) > 128) << bit
    return number


@pytest.fixture
def number() -> Callable[[ViewFrames, int], int]:
    return number_in
