"""What the search for the subject noticed in a video, besides the keypoints."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gaitviewer.messages import NOTHING, Message

Spans = tuple[tuple[int, int], ...]


class RemarkKind(Enum):
    """What may be noticed."""

    NOBODY_WALKS = "nobody walks"
    ANOTHER_PERSON = "another person"
    PERSON_BESIDE = "person beside"
    NOT_FOUND = "not found"
    LEGS_EXCHANGED = "legs exchanged"
    ERROR_UNKNOWN = "error unknown"
    NO_FEET = "no feet"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was noticed.

    Attributes:
        kind: what.   spans: (first, last) frames in which it holds; () = all of the video.
    """

    kind: RemarkKind
    spans: Spans = ()


@dataclass(frozen=True, slots=True)
class Light:
    """How bright the picture is around the subject, medians over the video.

    Attributes:
        brightness: mean, 0 (black) to 1 (white).   contrast: standard deviation, in the same unit.
    """

    brightness: float
    contrast: float


@dataclass(frozen=True, slots=True)
class ViewRemarks:
    """All that is known of a video besides the keypoints.

    Attributes:
        noticed: by the search for the subject.
        light: around the subject; None where it was not measured.
        failure: why the video could not be used; NOTHING if it could, or was never tried.
        video: SHA-256 of the file that failed: another one is another matter.
    """

    noticed: tuple[Remark, ...] = ()
    light: Light | None = None
    failure: Message = NOTHING
    video: str = ""

    def has(self, kind: RemarkKind) -> bool:
        """Whether something of this kind was noticed."""
        return any(remark.kind is kind for remark in self.noticed)

    def spans(self, kind: RemarkKind) -> Spans:
        """The (first, last) frames of one kind."""
        return tuple(span for remark in self.noticed if remark.kind is kind for span in remark.spans)
