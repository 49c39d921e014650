from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gaitviewer.analysis.signal.cleaning import clean
from gaitviewer.analysis.signal.prepared import prepare_view
from gaitviewer.analysis.walking.laterality import near_side, repair_flicker
from gaitviewer.analysis.walking.passes import apply_sides, classify_view, find_passes
from gaitviewer.analysis.walking.trial import read_view
from gaitviewer.core.gait import Direction, Side, View, WalkingPass
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.skeleton import Keypoint
from tests.support.said import codes, is_within

LEG = ("HIP", "KNEE", "ANKLE", "HEEL", "BIG_TOE")


def _there_and_back(walk: Callable[..., Any], one_after_another: Callable[..., Any]) -> Any:
    there, back = walk(seconds=3.0), walk(seconds=3.0, sign=-1.0)
    back.points[..., 1] += there.points[-1, Keypoint.LEFT_HIP, 1]
    return one_after_another(there, back)


def _standing(body: Any, seconds: float, *, turning: bool = False) -> Any:
    """The same body on one spot, turning about itself or not."""
    count = int(seconds * 60)
    points = np.repeat(body.points[:1], count, axis=0)
    if turning:
        angle = np.linspace(0, 2 * np.pi, count)
        middle = points[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP], :2].mean(axis=1)[:, None]
        x, y = np.moveaxis(points[..., :2] - middle, -1, 0)
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        points[..., :2] = np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1) + middle
    return type(body)(points, np.arange(count) / 60.0, ())


def test_there_and_back_are_two_passes_with_their_own_direction_and_near_side(
    walk: Callable[..., Any],
    one_after_another: Callable[..., Any],
    from_side: Callable[..., PoseSequence],
) -> None:
    passes, left_out = find_passes(
        prepare_view(from_side(_there_and_back(walk, one_after_another))), View.SAGITTAL
    )
    assert [one.direction for one in passes] == [Direction.RIGHT_TO_LEFT, Direction.LEFT_TO_RIGHT]
    assert [one.near for one in passes] == [Side.LEFT, Side.RIGHT]
    assert not any(one.swapped for one in passes)
    assert passes[0].start <= 3
    assert abs(passes[0].stop - 180) <= 3
    assert "reason.not_seen" in codes(one.reason for one in left_out)


def test_every_frame_is_in_one_pass_or_left_out_with_a_reason(
    walk: Callable[..., Any],
    one_after_another: Callable[..., Any],
    from_side: Callable[..., PoseSequence],
) -> None:
    body = one_after_another(walk(seconds=2.0), _standing(walk(), 2.0), gap_s=0.1)
    pose = from_side(body)
    passes, left_out = find_passes(prepare_view(pose), View.SAGITTAL)
    covered = np.zeros(len(pose), int)
    for one in (*passes, *left_out):
        covered[one.start : one.stop] += 1
    assert (covered == 1).all()
    assert all(one.reason for one in left_out)
    assert "reason.standing" in codes(one.reason for one in left_out)


@pytest.mark.parametrize("turning", [False, True])
def test_standing_and_turning_on_the_spot_are_no_walking(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence], turning: bool
) -> None:
    pose = from_side(_standing(walk(), 4.0, turning=turning))
    assert find_passes(prepare_view(pose), View.SAGITTAL)[0] == ()
    assert find_passes(prepare_view(pose), View.CORONAL)[0] == ()
    assert classify_view(prepare_view(pose)).confidence == 0


def test_walking_backwards_is_left_out(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    body = walk()
    body.points[:] = body.points[::-1].copy()
    passes, left_out = find_passes(prepare_view(from_side(body)), View.SAGITTAL)
    assert passes == ()
    assert "reason.turning" in codes(one.reason for one in left_out)


def test_feet_beyond_the_picture_end_a_pass(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    body = walk(seconds=5.0)
    pose = from_side(body, size=(1280, 1080))
    passes, _ = find_passes(prepare_view(pose), View.SAGITTAL)
    assert len(passes) == 1
    inside = pose.xy[passes[0].start : passes[0].stop]
    assert np.nanmin(inside[..., 0]) >= 0
    assert np.nanmax(inside[..., 0]) <= 1280
    assert passes[0].stop - passes[0].start < len(pose)


def test_cropped_feet_give_no_pass_and_say_so(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    pose = from_side(walk(), size=(3600, 860))
    passes, left_out = find_passes(prepare_view(pose), View.SAGITTAL)
    assert passes == ()
    assert any(is_within("part.feet", one.reason) for one in left_out)


@pytest.mark.parametrize(("towards", "direction"), [(True, Direction.TOWARDS), (False, Direction.AWAY)])
def test_the_end_view_tells_towards_from_away(
    walk: Callable[..., Any], from_end: Callable[..., PoseSequence], towards: bool, direction: Direction
) -> None:
    passes, _ = find_passes(prepare_view(from_end(walk(), towards=towards, noise_px=1.0)), View.CORONAL)
    assert [one.direction for one in passes] == [direction]
    assert passes[0].near is None
    assert not passes[0].swapped


def test_views_are_told_apart(
    walk: Callable[..., Any],
    from_side: Callable[..., PoseSequence],
    from_end: Callable[..., PoseSequence],
) -> None:
    side, end = (
        classify_view(prepare_view(from_side(walk(), noise_px=3))),
        classify_view(prepare_view(from_end(walk(), noise_px=3))),
    )
    assert (side.view, end.view) == (View.SAGITTAL, View.CORONAL)
    assert min(side.confidence, end.confidence) > 0.8
    assert side.reason.code == "reason.travels"


def test_an_oblique_walk_shows_its_angle(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    straight = find_passes(prepare_view(from_side(walk())), View.SAGITTAL)[0][0]
    # the assumed focal length is 0.9 picture widths: make the picture that wide
    oblique = from_side(walk(seconds=2.0), yaw_deg=25.0, size=(2500, 1400))
    assert straight.out_of_plane_deg < 3
    assert find_passes(prepare_view(oblique), View.SAGITTAL)[0][0].out_of_plane_deg == pytest.approx(25, abs=8)


def test_short_hidden_stretches_do_not_cut_a_pass(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    body = walk()
    body.points[100:110] = np.nan
    assert len(find_passes(prepare_view(from_side(body)), View.SAGITTAL)[0]) == 1
    body.points[100:150] = np.nan
    assert len(find_passes(prepare_view(from_side(body)), View.SAGITTAL)[0]) == 2


@pytest.mark.parametrize("view", list(View))
def test_a_mirrored_video_gives_the_subjects_own_sides(
    walk: Callable[..., Any],
    from_side: Callable[..., PoseSequence],
    from_end: Callable[..., PoseSequence],
    mirrored: Callable[[PoseSequence], PoseSequence],
    view: View,
) -> None:
    plain = from_side(walk()) if view is View.SAGITTAL else from_end(walk())
    picture = mirrored(plain)
    passes, _ = find_passes(prepare_view(picture), view, mirrored=True)
    own = apply_sides(prepare_view(picture), passes).raw
    rows = slice(passes[0].start, passes[0].stop)
    ankle = plain.xy[rows, Keypoint.LEFT_ANKLE]
    assert np.allclose(own.xy[rows, Keypoint.LEFT_ANKLE, 0], plain.width - ankle[:, 0])
    near = find_passes(prepare_view(plain), view)[0][0].near
    assert passes[0].near is near


def test_labels_exchanged_over_a_whole_pass_are_put_right_in_the_end_view(
    walk: Callable[..., Any], from_end: Callable[..., PoseSequence]
) -> None:
    truth = from_end(walk())
    passes, _ = find_passes(prepare_view(truth.flipped_labels()), View.CORONAL)
    assert passes[0].swapped
    assert "note.sides.exchanged" in codes(passes[0].notes)
    mended = apply_sides(prepare_view(truth.flipped_labels()), passes).raw
    rows = slice(passes[0].start, passes[0].stop)
    assert np.array_equal(mended.xy[rows], truth.xy[rows], equal_nan=True)


def _with_scores(pose: PoseSequence, near: Side) -> PoseSequence:
    """The near leg is seen better, as an estimator says."""
    score = pose.score.copy()
    for name in LEG:
        score[:, Keypoint[f"{near.name}_{name}"]] = 0.98
        score[:, Keypoint[f"{near.other.name}_{name}"]] = 0.80
    return pose.with_points(pose.xy.copy(), score=score)


def test_labels_exchanged_over_a_whole_pass_are_put_right_in_the_side_view(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    truth = _with_scores(from_side(walk()), Side.LEFT)
    assert not find_passes(prepare_view(truth), View.SAGITTAL)[0][0].swapped
    wrong = truth.flipped_labels()
    passes, _ = find_passes(prepare_view(wrong), View.SAGITTAL)
    assert passes[0].swapped
    assert passes[0].near is Side.LEFT
    assert any(is_within("cue.scores", note) for note in passes[0].notes)
    rows = slice(passes[0].start, passes[0].stop)
    assert np.array_equal(apply_sides(prepare_view(wrong), passes).raw.xy[rows], truth.xy[rows], equal_nan=True)


def test_one_weak_cue_does_not_overrule_the_estimator(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    pose = from_side(walk())
    score = pose.score.copy()
    score[:, [Keypoint[f"RIGHT_{name}"] for name in LEG]] = 0.98
    assert not find_passes(prepare_view(pose.with_points(pose.xy.copy(), score=score)), View.SAGITTAL)[0][
        0
    ].swapped


@pytest.mark.parametrize("frames", [1, 3, 8])
def test_short_exchanges_of_the_legs_are_repaired(
    children: dict[str, Any], from_side: Callable[..., PoseSequence], frames: int
) -> None:
    repaired = 0
    for name, child in children.items():
        if name == "HC040A14":
            continue
        truth = from_side(child, noise_px=2.0)
        one = find_passes(prepare_view(truth), View.SAGITTAL)[0][0]
        assert repair_flicker(prepare_view(truth), one).stretches == ()
        xy = truth.xy.copy()
        left, right = ([Keypoint[f"{side.name}_{point}"] for point in LEG] for side in Side)
        rows = slice(90, 90 + frames)
        xy[rows, left], xy[rows, right] = xy[rows, right], xy[rows, left].copy()
        mended = clean(repair_flicker(prepare_view(truth.with_points(xy)), one).pose)
        off = np.hypot(*(mended.xy[:, Keypoint.LEFT_ANKLE] - truth.xy[:, Keypoint.LEFT_ANKLE]).T)
        repaired += int(np.nanmax(off) < 40)  # where the legs are together nothing can be told, nor matters
    assert repaired >= 6


@pytest.mark.parametrize("around", [1, 3, 5])
def test_legs_drawn_as_one_and_exchanged_from_then_on_are_put_right(
    children: dict[str, Any], from_side: Callable[..., PoseSequence], around: int
) -> None:
    """Where one leg swings past the other: an estimator does so with a body whose legs look alike."""
    told, right = 0, 0
    for child in children.values():
        truth = from_side(child, noise_px=2.0)
        one = find_passes(prepare_view(truth), View.SAGITTAL)[0][0]
        left, other = ([Keypoint[f"{side.name}_{point}"] for point in LEG] for side in Side)
        ankles = np.abs(truth.xy[:, Keypoint.LEFT_ANKLE, 0] - truth.xy[:, Keypoint.RIGHT_ANKLE, 0])
        middle = slice(one.start + 25, one.stop - 25)
        crossing = middle.start + int(np.nanargmin(ankles[middle]))
        xy = truth.xy.copy()
        rows = slice(crossing - around, crossing + around + 1)
        xy[rows, left] = xy[rows, other] = 0.5 * (xy[rows, left] + xy[rows, other])
        after = slice(crossing, len(xy))
        xy[after, left], xy[after, other] = xy[after, other], xy[after, left].copy()
        mended = repair_flicker(prepare_view(truth.with_points(xy)), one).pose.xy
        kept = np.r_[one.start : rows.start, rows.stop : one.stop]
        off = np.hypot(*(mended[kept] - truth.xy[kept])[:, Keypoint.LEFT_ANKLE].T)
        exchanged = np.hypot(*(mended[kept, Keypoint.LEFT_ANKLE] - truth.xy[kept, Keypoint.RIGHT_ANKLE]).T)
        told += 1
        # either all as it was, or all exchanged: that is judged for the pass as a whole, elsewhere
        right += int(min(np.nanmax(off), np.nanmax(exchanged)) < 40)
    assert told == 8
    assert right >= 7


def test_near_side_by_direction() -> None:
    assert near_side(Direction.RIGHT_TO_LEFT) is Side.LEFT
    assert near_side(Direction.LEFT_TO_RIGHT) is Side.RIGHT
    assert near_side(Direction.RIGHT_TO_LEFT, mirrored=True) is Side.RIGHT
    assert near_side(Direction.TOWARDS) is None


def test_a_pass_ends_where_the_leading_foot_may_be_beyond_the_edge(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    pose = from_side(walk(seconds=5.0), size=(1280, 1080))
    xy = pose.xy.copy()
    hips = xy[:, [Keypoint.LEFT_HIP]]
    beyond = xy[..., :1] < 0
    invented = np.where(beyond, hips, xy)  # an estimator puts a foot that is outside somewhere inside
    score = np.where(hips[..., 0] < 10, 0.0, pose.score).astype(np.float32)
    invented[score == 0] = np.nan
    passes, left_out = find_passes(prepare_view(pose.with_points(invented, score=score)), View.SAGITTAL)
    last = invented[passes[0].stop - 1, Keypoint.LEFT_HIP, 0]
    assert last > 0.15 * 450 * 1.6
    assert "reason.leaving" in codes(one.reason for one in left_out)


def test_labels_are_put_right_a_little_beyond_a_pass() -> None:
    """Stepping out of the picture belongs to the walk, though not to the pass."""
    from gaitviewer.core.pose import PoseSequence

    def made(times: np.ndarray) -> PoseSequence:
        xy = np.zeros((times.size, 23, 2), np.float32)
        xy[:, :, 0] = 300 + 100 * times[:, None] + 20 * np.arange(23)
        xy[:, :, 1] = 300 + 5 * np.arange(23)
        return PoseSequence(xy, np.full((times.size, 23), 0.9, np.float32), times, 1280, 720)

    pose = made(np.arange(60) / 30)
    one = WalkingPass(View.SAGITTAL, Direction.LEFT_TO_RIGHT, 10, 40, near=Side.RIGHT, swapped=True)
    found = apply_sides(prepare_view(pose), (one,)).raw
    exchanged = np.flatnonzero((found.xy[:, 11] != pose.xy[:, 11]).any(axis=1))
    assert exchanged[0] in (1, 2)
    assert exchanged[-1] in (47, 48)


def _entering(body: Any, from_side: Callable[..., PoseSequence], *, seed: int) -> PoseSequence:
    """A walk to the left that begins with the trailing heel at the very edge of the picture."""
    pose = from_side(body, noise_px=1.0, seed=seed)
    resting = from_side(body).xy[0, [Keypoint.LEFT_HEEL, Keypoint.RIGHT_HEEL], 0].max()
    xy, score = pose.xy.copy(), pose.score.copy()
    xy[..., 0] += pose.width - 2.0 - resting
    gone = ~(xy[..., 0] <= pose.width - 1)  # an estimator gives nothing beyond the picture
    xy[gone], score[gone] = np.nan, 0.0
    return pose.with_points(xy, score=score)


def test_a_heel_at_the_edge_of_the_picture_takes_no_stride_away(
    walk: Callable[..., Any], from_side: Callable[..., PoseSequence]
) -> None:
    # a tenth of a second before the first contact, so that a pass that begins late loses it
    found = {}
    for seed in range(12):
        body = walk(seconds=4.5).at(np.arange(0.85, 3.9, 1 / 30.0))
        pose = _entering(body, from_side, seed=seed)
        motion = read_view(pose, View.SAGITTAL, trial_id="t1")
        found[seed] = [(one.side, one.number, one.counts) for one in motion.strides]
    assert len(found[0]) >= 4
    assert all(strides == found[0] for strides in found.values())
