"""Times, lengths, speeds, norms and symmetry."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from gaitviewer.analysis.kinematics.smoothed import smooth_view
from gaitviewer.analysis.kinematics.stride_curves import StrideMeasures, stride_measures_of_view
from gaitviewer.analysis.outcomes import spatiotemporal as st
from gaitviewer.core.gait import BySide, Side
from gaitviewer.core.measures import Parameter, ViewMotion
from gaitviewer.core.session import Session, Subject
from gaitviewer.synthesis.gait.model import normal_gait
from gaitviewer.synthesis.gait.walker import WalkerMotion
from tests.support.said import is_within
from tests.support.walkers import steady


def session(**facts: float) -> Session:
    return Session("s", Subject("P1"), **facts)


@pytest.fixture(scope="module")
def cycles(side_view: Callable[..., ViewMotion]) -> tuple[StrideMeasures, ...]:
    seen = side_view()
    return stride_measures_of_view(smooth_view(seen), flat_foot_zero_deg=BySide(None, None))


def by_name(rows: tuple[Parameter, ...]) -> dict[str, Parameter]:
    return {row.name: row for row in rows}


def value(row: Parameter, side: Side) -> float:
    found = row.values[side]
    assert found is not None
    return found.mean


def test_times_are_those_of_the_walker(cycles: tuple[StrideMeasures, ...]) -> None:
    gait, rows = steady(normal_gait()), by_name(st.parameters(cycles, session()))
    for side in Side:
        assert value(rows["stride_time"], side) == pytest.approx(gait.stride_time_s, abs=1e-3)
        assert value(rows["step_time"], side) == pytest.approx(gait.stride_time_s / 2, abs=1e-3)
        assert value(rows["cadence"], side) == pytest.approx(120.0 / gait.stride_time_s, abs=0.1)
        stance = gait.limbs[side].toe_off_percent
        assert value(rows["stance_percent"], side) == pytest.approx(stance, abs=0.1)
        assert value(rows["swing_percent"], side) == pytest.approx(100.0 - stance, abs=0.1)
        double = stance - 50.0
        assert value(rows["first_double_support_percent"], side) == pytest.approx(double, abs=0.1)
        assert value(rows["second_double_support_percent"], side) == pytest.approx(double, abs=0.1)
        assert value(rows["single_support_percent"], side) == pytest.approx(100.0 - stance, abs=0.1)


def test_stance_is_made_of_its_phases(cycles: tuple[StrideMeasures, ...]) -> None:
    rows = by_name(st.parameters(cycles, session()))
    parts = ("first_double_support_percent", "single_support_percent", "second_double_support_percent")
    for side in Side:
        assert sum(value(rows[p], side) for p in parts) == pytest.approx(value(rows["stance_percent"], side))


def test_lengths_are_leg_lengths_until_a_body_measure_is_known(cycles: tuple[StrideMeasures, ...]) -> None:
    bare = by_name(st.parameters(cycles, session()))
    scaled = by_name(st.parameters(cycles, session(height_m=1.35)))
    assert bare["stride_length"].unit == "leg lengths"
    assert bare["speed"].unit == "leg lengths/s"
    assert scaled["stride_length"].unit == "m"
    assert scaled["speed"].unit == "m/s"
    assert bare["dimensionless_speed"].values == BySide(None, None)
    assert bare["dimensionless_speed"].reason.code == "reason.no_body_measure"


def test_metres_are_the_walker_s_own(
    cycles: tuple[StrideMeasures, ...], make_walk: Callable[..., WalkerMotion]
) -> None:
    walk, gait = make_walk(), normal_gait()
    hips = walk.points[:, 11:13, 0].mean(axis=1)
    speed = float(np.polyfit(walk.times, hips, 1)[0])
    # The walker's leg is longer by his height than the children's that the constant was taken from.
    own = gait.proportions.thigh + gait.proportions.shank
    rows = by_name(st.parameters(cycles, session(leg_length_m=own * gait.height_m / 0.895)))
    for side in Side:
        assert value(rows["speed"], side) == pytest.approx(speed, rel=0.02)
        assert value(rows["stride_length"], side) == pytest.approx(speed * gait.stride_time_s, rel=0.02)
        assert value(rows["step_length"], side) == pytest.approx(speed * gait.stride_time_s / 2, rel=0.05)


def test_dimensionless_speed_is_hof_s(cycles: tuple[StrideMeasures, ...]) -> None:
    leg = 0.7
    facts = session(leg_length_m=leg)
    rows = by_name(st.parameters(cycles, facts))
    speed = value(rows["speed"], Side.LEFT)
    assert value(rows["dimensionless_speed"], Side.LEFT) == pytest.approx(speed / math.sqrt(9.81 * leg))
    both = st.dimensionless_speed(cycles, facts)
    assert both == pytest.approx(speed / math.sqrt(9.81 * leg), rel=0.01)
    assert st.dimensionless_speed(cycles, session()) is None
    assert value(rows["dimensionless_cadence"], Side.LEFT) == pytest.approx(
        value(rows["cadence"], Side.LEFT) / 60.0 * math.sqrt(leg / 9.81)
    )


def test_leg_length_goes_before_height() -> None:
    scale = st.body_scale(session(leg_length_m=0.7, height_m=1.8))
    assert scale is not None
    assert scale.clinical_leg_m == 0.7


def test_a_missing_side_has_a_reason_and_no_symmetry(cycles: tuple[StrideMeasures, ...]) -> None:
    right = [c for c in cycles if c.stride.side is Side.RIGHT]
    row = by_name(st.parameters(right, session()))["stride_time"]
    assert row.values.left is None
    assert row.symmetry_index is None
    assert is_within("side.left", row.reason)
    assert by_name(st.parameters((), session()))["cadence"].values == BySide(None, None)


def test_norms_name_their_source(cycles: tuple[StrideMeasures, ...]) -> None:
    rows = by_name(st.parameters(cycles, session(age_years=9.0, height_m=1.35)))
    assert rows["stance_percent"].norm == (59.0, 2.0)
    assert "Pinzone" in rows["stance_percent"].norm_source
    assert rows["speed"].norm is not None
    assert "plausibility only" in rows["speed"].norm_source
    uncalibrated = by_name(st.parameters(cycles, session(age_years=9.0)))
    assert uncalibrated["speed"].norm is None
    toddler = by_name(st.parameters(cycles, session(age_years=2.0)))
    assert toddler["stance_percent"].norm is None


def test_symmetry_measures() -> None:
    assert st.robinson_index(1.0, 1.0) == 0.0
    assert st.robinson_index(1.2, 1.0) == pytest.approx(100 * 0.2 / 1.1)
    assert st.robinson_index(1.0, 1.2) == pytest.approx(-100 * 0.2 / 1.1)
    assert st.robinson_index(1.0, -1.0) is None


def test_statistics_of_few_strides() -> None:
    assert st.stat([]) is None
    assert st.stat([math.nan]) is None
    one = st.stat([2.0, math.nan])
    assert one is not None
    assert (one.mean, one.sd, one.count) == (2.0, None, 1)
