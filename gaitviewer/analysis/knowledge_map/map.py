"""The kinematic knowledge map of a clip: 238 named features x 96 frames, from the cleaned keypoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.knowledge_map.body import ClipBody, read_body
from gaitviewer.analysis.knowledge_map.clips import MapClip
from gaitviewer.analysis.knowledge_map.features import FeatureTable, load_map_features
from gaitviewer.core.arrays import F8, readonly_array
from gaitviewer.core.maps import KnowledgeMap
from gaitviewer.core.measures import ViewMotion
from gaitviewer.messages import Message

_SLOW = 0.05  # BH/s; a point that moves less has no direction to speak of


@dataclass(frozen=True, slots=True, eq=False)
class MapReading:
    """A map and how far it can be trusted.

    Attributes:
        map: values, finite everywhere.
        unknown: [238] true for rows whose points are not seen; they hold the neutral value of the data file.
        notes: what is missing.
    """

    map: KnowledgeMap
    unknown: NDArray[np.bool_]
    notes: tuple[Message, ...]

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "unknown", readonly_array(self.unknown, np.bool_, (len(self.map.features),), "unknown")
        )


def read_map(motion: ViewMotion, clip: MapClip) -> MapReading:
    """The map of a clip, with what is unknown in it.

    Args:
        motion: one view of one trial, as the measuring core found it.
        clip: of :func:`gaitviewer.analysis.knowledge_map.clips.find_clips`.

    Raises:
        AnalysisError: a point that the body's frame needs is not seen well enough.
    """
    table = load_map_features()
    body = read_body(motion, clip)
    shape = _shape_rows(table, body)
    inside = slice(body.margin, body.margin + clip.frames)
    own = {name: values[inside] for name, values in shape.items()}
    rows = [
        *_motion_rows(table, body, inside),
        *(own[rule.name] for rule in table.shape),
        *_coupling_rows(table, own, clip),
    ]
    unknown = np.array([any(p in body.unknown for p in one.points) for one in table.features], np.bool_)
    values = np.stack(rows)
    values[unknown] = table.clip.neutral
    times = clip.start_s + np.arange(clip.frames) / clip.rate_hz
    found = KnowledgeMap(
        values=values,
        features=table.names,
        times_s=times,
        trial=clip.trial,
        view=clip.view,
        cycle=_cycle(motion, clip, times),
    )
    return MapReading(found, unknown, body.notes)


def _motion_rows(table: FeatureTable, body: ClipBody, inside: slice) -> list[F8]:
    quantities = {name: _quantities(body.points[name], body.rate_hz) for name in table.points}
    return [quantities[point][quantity][inside] for point, quantity in table.motion]


def _quantities(track: F8, rate_hz: float) -> Mapping[str, F8]:
    """All quantities of one point, [n] each, from its track [n, 2] in body heights."""
    step = 1.0 / rate_hz
    velocity = np.gradient(track, step, axis=0)
    acceleration = np.gradient(velocity, step, axis=0)
    jerk = np.gradient(acceleration, step, axis=0)
    speed = np.hypot(velocity[:, 0], velocity[:, 1])
    return {
        "aside": track[:, 0],
        "up": track[:, 1],
        "aside_velocity": velocity[:, 0],
        "up_velocity": velocity[:, 1],
        "speed": speed,
        "aside_acceleration": acceleration[:, 0],
        "up_acceleration": acceleration[:, 1],
        "acceleration": np.hypot(acceleration[:, 0], acceleration[:, 1]),
        "jerk": np.hypot(jerk[:, 0], jerk[:, 1]),
        "climb": np.degrees(np.arctan2(velocity[:, 1], np.hypot(velocity[:, 0], _SLOW))),
    }


def _shape_rows(table: FeatureTable, body: ClipBody) -> dict[str, F8]:
    rows: dict[str, F8] = {}
    for rule in table.shape:
        if rule.kind == "minus":
            rows[rule.name] = rows[rule.of[0]] - rows[rule.of[1]]
        else:
            rows[rule.name] = _shape(rule.kind, *(body.points[name] for name in rule.of))
    return rows


def _shape(kind: str, *points: F8) -> F8:
    first, second = points[0], points[1]
    line = second - first
    if kind == "distance":
        return np.asarray(np.hypot(line[:, 0], line[:, 1]))
    if kind == "rise":
        return np.asarray(-line[:, 1])
    if kind == "tilt":
        return np.asarray(np.degrees(np.arctan2(line[:, 1], np.abs(line[:, 0]))))
    if kind == "lean":
        return np.asarray(np.degrees(np.arctan2(line[:, 0], np.abs(line[:, 1]))))
    if kind == "bend":
        onward = points[2] - second
        cross = line[:, 0] * onward[:, 1] - line[:, 1] * onward[:, 0]
        return np.asarray(np.degrees(np.arctan2(np.abs(cross), (line * onward).sum(axis=1))))
    raise ValueError(f"no such kind of row: {kind}")


def _coupling_rows(table: FeatureTable, shape: Mapping[str, F8], clip: MapClip) -> F8:
    """[66, T] correlation of every pair around each frame: the largest in size within a small delay, signed.

    Windows move apart by the same amount forwards and backwards, so that exchanging the two signals changes
    nothing, and a signal turned upside down turns the sign: this is what lets a map be mirrored by a table.
    """
    settings = table.coupling
    units = {one.name: one.unit for one in table.features}
    signals = np.stack(
        [np.radians(shape[name]) if units[name] == "deg" else shape[name] for name in table.signals]
    )
    frames = signals.shape[1]
    half = max(2, round(0.5 * settings.window_strides * clip.stride_s * clip.rate_hz))
    half = min(half, (frames - 1) // 2)
    reach = min(round(0.5 * settings.lag_strides * clip.stride_s * clip.rate_hz), (frames - 1) // 2 - half)
    windows = np.lib.stride_tricks.sliding_window_view(signals, 2 * half + 1, axis=1)
    centred = windows - windows.mean(axis=2, keepdims=True)
    size = np.sqrt((centred**2).mean(axis=2, keepdims=True))
    moving = size > settings.still
    unit = np.where(moving, centred / np.where(moving, size, 1.0), 0.0) / np.sqrt(2 * half + 1)
    place = {name: row for row, name in enumerate(table.signals)}
    first = unit[[place[one] for one, _ in table.pairs]]
    second = unit[[place[other] for _, other in table.pairs]]
    # near the ends of the clip the nearest whole window counts
    centre = np.clip(np.arange(frames), half + max(reach, 0), frames - 1 - half - max(reach, 0)) - half
    best = np.zeros((len(table.pairs), frames))
    for shift in _shifts(reach):
        now = np.einsum("ptw,ptw->pt", first[:, centre - shift], second[:, centre + shift])
        best = np.where(np.abs(now) > np.abs(best), now, best)
    return best


def _shifts(reach: int) -> list[int]:
    """0, 1, -1, 2, -2, ...: of two alike, the smaller delay counts."""
    return [0, *(sign * step for step in range(1, max(0, reach) + 1) for sign in (1, -1))]


def _cycle(motion: ViewMotion, clip: MapClip, times: F8) -> F8:
    """[T] place in the cycle of the foot that the clip starts with; NaN where no counting stride is."""
    out = np.full(times.shape, np.nan)
    for stride in motion.strides:
        if stride.pass_index == clip.pass_index and stride.side is clip.side and stride.counts:
            inside = (times >= stride.start_s) & (times < stride.stop_s)
            out[inside] = (times[inside] - stride.start_s) / stride.duration_s
    return out
