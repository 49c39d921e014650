"""The knowledge map: its table, values on a known body, mirror image, gaps, and clips that are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.analysis.knowledge_map.clips import MapClip, find_clips
from gaitviewer.analysis.knowledge_map.features import Space, load_map_features, mirror_values
from gaitviewer.analysis.knowledge_map.findings import find_features
from gaitviewer.analysis.knowledge_map.map import read_map
from gaitviewer.analysis.walking.trial import read_view
from gaitviewer.core.gait import Direction, Side, View
from gaitviewer.core.maps import KnowledgeMap
from gaitviewer.core.measures import ViewMotion
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.errors import AnalysisError
from gaitviewer.messages import as_written, message
from gaitviewer.synthesis.curves import CycleCurve
from gaitviewer.synthesis.gait.model import normal_gait
from tests.support.said import is_within
from tests.support.walkers import steady

TABLE = load_map_features()


def test_the_table_has_the_published_structure() -> None:
    assert [len(TABLE.rows(space)) for space in Space] == [140, 32, 66]
    assert len(set(TABLE.names)) == 238
    assert all(one.title and one.wording and one.unit and one.region for one in TABLE.features)
    assert {one.unit for one in TABLE.features} == {"BH", "BH/s", "BH/s2", "BH/s3", "deg", "r"}
    for space, stop in zip(Space, (140, 172, 238), strict=True):  # the spaces follow each other
        assert TABLE.rows(space)[-1] == stop - 1


@pytest.mark.parametrize(("rows", "frames"), [(14, 8), (17, 16), (7, 8), (34, 8)])
def test_patches_divide_the_map_and_are_mostly_of_one_kind(rows: int, frames: int) -> None:
    assert 238 % rows == 0
    assert 96 % frames == 0
    kinds = [(one.space, one.region) for one in TABLE.features]
    same = [
        max(part.count(kind) for kind in set(part)) / rows
        for part in (kinds[start : start + rows] for start in range(0, 238, rows))
    ]
    rng = np.random.default_rng(1)
    mixed = [kinds[i] for i in rng.permutation(238)]
    by_chance = [
        max(part.count(kind) for kind in set(part)) / rows
        for part in (mixed[start : start + rows] for start in range(0, 238, rows))
    ]
    assert np.mean(same) > 1.5 * np.mean(by_chance)
    if rows <= 14:
        assert np.mean(same) > 0.7


def test_mirroring_the_table_twice_changes_nothing() -> None:
    values = np.random.default_rng(0).standard_normal((238, 5))
    np.testing.assert_array_equal(mirror_values(mirror_values(values)), values)
    rows, _ = TABLE.mirror
    assert all(TABLE.features[a].unit == TABLE.features[b].unit for a, b in enumerate(rows))


@pytest.fixture(scope="module")
def walk(end_view: Callable[..., ViewMotion]) -> ViewMotion:
    return end_view(noise_px=0.3)


def only_clip(motion: ViewMotion, frames: int | None = None) -> MapClip:
    return find_clips(motion, frames=frames).clips[0]


def test_a_clip_starts_at_an_initial_contact_and_holds_whole_cycles(walk: ViewMotion) -> None:
    clip = only_clip(walk)
    contacts = [stride.start_s for stride in walk.strides if stride.side is clip.side]
    assert min(abs(clip.start_s - time) for time in contacts) < 1e-9
    found = read_map(walk, clip).map
    assert found.values.shape == (238, 96)
    assert np.isfinite(found.values).all()
    assert found.times_s[-1] - found.times_s[0] == pytest.approx(95 / 30)
    assert found.cycle[0] == pytest.approx(0.0, abs=1e-9)
    assert np.ptp(TABLE.rows(Space.COUPLING)) == 65
    coupled = found.values[TABLE.rows(Space.COUPLING)]
    assert np.abs(coupled).max() <= 1.0 + 1e-9


def test_lengths_are_those_of_the_body_however_near_it_comes(end_view: Callable[..., ViewMotion]) -> None:
    motion = end_view()
    found = read_map(motion, only_clip(motion)).map.values
    leg = found[TABLE.index["left_leg"]]
    width = found[TABLE.index["shoulder_width"]]
    p = normal_gait().proportions
    nominal = 1.25 * (p.trunk + p.thigh + p.shank)  # the measure of "body height"
    assert np.median(width) == pytest.approx(p.shoulder_width / nominal, rel=0.06)
    # the child doubles in the picture: the width must not follow
    size = motion.pose.xy[:, Keypoint.LEFT_SHOULDER, 0] - motion.pose.xy[:, Keypoint.RIGHT_SHOULDER, 0]
    assert np.ptp(size) / np.median(size) > 0.4
    assert abs(np.polyfit(np.arange(96), width, 1)[0]) * 96 < 0.06 * np.median(width)
    assert leg.max() <= (p.thigh + p.shank) / nominal * 1.06
    assert abs(found[TABLE.index["pelvis_aside"]].mean()) < 1e-3


def test_towards_and_away_agree_on_the_side(end_view: Callable[..., ViewMotion]) -> None:
    gait = steady(normal_gait())
    tilted = replace(
        gait,
        trunk=replace(
            gait.trunk,
            shoulder_obliquity=gait.trunk.shoulder_obliquity.plus(CycleCurve.constant(6.0)),
            trunk_lean=gait.trunk.trunk_lean.plus(CycleCurve.constant(-5.0)),
        ),
    )
    for towards in (True, False):
        motion = end_view(tilted, towards=towards)
        found = read_map(motion, only_clip(motion)).map.values.mean(axis=1)
        assert found[TABLE.index["shoulder_tilt"]] == pytest.approx(6.0, abs=1.2), towards
        assert found[TABLE.index["trunk_lean"]] == pytest.approx(-5.0, abs=1.2), towards
        assert found[TABLE.index["neck_aside"]] < -0.01, towards


def mirrored(motion: ViewMotion) -> ViewMotion:
    """The mirrored child: the picture turned round, left called right."""
    flips = list(BODY_FEET_23.flips)
    pose = motion.pose
    xy = pose.xy.copy()
    xy[..., 0] = pose.width - xy[..., 0]
    turned = pose.with_points(xy[:, flips], score=pose.score[:, flips])
    strides = tuple(replace(stride, side=stride.side.other) for stride in motion.strides)
    return replace(motion, pose=turned, raw=turned, strides=strides)


@pytest.mark.parametrize("towards", [True, False])
def test_the_mirrored_child_has_the_map_mirrored_by_the_table(
    end_view: Callable[..., ViewMotion], towards: bool
) -> None:
    gait = normal_gait()  # with steps that differ, and an arm that swings more
    motion = end_view(replace(gait, right_lag=0.52), towards=towards, noise_px=0.5)
    clip = only_clip(motion)
    turned = mirrored(motion)
    by_points = read_map(turned, replace(clip, side=clip.side.other)).map.values
    by_table = mirror_values(read_map(motion, clip).map.values)
    scale = np.abs(by_table).max(axis=1, keepdims=True) + 1e-9
    # of two correlations of the same size and unlike signs either may be found: never more than a few frames
    close = np.abs(by_points - by_table) <= 2e-3 * scale
    assert close[:172].all()
    assert close[172:].mean() > 0.995


def test_a_long_gap_of_the_hands_leaves_their_rows_unknown(walk: ViewMotion) -> None:
    xy = walk.pose.xy.copy()
    xy[:, Keypoint.LEFT_WRIST] = np.nan
    motion = replace(walk, pose=walk.pose.with_points(xy))
    reading = read_map(motion, only_clip(motion))
    rows = {name for name, lost in zip(TABLE.names, reading.unknown, strict=True) if lost}
    assert "left_wrist_speed" in rows
    assert "left_arm_swing__right_arm_swing" in rows
    assert "right_wrist_speed" not in rows
    assert (reading.map.values[reading.unknown] == TABLE.clip.neutral).all()
    assert message("note.point_not_seen", point="left wrist") in reading.notes


def test_a_clip_without_a_hip_is_refused(walk: ViewMotion) -> None:
    xy = walk.pose.xy.copy()
    xy[:, Keypoint.LEFT_HIP] = np.nan
    motion = replace(walk, pose=walk.pose.with_points(xy))
    with pytest.raises(AnalysisError, match=r"left out: (.*)left hip|size is unknown"):
        read_map(motion, only_clip(motion))


def test_a_short_gap_is_bridged(walk: ViewMotion) -> None:
    clip = only_clip(walk)
    whole = read_map(walk, clip).map.values
    xy = walk.pose.xy.copy()
    first = int(np.searchsorted(walk.pose.times, clip.start_s + 1.0))
    xy[first : first + 6, Keypoint.RIGHT_ELBOW] = np.nan
    holed = read_map(replace(walk, pose=walk.pose.with_points(xy)), clip).map.values
    assert np.isfinite(holed).all()
    row = TABLE.index["right_elbow_up"]
    assert np.abs(holed[row] - whole[row]).max() < 0.02


def test_a_pass_that_is_too_short_says_so(walk: ViewMotion) -> None:
    one = walk.passes[0]
    motion = replace(walk, passes=(replace(one, stop=one.start + 170),))
    search = find_clips(motion)
    assert search.clips == ()
    assert str(search.reasons[0]) == "pass 1 is too short: 85 frames at 30 Hz, 96 are needed"


def test_irregular_cycles_are_left_out_with_the_reason(walk: ViewMotion) -> None:
    clip = only_clip(walk)
    broken = replace(walk, strides=tuple(s for s in walk.strides if s.side is clip.side and s.number == 0))
    search = find_clips(broken)
    assert search.clips == ()
    assert is_within("reason.clip.few_cycles", search.reasons[0])
    without = replace(walk, strides=tuple(replace(s, excluded=as_written("starts")) for s in walk.strides))
    assert find_clips(without).reasons[0].code == "reason.clip.no_whole_cycle"


def test_every_marker_trial_gives_a_finite_map(shared_data: Path) -> None:
    from gaitviewer.formats.c3d import read_c3d
    from gaitviewer.formats.trc import read_trc
    from gaitviewer.research.validation.projection import ValidationOptions, film, find_body

    options = ValidationOptions(rate_hz=60.0, noise_px=1.0)
    files = [*sorted((shared_data / "c3d").glob("*.c3d")), *sorted((shared_data / "opencap").glob("*.trc"))]
    assert files
    for path in files:
        trial = read_c3d(path) if path.suffix == ".c3d" else read_trc(path)
        pose: PoseSequence = film(find_body(trial), options, seed=1).coronal
        motion = read_view(pose, View.CORONAL, trial_id=path.stem)
        search = find_clips(motion)  # these laboratories are short: no opinion, and why
        assert len(search.clips) + len(search.reasons) >= len(motion.passes)
        for index, one in enumerate(motion.passes):  # the whole pass, for its numbers alone
            start, stop = float(pose.times[one.start]), float(pose.times[one.stop - 1])
            frames = int((stop - start) * 30)
            clip = MapClip(path.stem, View.CORONAL, index, start, Side.LEFT, 1.0, frames, 30.0)
            reading = read_map(motion, clip)
            assert reading.map.values.shape == (238, frames)
            assert np.isfinite(reading.map.values).all(), path.name
            assert not reading.unknown[TABLE.index["trunk_lean"]]


def test_every_direction_is_read(walk: ViewMotion) -> None:
    assert {one.direction for one in walk.passes} <= {Direction.TOWARDS, Direction.AWAY}


def test_findings_name_the_top_feature_of_each_domain_and_its_window() -> None:
    values = np.zeros((238, 96))
    values[TABLE.index["neck_aside"], 30:40] = 2.0
    values[TABLE.index["shoulder_tilt"], 60:66] = 1.0
    importance = KnowledgeMap(
        values, TABLE.names, 5.0 + np.arange(96) / 30, "t1", View.CORONAL, np.full(96, np.nan), "importance"
    )
    first, second = find_features(importance)
    assert (first.feature, first.domain) == ("neck_aside", "motion")
    assert (second.feature, second.domain) == ("shoulder_tilt", "self-skeleton")
    assert first.start_s == pytest.approx(6.0)
    assert first.stop_s == pytest.approx(5.0 + 39 / 30)
    assert "1.0 to 1.3 s" in first.words
    assert find_features(replace(importance, values=np.zeros((238, 96)))) == ()
