"""The one truth of an open session."""

from __future__ import annotations

from dataclasses import dataclass, field

from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import BySide, ByView, GaitEvents, HandEvent, Side, View
from gaitviewer.core.output import Provenance
from gaitviewer.core.pose import Corrections, PoseSequence
from gaitviewer.core.remarks import ViewRemarks
from gaitviewer.core.session import Session, Trial


@dataclass(frozen=True, slots=True, eq=False)
class TrialData:
    """A trial with what was estimated or corrected; everything else is computed from it.

    Attributes:
        trial: the recording.
        poses: raw keypoints of each view, as estimated, with what persons corrected over them.
        events: events of each pass of each view instead of detected ones; None = detected ones.
        excluded_strides: (stride key, reason) that a person left out.
        provenance: of the poses, per view; one without poses says that the video was searched in vain.
        remarks: what else is known of the video of each view; None = nothing was noticed.
        corrections: of each view, what persons set and the estimate below; None = ``poses`` is the estimate.
        hand_events: what persons say of events of each view, by time.
    """

    trial: Trial
    poses: ByView[PoseSequence | None]
    events: ByView[tuple[GaitEvents, ...] | None] = field(default_factory=lambda: ByView(None, None))
    excluded_strides: tuple[tuple[str, str], ...] = ()
    provenance: ByView[Provenance | None] = field(default_factory=lambda: ByView(None, None))
    remarks: ByView[ViewRemarks | None] = ByView(None, None)  # noqa: RUF009  frozen
    corrections: ByView[Corrections | None] = ByView(None, None)  # noqa: RUF009  frozen
    hand_events: ByView[tuple[HandEvent, ...]] = ByView((), ())  # noqa: RUF009  frozen


@dataclass(frozen=True, slots=True)
class KeyImage:
    """A frame that a person picked for the report.

    Attributes:
        trial, view, frame, time_s: which picture.   caption: what it shows.
    """

    trial: str
    view: View
    frame: int
    time_s: float
    caption: str = ""


@dataclass(frozen=True, slots=True)
class ManualMeasurement:
    """A value that a person measured in a picture, perhaps as evidence for an EVGS item.

    Attributes:
        tool: "goniometer", "vertical" or "distance".   value, unit: what was read, "deg" or "px".
        trial, view, frame: the picture.   points: the points placed, pixels.
        item, side: the EVGS item it is meant for, or None.
        rater, when: who, and ISO 8601 UTC time.   note: free text.
    """

    tool: str
    value: float
    unit: str
    trial: str
    view: View
    frame: int
    points: tuple[tuple[float, float], ...]
    item: int | None = None
    side: Side | None = None
    rater: str = ""
    when: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Texts:
    """What a person writes for the report."""

    findings: str = ""
    impression: str = ""
    plan: str = ""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Document:
    """An open session: an edit is a pure function ``Document -> Document``.

    Attributes:
        session: who, when, how.   trials: recordings with their poses.   grades: a person's grades.
        key_images, hand_measures, texts: what a person adds for the report.
        foot_zero_deg: zero of each ankle angle set by a person; None = from flat-foot frames.
    """

    session: Session
    trials: tuple[TrialData, ...]
    grades: tuple[Grade, ...] = ()
    key_images: tuple[KeyImage, ...] = ()
    hand_measures: tuple[ManualMeasurement, ...] = ()
    texts: Texts = Texts()
    foot_zero_deg: BySide[float | None] = BySide(None, None)  # noqa: RUF009  frozen
