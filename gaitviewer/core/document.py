"""The one truth of an open session."""

from __future__ import annotations

from dataclasses import dataclass, field

from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import ByView, GaitEvents
from gaitviewer.core.output import Provenance
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Session, Trial


@dataclass(frozen=True, slots=True, eq=False)
class TrialData:
    """A trial with what was estimated or corrected; everything else is computed from it.

    Attributes:
        trial: the recording.
        poses: raw keypoints of each view, as estimated or corrected.
        events: events that a person corrected, one per pass of each view; None = detected ones.
        excluded_strides: (stride key, reason) that a person left out.
        provenance: of the poses, per view.
    """

    trial: Trial
    poses: ByView[PoseSequence | None]
    events: ByView[tuple[GaitEvents, ...] | None] = field(default_factory=lambda: ByView(None, None))
    excluded_strides: tuple[tuple[str, str], ...] = ()
    provenance: ByView[Provenance | None] = field(default_factory=lambda: ByView(None, None))


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """An open session: an edit is a pure function ``Document -> Document``."""

    session: Session
    trials: tuple[TrialData, ...]
    grades: tuple[Grade, ...] = ()
