"""The EVGS sheet in words: values, bands, totals with their error, footnotes. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaitviewer.core.evgs import Band, EvgsItem, EvgsMeasure, EvgsSheet
from gaitviewer.core.gait import Side
from gaitviewer.core.numerals import DASH, number
from gaitviewer.core.wording import not_assessable, total_words, unit_after, with_unit
from gaitviewer.messages import as_written, message
from gaitviewer.report.content.limits import load_limits
from gaitviewer.report.content.wording import sentence


@dataclass(frozen=True, slots=True)
class SheetCell:
    """One item of one limb as printed.

    Attributes:
        value, band: what was measured and the words of the band it falls into.
        score: 0, 1, 2 or None.
        probabilities: of the scores 0, 1, 2.
        borderline: within one standard error of a band edge.
        notes: numbers of the footnotes: the reason if not assessable, else the remarks.
        measure: what it is made from.
    """

    value: str
    band: str
    score: int | None
    probabilities: tuple[float, float, float] | None
    borderline: bool
    notes: tuple[int, ...]
    measure: EvgsMeasure


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One of the 17 rows."""

    number: int
    code: str
    name: str
    normal: str
    left: SheetCell
    right: SheetCell


def _bounds(band: Band, unit: str) -> str:
    if band.low is None and band.high is None:
        return band.label
    if band.low is None:
        return f"≤ {with_unit(band.high or 0, unit)}"
    if band.high is None:
        return f"≥ {with_unit(band.low, unit)}"
    return f"{number(band.low)} to {number(band.high)}{unit_after(unit)}"


def normal_words(item: EvgsItem) -> str:
    """The band with score 0, e.g. "50 to 70°"."""
    return next((_bounds(band, item.unit) for band in item.bands if band.score == 0), "")


def value_words(measure: EvgsMeasure) -> str:
    """The measured value with its spread, or the category seen."""
    if measure.value is None:
        return measure.category or DASH
    words = str(with_unit(measure.value, measure.item.unit))
    if measure.spread is not None and np.isfinite(measure.spread):
        words += f" ± {number(measure.spread)}"
    return words


def band_words(measure: EvgsMeasure) -> str:
    """The words of the band met."""
    return measure.category


def _footnote_texts(sheet: EvgsSheet) -> dict[str, int]:
    texts: dict[str, int] = {}
    for left, right in zip(sheet.measures.left, sheet.measures.right, strict=True):
        for measure in (left, right):
            for text in _said(measure):
                texts.setdefault(text, len(texts) + 1)
    return texts


def _said(measure: EvgsMeasure) -> list[str]:
    """What must be known to read a value: what its unit counts, why there is none, remarks."""
    unit = measure.item.unit_means if measure.value is not None else ""
    return [sentence(one) for one in (as_written(unit), measure.reason, *measure.remarks) if one]


def _cell(measure: EvgsMeasure, texts: dict[str, int]) -> SheetCell:
    assessable = measure.assessable
    return SheetCell(
        value=value_words(measure) if assessable else str(not_assessable()),
        band=measure.category if assessable and measure.value is not None else "",
        score=measure.score,
        probabilities=measure.probabilities,
        borderline=measure.borderline and assessable,
        notes=tuple(sorted({texts[text] for text in _said(measure)})),
        measure=measure,
    )


def sheet_rows(sheet: EvgsSheet) -> tuple[SheetRow, ...]:
    """All items in order, left and right beside each other."""
    texts = _footnote_texts(sheet)
    return tuple(
        SheetRow(
            number=left.item.number,
            code=left.item.code,
            name=left.item.name,
            normal=normal_words(left.item),
            left=_cell(left, texts),
            right=_cell(right, texts),
        )
        for left, right in zip(sheet.measures.left, sheet.measures.right, strict=True)
    )


def footnotes(sheet: EvgsSheet) -> tuple[tuple[int, str], ...]:
    """Numbered reasons and remarks, each once, in the order of the table."""
    return tuple((index, text) for text, index in _footnote_texts(sheet).items())


def total_distribution(sheet: EvgsSheet, side: Side) -> tuple[float, ...]:
    """P(total = 0, 1, 2, ...) over the items seen, if their errors are independent."""
    total = np.ones(1)
    for measure in sheet.measures[side]:
        if measure.score is None:
            continue
        sure = np.eye(3)[measure.score]
        total = np.convolve(total, sure if measure.probabilities is None else np.array(measure.probabilities))
    return tuple(float(p) for p in total)


def total_range(sheet: EvgsSheet, side: Side) -> tuple[int, int]:
    """The central range of totals that holds ``likely_share`` of the probability."""
    below = np.cumsum(total_distribution(sheet, side))
    tail = (1 - load_limits().likely_share) / 2
    below = below / below[-1]
    return int(np.searchsorted(below, tail)), int(np.searchsorted(below, 1 - tail))


def likely_total(sheet: EvgsSheet, side: Side) -> str:
    """The partial total: "5 of 22 (11 items seen), likely 3-7"."""
    total = sheet.total(side)
    if not total.items_seen:
        return str(message("item.none_seen"))
    low, high = total_range(sheet, side)
    likely = f", likely {low}{DASH}{high}" if low != high else ""
    return f"{total_words(total)}{likely}"
