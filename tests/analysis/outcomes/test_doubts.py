"""Reasons to doubt: each from its own numbers, none without them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gaitviewer.analysis.outcomes.doubts import find_doubts
from gaitviewer.core.document import Document
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import ByView, Side
from gaitviewer.core.measures import Measures, ProfileScore
from gaitviewer.core.output import SYNTHETIC_STATEMENT, Answer, Doubt, Opinion, item_asked
from gaitviewer.core.session import Footwear, WalkingAid
from gaitviewer.messages import english, message
from tests.support import made_up_answers, made_up_session

MEASURES = made_up_session.build()
DOCUMENT = Document(MEASURES.session, ())


def doubts(*answers: Answer, measures: Measures = MEASURES, document: Document = DOCUMENT) -> tuple[Doubt, ...]:
    return find_doubts(document, measures, answers)


def said(topic: str, found: tuple[Doubt, ...]) -> list[str]:
    return [english().sentence(one.text) for one in found if one.topic.code == f"doubt.topic.{topic}"]


def test_without_models_only_what_was_measured_is_doubted() -> None:
    topics = {one.topic.code.rpartition(".")[2] for one in doubts()}
    assert topics == {"recording", "far_limb", "borders"}
    assert {one.task for one in doubts()} == {""}


def test_findings_on_the_recording_are_there_with_their_numbers() -> None:
    assert said("recording", doubts()) == ["Frame rate: 30 fps: events are known to about 17 ms at best."]
    assert any("size" in str(one.topic) for one in MEASURES.quality)  # what is good is no doubt


def test_the_far_limb_is_named_with_what_rests_on_it() -> None:
    words = " ".join(said("far_limb", doubts()))
    assert "Far limb: the left limb is never near." in words
    far = [mean for mean in MEASURES.means if mean.far]
    assert far
    assert "Hip flexion, knee flexion, ankle dorsiflexion, foot pitch and trunk tilt of the left limb" in words
    near = replace(MEASURES, means=tuple(replace(mean, far=False) for mean in MEASURES.means), quality=())
    assert not said("far_limb", doubts(measures=near))


def test_items_read_behind_the_other_leg_are_counted() -> None:
    sheet = MEASURES.evgs
    marked = replace(sheet.get(11, Side.LEFT), remarks=(message("remark.far_limb"),))
    left = tuple(marked if m.item.number == 11 else m for m in sheet.measures.left)
    measures = replace(MEASURES, evgs=replace(sheet, measures=replace(sheet.measures, left=left)))
    words = said("far_limb", doubts(measures=measures))
    assert "KFX of the left limb is read while the other leg hides part of it." in words


def test_the_least_certain_point_is_named_with_both_numbers() -> None:
    (motion,) = MEASURES.motions
    seen = motion.views.sagittal
    assert seen is not None
    assert not said("scores", doubts())
    score = np.array(seen.raw.score)
    score[:, 22] = 0.41  # right heel
    raw = replace(seen.raw, score=score)
    moved = replace(motion, views=ByView(replace(seen, raw=raw), motion.views.coronal))
    (words,) = said("scores", doubts(measures=replace(MEASURES, motions=(moved,))))
    assert "right heel" in words
    assert "median score 41 %" in words
    assert "100 % of the frames" in words


@pytest.mark.parametrize(("sd", "told"), [(4.9, False), (6.4, True), (11.0, True)])
def test_strides_that_differ_are_told_from_the_limit_on(sd: float, told: bool) -> None:
    means = tuple(
        replace(mean, sd=np.full(101, sd)) if (mean.angle, mean.side) == ("knee_flexion", Side.RIGHT) else mean
        for mean in MEASURES.means
    )
    found = doubts(measures=replace(MEASURES, means=means))
    words = said("strides", found)
    assert bool(words) is told
    if told:
        assert f"Knee flexion of the right limb differs between 3 strides by {sd:.1f}°" in words[0]
        assert [one.serious for one in found if one.topic.code == "doubt.topic.strides"] == [sd > 10]


def test_a_single_stride_tells_no_spread() -> None:
    means = tuple(replace(mean, sd=np.full(101, np.nan), count=1) for mean in MEASURES.means)
    words = said("strides", doubts(measures=replace(MEASURES, means=means)))
    assert len(words) == 2
    assert "come from a single stride" in words[0]


def test_items_on_which_the_model_and_the_measurement_disagree() -> None:
    (words,) = said("agreement", doubts(made_up_answers.evgs()))
    asked = [
        (measure, made_up_answers.chance(measure.item.number, side))
        for side in Side
        for measure in MEASURES.evgs.measures[side]
        if measure.score is not None and measure.item.number != 4
    ]
    apart = [m for m, p in asked if (p >= 0.5) != (m.score > 0)]
    assert f"on {len(apart)} of {len(asked)} items" in words
    assert "KEX left (model 81 % atypical, score 0)" in words
    assert "KFX right (model 23 % atypical, score 1)" in words
    assert words.count("(model ") == len(apart)


def test_the_latest_grade_is_compared_and_not_what_cannot_be_graded() -> None:
    grades = (
        Grade(9, Side.LEFT, 1, "A", "2026-01-01T00:00:00Z"),
        Grade(9, Side.LEFT, 0, "B", "2026-01-02T00:00:00Z"),
        Grade(8, Side.LEFT, None, "B", "2026-01-02T00:00:00Z"),
        Grade(4, Side.LEFT, 2, "B", "2026-01-02T00:00:00Z"),  # the model says nothing of it
    )
    words = said("agreement", doubts(made_up_answers.evgs(), document=replace(DOCUMENT, grades=grades)))
    assert "the person's grade disagree on 1 of 1 items" in words[1]
    assert "KEX left (model 81 % atypical, score 0)" in words[1]


@pytest.mark.parametrize(
    ("chances", "profile", "code"),
    [
        ((0.1, 0.2, 0.6, 0.1), 6.0, "doubt.level_without_deviation"),
        ((0.1, 0.2, 0.6, 0.1), 12.0, ""),
        ((0.1, 0.6, 0.2, 0.1), 6.0, ""),
        ((0.7, 0.2, 0.05, 0.05), 19.0, "doubt.deviation_without_level"),
        ((0.7, 0.2, 0.05, 0.05), 12.0, ""),
        (None, 19.0, "doubt.deviation_without_level"),
        ((0.1, 0.2, 0.6, 0.1), math.nan, ""),
    ],
)
def test_a_level_is_held_against_the_profile_score(chances: Any, profile: float, code: str) -> None:
    answer = made_up_answers.severity()
    label = "no CP-like deviation measured" if chances is None else "level"
    opinion = Opinion("severity", made_up_answers.LEVELS, chances, label=label)
    profiles = () if math.isnan(profile) else (ProfileScore(Side.LEFT, profile, 3.0, ()),)
    found = doubts(
        replace(answer, output=replace(answer.output, opinions=(opinion,))),
        measures=replace(MEASURES, profile_scores=profiles),
    )
    own = [one.text for one in found if one.topic.code == "doubt.topic.agreement"]
    assert [text.code for text in own] == ([code] if code else [])
    if code:
        assert own[0]["profile"] == profile


def test_ties_are_told_with_both_probabilities() -> None:
    answer = made_up_answers.severity()
    opinion = Opinion("severity", made_up_answers.LEVELS, (0.02, 0.44, 0.49, 0.05), label="level 3")
    tied = replace(answer, output=replace(answer.output, opinions=(opinion,)))
    assert said("undecided", doubts(tied)) == ["Severity: level 3 49 %, level 2 44 %."]
    assert not said("undecided", doubts(answer))
    assert said("undecided", doubts(made_up_answers.evgs())) == [
        "1 of 32 items has a probability of atypical between 45 and 55 %: HEX left (49 %)."
    ]


@pytest.mark.parametrize("chances", [(1.0,), (math.nan, 0.5), ()])
def test_a_single_answer_and_unknown_probabilities_are_no_error(chances: tuple[float, ...]) -> None:
    answer = made_up_answers.severity()
    opinion = Opinion("severity", made_up_answers.LEVELS[: len(chances)], chances, label="level 1")
    found = doubts(replace(answer, output=replace(answer.output, opinions=(opinion,))))
    assert not said("undecided", found)
    assert not said("agreement", found)


def test_no_opinion_has_its_reason_once() -> None:
    assert said("no_opinion", doubts(made_up_answers.evgs())) == [
        "HVV left and HVV right: there is no coronal view."
    ]
    (words,) = said("no_opinion", doubts(made_up_answers.silent("evgs")))
    assert words.startswith("All questions: only 1 whole strides")


def test_distance_from_what_was_learned() -> None:
    found = doubts(*made_up_answers.all_three())
    assert len(said("familiarity", found)) == 3
    assert "2.50, beyond 2.71 it gives no opinion." in said("familiarity", found)[2]
    serious = {one.task for one in found if one.topic.code == "doubt.topic.familiarity" and one.serious}
    assert serious == {"evgs"}  # the others are nowhere near the limit
    unlike = made_up_answers.silent("severity", message("reason.unlike_learned", distance=3.2, limit=2.7))
    bare = replace(unlike, output=replace(unlike.output, basis=()))
    assert "(distance 3.2, limit 2.7)" in said("familiarity", doubts(bare))[0]
    assert not said("no_opinion", doubts(bare))
    unknown = made_up_answers.severity()
    unknown = replace(unknown, output=replace(unknown.output, basis=()))
    assert "does not say how far" in said("familiarity", doubts(unknown))[0]


def test_the_origin_is_told_of_each_model_and_its_limits_once() -> None:
    found = doubts(*made_up_answers.all_three())
    words = said("synthetic", found)
    assert sum(SYNTHETIC_STATEMENT in one for one in words) == 3
    assert all("68 % of its answers" in one and "more noise 54 %" in one for one in words[:3])
    for limit in made_up_answers.LIMITS:
        assert words.count(limit) == 1
    real = made_up_answers.severity()
    real = replace(real, output=replace(real.output, synthetic=False))
    assert not any(SYNTHETIC_STATEMENT in one for one in said("synthetic", doubts(real)))


def test_what_the_models_never_saw() -> None:
    session = replace(MEASURES.session, walking_aid=WalkingAid.WALKER, footwear=Footwear.AFO, age_years=1.9)
    document = replace(DOCUMENT, session=session)
    words = " ".join(said("never_saw", doubts(made_up_answers.evgs(), document=document)))
    assert "walked with walker" in words
    assert "wore AFO" in words
    assert "is 1 years old" in words
    assert "were 3 to 17" in words
    assert not said("never_saw", doubts(made_up_answers.evgs()))
    assert not said("never_saw", doubts(document=document))


def test_a_value_at_its_limit_and_an_answer_out_of_date() -> None:
    answer = replace(made_up_answers.severity(), out_of_date=True)
    found = doubts(answer)
    assert (
        "Profile score of the worse limb: 9.4°, within its standard error (0.6°) of the limit of 9.0°."
        in said("borders", found)
    )
    (words,) = said("out_of_date", found)
    assert "(2026-11-21)" in words
    assert not said("out_of_date", doubts(made_up_answers.severity()))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("3 SAD left", (3, Side.LEFT)),
        ("17 TLT right", (17, Side.RIGHT)),
        ("severity", None),
        ("3 SAD up", None),
    ],
)
def test_questions_on_items_are_told_apart(name: str, found: Any) -> None:
    assert item_asked(name) == found


def test_nothing_measured_and_nothing_said_is_no_error() -> None:
    empty = made_up_session.build(views=(), sides=())
    assert {one.topic.code for one in doubts(measures=replace(empty, quality=()))} == set()
