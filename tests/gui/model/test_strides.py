from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.core import edits
from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import Curve, value_at
from gaitviewer.core.timebase import TrialClock
from gaitviewer.gui.model import strides as moves
from gaitviewer.messages import as_written

CLOCK = TrialClock(1.2)


def strides(measures, side=Side.RIGHT, view=View.SAGITTAL):
    return [s for s in measures.strides if s.side is side and s.view is view]


def test_time_and_per_cent_are_inverse_in_both_views(measures) -> None:
    for view in View:
        stride = strides(measures, view=view)[1]
        at = CLOCK.time_at(stride, 37.0)
        assert CLOCK.percent(stride, at) == pytest.approx(37.0)
    assert CLOCK.time_at(strides(measures)[1], 0) == strides(measures)[1].start_s
    coronal = strides(measures, view=View.CORONAL)[1]
    assert CLOCK.time_at(coronal, 0) == pytest.approx(coronal.start_s - 1.2)


def test_stride_at_a_moment(measures) -> None:
    second = strides(measures)[1]
    found = moves.stride_of_limb(
        measures.strides, second.start_s + 0.3, CLOCK, trial="t1", side=Side.RIGHT, view=View.SAGITTAL
    )
    assert found is second
    nothing = moves.stride_of_limb(
        measures.strides, 99.0, CLOCK, trial="t1", side=Side.RIGHT, view=View.SAGITTAL
    )
    assert nothing is None
    assert moves.nearest_stride(strides(measures), 99.0, CLOCK) is strides(measures)[-1]
    assert moves.nearest_stride([], 1.0, CLOCK) is None


def test_value_between_points_and_in_gaps() -> None:
    values = np.arange(101.0)
    values[50] = np.nan
    assert value_at(values, 12.25) == pytest.approx(12.25)
    assert value_at(values, 100) == 100
    assert math.isnan(value_at(values, 100.5))
    assert math.isnan(value_at(values, 49.5))
    assert value_at(values, 49) == 49


def test_nearest_curve_to_a_click(measures) -> None:
    stride = strides(measures)[0]
    low = Curve("knee_flexion", stride, np.full(101, 10.0))
    high = Curve("knee_flexion", strides(measures)[1], np.full(101, 20.0))
    how = {"per_percent": 2.0, "per_unit": 3.0, "radius_px": 9.0}
    assert moves.curve_near([low, high], percent=40, value=12, **how) is low
    assert moves.curve_near([low, high], percent=40, value=18, **how) is high
    assert moves.curve_near([low, high], percent=40, value=15, **how) is None
    gone = Curve("knee_flexion", stride, np.full(101, np.nan))
    assert moves.curve_near([gone], percent=40, value=12, **how) is None


def test_the_same_step_in_both_views(measures) -> None:
    stride = strides(measures)[1]
    coronal = strides(measures, view=View.CORONAL)[1]
    # The made-up views share their times: simultaneous where the offset is 0.
    assert moves.same_step(stride, measures.strides, TrialClock(0.0)) == tuple(
        sorted((stride.key, coronal.key))
    )
    assert moves.same_step(stride, measures.strides, TrialClock(0.5)) == (stride.key,)
    # One view sees the end of the step a quarter of its length too soon: it is still that step, and no other.
    early = replace(coronal, stop_s=coronal.stop_s - 0.25 * (coronal.stop_s - coronal.start_s))
    seen = [early if one.key == coronal.key else one for one in measures.strides]
    assert moves.same_step(stride, seen, TrialClock(0.0)) == tuple(sorted((stride.key, coronal.key)))


def test_leaving_out_needs_a_reason_and_can_be_taken_back(measures, document) -> None:
    stride = strides(measures)[1]
    with pytest.raises(ValueError, match="reason"):
        edits.exclude_strides(document, "t1", [stride.key], "  ")
    after = edits.exclude_strides(document, "t1", [stride.key], " stumbles ")
    assert after.trials[0].excluded_strides == ((stride.key, "stumbles"),)
    assert document.trials[0].excluded_strides == ()
    again = edits.exclude_strides(after, "t1", [stride.key], "turns")
    assert again.trials[0].excluded_strides == ((stride.key, "turns"),)
    assert edits.include_strides(again, "t1", [stride.key]).trials[0].excluded_strides == ()


def test_strides_that_the_measures_still_count(measures, document) -> None:
    counting, not_counting = strides(measures)[1], strides(measures, Side.LEFT)[2]
    after = edits.exclude_strides(document, "t1", [counting.key, not_counting.key], "stumbles")
    excluded = moves.excluded_by_hand(after)
    assert excluded.still_counted(measures) == 1
    assert excluded.why(counting) == as_written("stumbles")
    assert moves.excluded_by_hand(None).why(replace(counting, excluded=as_written("late"))) == as_written(
        "late"
    )
