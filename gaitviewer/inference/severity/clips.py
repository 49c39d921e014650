"""Skeleton clips for the learned systems: what of a recording a skeleton network sees.

A clip lies in the body's own frame, so that it says nothing of camera, place or walking direction: the pelvis
is the origin of every frame, lengths are leg lengths, the first axis is forward (side view) or to the body's
right (coronal view), the second one up. A change of the walking direction therefore changes the sign of the
first axis and nothing else: which limb is the left one stays what it was, and which one is nearer to the
camera is a fact of the clip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.signal.cleaning import nanmean, nanmedian, smooth_xy
from gaitviewer.analysis.walking.strides import of_another_speed
from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import Direction, Side, Stride, View, WalkingPass
from gaitviewer.core.measures import Measures, ViewMotion
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.messages import Message, Value, message

JOINTS = (*BODY_FEET_23.keypoints, "neck", "pelvis")
FLIPS = (*BODY_FEET_23.flips, 23, 24)
_NECK, _PELVIS = 23, 24
# Where a point is put that was never seen in a clip (with score 0): at the next one towards the pelvis.
_PARENTS: Mapping[int, int] = {
    _NECK: _PELVIS, Keypoint.NOSE: _NECK,
    **{Keypoint[f"{s}_{a}"]: int(Keypoint[f"{s}_{b}"]) for s in ("LEFT", "RIGHT") for a, b in (
        ("ELBOW", "SHOULDER"), ("WRIST", "ELBOW"), ("KNEE", "HIP"), ("ANKLE", "KNEE"), ("HEEL", "ANKLE"),
        ("BIG_TOE", "ANKLE"), ("SMALL_TOE", "BIG_TOE"))},
    **{Keypoint[f"{s}_SHOULDER"]: _NECK for s in ("LEFT", "RIGHT")},
    **{Keypoint[f"{s}_HIP"]: _PELVIS for s in ("LEFT", "RIGHT")},
    **{Keypoint[f"{s}_{a}"]: int(Keypoint.NOSE) for s in ("LEFT", "RIGHT") for a in ("EYE", "EAR")},
}  # fmt: skip
_ORDER = (
    *(_NECK, Keypoint.NOSE), *(Keypoint[f"{s}_{p}"] for p in (
        "SHOULDER", "HIP", "EYE", "EAR", "ELBOW", "WRIST", "KNEE", "ANKLE", "HEEL", "BIG_TOE", "SMALL_TOE",
    ) for s in ("LEFT", "RIGHT")),
)  # fmt: skip
_LEGS = [[Keypoint[f"{side}_{part}"] for part in ("HIP", "KNEE", "ANKLE")] for side in ("LEFT", "RIGHT")]


@dataclass(frozen=True, slots=True)
class SkeletonClipSettings:
    """How clips are cut.

    Attributes:
        frames: T.   rate_hz: of the clip.   views: which ones are used, in order.
        fit: what is done with walks shorter than T: "loop" repeats whole cycles in real time, "resample"
            stretches whole cycles to T frames.
        least_seen: part of the frames in which hips, knees and ankles must be seen.
        most_clips: of one pass; a longer walk gives several clips one after the other.
        unseen: joints that count as never seen, whoever gives them: a network that never saw a joint in
            training must not meet it later.
    """

    frames: int = 96
    rate_hz: float = 30.0
    views: tuple[str, ...] = ("sagittal",)
    fit: str = "loop"
    least_seen: float = 0.5
    most_clips: int = 3
    unseen: tuple[str, ...] = ("left_small_toe", "right_small_toe")


@dataclass(frozen=True, slots=True, eq=False)
class SkeletonClip:
    """One clip.

    Attributes:
        values: [T, V, 3] f32: forward (or right), up in leg lengths from the pelvis, score 0..1.
        source_s: [T] where each frame comes from, seconds on the clock of the view; repeats where looped.
        repeats_after: frames after which the walk is repeated (T if never).
        trial, view, pass_index, near, direction: which walk.
    """

    values: NDArray[np.float32]
    source_s: F8
    repeats_after: int
    trial: str
    view: View
    pass_index: int
    near: Side | None
    direction: Direction


def mirrored(values: NDArray[np.float32], view: View) -> NDArray[np.float32]:
    """The clip [..., V, 3] of a child who walks as in a mirror: left and right joints change places.

    In the coronal view the first axis points to the body's right and changes its sign; forward stays forward.
    """
    found = values[..., list(FLIPS), :].copy()
    if view is View.CORONAL:
        found[..., 0] *= -1.0
    return found


def skeleton_clips(
    measures: Measures, settings: SkeletonClipSettings | None = None
) -> tuple[tuple[SkeletonClip, ...], tuple[Message, ...]]:
    """All clips of a session, and why other walks gave none."""
    how = settings or SkeletonClipSettings()
    clips: list[SkeletonClip] = []
    reasons: list[Message] = []
    for motion in measures.motions:
        if motion.trial.excluded:
            continue
        for view in (View(name) for name in how.views):
            seen = motion.views[view]
            if seen is None:
                continue
            smooth = smooth_xy(seen.pose)
            for number, walk in enumerate(seen.passes):
                found = _clips_of_pass(seen, smooth, number, walk, motion.trial.id, how)
                if isinstance(found, Message):
                    where: dict[str, Value] = {"trial": motion.trial.id, "number": number + 1}
                    plane = message(f"plane.{view.value}")
                    reasons.append(message("reason.clip.of_walk", **where, view=plane, why=found))
                else:
                    clips += found
    return tuple(clips), tuple(reasons)


def _clips_of_pass(
    seen: ViewMotion, smooth: F8, number: int, walk: WalkingPass, trial: str, how: SkeletonClipSettings
) -> list[SkeletonClip] | Message:
    rows = slice(walk.start, walk.stop)
    times = seen.pose.times[rows]
    points, score = _with_middles(smooth[rows], seen.pose.score[rows].astype(np.float64))
    unseen = [JOINTS.index(name) for name in how.unseen]
    points[:, unseen], score[:, unseen] = np.nan, 0.0
    legs = [k for leg in _LEGS for k in leg]
    if len(times) < 8 or np.isfinite(points[:, legs]).all(axis=2).mean(axis=0).min() < how.least_seen:
        return message("reason.clip.legs_seldom_seen", percent=100 * how.least_seen)
    size = _size_px(points, times, walk.view)
    if size is None:
        return message("reason.clip.no_size")
    if of_another_speed(seen.strides, number):
        return message("reason.clip.another_speed")
    own = [s for s in seen.strides if s.pass_index == number and s.counts]
    grids = _time_grids(times, own, how)
    if not grids:
        return message("reason.clip.no_whole_stride")
    filled = _filled(points)
    sign = _first_axis_sign(walk)
    clips = []
    for at, repeats in grids:
        xy = _interpolate(at, times, filled)
        xy = xy - xy[:, _PELVIS, None]
        xy *= np.array([sign, -1.0]) / np.interp(at, times, size)[:, None, None]
        values = np.concatenate([xy, _interpolate(at, times, score)[..., None]], axis=2)
        clips.append(
            SkeletonClip(
                values.astype(np.float32), at, repeats, trial, walk.view, number, walk.near, walk.direction
            )
        )
    return clips


def _first_axis_sign(walk: WalkingPass) -> float:
    """+1 where forward (side view) or the body's right (coronal view) is +x of the picture."""
    if walk.view is View.SAGITTAL:
        return float(walk.direction.forward_sign)
    away = 1.0 if walk.direction is Direction.AWAY else -1.0
    return -away if walk.mirrored else away


def _with_middles(xy: F8, score: F8) -> tuple[F8, F8]:
    """[T, 25, 2] and [T, 25] with neck and pelvis; they are as sure as the worse of their two points."""
    pairs = ((Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER), (Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP))
    middles = np.stack([(xy[:, a] + xy[:, b]) / 2 for a, b in pairs], axis=1)
    sure = np.stack([np.minimum(score[:, a], score[:, b]) for a, b in pairs], axis=1)
    return np.concatenate([xy, middles], axis=1), np.concatenate([score, sure], axis=1)


def _size_px(points: F8, times: F8, view: View) -> F8 | None:
    """[T] leg length in pixels: one number for a clip.

    A body that walks towards or away from the camera grows or shrinks with its distance, which goes evenly
    with time: there the reciprocal follows a straight line over the pass.
    """
    legs = []
    for hip, knee, ankle in _LEGS:
        thigh, shank = points[:, hip] - points[:, knee], points[:, knee] - points[:, ankle]
        legs.append(np.hypot(*thigh.T) + np.hypot(*shank.T))
    leg = nanmean(np.stack(legs, axis=1), axis=1)
    good = np.isfinite(leg) & (leg > 1.0)
    if good.sum() < 5:
        return None
    if view is View.SAGITTAL:
        return np.full(len(times), float(nanmedian(leg, axis=0)))
    slope, start = np.polyfit(times[good], 1.0 / leg[good], 1)
    line = slope * times + start
    return np.asarray(1.0 / line) if bool((line > 0).all()) else None


def _time_grids(times: F8, strides: Sequence[Stride], how: SkeletonClipSettings) -> list[tuple[F8, int]]:
    """Where the frames of each clip are read, and after how many of them the walk repeats."""
    step = 1.0 / how.rate_hz
    length = how.frames * step
    cycles = _whole_cycles(strides, float(times[0]), float(times[-1]))
    first = cycles[0] if cycles else float(times[0])
    count = int((times[-1] - times[0] + 1e-6) / length)
    if count >= 1:
        start = min(first, float(times[-1]) - length * count)
        ticks = np.arange(how.frames) * step
        return [(start + k * length + ticks, how.frames) for k in range(min(count, how.most_clips))]
    if cycles is None:
        return []
    span = cycles[1] - cycles[0]
    if how.fit == "resample":
        return [(cycles[0] + span * np.arange(how.frames) / how.frames, how.frames)]
    at = cycles[0] + np.mod(np.arange(how.frames) * step, span)
    return [(at, int(np.ceil(span / step - 1e-9)))]


def _whole_cycles(strides: Sequence[Stride], start_s: float, stop_s: float) -> tuple[float, float] | None:
    """The longest run of whole cycles of one limb inside the pass, seconds."""
    best: tuple[float, float] | None = None
    for side in Side:
        own = sorted((s for s in strides if s.side is side), key=lambda s: s.start_s)
        own = [s for s in own if s.start_s >= start_s - 0.05 and s.stop_s <= stop_s + 0.05]
        begin = 0
        for k, stride in enumerate(own):
            if k > 0 and abs(stride.start_s - own[k - 1].stop_s) > 0.02:
                begin = k
            run = (own[begin].start_s, stride.stop_s)
            if best is None or run[1] - run[0] > best[1] - best[0]:
                best = run
    return best


def _filled(points: F8) -> F8:
    """Gaps of each point bridged in a straight line; a point that is never seen lies on its neighbour."""
    frames = np.arange(len(points), dtype=np.float64)
    found = points.copy()
    for joint in (_PELVIS, *_ORDER):
        good = np.isfinite(points[:, joint]).all(axis=1)
        if good.any():
            for axis in range(2):
                found[:, joint, axis] = np.interp(frames, frames[good], points[good, joint, axis])
        else:
            found[:, joint] = found[:, _PARENTS[joint]]
    return found


def _interpolate(at: F8, times: F8, values: F8) -> F8:
    """``values`` [n, ...] at the times ``at``."""
    flat = values.reshape(len(times), -1)
    found = np.stack([np.interp(at, times, column) for column in flat.T], axis=1)
    return found.reshape(len(at), *values.shape[1:])
