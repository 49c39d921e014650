"""A body to draw on motion capture: the 23 points of the walker's figure from markers.

Hips, knees and ankles are the laboratory's joint centres and stay where they are, and so do shoulders, elbows
and wrists. What has no marker is put where a body has it: the face behind the head band, the sole under heel
and toe markers, the tips of the toes ahead of the ball of the foot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import Side
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.formats.markers import MarkerTrial
from gaitviewer.messages import Message, message, named
from gaitviewer.research.validation.projection import WalkingBody
from gaitviewer.research.validation.truth import flat_foot_zero, flat_frames, leg_length
from gaitviewer.synthesis.gait.model import WalkerGait, normal_gait

_LEG_SHARE = 0.491  # hip to ankle along the leg, of the body height (Winter 2009, table 4.1)
_BAND_ABOVE = 0.034  # of a head band above the middle of the head, body heights
_NECK_TO_HEAD = (0.012, 0.110)  # ahead and up to the middle of the head, body heights
_HEEL_MARKER_M = 0.008  # radius of a marker behind the heel
_SMALL_TOE = (0.82, 0.30)  # along the sole and outwards, of the foot's length
# Fractions of body height from the middle of the head: forward, left, up.
_FACE = {
    Keypoint.NOSE: (0.078, 0.0, -0.018),
    Keypoint.LEFT_EYE: (0.064, 0.022, 0.006),
    Keypoint.RIGHT_EYE: (0.064, -0.022, 0.006),
    Keypoint.LEFT_EAR: (-0.002, 0.055, -0.004),
    Keypoint.RIGHT_EAR: (-0.002, -0.055, -0.004),
}
_ARM = (("elbow", "shoulder", "upper_arm"), ("wrist", "elbow", "forearm"))
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class DrawnBody:
    """What the renderer needs.

    Attributes:
        body: all 23 points; NaN in frames without a pelvis only.
        gait: whose body it is: height and proportions.
        notes: what the laboratory did not measure and was made up for the picture.
    """

    body: WalkingBody
    gait: WalkerGait
    notes: tuple[Message, ...]


def complete_body(trial: MarkerTrial, body: WalkingBody) -> DrawnBody:
    """All 23 points of a marker trial.

    Args:
        trial: for body measures and whether there are head markers.
        body: the markers in the frame of the walk.
    """
    height = trial.body.height_m or leg_length(body) / _LEG_SHARE
    gait = normal_gait().with_body(height_m=height)
    points = np.array(body.points)
    there = np.isfinite(points[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]]).all(axis=(1, 2))
    notes: list[Message] = []
    for side in Side:
        for part in ("knee", "ankle", "heel", "big_toe", "shoulder", "elbow", "wrist", "ear"):
            _bridge(points[:, Keypoint[f"{side.name}_{part.upper()}"]], there)
    _mirror_shoulder(points, notes)
    _hang_arms(points, gait, notes)
    _place_face(points, gait, notes)
    length = _place_feet(points, body, gait)
    proportions = replace(gait.proportions, foot=length / height, hip_width=_hip_width(points) / height)
    points[~there] = np.nan
    return DrawnBody(replace(body, points=points), replace(gait, proportions=proportions), tuple(notes))


def _bridge(track: F8, there: NDArray[np.bool_]) -> None:
    """Fill gaps of a point [T, 3] in place, evenly between what was seen; its ends go with the last value."""
    seen = np.isfinite(track).all(axis=1)
    gaps = np.flatnonzero(there & ~seen)
    if not seen.any() or not gaps.size:
        return
    rows = np.flatnonzero(seen)
    for axis in range(3):
        track[gaps, axis] = np.interp(gaps, rows, track[rows, axis])


def _mirror_shoulder(points: F8, notes: list[Message]) -> None:
    """A shoulder without any marker is drawn as the other one's mirror image; without both, above the hips."""
    hips = points[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]]
    middle = hips.mean(axis=1)
    for side in Side:
        own, other = (Keypoint[f"{one.name}_SHOULDER"] for one in (side, side.other))
        if np.isfinite(points[:, own]).any():
            continue
        if np.isfinite(points[:, other]).any():
            points[:, own] = points[:, other]
            points[:, own, 1] = 2 * middle[:, 1] - points[:, other, 1]
            notes.append(message("note.drawn.mirrored_shoulder", side=named(side)))
        else:
            trunk = 1.2 * np.linalg.norm(hips[:, 0] - middle, axis=1)
            points[:, own] = middle + 2.3 * trunk[:, None] * _UP + 1.4 * (points[:, _hip(side)] - middle)
            notes.append(message("note.drawn.shoulder", side=named(side)))


def _hip(side: Side) -> Keypoint:
    return Keypoint[f"{side.name}_HIP"]


def _hang_arms(points: F8, gait: WalkerGait, notes: list[Message]) -> None:
    """An elbow or wrist without any marker hangs straight down."""
    for side in Side:
        for part, above, length in _ARM:
            own, from_ = (Keypoint[f"{side.name}_{name.upper()}"] for name in (part, above))
            if not np.isfinite(points[:, own]).any():
                points[:, own] = points[:, from_] - getattr(gait.proportions, length) * gait.height_m * _UP
                notes.append(message(f"note.drawn.hanging_{part}", side=named(side)))


def _place_face(points: F8, gait: WalkerGait, notes: list[Message]) -> None:
    """Nose, eyes and ears from the head band: it shows place, turn and side tilt; a nod it does not."""
    ears = points[:, [Keypoint.LEFT_EAR, Keypoint.RIGHT_EAR]]
    shoulders = points[:, [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]]
    banded = np.isfinite(ears).any(axis=(0, 2)).all()
    left = _unit((ears if banded else shoulders)[:, 0] - (ears if banded else shoulders)[:, 1])
    ahead = _unit(np.cross(left, _UP))
    up = np.cross(ahead, left)
    if banded:
        middle = ears.mean(axis=1) - _BAND_ABOVE * gait.height_m * up
    else:
        forward, rise = _NECK_TO_HEAD
        middle = shoulders.mean(axis=1) + gait.height_m * (forward * ahead + rise * _UP)
        notes.append(message("note.drawn.head"))
    for keypoint, (forward, aside, rise) in _FACE.items():
        points[:, keypoint] = middle + gait.height_m * (forward * ahead + aside * left + rise * up)


def _place_feet(points: F8, body: WalkingBody, gait: WalkerGait) -> float:
    """Heel and toe points on the sole instead of on the skin above it; mean length of both feet, metres."""
    zero = flat_foot_zero(body)
    above = gait.proportions.foot_point_height * gait.height_m
    lengths = []
    for side in Side:
        heel, ball = (np.array(points[:, Keypoint[f"{side.name}_{name}"]]) for name in ("HEEL", "BIG_TOE"))
        flat = flat_frames(body, side)
        rows = flat if flat.any() else np.isfinite(heel).all(axis=1)
        to_ball = float(np.nanmedian(np.linalg.norm((ball - heel)[rows], axis=1)))
        high = float(np.nanmedian(heel[rows, 2]))
        length = (to_ball - _HEEL_MARKER_M) / gait.proportions.ball
        lengths.append(length)
        _place_foot(
            points,
            side,
            heel,
            ball,
            length=length,
            lift=high - above,
            flat_deg=zero[side] or 0.0,
            above=above,
            share=gait.proportions.ball,
        )
    return float(np.mean(lengths))


def _place_foot(
    points: F8,
    side: Side,
    heel: F8,
    ball: F8,
    *,
    length: float,
    lift: float,
    flat_deg: float,
    above: float,
    share: float,
) -> None:
    """One foot: a rigid sole up to the ball, toes that bend where they would go through the floor.

    Args:
        points: [T, 23, 3], written to.
        side: which foot.
        heel: [T, 3] its marker.
        ball: [T, 3] the toe marker.
        length: heel to tip of the toes, metres.
        lift: how far the heel marker is above the sole line, metres.
        flat_deg: pitch of the line between the markers when the foot is flat.
        above: height of the sole line over the floor, metres.
        share: where on the sole the toes begin.
    """
    line = ball - heel
    flat = np.hypot(line[:, 0], line[:, 1])
    ahead = np.stack([line[:, 0] / flat, line[:, 1] / flat, np.zeros_like(flat)], axis=1)
    outward = (1.0 if side is Side.LEFT else -1.0) * np.cross(_UP, ahead)
    pitch = np.arctan2(line[:, 2], flat) - np.radians(flat_deg)
    sole = np.cos(pitch)[:, None] * ahead + np.sin(pitch)[:, None] * _UP
    normal = np.cos(pitch)[:, None] * _UP - np.sin(pitch)[:, None] * ahead
    back = heel - lift * normal + _HEEL_MARKER_M * sole
    bend = back + share * length * sole
    toes = (1 - share) * length
    drop = np.minimum(np.maximum(-toes * sole[:, 2], 0.0), np.clip(bend[:, 2] - above, 0.0, toes))
    bent = np.sqrt(toes**2 - drop**2)[:, None] * ahead - drop[:, None] * _UP
    ahead_of_ball = np.where((sole[:, 2] < 0)[:, None], bent, toes * sole)
    points[:, Keypoint[f"{side.name}_HEEL"]] = back
    points[:, Keypoint[f"{side.name}_BIG_TOE"]] = bend + ahead_of_ball
    along = (_SMALL_TOE[0] - share) / (1 - share)
    small = bend + along * ahead_of_ball + _SMALL_TOE[1] * length * outward
    points[:, Keypoint[f"{side.name}_SMALL_TOE"]] = small


def _hip_width(points: F8) -> float:
    across = points[:, Keypoint.LEFT_HIP] - points[:, Keypoint.RIGHT_HIP]
    return float(np.nanmedian(np.linalg.norm(across, axis=1)))


def _unit(vectors: F8) -> F8:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float64)
