"""Two runs become one pose: on made-up walkers."""

from __future__ import annotations

import numpy as np
import pytest

from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.pose.follow import Run
from gaitviewer.pose.masks import SmallMask
from gaitviewer.pose.merge import LEGS, cut_at_border, drop_wild_limbs, finish, merge_masks, merge_runs
from gaitviewer.pose.settings import load_settings

K = Keypoint
FLIPS = list(BODY_FEET_23.flips)
MERGE = load_settings().merge
SMALL_TOES = [K.LEFT_SMALL_TOE, K.RIGHT_SMALL_TOE]


def walker(frames: int = 60) -> np.ndarray:
    """xy [T, 23, 2] of somebody who walks sideways with legs and arms that swing past each other."""
    t = np.arange(frames)[:, None] / 30
    swing = np.sin(2 * np.pi * t)
    xy = np.zeros((frames, 23, 2), np.float32)
    xy[..., 0] = 200 + 150 * t
    heights = {"eye": 100, "ear": 100, "nose": 105, "shoulder": 150, "elbow": 210, "wrist": 260, "hip": 290,
               "knee": 390, "ankle": 480, "heel": 490, "toe": 495}  # fmt: skip
    reach = {
        "elbow": -20,
        "wrist": -45,
        "knee": 40,
        "ankle": 85,
        "heel": 78,
        "toe": 105,
        "hip": 4,
        "shoulder": -4,
    }
    for point in K:
        name = point.name.lower()
        part = next(p for p in heights if name.endswith(p))
        xy[:, point, 1] = heights[part]
        sign = 1 if name.startswith("left") else -1 if name.startswith("right") else 0
        xy[:, point, 0] += (sign * reach.get(part, 0) * swing + (25 if part == "toe" else 0))[:, 0]
    xy[:, SMALL_TOES] = np.nan
    return xy


def run_of(xy: np.ndarray, frames=None, score: float = 0.9) -> Run:
    frames = np.arange(len(xy)) if frames is None else np.asarray(frames)
    scores = np.where(np.isfinite(xy[frames]).all(axis=2), score, 0).astype(np.float32)
    return Run(frames, xy[frames].astype(np.float32), scores)


def merge(a: Run, b: Run, frames: int = 60):
    return merge_runs(a, b, frames=frames, settings=MERGE)


def test_agreeing_runs_are_averaged():
    truth = walker()
    rng = np.random.default_rng(0)
    a, b = (truth + rng.normal(0, 1.5, truth.shape).astype(np.float32) for _ in range(2))
    xy, score = merge(run_of(a), run_of(b))
    error = np.nanstd(xy - truth)
    assert error < 1.25  # 1.5 / sqrt(2) = 1.06
    assert np.isnan(xy[:, SMALL_TOES]).all()
    assert (score[:, SMALL_TOES] == 0).all()


def test_frames_found_by_one_run_are_kept_and_others_stay_missing():
    truth = walker()
    xy, score = merge(run_of(truth, range(5, 40)), run_of(truth, range(20, 55)))
    rows = np.isfinite(xy).any(axis=(1, 2))
    assert np.flatnonzero(rows).tolist() == list(range(5, 55))
    assert (score[~rows] == 0).all()
    np.testing.assert_allclose(xy[rows][:, LEGS[:10]], truth[rows][:, LEGS[:10]], atol=1e-3)


@pytest.mark.parametrize("flicker", [[22], [21, 22, 23], [8, 9, 10, 11]])
def test_exchanged_legs_in_one_run_are_put_right(flicker):
    truth = walker()
    bad = truth.copy()
    bad[flicker] = bad[flicker][:, FLIPS]
    xy, _ = merge(run_of(bad), run_of(truth))
    np.testing.assert_allclose(xy[:, LEGS[:10]], truth[:, LEGS[:10]], atol=1e-2)


def test_legs_exchanged_in_both_runs_for_a_moment_are_put_right():
    truth = walker()
    bad = truth.copy()
    bad[20:24] = bad[20:24][:, FLIPS]
    xy, _ = merge(run_of(bad), run_of(bad))
    np.testing.assert_allclose(xy[:, LEGS[:10]], truth[:, LEGS[:10]], atol=1e-2)


def test_labels_of_a_whole_pass_are_left_alone():
    """Which leg is left over a whole pass is not for the merge to say."""
    exchanged = walker()[:, FLIPS]
    xy, _ = merge(run_of(exchanged), run_of(exchanged))
    np.testing.assert_allclose(xy[:, LEGS[:10]], exchanged[:, LEGS[:10]], atol=1e-2)


def test_hips_go_the_way_of_the_shoulders_in_a_frontal_view():
    """Seen from the front, legs with exchanged labels are a twist, however long it lasts."""
    truth = walker()
    for part, half in (
        ("SHOULDER", 60),
        ("HIP", 35),
        ("KNEE", 30),
        ("ANKLE", 25),
        ("HEEL", 25),
        ("BIG_TOE", 28),
    ):
        for side, sign in (("LEFT", 1), ("RIGHT", -1)):
            truth[:, K[f"{side}_{part}"], 0] = 400 + sign * half
    bad = truth.copy()
    bad[10:50, LEGS] = truth[10:50][:, [FLIPS[p] for p in LEGS]]
    xy, _ = merge(run_of(bad), run_of(bad))
    np.testing.assert_allclose(xy[:, LEGS[:10]], truth[:, LEGS[:10]], atol=1e-2)


def test_a_limb_that_jumps_in_one_run_does_not_win():
    truth = walker()
    bad = truth.copy()
    bad[30, [K.LEFT_ANKLE, K.LEFT_HEEL, K.LEFT_BIG_TOE]] += 150
    xy, score = merge(run_of(bad, score=0.99), run_of(truth))
    np.testing.assert_allclose(xy[30, K.LEFT_ANKLE], truth[30, K.LEFT_ANKLE], atol=1e-2)
    assert score[30, K.LEFT_ANKLE] < 0.6  # the runs disagree: less sure
    assert score[29, K.LEFT_ANKLE] > 0.85


def test_points_outside_the_picture_are_cut():
    xy = np.array([[[-0.1, 5], [0, 0], [99, 49], [99.5, 10], [5, 50], [np.nan, 3]]], np.float32)
    cut = cut_at_border(xy, width=100, height=50)
    assert np.isnan(cut).any(axis=2)[0].tolist() == [True, False, False, True, True, True]
    assert np.isnan(cut[0, 0]).all()


def test_wild_limbs_and_rows_with_too_little_are_dropped():
    truth = walker()
    truth[10, K.LEFT_KNEE] += [0, 400]
    cut = drop_wild_limbs(truth, max_ratio=MERGE.max_limb)
    assert np.isnan(cut[10, K.LEFT_KNEE]).all()
    assert np.isfinite(cut[11, K.LEFT_KNEE]).all()
    walking_out = walker()
    walking_out[40:, :, 0] -= 420  # all but the leading limbs are out of the picture
    score = np.full(walking_out.shape[:2], 0.9, np.float32)
    xy, sure = finish(walking_out, score, width=2000, height=600, settings=MERGE)
    seen = np.isfinite(xy).all(axis=2)
    assert seen[:40, K.LEFT_HIP].all()
    for row in range(40, 60):
        assert seen[row].sum() == 0 or seen[row, list(LEGS)].sum() + seen[row, [5, 6]].sum() >= MERGE.min_points
    assert (sure[~seen] == 0).all()


def test_a_flash_of_somebody_is_nobody():
    truth = walker()
    truth[20:40] = np.nan
    truth[30:32] = walker()[30:32]
    score = np.where(np.isfinite(truth).all(axis=2), 0.9, 0).astype(np.float32)
    xy, _ = finish(truth, score, width=2000, height=600, settings=MERGE)
    rows = np.isfinite(xy).any(axis=(1, 2))
    assert not rows[20:40].any()
    assert rows[:20].all()


def test_masks_come_from_the_surer_run_and_only_for_kept_frames():
    truth = walker(3)
    near, far = (SmallMask(n, 0, 1, 1, np.array([128], np.uint8)) for n in (1, 2))
    a, b = run_of(truth, score=0.9), run_of(truth, score=0.5)
    a.masks.update({0: near, 2: near})
    b.masks.update({0: far, 1: far, 2: far})
    masks = merge_masks(a, b, np.array([True, True, False]))
    assert {frame: m.left for frame, m in masks.items()} == {0: 1, 1: 2}
