"""What a person does with keypoints."""

from __future__ import annotations

import numpy as np
import pytest

from gaitviewer.analysis.correction import points as by_hand
from gaitviewer.analysis.signal.cleaning import clean, smooth_xy
from gaitviewer.core.corrections import estimate_of
from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.pose import Origin, PoseSequence
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.errors import AnalysisError
from tests.support.random_edits import digests

KNEE, ANKLE = int(Keypoint.LEFT_KNEE), int(Keypoint.LEFT_ANKLE)
OTHER_KNEE = int(Keypoint.RIGHT_KNEE)
WHERE = ("t1", View.SAGITTAL)


def pose_of(document: Document) -> PoseSequence:
    pose = document.trials[0].poses.sagittal
    assert pose is not None
    return pose


@pytest.fixture
def document(walker_document: Document) -> Document:
    return walker_document


@pytest.fixture
def frame(document: Document) -> int:
    """A frame in the midst of a pass, with frames around it in which all is seen."""
    seen = pose_of(document).seen.all(axis=1)
    return next(f for f in range(30, len(seen) - 30) if seen[f - 30 : f + 30].all())


def test_a_point_is_put_and_the_estimate_stays(document: Document, frame: int) -> None:
    after = by_hand.place(document, *WHERE, frame, {KNEE: (12.5, 40.25)})
    pose, before = pose_of(after), pose_of(document)
    assert pose.xy[frame, KNEE].tolist() == [12.5, 40.25]
    assert pose.origin[frame, KNEE] == Origin.CORRECTED
    assert pose.score[frame, KNEE] == before.score[frame, KNEE]  # by hand is no confidence
    assert estimate_of(after.trials[0], View.SAGITTAL) is before
    assert (pose.origin != Origin.ESTIMATED).sum() == 1
    assert pose_of(by_hand.restore(after, *WHERE, [frame])) is before


def test_a_limb_and_the_whole_skeleton_move(document: Document, frame: int) -> None:
    leg = by_hand.limb_of(KNEE)
    assert leg == by_hand.LIMBS["left leg"]
    before = pose_of(document)
    after = pose_of(by_hand.shift(document, *WHERE, frame, leg, (3.0, -2.0)))
    assert np.allclose(after.xy[frame, list(leg)] - before.xy[frame, list(leg)], (3, -2), atol=1e-4)
    assert np.array_equal(after.xy[frame, OTHER_KNEE], before.xy[frame, OTHER_KNEE])
    whole = pose_of(by_hand.shift(document, *WHERE, frame, by_hand.ALL_POINTS, (1.0, 0.0)))
    assert (whole.origin[frame] == Origin.CORRECTED).all()


def test_hidden_points_are_bridged_and_absent_ones_are_not(document: Document, frame: int) -> None:
    frames = range(frame, frame + 1)
    hidden = clean(pose_of(by_hand.deny(document, *WHERE, frames, [KNEE], Origin.HIDDEN)))
    absent = clean(pose_of(by_hand.deny(document, *WHERE, frames, [KNEE], Origin.ABSENT)))
    assert (hidden.origin[frame : frame + 1, KNEE] == Origin.INTERPOLATED).all()
    assert (absent.origin[frame : frame + 1, KNEE] == Origin.ABSENT).all()
    assert not absent.seen[frame : frame + 1, KNEE].any()


def test_points_that_persons_vouch_for_pass_every_gate(document: Document, frame: int) -> None:
    pose = pose_of(document)
    far = (float(pose.width) - 3, 3.0)  # a spike, and of no confidence
    after = by_hand.place(document, *WHERE, frame, {KNEE: far})
    cleaned = clean(pose_of(after))
    assert cleaned.xy[frame, KNEE].tolist() == list(far)
    assert smooth_xy(cleaned)[frame, KNEE].tolist() == list(far)


def test_a_frame_is_copied_from_its_neighbour(document: Document, frame: int) -> None:
    after = pose_of(by_hand.copy_frame(document, *WHERE, frame - 1, frame))
    assert np.array_equal(after.xy[frame], after.xy[frame - 1])
    blank = by_hand.deny(document, *WHERE, [frame - 1], by_hand.ALL_POINTS, Origin.ABSENT)
    with pytest.raises(AnalysisError, match="has no points"):
        by_hand.copy_frame(blank, *WHERE, frame - 1, frame)


def test_propagating_spares_what_a_person_set(document: Document, frame: int) -> None:
    set_before = by_hand.place(document, *WHERE, frame + 2, {KNEE: (1.0, 2.0)})
    set_before = by_hand.deny(set_before, *WHERE, [frame + 3], [KNEE], Origin.HIDDEN)
    after = pose_of(by_hand.propagate(set_before, *WHERE, frame, range(frame, frame + 5), [KNEE]))
    assert after.origin[frame : frame + 5, KNEE].tolist() == [
        0,
        Origin.SPREAD,
        Origin.CORRECTED,
        Origin.HIDDEN,
        Origin.SPREAD,
    ]
    assert np.array_equal(after.xy[frame + 4, KNEE], after.xy[frame, KNEE])


def test_exchanging_sides_twice_gives_what_was_there(document: Document, frame: int) -> None:
    start = by_hand.place(document, *WHERE, frame, {KNEE: (5.0, 6.0)})
    start = by_hand.deny(start, *WHERE, [frame + 1], [OTHER_KNEE], Origin.HIDDEN)
    once = by_hand.swap_sides(start, *WHERE, frame, frame + 20)
    before, after = pose_of(start), pose_of(once)
    assert np.array_equal(after.xy[frame + 5, KNEE], before.xy[frame + 5, OTHER_KNEE])
    assert after.xy[frame, OTHER_KNEE].tolist() == [5.0, 6.0]
    assert after.origin[frame, OTHER_KNEE] == Origin.CORRECTED
    assert after.origin[frame + 5, KNEE] == Origin.EXCHANGED
    assert after.origin[frame + 1, KNEE] == Origin.HIDDEN
    assert digests(by_hand.swap_sides(once, *WHERE, frame, frame + 20)) == digests(start)


def test_exchanging_where_one_side_or_none_was_seen(document: Document, frame: int) -> None:
    data = document.trials[0]
    pose = pose_of(document)
    xy, score = pose.xy.copy(), pose.score.copy()
    xy[frame, KNEE], xy[frame, [ANKLE, int(Keypoint.RIGHT_ANKLE)]] = np.nan, np.nan
    score[~np.isfinite(xy).all(axis=2)] = 0
    from dataclasses import replace

    bare = replace(data, poses=replace(data.poses, sagittal=pose.with_points(xy, score=score)))
    start = replace(document, trials=(bare,))
    once = by_hand.swap_sides(start, *WHERE, frame, frame + 1)
    assert np.array_equal(pose_of(once).xy[frame, KNEE], pose.xy[frame, OTHER_KNEE])
    assert not pose_of(once).seen[frame, OTHER_KNEE]
    assert digests(by_hand.swap_sides(once, *WHERE, frame, frame + 1)) == digests(start)


def test_between_corrected_frames_points_follow_a_spline(document: Document, frame: int) -> None:
    rows = np.arange(frame, frame + 13)
    t = (rows - frame) / 12
    course = np.stack([200 + 80 * t, 300 + 40 * t**2], axis=1)
    after = document
    for row in rows[::4]:
        after = by_hand.place(after, *WHERE, int(row), {KNEE: tuple(course[row - frame])})
    after = by_hand.deny(after, *WHERE, [int(rows[5])], [KNEE], Origin.HIDDEN)
    after = by_hand.interpolate(after, *WHERE, int(rows[0]), int(rows[-1]) + 1, [KNEE])
    pose = pose_of(after)
    free = [n for n in range(13) if n % 4 and n != 5]
    assert np.abs(pose.xy[rows[free], KNEE] - course[free]).max() < 1.0
    assert (pose.origin[rows[free], KNEE] == Origin.SPREAD).all()
    assert pose.origin[rows[5], KNEE] == Origin.HIDDEN
    assert (pose.origin[rows[::4], KNEE] == Origin.CORRECTED).all()


def test_beyond_corrected_frames_a_correction_fades(document: Document, frame: int) -> None:
    before = pose_of(document)
    x, y = (float(n) for n in before.xy[frame, KNEE])
    after = by_hand.place(document, *WHERE, frame, {KNEE: (x + 20, y)})
    after = by_hand.interpolate(after, *WHERE, frame - 25, frame + 25, [KNEE], spread_s=0.3)
    moved = (pose_of(after).xy - before.xy)[:, KNEE, 0]
    assert moved[frame] == pytest.approx(20, abs=1e-3)
    assert (np.diff(moved[frame : frame + 9]) < 0).all()
    assert (np.diff(moved[frame - 8 : frame + 1]) > 0).all()
    outside = np.abs(before.times - before.times[frame]) >= 0.3
    assert not moved[outside][np.isfinite(moved[outside])].any()
    with pytest.raises(AnalysisError, match="Correct at least two frames"):
        by_hand.interpolate(document, *WHERE, frame, frame + 5, [KNEE])


def test_a_followed_point_stops_where_it_is_lost_or_a_person_set_it(document: Document, frame: int) -> None:
    start = by_hand.place(document, *WHERE, frame + 4, {KNEE: (7.0, 8.0)})
    track = np.arange(12, dtype=np.float32).reshape(6, 2)
    lost = track.copy()
    lost[2] = np.nan
    after = pose_of(by_hand.follow(start, *WHERE, frame, {KNEE: track, ANKLE: lost}))
    assert after.origin[frame + 1 : frame + 7, KNEE].tolist() == [3, 3, 3, 2, 0, 0]
    assert after.origin[frame + 1 : frame + 7, ANKLE].tolist() == [3, 3, 0, 0, 0, 0]
    with pytest.raises(AnalysisError, match="Set it by hand first"):
        by_hand.follow(start, *WHERE, frame, {KNEE: track[:0]})


def test_nothing_is_put_outside_the_recording(document: Document) -> None:
    with pytest.raises(ValueError, match="no such frame"):
        by_hand.place(document, *WHERE, len(pose_of(document)), {KNEE: (1.0, 1.0)})
    with pytest.raises(ValueError, match="needs a position"):
        by_hand.place(document, *WHERE, 0, {KNEE: (float("nan"), 1.0)})
