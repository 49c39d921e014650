"""Why a session's results, and above all the answers of learned models, should be doubted, with the numbers.

Limits are in ``resources/doubts.toml``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from gaitviewer.core.document import Document
from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import FindingSeverity, MeanCurve, Measures, ViewMotion
from gaitviewer.core.numerals import number
from gaitviewer.core.output import FAMILIARITY, Answer, Doubt, ModelOutput, Opinion, item_asked
from gaitviewer.core.serialise import read_resource
from gaitviewer.core.session import Footwear, Session, WalkingAid
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.core.wording import listed, strides, unit_after, with_unit
from gaitviewer.messages import NOTHING, Message, Value, as_written, english, message, named

_TOPIC_OF = {"topic.far_limb": "far_limb", "topic.confidence": "scores", "topic.strides": "strides"}
_UNLIKE = ("reason.unlike_learned", "reason.unlike_children")
_LEG_PARTS = ("hip", "knee", "ankle", "heel", "big_toe")


@dataclass(frozen=True, slots=True)
class _Keypoints:
    least_seen: float
    least_score: float


@dataclass(frozen=True, slots=True)
class _Strides:
    spread_deg: float


@dataclass(frozen=True, slots=True)
class _Answers:
    tie: float
    near_limit: float


@dataclass(frozen=True, slots=True)
class _Severity:
    healthy_profile_deg: float
    marked_profile_deg: float
    high_level: int


@dataclass(frozen=True, slots=True)
class _Synthetic:
    age_years: tuple[float, float]


@dataclass(frozen=True, slots=True)
class DoubtLimits:
    """``resources/doubts.toml``; the data file explains each entry."""

    keypoints: _Keypoints
    strides: _Strides
    answers: _Answers
    severity: _Severity
    synthetic: _Synthetic


@cache
def doubt_limits() -> DoubtLimits:
    """From when on something is told."""
    return read_resource("doubts.toml", DoubtLimits)


def find_doubts(document: Document, measures: Measures, answers: Sequence[Answer] = ()) -> tuple[Doubt, ...]:
    """Every reason to doubt, by topic: first those of the recording, then those of each model.

    Args:
        document: the session, for facts and grades.
        measures: of the same document.
        answers: what models said of it; without any, only what was measured is doubted.
    """
    found = [
        *_recording(measures),
        *_far_limb(measures),
        *_uncertain_points(measures),
        *_between_strides(measures),
        *_borders(measures),
        *(doubt for answer in answers for doubt in _of_answer(answer, document, measures)),
        *_never_saw(document.session, answers),
    ]
    found = _once(found)
    order = list(dict.fromkeys(doubt.topic.code for doubt in found))
    order.sort(key=_TOPICS.index)
    found.sort(key=lambda doubt: not doubt.task)  # of a topic first what is said of one model
    return tuple(doubt for code in order for doubt in found if doubt.topic.code == code)


def _once(found: Sequence[Doubt]) -> list[Doubt]:
    """What several models say alike is said once, of all of them."""
    tasks: dict[tuple[Message, Message], Doubt] = {}
    for doubt in found:
        key = doubt.topic, doubt.text
        tasks[key] = replace(doubt, task="") if key in tasks else doubt
    return list(tasks.values())


_TOPICS = [
    f"doubt.topic.{name}"
    for name in (
        *("synthetic", "never_saw", "out_of_date", "familiarity", "agreement", "undecided", "no_opinion"),
        *("recording", "far_limb", "scores", "strides", "borders"),
    )
]


def _topic(name: str) -> Message:
    return message(f"doubt.topic.{name}")


# --- what was measured, which every answer rests on -----------------------------------------------------------


def _recording(measures: Measures) -> Iterator[Doubt]:
    several = len(measures.motions) > 1
    for finding in measures.quality:
        if finding.level is FindingSeverity.GOOD:
            continue
        where = message("doubt.where", words=(finding.trial,)) if several and finding.trial else NOTHING
        text = message("doubt.recording", topic=finding.topic, where=where, text=finding.text)
        serious = finding.level is not FindingSeverity.NOTE
        yield Doubt(_topic(_TOPIC_OF.get(finding.topic.code, "recording")), text, serious)


def _angle(name: str) -> Message:
    code = f"angle.{name}"
    return message(code) if english().knows(code) else as_written(name.replace("_", " "))


def _far_limb(measures: Measures) -> Iterator[Doubt]:
    for side in Side:
        far = tuple(_angle(mean.angle) for mean in measures.means if mean.side is side and mean.far)
        if far:
            text = message("doubt.far_angles", angles=far, side=named(side))
            yield Doubt(_topic("far_limb"), text, serious=True)
        items = [m for m in measures.evgs.measures[side] if message("remark.far_limb") in m.remarks]
        if items:
            said = listed(one.item.code for one in items)
            yield Doubt(
                _topic("far_limb"), message("doubt.far_items", count=len(items), side=named(side), items=said)
            )


def _uncertain_points(measures: Measures) -> Iterator[Doubt]:
    """Of each view the leg point that the estimator was least sure of."""
    limits = doubt_limits().keypoints
    for motion in measures.motions:
        for view in View:
            seen = motion.views[view]
            least = None if seen is None else _least_certain(seen)
            if least is None or (least[1] >= limits.least_seen and least[2] >= limits.least_score):
                continue
            (side, part), share, score = least
            point = message("doubt.point", side=named(side), part=part.replace("_", " "))
            words = (motion.trial.id,) if len(measures.motions) > 1 else ()
            where = (named(view), *words)
            text = message("doubt.low_scores", point=point, where=where, seen=100 * share, score=100 * score)
            yield Doubt(_topic("scores"), text)


def _least_certain(seen: ViewMotion) -> tuple[tuple[Side, str], float, float] | None:
    """Side and part, share of the frames of the passes in which it is seen, median score where it is."""
    rows = [np.arange(p.start, min(p.stop, len(seen.raw))) for p in seen.passes]
    if not rows:
        return None
    frames = np.concatenate(rows)
    found = []
    for side in Side:
        for part in _LEG_PARTS:
            point = Keypoint[f"{side.value}_{part}".upper()]
            there = seen.raw.seen[frames, point]
            scores = seen.raw.score[frames, point][there]
            found.append(((side, part), float(there.mean()), float(np.median(scores)) if there.any() else 0.0))
    return min(found, key=lambda one: one[1] * one[2])


def _between_strides(measures: Measures) -> Iterator[Doubt]:
    limit = doubt_limits().strides.spread_deg
    for side in Side:
        own = [mean for mean in measures.means if mean.side is side]
        known = [mean for mean in own if np.isfinite(mean.sd).any()]
        worst = max(known, key=_spread, default=None)
        if worst is not None and _spread(worst) > limit:
            yield Doubt(_topic("strides"), _spread_words(worst), serious=_spread(worst) > 2 * limit)
        single = tuple(_angle(mean.angle) for mean in own if mean.count == 1)
        if single:
            yield Doubt(
                _topic("strides"), message("doubt.single_stride", side=named(side), angles=single), serious=True
            )


def _spread(mean: MeanCurve) -> float:
    return float(np.nanmean(mean.sd))


def _spread_words(mean: MeanCurve) -> Message:
    unit = unit_after("% leg" if mean.angle.endswith("shift") else "deg")
    return message(
        "doubt.spread", angle=_angle(mean.angle), side=named(mean.side), strides=strides(mean.count),
        sd=_spread(mean), unit=unit,
    )  # fmt: skip


def _item(code: str, side: Side) -> Message:
    return message("doubt.item", code=code, side=named(side))


def _borders(measures: Measures) -> Iterator[Doubt]:
    scored = [m for side in Side for m in measures.evgs.measures[side] if m.assessable]
    near = [_item(measure.item.code, measure.side) for measure in scored if measure.borderline]
    if near:
        text = message("doubt.borderline", count=len(near), total=len(scored), items=listed(near))
        yield Doubt(_topic("borders"), text)


# --- what models said --------------------------------------------------------------------------------------


def _of_answer(answer: Answer, document: Document, measures: Measures) -> Iterator[Doubt]:
    output, task = answer.output, answer.task
    said = [one for one in output.opinions if one.probabilities and np.isfinite(one.probabilities).all()]
    for name, texts in (
        ("synthetic", _origin(output)),
        ("familiarity", _familiarity(output)),
        ("agreement", (*_items_disagree(said, document, measures), *_level_disagrees(answer, measures))),
        ("undecided", _ties(said)),
        ("no_opinion", _silences(output)),
        ("borders", _near_limits(output)),
        ("out_of_date", _out_of_date(answer)),
    ):
        for text, serious in texts:
            yield Doubt(_topic(name), text, serious, task)


_Told = tuple[Message, bool]  # a text, and whether it is serious


def _origin(output: ModelOutput) -> Iterator[_Told]:
    origin = output.origin
    figures = {name: value for name, figure, value in origin.measured if figure == "balanced_accuracy"}
    text = message("doubt.measured_nowhere")
    if {"test", "shifted"} <= set(figures):
        text = message("doubt.measured", **{name: 100 * figures[name] for name in ("test", "shifted")})
    if output.synthetic:
        data = origin.data or "?"
        yield message("doubt.synthetic", said=output.statement, model=output.model, data=data, text=text), True
    for sentence in origin.limits:
        yield message("doubt.limit", sentence=as_written(sentence.rstrip("."))), False


def _familiarity(output: ModelOutput) -> Iterator[_Told]:
    unlike = {opinion.reason for opinion in output.opinions if opinion.reason.code in _UNLIKE}
    known = [basis for basis in output.basis if basis.name.startswith(FAMILIARITY)]
    for basis in known:
        if math.isfinite(basis.value) and math.isfinite(basis.limit):
            near = basis.value > doubt_limits().answers.near_limit * basis.limit
            yield (
                message("doubt.familiar", title=as_written(basis.title), value=basis.value, limit=basis.limit),
                near or bool(unlike),
            )
    if unlike and not known:
        yield from ((reason, True) for reason in unlike)
    elif not known:
        yield message("doubt.familiar_unknown"), False


def _items_disagree(said: Sequence[Opinion], document: Document, measures: Measures) -> Iterator[_Told]:
    asked = {item_asked(opinion.name): opinion for opinion in said}
    chances = {
        key: opinion.probabilities[-1] for key, opinion in asked.items() if key and opinion.probabilities
    }
    scores = {(m.item.number, m.side): m.score for side in Side for m in measures.evgs.measures[side]}
    grades = {(g.item, g.side): g.score for g in sorted(document.grades, key=lambda grade: grade.when)}
    codes = {m.item.number: m.item.code for m in measures.evgs.measures.left}
    for code, own in (("doubt.disagree", scores), ("doubt.disagree_grades", grades)):
        both = {key: score for key in chances if (score := own.get(key)) is not None}
        apart = [
            message(
                "doubt.disagree_item", item=_item(codes.get(key[0], str(key[0])), key[1]),
                percent=100 * chances[key], score=score,
            )
            for key, score in both.items()
            if disagrees(chances[key], score)
        ]  # fmt: skip
        if apart:
            yield message(code, count=len(apart), total=len(both), items=listed(apart)), True


def disagrees(chance_atypical: float, score: int) -> bool:
    """Whether a probability of "atypical" and a score of an item say different things."""
    return (chance_atypical >= 0.5) != (score > 0)


def _level_disagrees(answer: Answer, measures: Measures) -> Iterator[_Told]:
    """A high level of a gait that hardly deviates, or the lowest one (or none) of one that deviates much."""
    profile = max((score.raw for score in measures.profile_scores), default=math.nan)
    if answer.task != "severity" or not answer.output.opinions or not math.isfinite(profile):
        return
    limits, opinion = doubt_limits().severity, answer.output.opinions[0]
    chances = opinion.probabilities
    if chances is not None and not (chances and np.isfinite(chances).all()):
        return
    best = None if chances is None else int(np.argmax(chances))
    values: dict[str, Value] = {"level": opinion.label, "profile": profile, "limit": limits.healthy_profile_deg}
    if best is not None and chances and best + 1 >= limits.high_level:
        if profile <= limits.healthy_profile_deg:
            yield message("doubt.level_without_deviation", percent=100 * chances[best], **values), True
    elif (best == 0 or (best is None and opinion.label)) and profile > limits.marked_profile_deg:
        yield message("doubt.deviation_without_level", **values), True


def _ties(said: Sequence[Opinion]) -> Iterator[_Told]:
    tie = doubt_limits().answers.tie
    items = [opinion for opinion in said if item_asked(opinion.name)]
    near = []
    for opinion in said:
        chances = opinion.probabilities or ()
        if len(chances) < 2:
            continue
        first, second = sorted(range(len(chances)), key=chances.__getitem__, reverse=True)[:2]
        if chances[first] - chances[second] >= tie:
            continue
        if opinion in items:
            near.append(message("doubt.item_percent", item=_question(opinion.name), percent=100 * chances[-1]))
            continue
        yield (
            message(
                "doubt.tie", question=as_written(opinion.name),
                first=opinion.classes[first], percent=100 * chances[first],
                second=opinion.classes[second], other=100 * chances[second],
            ),
            True,
        )  # fmt: skip
    if near:
        low, high = 50 * (1 - tie), 50 * (1 + tie)
        yield (
            message(
                "doubt.tie_items", count=len(near), total=len(items), low=low, high=high, items=listed(near)
            ),
            False,
        )


def _silences(output: ModelOutput) -> Iterator[_Told]:
    silent = [one for one in output.opinions if one.probabilities is None and one.reason]
    for reason in dict.fromkeys(one.reason for one in silent):
        if reason.code not in _UNLIKE:
            names = [_question(one.name) for one in silent if one.reason == reason]
            whole = len(names) == len(output.opinions)
            questions = message("doubt.all_questions") if whole and len(names) > 1 else listed(names)
            yield message("doubt.no_opinion", questions=questions, reason=reason), False


def _question(name: str) -> Message:
    asked = item_asked(name)
    return as_written(name) if asked is None else _item(name.split(" ")[1], asked[1])


def _near_limits(output: ModelOutput) -> Iterator[_Told]:
    for basis in output.basis:
        if abs(basis.value - basis.limit) <= basis.error:  # False where any of them is not known
            value, error, limit = (
                with_unit(each, basis.unit, 1) for each in (basis.value, basis.error, basis.limit)
            )
            yield (
                message(
                    "doubt.basis_near", title=as_written(basis.title), value=value, error=error, limit=limit
                ),
                False,
            )


def _out_of_date(answer: Answer) -> Iterator[_Told]:
    if answer.out_of_date:
        yield message("doubt.out_of_date", when=answer.output.provenance.when[:10] or number(math.nan)), True


def _never_saw(session: Session, answers: Iterable[Answer]) -> Iterator[Doubt]:
    if not any(answer.output.synthetic for answer in answers):
        return
    topic = _topic("never_saw")
    if session.walking_aid not in (WalkingAid.NONE, WalkingAid.UNKNOWN):
        yield Doubt(topic, message("doubt.aid", aid=named(session.walking_aid)), serious=True)
    if session.footwear not in (Footwear.BAREFOOT, Footwear.UNKNOWN):
        yield Doubt(topic, message("doubt.footwear", footwear=named(session.footwear)), serious=True)
    low, high = doubt_limits().synthetic.age_years
    age = session.age_years
    if age is not None and not low <= age < high + 1:
        yield Doubt(topic, message("doubt.age", age_years=math.floor(age), low=low, high=high), serious=True)
