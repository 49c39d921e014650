"""What the first pages say: who, how it was recorded, what was found. Pure functions, no layout."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gaitviewer.core.corrections import count_by_hand
from gaitviewer.core.document import Document
from gaitviewer.core.evgs import EvgsMeasure
from gaitviewer.core.gait import Side, Stride, View
from gaitviewer.core.measures import FindingSeverity, Measures, Parameter
from gaitviewer.core.numerals import DASH, number
from gaitviewer.core.pose import Origin
from gaitviewer.core.session import Session, coarse_age
from gaitviewer.core.wording import not_assessable
from gaitviewer.messages import Message, message, named
from gaitviewer.report.content.limits import load_limits
from gaitviewer.report.content.sheet import band_words, normal_words, total_range, value_words
from gaitviewer.report.content.wording import VIEW_WORDS, hertz, joined, many, sentence, unique


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled value of the header."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A large number of the first page, with what it is and how to read it."""

    label: str
    value: str
    note: str


def _age(session: Session, anonymous: bool) -> str:
    if session.age_years is None:
        return "not stated"
    coarse = coarse_age(session.age_years)
    if anonymous and coarse is not None:
        return many(round(coarse), "year") if coarse >= 3 else many(round(12 * coarse), "month")
    return f"{session.age_years:.1f} years"


def _metres(value: float | None) -> str:
    return "not stated" if value is None else f"{value:.2f} m"


def _visit(session: Session, anonymous: bool) -> str:
    if session.when is None:
        return "not stated"
    return str(session.when.year) if anonymous else session.when.isoformat()


def _cameras(measures: Measures) -> str:
    lines = []
    for motion in measures.motions:
        for view in motion.trial.views:
            video = motion.trial.videos[view]
            if video is not None:
                info = video.info
                lines.append(f"{VIEW_WORDS[view]} {info.width} × {info.height}, {hertz(info.rate_hz)}")
    return "; ".join(unique(lines)) or "not stated"


def _treatment(session: Session) -> str:
    lines = [f"surgery {day.isoformat()}" for day in session.surgery]
    lines += [f"botulinum toxin {day.isoformat()}" for day in session.botulinum]
    return "; ".join(lines)


def header_facts(measures: Measures, *, program: str, anonymous: bool = False) -> tuple[Fact, ...]:
    """Who was recorded, when and how; unknown facts say so, optional ones only appear when given."""
    session, subject = measures.session, measures.session.subject
    sex = {"F": "female", "M": "male"}.get(subject.sex, "not stated")
    facts = [
        Fact("Pseudonym", subject.pseudonym),
        Fact("Visit", _visit(session, anonymous)),
        Fact("Age at visit", _age(session, anonymous)),
        Fact("Sex", sex),
        Fact("Body height", _metres(session.height_m)),
        Fact("Leg length", _metres(session.leg_length_m)),
        Fact("Footwear", str(named(session.footwear))),
        Fact("Walking aid", str(named(session.walking_aid))),
    ]
    facts.append(Fact("Affected side", subject.affected.value))
    for label, rating in (("GMFCS", session.gmfcs), ("Cobb angle", session.cobb)):
        if rating is not None:
            who = f" ({rating.rater})" if rating.rater and not anonymous else ""
            facts.append(Fact(f"{label}, as rated elsewhere", f"{rating.value}{who}"))
    if not anonymous:
        optional = (
            Fact("Diagnosis, as given", subject.diagnosis),
            Fact("Earlier treatment", _treatment(session)),
            Fact("Note", session.note),
        )
        facts += [fact for fact in optional if fact.value]
    facts.append(Fact("Cameras", _cameras(measures)))
    facts.append(Fact("Program", f"gaitviewer {program}"))
    return tuple(facts)


def _parameter(measures: Measures, name: str) -> Parameter | None:
    return next((p for p in measures.parameters if p.name == name), None)


def _both_sides(parameter: Parameter | None) -> tuple[float, str] | None:
    """Mean over the sides that there are, and the unit."""
    if parameter is None:
        return None
    values = [stat.mean for stat in parameter.values if stat is not None and math.isfinite(stat.mean)]
    return (float(np.mean(values)), parameter.unit) if values else None


def key_figures(measures: Measures) -> tuple[KeyFigure, ...]:
    """Four numbers to read first: both partial EVGS totals of the program (no person's), speed and cadence."""
    figures = []
    for side in Side:
        total = measures.evgs.total(side)
        low, high = total_range(measures.evgs, side)
        value = f"{total.score} of {total.maximum}" if total.items_seen else DASH
        note = f"{total.items_seen} of {total.items} items seen"
        if total.items_seen and (low, high) != (total.score, total.score):
            note += f"; likely {low}{DASH}{high}"
        figures.append(KeyFigure(f"Program’s EVGS, {side.value} (partial)", value, note))
    for name, label, digits in (("speed", "Walking speed", 2), ("cadence", "Cadence", 0)):
        found = _both_sides(_parameter(measures, name))
        if found is None:
            figures.append(KeyFigure(label, DASH, str(not_assessable())))
        else:
            figures.append(KeyFigure(label, number(found[0], digits), found[1]))
    return tuple(figures)


def _counting(strides: tuple[Stride, ...], side: Side, view: View) -> tuple[Stride, ...]:
    return tuple(s for s in strides if s.side is side and s.view is view and s.counts)


def _finding(measure: EvgsMeasure) -> str:
    """One scored item in plain words, with its uncertainty."""
    item = measure.item
    normal = normal_words(item)
    parts = [f"{measure.side.value.capitalize()}: {item.name.lower()} ({item.code}) {value_words(measure)}"]
    parts.append(f", {band_words(measure)}" if measure.value is not None and measure.category else "")
    parts.append(f" (normal: {normal})" if normal not in ("", "normal") else "")
    parts.append(f": score {measure.score}")
    if measure.probabilities is not None and measure.score is not None:
        parts.append(f", probability {100 * measure.probabilities[measure.score]:.0f} %")
    if measure.borderline:
        parts.append("; borderline")
    return sentence("".join(parts))


def scored_findings(measures: Measures) -> tuple[str, ...]:
    """Every item with score 2, then 1; a surer one before a less sure one."""
    scored = [m for side in Side for m in measures.evgs.measures[side] if m.score]

    def rank(measure: EvgsMeasure) -> tuple[int, bool, int]:
        return (-(measure.score or 0), measure.borderline, measure.item.number)

    return tuple(_finding(m) for m in sorted(scored, key=rank))


def _basis(measures: Measures) -> str:
    parts = []
    for view in View:
        if any(view in motion.trial.views for motion in measures.motions):
            sides = [_count_words(_counting(measures.strides, side, view), side) for side in Side]
            parts.append(f"{joined(sides)} in the {VIEW_WORDS[view]}")
    return "Strides measured: " + ("; ".join(parts) or "none") + "."


def _count_words(strides: tuple[Stride, ...], side: Side) -> str:
    far = sum(stride.far for stride in strides)
    return f"{len(strides)} {side.value}" + (f" ({far} of them as the far limb)" if far else "")


def _speed(measures: Measures) -> str:
    found = _both_sides(_parameter(measures, "speed"))
    said = "Walking speed could not be measured." if found is None else (
        f"Walking speed was {number(found[0], 2)} {found[1]}."
    )  # fmt: skip
    note = sentence(measures.speed_note)
    return f"{said} {note}".strip()


def _asymmetries(measures: Measures) -> str:
    usual = load_limits().symmetry_usual_percent
    uneven = [
        f"{str(p.title).lower()} ({number(p.symmetry_index)} %)"
        for p in measures.parameters
        if p.symmetry_index is not None and abs(p.symmetry_index) > usual
    ]
    if not uneven:
        return ""
    return f"The sides differ by more than {usual:g} % in {joined(uneven)}; positive: left larger."


def _normal_items(measures: Measures) -> str:
    parts = []
    for side in Side:
        codes = [m.item.code for m in measures.evgs.measures[side] if m.score == 0]
        if codes:
            parts.append(f"{side.value}: {', '.join(codes)}")
    return f"In the normal band (score 0): {'; '.join(parts)}." if parts else ""


def _limits(measures: Measures) -> str:
    topics = unique(
        str(f.topic) for f in measures.quality if f.level in (FindingSeverity.WARNING, FindingSeverity.REFUSED)
    )
    return (
        f"This recording is limited by: {joined(topics)}; see the quality of the recording." if topics else ""
    )


def _likeness(label: Message) -> str:
    """What a limb does with a pattern: not every class is one that a limb could resemble."""
    if label.code == "pattern.normal":
        return str(label)
    if label.code in ("pattern.undetermined", "pattern.not_classified"):
        return f"no described pattern (\u201c{label}\u201d)"
    return f"like \u201c{label}\u201d"


def pattern_sentence(measures: Measures, side: Side) -> str:
    """The sagittal pattern of one limb: its z-scores first, then what they are like, never a diagnosis."""
    pattern = measures.patterns[side]
    if not math.isfinite(pattern.knee_z):
        return sentence(f"{side.value} sagittal pattern: not assessable, {pattern.reason}")
    where = (
        f"{side.value.capitalize()} limb in stance: knee z {number(pattern.knee_z, 1)}, ankle z "
        f"{number(pattern.ankle_z, 1)}"
    )
    weighed = [f"{label} {100 * chance:.0f} %" for label, chance in pattern.probabilities]
    if not pattern.label:
        return f"{where}; no pattern is named, {pattern.reason} ({', '.join(weighed)})."
    (_, chance), *_ = pattern.probabilities
    others = f" ({', '.join(weighed[1:])})" if weighed[1:] else ""
    return f"{where}; {_likeness(pattern.label)}, probability {100 * chance:.0f} %{others}."


def pattern_sentences(measures: Measures) -> tuple[str, ...]:
    """The pattern of each limb, and what a normal one leaves open."""
    lines = [pattern_sentence(measures, side) for side in Side]
    if any(pattern.label.code == "pattern.normal" for pattern in measures.patterns):
        lines.append(sentence(message("pattern.normal_ankle_unsure")))
    return tuple(lines)


def summary(measures: Measures) -> tuple[str, ...]:
    """The assessment in plain sentences, each with how sure it is; the scored items come separately."""
    lines = [_basis(measures), _speed(measures)]
    missing = sum(not m.assessable for side in Side for m in measures.evgs.measures[side])
    everything = sum(len(measures.evgs.measures[side]) for side in Side)
    lines.append(
        f"{everything - missing} of {everything} EVGS items could be assessed; {missing} could not and "
        "count as missing, not as normal."
    )
    lines.append(_normal_items(measures))
    lines.append(_limits(measures))
    lines += pattern_sentences(measures)
    lines.append(_asymmetries(measures))
    return tuple(line for line in lines if line)


def progression_lines(measures: Measures) -> tuple[str, ...]:
    """Foot progression under its own name: EVGS item 5 is the foot against the knee."""
    words = []
    for side in Side:
        stat = measures.foot_progression_deg[side]
        if stat is not None:
            spread = "" if stat.sd is None else f" ± {number(stat.sd)}"
            words.append(f"{side.value} {number(stat.mean)}°{spread} ({many(stat.count, 'stride')})")
    if not words:
        return ()
    where = f"in the {VIEW_WORDS[View.CORONAL]}"
    return (f"Foot progression {where}, external +: {joined(words)}. It is not EVGS item 5.",)


_BY_HAND = {
    Origin.CORRECTED: "{} placed",
    Origin.SPREAD: "{} following from these",
    Origin.EXCHANGED: "{} with left and right exchanged",
    Origin.HIDDEN: "{} said to be hidden",
    Origin.ABSENT: "{} said to be absent",
}


def set_by_hand(document: Document) -> str:
    """How many points and events persons set, as a sentence; "" where nobody set any."""
    points, events = count_by_hand(document)
    said = [words.format(points[kind]) for kind, words in _BY_HAND.items() if points[kind]]
    parts = [f"{many(points.total(), 'keypoint')} ({', '.join(said)})"] if said else []
    parts += [many(events, "gait event")] if events else []
    return f"Set by hand: {' and '.join(parts)}; the estimate below them is kept." if parts else ""
