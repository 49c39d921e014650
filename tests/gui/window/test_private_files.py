"""What the window writes into the user's own folders is for the user alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gaitviewer.gui.model.window_file import window_file
from gaitviewer.gui.shell.main_window import MainWindow


@pytest.mark.skipif(os.name != "posix", reason="there are no such rights here")
def test_places_and_sizes_too(own_home: Path, qtbot: QtBot) -> None:
    before = os.umask(0)
    try:
        window = MainWindow()
        with qtbot.waitSignal(window.services.listing.listed, timeout=30_000):
            window.show()
        window.close()
        window._settings.sync()
        window.deleteLater()
        qtbot.wait(10)
    finally:
        os.umask(before)
    assert window_file().stat().st_size > 0
    wide = {
        path.name: oct(path.stat().st_mode)
        for path in own_home.rglob("*")
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    }
    assert wide == {}
