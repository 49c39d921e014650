"""Walking that stays in one place of the picture: on a treadmill.

Over ground the foot that stands is at rest in the picture and the body travels. On a treadmill the body stays
and the foot that stands is carried backwards by the belt. Who stands, turns or marches on the spot has neither.
"""

from __future__ import annotations

import numpy as np

from gaitviewer.analysis.settings import motion_settings
from gaitviewer.analysis.signal.cleaning import F8, nanmean
from gaitviewer.analysis.signal.prepared import PreparedView
from gaitviewer.analysis.signal.trajectory import Mask, running_median, runs, slope
from gaitviewer.core.gait import Direction, Side, View, WalkingPass
from gaitviewer.core.skeleton import Keypoint


def find_treadmill_passes(seen: PreparedView, free: Mask) -> list[WalkingPass]:
    """Stretches of walking on a treadmill in a side view, without sides.

    Args:
        seen: keypoints of the subject.
        free: [T] frames in which nobody walks over ground.
    """
    s, travel = motion_settings().treadmill, seen.trajectory
    facing_share = motion_settings().passes.facing_share
    found = []
    for start, stop in runs(travel.whole & free, travel.joined):
        rows = slice(start, stop)
        if seen.raw.times[stop - 1] - seen.raw.times[start] < s.window_s:
            continue
        foot = _standing_foot_speed(seen, rows)
        if foot is None:
            continue
        for sign, direction in ((1, Direction.LEFT_TO_RIGHT), (-1, Direction.RIGHT_TO_LEFT)):
            usual = running_median(seen.raw.times[rows], -sign * foot, s.window_s)
            with np.errstate(invalid="ignore"):
                carried = (usual >= s.least_belt) & (travel.facing[rows] * sign > facing_share)
                carried &= np.abs(travel.lateral[rows]) <= s.most_drift * usual
            for first, last in runs(carried, np.ones(stop - start, np.bool_)):
                span = slice(start + first, start + last)
                if _steps(seen, span, sign):
                    px = -sign * float(np.median((foot * travel.height_px[rows])[first:last]))
                    found.append(WalkingPass(View.SAGITTAL, direction, span.start, span.stop, belt_px_s=px))
    return found


def _standing_foot_speed(seen: PreparedView, rows: slice) -> F8 | None:
    """[n] speed in the picture of the foot that is lower, over its own floor; None where feet are seldom seen.

    Body heights a second, + to the right.
    """
    s, pose = motion_settings().treadmill, seen.clean
    size, times = seen.trajectory.height_px[rows], pose.times[rows]
    heights, speeds = [], []
    for side in Side:
        foot = _foot(seen, side, rows)
        low = np.nanpercentile(foot[:, 1], 95) if np.isfinite(foot[:, 1]).any() else np.nan
        heights.append(low - foot[:, 1])
        speeds.append(slope(times, foot[:, 0], s.foot_window_s) / size)
    left_stands = heights[0] <= heights[1]
    speed = np.where(left_stands, speeds[0], speeds[1])
    known = np.isfinite(heights[0]) & np.isfinite(heights[1]) & np.isfinite(speed)
    if known.mean() < 0.5:
        return None
    return np.asarray(np.interp(times, times[known], speed[known]), np.float64)


def _foot(seen: PreparedView, side: Side, rows: slice) -> F8:
    """[n, 2] middle of what is seen of a foot, pixels."""
    points = [Keypoint[f"{side.name}_{part}"] for part in ("ANKLE", "HEEL", "BIG_TOE")]
    return nanmean(seen.clean.xy[rows][:, points].astype(np.float64), axis=1)


def _steps(seen: PreparedView, rows: slice, sign: int) -> bool:
    """Whether the legs swing past each other, far enough and evenly, for two strides or more."""
    s, size = motion_settings().treadmill, float(np.nanmedian(seen.trajectory.height_px[rows]))
    lead = sign * (_foot(seen, Side.LEFT, rows) - _foot(seen, Side.RIGHT, rows))[:, 0] / size
    known = np.isfinite(lead)
    if not known.any() or np.ptp(np.percentile(lead[known], (5, 95))) < s.least_swing:
        return False
    times, lead = seen.clean.times[rows][known], lead[known] - np.mean(np.percentile(lead[known], (5, 95)))
    # from clearly behind to clearly ahead: feet that tremble beside each other do not pass
    clear = np.abs(lead) >= 0.2 * s.least_swing
    times, ahead = times[clear], lead[clear] > 0
    passing = (times[1:][ahead[1:] & ~ahead[:-1]], times[1:][~ahead[1:] & ahead[:-1]])
    strides = np.concatenate([np.diff(one) for one in passing])
    if len(strides) < s.least_strides:
        return False
    return bool(np.mean(np.abs(strides / np.median(strides) - 1.0) <= s.uneven) >= s.even_share)
