"""Sides, views, walking passes, gait events and strides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from gaitviewer.messages import NOTHING, Message

T = TypeVar("T")
U = TypeVar("U")


class Side(Enum):
    """A side of the subject's body."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


class View(Enum):
    """The plane a camera looks at."""

    SAGITTAL = "sagittal"
    CORONAL = "coronal"


@dataclass(frozen=True)
class BySide(Generic[T]):
    """A value for the left and one for the right limb."""

    left: T
    right: T

    def __getitem__(self, side: Side) -> T:
        return self.left if side is Side.LEFT else self.right

    def __iter__(self) -> Iterator[T]:
        yield self.left
        yield self.right

    def map(self, change: Callable[[T], U]) -> BySide[U]:
        """The same function applied to both sides."""
        return BySide(change(self.left), change(self.right))


@dataclass(frozen=True)
class ByView(Generic[T]):
    """A value for the sagittal and one for the coronal view."""

    sagittal: T
    coronal: T

    def __getitem__(self, view: View) -> T:
        return self.sagittal if view is View.SAGITTAL else self.coronal

    def __iter__(self) -> Iterator[T]:
        yield self.sagittal
        yield self.coronal

    def map(self, change: Callable[[T], U]) -> ByView[U]:
        """The same function applied to both views."""
        return ByView(change(self.sagittal), change(self.coronal))


class Direction(Enum):
    """Where the subject walks in the picture."""

    LEFT_TO_RIGHT = "left to right"
    RIGHT_TO_LEFT = "right to left"
    TOWARDS = "towards the camera"
    AWAY = "away from the camera"

    @property
    def view(self) -> View:
        """The view in which this direction is walked."""
        lateral = (Direction.LEFT_TO_RIGHT, Direction.RIGHT_TO_LEFT)
        return View.SAGITTAL if self in lateral else View.CORONAL

    @property
    def forward_sign(self) -> int:
        """+1 where forward is +x in the picture, -1 where it is -x, 0 in the coronal view."""
        return {Direction.LEFT_TO_RIGHT: 1, Direction.RIGHT_TO_LEFT: -1}.get(self, 0)


@dataclass(frozen=True, slots=True)
class WalkingPass:
    """A stretch of steady walking in one direction with the whole body in the picture.

    Attributes:
        view: the camera's plane.
        direction: walking direction in the picture.
        start, stop: frame numbers, half open.
        near: the subject's side nearest to the camera (sagittal only, else None).
        swapped: whether the estimator's left and right were exchanged over this pass.
        out_of_plane_deg: angle between the walking direction and the ideal one for this view, degrees
            (sagittal: the image plane; NaN if it cannot be told).
        notes: what is odd about it.
        mirrored: whether the picture is a mirror image.
        belt_px_s: speed of the belt in the picture where the subject walks on a treadmill, pixels a second;
            0 over ground.
    """

    view: View
    direction: Direction
    start: int
    stop: int
    near: Side | None = None
    swapped: bool = False
    out_of_plane_deg: float = float("nan")
    notes: tuple[Message, ...] = ()
    mirrored: bool = False
    belt_px_s: float = 0.0

    def __post_init__(self) -> None:
        if self.direction.view is not self.view:
            raise ValueError(f"nobody walks {self.direction.value} in the {self.view.value} view")
        if not 0 <= self.start < self.stop:
            raise ValueError(f"empty pass {self.start}:{self.stop}")

    @property
    def on_treadmill(self) -> bool:
        """Whether the subject walks on a treadmill: nothing is known of speed and lengths."""
        return self.belt_px_s > 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Frames ``start:stop`` that belong to no pass, and why."""

    start: int
    stop: int
    reason: Message


class EventKind(Enum):
    """Events of the gait cycle."""

    INITIAL_CONTACT = "initial contact"
    TOE_OFF = "toe-off"


@dataclass(frozen=True, slots=True)
class GaitEvent:
    """A moment of the gait cycle.

    Attributes:
        kind, side: what happens and to which foot.
        time_s: seconds in the time of the video it was found in.
        sigma_s: standard error of that time, seconds.
        detectors: each detector's own (bias-corrected) time, by name.
        agreed: whether the detectors agree within the limit.
        corrected: set by a person.
    """

    kind: EventKind
    side: Side
    time_s: float
    sigma_s: float
    detectors: tuple[tuple[str, float], ...] = ()
    agreed: bool = True
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class HandEvent:
    """What a person says of one event; it holds whatever a detector finds there.

    Attributes:
        kind, side: what happens and to which foot.
        time_s: when, seconds in the time of its video; of a denied one, the time at which it was shown.
        denied: whether there is no such event there.
    """

    kind: EventKind
    side: Side
    time_s: float
    denied: bool = False


@dataclass(frozen=True, slots=True)
class GaitEvents:
    """All events of one pass, sorted by time."""

    events: tuple[GaitEvent, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "events", tuple(sorted(self.events, key=lambda e: e.time_s)))

    def of(self, kind: EventKind, side: Side) -> tuple[GaitEvent, ...]:
        """Events of one kind and side, sorted by time."""
        return tuple(e for e in self.events if e.kind is kind and e.side is side)


@dataclass(frozen=True, slots=True)
class Stride:
    """One gait cycle of one limb: from initial contact to the next of the same foot.

    All times are seconds in the time base of the video ``view`` of ``trial``. Strides of the coronal view
    carry the events of the synchronised side view, moved by the offset, where there are any.

    Attributes:
        trial: the recording it belongs to.
        view: the view it is measured in.
        pass_index: which walking pass of that view.
        number: running number within the pass and side, from 0.
        side: the limb.
        start_s, toe_off_s, stop_s: initial contact, toe-off, next initial contact.
        opposite_toe_off_s, opposite_contact_s: of the other limb within this stride, if found.
        event_sigma_s: standard error of the event times, seconds.
        far: whether this limb is the far one in the sagittal view.
        events_from: the view whose events these are.
        beside: another person is so near that what was taken for the subject's trunk may be that person's.
        flags: what is unusual (``note.stride_time``), kept and shown.
        excluded: why it does not count; NOTHING if it counts.
    """

    trial: str
    view: View
    pass_index: int
    number: int
    side: Side
    start_s: float
    toe_off_s: float
    stop_s: float
    opposite_toe_off_s: float | None = None
    opposite_contact_s: float | None = None
    event_sigma_s: float = 0.02
    far: bool = False
    events_from: View = View.SAGITTAL
    beside: bool = False
    flags: tuple[Message, ...] = ()
    excluded: Message = NOTHING

    @property
    def mid_stance_s(self) -> float:
        """Middle of the time on one leg where both its ends are known, else of the stance."""
        start, stop = self.opposite_toe_off_s, self.opposite_contact_s
        if start is None or stop is None or not self.start_s <= start < stop <= self.toe_off_s:
            start, stop = self.start_s, self.toe_off_s
        return (start + stop) / 2

    def __post_init__(self) -> None:
        if not self.start_s < self.toe_off_s < self.stop_s:
            raise ValueError(f"stride out of order: {self.start_s}, {self.toe_off_s}, {self.stop_s}")

    @property
    def counts(self) -> bool:
        """Whether it enters means and scores."""
        return not self.excluded

    @property
    def key(self) -> str:
        """A short stable name, e.g. ``t1/sagittal/p0/left/1``."""
        return f"{self.trial}/{self.view.value}/p{self.pass_index}/{self.side.value}/{self.number}"

    @property
    def duration_s(self) -> float:
        """Stride time, seconds."""
        return self.stop_s - self.start_s

    def percent_at(self, time_s: float) -> float:
        """Per cent of the cycle at a moment of its video; outside 0..100 before and after the stride."""
        return 100.0 * (time_s - self.start_s) / self.duration_s

    def time_at(self, percent: float) -> float:
        """The moment of its video at a per cent of the cycle, seconds."""
        return self.start_s + percent / 100.0 * self.duration_s

    @property
    def stance_fraction(self) -> float:
        """Stance as a fraction of the cycle."""
        return (self.toe_off_s - self.start_s) / self.duration_s
