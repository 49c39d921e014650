"""What learned models say on paper: every number is read back and compared with the answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gaitviewer.analysis.outcomes.doubts import find_doubts
from gaitviewer.core.document import Document
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import Measures
from gaitviewer.core.numerals import significant
from gaitviewer.core.output import SYNTHETIC_STATEMENT, Answer
from gaitviewer.core.report_options import MODEL_SECTIONS, SECTIONS, ReportOptions
from gaitviewer.core.saliency import joint_means, joint_xy, peaks, scale_top
from gaitviewer.core.skeleton import BODY_FEET_23
from gaitviewer.messages import as_written, english
from gaitviewer.report import frames_needed, render_report
from gaitviewer.report.content.models import percent
from gaitviewer.report.figures.models import LEAST_TOP, importance_top, map_colours, saliency_shots
from gaitviewer.report.preview import open_pdf
from gaitviewer.workflow.results.export import map_rows
from tests.support import made_up_answers as made
from tests.support import pdf

Build = Callable[..., Measures]
NAN = float("nan")


def pages(
    measures: Measures, settings: dict[str, Any], *answers: Answer, grades: tuple[Grade, ...] = (),
    sections: frozenset[str] = MODEL_SECTIONS, anonymous: bool = False,
) -> list[str]:  # fmt: skip
    """The words of each page of a report with these sections."""
    document = Document(measures.session, (), grades)
    data = render_report(
        measures, options=ReportOptions(anonymous=anonymous, sections=sections), document=document,
        answers=answers, doubts=find_doubts(document, measures, answers), map_rows=map_rows(), **settings,
    )  # fmt: skip
    with open_pdf(data) as file:
        return [pdf.in_one_line(words) for words in pdf.texts_of(file)]


def page_of(found: list[str], heading: str) -> str:
    (page,) = [words for words in found[1:] if heading in words]
    return page


# --- off by default, marked, never on the first page --------------------------------------------------------


def test_nothing_of_a_model_is_printed_where_nobody_asked(build_measures: Build, settings: Any) -> None:
    found = pages(build_measures(), settings, *made.all_three(), sections=ReportOptions().sections)
    bare = pages(build_measures(), settings, sections=ReportOptions().sections)
    assert found == bare
    assert "odel answers" not in " ".join(found)
    assert not ReportOptions().shows_models


def test_the_first_page_is_the_same_with_and_without(build_measures: Build, settings: Any) -> None:
    whole = pages(build_measures(), settings, *made.all_three(), sections=frozenset(SECTIONS))
    bare = pages(build_measures(), settings, sections=ReportOptions().sections)
    numbers = re.compile(r"Page 1 of \d+")
    assert numbers.sub("", whole[0]) == numbers.sub("", bare[0])


def test_each_page_of_a_synthetic_model_is_marked_across_and_no_other(
    build_measures: Build, settings: Any
) -> None:
    found = pages(build_measures(), settings, *made.all_three(), sections=frozenset(SECTIONS))
    first = next(n for n, words in enumerate(found) if "Model answers beside measurements" in words and n)
    last = next(n for n, words in enumerate(found) if "Method " in words and "Limits" in words)
    assert last - first >= 4
    for number, words in enumerate(found):
        across = words.count(SYNTHETIC_STATEMENT) >= 2  # at the head, and from corner to corner
        assert across == (first <= number < last), number


def test_a_model_of_real_gait_is_not_called_synthetic(build_measures: Build, settings: Any) -> None:
    answer = made.severity()
    real = replace(answer, output=replace(answer.output, synthetic=False))
    assert SYNTHETIC_STATEMENT not in " ".join(pages(build_measures(), settings, real))


# --- the numbers --------------------------------------------------------------------------------------------


def test_every_probability_of_the_score_stands_beside_score_and_grade(
    build_measures: Build, settings: Any
) -> None:
    measures = build_measures()
    grades = (
        Grade(9, Side.LEFT, 2, "A", "2026-01-01T00:00:00Z"),
        Grade(9, Side.RIGHT, None, "A", "2026-01-01T00:00:00Z"),
    )
    page = page_of(pages(measures, settings, made.evgs(), grades=grades), "P(atypical)")
    apart = 0
    for item in measures.evgs.measures.left:
        cells = []
        for side in Side:
            number, score = item.item.number, measures.evgs.get(item.item.number, side).score
            if number == 4:
                cells.append("– 1")
            else:
                chance = made.chance(number, side)
                differs = score is not None and (chance >= 0.5) != (score > 0)
                apart += differs
                cells.append(percent(chance) + (" ≠" if differs else ""))
            cells += [] if score is None else [str(score)]
            grade = next((g for g in grades if (g.item, g.side) == (number, side)), None)
            cells.append("–" if grade is None else "n. a." if grade.score is None else str(grade.score))
        row = " ".join([str(item.item.number), item.item.code, item.item.name, *cells])
        assert row in page
    assert apart == 2
    assert "it does for left 1 of 13 and right 1 of 13 items" in page
    assert "1 There is no coronal view." in page
    assert "4.3 degrees (mean of 7 clips)" in page
    assert "2.50; beyond 2.71 it gives no opinion." in page


def test_levels_features_and_what_they_rest_on(build_measures: Build, settings: Any) -> None:
    page = page_of(pages(build_measures(), settings, made.severity()), "Gait severity estimate Model")
    for level, chance in zip(made.LEVELS, made.CHANCES, strict=True):
        assert f"{level} {round(100 * chance)} %" in page
    assert "19.2° 57.3 ± 4.4° 0.0128" in page
    assert "Profile score of the worse limb 9.40° 0.60° 9.00°" in page
    assert "GMFCS" not in page
    assert "not a rating" in page
    assert "weights abababababab, asked 2026-11-21 09:30 UTC on cpu" in page


def test_the_answer_on_asymmetry_is_no_angle(build_measures: Build, settings: Any) -> None:
    page = page_of(pages(build_measures(), settings, made.scoliosis()), "beside measurements")
    assert "Asymmetry features, not a Cobb angle" in page
    assert "no asymmetry 36 %" in page
    assert "asymmetry 64 %" in page


def test_the_body_chart_tells_each_joint_and_the_scale(build_measures: Build, settings: Any) -> None:
    answer = made.severity()
    page = page_of(pages(build_measures(), settings, answer), "Where the severity model looked")
    means = joint_means(answer.output.saliency)
    order = sorted(means, key=lambda name: -means[name])[:14]
    assert order[0] == "right_knee"
    for name in order:
        assert name.replace("_", " ") in page
        assert significant(means[name]) in page
    top = scale_top(answer.output)
    assert top == pytest.approx(0.05)  # three times 0.0137, rounded up
    assert "0.005 0.02 0.05 or more" in page
    peak = max(peaks(answer.output.saliency, 4), key=lambda one: one.total)
    assert f"side view, {peak.time_s:.2f} s" in page
    assert "right knee 0.0368, right hip 0.0072" in page


def test_marked_joints_lie_where_the_keypoints_are(build_measures: Build) -> None:
    measures = build_measures()
    answer = made.severity()
    shots = saliency_shots(measures, answer)
    assert 1 <= len(shots) <= 4
    strongest = max(shots, key=lambda shot: max(share for _, _, share in shot.marks))
    x, y, share = max(strongest.marks, key=lambda mark: mark[2])
    seen = measures.motions[0].views.sagittal
    assert seen is not None
    knee = joint_xy(np.asarray(seen.pose.xy[strongest.frame], float), BODY_FEET_23, "right_knee")
    assert (x, y) == pytest.approx(tuple(knee))
    assert share == pytest.approx(0.0368 / 0.05)
    asked = frames_needed(measures, ReportOptions(sections=frozenset({"saliency"})), [answer])
    assert asked == tuple(sorted({("t1", View.SAGITTAL, shot.frame) for shot in shots}, key=lambda w: w[2]))
    assert frames_needed(measures, ReportOptions(sections=frozenset({"models"})), [answer]) == ()


def test_the_map_names_its_features_windows_and_scale(build_measures: Build, settings: Any) -> None:
    answer = made.scoliosis()
    page = page_of(pages(build_measures(), settings, answer), "Knowledge map of asymmetry features")
    assert "1.83 to 2.47 s · importance 0.0019 · measured 7.5° · healthy children 0.2° ± 1.1°" in page
    assert "1 Tilt of the shoulder line" in page
    assert "0 0.0089" in page
    assert "140 rows" in page
    assert "66 rows" in page
    assert answer.output.texts[0] in page
    assert "not a Cobb angle" in page


def test_every_doubt_is_printed_whole(build_measures: Build, settings: Any) -> None:
    measures = build_measures()
    answers = made.all_three()
    found = pages(measures, settings, *answers, sections=frozenset({"doubts"}))
    words = " ".join(found[1:])
    doubts = find_doubts(Document(measures.session, ()), measures, answers)
    assert len(doubts) > 10
    for doubt in doubts:
        assert english().sentence(doubt.text) in words


def test_an_answer_that_is_out_of_date_says_so_on_each_page(build_measures: Build, settings: Any) -> None:
    old = tuple(replace(answer, out_of_date=True) for answer in made.all_three())
    found = pages(build_measures(), settings, *old, sections=MODEL_SECTIONS - {"doubts"})
    for heading in ("beside measurements", "Where the severity model looked", "Knowledge map of"):
        assert "Out of date: keypoints, events" in page_of(found, heading)


# --- nothing to draw ----------------------------------------------------------------------------------------


def joints(values: Any) -> Answer:
    return made.severity(made.saliency(np.asarray(values, float)))


@pytest.mark.parametrize("value", [0.0, NAN], ids=["zeros", "unknown"])
def test_an_empty_map_is_drawn_as_nothing(build_measures: Build, settings: Any, value: float) -> None:
    answer = joints(np.full((made.CELLS, len(made.JOINTS)), value))
    assert saliency_shots(build_measures(), answer) == ()
    page = page_of(pages(build_measures(), settings, answer), "Where the severity model looked")
    assert "Nothing is drawn: the maps of this clip hold no evidence of any joint." in page
    assert "one scale for every clip" not in page


def test_a_map_of_one_frame_and_one_without_any(build_measures: Build, settings: Any) -> None:
    one = np.zeros((1, len(made.JOINTS)))
    one[0, 14] = 0.02
    page = page_of(pages(build_measures(), settings, joints(one)), "Where the severity model looked")
    assert "right knee 0.02" in page
    none = joints(np.zeros((0, len(made.JOINTS))))
    assert "Nothing is drawn" in page_of(pages(build_measures(), settings, none), "Where the severity model")


def test_what_speaks_against_and_what_is_unknown_are_told_apart(build_measures: Build, settings: Any) -> None:
    values = np.full((made.CELLS, len(made.JOINTS)), NAN)
    values[:, 13], values[:, 14] = -0.03, 0.01
    answer = joints(values)
    page = page_of(pages(build_measures(), settings, answer), "Where the severity model looked")
    assert "left knee" in page
    assert "−0.03" in page
    assert "speaks against it" in page
    assert "right hip" not in page
    for shot in saliency_shots(build_measures(), answer):
        assert [round(share, 2) for _, _, share in shot.marks] == [-0.6, 0.2]


@pytest.mark.parametrize("reason", ["", "the child ran"])
def test_no_opinion_is_a_sentence_and_no_figure(build_measures: Build, settings: Any, reason: str) -> None:
    silent = tuple(made.silent(task, as_written(reason)) for task in ("severity", "scoliosis", "evgs"))
    found = pages(build_measures(), settings, *silent)
    why = "The child ran." if reason else "Only 1 whole strides in the sagittal view; at least 2 are needed."
    assert found[1].count(f"No opinion: {why}") == 2
    assert f"Nothing is drawn. {why}" in page_of(found, "Where the severity model looked")
    assert f"Nothing is drawn. {why}" in page_of(found, "Knowledge map of asymmetry features")
    assert "%" not in page_of(found, "Where the severity model looked")


def test_probabilities_that_are_not_known_are_dashes(build_measures: Build, settings: Any) -> None:
    answers = []
    for answer in (made.severity(), made.scoliosis(), made.evgs()):
        unknown = tuple(
            replace(one, probabilities=one.probabilities and (NAN,) * len(one.probabilities))
            for one in answer.output.opinions
        )
        answers.append(replace(answer, output=replace(answer.output, opinions=unknown)))
    page = page_of(pages(build_measures(), settings, *answers), "beside measurements")
    assert "nan" not in page.lower()
    assert "level 3 – %" in page
    assert "≠: the model says otherwise than the measured score; it does for left 0 of 0" in page


def test_models_that_were_not_asked_are_named(build_measures: Build, settings: Any) -> None:
    found = pages(build_measures(), settings)
    assert "No model was asked about this session." in page_of(found, "beside measurements")
    assert "was not asked" in page_of(found, "Where the severity model looked")
    assert "was not asked" in page_of(found, "Knowledge map of asymmetry features")
    assert "Frame rate: 30 fps" in page_of(found, "Why you should doubt this")
    assert SYNTHETIC_STATEMENT not in " ".join(found)


def test_a_view_that_is_not_there_has_no_key_frames(build_measures: Build, settings: Any) -> None:
    measures = build_measures(views=(View.CORONAL,))
    page = page_of(pages(measures, settings, made.severity()), "Where the severity model looked")
    assert "The view that the model looked at is not there: no frame can be shown." in page
    assert "right knee" in page  # the chart needs no picture


def test_a_single_limb_has_a_table_of_both(build_measures: Build, settings: Any) -> None:
    measures = build_measures(sides=(Side.LEFT,))
    page = page_of(pages(measures, settings, made.evgs()), "P(atypical)")
    assert "left 1 of 13 and right 0 of 0 items" in page


@pytest.mark.parametrize("value", [0.0, NAN], ids=["zeros", "unknown"])
def test_an_empty_knowledge_map_is_drawn_as_nothing(build_measures: Build, settings: Any, value: float) -> None:
    answer = made.scoliosis(made.importance(np.full((238, 96), value)))
    page = page_of(pages(build_measures(), settings, answer), "Knowledge map of asymmetry features")
    assert "No map is drawn: no feature of this clip carried the answer." in page
    assert "140 rows" not in page


def test_colours_of_nothing_little_much_against_and_unknown() -> None:
    colours = map_colours(np.array([0.0, 0.1, 1.0, 7.0, -1.0, NAN]), 1.0)
    nothing, little, much, beyond, against, unknown = colours.tolist()
    assert nothing == [255, 255, 255]
    assert sum(little) > sum(much)
    assert much == beyond
    assert against[2] > against[0]
    assert unknown not in (nothing, little, much, against)
    hardly = made.importance(np.full((238, 96), 1e-5))
    assert importance_top(hardly) == LEAST_TOP
    assert map_colours(hardly.values, LEAST_TOP).min() > 250


def test_a_map_that_is_partly_negative_and_unknown_says_so(build_measures: Build, settings: Any) -> None:
    values = np.zeros((238, 96))
    values[3], values[9] = -0.02, NAN
    answer = made.scoliosis(made.importance(values))
    page = page_of(pages(build_measures(), settings, answer), "Knowledge map of asymmetry features")
    assert "−0.02 0.02" in page
    assert "(blue speaks against)" in page
    assert "not known" in page


# --- who it is about ----------------------------------------------------------------------------------------


def test_an_anonymous_report_says_no_day_and_no_digest_of_inputs(build_measures: Build, settings: Any) -> None:
    from gaitviewer.workflow.results.deidentify import untraceable_answers

    def forbidden(*_args: Any) -> Any:
        raise AssertionError("no picture in an anonymous report")

    answers = untraceable_answers(made.all_three())
    assert {answer.output.provenance.when for answer in answers} == {"2026"}
    assert {answer.output.provenance.inputs_digest for answer in answers} == {""}
    words = " ".join(
        pages(build_measures(), {**settings, "pictures": forbidden}, *answers, anonymous=True,
              grades=(Grade(9, Side.LEFT, 2, "Dr. Frost", "2026-01-01T00:00:00Z", "limps"),))
    )  # fmt: skip
    for told in ("2026-11", "Frost", "limps"):
        assert told not in words
    assert "right knee 0.0368" in words  # the skeleton with its marks is there


def test_a_clip_is_seen_on_the_page(build_measures: Build, settings: Any) -> None:
    from gaitviewer.report.preview import page_pictures

    measures = build_measures()
    answers = (made.severity(), made.scoliosis())
    data = render_report(
        measures, options=ReportOptions(sections=frozenset({"saliency", "knowledge_map"})), answers=answers,
        map_rows=map_rows(), **settings,
    )  # fmt: skip
    shown = [picture for _, _, picture in page_pictures(data, height_px=900)]
    orange = [int(((p[..., 2].astype(int) - p[..., 0] > 90) & (p[..., 2] > 150)).sum()) for p in shown[1:3]]
    assert min(orange) > 400, orange  # dots and bars on one page, the map on the other
