"""The body in its own measure: points of a clip in body heights, without camera, perspective and travel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.kinematics.floor import gait_frame
from gaitviewer.analysis.knowledge_map.clips import MapClip
from gaitviewer.analysis.knowledge_map.features import FeatureTable, load_map_features
from gaitviewer.analysis.signal.cleaning import body_height_px, smooth_xy
from gaitviewer.core.arrays import F8
from gaitviewer.core.measures import ViewMotion
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.errors import AnalysisError
from gaitviewer.messages import Message, message

_MARGIN = 3  # frames before and after the clip, so that derivatives at its ends are not one-sided


@dataclass(frozen=True, slots=True, eq=False)
class ClipBody:
    """The points of a clip.

    Attributes:
        points: name -> [T + 2 m, 2] sideways (subject's left +; forwards in the side view) and up, body
            heights, against the line along which the pelvis travels; finite, zeros for points in ``unknown``.
        unknown: points that are not seen well enough.
        margin: m, frames at either end that are not of the clip.
        rate_hz: frames a second.
        notes: what is missing or was bridged.
    """

    points: Mapping[str, F8]
    unknown: frozenset[str]
    margin: int
    rate_hz: float
    notes: tuple[Message, ...]


def read_body(motion: ViewMotion, clip: MapClip) -> ClipBody:
    """Points of a clip from the measuring core's cleaned keypoints.

    A child who comes nearer grows in the picture: each frame is divided by the body height there, a smooth
    curve fitted to the clip; what is left of the camera's height, pitch and yaw is a straight line in time,
    that of the pelvis, which is taken away.

    Raises:
        AnalysisError: a point that the body's frame needs is not seen, or the clip lies outside the pass.
    """
    table = load_map_features()
    times, seen_times, xy, height = _stretch(motion, clip)
    wanted = (np.arange(-_MARGIN, clip.frames + _MARGIN)) / clip.rate_hz + clip.start_s
    scale = _scale(seen_times, height, wanted)
    tracks, notes, lost = _tracks(table, times, xy, wanted, clip)
    missing = [name for name in table.clip.needed if name in lost]
    if missing:
        names = tuple(name.replace("_", " ") for name in missing)
        raise AnalysisError(
            message("error.analysis.clip.unseen", start_s=clip.start_s, trial=clip.trial, names=names)
        )
    points = {name: track / scale[:, None] for name, track in tracks.items()}
    line = _travel(points["pelvis"], wanted)
    return ClipBody(
        points={name: np.zeros_like(p) if name in lost else p - line for name, p in points.items()},
        unknown=frozenset(lost),
        margin=_MARGIN,
        rate_hz=clip.rate_hz,
        notes=tuple(notes),
    )


def _stretch(motion: ViewMotion, clip: MapClip) -> tuple[F8, F8, F8, F8]:
    """Times, those at which the size is known, points about the picture's centre, body heights, pixels."""
    table = load_map_features()
    one = motion.passes[clip.pass_index]
    pose = motion.pose
    smooth = smooth_xy(pose, cutoff_hz=table.clip.cutoff_hz)
    frame = gait_frame(pose, one, xy=smooth)
    # the sideways sign of gait_frame: read off from where it puts a known point
    rows = slice(one.start, one.stop)
    in_picture = frame.points - np.stack([frame.carried_px, np.zeros(len(frame.times))], axis=1)[:, None]
    sign = _sideways_sign(in_picture, smooth[rows])
    centre = np.array([sign * pose.width / 2.0, -pose.height / 2.0])
    margin = (_MARGIN + 1) / clip.rate_hz
    near = (frame.times >= clip.start_s - margin) & (frame.times <= clip.stop_s + margin)
    if near.sum() < 4:
        raise AnalysisError(message("error.analysis.clip.outside_pass", start_s=clip.start_s, trial=clip.trial))
    height = body_height_px(pose)[rows][near]
    known = np.isfinite(height)
    if known.sum() < 4:
        raise AnalysisError(message("error.analysis.clip.no_size", start_s=clip.start_s, trial=clip.trial))
    times = frame.times[near]
    return times, times[known], in_picture[near] - centre, height[known]


def _sideways_sign(points: F8, xy: F8) -> float:
    there = np.isfinite(points[..., 0])
    if not there.any():
        return 1.0
    return float(np.sign(np.sum(np.sign(points[..., 0][there]) * np.sign(xy[..., 0][there]))) or 1.0)


def _scale(times: F8, height: F8, wanted: F8) -> F8:
    """[T] body height, pixels: 1/height is a parabola in time (straight at steady speed), wild frames out."""
    middle = float(times.mean())
    inverse = 1.0 / height
    keep = np.ones(times.size, np.bool_)
    for _ in range(2):
        fit = np.polyfit(times[keep] - middle, inverse[keep], 2 if keep.sum() >= 30 else 1)
        rest = np.abs(inverse - np.polyval(fit, times - middle))
        keep = rest <= 3.0 * 1.4826 * float(np.median(rest)) + 1e-12
    line = np.polyval(fit, np.clip(wanted, times[0], times[-1]) - middle)
    return np.asarray(1.0 / np.clip(line, 0.5 * float(inverse.min()), 2.0 * float(inverse.max())))


def _travel(pelvis: F8, times: F8) -> F8:
    """[T, 2] straight line in time through the way of the pelvis."""
    middle = times - times.mean()
    return np.stack([np.polyval(np.polyfit(middle, column, 1), middle) for column in pelvis.T], axis=1)


def _tracks(
    table: FeatureTable, times: F8, xy: F8, wanted: F8, clip: MapClip
) -> tuple[dict[str, F8], list[Message], set[str]]:
    """Every point at the wanted times, pixels; notes; names of those that are not seen well enough."""
    tracks: dict[str, F8] = {}
    notes: list[Message] = []
    lost: set[str] = set()
    inside = (times >= clip.start_s - 0.5 / clip.rate_hz) & (times <= clip.stop_s + 0.5 / clip.rate_hz)
    sources = {name: (keys,) for name, keys in table.points.items()} | dict(table.helpers)
    for name, sets in sources.items():
        track = next((one for keys in sets if (one := _track(xy, times, inside, keys)) is not None), None)
        if track is None:
            lost.add(name)
            notes.append(message("note.point_not_seen", point=name.replace("_", " ")))
            tracks[name] = np.zeros((len(wanted), 2))
        else:
            tracks[name] = _at(times, track, wanted)
    return tracks, notes, lost


def _track(xy: F8, times: F8, inside: NDArray[np.bool_], keys: tuple[Keypoint, ...]) -> F8 | None:
    """[n, 2] mean of the keypoints; None where too little is seen in the clip."""
    settings = load_map_features().clip
    track = xy[:, list(keys)].mean(axis=1)
    seen = np.isfinite(track).all(axis=1)
    if not inside.any() or seen[inside].mean() < settings.least_seen:
        return None
    stamps = times[seen & inside]
    edges = np.concatenate([times[inside][:1], stamps, times[inside][-1:]])
    if float(np.diff(edges).max(initial=0.0)) > settings.longest_gap_s:
        return None
    return np.asarray(track, np.float64)


def _at(times: F8, track: F8, wanted: F8) -> F8:
    """[T, 2] at the wanted times: a spline through what is seen, straight over gaps, held at the ends."""
    from scipy.interpolate import CubicSpline

    seen = np.isfinite(track).all(axis=1)
    t, values = times[seen], track[seen]
    if t.size < 4:
        return np.stack([np.interp(wanted, t, column) for column in values.T], axis=1)
    at = np.clip(wanted, t[0], t[-1])
    smooth = np.asarray(CubicSpline(t, values)(at), np.float64)
    straight = np.stack([np.interp(at, t, column) for column in values.T], axis=1)
    # a spline overshoots in wide gaps
    wide = np.concatenate([[False], np.diff(t) > 4.0 * float(np.median(np.diff(times))), [False]])
    return np.where(wide[np.searchsorted(t, at)][:, None], straight, smooth)
