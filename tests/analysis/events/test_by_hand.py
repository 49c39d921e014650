"""What a person says of events holds, in the right order, however the others are detected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.analysis.events.by_hand import (
    confirm_event,
    delete_event,
    forget_event,
    move_event,
    set_event,
    with_hand_events,
)
from gaitviewer.core.document import Document
from gaitviewer.core.gait import (
    Direction,
    EventKind,
    GaitEvent,
    GaitEvents,
    HandEvent,
    Side,
    View,
    WalkingPass,
)
from gaitviewer.errors import AnalysisError

CONTACT, TOE_OFF = EventKind.INITIAL_CONTACT, EventKind.TOE_OFF
WHERE = ("t1", View.SAGITTAL)
TIMES = np.arange(180) / 60.0
PASS = WalkingPass(View.SAGITTAL, Direction.LEFT_TO_RIGHT, 0, 180)


def detected(shift: float = 0.0) -> tuple[GaitEvents, ...]:
    times = {CONTACT: (0.2, 1.2, 2.2), TOE_OFF: (0.8, 1.8)}
    return (
        GaitEvents(
            tuple(
                GaitEvent(kind, Side.LEFT, t + shift, 0.01, (("zeni", t),))
                for kind in times
                for t in times[kind]
            )
        ),
    )


def shown(document: Document, shift: float = 0.0) -> tuple[GaitEvents, ...]:
    return with_hand_events(detected(shift), [PASS], document.trials[0].hand_events.sagittal, TIMES)


def moments(events: tuple[GaitEvents, ...], kind: EventKind) -> list[float]:
    return [round(e.time_s, 3) for e in events[0].of(kind, Side.LEFT)]


@pytest.fixture
def document(walker_document: Document) -> Document:
    return walker_document


def test_a_set_event_takes_the_place_of_the_near_one_also_when_detected_anew(document: Document) -> None:
    after = set_event(document, *WHERE, HandEvent(CONTACT, Side.LEFT, 1.25), shown(document))
    assert moments(shown(after), CONTACT) == [0.2, 1.25, 2.2]
    assert moments(shown(after, 0.04), CONTACT) == [0.24, 1.25, 2.24]
    (mine,) = [e for e in shown(after)[0].events if e.corrected]
    assert mine.detectors == (("zeni", 1.2),)
    assert mine.agreed


def test_an_event_is_added_where_there_is_none(document: Document) -> None:
    after = set_event(document, *WHERE, HandEvent(TOE_OFF, Side.LEFT, 2.7), shown(document))
    assert moments(shown(after), TOE_OFF) == [0.8, 1.8, 2.7]


def test_a_deleted_event_stays_away(document: Document) -> None:
    gone = shown(document)[0].of(CONTACT, Side.LEFT)[1]
    after = delete_event(document, *WHERE, gone)
    assert moments(shown(after, 0.05), CONTACT) == [0.25, 2.25]
    (word,) = after.trials[0].hand_events.sagittal
    assert moments(shown(forget_event(after, *WHERE, word)), CONTACT) == [0.2, 1.2, 2.2]


def test_a_confirmed_event_no_longer_moves(document: Document) -> None:
    one = shown(document)[0].of(CONTACT, Side.LEFT)[1]
    after = confirm_event(document, *WHERE, one)
    assert moments(shown(after, 0.05), CONTACT) == [0.25, 1.2, 2.25]


def test_an_event_that_is_dragged_far_leaves_none_behind(document: Document) -> None:
    last = shown(document)[0].of(CONTACT, Side.LEFT)[2]
    after = move_event(document, *WHERE, last, HandEvent(CONTACT, Side.LEFT, 2.7), shown(document))
    assert moments(shown(after), CONTACT) == [0.2, 1.2, 2.7]
    moved = shown(after)[0].of(CONTACT, Side.LEFT)[2]
    back = move_event(after, *WHERE, moved, HandEvent(CONTACT, Side.LEFT, 2.2), shown(after))
    assert moments(shown(back), CONTACT) == [0.2, 1.2, 2.2]


def test_the_order_of_events_is_kept_and_said(document: Document) -> None:
    one = shown(document)[0].of(CONTACT, Side.LEFT)[1]
    with pytest.raises(
        AnalysisError, match=r"initial contact of the left foot at 1.85 s would pass the toe-off .* 1.80 s"
    ):
        move_event(document, *WHERE, one, HandEvent(CONTACT, Side.LEFT, 1.85), shown(document))
    with pytest.raises(AnalysisError, match=r"too near to the initial contact of the left foot at 1\.20 s"):
        set_event(document, *WHERE, HandEvent(CONTACT, Side.LEFT, 1.55), shown(document))
    # the other foot's events have an order of their own
    set_event(document, *WHERE, HandEvent(CONTACT, Side.RIGHT, 1.55), shown(document))


def test_what_is_said_outside_all_passes_has_no_effect(document: Document) -> None:
    after = set_event(document, *WHERE, HandEvent(TOE_OFF, Side.RIGHT, 99.0), shown(document))
    assert shown(after) == detected()
    assert len(after.trials[0].hand_events.sagittal) == 1


def test_events_without_any_detection(document: Document) -> None:
    said = [
        HandEvent(CONTACT, Side.LEFT, 0.5),
        HandEvent(TOE_OFF, Side.LEFT, 1.1),
        HandEvent(CONTACT, Side.LEFT, 1.5),
    ]
    after = document
    for one in (said[0], said[2], said[1]):
        empty = with_hand_events((GaitEvents(()),), [PASS], after.trials[0].hand_events.sagittal, TIMES)
        after = set_event(after, *WHERE, one, empty)
    assert after.trials[0].hand_events.sagittal == tuple(sorted(said, key=lambda e: e.time_s))
    assert replace(said[0]) == said[0]
