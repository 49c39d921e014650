"""What a pose estimator makes of the walker: keypoints with the errors that real ones have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import Side, View
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.synthesis.curves import Array
from gaitviewer.synthesis.demo import FilmedView
from gaitviewer.synthesis.tables import read_table
from gaitviewer.synthesis.truth import side_points

_LEG = ("hip", "knee", "ankle", "big_toe", "small_toe", "heel")


def observe_with_errors(filmed: FilmedView, random: np.random.Generator, *, level: float = 1.0) -> PoseSequence:
    """Keypoints of a recording as an estimator would give them.

    Jitter correlated in time, a constant offset of each keypoint, a limb that hides behind the other one,
    legs exchanged for short runs, frames in which nobody is found, and scores that follow the errors.

    Args:
        filmed: what the camera saw.
        random: source of chance.
        level: factor on all sizes.
    """
    table = read_table("pose_errors")
    points, times = filmed.points_px, filmed.times
    leg = leg_px(filmed)
    spread = np.array([table["jitter"][part_name(keypoint)] for keypoint in Keypoint])
    level *= float(np.exp(table["recording"]["spread"] * np.clip(random.standard_normal(), -2, 2)))
    size = spread * level * far_limb_factor(filmed, points, leg, table["far_limb"])
    error = size[..., None] * correlated(random, times, points.shape[1], table["jitter"]["decay_s"])
    bias = level * table["bias"]["spread"] * random.standard_normal((points.shape[1], 2))
    xy = points + leg[:, None, None] * (error + bias)
    off = np.linalg.norm(error + bias, axis=2)
    xy, off = _exchange_legs(random, xy, off, times, table["swap"], level)
    score = table["score"]["full"] - table["score"]["per_error"] * off
    score = np.clip(score + table["score"]["noise"] * random.standard_normal(score.shape), 0.05, 1.0)
    seen = _inside(xy, filmed) & ~runs(random, times, table["dropped"], level)[:, None]
    return PoseSequence(
        xy=np.where(seen[..., None], np.round(xy * 32) / 32, np.nan).astype(np.float32),
        score=np.where(seen, np.round(score * 256) / 256, 0.0).astype(np.float32),
        times=times,
        width=filmed.camera.width,
        height=filmed.camera.height,
    )


def part_name(keypoint: Keypoint) -> str:
    """Name without its side, e.g. ``big_toe``."""
    return keypoint.name.lower().removeprefix("left_").removeprefix("right_")


def leg_px(filmed: FilmedView) -> Array:
    """[T] length of a leg (hip to ankle) at the subject's place, pixels."""
    p, h = filmed.motion.gait.proportions, filmed.motion.gait.height_m
    hips = filmed.motion.points[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].mean(axis=1)
    return np.asarray((p.thigh + p.shank) * h * filmed.camera.scale_at(hips), np.float64)


def correlated(random: np.random.Generator, times: Array, points: int, decay_s: float) -> Array:
    """[T, points, 2] unit noise whose autocorrelation falls to 1/e in ``decay_s`` seconds."""
    noise = random.standard_normal((times.size, points, 2))
    kept = np.exp(-np.diff(times) / decay_s)
    for frame in range(1, times.size):
        share = kept[frame - 1]
        noise[frame] = share * noise[frame - 1] + np.sqrt(1 - share**2) * noise[frame]
    return noise


def far_limb_factor(filmed: FilmedView, points: Array, leg: Array, table: dict[str, Any]) -> Array:
    """[T, K] how much larger errors are where a limb is far, more where the near one hides it."""
    factor = np.ones(points.shape[:2])
    if filmed.view is View.CORONAL:
        return factor
    depth = filmed.camera.depth(filmed.motion.points)
    for side in Side:
        at, other = side_points(side), side_points(side.other)
        far = depth[:, at["hip"]] > depth[:, other["hip"]] + 0.01
        apart = np.abs(points[:, at["ankle"], 0] - points[:, other["ankle"], 0]) / leg
        hidden = far & (apart < table["occluded_within"])
        for name, keypoint in at.items():
            factor[far, keypoint] = table["factor"]
            if name in _LEG:
                factor[hidden, keypoint] = table["occluded_factor"]
    return factor


def runs(random: np.random.Generator, times: Array, table: dict[str, Any], level: float) -> NDArray[np.bool_]:
    """[T] short stretches at random moments, ``a_second`` of them each second."""
    chosen = np.zeros(times.size, np.bool_)
    span = float(times[-1] - times[0])
    for start in random.uniform(times[0], times[-1], random.poisson(table["a_second"] * level * span)):
        chosen |= (times >= start) & (times < start + random.uniform(*table["seconds"]))
    return chosen


def _exchange_legs(
    random: np.random.Generator, xy: Array, off: Array, times: Array, table: dict[str, Any], level: float
) -> tuple[Array, Array]:
    rows = runs(random, times, table, level)
    order = np.arange(xy.shape[1])
    for keypoint in Keypoint:
        if part_name(keypoint) in _LEG:
            order[keypoint] = BODY_FEET_23.flips[keypoint]
    xy, off = xy.copy(), off.copy()
    xy[rows] = xy[rows][:, order]
    off[rows] = np.maximum(off[rows][:, order], 0.06)
    return xy, off


def _inside(xy: Array, filmed: FilmedView) -> NDArray[np.bool_]:
    size = np.array([filmed.camera.width, filmed.camera.height]) - 1
    with np.errstate(invalid="ignore"):
        return np.asarray(((xy >= 0) & (xy <= size)).all(axis=2), np.bool_)
