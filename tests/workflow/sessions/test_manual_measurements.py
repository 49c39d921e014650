"""A value measured in a picture, read as an item of the score: directions by where the limb is seen."""

from __future__ import annotations

import math

import pytest

from gaitviewer.core.document import ManualMeasurement
from gaitviewer.core.evgs import EvgsItem
from gaitviewer.core.gait import Direction, Side, View
from gaitviewer.workflow.app.tables import evgs_items
from gaitviewer.workflow.sessions.manual_measurements import suggestions

RIGHTWARDS, LEFTWARDS = Direction.LEFT_TO_RIGHT, Direction.RIGHT_TO_LEFT
TOWARDS, AWAY = Direction.TOWARDS, Direction.AWAY


def item(code: str) -> EvgsItem:
    return next(found for found in evgs_items() if found.code == code)


def angle(*points: tuple[float, float], view: View = View.SAGITTAL) -> ManualMeasurement:
    (ax, ay), (bx, by), (cx, cy) = points
    first, second = math.atan2(ay - by, ax - bx), math.atan2(cy - by, cx - bx)
    value = abs(math.degrees(first - second))
    return ManualMeasurement("goniometer", min(value, 360 - value), "deg", "t1", view, 7, points)


def slope(*points: tuple[float, float], view: View = View.SAGITTAL) -> ManualMeasurement:
    (ax, ay), (bx, by) = sorted(points, key=lambda p: -p[1])
    return ManualMeasurement(
        "vertical", math.degrees(math.atan2(bx - ax, ay - by)), "deg", "t1", view, 7, points
    )


def bent(degrees: float) -> tuple[tuple[float, float], ...]:
    """Hip, knee, ankle: the shank turned back to the left by some degrees."""
    turn = math.radians(degrees)
    return (100.0, 0.0), (100.0, 100.0), (100.0 - 100 * math.sin(turn), 100 + 100 * math.cos(turn))


def read(
    code: str, measured: ManualMeasurement, direction: Direction | None, side: Side = Side.RIGHT, **how: bool
):
    return [
        (None if s.value is None else round(s.value), s.band.score)
        for s in suggestions(item(code), side, measured, direction=direction, **how)
    ]


def test_a_knee_bends_backwards_whichever_way_it_walks() -> None:
    measured = angle(*bent(40))
    assert read("KFX", measured, RIGHTWARDS) == [(40, 1)]
    assert read("KEX", measured, RIGHTWARDS) == [(40, 2)]
    assert read("KEX", angle(*bent(-8)), RIGHTWARDS) == [(-8, 1)]
    assert read("KEX", angle(*bent(-8)), LEFTWARDS) == [(8, 0)]
    assert read("KEX", angle(*reversed(bent(-8))), LEFTWARDS) == [(8, 0)]


def test_without_a_direction_both_readings_are_offered() -> None:
    assert read("KEX", angle(*bent(-8)), None) == [(8, 0), (-8, 1)]
    assert read("FRT", angle((0, 0), (0, 100), (50, 13.4), view=View.CORONAL), TOWARDS) == [(30, 1), (-30, 2)]


def test_the_sign_of_a_hip_ankle_trunk_and_foot() -> None:
    thigh = slope((100, 0), (150, 86.6))  # the knee is right of the hip
    assert read("HFX", thigh, RIGHTWARDS) == [(30, 0)]
    assert read("HFX", thigh, LEFTWARDS) == [(-30, 2)]
    assert read("HFX", angle((100, -100), (100, 0), (150, 86.6)), RIGHTWARDS) == [(30, 0)]
    assert read("SAD", angle((100, 0), (100, 100), (150, 130)), RIGHTWARDS) == [(-31, 2)]
    assert read("TSG", slope((100, 100), (120, 0)), RIGHTWARDS) == [(11, 1)]
    assert read("TSG", slope((100, 100), (120, 0)), LEFTWARDS) == [(-11, 1)]
    toes_up = slope((0, 100), (100, 80))
    assert read("IC", toes_up, RIGHTWARDS) == [(11, 0)]
    assert read("IC", toes_up, LEFTWARDS) == [(-11, 2)]


@pytest.mark.parametrize(("side", "sign"), [(Side.LEFT, 1), (Side.RIGHT, -1)])
def test_valgus_is_the_heel_away_from_the_other_limb(side: Side, sign: int) -> None:
    heel = slope((100, 100), (100 + sign * 21.3, 0), view=View.CORONAL)  # 12 degrees, lower end lateral
    assert read("HVV", heel, AWAY, side) == [(12, 1)]
    assert suggestions(item("HVV"), side, heel, direction=AWAY)[0].band.label == "moderate valgus"
    assert read("HVV", heel, TOWARDS, side) == [(-12, 2)]
    assert read("HVV", heel, AWAY, side, mirrored=True) == [(-12, 2)]
    shank_heel = angle((100, 0), (100 + sign * 10, 100), (100, 200), view=View.CORONAL)  # ankle medial
    assert read("HVV", shank_heel, AWAY, side) == [(11, 1)]


def test_a_foot_that_points_outwards_is_external_from_the_front_and_from_behind() -> None:
    from_front = slope((100, 0), (70, 52), view=View.CORONAL)  # right limb at the left, its toe lowest and out
    assert read("FRT", from_front, TOWARDS) == [(30, 1)]
    from_behind = slope((100, 100), (130, 48), view=View.CORONAL)
    assert read("FRT", from_behind, AWAY) == [(30, 1)]


def test_a_pelvis_that_is_up_on_the_side_of_the_limb() -> None:
    right_end_up = slope((0, 110), (100, 90), view=View.CORONAL)
    assert read("POB", right_end_up, AWAY, Side.RIGHT) == [(11, 1)]
    assert read("POB", right_end_up, AWAY, Side.LEFT) == [(-11, 2)]
    assert read("POB", right_end_up, TOWARDS, Side.RIGHT) == [(-11, 2)]


def test_categories_are_offered_by_name_and_what_a_tool_cannot_tell_is_not() -> None:
    found = suggestions(item("KPA"), Side.LEFT, angle(*bent(20), view=View.CORONAL))
    assert [s.band.label for s in found] == [band.label for band in item("KPA").bands]
    assert {s.value for s in found} == {None}
    assert read("HL", angle(*bent(20)), RIGHTWARDS) == []
    distance = ManualMeasurement("distance", 30, "px", "t1", View.CORONAL, 7, ((0, 0), (30, 0)))
    assert read("TLT", distance, AWAY) == []
    nothing = ManualMeasurement("goniometer", math.nan, "deg", "t1", View.SAGITTAL, 7, ((0, 0), (0, 0), (1, 1)))
    assert read("KFX", nothing, RIGHTWARDS) == []


def test_the_data_file_names_items_and_rules_that_there_are() -> None:
    from gaitviewer.workflow.sessions.manual_measurements import _rules

    codes = {found.code for found in evgs_items()}
    assert {code for code, _ in _rules()} <= codes
    for code in ("HVV", "FRT", "KFX", "HFX", "SAD"):
        assert (code, "goniometer") in _rules()
