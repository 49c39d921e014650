"""What the list of sessions shows; nothing here needs a session itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path


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
