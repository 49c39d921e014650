"""Sessions by id or by name, and erased for good."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gaitviewer import paths
from gaitviewer.core.document import Document, Texts
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import ByView, Side
from gaitviewer.core.output import Provenance
from gaitviewer.errors import StoreError
from gaitviewer.store import Library, open_library
from gaitviewer.workflow.sessions.queries import find_session, purge_sessions, session_rows
from gaitviewer.workflow.sessions.thumbnails import thumbnail_file

SECRET = "a sentence that nobody else writes"


@pytest.fixture
def library(own_home: Path) -> Iterator[Library]:
    with open_library() as opened:
        yield opened


def named(document: Document, session_id: str, subject: str) -> Document:
    who = replace(document.session.subject, pseudonym=subject)
    return replace(document, session=replace(document.session, id=session_id, subject=who))


def test_a_session_is_found_by_its_id_or_an_unambiguous_name(
    library: Library, walker_document: Document
) -> None:
    for name, subject in (("one", "Ada"), ("two", "Ben"), ("three", "Ben")):
        library.save_session(named(walker_document, name, subject))
    assert find_session(library, "two") == "two"
    assert find_session(library, "ada") == "one"
    with pytest.raises(StoreError, match="Ben has 2 sessions") as several:
        find_session(library, "Ben")
    assert "two (" in str(several.value)
    assert "three (" in str(several.value)
    with pytest.raises(StoreError, match="no session and no subject called Eve"):
        find_session(library, "Eve")
    library.delete_session("one")
    with pytest.raises(StoreError, match="sessions restore Ada"):
        find_session(library, "Ada")
    assert find_session(library, "Ada", deleted=True) == "one"
    with pytest.raises(StoreError, match="not among the deleted"):
        find_session(library, "two", deleted=True)
    rows = session_rows(None)
    assert [list(row)[:4] for row in rows] == [["session", "subject", "date", "state"]] * 2
    assert {row["state"] for row in rows} == {"analysed"}


def test_what_is_purged_leaves_no_trace_but_the_videos(library: Library, walker_document: Document) -> None:
    graded = replace(
        named(walker_document, "gone", "Ada"),
        grades=(Grade(8, Side.LEFT, 1, "A", "2026-01-01T00:00:00Z"),),
        texts=Texts(findings=SECRET),
    )
    made = Provenance("pose", "w", "cafe", "1", "cpu", "2026-01-01T00:00:00Z", 1.0)
    data = replace(graded.trials[0], provenance=ByView(made, None))
    graded = replace(graded, trials=(data,))
    library.save_session(graded)
    library.add_snapshot("gone", "{}", who="A")
    library.save_session(replace(named(walker_document, "kept", "Ben"), trials=(data,)))
    picture = thumbnail_file("gone")
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(b"png")
    cached = paths.cache_dir() / "pose" / "cafe.npz"
    cached.parent.mkdir(parents=True, exist_ok=True)
    cached.write_bytes(b"pose")
    with pytest.raises(StoreError, match="not deleted"):
        purge_sessions(library, ("gone",))
    assert library.load_session("gone").grades == graded.grades
    library.delete_session("gone")
    purge_sessions(library, ("gone",))
    assert library.list_sessions(deleted=True) == ()
    with pytest.raises(StoreError):
        library.restore_session("gone")
    assert not picture.exists()
    assert cached.is_file()  # the other session has the same video
    for file in library.path.parent.glob(f"{library.path.name}*"):
        content = file.read_bytes()
        assert SECRET.encode() not in content
        assert b"Ada" not in content
    library.delete_session("kept")
    purge_sessions(library, ("kept",))
    assert not cached.exists()
    assert walker_document.trials[0].trial.videos.sagittal.path.is_file()
    counts = [
        library.connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
        for table in ("sessions", "subjects", "videos", "trials", "poses", "snapshots", "texts")
    ]
    assert counts == [0] * 7
