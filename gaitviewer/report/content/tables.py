"""Tables of the report as flowables: hairlines between rows, no boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.platypus import Spacer, Table, TableStyle

from gaitviewer.core.gait import Side
from gaitviewer.core.measures import Measures, Parameter, Stat
from gaitviewer.core.numerals import DASH, number
from gaitviewer.core.wording import not_assessable, with_spread
from gaitviewer.report.content.evidence import anchor_of
from gaitviewer.report.content.facts import Fact, KeyFigure
from gaitviewer.report.content.limits import load_limits
from gaitviewer.report.content.recording import not_assessed, view_rows
from gaitviewer.report.content.sheet import SheetCell, likely_total, sheet_rows
from gaitviewer.report.figures.plots import probability_bar, score_mark
from gaitviewer.report.figures.style import ACCENT, FAINT, PALE, RULE, SANS, SOFT, text

_FLAT = [
    ("FONTNAME", (0, 0), (-1, -1), SANS),  # empty cells too: the default is not embedded
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 6),
    ("TOPPADDING", (0, 0), (-1, -1), 2.6),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2.8),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]


def ruled(rows: list[list[Any]], widths: Sequence[float], *more: Any, head: int = 1) -> Table:
    """Rows under hairlines; the first ``head`` of them stand above a stronger line and on every page."""
    style = [
        *_FLAT,
        ("LINEBELOW", (0, head), (-1, -1), 0.35, RULE),
        ("LINEBELOW", (0, head - 1), (-1, head - 1), 0.7, SOFT),
        *more,
    ]
    return Table(
        rows, colWidths=list(widths), repeatRows=head, style=TableStyle(style), hAlign="LEFT", splitInRow=1
    )


def facts_table(facts: Sequence[Fact], width: float) -> Table:
    """Label over value on a grid of four columns; long values take a row of their own."""
    short = [fact for fact in facts if len(fact.value) <= 30 and len(fact.label) <= 26]
    long = [fact for fact in facts if fact not in short]
    alone = short.pop() if len(short) % 4 == 1 and long else None  # goes beside the last long one

    def cell(fact: Fact) -> Any:
        return [text(fact.label, "label"), text(fact.value, "value")]

    cells = [cell(fact) for fact in short]
    rows: list[list[Any]] = [cells[i : i + 4] for i in range(0, len(cells), 4)]
    rows = [row + [""] * (4 - len(row)) for row in rows]
    spans = []
    for fact in long:
        beside = alone is not None and fact is long[-1]
        spans.append(("SPAN", (0, len(rows)), (2 if beside else 3, len(rows))))
        rows.append([cell(fact), "", "", cell(alone) if beside and alone is not None else ""])
    style = [*_FLAT, ("LINEABOVE", (0, 0), (-1, -1), 0.35, RULE), *spans]
    return Table(rows, colWidths=[width / 4] * 4, style=TableStyle(style), hAlign="LEFT", splitInRow=1)


def figures_table(figures: Sequence[KeyFigure], width: float) -> Table:
    """The large numbers of the first page side by side."""
    cells = [[text(f.label, "label"), text(f.value, "figure"), text(f.note, "label")] for f in figures]
    count = len(cells)
    style = [*_FLAT, ("LINEABOVE", (0, 0), (-1, 0), 1.4, ACCENT), ("TOPPADDING", (0, 0), (-1, -1), 6)]
    style += [("RIGHTPADDING", (0, 0), (-1, -1), 10)]
    return Table([cells], colWidths=[width / count] * count, style=TableStyle(style), hAlign="LEFT")


def views_table(measures: Measures, width: float) -> Table:
    """What was recorded and how well it was seen."""
    heads = ("Recording", "View", "Picture", "Rate", "Walking passes", "Out of plane", "Leg points", "Strides")
    rows: list[list[Any]] = [[text(head, "head") for head in heads]]
    for row in view_rows(measures):
        words = (
            row.recording,
            row.view,
            row.picture,
            row.rate,
            row.passes,
            row.plane,
            row.confidence,
            row.strides,
        )
        rows.append([text(word, "cell") for word in words])
    shares = (0.11, 0.13, 0.11, 0.13, 0.17, 0.09, 0.12, 0.14)
    return ruled(rows, [width * share for share in shares])


def missing_table(measures: Measures, width: float) -> Table:
    """What could not be assessed, and why."""
    rows: list[list[Any]] = [[text("Reason", "head"), text("EVGS items", "head")]]
    rows += [[text(row.reason, "cell"), text(row.items, "cell")] for row in not_assessed(measures)]
    return ruled(rows, [width * 0.74, width * 0.26])


def _digits(parameter: Parameter) -> int:
    if "min" in parameter.unit:
        return 0
    return 1 if parameter.unit.startswith("%") or parameter.unit == "deg" else 2


def _stat(stat: Stat | None, digits: int) -> str:
    if stat is None:
        return DASH
    return f"{with_spread(stat.mean, stat.sd, digits)}  ({stat.count})"


def parameters_table(parameters: Sequence[Parameter], width: float) -> Table:
    """Spatio-temporal values: left, right, normal, symmetry."""
    heads = ("Parameter", "Unit", "Left (strides)", "Right (strides)", "Normal", "Symmetry index")
    styles = ("head", "head", "head_right", "head_right", "head_right", "head_right")
    rows: list[list[Any]] = [[text(head, style) for head, style in zip(heads, styles, strict=True)]]
    for parameter in parameters:
        digits = _digits(parameter)
        missing = all(stat is None for stat in parameter.values)
        norm = parameter.norm
        normal = DASH if norm is None else f"{number(norm[0], digits)} ± {number(norm[1], digits)}"
        index = parameter.symmetry_index
        symmetry = DASH if index is None else f"{number(index)} %"
        uneven = index is not None and abs(index) > load_limits().symmetry_usual_percent
        shown = [text(str(parameter.title), "cell"), text(parameter.unit, "cell")]
        if missing:  # the reason takes the room of all the values
            shown += [text(str(not_assessable(parameter.reason)), "small"), "", "", ""]
        else:
            shown += [text(_stat(stat, digits), "cell_right") for stat in parameter.values]
            shown.append(text(normal, "cell_right"))
            shown.append(text(f"<b>{symmetry}</b>" if uneven else symmetry, "cell_right", markup=True))
        rows.append(shown)
    more: list[Any] = [("SPAN", (2, i), (5, i)) for i, row in enumerate(rows) if row[3] == ""]
    more += [("TOPPADDING", (0, 1), (-1, -1), 1.8), ("BOTTOMPADDING", (0, 1), (-1, -1), 2.2)]
    shares = (0.26, 0.12, 0.17, 0.17, 0.14, 0.14)
    return ruled(rows, [width * share for share in shares], *more)


def _superscript(notes: Sequence[int]) -> str:
    if not notes:
        return ""
    return f' <super size="5.4" rise="2.6">{" ".join(str(n) for n in notes)}</super>'


def _sheet_cell(cell: SheetCell, linked: frozenset[str], width: float) -> list[Any]:
    """Value over band, score mark, probability bar over its figures."""
    if cell.score is None:
        words = f'<font color="#5b666d">{not_assessable()}</font>{_superscript(cell.notes)}'
        return [text(words, "cell", markup=True), score_mark(None), ""]
    value, anchor = escape(cell.value), anchor_of(cell.measure)
    if anchor in linked:
        value = f'<a href="#{anchor}" color="#1d4e5f">{value}</a>'
    band = f'<br/><font size="6.4" color="#5b666d">{escape(cell.band)}</font>' if cell.band else ""
    mark = " <b>≈</b>" if cell.borderline else ""
    words = text(f"{value}{mark}{_superscript(cell.notes)}{band}", "cell", markup=True)
    if cell.probabilities is None:
        return [words, score_mark(cell.score), ""]
    probabilities = " · ".join(f"{100 * p:.0f}" for p in cell.probabilities)
    return [
        words,
        score_mark(cell.score),
        [probability_bar(cell.probabilities, width=width), Spacer(0, 1.2), text(probabilities, "small")],
    ]


def sheet_table(measures: Measures, width: float, *, linked: frozenset[str]) -> Table:
    """The 17 items of both limbs; values lead to their pictures."""
    item, mark, probability = 0.335 * width, 0.04 * width, 0.12 * width
    value = (width - item - 2 * mark - 2 * probability) / 2
    heads = ("Item and normal band", "Left", "", "P(0 · 1 · 2) %", "Right", "", "P(0 · 1 · 2) %")
    rows: list[list[Any]] = [[text(head, "head") for head in heads]]
    for row in sheet_rows(measures.evgs):
        name = f"{row.number}  <b>{escape(row.code)}</b>  {escape(row.name)}"
        if row.normal:
            name += f'<br/><font size="6.4" color="#5b666d">normal: {escape(row.normal)}</font>'
        cells = [_sheet_cell(cell, linked, probability - 10) for cell in (row.left, row.right)]
        rows.append([text(name, "cell", markup=True), *cells[0], *cells[1]])
    totals: list[Any] = [text("Partial total", "cell_bold")]
    for side in Side:
        totals += [text(likely_total(measures.evgs, side), "cell_bold"), "", ""]
    rows.append(totals)
    last = len(rows) - 1
    more = [
        ("SPAN", (1, last), (3, last)), ("SPAN", (4, last), (6, last)),
        ("LINEABOVE", (0, last), (-1, last), 0.7, SOFT), ("BACKGROUND", (0, last), (-1, last), PALE),
        ("VALIGN", (0, 1), (-1, -1), "MIDDLE"),
        ("LINEBEFORE", (4, 0), (4, -1), 0.35, FAINT), ("LEFTPADDING", (4, 0), (4, -1), 7),
        ("LEFTPADDING", (0, last), (0, last), 4),
        ("TOPPADDING", (0, 1), (-1, -1), 1.7), ("BOTTOMPADDING", (0, 1), (-1, -1), 2.4),
    ]  # fmt: skip
    return ruled(rows, [item, value, mark, probability, value, mark, probability], *more)
