"""Trunk, head and arms of the walker: points above the hips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import Side
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.synthesis.gait.model import WalkerGait

_ARM_ABDUCTION_DEG = 7.0
_ARM_MEAN_DEG = -4.0
_ELBOW_SWING_DEG = 9.0

# Fractions of body height seen from the middle of the head: forward, left, up.
_FACE = {
    Keypoint.NOSE: (0.078, 0.0, -0.018),
    Keypoint.LEFT_EYE: (0.064, 0.022, 0.006),
    Keypoint.RIGHT_EYE: (0.064, -0.022, 0.006),
    Keypoint.LEFT_EAR: (-0.002, 0.055, -0.004),
    Keypoint.RIGHT_EAR: (-0.002, -0.055, -0.004),
}


@dataclass(frozen=True, slots=True, eq=False)
class FloorAxes:
    """Axes on the floor at n moments: unit vectors [n, 3] ahead and to the left."""

    ahead: F8
    left: F8

    @classmethod
    def of_heading(cls, heading: F8) -> FloorAxes:
        """From headings [n] in radians."""
        zero = np.zeros_like(heading)
        cos, sin = np.cos(heading), np.sin(heading)
        return cls(np.stack([cos, sin, zero], axis=-1), np.stack([-sin, cos, zero], axis=-1))

    def turned(self, angle: F8) -> FloorAxes:
        """Turned counter-clockwise by ``angle`` [n] radians."""
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        return FloorAxes(cos * self.ahead + sin * self.left, cos * self.left - sin * self.ahead)

    def point(self, forward: F8, left: F8, up: F8) -> F8:
        """Vectors [n, 3] with those components."""
        flat = np.asarray(forward)[..., None] * self.ahead + np.asarray(left)[..., None] * self.left
        return np.asarray(flat + np.asarray(up)[..., None] * np.array([0.0, 0.0, 1.0]), np.float64)


def place_torso(
    points: F8,
    gait: WalkerGait,
    *,
    phase: F8,
    middle: F8,
    frame: FloorAxes,
    look: FloorAxes,
    sway_deg: F8,
) -> None:
    """Fill in head, shoulders, elbows and wrists.

    Args:
        points: [n, 23, 3], written to.
        gait: how.
        phase: [n] of the left cycle.
        middle: [n, 3] between the hips.
        frame: where the body faces.
        look: where the head faces.
        sway_deg: [n, 2] added to trunk tilt and lean, stride by stride.
    """
    h, p, trunk = gait.height_m, gait.proportions, gait.trunk
    tilt = np.radians(trunk.trunk_tilt.at(phase) + sway_deg[:, 0])
    lean = np.radians(trunk.trunk_lean.at(phase) + sway_deg[:, 1])
    spine = frame.point(np.tan(tilt), np.tan(lean), np.ones_like(tilt))
    spine = spine / np.linalg.norm(spine, axis=1, keepdims=True)
    neck = middle + p.trunk * h * spine
    girdle = frame.turned(-np.radians(trunk.shoulder_rotation.at(phase)))
    rise = np.radians(trunk.shoulder_obliquity.at(phase))
    half = p.shoulder_width * h / 2
    across = half * girdle.point(np.zeros_like(rise), np.cos(rise), np.sin(rise))
    points[:, Keypoint.LEFT_SHOULDER] = neck + across
    points[:, Keypoint.RIGHT_SHOULDER] = neck - across
    head = neck + h * look.point(*(np.full(phase.shape, v) for v in (0.012, 0.0, 0.110)))
    for keypoint, (forward, left, up) in _FACE.items():
        parts = (np.full(phase.shape, h * value) for value in (forward, left, up))
        points[:, keypoint] = head + look.point(*parts)
    for side in Side:
        _place_arm(points, gait, side, phase=phase, frame=girdle)


def _place_arm(points: F8, gait: WalkerGait, side: Side, *, phase: F8, frame: FloorAxes) -> None:
    """The arm swings forward with the other leg; the elbow bends more in front."""
    h, p = gait.height_m, gait.proportions
    left = side is Side.LEFT
    swing = np.cos(2 * np.pi * (phase - (0.5 if left else 0.5 + gait.right_lag)))
    amplitude = gait.arm_swing_deg * (1 + gait.arm_swing_asymmetry * (1 if left else -1))
    shoulder = np.radians(_ARM_MEAN_DEG + amplitude * swing)
    elbow = shoulder + np.radians(gait.elbow_deg + _ELBOW_SWING_DEG * swing)
    out = np.radians(_ARM_ABDUCTION_DEG) * (1 if left else -1)
    upper = frame.point(np.sin(shoulder), np.cos(shoulder) * np.sin(out), -np.cos(shoulder) * np.cos(out))
    lower = frame.point(np.sin(elbow), 0.3 * np.cos(elbow) * np.sin(out), -np.cos(elbow))
    names = (Keypoint.LEFT_SHOULDER, Keypoint.LEFT_ELBOW, Keypoint.LEFT_WRIST)
    if not left:
        names = (Keypoint.RIGHT_SHOULDER, Keypoint.RIGHT_ELBOW, Keypoint.RIGHT_WRIST)
    points[:, names[1]] = points[:, names[0]] + p.upper_arm * h * upper
    points[:, names[2]] = points[:, names[1]] + p.forearm * h * lower
