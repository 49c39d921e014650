from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gaitviewer.core import edits
from gaitviewer.core.document import Document, KeyImage
from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.timebase import TrialClock
from gaitviewer.gui.model import manual_tools, strides
from gaitviewer.gui.model.manual_tools import DrawnMeasurement, ToolKind, measure, moved
from gaitviewer.workflow.analysis.measure import measure_document


@pytest.fixture(scope="module")
def measures(walker_document: Document) -> Measures:
    return measure_document(walker_document)


def test_events_and_strides_are_on_the_players_clock(measures: Measures) -> None:
    motion = measures.motions[0]
    clock = TrialClock(0.32)
    times = strides.event_times(motion, clock)
    assert times == sorted(e.time_s for g in motion.views.sagittal.events for e in g.events)
    stride = motion.views.sagittal.strides[0]
    middle = (stride.start_s + stride.stop_s) / 2
    found = strides.stride_at(motion, middle, clock, side=stride.side)
    assert found is stride
    assert clock.percent(stride, middle) == pytest.approx(50)
    assert clock.time_at(stride, 50) == pytest.approx(middle)
    assert strides.stride_at(motion, -5.0, clock) is None
    assert strides.event_times(None, clock) == []


def test_coronal_times_are_shifted(measures: Measures) -> None:
    stride = measures.motions[0].views.coronal.strides[0]
    assert TrialClock(0.25).span(stride)[0] == pytest.approx(stride.start_s - 0.25)


def test_key_images_are_on_the_players_clock(walker_document: Document) -> None:
    once = replace(walker_document, key_images=(KeyImage("t1", View.CORONAL, 4, 0.16),))
    assert strides.key_image_times(once, "t1", TrialClock(0.1)) == [pytest.approx(0.06)]
    assert strides.key_image_times(once, "t2", TrialClock(0.1)) == []


def keep(document: Document, drawn: Sequence[DrawnMeasurement], *, rater: str) -> Document:
    made = [manual_tools.as_measurement(one, "t1", rater=rater) for one in drawn]
    return edits.set_measurements(document, "t1", made, views=tuple(View))


def test_measurements_by_hand_go_into_the_document_and_back(walker_document: Document) -> None:
    drawn = measure(
        ToolKind.GONIOMETER, ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0)), view=View.SAGITTAL, frame=12, time_s=0.4
    )
    once = keep(walker_document, [drawn], rater="A")
    meant = edits.assign_measurement(once, 0, 8, Side.LEFT)
    # Moving a corner keeps who, when and what for; a second one is new.
    other = moved(drawn, 0, (0.0, 5.0))
    line = measure(ToolKind.DISTANCE, ((0.0, 0.0), (3.0, 4.0)), view=View.SAGITTAL, frame=12, time_s=0.4)
    twice = keep(meant, [other, line], rater="B")
    first, second = twice.hand_measures
    assert (first.item, first.side, first.rater, first.points[0]) == (8, Side.LEFT, "A", (0.0, 5.0))
    assert (second.item, second.rater, second.value) == (None, "B", 5.0)
    assert (first.unit, second.unit) == ("deg", "px")  # a picture has no scale
    videos = walker_document.trials[0].trial.videos
    back = manual_tools.drawn_in(twice, "t1", (videos.sagittal, videos.coronal))
    assert [one.points for one in back] == [other.points, line.points]
    assert back[0].time_s == pytest.approx(videos.sagittal.info.times[12])
    assert keep(twice, back, rater="C") is twice
    assert keep(twice, [], rater="C").hand_measures == ()


def test_an_offset_is_given_and_taken_back(walker_document: Document) -> None:
    given = edits.set_offset(walker_document, "t1", 0.5, 0.02)
    assert given.trials[0].trial.sync.offset_s == 0.5
    assert edits.clear_offset(given, "t1").trials[0].trial.sync is None
