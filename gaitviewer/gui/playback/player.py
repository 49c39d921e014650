"""One clock for two videos, in seconds of the sagittal recording. The pictures are not known here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from gaitviewer.core.gait import ByView, View
from gaitviewer.core.timebase import TrialClock
from gaitviewer.gui.playback.timebase import (
    SAME_S,
    Loop,
    PlayCount,
    PlayedFrames,
    SyncMeter,
    TrialTimebase,
    ViewTimebase,
)

SPEEDS = (0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 1.0, 1.25, 1.5, 1.75, 2.0)
# A window that was busy for up to this long shows the frames it owes one after the other; after a longer
# pause they are left out (except in "every frame" mode).
_CATCH_UP_S = 0.2
# How soon to look again for a picture that is not decoded yet.
_WAIT_MS = 4


class Player(QObject):
    """The master clock: plays, steps and jumps; the canvases paint :meth:`shown`.

    Signals:
        time_changed: the time in seconds, whenever it is another (paint both views, move cursors).
        playing_changed, speed_changed, loop_changed, offset_changed, opened: something to show differently.
    """

    time_changed = Signal(float)
    playing_changed = Signal(bool)
    speed_changed = Signal(float)
    loop_changed = Signal()
    offset_changed = Signal(float)
    opened = Signal()

    def __init__(
        self, parent: QObject | None = None, *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._tracks = TrialTimebase(ByView(None, None), 0.0)
        self._anchor: View | None = None
        self._frames: dict[View, int] = {}
        self._offset_s = 0.0
        self._time_s = 0.0
        self._ideal_s = 0.0
        self._last_clock = 0.0
        self._playing = False
        self._speed = 1.0
        self._loop: Loop | None = None
        self._waiting_since: float | None = None
        self._late = False
        self._sync_points: dict[View, float] = {}
        self.every_frame = False
        self.active_view: View | None = None
        self.count = PlayCount()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)

    # --- what is open --------------------------------------------------------------------------------

    def open(self, sources: ByView[PlayedFrames | None], *, offset_s: float = 0.0) -> None:
        """Show other videos from their start, paused."""
        self.pause()
        self._offset_s = offset_s
        self._tracks = TrialTimebase(sources, offset_s)
        self._anchor = None
        self._loop = None
        self._sync_points.clear()
        self.active_view = None
        self._time_s = self._ideal_s = self.start_s
        self.opened.emit()
        self.loop_changed.emit()
        self.offset_changed.emit(offset_s)
        self._show(self._time_s)

    def close(self) -> None:
        """Show nothing."""
        self.open(ByView(None, None))

    @property
    def views(self) -> tuple[View, ...]:
        """The views that are there."""
        return self._tracks.views

    def track(self, view: View) -> ViewTimebase:
        """The times of a view on the player's scale.

        Raises:
            KeyError: that view is not there.
        """
        return self._tracks[view]

    @property
    def start_s(self) -> float:
        """When the earlier view starts."""
        return self._tracks.start_s

    @property
    def stop_s(self) -> float:
        """When the last frame of the longer view is shown."""
        return self._tracks.stop_s

    @property
    def time_s(self) -> float:
        """Now."""
        return self._time_s

    def shown(self, view: View) -> int | None:
        """The frame of a view that belongs to now; None if that view is not there."""
        return self._frames.get(view)

    def covers(self, view: View) -> bool:
        """Whether the view was recording now (else its first or last frame stands in)."""
        return view in self.views and self._tracks[view].covers(self._time_s)

    # --- offset --------------------------------------------------------------------------------------

    @property
    def offset_s(self) -> float:
        """Coronal time minus sagittal time."""
        return self._offset_s

    @property
    def clock(self) -> TrialClock:
        """The player's scale, and the way to each video's own time."""
        return TrialClock(self._offset_s)

    def set_offset(self, offset_s: float) -> None:
        """Move the coronal video against the sagittal one; the time shown stays."""
        if offset_s != self._offset_s:
            self._offset_s = offset_s
            if View.CORONAL in self.views:
                self._tracks[View.CORONAL].shift_s = offset_s
            self.offset_changed.emit(offset_s)
            self.go_to(self._time_s)

    def set_sync_point(self, view: View) -> float | None:
        """Remember what a view shows now; with both remembered, make them simultaneous.

        Returns the new offset, or None while the other view's point is missing.
        """
        index = self.shown(view)
        if index is None:
            return None
        self._sync_points[view] = self.track(view).own_time(index)
        if len(self._sync_points) < 2:
            return None
        offset = self._sync_points[View.CORONAL] - self._sync_points[View.SAGITTAL]
        self._sync_points.clear()
        self.set_offset(offset)
        return offset

    def meter(self) -> SyncMeter:
        """How far apart the two pictures are that belong to now."""
        return self.meter_of(self._frames)

    def meter_of(self, frames: Mapping[View, int]) -> SyncMeter:
        """How far apart any two pictures are, e.g. those that are on the screen (-1: none)."""
        if any(frames.get(view, -1) < 0 for view in self.views):
            return SyncMeter(float("nan"), float("nan"))
        return self._tracks.sync(frames, self._time_s)

    # --- moving --------------------------------------------------------------------------------------

    def go_to(self, time_s: float, *, anchor: View | None = None) -> None:
        """Show another moment; while playing, go on from there.

        Args:
            time_s: the moment.
            anchor: the view whose frame must be exactly the one at or before it; the other view shows what
                is nearest to that frame. By default the view with the higher rate.
        """
        self._anchor = anchor
        self._waiting_since = None
        self._ideal_s = min(max(time_s, self.start_s), self.stop_s)
        self._last_clock = self._clock()
        self._show(self._ideal_s)
        if self._playing:
            self._timer.start(0)

    def go_to_frame(self, view: View, index: int) -> None:
        """Show the moment at which a view shows that frame."""
        track = self.track(view)
        self.go_to(track.time_of(min(max(index, 0), track.count - 1)), anchor=view)

    def step(self, frames: int = 1) -> None:
        """Pause and move by frames of the view at hand, or of the one with the higher rate."""
        self.pause()
        view = self.leading_view
        if view is None:
            return
        track = self.track(view)
        here = track.time_of(self._frames[view]) if track.covers(self._time_s) else self._time_s
        time_s = track.stepped(here, frames)
        if time_s is not None:
            self.go_to(time_s, anchor=view)

    @property
    def leading_view(self) -> View | None:
        """The view whose frames are stepped through."""
        if self.active_view in self.views:
            return self.active_view
        return self._tracks.fastest

    def jump(self, times: Sequence[float], direction: int) -> float | None:
        """Stop at the next (+1) or the previous (-1) of some moments (player's time); None if there is none."""
        self.pause()
        half = self._tracks.interval_s / 2
        if direction > 0:
            found = min((t for t in times if t > self._time_s + half), default=None)
        else:
            found = max((t for t in times if t < self._time_s - half), default=None)
        if found is not None:
            self.go_to(found)
        return found

    def page(self, direction: int) -> None:
        """A tenth of the recording on or back."""
        self.go_to(self._time_s + direction * 0.1 * (self.stop_s - self.start_s))

    # --- playing -------------------------------------------------------------------------------------

    @property
    def playing(self) -> bool:
        """Whether the clock runs."""
        return self._playing

    @property
    def waiting(self) -> bool:
        """Whether the clock stands because a picture is not decoded yet."""
        return self._waiting_since is not None

    def play(self) -> None:
        """Let the clock run; from the start if it stands at the end."""
        if self._playing or not self.views:
            return
        start, stop = self._range()
        if self._time_s >= stop - SAME_S or self._time_s < start - SAME_S:
            self._show(start)
        self._ideal_s = self._time_s
        self._last_clock = self._clock()
        self.count = PlayCount()
        self._playing = True
        self._anchor = None
        self._waiting_since = None
        self._late = False
        self._feed(self._time_s, self._tracks.frames(self._time_s))
        self.playing_changed.emit(True)
        self._timer.start(0)

    def pause(self) -> None:
        """Stop the clock."""
        if self._playing:
            self._playing = False
            self._waiting_since = None
            self._timer.stop()
            self.playing_changed.emit(False)
            self._show(self._time_s)

    def toggle(self) -> None:
        """Play or pause."""
        if self._playing:
            self.pause()
        else:
            self.play()

    @property
    def speed(self) -> float:
        """Seconds of the recording per second."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Play at another speed, 0.1 to 2."""
        speed = min(max(speed, SPEEDS[0]), SPEEDS[-1])
        if speed != self._speed:
            self._advance_ideal()
            self._speed = speed
            self.speed_changed.emit(speed)

    def change_speed(self, steps: int) -> None:
        """To the next faster (+1) or slower (-1) of the usual speeds."""
        if steps > 0:
            self.set_speed(next((s for s in SPEEDS if s > self._speed + 1e-9), SPEEDS[-1]))
        else:
            self.set_speed(next((s for s in reversed(SPEEDS) if s < self._speed - 1e-9), SPEEDS[0]))

    @property
    def loop(self) -> Loop | None:
        """The range that is repeated."""
        return self._loop

    def set_loop(self, start_s: float | None, stop_s: float | None = None) -> None:
        """Repeat a range, or with None play on to the end.

        Raises:
            ValueError: the range is empty.
        """
        if start_s is None:
            self._loop = None
        else:
            stop = self.stop_s if stop_s is None else stop_s
            if stop <= start_s:
                raise ValueError(f"the range {start_s:.3f} to {stop:.3f} s is empty")
            self._loop = Loop(max(start_s, self.start_s), min(stop, self.stop_s))
        self.loop_changed.emit()
        if self._loop and self._playing and not self._loop.start_s <= self._time_s <= self._loop.stop_s:
            self.go_to(self._loop.start_s)

    def _range(self) -> tuple[float, float]:
        return (self._loop.start_s, self._loop.stop_s) if self._loop else (self.start_s, self.stop_s)

    def tick(self) -> None:
        """One beat: move the clock to where it should be, both views in the same beat."""
        if not self._playing:
            return
        self._advance_ideal()
        following = self._tracks.next_change(self._time_s)
        start, stop = self._range()
        if following is None or following > stop + SAME_S:
            if self._ideal_s < stop + self._tail_s():
                self._timer.start(self._milliseconds_to(stop + self._tail_s()))
            elif self._loop is None:
                self.pause()
            else:
                self._ideal_s = start
                self._arrive(start)
            return
        if self._ideal_s < following - SAME_S:
            self._timer.start(self._milliseconds_to(following))
            return
        late = self._ideal_s - following
        self._late = late > self._tracks.interval_s
        owed = self.every_frame or late <= _CATCH_UP_S * max(1.0, self._speed)
        self._arrive(following if owed else self._ideal_s)

    def _arrive(self, time_s: float) -> None:
        """Show ``time_s`` if both pictures are there, else let the clock wait for them."""
        frames = self._tracks.frames(time_s)
        self._feed(time_s, frames)
        now = self._clock()
        if not all(self._tracks[view].source.ready(index) for view, index in frames.items()):
            self._waiting_since = now if self._waiting_since is None else self._waiting_since
            self._ideal_s = time_s
            self._timer.start(_WAIT_MS)
            return
        if self._waiting_since is not None:
            self.count.waited_s += now - self._waiting_since
            self._waiting_since = None
        self.count.add(self._frames, frames, self._tracks.sync(frames, time_s).error_s)
        self._show(time_s)
        if not self._playing:  # a listener paused
            return
        if self.every_frame:  # what painting took is not owed
            self._ideal_s = min(self._ideal_s, time_s)
        following = self._tracks.next_change(time_s)
        self._timer.start(_WAIT_MS if following is None else self._milliseconds_to(following))

    def _advance_ideal(self) -> None:
        now = self._clock()
        if self._waiting_since is None:
            self._ideal_s += (now - self._last_clock) * self._speed
        self._last_clock = now

    def _milliseconds_to(self, time_s: float) -> int:
        """Until the clock reaches ``time_s``; rounded down, a beat too early only looks again."""
        spent = (self._clock() - self._last_clock) * self._speed
        return max(0, int(1e3 * (time_s - self._ideal_s - spent) / self._speed))

    def _tail_s(self) -> float:
        """How long the last frame is shown (none in a loop: it ends where it starts)."""
        if self._loop is not None and self._loop.stop_s < self.stop_s - SAME_S:
            return 0.0
        return self._tracks.interval_s

    def _feed(self, time_s: float, frames: dict[View, int]) -> None:
        """Tell the decoders what will be needed."""
        for view, index in frames.items():
            track, ends = self._tracks[view], None
            if self._loop is not None:
                ends = (track.index_at(self._loop.start_s), track.index_at(self._loop.stop_s))
            track.source.play(index, ends, late=self._late)

    def _show(self, time_s: float) -> None:
        self._time_s = time_s
        self._frames = self._tracks.frames(time_s, self._anchor)
        if not self._playing:
            for view, index in self._frames.items():
                self._tracks[view].source.want(index)
        self.time_changed.emit(time_s)
