"""A seeded 3D walker: points, true angles, events and sides of somebody who never was.

The stance foot stands still, nothing goes through the floor, and the knee angle of the points is the one of
the gait's curve (see :mod:`gaitviewer.synthesis.gait.cycle`). Along a bend the same steps are
laid round the bend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gaitviewer.core.arrays import F8, readonly_array
from gaitviewer.core.gait import BySide, EventKind, GaitEvent, GaitEvents, Side
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.synthesis.body.legs import LegStates, Walk
from gaitviewer.synthesis.body.torso import FloorAxes, place_torso
from gaitviewer.synthesis.curves import monotone
from gaitviewer.synthesis.gait import cycle as mean
from gaitviewer.synthesis.gait.model import WalkerGait
from gaitviewer.synthesis.gait.path import Path
from gaitviewer.synthesis.gait.truth import AngleKey, side_points, true_angles

_LOOK_AHEAD_M = 0.12
_SMALL_TOE = (0.82, 0.30)


@dataclass(frozen=True, slots=True, eq=False)
class WalkerMotion:
    """A walk at T moments, with its truth.

    Attributes:
        times: [T] seconds, increasing.
        points: [T, 23, 3] metres in the layout of :mod:`gaitviewer.core.skeleton`; hips, knees and ankles are
            joint centres, heel and toes lie on the sole line.
        angles: degrees [T] by (name, side), see :func:`gaitviewer.synthesis.gait.truth.true_angles`.
        phase: [T] of the left cycle, 1 a cycle.
        stance: [T] by side, whether that foot stands.
        straight: [T] whether the way is straight there.
        heading_deg: [T] walking direction, counter-clockwise from +x.
        events: all events from ``times[0]`` to ``times[-1]``, by the walker's clock.
        gait, seed: what it was made from.
    """

    times: NDArray[np.float64]
    points: NDArray[np.float64]
    angles: Mapping[AngleKey, F8]
    phase: NDArray[np.float64]
    stance: BySide[NDArray[np.bool_]]
    straight: NDArray[np.bool_]
    heading_deg: NDArray[np.float64]
    events: GaitEvents
    gait: WalkerGait
    seed: int

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "times", readonly_array(self.times, np.float64, (None,), "times"))
        put(self, "points", readonly_array(self.points, np.float64, (len(self.times), 23, 3), "points"))

    def __len__(self) -> int:
        return int(self.times.size)


@dataclass(frozen=True, slots=True, eq=False)
class Walker:
    """Somebody on the way: ask for the motion at any times.

    Attributes:
        gait, seed, path: as given to :func:`simulate`.
        walk: its steps on a straight line.
        half_cycles_s: [n] times at which the phase is a multiple of one half, from ``walk.first`` on.
        sway_deg: [n, 2] trunk tilt and lean added in each half cycle.
    """

    gait: WalkerGait
    seed: int
    path: Path
    walk: Walk
    half_cycles_s: F8
    sway_deg: F8
    half_phases: F8 = field(init=False)

    def __post_init__(self) -> None:
        count = self.half_cycles_s.size
        object.__setattr__(self, "half_phases", (self.walk.first + np.arange(count)) / 2)

    def phase_at(self, times: ArrayLike) -> F8:
        """Phase of the left cycle at ``times`` in seconds."""
        dense = np.linspace(self.half_phases[0], self.half_phases[-1], 400 * self.half_phases.size)
        return np.interp(np.asarray(times, np.float64), self.time_of(dense), dense)

    def time_of(self, phase: ArrayLike) -> F8:
        """Seconds at a phase of the left cycle."""
        return monotone(self.half_phases, self.half_cycles_s, phase)

    def at(self, times: ArrayLike) -> WalkerMotion:
        """The motion at ``times`` [T] seconds, increasing."""
        moments = np.asarray(times, np.float64)
        phase = self.phase_at(moments)
        pelvis_s, pelvis_d, pelvis_z = self.walk.pelvis(phase)
        xy, _, heading = self.path.at(pelvis_s)
        frame = FloorAxes.of_heading(heading)
        middle = np.concatenate([xy, np.zeros((xy.shape[0], 1))], axis=1)
        middle = middle + frame.point(np.zeros_like(pelvis_d), pelvis_d, pelvis_z)
        points = np.full((moments.size, len(Keypoint), 3), np.nan)
        legs = BySide(*(self.walk.leg(side, phase) for side in Side))
        for side in Side:
            self._place_leg(points, side, legs[side], pelvis_s=pelvis_s, frame=frame)
        place_torso(
            points, self.gait, phase=phase, middle=middle, frame=frame,
            look=FloorAxes.of_heading(self.path.at(pelvis_s + _LOOK_AHEAD_M)[2]),
            sway_deg=self._sway(phase),
        )  # fmt: skip
        return WalkerMotion(
            times=moments,
            points=points,
            angles=true_angles(points, frame=frame, pelvic_tilt_deg=self.gait.trunk.pelvic_tilt.at(phase)),
            phase=phase,
            stance=legs.map(lambda leg: leg.stance),
            straight=self.path.straight(pelvis_s),
            heading_deg=np.degrees(heading),
            events=self._events(float(moments[0]), float(moments[-1])),
            gait=self.gait,
            seed=self.seed,
        )

    def _sway(self, phase: F8) -> F8:
        parts = [monotone(self.half_phases, column, phase) for column in self.sway_deg.T]
        return np.stack(parts, axis=1)

    def _place_leg(self, points: F8, side: Side, leg: LegStates, *, pelvis_s: F8, frame: FloorAxes) -> None:
        """Lay a leg of the straight line round the bend: the hip with the pelvis, the foot with its place."""
        gait, p, h = self.gait, self.gait.proportions, self.gait.height_m
        up = np.array([0.0, 0.0, 1.0])
        hip_xy = self.path.at(pelvis_s)[0]
        hip = np.concatenate([hip_xy, np.zeros((hip_xy.shape[0], 1))], axis=1)
        hip = hip + frame.point(leg.hip_s - pelvis_s, leg.hip_d, leg.hip_z)
        foot_xy, _, foot_heading = self.path.at(leg.place_s)
        stand = FloorAxes.of_heading(foot_heading)
        ankle = np.concatenate([foot_xy, np.zeros((foot_xy.shape[0], 1))], axis=1)
        ankle = ankle + stand.point(leg.ankle_s - leg.place_s, leg.ankle_d, leg.ankle_z)
        between = frame.ahead + stand.ahead
        ahead = between / np.linalg.norm(between, axis=1, keepdims=True)
        forward, down = np.einsum("nk,nk->n", ankle - hip, ahead), hip[:, 2] - ankle[:, 2]
        thigh, _, stretch = mean.bend_leg(forward, down, thigh=p.thigh * h, shank=p.shank * h, wish=leg.wish)
        knee = (p.thigh * h * stretch)[:, None] * (np.sin(thigh)[:, None] * ahead - np.cos(thigh)[:, None] * up)
        sideways = (ankle - hip) - forward[:, None] * ahead + down[:, None] * up
        share = np.clip(-knee[:, 2] / np.maximum(down, 1e-6), 0.0, 1.0)
        at = side_points(side)
        points[:, at["hip"]], points[:, at["ankle"]] = hip, ankle
        turn = np.radians(gait.limbs[side].knee_progression_deg) * (1 if side is Side.LEFT else -1)
        points[:, at["knee"]] = hip + _turned(knee + share[:, None] * sideways, about=ankle - hip, angle=turn)
        outward = np.radians(gait.limbs[side].foot_progression_deg) * (1 if side is Side.LEFT else -1)
        self._place_foot(points, side, leg, frame=stand.turned(np.full(leg.pitch.shape, outward)))

    def _place_foot(self, points: F8, side: Side, leg: LegStates, *, frame: FloorAxes) -> None:
        """Heel on the rigid part of the foot, toes beyond the ball where they bend."""
        foot = mean.Foot.of(self.gait)
        at = side_points(side)
        outward = 1.0 if side is Side.LEFT else -1.0
        cos, sin = np.cos(leg.pitch), np.sin(leg.pitch)

        def rigid(forward: float) -> tuple[F8, F8]:
            x, z = forward - foot.ankle_forward, -foot.ankle_up
            return x * cos - z * sin, x * sin + z * cos

        ball = rigid(foot.ball)
        toes = leg.pitch + leg.toe_bend
        small = (_SMALL_TOE[0] - 0.5) * foot.length - foot.ball
        tilt = np.radians(self.gait.limbs[side].hindfoot_valgus_deg)
        for name, beyond, aside in (
            ("heel", None, outward * foot.ankle_up * float(np.tan(tilt))),
            ("big_toe", foot.length / 2 - foot.ball, 0.0),
            ("small_toe", small, outward * _SMALL_TOE[1] * foot.length),
        ):
            x, z = rigid(-foot.length / 2) if beyond is None else ball
            if beyond is not None:
                x, z = x + beyond * np.cos(toes), z + beyond * np.sin(toes)
            points[:, at[name]] = points[:, at["ankle"]] + frame.point(x, np.full(x.shape, aside), z)

    def _events(self, start_s: float, stop_s: float) -> GaitEvents:
        found = []
        turns = np.arange(np.ceil(self.half_phases[0]), np.floor(self.half_phases[-1]))
        for side in Side:
            lag = self.gait.right_lag if side is Side.RIGHT else 0.0
            off = self.gait.limbs[side].toe_off_percent / 100.0
            for kind, within in ((EventKind.INITIAL_CONTACT, 0.0), (EventKind.TOE_OFF, off)):
                phases = turns + lag + within
                for time in self.time_of(phases[phases <= self.half_phases[-1]]):
                    if start_s <= time <= stop_s:
                        found.append(GaitEvent(kind, side, float(time), 0.0))
        return GaitEvents(tuple(found))


def _turned(vectors: F8, *, about: F8, angle: float) -> F8:
    """Vectors [n, 3] turned about axes [n, 3] by ``angle`` radians: lengths of the bones stay (Rodrigues)."""
    if angle == 0.0:
        return vectors
    axis = -about / np.linalg.norm(about, axis=1, keepdims=True)
    along = np.einsum("nk,nk->n", vectors, axis)[:, None] * axis
    turned = along + np.cos(angle) * (vectors - along) + np.sin(angle) * np.cross(axis, vectors)
    return np.asarray(turned, np.float64)


def make_walker(
    gait: WalkerGait, *, seed: int, longest_s: float, path: Path | None = None, start_phase: float = 0.2
) -> Walker:
    """Somebody who walks along ``path``; ask him for the motion at any times.

    Args:
        gait: how he walks.
        seed: draws the differences between his steps.
        longest_s: up to when he can be asked, seconds.
        path: his way; straight ahead along x if None.
        start_phase: where in the left gait cycle he is at time 0, when his pelvis is at the path's start.

    Raises:
        ValueError: ``longest_s`` is not positive.
    """
    if not longest_s > 0:
        raise ValueError("a walk takes time")
    random = np.random.default_rng(seed)
    first = -4
    half = gait.stride_time_s / 2
    count = int(np.ceil(longest_s / half * 1.2)) + 10
    change = np.clip(random.standard_normal(count), -2.0, 2.0)
    lengths = half * (1 + gait.variability.stride_time * change)
    clock = np.concatenate([[0.0], np.cumsum(lengths)])
    start = float(monotone((first + np.arange(count + 1)) / 2, clock, np.array([start_phase]))[0])
    sway = gait.variability.trunk_deg * np.clip(random.standard_normal((count + 1, 2)), -2.0, 2.0)
    walk = Walk.draw(gait, random, first=first, count=count)
    begin = float(walk.pelvis(np.array([start_phase]))[0][0])
    return _from_start(Walker(gait, seed, path or Path(), walk, clock - start, sway), begin)


def _from_start(walker: Walker, begin_m: float) -> Walker:
    """The pelvis begins at the path's start: the straight line's origin is moved there."""
    cos, sin = np.cos(np.radians(walker.path.heading_deg)), np.sin(np.radians(walker.path.heading_deg))
    x, y = walker.path.start_xy
    start = (float(x - begin_m * cos), float(y - begin_m * sin))
    pieces = walker.path.pieces
    lead = ((begin_m, 0.0), *pieces) if pieces and begin_m > 0 else pieces
    path = Path(start, walker.path.heading_deg, lead)
    return Walker(walker.gait, walker.seed, path, walker.walk, walker.half_cycles_s, walker.sway_deg)


def simulate(
    gait: WalkerGait,
    *,
    seed: int,
    duration_s: float,
    rate_hz: float,
    start_xy: tuple[float, float] = (0.0, 0.0),
    heading_deg: float = 0.0,
    path: Path | None = None,
) -> WalkerMotion:
    """Walk for ``duration_s`` seconds.

    Args:
        gait: how.
        seed: draws the differences between strides; the same seed gives the same walk.
        duration_s: seconds.
        rate_hz: frames a second.
        start_xy: where the pelvis starts, metres (without ``path``).
        heading_deg: walking direction, counter-clockwise from +x (without ``path``).
        path: the way; straight ahead if None.
    """
    way = path or Path(start_xy, heading_deg)
    walker = make_walker(gait, seed=seed, longest_s=duration_s, path=way)
    return walker.at(np.arange(max(1, round(duration_s * rate_hz))) / rate_hz)
