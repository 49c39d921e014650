"""Findings on a recording and what they forbid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.analysis.kinematics.smoothed import smooth_view
from gaitviewer.analysis.kinematics.stride_curves import StrideMeasures, stride_measures_of_view
from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.outcomes import quality
from gaitviewer.core.gait import BySide, ByView, Side, View
from gaitviewer.core.measures import FindingSeverity, QualityFinding, TrialMotion, ViewMotion
from gaitviewer.core.remarks import Light, Remark, RemarkKind, ViewRemarks
from gaitviewer.core.session import Session, Subject, Sync, VideoStream
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.core.timing import MIRRORED, VideoInfo
from gaitviewer.messages import NOTHING, as_written, message, named
from tests.support.said import topics

SESSION = Session("s", Subject("P1"))
SideView = Callable[..., ViewMotion]
MakeTrial = Callable[..., TrialMotion]
ZERO: BySide[float | None] = BySide(0.0, 0.0)


def findings_of(seen: ViewMotion, make_trial: MakeTrial) -> tuple[QualityFinding, ...]:
    return measure_session(SESSION, [make_trial(seen)]).quality


def about(findings: tuple[QualityFinding, ...], topic: str) -> list[QualityFinding]:
    return [finding for finding in findings if finding.topic.code == f"topic.{topic}"]


def test_a_good_recording_has_no_warning_but_the_far_limb(side_view: SideView, make_trial: MakeTrial) -> None:
    findings = findings_of(side_view(), make_trial)
    bad = [f for f in findings if f.level in (FindingSeverity.WARNING, FindingSeverity.REFUSED)]
    assert [f.text for f in bad] == [message("finding.far_limb.only", side=named(Side.LEFT))]
    assert about(findings, "frame_rate")[0].level is FindingSeverity.GOOD
    assert all(f.trial == "t1" for f in about(findings, "frame_rate"))


def test_the_most_serious_comes_first(side_view: SideView, make_trial: MakeTrial) -> None:
    findings = findings_of(side_view(rate_hz=12.0), make_trial)
    order = [FindingSeverity.REFUSED, FindingSeverity.WARNING, FindingSeverity.NOTE, FindingSeverity.GOOD]
    ranks = [order.index(f.level) for f in findings]
    assert ranks == sorted(ranks)
    assert topics(findings)[0] == "frame_rate"


@pytest.mark.parametrize(
    ("rate_hz", "level"),
    [
        (60.0, FindingSeverity.GOOD),
        (30.0, FindingSeverity.NOTE),
        (20.0, FindingSeverity.WARNING),
        (12.0, FindingSeverity.REFUSED),
    ],
)
def test_frame_rate(rate_hz: float, level: FindingSeverity, side_view: SideView, make_trial: MakeTrial) -> None:
    measures = measure_session(SESSION, [make_trial(side_view(rate_hz=rate_hz))])
    finding = about(measures.quality, "frame_rate")[0]
    assert finding.level is level
    contact = measures.evgs.get(1, Side.RIGHT)
    assert contact.assessable == (level is not FindingSeverity.REFUSED)
    if level is FindingSeverity.REFUSED:
        assert contact.reason.code == "finding.frame_rate.too_low"
        assert contact.reason["rate_hz"] == pytest.approx(rate_hz)
        assert measures.evgs.get(9, Side.RIGHT).assessable


@pytest.mark.parametrize(
    ("pixels_per_metre", "level"), [(40.0, FindingSeverity.REFUSED), (120.0, FindingSeverity.WARNING)]
)
def test_a_small_subject(
    pixels_per_metre: float,
    level: FindingSeverity,
    side_view: SideView,
    make_trial: MakeTrial,
) -> None:
    measures = measure_session(SESSION, [make_trial(side_view(pixels_per_metre=pixels_per_metre))])
    finding = about(measures.quality, "size")[0]
    assert finding.level is level
    assert finding.advice
    assert measures.evgs.get(3, Side.RIGHT).assessable == (level is not FindingSeverity.REFUSED)


@pytest.mark.parametrize(
    ("angle", "level"),
    [
        (10.0, None),
        (20.0, FindingSeverity.WARNING),
        (-20.0, FindingSeverity.WARNING),
        (35.0, FindingSeverity.REFUSED),
    ],
)
def test_out_of_plane(
    angle: float,
    level: FindingSeverity | None,
    side_view: SideView,
    make_trial: MakeTrial,
) -> None:
    measures = measure_session(SESSION, [make_trial(side_view(out_of_plane_deg=angle))])
    found = about(measures.quality, "out_of_plane")
    assert [f.level for f in found] == ([] if level is None else [level])
    knee = measures.evgs.get(9, Side.RIGHT)
    assert knee.assessable == (level is not FindingSeverity.REFUSED)
    if level is FindingSeverity.REFUSED:
        assert knee.reason.code == "reason.out_of_plane"
        assert knee.reason["degrees"] == pytest.approx(35.0)


def hide(seen: ViewMotion, points: list[Keypoint], frames: slice) -> ViewMotion:
    xy, score = seen.pose.xy.copy(), seen.pose.score.copy()
    xy[frames, points] = np.nan
    score[frames, points] = 0.0
    return replace(seen, pose=seen.pose.with_points(xy, score=score))


def test_cropped_feet(side_view: SideView, make_trial: MakeTrial) -> None:
    feet = [Keypoint.RIGHT_HEEL, Keypoint.RIGHT_BIG_TOE]
    measures = measure_session(SESSION, [make_trial(hide(side_view(), feet, slice(None)))])
    (finding,) = about(measures.quality, "feet")
    assert finding.text["percent"] == 0.0
    for number in (1, 2, 3, 6, 7):
        measure = measures.evgs.get(number, Side.RIGHT)
        assert not measure.assessable
        assert "hidden" in measure.reason.code
    for number in (9, 10, 11):
        assert measures.evgs.get(number, Side.RIGHT).assessable


def test_an_unsure_estimator(side_view: SideView, make_trial: MakeTrial) -> None:
    seen = side_view()
    dim = replace(seen, pose=seen.pose.with_points(seen.pose.xy, score=0.35 * seen.pose.score))
    (finding,) = about(findings_of(dim, make_trial), "confidence")
    assert finding.level is FindingSeverity.WARNING
    assert finding.text["percent"] == pytest.approx(35.0)


def test_slow_motion_is_suspected(side_view: SideView, make_trial: MakeTrial) -> None:
    seen = side_view()
    slow = tuple(
        replace(
            s,
            start_s=8 * s.start_s,
            toe_off_s=8 * s.toe_off_s,
            stop_s=8 * s.stop_s,
            opposite_toe_off_s=None,
            opposite_contact_s=None,
        )
        for s in seen.strides
    )
    pose = replace(seen.pose, times=8 * seen.pose.times)
    (finding,) = about(findings_of(replace(seen, pose=pose, strides=slow), make_trial), "stride_time")
    assert finding.advice.code == "finding.stride_time.advice"


def test_no_pass_is_refused(side_view: SideView, make_trial: MakeTrial) -> None:
    empty = replace(side_view(), passes=(), events=(), strides=())
    measures = measure_session(SESSION, [make_trial(empty)])
    assert measures.quality[0].level is FindingSeverity.REFUSED
    assert measures.quality[0].text.code == "finding.walking.none"
    assert not any(m.assessable for side in Side for m in measures.evgs.measures[side])


def test_a_refusal_holds_only_where_it_was_found(side_view: SideView) -> None:
    seen = side_view()
    cycle: StrideMeasures = stride_measures_of_view(smooth_view(seen), flat_foot_zero_deg=ZERO)[0]
    topic, text = message("topic.frame_rate"), as_written("too few frames")
    here = QualityFinding(FindingSeverity.REFUSED, topic, text, items=("IC",), trial="t1", view=View.SAGITTAL)
    assert quality.blocked([here], "IC", cycle) == text
    assert quality.blocked([here], "KEX", cycle) == NOTHING
    assert quality.blocked([replace(here, trial="t2")], "IC", cycle) == NOTHING
    assert quality.blocked([replace(here, view=View.CORONAL)], "IC", cycle) == NOTHING
    assert quality.blocked([replace(here, level=FindingSeverity.WARNING)], "IC", cycle) == NOTHING


def test_a_view_that_was_not_recorded_is_not_blamed(side_view: SideView, make_trial: MakeTrial) -> None:
    trial = make_trial(side_view())
    assert trial.views == ByView(trial.views.sagittal, None)
    assert not any(f.view is View.CORONAL for f in measure_session(SESSION, [trial]).quality)


def offset_findings(motion: TrialMotion, sync: Sync, *, by_hand: bool) -> list[QualityFinding]:
    used = Sync(0.1, 0.01, "given") if by_hand else sync
    motion = replace(motion, sync=used, estimate=sync)
    return about(measure_session(SESSION, [motion]).quality, "offset")


@pytest.mark.parametrize(
    ("sigma_s", "exchanged_s", "level", "code"),
    [
        (0.03, None, None, ""),
        (0.4, None, FindingSeverity.NOTE, "finding.offset.vague"),
        (0.03, 1.16, FindingSeverity.WARNING, "finding.offset.exchanged"),
    ],
)
def test_a_doubtful_offset_is_said(
    sigma_s: float,
    exchanged_s: float | None,
    level: FindingSeverity | None,
    code: str,
    side_view: SideView,
    make_trial: MakeTrial,
) -> None:
    sync = Sync(0.32, sigma_s, "estimated from the gait", NOTHING, exchanged_s)
    motion = make_trial(side_view())
    found = offset_findings(motion, sync, by_hand=False)
    assert [finding.level for finding in found] == ([] if level is None else [level])
    assert all(finding.text.code == code and "F8" in str(finding.advice) for finding in found)
    assert offset_findings(motion, sync, by_hand=True) == []


@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize("said", [True, False])
def test_a_file_that_asks_to_be_mirrored_is_warned_of_until_it_is_said(
    side_view: SideView, make_trial: MakeTrial, asks: bool, said: bool
) -> None:
    seen = side_view()
    seen = replace(seen, passes=tuple(replace(one, mirrored=said) for one in seen.passes))
    motion = make_trial(seen)
    notes = (message(MIRRORED),) if asks else ()
    info = VideoInfo(seen.pose.width, seen.pose.height, 0, seen.pose.times, 60.0, None, "h264", notes=notes)
    stream = VideoStream(View.SAGITTAL, Path("selfie.mp4"), "0" * 64, info)
    motion = replace(motion, trial=replace(motion.trial, videos=ByView(stream, None)))
    found = about(measure_session(SESSION, [motion]).quality, "mirror_image")
    assert len(found) == (asks and not said)
    if found:
        assert found[0].level is FindingSeverity.WARNING
        assert found[0].text.code == "finding.mirror_image.asked_for"
        assert "--mirrored" in str(found[0].text)


@pytest.mark.parametrize(
    ("light", "code"),
    [
        (None, None),
        (Light(0.38, 0.18), None),
        (Light(0.08, 0.11), "finding.light.dark"),
        (Light(0.6, 0.02), "finding.light.flat"),
    ],
)
def test_light(light: Light | None, code: str | None, side_view: SideView, make_trial: MakeTrial) -> None:
    found = about(findings_of(replace(side_view(), remarks=ViewRemarks(light=light)), make_trial), "light")
    assert [one.text.code for one in found] == ([] if code is None else [code])
    assert all(one.level is FindingSeverity.WARNING and one.advice for one in found)


def test_what_the_search_noticed_is_said(side_view: SideView, make_trial: MakeTrial) -> None:
    noticed = tuple(Remark(kind, ((3, 9), (12, 12))) for kind in RemarkKind)
    findings = findings_of(replace(side_view(), remarks=ViewRemarks(noticed)), make_trial)
    said = {one.text.code: one for one in findings if one.text.code.startswith("finding.remark.")}
    assert set(said) == {f"finding.remark.{kind.name.lower()}" for kind in RemarkKind}
    beside = said["finding.remark.person_beside"]
    assert beside.level is FindingSeverity.WARNING
    assert "(frames 3 to 9, frame 12)" in str(beside.text)
    assert all(str(one.advice) != "" for one in said.values() if one.topic.code == "topic.subject")
