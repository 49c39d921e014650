"""What learned models say, beside what was measured and graded: tables and sentences, without a figure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Drawing, Rect
from reportlab.platypus import KeepTogether, Spacer, Table

from gaitviewer.core.document import Document
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import Side
from gaitviewer.core.maps import FeatureFinding
from gaitviewer.core.measures import Measures
from gaitviewer.core.numerals import DASH, number, significant
from gaitviewer.core.output import FAMILIARITY, Answer, Doubt, MeasuredBasis, Opinion, item_asked
from gaitviewer.core.wording import answer_title, with_unit
from gaitviewer.messages import Message, message
from gaitviewer.report.content.sections import PageFrame, Story, section
from gaitviewer.report.content.tables import ruled
from gaitviewer.report.content.wording import moment, sentence
from gaitviewer.report.figures.plots import score_mark
from gaitviewer.report.figures.style import FAINT, PALE, SALIENCY, text

NOTE = (
    "What learned models say of this session. It is no measurement: it changes no score and no total, and it "
    "is no part of what was signed. The estimate of severity is of the gait; it is not a rating of function."
)
NOT_ASKED = "No model was asked about this session."
APART = "≠"  # beside a probability that says another thing than the measured score or the grade


def percent(chance: float) -> str:
    """A probability as it is printed everywhere: "59 %"."""
    return f"{number(100 * chance)} %"


def title_of(task: str) -> str:
    """What the answer of a system is called, with a capital letter."""
    return sentence(answer_title(task)).rstrip(".")


def answer_of(answers: Iterable[Answer], task: str) -> Answer | None:
    """The answer of one system, if it was asked."""
    return next((answer for answer in answers if answer.task == task), None)


def reason_words(opinions: Sequence[Opinion]) -> str:
    """Why there is no opinion, or what was said instead of one ("no CP-like deviation measured")."""
    words = [sentence(one.reason) if one.reason else sentence(one.label) for one in opinions]
    return " ".join(dict.fromkeys(word for word in words if word))


def origin_lines(answer: Answer) -> Story:
    """Who said it, when, and whether it still counts."""
    made = answer.output.provenance
    statement = f" It was {answer.output.statement}." if answer.output.statement else ""
    digest = f", weights {made.weights_digest[:12]}" if made.weights_digest else ""
    story: Story = [
        text(
            f"Model {answer.output.model}{digest}, asked {moment(made.when)} on {made.device}.{statement}",
            "note",
        )
    ]
    if answer.out_of_date:
        found = f"<b>Out of date:</b> {message('doubt.out_of_date', when=made.when[:10])}."
        story.append(text(found, markup=True))
    return story


def opinions(answers: Sequence[Answer], document: Document, measures: Measures, frame: PageFrame) -> Story:
    """Every answer with its probabilities beside the measured values that it can be held against."""
    story: Story = [section("Model answers beside measurements and grades"), text(NOTE, "note")]
    if not answers:
        return [*story, text(NOT_ASKED)]
    for answer in answers:
        said = answer.output.opinions
        head = [text(title_of(answer.task), "sub"), *origin_lines(answer)]
        items = {key: one for one in said if (key := item_asked(one.name)) is not None}
        if items:
            story += [*head, *_items(items, document, measures, frame)]
        else:
            own = [part for one in said for part in _question(one, frame)]
            story.append(KeepTogether([*head, *own]))
        output = answer.output
        if answer.task != "scoliosis":  # there both stand with the map
            story += _findings(output.findings, frame)
            story += [text(words, "note") for words in output.texts]
        story += _basis(output.basis, frame)
    return story


def _question(opinion: Opinion, frame: PageFrame) -> Story:
    if opinion.probabilities is None:
        words = reason_words([opinion])
        return [text(words if opinion.label else f"No opinion: {words}")]
    rows = [
        [
            text(name, "cell_bold" if name == opinion.label else "cell"),
            chance_bar(chance),
            text(percent(chance), "cell"),
        ]
        for name, chance in zip(opinion.classes, opinion.probabilities, strict=True)
    ]
    heads = [text(words, "head") for words in ("Answer", "Probability", "")]
    widths = [frame.width * share for share in (0.34, 0.28, 0.12)]
    return [ruled([heads, *rows], widths, ("VALIGN", (0, 1), (-1, -1), "MIDDLE")), Spacer(0, 4)]


def chance_bar(chance: float, width: float = 110.0) -> Drawing:
    """A probability as a bar on its whole."""
    drawing = Drawing(width, 6)
    drawing.add(Rect(0, 0, width, 6, fillColor=PALE, strokeColor=None))
    if chance > 0:
        drawing.add(Rect(0, 0, width * min(1.0, chance), 6, fillColor=SALIENCY, strokeColor=None))
    return drawing


def _findings(findings: Sequence[FeatureFinding], frame: PageFrame) -> Story:
    if not findings:
        return []
    valued = any(one.value == one.value for one in findings)
    heads = ("Feature that mattered", *(("Measured", "Healthy children") if valued else ()), "Weight")
    rows: list[list[Any]] = [[text(words, "head") for words in heads]]
    for one in findings:
        spread = (
            f"{number(one.norm, 1)} ± {with_unit(one.norm_sd, one.unit, 1)}" if one.norm == one.norm else DASH
        )
        measured = (str(with_unit(one.value, one.unit, 1)), spread) if valued else ()
        rows.append([text(words, "cell") for words in (one.words, *measured, significant(one.weight))])
    shares = (0.52, 0.15, 0.2, 0.13) if valued else (0.87, 0.13)
    note = "Weight: what the probability of the answer loses without the feature."
    return [Spacer(0, 3), ruled(rows, [frame.width * share for share in shares]), text(note, "note")]


def _basis(basis: Sequence[MeasuredBasis], frame: PageFrame) -> Story:
    """What an answer rests on: a table of what was measured, and a line on how familiar the session is."""
    familiar = [one for one in basis if one.name.startswith(FAMILIARITY)]
    others = [one for one in basis if one not in familiar]
    story: Story = []
    if others:
        rows: list[list[Any]] = [[text(w, "head") for w in ("Rests on", "Value", "Standard error", "Limit")]]
        for one in others:
            values = (str(with_unit(value, one.unit, 2)) for value in (one.value, one.error, one.limit))
            rows.append([text(words, "cell") for words in (sentence(one.title).rstrip("."), *values)])
        story += [ruled(rows, [frame.width * share for share in (0.52, 0.15, 0.2, 0.13)]), Spacer(0, 3)]
    for one in familiar:
        told = f"{number(one.value, 2)}; beyond {number(one.limit, 2)} it gives no opinion."
        story.append(text(f"{sentence(one.title).rstrip('.')}: {told}", "note"))
    return story


# --- the Edinburgh score --------------------------------------------------------------------------------------


def _items(
    asked: Mapping[tuple[int, Side], Opinion], document: Document, measures: Measures, frame: PageFrame
) -> Story:
    grades = {(g.item, g.side): g for g in sorted(document.grades, key=lambda grade: grade.when)}
    reasons: dict[Message, int] = {}
    limb = ("P(atypical)", "Measured", "Grade")
    rows: list[list[Any]] = [
        [text(words, "head") for words in ("Item", "Left", "", "", "Right", "", "")],
        [text(words, "head") for words in ("", *limb, *limb)],
    ]
    counts = {side: [0, 0] for side in Side}
    for measure in measures.evgs.measures.left:
        item = measure.item
        cells: list[Any] = [text(f"{item.number}  {item.code}  {item.name}", "cell")]
        for side in Side:
            key = item.number, side
            score, own = measures.evgs.get(*key).score, asked.get(key)
            cells += _limb_cells(own, score, grades.get(key), reasons)
            chance = own.probabilities[-1] if own is not None and own.probabilities else math.nan
            if math.isfinite(chance) and score is not None:
                counts[side][0] += (chance >= 0.5) != (score > 0)
                counts[side][1] += 1
        rows.append(cells)
    apart = [f"{side.value} {counts[side][0]} of {counts[side][1]}" for side in Side]
    shares = (0.38, 0.15, 0.095, 0.065, 0.15, 0.095, 0.065)
    table = ruled(
        rows, [frame.width * share for share in shares], ("SPAN", (1, 0), (3, 0)), ("SPAN", (4, 0), (6, 0)),
        ("LINEBEFORE", (4, 0), (4, -1), 0.35, FAINT), ("LEFTPADDING", (4, 0), (4, -1), 7),
        ("VALIGN", (0, 2), (-1, -1), "MIDDLE"), ("TOPPADDING", (0, 2), (-1, -1), 1.4),
        ("BOTTOMPADDING", (0, 2), (-1, -1), 1.6), head=2,
    )  # fmt: skip
    note = (
        f"P(atypical): probability that the score is not 0. Grade: the latest by a person. {APART}: the model "
        f"says otherwise than the measured score; it does for {' and '.join(apart)} items that both judged."
    )
    story: Story = [table, Spacer(0, 3), text(note, "note")]
    return story + [text(f"{index}  {sentence(reason)}", "small") for reason, index in reasons.items()]


def _limb_cells(
    opinion: Opinion | None, score: int | None, grade: Grade | None, reasons: dict[Message, int]
) -> list[Any]:
    if opinion is None or opinion.probabilities is None:
        foot = ""
        if opinion is not None and opinion.reason:
            foot = (
                f'<super size="5.4" rise="2.6">{reasons.setdefault(opinion.reason, len(reasons) + 1)}</super>'
            )
        said = text(f"{DASH}{foot}", "cell", markup=True)
    else:
        chance = opinion.probabilities[-1]
        apart = math.isfinite(chance) and score is not None and (chance >= 0.5) != (score > 0)
        words = f"<b>{percent(chance)} {APART}</b>" if apart else percent(chance)
        said = Table([[chance_bar(chance, 26.0), text(words, "cell", markup=True)]], colWidths=[30, 44],
                     style=[("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                            ("TOPPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
                            ("VALIGN", (0, 0), (-1, -1), "MIDDLE")])  # fmt: skip
    given = "" if grade is None else "n. a." if grade.score is None else str(grade.score)
    return [said, score_mark(score), text(given or DASH, "cell")]


# --- why it should be doubted ---------------------------------------------------------------------------------


def doubts(found: Sequence[Doubt]) -> Story:
    """Every reason to doubt, by topic."""
    story: Story = [section("Why you should doubt this")]
    if not found:
        return [*story, text("Nothing was found that speaks against what was measured.")]
    story.append(text("▲ serious · ○ to be borne in mind", "note"))
    for _, group in groupby(found, key=lambda one: one.topic.code):
        lines = list(group)
        bullets = [
            text(_doubt(one), "reason", bullet="▲" if one.serious else "○", markup=True) for one in lines
        ]
        story += [KeepTogether([text(sentence(lines[0].topic).rstrip("."), "sub"), bullets[0]]), *bullets[1:]]
    return story


def _doubt(doubt: Doubt) -> str:
    whose = f"<b>{escape(title_of(doubt.task))}:</b> " if doubt.task else ""
    return whose + escape(sentence(doubt.text))
