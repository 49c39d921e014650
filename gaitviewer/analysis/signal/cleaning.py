"""From the keypoints that an estimator gave to keypoints that can be measured.

Doubtful points are dropped, single wild ones removed, short gaps bridged by a spline; longer gaps stay gaps.
Points that a person set are never changed, and none is made up where a person says that there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.settings import motion_settings
from gaitviewer.core.arrays import segments
from gaitviewer.core.pose import DENIED, PLACED, Origin, PoseSequence
from gaitviewer.core.skeleton import Keypoint

F8 = NDArray[np.float64]

_ROBUST_SD = 1.4826  # median absolute deviation of a normal distribution to its standard deviation
_BOTH_WAYS = (2**0.5 - 1) ** 0.25  # a filter run twice has its -3 dB point this much lower (Winter 2009)
_LEGS = tuple(
    (Keypoint[f"{side}_HIP"], Keypoint[f"{side}_KNEE"], Keypoint[f"{side}_ANKLE"]) for side in ("LEFT", "RIGHT")
)


def body_height_px(pose: PoseSequence) -> F8:
    """[T] length of the body from ankle to shoulder along its segments, plus a fifth for neck and head, pixels.

    Leg and trunk are measured along the bones, so that bending a knee does not make the subject smaller.
    NaN where the trunk or both legs are not seen, or all points lie in one place.
    """
    xy = pose.xy.astype(np.float64)

    def middle(*points: Keypoint) -> F8:
        return nanmean(xy[:, list(points)], axis=1)

    trunk = _norm(
        middle(Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER) - middle(Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP)
    )
    legs = [_norm(xy[:, hip] - xy[:, knee]) + _norm(xy[:, knee] - xy[:, ankle]) for hip, knee, ankle in _LEGS]
    leg = nanmean(np.stack(legs, axis=1), axis=1)
    height = 1.25 * (trunk + leg)
    return np.where(height >= 1.0, height, np.nan)


def clean(pose: PoseSequence) -> PoseSequence:
    """Drop doubtful points and spikes, then bridge short gaps.

    Args:
        pose: keypoints as estimated or corrected.

    Returns:
        The same recording: points under the score gate and spikes are NaN with score 0; gaps no longer than
        ``fill_limit_s`` between seen points are filled and marked :attr:`Origin.INTERPOLATED`.
    """
    settings = motion_settings().cleaning
    placed = pose.has_origin(*PLACED)
    keep = pose.seen & (placed | (pose.score >= settings.score_gate))
    keep &= placed | ~_spikes(pose, keep)
    xy = np.where(keep[..., None], pose.xy, np.nan).astype(np.float64)
    score = np.where(keep, pose.score, 0.0)
    origin = np.where(keep | pose.has_origin(*DENIED), pose.origin, Origin.ESTIMATED).astype(np.uint8)
    for point in range(xy.shape[1]):
        for start, stop in _short_gaps(keep[:, point], pose.times, settings.fill_limit_s):
            if (pose.origin[start:stop, point] == Origin.ABSENT).any():
                continue  # a person says that there is nothing to bridge
            xy[start:stop, point] = _bridge(pose.times, xy[:, point], start, stop)
            score[start:stop, point] = min(score[start - 1, point], score[stop, point])
            origin[start:stop, point] = Origin.INTERPOLATED
    return pose.with_points(xy.astype(np.float32), score=score.astype(np.float32), origin=origin)


def default_cutoff_hz(rate_hz: float) -> float:
    """Low-pass cut-off for a frame rate: 6 Hz at 30 frames a second, 10 Hz from 60 on."""
    s = motion_settings().cleaning
    cutoff = float(np.interp(rate_hz, (s.slow_rate_hz, s.fast_rate_hz), (s.cutoff_slow_hz, s.cutoff_fast_hz)))
    return min(cutoff, 0.4 * rate_hz)


def smooth_xy(pose: PoseSequence, *, cutoff_hz: float | None = None) -> F8:
    """Low-pass filtered keypoints, [T, K, 2] pixels; gaps stay NaN.

    A second-order Butterworth filter run forward and backward (no delay) over each unbroken run of each
    keypoint. Variable frame rates are filtered on an even grid and brought back. Corrected points stay where
    they were put.

    Args:
        pose: keypoints, usually cleaned.
        cutoff_hz: -3 dB point of both runs together; None chooses it from the frame rate.
    """
    xy = pose.xy.astype(np.float64)
    if len(pose) < 4:
        return xy
    cutoff = default_cutoff_hz(pose.rate_hz) if cutoff_hz is None else cutoff_hz
    seen = pose.seen
    out = np.full_like(xy, np.nan)
    ends = [0, *pauses(pose.times), len(pose)]
    for point in range(xy.shape[1]):
        for first, last in pairwise(ends):
            for start, stop in segments(seen[first:last, point]):
                rows = slice(first + start, first + stop)
                out[rows, point] = low_pass(pose.times[rows], xy[rows, point], cutoff)
    pinned = (pose.origin == Origin.CORRECTED) & seen
    out[pinned] = xy[pinned]
    return out


def low_pass(times: F8, values: F8, cutoff_hz: float) -> F8:
    """Zero-phase low-pass of ``values`` [n, ...] at ``times`` [n]; too short runs come back unchanged."""
    from scipy.interpolate import CubicSpline
    from scipy.signal import sosfiltfilt

    if len(times) < 5:
        return values
    step = float(np.median(np.diff(times)))
    even = bool(np.max(np.abs(np.diff(times) - step)) <= 0.02 * step)
    stamps = times if even else np.linspace(times[0], times[-1], round((times[-1] - times[0]) / step) + 1)
    grid = values if even else np.asarray(CubicSpline(times, values)(stamps), np.float64)
    step = float(stamps[1] - stamps[0])
    share = cutoff_hz / _BOTH_WAYS * 2 * step
    if share >= 0.95 or len(grid) < 5:
        return values
    # padded by about a period of the cut-off, mirrored through the end points, so that edges stay in place
    pad = min(len(grid) - 1, max(6, int(1.0 / (cutoff_hz * step))))
    filtered = sosfiltfilt(_butterworth(round(share, 6)), grid, axis=0, padtype="odd", padlen=pad)
    return np.asarray(filtered if even else CubicSpline(stamps, filtered)(times), np.float64)


def pauses(times: F8) -> list[int]:
    """Numbers of the frames before which the recording paused, as between recordings that were joined."""
    return [int(row) + 1 for row in np.flatnonzero(np.diff(times) > motion_settings().cleaning.pause_s)]


@lru_cache(maxsize=32)
def _butterworth(share: float) -> F8:
    """Second-order sections of the low-pass at ``share`` of the Nyquist frequency."""
    from scipy.signal import butter

    return np.asarray(butter(2, share, output="sos"), np.float64)


def _spikes(pose: PoseSequence, keep: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """[T, K] true where a point jumps away from its running median for a moment and comes back."""
    s = motion_settings().cleaning
    heights = body_height_px(pose)
    if len(pose) < s.spike_window_frames or not np.isfinite(heights).any():
        return np.zeros(keep.shape, np.bool_)
    xy = np.where(keep[..., None], pose.xy, np.nan).astype(np.float64)
    half = s.spike_window_frames // 2
    padded = np.pad(xy, ((half, half), (0, 0), (0, 0)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, s.spike_window_frames, axis=0)
    away = _norm(xy - nanmedian(windows, axis=-1))
    spread = _ROBUST_SD * nanmedian(away, axis=0)
    limit = np.maximum(s.spike_spread * spread, s.spike_least * float(np.nanmedian(heights)))
    return np.asarray(np.nan_to_num(away) > limit, np.bool_)


def _short_gaps(seen: NDArray[np.bool_], times: F8, limit_s: float) -> Iterator[tuple[int, int]]:
    for start, stop in segments(~seen):
        inside = start > 0 and stop < len(seen)
        if inside and times[stop] - times[start - 1] <= 1.05 * limit_s:
            yield start, stop


def _bridge(times: F8, values: F8, start: int, stop: int) -> F8:
    """Cubic spline through up to four seen points on either side of the gap ``start:stop``."""
    from scipy.interpolate import CubicSpline

    seen = np.isfinite(values[:, 0])
    near = np.arange(max(0, start - 6), min(len(values), stop + 6))
    before = [i for i in near[near < start] if seen[i]][-4:]
    after = [i for i in near[near >= stop] if seen[i]][:4]
    if len(before) < 2 or len(after) < 2:
        return _linear(times[start:stop], times[[before[-1], after[0]]], values[[before[-1], after[0]]])
    knots = [*before, *after]
    return np.asarray(CubicSpline(times[knots], values[knots])(times[start:stop]), np.float64)


def _linear(at: F8, times: F8, values: F8) -> F8:
    flat = values.reshape(len(times), -1)
    return np.stack([np.interp(at, times, column) for column in flat.T], axis=1).reshape(
        len(at), *values.shape[1:]
    )


def _norm(vectors: F8) -> F8:
    return np.asarray(np.hypot(vectors[..., 0], vectors[..., 1]), np.float64)


def nanmean(values: F8, axis: int) -> F8:
    """Mean over what is there, NaN (and no warning) where nothing is."""
    there = np.isfinite(values)
    count = there.sum(axis=axis)
    total = np.where(there, values, 0.0).sum(axis=axis)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan), np.float64)


def nanmedian(values: F8, axis: int) -> F8:
    """Median over what is there, NaN (and no warning) where nothing is."""
    ordered = np.sort(values, axis=axis)  # NaN comes last
    count = np.isfinite(values).sum(axis=axis, keepdims=True)
    low, high = (
        np.take_along_axis(ordered, np.maximum(rank, 0), axis=axis) for rank in ((count - 1) // 2, count // 2)
    )
    middle = np.where(count > 0, 0.5 * (low + np.where(count % 2 == 1, low, high)), np.nan)
    return np.asarray(np.squeeze(middle, axis=axis), np.float64)
