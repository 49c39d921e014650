from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import Curve
from gaitviewer.gui.panels.curves import cycle


def strides(measures, side=Side.RIGHT, view=View.SAGITTAL):
    return [s for s in measures.strides if s.side is side and s.view is view]


def test_time_and_per_cent_are_inverse_in_both_views(measures) -> None:
    for view in View:
        stride = strides(measures, view=view)[1]
        at = cycle.time_at(stride, 37.0, 1.2)
        assert cycle.percent_in(stride, at, 1.2) == pytest.approx(37.0)
    assert cycle.time_at(strides(measures)[1], 0, 1.2) == strides(measures)[1].start_s
    coronal = strides(measures, view=View.CORONAL)[1]
    assert cycle.time_at(coronal, 0, 1.2) == pytest.approx(coronal.start_s - 1.2)


def test_stride_at_a_moment(measures) -> None:
    second = strides(measures)[1]
    found = cycle.stride_at(
        measures.strides, second.start_s + 0.3, trial="t1", side=Side.RIGHT, view=View.SAGITTAL, offset_s=1.2
    )
    assert found is second
    nothing = cycle.stride_at(
        measures.strides, 99.0, trial="t1", side=Side.RIGHT, view=View.SAGITTAL, offset_s=1.2
    )
    assert nothing is None
    assert cycle.nearest_stride(strides(measures), 99.0, 1.2) is strides(measures)[-1]
    assert cycle.nearest_stride([], 1.0, 0.0) is None


def test_value_between_points_and_in_gaps() -> None:
    values = np.arange(101.0)
    values[50] = np.nan
    assert cycle.value_at(values, 12.25) == pytest.approx(12.25)
    assert cycle.value_at(values, 100) == 100
    assert math.isnan(cycle.value_at(values, 49.5))
    assert cycle.value_at(values, 49) == 49


def test_nearest_curve_to_a_click(measures) -> None:
    stride = strides(measures)[0]
    low = Curve("knee_flexion", stride, np.full(101, 10.0))
    high = Curve("knee_flexion", strides(measures)[1], np.full(101, 20.0))
    how = {"per_percent": 2.0, "per_unit": 3.0, "radius_px": 9.0}
    assert cycle.curve_near([low, high], percent=40, value=12, **how) is low
    assert cycle.curve_near([low, high], percent=40, value=18, **how) is high
    assert cycle.curve_near([low, high], percent=40, value=15, **how) is None
    gone = Curve("knee_flexion", stride, np.full(101, np.nan))
    assert cycle.curve_near([gone], percent=40, value=12, **how) is None


def test_the_same_step_in_both_views(measures) -> None:
    stride = strides(measures)[1]
    coronal = strides(measures, view=View.CORONAL)[1]
    # The made-up views share their times: simultaneous where the offset is 0.
    assert cycle.same_step(stride, measures.strides, 0.0) == tuple(sorted((stride.key, coronal.key)))
    assert cycle.same_step(stride, measures.strides, 0.5) == (stride.key,)
    # One view sees the end of the step a quarter of its length too soon: it is still that step, and no other.
    early = replace(coronal, stop_s=coronal.stop_s - 0.25 * (coronal.stop_s - coronal.start_s))
    seen = [early if one.key == coronal.key else one for one in measures.strides]
    assert cycle.same_step(stride, seen, 0.0) == tuple(sorted((stride.key, coronal.key)))


def test_leaving_out_needs_a_reason_and_can_be_taken_back(measures, document) -> None:
    stride = strides(measures)[1]
    with pytest.raises(ValueError, match="reason"):
        cycle.leave_out(document, "t1", [stride.key], "  ")
    after = cycle.leave_out(document, "t1", [stride.key], " stumbles ")
    assert after.trials[0].excluded_strides == ((stride.key, "stumbles"),)
    assert document.trials[0].excluded_strides == ()
    again = cycle.leave_out(after, "t1", [stride.key], "turns")
    assert again.trials[0].excluded_strides == ((stride.key, "turns"),)
    assert cycle.take_back(again, "t1", [stride.key]).trials[0].excluded_strides == ()


def test_strides_that_the_measures_still_count(measures, document) -> None:
    counting, not_counting = strides(measures)[1], strides(measures, Side.LEFT)[2]
    after = cycle.leave_out(document, "t1", [counting.key, not_counting.key], "stumbles")
    excluded = cycle.excluded_by_hand(after)
    assert cycle.waiting(measures, excluded) == 1
    assert excluded.why(counting) == "stumbles"
    assert cycle.excluded_by_hand(None).why(replace(counting, excluded="late")) == "late"
