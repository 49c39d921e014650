"""The list of sessions: what it shows of each, and how far each is. No session is loaded for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from gaitviewer.errors import StoreError

if TYPE_CHECKING:
    from gaitviewer.core.output import Signature
    from gaitviewer.store import Library, SessionRow


class SessionState(Enum):
    """How far a session is, from the first step to the last; or that it cannot be read."""

    NEW = "new"
    ANALYSED = "analysed"
    CORRECTED = "corrected"
    GRADING = "grading"
    GRADED = "graded"
    REVIEWED = "reviewed"
    SIGNED = "signed"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class SessionCard:
    """What the list of sessions shows of one.

    Attributes:
        id, subject, when: which.   trials: number of recordings.   state: how far it is.
        grades: a person's grades.   saved_utc: last saved, ISO 8601.   thumbnail: its picture, or None.
        graded, gradable: items of limbs that one rater graded, of those that the recordings show.
    """

    id: str
    subject: str
    when: date | None
    trials: int
    state: SessionState
    grades: int
    saved_utc: str
    thumbnail: Path | None
    graded: int = 0
    gradable: int = 0


def gradable(row: SessionRow) -> int:
    """How many items of both limbs can be graded: those of the views that were recorded."""
    from gaitviewer.workflow.app.tables import evgs_items

    return 2 * sum(item.view in row.views for item in evgs_items())


def state_of(row: SessionRow, signature: Signature | None = None) -> SessionState:
    """The latest step that was taken; signed is what a ``signature`` that stands says so of.

    "Graded" is a session once one rater graded every item of both limbs that its views show, or said that it
    is not assessable; "grading" before that. "Reviewed" is a graded session with a text for the report.
    Words alone are no review: three grades and a word are "grading".
    """
    done = 0 < gradable(row) <= row.graded
    steps = (
        (row.damaged, SessionState.DAMAGED),
        (signature is not None and signature.stands, SessionState.SIGNED),
        (done and row.texts, SessionState.REVIEWED),
        (done, SessionState.GRADED),
        (row.grades > 0, SessionState.GRADING),
        (row.corrected, SessionState.CORRECTED),
        (row.poses > 0, SessionState.ANALYSED),
    )
    return next((state for taken, state in steps if taken), SessionState.NEW)


def list_cards(library: Library, *, deleted: bool = False) -> tuple[SessionCard, ...]:
    """All sessions (or all deleted ones), the latest visit first.

    Raises:
        StoreError: the library cannot be read.
    """
    from gaitviewer.workflow.sessions.thumbnails import thumbnail_file

    cards = []
    for row in library.list_sessions(deleted=deleted):
        picture = thumbnail_file(row.id)
        try:
            state = state_of(row, listed_signature(library, row))
        except StoreError:  # the others are listed all the same
            state = SessionState.DAMAGED
        cards.append(
            SessionCard(
                id=row.id,
                subject=row.subject,
                when=row.when,
                trials=row.trials,
                state=state,
                grades=row.grades,
                saved_utc=row.saved_utc,
                thumbnail=picture if picture.is_file() else None,
                graded=row.graded,
                gradable=gradable(row),
            )
        )
    return tuple(cards)


def listed_signature(library: Library, row: SessionRow) -> Signature | None:
    """The signature of a session of the list, looked at as far as is quick.

    Raises:
        StoreError: the session cannot be read.
    """
    if not row.signed_by:
        return None
    from gaitviewer.workflow.sessions.signing import check_signature

    return check_signature(library, row.id, quick=True)
