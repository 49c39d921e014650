"""Edits go to the disk as they are made, and what cannot be saved is never lost without a word."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from gaitviewer import paths
from gaitviewer.core.document import Document, Texts
from gaitviewer.core.journal import Act
from gaitviewer.gui.shell.main_window import MainWindow
from gaitviewer.store import database, open_library
from gaitviewer.store.library import Library


def stored(path: Path | None = None) -> Document:
    with open_library(path) as library:
        return library.load_session("walk1")


def write(window: MainWindow, words: str) -> None:
    document = window.state.kept
    assert document is not None
    window.state.edit(replace(document, texts=Texts(findings=words)), "Write findings", merge="findings")


@pytest.fixture
def saves(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The findings of every document that was written, in order."""
    written: list[str] = []
    save = Library.save_session

    def counted(self: Library, document: Document, **how: Any) -> str:
        revision = save(self, document, **how)
        written.append(document.texts.findings)
        return revision

    monkeypatch.setattr(Library, "save_session", counted)
    return written


def test_typing_without_a_pause_is_saved_all_the_same(
    reviewed: MainWindow, qtbot: QtBot, saves: list[str]
) -> None:
    words = ""
    while len(saves) < 4:  # a save that waits for a pause in typing never comes
        words += "x"
        write(reviewed, words)
        qtbot.wait(10)
        assert len(words) < 2000, "typed on and on, and nothing was saved"
    qtbot.waitUntil(lambda: reviewed.state.is_saved, timeout=20_000)
    assert stored().texts.findings == words
    assert saves == sorted(saves, key=len)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Holds the first save in the middle: (it has begun, let it go on)."""
    begun, go_on = threading.Event(), threading.Event()
    save = Library.save_session

    def held(self: Library, document: Document, **how: Any) -> str:
        begun.set()
        assert go_on.wait(60)
        return save(self, document, **how)

    monkeypatch.setattr(Library, "save_session", held)
    yield begun, go_on
    go_on.set()


def test_saved_is_said_of_what_the_disk_has_also_after_undo(
    reviewed: MainWindow, qtbot: QtBot, gate: tuple[threading.Event, threading.Event]
) -> None:
    begun, go_on = gate
    state = reviewed.state
    write(reviewed, "taken back")
    qtbot.waitUntil(begun.is_set, timeout=20_000)
    state.undo()  # what was on disk before; what is being written is another document
    assert not state.is_saved
    assert reviewed.saved_words.text() == "not saved yet"
    go_on.set()
    qtbot.waitUntil(lambda: state.is_saved, timeout=20_000)
    assert stored().texts.findings == ""
    assert reviewed.saved_words.text() == "saved"


def test_long_jobs_do_not_hold_up_a_save(reviewed: MainWindow, qtbot: QtBot) -> None:
    go_on = threading.Event()
    for number in range(4):
        reviewed.jobs.start(f"long {number}", lambda tick: go_on.wait(60))
    write(reviewed, "quick")
    qtbot.waitUntil(lambda: reviewed.state.is_saved, timeout=20_000)
    assert not go_on.is_set()
    assert stored().texts.findings == "quick"
    go_on.set()


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch, reviewed: MainWindow) -> Iterator[Callable[[], None]]:
    """Another program holds the library; the function ends that."""
    monkeypatch.setattr(database, "BUSY_S", 0.2)
    other = sqlite3.connect(paths.library_file(), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def free() -> None:
        if other.in_transaction:
            other.execute("ROLLBACK")

    yield free
    free()
    other.close()


def test_a_save_that_fails_is_told_and_tried_again_by_itself(
    reviewed: MainWindow, qtbot: QtBot, locked: Callable[[], None]
) -> None:
    write(reviewed, "kept")
    qtbot.waitUntil(lambda: bool(reviewed.services.saving.trouble), timeout=20_000)
    assert "another program" in reviewed.desk.banner.words.text()
    assert reviewed.saved_words.text() == "not saved: trying again"
    locked()
    qtbot.waitUntil(lambda: reviewed.state.is_saved, timeout=30_000)
    assert stored().texts.findings == "kept"
    assert not reviewed.desk.banner.knows("save")


def test_closing_asks_what_becomes_of_edits_that_cannot_be_saved(
    reviewed: MainWindow, qtbot: QtBot, locked: Callable[[], None]
) -> None:
    write(reviewed, "given up")
    assert not reviewed.close()
    qtbot.waitUntil(lambda: reviewed.dialog is not None, timeout=20_000)
    assert reviewed.dialog.objectName() == "question_dialog"
    assert "another program" in reviewed.dialog.text()
    reviewed.dialog.answers["cancel"].click()
    assert reviewed.isVisible()
    assert reviewed.state.kept is not None
    assert not reviewed.close()
    qtbot.waitUntil(lambda: reviewed.dialog is not None, timeout=20_000)
    reviewed.dialog.answers["discard"].click()
    qtbot.waitUntil(lambda: not reviewed.isVisible(), timeout=20_000)
    locked()
    assert stored().texts.findings == ""


def test_edits_can_be_saved_elsewhere(
    reviewed: MainWindow,
    qtbot: QtBot,
    locked: Callable[[], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = tmp_path / "copy.db"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(copy), ""))
    write(reviewed, "elsewhere")
    reviewed.show_library()
    qtbot.waitUntil(lambda: reviewed.dialog is not None, timeout=20_000)
    assert reviewed.reviewing
    reviewed.dialog.answers["elsewhere"].click()
    qtbot.waitUntil(lambda: not reviewed.reviewing, timeout=20_000)
    assert stored(copy).texts.findings == "elsewhere"


def test_a_full_disk_is_said_and_nothing_is_lost(
    reviewed: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = True
    save = Library.save_session

    def no_room(self: Library, document: Document, **how: Any) -> str:
        pages = self.connection.execute("PRAGMA page_count").fetchone()[0]
        self.connection.execute(f"PRAGMA max_page_count = {pages if full else 1_000_000}")
        return save(self, document, **how)

    monkeypatch.setattr(Library, "save_session", no_room)
    findings = "walks well\n" * 4_000
    write(reviewed, findings)
    qtbot.waitUntil(lambda: "is full" in reviewed.services.saving.trouble, timeout=20_000)
    full = False
    qtbot.waitUntil(lambda: reviewed.state.is_saved, timeout=30_000)
    assert stored().texts.findings == findings


def test_every_step_can_be_undone(reviewed: MainWindow, qtbot: QtBot) -> None:
    state = reviewed.state
    before = state.kept
    for number in range(1200):
        state.edit(replace(state.kept, texts=Texts(plan=str(number))), "Write a plan")
    for _ in range(1200):
        state.undo()
    assert state.kept is before
    qtbot.waitUntil(lambda: state.is_saved, timeout=20_000)


def test_what_was_edited_can_be_undone_after_opening_it_again(reviewed: MainWindow, qtbot: QtBot) -> None:
    state = reviewed.state
    assert state.document is not None
    first = state.document.texts
    state.edit(replace(state.document, texts=Texts(findings="walks on toes")), "Type in the report")
    state.edit(replace(state.document, texts=Texts(findings="walks on her toes")), "Type in the report")
    state.undo()
    qtbot.waitUntil(lambda: state.is_saved, timeout=30_000)
    before = state.document
    reviewed.services.sessions.open("walk1")
    qtbot.waitUntil(lambda: state.document is not before, timeout=30_000)
    assert state.document.texts.findings == "walks on toes"
    assert [entry.act for entry in state.history.entries] == [Act.EDIT, Act.EDIT, Act.UNDO]
    state.redo()
    assert state.document.texts.findings == "walks on her toes"
    state.undo()
    state.undo()
    assert state.document.texts == first
    assert not state.history.undo_titles
    qtbot.waitUntil(lambda: state.is_saved, timeout=30_000)
    assert stored().texts == first
