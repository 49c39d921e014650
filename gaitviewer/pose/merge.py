"""The forward and the backward run become one pose.

Pure functions. Where both runs agree, the mean is taken; where they do not, or where left and right were
exchanged for some frames (legs passing each other), the choice that moves most smoothly wins.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import segments
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.pose.follow import Run
from gaitviewer.pose.masks import SmallMask
from gaitviewer.pose.settings import MergeSettings

Floats = NDArray[np.float32]
K = Keypoint

LEGS = (
    K.LEFT_HIP, K.RIGHT_HIP, K.LEFT_KNEE, K.RIGHT_KNEE, K.LEFT_ANKLE, K.RIGHT_ANKLE,
    K.LEFT_BIG_TOE, K.RIGHT_BIG_TOE, K.LEFT_HEEL, K.RIGHT_HEEL,
    K.LEFT_SMALL_TOE, K.RIGHT_SMALL_TOE,
)  # fmt: skip
ARMS = (
    K.LEFT_SHOULDER, K.RIGHT_SHOULDER, K.LEFT_ELBOW, K.RIGHT_ELBOW, K.LEFT_WRIST, K.RIGHT_WRIST,
)  # fmt: skip
HEAD = (K.NOSE, K.LEFT_EYE, K.RIGHT_EYE, K.LEFT_EAR, K.RIGHT_EAR)
CORE = (*LEGS[:10], K.LEFT_SHOULDER, K.RIGHT_SHOULDER)

# Segments whose length is checked, and the chain behind each: a foot is wild if its shank is.
_LIMBS = (
    (K.LEFT_HIP, K.LEFT_KNEE), (K.RIGHT_HIP, K.RIGHT_KNEE),
    (K.LEFT_KNEE, K.LEFT_ANKLE), (K.RIGHT_KNEE, K.RIGHT_ANKLE),
    (K.LEFT_ANKLE, K.LEFT_HEEL), (K.RIGHT_ANKLE, K.RIGHT_HEEL),
    (K.LEFT_ANKLE, K.LEFT_BIG_TOE), (K.RIGHT_ANKLE, K.RIGHT_BIG_TOE),
    (K.LEFT_SHOULDER, K.LEFT_ELBOW), (K.RIGHT_SHOULDER, K.RIGHT_ELBOW),
    (K.LEFT_ELBOW, K.LEFT_WRIST), (K.RIGHT_ELBOW, K.RIGHT_WRIST),
)  # fmt: skip


def cut_at_border(xy: Floats, *, width: int, height: int) -> Floats:
    """Points outside the picture are nobody's observation: they become NaN. xy [..., 2], pixels."""
    with np.errstate(invalid="ignore"):
        inside = (xy[..., 0] >= 0) & (xy[..., 1] >= 0) & (xy[..., 0] <= width - 1) & (xy[..., 1] <= height - 1)
    out = xy.copy()
    out[~inside] = np.nan
    return out


def torso_px(xy: Floats) -> NDArray[np.float64]:
    """[T] distance from mid-shoulder to mid-hip, pixels; the unit of all tolerances here."""
    shoulders = (xy[:, K.LEFT_SHOULDER] + xy[:, K.RIGHT_SHOULDER]) / 2
    hips = (xy[:, K.LEFT_HIP] + xy[:, K.RIGHT_HIP]) / 2
    return np.asarray(np.linalg.norm(shoulders - hips, axis=1), np.float64)


def _rows(run: Run, frames: int) -> tuple[Floats, Floats]:
    points = len(BODY_FEET_23)
    xy = np.full((frames, points, 2), np.nan, np.float32)
    score = np.zeros((frames, points), np.float32)
    xy[run.frames] = run.xy
    score[run.frames] = run.score
    return xy, score


def merge_runs(forward: Run, backward: Run, *, frames: int, settings: MergeSettings) -> tuple[Floats, Floats]:
    """One pose from two runs over the same stretch.

    Args:
        forward: one run.
        backward: the other.
        frames: length T of the video.
        settings: tolerances.

    Returns:
        xy [T, 23, 2] and score [T, 23]; NaN and 0 in frames that neither run found.
    """
    first, first_score = _rows(forward, frames)
    second, second_score = _rows(backward, frames)
    xy = np.full_like(first, np.nan)
    score = np.zeros_like(first_score)
    size = np.fmax(torso_px(first), torso_px(second))
    for group in (ARMS, HEAD, LEGS):
        points = list(group)
        exchanged = [points.index(K(BODY_FEET_23.flips[p])) for p in points]
        picked = choose_smoothest(
            (first[:, points], second[:, points]),
            (first_score[:, points], second_score[:, points]),
            exchanged=exchanged if group is not HEAD else None,
            size=size,
            settings=settings,
            trunk=_breadth(xy, K.LEFT_SHOULDER, K.RIGHT_SHOULDER, size) if group is LEGS else None,
        )
        xy[:, points], score[:, points] = picked
    score[~np.isfinite(xy).all(axis=2)] = 0
    return xy, score


def _breadth(xy: Floats, left: int, right: int, size: NDArray[np.float64]) -> NDArray[np.float64]:
    """[T] how far left is to the right of right, in torso lengths; 0 where unknown."""
    return np.asarray(np.nan_to_num((xy[:, left, 0] - xy[:, right, 0]) / np.maximum(size, 1.0)), np.float64)


def _candidates(
    pair: tuple[Floats, Floats],
    scores: tuple[Floats, Floats],
    exchanged: list[int] | None,
    size: float,
    settings: MergeSettings,
) -> list[tuple[Floats, Floats, float]]:
    """What the group may be in one frame: (xy, score, cost)."""
    there = [bool(np.isfinite(xy).any()) for xy in pair]
    options: list[tuple[Floats, Floats, float]]
    if there[0] and there[1]:
        turned = pair, scores
        if exchanged is not None:
            turned = (pair[0], pair[1][exchanged]), (scores[0], scores[1][exchanged])
        agree, agree_turned = (_agreement(p, settings.agree * size) for p in (pair, turned[0]))
        if agree.all():
            options = [(*_weighted_mean(pair, scores), 0.0)]
        elif agree_turned.all():  # one of them has left and right exchanged; which, is decided by motion
            options = [(*_weighted_mean(*turned), 0.0)]
        else:
            doubt = np.where(agree, 1, settings.doubt).astype(np.float32)
            options = [(pair[0], scores[0] * doubt, 0.0), (pair[1], scores[1] * doubt, 0.0)]
            mixed, sure = _mixed(pair, scores, agree)
            options.append((mixed, sure * doubt, 0.0))
    elif there[0] or there[1]:
        which = 0 if there[0] else 1
        options = [(pair[which], scores[which], 0.0)]
    else:
        return []
    if exchanged is None:
        return options
    return options + [(xy[exchanged], score[exchanged], settings.swap_cost) for xy, score, _ in options]


def _agreement(pair: tuple[Floats, Floats], tolerance: float) -> NDArray[np.bool_]:
    """[G] whether both have a point at the same place; true for points that the estimator does not have."""
    apart = np.linalg.norm(pair[0] - pair[1], axis=1)
    return np.asarray(~(apart > tolerance), np.bool_)


def _weighted_mean(pair: tuple[Floats, Floats], scores: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    weights = np.stack(scores)[..., None] + np.float32(1e-3)
    total = weights.sum(axis=0)
    xy = (np.stack(pair) * weights).sum(axis=0) / total
    return xy.astype(np.float32), ((scores[0] + scores[1]) / 2).astype(np.float32)


def _mixed(
    pair: tuple[Floats, Floats], scores: tuple[Floats, Floats], agree: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """The mean where the runs agree, the surer one elsewhere."""
    mean, score = _weighted_mean(pair, scores)
    surer = scores[0] >= scores[1]
    xy = np.where(agree[:, None], mean, np.where(surer[:, None], pair[0], pair[1]))
    return xy.astype(np.float32), np.where(agree, score, np.maximum(*scores)).astype(np.float32)


def choose_smoothest(
    runs: tuple[Floats, Floats],
    scores: tuple[Floats, Floats],
    *,
    exchanged: list[int] | None,
    size: NDArray[np.float64],
    settings: MergeSettings,
    trunk: NDArray[np.float64] | None = None,
) -> tuple[Floats, Floats]:
    """Pick one candidate a frame so that the group of points accelerates least (dynamic programming).

    Args:
        runs: two answers, xy [T, G, 2] each.
        scores: their scores, [T, G] each.
        exchanged: where left and right of the group go when they are exchanged, or None.
        size: [T] torso length, pixels.
        settings: tolerances and costs.
        trunk: [T] breadth of the shoulders, left minus right, torso lengths; then the group begins with
            the hips, and hips the other way round than the shoulders are a twist that costs.

    Returns:
        xy [T, G, 2], score [T, G].
    """
    xy, score = np.full_like(runs[0], np.nan), np.zeros_like(scores[0])
    options = []
    for t in range(len(size)):
        unit = float(size[t]) if np.isfinite(size[t]) else 0.0
        both = (runs[0][t], runs[1][t]), (scores[0][t], scores[1][t])
        here = _candidates(*both, exchanged, unit, settings)
        if trunk is not None and unit > 0:
            here = [
                (p, s, cost + settings.twist_cost * _twist(p, float(trunk[t]), unit)) for p, s, cost in here
            ]
        options.append(here)
    for start, stop in segments(np.array([bool(here) for here in options], np.bool_)):
        picks = _smoothest(options[start:stop], size[start:stop], settings)
        for t, pick in enumerate(picks, start):
            xy[t], score[t], _ = options[t][pick]
    return xy, score


def _twist(hips: Floats, shoulders: float, size: float) -> float:
    """0..1: how clearly the hips (first two points) are the other way round than the shoulders."""
    breadth = float(hips[0, 0] - hips[1, 0]) / size
    if not breadth * shoulders < 0:
        return 0.0
    return min(1.0, abs(breadth) / 0.2) * min(1.0, abs(shoulders) / 0.4)


def _smoothest(
    options: Sequence[list[tuple[Floats, Floats, float]]],
    size: NDArray[np.float64],
    settings: MergeSettings,
) -> list[int]:
    """Index of the candidate of each frame; second-order Viterbi over pairs of neighbouring frames."""
    if len(options) == 1:
        return [0]
    stacks = [np.stack([xy for xy, _, _ in frame]) for frame in options]  # [C, G, 2]
    own = [np.array([cost for _, _, cost in frame]) for frame in options]
    step = _distance(stacks[1][None] - stacks[0][:, None], size[1])  # [C0, C1]
    cost = own[0][:, None] + own[1][None] + settings.switch_cost * step
    back: list[NDArray[np.int64]] = []
    for t in range(2, len(options)):
        a, b, c = stacks[t - 2], stacks[t - 1], stacks[t]
        bend = c[None, None] - 2 * b[None, :, None] + a[:, None, None]  # [Ca, Cb, Cc, G, 2]
        total = cost[:, :, None] + _distance(bend, size[t]) + own[t][None, None]
        back.append(np.asarray(total.argmin(axis=0), np.int64))
        cost = total.min(axis=0)
    before, last = np.unravel_index(int(cost.argmin()), cost.shape)
    picks = [int(last), int(before)]
    for table in reversed(back):
        picks.append(int(table[picks[-1], picks[-2]]))
    return picks[::-1]


def _distance(difference: Floats, size: float) -> NDArray[np.float64]:
    """Mean length over the group's points in torso lengths; points that are missing do not count."""
    length = np.minimum(np.linalg.norm(difference, axis=-1) / max(float(np.nan_to_num(size)), 1.0), 2.0)
    seen = np.isfinite(length)
    return np.asarray(np.where(seen, length, 0).sum(axis=-1) / np.maximum(1, seen.sum(axis=-1)), np.float64)


def drop_wild_limbs(xy: Floats, *, max_ratio: float) -> Floats:
    """Ends of segments much longer than that segment usually is become NaN. xy [T, 23, 2]."""
    out = xy.copy()
    torso = torso_px(xy)
    with np.errstate(invalid="ignore", divide="ignore"):
        for near, far in _LIMBS:
            ratio = np.linalg.norm(out[:, far] - out[:, near], axis=1) / torso
            usual = np.nanpercentile(ratio, 75) if np.isfinite(ratio).any() else np.inf
            out[ratio > max_ratio * usual, far] = np.nan
    return out


def long_enough(found: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    """[T] ``found`` without runs of fewer than ``least`` frames: a flash of somebody is nobody."""
    out = np.zeros_like(found)
    for start, stop in segments(found):
        out[start:stop] = stop - start >= least
    return out


def is_cut_off(xy: Floats, *, width: int, height: int, margin: float) -> NDArray[np.bool_]:
    """[T] whether the picture's edge cuts the body, or nearly so (trunk within ``margin`` torso lengths).

    There an estimator makes up limbs, so one should believe it less.
    """
    with np.errstate(invalid="ignore"):
        core = xy[:, list(CORE)]
        inside = np.isfinite(cut_at_border(core, width=width, height=height)).all(axis=2)
        outside = np.isfinite(core).all(axis=2) & ~inside
        trunk_x = xy[:, [K.LEFT_SHOULDER, K.RIGHT_SHOULDER, K.LEFT_HIP, K.RIGHT_HIP], 0]
        room = margin * torso_px(xy)[:, None]
        near = (trunk_x < room) | (trunk_x > width - 1 - room)
    return np.asarray(outside.any(axis=1) | near.any(axis=1), np.bool_)


def finish(
    xy: Floats, score: Floats, *, width: int, height: int, settings: MergeSettings
) -> tuple[Floats, Floats]:
    """Cut what lies outside the picture, what is too unsure, wild limbs and rows with too little left."""
    out = cut_at_border(xy, width=width, height=height)
    least = np.full(score.shape, settings.min_score)
    cut_off = is_cut_off(xy, width=width, height=height, margin=settings.border)
    least[:, list(LEGS)] = np.where(cut_off, settings.min_leg_score_cut_off, settings.min_leg_score)[:, None]
    inside = (np.isfinite(out).all(axis=2) & (score >= settings.min_score))[:, list(CORE)]
    there = long_enough(inside.sum(axis=1) >= settings.min_points, settings.min_frames)
    out[(score < least) | ~there[:, None]] = np.nan
    out = drop_wild_limbs(out, max_ratio=settings.max_limb)
    kept = np.isfinite(out).all(axis=2)
    return out, np.where(kept, score, 0).astype(np.float32)


def merge_masks(forward: Run, backward: Run, kept: NDArray[np.bool_]) -> dict[int, SmallMask]:
    """Outlines of the kept frames ([T] bool), each from the run that was surer of its points there."""
    sure: list[dict[int, float]] = [
        dict(zip(run.frames.tolist(), run.score.mean(axis=1).tolist(), strict=True))
        for run in (forward, backward)
    ]
    masks: dict[int, SmallMask] = {}
    for frame in np.flatnonzero(kept).tolist():
        if sure[0].get(frame, -1.0) >= sure[1].get(frame, -1.0):
            order = (forward.masks, backward.masks)
        else:
            order = (backward.masks, forward.masks)
        small = order[0].get(frame) or order[1].get(frame)
        if small is not None:
            masks[frame] = small
    return masks
