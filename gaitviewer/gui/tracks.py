"""The times of two videos on one scale; what is shown at a moment. Pure functions and plain values.

The scale is seconds of the sagittal recording; coronal time is that plus the offset. A frame is the one
with the latest presentation time at or before the moment, never a number times a rate, so that two rates,
two lengths and uneven intervals need no special care.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

# Times that differ by less than this are the same moment.
SAME_S = 1e-6


class FrameSource(Protocol):
    """What the clock needs to know of the pictures of one view."""

    @property
    def times(self) -> NDArray[np.float64]:
        """[T] presentation times, seconds of that video."""

    def ready(self, index: int) -> bool:
        """Whether that picture can be painted at once."""

    def want(self, index: int) -> None:
        """Ask for one picture; a later call replaces an earlier one."""

    def play(self, index: int, loop: tuple[int, int] | None) -> None:
        """Pictures from ``index`` on are needed soon; after ``loop[1]`` comes ``loop[0]``."""


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
        wanted_s: the offset set, coronal minus sagittal time.
        shown_s: presentation time of the coronal picture minus that of the sagittal one; NaN with one view.
        error_s: the difference of the two.
        limit_s: what the frame intervals allow: the longer of the two (a frame is shown until the next).
    """

    wanted_s: float
    shown_s: float
    error_s: float
    limit_s: float


class Track:
    """One view on the player's scale.

    Attributes:
        source: its pictures.
        interval_s: its median frame interval.
        shift_s: what to add to the player's time for the video's own.
    """

    def __init__(self, source: FrameSource, shift_s: float) -> None:
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


def measure_sync(sagittal: Track | None, coronal: Track | None, time_s: float) -> SyncMeter:
    """How far apart the two pictures are that belong to a moment; NaN where only one view is there."""
    nan = float("nan")
    wanted = coronal.shift_s if coronal is not None else 0.0
    if sagittal is None or coronal is None or not (sagittal.covers(time_s) and coronal.covers(time_s)):
        return SyncMeter(wanted, nan, nan, nan)
    shown = coronal.own_time(coronal.index_at(time_s)) - sagittal.own_time(sagittal.index_at(time_s))
    return SyncMeter(wanted, shown, shown - wanted, max(sagittal.interval_s, coronal.interval_s))
