"""The score sheet: medians, gates, refusals, totals and evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.analysis.evgs import score as evgs_score
from gaitviewer.analysis.evgs.sheet import load_rules, load_thresholds
from gaitviewer.analysis.kinematics.stride_curves import StrideMeasures
from gaitviewer.analysis.outcomes import norms
from gaitviewer.core.evgs import EvgsMeasure
from gaitviewer.core.gait import Direction, Side, View, WalkingPass
from gaitviewer.core.session import Footwear, Session, Subject, WalkingAid
from gaitviewer.core.wording import total_words
from gaitviewer.messages import NOTHING, Message, as_written, message, named
from tests.support.said import codes

SESSION = Session("s", Subject("P1"))


def norm_curves(group: str = "free") -> dict[str, np.ndarray]:
    return {band.angle: band.mean for band in norms.normal_bands(group)}


def flat(value: float) -> np.ndarray:
    return np.full(101, value)


def test_items_that_keypoints_cannot_show_say_why(curve_cycle: Callable[..., StrideMeasures]) -> None:
    sheet = evgs_score.score([curve_cycle(norm_curves(), view=View.CORONAL)], session=SESSION)
    for number, word in ((4, "heel_bone"), (5, "knee_progression"), (8, "kneecap")):
        measure = sheet.get(number, Side.LEFT)
        assert measure.score is None
        assert measure.probabilities is None
        assert measure.reason.code == f"reason.{word}"


def test_totals_say_what_they_are_made_of(curve_cycle: Callable[..., StrideMeasures]) -> None:
    sheet = evgs_score.score([curve_cycle({"knee_flexion": flat(30.0)})], session=SESSION)
    total = sheet.total(Side.LEFT)
    seen = [m for m in sheet.measures.left if m.assessable]
    assert {m.item.code for m in seen} == {"KEX", "KPS", "KFX"}
    assert (total.score, total.maximum, total.items_seen) == (2 + 1 + 2, 6, 3)
    assert str(total_words(total)) == "5 of 6 (3 items seen)"
    assert str(total_words(sheet.total(Side.RIGHT))) == "0 of 0 (0 items seen)"


def several(
    curve_cycle: Callable[..., StrideMeasures], values: list[float], **changes: object
) -> list[StrideMeasures]:
    cycles = [curve_cycle({"knee_flexion": flat(value)}) for value in values]
    return [replace(c, stride=replace(c.stride, number=i, **changes)) for i, c in enumerate(cycles)]


def test_the_median_of_the_accepted_strides_is_scored(curve_cycle: Callable[..., StrideMeasures]) -> None:
    cycles = several(curve_cycle, [10.0, 12.0, 40.0])
    cycles += several(curve_cycle, [90.0], excluded=as_written("the subject turns"))
    measure = evgs_score.score(cycles, session=SESSION).get(9, Side.LEFT)
    assert measure.value == pytest.approx(12.0)
    assert measure.score == 0
    assert measure.spread == pytest.approx(float(np.std([10, 12, 40], ddof=1)))
    assert len(measure.strides) == 3
    assert evgs_score.score(cycles[:1], session=SESSION).get(9, Side.LEFT).spread is None


def test_excluded_strides_are_named_when_nothing_is_left(curve_cycle: Callable[..., StrideMeasures]) -> None:
    cycles = several(curve_cycle, [10.0], excluded=as_written("the subject turns"))
    reason = evgs_score.score(cycles, session=SESSION).get(9, Side.LEFT).reason
    assert reason["why"] == as_written("the subject turns")


def test_far_strides_serve_only_without_near_ones(curve_cycle: Callable[..., StrideMeasures]) -> None:
    near, far = several(curve_cycle, [10.0]), several(curve_cycle, [50.0], far=True)
    both = evgs_score.score(near + far, session=SESSION).get(9, Side.LEFT)
    assert both.value == pytest.approx(10.0)
    assert "remark.far_limb" not in codes(both.remarks)
    alone = evgs_score.score(far, session=SESSION).get(9, Side.LEFT)
    assert alone.value == pytest.approx(50.0)
    assert "remark.far_limb" in codes(alone.remarks)


def test_a_missing_view_is_named(curve_cycle: Callable[..., StrideMeasures]) -> None:
    sheet = evgs_score.score([curve_cycle(norm_curves())], session=SESSION)
    assert sheet.get(14, Side.LEFT).reason == message("reason.no_stride_in_view", view=named(View.CORONAL))
    front = evgs_score.score([curve_cycle(norm_curves(), view=View.CORONAL)], session=SESSION)
    missing = message("reason.no_stride_in_view", view=named(View.SAGITTAL))
    assert front.get(9, Side.LEFT).reason == front.get(15, Side.LEFT).reason == missing


def test_facts_of_the_session_gate_items(curve_cycle: Callable[..., StrideMeasures]) -> None:
    cycles = [curve_cycle({**norm_curves(), "trunk_tilt": flat(0.0)})]
    shod = evgs_score.score(cycles, session=replace(SESSION, footwear=Footwear.SHOES))
    shoes = message("reason.footwear", footwear=named(Footwear.SHOES))
    assert shod.get(3, Side.LEFT).reason == shod.get(7, Side.LEFT).reason == shoes
    assert shod.get(9, Side.LEFT).assessable
    young = evgs_score.score(cycles, session=replace(SESSION, age_years=3.5))
    assert not any(m.assessable for m in young.measures.left)
    assert young.get(9, Side.LEFT).reason.code == "reason.too_young"
    aided = evgs_score.score(cycles, session=replace(SESSION, walking_aid=WalkingAid.WALKER)).get(16, Side.LEFT)
    assert aided.assessable
    assert message("remark.walking_aid", aid=named(WalkingAid.WALKER)) in aided.remarks
    assert evgs_score.score(cycles, session=replace(SESSION, age_years=4.0)).get(9, Side.LEFT).assessable


def test_a_bad_recording_forbids_items_with_its_reason(curve_cycle: Callable[..., StrideMeasures]) -> None:
    cycles = several(curve_cycle, [10.0, 20.0])

    def blocked(code: str, cycle: StrideMeasures) -> Message:
        return as_written("too dark") if code == "KEX" or cycle.stride.number == 1 else NOTHING

    sheet = evgs_score.score(cycles, session=SESSION, blocked=blocked)
    assert sheet.get(9, Side.LEFT).reason == as_written("too dark")
    assert sheet.get(10, Side.LEFT).value == pytest.approx(10.0)
    assert len(sheet.get(10, Side.LEFT).strides) == 1


def test_hip_items_say_what_their_hip_is(curve_cycle: Callable[..., StrideMeasures]) -> None:
    sheet = evgs_score.score([curve_cycle(norm_curves())], session=SESSION)
    for number in (12, 13):
        measure = sheet.get(number, Side.LEFT)
        assert measure.item.sigma >= 8.0
        assert "remark.assumed_pelvic_tilt" in codes(measure.remarks)


def test_evidence_names_the_frame_and_what_was_seen_there(curve_cycle: Callable[..., StrideMeasures]) -> None:
    knee = norm_curves()["knee_flexion"]
    times = np.arange(0.0, 1.01, 1 / 60)
    walking_pass = WalkingPass(View.SAGITTAL, Direction.RIGHT_TO_LEFT, 30, 30 + times.size, near=Side.LEFT)
    cycle = replace(curve_cycle({"knee_flexion": knee}), walking_pass=walking_pass, frame_times=times)
    other = replace(cycle, curves={"knee_flexion": knee + 4.0}, stride=replace(cycle.stride, number=1))
    third = replace(cycle, curves={"knee_flexion": knee + 1.0}, stride=replace(cycle.stride, number=2))
    measure = evgs_score.score([cycle, other, third], session=SESSION).get(11, Side.LEFT)
    first = measure.evidence[0]
    assert first.stride == third.stride.key
    assert first.frame == 30 + round(float(np.argmax(knee)) / 100 * 60)
    assert first.time_s == pytest.approx(times[first.frame - 30])
    assert first.keypoints == ("left_hip", "left_knee", "left_ankle")
    assert first.angle == "knee_flexion"
    assert first.value == pytest.approx(measure.value, abs=1.5)
    assert len(measure.evidence) == 3


def test_the_first_picture_has_the_score_of_the_item(curve_cycle: Callable[..., StrideMeasures]) -> None:
    times = np.arange(0.0, 1.01, 1 / 60)
    walking_pass = WalkingPass(View.CORONAL, Direction.AWAY, 0, times.size)
    made = [curve_cycle({"pelvic_obliquity": flat(v)}, view=View.CORONAL) for v in (0.74, -1.9, -1.82, 0.8)]
    cycles = [
        replace(c, walking_pass=walking_pass, frame_times=times, stride=replace(c.stride, number=number))
        for number, c in enumerate(made)
    ]
    measure = evgs_score.score(cycles, session=SESSION).get(14, Side.LEFT)
    assert measure.value == pytest.approx(-0.54)  # nearer to 0.74 than to -1.82
    assert measure.score == 1
    assert [e.value for e in measure.evidence] == pytest.approx([-1.82, -1.9, 0.74, 0.8])


def test_evidence_of_terminal_swing_is_the_last_frame_before_contact(
    curve_cycle: Callable[..., StrideMeasures],
) -> None:
    times = np.arange(0.0, 1.2, 1 / 30)
    walking_pass = WalkingPass(View.SAGITTAL, Direction.RIGHT_TO_LEFT, 0, times.size, near=Side.LEFT)
    last = float(times[times < 1.0 - 1e-3][-1])
    cycle = replace(
        curve_cycle(norm_curves()), walking_pass=walking_pass, frame_times=times, last_frame_percent=100 * last
    )
    evidence = evgs_score.score([cycle], session=SESSION).get(10, Side.LEFT).evidence[0]
    assert evidence.time_s == pytest.approx(last)


def test_every_refusal_has_a_reason_and_every_score_none(curve_cycle: Callable[..., StrideMeasures]) -> None:
    sheet = evgs_score.score([curve_cycle(norm_curves())], session=SESSION)
    for measure in (*sheet.measures.left, *sheet.measures.right):
        assert isinstance(measure, EvgsMeasure)
        assert bool(measure.reason) != measure.assessable


def test_thresholds_are_whole() -> None:
    rules = load_thresholds()
    assert 0 < rules.heel_rise_leg < 0.1
    assert rules.clearance_noise_ratio == 2.0
    assert rules.mid_swing == (30.0, 70.0)
    assert set(load_rules()) == {item.code for item in evgs_score.load_items()}
