"""One clock for two videos, in seconds of the sagittal recording. The pictures are not known here."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from gaitviewer.core.gait import ByView, View
from gaitviewer.gui.tracks import SAME_S, FrameSource, Loop, SyncMeter, Track, measure_sync

SPEEDS = (0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 1.0, 1.25, 1.5, 1.75, 2.0)
# A window that was busy for up to this long shows the frames it owes one after the other; after a longer
# pause they are left out (except in "every frame" mode).
_CATCH_UP_S = 0.12
# How soon to look again for a picture that is not decoded yet.
_WAIT_MS = 4


@dataclass(slots=True)
class PlayCount:
    """What playing achieved since the last start.

    Attributes:
        shown, skipped: frames of each view that were and were not shown, by view.
        waited_s: seconds during which the clock stood because a picture was not decoded yet.
        worst_error_s: largest sync error at any tick.
    """

    shown: dict[View, int]
    skipped: dict[View, int]
    waited_s: float = 0.0
    worst_error_s: float = 0.0


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
        self._tracks: ByView[Track | None] = ByView(None, None)
        self._offset_s = 0.0
        self._time_s = 0.0
        self._ideal_s = 0.0
        self._last_clock = 0.0
        self._playing = False
        self._speed = 1.0
        self._loop: Loop | None = None
        self._waiting_since: float | None = None
        self._sync_points: dict[View, float] = {}
        self.every_frame = False
        self.active_view: View | None = None
        self.count = PlayCount({}, {})
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)

    # --- what is open --------------------------------------------------------------------------------

    def open(self, sources: ByView[FrameSource | None], *, offset_s: float = 0.0) -> None:
        """Show other videos from their start, paused."""
        self.pause()
        self._offset_s = offset_s
        self._tracks = ByView(_track(sources.sagittal, 0.0), _track(sources.coronal, offset_s))
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
        return tuple(view for view in View if self._tracks[view] is not None)

    @property
    def _there(self) -> tuple[Track, ...]:
        return tuple(track for track in (self._tracks.sagittal, self._tracks.coronal) if track is not None)

    def track(self, view: View) -> Track:
        """The times of a view on the player's scale.

        Raises:
            KeyError: that view is not there.
        """
        track = self._tracks[view]
        if track is None:
            raise KeyError(view)
        return track

    @property
    def start_s(self) -> float:
        """When the earlier view starts."""
        return min((track.start_s for track in self._there), default=0.0)

    @property
    def stop_s(self) -> float:
        """When the last frame of the longer view is shown."""
        return max((track.last_s for track in self._there), default=0.0)

    @property
    def time_s(self) -> float:
        """Now."""
        return self._time_s

    def shown(self, view: View) -> int | None:
        """The frame of a view that belongs to now; None if that view is not there."""
        track = self._tracks[view]
        return None if track is None else track.index_at(self._time_s)

    def covers(self, view: View) -> bool:
        """Whether the view was recording now (else its first or last frame stands in)."""
        track = self._tracks[view]
        return track is not None and track.covers(self._time_s)

    # --- offset --------------------------------------------------------------------------------------

    @property
    def offset_s(self) -> float:
        """Coronal time minus sagittal time."""
        return self._offset_s

    def set_offset(self, offset_s: float) -> None:
        """Move the coronal video against the sagittal one; the time shown stays."""
        if offset_s != self._offset_s:
            self._offset_s = offset_s
            if self._tracks.coronal is not None:
                self._tracks.coronal.shift_s = offset_s
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

    @property
    def sync_points(self) -> dict[View, float]:
        """Points set so far, in each video's own time."""
        return dict(self._sync_points)

    def meter(self) -> SyncMeter:
        """How far apart the two pictures are that belong to now."""
        return measure_sync(self._tracks.sagittal, self._tracks.coronal, self._time_s)

    # --- moving --------------------------------------------------------------------------------------

    def go_to(self, time_s: float) -> None:
        """Show another moment; while playing, go on from there."""
        self._waiting_since = None
        self._ideal_s = min(max(time_s, self.start_s), self.stop_s)
        self._last_clock = self._clock()
        self._show(self._ideal_s)
        if self._playing:
            self._timer.start(0)

    def go_to_frame(self, view: View, index: int) -> None:
        """Show the moment at which a view shows that frame."""
        track = self.track(view)
        self.go_to(track.time_of(min(max(index, 0), track.count - 1)))

    def step(self, frames: int = 1) -> None:
        """Pause and move by frames of the view at hand, or of the one with the higher rate."""
        self.pause()
        view = self.leading_view
        if view is None:
            return
        time_s = self.track(view).stepped(self._time_s, frames)
        if time_s is not None:
            self.go_to(time_s)

    @property
    def leading_view(self) -> View | None:
        """The view whose frames are stepped through."""
        if self.active_view in self.views:
            return self.active_view
        return min(self.views, key=lambda view: self.track(view).interval_s, default=None)

    def jump(self, times: Sequence[float], direction: int) -> float | None:
        """Go to the next (+1) or the previous (-1) of some moments (player's time); None if there is none."""
        half = min((track.interval_s for track in self._there), default=0.0) / 2
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
        self.count = PlayCount(dict.fromkeys(self.views, 0), dict.fromkeys(self.views, 0))
        self._playing = True
        self._waiting_since = None
        self._feed(self._time_s)
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
        following = self._next_change(self._time_s)
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
        owed = self.every_frame or late <= _CATCH_UP_S * max(1.0, self._speed)
        self._arrive(following if owed else self._ideal_s)

    def _arrive(self, time_s: float) -> None:
        """Show ``time_s`` if both pictures are there, else let the clock wait for them."""
        self._feed(time_s)
        now = self._clock()
        if not self._all_ready(time_s):
            self._waiting_since = now if self._waiting_since is None else self._waiting_since
            self._ideal_s = time_s
            self._timer.start(_WAIT_MS)
            return
        if self._waiting_since is not None:
            self.count.waited_s += now - self._waiting_since
            self._waiting_since = None
        self._count(time_s)
        self._show(time_s)
        if not self._playing:  # a listener paused
            return
        if self.every_frame:  # what painting took is not owed
            self._ideal_s = min(self._ideal_s, time_s)
        following = self._next_change(time_s)
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

    def _next_change(self, time_s: float) -> float | None:
        """When, after ``time_s``, either view shows another frame."""
        changes = (track.next_change(time_s) for track in self._there)
        return min((change for change in changes if change is not None), default=None)

    def _tail_s(self) -> float:
        """How long the last frame is shown (none in a loop: it ends where it starts)."""
        if self._loop is not None and self._loop.stop_s < self.stop_s - SAME_S:
            return 0.0
        return min((track.interval_s for track in self._there), default=0.0)

    def _all_ready(self, time_s: float) -> bool:
        return all(track.source.ready(track.index_at(time_s)) for track in self._there)

    def _feed(self, time_s: float) -> None:
        """Tell the decoders what will be needed."""
        for track in self._there:
            ends = None
            if self._loop is not None:
                ends = (track.index_at(self._loop.start_s), track.index_at(self._loop.stop_s))
            track.source.play(track.index_at(time_s), ends)

    def _show(self, time_s: float) -> None:
        self._time_s = time_s
        if not self._playing:
            for track in self._there:
                track.source.want(track.index_at(time_s))
        self.time_changed.emit(time_s)

    def _count(self, time_s: float) -> None:
        for view in self.views:
            track = self.track(view)
            before, after = track.index_at(self._time_s), track.index_at(time_s)
            self.count.shown[view] += after != before
            self.count.skipped[view] += max(0, after - before - 1)
        error = self.meter().error_s
        if error == error:
            self.count.worst_error_s = max(self.count.worst_error_s, abs(error))


def _track(source: FrameSource | None, shift_s: float) -> Track | None:
    return None if source is None or not len(source.times) else Track(source, shift_s)
