"""A library that is damaged, and one that can only be read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from gaitviewer import paths
from gaitviewer.core.gait import Side
from gaitviewer.errors import DamagedLibraryError
from gaitviewer.gui.dialogs.failure import FailureDialog
from gaitviewer.gui.dialogs.question import QuestionDialog
from gaitviewer.gui.services.job_bar import Banner
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.messages import message
from gaitviewer.store import copies, database, open_library
from gaitviewer.workflow.sessions import listing
from gaitviewer.workflow.sessions.listing import SessionState

NOISE = b"SQLite format 3\0" + b"\xff" * 5000


@pytest.fixture
def copied(filled: Path) -> Path:
    """The library, and a copy of yesterday with both sessions."""
    copy = copies.copies_folder(filled) / "daily-20260102T030405.db"
    copy.parent.mkdir(exist_ok=True)
    for old in copy.parent.iterdir():
        old.unlink()
    shutil.copyfile(filled, copy)
    return copy


def test_a_damaged_library_gives_way_to_a_copy(copied: Path, window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(window.cards) == 2, timeout=30_000)
    paths.library_file().write_bytes(NOISE)
    window.services.listing.list_sessions()
    qtbot.waitUntil(lambda: isinstance(window.dialog, QuestionDialog), timeout=30_000)
    dialog = window.dialog
    assert isinstance(dialog, QuestionDialog)
    assert "is damaged" in dialog.text()
    assert "2026-01-0" in dialog.text()
    assert "2 sessions" in dialog.text()
    assert "gaitviewer sessions" not in dialog.text()
    with qtbot.waitSignal(window.services.listing.listed, timeout=30_000):
        dialog.answers["copy"].click()
    assert {card.id for card in window.cards} == {"walk1", "walk2"}
    (aside,) = copies.set_aside_files(paths.library_file())
    assert aside.read_bytes() == NOISE
    qtbot.waitUntil(lambda: isinstance(window.dialog, FailureDialog))
    assert str(aside) in window.dialog.text()


def test_without_a_copy_it_is_told(filled: Path, window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(window.cards) == 2, timeout=30_000)
    shutil.rmtree(copies.copies_folder(filled), ignore_errors=True)
    filled.write_bytes(NOISE)
    window.services.listing.list_sessions()
    qtbot.waitUntil(lambda: isinstance(window.dialog, FailureDialog), timeout=30_000)
    assert "put a backup in its place" in window.dialog.text()
    assert filled.read_bytes() == NOISE


def test_a_session_that_cannot_be_read_is_named_and_the_others_open(
    copied: Path, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = listing.listed_signature

    def listed(library, row):
        if row.id == "walk2":
            raise DamagedLibraryError(message("error.store.put_backup"))
        return real(library, row)

    monkeypatch.setattr(listing, "listed_signature", listed)
    assert window.library_page.chips[SessionState.DAMAGED].isHidden()
    with qtbot.waitSignal(window.services.listing.listed, timeout=30_000):
        window.services.listing.list_sessions()
    dialog = window.dialog
    assert isinstance(dialog, QuestionDialog)
    assert "1 of 2 sessions cannot be read" in dialog.text()
    assert "P002" in dialog.text()
    dialog.reject()
    assert {card.id: card.state for card in window.cards}["walk2"] is SessionState.DAMAGED
    assert not window.library_page.chips[SessionState.DAMAGED].isHidden()
    with qtbot.waitSignal(window.services.listing.listed, timeout=30_000):
        window.services.listing.list_sessions()
    assert window.dialog is None  # said once
    window.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: window.state.document is not None, timeout=30_000)


def test_a_session_that_does_not_open_for_damage_offers_the_copy(
    copied: Path, window: MainWindow, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: len(window.cards) == 2, timeout=30_000)
    with open_library() as library:
        library.connection.execute("UPDATE poses SET xy = substr(xy, 1, 100)")
    window.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: isinstance(window.dialog, QuestionDialog), timeout=30_000)
    assert "The session walk1 cannot be read" in window.dialog.text()
    window.dialog.reject()
    window.services.sessions.open("walk2")
    qtbot.waitUntil(lambda: window.state.document is not None, timeout=30_000)


def test_a_library_that_can_only_be_read_is_worked_with_and_nothing_is_saved(
    filled: Path, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    qtbot.waitUntil(
        lambda: all(card.thumbnail for card in window.cards) and len(window.cards) == 2, timeout=30_000
    )
    # Tests may run as a user who may write everything.
    monkeypatch.setattr(database, "can_write", lambda path: False)
    before = filled.read_bytes()
    window.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: window.state.measures is not None, timeout=60_000)
    banner = window.desk.banner
    assert isinstance(banner, Banner)
    assert banner.topic == "read only"
    assert "nothing will be saved" in banner.words.text()
    window.state.select(3, Side.LEFT)
    window.desk.evgs.grade(2)
    said = window.statusBar().findChild(QLabel, "saved_words")
    assert said.text() == "not saved: read-only"
    window.services.saving.save()
    assert window.services.saving.save_now()
    assert window.dialog is None
    window.dialogs.show_report()
    dialog = window.dialog
    dialog.folder.setText(str(tmp_path))
    with qtbot.waitSignal(dialog.written, timeout=60_000):
        dialog.export()
    dialog.close()
    assert list(tmp_path.glob("*.pdf"))
    window.show_library()  # nothing holds it back
    assert not window.reviewing
    assert filled.read_bytes() == before
