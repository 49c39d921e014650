"""What motion capture is taken to say."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.gait import EventKind, Side
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.formats.c3d import read_c3d
from gaitviewer.formats.markers import MarkerEvent
from gaitviewer.research.validation.items import find_true_items, score_of
from gaitviewer.research.validation.projection import WalkingBody, find_body
from gaitviewer.research.validation.truth import find_true_strides, find_truth, marker_angles


def posed_body(points: dict[str, tuple[float, float, float]], *, frames: int = 50) -> WalkingBody:
    """A stiff body at 1 m/s whose points are given by keypoint name."""
    xyz = np.full((frames, 23, 3), np.nan)
    times = np.arange(frames) / 100.0
    for name, at in points.items():
        xyz[:, Keypoint[name.upper()]] = at + times[:, None] * np.array([1.0, 0, 0])
    return WalkingBody("posed", xyz, times, Side.RIGHT)


STANDING = {
    f"{side}_{part}": (x, sign * y, z)
    for side, sign in (("left", 1.0), ("right", -1.0))
    for part, (x, y, z) in {
        "shoulder": (0.0, 0.18, 1.2),
        "hip": (0.0, 0.1, 0.8),
        "knee": (0.0, 0.1, 0.4),
        "ankle": (0.0, 0.1, 0.05),
        "heel": (-0.05, 0.1, 0.0),
        "big_toe": (0.15, 0.1, 0.0),
    }.items()
}


def angle(points: dict[str, tuple[float, float, float]], name: str, side: Side = Side.LEFT) -> float:
    return float(marker_angles(posed_body({**STANDING, **points}))[name, side][0])


def test_standing_upright_is_zero_but_for_the_pelvic_tilt() -> None:
    table = marker_angles(posed_body(STANDING))
    for (name, _), values in table.items():
        expected = 12.0 if name == "hip_flexion" else 0.0
        assert values == pytest.approx(expected, abs=1e-9), name


def test_signs_of_the_side_view() -> None:
    knee_forward = {"left_knee": (0.2, 0.1, 0.45)}
    assert angle(knee_forward, "knee_flexion") > 20
    assert angle(knee_forward, "hip_flexion") > 12 + 20
    assert angle({"left_knee": (-0.03, 0.1, 0.4)}, "knee_flexion") < 0
    assert angle({"left_big_toe": (0.15, 0.1, 0.05)}, "ankle_dorsiflexion") > 10
    assert angle({"left_big_toe": (0.12, 0.1, -0.08)}, "foot_pitch") < -20
    leaning = {"left_shoulder": (0.1, 0.18, 1.2), "right_shoulder": (0.1, -0.18, 1.2)}
    assert angle(leaning, "trunk_tilt") == pytest.approx(math.degrees(math.atan(0.1 / 0.4)))


def test_signs_of_the_end_view() -> None:
    out = {"left_big_toe": (0.15, 0.2, 0.0)}
    assert angle(out, "foot_progression") > 20
    assert angle({"right_big_toe": (0.15, 0.0, 0.0)}, "foot_progression", Side.RIGHT) < -20
    left_up = {"left_hip": (0.0, 0.1, 0.85)}
    assert angle(left_up, "pelvic_obliquity") > 10
    assert angle(left_up, "pelvic_obliquity", Side.RIGHT) < -10
    sway = {"left_shoulder": (0.0, 0.23, 1.2), "right_shoulder": (0.0, -0.13, 1.2)}
    assert angle(sway, "trunk_lateral_lean") > 5
    assert angle(sway, "trunk_lateral_shift") == pytest.approx(100 * 0.05 / 0.75)
    assert angle(sway, "trunk_lateral_shift", Side.RIGHT) == pytest.approx(-100 * 0.05 / 0.75)


def mark(kind: EventKind, side: Side, time_s: float) -> MarkerEvent:
    return MarkerEvent("", side, kind, time_s)


def test_strides_need_a_toe_off_between_two_contacts() -> None:
    contact, off = EventKind.INITIAL_CONTACT, EventKind.TOE_OFF
    events = (
        mark(contact, Side.LEFT, 0.1),
        mark(off, Side.RIGHT, 0.2),
        mark(contact, Side.RIGHT, 0.6),
        mark(off, Side.LEFT, 0.7),
        mark(contact, Side.LEFT, 1.1),
        mark(contact, Side.LEFT, 2.1),
    )
    (stride,) = find_true_strides(events)
    assert (stride.side, stride.start_s, stride.toe_off_s, stride.stop_s) == (Side.LEFT, 0.1, 0.7, 1.1)
    assert (stride.opposite_toe_off_s, stride.opposite_contact_s) == (0.2, 0.6)


@pytest.mark.parametrize(
    ("number", "value", "score", "distance"),
    [
        (3, 25.4, 0, 0.1),
        (3, 25.5, 1, 0.0),
        (9, -0.5, 0, 0.0),
        (9, -0.6, 1, 0.1),
        (10, 10.0, 0, 5.5),
        (11, 34.0, 2, 0.5),
        (12, 0.4, 0, 0.1),
        (13, 90.0, 2, 29.5),
        (16, -5.6, 1, 0.1),
    ],
)
def test_scores_are_of_whole_degrees(number: int, value: float, score: int, distance: float) -> None:
    found, away = score_of(number, value)
    assert found == score
    assert away == pytest.approx(distance)


def test_the_file_agrees_with_the_markers(shared_data: Path) -> None:
    """The knee from three markers in the plane of progression is the file's own within 1.5 degrees."""
    for path in sorted((shared_data / "c3d").glob("*.c3d")):
        trial = read_c3d(path)
        truth = find_truth(trial, find_body(trial))
        for side in Side:
            knee = truth.angles["knee_flexion", side] - truth.file_angles["knee_flexion", side]
            assert np.nanmean(np.abs(knee)) < 1.5, (path.name, side)
            ankle = truth.angles["ankle_dorsiflexion", side] - truth.file_angles["ankle_dorsiflexion", side]
            assert np.nanmean(np.abs(ankle)) < 3.0, (path.name, side)
            hip = truth.angles["hip_flexion", side]
            assert np.nanmin(hip) < 5 < 25 < np.nanmax(hip)


def test_events_at_the_ends_are_set_apart(shared_data: Path) -> None:
    """37 contacts and 34 toe-offs lie well inside what was seen; one file marks events beyond it."""
    inner, outer = [], []
    for path in sorted((shared_data / "c3d").glob("*.c3d")):
        trial = read_c3d(path)
        truth = find_truth(trial, find_body(trial))
        inner += [e.kind for e in truth.events]
        outer.append(len(truth.outer_events))
        assert {s.side for s in truth.strides} == set(Side)
    assert inner.count(EventKind.INITIAL_CONTACT) == 37
    assert inner.count(EventKind.TOE_OFF) == 34
    assert max(outer) == outer[-1] >= 5


def test_every_item_that_markers_show_of_both_limbs_is_known(shared_data: Path) -> None:
    trial = read_c3d(shared_data / "c3d" / "HC002D06.c3d")
    truth = find_truth(trial, find_body(trial))
    items = find_true_items(truth)
    assert {(i.number, i.side) for i in items} == {
        (n, s) for n in (1, 2, 3, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17) for s in Side
    }


def test_without_its_angles_a_file_determines_fewer_items(shared_data: Path) -> None:
    trial = read_c3d(shared_data / "c3d" / "HC002D06.c3d")
    bare = replace(trial, output_labels=(), outputs=np.zeros((0, 0, 3)))
    items = find_true_items(find_truth(bare, find_body(bare)))
    assert {i.number for i in items} == {1, 2, 6, 12, 13, 14, 15, 16, 17}
