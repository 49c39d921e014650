"""What it costs to list a large library and to save a grade, as ratios within one run."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from timeit import timeit

import numpy as np
import pytest

from gaitviewer.core.corrections import POINTS
from gaitviewer.core.document import Document
from gaitviewer.core.edits import set_points
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import Side, View
from gaitviewer.core.pose import Origin
from gaitviewer.store import open_library
from gaitviewer.store.library import Library
from tests.support.editor import Editor, kill_while_editing
from tests.support.long_session import with_frames, written_bytes

pytestmark = pytest.mark.benchmark

SESSIONS = 2000
FRAMES = 10_000


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
        with closing(sqlite3.connect(path)) as bare_file:
            reads = (library.list_sessions, lambda: bare_file.execute("SELECT * FROM sessions").fetchall())
            taken = [
                [timeit(read, number=1, timer=time.thread_time) for read in reads] for _ in range(15)
            ]  # in turn
    ours, bare = map(min, zip(*taken, strict=True))
    with capsys.disabled():
        print(
            f"\nlisting {SESSIONS} sessions: {1e3 * ours:.1f} ms of the processor, {ours / bare:.1f} times a "
            f"bare read of their rows ({1e3 * bare:.1f} ms)"
        )
    assert ours < 6 * bare


def test_saving_one_grade(
    tmp_path: Path, walker_document: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    """A grade more against the whole session anew, in turn; bytes are what the write-ahead log grows by."""
    before = with_frames(walker_document, FRAMES)
    costs: list[tuple[int, float, int, float]] = []
    with open_library(tmp_path / "library.db") as library:
        revision = library.save_session(before)
        for item in range(1, 6):
            grade = Grade(item, Side.LEFT, 1, "AB", "2026-01-01T00:00:00Z")
            after = replace(before, grades=(*before.grades, grade))
            part = _cost(library, partial(library.save_session, after, opened=revision, before=before))
            whole = _cost(library, partial(library.save_session, after))
            costs.append((*part, *whole))
            (row,) = library.list_sessions()
            before, revision = library.load_revision(row.id)
            assert len(before.grades) == item
    part_bytes, part_s, all_bytes, all_s = map(min, zip(*costs, strict=True))
    with capsys.disabled():
        print(
            f"\nsaving one grade in a session of two views of {FRAMES} frames: {part_bytes / 1024:.1f} kB and "
            f"{1e3 * part_s:.1f} ms; the whole session {all_bytes / 1024:.0f} kB and {1e3 * all_s:.0f} ms "
            f"({all_bytes / part_bytes:.0f} and {all_s / part_s:.0f} times)"
        )
    assert all_bytes > 100 * part_bytes


def _cost(library: Library, save: Callable[[], object]) -> tuple[int, float]:
    """Bytes and seconds of a save."""
    seconds = []

    def timed() -> None:
        began = time.perf_counter()
        save()
        seconds.append(time.perf_counter() - began)

    return written_bytes(library, timed), seconds[0]


def test_killing_an_editor_loses_nothing(
    tmp_path: Path, walker_document: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    rng = np.random.default_rng(seed)
    path = tmp_path / "l.db"
    with open_library(path) as library:
        library.save_session(replace(walker_document, session=replace(walker_document.session, id="s1")))
    for _ in range(200):
        kill_while_editing(path, rng)
    with open_library(path) as library, capsys.disabled():
        print(f"killed 200 times (seed {seed}), {len(library.journal('s1'))} entries, none lost")


def test_saving_an_edit_writes_little(
    tmp_path: Path, walker_document: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a recording of 10,000 frames: a point that was moved, against all of its keypoints."""
    with open_library(tmp_path / "l.db") as library:
        long = with_frames(walker_document, FRAMES)
        editor = Editor(library, long, library.save_session(long))
        sizes, times = [], []
        for number in range(200):
            started = time.perf_counter()
            cell = [(37 * number % FRAMES) * POINTS + 13]
            after = set_points(editor.document, "t1", View.SAGITTAL, cell, [[number, 2.0]], Origin.CORRECTED)
            editor.edit(after, "Move a point")
            sizes.append(written_bytes(library, editor.save))
            times.append(time.perf_counter() - started)
        whole = written_bytes(library, lambda: library.save_session(editor.document))
        with capsys.disabled():
            print(
                f"a moved point writes {np.median(sizes) / 1e3:.1f} kB (95 %: "
                f"{np.percentile(sizes, 95) / 1e3:.1f}), all keypoints {whole / 1e3:.0f} kB; edit and save "
                f"{1e3 * np.median(times):.0f} ms"
            )
        assert float(np.median(sizes)) < 10_000 < whole / 100
