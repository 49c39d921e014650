"""The times of two videos on one scale; what is shown at a moment. Pure functions and plain values.

The scale is seconds of the sagittal recording; coronal time is that plus the offset. Frames are found by
their presentation times, never as a number times a rate, so that two rates, two lengths and uneven
intervals need no special care.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import ByView, View
from gaitviewer.core.timebase import TrialClock

# Times that differ by less than this are the same moment.
SAME_S = 1e-6


class PlayedFrames(Protocol):
    """What the clock needs to know of the pictures of one view."""

    @property
    def times(self) -> NDArray[np.float64]:
        """[T] presentation times, seconds of that video."""

    def ready(self, index: int) -> bool:
        """Whether that picture can be painted at once."""

    def want(self, index: int) -> None:
        """Ask for one picture; a later call replaces an earlier one."""

    def play(self, index: int, loop: tuple[int, int] | None, *, late: bool = False) -> None:
        """Pictures from ``index`` on are needed soon; after ``loop[1]`` comes ``loop[0]``.

        With ``late`` the clock does not get along: pictures may be rough.
        """


def frame_at(times: Sequence[float] | NDArray[np.float64], time_s: float) -> int:
    """Number of the frame that is shown at ``time_s`` of its own video.

    That is the last one whose presentation time is not later; the first one before the video starts.
    """
    return max(0, bisect_right(times, time_s + SAME_S) - 1)


@dataclass(frozen=True, slots=True)
class Loop:
    """The range that is repeated, seconds."""

    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True)
class SyncMeter:
    """How far apart the two pictures are that are shown.

    Attributes:
        error_s: presentation time of the coronal picture minus that of the sagittal one, less the offset
            set; NaN with one view.
        limit_s: what the frame intervals allow: half of the longer one.
    """

    error_s: float
    limit_s: float


class ViewTimebase:
    """One view on the player's scale.

    Attributes:
        source: its pictures.
        interval_s: its median frame interval.
        shift_s: what to add to the player's time for the video's own.
    """

    def __init__(self, source: PlayedFrames, shift_s: float) -> None:
        """Place a view; ``source`` must have at least one frame."""
        self.source = source
        self.shift_s = shift_s
        self._times: list[float] = [float(t) for t in source.times]
        if not self._times:
            raise ValueError("a view without frames")
        self.interval_s = float(np.median(np.diff(source.times))) if len(self._times) > 1 else 0.04

    @property
    def count(self) -> int:
        """Number of frames."""
        return len(self._times)

    def time_of(self, index: int) -> float:
        """When a frame is shown, player's time."""
        return self._times[index] - self.shift_s

    def own_time(self, index: int) -> float:
        """When a frame is shown, the video's own time."""
        return self._times[index]

    @property
    def start_s(self) -> float:
        """When its first frame is shown."""
        return self.time_of(0)

    @property
    def last_s(self) -> float:
        """When its last frame is shown."""
        return self.time_of(-1)

    def index_at(self, time_s: float) -> int:
        """The frame that belongs to a moment; the first or last one outside the recording."""
        return frame_at(self._times, time_s + self.shift_s)

    def covers(self, time_s: float) -> bool:
        """Whether the camera was recording."""
        return self.start_s - SAME_S <= time_s < self.last_s + self.interval_s - SAME_S

    def next_change(self, time_s: float) -> float | None:
        """When, after a moment, another frame is shown; None at the end."""
        index = bisect_right(self._times, time_s + self.shift_s + SAME_S)
        return self.time_of(index) if index < self.count else None

    def stepped(self, time_s: float, frames: int) -> float | None:
        """The moment ``frames`` frames on, None outside the recording."""
        if time_s < self.start_s - SAME_S:
            index = frames - 1
        elif time_s >= self.last_s + self.interval_s - SAME_S:
            index = self.count + frames
        else:
            index = self.index_at(time_s) + frames
        return self.time_of(index) if 0 <= index < self.count else None

    def nearest(self, time_s: float) -> int:
        """The frame whose presentation time is nearest to a moment."""
        index = self.index_at(time_s)
        ahead = index + 1 < self.count and self.time_of(index + 1) - time_s < time_s - self.time_of(index)
        return index + 1 if ahead else index


class TrialTimebase:
    """Both views on one scale, and which frames of them belong together.

    One view leads: it shows its latest frame at or before the moment; the other one shows its frame
    nearest to *that frame*, so that the two pictures are at most half a frame interval apart.
    """

    def __init__(self, sources: ByView[PlayedFrames | None], offset_s: float) -> None:
        """Place the views; coronal time is sagittal time plus ``offset_s``."""
        clock = TrialClock(offset_s)
        self._tracks = {
            view: ViewTimebase(source, clock.shift_s(view))
            for view in View
            if (source := sources[view]) is not None and len(source.times)
        }

    def __getitem__(self, view: View) -> ViewTimebase:
        return self._tracks[view]

    @property
    def views(self) -> tuple[View, ...]:
        """The views that are there."""
        return tuple(self._tracks)

    @property
    def start_s(self) -> float:
        """When the earlier view starts."""
        return min((track.start_s for track in self._tracks.values()), default=0.0)

    @property
    def stop_s(self) -> float:
        """When the last frame of the longer view is shown."""
        return max((track.last_s for track in self._tracks.values()), default=0.0)

    @property
    def interval_s(self) -> float:
        """The shorter of the frame intervals, 0 without views."""
        return min((track.interval_s for track in self._tracks.values()), default=0.0)

    @property
    def fastest(self) -> View | None:
        """The view with the higher rate."""
        return min(self._tracks, key=lambda view: self._tracks[view].interval_s, default=None)

    def leader(self, time_s: float, preferred: View | None) -> View | None:
        """The preferred view, or the faster one, if it was recording then; else the other one."""
        first = preferred if preferred in self._tracks else self.fastest
        order = sorted(self._tracks, key=lambda view: view is not first)
        return next((view for view in order if self._tracks[view].covers(time_s)), first)

    def frames(self, time_s: float, preferred: View | None = None) -> dict[View, int]:
        """The frames that belong to a moment."""
        leader = self.leader(time_s, preferred)
        if leader is None:
            return {}
        index = self._tracks[leader].index_at(time_s)
        moment = self._tracks[leader].time_of(index)
        return {
            view: index if view is leader else track.nearest(moment) for view, track in self._tracks.items()
        }

    def next_change(self, time_s: float) -> float | None:
        """When, after a moment, the leading view shows another frame, or the other one leads on."""
        leader, first = self.leader(time_s, None), self.fastest
        if leader is None or first is None:
            return None
        changes = [self._tracks[leader].next_change(time_s)]
        if leader is not first and self._tracks[first].start_s > time_s + SAME_S:
            changes.append(self._tracks[first].start_s)
        if changes[0] is None:
            changes += [track.next_change(time_s) for track in self._tracks.values()]
        return min((change for change in changes if change is not None), default=None)

    def sync(self, frames: Mapping[View, int], time_s: float) -> SyncMeter:
        """How far apart pictures are; NaN where only one view is there or was recording."""
        sagittal, coronal = (self._tracks.get(view) for view in (View.SAGITTAL, View.CORONAL))
        if sagittal is None or coronal is None or not (sagittal.covers(time_s) and coronal.covers(time_s)):
            return SyncMeter(float("nan"), float("nan"))
        shown = coronal.own_time(frames[View.CORONAL]) - sagittal.own_time(frames[View.SAGITTAL])
        return SyncMeter(shown - coronal.shift_s, max(sagittal.interval_s, coronal.interval_s) / 2)


@dataclass(slots=True)
class PlayCount:
    """What playing achieved since the last start.

    Attributes:
        shown, skipped: frames of each view that were and were not shown.
        waited_s: seconds during which the clock stood because a picture was not decoded yet.
        worst_error_s: largest sync error at any tick.
    """

    shown: dict[View, int] = field(default_factory=lambda: dict.fromkeys(View, 0))
    skipped: dict[View, int] = field(default_factory=lambda: dict.fromkeys(View, 0))
    waited_s: float = 0.0
    worst_error_s: float = 0.0

    def add(self, before: Mapping[View, int], after: Mapping[View, int], error_s: float) -> None:
        """Count one beat."""
        for view, index in after.items():
            moved = index - before.get(view, index)
            self.shown[view] += moved != 0
            self.skipped[view] += max(0, moved - 1)
        if error_s == error_s:
            self.worst_error_s = max(self.worst_error_s, abs(error_s))
