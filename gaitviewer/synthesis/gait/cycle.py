"""The mean gait cycle: a pelvis path that lets both stance feet stand still.

Joint curves alone do not close the chain floor - leg - pelvis - leg - floor. Here the pelvis path, the
stride length and the place of the right foot are fitted once per gait, so that legs bent by inverse
kinematics from a standing foot keep as close to the wanted curves as they can (least squares).
Lengths in metres, angles in radians, phase 1 = one left cycle.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import Side
from gaitviewer.synthesis.curves import smoothstep
from gaitviewer.synthesis.gait.model import WalkerGait

# Moments of the cycle at which stance is fitted, waves of the pelvis path, steps of the solver.
_GRID = 200
_HARMONICS = 10
_ROUNDS = 36
# What one degree of thigh costs 1: a degree of knee, the whole length of a bone, a metre of pelvis wave
# (times its order squared), a degree by which the foot's pitch gives way, and a degree of its bending.
_THIGH = 2.0
_KNEE = 2.0
_STRETCH = 3000.0
_SHAKING = 5.0
_GIVE = 3.0
_ROUGH = 1.0
# How many times more the landing counts.
_LANDING = 4.0
# The pitch of a stance foot gives way by at most this, in bumps that lie this far apart in phase.
_GIVE_DEG = 5.0
_KNOT_STEP = 0.03
_KNOTS = 31


@dataclass(frozen=True, slots=True)
class Foot:
    """A foot seen from the side: rigid from the heel to the ball, where the toes bend up.

    The sole line lies ``point_height`` above the floor when flat. Origin: its middle; forward, up.
    """

    length: float
    ball: float
    ankle_forward: float
    ankle_up: float
    point_height: float

    @classmethod
    def of(cls, gait: WalkerGait) -> Foot:
        """The foot of that body."""
        p, h = gait.proportions, gait.height_m
        return cls(
            length=p.foot * h,
            ball=(p.ball - 0.5) * p.foot * h,
            ankle_forward=(p.ankle_ahead_of_heel - p.foot / 2) * h,
            ankle_up=(p.ankle_height - p.foot_point_height) * h,
            point_height=p.foot_point_height * h,
        )

    def pivot(self, pitch: F8) -> F8:
        """Forward place of the point that stays on the floor: heel when the toes are up, ball else."""
        return np.where(pitch > 0, -self.length / 2, self.ball)

    def ankle(self, pitch: F8) -> tuple[F8, F8]:
        """Forward (from the middle of the flat foot) and height of the ankle of a standing foot."""
        pivot = self.pivot(pitch)
        along = self.ankle_forward - pivot
        forward = pivot + along * np.cos(pitch) - self.ankle_up * np.sin(pitch)
        up = self.point_height + along * np.sin(pitch) + self.ankle_up * np.cos(pitch)
        return forward, up


def settle(pitch: F8, band_deg: float) -> F8:
    """Pitch of a stance foot: flat within the band, as wanted from three times the band on."""
    band = math.radians(band_deg)
    if band <= 0:
        return pitch
    return pitch * smoothstep((np.abs(pitch) - band) / (2 * band))


def leg_reach(thigh: float, shank: float, knee: F8) -> F8:
    """Distance from hip to ankle at that knee angle."""
    return np.asarray(np.sqrt(thigh**2 + shank**2 + 2 * thigh * shank * np.cos(knee)), np.float64)


def bend_leg(forward: F8, down: F8, *, thigh: float, shank: float, wish: F8) -> tuple[F8, F8, F8]:
    """Thigh angle (forward +), knee flexion and stretch of a leg from hip to ankle.

    A knee that is wished straight or bent backwards follows the wish, as the length of a straight leg says
    nothing about its side; the bones then stretch by the fraction returned (1 = not at all), as they do
    where the ankle is out of reach.
    """
    distance = np.hypot(forward, down)
    cosine = (thigh**2 + shank**2 - distance**2) / (2 * thigh * shank)
    exact = np.pi - np.arccos(np.clip(cosine, -1.0, 1.0))
    free = smoothstep((wish - math.radians(1.0)) / math.radians(3.0))
    knee = free * exact + (1 - free) * wish
    stretch = distance / leg_reach(thigh, shank, knee)
    lean = np.arctan2(shank * np.sin(knee), thigh + shank * np.cos(knee))
    return np.arctan2(forward, down) + lean, knee, stretch


def phase_of(side: Side, phase: F8, gait: WalkerGait) -> F8:
    """The limb's own phase at a phase of the left cycle (not wrapped)."""
    return phase - (gait.right_lag if side is Side.RIGHT else 0.0)


def hip_offset(side: Side, phase: F8, gait: WalkerGait) -> tuple[F8, F8, F8]:
    """Forward, leftward and upward place of a hip joint seen from the middle between both, metres."""
    half = gait.proportions.hip_width * gait.height_m / 2 * (1 if side is Side.LEFT else -1)
    turn = np.radians(gait.trunk.pelvic_rotation.at(phase))
    rise = np.radians(gait.trunk.pelvic_obliquity.at(phase))
    return half * np.sin(turn) * np.cos(rise), half * np.cos(turn) * np.cos(rise), half * np.sin(rise)


def wanted(side: Side, phase: F8, gait: WalkerGait) -> tuple[F8, F8, F8]:
    """Thigh against the vertical (forward +), knee flexion and foot pitch (toes up +) of the curves."""
    limb = gait.limbs[side]
    own = phase_of(side, phase, gait)
    thigh = np.radians(limb.hip_flexion.at(own) - gait.trunk.pelvic_tilt.at(phase))
    knee = np.radians(limb.knee_flexion.at(own))
    return thigh, knee, np.radians(limb.ankle_dorsiflexion.at(own)) + thigh - knee


@dataclass(frozen=True, slots=True, eq=False)
class MeanCycle:
    """The fitted cycle.

    Attributes:
        gait: whose.
        stride_m: forward distance of a cycle.
        right_foot_m: place of the right foot's middle in the stance that begins at ``right_lag``.
        coefficients: [2, 2 * harmonics + 1] of the pelvis: forward (beside the steady advance) and up.
        pitch_change: [2 sides, knots] how far the stance foot's pitch gives way to the knee, radians.
    """

    gait: WalkerGait
    stride_m: float
    right_foot_m: float
    coefficients: F8
    pitch_change: F8

    def pelvis(self, phase: F8) -> tuple[F8, F8]:
        """Forward and height of the middle between the hips at ``phase`` (any real number)."""
        wave = _waves(phase) @ self.coefficients.T
        return self.stride_m * phase + wave[..., 0], wave[..., 1]

    def standing_pitch(self, side: Side, phase: F8) -> F8:
        """Pitch of the foot in stance, radians."""
        settled = settle(wanted(side, phase, self.gait)[2], self.gait.flat_band_deg)
        own = np.mod(phase_of(side, phase, self.gait), 1.0)
        return give_way(settled, _bumps(own) @ self.pitch_change[0 if side is Side.LEFT else 1])


def give_way(settled: F8, change: F8) -> F8:
    """The settled pitch with a bounded change that never turns a heel stance into a toe stance."""
    limit = math.radians(_GIVE_DEG)
    share = np.minimum(1.0, np.abs(settled) / (1.2 * limit))
    return np.asarray(settled + share * limit * np.tanh(change / limit), np.float64)


def _waves(phase: F8) -> F8:
    angle = 2 * np.pi * phase[..., None] * np.arange(1, _HARMONICS + 1)
    return np.concatenate([np.ones((*phase.shape, 1)), np.cos(angle), np.sin(angle)], axis=-1)


def _bumps(own: F8) -> F8:
    """[..., knots] smooth bumps over stance that add up to 1."""
    away = np.abs(own[..., None] - _KNOT_STEP * np.arange(_KNOTS)) / _KNOT_STEP
    return np.where(away < 1, 0.5 + 0.5 * np.cos(np.pi * np.minimum(away, 1.0)), 0.0)


def _shaking() -> F8:
    """A pelvis does not shake: waves cost as their acceleration, in degrees per metre."""
    order = _SHAKING * np.arange(1, _HARMONICS + 1, dtype=np.float64) ** 2
    weights = np.concatenate([order, order])
    return np.concatenate([weights, [0.0], weights])


def _unknowns(x: F8) -> tuple[F8, F8, F8, F8]:
    """Stride and right foot [..., 1], coefficients [..., 2, waves], change of pitch [..., 2, knots]."""
    waves = 2 * (2 * _HARMONICS + 1)
    coefficients = x[..., 2 : 2 + waves].reshape(*x.shape[:-1], 2, -1)
    return x[..., :1], x[..., 1:2], coefficients, x[..., 2 + waves :].reshape(*x.shape[:-1], 2, -1)


def _cycle_of(gait: WalkerGait, x: F8) -> MeanCycle:
    stride, right_foot, coefficients, change = _unknowns(x)
    return MeanCycle(gait, float(stride[0]), float(right_foot[0]), coefficients, change)


@dataclass(frozen=True, slots=True, eq=False)
class _Stance:
    """What one limb's stance wants, at the grid's phases that belong to it."""

    gait: WalkerGait
    side: Side
    phase: F8
    waves: F8
    turns: F8
    thigh: F8
    knee: F8
    settled: F8
    bumps: F8
    hip_forward: F8
    hip_up: F8
    weight: F8

    @classmethod
    def of(cls, side: Side, gait: WalkerGait) -> _Stance:
        grid = np.arange(_GRID) / _GRID
        own = phase_of(side, grid, gait)
        within = own - np.floor(own)
        rows = within * 100 <= gait.limbs[side].toe_off_percent
        thigh, knee, pitch = wanted(side, grid[rows], gait)
        hip_forward, _, hip_up = hip_offset(side, grid[rows], gait)
        # All of the late swing leads to the landing: an error there is an error for a long time.
        weight = 1.0 + _LANDING * (within[rows] < 0.015)
        return cls(
            gait, side, grid[rows], _waves(grid[rows]), np.asarray(np.floor(own)[rows]), thigh, knee,
            settle(pitch, gait.flat_band_deg), _bumps(within[rows]), hip_forward, hip_up, weight,
        )  # fmt: skip

    def errors(self, x: F8) -> list[F8]:
        """Weighted degrees of thigh and knee, and the stretch of the bones, for unknowns [..., n]."""
        gait, p, h = self.gait, self.gait.proportions, self.gait.height_m
        left = self.side is Side.LEFT
        stride, right_foot, coefficients, change = _unknowns(x)
        pitch = give_way(self.settled, change[..., 0 if left else 1, :] @ self.bumps.T)
        ahead, up = Foot.of(gait).ankle(pitch)
        ahead = ahead * math.cos(math.radians(gait.limbs[self.side].foot_progression_deg))
        place = (0.0 if left else right_foot) + self.turns * stride
        thigh, knee, stretch = bend_leg(
            place + ahead - self.hip_forward - stride * self.phase - coefficients[..., 0, :] @ self.waves.T,
            coefficients[..., 1, :] @ self.waves.T + self.hip_up - up,
            thigh=p.thigh * h, shank=p.shank * h, wish=self.knee,
        )  # fmt: skip
        return [
            _THIGH * self.weight * np.degrees(thigh - self.thigh),
            _KNEE * self.weight * np.degrees(knee - self.knee),
            _STRETCH * self.weight * (stretch - 1),
        ]


def _residuals(gait: WalkerGait) -> Callable[[F8], F8]:
    """What is to be made small: degrees of hip and knee in stance, stretched bones, a shaking pelvis.

    The function takes unknowns [..., n] and gives residuals [..., m]: all of a slope's columns at once.
    """
    stances = [_Stance.of(side, gait) for side in Side]
    shaking = _shaking()

    def residuals(x: F8) -> F8:
        changes = np.degrees(_unknowns(x)[3])
        found = [x[..., 3 : 3 + shaking.size] * shaking, _GIVE * changes.reshape(*x.shape[:-1], -1)]
        found.append(_ROUGH * np.diff(changes, 2, axis=-1).reshape(*x.shape[:-1], -1))
        for stance in stances:
            found += stance.errors(x)
        return np.concatenate(found, axis=-1)

    return residuals


@lru_cache(maxsize=32)
def fit_cycle(gait: WalkerGait) -> MeanCycle:
    """The mean cycle of a gait (Levenberg-Marquardt over the stance of both limbs)."""
    p, h = gait.proportions, gait.height_m
    residuals = _residuals(gait)
    count = 2 * _HARMONICS + 1
    x = np.zeros(2 + 2 * count + 2 * _KNOTS)
    leg = (p.thigh + p.shank) * h
    x[0], x[1] = 1.3 * leg, 1.3 * leg * gait.right_lag
    x[2], x[2 + count] = -0.35 * leg, (p.ankle_height * h + 0.97 * leg)
    error, damping = residuals(x), 1.0
    for _ in range(_ROUNDS):
        slope = (residuals(x + 1e-6 * np.eye(x.size)) - error).T / 1e-6
        square = slope.T @ slope
        move = np.linalg.solve(square + damping * np.diag(np.diag(square) + 1e-9), -slope.T @ error)
        better = residuals(x + move)
        if better @ better < error @ error:
            done = error @ error - better @ better < 1e-5 * (error @ error)
            x, error, damping = x + move, better, damping / 5
            if done:
                break
        else:
            damping *= 8
    return _cycle_of(gait, x)
