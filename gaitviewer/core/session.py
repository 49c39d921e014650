"""Who was recorded, when, how, and in which files."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import Path

from gaitviewer.core.gait import ByView, View
from gaitviewer.core.timing import VideoInfo
from gaitviewer.messages import NOTHING, Message


class Footwear(Enum):
    """What the feet were in."""

    BAREFOOT = "barefoot"
    SHOES = "shoes"
    AFO = "AFO"
    UNKNOWN = "not stated"


class WalkingAid(Enum):
    """What the subject held on to."""

    NONE = "none"
    CRUTCHES = "crutches or canes"
    WALKER = "walker"
    HELD = "hand held"
    UNKNOWN = "not stated"


class Affected(Enum):
    """Which sides of the body are affected, as given; "none" is a finding, "not stated" is the lack of one."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"
    NONE = "none"
    UNKNOWN = "not stated"


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating that a person brought along (GMFCS level, Cobb angle)."""

    value: str
    rater: str
    when: date | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A pseudonym and what matters to the gait.

    Attributes:
        pseudonym: the only name the program knows.
        birth: birth date, or None.
        sex: "F", "M" or "".
        diagnosis: free text.
        affected: which sides are.
    """

    pseudonym: str
    birth: date | None = None
    sex: str = ""
    diagnosis: str = ""
    affected: Affected = Affected.UNKNOWN


@dataclass(frozen=True, slots=True)
class Session:
    """One visit.

    Attributes:
        id: stable identifier.
        subject: who.
        when: date of the visit.
        age_years: age at the visit (given, or from the birth date), or None.
        height_m, leg_length_m: body measures in metres, or None.
        footwear, walking_aid: facts that gate EVGS items.
        mirrored: the recordings show a mirror image.
        surgery, botulinum: dates of earlier treatment.
        gmfcs, cobb: ratings made elsewhere.
        note: free text.
    """

    id: str
    subject: Subject
    when: date | None = None
    age_years: float | None = None
    height_m: float | None = None
    leg_length_m: float | None = None
    footwear: Footwear = Footwear.UNKNOWN
    walking_aid: WalkingAid = WalkingAid.UNKNOWN
    mirrored: bool = False
    surgery: tuple[date, ...] = ()
    botulinum: tuple[date, ...] = ()
    gmfcs: Rating | None = None
    cobb: Rating | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class VideoStream:
    """One video file of a trial.

    Attributes:
        view: the plane it shows.
        path: where it was last seen.
        sha256: digest of the file's bytes, its identity.
        info: its time base and size.
        recorded_at_hz: true recording rate of slow motion, or None.
    """

    view: View
    path: Path
    sha256: str
    info: VideoInfo
    recorded_at_hz: float | None = None


SYNC_SOURCES = GIVEN, ESTIMATED, ASSUMED = "given", "estimated from the gait", "assumed equal start"


@dataclass(frozen=True, slots=True)
class Sync:
    """Offset between the two views: ``coronal time = sagittal time + offset_s``.

    Attributes:
        offset_s: seconds.
        sigma_s: its standard error, seconds.
        source: one of ``SYNC_SOURCES``.
        note: how sure one can be.
        exchanged_s: another offset that fits as well if left and right were exchanged in one view, or None.
    """

    offset_s: float
    sigma_s: float
    source: str
    note: Message = NOTHING
    exchanged_s: float | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One recording: one or two videos taken at the same time."""

    id: str
    videos: ByView[VideoStream | None]
    sync: Sync | None = None
    excluded: str = ""
    notes: tuple[Message, ...] = field(default=())

    @property
    def views(self) -> tuple[View, ...]:
        """The views that are there."""
        return tuple(view for view in View if self.videos[view] is not None)


_MONTHS_BELOW = 36  # younger children are told apart by months


def coarse_age(age_years: float | None) -> float | None:
    """Completed years; below three years completed months, as a part of years."""
    if age_years is None:
        return None
    months = math.floor(age_years * 12 + 1e-6)
    return months / 12 if months < _MONTHS_BELOW else float(months // 12)
