"""The printed assessment (PDF). Only this package uses reportlab, and only when a report is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.measures import AngleKind, Measures
from gaitviewer.core.output import Provenance, Signature
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.core.report_options import WHOLE_REPORT, ReportOptions
from gaitviewer.report.pictures import PictureSource

__all__ = ["PictureSource", "frames_needed", "render_report"]


def frames_needed(
    measures: Measures, options: ReportOptions = WHOLE_REPORT
) -> tuple[tuple[str, View, int], ...]:
    """(trial, view, frame) of every picture of the report, sorted: the order in which they are asked for."""
    from gaitviewer.report.content.evidence import frames_needed as needed

    return needed(measures, shown=options.sections)


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
        tick: carries progress out.
    """
    from gaitviewer.report.pdf import PageContent, render

    if options.anonymous:  # a session is often analysed on the day of the visit
        created, signed = created[:4], None
        provenance = [(what, replace(made, when=made.when[:4])) for what, made in provenance]
    content = PageContent(
        measures, options, pictures, tuple(provenance), created, tuple(kinds), document, signed, refusals
    )
    return render(content, tick)
