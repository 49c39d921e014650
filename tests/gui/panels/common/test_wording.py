from __future__ import annotations

from dataclasses import replace

import pytest

from gaitviewer.core.document import Document
from gaitviewer.core.evgs import Band, EvgsItem, EvgsMeasure, EvgsTotal, Evidence
from gaitviewer.core.gait import Side, View
from gaitviewer.gui.panels.common import wording
from gaitviewer.messages import as_written
from gaitviewer.workflow.app.tables import evgs_items

KFX = EvgsItem(
    11, "KFX", "Peak knee flexion in swing", View.SAGITTAL, "swing", "knee flexion", "deg",
    (Band(1, 71, 85, "increased"), Band(0, 50, 70, "normal"), Band(1, 35, 49, "reduced"),
     Band(2, None, 34, "severely reduced")), 5.0,
)  # fmt: skip


def measure(value: float, score: int, label: str, *, edge: float, borderline: bool = False) -> EvgsMeasure:
    return EvgsMeasure(
        KFX, Side.RIGHT, value, label, score, (0.2, 0.7, 0.1), edge, borderline, 2.3, ("a", "b", "c"), (),
        remarks=(as_written("far limb"),),
    )  # fmt: skip


def test_sentence_gives_value_band_score_and_distance() -> None:
    assert wording.why_score(measure(42, 1, "reduced", edge=7.5)) == (
        "Peak knee flexion in swing on the right is 42.0° as the median of 3 strides; 35° to 49° is “reduced” "
        "and scores 1, 7.5° from the edge to score 0 at 49.5°."
    )


def test_sentence_names_the_nearer_neighbour() -> None:
    assert "to score 2" in wording.why_score(measure(36, 1, "reduced", edge=1.5))


def test_sentence_warns_when_borderline() -> None:
    words = wording.why_score(measure(48, 1, "reduced", edge=1.5, borderline=True))
    assert words.endswith(
        "but only 1.5° from the edge to score 0 at 49.5°, within the measurement error "
        "(whole degrees are banded)."
    )


def test_sentence_for_an_open_band_and_one_stride() -> None:
    words = wording.why_score(
        replace(measure(20, 2, "severely reduced", edge=14.5), strides=("a",), spread=None)
    )
    assert "in 1 stride; 34° and less" in words
    assert words.endswith("14.5° from the edge to score 1 at 34.5°.")


def test_sentence_says_where_no_picture_has_the_score() -> None:
    seen = tuple(Evidence("t1", View.SAGITTAL, 1, 0.1, (), value=value) for value in (30.0, 54.0))
    middle = replace(measure(42, 1, "reduced", edge=7.5), evidence=seen)
    assert wording.why_score(middle).endswith("it is that of the median of the strides.")
    one_has = replace(middle, evidence=(*seen, replace(seen[0], value=44.0)))
    assert "No single picture" not in wording.why_score(one_has)


def test_figures_at_an_edge_agree() -> None:
    words = wording.why_score(
        replace(item_measure("POB", -0.54, 1, "moderate down"), edge_distance=0.04, borderline=True)
    )
    assert "is \u22120.5° as the median" in words
    assert "less than 0.1° from the edge to score 0 at \u22120.5°" in words
    assert "whole degrees are banded" in words


def test_the_sentence_says_what_the_unit_counts() -> None:
    words = wording.why_score(replace(item_measure("HL", 74.6, 0, "normal"), edge_distance=25.9))
    assert "is 74.6 % as the median" in words
    assert "25.9 % from the edge to score 1 at 100.5 %." in words
    assert words.endswith(
        "0 % is the moment when the feet are side by side, 100 % the initial contact of the other foot."
    )


def item_measure(code: str, value: float, score: int, label: str) -> EvgsMeasure:
    item = next(item for item in evgs_items() if item.code == code)
    return replace(measure(value, score, label, edge=1.0), item=item)


def test_sentence_for_a_category() -> None:
    item = replace(KFX, name="Foot clearance", unit="", bands=(Band(0, None, None, "full"),))
    seen = EvgsMeasure(item, Side.LEFT, None, "full", 0, None, None, False, None, ("a", "b"), ())
    expected = "Foot clearance on the left is “full” in 2 strides, which scores 0."
    assert wording.why_score(seen) == expected


def test_sentence_when_not_assessable_gives_the_reason_once() -> None:
    gone = EvgsMeasure(
        KFX, Side.LEFT, None, "", None, None, None, False, None, (), (), reason=as_written("the knee is hidden")
    )
    assert wording.why_score(gone) == "Not assessable: the knee is hidden."
    assert "The knee is hidden." in wording.on_hover(gone)


def test_every_made_up_and_printed_measure_has_one_sentence(measures) -> None:
    for side in Side:
        for found in measures.evgs.measures[side]:
            words = wording.why_score(found)
            assert words.endswith(".")
            assert "nan" not in words.lower()
            assert "None" not in words


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(-0.2, 0, "0"), (-3.0, 0, "\u22123"), (float("nan"), 1, "–"), (2.25, 1, "2.2")],
)
def test_numbers(value: float, digits: int, text: str) -> None:
    assert wording.number(value, digits) == text


def test_totals_say_what_they_are_made_of() -> None:
    assert wording.total_words(EvgsTotal(3, 8, 4)) == "3 of 8 (4 items seen)"
    assert wording.total_words(EvgsTotal(1, 2, 1)) == "1 of 2 (1 item seen)"
    assert wording.total_words(EvgsTotal(1, 2, 1), graded=True) == "1 of 2 (1 item graded)"
    assert wording.total_words(EvgsTotal(0, 0, 0)) == "none yet"


def test_facts_name_strides_spread_and_limits() -> None:
    lines = wording.facts(measure(42, 1, "reduced", edge=7.5))
    expected = "From 3 strides, standard deviation 2.3°; a single value is good to ± 5°."
    assert lines == (expected, "Far limb.")


def test_a_recording_is_called_by_its_number(walker_document: Document) -> None:
    data = walker_document.trials[0]
    two = replace(walker_document, trials=(data, replace(data, trial=replace(data.trial, id="second"))))
    assert wording.recording_name(two, "t1") == "recording 1"
    assert wording.recording_name(two, "second") == "recording 2"
    assert wording.recording_name(two, "gone") == "gone"
