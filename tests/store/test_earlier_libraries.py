"""A library of each form that there was, made by the program of that time, opens with all that is in it.

``tests/support/earlier_library.py`` tells how the files were made.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.corrections import estimate_of
from gaitviewer.core.document import Document, Texts, TrialData
from gaitviewer.core.gait import BySide, ByView, Side, View
from gaitviewer.core.journal import Act
from gaitviewer.core.output import SignatureState
from gaitviewer.core.pose import Origin
from gaitviewer.core.session import Affected, Subject
from gaitviewer.store import migrations, open_library
from gaitviewer.workflow.sessions.signing import check_signature
from tests.support import earlier_library

FOLDER = Path(__file__).parent / "libraries"
FORMS = sorted(file.stem for file in FOLDER.glob("*.sql"))


def saved_then(form: str) -> Document:
    """What was saved, in the types of today; what the form had no place for is missing."""
    document = earlier_library.build()
    if form < "0003":
        document = replace(document, foot_zero_deg=BySide(None, None))
    if form < "0010":
        document = replace(document, trials=tuple(without_corrections(data) for data in document.trials))
    if form < "0008":
        trials = tuple(replace(data, remarks=ByView(None, None)) for data in document.trials)
        document = replace(document, trials=trials)
    if form < "0002":
        document = replace(document, key_images=(), hand_measures=(), texts=Texts())
    return document


def without_corrections(data: TrialData) -> TrialData:
    poses = ByView(*(estimate_of(data, view) for view in View))
    return replace(data, poses=poses, corrections=ByView(None, None), hand_events=ByView((), ()))


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def library_of_then(form: str, tmp_path: Path) -> Path:
    path = tmp_path / "library.db"
    raw = sqlite3.connect(path)
    raw.executescript((FOLDER / f"{form}.sql").read_text(encoding="utf-8"))
    steps = [name for (name,) in raw.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]
    raw.close()
    assert steps == list(migrations.known_names())[: int(form)]
    return path


def test_there_is_a_library_of_each_form() -> None:
    assert [name.partition("_")[0] for name in migrations.known_names()] == FORMS


def test_it_opens_with_all_that_is_in_it(library_of_then: Path, form: str) -> None:
    wanted = saved_then(form)
    with open_library(library_of_then) as library:
        applied = [row[0] for row in library.connection.execute("SELECT name FROM _sqlite_migrations")]
        assert applied == list(migrations.known_names())
        assert [row.id for row in library.list_sessions(deleted=True)] == (["s2"] if form >= "0004" else [])
        if form >= "0004":
            library.restore_session("s2")
        first, second = library.list_sessions()
        found = library.load_session("s1")
        bare = library.load_session("s2")
        (output,) = library.outputs("s1")
        answers = library.answers("s1")
        titles = [(entry.act, entry.title, entry.who) for entry in library.journal("s1")]
        assert library.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert library.connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert (first.id, first.trials, first.poses, first.grades, first.graded) == ("s1", 2, 2, 2, 1)
    assert (first.signed_by, first.outputs, second.id) == ("Dr. A", 1, "s2")
    assert (first.corrected, first.texts) == (True, form >= "0002")
    done = "Type in the report", "AB"
    assert titles == ([(Act.EDIT, *done), (Act.UNDO, *done)] if form >= "0010" else [])
    assert (output.kind, output.path, output.sha256) == ("report.pdf", Path("/reports/report.pdf"), "d" * 64)
    assert bare.session.subject == Subject("P002", affected=Affected.UNKNOWN)
    assert (bare.trials, bare.grades) == ((), ())
    _assert_same(found, wanted)
    assert list(answers) == (["severity"] if form >= "0009" else [])
    if answers:
        then, now = earlier_library.answer(), answers["severity"]
        assert repr(now.opinions) == repr(then.opinions)
        assert repr(now.basis) == repr(then.basis)
        assert repr(now.provenance) == repr(then.provenance)
        np.testing.assert_array_equal(now.saliency[0].values, then.saliency[0].values)
        np.testing.assert_array_equal(now.saliency[0].times_s, then.saliency[0].times_s)


def _assert_same(found: Document, wanted: Document) -> None:
    assert found.session == wanted.session
    assert found.session.subject.affected is Affected.LEFT
    assert found.grades == wanted.grades
    assert [grade.side for grade in found.grades] == [Side.LEFT, Side.LEFT]
    for name in ("key_images", "hand_measures", "texts", "foot_zero_deg"):
        assert repr(getattr(found, name)) == repr(getattr(wanted, name))  # NaN is in them
    for mine, then in zip(found.trials, wanted.trials, strict=True):
        assert (mine.trial.id, mine.trial.excluded, mine.trial.notes) == (
            then.trial.id, then.trial.excluded, then.trial.notes,
        )  # fmt: skip
        for facts in ("events", "excluded_strides", "provenance", "remarks", "hand_events"):
            assert repr(getattr(mine, facts)) == repr(getattr(then, facts))
        assert repr(mine.trial.sync) == repr(then.trial.sync)
        for view in View:
            assert repr(mine.trial.videos[view]) == repr(then.trial.videos[view])
            pose, pose_then = mine.poses[view], then.poses[view]
            below = [estimate_of(data, view) for data in (mine, then)]
            assert all(one is None for one in below) or np.array_equal(below[0].xy, below[1].xy, equal_nan=True)
            assert (pose is None) == (pose_then is None)
            if pose is not None and pose_then is not None:
                for name in ("xy", "score", "origin", "times"):
                    np.testing.assert_array_equal(getattr(pose, name), getattr(pose_then, name))
                assert (pose.width, pose.height, pose.origin[2, 5]) == (640, 480, Origin.CORRECTED)


SIGNED = {
    # Inputs were not told, or told in the words of then.
    "0001": SignatureState.UNKNOWN, "0002": SignatureState.UNKNOWN,
    "0003": SignatureState.UNKNOWN, "0004": SignatureState.UNKNOWN,
    "0005": SignatureState.PARTLY, "0006": SignatureState.VALID, "0007": SignatureState.VALID,
    "0008": SignatureState.VALID, "0009": SignatureState.VALID, "0010": SignatureState.VALID,
}  # fmt: skip


def test_its_signature_is_worth_what_was_kept_with_it(library_of_then: Path, form: str) -> None:
    with open_library(library_of_then) as library:
        signature = check_signature(library, "s1")
        assert signature is not None
        assert (signature.who, signature.state) == ("Dr. A", SIGNED[form])
        document, revision = library.load_revision("s1")
        library.save_session(replace(document, grades=document.grades[:1]), opened=revision, before=document)
        signature = check_signature(library, "s1")
        assert signature is not None
        assert (signature.state, signature.changed) == (SignatureState.CHANGED, ("grades",))
