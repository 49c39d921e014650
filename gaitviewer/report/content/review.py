"""What a person adds to the report: findings, impression, plan, own grades, measurements, key images."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from reportlab.platypus import CondPageBreak, Image, KeepTogether, Spacer, Table, TableStyle

from gaitviewer.core.document import Document, KeyImage, ManualMeasurement
from gaitviewer.core.evgs import EvgsItem, Grade
from gaitviewer.core.gait import Side
from gaitviewer.core.measures import Measures
from gaitviewer.core.numerals import DASH
from gaitviewer.core.wording import with_unit
from gaitviewer.report.content.sections import PageFrame, section
from gaitviewer.report.content.wording import VIEW_WORDS, recording_words
from gaitviewer.report.figures.style import RULE, SANS, SOFT, text
from gaitviewer.report.pictures import PictureSource, crop_to_jpeg

Story = list[Any]
_GUTTER = 14.0
_FLAT = [
    ("FONTNAME", (0, 0), (-1, -1), SANS),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
]
_RULED = [
    *_FLAT,
    ("TOPPADDING", (0, 0), (-1, -1), 2.2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2.4),
    ("LINEBELOW", (0, 1), (-1, -1), 0.35, RULE),
    ("LINEBELOW", (0, 0), (-1, 0), 0.7, SOFT),
]


def texts(document: Document) -> Story:
    """Findings, impression and plan as they were written; nothing where nothing was."""
    story: Story = []
    for heading, words in (
        ("Findings", document.texts.findings),
        ("Impression", document.texts.impression),
        ("Plan", document.texts.plan),
    ):
        paragraphs = [line.strip() for line in words.splitlines() if line.strip()]
        if paragraphs:
            story += [section(heading), *(text(line) for line in paragraphs)]
    return story


def grades(document: Document, measures: Measures, frame: PageFrame, *, anonymous: bool) -> Story:
    """The grades of each rater beside the measured scores, with a total of their own."""
    items = [measure.item for measure in measures.evgs.measures.left]
    story: Story = []
    for number, rater in enumerate(raters(document), start=1):
        named = rater or "a rater without a name"
        who = f"rater {number}" if anonymous else named
        own = latest_grades(document, rater)
        rows: list[list[Any]] = [[text(w, "head") for w in ("Item", "Left", "Right", "Measured L / R", "Note")]]
        rows += _grade_rows(items, own, measures, anonymous=anonymous)
        table = Table(
            rows,
            colWidths=[frame.width * share for share in (0.36, 0.1, 0.1, 0.16, 0.28)],
            repeatRows=1,
            style=TableStyle(_RULED),
            hAlign="LEFT",
        )
        totals = "  ".join(f"{side.value} {total_of(items, own, side)}" for side in Side)
        story += [text(f"By {who}: {totals}", "sub"), table, Spacer(0, 6)]
    if not story:
        return []
    note = "Grades given by a person while looking at the videos. They never change what was measured."
    return [CondPageBreak(260), section("Grades given by a person"), text(note, "note"), *story]


def raters(document: Document) -> tuple[str, ...]:
    """Who graded, in the order of the first grade."""
    return tuple(dict.fromkeys(grade.rater for grade in document.grades))


def latest_grades(document: Document, rater: str) -> dict[tuple[int, Side], Grade]:
    """The latest grade of each item and side by one rater."""
    found: dict[tuple[int, Side], Grade] = {}
    for grade in sorted((g for g in document.grades if g.rater == rater), key=lambda g: g.when):
        found[grade.item, grade.side] = grade
    return found


def total_of(items: Sequence[EvgsItem], own: dict[tuple[int, Side], Grade], side: Side) -> str:
    """Sum and maximum over what was scored, e.g. "5 of 18 (9 of 17 items)"."""
    scored = [(item, own[item.number, side].score) for item in items if (item.number, side) in own]
    seen = [(item, score) for item, score in scored if score is not None]
    most = sum(max(band.score for band in item.bands) for item, _ in seen)
    return f"{sum(score for _, score in seen)} of {most} ({len(seen)} of {len(items)} items)"


def _grade_rows(
    items: Sequence[EvgsItem], own: dict[tuple[int, Side], Grade], measures: Measures, *, anonymous: bool
) -> Iterator[list[Any]]:
    for item in items:
        given = [own.get((item.number, side)) for side in Side]
        if not any(given):
            continue
        measured = " / ".join(_score(measures.evgs.get(item.number, side).score) for side in Side)
        notes = [
            f"{side.value}: {grade.note}"
            for side, grade in zip(Side, given, strict=True)
            if grade is not None and grade.note and not anonymous
        ]
        shown = [DASH if grade is None else _score(grade.score) for grade in given]
        cells = [f"{item.number}  {item.name}", *shown, measured, "; ".join(notes)]
        yield [text(cell, "cell") for cell in cells]


def _score(score: int | None) -> str:
    return "n. a." if score is None else str(score)


def by_hand(document: Document, measures: Measures, *, anonymous: bool) -> Story:
    """Measurements made by hand that are meant for an item."""
    names = {m.item.number: f"{m.item.code} {m.item.name}" for m in measures.evgs.measures.left}
    lines = [
        _hand_line(done, names[done.item], anonymous=anonymous)
        for done in document.hand_measures
        if done.item in names
    ]
    if not lines:
        return []
    story = [text("Measured by hand in the picture", "sub")]
    return [KeepTogether([*story, *(text(line, "bullet", bullet=DASH) for line in lines)])]


def _hand_line(done: ManualMeasurement, name: str, *, anonymous: bool) -> str:
    value = with_unit(done.value, done.unit, 1)
    side = f", {done.side.value}" if done.side is not None else ""
    who = f", {done.rater}" if done.rater and not anonymous else ""
    where = f"{VIEW_WORDS[done.view]}, frame {done.frame} of {recording_words(done.trial)}"
    return f"{name}{side}: {value} with the {done.tool} ({where}{who})"


def key_images(document: Document, pictures: PictureSource, frame: PageFrame) -> Story:
    """The pictures that a person picked, two in a row, with their captions."""
    width = (frame.width - _GUTTER) / 2
    cells: list[Any] = [_picture(image, pictures, width) for image in _in_order(document.key_images)]
    if not cells:
        return []
    rows = [cells[n : n + 2] for n in range(0, len(cells), 2)]
    rows = [row + [""] * (2 - len(row)) for row in rows]
    table = Table(
        rows,
        colWidths=[width + _GUTTER, width],
        style=TableStyle(
            [*_FLAT, ("RIGHTPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 8)]
        ),
        hAlign="LEFT",
    )
    return [CondPageBreak(220), section("Key images"), table]


def _in_order(images: Sequence[KeyImage]) -> list[KeyImage]:
    """By recording, view and frame: the order in which pictures are read quickly."""
    return sorted(images, key=lambda image: (image.trial, image.view.value, image.frame))


def _picture(image: KeyImage, pictures: PictureSource, width: float) -> list[Any]:
    picture = pictures(image.trial, image.view, image.frame)
    where = (
        f"{VIEW_WORDS[image.view]}, {image.time_s:.2f} s, frame {image.frame} of {recording_words(image.trial)}"
    )
    below = [text(image.caption, "caption")] if image.caption else []
    below.append(text(where, "caption_soft"))
    if picture is None:
        return [text("The video is not there: no picture.", "note"), *below]
    high, wide = picture.shape[:2]
    jpeg, _ = crop_to_jpeg(picture, (0.0, 0.0, float(wide), float(high)), width_pt=width)
    # A portrait picture would fill the page: it is shown no higher than it is wide.
    shown = min(width, width * wide / high)
    return [Image(io.BytesIO(jpeg), width=shown, height=shown * high / wide), Spacer(0, 2), *below]
