"""True angles, read from the walker's own points."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import Side
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.synthesis.body.torso import FloorAxes

AngleKey = tuple[str, Side]


def side_points(side: Side) -> dict[str, Keypoint]:
    """Keypoints of a side by their names without the side ("hip", "big_toe", ...)."""
    prefix = side.value + "_"
    return {
        point.name.lower().removeprefix(prefix): point
        for point in Keypoint
        if point.name.lower().startswith(prefix)
    }


def true_angles(points: F8, *, frame: FloorAxes, pelvic_tilt_deg: F8) -> Mapping[AngleKey, F8]:
    """Angles in degrees of ``points`` [n, 23, 3], each projected onto the plane it is defined in.

    Sagittal plane: vertical, along the walking direction of the pelvis. Hip flexion is the thigh against the
    pelvis, the ankle the shank against the sole line from heel to big toe. Signs: flexion, dorsiflexion,
    forward, that side up, that side forward, towards that side and external are +.

    Args:
        points: metres.
        frame: walking direction.
        pelvic_tilt_deg: [n], anterior +, which the points do not show.
    """
    angles: dict[AngleKey, F8] = {}
    hips = points[:, Keypoint.LEFT_HIP] - points[:, Keypoint.RIGHT_HIP]
    shoulders = points[:, Keypoint.LEFT_SHOULDER] - points[:, Keypoint.RIGHT_SHOULDER]
    spine = (
        points[:, Keypoint.LEFT_SHOULDER] + points[:, Keypoint.RIGHT_SHOULDER]
        - points[:, Keypoint.LEFT_HIP] - points[:, Keypoint.RIGHT_HIP]
    ) / 2  # fmt: skip
    for side in Side:
        sign = 1.0 if side is Side.LEFT else -1.0
        at = side_points(side)

        def bone(start: str, stop: str, at: Mapping[str, Keypoint] = at) -> F8:
            return points[:, at[stop]] - points[:, at[start]]

        thigh = _hanging(bone("hip", "knee"), frame)
        shank = _hanging(bone("knee", "ankle"), frame)
        sole = bone("heel", "big_toe")
        pitch = np.degrees(np.arctan2(sole[:, 2], _along(sole, frame.ahead)))
        outward = np.degrees(np.arctan2(sign * _along(sole, frame.left), _along(sole, frame.ahead)))
        found = {
            "hip_flexion": thigh + pelvic_tilt_deg,
            "knee_flexion": thigh - shank,
            "ankle_dorsiflexion": pitch - shank,
            "foot_pitch": pitch,
            "foot_progression": outward,
            "trunk_tilt": np.degrees(np.arctan2(_along(spine, frame.ahead), spine[:, 2])),
            "pelvic_obliquity": sign * _slope(hips, frame),
            "shoulder_obliquity": sign * _slope(shoulders, frame),
            "pelvic_rotation": sign
            * np.degrees(np.arctan2(_along(hips, frame.ahead), _along(hips, frame.left))),
            "trunk_lateral_lean": sign * np.degrees(np.arctan2(_along(spine, frame.left), spine[:, 2])),
        }
        angles.update({(name, side): values for name, values in found.items()})
    return angles


def _along(vectors: F8, axis: F8) -> F8:
    return np.asarray(np.einsum("nk,nk->n", vectors, axis), np.float64)


def _hanging(bone: F8, frame: FloorAxes) -> F8:
    """Degrees of a bone against straight down, forward +."""
    return np.asarray(np.degrees(np.arctan2(_along(bone, frame.ahead), -bone[:, 2])), np.float64)


def _slope(across: F8, frame: FloorAxes) -> F8:
    """Degrees by which the left end is up, seen from the front."""
    return np.asarray(np.degrees(np.arctan2(across[:, 2], _along(across, frame.left))), np.float64)
