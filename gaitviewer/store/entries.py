"""What the library answers when it is asked for lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from gaitviewer.core.gait import View


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One line of the list of sessions.

    Attributes:
        id, subject: identifier and pseudonym.   when: date of the visit, if known.
        trials: number of recordings.   outputs: number of files written.
        saved_utc: last saved, ISO 8601 UTC.   signed_utc, signed_by: latest signed snapshot, "" if none.
        poses: views with keypoints.   grades: grades by persons, all raters together.
        graded: items of limbs that the rater with most of them graded ("not assessable" counts).
        views: views that were recorded.   texts: whether a person wrote any.
        corrected: whether a person corrected points or events, or left something out.
        damaged: whether it lies in a damaged part of the library; the rest of the line is empty then, but for
            what could be read.
    """

    id: str
    subject: str
    when: date | None
    trials: int
    outputs: int
    saved_utc: str
    signed_utc: str
    signed_by: str
    poses: int = 0
    grades: int = 0
    graded: int = 0
    views: frozenset[View] = frozenset()
    texts: bool = False
    corrected: bool = False
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """Where a video is used."""

    session: str
    trial: str
    view: View
    path: Path


@dataclass(frozen=True, slots=True)
class OutputRow:
    """A file that was written for a session; ``kind`` is e.g. "report.pdf"."""

    kind: str
    path: Path
    sha256: str
    when: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Measures as a person signed them.

    Attributes:
        text: the assessment as JSON text.
        who, when: signer and ISO 8601 UTC time.
        digest: SHA-256 over session, signer, time, text, content, revision and the digest of the snapshot
            before it.
        intact: whether all that still belongs together.
        content: digest of each part of the session as it was signed; empty in what versions before 0006 of
            the schema signed.
        revision: the revision of the session that was signed, "" where it was not kept.
    """

    text: str
    who: str
    when: str
    digest: str
    intact: bool
    content: Mapping[str, str] = field(default_factory=dict)
    revision: str = ""
