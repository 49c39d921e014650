"""Clips in the body's own frame: camera, place and direction leave no trace; limbs stay what they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.walking.trial import read_trial
from gaitviewer.core.gait import ByView, Direction, Side, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Session, Subject, Trial
from gaitviewer.inference.severity.clips import (
    FLIPS,
    JOINTS,
    SkeletonClipSettings,
    mirrored,
    skeleton_clips,
)
from gaitviewer.nets.severity.graphs import BODY_FEET_25
from gaitviewer.synthesis.curves import CycleCurve
from gaitviewer.synthesis.demo import DemoScene, demo_scene
from gaitviewer.synthesis.gait.model import normal_gait
from tests.support.said import is_within
from tests.support.walkers import deviate, observe

BOTH = SkeletonClipSettings(views=("sagittal", "coronal"))
LEFT_KNEE, RIGHT_KNEE = JOINTS.index("left_knee"), JOINTS.index("right_knee")


def poses_of(scene: DemoScene) -> tuple[PoseSequence, PoseSequence]:
    films = [scene.views[view] for view in View]
    sagittal, coronal = (observe(f.motion.points, f.camera, times=f.times, noise_px=0.2) for f in films)
    return sagittal, coronal


def measure(sagittal: PoseSequence | None, coronal: PoseSequence | None = None) -> Measures:
    motion = read_trial(Trial("t1", ByView(None, None)), ByView(sagittal, coronal))
    return measure_session(Session("walk", Subject("P1")), (motion,))


@pytest.fixture(scope="module")
def stiff_left() -> DemoScene:
    """A child whose left knee is always bent by 25 degrees more: the limbs can be told apart."""
    gait = normal_gait()
    limb = deviate(gait.limbs.left, knee_flexion=CycleCurve.constant(25.0), hip_flexion=10.0)
    return demo_scene(1, gait=gait.with_limb(Side.LEFT, limb))


@pytest.fixture(scope="module")
def seen(stiff_left: DemoScene) -> Measures:
    return measure(*poses_of(stiff_left))


def test_joints_are_those_of_the_network() -> None:
    assert BODY_FEET_25.joints == JOINTS
    assert BODY_FEET_25.flips == FLIPS


def test_every_pass_gives_a_clip(seen: Measures) -> None:
    clips, reasons = skeleton_clips(seen, BOTH)
    assert reasons == ()
    assert [c.view for c in clips] == [View.SAGITTAL] * 2 + [View.CORONAL] * 2
    for clip in clips:
        assert clip.values.shape == (96, 25, 3)
        assert clip.values.dtype == np.float32
        assert np.isfinite(clip.values).all()
        np.testing.assert_allclose(clip.values[:, JOINTS.index("pelvis"), :2], 0.0, atol=1e-6)
        legs = np.abs(clip.values[:, [JOINTS.index("left_ankle"), JOINTS.index("right_ankle")], 1])
        assert 0.75 < np.median(legs) < 1.1  # leg lengths
        assert clip.values[:, JOINTS.index("neck"), 1].min() > 0.4  # up is +


def test_both_directions_show_the_same_walk(seen: Measures) -> None:
    clips, _ = skeleton_clips(seen)
    assert {clip.direction for clip in clips} == {Direction.LEFT_TO_RIGHT, Direction.RIGHT_TO_LEFT}
    assert {clip.near for clip in clips} == {Side.LEFT, Side.RIGHT}
    for clip in clips:
        toes = clip.values[:, [JOINTS.index("left_big_toe"), JOINTS.index("right_big_toe")], 0]
        heels = clip.values[:, [JOINTS.index("left_heel"), JOINTS.index("right_heel")], 0]
        assert np.median(toes - heels) > 0.1  # everybody walks forward
        bent = bend(clip.values, "left").mean() - bend(clip.values, "right").mean()
        assert bent > 12.0  # the left knee is the left knee, near or far


def bend(values: np.ndarray, side: str) -> np.ndarray:
    """Knee flexion in degrees from a clip."""
    hip, knee, ankle = (values[:, JOINTS.index(f"{side}_{part}"), :2] for part in ("hip", "knee", "ankle"))
    thigh, shank = knee - hip, ankle - knee
    angle = np.arctan2(thigh[:, 0], -thigh[:, 1]) - np.arctan2(shank[:, 0], -shank[:, 1])
    return np.degrees(angle)


def test_a_mirrored_picture_shows_the_same_walk(stiff_left: DemoScene, seen: Measures) -> None:
    sagittal, coronal = poses_of(stiff_left)

    def turned(pose: PoseSequence) -> PoseSequence:
        xy = pose.xy.copy()
        xy[..., 0] = pose.width - 1 - xy[..., 0]
        return pose.with_points(xy).flipped_labels()  # an estimator takes the left limb for a right one

    motion = read_trial(
        Trial("t1", ByView(None, None)), ByView(turned(sagittal), turned(coronal)), mirrored=True
    )
    found = measure_session(Session("walk", Subject("P1"), mirrored=True), (motion,))
    for one, other in zip(skeleton_clips(seen, BOTH)[0], skeleton_clips(found, BOTH)[0], strict=True):
        np.testing.assert_allclose(one.values[..., :2], other.values[..., :2], atol=0.01)


def test_place_and_size_of_the_picture_leave_no_trace(stiff_left: DemoScene, seen: Measures) -> None:
    sagittal, coronal = poses_of(stiff_left)

    def zoomed(pose: PoseSequence) -> PoseSequence:
        moved = pose.with_points(2.0 * pose.xy + np.float32(64.0))
        return replace(moved, width=2 * pose.width + 128, height=2 * pose.height + 128)

    found = measure(zoomed(sagittal), zoomed(coronal))
    for one, other in zip(skeleton_clips(seen, BOTH)[0], skeleton_clips(found, BOTH)[0], strict=True):
        np.testing.assert_allclose(one.values, other.values, atol=0.01)


def test_coronal_clips_point_to_the_bodys_right(seen: Measures) -> None:
    clips = [clip for clip in skeleton_clips(seen, BOTH)[0] if clip.view is View.CORONAL]
    assert {clip.direction for clip in clips} == {Direction.TOWARDS, Direction.AWAY}
    for clip in clips:
        assert np.median(clip.values[:, JOINTS.index("right_hip"), 0]) > 0
        size = np.abs(clip.values[:, JOINTS.index("neck"), 1])
        assert size[:20].mean() == pytest.approx(size[-20:].mean(), rel=0.12)  # no growing on the way


def test_short_walks_are_repeated_by_whole_cycles(seen: Measures) -> None:
    clip = min(skeleton_clips(seen)[0], key=lambda c: c.repeats_after)
    assert clip.repeats_after < 96
    assert np.diff(clip.source_s).min() < -0.5
    strides = [s for s in seen.strides if s.pass_index == clip.pass_index and s.view is View.SAGITTAL]
    span = clip.source_s.max() + 1 / 30 - clip.source_s.min()
    lengths = [s.duration_s for s in strides]
    assert any(abs(span - n * np.mean(lengths)) < 0.08 for n in (1, 2, 3))
    # the seam is no jump: not farther than the fastest step of the same joint elsewhere
    steps = np.abs(np.diff(clip.values[..., :2], axis=0)).max(axis=(1, 2))
    assert steps[clip.repeats_after - 1] < 1.6 * np.sort(steps)[-4]


def test_resampling_stretches_whole_cycles(seen: Measures) -> None:
    clips, _ = skeleton_clips(seen, replace(BOTH, fit="resample", views=("sagittal",)))
    shortest = min(clips, key=lambda c: float(np.ptp(c.source_s)))
    steps = np.diff(shortest.source_s)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)
    assert steps[0] < 1 / 30


def test_gaps_are_bridged_and_their_score_says_so(stiff_left: DemoScene) -> None:
    sagittal, _ = poses_of(stiff_left)
    xy, score = sagittal.xy.copy(), sagittal.score.copy()
    wrist, eye = JOINTS.index("left_wrist"), JOINTS.index("left_eye")
    xy[40:60, wrist], score[40:60, wrist] = np.nan, 0.0
    xy[:, eye], score[:, eye] = np.nan, 0.0
    clips, _ = skeleton_clips(measure(sagittal.with_points(xy, score=score)))
    clip = clips[0]
    assert np.isfinite(clip.values).all()
    assert (clip.values[:, wrist, 2] == 0).any()
    assert (clip.values[:, wrist, 2] > 0.9).any()
    assert (clip.values[:, eye, 2] == 0).all()
    np.testing.assert_allclose(clip.values[:, eye, :2], clip.values[:, JOINTS.index("nose"), :2])


def test_joints_that_no_network_learned_stay_unseen(seen: Measures) -> None:
    toe, small_toe = JOINTS.index("left_big_toe"), JOINTS.index("left_small_toe")
    (clip, *_), _ = skeleton_clips(seen)
    assert (clip.values[:, small_toe, 2] == 0).all()
    np.testing.assert_allclose(clip.values[:, small_toe, :2], clip.values[:, toe, :2], atol=1e-6)
    (everything, *_), _ = skeleton_clips(seen, SkeletonClipSettings(unseen=()))
    assert (everything.values[:, small_toe, 2] > 0).all()
    np.testing.assert_array_equal(everything.values[:, toe], clip.values[:, toe])


def test_a_walk_without_legs_gives_a_reason(stiff_left: DemoScene) -> None:
    seen = measure(poses_of(stiff_left)[0])
    motion = seen.motions[0]
    view = motion.views.sagittal
    assert view is not None
    xy = view.pose.xy.copy()
    xy[:, JOINTS.index("left_ankle")] = np.nan
    blind = replace(motion, views=ByView(replace(view, pose=view.pose.with_points(xy)), None))
    clips, reasons = skeleton_clips(replace(seen, motions=(blind,)))
    assert clips == ()
    assert len(reasons) == 2
    assert is_within("reason.clip.legs_seldom_seen", reasons[0])


def test_mirroring_twice_is_nothing(seen: Measures) -> None:
    for clip in skeleton_clips(seen, BOTH)[0]:
        once = mirrored(clip.values, clip.view)
        np.testing.assert_array_equal(mirrored(once, clip.view), clip.values)
        sign = -1.0 if clip.view is View.CORONAL else 1.0
        np.testing.assert_array_equal(once[:, LEFT_KNEE, 0], sign * clip.values[:, RIGHT_KNEE, 0])
