"""The schema, as a list of steps that only ever grows.

A step that was released is never edited: a change is a new step at the end. The step names in a library
say which program wrote it; a name that this program does not know means a newer program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

SET_NAME = "gaitviewer"
APPLICATION_ID = 0x47414954  # "GAIT"

_FIRST = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    """CREATE TABLE subjects (
        pseudonym TEXT PRIMARY KEY, birth TEXT, sex TEXT NOT NULL, diagnosis TEXT NOT NULL, affected TEXT)""",
    """CREATE TABLE sessions (
        id TEXT PRIMARY KEY, subject TEXT NOT NULL REFERENCES subjects (pseudonym), date TEXT,
        age_years REAL, height_m REAL, leg_length_m REAL, footwear TEXT NOT NULL, walking_aid TEXT NOT NULL,
        mirrored INTEGER NOT NULL, surgery TEXT NOT NULL, botulinum TEXT NOT NULL, gmfcs TEXT, cobb TEXT,
        note TEXT NOT NULL, created_utc TEXT NOT NULL, saved_utc TEXT NOT NULL)""",
    "CREATE INDEX sessions_of_subject ON sessions (subject)",
    """CREATE TABLE trials (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, id TEXT NOT NULL,
        position INTEGER NOT NULL, excluded TEXT NOT NULL, notes TEXT NOT NULL,
        sync_offset_s REAL, sync_sigma_s REAL, sync_source TEXT, sync_note TEXT,
        sagittal_event_passes INTEGER, coronal_event_passes INTEGER, PRIMARY KEY (session, id))""",
    "CREATE TABLE videos (sha256 TEXT PRIMARY KEY, path TEXT NOT NULL, seen_utc TEXT NOT NULL)",
    """CREATE TABLE recordings (
        session TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL,
        sha256 TEXT NOT NULL REFERENCES videos (sha256), recorded_at_hz REAL, width INTEGER NOT NULL,
        height INTEGER NOT NULL, rotation_deg INTEGER NOT NULL, times BLOB NOT NULL, announced_rate_hz REAL,
        announced_frames INTEGER, codec TEXT NOT NULL, time_scale REAL NOT NULL, notes TEXT NOT NULL,
        PRIMARY KEY (session, trial, view),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE)""",
    "CREATE INDEX recordings_of_video ON recordings (sha256)",
    """CREATE TABLE poses (
        session TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL, skeleton TEXT NOT NULL,
        width INTEGER NOT NULL, height INTEGER NOT NULL, xy BLOB NOT NULL, score BLOB NOT NULL,
        origin BLOB NOT NULL, times BLOB NOT NULL, PRIMARY KEY (session, trial, view),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE)""",
    """CREATE TABLE provenance (
        session TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL, model TEXT NOT NULL,
        weights_digest TEXT NOT NULL, inputs_digest TEXT NOT NULL, program TEXT NOT NULL,
        device TEXT NOT NULL, "when" TEXT NOT NULL, seconds REAL, PRIMARY KEY (session, trial, view),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE)""",
    """CREATE TABLE events (
        session TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL, pass INTEGER NOT NULL,
        position INTEGER NOT NULL, kind TEXT NOT NULL, side TEXT NOT NULL, time_s REAL NOT NULL,
        sigma_s REAL, detectors TEXT NOT NULL, agreed INTEGER NOT NULL, corrected INTEGER NOT NULL,
        PRIMARY KEY (session, trial, view, pass, position),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE)""",
    """CREATE TABLE excluded_strides (
        session TEXT NOT NULL, trial TEXT NOT NULL, position INTEGER NOT NULL, stride TEXT NOT NULL,
        reason TEXT NOT NULL, PRIMARY KEY (session, trial, position),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE)""",
    """CREATE TABLE grades (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, position INTEGER NOT NULL,
        item INTEGER NOT NULL, side TEXT NOT NULL, score INTEGER, rater TEXT NOT NULL, "when" TEXT NOT NULL,
        note TEXT NOT NULL, PRIMARY KEY (session, position))""",
    """CREATE TABLE snapshots (
        id INTEGER PRIMARY KEY, session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        "when" TEXT NOT NULL, who TEXT NOT NULL, text BLOB NOT NULL, previous TEXT NOT NULL,
        digest TEXT NOT NULL)""",
    "CREATE INDEX snapshots_of_session ON snapshots (session)",
    # What was signed stays as it was signed.
    """CREATE TRIGGER snapshots_are_final BEFORE UPDATE ON snapshots
        BEGIN SELECT RAISE(ABORT, 'a signed snapshot is never changed'); END""",
    """CREATE TABLE outputs (
        id INTEGER PRIMARY KEY, session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        kind TEXT NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL, "when" TEXT NOT NULL)""",
    "CREATE INDEX outputs_of_session ON outputs (session)",
)

_ADDITIONS = (
    """CREATE TABLE key_images (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, position INTEGER NOT NULL,
        trial TEXT NOT NULL, view TEXT NOT NULL, frame INTEGER NOT NULL, time_s REAL NOT NULL,
        caption TEXT NOT NULL, PRIMARY KEY (session, position))""",
    """CREATE TABLE hand_measures (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, position INTEGER NOT NULL,
        tool TEXT NOT NULL, value REAL, unit TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL,
        frame INTEGER NOT NULL, points TEXT NOT NULL, item INTEGER, side TEXT, rater TEXT NOT NULL,
        "when" TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (session, position))""",
    """CREATE TABLE texts (
        session TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
        findings TEXT NOT NULL, impression TEXT NOT NULL, plan TEXT NOT NULL)""",
    # Whether a person moved a point, so that a list of sessions need not unpack the keypoints.
    "ALTER TABLE poses ADD COLUMN corrected INTEGER NOT NULL DEFAULT 0",
)

_FOOT_ZERO = (
    "ALTER TABLE sessions ADD COLUMN foot_zero_left_deg REAL",
    "ALTER TABLE sessions ADD COLUMN foot_zero_right_deg REAL",
)

_REVISION_AND_DELETED = (
    # Another one with every save: whoever opened an older one is told before saving over it.
    "ALTER TABLE sessions ADD COLUMN revision TEXT NOT NULL DEFAULT ''",
    # When a person took the session out of the list; all of it is kept.
    "ALTER TABLE sessions ADD COLUMN deleted_utc TEXT",
)

_AFFECTED = (
    # Until now "both", "neither" and "not stated" were one entry without a value.
    "UPDATE subjects SET affected = 'not stated' WHERE affected IS NULL",
)

_WHAT_WAS_SIGNED = (
    # Digests of the parts of the session (JSON) and the revision that were signed, and the digest of the
    # text; empty in what earlier versions signed.
    "ALTER TABLE snapshots ADD COLUMN content TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE snapshots ADD COLUMN revision TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE snapshots ADD COLUMN text_sha256 TEXT NOT NULL DEFAULT ''",
)


_GRADES_IN_ONE_TREE = (
    # Rows in the order of their key: a grade is one page of the file, not one of table and one of index.
    "ALTER TABLE grades RENAME TO grades_before",
    """CREATE TABLE grades (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, position INTEGER NOT NULL,
        item INTEGER NOT NULL, side TEXT NOT NULL, score INTEGER, rater TEXT NOT NULL, "when" TEXT NOT NULL,
        note TEXT NOT NULL, PRIMARY KEY (session, position)) WITHOUT ROWID""",
    'INSERT INTO grades SELECT session, position, item, side, score, rater, "when", note FROM grades_before',
    "DROP TABLE grades_before",
)

_REMARKS = (
    # What the search for the subject noticed in a video, the light, and why a video could not be used.
    """CREATE TABLE remarks (
        session TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL, noticed TEXT NOT NULL, light TEXT,
        failure TEXT NOT NULL, video TEXT NOT NULL, PRIMARY KEY (session, trial, view),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE)""",
)

_ANSWERS = (
    # What learned models said, at most one answer of each system: JSON with places for the arrays.
    """CREATE TABLE answers (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, task TEXT NOT NULL,
        output TEXT NOT NULL, PRIMARY KEY (session, task))""",
    """CREATE TABLE answer_arrays (
        session TEXT NOT NULL, task TEXT NOT NULL, position INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (session, task, position),
        FOREIGN KEY (session, task) REFERENCES answers (session, task) ON DELETE CASCADE)""",
)

_CORRECTIONS_AND_JOURNAL = (
    # What persons set stands beside the estimate in ``poses``, a row for each frame: f32 [N, 4] of point,
    # origin, x and y. Rows lie in the order of their key, so that one edit writes one page.
    """CREATE TABLE corrections (
        session TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL, frame INTEGER NOT NULL,
        points BLOB NOT NULL, PRIMARY KEY (session, trial, view, frame),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE) WITHOUT ROWID""",
    """CREATE TABLE hand_events (
        session TEXT NOT NULL, trial TEXT NOT NULL, view TEXT NOT NULL, time_s REAL NOT NULL,
        kind TEXT NOT NULL, side TEXT NOT NULL, denied INTEGER NOT NULL,
        PRIMARY KEY (session, trial, view, time_s, kind, side, denied),
        FOREIGN KEY (session, trial) REFERENCES trials (session, id) ON DELETE CASCADE) WITHOUT ROWID""",
    """CREATE TABLE journal (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, number INTEGER NOT NULL,
        act TEXT NOT NULL, step INTEGER NOT NULL, title TEXT NOT NULL, who TEXT NOT NULL, "when" TEXT NOT NULL,
        why TEXT NOT NULL, changes BLOB NOT NULL, PRIMARY KEY (session, number)) WITHOUT ROWID""",
    """CREATE TRIGGER journal_only_grows BEFORE UPDATE ON journal
        BEGIN SELECT RAISE(ABORT, 'an entry of the journal is never changed'); END""",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the schema: its name for ever, and what it does."""

    name: str
    run: Callable[[Database], None]


def _create_tables(db: Database) -> None:
    for statement in _FIRST:
        db.execute(statement)


def _add_what_a_person_adds(db: Database) -> None:
    for statement in _ADDITIONS:
        db.execute(statement)


def _add_foot_zero(db: Database) -> None:
    for statement in _FOOT_ZERO:
        db.execute(statement)


def _add_revision_and_deleted(db: Database) -> None:
    for statement in _REVISION_AND_DELETED:
        db.execute(statement)


def _tell_affected_apart(db: Database) -> None:
    for statement in _AFFECTED:
        db.execute(statement)


def _add_what_was_signed(db: Database) -> None:
    for statement in _WHAT_WAS_SIGNED:
        db.execute(statement)


def _keep_grades_in_one_tree(db: Database) -> None:
    for statement in _GRADES_IN_ONE_TREE:
        db.execute(statement)


def _add_remarks(db: Database) -> None:
    for statement in _REMARKS:
        db.execute(statement)


def _add_answers(db: Database) -> None:
    for statement in _ANSWERS:
        db.execute(statement)


def _add_corrections_and_journal(db: Database) -> None:
    for statement in _CORRECTIONS_AND_JOURNAL:
        db.execute(statement)


STEPS: tuple[Step, ...] = (
    Step("0001_first_tables", _create_tables),
    Step("0002_key_images_hand_measures_texts", _add_what_a_person_adds),
    Step("0003_zero_of_the_ankle_angle", _add_foot_zero),
    Step("0004_revision_and_deleted_sessions", _add_revision_and_deleted),
    Step("0005_both_none_and_not_stated", _tell_affected_apart),
    Step("0006_content_that_was_signed", _add_what_was_signed),
    Step("0007_grades_in_one_tree", _keep_grades_in_one_tree),
    Step("0008_remarks_on_videos", _add_remarks),
    Step("0009_answers_of_models", _add_answers),
    Step("0010_corrections_and_journal", _add_corrections_and_journal),
)


def known_names() -> tuple[str, ...]:
    """Names of all steps that this program knows, in order."""
    return tuple(step.name for step in STEPS)


def build() -> Migrations:
    """The steps as a sqlite-utils migration set (imports sqlite-utils, and pandas with it if it is there)."""
    from sqlite_utils import Migrations

    migrations = Migrations(SET_NAME)
    for step in STEPS:
        migrations(name=step.name)(step.run)
    return migrations
