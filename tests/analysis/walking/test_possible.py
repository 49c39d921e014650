"""Strides that no walk can have are refused with their reason; every gait that there is keeps its strides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.walking.possible import (
    LEGS_MIXED,
    impossible_angle,
    is_impossible,
    refuse_impossible_times,
)
from gaitviewer.core.gait import Side, Stride, View
from gaitviewer.core.measures import TrialMotion, ViewMotion
from gaitviewer.core.session import Session, Subject
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.messages import as_written
from gaitviewer.synthesis.gait.model import normal_gait
from gaitviewer.synthesis.gait.patterns import add_pattern, load_patterns
from tests.support.walkers import steady

PATTERNS = [name for name in load_patterns() if name != "none"]
SESSION = Session("s1", Subject("P001"))


def stride(
    number: int = 0, *, side: Side = Side.LEFT, start: float = 0.0, length: float = 1.0, **share: float
) -> Stride:
    """A stride of ordinary shares, but for those named."""
    at = {"opposite_toe_off": 0.1, "opposite_contact": 0.5, "toe_off": 0.6} | share
    times = {f"{name}_s": start + length * part for name, part in at.items()}
    return Stride(
        "t1", View.SAGITTAL, 0, number, side, start, stop_s=start + length, event_sigma_s=0.005, **times
    )


USUAL = [stride(number, side=side, start=float(number)) for number in range(3) for side in Side]


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        (stride(9, length=0.31), "stride_time"),
        (stride(9, length=6.0), "stride_time"),
        (stride(9, length=1.9), "unlike"),
        (stride(9, toe_off=0.97, opposite_contact=0.9), "stance"),
        (stride(9, opposite_toe_off=0.96, opposite_contact=0.49), "single_support"),
        (stride(9, opposite_toe_off=0.52, opposite_contact=0.58, toe_off=0.8), "double_support"),
        (stride(9, opposite_contact=0.75, toe_off=0.6), "double_support"),
    ],
)
def test_impossible_times_are_refused_with_the_reason(odd: Stride, code: str) -> None:
    *others, judged = refuse_impossible_times([*USUAL, odd])
    assert judged.excluded.code == f"reason.impossible.{code}"
    assert all(one.counts for one in others)


@pytest.mark.parametrize(
    "odd",
    [
        stride(9, length=0.75),
        stride(9, length=1.5),
        stride(9, opposite_toe_off=0.32, opposite_contact=0.5, toe_off=0.84),  # very slow, on both feet
        stride(9, opposite_contact=0.61, toe_off=0.6),  # hurried, within the error of the events
    ],
)
def test_unusual_strides_stay(odd: Stride) -> None:
    assert refuse_impossible_times([*USUAL, odd])[-1].counts


def test_a_pass_of_mostly_impossible_strides_is_refused_as_a_whole() -> None:
    strides = [
        stride(0, start=0.0),
        stride(1, start=1.0, opposite_toe_off=0.96, opposite_contact=0.49),
        stride(0, side=Side.RIGHT, start=1.4, toe_off=0.97, opposite_contact=0.9),
    ]
    judged = refuse_impossible_times(strides)
    assert not any(one.counts for one in judged)
    assert judged[0].excluded.code == LEGS_MIXED
    assert judged[0].excluded["since_s"] == pytest.approx(1.0)
    assert judged[1].excluded.code == "reason.impossible.single_support", "its own reason stays"


def test_in_a_pass_of_two_strides_an_impossible_one_takes_the_other_along() -> None:
    """A single support that ends before it begins comes of events that both strides share."""
    odd = stride(0, start=0.73, opposite_toe_off=0.96, opposite_contact=0.49, toe_off=0.46)
    other = stride(0, side=Side.RIGHT, start=1.21)
    assert [one.excluded.code for one in refuse_impossible_times([odd, other])] == [
        "reason.impossible.single_support",
        LEGS_MIXED,
    ]
    assert all(one.counts for one in refuse_impossible_times([*USUAL, odd])[:-1])


def test_a_reason_that_is_there_stays() -> None:
    why = as_written("stumbled")
    assert refuse_impossible_times([*USUAL, stride(9, length=0.2)])[-1].excluded != why
    assert refuse_impossible_times([*USUAL, replace(stride(9, length=0.2), excluded=why)])[-1].excluded == why


def test_angles_beyond_a_joint() -> None:
    flat = np.zeros(101)
    assert not impossible_angle({"knee_flexion": flat + 95.0, "ankle_dorsiflexion": flat - 60.0})
    found = impossible_angle({"knee_flexion": flat, "ankle_dorsiflexion": flat + 182.6})
    assert found.code == "reason.impossible.angle"
    assert found["degrees"] == pytest.approx(182.6)
    assert not impossible_angle({"knee_flexion": np.full(101, np.nan)})


def test_an_impossible_ankle_is_refused_in_a_session_and_said(
    side_view: Callable[..., ViewMotion], make_trial: Callable[..., TrialMotion]
) -> None:
    view = side_view()
    bad = next(one for one in view.strides if one.side is Side.RIGHT and one.counts)
    xy, times = view.pose.xy.copy(), view.pose.times
    swing = (times > bad.start_s + 0.65 * bad.duration_s) & (times < bad.stop_s - 0.1)
    toe, heel = Keypoint.RIGHT_BIG_TOE, Keypoint.RIGHT_HEEL
    xy[swing, toe], xy[swing, heel] = view.pose.xy[swing, heel], view.pose.xy[swing, toe]  # of somebody else
    measures = measure_session(SESSION, (make_trial(replace(view, pose=view.pose.with_points(xy))),))
    seen = measures.motions[0].views.sagittal
    assert seen is not None
    refused = [one for one in seen.strides if is_impossible(one)]
    assert [one.key for one in refused] == [bad.key]
    assert refused[0].excluded.code == "reason.impossible.angle"
    assert "finding.impossible.strides" in [finding.text.code for finding in measures.quality]
    assert bad.key not in measures.evgs.get(7, Side.RIGHT).strides


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_keeps_its_strides(
    pattern: str, side_view: Callable[..., ViewMotion], make_trial: Callable[..., TrialMotion]
) -> None:
    gait = steady(normal_gait())
    for side in Side:
        gait = add_pattern(gait, side, pattern, 1.0)
    view = side_view(gait)
    view = replace(view, strides=refuse_impossible_times(view.strides))
    measures = measure_session(SESSION, (make_trial(view),))
    seen = measures.motions[0].views.sagittal
    assert seen is not None
    assert [one.excluded for one in seen.strides if is_impossible(one)] == []
    assert sum(one.counts for one in seen.strides) >= 2
