"""What motion capture says: angles, events and EVGS items from the 3D markers and the file's own outputs.

Independent of ``analysis``: nothing here is filtered, projected or detected. Only the bands and the numbers
of the verbal items come from the same data files, so that the same rule is applied.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.kinematics.definitions import load_definitions
from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import BySide, EventKind, Side
from gaitviewer.formats.markers import MarkerEvent, MarkerTrial
from gaitviewer.research.validation.projection import WalkingBody
from gaitviewer.synthesis.filming.cameras import Camera

_STILL = 0.25  # of walking speed: heel and toe of a foot that stands flat
_FLAT_LEG = 0.03  # of the leg length: how far above its lowest a standing heel may be


@dataclass(frozen=True, slots=True)
class TrueStride:
    """A gait cycle by the events that the laboratory marked, seconds after the first sample."""

    side: Side
    start_s: float
    toe_off_s: float
    stop_s: float
    opposite_toe_off_s: float | None
    opposite_contact_s: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """One trial as motion capture knows it.

    Attributes:
        body: the markers in the frame of the walk.
        angles: (angle, side) -> [T] degrees from the 3D markers by this program's own definitions, in the
            plane of progression (obliquities and leans in the coronal plane).
        file_angles: (angle, side) -> [T] from the file's own outputs, the ankle with its zero at a flat foot.
        events: gait events at least ``margin_s`` inside what was seen of that foot.
        outer_events: the other gait events of the file.
        strides: complete cycles within what was seen.
        sideless: how many gait events of the file are of nobody knows which foot.
        leg_m: hip to ankle along thigh and shank, metres.
    """

    body: WalkingBody
    angles: dict[tuple[str, Side], F8]
    file_angles: dict[tuple[str, Side], F8]
    events: tuple[MarkerEvent, ...]
    outer_events: tuple[MarkerEvent, ...]
    strides: tuple[TrueStride, ...]
    leg_m: float
    sideless: int = 0

    def at(self, curve: NDArray[Any], when: F8) -> F8:
        """``curve`` [T] at the times ``when``, NaN beside gaps."""
        return np.interp(when, self.body.times, curve, left=np.nan, right=np.nan)


def find_truth(trial: MarkerTrial, body: WalkingBody) -> Truth:
    """Everything that measured values are compared with."""
    marked = tuple(e for e in trial.events if e.kind is not None and e.side is not None)
    inner = tuple(e for e in marked if _inside(body, e, 0.1))
    outer = tuple(e for e in marked if e not in inner)
    angles = marker_angles(body)
    file_angles = _file_angles(trial, body)
    strides = find_true_strides(tuple(e for e in marked if _inside(body, e, 0.0)))
    sideless = sum(e.kind is not None and e.side is None for e in trial.events)
    return Truth(body, angles, file_angles, inner, outer, strides, leg_length(body), sideless)


def _inside(body: WalkingBody, event: MarkerEvent, margin_s: float) -> bool:
    """Whether hips and that foot are seen around the event."""
    assert event.side is not None
    parts = [body.middle("hip"), body.part(event.side, "heel"), body.part(event.side, "big_toe")]
    seen = np.flatnonzero(np.isfinite(np.concatenate(parts, axis=1)).all(axis=1))
    if seen.size == 0:
        return False
    first, last = body.times[seen[0]], body.times[seen[-1]]
    return bool(first + margin_s <= event.time_s <= last - margin_s)


def marker_angles(body: WalkingBody) -> dict[tuple[str, Side], F8]:
    """(angle, side) -> [T] degrees from the 3D markers by this program's definitions."""
    tilt = load_definitions().neutral_pelvic_tilt_deg
    hips, shoulders = body.middle("hip"), body.middle("shoulder")
    trunk = _lean(hips, shoulders, axis=0)
    zero = flat_foot_zero(body)
    table: dict[tuple[str, Side], F8] = {}
    for side in Side:
        hip, knee, ankle = (body.part(side, part) for part in ("hip", "knee", "ankle"))
        thigh, shank = _lean(knee, hip, axis=0), _lean(ankle, knee, axis=0)
        foot = body.part(side, "big_toe") - body.part(side, "heel")
        pitch = np.degrees(np.arctan2(foot[:, 2], foot[:, 0])) - (zero[side] or 0.0)
        towards = 1.0 if side is Side.LEFT else -1.0
        table["hip_flexion", side] = trunk - thigh + tilt
        table["knee_flexion", side] = shank - thigh
        table["ankle_dorsiflexion", side] = _wrap(pitch + shank)
        table["foot_pitch", side] = pitch
        table["trunk_tilt", side] = trunk
        table["trunk_lateral_lean", side] = towards * _lean(hips, shoulders, axis=1)
        table["trunk_lateral_shift", side] = 100 * towards * (shoulders - hips)[:, 1] / leg_length(body)
        table["foot_progression", side] = np.degrees(np.arctan2(towards * foot[:, 1], foot[:, 0]))
        for name, part in (("pelvic_obliquity", "hip"), ("shoulder_obliquity", "shoulder")):
            line = body.part(side, part) - body.part(side.other, part)
            if part == "hip":
                table["pelvic_rotation", side] = np.degrees(np.arctan2(line[:, 0], towards * line[:, 1]))
            table[name, side] = np.degrees(np.arctan2(line[:, 2], towards * line[:, 1]))
    return table


def _file_angles(trial: MarkerTrial, body: WalkingBody) -> dict[tuple[str, Side], F8]:
    """The file's own joint angles; the ankle's zero moved to where the foot is flat and the shank upright."""
    table: dict[tuple[str, Side], F8] = {}
    for side in Side:
        letter = side.name[0]
        names = {"knee_flexion": "Knee", "ankle_dorsiflexion": "Ankle", "hip_flexion": "Hip"}
        for name, joint in names.items():
            found = trial.output(f"{letter}{joint}Angles")
            if found is not None and np.isfinite(found[:, 0]).any():
                table[name, side] = found[:, 0].copy()
        ankle = table.get(("ankle_dorsiflexion", side))
        if ankle is not None:
            flat = flat_frames(body, side)
            shank = _lean(body.part(side, "ankle"), body.part(side, "knee"), axis=0)
            here = (ankle - shank)[flat]
            if np.isfinite(here).any():
                table["ankle_dorsiflexion", side] = ankle - float(np.nanmedian(here))
    return table


def flat_foot_zero(body: WalkingBody) -> BySide[float | None]:
    """Pitch of each sole line, heel to toe, while that foot stands flat, degrees; None if it never does."""

    def zero(side: Side) -> float | None:
        foot = (body.part(side, "big_toe") - body.part(side, "heel"))[flat_frames(body, side)]
        pitch = np.degrees(np.arctan2(foot[:, 2], foot[:, 0]))
        return float(np.median(pitch)) if pitch.size else None

    return BySide(zero(Side.LEFT), zero(Side.RIGHT))


def flat_frames(body: WalkingBody, side: Side) -> NDArray[np.bool_]:
    """[T] where heel and toe stand still and the heel is down."""
    heel, toe = body.part(side, "heel"), body.part(side, "big_toe")
    limit = _STILL * walking_speed(body)
    with np.errstate(invalid="ignore"):
        still = (speed_of(heel, body.times) < limit) & (speed_of(toe, body.times) < limit)
        down = heel[:, 2] < np.nanmin(heel[:, 2]) + _FLAT_LEG * leg_length(body)
    return np.asarray(still & down, np.bool_)


def walking_speed(body: WalkingBody) -> float:
    """Mean forward speed of the hips, metres per second."""
    ahead = body.middle("hip")[:, 0]
    seen = np.flatnonzero(np.isfinite(ahead))
    travel = float(ahead[seen[-1]] - ahead[seen[0]])
    return travel / float(body.times[seen[-1]] - body.times[seen[0]])


def speed_of(point: F8, times: F8) -> F8:
    """[T] speed of a point, metres per second."""
    return np.asarray(np.linalg.norm(np.gradient(point, times, axis=0), axis=1), np.float64)


def _lean(low: F8, high: F8, *, axis: int) -> F8:
    """[T] how far the upper end leans along a horizontal axis, degrees from the vertical."""
    line = high - low
    return np.asarray(np.degrees(np.arctan2(line[:, axis], line[:, 2])), np.float64)


def _wrap(angle: F8) -> F8:
    return np.asarray((angle + 180.0) % 360.0 - 180.0, np.float64)


def leg_length(body: WalkingBody) -> float:
    """Hip to ankle along thigh and shank, metres."""

    def chain(side: Side) -> F8:
        hip, knee, ankle = (body.part(side, part) for part in ("hip", "knee", "ankle"))
        length = np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1)
        return np.asarray(length, np.float64)

    return float(np.nanmedian(np.r_[chain(Side.LEFT), chain(Side.RIGHT)]))


def legs_overlap(truth: Truth, camera: Camera, *, limit: float) -> NDArray[np.bool_]:
    """[T] where both knees or both ankles lie closer in a picture than ``limit`` leg lengths."""
    overlap = np.zeros(truth.body.times.shape, np.bool_)
    for part in ("knee", "ankle"):
        left, right = (truth.body.part(side, part) for side in Side)
        apart = np.linalg.norm(camera.project(left) - camera.project(right), axis=1)
        leg = truth.leg_m * camera.scale_at((left + right) / 2)
        with np.errstate(invalid="ignore"):
            overlap |= apart < limit * leg
    return overlap


def find_true_strides(events: tuple[MarkerEvent, ...]) -> tuple[TrueStride, ...]:
    """Cycles from contact to the next contact of the same foot, with its toe-off in between."""

    def times(kind: EventKind, side: Side) -> list[float]:
        return sorted(e.time_s for e in events if e.kind is kind and e.side is side)

    def between(values: list[float], low: float, high: float) -> float | None:
        return next((v for v in values if low < v < high), None)

    found = []
    for side in Side:
        contacts = times(EventKind.INITIAL_CONTACT, side)
        for start, stop in pairwise(contacts):
            off = between(times(EventKind.TOE_OFF, side), start, stop)
            if off is not None and stop - start < 4.0:
                opposite = (
                    between(times(EventKind.TOE_OFF, side.other), start, stop),
                    between(times(EventKind.INITIAL_CONTACT, side.other), start, stop),
                )
                found.append(TrueStride(side, start, off, stop, *opposite))
    return tuple(found)
