from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.analysis.walking.strides import (
    Pace,
    exclude_unsteady,
    exclude_unsure,
    find_strides,
    move_events,
    pace_of,
    slow_motion_suspected,
    unlike_paces,
)
from gaitviewer.core.gait import Direction, EventKind, GaitEvent, GaitEvents, Side, Stride, View, WalkingPass
from gaitviewer.messages import as_written, message
from tests.support.said import codes, is_within

IC, TO = EventKind.INITIAL_CONTACT, EventKind.TOE_OFF
SIDEWAYS = WalkingPass(View.SAGITTAL, Direction.RIGHT_TO_LEFT, 0, 300, near=Side.LEFT)


def _walk(stride_s: float = 1.0, stance: float = 0.6, count: int = 3) -> GaitEvents:
    out = []
    for side, lag in ((Side.LEFT, 0.0), (Side.RIGHT, 0.5)):
        for k in range(count):
            out.append(GaitEvent(IC, side, (k + lag) * stride_s, 0.01))
            out.append(GaitEvent(TO, side, (k + lag + stance) * stride_s, 0.02))
    return GaitEvents(tuple(out))


def _strides(events: GaitEvents) -> tuple[Stride, ...]:
    return find_strides(events, SIDEWAYS, trial="t1", pass_index=2)


def test_every_complete_stride_is_kept_with_the_other_foot_inside() -> None:
    strides = _strides(_walk())
    assert [s.key for s in strides] == [
        "t1/sagittal/p2/left/0", "t1/sagittal/p2/right/0", "t1/sagittal/p2/left/1", "t1/sagittal/p2/right/1",
    ]  # fmt: skip
    first = strides[0]
    assert (first.start_s, first.toe_off_s, first.stop_s) == (0.0, 0.6, 1.0)
    assert first.opposite_contact_s == 0.5
    assert first.opposite_toe_off_s is None  # the right foot leaves the floor before it is seen
    assert strides[2].opposite_toe_off_s == pytest.approx(1.1)
    assert all(s.counts and not s.flags for s in strides)
    assert first.event_sigma_s == pytest.approx(np.sqrt((0.01**2 + 0.02**2 + 0.01**2) / 3))


def test_a_foot_that_left_just_before_the_stride_does_not_leave_again_in_it() -> None:
    """Without double support, the other toe-off that is found ends that foot's next stance: there is none."""
    strides = _strides(_walk(stance=0.48))
    assert strides
    for one in strides:
        assert one.opposite_contact_s is not None
        assert one.opposite_toe_off_s is None or one.opposite_toe_off_s < one.opposite_contact_s


def test_the_limb_away_from_the_camera_is_far() -> None:
    assert {s.side: s.far for s in _strides(_walk())} == {Side.LEFT: False, Side.RIGHT: True}


def test_contacts_without_a_toe_off_between_are_no_stride() -> None:
    events = GaitEvents(tuple(e for e in _walk().events if not (e.kind is TO and e.time_s < 0.7)))
    assert [s.start_s for s in _strides(events) if s.side is Side.LEFT] == [1.0]


@pytest.mark.parametrize(
    ("stride_s", "stance", "flag"),
    [
        (0.3, 0.6, "note.stride_time"),
        (4.5, 0.6, "note.stride_time"),
        (1.0, 0.4, "note.stance_share"),
        (1.0, 0.9, "note.stance_share"),
    ],
)
def test_unusual_strides_are_flagged_and_still_count(stride_s: float, stance: float, flag: str) -> None:
    strides = _strides(_walk(stride_s, stance))
    assert strides
    assert all(flag in codes(s.flags) for s in strides)
    assert all(s.counts for s in strides)


def test_ordinary_limits_are_not_flagged() -> None:
    assert not any(s.flags for stance in (0.46, 0.87) for s in _strides(_walk(3.9, stance)))


def test_disagreeing_detectors_flag_the_stride() -> None:
    events = tuple(
        GaitEvent(e.kind, e.side, e.time_s, e.sigma_s, agreed=e.time_s != 0.6) for e in _walk().events
    )
    flag = message("note.detectors_disagree", events=(message("event.toe_off"),))
    assert flag in _strides(GaitEvents(events))[0].flags


def test_starting_and_stopping_strides_are_excluded_with_the_reason() -> None:
    times = np.arange(300) / 100.0
    speed = np.interp(times, (0.0, 1.0, 3.0), (0.0, 1.0, 1.0))
    strides = exclude_unsteady(_strides(_walk()), times, speed)
    assert [s.counts for s in strides] == [False, True, True, True]
    assert strides[0].excluded.code == "reason.unsteady"


def test_an_end_view_stride_far_from_the_others_is_not_used() -> None:
    good = _strides(_walk())
    odd = Stride("t1", View.CORONAL, 0, 9, Side.LEFT, 5.0, 5.1, 5.6)
    out = exclude_unsure((*good, odd))
    assert [s.counts for s in out] == [True] * 4 + [False]
    assert is_within("note.stance_share", out[-1].excluded)


def test_events_move_into_the_other_cameras_time() -> None:
    moved = move_events(_walk(), 1.25, sigma_s=0.03)
    assert moved.events[0].time_s == 1.25
    assert moved.events[0].sigma_s == pytest.approx(np.hypot(0.01, 0.03))


def test_slow_motion_is_suspected_from_the_stride_time() -> None:
    assert slow_motion_suspected(_strides(_walk(8.0))) == pytest.approx(8.0)
    assert slow_motion_suspected(_strides(_walk(2.0))) is None
    assert slow_motion_suspected(()) is None


def test_a_stride_that_ends_at_the_edge_and_is_unlike_the_others_is_not_believed() -> None:
    from gaitviewer.analysis.walking.strides import exclude_at_the_edge
    from gaitviewer.core.gait import Side, Stride, View

    def stride(number: int, start_s: float, stop_s: float) -> Stride:
        return Stride("t1", View.SAGITTAL, 0, number, Side.LEFT, start_s, start_s + 0.5, stop_s)

    whole, cut = stride(0, 1.0, 2.0), stride(1, 2.0, 2.85)
    kept, doubted = exclude_at_the_edge((whole, cut), [(0.5, 2.9)])
    assert kept.counts
    assert doubted.excluded["seconds"] == pytest.approx(0.85, abs=0.005)
    assert all(s.counts for s in exclude_at_the_edge((whole, cut), [(0.5, 3.5)]))
    assert all(s.counts for s in exclude_at_the_edge((whole, stride(1, 2.0, 2.95)), [(0.5, 3.0)]))


# --- passes that play at unlike speeds ---------------------------------------------------------------------


def _paces(**paces: tuple[float, float]) -> dict[str, Pace]:
    return {name: Pace(*pace) for name, pace in paces.items()}


@pytest.mark.parametrize("slower", [2.0, 4.0, 8.0])
def test_a_pass_in_slow_motion_is_set_apart(slower: float) -> None:
    apart = unlike_paces(_paces(real=(0.98, 0.7), slow=(0.98 * slower, 0.7 / slower)))
    assert list(apart) == ["slow"]
    assert apart["slow"] == message("reason.another_speed", stride_s=0.98 * slower, usual_s=0.98)


def test_a_pass_played_too_fast_is_set_apart() -> None:
    assert list(unlike_paces(_paces(fast=(0.3, 2.1), real=(0.9, 0.7)))) == ["fast"]


@pytest.mark.parametrize(
    "other",
    [
        (1.35, 0.50),  # the same person in no hurry
        (1.96, 0.68),  # a contact was missed: strides twice as long at the same speed
        (1.02, 0.35),  # half as fast with the same stride time: another distance to the camera
    ],
)
def test_passes_of_one_walk_are_alike(other: tuple[float, float]) -> None:
    assert unlike_paces(_paces(one=(0.98, 0.7), other=other)) == {}
    assert unlike_paces(_paces(one=(0.98, 0.7))) == {}


def test_only_strides_that_count_make_a_pace() -> None:
    strides = _strides(_walk(1.0))
    speed = np.array([0.5, np.nan, -0.7])
    assert pace_of(strides, speed) == Pace(pytest.approx(1.0), pytest.approx(0.6))
    assert pace_of([replace(s, excluded=as_written("turning")) for s in strides], speed) is None
    assert pace_of(strides, np.full(3, np.nan)) is None
