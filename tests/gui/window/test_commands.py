from __future__ import annotations

from dataclasses import replace

import pytest

from gaitviewer.core.document import Document, KeyImage
from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import Measures
from gaitviewer.gui.model import commands
from gaitviewer.gui.model.manual_tools import ToolKind, measure, moved
from gaitviewer.workflow.analysis.measure import measure_document


@pytest.fixture(scope="module")
def measures(walker_document: Document) -> Measures:
    return measure_document(walker_document)


def test_events_and_strides_are_on_the_players_clock(measures: Measures) -> None:
    motion = measures.motions[0]
    times = commands.event_times(motion, 0.32)
    assert times == sorted(e.time_s for g in motion.views.sagittal.events for e in g.events)
    stride = motion.views.sagittal.strides[0]
    middle = (stride.start_s + stride.stop_s) / 2
    found = commands.stride_at(motion, middle, 0.32, side=stride.side)
    assert found is stride
    assert commands.percent_of(stride, middle, 0.32) == pytest.approx(50)
    assert commands.time_at_percent(stride, 50, 0.32) == pytest.approx(middle)
    assert commands.stride_at(motion, -5.0, 0.32) is None
    assert commands.event_times(None, 0.0) == []


def test_coronal_times_are_shifted(measures: Measures) -> None:
    stride = measures.motions[0].views.coronal.strides[0]
    assert commands.span_of(stride, 0.25)[0] == pytest.approx(stride.start_s - 0.25)


def test_key_images_are_on_the_players_clock(walker_document: Document) -> None:
    once = replace(walker_document, key_images=(KeyImage("t1", View.CORONAL, 4, 0.16),))
    assert commands.key_image_times(once, "t1", 0.1) == [pytest.approx(0.06)]
    assert commands.key_image_times(once, "t2", 0.1) == []


def test_measurements_by_hand_go_into_the_document_and_back(walker_document: Document) -> None:
    drawn = measure(
        ToolKind.GONIOMETER, ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0)), view=View.SAGITTAL, frame=12, time_s=0.4
    )
    once = commands.with_drawn(walker_document, "t1", [drawn], rater="A", views=tuple(View))
    meant = commands.with_item(once, 0, 8, Side.LEFT)
    # Moving a corner keeps who, when and what for; a second one is new.
    other = moved(drawn, 0, (0.0, 5.0))
    line = measure(ToolKind.DISTANCE, ((0.0, 0.0), (3.0, 4.0)), view=View.SAGITTAL, frame=12, time_s=0.4)
    twice = commands.with_drawn(meant, "t1", [other, line], rater="B", views=tuple(View))
    first, second = twice.hand_measures
    assert (first.item, first.side, first.rater, first.points[0]) == (8, Side.LEFT, "A", (0.0, 5.0))
    assert (second.item, second.rater, second.value) == (None, "B", 5.0)
    videos = walker_document.trials[0].trial.videos
    back = commands.drawn_of(twice, "t1", (videos.sagittal, videos.coronal))
    assert [one.points for one in back] == [other.points, line.points]
    assert back[0].time_s == pytest.approx(videos.sagittal.info.times[12])
    assert commands.with_drawn(twice, "t1", back, rater="C", views=tuple(View)) is twice
    assert commands.with_drawn(twice, "t1", [], rater="C", views=tuple(View)).hand_measures == ()


def test_an_offset_is_given_and_taken_back(walker_document: Document) -> None:
    given = commands.with_offset(walker_document, "t1", 0.5, 0.02)
    assert given.trials[0].trial.sync.offset_s == 0.5
    assert commands.without_offset(given, "t1").trials[0].trial.sync is None
