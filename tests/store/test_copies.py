"""Copies of the library: one a day, one before each change of its form, and what they are for."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gaitviewer.core.document import Document
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import Side
from gaitviewer.errors import DamagedLibraryError, StoreError
from gaitviewer.store import copies, library, open_library

Make = Callable[..., Document]


@pytest.fixture(autouse=True)
def new_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the program had just been started."""
    monkeypatch.setattr(library, "_copied", {})


def days_ago(days: int, why: str = "daily") -> str:
    stamp = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y%m%dT%H%M%S")
    return f"{why}-{stamp}.db"


def names(path: Path) -> list[str]:
    return [file.name for file in copies.copy_files(path)]


def spoil(path: Path, mark: bytes, kind: int) -> None:
    """Overwrite the first page of a kind that holds a mark (13: table; 10: index, or a table by its key)."""
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        size = raw.execute("PRAGMA page_size").fetchone()[0]
    raw.close()
    data = bytearray(path.read_bytes())
    for at in range(size, len(data), size):
        if data[at] == kind and mark in data[at : at + size]:
            data[at : at + size] = b"\xff" * size
            path.write_bytes(data)
            return
    raise AssertionError("no such page")


def test_before_the_first_change_of_a_day_the_library_is_copied(made: Path, make_document: Make) -> None:
    with open_library(made) as opened:
        opened.list_sessions()
        assert names(made) == []
        opened.save_session(make_document("s2"))
        (copy,) = copies.copies_of(made)
        assert (copy.why, copy.sessions) == ("daily", 1)  # as it was before
        assert abs(copy.made - datetime.now(UTC)) < timedelta(minutes=10)
        opened.save_session(make_document("s3"))
        assert len(names(made)) == 1
    # A program started anew on the same day makes none, one on the next day does.
    library._copied.clear()
    with open_library(made) as opened:
        opened.delete_session("s3")
        assert len(names(made)) == 1
    copy.path.rename(copy.path.with_name(days_ago(1)))
    library._copied.clear()
    with open_library(made) as opened:
        opened.restore_session("s3")
    assert [copy.sessions for copy in copies.copies_of(made)] == [2, 1]


def test_an_empty_library_is_not_copied(tmp_path: Path, document: Document) -> None:
    with open_library(tmp_path / "l.db") as opened:
        opened.save_session(document)
        assert names(opened.path) == []


def test_only_the_last_days_and_forms_are_kept(made: Path, document: Document) -> None:
    folder = copies.copies_folder(made)
    folder.mkdir()
    older = [days_ago(day) for day in range(1, 10)] + [
        days_ago(day, f"before-000{day}_x") for day in range(1, 6)
    ]
    for name in older:
        shutil.copyfile(made, folder / name)
    beside = made.with_name(f"l-{days_ago(30, 'before-0001_x')}")
    shutil.copyfile(made, beside)
    (folder / "notes.txt").write_text("not ours")
    with open_library(made) as opened:
        opened.save_session(document)
    left = names(made)
    assert [name for name in left if name.startswith("daily")][1:] == older[: copies.KEPT_DAYS - 1]
    assert sorted(name for name in left if "before" in name) == sorted(older[9 : 9 + copies.KEPT_FORMS])
    assert not beside.exists()
    assert (folder / "notes.txt").exists()


def test_no_room_and_no_copy_stop_no_work(
    made: Path, make_document: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(copies.shutil, "disk_usage", lambda path: usage)
    with open_library(made) as opened:
        opened.save_session(make_document("s2"))
        assert len(opened.list_sessions()) == 2
    assert names(made) == []


def test_a_damaged_library_pushes_no_sound_copy_out(made: Path, make_document: Make) -> None:
    folder = copies.copies_folder(made)
    folder.mkdir()
    sound = [days_ago(day) for day in range(1, 1 + copies.KEPT_DAYS)]
    for name in sound:
        shutil.copyfile(made, folder / name)
    spoil(made, b"rater A", 13)
    with open_library(made) as opened:
        opened.delete_session("s1")
    assert names(made) == sound
    assert list(folder.glob(".*")) == []


def test_a_copy_takes_the_place_of_a_damaged_library(made: Path, make_document: Make) -> None:
    with open_library(made) as opened:
        opened.save_session(make_document("s2"))
    made.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    with pytest.raises(DamagedLibraryError, match=r"copy of it \(.*1 session\).*restore-copy --library"):
        open_library(made)
    made.with_name("l.db-wal").write_bytes(b"journal")
    (copy,) = copies.copies_of(made)
    aside = copies.restore_copy(made, copy.path)
    assert aside is not None
    assert aside.read_bytes().endswith(b"\xff" * 5000)
    assert aside.with_name(aside.name + "-wal").read_bytes() == b"journal"
    with open_library(made) as opened:
        assert [row.id for row in opened.list_sessions()] == ["s1"]
        assert opened.load_session("s1").grades == make_document().grades
    assert copy.path.is_file()


def test_a_damaged_copy_is_refused_and_the_library_stays(made: Path, tmp_path: Path) -> None:
    before = made.read_bytes()
    broken, foreign = tmp_path / "broken.db", tmp_path / "foreign.db"
    shutil.copyfile(made, broken)
    spoil(broken, b"rater A", 13)
    with sqlite3.connect(foreign) as raw:
        raw.execute("CREATE TABLE accounts (id)")
    raw.close()
    for copy, words in ((broken, "damaged"), (foreign, "not a copy"), (tmp_path / "none.db", "no copy")):
        with pytest.raises(StoreError, match=words):
            copies.restore_copy(made, copy)
    assert made.read_bytes() == before
    assert copies.set_aside_files(made) == ()


def test_one_bad_page_locks_out_no_other_session(made: Path, make_document: Make) -> None:
    """Grades of many sessions lie on many pages; the sessions of one page are lost, the others open."""
    many = [f"m{number:02}" for number in range(40)]
    with open_library(made) as opened:
        for name in many:
            grades = tuple(
                Grade(1, Side.LEFT, 1, f"rater-{name}", "w", f"{name} {'x' * 200}") for _ in range(6)
            )
            opened.save_session(replace(make_document(name), grades=grades))
    spoil(made, b"rater-m20", 10)
    with open_library(made) as opened:
        rows = {row.id: row for row in opened.list_sessions()}
        assert set(rows) == {"s1", *many}
        damaged = {name for name, row in rows.items() if row.damaged}
        assert "m20" in damaged
        assert len(damaged) < 8
        assert {row.subject for row in rows.values()} == {"P001"}
        for name in ("s1", *many):
            if name in damaged:
                with pytest.raises(DamagedLibraryError, match=rf"session {name} cannot be read.*restore-copy"):
                    opened.load_session(name)
            else:
                assert opened.load_session(name).session.id == name
        assert opened.list_sessions(deleted=True) == ()


def test_a_session_whose_keypoints_are_damaged_is_named(made: Path) -> None:
    with open_library(made) as opened:
        opened.connection.execute("UPDATE poses SET xy = substr(xy, 1, 100)")
        with pytest.raises(DamagedLibraryError, match="session s1 cannot be read"):
            opened.load_session("s1")
        assert len(opened.list_sessions()) == 1
