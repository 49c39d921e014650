"""Strides beside which another person is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.walking.company import judge_company
from gaitviewer.core.gait import Side, Stride
from gaitviewer.core.measures import TrialMotion, ViewMotion
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.remarks import Remark, RemarkKind, ViewRemarks
from gaitviewer.core.session import Session, Subject
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.messages import as_written

SESSION = Session("s1", Subject("P001"))
TRUNK = ("hip_flexion", "trunk_tilt")
SideView = Callable[..., ViewMotion]


def beside(first: int, last: int) -> ViewRemarks:
    return ViewRemarks((Remark(RemarkKind.PERSON_BESIDE, ((first, last),)),))


def judged(seen: ViewMotion, remarks: ViewRemarks, pose: PoseSequence | None = None) -> list[Stride]:
    return list(judge_company(seen.strides, pose or seen.raw, seen.passes, remarks))


def doubtful(pose: PoseSequence, side: Side) -> PoseSequence:
    """The estimator is half as sure of one leg."""
    score = pose.score.copy()
    score[:, [point for point in Keypoint if point.name.startswith(side.name)]] *= 0.5
    return pose.with_points(pose.xy, score=score)


def test_alone_nothing_changes_whatever_the_estimator_says(side_view: SideView) -> None:
    seen = side_view()
    for remarks in (ViewRemarks(), ViewRemarks((Remark(RemarkKind.ANOTHER_PERSON, ((0, 9),)),))):
        assert judged(seen, remarks, doubtful(seen.raw, Side.RIGHT)) == list(seen.strides)


def test_only_strides_beside_which_somebody_is_are_marked(side_view: SideView) -> None:
    seen = side_view()
    early = [one for one in seen.strides if one.start_s < 0.5]
    assert 0 < len(early) < len(seen.strides)
    marked = [one for one in judged(seen, beside(0, 30)) if one.beside]
    assert [one.key for one in marked] == [one.key for one in early]
    assert all(one.counts for one in marked)


def test_a_doubtful_near_leg_is_behind_somebody_and_a_doubtful_far_one_is_not(side_view: SideView) -> None:
    seen = side_view()
    hidden = judged(seen, beside(0, len(seen.raw)), doubtful(seen.raw, Side.RIGHT))
    assert {one.excluded.code for one in hidden} == {"reason.two_persons.legs"}
    assert all(one.counts for one in judged(seen, beside(0, len(seen.raw)), doubtful(seen.raw, Side.LEFT)))


def test_a_skeleton_that_goes_over_to_the_other_person_changes_its_size(side_view: SideView) -> None:
    seen = side_view()
    target = seen.strides[0]
    xy = seen.raw.xy.copy()
    rows = (seen.raw.times > target.start_s) & (seen.raw.times < (target.start_s + target.stop_s) / 2)
    shoulders = [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]
    xy[np.ix_(rows, shoulders, [1])] -= 40
    found = {one.key: one for one in judged(seen, beside(0, len(seen.raw)), seen.raw.with_points(xy))}
    assert found[target.key].excluded.code == "reason.two_persons.size"
    assert any(one.counts for one in found.values())


def test_a_reason_that_is_there_stays(side_view: SideView) -> None:
    seen = side_view()
    why = as_written("stumbled")
    seen = replace(seen, strides=tuple(replace(one, excluded=why) for one in seen.strides))
    hidden = judged(seen, beside(0, len(seen.raw)), doubtful(seen.raw, Side.RIGHT))
    assert all(one.excluded == why for one in hidden)


def test_trunk_and_hip_are_not_measured_beside_somebody_and_the_knee_is(
    side_view: SideView, make_trial: Callable[..., TrialMotion]
) -> None:
    seen = side_view()
    marked = replace(seen, strides=tuple(judged(seen, beside(0, len(seen.raw)))))
    alone, company = (measure_session(SESSION, [make_trial(view)]) for view in (seen, marked))
    for code in ("TSG", "HEX", "HFX"):
        before, after = (
            next(one for one in measures.evgs.measures.right if one.item.code == code)
            for measures in (alone, company)
        )
        assert before.assessable
        assert after.reason.code == "reason.two_persons.trunk"
    assert not any(curve.angle in TRUNK for curve in company.curves)
    knee = [next(one for one in m.evgs.measures.right if one.item.code == "KFX") for m in (alone, company)]
    assert knee[0].value == pytest.approx(knee[1].value)
