"""The walker keeps its promises: angles of the curves, feet that stand, events that happen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.core.gait import BySide, EventKind, Side
from gaitviewer.synthesis.curves import CycleCurve
from gaitviewer.synthesis.gait.model import Variability, WalkerGait, normal_gait
from gaitviewer.synthesis.gait.path import Path, across_and_back
from gaitviewer.synthesis.gait.truth import side_points
from gaitviewer.synthesis.gait.walker import WalkerMotion, simulate
from tests.support import walkers
from tests.support.walkers import deviate

TURN = across_and_back(length_m=2.0, turn_radius_m=0.35, start_xy=(0.0, 0.0), heading_deg=0.0, turn_left=True)


@pytest.fixture(scope="module")
def steady() -> WalkerMotion:
    return simulate(walkers.steady(normal_gait()), seed=1, duration_s=4.0, rate_hz=100.0)


@pytest.fixture(scope="module")
def turning() -> WalkerMotion:
    return simulate(normal_gait(), seed=2, duration_s=6.0, rate_hz=100.0, path=TURN)


def wanted(motion: WalkerMotion, name: str, side: Side) -> np.ndarray:
    lag = motion.gait.right_lag if side is Side.RIGHT else 0.0
    curve: CycleCurve = getattr(motion.gait.limbs[side], name)
    return curve.at(motion.phase - lag)


def crouching() -> WalkerGait:
    """Knees and hips that never straighten, ankles in dorsiflexion, a slower walk."""
    normal = normal_gait()
    limb = deviate(
        normal.limbs.left,
        hip_flexion=14.0,
        knee_flexion=CycleCurve((0.0, 30.0, 60.0, 72.0, 90.0), (30.0, 28.0, 12.0, 0.0, 25.0)),
        ankle_dorsiflexion=14.0,
        toe_off_percent=4.0,
    )
    return replace(normal, limbs=BySide(limb, limb), stride_time_s=1.2, flat_band_deg=4.0)


@pytest.mark.parametrize("side", Side)
def test_angles_of_the_points_are_those_of_the_curves(steady: WalkerMotion, side: Side) -> None:
    lag = steady.gait.right_lag if side is Side.RIGHT else 0.0
    own = np.mod(steady.phase - lag, 1.0)
    # The curve of the ankle is that of the rigid part of the foot; the toes bend at push-off.
    unbent = (own < 0.30) | (own > 0.85)
    everywhere = np.ones_like(unbent)
    for name, usual, worst, rows in (
        ("knee_flexion", 0.5, 1.3, everywhere),
        ("hip_flexion", 0.3, 1.0, everywhere),
        ("ankle_dorsiflexion", 0.5, 1.3, unbent),
    ):
        error = (steady.angles[name, side] - wanted(steady, name, side))[rows]
        assert np.sqrt(np.mean(error**2)) < usual, name
        assert np.abs(error).max() < worst, name


def test_knee_angle_is_the_angle_between_thigh_and_shank(steady: WalkerMotion) -> None:
    at = side_points(Side.LEFT)
    hip, knee, ankle = (steady.points[:, at[name]][:, [0, 2]] for name in ("hip", "knee", "ankle"))
    cosine = np.einsum("nk,nk->n", knee - hip, ankle - knee)
    cosine /= np.linalg.norm(knee - hip, axis=1) * np.linalg.norm(ankle - knee, axis=1)
    assert np.degrees(np.arccos(cosine)) == pytest.approx(steady.angles["knee_flexion", Side.LEFT], abs=1e-6)


def standing_point_moves_mm(motion: WalkerMotion, side: Side) -> float:
    """The longest way between two frames of the point on which a stance foot turns."""
    at = side_points(side)
    pitch, stance = motion.angles["foot_pitch", side], motion.stance[side]
    farthest = 0.0
    for name, turns_on in (("heel", pitch > -1e-6), ("big_toe", pitch < 1e-6)):
        both = stance & turns_on
        rows = both[1:] & both[:-1]
        assert rows.any()
        way = np.linalg.norm(np.diff(motion.points[:, at[name]], axis=0), axis=1)[rows]
        farthest = max(farthest, 1000 * float(way.max()))
    return farthest


@pytest.mark.parametrize("side", Side)
def test_stance_feet_do_not_skate_even_in_a_bend(
    steady: WalkerMotion, turning: WalkerMotion, side: Side
) -> None:
    assert standing_point_moves_mm(steady, side) < 0.1
    assert standing_point_moves_mm(turning, side) < 0.1


def test_nothing_goes_through_the_floor(steady: WalkerMotion, turning: WalkerMotion) -> None:
    for motion in (steady, turning):
        foot = motion.gait.proportions.foot_point_height * motion.gait.height_m
        lowest = min(
            float(motion.points[:, side_points(side)[name], 2].min())
            for side in Side
            for name in ("heel", "big_toe", "small_toe")
        )
        assert lowest > foot - 1e-6


def test_bones_keep_their_length(steady: WalkerMotion, turning: WalkerMotion) -> None:
    for motion, most in ((steady, 0.004), (turning, 0.025)):
        for side in Side:
            at = side_points(side)
            for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")):
                bone = np.linalg.norm(motion.points[:, at[a]] - motion.points[:, at[b]], axis=1)
                assert np.ptp(bone) < most * bone.mean(), (a, b)


def test_flat_foot_has_no_pitch_and_the_sole_line_lies_level(steady: WalkerMotion) -> None:
    own = np.mod(steady.phase, 1.0)
    flat = (own > 0.12) & (own < 0.28)
    at = side_points(Side.LEFT)
    rise = steady.points[flat, at["big_toe"], 2] - steady.points[flat, at["heel"], 2]
    assert np.abs(rise).max() < 0.002
    assert np.abs(steady.angles["foot_pitch", Side.LEFT][flat]).max() < 1.0


@pytest.mark.parametrize("side", Side)
def test_events_are_when_the_foot_stops_and_starts(side: Side) -> None:
    motion = simulate(normal_gait(), seed=5, duration_s=5.0, rate_hz=1000.0)
    at = side_points(side)
    heel = np.linalg.norm(np.diff(motion.points[:, at["heel"]], axis=0), axis=1) * 1000.0
    toe = np.linalg.norm(np.diff(motion.points[:, at["big_toe"]], axis=0), axis=1) * 1000.0
    contacts = motion.events.of(EventKind.INITIAL_CONTACT, side)
    offs = motion.events.of(EventKind.TOE_OFF, side)
    assert len(contacts) >= 4
    assert len(offs) >= 4
    for event in contacts[1:-1]:
        frame = int(np.ceil(event.time_s * 1000))
        assert heel[frame + 1 : frame + 25].max() < 1e-3
        assert heel[frame - 25 : frame - 15].min() > 0.3
    for event in offs[1:-1]:
        frame = int(np.floor(event.time_s * 1000))
        assert toe[frame - 25 : frame - 1].max() < 1e-3
        assert toe[frame + 10 : frame + 40].min() > 0.01


def test_events_alternate_in_the_order_of_walking(turning: WalkerMotion) -> None:
    order = [(event.kind, event.side) for event in turning.events.events]
    contact, off = EventKind.INITIAL_CONTACT, EventKind.TOE_OFF
    cycle = [(contact, Side.LEFT), (off, Side.RIGHT), (contact, Side.RIGHT), (off, Side.LEFT)]
    start = cycle.index(order[0])
    assert order == [cycle[(start + i) % 4] for i in range(len(order))]


def test_same_seed_same_walk_and_another_seed_another_one() -> None:
    first, again, other = (
        simulate(normal_gait(), seed=seed, duration_s=2.0, rate_hz=30.0).points for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 0.003


def test_strides_vary_as_asked() -> None:
    gait = replace(normal_gait(), variability=Variability(0.05, 0.0, 0.0, 0.0))
    motion = simulate(gait, seed=1, duration_s=60.0, rate_hz=20.0)
    contacts = [e.time_s for e in motion.events.of(EventKind.INITIAL_CONTACT, Side.LEFT)]
    strides = np.diff(contacts)
    assert strides.mean() == pytest.approx(gait.stride_time_s, rel=0.03)
    # A stride is two half cycles drawn independently: its spread is smaller by the square root of two.
    assert strides.std() / strides.mean() == pytest.approx(0.05 / np.sqrt(2), rel=0.4)


def test_speed_and_body_are_those_of_a_child(steady: WalkerMotion) -> None:
    way = steady.points[-1, 11, 0] - steady.points[0, 11, 0]
    assert 0.9 < way / steady.times[-1] < 1.4
    assert 1.20 < steady.points[:, 0, 2].mean() < 1.30
    assert np.isfinite(steady.points).all()


def test_a_taller_body_walks_in_its_own_rhythm() -> None:
    tall = walkers.steady(normal_gait().with_body(height_m=1.75))
    motion = simulate(tall, seed=1, duration_s=2.0, rate_hz=100.0)
    assert tall.stride_time_s == pytest.approx(normal_gait().stride_time_s * (1.75 / 1.35) ** 0.5)
    error = motion.angles["knee_flexion", Side.LEFT] - wanted(motion, "knee_flexion", Side.LEFT)
    assert np.sqrt(np.mean(error**2)) < 0.6


def test_path_turns_him_round(turning: WalkerMotion) -> None:
    assert turning.heading_deg[0] == pytest.approx(0.0, abs=0.5)
    assert turning.heading_deg[-1] == pytest.approx(180.0, abs=0.5)
    assert turning.straight[0]
    assert turning.straight[-1]
    assert not turning.straight.all()
    left = turning.points[-1, side_points(Side.LEFT)["hip"]]
    right = turning.points[-1, side_points(Side.RIGHT)["hip"]]
    assert left[1] < right[1]


def test_start_and_heading_are_kept() -> None:
    motion = simulate(
        walkers.steady(normal_gait()),
        seed=1,
        duration_s=1.0,
        rate_hz=50.0,
        start_xy=(2.0, 1.0),
        heading_deg=90.0,
    )
    hips = motion.points[:, [11, 12]].mean(axis=1)
    assert hips[0, :2] == pytest.approx([2.0, 1.0], abs=0.03)
    assert hips[-1, 1] - hips[0, 1] > 0.8
    assert abs(hips[-1, 0] - hips[0, 0]) < 0.05


def test_pathological_curves_stand_on_the_floor_too() -> None:
    gait = walkers.steady(crouching())
    motion = simulate(gait, seed=1, duration_s=3.0, rate_hz=100.0)
    knee = motion.angles["knee_flexion", Side.LEFT]
    assert standing_point_moves_mm(motion, Side.LEFT) < 0.1
    error = knee - wanted(motion, "knee_flexion", Side.LEFT)
    assert np.sqrt(np.mean(error**2)) < 2.0
    assert knee.min() > 20.0


def test_one_sided_gait_differs_between_sides() -> None:
    normal = normal_gait()
    stiff = deviate(normal.limbs.left, knee_flexion=CycleCurve((0.0, 50.0, 72.0, 92.0), (0.0, 0.0, -18.0, 0.0)))
    motion = simulate(walkers.steady(normal.with_limb(Side.LEFT, stiff)), seed=1, duration_s=3.0, rate_hz=100.0)
    left, right = (motion.angles["knee_flexion", side].max() for side in Side)
    assert right > 56.0
    # A stiff knee drags its foot: part of what it lacks comes back where the foot must clear the floor.
    assert left < right - 5.0


def test_curves_and_paths_refuse_nonsense() -> None:
    with pytest.raises(ValueError, match="increase"):
        CycleCurve((10.0, 5.0), (0.0, 1.0))
    with pytest.raises(ValueError, match="length"):
        Path(pieces=((0.0, 90.0),))
    with pytest.raises(ValueError, match="toe-off"):
        deviate(normal_gait().limbs.left, toe_off_percent=40.0)
