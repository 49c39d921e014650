"""Who signed the open session stands in the status bar, and in the report as long as it is true."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from gaitviewer.core.gait import Side
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.store import open_library
from gaitviewer.workflow.sessions.listing import SessionState, list_cards
from tests.support import pdf


def note(window: MainWindow) -> QLabel:
    found = window.statusBar().findChild(QLabel, "signature_note")
    assert isinstance(found, QLabel)
    return found


def state_in_library() -> SessionState:
    with open_library() as library:
        return {card.id: card.state for card in list_cards(library)}["walk1"]


@pytest.fixture
def signed(reviewed: MainWindow, qtbot: QtBot) -> MainWindow:
    assert note(reviewed).isHidden()
    reviewed.state.select(3, Side.LEFT)
    reviewed.desk.evgs.grade(2)
    with qtbot.waitSignal(reviewed.services.saving.signed, timeout=30_000):
        reviewed.services.saving.sign("Dr. Adler")
    return reviewed


def test_it_follows_edits_undo_and_other_sessions(signed: MainWindow, qtbot: QtBot) -> None:
    label = note(signed)
    assert label.isVisible()
    assert label.text().startswith("Signed by Dr. Adler, 20")
    signed.desk.evgs.grade(0)
    assert label.text().startswith("Changed since Dr. Adler signed on 20")
    assert signed.services.saving.save_now()
    assert state_in_library() is not SessionState.SIGNED
    signed.state.undo()
    assert label.text().startswith("Signed by Dr. Adler")
    assert signed.services.saving.save_now()
    assert state_in_library() is SessionState.SIGNED
    signed.show_library()
    assert label.isHidden()
    signed.services.sessions.open("walk2")
    qtbot.waitUntil(lambda: signed.state.document is not None, timeout=20_000)
    assert label.isHidden()
    signed.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: signed.state.document.session.id == "walk1", timeout=20_000)
    assert label.text().startswith("Signed by Dr. Adler")


def test_what_was_changed_says_so_when_it_is_opened_again(signed: MainWindow, qtbot: QtBot) -> None:
    signed.desk.evgs.grade(0)
    signed.show_library()
    signed.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: signed.state.document is not None, timeout=20_000)
    assert note(signed).text().startswith("Changed since Dr. Adler signed on 20")


def test_a_video_that_was_found_again_changes_nothing_that_was_signed(signed: MainWindow) -> None:
    signed.services.saving.amend_signed(lambda document: replace(document))
    assert note(signed).text().startswith("Signed by Dr. Adler")
    assert signed.services.saving.save_now()
    assert state_in_library() is SessionState.SIGNED


@pytest.mark.parametrize("anonymous", [False, True])
def test_the_report_says_who_signed(signed: MainWindow, qtbot: QtBot, tmp_path: Path, anonymous: bool) -> None:
    def exported(name: str) -> str:
        signed.dialogs.show_report()
        dialog = signed.dialog
        dialog.anonymous.setChecked(anonymous)
        dialog.folder.setText(str(tmp_path))
        dialog.name.setText(name)
        with qtbot.waitSignal(dialog.written, timeout=60_000):
            dialog.export()
        dialog.close()
        return pdf.in_one_line(" ".join(pdf.page_texts(tmp_path / name)))

    words = exported("one.pdf")
    assert ("Signed in the program by Dr. Adler on 20" in words) is not anonymous
    assert "Signature" in words
    signed.desk.evgs.grade(0)
    words = exported("two.pdf")
    assert "Signed in the program" not in words
    assert ("Not signed: changed since Dr. Adler" in words) is not anonymous


@pytest.mark.parametrize(
    ("tampering", "words"),
    [
        ("UPDATE grades SET score = 1", "Changed since Dr. Adler signed on 20"),
        ("UPDATE snapshots SET who = 'Dr. Busch'", "Not signed: the signature of Dr. Busch"),
    ],
)
def test_what_was_written_into_the_library_behind_the_window_is_told(
    signed: MainWindow, qtbot: QtBot, tampering: str, words: str
) -> None:
    signed.show_library()
    with open_library() as library:
        library.connection.execute("DROP TRIGGER snapshots_are_final")
        library.connection.execute(tampering)
    signed.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: signed.state.document is not None, timeout=20_000)
    assert note(signed).accessibleName().startswith(words)
    assert not signed.services.saving.is_signed
    assert state_in_library() is not SessionState.SIGNED
