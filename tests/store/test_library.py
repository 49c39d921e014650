from __future__ import annotations

import dataclasses
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from gaitviewer import paths
from gaitviewer.core.document import Document, Texts, TrialData
from gaitviewer.core.gait import ByView, GaitEvents, View
from gaitviewer.errors import StoreError
from gaitviewer.store import mapping, open_library


def as_plain(value: object) -> object:
    """Nested dataclasses as dicts and lists that compare with ==, NaN included."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return (str(value.dtype), value.shape, value.tobytes())
    if isinstance(value, tuple | list):
        return [as_plain(part) for part in value]
    return "NaN" if isinstance(value, float) and value != value else value


def test_the_default_library_is_the_users(own_home: Path) -> None:
    with open_library() as opened:
        assert opened.path == paths.library_file()
    assert own_home in paths.library_file().parents
    assert paths.library_file().is_file()


def test_a_session_comes_back_as_it_was_saved(tmp_path: Path, document: Document) -> None:
    with open_library(tmp_path / "l.db") as opened:
        opened.save_session(document)
    with open_library(tmp_path / "l.db") as opened:
        back = opened.load_session("s1")
    assert as_plain(back) == as_plain(document)


def test_corrected_events_none_and_empty_are_different(tmp_path: Path, document: Document) -> None:
    changed = dataclasses.replace(
        document, trials=(dataclasses.replace(document.trials[0], events=ByView(None, (GaitEvents(()),))),)
    )
    with open_library(tmp_path / "l.db") as opened:
        opened.save_session(changed)
        events = opened.load_session("s1").trials[0].events
    assert events.sagittal is None
    assert events.coronal is not None
    assert [e.events for e in events.coronal] == [()]


def test_saving_again_replaces_and_keeps_outputs_and_snapshots(tmp_path: Path, document: Document) -> None:
    with open_library(tmp_path / "l.db") as opened:
        opened.save_session(document)
        opened.add_output("s1", tmp_path / "report.pdf", kind="report.pdf", sha256="e" * 64)
        opened.add_snapshot("s1", '{"a": 1}', who="rater A")
        shorter = dataclasses.replace(document, trials=document.trials[1:], grades=())
        opened.save_session(shorter)
        assert as_plain(opened.load_session("s1")) == as_plain(shorter)
        assert [o.kind for o in opened.outputs("s1")] == ["report.pdf"]
        assert len(opened.snapshots("s1")) == 1
        tables = ("poses", "recordings", "events", "excluded_strides", "provenance")
        left = [opened.connection.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0] for t in tables]
    assert left == [0, 1, 0, 0, 0]


def test_sessions_are_listed_latest_visit_first(tmp_path: Path, document: Document) -> None:
    def visit(name: str, when: date | None) -> Document:
        return dataclasses.replace(document, session=dataclasses.replace(document.session, id=name, when=when))

    with open_library(tmp_path / "l.db") as opened:
        assert opened.list_sessions() == ()
        for name, when in (("old", date(2020, 1, 1)), ("undated", None), ("new", date(2023, 1, 1))):
            opened.save_session(visit(name, when))
        opened.add_snapshot("old", "{}", who="first")
        opened.add_snapshot("old", "{}", who="second")
        opened.add_output("new", tmp_path / "a.csv", kind="csv")
        listed = opened.list_sessions()
    assert [row.id for row in listed] == ["new", "old", "undated"]
    assert [row.signed_by for row in listed] == ["", "second", ""]
    assert [(row.trials, row.outputs, row.subject) for row in listed] == [
        (2, 1, "P001"),
        (2, 0, "P001"),
        (2, 0, "P001"),
    ]


def test_many_sessions_are_listed_each_once(tmp_path: Path, document: Document) -> None:
    with open_library(tmp_path / "l.db") as opened:
        opened.save_session(document)
        opened.connection.execute("BEGIN")
        for number in range(2000):
            opened.connection.execute(
                "INSERT INTO sessions SELECT ?, subject, date, age_years, height_m, leg_length_m, footwear,"
                " walking_aid, mirrored, surgery, botulinum, gmfcs, cobb, note, created_utc, saved_utc,"
                " NULL, NULL, '', NULL"
                " FROM sessions WHERE id = 's1'",
                (f"n{number}",),
            )
        opened.connection.execute("COMMIT")
        listed = opened.list_sessions()
        assert sorted(one.id for one in listed) == sorted(["s1", *(f"n{number}" for number in range(2000))])
        assert {one.subject for one in listed} == {"P001"}


def test_listing_imports_neither_sqlite_utils_nor_pandas(tmp_path: Path, document: Document) -> None:
    with open_library(tmp_path / "l.db") as opened:
        opened.save_session(document)
    code = (
        "import sys; from pathlib import Path; from gaitviewer.store import open_library\n"
        f"with open_library(Path({str(tmp_path / 'l.db')!r})) as l: print(len(l.list_sessions()))\n"
        "print([m for m in ('sqlite_utils', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["1", "[]"]


def test_videos_are_found_by_digest_wherever_they_lie(tmp_path: Path, document: Document) -> None:
    with open_library(tmp_path / "l.db") as opened:
        opened.save_session(document)
        found = opened.find_by_video_digest("b" * 64)
        assert [(r.session, r.trial, r.view) for r in found] == [("s1", "t1", View.CORONAL)]
        assert opened.find_by_video_digest("f" * 64) == ()


def test_snapshots_are_chained_and_cannot_be_altered(tmp_path: Path, document: Document) -> None:
    path = tmp_path / "l.db"
    with open_library(path) as opened:
        opened.save_session(document)
        first = opened.add_snapshot("s1", '{"knee": "≤ 5"}', who="rater A")
        second = opened.add_snapshot("s1", "{}", who="rater B")
        assert opened.snapshots("s1") == (first, second)
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            opened.connection.execute("UPDATE snapshots SET who = 'somebody else'")
        # Whoever gets around the trigger is still noticed.
        opened.connection.execute("DROP TRIGGER snapshots_are_final")
        opened.connection.execute("UPDATE snapshots SET who = 'somebody else' WHERE id = 1")
        assert [s.intact for s in opened.snapshots("s1")] == [False, True]
        opened.connection.execute("DELETE FROM snapshots WHERE id = 1")
        assert [s.intact for s in opened.snapshots("s1")] == [False]


def test_writing_an_output_again_replaces_its_note(tmp_path: Path, document: Document) -> None:
    with open_library(tmp_path / "l.db") as opened:
        opened.save_session(document)
        for digest in ("1", "2"):
            opened.add_output("s1", tmp_path / "report.pdf", kind="report.pdf", sha256=digest)
        assert [(o.sha256, o.path) for o in opened.outputs("s1")] == [("2", tmp_path / "report.pdf")]


def test_unknown_sessions_are_named(tmp_path: Path) -> None:
    with open_library(tmp_path / "l.db") as opened:
        for call in (
            lambda: opened.load_session("nobody"),
            lambda: opened.add_output("nobody", tmp_path, kind="x"),
            lambda: opened.add_snapshot("nobody", "{}", who="x"),
        ):
            with pytest.raises(StoreError, match="no session nobody"):
                call()


def test_a_failing_save_changes_nothing(
    tmp_path: Path, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_library(tmp_path / "l.db") as opened:
        opened.save_session(document)

        def fail(*_: object) -> None:
            raise RuntimeError("in the middle")

        monkeypatch.setattr(mapping, "list_rows", fail)
        other = dataclasses.replace(
            document, session=dataclasses.replace(document.session, note="changed"), trials=()
        )
        with pytest.raises(RuntimeError):
            opened.save_session(other)
        assert as_plain(opened.load_session("s1")) == as_plain(document)


def test_each_thread_has_its_own_connection(tmp_path: Path, document: Document) -> None:
    failures: list[BaseException] = []
    with open_library(tmp_path / "l.db") as opened:
        opened.save_session(document)

        def work(name: str) -> None:
            try:
                for _ in range(5):
                    session = dataclasses.replace(document.session, id=name)
                    opened.save_session(dataclasses.replace(document, session=session))
                    opened.load_session(name)
                    opened.list_sessions()
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(f"x{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(opened.list_sessions()) == 5


def test_a_closed_library_says_so(tmp_path: Path) -> None:
    opened = open_library(tmp_path / "l.db")
    opened.close()
    opened.close()
    with pytest.raises(StoreError, match="closed"):
        opened.list_sessions()


def test_every_commit_reaches_the_disk_and_keys_are_enforced(tmp_path: Path) -> None:
    with open_library(tmp_path / "l.db") as opened:
        pragmas = [
            opened.connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "foreign_keys", "journal_mode")
        ]
    assert pragmas == [2, 1, "wal"]


DAMAGED = {
    "a date": ("UPDATE sessions SET date = 'yesterday' WHERE id = 's1'", True),
    "a number": ("UPDATE sessions SET height_m = 'tall' WHERE id = 's1'", False),
    "a choice": ("UPDATE sessions SET footwear = 'skates' WHERE id = 's1'", False),
    "a list": ("UPDATE trials SET notes = '[' WHERE session = 's1'", False),
    "a list of other things": ("UPDATE hand_measures SET points = '[[1]]' WHERE session = 's1'", False),
    "a grade": ("UPDATE grades SET score = 'two' WHERE session = 's1'", False),
    "frame times": ("UPDATE recordings SET times = 'x' WHERE session = 's1'", False),
    "no time": ("UPDATE recordings SET time_scale = x'00' WHERE session = 's1'", False),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_row_that_no_program_wrote_ends_its_own_session_alone(
    tmp_path: Path, make_document: Callable[..., Document], what: str
) -> None:
    sql, listed = DAMAGED[what]
    with open_library(tmp_path / "l.db") as opened:
        for name in ("s1", "s2"):
            opened.save_session(make_document(name))
        opened.connection.execute(sql)
        damaged = {row.id: row.damaged for row in opened.list_sessions()}
        assert damaged == {"s1": listed, "s2": False}
        with pytest.raises(StoreError, match="session s1 cannot be read"):
            opened.load_session("s1")
        assert opened.load_session("s2").session.id == "s2"


def test_damaged_keypoints_are_an_error_not_a_pose(tmp_path: Path, document: Document) -> None:
    with open_library(tmp_path / "l.db") as opened:
        opened.save_session(document)
        opened.connection.execute("UPDATE poses SET xy = substr(xy, 1, length(xy) - 9)")
        with pytest.raises(StoreError, match="damaged"):
            opened.load_session("s1")
        opened.connection.execute("UPDATE trials SET notes = 'no JSON'")
        with pytest.raises(StoreError, match="damaged"):
            opened.load_session("s1")


def test_texts_that_were_removed_are_gone(tmp_path: Path, document: Document) -> None:
    with open_library(tmp_path / "l.db") as opened:
        opened.save_session(document)
        opened.save_session(dataclasses.replace(document, texts=Texts(), key_images=(), hand_measures=()))
        back = opened.load_session("s1")
    assert (back.texts, back.key_images, back.hand_measures) == (Texts(), (), ())


def test_the_list_says_what_was_done_to_a_session(tmp_path: Path, document: Document) -> None:
    bare = dataclasses.replace(
        document,
        session=dataclasses.replace(document.session, id="s2"),
        trials=(TrialData(document.trials[0].trial, ByView(None, None)),),
        grades=(),
        texts=Texts(),
    )
    pose = document.trials[0].poses.sagittal
    assert pose is not None
    as_estimated = dataclasses.replace(pose, origin=np.zeros_like(pose.origin))
    estimated = dataclasses.replace(
        bare,
        session=dataclasses.replace(document.session, id="s3"),
        trials=(TrialData(document.trials[0].trial, ByView(as_estimated, None)),),
    )
    with open_library(tmp_path / "l.db") as opened:
        for one in (document, bare, estimated):
            opened.save_session(one)
        found = {row.id: row for row in opened.list_sessions()}
    done = {key: (row.poses, row.grades, row.texts, row.corrected) for key, row in found.items()}
    assert done == {"s1": (2, 2, True, True), "s2": (0, 0, False, False), "s3": (1, 0, False, False)}
