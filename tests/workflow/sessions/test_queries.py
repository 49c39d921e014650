"""Sessions by id or by name, and erased for good."""

from __future__ import annotations

import shutil
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
from gaitviewer.store import Library, copies, open_library
from gaitviewer.workflow.analysis.measures_cache import cached_measures
from gaitviewer.workflow.analysis.request import AnalyzeRequest
from gaitviewer.workflow.analysis.results_cache import remember
from gaitviewer.workflow.sessions.lifecycle import sign_session
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


def test_after_a_purge_no_file_of_the_program_tells_who_it_was(
    library: Library, own_home: Path, walker_document: Document, tmp_path: Path
) -> None:
    """Not the library's unused pages, not its copies, nothing of the cache; the other session stays whole."""
    child = replace(
        walker_document.session.subject, pseudonym="Purgeword", diagnosis="diplegia of the purged one"
    )
    session = replace(walker_document.session, id="gone", subject=child)
    data = walker_document.trials[0]
    video = replace(data.trial.videos.sagittal, path=tmp_path / "Purged child.mp4", sha256="f" * 64)
    made = Provenance("pose", "w", "beef", "1", "cpu", "2026-01-01T00:00:00Z", 1.0)
    gone = replace(
        walker_document,
        session=session,
        trials=(
            replace(
                data,
                trial=replace(data.trial, videos=ByView(video, None)),
                poses=ByView(data.poses.sagittal, None),
                provenance=ByView(made, None),
            ),
        ),
        texts=Texts(findings=SECRET),
    )
    kept = named(walker_document, "kept", "Ben")
    library.save_session(kept)
    library.save_session(gone)
    # Words that were changed later stay in unused pages.
    for number in range(20):
        words = Texts(findings=f"{SECRET} {number} " * (50 - number))
        library.save_session(replace(gone, texts=words))
    sign_session(library, gone, cached_measures(gone), who="Dr. A")
    cached_measures(kept)
    older = paths.cache_dir() / "measures" / f"{'0' * 64}.measures"  # as versions before named it
    older.write_bytes(b"Purgeword")
    thumbnail_file("gone").parent.mkdir(parents=True, exist_ok=True)
    thumbnail_file("gone").write_bytes(b"png")
    pose = paths.cache_dir() / "pose" / "beef.npz"
    pose.parent.mkdir(parents=True)
    pose.write_bytes(b"pose")
    out = tmp_path / "Purgeword" / "out.json"
    out.parent.mkdir()
    out.write_text("{}")
    request = AnalyzeRequest((ByView(out, None),), session, out.parent)
    remember(request, "gone", [out], ["Purgeword walks"])
    library.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    shutil.copyfile(library.path, library.path.with_name("library-before-0001_x-20260101T000000.db"))
    copy_of_today = copies.copies_folder(library.path) / "daily-20260102T000000.db"
    shutil.copyfile(library.path, copy_of_today)

    traces = [word.encode() for word in ("Purgeword", child.diagnosis, "Purged child", SECRET)]

    def telling() -> set[str]:
        return {
            str(path.relative_to(own_home))
            for path in own_home.rglob("*")
            if path.is_file() and any(trace in path.read_bytes() for trace in traces)
        }

    before = telling()
    assert {Path(name).parent.name for name in before} >= {"data", "measures", "results", "library-copies"}
    library.delete_session("gone")
    purged = purge_sessions(library, ("gone",))
    assert telling() == set()
    assert not pose.exists()
    assert not thumbnail_file("gone").exists()
    assert copy_of_today in purged.cleaned
    assert (purged.removed, purged.left, purged.in_journal) == ((), (), False)
    assert out.is_file()
    assert library.load_session("kept").session == kept.session
    assert len(list((paths.cache_dir() / "measures").iterdir())) == 1
    with open_library(copy_of_today) as copy:
        assert [row.id for row in copy.list_sessions()] == ["kept"]
