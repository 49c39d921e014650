"""The printed assessment (PDF). Only this package uses reportlab, and only when a report is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.maps import MapRow
from gaitviewer.core.measures import AngleKind, Measures
from gaitviewer.core.output import Answer, Doubt, Provenance, Signature
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.core.report_options import WHOLE_REPORT, ReportOptions
from gaitviewer.report.pictures import PictureSource

__all__ = ["PictureSource", "frames_needed", "render_report"]


def frames_needed(
    measures: Measures, options: ReportOptions = WHOLE_REPORT, answers: Sequence[Answer] = ()
) -> tuple[tuple[str, View, int], ...]:
    """(trial, view, frame) of every picture of the report, sorted: the order in which they are asked for."""
    from gaitviewer.report.content.evidence import frames_needed as needed
    from gaitviewer.report.content.models import answer_of
    from gaitviewer.report.figures.models import saliency_shots

    shows = "saliency" in options.sections
    besides = saliency_shots(measures, answer_of(answers, "severity")) if shows else ()
    return needed(measures, shown=options.sections, besides=besides)


def render_report(
    measures: Measures,
    *,
    options: ReportOptions = WHOLE_REPORT,
    pictures: PictureSource,
    provenance: Sequence[tuple[str, Provenance]],
    created: str,
    kinds: Sequence[AngleKind] = (),
    document: Document | None = None,
    signed: Signature | None = None,
    refusals: tuple[str, ...] = (),
    answers: Sequence[Answer] = (),
    doubts: Sequence[Doubt] = (),
    map_rows: Sequence[MapRow] = (),
    tick: Tick = no_progress,
) -> bytes:
    """The assessment of a session as the bytes of a PDF file.

    Args:
        measures: what was measured.
        options: paper, names or none, sections.
        pictures: gives the frames for evidence pictures and key frames, see :class:`PictureSource`.
        provenance: (what, where it comes from), e.g. ("recording 1, side view", ...).
        created: ISO 8601 UTC time printed as the time of writing.
        kinds: the angles with their titles and units, in the order of printing.
        document: gives what a person adds: texts, grades, measurements, key images.
        signed: who signed the session as it stands, printed at the line to sign on (not if anonymous).
        refusals: why videos give no pictures, a sentence each, printed with the provenance.
        answers: what learned models said; printed only in the sections that are theirs.
        doubts: why all of this should be doubted.
        map_rows: what the rows of a knowledge map are, in their order.
        tick: carries progress out.
    """
    from gaitviewer.report.pdf import PageContent, render

    if options.anonymous:  # a session is often analysed on the day of the visit
        created, signed = created[:4], None
        provenance = [(what, replace(made, when=made.when[:4])) for what, made in provenance]
    content = PageContent(
        measures, options, pictures, tuple(provenance), created, tuple(kinds), document, signed, refusals,
        tuple(answers), tuple(doubts), tuple(map_rows),
    )  # fmt: skip
    return render(content, tick)
