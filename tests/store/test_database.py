"""What happens to the library file when things go wrong."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gaitviewer.core.content import content_digests
from gaitviewer.core.document import Document
from gaitviewer.core.session import Affected
from gaitviewer.errors import StoreError
from gaitviewer.messages import as_written
from gaitviewer.store import database, migrations, open_library
from gaitviewer.store.migrations import Step

PYTHON = sys.executable
Make = Callable[..., Document]


def add_column(db) -> None:
    db.table("sessions").add_column("room", str)


def test_a_newer_library_is_refused_and_left_alone(tmp_path: Path, made: Path) -> None:
    path = made
    with sqlite3.connect(path) as raw:
        raw.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('gaitviewer', '0199_future', 'then')"
        )
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer version .*0199_future"):
        open_library(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["l.db"]


def test_an_older_library_is_copied_and_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Path
) -> None:
    path = made
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, Step("0099_room", add_column)))
    with open_library(path) as opened:
        assert "room" in opened.connection.execute("SELECT * FROM sessions").fetchone().keys()  # noqa: SIM118
        assert len(opened.load_session("s1").trials) == 2
    (copy,) = (tmp_path / "l-copies").glob("before-0099_room-*.db")
    with sqlite3.connect(copy) as raw:
        names = [row[0] for row in raw.execute("SELECT name FROM _sqlite_migrations")]
        assert raw.execute("SELECT COUNT(*) FROM sessions").fetchone() == (1,)
    raw.close()
    assert names == list(migrations.known_names())[:-1]
    open_library(path).close()
    assert len(list((tmp_path / "l-copies").iterdir())) == 1


def test_a_library_of_the_first_version_opens_with_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: Document
) -> None:
    path = tmp_path / "l.db"
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", migrations.STEPS[:1])
        open_library(path).close()
    with open_library(path) as opened:
        opened.save_session(document)
        assert opened.load_session("s1").key_images == document.key_images
    assert len(list((tmp_path / "l-copies").glob("before-0002_*.db"))) == 1


def test_sides_affected_of_an_older_library_that_say_nothing_are_not_stated(
    tmp_path: Path, document: Document
) -> None:
    path = tmp_path / "l.db"
    with open_library(path) as opened:
        opened.save_session(document)
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE subjects SET affected = NULL")
        raw.execute("DELETE FROM _sqlite_migrations WHERE name LIKE '0005%'")
    raw.close()
    with open_library(path) as opened:
        assert opened.load_session(document.session.id).session.subject.affected is Affected.UNKNOWN
        assert opened.connection.execute("SELECT affected FROM subjects").fetchone()[0] == "not stated"


@pytest.mark.parametrize("affected", list(Affected))
def test_sides_affected_are_told_apart(tmp_path: Path, document: Document, affected: Affected) -> None:
    subject = replace(document.session.subject, affected=affected)
    with open_library(tmp_path / "l.db") as opened:
        opened.save_session(replace(document, session=replace(document.session, subject=subject)))
        assert opened.load_session(document.session.id).session.subject.affected is affected


def test_a_failing_migration_leaves_the_old_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Path
) -> None:
    path = made

    def fail(db) -> None:
        add_column(db)
        raise sqlite3.OperationalError("no")

    with monkeypatch.context() as patch:
        patch.setattr(
            migrations, "STEPS", (*migrations.STEPS, Step("0099_room", add_column), Step("0100", fail))
        )
        with pytest.raises(StoreError):
            open_library(path)
    with open_library(path) as opened:
        assert "room" not in opened.connection.execute("SELECT * FROM sessions").fetchone().keys()  # noqa: SIM118


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_corrupt_library_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "l.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged or not a library"):
        open_library(path)
    assert path.read_bytes() == content


def test_a_truncated_library_is_refused_and_left_alone(tmp_path: Path, made: Path) -> None:
    path = made
    half = path.read_bytes()[:20_000]
    path.write_bytes(half)
    with pytest.raises(StoreError, match="damaged"), open_library(path) as opened:
        opened.load_session("s1")
    assert path.read_bytes() == half


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE accounts (id)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a library"):
        open_library(path)
    assert path.read_bytes() == before


def test_an_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"folder .*file"):
        open_library(tmp_path / "file" / "l.db")
    with pytest.raises(StoreError, match="cannot be opened for writing"):
        open_library(tmp_path)


def test_a_full_disk_rolls_back(tmp_path: Path, make_document: Make) -> None:
    with open_library(tmp_path / "l.db") as opened:
        opened.save_session(make_document())
        pages = opened.connection.execute("PRAGMA page_count").fetchone()[0]
        opened.connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(StoreError, match=r"disk of the library .* is full"):
            opened.save_session(make_document("s2", seed=5))
        assert [row.id for row in opened.list_sessions()] == ["s1"]
        assert opened.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        opened.connection.execute("PRAGMA max_page_count = 100000")
        opened.save_session(make_document("s2", seed=5))
        assert len(opened.list_sessions()) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a POSIX matter")
def test_a_disk_that_is_full_at_once_leaves_no_half_library(tmp_path: Path) -> None:
    code = f"""
        import resource, signal
        from pathlib import Path
        import gaitviewer.store.library, sqlite_utils
        from gaitviewer.errors import StoreError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
        try:
            gaitviewer.store.library.open_library(Path({str(tmp_path / "l.db")!r}))
        except StoreError as error:
            print("refused", error)
    """
    assert "refused" in run_python(code)
    with open_library(tmp_path / "l.db") as opened:
        assert opened.list_sessions() == ()


def run_python(code: str) -> str:
    done = subprocess.run(
        [PYTHON, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_locked_library_says_who_to_wait_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Path, make_document: Make
) -> None:
    path = made
    monkeypatch.setattr(database, "BUSY_S", 0.2)
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with open_library(path) as opened:
            assert len(opened.list_sessions()) == 1
            with pytest.raises(StoreError, match="written by another program"):
                opened.save_session(make_document("s2"))
            other.execute("COMMIT")
            opened.save_session(make_document("s2"))
    finally:
        other.close()


def test_processes_open_and_write_a_new_library_at_once(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    code = f"""
        import dataclasses, sys
        from pathlib import Path
        from gaitviewer.core.document import Document
        from gaitviewer.core.session import Session, Subject
        from gaitviewer.store import open_library
        for n in range(10):
            with open_library(Path({str(path)!r})) as opened:
                opened.save_session(Document(Session(f"{{sys.argv[1]}}-{{n}}", Subject("P")), ()))
    """
    running = [
        subprocess.Popen([PYTHON, "-c", textwrap.dedent(code), str(n)], stderr=subprocess.PIPE, text=True)
        for n in range(3)
    ]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    with open_library(path) as opened:
        assert len(opened.list_sessions()) == 30
        steps = opened.connection.execute("SELECT COUNT(*) FROM _sqlite_migrations").fetchone()[0]
        assert steps == len(migrations.known_names())


HOLD = """
    import dataclasses, sys, time
    from pathlib import Path
    from gaitviewer.store import mapping, open_library
    opened = open_library(Path({path!r}))
    document = opened.load_session("s1")
    def hold(*_):
        print("inside", flush=True)
        time.sleep(60)
    mapping.list_rows = hold
    session = dataclasses.replace(document.session, note="half")
    opened.save_session(dataclasses.replace(document, session=session, trials=document.trials[:1]))
"""


def test_killed_in_the_middle_of_a_save_the_library_holds_the_last_one(
    tmp_path: Path, made: Path, make_document: Make
) -> None:
    path = made
    process = subprocess.Popen(
        [PYTHON, "-c", textwrap.dedent(HOLD.format(path=str(path)))], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "inside\n"
    process.kill()
    process.wait()
    process.stdout.close()
    with open_library(path) as opened:
        document = opened.load_session("s1")
        assert document.session.note == make_document().session.note
        assert len(document.trials) == 2
        assert opened.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


LOOP = """
    import dataclasses, itertools, sys
    from pathlib import Path
    from gaitviewer.store import open_library
    opened = open_library(Path({path!r}))
    document = opened.load_session("s1")
    for n in itertools.count():
        session = dataclasses.replace(document.session, note=str(n))
        grades = tuple(dataclasses.replace(g, note=str(n)) for g in document.grades)
        opened.save_session(dataclasses.replace(document, session=session, grades=grades))
        print(n, flush=True)
"""


def test_killed_at_any_moment_every_reported_save_is_there_and_whole(tmp_path: Path, made: Path) -> None:
    path = made
    moments = random.Random(4)
    for _ in range(4):
        process = subprocess.Popen(
            [PYTHON, "-c", textwrap.dedent(LOOP.format(path=str(path)))], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(moments.uniform(0.0, 0.15))
        process.kill()
        reported = [int(line) for line in process.stdout.read().split("\n") if line.strip().isdigit()]
        process.wait()
        process.stdout.close()
        with open_library(path) as opened:
            document = opened.load_session("s1")
        assert int(document.session.note) >= max(reported, default=0)
        assert {grade.note for grade in document.grades} == {document.session.note}


Mount = namedtuple("Mount", "device mountpoint fstype opts")


@pytest.mark.parametrize(
    ("fstype", "opts", "network"),
    [("nfs4", "rw", True), ("cifs", "rw", True), ("ext4", "rw", False), ("", "rw,remote", True)],
)
def test_network_drives_are_recognised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fstype: str, opts: str, network: bool
) -> None:
    mounts = [Mount("a", "/", "ext4", "rw"), Mount("b", str(tmp_path), fstype, opts)]
    monkeypatch.setattr("psutil.disk_partitions", lambda all: mounts)
    assert database.is_on_network(tmp_path / "l.db") is network
    assert database.is_on_network(Path("/somewhere/l.db")) is False


def test_on_a_network_drive_there_is_one_owner_and_a_rollback_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Path, make_document: Make
) -> None:
    path = made
    monkeypatch.setattr(database, "is_on_network", lambda _: True)
    with open_library(path) as opened:
        assert opened.connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        opened.save_session(make_document("s2"))
        with pytest.raises(StoreError, match="is open on"):
            open_library(path)
        assert len(opened.list_sessions()) == 2
    assert not (tmp_path / "l.db.owner").exists()
    open_library(path).close()


def test_a_library_taken_over_meanwhile_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_document: Make
) -> None:
    monkeypatch.setattr(database, "is_on_network", lambda _: True)
    with open_library(tmp_path / "l.db") as opened:
        (tmp_path / "l.db.owner").write_text('{"token": "other"}')
        with pytest.raises(StoreError, match="took over"):
            opened.save_session(make_document())
        assert opened.list_sessions() == ()
    assert (tmp_path / "l.db.owner").exists()


def test_sentences_of_an_older_library_stand_for_themselves(tmp_path: Path, document: Document) -> None:
    """Version 0.1.0 stored what is odd as sentences; whether a file is mirrored was read off them."""
    path = tmp_path / "l.db"
    mirrored = "The file asks to be shown as a mirror image, and is."
    with open_library(path) as opened:
        opened.save_session(document)
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE recordings SET notes = ?", (json.dumps([mirrored]),))
        raw.execute(
            "UPDATE trials SET sync_note = 'set by a person', notes = '[]' WHERE sync_source IS NOT NULL"
        )
    raw.close()
    with open_library(path) as opened:
        old = opened.load_session(document.session.id)
        opened.save_session(old)
        again = opened.load_session(document.session.id)
    for found in (old, again):
        trial = found.trials[0].trial
        assert trial.sync is not None
        assert trial.sync.note == as_written("set by a person")
        info = next(stream for stream in trial.videos if stream is not None).info
        assert info.notes == (as_written(mirrored),)
        assert info.mirrored
        assert not info.joined
    assert content_digests(old) == content_digests(again)
