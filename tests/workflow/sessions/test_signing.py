"""A session is called signed only if it is what was signed, whatever the clocks say."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gaitviewer import formats
from gaitviewer.core.content import content_digests
from gaitviewer.core.document import Document, KeyImage, ManualMeasurement, Texts
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import BySide, ByView, Side, View
from gaitviewer.core.output import SignatureState
from gaitviewer.store import Library, migrations, open_library
from gaitviewer.workflow.analysis.measure import core_provenance, measure_document
from gaitviewer.workflow.sessions.lifecycle import sign_session, signature_of
from gaitviewer.workflow.sessions.listing import SessionState, list_cards
from gaitviewer.workflow.sessions.queries import session_rows
from gaitviewer.workflow.sessions.signing import check_signature

WHEN = "2026-01-01T00:00:00+00:00"
GRADE = Grade(3, Side.LEFT, 2, "AB", WHEN)


@pytest.fixture
def signed(walker_document: Document, tmp_path: Path) -> Document:
    """ "walk1", signed by Dr. A in l.db."""
    document = replace(walker_document, grades=(GRADE,), texts=Texts(findings="toe walking"))
    with open_library(tmp_path / "l.db") as library:
        sign_session(library, document, measure_document(document), who="Dr. A")
    return document


@pytest.fixture
def library(signed: Document, tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "l.db") as opened:
        yield opened


def state(library: Library) -> SignatureState:
    """What opening says; the list must call the session signed if and only if opening does."""
    found, stands = signature_of(library, "walk1")
    assert found is not None
    assert stands is found.stands
    (card,) = list_cards(library)
    assert (card.state is SessionState.SIGNED) is stands
    (row,) = session_rows(library.path)
    assert (row["state"] == "signed") is stands
    assert found.who in row["signed"]
    return found.state


def test_what_was_signed_is_signed(library: Library, signed: Document) -> None:
    assert state(library) is SignatureState.VALID
    library.save_session(library.load_session("walk1"))  # the same once more, a moment later
    assert state(library) is SignatureState.VALID
    assert content_digests(library.load_session("walk1")) == content_digests(signed)


def test_where_a_video_lies_is_not_signed(library: Library, signed: Document, tmp_path: Path) -> None:
    data = signed.trials[0]
    moved = replace(data.trial.videos.sagittal, path=tmp_path / "moved.mp4")
    videos = replace(data.trial.videos, sagittal=moved)
    trials = (replace(data, trial=replace(data.trial, videos=videos)),)
    library.save_session(replace(signed, trials=trials))
    assert state(library) is SignatureState.VALID


def _moved_point(document: Document) -> Document:
    data = document.trials[0]
    xy = data.poses.sagittal.xy.copy()
    xy[20, 3] += 1
    poses = ByView(data.poses.sagittal.with_points(xy), data.poses.coronal)
    return replace(document, trials=(replace(data, poses=poses),))


def _subject(document: Document, **facts: object) -> Document:
    subject = replace(document.session.subject, **facts)
    return replace(document, session=replace(document.session, subject=subject))


EDITS: dict[str, Callable[[Document], Document]] = {
    "grades": lambda d: replace(d, grades=(*d.grades, replace(GRADE, item=4))),
    "texts": lambda d: replace(d, texts=Texts(plan="another")),
    "key images": lambda d: replace(d, key_images=(KeyImage("t1", View.SAGITTAL, 1, 0.1),)),
    "measurements by hand": lambda d: replace(
        d, hand_measures=(ManualMeasurement("distance", 3.0, "px", "t1", View.SAGITTAL, 1, ((0, 0), (3, 0))),)
    ),
    "keypoints": _moved_point,
    "corrections": lambda d: replace(d, foot_zero_deg=BySide(1.5, None)),
    "facts of the session": lambda d: _subject(d, diagnosis="another"),
}


@pytest.mark.parametrize("part", EDITS)
def test_an_edit_shows_although_the_clock_went_back(
    library: Library, signed: Document, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gaitviewer.store.library.now_utc", lambda: "2020-01-01T00:00:00.000+00:00")
    library.save_session(EDITS[part](signed))
    assert state(library) is SignatureState.CHANGED
    found, _ = signature_of(library, "walk1")
    assert found.changed == (part,)
    (row,) = session_rows(library.path)
    assert f"changed since: {part}" in row["signed"]
    library.save_session(signed)
    assert state(library) is SignatureState.VALID


TAMPERED = {
    "a grade": "INSERT INTO grades VALUES ('walk1', 900, 1, 'left', 2, 'Dr. A', '2026-01-01T00:00:00Z', '')",
    "a score": "UPDATE grades SET score = 0",
    "a word": "UPDATE texts SET findings = 'normal gait'",
    "a stride": "INSERT INTO excluded_strides VALUES ('walk1', 't1', 0, 't1/sagittal/p0/left/0', '')",
    "a birth date": "UPDATE subjects SET birth = '2015-01-01'",
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_written_into_the_file_behind_the_program_ends_the_signature(
    library: Library, what: str
) -> None:
    library.connection.execute(TAMPERED[what])
    assert state(library) is SignatureState.CHANGED


def test_a_point_moved_in_the_file_is_seen_when_the_session_is_opened(
    library: Library, signed: Document
) -> None:
    from gaitviewer.store import arrays

    xy = _moved_point(signed).trials[0].poses.sagittal.xy
    library.connection.execute("UPDATE poses SET xy = ? WHERE view = 'sagittal'", (arrays.pack(xy),))
    found, stands = signature_of(library, "walk1")
    assert (found.state, found.changed, stands) == (SignatureState.CHANGED, ("keypoints",), False)


ALTERED = {
    "the signer": "UPDATE snapshots SET who = 'Dr. B'",
    "the day": """UPDATE snapshots SET "when" = '2030-01-01T00:00:00.000+00:00'""",
    "what is compared": "UPDATE snapshots SET content = '{}'",
    "what is compared, to nothing": "UPDATE snapshots SET content = ''",
    "what is compared, to no JSON": "UPDATE snapshots SET content = '['",
    "the chain": "DELETE FROM snapshots WHERE id = 1",
}


@pytest.mark.parametrize("what", ALTERED)
def test_an_altered_record_of_signatures_proves_nothing(library: Library, signed: Document, what: str) -> None:
    sign_session(library, signed, measure_document(signed), who="Dr. A")
    assert state(library) is SignatureState.VALID
    library.connection.execute("DROP TRIGGER snapshots_are_final")
    library.connection.execute(ALTERED[what])
    assert state(library) is SignatureState.ALTERED


def test_an_altered_text_shows_when_the_session_is_opened(library: Library) -> None:
    library.connection.execute("DROP TRIGGER snapshots_are_final")
    library.connection.execute("UPDATE snapshots SET text = ?", (zlib.compress(b"{}"),))
    assert check_signature(library, "walk1").state is SignatureState.ALTERED


@pytest.fixture
def older(walker_document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library as the version before kept it: a snapshot is a text, chained."""
    document = replace(walker_document, grades=(GRADE,))
    text = formats.assessment_text(
        measure_document(document), document, core=core_provenance(document, seconds=0.0)
    )
    path = tmp_path / "older.db"
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", migrations.STEPS[:5])
        with open_library(path) as library:
            # today's code looks there, too; the library then did not
            for statement in (*migrations._REMARKS, *migrations._CORRECTIONS_AND_JOURNAL):
                library.connection.execute(statement)
            library.save_session(document)
            for table in ("remarks", "corrections", "hand_events", "journal"):
                library.connection.execute(f"DROP TABLE {table}")
    words = json.dumps(["", "walk1", WHEN, "Dr. A", text], ensure_ascii=True)
    digest = hashlib.sha256(words.encode("ascii")).hexdigest()
    raw = sqlite3.connect(path)
    raw.execute(
        'INSERT INTO snapshots (session, "when", who, text, previous, digest) VALUES (?, ?, ?, ?, ?, ?)',
        ("walk1", WHEN, "Dr. A", zlib.compress(text.encode()), "", digest),
    )
    raw.commit()
    raw.close()
    return path


def test_signatures_of_earlier_versions_are_compared_as_far_as_they_go(older: Path) -> None:
    with open_library(older) as library:
        assert state(library) is SignatureState.PARTLY
        document = library.load_session("walk1")
        # Texts were not kept beside them: nothing can be said of those.
        library.save_session(replace(document, texts=Texts(plan="another")))
        assert state(library) is SignatureState.PARTLY
        library.save_session(_moved_point(document))
        assert state(library) is SignatureState.UNKNOWN
        assert "cannot be known" in session_rows(older)[0]["signed"]
        library.save_session(replace(document, grades=()))
        assert state(library) is SignatureState.CHANGED
        # A new signature upon an old one.
        sign_session(library, document, measure_document(document), who="Dr. B")
        assert state(library) is SignatureState.VALID


def test_an_earlier_signature_whose_signer_was_altered_is_none(older: Path) -> None:
    with open_library(older) as library:
        library.connection.execute("DROP TRIGGER snapshots_are_final")
        library.connection.execute("UPDATE snapshots SET who = 'Dr. B'")
        assert state(library) is SignatureState.ALTERED


def test_every_field_that_the_library_keeps_is_in_the_digests(walker_document: Document) -> None:
    """NaN is equal to NaN, whole numbers to the same floating ones, and no zero is negative."""
    measure = ManualMeasurement("distance", float("nan"), "px", "t1", View.SAGITTAL, 1, ())
    one = replace(walker_document, hand_measures=(measure,), foot_zero_deg=BySide(1, -0.0))
    other = replace(walker_document, hand_measures=(replace(measure),), foot_zero_deg=BySide(1.0, 0.0))
    assert content_digests(one) == content_digests(other)
    assert content_digests(one) != content_digests(walker_document)
    names = [set(content_digests(walker_document, keypoints=on)) for on in (True, False)]
    assert names[0] - names[1] == {"keypoints"}
