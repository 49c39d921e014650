"""Published detectors of initial contact and toe-off in a side view, each on its own.

* Zeni 2008 (Gait Posture 27:710): the heel farthest ahead of the pelvis, the toe farthest behind it.
* Foot speed (Ghoussayni 2004, Gait Posture 20:266; Bruening and Ridge 2014, Gait Posture 39:472): the first
  part of the foot to fall below a share of walking speed, the toe to exceed another.
* Foot vertical velocity (O'Connor 2007, Gait Posture 25:469): the foot's centre falls fastest before contact
  and rises fastest at toe-off.

Zeni finds an event; the others look around it. Times are as found: the bias is removed by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gaitviewer.analysis.settings import DetectorSettings, EventSettings, motion_settings
from gaitviewer.analysis.signal.cleaning import F8, smooth_xy
from gaitviewer.analysis.signal.trajectory import HIPS, belt_travel_px, middle_of, slope
from gaitviewer.core.arrays import segments
from gaitviewer.core.gait import BySide, EventKind, Side, WalkingPass
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.skeleton import Keypoint


@dataclass(frozen=True, slots=True, eq=False)
class FootTrack:
    """One foot over a pass, up-sampled; forward and up are positive, NaN where it is not seen.

    Attributes:
        times: [N] seconds.
        heel, toe: [N] forward position against mid-hip, pixels.
        heel_speed, toe_speed: [N] speed in the picture, in walking speeds.
        rise: [N] vertical velocity of the foot's centre, in walking speeds.
        stand_in: whether the ankle stands in for the heel or the toe.
        bridged: spans in seconds in which the foot was hidden while it passed behind something.
    """

    times: F8
    heel: F8
    toe: F8
    heel_speed: F8
    toe_speed: F8
    rise: F8
    stand_in: bool
    bridged: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class DetectedEvent:
    """One event as the detectors see it.

    Attributes:
        kind: what happens.
        detectors: (name, time in seconds), Zeni first.
        prominence: how clearly Zeni's signal turns there, share of its range.
    """

    kind: EventKind
    detectors: tuple[tuple[str, float], ...]
    prominence: float


def track_feet(pose: PoseSequence, walking_pass: WalkingPass) -> BySide[FootTrack]:
    """Up-sample both feet over a pass of the sagittal view.

    Args:
        pose: cleaned keypoints with the sides right.
        walking_pass: a pass of the sagittal view.
    """
    s = motion_settings().events
    rows = slice(walking_pass.start, walking_pass.stop)
    times = pose.times[rows]
    # only the pass itself: what the estimator gave beyond it must not leak in through the filter
    inside = PoseSequence(pose.xy[rows], pose.score[rows], times, pose.width, pose.height, pose.origin[rows])
    xy = smooth_xy(inside, cutoff_hz=min(s.cutoff_hz, 0.4 * pose.rate_hz))
    forward = walking_pass.direction.forward_sign
    xy[..., 0] += forward * belt_travel_px(walking_pass, times)[:, None]
    return BySide(*(_track_foot(xy, times, side, forward) for side in Side))


def _track_foot(xy: F8, times: F8, side: Side, forward: float) -> FootTrack:
    """One foot from the smoothed points [n, K, 2] of a pass, up-sampled."""
    ankle = xy[:, Keypoint[f"{side.name}_ANKLE"]]
    heel, no_heel = _or_ankle(xy[:, Keypoint[f"{side.name}_HEEL"]], ankle)
    toe, no_toe = _or_ankle(xy[:, Keypoint[f"{side.name}_BIG_TOE"]], ankle)
    hips = middle_of(xy, HIPS)
    bridged = _behind_something(times, hips, heel, toe)
    grid = np.arange(times[0], times[-1], 1.0 / motion_settings().events.grid_hz)
    flip = np.array([forward, -1.0])  # forward and up
    hip = up_sample(grid, times, _carried_on(times, hips)) * flip
    heel, toe = (up_sample(grid, times, point, bridged) * flip for point in (heel, toe))
    speed = _walking_speed(grid, hip[:, 0])
    heel_v, toe_v = (np.gradient(p, grid, axis=0) / speed[:, None] for p in (heel, toe))
    return FootTrack(
        times=grid,
        heel=heel[:, 0] - hip[:, 0],
        toe=toe[:, 0] - hip[:, 0],
        heel_speed=np.hypot(*heel_v.T),
        toe_speed=np.hypot(*toe_v.T),
        rise=0.5 * (heel_v[:, 1] + toe_v[:, 1]),
        stand_in=no_heel or no_toe,
        bridged=bridged,
    )


def find_contacts(foot: FootTrack) -> list[DetectedEvent]:
    """Initial contacts of one foot, in time order."""
    s = motion_settings().events

    def stops(window: slice, likely: float) -> float | None:
        heel, toe = (
            _crossing(foot.times, -speed, -s.contact_speed, window, likely)
            for speed in (foot.heel_speed, foot.toe_speed)
        )
        return _first_to_stop(heel, toe, s)

    return _find(EventKind.INITIAL_CONTACT, foot, foot.heel, stops, -foot.rise, s.contact)


def find_toe_offs(foot: FootTrack) -> list[DetectedEvent]:
    """Toe-offs of one foot, in time order."""
    s = motion_settings().events

    def leaves(window: slice, likely: float) -> float | None:
        return _crossing(foot.times, foot.toe_speed, s.toe_off_speed, window, likely)

    return _find(EventKind.TOE_OFF, foot, -foot.toe, leaves, foot.rise, s.toe_off)


def _find(
    kind: EventKind,
    foot: FootTrack,
    reach: F8,
    by_speed: Callable[[slice, float], float | None],
    pace: F8,
    detectors: Mapping[str, DetectorSettings],
) -> list[DetectedEvent]:
    """Events of one kind at the peaks of ``reach``; around each the other detectors."""
    s = motion_settings().events
    peaks = find_peaks(foot.times, reach)
    stride = typical_stride([time for time, _ in peaks])
    zeni, speed, fva = (detectors[name].bias(stride) for name in ("zeni", "foot_speed", "foot_velocity"))
    found = []
    for time, prominence in peaks:
        likely = time - zeni
        fastest = window_around(foot.times, likely + fva, 0.5 * s.search_s)
        rows = (
            ("zeni", time),
            ("foot_speed", by_speed(window_around(foot.times, likely, s.search_s), likely + speed)),
            ("foot_velocity", extreme(foot.times, pace, fastest)),
        )
        told = tuple((name, at) for name, at in rows if at is not None)
        found.append(DetectedEvent(kind, told, prominence))
    return found


def find_peaks(times: F8, values: F8) -> list[tuple[float, float]]:
    """Maxima of an up-sampled signal: (time by parabola, prominence as a share of the range).

    A maximum next to an end of the track counts if its other side falls off: the end is taken as low. The
    very ends themselves are not maxima.
    """
    from scipy.signal import find_peaks as scipy_peaks

    s = motion_settings().events
    there = np.isfinite(values)
    if not there.any():
        return []
    low, high = (float(v) for v in np.percentile(values[there], (2, 98)))
    extent = max(high - low, 1e-9)
    out = []
    for start, stop in segments(there):
        piece = np.concatenate([[low - extent], values[start:stop], [low - extent]])
        rows, about = scipy_peaks(
            piece, prominence=s.prominence * extent, distance=max(1, int(s.apart_s * s.grid_hz))
        )
        for row, prominence in zip(rows - 1, about["prominences"], strict=True):
            edge = s.edge_s * s.grid_hz
            # a foot that leaves the picture is put down too early by the estimator: a step that reaches nowhere
            reaches = values[start + int(row)] >= low + s.reach * extent
            if reaches and edge <= row < stop - start - edge:
                out.append((_parabola(times, values, start + int(row)), min(1.0, float(prominence) / extent)))
    return out


def typical_stride(times: list[float]) -> float:
    """Median time between neighbouring events of one kind and foot; 1 s if there is only one."""
    return float(np.median(np.diff(times))) if len(times) > 1 else 1.0


def up_sample(grid: F8, times: F8, values: F8, bridged: tuple[tuple[float, float], ...] = ()) -> F8:
    """[N, 2] cubic spline through ``values`` [n, 2] in each unbroken or bridged run; NaN elsewhere."""
    from scipy.interpolate import CubicSpline

    out = np.full((len(grid), values.shape[1]), np.nan)
    seen = np.isfinite(values).all(axis=1)
    going_on = seen.copy()
    for first, last in bridged:
        going_on |= (times > first) & (times < last)
    for start, stop in segments(going_on):
        rows = start + np.flatnonzero(seen[start:stop])
        if len(rows) >= 4:
            inside = (grid >= times[rows[0]]) & (grid <= times[rows[-1]])
            out[inside] = CubicSpline(times[rows], values[rows])(grid[inside])
    return out


def _or_ankle(point: F8, ankle: F8) -> tuple[F8, bool]:
    """The point, or the ankle where the estimator hardly ever gives the point."""
    if np.isfinite(point).all(axis=1).mean() >= 0.3:
        return point, False
    return ankle, True


def _carried_on(times: F8, hips: F8) -> F8:
    """[n, 2] the hips, on a straight line where they are hidden between two places: there the body walks on."""
    seen = np.isfinite(hips).all(axis=1)
    out = hips.copy()
    for start, stop in segments(~seen):
        if start > 0 and stop < len(seen):
            ends = [start - 1, stop]
            for axis in (0, 1):
                out[start:stop, axis] = np.interp(times[start:stop], times[ends], hips[ends, axis])
    return out


def _behind_something(times: F8, hips: F8, heel: F8, toe: F8) -> tuple[tuple[float, float], ...]:
    """From when to when, seconds, a foot is hidden of a body whose hips are hidden too in between."""
    seen = np.isfinite(heel).all(axis=1) & np.isfinite(toe).all(axis=1)
    there = np.flatnonzero(np.isfinite(hips).all(axis=1))
    if not there.size or np.all(np.diff(there) == 1):
        return ()
    spans = [
        (float(times[start - 1]), float(times[stop]))
        for start, stop in segments(~seen)
        if start > 0 and stop < len(seen)
    ]
    return tuple(span for span in spans if span[1] - span[0] <= motion_settings().passes.hidden_s)


def _walking_speed(grid: F8, forward: F8) -> F8:
    """[N] forward speed of the pelvis over about a stride, px/s, never below a third of its median."""
    thin = slice(None, None, 8)
    speed = slope(grid[thin], forward[thin], 1.0)
    there = np.isfinite(speed)
    if not there.any():
        return np.full(len(grid), np.nan)
    whole = np.interp(grid, grid[thin][there], speed[there])
    return np.maximum(whole, max(1e-6, float(np.median(whole)) / 3.0))


def window_around(times: F8, middle: float, half_s: float) -> slice:
    """Rows of ``times`` within ``half_s`` of ``middle``."""
    return slice(*(int(i) for i in np.searchsorted(times, (middle - half_s, middle + half_s))))


def _crossing(times: F8, values: F8, level: float, window: slice, likely: float) -> float | None:
    """Where ``values`` rises through ``level`` inside the window; of several, the one nearest to ``likely``."""
    piece, t = values[window] - level, times[window]
    if piece.size < 2:
        return None
    with np.errstate(invalid="ignore"):
        at = np.flatnonzero((piece[:-1] < 0) & (piece[1:] >= 0))
    if at.size == 0:
        return None
    share = -piece[at] / (piece[at + 1] - piece[at])
    moments = t[at] + share * (t[at + 1] - t[at])
    return float(moments[np.argmin(np.abs(moments - likely))])


def extreme(times: F8, values: F8, window: slice) -> float | None:
    """Highest point inside the window, if it is not at its end."""
    piece = values[window]
    if piece.size < 3 or not np.isfinite(piece).all():
        return None
    row = int(np.argmax(piece))
    if row in (0, piece.size - 1):
        return None
    return _parabola(times, values, window.start + row)


def _first_to_stop(heel: float | None, toe: float | None, s: EventSettings) -> float | None:
    """Contact is where the first part of the foot stops: the heel, or the forefoot if clearly before it."""
    if heel is None or (toe is not None and toe < heel - s.forefoot_first_s):
        return toe
    return heel


def _parabola(times: F8, values: F8, row: int) -> float:
    """Time of the top of the parabola through a maximum and its neighbours."""
    if not 0 < row < len(values) - 1:
        return float(times[row])
    left, top, right = (float(v) for v in values[row - 1 : row + 2])
    bend = left - 2 * top + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(times[row] + np.clip(shift, -0.5, 0.5) * (times[row + 1] - times[row]))


FINDERS: tuple[Callable[[FootTrack], list[DetectedEvent]], ...] = (find_contacts, find_toe_offs)
