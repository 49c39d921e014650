"""Angles of known bodies, their signs, the floor, the flat foot, and strides on 101 points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.analysis.kinematics.angles import (
    AngleTable,
    angles_of_frame,
    choose_flat_foot_zero,
    flat_foot_pitch,
    sample,
)
from gaitviewer.analysis.kinematics.definitions import (
    angle_kind,
    expand_points,
    load_angles,
    load_definitions,
)
from gaitviewer.analysis.kinematics.floor import camera_roll_deg, fit_floor, gait_frame
from gaitviewer.analysis.signal.cleaning import smooth_xy
from gaitviewer.core.gait import BySide, Direction, Side, View, WalkingPass
from gaitviewer.core.measures import ViewMotion
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.synthesis.curves import CycleCurve
from gaitviewer.synthesis.gait.model import normal_gait
from gaitviewer.synthesis.gait.walker import WalkerMotion
from tests.support.walkers import deviate, steady

NO_ZERO: BySide[float | None] = BySide(None, None)
SAGITTAL = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion", "foot_pitch", "trunk_tilt", "pelvic_rotation")


def still_pose(points: dict[str, tuple[float, float]], frames: int = 12) -> PoseSequence:
    """A body that stands still; picture coordinates, y down."""
    xy = np.full((frames, len(Keypoint), 2), np.nan, np.float32)
    for name, place in points.items():
        xy[:, Keypoint[name.upper()]] = place
    score = np.isfinite(xy).all(axis=2).astype(np.float32)
    return PoseSequence(xy=xy, score=score, times=np.arange(frames) / 60.0, width=640, height=480)


def side_body(**moved: tuple[float, float]) -> dict[str, tuple[float, float]]:
    """Somebody who stands upright and faces right, both sides at the same place."""
    body = {
        "shoulder": (300.0, 100.0), "hip": (300.0, 220.0), "knee": (300.0, 310.0), "ankle": (300.0, 400.0),
        "heel": (285.0, 410.0), "big_toe": (345.0, 410.0),
    }  # fmt: skip
    body.update(moved)
    return {f"{side}_{part}": place for side in ("left", "right") for part, place in body.items()}


def angles_of_pass(
    pose: PoseSequence, walking_pass: WalkingPass, *, xy: np.ndarray | None = None
) -> AngleTable:
    """Angles of smoothed points, or of those given."""
    frame = gait_frame(walking_pass, smooth_xy(pose) if xy is None else xy, pose.times)
    return angles_of_frame(frame, centre_px=pose.width / 2.0)


def angles_of(points: dict[str, tuple[float, float]], direction: Direction) -> dict[str, float]:
    """Angles of the left side in the middle frame."""
    pose = still_pose(points)
    near = Side.RIGHT if direction is Direction.LEFT_TO_RIGHT else Side.LEFT
    walking_pass = WalkingPass(
        direction.view, direction, 0, len(pose), near=near if direction.view is View.SAGITTAL else None
    )
    table = angles_of_pass(pose, walking_pass, xy=pose.xy.astype(np.float64))
    return {name: float(v[6]) for (name, side), v in table.items() if side is Side.LEFT}


def flipped(points: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """The mirror image: everything on the other side of the picture, left and right exchanged."""
    other = {"left": "right", "right": "left"}
    return {
        f"{other[name.split('_')[0]]}_{name.split('_', 1)[1]}": (640.0 - x, y)
        for name, (x, y) in points.items()
    }


def test_standing_upright_is_the_neutral_position() -> None:
    angles = angles_of(side_body(), Direction.LEFT_TO_RIGHT)
    assert angles["knee_flexion"] == pytest.approx(0.0, abs=1e-4)
    assert angles["ankle_dorsiflexion"] == pytest.approx(0.0, abs=1e-4)
    assert angles["foot_pitch"] == pytest.approx(0.0, abs=1e-4)
    assert angles["trunk_tilt"] == pytest.approx(0.0, abs=1e-4)
    assert angles["hip_flexion"] == pytest.approx(load_definitions().neutral_pelvic_tilt_deg, abs=1e-4)


# Each: what is moved, and the angles that must become positive (or negative).
POSES = [
    ({"knee": (345.0, 300.0)}, {"hip_flexion": 1, "knee_flexion": 1}),
    ({"ankle": (255.0, 400.0), "heel": (240.0, 410.0), "big_toe": (300.0, 410.0)}, {"knee_flexion": 1}),
    ({"ankle": (345.0, 400.0), "heel": (330.0, 410.0), "big_toe": (390.0, 410.0)}, {"knee_flexion": -1}),
    ({"big_toe": (345.0, 395.0)}, {"ankle_dorsiflexion": 1, "foot_pitch": 1}),
    ({"big_toe": (340.0, 430.0)}, {"ankle_dorsiflexion": -1, "foot_pitch": -1}),
    ({"shoulder": (330.0, 100.0)}, {"trunk_tilt": 1, "hip_flexion": 1}),
    ({"shoulder": (270.0, 100.0)}, {"trunk_tilt": -1}),
]


@pytest.mark.parametrize(("moved", "signs"), POSES)
def test_sagittal_signs_do_not_depend_on_the_walking_direction(
    moved: dict[str, tuple[float, float]], signs: dict[str, int]
) -> None:
    neutral = angles_of(side_body(), Direction.LEFT_TO_RIGHT)
    right = angles_of(side_body(**moved), Direction.LEFT_TO_RIGHT)
    left = angles_of(flipped(side_body(**moved)), Direction.RIGHT_TO_LEFT)
    for name, sign in signs.items():
        assert sign * (right[name] - neutral[name]) > 5.0, name
    for name in SAGITTAL:
        assert left[name] == pytest.approx(right[name], abs=0.05), name
    # Read in the wrong direction, flexion becomes extension.
    wrong = angles_of(side_body(**moved), Direction.RIGHT_TO_LEFT)
    if "knee_flexion" in signs:
        assert wrong["knee_flexion"] == pytest.approx(-right["knee_flexion"], abs=0.05)


def front_body(**moved: tuple[float, float]) -> dict[str, tuple[float, float]]:
    """Somebody who faces the camera: his left is on the right of the picture."""
    body = {
        "left_shoulder": (350.0, 100.0), "right_shoulder": (290.0, 100.0),
        "left_hip": (340.0, 220.0), "right_hip": (300.0, 220.0),
        "left_knee": (340.0, 310.0), "right_knee": (300.0, 310.0),
        "left_ankle": (340.0, 400.0), "right_ankle": (300.0, 400.0),
        "left_heel": (340.0, 405.0), "right_heel": (300.0, 405.0),
        "left_big_toe": (340.0, 415.0), "right_big_toe": (300.0, 415.0),
    }  # fmt: skip
    body.update(moved)
    return body


FRONT_POSES = [
    ({"left_hip": (340.0, 212.0)}, "pelvic_obliquity"),
    ({"left_shoulder": (350.0, 90.0)}, "shoulder_obliquity"),
    ({"left_shoulder": (370.0, 100.0), "right_shoulder": (310.0, 100.0)}, "trunk_lateral_lean"),
    ({"left_shoulder": (370.0, 100.0), "right_shoulder": (310.0, 100.0)}, "trunk_lateral_shift"),
    ({"left_big_toe": (352.0, 415.0)}, "foot_progression"),
]


@pytest.mark.parametrize(("moved", "name"), FRONT_POSES)
def test_coronal_signs_towards_and_away(moved: dict[str, tuple[float, float]], name: str) -> None:
    """The left side up, the trunk to the left, the left foot out: positive for the left, from either end."""
    neutral = angles_of(front_body(), Direction.TOWARDS)
    towards = angles_of(front_body(**moved), Direction.TOWARDS)
    assert towards[name] - neutral[name] > 3.0
    # From behind, the same body is mirrored in the picture but keeps its sides.
    behind = {n: (640.0 - x, y) for n, (x, y) in front_body(**moved).items()}
    assert angles_of(behind, Direction.AWAY)[name] == pytest.approx(towards[name], abs=0.05)
    # The mirror image of the body with exchanged sides gives the right side's values to the left.
    mirrored = angles_of(flipped(front_body(**moved)), Direction.TOWARDS)
    if name == "foot_progression":
        assert mirrored[name] == pytest.approx(neutral[name], abs=0.05)
    else:
        assert mirrored[name] == pytest.approx(-towards[name], abs=0.05)


def test_crossed_hips_are_no_obliquity() -> None:
    crossed = front_body(left_hip=(300.0, 220.0), right_hip=(340.0, 220.0))
    assert np.isnan(angles_of(crossed, Direction.TOWARDS)["pelvic_obliquity"])


def test_a_missing_point_is_a_gap_not_a_number() -> None:
    points = side_body()
    del points["left_heel"]
    angles = angles_of(points, Direction.LEFT_TO_RIGHT)
    assert np.isnan(angles["ankle_dorsiflexion"])
    assert np.isfinite(angles["knee_flexion"])


@pytest.mark.parametrize("near", list(Side))
def test_the_walker_s_own_angles_come_back(
    side_view: Callable[..., ViewMotion], make_walk: Callable[..., WalkerMotion], near: Side
) -> None:
    seen, walk = side_view(near=near), make_walk()
    table = angles_of_pass(seen.pose, seen.passes[0])
    inner = slice(15, -15)
    for name, limit in (
        ("knee_flexion", 1.0),
        ("ankle_dorsiflexion", 1.5),
        ("foot_pitch", 1.5),
        ("trunk_tilt", 0.5),
    ):
        error = np.abs(table[name, near] - walk.angles[name, near])[inner]
        assert float(np.mean(error)) < limit, name
    hip = table["hip_flexion", near] - walk.angles["hip_flexion", near]
    # The trunk stands for the pelvis: an offset, and little else.
    assert float(np.std(hip[inner])) < 2.0
    assert abs(float(np.mean(hip[inner]))) < 6.0


@pytest.mark.parametrize("roll_deg", [-5.0, 3.0])
def test_a_rolled_camera_is_levelled_by_the_floor(
    side_view: Callable[..., ViewMotion], roll_deg: float
) -> None:
    level, rolled = side_view(), side_view(roll_deg=roll_deg)
    tables = [angles_of_pass(v.pose, v.passes[0]) for v in (level, rolled)]
    for name in ("hip_flexion", "knee_flexion", "ankle_dorsiflexion", "foot_pitch", "trunk_tilt"):
        before, after = (table[name, Side.RIGHT][15:-15] for table in tables)
        assert float(np.nanmax(np.abs(after - before))) < 0.6, name


def test_depth_is_not_taken_for_a_roll(side_view: Callable[..., ViewMotion]) -> None:
    seen = side_view(roll_deg=3.0)
    frame = gait_frame(seen.passes[0], seen.pose.xy.astype(np.float64), seen.pose.times)
    assert camera_roll_deg(frame, fit_floor(frame)) != 0.0
    growing = replace(frame, leg_px=np.linspace(1.0, 1.2, len(frame.times)) * frame.leg_px)
    assert camera_roll_deg(growing, fit_floor(growing)) == 0.0


def flat_pitches(seen: ViewMotion) -> BySide[np.ndarray]:
    frame = gait_frame(seen.passes[0], seen.pose.xy.astype(np.float64), seen.pose.times)
    floor = fit_floor(frame)
    return BySide(*(flat_foot_pitch(frame, side, floor) for side in Side))


def tilted_feet(seen: ViewMotion, lift_px: float) -> ViewMotion:
    """The same recording by an estimator that puts the heels ``lift_px`` too high."""
    xy = seen.pose.xy.copy()
    for heel in (Keypoint.LEFT_HEEL, Keypoint.RIGHT_HEEL):
        xy[:, heel, 1] -= lift_px
    return replace(seen, pose=seen.pose.with_points(xy))


def test_the_flat_foot_zero_is_where_the_keypoints_lie(side_view: Callable[..., ViewMotion]) -> None:
    zero = choose_flat_foot_zero(flat_pitches(side_view()))
    assert zero.left == pytest.approx(0.0, abs=0.3)
    assert zero.right == pytest.approx(0.0, abs=0.3)
    for lift, low, high in ((1.5, -3.0, -1.0), (-7.0, 5.0, 12.0)):
        moved = choose_flat_foot_zero(flat_pitches(tilted_feet(side_view(), lift)))
        assert moved.left is not None
        assert low < moved.left < high
        assert moved.right == pytest.approx(moved.left, abs=0.5)


def test_a_heel_that_stays_up_gives_no_zero(side_view: Callable[..., ViewMotion]) -> None:
    """An equinus is not erased: the limb on its toes has no flat foot, the other one has."""
    gait = steady(normal_gait())
    equinus = gait.with_limb(Side.LEFT, deviate(gait.limbs.left, ankle_dorsiflexion=CycleCurve.constant(-20.0)))
    zero = choose_flat_foot_zero(flat_pitches(side_view(equinus, near=Side.LEFT)))
    assert zero.left is None
    assert zero.right == pytest.approx(0.0, abs=0.3)


def test_a_foot_too_steep_or_unlike_the_other_is_not_flat() -> None:
    steep, flat, toe_down, up = (np.full(5, pitch) for pitch in (16.0, 1.0, -6.0, 4.0))
    assert choose_flat_foot_zero(BySide(steep, np.empty(0))) == BySide(None, None)
    assert choose_flat_foot_zero(BySide(up, toe_down)) == BySide(4.0, None)
    assert choose_flat_foot_zero(BySide(np.empty(0), flat)) == BySide(None, 1.0)


def test_the_more_a_resting_foot_is_toe_down_the_less_it_is_believed_to_be_flat() -> None:
    rules = load_definitions()
    pitches = np.linspace(0.0, 2 * rules.toe_down_limit_deg, 57)
    zeros = [choose_flat_foot_zero(BySide(np.full(5, -pitch), np.empty(0))).left for pitch in pitches]
    for pitch, zero in zip(pitches, zeros, strict=True):
        if pitch <= rules.toe_down_believed_deg:
            assert zero == pytest.approx(-pitch)
        elif pitch >= rules.toe_down_limit_deg:
            assert zero is None
    jumps = np.diff([zero or 0.0 for zero in zeros])
    assert np.abs(jumps).max() < 0.3  # no pitch at which a hair's breadth changes a score


A_STRIDE = np.linspace(0.5, 1.5, 101)  # seconds


def test_a_stride_is_brought_to_101_points() -> None:
    times = np.arange(0.0, 2.0, 1 / 60)
    values = 30.0 * np.sin(2 * np.pi * (times - 0.5))
    wanted = 30.0 * np.sin(2 * np.pi * np.linspace(0.0, 1.0, 101))
    np.testing.assert_allclose(sample(times, values, A_STRIDE), wanted, atol=0.02)


def test_short_gaps_are_bridged_and_long_ones_stay() -> None:
    times = np.arange(0.0, 2.0, 1 / 60)
    values = 30.0 * np.sin(2 * np.pi * times)
    short, long = values.copy(), values.copy()
    short[60:63] = np.nan
    long[60:75] = np.nan
    assert np.isfinite(sample(times, short, A_STRIDE)).all()
    curve = sample(times, long, A_STRIDE)
    hidden = np.isnan(curve)
    assert 20 <= hidden.sum() <= 26
    assert np.isfinite(curve[[0, 45, 80, 100]]).all()


def test_nothing_is_extrapolated() -> None:
    times = np.arange(0.0, 1.2, 1 / 60)
    curve = sample(times, np.ones_like(times), A_STRIDE)
    assert np.isnan(curve[-20:]).all()
    assert np.isfinite(curve[:65]).all()
    assert np.isnan(sample(times, np.full_like(times, np.nan), A_STRIDE)).all()


def test_the_table_of_angles_is_whole() -> None:
    names = [kind.name for kind in load_angles()]
    assert len(names) == len(set(names))
    assert set(SAGITTAL) <= set(names)
    for kind in load_angles():
        assert kind.sigma > 0
    assert angle_kind("hip_flexion").sigma >= 8.0
    assert "assumed" in angle_kind("hip_flexion").note
    assert expand_points(("side_knee", "both_hip"), Side.RIGHT) == ("right_knee", "left_hip", "right_hip")
    with pytest.raises(KeyError):
        angle_kind("wing_flexion")


def test_a_mirrored_end_view_keeps_the_signs_of_the_body() -> None:
    """A mirror image with the labels of the body's own sides reads like the original."""
    from dataclasses import replace

    from gaitviewer.core.gait import Direction, Side, View, WalkingPass
    from gaitviewer.synthesis.filming.cameras import coronal_camera
    from gaitviewer.synthesis.gait.model import normal_gait
    from gaitviewer.synthesis.gait.walker import simulate
    from tests.support.walkers import observe

    motion = simulate(normal_gait(), seed=3, duration_s=2.0, rate_hz=60)
    camera = coronal_camera(pixels_per_metre=200.0, towards=True, look_at=(1.0, 0.0, 0.7))
    pose = observe(motion.points, camera, times=motion.times)
    xy = pose.xy.copy()
    xy[..., 0] = pose.width - xy[..., 0]
    flipped = pose.with_points(xy)
    plain = WalkingPass(View.CORONAL, Direction.TOWARDS, 0, len(pose))
    mirrored = replace(plain, mirrored=True)
    assert np.isfinite(smooth_xy(pose)).any()
    one, other = angles_of_pass(pose, plain), angles_of_pass(flipped, mirrored)
    for side in Side:
        for angle in ("pelvic_obliquity", "trunk_lateral_shift", "foot_progression"):
            np.testing.assert_allclose(one[angle, side], other[angle, side], atol=0.05)
            assert np.isfinite(one[angle, side]).mean() > 0.9
