"""Which frame belongs to which moment."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaitviewer.core.gait import ByView, View
from gaitviewer.gui.playback.timebase import TrialTimebase, ViewTimebase, frame_at


class Source:
    """Times only."""

    def __init__(self, times: list[float]) -> None:
        self.times = np.array(times, np.float64)

    def ready(self, index: int) -> bool:
        return True

    def want(self, index: int) -> None:
        pass

    def play(self, index: int, loop: tuple[int, int] | None, *, late: bool = False) -> None:
        pass


def even(rate_hz: float, count: int) -> Source:
    return Source([i / rate_hz for i in range(count)])


def both(a: Source | None, b: Source | None, offset_s: float = 0.0) -> TrialTimebase:
    return TrialTimebase(ByView(a, b), offset_s)


def test_a_frame_is_shown_from_its_time_until_the_next() -> None:
    times = [0.0, 0.1, 0.4, 0.5]
    wanted = {-1.0: 0, 0.0: 0, 0.0999: 0, 0.1: 1, 0.39: 1, 0.4: 2, 0.5: 3, 9.0: 3}
    assert {t: frame_at(times, t) for t in wanted} == wanted


@given(
    rate=st.sampled_from([23.976, 25.0, 29.97, 30.0, 50.0, 60.0, 119.88, 240.0]),
    count=st.integers(2, 400),
    offset=st.floats(-3, 3),
)
def test_every_frame_can_be_reached_by_its_own_time(rate: float, count: int, offset: float) -> None:
    track = ViewTimebase(even(rate, count), offset)
    for index in range(0, count, max(1, count // 20)):
        assert track.index_at(track.time_of(index)) == index


@given(
    gaps=st.lists(st.sampled_from([0.016, 0.017, 0.033, 0.05, 0.12]), min_size=2, max_size=120),
    rate=st.sampled_from([25.0, 30.0, 60.0]),
    offset=st.floats(-1, 1),
    moment=st.floats(0, 2),
)
def test_two_pictures_are_at_most_half_a_frame_apart(
    gaps: list[float], rate: float, offset: float, moment: float
) -> None:
    tracks = both(Source([0.0, *np.cumsum(gaps)]), even(rate, 90), offset)
    frames = tracks.frames(moment)
    meter = tracks.sync(frames, moment)
    if math.isnan(meter.error_s):
        return
    follower = next(view for view in View if view is not tracks.leader(moment, None))
    track, index = tracks[follower], frames[follower]
    around = [track.time_of(i + 1) - track.time_of(i) for i in (index - 1, index) if 0 <= i < track.count - 1]
    inside = 0 < index < track.count - 1
    if inside:
        assert abs(meter.error_s) <= max(around) / 2 + 1e-6


def test_equal_rates_and_any_offset_are_within_half_a_frame() -> None:
    for offset in np.linspace(-0.5, 0.5, 37):
        tracks = both(even(60, 300), even(60, 300), float(offset))
        for moment in np.linspace(0.6, 4.0, 91):
            frames = tracks.frames(float(moment))
            assert abs(tracks.sync(frames, float(moment)).error_s) <= 0.5 / 60 + 1e-6


def test_the_faster_view_leads_and_the_anchor_when_asked() -> None:
    tracks = both(even(30, 60), even(120, 240), 0.004)
    assert tracks.leader(0.5, None) is View.CORONAL
    assert tracks.leader(0.5, View.SAGITTAL) is View.SAGITTAL
    for index in (0, 7, 59):
        moment = tracks[View.SAGITTAL].time_of(index)
        assert tracks.frames(moment, View.SAGITTAL)[View.SAGITTAL] == index


def test_the_other_view_leads_where_one_was_not_recording() -> None:
    tracks = both(even(60, 60), even(30, 300), 2.0)  # coronal runs from -2 to 8, sagittal from 0 to 1
    assert tracks.leader(-1.0, None) is View.CORONAL
    assert tracks.leader(0.5, None) is View.SAGITTAL
    assert tracks.leader(5.0, None) is View.CORONAL
    assert tracks.frames(5.0) == {View.SAGITTAL: 59, View.CORONAL: 210}
    assert tracks.start_s == -2.0
    assert tracks.stop_s == pytest.approx(299 / 30 - 2)
    assert math.isnan(tracks.sync(tracks.frames(5.0), 5.0).error_s)


def test_every_change_is_met_once_on_the_way_through() -> None:
    tracks = both(even(60, 60), even(30, 300), 2.0)
    moment, seen = tracks.start_s, []
    for _ in range(2000):
        following = tracks.next_change(moment)
        if following is None:
            break
        assert following > moment
        moment = following
        seen.append(tracks.frames(moment))
    sagittal = [frames[View.SAGITTAL] for frames in seen]
    assert sorted(set(sagittal)) == list(range(60))
    assert max(frames[View.CORONAL] for frames in seen) == 299
    assert all(b >= a for a, b in pairwise(sagittal))


def test_one_view_alone() -> None:
    tracks = both(None, even(30, 10), 1.0)
    assert tracks.views == (View.CORONAL,)
    assert tracks.frames(-0.9) == {View.CORONAL: 3}
    assert math.isnan(tracks.sync(tracks.frames(0.0), 0.0).error_s)


def test_no_view() -> None:
    tracks = both(None, Source([]))
    assert tracks.views == ()
    assert tracks.frames(0.0) == {}
    assert tracks.next_change(0.0) is None
    assert (tracks.start_s, tracks.stop_s, tracks.fastest) == (0.0, 0.0, None)


def test_stepping_at_the_ends_stays_inside() -> None:
    track = ViewTimebase(even(30, 5), 0.0)
    assert track.stepped(0.0, -1) is None
    assert track.stepped(4 / 30, 1) is None
    assert track.stepped(2 / 30, 2) == pytest.approx(4 / 30)
    assert track.stepped(-1.0, 1) == 0.0  # from before the recording to its first frame
    assert track.stepped(9.0, -1) == pytest.approx(4 / 30)
