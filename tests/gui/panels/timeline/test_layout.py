from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from gaitviewer.core.document import KeyImage
from gaitviewer.core.gait import BySide, ByView, EventKind, GaitEvent, GaitEvents, Side, View
from gaitviewer.core.timebase import TrialClock
from gaitviewer.gui.panels.timeline import layout
from gaitviewer.gui.panels.timeline.layout import Kind, Mark, Scale, mark_at, scale_over

SCALE = scale_over(-1.0, 9.0, 100, 500)  # 50 px a second
ROWS = layout.rows_for((View.SAGITTAL, View.CORONAL))
TOPS = layout.row_tops(ROWS, 24)


def middle(row: int) -> float:
    return TOPS[row] + ROWS[row].height / 2


def test_pixels_and_seconds_are_inverse() -> None:
    assert SCALE.x(-1.0) == 100
    assert SCALE.x(9.0) == 600
    assert SCALE.time(SCALE.x(3.3)) == pytest.approx(3.3)


def test_zooming_keeps_the_moment_under_the_pointer() -> None:
    close = SCALE.zoomed(0.5, 250)
    assert close.stop_s - close.start_s == pytest.approx(5.0)
    assert close.time(250) == pytest.approx(SCALE.time(250))


def test_zooming_and_moving_stay_within_the_recording() -> None:
    assert SCALE.zoomed(3, 250) == SCALE
    close = SCALE.zoomed(1e-6, 350)
    assert close.stop_s - close.start_s == pytest.approx(0.4)
    late = close.moved(100)
    assert late.stop_s == pytest.approx(9.0)
    assert late.moved(-100).start_s == pytest.approx(-1.0)
    assert late.fitted() == SCALE


def test_the_piece_of_time_follows_the_clock() -> None:
    close = Scale(2, 3, 100, 500, -1, 9)
    assert close.showing(2.5) is close
    assert close.showing(5.0).start_s == pytest.approx(4.9)
    assert close.showing(9.0).stop_s == pytest.approx(9.0)


def test_an_empty_recording_has_a_scale() -> None:
    assert scale_over(0, 0, 0, 0).time(0) == 0


def test_ruler_has_round_moments_with_room_between() -> None:
    moments = layout.ticks(SCALE)
    assert moments == (0, 2, 4, 6, 8)
    close = layout.ticks(Scale(2, 2.5, 100, 500, -1, 9))
    assert close == pytest.approx((2.0, 2.1, 2.2, 2.3, 2.4, 2.5))


def test_rows_do_not_overlap() -> None:
    for (row, top), below in zip(list(zip(ROWS, TOPS, strict=True))[:-1], TOPS[1:], strict=True):
        assert top + row.height < below
    assert len(layout.rows_for((View.CORONAL,))) == 5


def test_hit_moments_win_over_spans_and_the_nearest_moment_wins() -> None:
    stride = Mark(Kind.STRIDE, 2, 2.0, 3.0, "stride")
    first, second = Mark(Kind.CONTACT, 2, 2.0, 2.0, "first"), Mark(Kind.CONTACT, 2, 2.08, 2.08, "second")
    marks = (stride, second, first)

    def hit(time_s: float, row: int = 2) -> Mark | None:
        return mark_at(marks, SCALE, ROWS, TOPS, x_px=SCALE.x(time_s), y_px=middle(row))

    assert hit(2.01) is first
    assert hit(2.07) is second
    assert hit(2.5) is stride
    assert hit(3.5) is None
    assert hit(2.5, row=3) is None
    assert mark_at(marks, SCALE, ROWS, TOPS, x_px=SCALE.x(2.5), y_px=5) is None


def test_hit_the_chosen_evidence_before_that_of_other_items() -> None:
    other = Mark(Kind.EVIDENCE, 0, 2.0, 2.0, "other", faint=True, item=3)
    chosen = Mark(Kind.EVIDENCE, 0, 2.06, 2.06, "chosen", item=11)
    assert mark_at((other, chosen), SCALE, ROWS, TOPS, x_px=SCALE.x(2.01), y_px=middle(0)) is chosen


def test_marks_of_a_trial_are_on_the_players_clock(measures) -> None:
    marks = layout.marks_of(measures.motions[0], ROWS, clock=TrialClock(1.2))
    strides = [m for m in marks if m.kind is Kind.STRIDE]
    seen = measures.motions[0].views
    assert len(strides) == len(seen.sagittal.strides) + len(seen.coronal.strides)
    first = {(m.row, m.side): m.start_s for m in reversed(strides)}
    assert first[2, Side.LEFT] == pytest.approx(0.05)
    assert first[6, Side.LEFT] == pytest.approx(0.05 - 1.2)
    left_out = [m for m in marks if m.kind is Kind.LEFT_OUT and m.row == 1]
    assert [m.tip for m in left_out] == ["Left out: Half in the picture.", "Left out: Turning."]
    assert left_out[1].stop_s == pytest.approx(5.0)
    passes = [m for m in marks if m.kind is Kind.PASS]
    assert [(m.row, m.forward, m.depth) for m in passes] == [(1, 1, False), (5, 1, True)]
    not_counting = [m for m in strides if m.faint]
    assert all("Does not count: The foot leaves the picture." in m.tip for m in not_counting)
    assert len(not_counting) == 2


def test_pose_quality_covers_the_recording_without_gaps(measures) -> None:
    marks = layout.marks_of(measures.motions[0], ROWS, clock=TrialClock(0.0))
    bins = [m for m in marks if m.kind is Kind.QUALITY and m.row == 4]
    assert bins[0].start_s == 0
    assert bins[-1].stop_s == pytest.approx(5.0)
    for one, following in pairwise(bins):
        assert one.stop_s == pytest.approx(following.start_s)
    assert all(0.5 < m.level <= 0.87 for m in bins)


def test_events_that_detectors_dispute_are_marked(measures) -> None:
    motion = measures.motions[0]
    sure = GaitEvent(EventKind.INITIAL_CONTACT, Side.LEFT, 1.0, 0.01)
    unsure = GaitEvent(EventKind.TOE_OFF, Side.LEFT, 1.7, 0.03, agreed=False)
    seen = replace(motion.views.sagittal, events=(GaitEvents((sure, unsure)),))
    marks = layout.marks_of(replace(motion, views=ByView(seen, None)), ROWS, clock=TrialClock(0.0))
    contact, toe_off = (m for m in marks if m.kind in (Kind.CONTACT, Kind.TOE_OFF))
    assert (contact.start_s, contact.faint) == (1.0, False)
    assert contact.tip == "Initial contact, left, 1.00 s ± 10 ms"
    assert toe_off.faint
    assert "do not agree" in toe_off.tip


def test_evidence_of_the_chosen_item_is_complete_and_on_top(measures) -> None:
    marks = layout.evidence_marks(measures.evgs, "t1", clock=TrialClock(1.2), chosen=(11, Side.RIGHT))
    chosen = [m for m in marks if not m.faint]
    assert [m.evidence for m in chosen] == list(measures.evgs.get(11, Side.RIGHT).evidence)
    assert marks[-1] in chosen
    shifted = next(m for m in marks if m.item == 14 and m.side is Side.LEFT)
    assert shifted.start_s == pytest.approx(shifted.evidence.time_s - 1.2)
    assert layout.evidence_marks(measures.evgs, "t9", clock=TrialClock(0), chosen=None) == ()


def test_hidden_scores_are_not_told(measures) -> None:
    every = BySide(*(measures.evgs.measures[side] for side in Side))
    hidden = frozenset((m.item.number, side) for side in Side for m in every[side])
    assert not layout.evidence_marks(measures.evgs, "t1", clock=TrialClock(0), chosen=None, hidden=hidden)
    chosen = (11, Side.RIGHT)
    marks = layout.evidence_marks(measures.evgs, "t1", clock=TrialClock(0), chosen=chosen, hidden=hidden)
    assert {(mark.item, mark.side) for mark in marks} == {chosen}
    assert not any("score" in m.tip for m in marks)


def test_key_images_of_the_trial() -> None:
    images = (
        KeyImage("t1", View.CORONAL, 60, 2.0, "toe-off"),
        KeyImage("t2", View.SAGITTAL, 1, 0.1),
    )
    (mark,) = layout.key_image_marks(images, "t1", clock=TrialClock(0.5))
    assert mark.start_s == 1.5
    assert mark.tip.endswith("toe-off")
