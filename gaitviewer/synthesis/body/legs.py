"""Legs over time on a straight line: standing feet that stand, swinging feet that clear the floor.

Coordinates: s metres along the way, d metres to the left of it, z metres up. Everything is a function of
the phase (1 = one left cycle), so that the same walk can be seen at any times.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import Side
from gaitviewer.synthesis.curves import monotone, smoothstep
from gaitviewer.synthesis.gait import cycle as mean
from gaitviewer.synthesis.gait.model import WalkerGait

_TAKE_OFF_SHARE = 0.3
_CIRCUMDUCTION = 0.008
# Steps in which a swinging foot is raised to its clearance, and then out of the floor if it is still in it.
_LIFTS, _RESCUES = 3, 4
_TOES_RELAX_SHARE = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class LegStates:
    """One leg at n phases; all arrays [n].

    Attributes:
        hip_s, hip_d, hip_z: hip joint centre.
        ankle_s, ankle_d, ankle_z: ankle joint centre.
        pitch: of the sole from heel to ball, toes up +, radians.
        toe_bend: by how much the toes point up from that line, radians.
        place_s: where the foot's middle stands, or, in swing, between its two places.
        wish: knee flexion of the curves, radians (tells the side of an almost straight knee).
        stance: whether the foot stands.
    """

    hip_s: F8
    hip_d: F8
    hip_z: F8
    ankle_s: F8
    ankle_d: F8
    ankle_z: F8
    pitch: F8
    toe_bend: F8
    place_s: F8
    wish: F8
    stance: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """A walk on a straight line: gait, mean cycle, and what differs from step to step.

    Attributes:
        gait, cycle: how, and the fitted mean.
        first: number of the first half cycle in the tables (negative).
        step_scale: [n] step length of each half cycle against the mean one.
        swing: [2 sides, n, 2] change of pitch (radians) and height (metres) in each swing.
        drop: [m] how much the pelvis sinks for longer steps, over ``drop_phase`` [m], metres.
    """

    gait: WalkerGait
    cycle: mean.MeanCycle
    first: int
    step_scale: F8
    swing: F8
    drop_phase: F8
    drop: F8

    @classmethod
    def draw(cls, gait: WalkerGait, random: np.random.Generator, *, first: int, count: int) -> Walk:
        """A walk of ``count`` half cycles from number ``first``."""
        scale = 1 + gait.variability.step_length * _bounded(random, (count,))
        spread = gait.variability.swing_deg
        swing = spread * _bounded(random, (2, count, 2)) * np.array([math.radians(1.0), 0.001])
        cycle = mean.fit_cycle(gait)
        phase = np.arange(first / 2, (first + count) / 2, 1 / 200)
        level = cls(gait, cycle, first, scale, swing, phase, np.zeros_like(phase))
        return cls(gait, cycle, first, scale, swing, phase, _sinking(level, phase))

    def along(self, metres: F8) -> F8:
        """Where a place of the mean walk lies in this one: steps of different lengths."""
        half = self.cycle.stride_m / 2
        knots = half * np.arange(self.first, self.first + self.step_scale.size + 1)
        moved = half * self.first + np.concatenate([[0.0], np.cumsum(self.step_scale * half)])
        return monotone(knots, moved, metres)

    def pelvis(self, phase: F8) -> tuple[F8, F8, F8]:
        """s, d, z of the middle between the hips."""
        forward, up = self.cycle.pelvis(phase)
        sway = self.gait.sway * self.gait.height_m * np.cos(2 * np.pi * (phase - 0.3))
        return self.along(forward), sway, up - np.interp(phase, self.drop_phase, self.drop)

    def place(self, side: Side, turn: F8) -> F8:
        """Place (s) of the foot's middle in the stance of cycle number ``turn``."""
        start = self.cycle.right_foot_m if side is Side.RIGHT else 0.0
        return self.along(start + turn * self.cycle.stride_m)

    def leg(self, side: Side, phase: F8) -> LegStates:
        """The leg at those phases."""
        own = mean.phase_of(side, phase, self.gait)
        turn = np.asarray(np.floor(own), np.float64)
        limb = self.gait.limbs[side]
        off = limb.toe_off_percent / 100.0
        stance = own - turn <= off
        ankle_s, ankle_z, pitch = np.where(stance, self._standing(side, phase, turn), 0.0)
        swing = ~stance
        if swing.any():
            moving = self._swinging(side, phase[swing], turn[swing])
            ankle_s[swing], ankle_z[swing], pitch[swing] = moving
        u = np.clip((own - turn - off) / (1 - off), 0.0, 1.0)
        here, there = self.place(side, turn), self.place(side, turn + 1)
        hip_s, hip_d, hip_z = self._hip(side, phase)
        return LegStates(
            hip_s, hip_d, hip_z, ankle_s, self._lateral(side, pitch, u), ankle_z, pitch,
            np.where(stance, np.maximum(0.0, -pitch), self._toes_relax(side, u)),
            here + (there - here) * smoothstep(u), np.radians(limb.knee_flexion.at(own)), stance,
        )  # fmt: skip

    def _hip(self, side: Side, phase: F8) -> tuple[F8, F8, F8]:
        pelvis = self.pelvis(phase)
        offset = mean.hip_offset(side, phase, self.gait)
        s, d, z = (base + more for base, more in zip(pelvis, offset, strict=True))
        return s, d, z

    def _lateral(self, side: Side, pitch: F8, u: F8) -> F8:
        gait = self.gait
        sign = 1.0 if side is Side.LEFT else -1.0
        foot = mean.Foot.of(gait)
        turned = math.sin(math.radians(gait.limbs[side].foot_progression_deg))
        own = np.array([gait.limbs[side].toe_off_percent / 100.0, 0.0])
        phase = own + (gait.right_lag if side is Side.RIGHT else 0.0)
        leaving, landing = foot.ankle(self.cycle.standing_pitch(side, phase))[0]
        standing = foot.ankle(pitch)[0]
        swinging = leaving + (landing - leaving) * smoothstep(u)
        ahead = np.where(u > 0, swinging, standing)
        outward = _CIRCUMDUCTION + gait.limbs[side].circumduction
        width = gait.proportions.step_width / 2 + outward * _bump(u)
        return sign * (width * gait.height_m + ahead * turned)

    def _standing(self, side: Side, phase: F8, turn: F8) -> F8:
        """[3, n] s and z of the ankle and pitch of a foot that stands in cycle ``turn``."""
        gait = self.gait
        pitch = self.cycle.standing_pitch(side, phase)
        ahead, up = mean.Foot.of(gait).ankle(pitch)
        turned = math.cos(math.radians(gait.limbs[side].foot_progression_deg))
        return np.stack([self.place(side, turn) + ahead * turned, up, pitch])

    def _bent(self, side: Side, phase: F8, turn: F8) -> F8:
        """[4, n] thigh, knee, pitch and stretch of a leg that stands in cycle ``turn``."""
        p, h = self.gait.proportions, self.gait.height_m
        ankle_s, ankle_z, pitch = self._standing(side, phase, turn)
        s, _, z = self._hip(side, phase)
        wish = mean.wanted(side, phase, self.gait)[1]
        thigh, knee, stretch = mean.bend_leg(
            ankle_s - s, z - ankle_z, thigh=p.thigh * h, shank=p.shank * h, wish=wish
        )
        return np.stack([thigh, knee, pitch, stretch])

    def _swinging(self, side: Side, phase: F8, turn: F8) -> F8:
        """[3, n] a swinging foot: angles as the curves say, led from the last stance over to the next."""
        gait = self.gait
        off = gait.limbs[side].toe_off_percent / 100.0
        lag = gait.right_lag if side is Side.RIGHT else 0.0
        leave, land, tiny = turn + lag + off, turn + lag + 1.0, 1e-4
        u = (phase - leave) / (1 - off)

        def curves(at: F8) -> F8:
            return np.stack([*mean.wanted(side, at, gait), np.ones_like(at)])

        def gap(at: F8, cycle: F8) -> F8:
            return self._bent(side, at, cycle) - curves(at)

        at_leave = gap(leave, turn)
        speed = (at_leave - gap(leave - tiny, turn)) / tiny
        w = np.clip(u / _TAKE_OFF_SHARE, 0.0, 1.0)
        angles = curves(phase) + at_leave * (1 + 2 * w) * (1 - w) ** 2
        angles = angles + speed * _TAKE_OFF_SHARE * (1 - off) * w * (1 - w) ** 2
        # The first instant of the next stance, seen from the cycle that it begins.
        angles = angles + gap(land, turn + 1) * smoothstep((u - 0.4) / 0.6)
        index = np.clip(np.round(2 * turn).astype(int) - self.first, 0, self.swing.shape[1] - 1)
        change = self.swing[0 if side is Side.LEFT else 1][index] * _bump(u)[:, None]
        angles[2] += change[:, 0]
        # A foot is raised by hip and knee together, each by as much as it helps.
        raised = change[:, 1].copy()
        for step in range(_LIFTS + _RESCUES):
            foot = self._hanging(side, phase, angles)
            by_hip = foot[0] - self._hip(side, phase)[0]
            by_knee = -self.gait.proportions.shank * self.gait.height_m * np.sin(angles[0] - angles[1])
            help_of = np.maximum(by_hip**2 + by_knee**2, (0.1 * self.gait.height_m) ** 2)
            raised += self._lift(side, foot[1], foot[2], u, free=step < _LIFTS)
            angles[0] += raised * by_hip / help_of
            angles[1] += raised * by_knee / help_of
            raised = np.zeros_like(raised)
        return self._hanging(side, phase, angles)

    def _hanging(self, side: Side, phase: F8, angles: F8) -> F8:
        """[3, n] s and z of the ankle and pitch of a foot that hangs from the hip at those angles."""
        p, h = self.gait.proportions, self.gait.height_m
        thigh, knee, pitch, stretch = angles
        s, _, z = self._hip(side, phase)
        s = s + h * stretch * (p.thigh * np.sin(thigh) + p.shank * np.sin(thigh - knee))
        z = z - h * stretch * (p.thigh * np.cos(thigh) + p.shank * np.cos(thigh - knee))
        return np.stack([s, z, pitch])

    def _toes_relax(self, side: Side, u: F8) -> F8:
        """The toes' bend in swing: from that of the push-off to none."""
        lag = self.gait.right_lag if side is Side.RIGHT else 0.0
        off = np.array([lag + self.gait.limbs[side].toe_off_percent / 100.0])
        at_leave = np.maximum(0.0, -self.cycle.standing_pitch(side, off))
        return np.asarray(at_leave * (1 - smoothstep(u / _TOES_RELAX_SHARE)), np.float64)

    def _lift(self, side: Side, ankle_z: F8, pitch: F8, u: F8, *, free: bool) -> F8:
        """How much a swinging foot must be raised to move freely over the floor, or at least not in it."""
        foot, bend = mean.Foot.of(self.gait), self._toes_relax(side, u)
        least = self.gait.limbs[side].clearance * self.gait.height_m * _bump(u) if free else np.zeros_like(u)
        level = ankle_z - foot.ankle_up * np.cos(pitch)
        heel = level - (foot.ankle_forward + foot.length / 2) * np.sin(pitch)
        ball = level - (foot.ankle_forward - foot.ball) * np.sin(pitch)
        tip = ball + (foot.length / 2 - foot.ball) * np.sin(pitch + bend)
        lowest = np.minimum(np.minimum(heel, ball), tip)
        floor, soft = foot.point_height + least, least / 2
        return np.asarray((floor - lowest + np.hypot(floor - lowest, soft)) / 2, np.float64)


def _bounded(random: np.random.Generator, shape: tuple[int, ...]) -> F8:
    """Standard normal numbers, cut at two standard deviations: no stumbling."""
    return np.clip(random.standard_normal(shape), -2.0, 2.0)


def _bump(u: F8) -> F8:
    inside = np.clip(u, 0.0, 1.0)
    return 16 * inside**2 * (1 - inside) ** 2


def _sinking(walk: Walk, phase: F8) -> F8:
    """How far the pelvis sinks so that legs keep their length in longer or shorter steps, smoothed."""
    total, legs = np.zeros_like(phase), np.zeros_like(phase)
    forward, _ = walk.cycle.pelvis(phase)
    for side in Side:
        leg = walk.leg(side, phase)
        turn = np.floor(mean.phase_of(side, phase, walk.gait))
        start = walk.cycle.right_foot_m if side is Side.RIGHT else 0.0
        ahead = leg.ankle_s - leg.hip_s
        moved = (leg.place_s - walk.along(forward)) - (start + turn * walk.cycle.stride_m - forward)
        down = leg.hip_z - leg.ankle_z
        kept = np.sqrt(np.maximum(down**2 + (ahead - moved) ** 2 - ahead**2, 1e-9))
        total += np.where(leg.stance, down - kept, 0.0)
        legs += leg.stance
    width = np.arange(-30, 31) / 12.0
    window = np.exp(-(width**2) / 2)
    padded = np.pad(total / np.maximum(legs, 1), 30, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")
