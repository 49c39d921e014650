from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gaitviewer.analysis.signal.cleaning import smooth_xy
from gaitviewer.analysis.walking.trial import alike_trials, read_trial, read_view
from gaitviewer.core.gait import ByView, EventKind, Side, View
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Sync, Trial
from gaitviewer.errors import AnalysisError
from tests.support.said import topics

TRIAL = Trial("t1", ByView(None, None))


def test_a_side_view_is_read_from_raw_keypoints_to_strides(
    children: dict[str, Any], from_side: Callable[..., PoseSequence]
) -> None:
    motion = read_view(from_side(children["HC002D06"]), View.SAGITTAL, trial_id="t1")
    assert len(motion.events) == len(motion.passes) == 1
    by_side = {side: [s for s in motion.strides if s.side is side] for side in Side}
    assert [len(by_side[side]) for side in Side] == [2, 2]
    assert all(s.counts and s.trial == "t1" for s in motion.strides)
    assert all(0.55 < s.stance_fraction < 0.65 for s in motion.strides)
    assert all(s.opposite_contact_s is not None for s in motion.strides)


def test_every_child_has_its_strides(children: dict[str, Any], from_side: Callable[..., PoseSequence]) -> None:
    for name, child in children.items():
        motion = read_view(from_side(child), View.SAGITTAL, trial_id=name)
        for side in Side:
            assert sum(s.side is side and s.counts for s in motion.strides) >= 1, name


def test_both_views_share_the_better_events(
    children: dict[str, Any],
    from_side: Callable[..., PoseSequence],
    from_end: Callable[..., PoseSequence],
) -> None:
    child = children["HC002D06"]
    poses = ByView(from_side(child), from_end(child))
    given = read_trial(TRIAL, poses, sync=Sync(0.0, 0.01, "given"))
    coronal = given.views.coronal
    assert coronal is not None
    assert {s.events_from for s in coronal.strides if 0.2 < s.start_s < 1.4} == {View.SAGITTAL}
    assert all(s.view is View.CORONAL and not s.far for s in coronal.strides)
    keys = [s.key for s in coronal.strides]
    assert len(set(keys)) == len(keys)
    # an offset that is hardly known lends nothing
    vague = read_trial(TRIAL, poses, sync=Sync(0.0, 0.5, "given")).views.coronal
    assert vague is not None
    assert {s.events_from for s in vague.strides} == {View.CORONAL}
    assert vague.strides[0].event_sigma_s > coronal.strides[0].event_sigma_s


def test_a_view_alone_needs_no_offset(walk: Callable[..., Any], from_end: Callable[..., PoseSequence]) -> None:
    motion = read_trial(TRIAL, ByView(None, from_end(walk())))
    assert motion.sync is None
    assert motion.views.sagittal is None
    assert motion.views.coronal is not None


def test_a_wrong_offset_is_noticed_by_the_sides(
    children: dict[str, Any],
    from_side: Callable[..., PoseSequence],
    from_end: Callable[..., PoseSequence],
) -> None:
    child = children["HC002D06"]
    sync = Sync(0.455, 0.01, "given")  # half a stride off
    motion = read_trial(TRIAL, ByView(from_side(child), from_end(child)), sync=sync)
    coronal = motion.views.coronal
    assert coronal is not None
    assert any(q.text.code == "finding.sides.disagree" for q in coronal.quality)
    assert {s.events_from for s in coronal.strides} == {View.CORONAL}


def test_corrected_events_are_taken_as_they_are(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    pose = from_side(walk())
    first = read_view(pose, View.SAGITTAL, trial_id="t1")
    again = read_view(pose, View.SAGITTAL, trial_id="t1", events=first.events)
    assert again.strides == first.strides
    with pytest.raises(ValueError, match="passes"):
        read_view(pose, View.SAGITTAL, trial_id="t1", events=())


def test_slow_motion_is_suggested(walk: Callable[..., Any], from_side: Callable[..., PoseSequence]) -> None:
    pose = from_side(walk(seconds=24.0, stride_s=6.0, speed=0.18, rate_hz=30.0), pixels_per_metre=200.0)
    motion = read_view(pose, View.SAGITTAL, trial_id="t1")
    slow = [q for q in motion.quality if q.text.code == "finding.slow_motion.suspected"]
    assert len(slow) == 1
    assert slow[0].text["seconds"] == pytest.approx(6.0, abs=0.05)


def _still(pose: PoseSequence) -> PoseSequence:
    xy = np.repeat(pose.xy[:1], len(pose), axis=0)
    return pose.with_points(xy)


@pytest.mark.parametrize(
    ("make", "view", "words"),
    [
        (lambda w, s, e: s(w().at_rate(5.0)), View.SAGITTAL, "5 frames a second"),
        (lambda w, s, e: s(w()), View.CORONAL, "exchanged"),
        (lambda w, s, e: e(w()), View.SAGITTAL, "exchanged"),
        (lambda w, s, e: _still(s(w())), View.SAGITTAL, "standing"),
        (lambda w, s, e: s(w(seconds=0.5)), View.SAGITTAL, "no walking"),
    ],
    ids=["5 fps", "side for end", "end for side", "standing", "half a second"],
)
def test_what_cannot_be_measured_is_refused_in_one_sentence(
    walk: Callable[..., Any],
    from_side: Callable[..., PoseSequence],
    from_end: Callable[..., PoseSequence],
    make: Callable[..., PoseSequence],
    view: View,
    words: str,
) -> None:
    with pytest.raises(AnalysisError) as raised:
        read_view(make(walk, from_side, from_end), view, trial_id="visit-1")
    text = str(raised.value)
    assert words in text
    assert "visit-1" in text
    assert "\n" not in text


def test_a_trial_without_poses_is_refused() -> None:
    with pytest.raises(AnalysisError, match="no video"):
        read_trial(TRIAL, ByView(None, None))


def test_one_frame_is_refused(walk: Callable[..., Any], from_side: Callable[..., PoseSequence]) -> None:
    pose = from_side(walk())
    one = PoseSequence(pose.xy[:1], pose.score[:1], pose.times[:1], pose.width, pose.height)
    with pytest.raises(AnalysisError, match="1 frame"):
        read_view(one, View.SAGITTAL, trial_id="t1")


@pytest.mark.parametrize("seed", range(12))
def test_garbage_is_read_or_refused_but_never_crashes(
    walk: Callable[..., Any],
    from_side: Callable[..., PoseSequence],
    from_end: Callable[..., PoseSequence],
    seed: int,
) -> None:
    random = np.random.default_rng(seed)
    for make, view in ((from_side, View.SAGITTAL), (from_end, View.CORONAL)):
        pose = make(walk(seconds=2.5, rate_hz=30.0))
        xy = pose.xy.copy()
        spoil = seed % 6
        if spoil == 0:
            xy[random.random(xy.shape[:2]) < 0.5] = np.nan
        elif spoil == 1:
            xy[:, random.permutation(23)[:12]] = np.nan
        elif spoil == 2:
            xy = random.uniform(0, 1000, xy.shape).astype(np.float32)
        elif spoil == 3:
            xy[:] = np.nan
        elif spoil == 4:
            xy[:] = 300.0
        else:
            xy += random.normal(0, 60, xy.shape).astype(np.float32)
        score = np.where(np.isfinite(xy).all(axis=2), pose.score, 0.0).astype(np.float32)
        text, motion = "", None
        try:
            motion = read_view(pose.with_points(xy, score=score), view, trial_id="t1")
        except AnalysisError as error:
            text = str(error)
        assert text.endswith((".", "?")) or (
            motion is not None and len(motion.events) == len(motion.passes) > 0
        )


# --- passes of unlike speed, and pauses --------------------------------------------------------------------


def _there_and_back(walk: Callable[..., Any], slower: float) -> tuple[Any, Any]:
    """To one side in real time, and back in a clock that many times slower."""
    back = walk(seconds=4.0 * slower, speed=1.1 / slower, stride_s=slower, rate_hz=60.0, sign=-1.0)
    return walk(seconds=4.0), back


@pytest.mark.parametrize("slower", [2.0, 4.0])
def test_a_pass_in_slow_motion_is_not_pooled_with_one_in_real_time(
    walk: Callable[..., Any],
    from_side: Callable[..., PoseSequence],
    one_after_another: Callable[..., Any],
    slower: float,
) -> None:
    pose = from_side(one_after_another(*_there_and_back(walk, slower)))
    motion = read_view(pose, View.SAGITTAL, trial_id="t1")
    assert len(motion.passes) == 2
    counting = [s for s in motion.strides if s.counts]
    assert {s.pass_index for s in counting} == {0}
    assert {s.side for s in counting} == set(Side)
    assert all(s.duration_s == pytest.approx(1.0, abs=0.05) for s in counting)
    assert all(s.excluded.code == "reason.another_speed" for s in motion.strides if s.pass_index == 1)
    told = [f for f in motion.quality if f.text.code == "finding.unlike_speeds.pass"]
    assert len(told) == 1
    assert told[0].text["number"] == 2
    assert "slow_motion" not in topics(motion.quality)


def test_passes_of_one_speed_stay_pooled(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence], one_after_another: Callable[..., Any]
) -> None:
    pose = from_side(
        one_after_another(walk(seconds=4.0), walk(seconds=5.0, speed=0.85, stride_s=1.2, sign=-1.0))
    )
    motion = read_view(pose, View.SAGITTAL, trial_id="t1")
    assert {s.pass_index for s in motion.strides if s.counts} == {0, 1}
    assert "unlike_speeds" not in topics(motion.quality)


def test_recordings_of_unlike_speed_are_not_pooled(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    trials = [
        read_trial(Trial(f"t{number}", ByView(None, None)), ByView(from_side(body), None))
        for number, body in enumerate(_there_and_back(walk, 2.0), start=1)
    ]
    assert all(s.counts for trial in trials for s in trial.views.sagittal.strides)
    real, slow = (trial.views.sagittal for trial in alike_trials(trials))
    assert real is trials[0].views.sagittal
    assert not any(s.counts for s in slow.strides)
    assert topics(f for f in slow.quality if f.trial == "t2").count("unlike_speeds") == 1
    assert alike_trials(trials[:1]) == tuple(trials[:1])


def test_nothing_is_joined_across_a_pause(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence], one_after_another: Callable[..., Any]
) -> None:
    """Two clips behind each other, the second one beginning in mid-walk: as if each were alone."""
    first = from_side(walk(seconds=3.0), size=(3000, 1080), middle_m=1.6)
    second = from_side(walk(seconds=4.0), size=(3000, 1080), middle_m=1.6)
    both = PoseSequence(
        np.concatenate([first.xy, second.xy]),
        np.concatenate([first.score, second.score]),
        np.concatenate([first.times, first.times[-1] + 2.0 + second.times]),
        3000,
        1080,
    )
    smooth = smooth_xy(both)
    np.testing.assert_allclose(smooth[: len(first)], smooth_xy(first), atol=1e-6)
    np.testing.assert_allclose(smooth[len(first) :], smooth_xy(second), atol=1e-6)
    motion = read_view(both, View.SAGITTAL, trial_id="t1")
    assert [(one.start < len(first), one.stop <= len(first)) for one in motion.passes] == [
        (True, True),
        (False, False),
    ]
    assert all(s.duration_s == pytest.approx(1.0, abs=0.05) for s in motion.strides if s.counts)
    alone = [read_view(pose, View.SAGITTAL, trial_id="t1") for pose in (first, second)]
    assert len(motion.strides) == sum(len(one.strides) for one in alone)


@pytest.mark.parametrize("stance", [0.28, 0.34, 0.40])
def test_running_is_named_and_does_not_count(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence], stance: float
) -> None:
    body = walk(seconds=4.0, speed=2.4, stride_s=0.7, stance=stance)
    motion = read_view(from_side(body, noise_px=1.0, pixels_per_metre=250.0), View.SAGITTAL, trial_id="t1")
    assert len(motion.strides) >= 6
    assert {one.excluded.code for one in motion.strides} == {"reason.running"}
    said = [one.text for one in motion.quality if one.text.code == "finding.running.is"]
    assert len(said) == 1
    assert "runs" in str(said[0])
    # events are those of the run
    found = np.array([e.time_s for e in motion.events[0].of(EventKind.INITIAL_CONTACT, Side.LEFT)])
    assert np.abs(found / 0.7 - np.round(found / 0.7)).max() * 0.7 < 0.06


@pytest.mark.parametrize(("speed", "stride_s", "stance"), [(1.1, 1.0, 0.6), (1.9, 0.7, 0.54), (0.6, 1.3, 0.66)])
def test_walking_fast_or_slowly_is_no_running(
    walk: Callable[..., Any],
    from_side: Callable[..., PoseSequence],
    speed: float,
    stride_s: float,
    stance: float,
) -> None:
    body = walk(seconds=5.0, speed=speed, stride_s=stride_s, stance=stance)
    motion = read_view(from_side(body, noise_px=1.0, pixels_per_metre=250.0), View.SAGITTAL, trial_id="t1")
    assert all(one.excluded.code != "reason.running" for one in motion.strides)
    assert any(one.counts for one in motion.strides)


def test_a_pass_without_a_stride_is_said(
    walk: Callable[..., Any],
    from_side: Callable[..., PoseSequence],
    one_after_another: Callable[..., Any],
) -> None:
    there, fast = walk(seconds=3.0), walk(seconds=0.9)
    motion = read_view(from_side(one_after_another(there, fast)), View.SAGITTAL, trial_id="t1")
    assert len(motion.passes) == 2
    assert {one.pass_index for one in motion.strides} == {0}
    said = [one.text for one in motion.quality if one.text.code == "finding.strides.incomplete_pass"]
    assert [one["number"] for one in said] == [2]


def test_a_crossing_that_is_too_short_for_a_pass_is_said(
    walk: Callable[..., Any],
    from_side: Callable[..., PoseSequence],
    one_after_another: Callable[..., Any],
) -> None:
    there, fast = walk(seconds=3.0), walk(seconds=0.6, speed=2.4, stride_s=0.7, stance=0.4)
    motion = read_view(from_side(one_after_another(there, fast)), View.SAGITTAL, trial_id="t1")
    assert len(motion.passes) == 1
    said = [one.text for one in motion.quality if one.text.code == "finding.lost.frames"]
    assert len(said) == 1
    assert "body heights" in str(said[0])
