"""The clock, driven by hand: no waiting in these tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gaitviewer.core.gait import ByView, View
from gaitviewer.gui.playback.player import SPEEDS, Player


class Source:
    """A view whose pictures are decoded or not as the test wants."""

    def __init__(self, rate_hz: float, count: int, times: list[float] | None = None) -> None:
        self.times = np.array(times or [i / rate_hz for i in range(count)], np.float64)
        self.missing: set[int] = set()
        self.wanted: list[int] = []
        self.played: list[tuple[int, tuple[int, int] | None]] = []

    def ready(self, index: int) -> bool:
        return index not in self.missing

    def want(self, index: int) -> None:
        self.wanted.append(index)

    def play(self, index: int, loop: tuple[int, int] | None, *, late: bool = False) -> None:
        self.played.append((index, loop))


class Hand:
    """A clock that stands until it is moved, and the player that it drives."""

    def __init__(self) -> None:
        self.now = 100.0
        self.player = Player(clock=lambda: self.now)
        self.shown: list[dict[View, int | None]] = []
        self.player.time_changed.connect(self._note)

    def _note(self, time_s: float) -> None:
        self.shown.append({view: self.player.shown(view) for view in self.player.views})

    def open(self, sagittal: Source | None, coronal: Source | None = None, offset_s: float = 0.0) -> None:
        self.player.open(ByView(sagittal, coronal), offset_s=offset_s)
        self.shown.clear()

    def run(self, seconds: float, beat_s: float = 0.004) -> None:
        for _ in range(round(seconds / beat_s)):
            self.now += beat_s
            self.player.tick()

    def frames(self, view: View) -> list[int | None]:
        return [row[view] for row in self.shown]


@pytest.fixture
def hand(qapp: Any) -> Iterator[Hand]:
    made = Hand()
    yield made
    made.player.close()


def test_every_frame_is_shown_once_and_in_time(hand: Hand) -> None:
    hand.open(Source(60, 120), Source(60, 120))
    hand.player.play()
    hand.run(1.0)
    assert hand.frames(View.SAGITTAL) == list(range(1, len(hand.shown) + 1))
    assert hand.player.time_s == pytest.approx(1.0, abs=0.02)
    assert hand.frames(View.CORONAL) == hand.frames(View.SAGITTAL)


@pytest.mark.parametrize("speed", [0.1, 0.5, 2.0])
def test_speed(hand: Hand, speed: float) -> None:
    hand.open(Source(60, 600))
    hand.player.set_speed(speed)
    hand.player.play()
    hand.run(2.0)
    assert hand.player.time_s == pytest.approx(2.0 * speed, abs=0.02)


def test_a_speed_changed_on_the_way_does_not_jump(hand: Hand) -> None:
    hand.open(Source(60, 600))
    hand.player.play()
    hand.run(1.0)
    hand.player.set_speed(0.5)
    hand.run(1.0)
    assert hand.player.time_s == pytest.approx(1.5, abs=0.02)
    assert np.diff([f for f in hand.frames(View.SAGITTAL) if f is not None]).max() == 1


def test_speeds_one_after_the_other(hand: Hand) -> None:
    for wanted in (1.25, 1.5, 1.75, 2.0, 2.0):
        hand.player.change_speed(1)
        assert hand.player.speed == wanted
    for _ in range(20):
        hand.player.change_speed(-1)
    assert hand.player.speed == SPEEDS[0] == 0.1


def test_a_short_delay_of_the_window_loses_no_frame(hand: Hand) -> None:
    hand.open(Source(60, 600))
    hand.player.play()
    hand.run(0.5)
    hand.now += 0.08  # five frames
    hand.run(0.5)
    shown = hand.frames(View.SAGITTAL)
    assert shown == list(range(1, len(shown) + 1))
    assert hand.player.time_s == pytest.approx(1.08, abs=0.02)
    assert hand.player.count.skipped[View.SAGITTAL] == 0


def test_a_long_delay_is_not_caught_up_frame_by_frame(hand: Hand) -> None:
    hand.open(Source(60, 600))
    hand.player.play()
    hand.run(0.5)
    hand.now += 1.0
    hand.run(0.05)
    assert hand.player.time_s == pytest.approx(1.55, abs=0.03)
    assert hand.player.count.skipped[View.SAGITTAL] > 40


def test_every_frame_mode_never_leaves_one_out(hand: Hand) -> None:
    hand.open(Source(60, 600))
    hand.player.every_frame = True
    hand.player.play()
    for _ in range(30):
        hand.now += 0.5  # painting is terribly slow
        hand.player.tick()
    shown = hand.frames(View.SAGITTAL)
    assert shown == list(range(1, len(shown) + 1))
    assert len(shown) >= 25


def test_the_clock_waits_for_a_picture_and_goes_on_without_a_jump(hand: Hand) -> None:
    slow = Source(60, 600)
    slow.missing = set(range(30, 600))
    hand.open(Source(60, 600), slow)
    hand.player.play()
    hand.run(1.0)
    assert hand.player.waiting
    assert hand.player.shown(View.SAGITTAL) == hand.player.shown(View.CORONAL) == 29
    slow.missing.clear()
    hand.run(0.25)
    assert not hand.player.waiting
    assert hand.player.time_s == pytest.approx(29 / 60 + 0.25, abs=0.03)
    assert hand.player.count.skipped == {View.SAGITTAL: 0, View.CORONAL: 0}
    assert hand.player.count.waited_s == pytest.approx(0.5, abs=0.05)


def test_it_stops_at_the_end_and_starts_again_from_the_beginning(hand: Hand) -> None:
    hand.open(Source(60, 60))
    hand.player.play()
    hand.run(1.2)
    assert not hand.player.playing
    assert hand.player.shown(View.SAGITTAL) == 59
    hand.player.play()
    hand.run(0.1)
    assert hand.player.time_s == pytest.approx(0.1, abs=0.02)


def test_a_loop_shows_each_of_its_frames_again(hand: Hand) -> None:
    source = Source(30, 300)
    hand.open(source)
    hand.player.set_loop(1.0, 2.0)
    hand.player.play()
    assert hand.player.time_s == pytest.approx(1.0)
    hand.run(3.2)
    shown = hand.frames(View.SAGITTAL)
    assert {f for f in shown if f is not None} == set(range(30, 61))
    assert shown.count(45) == 3
    assert source.played[-1][1] == (30, 60)
    with pytest.raises(ValueError, match="empty"):
        hand.player.set_loop(2.0, 2.0)
    hand.player.set_loop(None)
    hand.run(1.0)
    assert hand.player.time_s > 2.0


def test_setting_a_loop_elsewhere_while_playing_goes_there(hand: Hand) -> None:
    hand.open(Source(30, 300))
    hand.player.play()
    hand.run(0.3)
    hand.player.set_loop(5.0, 6.0)
    assert hand.player.time_s == pytest.approx(5.0)


def test_steps_follow_the_faster_view_or_the_active_one(hand: Hand) -> None:
    hand.open(Source(30, 90), Source(60, 180))
    hand.player.step()
    assert hand.player.shown(View.CORONAL) == 1
    hand.player.active_view = View.SAGITTAL
    hand.player.step()
    hand.player.step()
    assert hand.player.shown(View.SAGITTAL) == 2
    hand.player.step(-1)
    assert (hand.player.shown(View.SAGITTAL), hand.player.shown(View.CORONAL)) == (1, 2)
    for _ in range(5):
        hand.player.step(-1)
    assert hand.player.shown(View.SAGITTAL) == 0


def test_stepping_with_an_offset_of_half_a_frame_moves_one_frame_each_time(hand: Hand) -> None:
    for offset in (0.0, 0.4 / 30, 0.5 / 30, 0.6 / 30, 1.23):
        for active in (View.SAGITTAL, View.CORONAL):
            hand.open(Source(30, 90), Source(30, 90), offset)
            hand.player.go_to(0.7)
            hand.player.active_view = active
            before = hand.player.shown(active)
            assert before is not None
            for step in range(1, 6):
                hand.player.step()
                assert hand.player.shown(active) == before + step
            for step in range(4, -6, -1):
                hand.player.step(-1)
                assert hand.player.shown(active) == before + step


def test_going_to_a_frame_of_either_view_shows_exactly_that_frame(hand: Hand) -> None:
    uneven = [0.0, *np.cumsum(np.random.default_rng(2).choice([0.016, 0.033, 0.1], 80)).tolist()]
    for offset in (0.0, 0.3711, -0.2):
        hand.open(Source(0, 0, uneven), Source(25, 100), offset)
        for index in (0, 3, 40, 79):
            hand.player.go_to_frame(View.SAGITTAL, index)
            assert hand.player.shown(View.SAGITTAL) == index
            hand.player.go_to_frame(View.CORONAL, index)
            assert hand.player.shown(View.CORONAL) == index


def test_standing_asks_for_single_pictures_and_playing_for_runs(hand: Hand) -> None:
    source = Source(30, 90)
    hand.open(source)
    hand.player.go_to_frame(View.SAGITTAL, 12)
    assert source.wanted[-1] == 12
    assert source.played == []
    hand.player.play()
    hand.run(0.1)
    assert source.played[-1][0] >= 14
    hand.player.pause()
    assert source.wanted[-1] == hand.player.shown(View.SAGITTAL)


def test_jumping_to_the_next_and_the_previous_of_a_list(hand: Hand) -> None:
    hand.open(Source(30, 300))
    moments = [0.5, 1.5, 3.0]
    assert hand.player.jump(moments, 1) == 0.5
    assert hand.player.jump(moments, 1) == 1.5
    assert hand.player.jump(moments, -1) == 0.5
    assert hand.player.jump(moments, -1) is None
    assert hand.player.time_s == 0.5


def test_a_tenth_on(hand: Hand) -> None:
    hand.open(Source(30, 301))
    hand.player.page(1)
    assert hand.player.time_s == pytest.approx(1.0)
    hand.player.page(-1)
    hand.player.page(-1)
    assert hand.player.time_s == 0.0


def test_the_offset_moves_the_coronal_view_only(hand: Hand) -> None:
    hand.open(Source(30, 300), Source(30, 300))
    hand.player.go_to(2.0)
    hand.player.set_offset(1.0)
    assert hand.player.shown(View.SAGITTAL) == 60
    assert hand.player.shown(View.CORONAL) == 90
    assert hand.player.start_s == -1.0
    assert hand.player.meter().error_s == pytest.approx(0.0, abs=1e-9)


def test_sync_points_make_two_frames_simultaneous(hand: Hand) -> None:
    hand.open(Source(30, 300), Source(60, 300))
    hand.player.go_to_frame(View.SAGITTAL, 45)
    assert hand.player.set_sync_point(View.SAGITTAL) is None
    hand.player.go_to_frame(View.CORONAL, 33)
    assert hand.player.set_sync_point(View.CORONAL) == pytest.approx(33 / 60 - 1.5)
    hand.player.go_to_frame(View.SAGITTAL, 45)
    assert hand.player.shown(View.CORONAL) == 33
    assert hand.player.set_sync_point(View.SAGITTAL) is None  # a new pair is begun


def test_one_view_alone_plays(hand: Hand) -> None:
    hand.open(None, Source(30, 90), 1.2)
    hand.player.play()
    hand.run(1.0)
    assert hand.player.shown(View.CORONAL) == pytest.approx(30, abs=1)
    assert hand.player.shown(View.SAGITTAL) is None
    assert np.isnan(hand.player.meter().error_s)


def test_nothing_open_is_harmless(hand: Hand) -> None:
    player = hand.player
    player.play()
    player.step()
    player.page(1)
    player.go_to(3.0)
    player.toggle()
    assert not player.playing
    assert player.set_sync_point(View.CORONAL) is None
    assert player.jump([1.0], 1) is None or player.time_s == 0.0


def test_views_of_different_length_play_to_the_end_of_the_longer(hand: Hand) -> None:
    hand.open(Source(60, 60), Source(25, 100), -0.5)
    hand.player.play()
    hand.run(6.0)
    assert not hand.player.playing
    assert hand.player.shown(View.CORONAL) == 99
    coronal = [f for f in hand.frames(View.CORONAL) if f is not None]
    assert set(coronal) | {0} == set(range(100))
    assert {f for f in hand.frames(View.SAGITTAL) if f is not None} == set(range(1, 60))


def test_uneven_times_are_kept(hand: Hand) -> None:
    hand.open(Source(0, 0, [0.0, 0.5, 0.51, 0.9, 2.0, 2.1]))
    at: list[tuple[float, int | None]] = []
    hand.player.time_changed.connect(
        lambda t: at.append((round(hand.now - began, 2), hand.player.shown(View.SAGITTAL)))
    )
    hand.player.play()
    began = hand.now
    hand.run(2.05, beat_s=0.002)
    assert [index for _, index in at] == [1, 2, 3, 4]
    assert [when for when, _ in at] == pytest.approx([0.5, 0.51, 0.9, 2.0], abs=0.011)


def test_pausing_inside_a_listener_is_obeyed(hand: Hand) -> None:
    hand.open(Source(30, 90))
    hand.player.time_changed.connect(lambda t: hand.player.pause() if t > 0.5 else None)
    hand.player.play()
    hand.run(2.0)
    assert not hand.player.playing
    assert hand.player.time_s == pytest.approx(0.5, abs=0.05)
