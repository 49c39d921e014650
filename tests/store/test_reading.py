"""A library that cannot be written is read."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from gaitviewer.core.document import Document
from gaitviewer.errors import StoreError
from gaitviewer.store import database, is_read_only, migrations, open_library
from gaitviewer.store.migrations import Step


@pytest.fixture
def locked(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tests may run as a user who may write everything: this stands for what the system says of the rights."""
    monkeypatch.setattr(database, "can_write", lambda path: False)
    return made


def test_it_is_listed_and_opened_and_nothing_is_written(locked: Path, document: Document) -> None:
    before = locked.read_bytes()
    assert is_read_only(locked)
    with open_library(locked) as opened:
        assert opened.read_only
        assert [row.id for row in opened.list_sessions()] == ["s1"]
        loaded, revision = opened.load_revision("s1")
        assert loaded.grades == document.grades
        assert revision
        assert opened.snapshots("s1") == ()
        for deed in (
            lambda: opened.save_session(document),
            lambda: opened.delete_session("s1"),
            lambda: opened.add_output("s1", Path("x"), kind="x"),
            lambda: opened.add_snapshot("s1", "{}", who="A"),
            opened.compact,
        ):
            with pytest.raises(StoreError, match="read-only here, so nothing is saved"):
                deed()
        with pytest.raises(sqlite3.OperationalError, match="readonly"):  # SQLite itself refuses, too
            opened.connection.execute("DELETE FROM sessions")
    assert locked.read_bytes() == before
    # SQLite reads by way of an empty journal, where it can make one.
    assert {path.name for path in locked.parent.iterdir()} <= {"l.db", "l.db-wal", "l.db-shm"}


def test_an_older_form_says_what_to_do(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Step("0099_room", lambda db: db.table("sessions").add_column("room", str))
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, step))
    with pytest.raises(StoreError, match="older version of the program and is read-only"):
        open_library(locked)


def test_a_new_library_is_made_as_usual(tmp_path: Path) -> None:
    assert not is_read_only(tmp_path / "new.db")
    with open_library(tmp_path / "new.db") as opened:
        assert not opened.read_only


def test_changes_that_only_the_journal_holds_are_not_passed_over(
    made: Path, document: Document, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without its index, the journal of a library cannot be read where nothing can be written."""
    with open_library(made) as opened:
        opened.connection.execute("PRAGMA wal_autocheckpoint = 0").fetchone()
        opened.save_session(document)
        other = tmp_path / "copied"
        other.mkdir()
        for name in ("l.db", "l.db-wal"):
            (other / name).write_bytes(made.with_name(name).read_bytes())
    real = database.connect

    def connect(path: Path, *, options: str = "") -> sqlite3.Connection:
        if options == "mode=ro":
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise error
        return real(path, options=options)

    monkeypatch.setattr(database, "can_write", lambda path: False)
    monkeypatch.setattr(database, "connect", connect)
    with pytest.raises(StoreError, match=r"last changes are still in its journal l\.db-wal"):
        open_library(other / "l.db")
    (other / "l.db-wal").unlink()
    with open_library(other / "l.db") as opened:
        assert len(opened.list_sessions()) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everything")
def test_the_rights_of_the_file_and_of_its_folder_count(made: Path) -> None:
    made.chmod(0o400)
    assert is_read_only(made)
    with open_library(made) as opened:
        assert len(opened.list_sessions()) == 1
    made.chmod(0o600)
    made.parent.chmod(0o500)
    try:
        assert is_read_only(made)
        with open_library(made) as opened:
            assert len(opened.list_sessions()) == 1
    finally:
        made.parent.chmod(0o700)
