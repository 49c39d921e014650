"""What it costs to list a large library, as a ratio to a bare read of the same rows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gaitviewer.core.document import Document
from gaitviewer.store import open_library

pytestmark = pytest.mark.benchmark

SESSIONS = 2000


def _seconds(work: Callable[[], object]) -> float:
    """The fastest of five."""
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def test_listing_many_sessions(
    tmp_path: Path, walker_document: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "library.db"
    with open_library(path) as library:
        library.save_session(walker_document)
        first = walker_document.session.id
        columns = [row["name"] for row in library.connection.execute("PRAGMA table_info(sessions)")]
        rest = ", ".join(name for name in columns if name != "id")
        copy = f"INSERT INTO sessions (id, {rest}) SELECT ?, {rest} FROM sessions WHERE id = ?"
        library.connection.execute("BEGIN")
        library.connection.executemany(copy, ((f"n{number}", first) for number in range(SESSIONS)))
        library.connection.execute("COMMIT")
        assert len(library.list_sessions()) == SESSIONS + 1
        ours = _seconds(library.list_sessions)
    bare_file = sqlite3.connect(path)
    try:
        bare = _seconds(lambda: bare_file.execute("SELECT * FROM sessions").fetchall())
    finally:
        bare_file.close()
    with capsys.disabled():
        print(
            f"\nlisting {SESSIONS} sessions: {1e3 * ours:.1f} ms, {ours / bare:.1f} times a bare read of "
            f"their rows ({1e3 * bare:.1f} ms)"
        )
    assert ours < 20 * bare
