"""What a pose estimator makes of the walker: keypoints with the errors that real ones have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import F8
from gaitviewer.core.gait import Side, View
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.serialise import read_resource
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.synthesis.demo import FilmedView
from gaitviewer.synthesis.gait.truth import side_points

LEG_PARTS = ("hip", "knee", "ankle", "big_toe", "small_toe", "heel")
_HIDDEN_WITHIN = 0.25  # leg lengths between the ankles while one leg hides the other
_SWAP_ERROR = 0.06  # what an exchange costs at least in score, leg lengths
_RECORDING_SPREAD = 0.30  # (log) of the whole noise between recordings


@dataclass(frozen=True, slots=True)
class ViewErrors:
    """Errors in one view by name of the part, in leg lengths; factors for limbs that are far, and hidden."""

    jitter: dict[str, float]
    decay_s: dict[str, float]
    bias: dict[str, tuple[float, float]]
    bias_spread: float
    never_seen: tuple[str, ...]
    far_factor: float = 1.0
    hidden_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Stretches:
    """How often something happens, and for how long (from, to)."""

    a_second: float
    seconds: tuple[float, float]


@dataclass(frozen=True, slots=True)
class ScoreErrors:
    """A score is ``full``, less ``per_error`` times the error, and noise."""

    full: float
    per_error: float
    noise: float


@dataclass(frozen=True, slots=True)
class PoseErrors:
    """``resources/synthesis/pose_errors.toml``."""

    sagittal: ViewErrors
    coronal: ViewErrors
    swap: Stretches
    dropped: Stretches
    score: ScoreErrors


@cache
def pose_errors() -> PoseErrors:
    """The figures of the estimator."""
    return read_resource("synthesis/pose_errors.toml", PoseErrors)


def observe_with_errors(filmed: FilmedView, random: np.random.Generator, *, level: float = 1.0) -> PoseSequence:
    """Keypoints of a recording as an estimator would give them.

    Jitter correlated in time, a constant offset of each keypoint, a limb that hides behind the other one,
    legs exchanged for short runs, frames in which nobody is found, and scores that follow the errors; the
    figures in ``resources/synthesis/pose_errors.toml`` are measured on a real estimator.

    Args:
        filmed: what the camera saw.
        random: source of chance.
        level: factor on all sizes.
    """
    table, times, leg = pose_errors(), filmed.times, leg_px(filmed)
    own = table.sagittal if filmed.view is View.SAGITTAL else table.coronal
    points = filmed.points_px
    level *= float(np.exp(_RECORDING_SPREAD * np.clip(random.standard_normal(), -2, 2)))
    size = level * _per_point(own.jitter) * _far_factor(filmed, points, leg, own)
    jitter = size[..., None] * correlated(random, times, _per_point(own.decay_s))
    offset = _bias(filmed, own, random, level)
    xy = points + leg[:, None, None] * (jitter + offset)
    off = np.linalg.norm(jitter + offset, axis=2)
    xy, off = _exchange_legs(random, xy, off, times, table.swap, level)
    score = table.score.full - table.score.per_error * off
    score = np.clip(score + table.score.noise * random.standard_normal(score.shape), 0.05, 1.0)
    given = np.asarray([part_name(keypoint) not in own.never_seen for keypoint in Keypoint])
    seen = _inside(xy, filmed) & given & ~runs(random, times, table.dropped, level)[:, None]
    return PoseSequence(
        xy=np.where(seen[..., None], np.round(xy * 32) / 32, np.nan).astype(np.float32),
        score=np.where(seen, np.round(score * 256) / 256, 0.0).astype(np.float32),
        times=times,
        width=filmed.camera.width,
        height=filmed.camera.height,
    )


def _per_point(table: Mapping[str, float | tuple[float, float]]) -> F8:
    """[K] or [K, n] of a table by part; the middle of the others for one that the estimator never gives."""
    usual = np.median(np.asarray(list(table.values()), np.float64), axis=0)
    return np.asarray([table.get(part_name(keypoint), usual) for keypoint in Keypoint], np.float64)


def _bias(filmed: FilmedView, own: ViewErrors, random: np.random.Generator, level: float) -> F8:
    """[T, K, 2] offset of each keypoint: the estimator's own, and one that belongs to the recording."""
    usual = _per_point(own.bias) + level * own.bias_spread * random.standard_normal((len(Keypoint), 2))
    angle = np.radians(filmed.motion.heading_deg)
    ahead = np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=1) @ filmed.camera.axes.T
    offset = np.broadcast_to(usual, (angle.size, *usual.shape)).copy()
    if filmed.view is View.SAGITTAL:
        offset[..., 0] *= ahead[:, :1]
    else:
        outward = [(k.name.startswith("LEFT")) * 1.0 - k.name.startswith("RIGHT") * 1.0 for k in Keypoint]
        offset[..., 0] *= -ahead[:, 2:] * np.asarray(outward)
    return offset


def part_name(keypoint: Keypoint) -> str:
    """Name without its side, e.g. ``big_toe``."""
    return keypoint.name.lower().removeprefix("left_").removeprefix("right_")


def leg_px(filmed: FilmedView) -> F8:
    """[T] length of a leg (hip to ankle) at the subject's place, pixels."""
    p, h = filmed.motion.gait.proportions, filmed.motion.gait.height_m
    hips = filmed.motion.points[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].mean(axis=1)
    return np.asarray((p.thigh + p.shank) * h * filmed.camera.scale_at(hips), np.float64)


def correlated(random: np.random.Generator, times: F8, decay_s: F8) -> F8:
    """[T, K, 2] unit noise whose autocorrelation falls to 1/e in ``decay_s`` [K] seconds."""
    noise = random.standard_normal((times.size, decay_s.size, 2))
    kept = np.exp(-np.diff(times)[:, None] / decay_s)[..., None]
    fresh = np.sqrt(1 - kept**2)
    for frame in range(1, times.size):
        noise[frame] = kept[frame - 1] * noise[frame - 1] + fresh[frame - 1] * noise[frame]
    return noise


def behind(filmed: FilmedView) -> NDArray[np.bool_]:
    """[T, K] limbs on the far side in a side view."""
    far = np.zeros(filmed.motion.points.shape[:2], np.bool_)
    if filmed.view is View.CORONAL:
        return far
    depth = filmed.camera.depth(filmed.motion.points)
    for side in Side:
        at, other = side_points(side), side_points(side.other)
        rows = depth[:, at["hip"]] > depth[:, other["hip"]] + 0.01
        far[:, list(at.values())] |= rows[:, None]
    return far


def hidden(filmed: FilmedView, points: F8, leg: F8) -> NDArray[np.bool_]:
    """[T, K] far legs while the near one passes in front of them; ``points`` [T, K, 2] pixels."""
    apart = np.abs(points[:, Keypoint.LEFT_ANKLE, 0] - points[:, Keypoint.RIGHT_ANKLE, 0]) / leg
    legs = np.asarray([part_name(keypoint) in LEG_PARTS for keypoint in Keypoint])
    return np.asarray(behind(filmed) & legs & (apart < _HIDDEN_WITHIN)[:, None], np.bool_)


def _far_factor(filmed: FilmedView, points: F8, leg: F8, own: ViewErrors) -> F8:
    """[T, K] how much larger errors are where a limb is far, more where the near one hides it."""
    if filmed.view is View.CORONAL:
        return np.ones(points.shape[:2])
    factor = np.where(behind(filmed), own.far_factor, 1.0)
    return np.where(hidden(filmed, points, leg), own.hidden_factor, factor)


def runs(random: np.random.Generator, times: F8, of: Stretches, level: float) -> NDArray[np.bool_]:
    """[T] short stretches at random moments, ``a_second`` of them each second."""
    chosen = np.zeros(times.size, np.bool_)
    span = float(times[-1] - times[0])
    for start in random.uniform(times[0], times[-1], random.poisson(of.a_second * level * span)):
        chosen |= (times >= start) & (times < start + random.uniform(*of.seconds))
    return chosen


def _exchange_legs(
    random: np.random.Generator, xy: F8, off: F8, times: F8, swap: Stretches, level: float
) -> tuple[F8, F8]:
    rows = runs(random, times, swap, level)
    order = np.arange(xy.shape[1])
    for keypoint in Keypoint:
        if part_name(keypoint) in LEG_PARTS:
            order[keypoint] = BODY_FEET_23.flips[keypoint]
    xy, off = xy.copy(), off.copy()
    xy[rows] = xy[rows][:, order]
    off[rows] = np.maximum(off[rows][:, order], _SWAP_ERROR)
    return xy, off


def _inside(xy: F8, filmed: FilmedView) -> NDArray[np.bool_]:
    size = np.array([filmed.camera.width, filmed.camera.height]) - 1
    with np.errstate(invalid="ignore"):
        return np.asarray(((xy >= 0) & (xy <= size)).all(axis=2), np.bool_)
