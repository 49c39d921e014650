"""The frame in which legs are read, and what may be moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.analysis.signal.leg_refiner import (
    DILATIONS,
    FEATURES,
    LegRefiner,
    leg_keypoints,
    on_grid,
    read_leg_tracks,
)
from gaitviewer.core.gait import Side
from gaitviewer.core.measures import ViewMotion
from gaitviewer.core.pose import Origin
from gaitviewer.core.skeleton import Keypoint


def _refiner(*, moves: tuple[float, float] = (0.0, 0.0), width: int = 8) -> LegRefiner:
    """Moves every point by the same way, whatever it reads."""
    weights = {"enter.weight": np.zeros((width, FEATURES, 1)), "enter.bias": np.zeros(width)}
    for number in range(len(DILATIONS)):
        name = f"layers.{number}"
        weights |= {
            f"{name}.spread.weight": np.zeros((width, width, 3)), f"{name}.spread.bias": np.zeros(width),
            f"{name}.norm.weight": np.ones(width), f"{name}.norm.bias": np.zeros(width),
            f"{name}.mix.weight": np.zeros((width, width, 1)), f"{name}.mix.bias": np.zeros(width),
        }  # fmt: skip
    weights |= {"leave.weight": np.zeros((20, width, 1)), "leave.bias": np.tile(moves, 10)}
    return LegRefiner({name: value.astype(np.float32) for name, value in weights.items()}, "d" * 64)


@pytest.mark.parametrize("near", list(Side))
def test_tracks_are_in_the_walkers_frame(side_view: Callable[..., ViewMotion], near: Side) -> None:
    view = side_view(near=near)
    ((frames, tracks),) = read_leg_tracks(view.pose, view.passes[0])
    thighs = np.linalg.norm(tracks.points[:, 0] - tracks.points[:, 1], axis=1)
    assert np.median(thighs) == pytest.approx(0.5, abs=0.1)
    toes, heels = tracks.points[:, [4, 9], 0], tracks.points[:, [3, 8], 0]
    assert np.median(toes - heels) > 0.1, "x is the way the subject walks"
    back = on_grid(
        view.pose.times[frames], tracks.times, tracks.path_px + tracks.in_pixels(tracks.points[:, 2])
    )
    ankle = view.pose.xy[frames][:, leg_keypoints(near)[2]]
    assert np.abs(back - ankle).max() < 4.0, "of 300 px a metre"
    assert tracks.features().shape == (len(tracks.times), FEATURES)


def test_every_leg_point_of_the_pass_is_moved_in_leg_lengths(side_view: Callable[..., ViewMotion]) -> None:
    view = side_view(near=Side.LEFT)  # walks to the left in the picture
    ((frames, tracks),) = read_leg_tracks(view.pose, view.passes[0])
    moved = _refiner(moves=(0.1, 0.05)).refine(view.pose, view.passes)
    off = moved.xy[frames] - view.pose.xy[frames]
    legs = leg_keypoints(Side.LEFT)
    np.testing.assert_allclose(off[:, legs, 0], -0.1 * tracks.leg_px, rtol=1e-3)
    np.testing.assert_allclose(off[:, legs, 1], 0.05 * tracks.leg_px, rtol=1e-3)
    rest = [point for point in Keypoint if point not in legs]
    np.testing.assert_array_equal(moved.xy[:, rest], view.pose.xy[:, rest])
    np.testing.assert_array_equal(moved.score, view.pose.score)


def test_what_a_person_set_and_what_is_not_seen_stays(side_view: Callable[..., ViewMotion]) -> None:
    view = side_view()
    xy, origin = view.pose.xy.copy(), view.pose.origin.copy()
    origin[40, Keypoint.LEFT_KNEE] = Origin.CORRECTED
    xy[60:64, Keypoint.RIGHT_ANKLE] = np.nan
    score = np.where(np.isfinite(xy).all(axis=2), view.pose.score, 0.0).astype(np.float32)
    pose = view.pose.with_points(xy, score=score, origin=origin)
    moved = _refiner(moves=(0.1, 0.0)).refine(pose, view.passes)
    np.testing.assert_array_equal(moved.xy[40, Keypoint.LEFT_KNEE], xy[40, Keypoint.LEFT_KNEE])
    assert not np.array_equal(moved.xy[41, Keypoint.LEFT_KNEE], xy[41, Keypoint.LEFT_KNEE])
    assert np.isnan(moved.xy[60:64, Keypoint.RIGHT_ANKLE]).all()


def test_a_long_gap_ends_a_stretch_and_short_ones_are_left(side_view: Callable[..., ViewMotion]) -> None:
    view = side_view()
    xy = view.pose.xy.copy()
    xy[100:130, Keypoint.RIGHT_KNEE] = np.nan
    pose = view.pose.with_points(xy, score=np.where(np.isfinite(xy).all(axis=2), 1.0, 0.0).astype(np.float32))
    (first, _), (second, _) = read_leg_tracks(pose, view.passes[0])
    assert (first[-1], second[0]) == (99, 130)
    moved = _refiner(moves=(0.1, 0.0)).refine(pose, view.passes)
    np.testing.assert_array_equal(moved.xy[105, Keypoint.LEFT_KNEE], xy[105, Keypoint.LEFT_KNEE])


def test_nothing_is_read_without_a_near_limb_or_in_a_blink(side_view: Callable[..., ViewMotion]) -> None:
    view = side_view()
    one = view.passes[0]
    assert read_leg_tracks(view.pose, replace(one, near=None)) == []
    assert read_leg_tracks(view.pose, replace(one, start=10, stop=20)) == []
