"""What the report says, without its layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gaitviewer.analysis.outcomes import patterns
from gaitviewer.core.evgs import EvgsMeasure, EvgsSheet
from gaitviewer.core.gait import BySide, Side, View
from gaitviewer.core.measures import Measures, Stat
from gaitviewer.core.numerals import number
from gaitviewer.core.session import Affected
from gaitviewer.core.wording import with_unit
from gaitviewer.messages import NOTHING, Message, as_written
from gaitviewer.report.content import curve_notes, recording, sheet
from gaitviewer.report.content import facts as content_facts
from gaitviewer.report.content.limits import load_limits, reliability_lines
from gaitviewer.report.content.wording import angle_words, joined, moment, sentence

Build = Callable[..., Measures]


def test_numbers() -> None:
    assert number(-0.3) == "0"
    assert number(-6.6) == "−7"
    assert number(float("nan")) == "–"
    assert str(with_unit(58.2, "deg")) == "58°"
    assert str(with_unit(0.861, "leg lengths", 2)) == "0.86 leg lengths"
    assert str(with_unit(31, "per mille leg")) == "31 ‰ leg"


def test_words() -> None:
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert sentence("far limb") == "Far limb."
    assert sentence("") == ""
    assert angle_words("knee_flexion").title == "Knee flexion"
    assert angle_words("trunk_lateral_shift").unit == "% leg"


def test_likely_total_brackets_the_total(build_measures: Build) -> None:
    scores = build_measures().evgs
    for side in Side:
        probabilities = sheet.total_distribution(scores, side)
        assert sum(probabilities) == pytest.approx(1.0, abs=1e-6)
        low, high = sheet.total_range(scores, side)
        assert 0 <= low <= high <= scores.total(side).maximum
        assert sum(probabilities[low : high + 1]) >= load_limits().likely_share - 1e-9


def test_sure_scores_have_no_range(build_measures: Build) -> None:
    scores = build_measures().evgs
    sure = EvgsSheet(scores.measures.map(lambda ms: tuple(replace(m, probabilities=None) for m in ms)))
    total = sure.total(Side.RIGHT)
    assert sheet.total_range(sure, Side.RIGHT) == (total.score, total.score)
    assert sheet.likely_total(sure, Side.RIGHT) == f"{total.score} of {total.maximum} (13 items seen)"


def test_footnotes_are_numbered_once_in_table_order(build_measures: Build) -> None:
    scores = build_measures().evgs
    notes = sheet.footnotes(scores)
    assert [index for index, _ in notes] == list(range(1, len(notes) + 1))
    assert len({text for _, text in notes}) == len(notes)
    known = dict(notes)
    for row in sheet.sheet_rows(scores):
        for cell in (row.left, row.right):
            said = [known[index] for index in cell.notes]
            wanted = [sentence(w) for w in (cell.measure.reason, *cell.measure.remarks) if w]
            assert sorted(said) == sorted(wanted)


def test_a_missing_item_is_never_a_zero(build_measures: Build) -> None:
    rows = sheet.sheet_rows(build_measures().evgs)
    hindfoot = rows[3]
    assert hindfoot.code == "HVV"
    assert hindfoot.left.value == "not assessable"
    assert hindfoot.left.score is None
    assert "could not and count as missing, not as normal" in " ".join(content_facts.summary(build_measures()))


def test_findings_are_sorted_by_score(build_measures: Build) -> None:
    lines = content_facts.scored_findings(build_measures())
    assert len(lines) == 6
    assert all("score 1" in line for line in lines)
    assert all(line.startswith("Right:") for line in lines)
    assert "borderline" in lines[-1]
    assert "borderline" not in lines[0]
    assert any("45° ± 2, reduced (normal: 50 to 70°): score 1, probability 90 %" in line for line in lines)


def test_summary_names_uneven_parameters_and_limits(build_measures: Build) -> None:
    text = " ".join(content_facts.summary(build_measures()))
    assert "2 left (2 of them as the far limb) and 3 right in the side view; 2 left and 3 right in" in text
    assert "step length (14 %)" in text
    assert "stance" not in text.split("The sides differ")[1]
    assert "This recording is limited by: frame rate" in text


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (patterns.NORMAL, "; within normal limits, probability 83 % (crouch gait 9 %)."),
        (patterns.UNDETERMINED, "; no described pattern (“undetermined”), probability 83 %"),
        (patterns.NOT_CLASSIFIED, "; no described pattern (“not classified”), probability 83 %"),
        (patterns.CROUCH, "; like “crouch gait”, probability 83 %"),
        (NOTHING, "; no pattern is named, it is too near (within normal limits 83 %, crouch gait 9 %)"),
    ],
)
def test_a_limb_resembles_only_a_pattern(build_measures: Build, label: str, words: str) -> None:
    measures = build_measures()
    found = replace(
        measures.patterns.right,
        label=label,
        probabilities=((label or patterns.NORMAL, 0.83), (patterns.CROUCH, 0.09)),
        reason=as_written("it is too near"),
    )
    said = content_facts.pattern_sentence(replace(measures, patterns=BySide(found, found)), Side.RIGHT)
    assert words in said


@pytest.mark.parametrize(("label", "warned"), [(patterns.NORMAL, True), (patterns.CROUCH, False)])
def test_a_normal_ankle_is_not_called_proof(build_measures: Build, label: Message, warned: bool) -> None:
    measures = build_measures()
    found = replace(measures.patterns.right, label=label, probabilities=((label, 0.83),))
    lines = content_facts.pattern_sentences(replace(measures, patterns=BySide(found, found)))
    assert (lines[-1].startswith("A normal ankle is not proof"), len(lines)) == (warned, 3 if warned else 2)


def test_the_large_totals_are_called_the_programs(build_measures: Build) -> None:
    labels = [figure.label for figure in content_facts.key_figures(build_measures())]
    assert labels[:2] == ["Program’s EVGS, left (partial)", "Program’s EVGS, right (partial)"]


@pytest.mark.parametrize("affected", list(Affected))
def test_sides_affected_are_told_apart(build_measures: Build, affected: Affected) -> None:
    measures = build_measures()
    subject = replace(measures.session.subject, affected=affected)
    told = replace(measures, session=replace(measures.session, subject=subject))
    facts = {f.label: f.value for f in content_facts.header_facts(told, program="1")}
    assert facts["Affected side"] == affected.value


def test_header_says_when_nothing_was_stated(build_measures: Build) -> None:
    measures = build_measures()
    bare = replace(measures.session, when=None, age_years=None, height_m=None, leg_length_m=None)
    facts = {f.label: f.value for f in content_facts.header_facts(replace(measures, session=bare), program="1")}
    assert facts["Visit"] == facts["Age at visit"] == facts["Body height"] == "not stated"
    assert facts["Cameras"] == "side view 1280 × 720, 30 fps; front or back view 1280 × 720, 30 fps"


def test_anonymous_header_keeps_the_year_only(build_measures: Build) -> None:
    facts = {
        f.label: f.value for f in content_facts.header_facts(build_measures(), program="1", anonymous=True)
    }
    assert facts["Visit"] == "2026"
    assert "Diagnosis, as given" not in facts
    assert "Earlier treatment" not in facts


def test_left_out_parts_carry_their_reasons(build_measures: Build) -> None:
    measures = build_measures()
    assert recording.left_out_strides(measures) == (
        "2 strides left out (left in the front or back view and left in the side view): "
        "The foot leaves the picture.",
    )
    assert (
        "Recording 1, side view, frames 0–1 half in the picture; 130–149 turning."
        in recording.left_out_frames(measures)
    )
    reasons = {row.reason: row.items for row in recording.not_assessed(measures)}
    assert "4 HVV (left and right)" in reasons.values()


def test_view_rows(build_measures: Build) -> None:
    rows = recording.view_rows(build_measures())
    assert [row.view for row in rows] == ["side view", "front or back view"]
    assert rows[0].confidence == "0.87; 100 % seen"
    assert rows[0].plane == "6°"
    assert rows[0].strides == "3 near, 2 far limb, 1 left out"
    assert rows[1].strides == "5 used, 1 left out"
    assert len(recording.view_rows(build_measures(views=(View.SAGITTAL,)))) == 1


def test_foot_progression_is_not_item_5(build_measures: Build) -> None:
    measures = build_measures()
    assert content_facts.progression_lines(measures) == ()
    told = replace(measures, foot_progression_deg=BySide(Stat(-6.2, 2.1, 3), None))
    assert "left −6° ± 2 (3 strides)" in content_facts.progression_lines(told)[0]


def test_reliability_figures_come_from_the_data_file() -> None:
    text = " ".join(reliability_lines())
    assert "2.4 points" in text
    assert "below 4.78 is within measurement error" in text
    assert "Neither figure applies to partial or unequal sets" in text


def test_curves_are_sorted_by_view_and_explained(build_measures: Build) -> None:
    measures = build_measures()
    side = curve_notes.drawn_angles(measures, View.SAGITTAL, ())
    front = curve_notes.drawn_angles(measures, View.CORONAL, ())
    assert [w.name for w in side][:3] == ["hip_flexion", "knee_flexion", "ankle_dorsiflexion"]
    assert {w.name for w in front} == {"pelvic_obliquity", "trunk_lateral_lean", "trunk_lateral_shift"}
    lines = curve_notes.notes(measures, side)
    assert "strides: left 2 of the far limb, right 3" in lines[0]
    assert "Foot pitch: Dotted band: Made from ankle and shank." in lines
    assert lines[-1].startswith("Zero of the ankle angle from a flat foot: left 4.2°. Not taken (right):")
    assert not any("ankle" in line for line in curve_notes.notes(measures, front))


def test_moments_are_written_for_people() -> None:
    assert moment("2026-11-20T10:05:59+00:00") == "2026-11-20 10:05 UTC"
    assert moment("2026-11-20T10:05:00Z") == "2026-11-20 10:05 UTC"
    assert moment("2026-11-20T11:05:00+01:00") == "2026-11-20 10:05 UTC"
    assert moment("in spring") == "in spring"


def test_a_unit_that_does_not_speak_for_itself_has_a_footnote(build_measures: Build) -> None:
    scores = build_measures().evgs

    def explained(measure: EvgsMeasure) -> EvgsMeasure:
        return replace(measure, item=replace(measure.item, unit_means="0 % is the beginning"))

    with_words = EvgsSheet(
        scores.measures.map(lambda ms: tuple(explained(one) if one.item.code == "SAD" else one for one in ms))
    )
    notes = {text: number for number, text in sheet.footnotes(with_words)}
    assert "0 % is the beginning." in notes
    row = next(row for row in sheet.sheet_rows(with_words) if row.code == "SAD")
    assert row.left.measure.value is not None
    assert notes["0 % is the beginning."] in row.left.notes
    assert "0 % is the beginning." not in {text for _, text in sheet.footnotes(scores)}
