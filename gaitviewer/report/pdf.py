"""The report as a PDF file: pages, footer, outline, written whole or not at all."""

from __future__ import annotations

import errno
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportlab import rl_config
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, NextPageTemplate, PageBreak, PageTemplate
from reportlab.platypus import Frame as PageFrame

from gaitviewer import __version__
from gaitviewer.core.document import Document
from gaitviewer.core.gait import Side
from gaitviewer.core.maps import MapRow
from gaitviewer.core.measures import AngleKind, Measures
from gaitviewer.core.output import SYNTHETIC_STATEMENT, Answer, Doubt, Provenance, Signature
from gaitviewer.core.progress import Tick
from gaitviewer.core.report_options import ReportOptions
from gaitviewer.errors import OutputError
from gaitviewer.messages import Message, message
from gaitviewer.report.content import models, review, sections
from gaitviewer.report.content.evidence import EvidencePicture, KeyStrip, evidence_shots, key_strip
from gaitviewer.report.content.facts import set_by_hand
from gaitviewer.report.content.method import FOOTER
from gaitviewer.report.figures import models as figures_models
from gaitviewer.report.figures import sections as figures_sections
from gaitviewer.report.figures.style import BOLD, RULE, SALIENCY, SANS, SOFT, register_fonts
from gaitviewer.report.figures.tiles import JpegCrop
from gaitviewer.report.pictures import PictureSource, crop_to_jpeg
from gaitviewer.util import atomic

PAPERS: dict[str, tuple[float, float]] = {"A4": A4, "Letter": LETTER}
_SIDE_MARGIN, _TOP_MARGIN, _BOTTOM_MARGIN = 48.0, 44.0, 58.0
_TOTAL = "page-total"


class _Pages(Canvas):  # type: ignore[misc]  # reportlab ships no types
    """A canvas that knows the number of its pages when it is saved."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **{**named, "initialFontName": SANS})  # else Helvetica, not embedded

    def save(self) -> None:
        """Define the total that every footer refers to, then write."""
        total = str(self.getPageNumber() - (0 if self._code else 1))
        if self._code:
            self.showPage()
            total = str(self.getPageNumber() - 1)
        self.beginForm(_TOTAL)
        self.setFont(SANS, 6.4)
        self.setFillColor(SOFT)
        self.drawString(0, 0, total)
        self.endForm()
        super().save()


class _AnonymousPages(_Pages):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # The year of writing, as on the pages.
        self.setDateFormatter(lambda year, *_: f"D:{year:04d}")


class _Document(BaseDocTemplate):  # type: ignore[misc]
    """Puts section headings into the outline."""

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802  reportlab's name
        """Bookmark a heading when it has been placed."""
        words = getattr(flowable, "outline", None)
        if words:
            key = f"section-{words}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(words, key, level=0)


def _footer(size: tuple[float, float], left_words: str) -> Any:
    def draw(canvas: Canvas, _document: BaseDocTemplate) -> None:
        from reportlab.lib.utils import simpleSplit

        width = size[0] - 2 * _SIDE_MARGIN
        canvas.saveState()
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.4)
        canvas.line(_SIDE_MARGIN, 45, size[0] - _SIDE_MARGIN, 45)
        canvas.setFillColor(SOFT)
        canvas.setFont(SANS, 6.4)
        canvas.drawString(_SIDE_MARGIN, 36, left_words)
        page = f"Page {canvas.getPageNumber()} of "
        at = size[0] - _SIDE_MARGIN - canvas.stringWidth(page + "00", SANS, 6.4)
        canvas.drawString(at, 36, page)
        canvas.saveState()
        canvas.translate(at + canvas.stringWidth(page, SANS, 6.4), 36)
        canvas.doForm(_TOTAL)
        canvas.restoreState()
        canvas.setFont(SANS, 5.6)
        for index, line in enumerate(simpleSplit(FOOTER, SANS, 5.6, width)):
            canvas.drawString(_SIDE_MARGIN, 27 - 7 * index, line)
        canvas.restoreState()

    return draw


def _mark_across(size: tuple[float, float]) -> Any:
    """Below what is put on a page: what it must not be taken for, from corner to corner and at its head."""

    def draw(canvas: Canvas, _document: BaseDocTemplate) -> None:
        canvas.saveState()
        canvas.setFont(BOLD, 7)
        canvas.setFillColor(SALIENCY)
        canvas.drawString(_SIDE_MARGIN, size[1] - 28, f"Model answers: {SYNTHETIC_STATEMENT}")
        canvas.translate(size[0] / 2, size[1] / 2)
        canvas.rotate(math.degrees(math.atan2(size[1], size[0])))
        canvas.setFont(BOLD, 27)
        canvas.setFillColor(SALIENCY, alpha=0.13)
        canvas.drawCentredString(0, -9, SYNTHETIC_STATEMENT)
        canvas.restoreState()

    return draw


def _gather(
    shots: list[EvidencePicture], pictures: PictureSource, *, width_pt: dict[int, float], tick: Tick
) -> dict[int, JpegCrop]:
    """Crops of all shots; each frame is asked for once, in ascending order, and not kept."""
    order = sorted(shots, key=lambda s: (s.trial, s.view.value != "sagittal", s.frame))
    crops: dict[int, JpegCrop] = {}
    asked: tuple[str, Any, int] | None = None
    picture = None
    for index, shot in enumerate(order):
        tick(0.5 * index / len(order), message("progress.report_pictures"))
        frame = (shot.trial, shot.view, shot.frame)
        if frame != asked:
            picture, asked = pictures(*frame), frame
        if picture is not None:
            crops[id(shot)] = JpegCrop(*crop_to_jpeg(picture, shot.box, width_pt=width_pt[id(shot)]))
    return crops


@dataclass(frozen=True, slots=True, eq=False)
class PageContent:
    """Everything that the pages are made from; see :func:`gaitviewer.report.render_report`."""

    measures: Measures
    options: ReportOptions
    pictures: PictureSource
    provenance: tuple[tuple[str, Provenance], ...]
    created: str
    kinds: tuple[AngleKind, ...]
    document: Document | None
    signed: Signature | None
    refusals: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    map_rows: tuple[MapRow, ...] = ()


def _story(content: PageContent, frame: sections.PageFrame, tick: Tick) -> list[Any]:
    measures, shown, pictures = content.measures, content.options.sections, content.pictures
    anonymous, kinds = content.options.anonymous, content.kinds
    pairs = evidence_shots(measures) if "evidence" in shown else []
    sides = Side if "key_frames" in shown else ()
    strips: list[KeyStrip] = [strip for side in sides if (strip := key_strip(measures, side)) is not None]
    small = {id(shot): frame.width / 8 for strip in strips for shot in strip.shots}
    large = {id(shot): frame.width / 4 for pair in pairs for shot in pair if shot is not None}
    severity = models.answer_of(content.answers, "severity")
    seen = figures_models.saliency_shots(measures, severity) if "saliency" in shown else ()
    large |= {id(shot): frame.width / 4 for shot in seen}
    shots = [shot for pair in pairs for shot in pair if shot is not None]
    shots += [*(shot for strip in strips for shot in strip.shots), *seen]
    crops = {} if anonymous else _gather(shots, pictures, width_pt=small | large, tick=tick)
    added = content.document if content.document is not None else Document(measures.session, ())
    linked = frozenset(shot.anchor for pair in pairs for shot in pair if shot is not None)
    parts: list[tuple[str, Callable[[], list[Any]]]] = [
        ("review", lambda: [] if anonymous else review.texts(added)),
        ("quality", lambda: sections.quality(measures, frame)),
        ("parameters", lambda: sections.parameters(measures, frame)),
        ("movement", lambda: figures_sections.profile(measures, frame, kinds)),
        ("curves", lambda: figures_sections.kinematics(measures, frame, kinds)),
        ("strides", lambda: figures_sections.consistency(measures, frame, kinds)),
        ("scores", lambda: sections.scores(measures, frame, linked=linked)),
        ("review", lambda: review.grades(added, measures, frame, anonymous=anonymous)),
        ("review", lambda: review.by_hand(added, measures, anonymous=anonymous)),
        ("evidence", lambda: figures_sections.evidence(pairs, crops, _item_names(measures), frame)),
        ("key_frames", lambda: figures_sections.key_frames(strips, crops, frame)),
        ("review", lambda: [] if anonymous else review.key_images(added, pictures, frame)),
    ]
    return [
        *sections.front(
            measures, frame, program=__version__, anonymous=anonymous, left_out=content.options.left_out
        ),
        *(flowable for name, make in parts if name in shown for flowable in make()),
        *_models(content, frame, seen, crops),
        *(sections.method_and_limits(measures) if "method" in shown else ()),
        *sections.provenance(
            content.provenance,
            measures,
            frame,
            content.created,
            signed=content.signed,
            refusals=content.refusals,
            by_hand=set_by_hand(added),
        ),
    ]


def _models(
    content: PageContent,
    frame: sections.PageFrame,
    seen: Sequence[EvidencePicture],
    crops: Mapping[int, JpegCrop],
) -> list[Any]:
    """What learned models say: each section on pages of its own, marked across where such a model said it."""
    shown, answers = content.options.sections, content.answers
    severity, scoliosis = (models.answer_of(answers, task) for task in ("severity", "scoliosis"))
    added = content.document if content.document is not None else Document(content.measures.session, ())
    parts: list[tuple[str, Sequence[Answer | None], Callable[[], list[Any]]]] = [
        ("models", answers, lambda: models.opinions(answers, added, content.measures, frame)),
        ("saliency", [severity], lambda: figures_models.saliency(severity, seen, crops, frame)),
        (
            "knowledge_map",
            [scoliosis],
            lambda: figures_models.knowledge_map(scoliosis, content.map_rows, frame),
        ),
        ("doubts", answers, lambda: models.doubts(content.doubts)),
    ]
    story: list[Any] = []
    for name, said, make in parts:
        if name in shown:
            synthetic = any(one is not None and one.output.synthetic for one in said)
            story += [NextPageTemplate("marked" if synthetic else "page"), PageBreak(), *make()]
    return [*story, NextPageTemplate("page"), PageBreak()] if story else []


def _item_names(measures: Measures) -> dict[str, str]:
    """The words above the evidence of each item, by the name that its score links to."""
    sheet = measures.evgs.measures
    return {
        f"evidence-{measure.item.number}-{measure.side.value}": f"{measure.item.number}  {measure.item.name}"
        for measure in (*sheet.left, *sheet.right)
    }


def render(content: PageContent, tick: Tick) -> bytes:
    """The PDF file as bytes."""
    tick(0.0, message("progress.report"))
    register_fonts()
    size = PAPERS[content.options.paper]
    frame = sections.PageFrame(size[0] - 2 * _SIDE_MARGIN, size[1] - _TOP_MARGIN - _BOTTOM_MARGIN)
    story = _story(content, frame, tick)
    tick(0.6, message("progress.report_layout"))
    rl_config.useA85 = 0  # plain binary streams: smaller, and ten times as quick as text encoding
    out = io.BytesIO()
    who = content.measures.session.subject.pseudonym
    file = _Document(
        out, pagesize=size, title=f"Gait assessment {who}", subject="Gait assessment from video",
        creator=f"gaitviewer {__version__}", author="", lang="en",
    )  # fmt: skip
    body = PageFrame(
        _SIDE_MARGIN, _BOTTOM_MARGIN, frame.width, frame.height, leftPadding=0, rightPadding=0, topPadding=0,
        bottomPadding=0,
    )  # fmt: skip
    short = who if len(who) <= 40 else f"{who[:39]}…"
    words = f"{short}  ·  {content.created[:10]}  ·  gaitviewer {__version__}"
    footer = _footer(size, words)
    file.addPageTemplates(
        [
            PageTemplate("page", [body], onPageEnd=footer),
            PageTemplate("marked", [body], onPage=_mark_across(size), onPageEnd=footer),
        ]
    )
    file.build(story, canvasmaker=_AnonymousPages if content.options.anonymous else _Pages)
    tick(1.0, message("progress.report"))
    return out.getvalue()


def put_in_place(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` whole or not at all.

    Raises:
        OutputError: it cannot be written; the file that was there before is untouched.
    """
    if path.exists() and not path.is_file():
        raise OutputError(message("error.report.not_a_file", path=path))
    try:
        atomic.write_bytes(path, data, beside=path.with_name(f"{path.stem}-new.pdf"))
    except atomic.HeldError as error:
        raise OutputError(message("error.report.held", path=path, beside=error.beside)) from error
    except OSError as error:
        raise OutputError(_why(path, error)) from error


def _why(path: Path, error: OSError) -> Message:
    if error.errno in (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return message("error.report.disk_full", path=path)
    reason = error.strerror or message("error.report.folder_not_writable")
    return message("error.report.not_written", path=path, reason=reason)
