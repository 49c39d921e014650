"""A drawable body from markers: what was measured stays, what was not is said."""

from __future__ import annotations

import numpy as np
import pytest

from gaitviewer.core.gait import Side
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.formats.markers import BodyMeasures, MarkerTrial
from gaitviewer.research.validation.body import complete_body
from gaitviewer.research.validation.projection import WalkingBody
from gaitviewer.synthesis.gait.model import normal_gait
from gaitviewer.synthesis.gait.walker import simulate
from tests.support.walkers import steady

JOINTS = [Keypoint[f"{side.name}_{part}"] for side in Side for part in ("HIP", "KNEE", "ANKLE", "SHOULDER")]
FEET = [Keypoint[f"{side.name}_{part}"] for side in Side for part in ("HEEL", "BIG_TOE", "SMALL_TOE")]
HEIGHT_M = 1.35
MARKER_LIFT_M = np.array([0.0, 0.0, 0.02])


def trial(height_m: float | None = HEIGHT_M) -> MarkerTrial:
    return MarkerTrial("t", (), np.zeros((120, 0, 3)), 60.0, 0, 2, body=BodyMeasures(height_m=height_m))


def markers(*without: str) -> WalkingBody:
    """The walker as a laboratory sees it: no eyes, markers on the skin, some missing altogether."""
    walk = simulate(steady(normal_gait()), seed=1, duration_s=2.0, rate_hz=60.0)
    points = np.array(walk.points)
    for side in Side:
        heel, toe = (points[:, Keypoint[f"{side.name}_{name}"]] for name in ("HEEL", "BIG_TOE"))
        points[:, Keypoint[f"{side.name}_BIG_TOE"]] = heel + 0.72 * (toe - heel) + MARKER_LIFT_M
        points[:, Keypoint[f"{side.name}_HEEL"]] = heel + MARKER_LIFT_M
        points[:, Keypoint[f"{side.name}_EAR"], 2] += 0.05
    for name in ("LEFT_EYE", "RIGHT_EYE", "NOSE", "LEFT_SMALL_TOE", "RIGHT_SMALL_TOE", *without):
        points[:, Keypoint[name]] = np.nan
    return WalkingBody("t", points, walk.times, Side.RIGHT)


def test_everything_is_there_and_what_was_measured_stays() -> None:
    body = markers()
    drawn = complete_body(trial(), body)
    assert np.isfinite(drawn.body.points).all()
    np.testing.assert_array_equal(drawn.body.points[:, JOINTS], body.points[:, JOINTS])
    assert drawn.notes == ()
    assert drawn.gait.height_m == HEIGHT_M


def test_feet_stand_on_the_floor_and_never_go_through_it() -> None:
    feet = complete_body(trial(), markers()).body.points[:, FEET]
    assert feet[..., 2].min() > -0.005
    lowest = feet[..., 2].min(axis=1)
    assert np.median(lowest) == pytest.approx(normal_gait().proportions.foot_point_height * HEIGHT_M, abs=0.01)
    for side in (0, 3):
        assert np.linalg.norm(feet[:, side] - feet[:, side + 1], axis=1).max() < 0.16 * HEIGHT_M


def test_the_face_looks_where_the_child_walks() -> None:
    points = complete_body(trial(), markers()).body.points
    ears = points[:, [Keypoint.LEFT_EAR, Keypoint.RIGHT_EAR]].mean(axis=1)
    ahead = points[:, Keypoint.NOSE] - ears
    assert (ahead[:, 0] > 0.05 * HEIGHT_M).all()
    shoulders = points[:, [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]].mean(axis=1)
    assert ((ears - shoulders)[:, 2] > 0.08 * HEIGHT_M).all()


def test_a_shoulder_without_a_marker_is_the_other_ones_mirror_image_and_said_so() -> None:
    body = markers("LEFT_SHOULDER")
    drawn = complete_body(trial(), body)
    left, right = (drawn.body.points[:, Keypoint[f"{s.name}_SHOULDER"]] for s in Side)
    hips = drawn.body.points[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].mean(axis=1)
    np.testing.assert_allclose(left[:, 1] - hips[:, 1], hips[:, 1] - right[:, 1])
    assert [str(note) for note in drawn.notes] == [
        "no marker on the left shoulder: drawn as the mirror image of the other one"
    ]


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (("LEFT_SHOULDER", "RIGHT_SHOULDER"), "shoulder: drawn above the hip"),
        (("RIGHT_ELBOW", "RIGHT_WRIST"), "right wrist: the arm is drawn hanging"),
        (("LEFT_EAR", "RIGHT_EAR"), "no head band"),
        (("LEFT_EAR",), "no head band"),
    ],
)
def test_whatever_else_is_missing_is_drawn_and_said(gone: tuple[str, ...], words: str) -> None:
    drawn = complete_body(trial(), markers(*gone))
    assert np.isfinite(drawn.body.points).all()
    assert any(words in str(note) for note in drawn.notes)


def test_short_gaps_are_bridged_and_frames_without_a_pelvis_stay_empty() -> None:
    body = markers()
    points = np.array(body.points)
    points[40:44, Keypoint.LEFT_KNEE] = np.nan
    points[:10] = np.nan
    found = complete_body(trial(), WalkingBody("t", points, body.times, Side.RIGHT)).body.points
    assert np.isnan(found[:10]).all()
    assert np.isfinite(found[10:]).all()
    off = np.linalg.norm(found[40:44] - body.points[40:44], axis=2)[:, Keypoint.LEFT_KNEE]
    assert off.max() < 0.02


def test_without_a_body_height_the_legs_give_it() -> None:
    assert complete_body(trial(None), markers()).gait.height_m == pytest.approx(HEIGHT_M, rel=0.03)
