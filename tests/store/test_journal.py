"""Every edit is in the journal, can be undone and redone, also after a restart, and writes little."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.corrections import POINTS, estimate_of
from gaitviewer.core.document import Document
from gaitviewer.core.edits import set_grade, set_points
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import ByView, Side, View
from gaitviewer.core.journal import Act, Entry, History, StaleError, apply_changes
from gaitviewer.core.pose import Origin
from gaitviewer.store import open_library
from tests.support.editor import Editor, kill_while_editing
from tests.support.long_session import with_frames, written_bytes
from tests.support.random_edits import WHEN, digests, random_edit


@pytest.mark.parametrize("seed", [1, 2])
def test_a_thousand_edits_undone_and_redone_across_restarts(
    tmp_path: Path, document: Document, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    path = tmp_path / "l.db"
    with open_library(path) as library:
        editor = Editor(library, document, library.save_session(document))
        first = digests(document)
        for number in range(1000):
            title, after = random_edit(editor.document, rng)
            editor.edit(after, title)
            if number % 40 == 0:
                editor.save()
            if number == 500:
                editor.save()
                editor = Editor.load(library)
        last, steps = digests(editor.document), len(editor.history.undo_titles)
        editor.save()
    assert steps > 700
    with open_library(path) as library:
        editor = Editor.load(library)
        assert digests(editor.document) == last
        assert len(editor.history.undo_titles) == steps
        for number in range(steps):
            editor.document = editor.history.undo(editor.document, when=WHEN)
            if number == steps // 2:
                editor.save()
                editor = Editor.load(library)
        assert digests(editor.document) == first
        editor.save()
    with open_library(path) as library:
        editor = Editor.load(library)
        assert digests(editor.document) == first
        assert editor.history.undo_titles == ()
        for number in range(steps):
            editor.document = editor.history.redo(editor.document, when=WHEN)
            if number == steps // 2:
                editor.save()
                editor = Editor.load(library)
        assert digests(editor.document) == last
        editor.save()
        assert digests(library.load_session("s1")) == last
        assert not library.connection.execute("PRAGMA foreign_key_check").fetchall()


def test_the_journal_over_the_estimate_is_what_is_shown(tmp_path: Path, document: Document) -> None:
    rng = np.random.default_rng(5)
    with open_library(tmp_path / "l.db") as library:
        editor = Editor(library, document, library.save_session(document))
        for _ in range(60):
            editor.edit(random_edit(editor.document, rng)[1], "edit")
            if editor.history.undo_titles and rng.random() < 0.3:
                editor.document = editor.history.undo(editor.document)
        editor.save()
        steps: dict[int, tuple[Entry, ...]] = {}
        again = document
        for entry in library.journal("s1"):
            if entry.act is Act.EDIT:
                steps[entry.step] = (*steps.get(entry.step, ()), entry)
                again = apply_changes(again, entry.changes)
                continue
            for one in reversed(steps[entry.step]) if entry.act is Act.UNDO else steps[entry.step]:
                again = apply_changes(again, one.changes, back=entry.act is Act.UNDO)
        assert digests(again) == digests(library.load_session("s1"))


def test_an_entry_tells_what_was_before_and_after_and_who_when_why(document: Document) -> None:
    pose = document.trials[0].poses.sagittal
    assert pose is not None
    history = History()
    after = set_points(document, "t1", View.SAGITTAL, [7 * POINTS + 13], [[300.5, 200.25]], Origin.CORRECTED)
    history.record(document, after, "Move a point", who="AB", when=WHEN, why="behind the bench")
    (entry,) = history.entries
    assert (entry.who, entry.when, entry.why, entry.title) == ("AB", WHEN, "behind the bench", "Move a point")
    (change,) = entry.changes
    was, now = change.values
    assert (change.trial, change.view, now.cells.tolist()) == ("t1", "sagittal", [7 * POINTS + 13])
    assert was.origin.tolist() == [Origin.ESTIMATED]
    assert np.array_equal(was.xy[0], pose.xy[7, 13])
    assert (now.xy.tolist(), now.origin.tolist()) == ([[300.5, 200.25]], [Origin.CORRECTED])
    assert estimate_of(after.trials[0], View.SAGITTAL) is pose


def test_what_something_else_changed_is_not_undone(document: Document) -> None:
    history = History()
    after = set_grade(document, Grade(9, Side.LEFT, 1, "AB", WHEN))
    history.record(document, after, "Grade", when=WHEN)
    history.forget_documents()
    other = replace(after, grades=())
    with pytest.raises(StaleError):
        history.undo(other)
    assert history.undo_titles == ()


def test_an_edit_of_what_was_estimated_is_refused(document: Document) -> None:
    data = document.trials[0]
    bare = replace(
        document, trials=(replace(data, poses=ByView(None, data.poses.coronal)), *document.trials[1:])
    )
    with pytest.raises(ValueError, match="estimated"):
        History().record(document, bare, "no edit")


def test_one_edit_writes_little_however_long_the_recording(tmp_path: Path, document: Document) -> None:
    with open_library(tmp_path / "l.db") as library:
        long = with_frames(document, 3000)
        editor = Editor(library, long, library.save_session(long))
        sizes = []
        for number in range(60):
            if number % 3:
                cell = [(40 * number) * POINTS + 13]
                after = set_points(
                    editor.document, "t1", View.SAGITTAL, cell, [[number, 2.0]], Origin.CORRECTED
                )
            else:
                after = set_grade(editor.document, Grade(1 + number % 17, Side.RIGHT, 2, "AB", WHEN))
            editor.edit(after, "an edit")
            sizes.append(written_bytes(library, editor.save))
        assert float(np.median(sizes)) < 10_000
        assert float(np.mean(sizes)) < 10_000


def test_an_entry_is_never_changed(tmp_path: Path, document: Document) -> None:
    import sqlite3

    with open_library(tmp_path / "l.db") as library:
        editor = Editor(library, document, library.save_session(document))
        editor.edit(set_grade(document, Grade(9, Side.LEFT, 1, "AB", WHEN)), "Grade")
        editor.save()
        with pytest.raises(sqlite3.Error, match="never changed"):
            library.connection.execute("UPDATE journal SET who = 'X'")


def test_entries_that_come_twice_are_entered_once(tmp_path: Path, document: Document) -> None:
    """A signature saves what a save on its way brings as well."""
    with open_library(tmp_path / "l.db") as library:
        editor = Editor(library, document, library.save_session(document))
        editor.edit(set_grade(document, Grade(9, Side.LEFT, 1, "AB", WHEN)), "Grade")
        entries = editor.history.pending
        editor.save()
        editor.edit(set_grade(editor.document, Grade(9, Side.RIGHT, 1, "AB", WHEN)), "Grade")
        library.save_session(
            editor.document, opened=editor.revision, entries=(*entries, *editor.history.pending)
        )
        editor.history.mark_written((*entries, *editor.history.pending))
        assert editor.history.pending == ()
        assert [entry.number for entry in library.journal("s1")] == [1, 2]


def test_a_damaged_entry_ends_the_history_and_not_the_session(tmp_path: Path, document: Document) -> None:
    with open_library(tmp_path / "l.db") as library:
        editor = Editor(library, document, library.save_session(document))
        for score in (0, 1, 2):
            editor.edit(set_grade(editor.document, Grade(9, Side.LEFT, score, "AB", WHEN)), f"Grade {score}")
        editor.save()
        library.connection.execute("DROP TRIGGER journal_only_grows")
        library.connection.execute("UPDATE journal SET changes = x'00' WHERE number = 2")
        assert [entry.title for entry in library.journal("s1")] == ["Grade 2"]
        again = Editor.load(library)
        again.document = again.history.undo(again.document)
        again.edit(set_grade(again.document, Grade(8, Side.LEFT, 0, "AB", WHEN)), "after it")
        again.save()


def test_a_new_run_of_the_estimator_keeps_what_people_set(tmp_path: Path, document: Document) -> None:
    from gaitviewer.core.edits import change_trial, take_views

    with open_library(tmp_path / "l.db") as library:
        editor = Editor(library, document, library.save_session(document))
        cell = [7 * POINTS + 13]
        editor.edit(set_points(document, "t1", View.SAGITTAL, cell, [[1, 2]], Origin.CORRECTED), "Move a point")
        editor.save()
        old = document.trials[0].poses.sagittal
        assert old is not None
        new = old.with_points(old.xy + 3)
        found = replace(document.trials[0], poses=ByView(new, None))
        then = change_trial(editor.document, "t1", lambda data: take_views(data, found, [View.SAGITTAL]))
        library.save_session(then, opened=editor.revision, before=editor.document)
        again = Editor.load(library)
        pose = again.document.trials[0].poses.sagittal
        assert pose is not None
        assert pose.xy[7, 13].tolist() == [1, 2]
        assert np.array_equal(pose.xy[8], new.xy[8], equal_nan=True)
        again.document = again.history.undo(again.document)
        restored = again.document.trials[0]
        assert restored.corrections.sagittal is None
        assert restored.poses.sagittal is not None
        assert np.array_equal(restored.poses.sagittal.xy, new.xy, equal_nan=True)


# --- killed on the way ---------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_at_any_moment_every_acknowledged_edit_is_there(tmp_path: Path, document: Document) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    path = tmp_path / "l.db"
    with open_library(path) as library:
        library.save_session(document)
    for _ in range(20):
        kill_while_editing(path, rng)
