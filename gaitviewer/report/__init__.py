"""The printed assessment (PDF). Only this package uses reportlab, and only when a report is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.measures import AngleKind, Measures
from gaitviewer.core.output import Provenance, Signature
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.core.report_options import WHOLE_REPORT, ReportOptions
from gaitviewer.messages import message
from gaitviewer.report.pictures import PictureSource

__all__ = ["PictureSource", "frames_needed", "render_report", "write_report"]


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


def write_report(path: Path, measures: Measures, *, tick: Tick = no_progress, **content: Any) -> None:
    """Write the assessment of a session as a PDF, whole or not at all.

    Args:
        path: the PDF file; an older one there is replaced.
        measures: what was measured.
        tick: carries progress out.
        content: as :func:`render_report` takes it.

    Raises:
        OutputError: the file cannot be written.
    """
    from gaitviewer.report.pdf import put_in_place

    data = render_report(measures, tick=tick, **content)
    tick(0.95, message("progress.report_writing"))
    put_in_place(Path(path), data)
    tick(1.0, message("progress.report"))
