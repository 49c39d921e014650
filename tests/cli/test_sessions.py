"""``gaitviewer sessions``: list, delete, restore, purge."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from gaitviewer import paths
from gaitviewer.cli import main
from gaitviewer.core.document import Document
from gaitviewer.store import open_library


@pytest.fixture(autouse=True)
def filled(own_home: Path, walker_document: Document) -> None:
    """One session "walk1" of P001."""
    with open_library() as library:
        library.save_session(walker_document)


def test_a_session_goes_and_comes_and_goes_for_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split()[:4] == ["session", "subject", "date", "state"]
    assert row.split()[:2] == ["walk1", "P001"]
    assert "analysed" in row
    assert main(["sessions", "delete", "p001"]) == 0
    assert "restore walk1" in capsys.readouterr().out
    assert main(["sessions", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["sessions", "list", "--deleted"]) == 0
    assert "walk1" in capsys.readouterr().out
    assert main(["sessions", "restore", "walk1"]) == 0
    assert main(["sessions", "--json"]) == 0
    assert "in the list again" in capsys.readouterr().out
    assert main(["sessions", "purge", "walk1", "--yes"]) == 2
    assert "not among the deleted" in capsys.readouterr().err
    assert main(["sessions", "delete", "walk1"]) == 0
    assert main(["sessions", "purge", "--all", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "gone for good" in said
    assert "cop" in said
    assert main(["sessions", "purge", "--all", "--yes"]) == 0
    assert "No session was deleted" in capsys.readouterr().out


def test_copies_are_purged_too_and_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    beside = paths.library_file().with_name("library-before-0001_first_tables-20260101T000000.db")
    shutil.copyfile(paths.library_file(), beside)
    broken = paths.library_file().with_name("library-before-0001_first_tables-20260102T000000.db")
    broken.write_bytes(b"no library")
    assert main(["sessions", "delete", "walk1"]) == 0  # the first change of the day: a copy of it is made
    (daily,) = (paths.data_dir() / "library-copies").iterdir()
    assert b"P001" in daily.read_bytes()
    assert b"P001" in beside.read_bytes()
    assert main(["sessions", "purge", "walk1", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "Erased from 2 copies of the library as well." in said
    assert f"The copy {broken.name} could not be changed and was removed as a whole." in said
    assert not broken.exists()
    for copy in (daily, beside):
        assert b"P001" not in copy.read_bytes()
        with sqlite3.connect(copy) as raw:
            assert raw.execute("SELECT COUNT(*) FROM sessions").fetchone() == (0,)
        raw.close()


def test_a_damaged_library_gives_way_to_a_copy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "copies"]) == 0
    assert "There are no copies yet" in capsys.readouterr().out
    assert main(["sessions", "restore-copy"]) == 2
    assert "There is no copy" in capsys.readouterr().err
    assert main(["sessions", "delete", "walk1"]) == 0
    assert main(["sessions", "copies"]) == 0
    assert "1 session" in capsys.readouterr().out
    damage = b"SQLite format 3\0" + b"\xff" * 5000
    paths.library_file().write_bytes(damage)
    assert main(["sessions"]) == 2
    said = capsys.readouterr().err
    assert "is damaged" in said
    assert "1 session" in said
    assert "`gaitviewer sessions restore-copy`" in said
    assert main(["sessions", "restore-copy"]) == 0
    aside = next(paths.data_dir().glob("library-damaged-*.db"))
    assert str(aside) in capsys.readouterr().out
    assert aside.read_bytes() == damage
    assert main(["sessions"]) == 0
    assert "walk1" in capsys.readouterr().out
    # What is set aside and cannot be read may hold what is purged later.
    assert main(["sessions", "delete", "walk1"]) == 0
    assert main(["sessions", "purge", "walk1", "--yes"]) == 0
    assert f"They may still be in {aside}" in capsys.readouterr().out
    assert aside.is_file()


def test_purging_asks_and_takes_only_yes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["sessions", "delete", "walk1"]) == 0
    assert main(["sessions", "purge", "walk1"]) == 2  # nobody can be asked
    assert "--yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert main(["sessions", "purge", "walk1"]) == 0
    said = capsys.readouterr().out
    assert "Videos, reports and exported files stay" in " ".join(said.split())
    assert "Nothing was erased" in said
    assert main(["sessions", "purge"]) == 2
    assert "--all" in capsys.readouterr().err


def test_predict_takes_a_name_and_says_which_one_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "nobody", "--model", "severity"]) == 2
    assert "no session and no subject called nobody" in capsys.readouterr().err


def test_a_library_named_before_the_action_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = str(tmp_path / "other.db")
    assert main(["sessions", "--library", other, "list"]) == 0
    assert "The library is empty" in capsys.readouterr().out
    assert main(["sessions", "list", "--library", other]) == 0
    assert "The library is empty" in capsys.readouterr().out
