"""How the subject travels through the picture: position, size, speed sideways and in depth, what is cut off."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.settings import motion_settings
from gaitviewer.analysis.signal.cleaning import F8, body_height_px, pauses
from gaitviewer.core.arrays import segments
from gaitviewer.core.gait import View, WalkingPass
from gaitviewer.core.pose import Origin, PoseSequence
from gaitviewer.core.skeleton import Keypoint

Mask = NDArray[np.bool_]

_K = Keypoint
HIPS = (_K.LEFT_HIP, _K.RIGHT_HIP)
SHOULDERS = (_K.LEFT_SHOULDER, _K.RIGHT_SHOULDER)
_HEAD = (_K.NOSE, _K.LEFT_EYE, _K.RIGHT_EYE, _K.LEFT_EAR, _K.RIGHT_EAR)
_LEFT_FOOT = (_K.LEFT_ANKLE, _K.LEFT_HEEL, _K.LEFT_BIG_TOE, _K.LEFT_SMALL_TOE)
_RIGHT_FOOT = (_K.RIGHT_ANKLE, _K.RIGHT_HEEL, _K.RIGHT_BIG_TOE, _K.RIGHT_SMALL_TOE)
_PARTS = (
    ("head", _HEAD),
    ("shoulders", SHOULDERS),
    ("hips", HIPS),
    ("feet", _LEFT_FOOT),
    ("feet", _RIGHT_FOOT),
)
# a jump of the middle of the body by this share of the body height, or of its size by this logarithm, between
# neighbouring frames is not the same person walking on
_JUMP_SHARE = 0.25
_JUMP_SIZE = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class BodyTrajectory:
    """The subject's way through the picture, one row for each frame.

    Attributes:
        middle: [T, 2] mid-hip, pixels; NaN where the subject is not seen.
        height_px: [T] body height, pixels, smoothed over a stride.
        lateral: [T] speed sideways, body heights a second, + to the right.
        depth: [T] speed towards the camera, body heights a second, from the growth of the body and an
            assumed focal length.
        facing: [T] nose and toes ahead to the right (+) or left (-), shares of the trunk.
        seen: [T] whether hips and shoulders are there.
        whole: [T] whether head and both feet are inside the picture too.
        cut: [T] names of what is cut off.
        joined: [T] false where the frame is not the continuation of the one before.
    """

    middle: F8
    height_px: F8
    lateral: F8
    depth: F8
    facing: F8
    seen: Mask
    whole: Mask
    cut: tuple[tuple[str, ...], ...]
    joined: Mask


def middle_of(xy: F8, points: tuple[Keypoint, ...]) -> F8:
    """Mean position of those of the points that are seen, [T, 2]; NaN where none is."""
    chosen = xy[:, list(points)]
    there = np.isfinite(chosen).all(axis=2)
    count = there.sum(axis=1)[:, None]
    total = np.where(there[..., None], chosen, 0.0).sum(axis=1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan), np.float64)


def slope(times: F8, values: F8, window_s: float) -> F8:
    """Slope of a least-squares line through the seen values within half a window to either side, per second.

    Args:
        times: [T] seconds.
        values: [T], NaN where there is none.
        window_s: length of the window; at the ends of a run it is one-sided.

    Returns:
        [T], NaN where there is no value or fewer than three lie in the window.
    """
    out = np.full(len(times), np.nan)
    there = np.flatnonzero(np.isfinite(values))
    t, v = times[there], values[there]
    for row, start, stop in zip(there, *_windows(t, window_s), strict=True):
        if stop - start >= 3:
            away = t[start:stop] - t[start:stop].mean()
            out[row] = float(np.dot(away, v[start:stop]) / np.dot(away, away))
    return out


def body_trajectory(pose: PoseSequence, *, height_px: F8 | None = None) -> BodyTrajectory:
    """Describe the subject's way through the picture.

    Args:
        pose: cleaned keypoints; labels of left and right do not matter.
        height_px: [T] length of the body where it is known already, pixels.
    """
    settings = motion_settings().passes
    xy = pose.xy.astype(np.float64)
    middle, shoulders = middle_of(xy, HIPS), middle_of(xy, SHOULDERS)
    height = body_height_px(pose) if height_px is None else height_px
    seen = np.isfinite(middle).all(axis=1) & np.isfinite(height)
    joined = _joined(pose.times, middle, height, seen)
    cut = _cut_off(pose, settings.margin, settings.margin)
    whole = seen & np.array([not what for what in cut], np.bool_)
    # a heel in the margin at the left or right edge must not end what it does not end beyond the picture
    inside = seen & np.array([not what for what in _cut_off(pose, 0.0, settings.margin)], np.bool_)
    for start, stop in runs(inside, joined):
        whole[start:stop] |= whole[start:stop].any()
    cut = tuple(() if fine else what for what, fine in zip(cut, whole, strict=True))
    focal_px = settings.focal_length * max(pose.width, pose.height)
    size = np.full(len(pose), np.nan)
    lateral, depth = size.copy(), size.copy()
    for start, stop in runs(whole, joined):
        rows = slice(start, stop)
        t = pose.times[rows]
        size[rows] = running_median(t, height[rows], settings.scale_window_s)
        lateral[rows] = slope(t, middle[rows, 0], settings.speed_window_s) / size[rows]
        depth[rows] = slope(t, np.log(height[rows]), settings.scale_window_s) * focal_px / size[rows]
    return BodyTrajectory(
        middle=middle,
        height_px=np.where(np.isfinite(size), size, height),
        lateral=lateral,
        depth=depth,
        facing=_facing(xy, middle, shoulders),
        seen=seen,
        whole=whole,
        cut=cut,
        joined=joined,
    )


def belt_travel_px(walking_pass: WalkingPass, times: F8) -> F8:
    """[n] how far the treadmill's belt would have carried the subject forward, pixels; 0 over ground.

    Added to what is seen, it gives the walk over ground: there feet that stand are at rest.

    Args:
        walking_pass: the pass.
        times: [n] seconds.
    """
    return np.asarray(walking_pass.belt_px_s * (times - times[:1]), np.float64)


def walking_speed(travel: BodyTrajectory, walking_pass: WalkingPass) -> F8:
    """[n] speed in the frames of a pass, body heights a second, on a treadmill against its belt."""
    rows = slice(walking_pass.start, walking_pass.stop)
    along = (travel.lateral if walking_pass.view is View.SAGITTAL else travel.depth)[rows]
    belt = walking_pass.belt_px_s * walking_pass.direction.forward_sign / travel.height_px[rows]
    return np.abs(along + belt)


def runs(mask: Mask, joined: Mask) -> list[tuple[int, int]]:
    """Half-open runs of true frames that also belong together."""
    out: list[tuple[int, int]] = []
    for start, stop in segments(mask):
        cuts = [start, *(start + 1 + np.flatnonzero(~joined[start + 1 : stop])), stop]
        out.extend((int(a), int(b)) for a, b in pairwise(cuts))
    return out


def _cut_off(pose: PoseSequence, across: float, along: float) -> tuple[tuple[str, ...], ...]:
    """What of the body is outside the picture (margins: shares of its width, height), or not seen, [T]."""
    x, y = pose.xy[..., 0], pose.xy[..., 1]
    edge_x, edge_y = across * pose.width, along * pose.height
    beyond = (x < edge_x) | (x > pose.width - edge_x)
    beyond &= pose.origin != Origin.INTERPOLATED  # a bridge over a gap saw nothing
    beyond |= (y < edge_y) | (y > pose.height - edge_y)
    lost: list[tuple[str, Mask]] = []
    for name, points in _PARTS:
        columns = list(points)
        seen = pose.seen[:, columns]
        if seen.any():  # an estimator that never gives this part cannot tell that it is missing
            lost.append((name, ~seen.any(axis=1) | (seen & beyond[:, columns]).any(axis=1)))
    return tuple(tuple(dict.fromkeys(name for name, gone in lost if gone[i])) for i in range(len(pose)))


def _joined(times: F8, middle: F8, height: F8, seen: Mask) -> Mask:
    """False at frames where somebody else, or a wild estimate, takes the subject's place, and after a pause."""
    joined = np.ones(len(times), np.bool_)
    joined[pauses(times)] = False
    rows = np.flatnonzero(seen)
    for before, here in pairwise(rows):
        size = min(height[before], height[here])
        # a fast runner travels four body heights a second
        allowed = _JUMP_SHARE + 4.0 * (times[here] - times[before])
        moved = float(np.hypot(*(middle[here] - middle[before]))) / size
        grown = abs(float(np.log(height[here] / height[before])))
        joined[here] &= moved <= allowed and grown <= _JUMP_SIZE + (times[here] - times[before])
    return joined


def _facing(xy: F8, middle: F8, shoulders: F8) -> F8:
    """Where the nose (against the shoulders) and the toes (against the heels) point, shares of the trunk."""
    trunk = np.hypot(*(shoulders - middle).T)
    trunk = np.where(trunk >= 1.0, trunk, np.nan)
    nose = (xy[:, _K.NOSE, 0] - shoulders[:, 0]) / trunk
    toes = middle_of(xy, (_K.LEFT_BIG_TOE, _K.RIGHT_BIG_TOE))[:, 0]
    heels = middle_of(xy, (_K.LEFT_HEEL, _K.RIGHT_HEEL))[:, 0]
    feet = (toes - heels) / trunk
    both = np.stack([nose, feet], axis=1)
    there = np.isfinite(both)
    total = np.where(there, both, 0.0).sum(axis=1)
    return np.asarray(np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), np.nan), np.float64)


def running_median(times: F8, values: F8, window_s: float) -> F8:
    """[T] median of the values within half a window to either side."""
    rows = zip(*_windows(times, window_s), strict=True)
    return np.array([np.median(values[start:stop]) for start, stop in rows], np.float64)


def _windows(times: F8, window_s: float) -> tuple[list[int], list[int]]:
    """First and one past the last row within half a window of each time."""
    half = 0.5 * window_s + 1e-9
    return (
        np.searchsorted(times, times - half).tolist(),
        np.searchsorted(times, times + half, side="right").tolist(),
    )
