"""Measured values in words. Pure functions; numbers as people write them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from PySide6.QtCore import QCoreApplication

from gaitviewer.analysis.evgs import bands
from gaitviewer.core import wording
from gaitviewer.core.document import Document, ManualMeasurement
from gaitviewer.core.evgs import Band, EvgsMeasure, EvgsTotal, Evidence
from gaitviewer.core.gait import Side, View
from gaitviewer.core.measures import Stat
from gaitviewer.core.numerals import DASH, number
from gaitviewer.gui.widgets.translation import say, say_sentence, translate_data
from gaitviewer.messages import Message, as_written, message, named


def tr(text: str) -> str:
    """The text in the user's language."""
    return QCoreApplication.translate("Wording", text)


def with_unit(value: float, unit: str, digits: int = 0) -> str:
    """A value with its unit: "58°", "25 mm"."""
    return say(wording.with_unit(value, unit, digits))


def side_name(side: Side) -> str:
    """The side in words."""
    return say(named(side))


def view_name(view: View) -> str:
    """The view in words."""
    return say(named(view))


def joint_name(name: str) -> str:
    """A joint of a model in words: "right knee"."""
    return translate_data(name.replace("_", " "))


def many(count: int, one: str, more: str) -> str:
    """A count with its noun."""
    return f"{count} {one if count == 1 else more}"


def strides(count: int) -> str:
    """A number of strides."""
    return say(wording.strides(count))


def sentence(words: str | Message) -> str:
    """A message, or words as they are, with a capital letter and a full stop."""
    return say_sentence(as_written(words.strip()) if isinstance(words, str) else words)


def sentence_start(words: str) -> str:
    """The words with a capital letter."""
    return words[:1].upper() + words[1:]


def time_text(time_s: float) -> str:
    """A moment of the recording: "3.42 s"."""
    return tr("{time} s").format(time=number(time_s, 2))


def band_range(band: Band, unit: str) -> str:
    """The values of a band: "5° to 25°", "41° and more"; its words for a category."""
    low = with_unit(band.low, unit) if band.low is not None else ""
    high = with_unit(band.high, unit) if band.high is not None else ""
    if low and high:
        return tr("{low} to {high}").format(low=low, high=high)
    if low:
        return tr("{low} and more").format(low=low)
    if high:
        return tr("{high} and less").format(high=high)
    return tr("by what is seen")


def band_of(measure: EvgsMeasure) -> Band | None:
    """The band that was met; None if not assessable."""
    fits = [b for b in measure.item.bands if (b.score, b.label) == (measure.score, measure.category)]
    return fits[0] if fits else None


def nearest_edge(measure: EvgsMeasure) -> tuple[float, int] | None:
    """The nearest value at which the score changes, and the score beyond; None where there is none."""
    value = measure.value
    if value is None:
        return None
    edges: list[tuple[float, float, int]] = []
    for other in measure.item.bands:
        if other.score == measure.score:
            continue
        if other.low is not None and other.low > value:
            edges.append((other.low - 0.5 - value, other.low - 0.5, other.score))
        if other.high is not None and other.high < value:
            edges.append((value - other.high - 0.5, other.high + 0.5, other.score))
    return min(edges, key=lambda edge: edge[0])[1:] if edges else None


def why_score(measure: EvgsMeasure) -> str:
    """One sentence: why the score is what it is, or why there is none."""
    if measure.score is None:
        return say_sentence(wording.not_assessable(measure.reason))
    band, count = band_of(measure), len(measure.strides)
    if measure.value is None or band is None or (band.low is None and band.high is None):
        return tr("{name} on the {side} is “{seen}” in {strides}, which scores {score}.").format(
            name=translate_data(measure.item.name),
            side=side_name(measure.side),
            seen=translate_data(measure.category),
            strides=strides(count),
            score=measure.score,
        )
    unit = measure.item.unit
    edge = _to_edge(measure)
    pooled = tr("in 1 stride") if count == 1 else tr("as the median of {n} strides").format(n=count)
    said = tr("{name} on the {side} is {value} {pooled}; {range} is “{label}” and scores {score}").format(
        name=translate_data(measure.item.name),
        side=side_name(measure.side),
        value=with_unit(measure.value, unit, 1 if edge else 0),
        pooled=pooled,
        range=band_range(band, unit),
        label=translate_data(band.label),
        score=measure.score,
    )
    meaning = sentence(translate_data(measure.item.unit_means))
    return " ".join(part for part in (said + edge + ".", meaning, _no_picture(measure)) if part)


def _no_picture(measure: EvgsMeasure) -> str:
    """That none of the pictures has the score by itself: then the score is that of the middle between two."""
    alone = [e.value for e in measure.evidence if math.isfinite(e.value)]
    if not alone or measure.score in {bands.band_of(measure.item, value).score for value in alone}:
        return ""
    return tr("No single picture has this score by itself: it is that of the median of the strides.")


def _to_edge(measure: EvgsMeasure) -> str:
    """How far the score would change. Value, distance and edge have a decimal each: the three add up."""
    found, unit = nearest_edge(measure), measure.item.unit
    if found is None or measure.edge_distance is None:
        return ""
    near = measure.edge_distance < 0.05
    far = tr("less than {far}") if near else (tr("only {far}") if measure.borderline else "{far}")
    if measure.borderline:
        words = tr(
            ", but {far} from the edge to score {other} at {at}, within the measurement error "
            "(whole {units} are banded)"
        )
    else:
        words = tr(", {far} from the edge to score {other} at {at}")
    names = {"deg": tr("degrees"), "%": tr("per cent"), "per mille leg": tr("per mille")}
    return words.format(
        far=far.format(far=with_unit(0.1 if near else measure.edge_distance, unit, 1)),
        other=found[1],
        at=with_unit(found[0], unit, 1),
        units=names.get(unit, tr("numbers")),
    )


def facts(measure: EvgsMeasure) -> tuple[str, ...]:
    """Spread, strides and limits of the value, a short line each."""
    lines: list[str] = []
    if measure.score is not None and measure.strides:
        line = tr("From {strides}").format(strides=strides(len(measure.strides)))
        if measure.spread is not None:
            spread = with_unit(measure.spread, measure.item.unit, 1)
            line += tr(", standard deviation {spread}").format(spread=spread)
        if measure.value is not None and math.isfinite(measure.item.sigma) and measure.item.unit:
            sigma = with_unit(measure.item.sigma, measure.item.unit)
            line += tr("; a single value is good to ± {sigma}").format(sigma=sigma)
        lines.append(sentence(line))
    lines += [sentence(remark) for remark in measure.remarks]
    return tuple(lines)


def probabilities_text(measure: EvgsMeasure) -> str:
    """The probabilities of the three scores in words."""
    if measure.probabilities is None:
        return ""
    shares = [
        f"{score}: {number(100 * probability)} %" for score, probability in enumerate(measure.probabilities)
    ]
    return tr("Probability of score {shares}").format(shares=", ".join(shares))


def evidence_title(evidence: Evidence, unit: str) -> str:
    """A piece of evidence in a list: where it is and what is read there."""
    value = f", {with_unit(evidence.value, unit)}" if math.isfinite(evidence.value) else ""
    return tr("{view}, {time}{value}").format(
        view=view_name(evidence.view), time=time_text(evidence.time_s), value=value
    )


def on_hover(measure: EvgsMeasure) -> str:
    """Value and band of a measured cell, for its tool tip and for screen readers."""
    if measure.score is None:
        return tr("{code}, {side}: not assessable. {reason}").format(
            code=measure.item.code, side=side_name(measure.side), reason=sentence(measure.reason)
        )
    band = band_of(measure)
    value = "" if measure.value is None else f" {with_unit(measure.value, measure.item.unit)},"
    ends = "" if band is None else f" ({band_range(band, measure.item.unit)})"
    text = tr("{code}, {side}:{value} score {score}, {label}{ends}").format(
        code=measure.item.code,
        side=side_name(measure.side),
        value=value,
        score=measure.score,
        label=translate_data(measure.category),
        ends=ends,
    )
    return text + (tr("; borderline") if measure.borderline else "")


def hand_words(value: ManualMeasurement) -> str:
    """A value that a person measured in a picture for this item."""
    return tr("Measured by hand: {value} ({tool}, {view}, frame {n}{rater})").format(
        value=with_unit(value.value, value.unit, 1),
        tool=tool_name(value.tool),
        view=view_name(value.view),
        n=value.frame,
        rater=f", {value.rater}" if value.rater else "",
    )


def suggestion_words(value: float | None, band: Band, unit: str) -> str:
    """What a measurement would be graded: "12° → 1 (moderate valgus)"; a category by its name alone."""
    if value is None:
        label = sentence_start(translate_data(band.label))
        return tr("{label} → {score}").format(label=label, score=band.score)
    return tr("{value} → {score} ({label})").format(
        value=with_unit(value, unit), score=band.score, label=translate_data(band.label)
    )


def recording_name(document: Document | None, trial: str) -> str:
    """What a person calls a recording: its number, as in the box of recordings."""
    ids = [data.trial.id for data in document.trials] if document is not None else []
    return tr("recording {n}").format(n=ids.index(trial) + 1) if trial in ids else trial


def taken_words(
    measured: ManualMeasurement, value: float | None, band: Band, unit: str, document: Document | None
) -> str:
    """The note of a grade that was taken over from a measurement: what, with which tool, in which picture."""
    seen = translate_data(band.label) if value is None else with_unit(value, unit)
    return tr("by hand: {seen} ({tool}, {view}, frame {n} of {trial})").format(
        seen=seen,
        tool=tool_name(measured.tool),
        view=view_name(measured.view),
        n=measured.frame,
        trial=recording_name(document, measured.trial),
    )


def tool_name(tool: str) -> str:
    """A hand tool in words."""
    names = {
        "goniometer": tr("goniometer"),
        "vertical": tr("line against the vertical"),
        "distance": tr("distance"),
    }
    return names.get(tool, tool)


def hidden_words(waiting: Mapping[Side, tuple[str, ...]]) -> str:
    """What is said in place of values of these limbs, by the items that are still to be graded."""
    if len(waiting) == 2 and len(set(waiting.values())) == 1:
        codes = next(iter(waiting.values()))
        return tr("Hidden until you have graded {items}.").format(items=_few(codes))
    lines = (
        tr("{side} hidden until you have graded {items}.").format(
            side=side_name(side).capitalize(), items=_few(codes)
        )
        for side, codes in waiting.items()
    )
    return "\n".join(lines)


def _few(codes: tuple[str, ...]) -> str:
    return joined(codes) if len(codes) <= 4 else tr("all items of the limb")


def total_words(total: EvgsTotal, *, graded: bool = False) -> str:
    """A partial total that says what it is made of: items that the program saw, or that a person graded."""
    if total.items_seen == 0:
        return say(message("item.none_yet"))
    return say(wording.total_words(total, graded=graded))


def stat_words(stat: Stat | None, digits: int) -> str:
    """Mean and SD of a parameter: "0.61 ± 0.03"."""
    return DASH if stat is None else say(wording.with_spread(stat.mean, stat.sd, digits))


def joined(words: Iterable[str]) -> str:
    """A list in words: "a, b and c"."""
    return say(wording.listed(words))
